# SPDX-License-Identifier: GPL-2.0-only
import selectors
import sys

import zsock
from zsock import recv_parts, send_parts, zsocket

front_type, front_endpoint, back_type, back_endpoint = sys.argv[1:]
front = zsocket(getattr(zsock, front_type), front_endpoint)
back = zsocket(getattr(zsock, back_type), back_endpoint)
loop = selectors.DefaultSelector()
loop.register(front, selectors.EVENT_READ, back)
loop.register(back, selectors.EVENT_READ, front)
while True:
    for key, _ in loop.select():
        send_parts(key.data, *recv_parts(key.fileobj))
