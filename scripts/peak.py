#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Runs an image for one of QEMU's boards against a peer, and keeps what memory it used.

    scripts/peak.py --options              the options of cmake that it must be built with
    scripts/peak.py BUILD CREDENTIALS      runs it, in each TLS version that it has

No semihosting: it is the image that would be flashed. The peer is the host program, the time
comes from a server here. The image says what Mbed TLS's heap had at its peak; Rust's heap and
the main stack are looked up in the board's memory when it is done. All of it goes to
BUILD/peak.json, where scripts/sizes.py finds it. Fails if the image does not do its job.
"""

import argparse
import json
import os
import socket
import struct
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from elftools.elf.elffile import ELFFile

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "twister-tests" / "pytest"))

from conftest import built  # noqa: E402
from peer import listens  # noqa: E402
from qemu import Qemu  # noqa: E402
from sntp import SntpServer  # noqa: E402

# Fixed, since they are compiled into the image.
PEER_PORT = 24433
SNTP_PORT = 24123
OPTIONS = [
    f"-DCONFIG_SECURE_SOCKETS_PEER_PORT={PEER_PORT}",
    f'-DCONFIG_SECURE_SOCKETS_SNTP_SERVERS="10.0.2.2:{SNTP_PORT}"',
    "-DCONFIG_SYS_HEAP_RUNTIME_STATS=y",
    "-DCONFIG_INIT_STACKS=y",
]
LIMIT_S = 180
# What CONFIG_INIT_STACKS fills a stack with. The lowest bytes are the MPU's guard.
UNUSED, GUARD = 0xAA, 64
# Of `struct z_heap` (Zephyr's lib/heap/heap.h, with the statistics): max_allocated_bytes.
HEAP_PEAK = 24


class Memory:
    """The emulated board's, by QEMU's machine protocol (QMP)."""

    def __init__(self, monitor, elf):
        connection = socket.socket(socket.AF_UNIX)
        connection.settimeout(30)
        connection.connect(str(monitor))
        self._stream = connection.makefile("rw", encoding="utf-8")
        self._directory = monitor.parent
        self._ask("qmp_capabilities")
        self._ask("stop")
        with elf.open("rb") as file:
            table = ELFFile(file).get_section_by_name(".symtab")
            self._symbols = {symbol.name: symbol for symbol in table.iter_symbols()}

    def _ask(self, command, **arguments):
        self._stream.write(json.dumps({"execute": command, "arguments": arguments}) + "\n")
        self._stream.flush()
        # Greetings and events come in between.
        for line in self._stream:
            answer = json.loads(line)
            if "error" in answer:
                sys.exit(f"error: QEMU does not {command}: {answer['error']['desc']}")
            if "return" in answer:
                return

    def read(self, address, size):
        dump = self._directory / "dump"
        self._ask("memsave", val=address, size=size, filename=str(dump))
        return dump.read_bytes()

    def rust_heap(self):
        (heap,) = struct.unpack("<I", self.read(self._symbols["z_malloc_heap"]["st_value"], 4))
        return struct.unpack("<I", self.read(heap + HEAP_PEAK, 4))[0]

    def main_stack(self):
        symbol = self._symbols["z_main_stack"]
        stack = self.read(symbol["st_value"] + GUARD, symbol["st_size"] - GUARD)
        return len(stack.lstrip(bytes([UNUSED])))


def run(build, board, arguments):
    """The peaks of one run against a peer with these arguments, or its output if it failed."""
    peer = subprocess.Popen(
        [
            built("--bin=secure-sockets"), "serve", f"--listen=127.0.0.1:{PEER_PORT}",
            "--handshake-timeout=100", "--io-timeout=100", *arguments,
        ],
        stdout=subprocess.DEVNULL,
    )
    while not listens(PEER_PORT):
        if peer.poll() is not None:
            sys.exit("error: the peer does not run")
        time.sleep(0.05)
    device = Qemu(build, board)
    with tempfile.TemporaryDirectory() as directory:
        monitor = Path(directory) / "monitor"
        words = [*device.command(), "-qmp", f"unix:{monitor},server=on,wait=off"]
        process = subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE)
        output, limit = "", time.monotonic() + LIMIT_S
        os.set_blocking(process.stdout.fileno(), False)
        try:
            while time.monotonic() < limit and "error: " not in output:
                output += (process.stdout.read() or b"").decode(errors="replace")
                if "closed in order\r\n" in output:
                    memory = Memory(monitor, device.program)
                    heap = output.split("TLS heap at its peak ")[1].split()[0]
                    return {
                        "tls_heap": int(heap),
                        "rust_heap": memory.rust_heap(),
                        "main_stack": memory.main_stack(),
                    }
                time.sleep(0.1)
        finally:
            process.kill()
            peer.kill()
            process.wait()
            peer.wait()
    sys.exit(f"error: {build} did not do its job with {' '.join(arguments)}:\n{output}")


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--options", action="store_true", help="print the options")
    parser.add_argument("build", metavar="BUILD", nargs="?", type=Path)
    parser.add_argument("credentials", metavar="CREDENTIALS", nargs="?")
    given = parser.parse_args()
    if given.options:
        print("\n".join(OPTIONS))
        return
    if given.credentials is None:
        parser.error("a build and the credentials that it was built with are needed")
    config = (given.build / "zephyr" / ".config").read_text()
    setting = dict(line.split("=", 1) for line in config.splitlines() if line.startswith("CONFIG_"))
    board = setting["CONFIG_BOARD_TARGET"].strip('"')
    (mode,) = [
        mode
        for mode in ("psk", "server-auth", "mutual")
        if f"CONFIG_SECURE_SOCKETS_MODE_{mode.upper().replace('-', '_')}" in setting
    ]
    time_server = SntpServer(port=SNTP_PORT)
    versions = [
        version
        for version in ("1.2", "1.3")
        if f"CONFIG_SECURE_SOCKETS_WITH_TLS_{version.replace('.', '_')}" in setting
    ]
    runs = [
        run(
            given.build, board,
            [f"--mode={mode}", f"--tls={version}", f"--credentials={given.credentials}"],
        )
        for version in versions
    ]
    time_server.stop()
    for version, peaks in zip(versions, runs):
        print(f"{board}, mode {mode}, TLS {version}: at the peak", end=" ")
        print(", ".join(f"{size:,} bytes of {what}" for what, size in peaks.items()))
    highest = {what: max(peaks[what] for peaks in runs) for what in runs[0]}
    (given.build / "peak.json").write_text(json.dumps(highest) + "\n")


if __name__ == "__main__":
    main()
