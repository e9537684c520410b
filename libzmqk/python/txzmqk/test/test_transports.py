# SPDX-License-Identifier: MIT
"""Who has to pass the suite: each implementation with itself, and the kernel with libzmq both ways."""

from twisted.trial.unittest import TestCase

from txzmqk.memory import Network
from txzmqk.test.suite import ProtocolSuite

try:
    import zmq
except ImportError:
    zmq = None
try:
    import socket

    from txzmqk.kernel import family

    socket.socket(family(), socket.SOCK_SEQPACKET, 0).close()
    KERNEL = None
except OSError as error:
    KERNEL = f"there are no AF_ZMQ sockets: {error}"
LIBRARY = None if zmq else "there is no pyzmq"


class MemoryTests(ProtocolSuite, TestCase):
    """In memory, a network for each test."""

    listening = connecting = "memory"
    buffers = {}

    def setUp(self):
        self.network = Network()
        super().setUp()

    def more(self, using):
        return {"network": self.network}


class LibraryTests(ProtocolSuite, TestCase):
    """libzmq by pyzmq."""

    listening = connecting = "libzmq"
    skip = LIBRARY


class KernelTests(ProtocolSuite, TestCase):
    """AF_ZMQ."""

    listening = connecting = "kernel"
    skip = KERNEL


class KernelToLibraryTests(ProtocolSuite, TestCase):
    """AF_ZMQ connects to libzmq."""

    listening, connecting = "libzmq", "kernel"
    skip = KERNEL or LIBRARY


class LibraryToKernelTests(ProtocolSuite, TestCase):
    """libzmq connects to AF_ZMQ."""

    listening, connecting = "kernel", "libzmq"
    skip = KERNEL or LIBRARY
