# SPDX-License-Identifier: GPL-2.0-only
"""The matrix as a table: what talks to what. Made of the names of its cases."""

from __future__ import annotations

import re
from collections.abc import Iterable

CASE = re.compile(r"(\w+/\w+) over (\w+): (\w+) \w+ (?:binds|connects), (\w+) \w+ (?:binds|connects): .*")


def table(cases: Iterable[tuple[str, bool]]) -> str:
    """Markdown for cases, each with whether it passed; empty if none is of the matrix.

    A cell has how many passed, and of how many if some did not.
    """
    cells: dict[tuple[str, str], list[bool]] = {}
    for name, passed in cases:
        match = CASE.fullmatch(name)
        if match:
            pair, transport, one, two = match.groups()
            cells.setdefault((pair, f"{one} and {two}, {transport}"), []).append(passed)
    pairs = dict.fromkeys(pair for pair, _ in cells)
    ways = dict.fromkeys(way for _, way in cells)
    lines = [f"| Patterns | {' | '.join(ways)} |", f"|---{'|---' * len(ways)}|"] if cells else []
    for pair in pairs:
        shown = []
        for way in ways:
            results = cells.get((pair, way), [])
            passed = sum(results)
            whole = str(passed or "") if passed == len(results) else f"{passed} of {len(results)}"
            shown.append(whole)
        lines.append(f"| {pair} | {' | '.join(shown)} |")
    return "".join(f"{line}\n" for line in lines)
