# SPDX-License-Identifier: GPL-2.0-only
"""The options of AF_ZMQ as its source has them, and the list of differences from libzmq's."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

REPO = Path(__file__).resolve().parents[1]
SOURCE = "kmod/socket/option_table.c"
HEADER = "uapi/linux/zmq.h"
DIFFERENCES = "tools/option-differences"

FIELDS = ("absent", "type", "access", "range", "default", "types")
RUN_TIME = "run"
OWN = 1000  # libzmq never uses numbers from here on.

LIMITS = {
    "INT_MIN": -(1 << 31), "INT_MAX": (1 << 31) - 1, "U16_MAX": (1 << 16) - 1,
    "S64_MIN": -(1 << 63), "S64_MAX": (1 << 63) - 1,
}
WORDS = {"RW": "SG", "RO": "G", "WO": "S", "0": ""}
NUMBERS = ("INT", "BOOL", "S64", "TIMEO", "DECIS", "PAT_INT", "ZEROCOPY")


def read(path: str) -> str:
    return (REPO / path).read_text(encoding="utf-8")


@dataclass
class Option:
    """One row of a table of options; None stands for what the table does not say."""

    name: str
    number: int
    type: str
    access: str
    default: int | None
    range: tuple[int, int] | None
    types: frozenset[str] | None

    def text(self, field: str) -> str:
        """A field as documents show it."""
        if field == "absent":
            return str(self.number)
        value = getattr(self, field)
        if field == "range":
            return "any" if value is None else f"{limit(value[0])}..{limit(value[1])}"
        if field == "types":
            return "all" if value is None else " ".join(sorted(value))
        return "-" if value in (None, "") else str(value)


def limit(value: int) -> str:
    names = {-(1 << 63): "S64_MIN", -(1 << 31): "INT_MIN", (1 << 31) - 1: "INT_MAX", (1 << 63) - 1: "S64_MAX"}
    return names.get(value, str(value))


@dataclass
class Difference:
    """An entry of the list: `value` is libzmq's, or what the run-time test does for it to show."""

    name: str
    field: str
    value: str
    reason: str


def constants() -> dict[str, int]:
    """Numbers that the table's ranges are written with."""
    found = dict(LIMITS, IFNAMSIZ=16)
    for header in ("kmod/base/types.h", "kmod/wire/endpoint.h", HEADER):
        for name, number in re.findall(r"^#define (ZMQ_\w+)\s+(\d+)\b", read(header), re.MULTILINE):
            found[name] = int(number)
    return found


def comments() -> dict[str, str]:
    """What the header says about each option."""
    return dict(re.findall(r"^#define (ZMQ_\w+)\s+\d+\s+/\* (.*?) \*/", read(HEADER), re.MULTILINE))


def type_of_comment(comment: str) -> str:
    for pattern, kind in ((r"(int|[pug]id_t)\b", "int"), (r"__u64\b", "u64"), (r"__s64\b", "s64"), (r"string\b", "text")):
        if re.match(pattern, comment):
            return kind
    return "bytes" if "bytes" in comment else "text"


def _number(text: str, known: dict[str, int]) -> int:
    terms = re.fullmatch(r"\s*(-?\w+)\s*(?:- (\d+))?\s*", text)
    if not terms:
        raise ValueError(f"{SOURCE}: cannot read {text!r}")
    word, minus = terms.groups()
    return (known[word] if word in known else int(word, 0)) - int(minus or 0)


def _types(text: str, source: str) -> frozenset[str]:
    for name, meaning in re.findall(r"^#define (T_\w+)\s+\(?(.*?)\)?$", source, re.MULTILINE):
        text = re.sub(rf"\b{name}\b", meaning, text)
    return frozenset(re.findall(r"T\((\w+)\)", text))


def _row(text: str, source: str, known: dict[str, int], said: dict[str, str]) -> Option:
    match = re.search(r"OPT\(\s*(\w+),\s*(\w+),\s*(\w+)\s*\)", text)
    if not match:
        raise ValueError(f"{SOURCE}: not a row of the table: {text!r}")
    name, kind, access = match.groups()
    span = re.search(r"RANGE\(([^,]+),\s*([^)]+)\)", text)
    init = re.search(r"INIT\(([^)]+)\)", text)
    types = re.search(r"TYPES\((.*)\)", text, re.DOTALL)
    return Option(
        name,
        known[name],
        type_of_comment(said.get(name, "")),
        WORDS[access],
        _number(init.group(1), known) if init else 0 if kind in NUMBERS else None,
        (_number(span.group(1), known), _number(span.group(2), known)) if span else None,
        _types(types.group(1), source) if types else None,
    )


def ours() -> dict[str, Option]:
    """The table in the source. What can neither be set nor read is as good as absent."""
    source = read(SOURCE)
    table = re.search(r"zmq_options\[\] = \{\n(.*?)^\};", source, re.DOTALL | re.MULTILINE)
    if not table:
        raise ValueError(f"{SOURCE}: no table of options")
    known, said = constants(), comments()
    text = re.sub(r"/\*.*?\*/", "", table.group(1), flags=re.DOTALL)
    rows = [_row(r, source, known, said) for r in re.findall(r"^\t\{(.*?)\},?$", text, re.DOTALL | re.MULTILINE)]
    return {row.name: row for row in rows if row.access}


def differences() -> list[Difference]:
    """The list: a reason that ends with a colon, then its entries, indented."""
    found = []
    reason = ""
    for line in read(DIFFERENCES).splitlines():
        if not line or line.startswith("#"):
            reason = ""
        elif line.startswith("\t"):
            name, field, value = line.split(None, 2)
            if field not in (*FIELDS, RUN_TIME) or not reason.endswith(":"):
                raise ValueError(f"{DIFFERENCES}: {line.strip()}: no such field, or no reason above")
            found.append(Difference(name, field, value, reason[:-1]))
        else:
            reason = f"{reason} {line}" if reason and not reason.endswith(":") else line
    return found
