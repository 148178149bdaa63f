# SPDX-License-Identifier: Apache-2.0
"""The firmware while it runs."""

import re
import socket
import subprocess
import threading
import time


class Running:
    """A device that was started, and what it has written so far."""

    def __init__(self, device, command):
        self.device = device
        self.process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
        )
        self._raw = bytearray()
        self._drain = threading.Thread(target=self._read, daemon=True)
        self._drain.start()

    def _read(self):
        while chunk := self.process.stdout.read1(65536):
            self._raw += chunk

    @property
    def output(self):
        return self.device.text(bytes(self._raw))

    def wait_for(self, pattern, within=20):
        """Waits until a line says so, and returns the match."""
        deadline = time.monotonic() + within
        while not (match := re.search(pattern, self.output)):
            assert time.monotonic() < deadline, f"no {pattern!r} in:\n{self.output}"
            assert self.process.poll() is None or self._drain.is_alive(), self.output
            time.sleep(0.02)
        return match

    def wait_for_so_many(self, count, words, within=30):
        """Waits until it has said so that often."""
        deadline = time.monotonic() + within
        while (said := self.output.count(words)) < count:
            assert time.monotonic() < deadline, f"{words!r} {said} times, and not {count}"
            time.sleep(0.05)

    def wait_for_more(self, words, within=30):
        """Waits until it says so once more."""
        self.wait_for_so_many(self.output.count(words) + 1, words, within)

    def ended(self, within=20):
        """Waits until it has ended by itself and all that it wrote is here, and returns its
        exit status."""
        status = self.process.wait(within)
        self._drain.join(within)
        return status

    def stop(self):
        self.process.kill()
        self.process.wait()
        self._drain.join(5)
        print(self.output)


class Cable:
    """The network cable of a board that QEMU emulates, by QEMU's monitor. The board's driver
    does not tell that it was pulled."""

    def __init__(self, path):
        self.path = str(path)
        # For QEMU's command line.
        self.option = f"unix:{path},server=on,wait=off"

    def _do(self, state):
        with socket.socket(socket.AF_UNIX) as monitor:
            deadline = time.monotonic() + 10
            while monitor.connect_ex(self.path) != 0:
                assert time.monotonic() < deadline, f"no monitor at {self.path}"
                time.sleep(0.05)
            answers = monitor.makefile("r")
            monitor.sendall(f"set_link cable {state}\ninfo network\n".encode())
            # The monitor has done the first when it answers to the second.
            for line in answers:
                assert "Error" not in line and "not found" not in line, line
                if "index=0" in line:
                    return

    def pull(self):
        self._do("off")

    def plug(self):
        self._do("on")
