# SPDX-License-Identifier: MIT
"""ZeroMQ messages for Twisted: IZMQProtocol speaks them, IZMQTransport carries them, whatever is below."""

from txzmqk.address import ZMQAddress
from txzmqk.endpoints import ZMQClientEndpoint, ZMQServerEndpoint, connectZMQ, listenZMQ
from txzmqk.error import LingerExpired, TransportClosed
from txzmqk.interfaces import IZMQProtocol, IZMQTransport
from txzmqk.protocol import ZMQProtocol

__version__ = "1.0"
__all__ = [
    "IZMQProtocol", "IZMQTransport", "LingerExpired", "TransportClosed", "ZMQAddress", "ZMQClientEndpoint", "ZMQProtocol",
    "ZMQServerEndpoint", "connectZMQ", "listenZMQ",
]
