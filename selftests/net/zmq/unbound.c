// SPDX-License-Identifier: GPL-2.0-only
/* inproc:// connections whose name is not bound yet. */
#include <sched.h>
#include <time.h>
#include "kselftest_harness.h"
#include "fixture.h"

static int handover_router(void)
{
	int router = zt_socket(ZMQ_ROUTER);

	return router < 0 || zt_setint(router, ZMQ_ROUTER_HANDOVER, 1) ?
	       -1 : router;
}

static int connect_as(int router, const char *id, const char *endpoint)
{
	return zt_settext(router, ZMQ_CONNECT_ROUTING_ID, id) ?:
	       zt_connect(router, endpoint);
}

/* The name of one who waits is bound before the socket has come to detach it. */
TEST_F(zmq, who_is_replaced_while_it_waits_may_meet_a_binder)
{
	const struct sched_param urgent = { .sched_priority = 10 };
	int router, old, new, i;

	/* No worker comes in between on this processor. */
	ASSERT_EQ(0, sched_setscheduler(0, SCHED_FIFO, &urgent));
	for (i = 0; i < 20; i++) {
		router = handover_router();
		old = zt_socket(ZMQ_DEALER);
		new = zt_socket(ZMQ_DEALER);
		ASSERT_LE(0, router);
		ASSERT_EQ(0, connect_as(router, "A", "inproc://old"));
		ASSERT_EQ(0, connect_as(router, "A", "inproc://new"));
		ASSERT_EQ(0, zt_bind(old, "inproc://old"));
		ASSERT_EQ(0, zt_bind(new, "inproc://new"));
		ASSERT_EQ(0, zt_puts(router, "A", MSG_MORE));
		ASSERT_EQ(0, zt_puts(router, "to the new one", 0));
		EXPECT_TRUE(zt_gets(new, "to the new one", ZT_LAST));
		EXPECT_TRUE(zt_lacks(old, POLLOUT));
		EXPECT_EQ(0, zt_poll(old, POLLIN, 0));
		close(router);
		close(old);
		close(new);
	}
}

static bool rows_gone(void *arg)
{
	return zt_proc_rows() == 0;
}

TEST_F(zmq, what_waits_is_delivered_though_its_sender_has_closed)
{
	int push = zt_connected(ZMQ_PUSH, "inproc://later"), pull;

	ASSERT_EQ(20, zt_put_numbers(push, 20, 0));
	close(push);
	pull = zt_listening(ZMQ_PULL, "inproc://later", self->ep);
	ASSERT_LE(0, pull);
	EXPECT_EQ(20, zt_get_numbers(pull, 20));
	close(pull);
	EXPECT_TRUE(zt_eventually(rows_gone, NULL));
}

TEST_F(zmq, what_waits_is_delivered_after_disconnect)
{
	int push = zt_connected(ZMQ_PUSH, "inproc://later"), pull;

	ASSERT_EQ(20, zt_put_numbers(push, 20, 0));
	ASSERT_EQ(0, zt_settext(push, ZMQ_DISCONNECT, "inproc://later"));
	EXPECT_EQ(0, zt_poll(push, POLLOUT, 0));
	pull = zt_listening(ZMQ_PULL, "inproc://later", self->ep);
	ASSERT_LE(0, pull);
	EXPECT_EQ(20, zt_get_numbers(pull, 20));
}

TEST_F(zmq, what_waits_is_given_up_when_linger_is_over)
{
	int push = zt_connected(ZMQ_PUSH, "inproc://later"), pull;

	ASSERT_EQ(0, zt_setint(push, ZMQ_LINGER, 500));
	ASSERT_EQ(20, zt_put_numbers(push, 20, 0));
	close(push);
	EXPECT_EQ(1, zt_proc_rows());
	EXPECT_TRUE(zt_eventually(rows_gone, NULL));
	EXPECT_EQ(20, zt_counter("ZmqTxDropConn"));
	pull = zt_listening(ZMQ_PULL, "inproc://later", self->ep);
	ASSERT_LE(0, pull);
	EXPECT_EQ(0, zt_poll(pull, POLLIN, 50));
}

TEST_F(zmq, what_waits_is_charged_to_nobody_when_it_is_gone)
{
	int push, pull, i;

	for (i = 0; i < 20; i++) {
		push = zt_connected(ZMQ_PUSH, "inproc://later");
		ASSERT_LE(0, push);
		ASSERT_EQ(0, zt_setint(push, ZMQ_LINGER, i % 2 ? 10 : 10000));
		ASSERT_EQ(20, zt_put_numbers(push, 20, 0));
		close(push);
		if (i % 3)
			continue;
		pull = zt_listening(ZMQ_PULL, "inproc://later", self->ep);
		ASSERT_LE(0, pull);
		close(pull);
	}
	pull = zt_listening(ZMQ_PULL, "inproc://later", self->ep);
	close(pull);
	EXPECT_TRUE(zt_eventually(rows_gone, NULL));
}

static bool twenty_dropped(void *arg)
{
	return zt_counter("ZmqTxDropConn") == 20;
}

