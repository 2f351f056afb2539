#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""uapi_yaml_check.py HEADER SPEC: the header's enums and the netlink specification must say the same.

Compared are names, values (by order) and, for attributes, types where the header's kernel-doc gives one.
"""
import re
import sys

import yaml


def strip_comments(text):
    return re.sub(r"//[^\n]*", "", re.sub(r"/\*.*?\*/", "", text, flags=re.S))


def number(text, known):
    text = text.strip()
    if text in known:
        return known[text]
    match = re.fullmatch(r"\(?\s*1U?\s*<<\s*(\d+)\s*\)?", text) or re.fullmatch(r"_BITU?L*\((\d+)\)", text)
    if match:
        return 1 << int(match[1])
    try:
        return int(text.rstrip("uUlL"), 0)
    except ValueError:
        return None


def header_enums(text):
    """A list of {name: value}, one an enum, in order; sentinels (__NAME_MAX and what is derived from it) left out."""
    enums, known = [], {}
    for body in re.findall(r"\benum\b[^{;]*\{(.*?)\}\s*;", strip_comments(text), flags=re.S):
        value, members = -1, {}
        for item in body.split(","):
            item = item.strip()
            if not item:
                continue
            name, _, expression = item.partition("=")
            name = name.strip()
            value = number(expression, known) if expression else value + 1
            if value is None:
                if "__" in expression:
                    continue  # NAME_MAX = (__NAME_MAX - 1)
                sys.exit(f"enum {name}: cannot read the value '{expression.strip()}'")
            known[name] = value
            if not name.startswith("__"):
                members[name] = value
        enums.append(members)
    return enums


def constant(text):
    return text.upper().replace("-", "_")


def spec_definitions(spec):
    """(what, {NAME: value}) of each enum and flags definition."""
    for item in spec.get("definitions", []):
        if item.get("type") not in ("enum", "flags"):
            continue
        prefix = item.get("name-prefix", f"{spec['name']}-{item['name']}-")
        value, members = item.get("value-start", 0), {}
        for entry in item["entries"]:
            if isinstance(entry, str):
                entry = {"name": entry}
            value = entry.get("value", value)
            members[constant(prefix + entry["name"])] = 1 << value if item["type"] == "flags" else value
            value += 1
        yield f"definition {item['name']}", members


def spec_attributes(spec):
    for item in spec.get("attribute-sets", []):
        if "subset-of" in item:
            continue
        prefix = item.get("name-prefix", f"{spec['name']}-a-{item['name']}-")
        value, members = 1, {}
        for entry in item["attributes"]:
            value = entry.get("value", value)
            members[constant(prefix + entry["name"])] = value
            value += 1
        yield f"attribute set {item['name']}", members


def spec_operations(spec):
    operations = spec["operations"]
    prefix = operations.get("name-prefix", f"{spec['name']}-cmd-")
    value, members = 1, {}
    for entry in operations["list"]:
        value = entry.get("value", value)
        members[constant(prefix + entry["name"])] = value
        value += 1
    yield "operations", members


def documented_types(text):
    """NAME -> type for attributes whose kernel-doc line begins with one, as in "@WEIR_A_X: u32, ..."."""
    types = r"u8|u16|u32|u64|s32|s64|sint|uint|be16|be32|flag|string|binary|nest|nested|bitfield32"
    return dict(re.findall(rf"@(\w+):\s*\(?({types})\b", text))


def spec_types(spec):
    for item in spec.get("attribute-sets", []):
        prefix = item.get("name-prefix", f"{spec['name']}-a-{item['name']}-")
        for entry in item["attributes"]:
            if "type" in entry:
                kind = {"nest": "nested", "indexed-array": "nested"}.get(entry["type"], entry["type"])
                order = entry.get("byte-order", "")
                yield constant(prefix + entry["name"]), kind, order


def compare(what, members, enums, problems):
    """The header's enum is the one that shares a name with the specification's."""
    found = [enum for enum in enums if set(enum) & set(members)]
    if not found:
        problems.append(f"{what}: the header has no enum with {next(iter(members))}")
        return
    merged = {name: value for enum in found for name, value in enum.items()}
    # An unspecified first value is the header's way to start at 1.
    merged = {n: v for n, v in merged.items() if not (v == 0 and n.endswith("_UNSPEC") and n not in members)}
    for name in members:
        if name not in merged:
            problems.append(f"{what}: {name} is missing in the header")
        elif merged[name] != members[name]:
            problems.append(f"{what}: {name} is {merged[name]} in the header, {members[name]} in the specification")
    for name in merged:
        if name not in members:
            problems.append(f"{what}: {name} is missing in the specification")


def main():
    header = open(sys.argv[1], encoding="utf-8").read()
    with open(sys.argv[2], encoding="utf-8") as file:
        spec = yaml.safe_load(file)
    problems = []
    enums = header_enums(header)
    seen = set()
    for source in (spec_definitions, spec_attributes, spec_operations):
        for what, members in source(spec):
            compare(what, members, enums, problems)
            seen |= set(members)
    for enum in enums:
        if enum and not set(enum) & seen:
            problems.append(f"the specification has nothing of the enum with {next(iter(enum))}")
    kinds = documented_types(header)
    for name, kind, order in spec_types(spec):
        want = kinds.get(name)
        if want is None:
            continue
        want = {"nest": "nested", "be16": "u16", "be32": "u32"}.get(want, want)
        if want != kind:
            problems.append(f"{name} is {want} in the header's comment, {kind} in the specification")
    for text in problems:
        print(f"{sys.argv[2]}: {text}", file=sys.stderr)
    sys.exit(1 if problems else 0)


main()
