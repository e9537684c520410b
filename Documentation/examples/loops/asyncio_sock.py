# SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
"""AF_ZMQ sockets in asyncio: sock_recv(), sock_recv_into() and sock_sendall()."""

import asyncio

from scenario import DEALER, ECHO, PUB, PULL, PUSH, ROUND, SUB, dial


async def main():
    loop = asyncio.get_running_loop()
    dealer = dial(DEALER, ECHO)
    for n in range(ROUND):
        await loop.sock_sendall(dealer, b"e%d" % n)
        assert await loop.sock_recv(dealer, 100) == b"e%d" % n
    sub, buf = dial(SUB, PUB), bytearray(100)
    for n in range(ROUND):
        got = await loop.sock_recv_into(sub, buf)
        assert buf[:got] == b"t %d" % n
    await loop.sock_sendall(dealer, b"idle")
    more = asyncio.create_task(loop.sock_recv(sub, 100))
    assert await loop.sock_recv(dealer, 100) == b"go"
    push = dial(PUSH, PULL)
    for n in range(ROUND):
        await loop.sock_sendall(push, b"p%d" % n)
    more.cancel()
    for s in dealer, sub, push:
        s.close()


asyncio.run(main())
