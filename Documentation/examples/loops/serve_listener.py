# SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
"""A REP server that is given its listening socket, as inetd's "wait" and systemd do; the arguments are the
descriptor and the endpoint that it listens at."""

import socket
import sys

AF_ZMQ, SOL_ZMQ, REP, USE_FD, BIND = 18, 289, 4, 89, 1000

s = socket.socket(AF_ZMQ, socket.SOCK_SEQPACKET, REP)
s.setsockopt(SOL_ZMQ, USE_FD, int(sys.argv[1]))  # glue: the listening socket is given
s.setsockopt(SOL_ZMQ, BIND, sys.argv[2].encode())
s.settimeout(5)
try:
    while True:
        s.send(s.recv(100))
except TimeoutError:
    pass
