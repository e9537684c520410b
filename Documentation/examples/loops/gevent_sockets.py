# SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
"""AF_ZMQ sockets with gevent: the standard library's socket module, patched."""

from gevent import monkey

monkey.patch_all()
# pylint: disable=wrong-import-position
import gevent  # noqa: E402

from scenario import DEALER, ECHO, PUB, PULL, PUSH, ROUND, SUB, dial  # noqa: E402

dealer = dial(DEALER, ECHO)
dealer.setblocking(True)
for n in range(ROUND):
    dealer.send(b"e%d" % n)
    assert dealer.recv(100) == b"e%d" % n
sub = dial(SUB, PUB)
sub.setblocking(True)
for n in range(ROUND):
    assert sub.recv(100) == b"t %d" % n
more = gevent.spawn(sub.recv, 100)
dealer.send(b"idle")
assert dealer.recv(100) == b"go"
push = dial(PUSH, PULL)
push.setblocking(True)
others = gevent.spawn(gevent.sleep, 0.1)
for n in range(ROUND):
    push.send(b"p%d" % n)
assert others.dead
more.kill()
for s in dealer, sub, push:
    s.close()
