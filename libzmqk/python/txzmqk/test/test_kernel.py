# SPDX-License-Identifier: MIT
"""What only a descriptor can get wrong, or right."""

import gc
import os
import socket
import struct
import warnings

from twisted.internet import reactor
from twisted.internet.defer import inlineCallbacks
from twisted.internet.error import ConnectionLost
from twisted.internet.interfaces import IReadWriteDescriptor
from twisted.trial.unittest import TestCase
from zope.interface.verify import verifyObject

from txzmqk.kernel import BATCH, KernelTransport, batch, descriptions, sent
from txzmqk.test.suite import ProtocolSuite, Recorder, numbers, until, wait
from txzmqk.test.test_transports import KERNEL


class FramingTests(TestCase):
    """What is said of messages in a call, for which no socket is needed."""

    def test_a_table_describes_each_frame(self):
        messages = [[b"ab", b"", b"c"], [b""], [b"defg"]]
        table = descriptions(messages)
        self.assertEqual(struct.unpack(f"{len(table) // 4}I", table), (2, 1, 0, 1, 1, 0, 0, 0, 4, 0))
        # pylint: disable-next=protected-access
        self.assertEqual(KernelTransport._messages(memoryview(b"abcdefg"), table), messages)

    def test_bytes_say_how_many_messages_were_sent(self):
        messages = [[b"ab", b"c"], [b"d"], [b"", b""], [b"e"]]
        self.assertEqual([sent(messages, size) for size in (3, 4)], [1, 2])
        # The kernel stops in front of an empty message, so an empty one is the only one or the first.
        self.assertEqual([sent(messages[2:], size) for size in (0, 1)], [1, 2])
        self.assertEqual(sent([[b"x"], [b""]], 1), 1)

    def test_a_call_has_its_limits_and_at_least_a_message(self):
        self.assertEqual(len(batch([[b"x"]] * 1000)), BATCH)
        self.assertEqual(len(batch([[b"x"] * 5000, [b"x"]])), 1)
        self.assertEqual(len(batch([[bytes(1 << 20)], [b"x"]])), 1)


class Counting(KernelTransport):
    """Counts what the reactor calls."""

    reads = writes = calls = 0

    def doRead(self):
        self.reads += 1
        super().doRead()

    def doWrite(self):
        self.writes += 1
        super().doWrite()

    def _receive(self):
        self.calls += 1
        return super()._receive()


class DescriptorTests(ProtocolSuite, TestCase):
    """Beside what the suite says, which others run."""

    skip = KERNEL
    listening = connecting = "kernel"

    def make(self, using, kind, **settings):
        transport = Counting(reactor, kind, **settings)
        self.made.append(transport)
        return transport

    def test_a_reactor_sees_a_descriptor(self):
        transport, _, _ = self.bind("pull")
        verifyObject(IReadWriteDescriptor, transport)
        self.assertIn(transport, reactor.getReaders())
        self.assertNotIn(transport, reactor.getWriters())
        transport.pauseProducing()
        self.assertNotIn(transport, reactor.getReaders())

    @inlineCallbacks
    def test_nobody_is_called_for_nothing(self):
        puller, endpoint, protocol = self.bind("pull")
        pusher, _ = self.connect("push", self.nobody(), sndhwm=2)
        for frames in numbers(3):
            pusher.sendMessage(frames)
        puller.pauseProducing()
        sender, _ = self.connect("push", endpoint)
        sender.write(b"x")
        yield wait(0.3)
        self.assertEqual((puller.reads, pusher.writes, sender.writes), (0, 0, 0))
        puller.resumeProducing()
        yield protocol.expect(1)
        yield wait(0.1)
        self.assertEqual(puller.reads, 1)

    @inlineCallbacks
    def test_many_messages_come_with_one_call(self):
        puller, endpoint, protocol = self.bind("pull")
        puller.pauseProducing()
        pusher, _ = self.connect("push", endpoint)
        for frames in numbers(100):
            pusher.sendMessage(frames + frames)
        yield until(lambda: pusher._socket.getsockopt(289, 15))  # pylint: disable=protected-access
        yield wait(0.2)
        puller.resumeProducing()
        yield protocol.expect(100)
        self.assertLess(puller.calls, 20)

    @inlineCallbacks
    def test_a_socket_that_is_shut_down_is_told(self):
        transport, _, protocol = self.bind("pull")
        with socket.socket(fileno=os.dup(transport.fileno())) as other:
            other.shutdown(socket.SHUT_RDWR)
        yield protocol.gone
        protocol.lost[0].trap(ConnectionLost)
        self.assertRegex(protocol.lost[0].getErrorMessage(), "ESHUTDOWN|non-clean")
        sender, endpoint, protocol = self.bind("push")
        with socket.socket(fileno=os.dup(sender.fileno())) as other:
            other.shutdown(socket.SHUT_WR)
        self.assertTrue(endpoint)
        sender.write(b"x")
        yield protocol.gone
        protocol.lost[0].trap(ConnectionLost)
        self.assertEqual([frames for frames, _ in protocol.failed], [[b"x"]])

    @inlineCallbacks
    def test_no_descriptor_is_left_behind(self):
        before = set(os.listdir("/proc/self/fd"))
        transport, endpoint, _ = self.bind("rep", Recorder(lambda p, f: p.transport.sendMessage(f)))
        client, protocol = self.connect("req", endpoint)
        client.write(b"x")
        yield protocol.expect(1)
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            yield transport.stopListening()
            yield client.stopListening()
            self.assertRaises(Exception, self.make, None, "pull", nonsense=1)
            self.made.pop()
            gc.collect()
        self.assertEqual([str(w.message) for w in caught if w.category is ResourceWarning], [])
        self.assertEqual(set(os.listdir("/proc/self/fd")) - before, set())

    @inlineCallbacks
    def test_ipv6_needs_no_option(self):
        _, endpoint, protocol = self.bind("pull", endpoint="tcp://[::1]:*")
        transport, _ = self.connect("push", endpoint)
        transport.write(b"x")
        yield protocol.expect(1)


# Only what is of its own: the others run the suite.
for name in [n for n in dir(ProtocolSuite) if n.startswith("test_")]:
    setattr(DescriptorTests, name, None)
