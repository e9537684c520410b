# SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
"""AF_ZMQ sockets in the standard library's selectors."""

import selectors

from scenario import Scenario


class Loop:
    def __init__(self):
        self.selector, self.running = selectors.DefaultSelector(), True

    def reader(self, sock, function):
        self.set(sock, selectors.EVENT_READ, function)

    def writer(self, sock, function):
        self.set(sock, selectors.EVENT_WRITE, function)

    def set(self, sock, event, function):
        functions = {}
        if sock in self.selector.get_map():
            functions = dict(self.selector.get_key(sock).data)
            self.selector.unregister(sock)
        functions[event] = function
        functions = {e: f for e, f in functions.items() if f}
        if functions:
            self.selector.register(sock, sum(functions), functions)

    def stop(self):
        self.running = False

    def run(self):
        while self.running:
            for key, ready in self.selector.select():
                for event, function in key.data.items():
                    if ready & event:
                        function()


loop = Loop()
Scenario(loop)
loop.run()
