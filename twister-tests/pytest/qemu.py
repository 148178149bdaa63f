# SPDX-License-Identifier: Apache-2.0
"""The firmware on a Cortex-M that QEMU emulates, in a network of QEMU's own."""

import re
from pathlib import Path

from device import Device

# As Zephyr's boards/arm/mps2/board.cmake has them.
MACHINES = {
    "mps2/an385": ["-machine", "mps2-an385", "-cpu", "cortex-m3"],
    "mps2/an521/cpu0": ["-machine", "mps2-an521", "-cpu", "cortex-m33", "-m", "16"],
}


# This computer, by the address that the tests know and by the one in QEMU's network.
HERE, THERE = "127.0.0.1:", "10.0.2.2:"


class Qemu(Device):
    """Arguments go in, and the exit status comes out, by semihosting."""

    PORT = 4433

    def __init__(self, build_dir: Path, board):
        super().__init__(build_dir / "zephyr" / "zephyr.elf")
        cache = (build_dir / "CMakeCache.txt").read_text()
        self.qemu = re.search(r"^QEMU:FILEPATH=(.+)$", cache, re.MULTILINE)[1]
        self.machine = MACHINES[board]

    def command(self, *arguments, network="user", cable=None):
        # A comma is doubled where an option of QEMU's has one in its value.
        words = [argument.replace(HERE, THERE).replace(",", ",,") for argument in arguments]
        return [
            self.qemu, *self.machine,
            "-display", "none", "-monitor", cable.option if cable else "none", "-serial", "stdio",
            "-nic", f"{network},model=lan9118,id=cable",
            "-semihosting-config", ",".join(
                ["enable=on", "target=native", *(f"arg={word}" for word in words)]
            ),
            "-kernel", str(self.program),
        ]

    def server_command(self, host, port, *arguments, **options):
        return self.command(
            f"--listen=0.0.0.0:{self.PORT}", *arguments,
            network=f"user,hostfwd=tcp:{host}:{port}-:{self.PORT}", **options,
        )

    def text(self, raw):
        return raw.decode(errors="replace").replace("\r", "").replace(THERE, HERE)
