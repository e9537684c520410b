# SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
"""AF_ZMQ descriptors 3 to 6, DEALER, REP, PUB and ROUTER, as Qt's QUdpSocket; the argument is the DEALER's port."""

import itertools
import os
import socket
import sys

from PyQt5.QtCore import QCoreApplication, QSocketNotifier, QTimer
from PyQt5.QtNetwork import QHostAddress, QUdpSocket

ROUND = 200
LOCALHOST = QHostAddress("127.0.0.1")


def opened(fd):
    s = QUdpSocket()
    if not s.setSocketDescriptor(fd):
        sys.exit(f"setSocketDescriptor: {s.errorString()}")
    return s


def answered():
    """Ask the next question when there is an answer."""
    while client.hasPendingDatagrams():
        got, want = client.readDatagram(100)[0], b"m%d" % next(answers)
        if got != want:
            sys.exit(f"got {got}, not {want}")
        if want != b"m%d" % (ROUND - 1):
            client.write(b"m%d" % next(questions))


def asked(server):
    """Answer whom it is told to have asked."""
    while server.hasPendingDatagrams():
        server.writeDatagram(*server.readDatagram(100))


def publish():
    pub.writeDatagram(b"t %d" % next(news), LOCALHOST, 9)


app = QCoreApplication([])
client, rep, pub, router = map(opened, range(3, 7))
questions, answers, news = itertools.count(), itertools.count(), itertools.count()
client.readyRead.connect(answered)
for one in rep, router:
    one.readyRead.connect(lambda one=one: asked(one))
timer, end = QTimer(), QSocketNotifier(0, QSocketNotifier.Read)
timer.timeout.connect(publish)
timer.start(2)
end.activated.connect(lambda *_: os.read(0, 1) or app.quit())
# Qt has no connect() for a descriptor that it is given.
socket.socket(socket.AF_INET, socket.SOCK_DGRAM, 0, fileno=os.dup(3)).connect(("127.0.0.1", int(sys.argv[1])))
client.write(b"m%d" % next(questions))
app.exec()
