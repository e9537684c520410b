# SPDX-License-Identifier: MIT
"""What all transports share: the line of messages that wait, producers, and how it ends."""

import errno
from collections import deque

from twisted.internet.defer import Deferred
from twisted.internet.error import CannotListenError, ConnectError, ConnectionAborted, ConnectionDone, ConnectionLost
from twisted.logger import Logger
from twisted.python.failure import Failure
from zope.interface import implementer

from txzmqk import options
from txzmqk.address import ZMQAddress
from txzmqk.error import LingerExpired, TransportClosed
from txzmqk.interfaces import IZMQTransport

NEW, OPEN, CLOSING, CLOSED = range(4)

# What says that the socket itself is of no use any more; other errors are a message's.
FATAL = (errno.ESHUTDOWN, errno.EBADF, errno.ENOTSOCK)


def checked(frames):
    """A message as it is kept, or an error."""
    if isinstance(frames, (bytes, bytearray, memoryview, str)):
        raise TypeError("a message is a list of frames; write() takes a single one")
    frames = [f if isinstance(f, bytes) else bytes(memoryview(f)) for f in frames]
    if not frames:
        raise ValueError("a message has at least one frame")
    return frames


@implementer(IZMQTransport)
class Transport:
    """Derived classes know the socket, by the methods below that raise NotImplementedError."""

    log = Logger()

    def __init__(self, reactor, kind, **settings):
        self.reactor = reactor
        self.type = kind.lower()
        self.protocol = None
        self.disconnecting = self.disconnected = False
        self._state = NEW
        self._linger = 0 if self.type in ("sub", "xsub") else -1
        self._lingering = None
        self._address = ZMQAddress("")
        self._waiting = deque()
        self._refusals = deque()
        self._received = deque()
        self._delivering = False
        self._paused = False
        self._producer = None
        self._streaming = self._stopped = False
        self._ended = []
        options.number(kind)
        self._open()
        try:
            for name, value in settings.items():
                for one in value if isinstance(value, (list, tuple)) else [value]:
                    self.setOption(name, one)
        except BaseException:
            self._state = CLOSED
            self._close(abort=True)
            raise

    # For derived classes

    def _open(self):
        """Make the socket."""
        raise NotImplementedError

    def _close(self, abort):
        """Close it; abort says that nothing is to be sent any more."""
        raise NotImplementedError

    def _set(self, name, value):
        raise NotImplementedError

    def _bind(self, endpoint):
        """Returns the endpoint as bound."""
        raise NotImplementedError

    def _connect(self, endpoint):
        raise NotImplementedError

    def _send(self, messages):
        """Send the first of these, and more if that is as easy; returns how many, or raises OSError for the first."""
        raise NotImplementedError

    def _receive(self):
        """A list of messages, none if there are none; or raises OSError."""
        raise NotImplementedError

    def _wantMessages(self, want):
        """Call _readable() when there are messages, or do not."""
        raise NotImplementedError

    def _wantRoom(self, want):
        """Call _writable() when there is room, or do not."""
        raise NotImplementedError

    # Endpoints and options

    def bind(self, endpoint):
        try:
            bound = self._bind(endpoint)
        except OSError as error:
            raise CannotListenError(self.type, endpoint, error) from error
        self._address = ZMQAddress(bound)
        return bound

    def connect(self, endpoint):
        try:
            self._connect(endpoint)
        except OSError as error:
            raise ConnectError(error.errno, f"{endpoint}: {error.strerror}") from error
        self._address = ZMQAddress(endpoint)

    def setOption(self, name, value):
        self._set(name, value)
        if name.lower() == "linger":
            self._linger = int(value)

    def getHost(self):
        return self._address

    def logPrefix(self):
        return f"{type(self.protocol).__name__} ({self.type})"

    # Life

    def start(self, protocol):
        if self._state != NEW:
            raise RuntimeError("a transport has one protocol")
        self.protocol = protocol
        self._state = OPEN
        try:
            protocol.makeConnection(self)
        except BaseException:
            self._lost(Failure())
            raise
        if self._state == OPEN and not self._paused:
            self._wantMessages(True)

    def startListening(self):
        """It does already."""

    def stopListening(self):
        done = Deferred()
        self.notifyEnd(lambda: done.callback(None))
        self.loseConnection()
        return done

    def notifyEnd(self, function):
        """Call it when all is over, and at once if it is."""
        if self._state == CLOSED:
            function()
        else:
            self._ended.append(function)

    def loseConnection(self):
        if self._state == NEW:
            self._lost(Failure(ConnectionDone()))
        if self._state != OPEN:
            return
        self._state = CLOSING
        self.disconnecting = True
        self._wantMessages(False)
        if self._linger >= 0:
            self._lingering = self.reactor.callLater(self._linger / 1000, self._expired)
        self._maybeDone()

    def abortConnection(self):
        self._lost(Failure(ConnectionAborted()), abort=True)

    def _maybeDone(self):
        """Closing has waited for what was promised."""
        if self._state == CLOSING:
            self._soon(self._done)

    def _done(self):
        if self._state == CLOSING and not self._waiting and self._producer is None:
            self._lost(Failure(ConnectionDone()))

    def _expired(self):
        # What has room goes, also with a linger time of 0.
        self._flush()
        if self._waiting or self._producer is not None:
            self._lost(Failure(LingerExpired(f"{len(self._waiting)} messages were not sent in {self._linger} ms")))
        else:
            self._lost(Failure(ConnectionDone()))

    def _failed(self, error):
        """The socket is of no use any more."""
        lost = ConnectionLost(f"{error.strerror} ({errno.errorcode.get(error.errno, error.errno)})")
        lost.osError = error.errno
        lost.__cause__ = error
        self._lost(Failure(lost))

    def _lost(self, reason, abort=False):
        """The end, for whatever reason."""
        if self._state == CLOSED:
            return
        started = self._state != NEW
        self._state = CLOSED
        self.disconnected = True
        self.disconnecting = False
        if self._lingering is not None and self._lingering.active():
            self._lingering.cancel()
        self._wantMessages(False)
        self._wantRoom(False)
        self._close(abort)
        self._received.clear()
        waiting, self._waiting = self._waiting, deque()
        producer, self._producer = self._producer, None
        if producer is not None:
            self._tell(producer.stopProducing)
        if started:
            self._tellRefusals()
            for frames in waiting:
                self._tell(self.protocol.messageFailed, frames, reason)
            self._tell(self.protocol.connectionLost, reason)
        for function in self._ended:
            self._tell(function)

    def _tell(self, function, *args):
        """Somebody whose errors must not keep others from being told."""
        try:
            function(*args)
        except Exception:  # pylint: disable=broad-except
            self.log.failure("in {function}", function=function)

    def _soon(self, function, *args):
        return self.reactor.callLater(0, function, *args)

    # Sending

    def write(self, data):
        self.sendMessage([data])

    def sendMessage(self, frames):
        frames = checked(frames)
        if self._state == CLOSED or self._state == CLOSING and self._producer is None:
            raise TransportClosed("the transport is closed")
        if self._state == NEW:
            raise TransportClosed("the transport has no protocol yet")
        self._waiting.append(frames)
        # Whoever is first in line may find that there is room; the others know that there was none.
        if len(self._waiting) == 1 and not self._flush():
            self._wantRoom(True)
            self._pauseProducer()
        elif self._producer is not None and not self._streaming:
            self._wantRoom(True)

    def _flush(self):
        """Send what waits; tells whether there is nothing left."""
        waiting = self._waiting
        while waiting:
            try:
                count = self._send(waiting)
            except BlockingIOError:
                return False
            except OSError as error:
                if error.errno in FATAL:
                    self._soon(self._failed, error)
                    return False
                # Not before the caller has returned.
                self._refusals.append((waiting.popleft(), Failure(error)))
                self._soon(self._tellRefusals)
                continue
            for _ in range(count):
                waiting.popleft()
        return True

    def _tellRefusals(self):
        while self._refusals:
            self._tell(self.protocol.messageFailed, *self._refusals.popleft())

    def _writable(self):
        """There is room."""
        if not self._flush():
            return
        self._wantRoom(False)
        self._resumeProducer()
        self._maybeDone()

    # The producer of what is sent

    def registerProducer(self, producer, streaming):
        if self._producer is not None:
            raise RuntimeError(f"{self._producer} is registered, cannot register {producer}")
        if self._state == CLOSED:
            producer.stopProducing()
            return
        self._producer, self._streaming, self._stopped = producer, streaming, False
        if not streaming:
            self._stopped = True
            self._wantRoom(True)
        elif self._waiting:
            self._pauseProducer()

    def unregisterProducer(self):
        self._producer = None
        if self._state != CLOSED and not self._waiting:
            self._wantRoom(False)
        self._maybeDone()

    def _pauseProducer(self):
        if self._producer is not None and self._streaming and not self._stopped:
            self._stopped = True
            self._producer.pauseProducing()

    def _resumeProducer(self):
        if self._producer is not None and (self._stopped or not self._streaming):
            self._stopped = not self._streaming
            self._producer.resumeProducing()

    # Receiving

    def pauseProducing(self):
        self._paused = True
        if self._state == OPEN:
            self._wantMessages(False)

    def resumeProducing(self):
        self._paused = False
        if self._state != OPEN:
            return
        if self._received:
            self._soon(self._deliver)
        else:
            self._wantMessages(True)

    def stopProducing(self):
        self.loseConnection()

    def _readable(self):
        """There are messages."""
        try:
            self._received.extend(self._receive())
        except OSError as error:
            self._failed(error)
            return
        self._deliver()

    def _deliver(self):
        """Hand over what was received. What is left when the protocol pauses waits for it."""
        if self._delivering:
            return
        self._delivering = True
        try:
            while self._received and self._state == OPEN and not self._paused:
                self.protocol.messageReceived(self._received.popleft())
        except Exception:  # pylint: disable=broad-except
            reason = Failure()
            self.log.failure("in messageReceived()", reason)
            self._lost(reason)
        finally:
            self._delivering = False
        if self._state == OPEN and not self._paused:
            self._wantMessages(True)


class EventTransport(Transport):
    """One whose socket cannot be watched: it tells its state when asked, and somebody calls _changed()."""

    def _open(self):
        self._reading = self._writing = False
        self._asking = None

    def _events(self):
        """Whether there are messages, and whether there is room."""
        raise NotImplementedError

    def _wantMessages(self, want):
        self._reading = want
        if want:
            self._changed()

    def _wantRoom(self, want):
        self._writing = want
        if want:
            self._changed()

    def _changed(self):
        """The state may be another one: look at it in the next turn of the reactor."""
        if self._asking is None and self._state != CLOSED:
            self._asking = self._soon(self._ask)

    def _ask(self):
        self._asking = None
        if self._state == CLOSED:
            return
        try:
            messages, room = self._events()
        except OSError as error:
            self._failed(error)
            return
        again = False
        if room and self._writing:
            again = True
            self._writable()
        if messages and self._reading and self._state == OPEN:
            again = True
            self._readable()
        if again:
            self._changed()

    def _close(self, abort):
        if self._asking is not None:
            self._asking.cancel()
            self._asking = None
