// SPDX-License-Identifier: GPL-2.0-only
/* ZMQ_CONFLATE: a peer's queue holds its last message only. */
#include <stdlib.h>
#include "kselftest_harness.h"
#include "fixture.h"

static int conflating(int pattern)
{
	int fd = zt_socket(pattern);

	return zt_setint(fd, ZMQ_CONFLATE, 1) ? -1 : fd;
}

struct arrivals {
	int	peers;
	long	msgs;
};

/* So many peers are up and have sent so many messages altogether. */
static bool arrived(void *arg)
{
	struct arrivals *want = arg;
	int up;

	return zt_proc_sum("rx", &up) == want->msgs && up == want->peers;
}

static bool wait_arrived(int peers, long msgs)
{
	struct arrivals want = { peers, msgs };

	return zt_eventually(arrived, &want);
}

TEST_F(zmq_over, a_receiver_reads_the_last_message_only)
{
	int pull = conflating(ZMQ_PULL), push = zt_socket(ZMQ_PUSH);

	ASSERT_LE(0, pull);
	ASSERT_EQ(0, zt_setint(pull, ZMQ_RCVHWM, 1));
	ASSERT_EQ(0, zt_bind_any(pull, variant->bind, self->ep));
	ASSERT_EQ(0, zt_connect(push, self->ep));
	ASSERT_EQ(100, zt_put_numbers(push, 100, 0));
	ASSERT_TRUE(wait_arrived(2, 100));
	EXPECT_TRUE(zt_becomes(pull, POLLIN));
	EXPECT_TRUE(zt_got(pull, &(u32){ 99 }, sizeof(u32), ZT_LAST));
	EXPECT_EQ(0, zt_poll(pull, POLLIN, 0));
	ASSERT_EQ(3, zt_put_numbers(push, 3, 0));
	ASSERT_TRUE(wait_arrived(2, 103));
	EXPECT_TRUE(zt_got(pull, &(u32){ 2 }, sizeof(u32), ZT_LAST));
	EXPECT_EQ(0, zt_poll(pull, POLLIN, 0));
}

TEST_F(zmq_over, messages_of_several_frames_stay_whole)
{
	int sub = conflating(ZMQ_SUB);
	int xpub = zt_listening(ZMQ_XPUB, variant->bind, self->ep), i;

	ASSERT_LE(0, sub);
	ASSERT_EQ(0, setsockopt(sub, SOL_ZMQ, ZMQ_SUBSCRIBE, "t", 1));
	ASSERT_EQ(0, zt_connect(sub, self->ep));
	ASSERT_TRUE(zt_gets(xpub, "\1t", ZT_LAST));
	for (i = 0; i < 20; i++) {
		char body[] = { 'a' + i, 0 };

		ASSERT_EQ(0, zt_puts(xpub, "t", MSG_MORE));
		ASSERT_EQ(0, zt_puts(xpub, body, MSG_MORE));
		ASSERT_EQ(0, zt_puts(xpub, "", 0));
	}
	ASSERT_TRUE(wait_arrived(2, 20));
	EXPECT_TRUE(zt_gets(sub, "t", ZT_MORE));
	/* What is being read stays, and what comes meanwhile is next. */
	ASSERT_EQ(0, zt_puts(xpub, "t1", 0));
	ASSERT_EQ(0, zt_puts(xpub, "t2", 0));
	ASSERT_TRUE(wait_arrived(2, 22));
	EXPECT_TRUE(zt_gets(sub, "t", ZT_MORE));
	EXPECT_TRUE(zt_gets(sub, "", ZT_LAST));
	EXPECT_TRUE(zt_gets(sub, "t2", ZT_LAST));
	EXPECT_EQ(0, zt_poll(sub, POLLIN, 0));
}

TEST_F(zmq_over, each_peer_has_a_last_message)
{
	int pull = conflating(ZMQ_PULL), a, b, got, flags;
	char buf[8];

	ASSERT_LE(0, pull);
	ASSERT_EQ(0, zt_bind_any(pull, variant->bind, self->ep));
	a = zt_connected(ZMQ_PUSH, self->ep);
	b = zt_connected(ZMQ_PUSH, self->ep);
	ASSERT_EQ(0, zt_puts(a, "a1", 0));
	ASSERT_EQ(0, zt_puts(b, "b1", 0));
	ASSERT_EQ(0, zt_puts(a, "a2", 0));
	ASSERT_EQ(0, zt_puts(b, "b2", 0));
	ASSERT_TRUE(wait_arrived(4, 4));
	for (got = 0; got < 2; got++) {
		ASSERT_EQ(2, zt_recv(pull, buf, sizeof(buf), 0, &flags));
		EXPECT_EQ('2', buf[1]);
	}
	EXPECT_EQ(0, zt_poll(pull, POLLIN, 0));
}

