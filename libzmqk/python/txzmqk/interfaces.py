# SPDX-License-Identifier: MIT
"""What a protocol that speaks in ZeroMQ messages may expect, whoever carries them."""

from twisted.internet.interfaces import IConsumer, IListeningPort, IPushProducer
from zope.interface import Attribute, Interface


class IZMQProtocol(Interface):
    """One end of a socket: all its peers, which come and go unseen."""

    def makeConnection(transport):
        """Begin; `transport` provides IZMQTransport. Once, before all else."""

    def messageReceived(frames):
        """A whole message has come: a list of bytes, as its type's recv() would return it."""

    def messageFailed(frames, reason):
        """A message that sendMessage() took will not be sent.

        The reason is a Failure: of an OSError if the socket refused this message and takes others (errno says why), or
        the one that connectionLost() gets next.
        """

    def connectionLost(reason):
        """The socket is closed, and nothing more will be called. Once, if makeConnection() was.

        The reason is a Failure: of ConnectionDone after loseConnection() if the socket took all messages, of
        LingerExpired if it did not in time, of ConnectionAborted after abortConnection(), of what messageReceived()
        raised, and of ConnectionLost if the socket failed or the reactor stops.
        """


class IZMQTransport(IConsumer, IPushProducer, IListeningPort):
    """A ZeroMQ socket.

    As a consumer it stops its producer when the socket would block, and resumes it when all has been sent. As a producer
    it is a peer's back-pressure: while paused, nothing is received and queues fill up to their high-water marks.
    """

    type = Attribute("The socket's type, a str as in txzmqk.options.TYPES.")

    def start(protocol):
        """Make `protocol`, an IZMQProtocol, this socket's. Once, and after bind() and connect() for the first time."""

    def bind(endpoint):
        """Listen at an endpoint, for example "tcp://127.0.0.1:*", and return it as it was bound.

        Raises CannotListenError, whose socketError is an OSError.
        """

    def connect(endpoint):
        """Connect to an endpoint, in the background and again whenever the connection breaks.

        Raises ConnectError, whose osError has the errno, for one that makes no sense; host names make none here,
        txzmqk.endpoints looks them up.
        """

    def unbind(endpoint):
        """Do not listen at an endpoint any more. Connections stay. Raises OSError."""

    def disconnect(endpoint):
        """Do not connect to an endpoint any more. Raises OSError."""

    def setOption(name, value):
        """Set an option by its name, "sndhwm" or "subscribe" for example, to an int or bytes.

        Raises ValueError if there is none of the name, OSError if it cannot be set.
        """

    def sendMessage(frames):
        """Send a whole message, a list of one or more frames of bytes.

        One that the socket does not take now waits in line. All that were taken are sent, or told of by messageFailed().
        Raises TransportClosed when there is nobody to take it: after the end, and after loseConnection() unless a
        producer is registered; TypeError and ValueError for what is no message.
        """

    def write(data):
        """Send a message of one frame."""

    def loseConnection():
        """Close the socket, once it has taken all messages and no producer is registered.

        The option "linger" says how long to wait for that, and, from then on, how long the socket goes on sending behind
        the scenes: milliseconds, -1 for as long as it takes. No more messages are received.
        """

    def abortConnection():
        """Close the socket at once. Messages that it has not sent are lost."""

    def stopListening():
        """The same as loseConnection(); the Deferred fires when all is done."""

    def getHost():
        """The ZMQAddress of the last endpoint bound or connected."""