TEST_F(zmq, what_disconnect_has_left_is_given_up_by_a_close_without_linger)
{
	int push = zt_connected(ZMQ_PUSH, "inproc://later"), pull;

	ASSERT_EQ(20, zt_put_numbers(push, 20, 0));
	ASSERT_EQ(0, zt_settext(push, ZMQ_DISCONNECT, "inproc://later"));
	EXPECT_EQ(0, zt_counter("ZmqTxDropConn"));
	ASSERT_EQ(0, zt_setint(push, ZMQ_LINGER, 0));
	close(push);
	EXPECT_TRUE(zt_eventually(twenty_dropped, NULL));
	EXPECT_TRUE(zt_eventually(rows_gone, NULL));
	pull = zt_listening(ZMQ_PULL, "inproc://later", self->ep);
	ASSERT_LE(0, pull);
	EXPECT_EQ(0, zt_poll(pull, POLLIN, 50));
}

TEST_F(zmq, what_disconnect_has_left_outlives_a_close_with_linger)
{
	int push = zt_connected(ZMQ_PUSH, "inproc://later"), pull;

	ASSERT_EQ(20, zt_put_numbers(push, 20, 0));
	ASSERT_EQ(0, zt_settext(push, ZMQ_DISCONNECT, "inproc://later"));
	close(push);
	pull = zt_listening(ZMQ_PULL, "inproc://later", self->ep);
	ASSERT_LE(0, pull);
	EXPECT_EQ(20, zt_get_numbers(pull, 20));
}

TEST_F(zmq, who_waits_for_a_name_behind_a_close_is_an_orphan)
{
	int push = zt_connected(ZMQ_PUSH, "inproc://later");

	ASSERT_EQ(0, zt_sysctl("orphans_max", "0"));
	ASSERT_EQ(20, zt_put_numbers(push, 20, 0));
	close(push);
	EXPECT_TRUE(zt_eventually(twenty_dropped, NULL));
	EXPECT_TRUE(zt_eventually(rows_gone, NULL));
	EXPECT_EQ(1, zt_counter("ZmqOrphanLimit"));
}

TEST_F(zmq, many_that_wait_arrive_in_order)
{
	int push = zt_socket(ZMQ_PUSH), pull = zt_socket(ZMQ_PULL);

	ASSERT_EQ(0, zt_setint(push, ZMQ_SNDHWM, 0));
	ASSERT_EQ(0, zt_setint(pull, ZMQ_RCVHWM, 0));
	ASSERT_EQ(0, zt_connect(push, "inproc://later"));
	ASSERT_EQ(3000, zt_put_numbers(push, 3000, 0));
	ASSERT_EQ(0, zt_bind(pull, "inproc://later"));
	EXPECT_EQ(3000, zt_get_numbers(pull, 3000));
	ASSERT_EQ(10, zt_put_numbers(push, 10, 0));
	EXPECT_EQ(10, zt_get_numbers(pull, 10));
}

/* libzmq checks no types here either, and PUSH and PUB read what they get. */
TEST_F(zmq, who_sends_to_one_that_only_sends_is_never_full)
{
	static const int pairs[][2] = {
		{ ZMQ_DEALER, ZMQ_PUSH }, { ZMQ_XSUB, ZMQ_PUB },
		{ ZMQ_XSUB, ZMQ_PUSH }, { ZMQ_DEALER, ZMQ_PUB },
	};
	int from, to, i;

	for (i = 0; i < ARRAY_SIZE(pairs); i++) {
		to = zt_socket(pairs[i][1]);
		from = zt_socket(pairs[i][0]);
		ASSERT_EQ(0, zt_setint(to, ZMQ_RCVHWM, 10));
		ASSERT_EQ(0, zt_setint(from, ZMQ_SNDHWM, 10));
		ASSERT_EQ(0, zt_bind(to, "inproc://deaf"));
		ASSERT_EQ(0, zt_connect(from, "inproc://deaf"));
		EXPECT_EQ(100, zt_put_numbers(from, 100, MSG_DONTWAIT))
			TH_LOG("%d to %d", pairs[i][0], pairs[i][1]);
		close(from);
		close(to);
	}
}

static u64 now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000000ULL + t.tv_nsec;
}

/* The quickest of many, which nobody was preempted in. */
static u64 bind_ns(int fd)
{
	u64 best = ~0ULL, begin, took;
	int i;

	for (i = 0; i < 50; i++) {
		begin = now_ns();
		if (zt_bind(fd, "inproc://mine"))
			return 0;
		took = now_ns() - begin;
		if (took < best)
			best = took;
		if (zt_settext(fd, ZMQ_UNBIND, "inproc://mine"))
			return 0;
	}
	return best;
}

TEST_F(zmq, who_waits_for_other_names_costs_a_binder_nothing)
{
	int pull = zt_socket(ZMQ_PULL), push = zt_socket(ZMQ_PUSH), i;
	u64 alone = bind_ns(pull), among;
	char name[32];

	ASSERT_LT(0, alone);
	for (i = 0; i < 20000; i++) {
		snprintf(name, sizeof(name), "inproc://strange %d", i);
		ASSERT_EQ(0, zt_connect(push, name));
	}
	among = bind_ns(pull);
	ASSERT_LT(0, among);
	EXPECT_GT(2 * alone, among)
		TH_LOG("%llu ns alone, %llu ns among them",
		       (unsigned long long)alone, (unsigned long long)among);
}

TEST_HARNESS_MAIN
