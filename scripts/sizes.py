#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The sizes of images that were built: shown, held against the budget, or made the budget.

    scripts/sizes.py BUILD...            prints a table of these build directories
    scripts/sizes.py --check BUILD...    fails if one is more than 2 % over docs/sizes.json
    scripts/sizes.py --write BUILD...    puts them into docs/sizes.json and docs/sizes.md

A size is a matter of the toolchain as well. Each entry of docs/sizes.json names the
versions of Zephyr, of the C compiler and of rustc that it was measured with, and an image is
compared with an entry of the same three and no other: where there is none, that is said.

Flash is what is stored in it. Static RAM is all that the linker laid out there: data, stacks,
the heaps of Mbed TLS and of Rust, network buffers. Nothing is allocated beside it. The peak of
the TLS heap is what scripts/peak.py measured of this very image, where QEMU has the board.
"""

import argparse
import json
import re
import subprocess
import sys
from pathlib import Path

from elftools.elf.elffile import ELFFile

DOCS = Path(__file__).resolve().parent.parent / "docs"
BUDGET = DOCS / "sizes.json"
TABLE = DOCS / "sizes.md"
SLACK = 1.02
MODES = {
    "PSK": "1 (psk)",
    "SERVER_AUTH": "2 (server-auth)",
    "MUTUAL": "3 (mutual)",
}
SAMPLE = "Zephyr's C `http_get`, TLS"
TFM = "TF-M, beside each of them"
# Threads' and interrupts': z_main_stack, tcp_work_q_stack, _k_thread_stack_...
STACK = re.compile(r"(^|_)stacks?(_|$)|_thread_stack_")
# Names an entry; the rest of it is the size.
KEY = ("board", "image", "zephyr", "compiler", "rustc")


def read(path):
    try:
        return path.read_text(encoding="utf-8")
    except OSError as error:
        sys.exit(f"error: {path}: {error.strerror}: is this the directory of a build?")


def first(pattern, text, what, path):
    found = re.search(pattern, text, re.MULTILINE)
    if not found:
        sys.exit(f"error: {path} does not say {what}")
    return found[1]


def image(config):
    """What a build is, by its Kconfig."""
    if "CONFIG_SECURE_SOCKETS_" not in config:
        return SAMPLE
    for symbol, mode in MODES.items():
        if f"CONFIG_SECURE_SOCKETS_MODE_{symbol}=y" in config:
            keys = [key for key in ("ECC", "RSA") if f"SOCKETS_KEY_{key}=y" in config]
            versions = [dot for dot in ("1.2", "1.3") if tls(dot) in config]
            return ", ".join([f"mode {mode}", " and ".join(versions), *[" and ".join(keys)] * bool(keys)])
    return "all modes"


def tls(version):
    return f"CONFIG_SECURE_SOCKETS_WITH_TLS_{version.replace('.', '_')}=y"


def memory(elf, bank):
    """Bytes of flash, of RAM, and of the stacks in it: what is stored, what lies in this bank
    of 16 MiB, and what is called a stack."""
    flash = ram = 0
    with elf.open("rb") as file:
        program = ELFFile(file)
        for segment in program.iter_segments("PT_LOAD"):
            flash += segment["p_filesz"]
            # On an ESP32-C3, code in RAM is mapped elsewhere, and its room is kept here.
            if segment["p_vaddr"] >> 24 == bank:
                ram += segment["p_memsz"]
        stacks = sum(
            symbol["st_size"]
            for symbol in program.get_section_by_name(".symtab").iter_symbols()
            if symbol["st_info"]["type"] == "STT_OBJECT" and STACK.search(symbol.name)
        )
    return flash, ram, stacks


def number(symbol, config):
    found = re.search(rf"^CONFIG_{symbol}=(\d+)$", config, re.MULTILINE)
    return int(found[1]) if found else 0


def measure(build):
    """The entries of a build: its image, and that of TF-M if there is one."""
    config = read(build / "zephyr/.config")
    cache = build / "CMakeCache.txt"
    version = build / "zephyr/include/generated/zephyr/version.h"
    compiler = first(r"^CMAKE_C_COMPILER:\w+=(.*)", read(cache), "its C compiler", cache)
    release = subprocess.run(
        [compiler, "-dumpfullversion"], capture_output=True, text=True, check=True
    ).stdout.strip()
    info = build / "firmware/rust/target/.rustc_info.json"
    peak = build / "peak.json"
    elf = build / "zephyr/zephyr.elf"
    if not elf.is_file():
        sys.exit(f"error: {elf} is not there: the build failed, or was never made")
    base = first(r"^CONFIG_SRAM_BASE_ADDRESS=(0x\w+)", config, "where its RAM is", build)
    bank = int(base, 16) >> 24
    flash, ram, stacks = memory(elf, bank)
    entry = {
        "board": first(r'^CONFIG_BOARD_TARGET="(.*)"', config, "its board", build),
        "image": image(config),
        "zephyr": first(r'KERNEL_VERSION_STRING\s+"(.*)"', read(version), "its version", version),
        "compiler": f"{Path(compiler).name} {release}",
        # The C sample has no Rust in it.
        "rustc": first(r"rustc (\d+\.\d+\.\d+)", read(info), "its compiler", info)
        if info.exists()
        else "",
        "flash": flash,
        "ram": ram,
        "stacks": stacks,
        "tls_heap": number("MBEDTLS_HEAP_SIZE", config),
        "rust_heap": number("COMMON_LIBC_MALLOC_ARENA_SIZE", config) if info.exists() else 0,
        "tls_peak": json.loads(read(peak))["tls_heap"] if peak.exists() else 0,
    }
    secure = build / "tfm/bin/tfm_s.elf"
    if not secure.is_file():
        return [entry]
    flash, ram, _ = memory(secure, bank)
    nothing = {"stacks": 0, "tls_heap": 0, "rust_heap": 0, "tls_peak": 0}
    return [entry, {**entry, "image": TFM, "rustc": "", "flash": flash, "ram": ram, **nothing}]


def key(entry):
    return tuple(entry[field] for field in KEY)


def budget():
    return json.loads(read(BUDGET)) if BUDGET.exists() else []


def cell(size):
    return f"{size:,}" if size else ""


def show(entries):
    sizes = ("flash", "ram", "stacks", "rust_heap", "tls_heap", "tls_peak")
    lines = [
        "| board | image | flash | static RAM | of it stacks | Rust's heap | TLS heap | its peak |",
        "|---|---|" + "---:|" * len(sizes),
    ]
    for entry in sorted(entries, key=key):
        cells = " | ".join(cell(entry[size]) for size in sizes)
        lines.append(f"| {entry['board']} | {entry['image']} | {cells} |")
    return "\n".join(lines)


def tools(entry):
    names = [f"Zephyr {entry['zephyr']}", entry["compiler"]]
    return ", ".join(names + ([f"rustc {entry['rustc']}"] if entry["rustc"] else []))


def check(entries):
    known = {key(entry): entry for entry in budget()}
    over = 0
    for entry in entries:
        what = f"{entry['board']}, {entry['image']}"
        had = known.get(key(entry))
        if had is None:
            print(f"NOT COMPARED: {what}: docs/sizes.json has no size of it with {tools(entry)}")
            continue
        for memory_, words in (("flash", "flash"), ("ram", "static RAM")):
            now, allowed = entry[memory_], had[memory_]
            change = f"{now:,} bytes of {words}, budget {allowed:,} ({now / allowed - 1:+.1%})"
            if now > allowed * SLACK:
                over += 1
                print(f"TOO LARGE: {what}: {change}")
            else:
                print(f"{what}: {change}")
    if over:
        sys.exit(
            "error: images grew by more than 2 %. Find out why; if it is worth "
            "it, make it the budget: scripts/sizes.py --write BUILD..."
        )


def write(entries):
    new = {key(entry): entry for entry in entries}
    merged = {key(entry): entry for entry in budget()} | new
    merged = sorted(merged.values(), key=key)
    BUDGET.write_text(json.dumps(merged, indent=1) + "\n", encoding="utf-8")
    text = [
        "<!-- SPDX-License-Identifier: Apache-2.0 -->",
        "<!-- Written by scripts/sizes.py --write: do not edit. -->",
        "",
        "# Sizes",
        "",
        "Bytes of flash, and of RAM that is laid out when an image is linked: stacks, heaps and",
        "network buffers included. The peak of the TLS heap is measured, by a run in QEMU against",
        "the host program with a chain of two RSA-2048 certificates on either side, the dearer of",
        "TLS 1.2 and 1.3. `scripts/sizes.py --check` fails when flash or RAM grows by more than",
        "2 % with the same tools. Credentials are included (RSA), and so is the code of each mode",
        "for both versions and both kinds of keys.",
    ]
    for used in sorted({tools(entry) for entry in merged if entry["rustc"]}):
        mine = [entry for entry in merged if tools(entry) == used]
        beside = [
            entry
            for entry in merged
            if not entry["rustc"] and used.startswith(tools(entry) + ",")
        ]
        text += ["", f"## {used}", "", show(mine + beside)]
    TABLE.write_text("\n".join(text) + "\n", encoding="utf-8")


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    how = parser.add_mutually_exclusive_group()
    how.add_argument("--check", action="store_true", help="hold them against docs/sizes.json")
    how.add_argument("--write", action="store_true", help="make them docs/sizes.json")
    parser.add_argument("builds", metavar="BUILD", nargs="+", type=Path)
    arguments = parser.parse_args()
    # TF-M comes with each mode, and is the same.
    found = {key(entry): entry for build in arguments.builds for entry in measure(build)}
    entries = list(found.values())
    if arguments.check:
        check(entries)
    elif arguments.write:
        write(entries)
    else:
        print(show(entries))


if __name__ == "__main__":
    main()
