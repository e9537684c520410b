# SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
"""Messages are received into memory that is there already: nothing of their size is allocated."""

import socket

AF_ZMQ, SOL_ZMQ, PULL, BIND, LAST_ENDPOINT, RCVMORE = 18, 289, 7, 1000, 32, 13


class Receiver:
    """Fills one buffer again and again; a message that is longer than the buffer is an error."""

    def __init__(self, sock: socket.socket, room: int):
        self.sock = sock
        self.view = memoryview(bytearray(room))

    def receive(self) -> list[memoryview]:
        """The parts of the next message, valid until the next call."""
        parts, at, more = [], 0, 1
        while more:
            n = self.sock.recv_into(self.view[at:], 0, socket.MSG_TRUNC)
            if n > len(self.view) - at:
                raise OverflowError(f"a part of {n} bytes, with {len(self.view) - at} left")
            parts.append(self.view[at:at + n])
            at += n
            more = self.sock.getsockopt(SOL_ZMQ, RCVMORE)
        return parts
