# SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
"""AF_ZMQ sockets in Tornado: IOLoop.add_handler()."""

from tornado.ioloop import IOLoop

from scenario import Scenario


class Loop:
    def __init__(self):
        self.loop, self.watched = IOLoop.current(), {}

    def reader(self, sock, function):
        self.set(sock, IOLoop.READ, function)

    def writer(self, sock, function):
        self.set(sock, IOLoop.WRITE, function)

    def set(self, sock, event, function):
        if sock in self.watched:
            self.loop.remove_handler(sock)
        functions = self.watched.setdefault(sock, {})
        functions[event] = function
        wanted = sum(e for e, f in functions.items() if f)
        if wanted:
            self.loop.add_handler(sock, self.ready, wanted)
        else:
            del self.watched[sock]

    def ready(self, sock, events):
        for event, function in list(self.watched[sock].items()):
            if events & event and function:
                function()

    def stop(self):
        self.loop.stop()


loop = Loop()
loop.loop.add_callback(Scenario, loop)
loop.loop.start()
