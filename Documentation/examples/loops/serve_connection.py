# SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
"""A REP server that is given a connection as its standard input, as by inetd's "nowait" and systemd's Accept=yes."""

import socket

AF_ZMQ, SOL_ZMQ, REP, ATTACH_FD = 18, 289, 4, 1004

s = socket.socket(AF_ZMQ, socket.SOCK_SEQPACKET, REP)
s.setsockopt(SOL_ZMQ, ATTACH_FD, 0)  # glue: the connection is given
s.settimeout(5)
try:
    while True:
        s.send(s.recv(100))
except TimeoutError:
    pass
