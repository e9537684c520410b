#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Name the addresses of a removed module in stdin, by the /proc/kallsyms lines in the file given."""

import bisect
import re
import sys

symbols = []
try:
    with open(sys.argv[1], encoding="ascii") as f:
        for line in f:
            address, _, name = line.split()[:3]
            symbols.append((int(address, 16), name))
except FileNotFoundError:
    pass
symbols.sort()


def name_of(match):
    address = int(match.group(1), 16)
    i = bisect.bisect_right(symbols, (address, "\x7f")) - 1
    if i < 0 or address - symbols[i][0] > 0x10000:
        return match.group(0)
    return f"{match.group(0)} {symbols[i][1]}+{address - symbols[i][0]:#x}"


for line in sys.stdin:
    print(re.sub(r"\[<0*([0-9a-f]+)>\](?: 0x[0-9a-f]+)?", name_of, line), end="")
