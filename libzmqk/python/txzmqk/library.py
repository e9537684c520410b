# SPDX-License-Identifier: MIT
"""Sockets of libzmq, by pyzmq: its descriptor only says that something is different, so it has to be asked again and again.

txZMQ is not used: it raises EAGAIN where a queue is full, as it never learns that there is room again.
"""

import atexit
import errno
import os

import zmq
from twisted.internet.interfaces import IReadDescriptor
from zope.interface import implementer

from txzmqk import options
from txzmqk.transport import EventTransport

# As the kernel's net.zmq.linger_max_ms
LINGER_MAX = 30000
# So many messages in a turn
BATCH = 64


class _Shared:
    """The context of the process, which must send what was promised before the process ends."""

    context = None

    @classmethod
    def get(cls):
        if cls.context is None or cls.context.closed:
            cls.context = zmq.Context()
            atexit.register(cls.context.destroy, LINGER_MAX)
        return cls.context


def translated(function, *args):
    """Call it; errors are the system's."""
    try:
        return function(*args)
    except zmq.Again as error:
        raise BlockingIOError(errno.EAGAIN, os.strerror(errno.EAGAIN)) from error
    except zmq.ZMQError as error:
        code = {zmq.EFSM: errno.EBADFD, zmq.ETERM: errno.ESHUTDOWN}.get(error.errno, error.errno)
        raise OSError(code, str(error)) from error


@implementer(IReadDescriptor)
class LibraryTransport(EventTransport):
    """A socket of libzmq. Needs pyzmq, and a reactor with IReactorFDSet."""

    def _open(self):
        super()._open()
        self._socket = translated(_Shared.get().socket, options.number(self.type))
        self._descriptor = self._socket.getsockopt(zmq.FD)
        self.reactor.addReader(self)

    def _close(self, abort):
        super()._close(abort)
        self.reactor.removeReader(self)
        if self._socket.closed:
            return
        linger = LINGER_MAX if self._linger < 0 else min(self._linger, LINGER_MAX)
        self._socket.close(0 if abort else linger)

    def fileno(self):
        return self._descriptor

    def _set(self, name, value):
        code, _, value = options.option(name, value)
        translated(self._socket.setsockopt, code, value)

    def _endpoint(self, function, endpoint):
        if "[" in endpoint:
            translated(self._socket.setsockopt, zmq.IPV6, 1)
        translated(function, endpoint)

    def _bind(self, endpoint):
        self._endpoint(self._socket.bind, endpoint)
        return os.fsdecode(self._socket.getsockopt(zmq.LAST_ENDPOINT).rstrip(b"\0"))

    def _connect(self, endpoint):
        self._endpoint(self._socket.connect, endpoint)

    def unbind(self, endpoint):
        translated(self._socket.unbind, endpoint)

    def disconnect(self, endpoint):
        translated(self._socket.disconnect, endpoint)

    def _events(self):
        events = translated(self._socket.getsockopt, zmq.EVENTS)
        return events & zmq.POLLIN, events & zmq.POLLOUT

    def _send(self, messages):
        try:
            translated(self._socket.send_multipart, messages[0], zmq.DONTWAIT)
        finally:
            # Sending may have eaten the news of a message.
            self._changed()
        return 1

    def _receive(self):
        messages = []
        while len(messages) < BATCH:
            try:
                messages.append(translated(self._socket.recv_multipart, zmq.DONTWAIT))
            except BlockingIOError:
                break
            except OSError as error:
                if messages or error.errno == errno.EBADFD:
                    break
                raise
        return messages

    # What a reactor calls

    def doRead(self):
        """Something is different."""
        self._ask()

    def connectionLost(self, reason):
        """The reactor stops."""
        self._lost(reason)
