# SPDX-License-Identifier: MIT
"""What only the transport in memory has: time that stands still, networks of their own; and its rules of routing."""

import errno

from twisted.internet.error import CannotListenError
from twisted.internet.task import Clock
from twisted.trial.unittest import TestCase

from txzmqk.error import LingerExpired
from txzmqk.memory import MemoryTransport, Network
from txzmqk.test.suite import Recorder


class MemoryOnlyTests(TestCase):
    """With a clock that the test turns."""

    def setUp(self):
        self.clock = Clock()
        self.network = Network()

    def make(self, kind, bind=None, connect=None, answer=None, **settings):
        transport = MemoryTransport(self.clock, kind, network=self.network, **settings)
        if bind:
            transport.bind(bind)
        if connect:
            transport.connect(connect)
        transport.start(Recorder(answer))
        return transport

    def turn(self, seconds=0.0):
        for _ in range(50):
            self.clock.advance(seconds / 50)

    def test_nothing_happens_before_the_clock_is_turned(self):
        pull = self.make("pull", bind="tcp://10.0.0.1:5")
        push = self.make("push", connect="tcp://10.0.0.1:5")
        push.write(b"x")
        self.assertEqual(pull.protocol.received, [])
        self.turn()
        self.assertEqual(pull.protocol.received, [[b"x"]])

    def test_time_to_linger_is_the_clock_s(self):
        push = self.make("push", connect="inproc://a", sndhwm=1, linger=1000)
        for data in b"1", b"2":
            push.write(data)
        push.loseConnection()
        self.turn(0.9)
        self.assertEqual(push.protocol.lost, [])
        self.turn(0.2)
        push.protocol.lost[0].trap(LingerExpired)
        self.assertEqual(self.clock.getDelayedCalls(), [])

    def test_tasks_are_shared_evenly(self):
        push = self.make("push", bind="inproc://a")
        pulls = [self.make("pull", connect="inproc://a") for _ in range(3)]
        for number in range(9):
            push.write(b"%d" % number)
        self.turn()
        self.assertEqual([len(p.protocol.received) for p in pulls], [3, 3, 3])

    def test_readers_take_senders_in_turn(self):
        pull = self.make("pull", bind="inproc://a")
        pull.pauseProducing()
        for name in b"a", b"b":
            push = self.make("push", connect="inproc://a")
            for _ in range(3):
                push.write(name)
        pull.resumeProducing()
        self.turn()
        self.assertEqual(b"".join(f[0] for f in pull.protocol.received), b"ababab")

    def test_publishers_drop_what_finds_no_room(self):
        pub = self.make("pub", bind="inproc://a", sndhwm=2)
        sub = self.make("sub", connect="inproc://a", subscribe=b"", rcvhwm=2)
        for number in range(9):
            pub.write(b"%d" % number)
        self.turn()
        self.assertEqual(sub.protocol.received, [[b"%d" % n] for n in range(4)])
        self.assertEqual(pub.protocol.failed, [])

    def test_a_reply_goes_back_through_routers(self):
        front = self.make("router", bind="inproc://front")
        back = self.make("dealer", bind="inproc://back")
        front.protocol.answer = lambda _, frames: back.sendMessage(frames)
        back.protocol.answer = lambda _, frames: front.sendMessage(frames)
        self.make("rep", connect="inproc://back", answer=lambda p, f: p.transport.sendMessage([f[0] * 2]))
        reqs = [self.make("req", connect="inproc://front") for _ in range(3)]
        for number, req in enumerate(reqs):
            req.write(b"%d" % number)
        self.turn()
        self.assertEqual([r.protocol.received for r in reqs], [[[b"00"]], [[b"11"]], [[b"22"]]])

    def test_types_that_do_not_fit_never_meet(self):
        pull = self.make("pull", bind="inproc://a")
        self.make("pair", connect="inproc://a").write(b"x")
        self.turn()
        self.assertEqual((pull.protocol.received, pull.pipes), ([], []))

    def test_a_peer_that_comes_back_is_connected_again(self):
        push = self.make("push", connect="inproc://a")
        pull = self.make("pull", bind="inproc://a")
        push.write(b"1")
        self.turn()
        pull.abortConnection()
        push.write(b"2")
        again = self.make("pull", bind="inproc://a")
        self.turn()
        self.assertEqual((pull.protocol.received, again.protocol.received), ([[b"1"]], [[b"2"]]))

    def test_networks_know_nothing_of_each_other(self):
        self.make("pull", bind="inproc://a")
        self.assertRaises(CannotListenError, self.make, "pull", bind="inproc://a")
        self.network = Network()
        self.make("pull", bind="inproc://a")

    def test_what_is_not_there_is_said(self):
        self.assertRaises(ValueError, self.make, "xpub")
        error = self.assertRaises(OSError, self.make, "push", tos=1)
        self.assertEqual(error.errno, errno.EINVAL)
