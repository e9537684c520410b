# SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
"""AF_ZMQ sockets in GTK: GLib's unix_fd_add(), and a window that shows what comes."""

import gi

gi.require_version("Gtk", "3.0")
# pylint: disable=wrong-import-position
from gi.repository import GLib, Gtk  # noqa: E402

from scenario import Scenario  # noqa: E402


class Loop:
    def __init__(self, label):
        self.label, self.sources = label, {}

    def reader(self, sock, function):
        self.set(sock, GLib.IO_IN, function)

    def writer(self, sock, function):
        self.set(sock, GLib.IO_OUT, function)

    def set(self, sock, event, function):
        key = sock.fileno(), event
        if function:
            self.sources[key] = GLib.unix_fd_add_full(GLib.PRIORITY_DEFAULT, sock.fileno(), event, self.ready, function)
        else:
            GLib.source_remove(self.sources.pop(key))

    def ready(self, fd, _, function):
        self.label.set_text(f"descriptor {fd}")
        function()
        return GLib.SOURCE_CONTINUE

    def stop(self):
        Gtk.main_quit()


window, label = Gtk.Window(), Gtk.Label()
window.add(label)
window.show_all()
Scenario(Loop(label))
Gtk.main()
