# SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
"""What the loops written in Python do with three AF_ZMQ descriptors, each callback with one recv() or one send().

Questions and answers on a DEALER, then messages on a SUB, then idleness until an answer says "go", then a PUSH that
is full until the peer is there, at last everything closed.  A loop has reader(sock, function), writer(sock, function),
where None ends the watch, and stop().
"""

import socket
import sys

AF_ZMQ, SOL_ZMQ = 18, 289
SUB, DEALER, PUSH = 2, 5, 8
SUBSCRIBE, SNDHWM, CONNECT = 6, 23, 1001
ROUND = 200
ECHO, PUB, PULL = sys.argv[-3:]


def dial(pattern, endpoint):
    s = socket.socket(AF_ZMQ, socket.SOCK_SEQPACKET | socket.SOCK_NONBLOCK, pattern)
    if pattern == SUB:
        s.setsockopt(SOL_ZMQ, SUBSCRIBE, b"t ")
    if pattern == PUSH:
        s.setsockopt(SOL_ZMQ, SNDHWM, 5)
    s.setsockopt(SOL_ZMQ, CONNECT, endpoint.encode())
    return s


class Scenario:
    def __init__(self, loop):
        self.loop, self.asked, self.heard, self.pushed = loop, 0, 0, 0
        self.dealer = dial(DEALER, ECHO)
        loop.reader(self.dealer, self.on_answer)
        loop.writer(self.dealer, self.on_room)

    def on_room(self):
        self.loop.writer(self.dealer, None)
        self.dealer.send(b"e0")

    def on_answer(self):
        answer = self.dealer.recv(100)
        if answer == b"go":
            self.push = dial(PUSH, PULL)
            self.loop.writer(self.push, self.on_push)
            return
        assert answer == b"e%d" % self.asked, answer
        self.asked += 1
        if self.asked < ROUND:
            self.dealer.send(b"e%d" % self.asked)
        else:
            self.sub = dial(SUB, PUB)
            self.loop.reader(self.sub, self.on_news)

    def on_news(self):
        news = self.sub.recv(100)
        assert news == b"t %d" % self.heard, news
        self.heard += 1
        if self.heard == ROUND:
            self.dealer.send(b"idle")

    def on_push(self):
        self.push.send(b"p%d" % self.pushed)
        self.pushed += 1
        if self.pushed == ROUND:
            self.loop.writer(self.push, None)
            for s in self.dealer, self.sub:
                self.loop.reader(s, None)
            for s in self.dealer, self.sub, self.push:
                s.close()
            self.loop.stop()
