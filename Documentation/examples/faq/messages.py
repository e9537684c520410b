# SPDX-License-Identifier: GPL-2.0-only
import socket

AF_ZMQ, SOL_ZMQ, ZMQ_PULL, ZMQ_RCVMORE, ZMQ_BIND = 18, 289, 7, 13, 1000

pull = socket.socket(AF_ZMQ, socket.SOCK_SEQPACKET, ZMQ_PULL)
pull.setsockopt(SOL_ZMQ, ZMQ_BIND, b"tcp://127.0.0.1:5557")
for _ in range(2):
    frames = [pull.recv(65536)]
    while pull.getsockopt(SOL_ZMQ, ZMQ_RCVMORE):
        frames.append(pull.recv(65536))
    print(frames)
