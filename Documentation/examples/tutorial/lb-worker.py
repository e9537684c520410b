# SPDX-License-Identifier: GPL-2.0-only
import sys

from zsock import REQ, recv_parts, send_parts, zsocket

broker = zsocket(REQ, "tcp://127.0.0.1:5673", routing_id=sys.argv[1].encode())
broker.send(b"READY")
while True:
    *envelope, request = recv_parts(broker)
    answer = b"%s by %s" % (request.upper(), sys.argv[1].encode())
    send_parts(broker, *envelope, answer)
