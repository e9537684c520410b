# SPDX-License-Identifier: MIT
"""Sockets by their description, for serverFromString() and clientFromString(), and by calls.

    zmq:type=rep:endpoint=tcp\\://127.0.0.1\\:5555

A ZeroMQ socket has one protocol, not one for each peer, so a factory's buildProtocol() is called once. It is to return an
IZMQProtocol.
"""

from importlib import import_module

from twisted.internet import interfaces
from twisted.internet.defer import Deferred, inlineCallbacks
from twisted.internet.error import ConnectError, DNSLookupError
from twisted.plugin import IPlugin
from zope.interface import implementer

from txzmqk import options
from txzmqk.interfaces import IZMQProtocol

IMPLEMENTATIONS = {
    "kernel": ("txzmqk.kernel", "KernelTransport"),
    "libzmq": ("txzmqk.library", "LibraryTransport"),
    "memory": ("txzmqk.memory", "MemoryTransport"),
}


def implementation(name):
    """The class, which is imported only when somebody wants it."""
    try:
        module, attribute = IMPLEMENTATIONS[name]
    except KeyError:
        raise ValueError(f"there is no implementation {name!r}; there are: {' '.join(IMPLEMENTATIONS)}") from None
    return getattr(import_module(module), attribute)


def understood(protocol):
    """Complain of a protocol of bytes."""
    missing = [name for name in IZMQProtocol if not callable(getattr(protocol, name, None))]
    if missing:
        raise TypeError(f"{protocol!r} does not provide IZMQProtocol: it has no {', '.join(sorted(missing))}")
    return protocol


def listenZMQ(reactor, kind, endpoint, protocol, using="kernel", **settings):
    """Make a socket of a type, listen at an endpoint and give it to a protocol; returns an IZMQTransport.

    `settings` are options by name. Raises what IZMQTransport.bind() and setOption() do, and OSError if there can be no
    such socket. Use transport.bind() and connect() for more endpoints.
    """
    return _begin(implementation(using)(reactor, kind, **settings), "bind", endpoint, lambda _: understood(protocol))


def connectZMQ(reactor, kind, endpoint, protocol, using="kernel", **settings):
    """The same for a socket that connects. It returns at once: peers come when they come."""
    return _begin(implementation(using)(reactor, kind, **settings), "connect", endpoint, lambda _: understood(protocol))


def _begin(transport, how, endpoint, build):
    """A transport that was just made gets its endpoint and protocol, or is closed."""
    try:
        getattr(transport, how)(endpoint)
        protocol = build(transport.getHost())
        transport.start(protocol)
    except BaseException:
        transport.abortConnection()
        raise
    return transport


class _Endpoint:
    """What a socket is made of."""

    how = None

    def __init__(self, reactor, kind, endpoint, using="kernel", **settings):
        options.number(kind)
        implementation(using)
        self.reactor = reactor
        self.kind = kind
        self.endpoint = endpoint
        self.using = using
        self.settings = settings

    def _begin(self, factory, endpoint):
        transport = implementation(self.using)(self.reactor, self.kind, **self.settings)
        factory.doStart()
        transport.notifyEnd(factory.doStop)

        def build(address):
            protocol = factory.buildProtocol(address)
            if protocol is None:
                raise ConnectError(string=f"{factory!r} has no protocol for {address}")
            return understood(protocol)

        return _begin(transport, self.how, endpoint, build)


@implementer(interfaces.IStreamServerEndpoint)
class ZMQServerEndpoint(_Endpoint):
    """Listens. The Deferred fires with the transport, which is the IListeningPort as well."""

    how = "bind"

    def listen(self, protocolFactory):
        done = Deferred()
        done.addCallback(lambda _: self._begin(protocolFactory, self.endpoint))
        done.callback(None)
        return done


@implementer(interfaces.IStreamClientEndpoint)
class ZMQClientEndpoint(_Endpoint):
    """Connects, by name if need be. The Deferred fires with the protocol, and does not wait for a peer."""

    how = "connect"

    @inlineCallbacks
    def connect(self, protocolFactory):
        endpoint = self.endpoint
        if self.using != "memory":
            endpoint = yield resolved(self.reactor, endpoint)
        transport = self._begin(protocolFactory, endpoint)
        return transport.protocol


@implementer(interfaces.IResolutionReceiver)
class _Receiver:
    """Keeps the first address, IPv4 before IPv6, as not everybody is reached by the latter."""

    def __init__(self, done):
        self.done = done
        self.addresses = []

    def resolutionBegan(self, resolutionInProgress):
        """Nothing to do."""

    def addressResolved(self, address):
        self.addresses.append(address)

    def resolutionComplete(self):
        self.done.callback(sorted(self.addresses, key=lambda a: a.type != "TCP" or ":" in a.host))


@inlineCallbacks
def resolved(reactor, endpoint):
    """An endpoint with an address for the name in it. The reactor's resolver does not block."""
    scheme, _, rest = endpoint.partition("://")
    host, _, port = rest.rpartition(":")
    source, semicolon, host = host.rpartition(";")
    if scheme != "tcp" or not host or host.startswith("[") or _isAddress(host):
        return endpoint
    done = Deferred()
    reactor.nameResolver.resolveHostName(_Receiver(done), host)
    addresses = yield done
    if not addresses:
        raise DNSLookupError(f"{endpoint}: there is no address of {host}")
    found = addresses[0].host
    return f"tcp://{source}{semicolon}{f'[{found}]' if ':' in found else found}:{port}"


def _isAddress(host):
    return host.replace(".", "").isdigit()


class _Parser:
    """Descriptions of sockets: type, endpoint, using and options, each name=value."""

    prefix = "zmq"

    @staticmethod
    def arguments(args, kwargs):
        """Those of an endpoint's class."""
        values = dict(zip(("kind", "endpoint"), args))
        if "type" in kwargs:
            kwargs["kind"] = kwargs.pop("type")
        twice = set(values) & set(kwargs)
        if twice or len(args) > 2:
            raise ValueError(f"zmq: too many parts, {' '.join(args)}; a colon that belongs to an endpoint is written \\:")
        values.update(kwargs)
        for name, what in ("kind", "type"), ("endpoint", "endpoint"):
            if not values.get(name):
                raise ValueError(f"zmq: {what}= is missing")
        if "://" not in values["endpoint"]:
            raise ValueError(f"zmq: {values['endpoint']!r} is no endpoint; its colons are written \\:")
        if values["kind"].lower() == "sub" and "subscribe" not in values:
            raise ValueError("zmq: a sub hears nothing without subscribe=PREFIX; without a prefix it hears everything")
        table = options.OPTIONS
        if values.get("using", "kernel") == "kernel":
            table = {**table, **options.KERNEL_OPTIONS}
        for name in set(values) - {"kind", "endpoint", "using"}:
            options.option(name, values[name], table)
        return values


@implementer(IPlugin, interfaces.IStreamServerEndpointStringParser)
class ServerParser(_Parser):
    """For serverFromString()."""

    def parseStreamServer(self, reactor, *args, **kwargs):
        return ZMQServerEndpoint(reactor, **self.arguments(args, kwargs))


@implementer(IPlugin, interfaces.IStreamClientEndpointStringParserWithReactor)
class ClientParser(_Parser):
    """For clientFromString()."""

    def parseStreamClient(self, reactor, *args, **kwargs):
        return ZMQClientEndpoint(reactor, **self.arguments(args, kwargs))
