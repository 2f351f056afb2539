#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""scripts/bench without its machine: the plan of a run, what the reporter makes of a guest's lines, and its exit status."""

import json
import pathlib
import subprocess
import sys
import tempfile
import unittest
import xml.etree.ElementTree

BENCH = pathlib.Path(__file__).resolve().parents[1] / "bench"
CASE = {"path": "zero", "family": 4, "proto": "udp", "kind": "established", "flows": 100, "direction": "request", "count": 1000, "ns": 2000000,
        "lost": 0}


def result(**fields):
    return json.dumps({"result": dict(CASE, **fields)})


def python(script, *arguments, stdin=""):
    return subprocess.run([sys.executable, BENCH / script, *arguments], input=stdin, text=True, capture_output=True, check=False)


class Report(unittest.TestCase):
    def report(self, *lines):
        """Status, standard output, bench.json, bench.md, bench.svg (None: not written)."""
        with tempfile.TemporaryDirectory() as output:
            done = python("report.py", "--output", output, stdin="".join(line + "\n" for line in lines))
            files = [pathlib.Path(output) / f"bench.{kind}" for kind in ("json", "md", "svg")]
            texts = [file.read_text(encoding="utf-8") if file.exists() else None for file in files]
        self.assertEqual(done.stderr, "")
        return done.returncode, done.stdout, json.loads(texts[0]), texts[1], texts[2]

    def test_costs_are_above_the_zero_line(self):
        status, said, kept, table, chart = self.report(
            result(), result(path="ipvs-dr", ns=6000000), result(path="weir-dr", ns=3500000), json.dumps({"kernel": "6.1.0-test"}))
        self.assertEqual(status, 0)
        self.assertEqual(kept["kernel"], "6.1.0-test")
        self.assertEqual([(row["path"], row["instructions"]) for row in kept["cases"]], [("zero", 0), ("ipvs-dr", 4000), ("weir-dr", 1500)])
        self.assertIn("| weir-dr | 1500 |", table)
        self.assertIn("| zero | (2000) |", table)
        self.assertIn("weir-dr/4/udp/established/100 request", said)
        texts = [element.text for element in xml.etree.ElementTree.fromstring(chart).iter() if element.tag.endswith("text")]
        self.assertEqual(texts[1:], ["ipvs-dr", "4000", "weir-dr", "1500"])

    def test_traffic_of_another_kind_is_no_zero_line(self):
        _, _, kept, _, _ = self.report(result(), result(path="weir-dr", family=6, ns=3500000))
        self.assertIsNone(kept["cases"][1]["instructions"])

    def test_a_lost_packet_fails_the_run(self):
        status, said, _, _, _ = self.report(result(), result(path="weir-dr", ns=3500000, lost=3, drops={"drop-no-server": 3}))
        self.assertEqual(status, 1)
        self.assertRegex(said, r"LOST 3 of 1000.*drop-no-server")

    def test_a_failed_case_fails_the_run_and_the_others_stand(self):
        status, said, kept, table, _ = self.report(
            result(), json.dumps({"failed": dict(CASE, path="weir-nat"), "why": "no module"}), result(path="weir-dr", ns=3500000))
        self.assertEqual(status, 1)
        self.assertRegex(said, r"weir-nat/4/udp/established/100 +FAILED: no module")
        self.assertEqual(kept["failed"][0]["why"], "no module")
        self.assertIn("| weir-dr | 1500 |", table)

    def test_what_is_no_message_is_shown(self):
        status, said, _, _, chart = self.report("insmod: no such file")
        self.assertEqual(status, 0)
        self.assertIn("insmod: no such file", said)
        self.assertIsNone(chart)


class Plan(unittest.TestCase):
    def names(self, *arguments):
        done = python("plan.py", "--list", *arguments)
        self.assertEqual(done.returncode, 0, done.stderr)
        return done.stdout.split()

    def test_every_case_has_a_zero_line_before_it(self):
        names = self.names()
        self.assertEqual(len(names), len(set(names)))
        for place, name in enumerate(names):
            path, family, proto, kind, flows = name.split("/")[:5]
            if path != "zero":
                zero = "/".join(["zero", family, proto, kind, flows])
                self.assertTrue(any(other.startswith(zero) for other in names[:place]), name)

    def test_zero_lines_that_nothing_needs_are_left_out(self):
        self.assertEqual(self.names("--only", "^weir-dr/6/udp/established/100$"),
                         ["zero/6/udp/established/100", "weir-dr/6/udp/established/100"])
        self.assertEqual(self.names("--only", "no such case"), [])

    def test_without_weir(self):
        self.assertFalse([name for name in self.names("--without", "weir") if "weir" in name])

    def test_quick_has_each_path_once(self):
        established = [name.split("/")[0] for name in self.names("--quick") if "/established/" in name]
        self.assertEqual(len(established), len(set(established)))
        self.assertTrue({"zero", "floor", "flowtable", "forward", "ipvs-dr", "weir-dr", "weir-fullnat"} <= set(established))


if __name__ == "__main__":
    unittest.main()
