# SPDX-License-Identifier: MIT
"""Endpoint strings, factories and what protocols they may make."""

from twisted.internet import reactor
from twisted.internet.defer import inlineCallbacks
from twisted.internet.endpoints import clientFromString, connectProtocol, serverFromString
from twisted.internet.error import CannotListenError, ConnectError, ConnectionDone
from twisted.internet.interfaces import IListeningPort, IStreamClientEndpoint, IStreamServerEndpoint
from twisted.internet.protocol import Factory, Protocol
from twisted.trial.unittest import TestCase
from zope.interface.verify import verifyObject

from txzmqk import ZMQClientEndpoint, ZMQServerEndpoint, connectZMQ, listenZMQ
from txzmqk.endpoints import resolved
from txzmqk.test.suite import ProtocolSuite, Recorder, echo
from txzmqk.test.test_transports import KERNEL, LIBRARY


def quoted(endpoint):
    """As it is written in a description."""
    return endpoint.replace(":", "\\:")


class Counted(Factory):
    """Counts what is asked of it."""

    noisy = False

    def __init__(self, protocol):
        self.protocol = protocol
        self.calls = []

    def startFactory(self):
        self.calls.append("start")

    def stopFactory(self):
        self.calls.append("stop")

    def buildProtocol(self, addr):
        self.calls.append(addr.endpoint)
        return self.protocol


class EndpointMixin:
    """For a TestCase that says which implementation is used."""

    using = None
    timeout = ProtocolSuite.timeout

    def server(self, kind, endpoint=r"tcp\://127.0.0.1\:*", more=""):
        return serverFromString(reactor, f"zmq:type={kind}:endpoint={endpoint}:using={self.using}{more}")

    def client(self, kind, endpoint, more=""):
        return clientFromString(reactor, f"zmq:type={kind}:endpoint={quoted(endpoint)}:using={self.using}{more}")

    @inlineCallbacks
    def test_strings_make_a_server_and_a_client_that_talk(self):
        servers = Counted(Recorder(echo))
        port = yield self.server("rep").listen(servers)
        verifyObject(IListeningPort, port)
        endpoint = port.getHost().endpoint
        self.assertEqual(servers.calls, ["start", endpoint])
        client = self.client("req", endpoint)
        verifyObject(IStreamClientEndpoint, client)
        clients = Counted(Recorder())
        protocol = yield client.connect(clients)
        self.assertIs(protocol, clients.protocol)
        protocol.transport.sendMessage([b"a", b"", b"b"])
        yield protocol.expect(1)
        self.assertEqual(protocol.received, [[b"a", b"", b"b"]])
        yield protocol.transport.stopListening()
        yield port.stopListening()
        self.assertEqual((servers.calls[2:], clients.calls), (["stop"], ["start", endpoint, "stop"]))
        protocol.lost[0].trap(ConnectionDone)

    @inlineCallbacks
    def test_options_are_set_by_name(self):
        port = yield self.server("router", more=":router_mandatory=1").listen(Factory.forProtocol(Recorder))
        protocol = yield connectProtocol(self.client("dealer", port.getHost().endpoint, ":routing_id=me"), Recorder())
        protocol.transport.write(b"x")
        yield port.protocol.expect(1)
        self.assertEqual(port.protocol.received, [[b"me", b"x"]])
        port.sendMessage([b"nobody", b"x"])
        yield port.protocol.expect(1, port.protocol.failed)
        yield protocol.transport.stopListening()
        yield port.stopListening()

    @inlineCallbacks
    def test_calls_do_the_same(self):
        port = listenZMQ(reactor, "pull", "tcp://127.0.0.1:*", Recorder(), using=self.using)
        transport = connectZMQ(reactor, "push", port.getHost().endpoint, Recorder(), using=self.using, sndhwm=1)
        transport.write(b"x")
        yield port.protocol.expect(1)
        self.assertRaises(CannotListenError, listenZMQ, reactor, "pull", "nonsense", Recorder(), using=self.using)
        self.assertRaises(ConnectError, connectZMQ, reactor, "pull", "nonsense", Recorder(), using=self.using)
        self.assertRaises(TypeError, connectZMQ, reactor, "pull", port.getHost().endpoint, Protocol(), using=self.using)
        yield transport.stopListening()
        yield port.stopListening()

    @inlineCallbacks
    def test_protocols_of_bytes_are_refused(self):
        for endpoint, how in (self.server("pair"), "listen"), (self.client("pair", "tcp://127.0.0.1:5"), "connect"):
            counted = Counted(Protocol())
            error = yield self.assertFailure(getattr(endpoint, how)(counted), TypeError)
            self.assertIn("messageReceived", str(error))
            self.assertEqual((counted.calls[0], counted.calls[-1]), ("start", "stop"))
            yield self.assertFailure(getattr(endpoint, how)(Counted(None)), ConnectError)

    @inlineCallbacks
    def test_a_port_in_use_fails_the_deferred(self):
        port = yield self.server("pull").listen(Factory.forProtocol(Recorder))
        again = self.server("pull", quoted(port.getHost().endpoint))
        yield self.assertFailure(again.listen(Factory.forProtocol(Recorder)), CannotListenError)
        yield port.stopListening()


