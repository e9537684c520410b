# SPDX-License-Identifier: GPL-2.0-only
from zsock import REQ, ROUTER, recv_parts, send_parts, zsocket

router = zsocket(ROUTER, "@inproc://identity")
anonymous = zsocket(REQ, "inproc://identity")
anonymous.send(b"who am I?")
peer, empty, body = recv_parts(router)
print(len(peer), peer[0], empty, body)

named = zsocket(REQ, "inproc://identity", routing_id=b"PEER2")
named.send(b"who am I?")
print(recv_parts(router))

send_parts(router, b"PEER2", b"", b"the second")
send_parts(router, peer, b"", b"the first")
print(anonymous.recv(256), named.recv(256))
