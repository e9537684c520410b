# SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
"""ZMTP through TLS: Python's ssl shakes hands, the kernel encrypts (kTLS), and an AF_ZMQ socket speaks over that."""

import socket
import ssl

SOL_ZMQ, ATTACH_FD = 289, 1004
SOL_TLS, TLS_TX, TLS_RX = 282, 1, 2
OP_ENABLE_KTLS = 8  # as ssl.OP_ENABLE_KTLS of Python 3.12


def connect(zmq: socket.socket, host: str, port: int, context: ssl.SSLContext, ciphers: str = "ECDHE+AESGCM") -> None:
    """Give an AF_ZMQ socket a peer behind TLS, whose certificate the context checks."""
    # With TLS 1.3 tickets and new keys come after the handshake, and there would be nobody to read them.
    context.minimum_version = context.maximum_version = ssl.TLSVersion.TLSv1_2
    context.set_ciphers(ciphers)
    context.options |= OP_ENABLE_KTLS
    with socket.create_connection((host, port)) as plain, context.wrap_socket(plain, server_hostname=host) as tls:
        try:
            for direction in (TLS_TX, TLS_RX):
                tls.getsockopt(SOL_TLS, direction, 4)
        except OSError as error:
            raise ssl.SSLError("the kernel does not encrypt: no module tls, or OpenSSL without ktls") from error
        zmq.setsockopt(SOL_ZMQ, ATTACH_FD, tls.fileno())
