# SPDX-License-Identifier: GPL-2.0-only
import itertools
import socket
import time

AF_ZMQ, SOL_ZMQ, ZMQ_PUB, ZMQ_BIND = 18, 289, 1, 1000

pub = socket.socket(AF_ZMQ, socket.SOCK_SEQPACKET, ZMQ_PUB)
pub.setsockopt(SOL_ZMQ, ZMQ_BIND, b"tcp://127.0.0.1:5556")
for n in itertools.count():
    for zipcode in range(10000, 10010):
        temperature = 20 + n % 5
        pub.send(f"{zipcode} {temperature}".encode())
    time.sleep(0.02)
