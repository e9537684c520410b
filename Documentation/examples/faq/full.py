# SPDX-License-Identifier: GPL-2.0-only
import socket

AF_ZMQ, SOL_ZMQ = 18, 289
ZMQ_PUB, ZMQ_SUB = 1, 2
ZMQ_SUBSCRIBE, ZMQ_SNDHWM, ZMQ_RCVHWM, ZMQ_BIND, ZMQ_CONNECT = 6, 23, 24, 1000, 1001

pub = socket.socket(AF_ZMQ, socket.SOCK_SEQPACKET, ZMQ_PUB)
sub = socket.socket(AF_ZMQ, socket.SOCK_SEQPACKET, ZMQ_SUB)
pub.setsockopt(SOL_ZMQ, ZMQ_SNDHWM, 10)
sub.setsockopt(SOL_ZMQ, ZMQ_RCVHWM, 10)
sub.setsockopt(SOL_ZMQ, ZMQ_SUBSCRIBE, b"")
pub.setsockopt(SOL_ZMQ, ZMQ_BIND, b"inproc://full")
sub.setsockopt(SOL_ZMQ, ZMQ_CONNECT, b"inproc://full")
for n in range(1000):
    pub.send(b"news")
