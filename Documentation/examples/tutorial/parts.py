# SPDX-License-Identifier: GPL-2.0-only
from zsock import PAIR, recv_parts, send_parts, zsocket

left = zsocket(PAIR, "@inproc://parts")
right = zsocket(PAIR, "inproc://parts")
send_parts(left, b"a name", b"", b"and a body")
print(recv_parts(right))
