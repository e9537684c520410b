# SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
"""Runs a program for asyncio, the first argument, on uvloop."""

import runpy
import sys

import uvloop

uvloop.install()
runpy.run_path(sys.argv.pop(1), run_name="__main__")
