# SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
"""AF_ZMQ sockets in Qt: QSocketNotifier, beside a window."""

from PyQt5.QtCore import QSocketNotifier
from PyQt5.QtWidgets import QApplication, QLabel

from scenario import Scenario


class Loop:
    def __init__(self, app):
        self.app, self.notifiers = app, {}

    def reader(self, sock, function):
        self.set(sock, QSocketNotifier.Read, function)

    def writer(self, sock, function):
        self.set(sock, QSocketNotifier.Write, function)

    def set(self, sock, event, function):
        if function:
            notifier = QSocketNotifier(sock.fileno(), event, self.app)
            notifier.activated.connect(lambda *_: function())
            self.notifiers[sock, event] = notifier
        else:
            self.notifiers.pop((sock, event)).setEnabled(False)

    def stop(self):
        self.app.quit()


app = QApplication(["zmq"])
label = QLabel("AF_ZMQ")
label.show()
scenario = Scenario(Loop(app))
app.exec()
