# SPDX-License-Identifier: Apache-2.0
"""The firmware as a program of this computer: native_sim, or emulated by QEMU."""

import re
import subprocess
from dataclasses import dataclass
from pathlib import Path

# The console of native_sim breaks lines that are longer than its buffer.
BROKEN_LINE = re.compile(r"^(.{255})\n", re.MULTILINE)


@dataclass
class Run:
    """What one run of the firmware came to."""

    status: int
    output: str

    def succeeded(self):
        assert self.status == 0, f"exit status {self.status}:\n{self.output}"
        return self.output

    def refused(self):
        """The one sentence in which the firmware says why."""
        # Zephyr's own log has "E: TLS handshake error: ", which tells nobody anything.
        errors = [line for line in self.output.splitlines() if line.startswith("error: ")]
        assert self.status != 0 and len(errors) == 1, f"status {self.status}:\n{self.output}"
        return errors[0].removeprefix("error: ")


class Device:
    """native_sim: it has this computer's own sockets."""

    def __init__(self, program: Path):
        self.program = program

    def options(self):
        """What it can be told on the command line."""
        shown = subprocess.run(
            [str(self.program), "--help"], capture_output=True, text=True, timeout=10, check=False
        )
        return set(re.findall(r"\[-{1,2}([a-z-]+)", shown.stdout))

    def command(self, *arguments):
        """What starts it as a client."""
        return [str(self.program), *arguments]

    def server_command(self, host, port, *arguments):
        """What starts it as a server that this computer reaches at this address."""
        return self.command(f"--listen={host}:{port}", *arguments)

    def text(self, raw):
        """What it wrote."""
        return BROKEN_LINE.sub(r"\1", raw.decode(errors="replace"))

    def run(self, *arguments, timeout=60):
        """Runs it to its end, as a client unless a role is given."""
        if not any(argument.startswith("--role=") for argument in arguments):
            arguments = ("--role=client", *arguments)
        done = subprocess.run(
            self.command(*arguments),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL,
            timeout=timeout,
            check=False,
        )
        output = self.text(done.stdout)
        print(output)
        return Run(done.returncode, output)
