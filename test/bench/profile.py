#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""
Tells of each case in bench.json where its instructions went: a table of functions, a packet's instructions above the zero line's.

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
            found.append((int(address, 16), " ".join(words)))
        found.sort()
        self.addresses = [address for address, _ in found]
        self.names = [symbol for _, symbol in found]

    def name(self, address):
        at = bisect.bisect_right(self.addresses, address) - 1
        return self.names[at] if at >= 0 else "programs"


def counted(folder, symbols, row):
    """Instructions a packet, by function."""
    functions = collections.Counter()
    for line in (folder / str(row["send"])).read_text(encoding="ascii").splitlines():
        address, n = line.split()
        functions[symbols.name(int(address, 16))] += int(n) / row["count"]
    return functions


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
        functions = counted(folder, symbols, row)
        functions.subtract(counted(folder, symbols, zero))
        print(f"\n### {name(row)} {row['direction']}: {sum(functions.values()):.0f} instructions\n")
        print("| function | instructions |\n|---|---:|")
        for function, n in functions.most_common():
            if abs(n) >= LEAST:
                print(f"| `{function}` | {n:.0f} |")


if __name__ == "__main__":
    main()
