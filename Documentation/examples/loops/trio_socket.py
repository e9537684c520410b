# SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
"""AF_ZMQ sockets in trio."""

import trio

from scenario import DEALER, ECHO, PUB, PULL, PUSH, ROUND, SUB, dial


def wrapped(pattern, endpoint):
    return trio.socket.from_stdlib_socket(dial(pattern, endpoint))


async def main():
    dealer = wrapped(DEALER, ECHO)
    for n in range(ROUND):
        await dealer.send(b"e%d" % n)
        assert await dealer.recv(100) == b"e%d" % n
    sub = wrapped(SUB, PUB)
    for n in range(ROUND):
        assert await sub.recv(100) == b"t %d" % n
    async with trio.open_nursery() as nursery:
        nursery.start_soon(sub.recv, 100)
        await dealer.send(b"idle")
        assert await dealer.recv(100) == b"go"
        push = wrapped(PUSH, PULL)
        for n in range(ROUND):
            await push.send(b"p%d" % n)
        nursery.cancel_scope.cancel()
    for s in dealer, sub, push:
        s.close()


trio.run(main)
