# SPDX-License-Identifier: MIT
"""Tells Twisted of endpoint strings that begin with "zmq:"."""

from txzmqk.endpoints import ClientParser, ServerParser

server = ServerParser()
client = ClientParser()
