# SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
"""AF_ZMQ descriptors 3 to 6, DEALER, REP, PUB and ROUTER, as asyncio's datagram endpoints."""

import asyncio
import itertools
import socket
import sys

ROUND = 200


def view(fd):
    s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM, 0, fileno=fd)  # glue: CPython has no addresses of family 18
    s.setblocking(False)
    return s


class Client(asyncio.DatagramProtocol):
    """Asks the next question when it has an answer."""

    def connection_made(self, transport):
        self.transport, self.n = transport, 0
        transport.sendto(b"m0")

    def datagram_received(self, data, addr):
        assert data == b"m%d" % self.n and addr == self.transport.get_extra_info("peername"), (data, addr)
        self.n += 1
        if self.n < ROUND:
            self.transport.sendto(b"m%d" % self.n)


class Server(asyncio.DatagramProtocol):
    """Answers whom it is told to have asked."""

    def connection_made(self, transport):
        self.transport = transport

    def datagram_received(self, data, addr):
        self.transport.sendto(data, addr)

    def error_received(self, exc):
        raise exc


async def publish(transport):
    for n in itertools.count():
        transport.sendto(b"t %d" % n, ("127.0.0.1", 9))
        await asyncio.sleep(0.002)


async def main():
    loop = asyncio.get_running_loop()
    client = view(3)
    client.connect(("127.0.0.1", int(sys.argv[1])))
    await loop.create_datagram_endpoint(Client, sock=client)
    await loop.create_datagram_endpoint(Server, sock=view(4))
    pub, _ = await loop.create_datagram_endpoint(asyncio.DatagramProtocol, sock=view(5))
    await loop.create_datagram_endpoint(Server, sock=view(6))
    task = loop.create_task(publish(pub))
    await loop.run_in_executor(None, sys.stdin.read)
    task.cancel()


asyncio.run(main())
