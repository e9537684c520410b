# SPDX-License-Identifier: GPL-2.0-only
import socket

AF_ZMQ, SOL_ZMQ, ZMQ_REQ, ZMQ_CONNECT = 18, 289, 3, 1001

req = socket.socket(AF_ZMQ, socket.SOCK_SEQPACKET, ZMQ_REQ)
req.setsockopt(SOL_ZMQ, ZMQ_CONNECT, b"tcp://127.0.0.1:5555")
for n in range(3):
    req.send(f"Hello {n}".encode())
    print(req.recv(1024).decode())
