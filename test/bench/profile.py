#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""
Tells of each case in bench.json where its instructions went, and which functions were the first of a packet's to touch how many
cache lines: a table of functions, a packet's above the zero line's.

usage: profile.py DIRECTORY     the benchmark's output; its folder profile/ has what profile.c counted and the guest's symbols
"""

import bisect
import collections
import json
import pathlib
import sys

from plan import name

LEAST = 1  # instruction a packet; less is the machine's own doing, timers and the like


class Symbols:
    def __init__(self, path):
        found = []
        for line in path.read_text(encoding="ascii").splitlines():
            address, _, *words = line.split()
            if int(address, 16) >> 63:  # the others are offsets into per-CPU data
                found.append((int(address, 16), " ".join(words)))
        found.sort()
        self.addresses = [address for address, _ in found]
        self.names = [symbol for _, symbol in found]

    def name(self, address):
        at = bisect.bisect_right(self.addresses, address) - 1
        return self.names[at] if at >= 0 else "programs"


def counted(folder, symbols, row):
    """Instructions and cache lines a packet, by function."""
    instructions, lines = collections.Counter(), collections.Counter()
    for text in (folder / str(row["send"])).read_text(encoding="ascii").splitlines():
        address, executed, touched = text.split()
        function = symbols.name(int(address, 16))
        instructions[function] += int(executed) / row["count"]
        lines[function] += int(touched) / row["count"]
    return instructions, lines


def main():
    output = pathlib.Path(sys.argv[1])
    folder = output / "profile"
    rows = [row for row in json.loads((output / "bench.json").read_text(encoding="utf-8"))["cases"] if "send" in row]
    symbols = Symbols(folder / "symbols")
    for row in rows:
        zero = next((z for z in rows if z["path"] == "zero" and all(z[k] == row[k] for k in (
            "family", "proto", "kind", "flows", "direction"))), None)
        if row["path"] == "zero" or not zero:
            continue
        instructions, lines = counted(folder, symbols, row)
        for mine, zeros in zip((instructions, lines), counted(folder, symbols, zero)):
            mine.subtract(zeros)
        module = f"[{'ip_vs' if 'ipvs' in row['path'] else 'weir'}]"
        own = sum(n for function, n in lines.items() if function.endswith(module))
        print(f"\n### {name(row)} {row['direction']}: {sum(instructions.values()):.0f} instructions, "
              f"{sum(lines.values()):.1f} cache lines, {own:.1f} of them by {module}\n")
        print("| function | instructions | cache lines |\n|---|---:|---:|")
        for function, n in instructions.most_common():
            if abs(n) >= LEAST:
                print(f"| `{function}` | {n:.0f} | {lines[function]:.1f} |")


if __name__ == "__main__":
    main()
