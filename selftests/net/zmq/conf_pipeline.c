// SPDX-License-Identifier: GPL-2.0-only
/* PUSH and PULL, clause by clause: RFC 30. PUSH's queue is in conf_queue.c. */
#include "kselftest_harness.h"
#include "fixture.h"

TEST_F(zmq, rfc30_push_and_pull_add_and_take_away_nothing)
{
	int push = zt_listening(ZMQ_PUSH, "tcp://127.0.0.1:*", self->ep), i;
	int to = zp_peer(zt_port(self->ep), "PULL", "PUSH"), pull, from;
	static const char * const frames[] = { "", "a", "", "" };

	pull = zt_listening(ZMQ_PULL, "tcp://127.0.0.1:*", self->ep);
	from = zp_peer(zt_port(self->ep), "PUSH", "PULL");
	ASSERT_LE(0, to);
	ASSERT_LE(0, from);
	ASSERT_TRUE(zt_becomes(push, POLLOUT));
	for (i = 0; i < 4; i++) {
		ASSERT_EQ(0, zt_puts(push, frames[i], i < 3 ? MSG_MORE : 0));
		ASSERT_EQ(0, zp_puts(from, i < 3 ? ZP_MORE : 0, frames[i]));
	}
	for (i = 0; i < 4; i++) {
		EXPECT_TRUE(zp_gets(to, i < 3 ? ZP_MORE : 0, frames[i]));
		EXPECT_TRUE(zt_gets(pull, frames[i], i < 3));
	}
}

TEST_F(zmq, rfc30_push_only_sends_and_drops_what_a_peer_sends)
{
	int push = zt_listening(ZMQ_PUSH, "tcp://127.0.0.1:*", self->ep), i;
	int peer = zp_peer(zt_port(self->ep), "PULL", "PUSH");

	ASSERT_LE(0, peer);
	ASSERT_EQ(0, zt_setint(push, ZMQ_RCVHWM, 1));
	for (i = 0; i < 100; i++) {
		ASSERT_EQ(0, zp_puts(peer, ZP_MORE, "to a PUSH"));
		ASSERT_EQ(0, zp_puts(peer, 0, "in parts"));
	}
	ASSERT_TRUE(zp_sync(peer));
	EXPECT_EQ(POLLOUT, zt_poll(push, POLLIN | POLLOUT, 0));
	ASSERT_EQ(0, zt_puts(push, "job", 0));
	EXPECT_TRUE(zp_gets(peer, 0, "job"));
}

TEST_F(zmq, rfc30_pull_only_receives_and_sends_nothing)
{
	int pull = zt_listening(ZMQ_PULL, "tcp://127.0.0.1:*", self->ep);
	int peer = zp_peer(zt_port(self->ep), "PUSH", "PULL");

	ASSERT_LE(0, peer);
	EXPECT_EQ(-1, zt_puts(pull, "x", 0));
	EXPECT_EQ(EOPNOTSUPP, errno);
	EXPECT_EQ(0, zt_poll(pull, POLLOUT, 0));
	ASSERT_EQ(0, zp_puts(peer, 0, "job"));
	EXPECT_TRUE(zt_gets(pull, "job", ZT_LAST));
	ASSERT_TRUE(zp_sync(peer));
	EXPECT_TRUE(zp_silent(peer));
}

TEST_F(zmq_over, rfc30_push_without_a_peer_waits_and_discards_nothing)
{
	int push = zt_listening(ZMQ_PUSH, variant->bind, self->ep), pull;

	ASSERT_LE(0, push);
	EXPECT_EQ(-1, zt_puts(push, "refused", MSG_DONTWAIT));
	EXPECT_EQ(EAGAIN, errno);
	ASSERT_EQ(0, zt_setint(push, ZMQ_SNDTIMEO, 50));
	EXPECT_EQ(-1, zt_puts(push, "refused", 0));
	EXPECT_EQ(EAGAIN, errno);
	EXPECT_EQ(0, zt_poll(push, POLLOUT, 0));
	pull = zt_connected(ZMQ_PULL, self->ep);
	ASSERT_TRUE(zt_becomes(push, POLLOUT));
	ASSERT_EQ(0, zt_puts(push, "taken", 0));
	EXPECT_TRUE(zt_gets(pull, "taken", ZT_LAST));
	EXPECT_EQ(0, zt_poll(pull, POLLIN, 0));
}

/* RFC 30 would have it discarded; here, as with libzmq, it can be read. */
TEST_F(zmq, rfc30_what_pull_has_from_a_peer_outlives_it)
{
	int pull = zt_listening(ZMQ_PULL, "tcp://127.0.0.1:*", self->ep);
	int peer = zp_peer(zt_port(self->ep), "PUSH", "PULL");

	ASSERT_LE(0, peer);
	ASSERT_EQ(0, zp_puts(peer, 0, "1"));
	ASSERT_EQ(0, zp_puts(peer, ZP_MORE, "2"));
	ASSERT_EQ(0, zp_puts(peer, 0, "3"));
	ASSERT_EQ(0, zp_puts(peer, ZP_MORE, "never whole"));
	ASSERT_TRUE(zp_sync(peer));
	close(peer);
	peer = zp_peer(zt_port(self->ep), "PUSH", "PULL");
	ASSERT_LE(0, peer);
	ASSERT_TRUE(zp_sync(peer));
	EXPECT_TRUE(zt_gets(pull, "1", ZT_LAST));
	EXPECT_TRUE(zt_gets(pull, "2", ZT_MORE));
	EXPECT_TRUE(zt_gets(pull, "3", ZT_LAST));
	EXPECT_EQ(0, zt_poll(pull, POLLIN, 100));
}

TEST_HARNESS_MAIN
