# SPDX-License-Identifier: GPL-2.0-only
import selectors

from zsock import PULL, SUB, zsocket

loop = selectors.DefaultSelector()
loop.register(zsocket(PULL, "@tcp://127.0.0.1:5557"), selectors.EVENT_READ, "task")
loop.register(zsocket(SUB, "@tcp://127.0.0.1:5556"), selectors.EVENT_READ, "news")
seen = 0
while seen < 4:
    for key, _ in loop.select():
        print(f"{key.data}: {key.fileobj.recv(256).decode()}")
        seen += 1
