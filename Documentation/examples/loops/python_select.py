# SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
"""AF_ZMQ sockets in select.select()."""

import select

from scenario import Scenario


class Loop:
    def __init__(self):
        self.readers, self.writers, self.running = {}, {}, True

    def reader(self, sock, function):
        self.set(self.readers, sock, function)

    def writer(self, sock, function):
        self.set(self.writers, sock, function)

    def set(self, watched, sock, function):
        if function:
            watched[sock] = function
        else:
            del watched[sock]

    def stop(self):
        self.running = False

    def run(self):
        while self.running:
            readable, writable, _ = select.select(self.readers, self.writers, [])
            # A callback may end another one's watch.
            for watched, ready in (self.readers, readable), (self.writers, writable):
                for sock in ready:
                    watched.get(sock, lambda: None)()


loop = Loop()
Scenario(loop)
loop.run()
