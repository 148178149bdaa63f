# SPDX-License-Identifier: Apache-2.0
"""The firmware as a server, and clients of it on this computer."""

import re
import select
import socket
import ssl
import threading
import time

from peer import free_port
from running import Running

HEAP = re.compile(r"TLS heap (\d+) bytes in (\d+) blocks")


class DeviceServer(Running):
    """The firmware in the role of a server, on a free port."""

    def __init__(self, device, *arguments, role="server", host="127.0.0.1", **options):
        self.port = free_port()
        self.host = host.strip("[]")
        self.address = f"{host}:{self.port}"
        super().__init__(
            device,
            device.server_command(host, self.port, f"--role={role}", *arguments, **options),
        )
        try:
            self.wait_for("listening on ")
        except AssertionError:
            self.stop()
            raise

    def heap(self):
        """Bytes and blocks: at first, and as last said."""
        found = [(int(used), int(blocks)) for used, blocks in HEAP.findall(self.output)]
        assert found, self.output
        return found[0], found[-1]

    @property
    def peer(self):
        return f"--peer={self.address}"


class TlsClient:
    """A client of Python's `ssl` module, which is OpenSSL's."""

    def __init__(self, server, credentials, leaf="client", version=None, timeout=20):
        self.server = server
        self.timeout = timeout
        self.context = ssl.create_default_context(cafile=f"{credentials}/ca.pem")
        if leaf:
            files = f"{credentials}/{leaf}.pem", f"{credentials}/{leaf}-key.pem"
            self.context.load_cert_chain(*files)
        if version:
            self.context.minimum_version = self.context.maximum_version = version

    def tcp(self):
        return socket.create_connection((self.server.host, self.server.port), self.timeout)

    def connect(self):
        """The connection, and how many seconds its handshake took."""
        plain = self.tcp()
        # Else what follows on the Finished message waits for an ACK of that.
        plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        started = time.monotonic()
        connection = self.context.wrap_socket(plain, server_hostname="device.test")
        return connection, time.monotonic() - started

    def exchange(self, text=b"hello from a test"):
        """A whole visit: a message there and back, and an orderly end; the seconds of
        its handshake."""
        connection, seconds = self.connect()
        with connection:
            connection.sendall(text)
            reply = bytearray()
            while len(reply) < len(text):
                chunk = connection.recv(4096)
                assert chunk, f"{len(reply)} of {len(text)} bytes came back"
                reply += chunk
            assert bytes(reply) == text
            connection.unwrap()
        return seconds


def client_hello(credentials):
    """The first bytes of a client of TLS."""
    context = ssl.create_default_context(cafile=f"{credentials}/ca.pem")
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    connection = context.wrap_bio(incoming, outgoing, server_hostname="device.test")
    try:
        connection.do_handshake()
    except ssl.SSLWantReadError:
        pass
    return outgoing.read()


class Stalled:
    """A client that holds a connection and gets nowhere."""

    KINDS = ("silent", "slow", "cut short", "in mid-handshake")

    def __init__(self, server, kind, credentials):
        self.kind = kind
        self.connection = socket.create_connection((server.host, server.port), 20)
        self.started = time.monotonic()
        self._over = threading.Event()
        hello = client_hello(credentials)
        if kind == "slow":
            threading.Thread(target=self._drip, args=(hello,), daemon=True).start()
        elif kind == "cut short":
            self.connection.sendall(hello[: len(hello) // 2])
        elif kind == "in mid-handshake":
            self.connection.sendall(hello)

    def _drip(self, hello):
        try:
            for byte in hello:
                self.connection.sendall(bytes([byte]))
                if self._over.wait(1):
                    return
        except OSError:
            pass

    def dropped_after(self, within):
        """How many seconds after its start the server hung up."""
        deadline = time.monotonic() + within
        while True:
            left = deadline - time.monotonic()
            assert left > 0, f"the {self.kind} client was not dropped"
            readable, _, _ = select.select([self.connection], [], [], left)
            try:
                if readable and not self.connection.recv(4096):
                    break
            except ConnectionError:
                break
        return time.monotonic() - self.started

    def close(self):
        self._over.set()
        self.connection.close()
