# SPDX-License-Identifier: GPL-2.0-only
import socket

AF_ZMQ, SOL_ZMQ = 18, 289
ZMQ_DEALER, ZMQ_SNDHWM, ZMQ_RCVMORE, ZMQ_CONNECT = 5, 23, 13, 1001

# dealer = zmq.Context().socket(zmq.DEALER)
dealer = socket.socket(AF_ZMQ, socket.SOCK_SEQPACKET, ZMQ_DEALER)

# dealer.sndhwm = 10
dealer.setsockopt(SOL_ZMQ, ZMQ_SNDHWM, 10)

# dealer.connect("tcp://127.0.0.1:5557")
dealer.setsockopt(SOL_ZMQ, ZMQ_CONNECT, b"tcp://127.0.0.1:5557")

# dealer.send_multipart([b"one", b"two"])
dealer.send(b"one", socket.MSG_MORE)
dealer.send(b"two")

# parts = dealer.recv_multipart()
parts = [dealer.recv(65536)]
while dealer.getsockopt(SOL_ZMQ, ZMQ_RCVMORE):
    parts.append(dealer.recv(65536))
print(parts)
