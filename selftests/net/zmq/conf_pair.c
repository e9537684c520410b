// SPDX-License-Identifier: GPL-2.0-only
/* PAIR, clause by clause: RFC 31. Its queue is in conf_queue.c. */
#include "kselftest_harness.h"
#include "fixture.h"

static int raw_pair(const char *ep)
{
	return zp_peer(zt_port(ep), "PAIR", "PAIR");
}

TEST_F(zmq, rfc31_pair_adds_and_takes_away_nothing)
{
	int pair = zt_listening(ZMQ_PAIR, "tcp://127.0.0.1:*", self->ep);
	static const char * const frames[] = { "", "a", "", "" };
	int peer = raw_pair(self->ep);

	ASSERT_LE(0, peer);
	ASSERT_TRUE(zt_becomes(pair, POLLOUT));
	EXPECT_TRUE(zp_reflects(pair, peer, frames, 4));
}

TEST_F(zmq_over, rfc31_pair_without_a_peer_waits_and_discards_nothing)
{
	int pair = zt_listening(ZMQ_PAIR, variant->bind, self->ep), peer;

	ASSERT_LE(0, pair);
	EXPECT_EQ(-1, zt_puts(pair, "refused", MSG_DONTWAIT));
	EXPECT_EQ(EAGAIN, errno);
	ASSERT_EQ(0, zt_setint(pair, ZMQ_SNDTIMEO, 50));
	EXPECT_EQ(-1, zt_puts(pair, "refused", 0));
	EXPECT_EQ(EAGAIN, errno);
	peer = zt_connected(ZMQ_PAIR, self->ep);
	ASSERT_TRUE(zt_becomes(pair, POLLOUT));
	ASSERT_EQ(0, zt_puts(pair, "taken", 0));
	EXPECT_TRUE(zt_gets(peer, "taken", ZT_LAST));
	EXPECT_EQ(0, zt_poll(peer, POLLIN, 0));
}

TEST_F(zmq, rfc31_pair_that_waits_for_its_peer_takes_no_other)
{
	int pair = zt_listening(ZMQ_PAIR, "tcp://127.0.0.1:*", self->ep), other;
	char absent[ZMQ_ENDPOINT_MAX];
	int port = zt_free_port(), listener, peer;

	snprintf(absent, sizeof(absent), "tcp://127.0.0.1:%d", port);
	ASSERT_EQ(0, zt_setint(pair, ZMQ_RECONNECT_IVL, 10));
	ASSERT_EQ(0, zt_connect(pair, absent));
	ASSERT_EQ(0, zt_puts(pair, "for the absent", 0));
	other = zp_dial(zt_port(self->ep), 0);
	ASSERT_LE(0, other);
	zp_handshake(other, "PAIR", "PAIR");
	EXPECT_TRUE(zp_closed(other));
	listener = zp_listen(0, &port);
	ASSERT_LE(0, listener);
	peer = zp_accept_peer(listener, "PAIR", "PAIR");
	ASSERT_LE(0, peer);
	EXPECT_TRUE(zp_gets(peer, 0, "for the absent"));
}

/* libzmq would give the rest of the message to the new peer. */
TEST_F(zmq, libzmq_59_pair_sends_a_new_peer_whole_messages_only)
{
	int pair = zt_listening(ZMQ_PAIR, "tcp://127.0.0.1:*", self->ep);
	int peer = raw_pair(self->ep);

	ASSERT_LE(0, peer);
	ASSERT_TRUE(zt_becomes(pair, POLLOUT));
	ASSERT_EQ(0, zt_puts(pair, "begun", MSG_MORE));
	close(peer);
	ASSERT_TRUE(zt_lacks(pair, POLLOUT));
	peer = raw_pair(self->ep);
	ASSERT_LE(0, peer);
	ASSERT_EQ(0, zt_puts(pair, "ended", 0));
	EXPECT_TRUE(zp_gets(peer, ZP_MORE, "begun"));
	EXPECT_TRUE(zp_gets(peer, 0, "ended"));
}

TEST_HARNESS_MAIN
