# SPDX-License-Identifier: GPL-2.0
"""Reads the guest's lines: a progress line a case, then bench.json, bench.md and bench.svg."""

import argparse
import json
import pathlib
import sys

from chart import bars
from plan import name

TITLES = {"established": "established connections", "new": "every packet a new connection", "pick": "every packet scheduled by itself",
          "expire": "a million connections"}


class Results:
    """What was measured, by case; costs are above the zero line of the same kind of traffic."""

    def __init__(self):
        self.rows = []
        self.failed = []
        self.extra = []
        self.kernel = "?"

    @staticmethod
    def _kin(row):
        return row["family"], row["proto"], row["kind"], row["flows"], row["direction"]

    def add(self, row):
        row["per_packet"] = row["ns"] / row["count"]
        if row["path"] == "zero":
            row["instructions"] = 0
        else:
            zero = [r for r in self.rows if r["path"] == "zero" and self._kin(r) == self._kin(row)]
            row["instructions"] = round(row["per_packet"] - zero[0]["per_packet"]) if zero else None
        self.rows.append(row)
        return row

    def find(self, path, **like):
        for row in self.rows:
            if row["path"] == path and all(row.get(k) == v for k, v in like.items()):
                return row
        return None


def progress(row):
    cost = row["instructions"]
    text = f"{name(row)} {row['direction']}"
    shown = f"{row['per_packet']:.0f} a packet, the zero line" if row["path"] == "zero" else f"{cost} instructions"
    lost = f"   LOST {row['lost']} of {row['count']}" if row["lost"] > 0 else ""
    why = f" {row['drops']}" if row.get("drops") else ""
    print(f"{text:60} {shown}{lost}{why}", flush=True)


def table(results):
    """Markdown: one table a kind of traffic, paths down, families and protocols across."""
    out = []
    for kind in ("established", "new", "pick"):
        rows = [r for r in results.rows if r["kind"] == kind]
        if not rows:
            continue
        columns = []
        for r in rows:
            key = (r["family"], r["proto"], r["flows"])
            if key not in columns:
                columns.append(key)
        heads = [f"IPv{f} {p.upper()}" + (f", {n:,}" if kind == "established" else "") for f, p, n in columns]
        out += [f"### {TITLES[kind]}", "", "| path | " + " | ".join(heads) + " |",
                "|---|" + "---:|" * len(columns)]
        lines = {}
        for r in rows:
            label = r["path"] + ("" if r["direction"] == "request" else " (replies)")
            if kind == "pick":
                label += f" {r['scheduler']}, {r['servers']} servers"
            value = f"({r['per_packet']:.0f})" if r["path"] == "zero" else f"{r['instructions']}"
            lines.setdefault(label, {})[(r["family"], r["proto"], r["flows"])] = value
        for label, values in lines.items():
            out.append(f"| {label} | " + " | ".join(values.get(c, "") for c in columns) + " |")
        out.append("")
    memory = [r for r in results.rows if r["kind"] == "expire" and r["path"] != "zero"]
    if memory:
        out += ["### many connections at once", "",
                "| path | connections | bytes of memory for each | instructions to open it | to expire it |",
                "|---|---:|---:|---:|---:|"]
        out += [f"| {r['path']} | {r['flows']:,} | {r['bytes_per_connection']} | {r['instructions']} | {r['expire']} |"
                for r in memory]
        out.append("")
    for block in results.extra:
        out += [f"### {block['title']}", "", "| " + " | ".join(block["head"]) + " |",
                "|---|" + "---:|" * (len(block["head"]) - 1)]
        out += ["| " + " | ".join(str(cell) for cell in row) + " |" for row in block["rows"]]
        out.append("")
    return "\n".join(out)


def chart(results):
    shown = [r for r in results.rows if r["kind"] == "established" and r["flows"] == 100 and r["family"] == 4
             and r["proto"] == "udp" and r["direction"] == "request" and r["path"] != "zero"]
    return bars("Director's instructions per packet, 60-byte UDP, 100 connections, IPv4",
                [(r["path"], r["instructions"]) for r in shown if r["instructions"] is not None])


def read(stream, results):
    for line in stream:
        try:
            message = json.loads(line)
        except ValueError:
            print(line, end="", flush=True)
            continue
        if "result" in message:
            progress(results.add(message["result"]))
        elif "failed" in message:
            results.failed.append(message)
            label = message["failed"] if isinstance(message["failed"], str) else name(message["failed"])
            print(f"{label:60} FAILED: {message['why']}", flush=True)
        elif "note" in message:
            print(message["note"], flush=True)
        elif "table" in message:
            results.extra.append(message["table"])
        results.kernel = message.get("kernel", results.kernel)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--output", type=pathlib.Path, required=True)
    args = parser.parse_args()
    results = Results()
    read(sys.stdin, results)
    text = table(results)
    print("\n" + text)
    (args.output / "bench.md").write_text(text + "\n", encoding="utf-8")
    (args.output / "bench.json").write_text(json.dumps(
        {"kernel": results.kernel, "cases": results.rows, "tables": results.extra, "failed": results.failed}, indent=1),
        encoding="utf-8")
    if any(r["kind"] == "established" for r in results.rows):
        (args.output / "bench.svg").write_text(chart(results), encoding="utf-8")
    lost = [r for r in results.rows if r["lost"] > 0]
    sys.exit(1 if results.failed or lost else 0)


if __name__ == "__main__":
    main()
