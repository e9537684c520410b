# SPDX-License-Identifier: MIT
"""What a protocol may rely on, whatever carries its messages. test_transports.py says who has to pass it."""

import errno
import os
import socket
import time
from itertools import count

from twisted.internet import reactor
from twisted.internet.defer import Deferred, inlineCallbacks
from twisted.internet.error import CannotListenError, ConnectError, ConnectionAborted, ConnectionDone
from twisted.internet.task import deferLater
from zope.interface.verify import verifyObject

from txzmqk import IZMQProtocol, IZMQTransport, LingerExpired, TransportClosed, ZMQProtocol
from txzmqk.endpoints import implementation

PORTS = count(10000 + os.getpid() % 10000)
PARTS = [b"first", b"", b"\x00\x01\xff\n", b"last"]


class Recorder(ZMQProtocol):
    """Remembers all that it is told."""

    def __init__(self, answer=None):
        self.answer = answer
        self.received = []
        self.failed = []
        self.lost = []
        self.gone = Deferred()
        self.wanted = []

    def messageReceived(self, frames):
        self.received.append(frames)
        if self.answer:
            self.answer(self, frames)
        self.settle()

    def messageFailed(self, frames, reason):
        self.failed.append((frames, reason))
        self.settle()

    def connectionLost(self, reason=None):
        self.lost.append(reason)
        if len(self.lost) == 1:
            # A Failure would not be a result.
            self.gone.callback(None)

    def settle(self):
        for item in list(self.wanted):
            where, number, done = item
            if len(where) >= number:
                self.wanted.remove(item)
                done.callback(where)

    def expect(self, number, where=None):
        """Fires when so many messages have come."""
        done = Deferred()
        self.wanted.append((self.received if where is None else where, number, done))
        self.settle()
        return done


class Producer:
    """Sends numbers whenever it may."""

    def __init__(self, transport, number, burst=1):
        self.transport = transport
        self.number = number
        self.burst = burst
        self.next = 0
        self.paused = True
        self.calls = []

    def resumeProducing(self):
        self.calls.append("resume")
        self.paused = False
        self.produce()

    def produce(self):
        """One message if it is pulled; as many as go if it pushes."""
        for _ in range(self.burst):
            if self.paused or self.next == self.number:
                break
            self.next += 1
            self.transport.write(b"%d" % (self.next - 1))
        if self.next == self.number:
            self.transport.unregisterProducer()

    def pauseProducing(self):
        self.calls.append("pause")
        self.paused = True

    def stopProducing(self):
        self.calls.append("stop")
        self.paused = True


def numbers(count):
    return [[b"%d" % n] for n in range(count)]


def echo(protocol, frames):
    protocol.transport.sendMessage(frames)


def wait(seconds):
    return deferLater(reactor, seconds, lambda: None)


@inlineCallbacks
def until(condition):
    """Come back when it holds; the test's own time-out says that it never will."""
    while not condition():
        yield wait(0.01)


