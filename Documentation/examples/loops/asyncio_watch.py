# SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
"""AF_ZMQ sockets in asyncio: add_reader() and add_writer()."""

import asyncio

from scenario import Scenario


class Loop:
    def __init__(self):
        self.loop = asyncio.new_event_loop()

    def reader(self, sock, function):
        self.loop.add_reader(sock, function) if function else self.loop.remove_reader(sock)

    def writer(self, sock, function):
        self.loop.add_writer(sock, function) if function else self.loop.remove_writer(sock)

    def stop(self):
        self.loop.stop()


loop = Loop()
Scenario(loop)
loop.loop.run_forever()
