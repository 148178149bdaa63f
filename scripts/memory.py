#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Turns the figures of twister-tests/pytest/test_high_water.py into docs/memory-table.md.

usage: scripts/memory.py FIGURES > docs/memory-table.md

FIGURES is what MEMORY_TABLE named when the tests ran; docs/memory.md has the command.
"""

import ast
import re
import sys

# What each bar of the chart stands for, in bytes.
UNIT = 512


def cases(path):
    with open(path, encoding="utf-8") as file:
        for line in file:
            case, used = line.rstrip("\n").split("\t")
            name, arguments = re.fullmatch(r"test_(\w+)\[(.+)\]", case).groups()
            role, _, what = name.partition("_")
            yield role, what.replace("_", " "), arguments, ast.literal_eval(used)


def main():
    rows = list(cases(sys.argv[1]))
    print("<!-- SPDX-License-Identifier: Apache-2.0 -->\n<!-- Made by scripts/memory.py. -->\n")
    print("| role | case | keys, TLS | stack | of it | `malloc` | TLS heap |")
    print("|---|---|---|---|---|---|---|")
    worst = {}
    for role, what, arguments, used in rows:
        stack = "serve" if role == "server" else "main"
        most, size = used[stack]
        worst[role, what] = max(worst.get((role, what), (0, 0)), (most, size))
        print(
            f"| {role} | {what} | {arguments.replace('-', ', ')} | {most:,} "
            f"| {100 * most // size} % | {used['malloc heap'][0]:,} | {used['TLS heap'][0]:,} |"
        )
    print("\nThe stacks, each case's worst, `#` used and `.` left:\n")
    for (role, what), (most, size) in worst.items():
        bar = "#" * -(-most // UNIT)
        rest = "." * (size // UNIT - len(bar))
        print(f"    {role:6} {what:20} {bar}{rest} {most:6,}")
    print("\nThe other threads of a client, at most:\n")
    others = {}
    for _, _, _, used in rows:
        for name, (most, size) in used.items():
            if "heap" not in name and name not in ("main", "serve"):
                others[name] = max(others.get(name, (0, 0)), (most, size))
    print("| thread | stack used | of |\n|---|---|---|")
    for name, (most, size) in sorted(others.items()):
        print(f"| `{name}` | {most:,} | {size:,} |")


if __name__ == "__main__":
    main()
