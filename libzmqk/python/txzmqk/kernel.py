# SPDX-License-Identifier: MIT
"""Sockets of the Linux kernel: one descriptor, which every reactor of a UNIX watches as it is."""

import errno
import os
import socket
import struct

from twisted.internet.interfaces import IReadWriteDescriptor
from zope.interface import implementer

from txzmqk import options
from txzmqk.transport import Transport

AF_ZMQ, SOL_ZMQ = 18, 289
IPV6, LAST_ENDPOINT, BIND, CONNECT, UNBIND, DISCONNECT, RCVFRAMES = 42, 32, 1000, 1001, 1002, 1003, 1005
ZMQ_FRAMES, ZMQ_FRAMES_NEED, ZMQ_FRAME_MORE = 1, 2, 1
FAMILY = "/sys/module/zmq/parameters/family"

DESC, NEED = struct.Struct("II"), struct.Struct("QII")
# How much one call sends at most if there is more than a message, and how much one call receives.
BATCH, BATCH_BYTES, BATCH_FRAMES = 64, 262144, 512
ROOM, ROOM_MAX, ROOM_FRAMES = 65536, 1 << 20, 256
# So many pieces of memory are in a system call.
IOV_MAX = 1024


def family():
    """The number that the module was loaded with."""
    try:
        with open(FAMILY, encoding="ascii") as f:
            return int(f.read())
    except OSError:
        return AF_ZMQ


def descriptions(messages):
    """ZMQ_FRAMES of some messages."""
    table = []
    for frames in messages:
        for frame in frames[:-1]:
            table += len(frame), ZMQ_FRAME_MORE
        table += len(frames[-1]), 0
    return struct.pack(f"{len(table)}I", *table)


def batch(messages):
    """As many of the first messages as go well in one call, their bytes and frames."""
    chosen, size, frames = [], 0, 0
    for message in messages:
        if chosen and (len(chosen) == BATCH or size > BATCH_BYTES or frames + len(message) > BATCH_FRAMES):
            break
        chosen.append(message)
        size += sum(map(len, message))
        frames += len(message)
    return chosen


def sent(messages, size):
    """How many messages the bytes are that a call has sent."""
    count = total = 0
    for message in messages:
        length = sum(map(len, message))
        # The call would have ended in front of one without a byte.
        if count and (not length or total + length > size):
            break
        total += length
        count += 1
    return count


@implementer(IReadWriteDescriptor)
class KernelTransport(Transport):
    """An AF_ZMQ socket. Needs Linux with the module zmq, and a reactor with IReactorFDSet."""

    def _open(self):
        s = socket.socket(family(), socket.SOCK_SEQPACKET | socket.SOCK_NONBLOCK, options.number(self.type))
        # CPython refuses recvmsg() on a family that it does not know, so tell it another one.
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET, 0, fileno=s.detach())
        self._socket.setsockopt(SOL_ZMQ, RCVFRAMES, 1)
        self._buffer = memoryview(bytearray(ROOM))
        self._watched = False
        self._room = socket.CMSG_SPACE(ROOM_FRAMES * DESC.size)

    def _close(self, abort):
        if abort:
            self._socket.setsockopt(SOL_ZMQ, options.OPTIONS["linger"][0], 0)
        self._socket.close()

    def fileno(self):
        return self._socket.fileno()

    def _set(self, name, value):
        code, kind, value = options.option(name, value, {**options.OPTIONS, **options.KERNEL_OPTIONS})
        if kind == options.LONG:
            value = struct.pack("q", value)
        self._socket.setsockopt(SOL_ZMQ, code, value)

    def _endpoint(self, option, endpoint):
        if "[" in endpoint:
            self._socket.setsockopt(SOL_ZMQ, IPV6, 1)
        self._socket.setsockopt(SOL_ZMQ, option, os.fsencode(endpoint))

    def _bind(self, endpoint):
        self._endpoint(BIND, endpoint)
        return os.fsdecode(self._socket.getsockopt(SOL_ZMQ, LAST_ENDPOINT, 512).rstrip(b"\0"))

    def _connect(self, endpoint):
        self._endpoint(CONNECT, endpoint)

    def unbind(self, endpoint):
        self._endpoint(UNBIND, endpoint)

    def disconnect(self, endpoint):
        self._endpoint(DISCONNECT, endpoint)

    def _send(self, messages):
        first = messages[0]
        if len(messages) == 1 and len(first) == 1:
            self._socket.send(first[0])
            return 1
        chosen = batch(messages)
        data = [frame for message in chosen for frame in message if frame]
        if len(data) > IOV_MAX:
            data = [b"".join(data)]
        size = self._socket.sendmsg(data, [(SOL_ZMQ, ZMQ_FRAMES, descriptions(chosen))])
        return sent(chosen, size)

    def _receive(self):
        buffer, room, flags = self._buffer, self._room, 0
        try:
            while True:
                control = self._socket.recvmsg_into([buffer], room, flags)[1]
                _, kind, table = control[0]
                if kind == ZMQ_FRAMES:
                    return self._messages(buffer, table)
                # The first message needs more room, and only that one is worth it.
                need, frames, _ = NEED.unpack(table)
                flags = socket.MSG_EOR
                room = max(room, socket.CMSG_SPACE(frames * DESC.size))
                if need > len(buffer):
                    buffer = memoryview(bytearray(need))
                    if need <= ROOM_MAX:
                        self._buffer = buffer
        except OSError as error:
            # Another process may have been quicker, and a REQ or REP out of turn has nothing to receive.
            if error.errno in (errno.EAGAIN, errno.EBADFD):
                return []
            raise

    @staticmethod
    def _messages(buffer, table):
        """What a call has received."""
        messages, frames, at = [], [], 0
        for length, flags in DESC.iter_unpack(table):
            frames.append(bytes(buffer[at:at + length]))
            at += length
            if not flags & ZMQ_FRAME_MORE:
                messages.append(frames)
                frames = []
        return messages

    def _wantMessages(self, want):
        if want and not self._watched:
            self.reactor.addReader(self)
        elif self._watched and not want:
            self.reactor.removeReader(self)
        self._watched = want

    def _wantRoom(self, want):
        if want:
            self.reactor.addWriter(self)
        else:
            self.reactor.removeWriter(self)

    # What a reactor calls

    def doRead(self):
        """There is a message."""
        self._readable()

    def doWrite(self):
        """There is room."""
        self._writable()

    def connectionLost(self, reason):
        """The reactor stops, or cannot watch it."""
        self._lost(reason)
