# SPDX-License-Identifier: GPL-2.0-only
"""Twisted's reactors import TLS if it is there, which takes as long as all the rest of them."""

raise ImportError("selftests/loops goes without TLS")
