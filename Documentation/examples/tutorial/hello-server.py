# SPDX-License-Identifier: GPL-2.0-only
import socket

AF_ZMQ, SOL_ZMQ, ZMQ_REP, ZMQ_BIND = 18, 289, 4, 1000

rep = socket.socket(AF_ZMQ, socket.SOCK_SEQPACKET, ZMQ_REP)
rep.setsockopt(SOL_ZMQ, ZMQ_BIND, b"tcp://127.0.0.1:5555")
while True:
    request = rep.recv(1024)
    rep.send(request + b", World")
