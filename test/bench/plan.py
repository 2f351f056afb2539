# SPDX-License-Identifier: GPL-2.0
"""The cases of a run, from the paths: prints the plan as JSON."""

import argparse
import json
import re

from paths import FLOWS, PATHS

COUNT, QUICK_COUNT = 300000, 20000
SCALES = (1000, 10000, 100000, 1000000)
SCALED = ("zero", "ipvs-dr", "ipvs-nat", "weir-dr", "weir-nat")
# Servers, and the schedulers whose picks are compared.
PICK_SERVERS = (10, 1000)
PICKERS = ("rr", "wrr", "lc", "wlc", "sed", "nq", "fo", "ovf", "twos", "sh", "dh", "mh", "lblc", "lblcr")


def name(case):
    parts = [case["path"], str(case["family"]), case["proto"], case["kind"], str(case["flows"])]
    if case["kind"] == "pick":
        parts += [case["scheduler"], str(case["servers"])]
    return "/".join(parts)


def established(path, family, proto, flows, count):
    return {"path": path, "family": family, "proto": proto, "kind": "established", "flows": flows, "count": count}


def cases(quick, count):
    """All of a run, cheap ones first."""
    for family in (4,) if quick else (4, 6):
        for proto in ("udp",) if quick else ("udp", "tcp"):
            for path in PATHS:
                yield established(path.name, family, proto, FLOWS, count)
        # fullnat moves timestamps, nat leaves them alone
        for path in () if quick else ("zero", "ipvs-nat", "weir-nat", "weir-fullnat"):
            yield established(path, family, "tcp-ts", FLOWS, count)
    for family in (4,) if quick else (4, 6):
        for proto in ("udp",) if quick else ("udp", "tcp"):
            # Datagrams' connections expire meanwhile: three seconds and more. A SYN's live for a minute, in ip_vs always.
            number = 100000 if quick else 3 * count if proto == "udp" else count
            for path in PATHS:
                if path.new:
                    yield {"path": path.name, "family": family, "proto": proto, "kind": "new", "flows": 0, "count": number}
    if quick:
        return
    for path in ("zero", "ipvs", "weir"):
        for scheduler in PICKERS if path != "zero" else ("rr",):
            if path == "ipvs" and scheduler == "twos":
                continue  # Debian 12's kernel has no ip_vs_twos
            for servers in PICK_SERVERS if path != "zero" else (1,):
                yield {"path": path, "family": 4, "proto": "udp", "kind": "pick", "flows": 100, "count": count // 3,
                       "scheduler": scheduler, "servers": servers}
    for path in ("zero", "ipvs-nat", "weir-nat"):
        yield {"path": path, "family": 4, "proto": "udp", "kind": "expire", "flows": SCALES[-1], "count": SCALES[-1]}
    for flows in SCALES:
        for path in SCALED:
            yield established(path, 4, "udp", flows, count)


def needs(case):
    return "weir" if "weir" in case["path"] else "ipvs" if "ipvs" in case["path"] else ""


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--count", type=int)
    parser.add_argument("--only", default="")
    parser.add_argument("--without", action="append", default=[])
    parser.add_argument("--list", action="store_true")
    args = parser.parse_args()
    count = args.count or (QUICK_COUNT if args.quick else COUNT)
    chosen = [case for case in cases(args.quick, count)
              if needs(case) not in args.without
              and (re.search(args.only, name(case)) or case["path"] == "zero")]
    # A zero line that nothing is compared with is not run.
    keys = {(c["family"], c["proto"], c["kind"], c["flows"]) for c in chosen if c["path"] != "zero"}
    chosen = [c for c in chosen if (c["family"], c["proto"], c["kind"], c["flows"]) in keys]
    if args.list:
        print("\n".join(name(case) for case in chosen))
        return
    load = ["bench"] + sorted({needs(case) for case in chosen} - {""})
    print(json.dumps({"quick": args.quick, "load": load, "without": args.without, "cases": chosen}))


if __name__ == "__main__":
    main()
