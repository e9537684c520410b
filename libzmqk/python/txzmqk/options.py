# SPDX-License-Identifier: MIT
"""Types and options by name, with the numbers that <linux/zmq.h> and libzmq share."""

TYPES = {name: number for number, name in enumerate(
    ("pair", "pub", "sub", "req", "rep", "dealer", "router", "pull", "push", "xpub", "xsub", "stream"))}

INT, LONG, BYTES = "int", "long", "bytes"

OPTIONS = {
    "affinity": (4, LONG), "routing_id": (5, BYTES), "subscribe": (6, BYTES), "unsubscribe": (7, BYTES),
    "sndbuf": (11, INT), "rcvbuf": (12, INT), "linger": (17, INT), "reconnect_ivl": (18, INT), "backlog": (19, INT),
    "reconnect_ivl_max": (21, INT), "maxmsgsize": (22, LONG), "sndhwm": (23, INT), "rcvhwm": (24, INT),
    "router_mandatory": (33, INT), "tcp_keepalive": (34, INT), "tcp_keepalive_cnt": (35, INT),
    "tcp_keepalive_idle": (36, INT), "tcp_keepalive_intvl": (37, INT), "immediate": (39, INT), "xpub_verbose": (40, INT),
    "router_raw": (41, INT), "ipv6": (42, INT), "probe_router": (51, INT), "req_correlate": (52, INT),
    "req_relaxed": (53, INT), "conflate": (54, INT), "router_handover": (56, INT), "tos": (57, INT),
    "connect_routing_id": (61, BYTES), "handshake_ivl": (66, INT), "xpub_nodrop": (69, INT), "xpub_manual": (71, INT),
    "xpub_welcome_msg": (72, BYTES), "stream_notify": (73, INT), "invert_matching": (74, INT),
    "heartbeat_ivl": (75, INT), "heartbeat_ttl": (76, INT), "heartbeat_timeout": (77, INT), "xpub_verboser": (78, INT),
    "connect_timeout": (79, INT), "tcp_maxrt": (80, INT), "use_fd": (89, INT), "bindtodevice": (92, BYTES),
    "reconnect_stop": (109, INT),
}

# The kernel's own
KERNEL_OPTIONS = {"attach_fd": (1004, INT), "inproc_ns": (1008, INT), "local_direct": (1010, INT)}


def number(kind):
    """That of a type, by its name."""
    try:
        return TYPES[kind.lower()]
    except KeyError:
        raise ValueError(f"no socket type is called {kind!r}; there are: {' '.join(TYPES)}") from None


def option(name, value, table=None):
    """The number and kind of an option, and its value as bytes or an int. Text is taken for either."""
    try:
        code, kind = (table or OPTIONS)[name.lower()]
    except KeyError:
        raise ValueError(f"no option is called {name!r}") from None
    if kind == BYTES:
        if isinstance(value, str):
            value = value.encode("utf-8", "surrogateescape")
        if not isinstance(value, (bytes, bytearray)):
            raise ValueError(f"the option {name} takes bytes, not {value!r}")
        return code, kind, bytes(value)
    try:
        return code, kind, int(value)
    except (TypeError, ValueError):
        raise ValueError(f"the option {name} takes a number, not {value!r}") from None
