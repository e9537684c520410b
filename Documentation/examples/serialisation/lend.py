# SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
"""Messages are sent from the caller's memory, which is kept until the kernel needs it no more (MSG_ZEROCOPY)."""

import socket
import struct

SOL_ZMQ, ZEROCOPY, RECVERR = 289, 1009, 3
MSG_ZEROCOPY = 0x4000000
ORIGIN_ZEROCOPY = 5
# errno, origin, type, code, padding, info and data of a struct sock_extended_err
EXTENDED_ERR = struct.Struct("=IBBBxII")


class Lender:
    """Holds what is sent; a bytearray that is held cannot be resized, so nobody frees it by mistake."""

    def __init__(self, sock: socket.socket):
        blocking = sock.getblocking()
        # recvmsg() of CPython knows no addresses of family 18. The descriptor is the same.
        self.sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM, 0, fileno=sock.detach())
        # Without a timeout: with one CPython waits for messages before it looks for notifications.
        self.sock.setblocking(blocking)
        self.sock.setsockopt(SOL_ZMQ, ZEROCOPY, 1)
        self.held: dict[int, memoryview] = {}
        self.number = 0

    def send(self, data) -> None:
        """Send a message of one part, whose memory must not change until it is released."""
        view = memoryview(data)
        self.sock.send(view, MSG_ZEROCOPY)
        if view.nbytes:
            self.held[self.number] = view
            self.number = (self.number + 1) % 2**32

    def reap(self) -> int:
        """Release what the kernel needs no more, and say how many messages that was. poll() says POLLERR before."""
        released = 0
        while self.held:
            try:
                _, control, _, _ = self.sock.recvmsg(0, 512, socket.MSG_ERRQUEUE)
            except BlockingIOError:
                break
            for level, kind, data in control:
                _, origin, _, _, first, last = EXTENDED_ERR.unpack_from(data)
                if (level, kind, origin) != (SOL_ZMQ, RECVERR, ORIGIN_ZEROCOPY):
                    continue
                for number in range(first, last + 1):
                    self.held.pop(number).release()
                    released += 1
        return released
