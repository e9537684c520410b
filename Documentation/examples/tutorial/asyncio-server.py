# SPDX-License-Identifier: GPL-2.0-only
import asyncio

from zsock import REP, zsocket


async def serve(endpoint, answer):
    loop = asyncio.get_running_loop()
    rep = zsocket(REP, endpoint)
    rep.setblocking(False)
    while True:
        request = await loop.sock_recv(rep, 65536)
        await loop.sock_sendall(rep, answer(request))


async def main():
    await asyncio.gather(
        serve("@tcp://127.0.0.1:5555", bytes.upper),
        serve("@tcp://127.0.0.1:5556", bytes.title),
    )


asyncio.run(main())
