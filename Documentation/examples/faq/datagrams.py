# SPDX-License-Identifier: GPL-2.0-only
import asyncio
import socket

AF_ZMQ, SOL_ZMQ, ZMQ_REP, ZMQ_BIND = 18, 289, 4, 1000


class Answer(asyncio.DatagramProtocol):
    def connection_made(self, transport):
        self.transport = transport

    def datagram_received(self, data, addr):
        self.transport.sendto(data.upper(), addr)


async def main():
    rep = socket.socket(AF_ZMQ, socket.SOCK_DGRAM, ZMQ_REP)
    rep.setsockopt(SOL_ZMQ, ZMQ_BIND, b"tcp://127.0.0.1:5555")
    view = socket.socket(socket.AF_INET, socket.SOCK_DGRAM, 0, fileno=rep.detach())
    view.setblocking(False)
    await asyncio.get_running_loop().create_datagram_endpoint(Answer, sock=view)
    await asyncio.sleep(3600)


asyncio.run(main())
