# SPDX-License-Identifier: MIT
"""Where a socket is."""

from dataclasses import dataclass

from twisted.internet.interfaces import IAddress
from zope.interface import implementer


@implementer(IAddress)
@dataclass(frozen=True)
class ZMQAddress:
    """An endpoint as text, "" if there is none yet."""

    endpoint: str