/* What waits for a peer that is not there yet. */
TEST_F(zmq_over, a_sender_keeps_the_last_message_and_never_waits)
{
	int push = conflating(ZMQ_PUSH), pull, port = zt_free_port();

	ASSERT_LE(0, push);
	if (strncmp(variant->bind, "inproc", 6))
		snprintf(self->ep, sizeof(self->ep), "tcp://127.0.0.1:%d", port);
	else
		strcpy(self->ep, variant->bind);
	ASSERT_EQ(0, zt_setint(push, ZMQ_SNDHWM, 1));
	ASSERT_EQ(0, zt_connect(push, self->ep));
	ASSERT_EQ(1000, zt_put_numbers(push, 1000, MSG_DONTWAIT));
	EXPECT_TRUE(zt_becomes(push, POLLOUT));
	pull = zt_socket(ZMQ_PULL);
	ASSERT_EQ(0, zt_bind(pull, self->ep));
	EXPECT_TRUE(zt_got(pull, &(u32){ 999 }, sizeof(u32), ZT_LAST));
	EXPECT_EQ(0, zt_poll(pull, POLLIN, 0));
}

/* A peer that does not read: TCP takes what it takes, of the rest one stays. */
TEST_F(zmq, a_sender_to_a_full_peer_keeps_the_last_message)
{
	int push = conflating(ZMQ_PUSH), listener, port, peer;
	static char body[100000];
	struct zp_frame *f = malloc(sizeof(*f));
	u32 i, n = 0, last = 0;

	ASSERT_LE(0, push);
	listener = zp_listen(4096, &port);
	ASSERT_LE(0, listener);
	snprintf(self->ep, sizeof(self->ep), "tcp://127.0.0.1:%d", port);
	ASSERT_EQ(0, zt_connect(push, self->ep));
	peer = zp_accept_peer(listener, "PULL", "PUSH");
	ASSERT_LE(0, peer);
	for (i = 0; i < 400; i++) {
		memcpy(body, &i, sizeof(i));
		ASSERT_EQ(0, zt_send(push, body, 60000, MSG_DONTWAIT));
	}
	while (last != 399 && !zp_recv(peer, f)) {
		ASSERT_EQ(60000, f->len);
		memcpy(&i, f->body, sizeof(i));
		ASSERT_TRUE(!n || i > last);
		last = i;
		n++;
	}
	EXPECT_EQ(399, last);
	EXPECT_GT(400, n);
	free(f);
}

/* Its marks do not count: what it replaces takes no room. */
TEST_F(zmq, a_receiver_over_inproc_never_fills_the_sender)
{
	int pull = conflating(ZMQ_PULL), push = zt_socket(ZMQ_PUSH);

	ASSERT_LE(0, pull);
	ASSERT_EQ(0, zt_setint(pull, ZMQ_RCVHWM, 1));
	ASSERT_EQ(0, zt_setint(push, ZMQ_SNDHWM, 1));
	ASSERT_EQ(0, zt_bind(pull, "inproc://a"));
	ASSERT_EQ(0, zt_connect(push, "inproc://a"));
	ASSERT_EQ(100, zt_put_numbers(push, 100, MSG_DONTWAIT));
	EXPECT_TRUE(zt_got(pull, &(u32){ 99 }, sizeof(u32), ZT_LAST));
	EXPECT_EQ(0, zt_poll(pull, POLLIN, 0));
}

TEST_F(zmq, types_that_may_lose_nothing_ignore_it)
{
	int router = conflating(ZMQ_ROUTER), dealer = zt_socket(ZMQ_DEALER);
	char id[16];
	int i, flags;

	ASSERT_LE(0, router);
	ASSERT_EQ(0, zt_bind(router, "inproc://a"));
	ASSERT_EQ(0, zt_connect(dealer, "inproc://a"));
	ASSERT_EQ(10, zt_put_numbers(dealer, 10, 0));
	for (i = 0; i < 10; i++) {
		ASSERT_EQ(5, zt_recv(router, id, sizeof(id), 0, &flags));
		EXPECT_TRUE(zt_got(router, &(u32){ i }, sizeof(u32), ZT_LAST));
	}
}

TEST_HARNESS_MAIN
