# SPDX-License-Identifier: Apache-2.0
"""Peers of the firmware: OpenSSL's server, and TCP servers that misbehave."""

import itertools
import os
import socket
import ssl
import subprocess
import threading
import time
from pathlib import Path


# Below those that Linux gives to whoever connects or asks for any, which may be taken before a
# server has come to take it; programs that run side by side begin in different places.
PORTS = itertools.count(os.getpid() * 97)


def free_port():
    """A port that nobody uses on loopback, and that this process gives out once."""
    while True:
        port = 10_000 + next(PORTS) % 20_000
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
        return port


def listens(port):
    """Whether somebody listens on the port, found out without connecting to it."""
    wanted = f":{port:04X}"
    listen_state = "0A"
    for table in ("/proc/net/tcp", "/proc/net/tcp6"):
        for line in Path(table).read_text().splitlines()[1:]:
            fields = line.split()
            if fields[1].endswith(wanted) and fields[3] == listen_state:
                return True
    return False


class OpensslServer:
    """`openssl s_server` that sends back what it gets."""

    def __init__(self, *arguments, echo=True, port=None):
        self.port = port or free_port()
        # -quiet: nothing but the clients' data on standard output, and no
        # commands read from standard input.
        command = ["openssl", "s_server", "-accept", f"127.0.0.1:{self.port}", "-quiet", *arguments]
        self.process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        self.errors = bytearray()
        self._drain = threading.Thread(target=self._read_errors, daemon=True)
        self._drain.start()
        if echo:
            threading.Thread(target=self._echo, daemon=True).start()
        deadline = time.monotonic() + 10
        while not listens(self.port):
            if self.process.poll() is not None or time.monotonic() > deadline:
                self.stop()
                raise RuntimeError(f"{' '.join(command)}: {self.errors.decode(errors='replace')}")
            time.sleep(0.02)

    def _echo(self):
        try:
            while data := self.process.stdout.read1(4096):
                self.process.stdin.write(data)
                self.process.stdin.flush()
        except (BrokenPipeError, ValueError):
            pass

    def _read_errors(self):
        for line in self.process.stderr:
            self.errors += line

    def said(self, text, within=5):
        """Whether OpenSSL has written `text` to its error output, or does so soon."""
        deadline = time.monotonic() + within
        while text not in self.errors.decode(errors="replace"):
            if time.monotonic() > deadline:
                return False
            time.sleep(0.05)
        return True

    @property
    def peer(self):
        return f"--peer=127.0.0.1:{self.port}"

    def stop(self):
        self.process.kill()
        self.process.wait()


class Listening:
    """Listens on a port until the end of a `with`."""

    def __init__(self):
        self.listener = self.listen()
        self.port = self.listener.getsockname()[1]

    def listen(self):
        return socket.create_server(("127.0.0.1", 0))

    @property
    def peer(self):
        return f"--peer=127.0.0.1:{self.port}"

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.listener.close()


class TcpServer(Listening):
    """A TCP server that does `behave(connection)` with its first client."""

    def __init__(self, behave):
        super().__init__()
        self._thread = threading.Thread(target=self._serve, args=(behave,), daemon=True)
        self._thread.start()

    def _serve(self, behave):
        try:
            connection, _ = self.listener.accept()
            with connection:
                behave(connection)
        except OSError:
            pass


class SmallEcho(TcpServer):
    """A TLS server that sends back what it gets, and takes no more than it can get rid of."""

    def __init__(self, credentials, version, takes=True):
        self.takes = takes
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.load_cert_chain(f"{credentials}/server.pem", f"{credentials}/server-key.pem")
        self.context.minimum_version = self.context.maximum_version = version
        super().__init__(self._echo)

    def listen(self):
        listener = socket.socket()
        for option in (socket.SO_RCVBUF, socket.SO_SNDBUF):
            listener.setsockopt(socket.SOL_SOCKET, option, 4096)
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        return listener

    def _echo(self, connection):
        with self.context.wrap_socket(connection, server_side=True) as device:
            if not self.takes:
                time.sleep(30)
            while data := device.recv(4096):
                device.sendall(data)
            device.unwrap()


