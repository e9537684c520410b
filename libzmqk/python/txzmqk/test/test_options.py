# SPDX-License-Identifier: MIT
"""The tables against the header, where there is the source of both."""

import os
import re

from twisted.trial.unittest import TestCase

from txzmqk import kernel, options

HEADER = os.path.join(os.path.dirname(__file__), "../../../../uapi/linux/zmq.h")
# What transports set themselves, or cannot use; names are looked up by the reactor.
OWN = {"bind", "connect", "unbind", "disconnect", "resolve", "resolved", "rcvframes", "monitor", "name_form", "abort",
       "zerocopy", "rcvtimeo", "sndtimeo", "ipc_filter_pid", "ipc_filter_uid", "ipc_filter_gid"}


class OptionTests(TestCase):
    """Names, numbers and kinds."""

    if not os.path.exists(HEADER):
        skip = "this is no source tree"

    def setUp(self):
        with open(HEADER, encoding="ascii") as f:
            self.text = f.read()

    def test_options_are_those_of_the_header(self):
        block = self.text[self.text.index("#define ZMQ_AFFINITY"):self.text.index("/* When a connection")]
        found = {}
        for name, number, what in re.findall(r"#define ZMQ_(\w+)\s+(\d+)\s*(?:/\* (.*?) ?\*/)?", block):
            if "get only" in what or name.startswith("POLL"):
                continue
            kind = "long" if what.startswith("__") else "int" if re.match(r"int|pid_t|uid_t|gid_t", what) else "bytes"
            found[name.lower()] = int(number), kind
        known = {**options.OPTIONS, **options.KERNEL_OPTIONS}
        self.assertEqual(set(found) - OWN, set(known))
        self.assertEqual({n: found[n] for n in known}, known)

    def test_types_are_those_of_the_header(self):
        names = re.findall(r"#define ZMQ_([A-Z]+) (\d+)$", self.text, re.M)
        self.assertEqual({n.lower(): int(v) for n, v in names if n.lower() in options.TYPES}, options.TYPES)

    def test_the_kernel_s_numbers_are_those_of_the_header(self):
        for name in ("AF_ZMQ", "SOL_ZMQ", "ZMQ_FRAMES", "ZMQ_FRAMES_NEED", "ZMQ_FRAME_MORE", "ZMQ_IPV6", "ZMQ_LAST_ENDPOINT",
                     "ZMQ_BIND", "ZMQ_CONNECT", "ZMQ_UNBIND", "ZMQ_DISCONNECT", "ZMQ_RCVFRAMES"):
            value = re.search(rf"#define {name}\s+(\d+)", self.text)[1]
            short = name if hasattr(kernel, name) else name.replace("ZMQ_", "")
            self.assertEqual(getattr(kernel, short), int(value), name)
