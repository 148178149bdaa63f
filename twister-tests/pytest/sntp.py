# SPDX-License-Identifier: Apache-2.0
"""SNTP servers on this computer: one that can be wrong in any one thing, and chrony."""

import getpass
import socket
import struct
import subprocess
import threading
import time

from peer import free_port

# From 1900, where NTP counts from, to 1970 (RFC 5905, section 6).
NTP_EPOCH = 2208988800


def ntp(seconds):
    """64 bits, which are full in 2036 and begin anew (RFC 5905, section 6)."""
    return int((seconds + NTP_EPOCH) * 2**32) % 2**64


def answer(request, says, *, leap=0, mode=4, stratum=2, reference=b"TEST", origin=None,
           transmit=None):
    """A server's packet (RFC 4330, section 4) that `says` the time."""
    version = request[0] >> 3 & 7
    return struct.pack(
        "!BBbbII4sQ8sQQ",
        leap << 6 | version << 3 | mode, stratum, 6, -20, 0, 0, reference,
        ntp(says - 16),
        request[40:48] if origin is None else origin,
        ntp(says),
        ntp(says) if transmit is None else transmit,
    )


class SntpServer:
    """Sends what `answers(request, count)` returns, a packet or several; None is
    silence. By default the right time. Port 0 takes a free one."""

    def __init__(self, answers=None, port=0):
        self.answers = answers or (lambda request, count: answer(request, time.time()))
        self.requests = []
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind(("127.0.0.1", port))
        self.address = f"127.0.0.1:{self._socket.getsockname()[1]}"
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def _serve(self):
        while True:
            request, client = self._socket.recvfrom(1024)
            if client == self._socket.getsockname():
                return
            self.requests.append(request)
            packets = self.answers(request, len(self.requests)) or []
            for packet in [packets] if isinstance(packets, bytes) else packets:
                self._socket.sendto(packet, client)

    def stop(self):
        self._socket.sendto(b"", self._socket.getsockname())
        self._thread.join(5)
        self._socket.close()


class Chrony:
    """chronyd, which leaves this computer's clock alone (-x)."""

    def __init__(self, program, directory, *lines):
        self.port = free_port()
        self.address = f"127.0.0.1:{self.port}"
        settings = directory / "chrony.conf"
        settings.write_text("\n".join([
            f"port {self.port}", "bindaddress 127.0.0.1", "allow 127.0.0.1", "cmdport 0",
            "bindcmdaddress /", f"pidfile {directory}/chronyd.pid", *lines, "",
        ]))
        self._process = subprocess.Popen(
            [program, "-d", "-x", "-U", "-u", getpass.getuser(), "-f", str(settings)],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        )
        self._wait()

    def _wait(self):
        """Until it answers whatever it is asked."""
        deadline = time.monotonic() + 10
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
            client.settimeout(0.2)
            while time.monotonic() < deadline:
                assert self._process.poll() is None, self._process.stdout.read().decode()
                try:
                    client.sendto(b"\x23" + bytes(47), ("127.0.0.1", self.port))
                    client.recv(1024)
                    return
                except OSError:
                    time.sleep(0.1)
        self.stop()
        raise AssertionError("chronyd does not answer")

    def stop(self):
        self._process.kill()
        self._process.wait()
        self._process.stdout.close()