class CuttingProxy(TcpServer):
    """Passes on a connection to `port`, and cuts it off after the device has sent so
    many bytes, without any word of TLS."""

    def __init__(self, port, after):
        self.target = port
        self.after = after
        super().__init__(self._relay)

    def _relay(self, device):
        with socket.create_connection(("127.0.0.1", self.target)) as server:
            threading.Thread(target=self._pump_back, args=(server, device), daemon=True).start()
            passed = 0
            while passed < self.after and (data := device.recv(4096)):
                server.sendall(data)
                passed += len(data)
            # Let what the server answers so far arrive.
            time.sleep(0.3)
            device.shutdown(socket.SHUT_WR)
            time.sleep(0.3)

    @staticmethod
    def _pump_back(server, device):
        try:
            while data := server.recv(4096):
                device.sendall(data)
        except OSError:
            pass


class Gate(Listening):
    """Passes on every connection to `port`. While it is shut nothing passes, and nobody is
    told, as where a link is away. It shuts by itself once a device has sent so many bytes in
    a connection. What passes may do so in pieces, with pauses, in seconds."""

    def __init__(self, port, shut_after=None, piece=4096, pause=0):
        self.target = port
        self.shut_after = shut_after
        self.piece = piece
        self.pause = pause
        self.shut = threading.Event()
        self.held = []
        super().__init__()
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self):
        try:
            while True:
                device, _ = self.listener.accept()
                server = socket.create_connection(("127.0.0.1", self.target))
                self.held += [device, server]
                for pair in ((device, server, True), (server, device, False)):
                    threading.Thread(target=self._pump, args=pair, daemon=True).start()
        except OSError:
            pass

    def _pump(self, source, sink, from_device):
        passed = 0
        try:
            while data := source.recv(self.piece):
                passed += len(data)
                time.sleep(self.pause)
                if from_device and self.shut_after and passed >= self.shut_after:
                    self.shut_after = None
                    self.shut.set()
                if self.shut.is_set():
                    # What came meanwhile is lost, and its connection with it.
                    return
                sink.sendall(data)
            sink.shutdown(socket.SHUT_WR)
        except OSError:
            pass

    def open(self):
        """Lets new connections pass. Those that were there are gone."""
        for connection in self.held:
            try:
                # To close it would not do while another thread reads.
                connection.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
        self.held.clear()
        self.shut.clear()

    def __exit__(self, *how):
        super().__exit__(*how)
        self.open()


class WithoutExtendedMasterSecret(Listening):
    """Passes connections on to `port`, and takes extended master secret out of the ServerHello
    of all but the first (TLS 1.2)."""

    def __init__(self, port):
        self.target = port
        super().__init__()
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self):
        strips = False
        try:
            while True:
                device, _ = self.listener.accept()
                threading.Thread(target=self._relay, args=(device, strips), daemon=True).start()
                strips = True
        except OSError:
            pass

    def _relay(self, device, strips):
        with device, socket.create_connection(("127.0.0.1", self.target)) as server:
            up = threading.Thread(target=self._pump, args=(device, server), daemon=True)
            up.start()
            if strips:
                header = self._exactly(server, 5)
                hello = self._exactly(server, int.from_bytes(header[3:]))
                device.sendall(self.strip(hello))
            self._pump(server, device)
            up.join(5)

    @staticmethod
    def _exactly(connection, count):
        data = bytearray()
        while len(data) < count:
            chunk = connection.recv(count - len(data))
            assert chunk, "the server said no more"
            data += chunk
        return bytes(data)

    @staticmethod
    def _pump(source, sink):
        try:
            while data := source.recv(4096):
                sink.sendall(data)
            sink.shutdown(socket.SHUT_WR)
        except OSError:
            pass

    @staticmethod
    def strip(hello):
        """A record with a ServerHello (RFC 5246, section 7.4.1.3), less the extension."""
        extension = bytes([0, 23, 0, 0])
        assert extension in hello, "there was none to begin with"
        less = bytearray(hello.replace(extension, b"", 1))
        # Behind type, length, version, random, session ID, suite and compression.
        extensions = 4 + 34 + 1 + less[38] + 3
        for at, size in (1, 3), (extensions, 2):
            length = int.from_bytes(less[at:at + size]) - len(extension)
            less[at:at + size] = length.to_bytes(size)
        return bytes([22, 3, 3]) + len(less).to_bytes(2) + less