class MemoryTests(EndpointMixin, TestCase):
    """In memory."""

    using = "memory"


class LibraryTests(EndpointMixin, TestCase):
    """libzmq."""

    using = "libzmq"
    skip = LIBRARY


class KernelTests(EndpointMixin, TestCase):
    """AF_ZMQ."""

    using = "kernel"
    skip = KERNEL


class StringTests(TestCase):
    """What is in a string, and what is wrong in one."""

    def test_parts_have_names_and_places(self):
        by_name = r"zmq:type=pull:endpoint=tcp\://127.0.0.1\:5:rcvhwm=9"
        for text in by_name, r"zmq:pull:tcp\://127.0.0.1\:5:rcvhwm=9":
            for parse, cls, interface in ((serverFromString, ZMQServerEndpoint, IStreamServerEndpoint),
                                          (clientFromString, ZMQClientEndpoint, IStreamClientEndpoint)):
                made = parse(reactor, text)
                self.assertIsInstance(made, cls)
                self.assertTrue(interface.providedBy(made))
                self.assertEqual((made.kind, made.endpoint, made.using, made.settings),
                                 ("pull", "tcp://127.0.0.1:5", "kernel", {"rcvhwm": "9"}))

    def test_what_is_wrong_is_said(self):
        for text, word in [
                ("zmq:type=rep", "endpoint="), (r"zmq:endpoint=tcp\://127.0.0.1\:5", "type="),
                ("zmq:type=rep:endpoint=tcp://127.0.0.1:5", r"\\:"), ("zmq:type=rep:endpoint=tcp", r"\\:"),
                (r"zmq:reply:tcp\://127.0.0.1\:5", "reply"), (r"zmq:rep:tcp\://127.0.0.1\:5:sndhvm=5", "sndhvm"),
                (r"zmq:rep:tcp\://127.0.0.1\:5:sndhwm=five", "five"), (r"zmq:sub:tcp\://127.0.0.1\:5", "subscribe="),
                (r"zmq:rep:tcp\://127.0.0.1\:5:using=magic", "magic"),
                (r"zmq:rep:tcp\://127.0.0.1\:5:using=libzmq:local_direct=1", "local_direct")]:
            for parse in serverFromString, clientFromString:
                error = self.assertRaises(ValueError, parse, reactor, text)
                self.assertRegex(str(error), word)

    @inlineCallbacks
    def test_names_are_looked_up(self):
        found = yield resolved(reactor, "tcp://localhost:5")
        self.assertIn(found, ("tcp://127.0.0.1:5", "tcp://[::1]:5"))
        found = yield resolved(reactor, "tcp://127.0.0.1:0;localhost:5")
        self.assertIn(found, ("tcp://127.0.0.1:0;127.0.0.1:5", "tcp://127.0.0.1:0;[::1]:5"))
        for same in "tcp://127.0.0.1:5", "tcp://[::1]:5", "ipc:///a:b", "inproc://localhost:5", "nonsense":
            found = yield resolved(reactor, same)
            self.assertEqual(found, same)
        yield self.assertFailure(resolved(reactor, "tcp://no.such.name.invalid:5"), Exception)
