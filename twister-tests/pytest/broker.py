# SPDX-License-Identifier: Apache-2.0
"""A mosquitto on loopback, with a listener for each mode, and its own clients."""

import shutil
import signal
import subprocess
import threading
import time

from peer import free_port, listens

# Debian puts it where not every user looks.
MOSQUITTO = shutil.which("mosquitto") or "/usr/sbin/mosquitto"

# The first line is for clients with no name: mosquitto's own.
RIGHTS = """\
topic readwrite #

user client-1
topic readwrite devices/client-1/#
topic write devices/client-2/status
"""


class Broker:
    """A mosquitto. One that is killed knows what it had saved, once it runs again."""

    # What it is started with besides.
    options = ()

    def __init__(self, directory, *listeners):
        self.directory = directory
        self.ports = {name: free_port() for name in listeners}
        (directory / "mosquitto.conf").write_text(f"""\
per_listener_settings true
user root
persistence true
persistence_location {directory}/
autosave_interval 0
{self.configuration()}""")
        self.start()

    def configuration(self):
        """What more there is in its configuration: its listeners."""
        raise NotImplementedError

    def start(self):
        with open(self.directory / "log", "ab") as log:
            self.process = subprocess.Popen(
                [MOSQUITTO, *self.options, "-c", "mosquitto.conf"],
                cwd=self.directory, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
            )
        deadline = time.monotonic() + 20
        while not all(listens(port) for port in self.ports.values()):
            assert self.process.poll() is None and time.monotonic() < deadline, self.log
            time.sleep(0.02)

    @property
    def log(self):
        return (self.directory / "log").read_text(errors="replace")

    def save(self):
        """Has it write down what it knows."""
        self.process.send_signal(signal.SIGUSR1)
        time.sleep(0.3)

    def kill(self):
        self.process.kill()
        self.process.wait()


class Mosquitto(Broker):
    """The broker of the tests."""

    options = ("-v",)

    def __init__(self, directory, pki):
        self.pki = pki
        identity = (pki / "psk-identity.txt").read_text().strip()
        (directory / "psk").write_text(f"{identity}:{(pki / 'psk.hex').read_text().strip()}")
        (directory / "rights").write_text(RIGHTS)
        super().__init__(directory, "plain", "psk", "server_auth", "mutual")

    def configuration(self):
        pki, ports = self.pki, self.ports
        server = f"certfile {pki}/server.pem\nkeyfile {pki}/server-key.pem\n"
        return f"""\
max_inflight_messages 0
max_queued_messages 0
queue_qos0_messages true

listener {ports["plain"]} 127.0.0.1
allow_anonymous true

listener {ports["psk"]} 127.0.0.1
allow_anonymous true
psk_hint mosquitto
psk_file {self.directory}/psk

listener {ports["server_auth"]} 127.0.0.1
allow_anonymous true
{server}
listener {ports["mutual"]} 127.0.0.1
{server}cafile {pki}/ca.pem
require_certificate true
use_identity_as_username true
acl_file {self.directory}/rights
"""

    def wait_for(self, words, count=1, within=20):
        """Waits until it has logged that so many times."""
        deadline = time.monotonic() + within
        while self.log.count(words) < count:
            assert time.monotonic() < deadline, f"no {words!r} in:\n{self.log}"
            time.sleep(0.01)

    def peer(self, mode):
        return f"--peer=127.0.0.1:{self.ports[mode.replace('-', '_')]}"

    def publish(self, topic, message, *arguments):
        subprocess.run(
            ["mosquitto_pub", "-h", "127.0.0.1", "-p", str(self.ports["plain"]), "-q", "1",
             "-t", topic, "-m", message, *arguments],
            check=True, timeout=20,
        )

    def subscriber(self, name, *topics, qos=1):
        """mosquitto_sub with a session of this name; it has subscribed."""
        before = self.log.count(f"Sending SUBACK to {name}")
        options = [option for topic in topics for option in ("-t", topic)]
        subscriber = Subscriber(
            ["mosquitto_sub", "-h", "127.0.0.1", "-p", str(self.ports["plain"]), "-q", str(qos),
             "-c", "-i", name, "-F", "%t %p", *options]
        )
        self.wait_for(f"Sending SUBACK to {name}", before + 1)
        return subscriber

    def stop(self):
        if self.process.poll() is None:
            self.kill()


class Subscriber:
    """mosquitto_sub, which prints topic and payload."""

    def __init__(self, command):
        self.process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
        )
        self.got = []
        self._last = time.monotonic()
        self._drain = threading.Thread(target=self._read, daemon=True)
        self._drain.start()

    def _read(self):
        for line in self.process.stdout:
            self.got.append(line.decode().rstrip("\n").split(" ", 1))
            self._last = time.monotonic()

    def end(self, quiet=0.3, count=0):
        """Ends it once it has got so many, and nothing more for so long; returns what it got."""
        deadline = time.monotonic() + 20
        while len(self.got) < count:
            assert time.monotonic() < deadline, self.got
            time.sleep(0.02)
        self._last = time.monotonic()
        while time.monotonic() - self._last < quiet:
            time.sleep(0.02)
        self.process.terminate()
        self.process.wait(timeout=20)
        self._drain.join(timeout=20)
        return self.got