class ProtocolSuite:
    """Mixed into a TestCase, which has the names of two implementations."""

    listening = connecting = None
    endpoint = "tcp://127.0.0.1:*"
    # So that little is on the way
    buffers = {"sndbuf": 16384, "rcvbuf": 16384}
    timeout = float(os.environ.get("TXZMQK_TIMEOUT", "30"))

    def setUp(self):
        self.made = []
        self.addCleanup(self.close)

    @inlineCallbacks
    def close(self):
        for transport in self.made:
            transport.abortConnection()
        # What was to be called soon
        yield wait(0)

    def more(self, using):
        """Options that only an implementation has."""
        return {}

    def make(self, using, kind, **settings):
        transport = implementation(using)(reactor, kind, **self.more(using), **settings)
        self.made.append(transport)
        return transport

    def bind(self, kind, protocol=None, endpoint=None, **settings):
        """One that listens, its endpoint and its protocol."""
        transport = self.make(self.listening, kind, **settings)
        endpoint = transport.bind(endpoint or self.endpoint)
        protocol = protocol or Recorder()
        transport.start(protocol)
        return transport, endpoint, protocol

    def connect(self, kind, endpoint, protocol=None, **settings):
        """One that connects, and its protocol."""
        transport = self.make(self.connecting, kind, **settings)
        transport.connect(endpoint)
        protocol = protocol or Recorder()
        transport.start(protocol)
        return transport, protocol

    def nobody(self):
        """An endpoint where nobody listens yet, and which nobody is given by chance: a connection might meet itself."""
        while True:
            port = next(PORTS)
            # Not one of libzmq's own, which closes some time later.
            with socket.socket() as probe:
                try:
                    probe.bind(("127.0.0.1", port))
                except OSError:
                    continue
            return f"tcp://127.0.0.1:{port}"

    def test_both_sides_provide_the_interfaces(self):
        transport, _, protocol = self.bind("pair")
        verifyObject(IZMQTransport, transport)
        verifyObject(IZMQProtocol, protocol)
        self.assertIs(protocol.transport, transport)
        self.assertRaises(RuntimeError, transport.start, Recorder())

    @inlineCallbacks
    def test_whole_messages_of_any_frames_arrive_in_order(self):
        sent = [PARTS, [b""], [b"", b""], [b"x"] * 100, [os.urandom(1 << 20), b"", b"end"], [bytes(70000)], [b"", b"1"]]
        _, endpoint, protocol = self.bind("pull")
        transport, _ = self.connect("push", endpoint)
        for frames in sent:
            transport.sendMessage(frames)
        yield protocol.expect(len(sent))
        self.assertEqual(protocol.received, sent)

    @inlineCallbacks
    def test_hundreds_of_messages_arrive_in_order_both_ways(self):
        left, endpoint, lefts = self.bind("pair")
        right, rights = self.connect("pair", endpoint)
        for frames in numbers(300):
            left.sendMessage(frames)
            right.sendMessage(frames)
        yield lefts.expect(300)
        yield rights.expect(300)
        self.assertEqual(lefts.received, numbers(300))
        self.assertEqual(rights.received, numbers(300))

    @inlineCallbacks
    def test_sending_hides_no_message_that_is_there(self):
        left, endpoint, _ = self.bind("pair")
        right, rights = self.connect("pair", endpoint)
        right.write(b"hello")
        yield left.protocol.expect(1)
        left.write(b"x")
        # Not before the reactor has had a chance to see it.
        time.sleep(0.1)
        right.write(b"y")
        yield rights.expect(1)
        self.assertEqual(rights.received, [[b"x"]])

    @inlineCallbacks
    def test_requests_are_answered(self):
        def ask(protocol, _):
            if len(protocol.received) < 20:
                protocol.transport.sendMessage([b"%d" % len(protocol.received), b"more"])

        _, endpoint, _ = self.bind("rep", Recorder(echo))
        transport, protocol = self.connect("req", endpoint, Recorder(ask))
        transport.sendMessage([b"0", b"more"])
        yield protocol.expect(20)
        self.assertEqual(protocol.received, [[b"%d" % n, b"more"] for n in range(20)])

    @inlineCallbacks
    def test_a_reply_can_come_later(self):
        replier, endpoint, requests = self.bind("rep")
        askers = [self.connect("req", endpoint) for _ in range(2)]
        for transport, _ in askers:
            transport.write(b"?")
        for number in (1, 2):
            yield requests.expect(number)
            yield wait(0.05)
            self.assertEqual(len(requests.received), number)
            replier.write(b"!")
        for _, protocol in askers:
            yield protocol.expect(1)
            self.assertEqual(protocol.received, [[b"!"]])

    @inlineCallbacks
    def test_a_router_answers_whom_it_heard(self):
        _, endpoint, _ = self.bind("router", Recorder(lambda p, f: p.transport.sendMessage([f[0], f[1], f[0]])))
        ends = [self.connect("dealer", endpoint, routing_id=name) for name in (b"one", b"two")]
        for number, (transport, _) in enumerate(ends):
            transport.write(b"%d" % number)
        for number, (_, protocol) in enumerate(ends):
            yield protocol.expect(1)
            self.assertEqual(protocol.received, [[b"%d" % number, (b"one", b"two")[number]]])

    @inlineCallbacks
    def test_subscribers_get_what_they_subscribed_to(self):
        publisher, endpoint, _ = self.bind("pub")
        _, protocol = self.connect("sub", endpoint, subscribe=[b"a", b"end"])
        while not protocol.received:
            publisher.write(b"a first")
            yield wait(0.02)
        del protocol.received[:]
        for frames in [b"b", b"a"], [b"a", b"b"], [b"c"], [b"end"]:
            publisher.sendMessage(frames)
        yield until(lambda: [b"end"] in protocol.received)
        self.assertEqual([f for f in protocol.received if f != [b"a first"]], [[b"a", b"b"], [b"end"]])

    @inlineCallbacks
    def test_a_push_producer_stops_while_queues_are_full(self):
        endpoint = self.nobody()
        transport, _ = self.connect("push", endpoint, sndhwm=5)
        producer = Producer(transport, 50, burst=50)
        transport.registerProducer(producer, True)
        self.assertRaises(RuntimeError, transport.registerProducer, producer, True)
        producer.resumeProducing()
        yield wait(0.05)
        # The one that did not fit waits in line, and no other was made.
        self.assertEqual((producer.calls, producer.next), (["resume", "pause"], 6))
        _, _, protocol = self.bind("pull", endpoint=endpoint)
        yield protocol.expect(50)
        self.assertEqual(protocol.received, numbers(50))
        self.assertIn("resume", producer.calls[2:])

    @inlineCallbacks
    def test_a_pull_producer_is_asked_whenever_there_is_room(self):
        endpoint = self.nobody()
        transport, _ = self.connect("push", endpoint, sndhwm=5)
        producer = Producer(transport, 50)
        transport.registerProducer(producer, False)
        yield wait(0.05)
        self.assertLess(producer.next, 8)
        _, _, protocol = self.bind("pull", endpoint=endpoint)
        yield protocol.expect(50)
        self.assertEqual(protocol.received, numbers(50))
        self.assertEqual(producer.calls, ["resume"] * 50)

    @inlineCallbacks
    def test_a_reader_that_pauses_gets_nothing_and_loses_nothing(self):
        puller, endpoint, protocol = self.bind("pull")
        pusher, _ = self.connect("push", endpoint)
        puller.pauseProducing()
        for frames in numbers(20):
            pusher.sendMessage(frames)
        yield wait(0.1)
        self.assertEqual(protocol.received, [])
        protocol.answer = lambda *_: puller.pauseProducing()
        for number in range(1, 4):
            puller.resumeProducing()
            yield protocol.expect(number)
            yield wait(0.02)
            self.assertEqual(len(protocol.received), number)
        protocol.answer = None
        puller.resumeProducing()
        yield protocol.expect(20)
        self.assertEqual(protocol.received, numbers(20))

    @inlineCallbacks
    def test_a_reader_that_pauses_holds_its_sender(self):
        puller, endpoint, protocol = self.bind("pull", rcvhwm=5, **self.buffers)
        puller.pauseProducing()
        pusher, _ = self.connect("push", endpoint, sndhwm=5, **self.buffers)
        producer = Producer(pusher, 100000, burst=100000)
        producer.transport = self
        self.write = lambda data: pusher.write(data + bytes(20000))
        pusher.registerProducer(producer, True)
        producer.resumeProducing()
        yield until(lambda: producer.paused)
        yield wait(0.1)
        stopped = producer.next
        self.assertTrue(producer.paused)
        self.assertLess(stopped, 1000)
        puller.resumeProducing()
        yield until(lambda: producer.next > stopped)
        yield protocol.expect(stopped)
        self.assertEqual([f[0][:-20000] for f in protocol.received[:stopped]], [b"%d" % n for n in range(stopped)])

    @inlineCallbacks
    def test_closing_sends_all_that_was_promised(self):
        endpoint = self.nobody()
        transport, protocol = self.connect("push", endpoint, sndhwm=5)
        for frames in numbers(100):
            transport.sendMessage(frames)
        transport.loseConnection()
        self.assertRaises(TransportClosed, transport.sendMessage, [b"late"])
        yield wait(0.05)
        self.assertEqual(protocol.lost, [])
        _, _, reader = self.bind("pull", endpoint=endpoint)
        yield reader.expect(100)
        yield protocol.gone
        reason, = protocol.lost
        reason.trap(ConnectionDone)
        self.assertEqual(reader.received, numbers(100))
        self.assertEqual((protocol.failed, len(protocol.lost)), ([], 1))

    @inlineCallbacks
    def test_what_the_socket_has_taken_is_sent_after_the_end(self):
        endpoint = self.nobody()
        transport, protocol = self.connect("push", endpoint)
        for frames in numbers(100):
            transport.sendMessage(frames)
        yield transport.stopListening()
        protocol.lost[0].trap(ConnectionDone)
        _, _, reader = self.bind("pull", endpoint=endpoint)
        yield reader.expect(100)
        self.assertEqual(reader.received, numbers(100))

    @inlineCallbacks
    def test_closing_waits_for_a_producer(self):
        _, endpoint, reader = self.bind("pull")
        transport, protocol = self.connect("push", endpoint)
        producer = Producer(transport, 3, burst=0)
        transport.registerProducer(producer, True)
        transport.loseConnection()
        yield wait(0.02)
        self.assertEqual(protocol.lost, [])
        for frames in numbers(3):
            transport.sendMessage(frames)
        transport.unregisterProducer()
        yield protocol.gone
        yield reader.expect(3)

    @inlineCallbacks
    def test_what_lingers_too_long_is_told(self):
        transport, protocol = self.connect("push", self.nobody(), sndhwm=5, linger=100)
        for frames in numbers(8):
            transport.sendMessage(frames)
        transport.loseConnection()
        yield protocol.gone
        reason, = protocol.lost
        reason.trap(LingerExpired)
        self.assertEqual([frames for frames, _ in protocol.failed], numbers(8)[5:])
        self.assertTrue(all(r is reason for _, r in protocol.failed))

    @inlineCallbacks
    def test_aborting_tells_of_what_was_not_sent(self):
        transport, protocol = self.connect("push", self.nobody(), sndhwm=5)
        producer = Producer(transport, 100, burst=7)
        transport.registerProducer(producer, True)
        producer.resumeProducing()
        transport.write(b"another")
        transport.abortConnection()
        yield protocol.gone
        reason, = protocol.lost
        reason.trap(ConnectionAborted)
        self.assertEqual([frames for frames, _ in protocol.failed], [[b"5"], [b"another"]])
        self.assertEqual(producer.calls[-1], "stop")
        transport.abortConnection()
        transport.loseConnection()
        yield transport.stopListening()
        late = Producer(transport, 1)
        transport.registerProducer(late, True)
        self.assertEqual((len(protocol.lost), late.calls), (1, ["stop"]))

    @inlineCallbacks
    def test_a_message_that_is_refused_is_told(self):
        for kind, frames, code in ("rep", [b"nobody", b"asked"], errno.EBADFD), ("pull", [b"x"], errno.EOPNOTSUPP), (
                "router", [b"unknown", b"x"], errno.EHOSTUNREACH):
            more = {"router_mandatory": 1} if kind == "router" else {}
            transport, _, protocol = self.bind(kind, **more)
            transport.sendMessage(frames)
            self.assertEqual(protocol.failed, [])
            yield protocol.expect(1, protocol.failed)
            self.assertEqual(protocol.failed[0][0], frames)
            self.assertEqual(protocol.failed[0][1].check(OSError) and protocol.failed[0][1].value.errno, code)
            self.assertEqual(protocol.lost, [])

    @inlineCallbacks
    def test_a_refused_message_stops_no_other(self):
        replier, endpoint, requests = self.bind("rep")
        replier.write(b"too early")
        transport, protocol = self.connect("req", endpoint)
        transport.write(b"?")
        yield requests.expect(1)
        replier.write(b"!")
        replier.write(b"once more")
        yield protocol.expect(1)
        yield requests.expect(2, requests.failed)
        self.assertEqual(protocol.received, [[b"!"]])
        self.assertEqual([frames for frames, _ in requests.failed], [[b"too early"], [b"once more"]])

    @inlineCallbacks
    def test_an_error_of_the_protocol_ends_it(self):
        def stumble(*_):
            raise ZeroDivisionError

        _, endpoint, protocol = self.bind("pull", Recorder(stumble))
        transport, _ = self.connect("push", endpoint)
        transport.write(b"x")
        transport.write(b"y")
        yield protocol.gone
        reason, = protocol.lost
        reason.trap(ZeroDivisionError)
        self.assertEqual((protocol.received, len(protocol.lost)), ([[b"x"]], 1))
        self.assertEqual(len(self.flushLoggedErrors(ZeroDivisionError)), 1)

    def test_what_is_no_message_is_refused_at_once(self):
        transport, _, _ = self.bind("push")
        for frames, error in (b"bytes", TypeError), ("text", TypeError), (["text"], TypeError), ([], ValueError), (
                [b"x", 1], TypeError):
            self.assertRaises(error, transport.sendMessage, frames)

    def test_endpoints_and_options_that_are_wrong_are_told(self):
        transport, endpoint, _ = self.bind("pull")
        error = self.assertRaises(CannotListenError, self.make(self.listening, "pull").bind, endpoint)
        self.assertEqual(error.socketError.errno, errno.EADDRINUSE)
        for wrong in "nonsense", "":
            self.assertRaises(CannotListenError, transport.bind, wrong)
            self.assertRaises(ConnectError, transport.connect, wrong)
        self.assertEqual(transport.getHost().endpoint, endpoint)
        self.assertRaises(ValueError, transport.setOption, "nonsense", 1)
        self.assertRaises(ValueError, transport.setOption, "sndhwm", "many")
        self.assertRaises(OSError, transport.setOption, "subscribe", b"x")
        self.assertRaises(OSError, transport.unbind, "tcp://127.0.0.3:1")
        self.assertRaises(OSError, transport.disconnect, "tcp://127.0.0.3:1")
        self.assertRaises(ValueError, self.make, self.listening, "pulll")

    @inlineCallbacks
    def test_endpoints_come_and_go(self):
        transport, endpoint, protocol = self.bind("pull")
        other = transport.bind(self.endpoint)
        self.assertNotEqual(other, endpoint)
        pusher, _ = self.connect("push", other)
        pusher.write(b"1")
        yield protocol.expect(1)
        transport.unbind(other)
        again, reader = self.make(self.listening, "pull"), Recorder()
        while True:
            try:
                again.bind(other)
                break
            except CannotListenError:
                # libzmq takes its time.
                yield wait(0.01)
        again.start(reader)
        late, _ = self.connect("push", other)
        late.write(b"2")
        yield reader.expect(1)
        pusher.disconnect(other)
        pusher.connect(endpoint)
        pusher.write(b"3")
        yield protocol.expect(2)
        self.assertEqual((protocol.received, reader.received), ([[b"1"], [b"3"]], [[b"2"]]))
        yield again.stopListening()
