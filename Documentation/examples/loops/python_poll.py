# SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
"""AF_ZMQ sockets in select.poll(), or with the argument epoll in select.epoll()."""

import select
import sys

from scenario import Scenario

IN, OUT = (select.EPOLLIN, select.EPOLLOUT) if sys.argv[1] == "epoll" else (select.POLLIN, select.POLLOUT)


class Loop:
    def __init__(self):
        self.poll = getattr(select, sys.argv[1])()
        self.watched, self.running = {}, True

    def reader(self, sock, function):
        self.set(sock.fileno(), IN, function)

    def writer(self, sock, function):
        self.set(sock.fileno(), OUT, function)

    def set(self, fd, event, function):
        events = self.watched.setdefault(fd, {})
        known = bool(events)
        events[event] = function
        if not function:
            del events[event]
        if not events:
            del self.watched[fd]
            self.poll.unregister(fd)
        else:
            (self.poll.modify if known else self.poll.register)(fd, sum(events))

    def stop(self):
        self.running = False

    def run(self):
        while self.running:
            for fd, ready in self.poll.poll():
                for event in IN, OUT:
                    if ready & event and fd in self.watched:
                        self.watched[fd].get(event, lambda: None)()


loop = Loop()
Scenario(loop)
loop.run()
