# SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
"""Receives quotes with stock pyzmq and protobuf, which know nothing of AF_ZMQ: decode.py COUNT BYTES-OF-DEPTH.

Prints the endpoint that it listens at.
"""

import sys

import quote_pb2
import zmq

count, depth = map(int, sys.argv[1:])
pull = zmq.Context().socket(zmq.PULL)
pull.setsockopt(zmq.RCVTIMEO, 20000)
print("tcp://127.0.0.1:%d" % pull.bind_to_random_port("tcp://127.0.0.1"), flush=True)
for number in range(count):
    quote = quote_pb2.Quote.FromString(pull.recv())
    assert quote.symbol == "ZMQ" and quote.number == number, quote
    assert quote.bid == 100 + number / 8 and quote.ask == quote.bid + 0.125, quote
    assert quote.depth == bytes([ord("a") + number % 26]) * depth, f"the depth of {number}"
print(f"{count} quotes", flush=True)
