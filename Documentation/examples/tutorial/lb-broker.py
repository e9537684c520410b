# SPDX-License-Identifier: GPL-2.0-only
import collections
import selectors

from zsock import ROUTER, recv_parts, send_parts, zsocket

clients = zsocket(ROUTER, "@tcp://127.0.0.1:5672")
workers = zsocket(ROUTER, "@tcp://127.0.0.1:5673")
idle = collections.deque()
loop = selectors.DefaultSelector()
loop.register(workers, selectors.EVENT_READ)

while True:
    for key, _ in loop.select():
        if key.fileobj is workers:
            worker, _, *reply = recv_parts(workers)
            if not idle:
                loop.register(clients, selectors.EVENT_READ)
            idle.append(worker)
            if reply != [b"READY"]:
                send_parts(clients, *reply)
        elif idle:
            request = recv_parts(clients)
            send_parts(workers, idle.popleft(), b"", *request)
            if not idle:
                loop.unregister(clients)
