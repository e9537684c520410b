// SPDX-License-Identifier: GPL-2.0-only
/* inproc:// crosses processes, and stays in its network namespace. */
#include <fcntl.h>
#include <sched.h>
#include "kselftest_harness.h"
#include "fixture.h"

static int echo_server(void *arg)
{
	int fd = zt_listening(ZMQ_REP, "inproc://between processes",
			      (char[ZMQ_ENDPOINT_MAX]) { }), i;
	char buf[32];
	ssize_t n;

	if (fd < 0)
		return 1;
	for (i = 0; i < 100; i++) {
		n = recv(fd, buf, sizeof(buf), 0);
		if (n < 0 || zt_send(fd, buf, n, 0))
			return 2;
	}
	return 0;
}

TEST_F(zmq, it_connects_two_processes_in_either_order)
{
	int req = zt_connected(ZMQ_REQ, "inproc://between processes"), i;
	pid_t child = zt_child(echo_server, NULL);

	ASSERT_LE(0, req);
	for (i = 0; i < 100; i++) {
		ASSERT_EQ(0, zt_send(req, &i, sizeof(i), 0));
		ASSERT_TRUE(zt_got(req, &i, sizeof(i), ZT_LAST));
	}
	EXPECT_TRUE(zt_reap(child));
}

/* Each pattern at both ends, bound or connected by either. */
static const struct {
	int a, b;
	const char *topic;	/* what b subscribes to */
	bool back;		/* b answers */
} pairs[] = {
	{ ZMQ_PAIR, ZMQ_PAIR, NULL, true },
	{ ZMQ_PUSH, ZMQ_PULL, NULL, false },
	{ ZMQ_PUB, ZMQ_SUB, "", false },
	{ ZMQ_XPUB, ZMQ_SUB, "mes", false },
	{ ZMQ_PUB, ZMQ_XSUB, "m", false },
	{ ZMQ_XPUB, ZMQ_XSUB, "", false },
	{ ZMQ_REQ, ZMQ_REP, NULL, true },
	{ ZMQ_DEALER, ZMQ_DEALER, NULL, true },
};

static int want(int fd, int type, const char *topic)
{
	char text[32];

	if (type == ZMQ_SUB)
		return zt_settext(fd, ZMQ_SUBSCRIBE, topic);
	text[0] = 1;
	strcpy(text + 1, topic);
	return zt_send(fd, text, 1 + strlen(topic), 0);
}

static bool has_a_topic(void *arg)
{
	return zt_getint(*(int *)arg, ZMQ_TOPICS_COUNT) == 1;
}

TEST_F(zmq, every_pattern_works_bound_or_connected_first_or_last)
{
	int a, b, i, order;

	for (i = 0; i < 4 * ARRAY_SIZE(pairs); i++) {
		order = i % 4;
		a = zt_socket(pairs[i / 4].a);
		b = zt_socket(pairs[i / 4].b);
		if (pairs[i / 4].topic && order < 2)
			ASSERT_EQ(0, want(b, pairs[i / 4].b,
					  pairs[i / 4].topic));
		if (order & 1)
			ASSERT_EQ(0, zt_bind(order & 2 ? a : b, "inproc://t"));
		ASSERT_EQ(0, zt_connect(order & 2 ? b : a, "inproc://t"));
		if (!(order & 1))
			ASSERT_EQ(0, zt_bind(order & 2 ? a : b, "inproc://t"));
		if (pairs[i / 4].topic && order >= 2)
			ASSERT_EQ(0, want(b, pairs[i / 4].b,
					  pairs[i / 4].topic));
		/* Who is connected to announces what it wants when it can. */
		if (pairs[i / 4].topic)
			ASSERT_TRUE(zt_eventually(has_a_topic, &a));
		ASSERT_EQ(0, zt_puts(a, "message", MSG_MORE));
		ASSERT_EQ(0, zt_puts(a, "part 2", 0));
		ASSERT_TRUE(zt_gets(b, "message", ZT_MORE))
			TH_LOG("%d to %d, order %d", pairs[i / 4].a,
			       pairs[i / 4].b, order);
		ASSERT_TRUE(zt_gets(b, "part 2", ZT_LAST));
		if (pairs[i / 4].back) {
			ASSERT_EQ(0, zt_puts(b, "back", 0));
			ASSERT_TRUE(zt_gets(a, "back", ZT_LAST));
		}
		close(a);
		close(b);
	}
}

TEST_F(zmq, a_subscription_works_as_soon_as_the_call_returns)
{
	int pub = zt_listening(ZMQ_PUB, "inproc://at once", self->ep), i;
	int sub = zt_connected(ZMQ_SUB, self->ep);

	ASSERT_LE(0, pub);
	for (i = 0; i < 50; i++) {
		ASSERT_EQ(0, zt_settext(sub, ZMQ_SUBSCRIBE, "a"));
		ASSERT_EQ(0, zt_puts(pub, "a", 0));
		EXPECT_EQ(POLLIN, zt_poll(sub, POLLIN, 0));
		ASSERT_TRUE(zt_gets(sub, "a", ZT_LAST));
		ASSERT_EQ(0, zt_settext(sub, ZMQ_UNSUBSCRIBE, "a"));
		ASSERT_EQ(0, zt_puts(pub, "a", 0));
		EXPECT_EQ(0, zt_poll(sub, POLLIN, 0));
	}
}

TEST_F(zmq, a_name_is_bound_once_and_free_after_close_or_unbind)
{
	int a = zt_socket(ZMQ_PULL), b = zt_socket(ZMQ_PULL), i;

	for (i = 0; i < 10; i++) {
		ASSERT_EQ(0, zt_bind(a, "inproc://once"));
		EXPECT_EQ(-1, zt_bind(b, "inproc://once"));
		EXPECT_EQ(EADDRINUSE, errno);
		EXPECT_EQ(-1, zt_bind(a, "inproc://once"));
		EXPECT_EQ(EADDRINUSE, errno);
		ASSERT_EQ(0, zt_settext(a, ZMQ_UNBIND, "inproc://once"));
		ASSERT_EQ(0, zt_bind(b, "inproc://once"));
		close(b);
		b = zt_socket(ZMQ_PULL);
	}
}

TEST_F(zmq, names_are_exact_bytes)
{
	int a = zt_listening(ZMQ_PULL, "inproc://name", self->ep);
	int b = zt_listening(ZMQ_PULL, "inproc://Name", self->ep);
	int c = zt_listening(ZMQ_PULL, "inproc://name ", self->ep);
	int push = zt_connected(ZMQ_PUSH, "inproc://Name");

	ASSERT_LE(0, a);
	ASSERT_LE(0, b);
	ASSERT_LE(0, c);
	ASSERT_EQ(0, zt_puts(push, "x", 0));
	EXPECT_TRUE(zt_gets(b, "x", ZT_LAST));
	EXPECT_EQ(0, zt_poll(a, POLLIN, 0));
	EXPECT_EQ(0, zt_poll(c, POLLIN, 0));
}

TEST_F(zmq, unbind_keeps_existing_peers)
{
	int pull = zt_listening(ZMQ_PULL, "inproc://gone", self->ep);
	int push = zt_connected(ZMQ_PUSH, self->ep);

	ASSERT_LE(0, pull);
	ASSERT_EQ(0, zt_settext(pull, ZMQ_UNBIND, self->ep));
	ASSERT_EQ(0, zt_puts(push, "still", 0));
	EXPECT_TRUE(zt_gets(pull, "still", ZT_LAST));
}

TEST_F(zmq, disconnect_ends_it_for_both)
{
	int pull = zt_listening(ZMQ_PULL, "inproc://cut", self->ep);
	int push = zt_connected(ZMQ_PUSH, self->ep);

	ASSERT_LE(0, pull);
	ASSERT_EQ(0, zt_puts(push, "before", 0));
	ASSERT_EQ(0, zt_settext(push, ZMQ_DISCONNECT, self->ep));
	EXPECT_TRUE(zt_lacks(push, POLLOUT));
	EXPECT_TRUE(zt_gets(pull, "before", ZT_LAST));
	EXPECT_EQ(-1, zt_settext(push, ZMQ_DISCONNECT, self->ep));
	EXPECT_EQ(ENOENT, errno);
}

TEST_F(zmq, when_the_binder_closes_its_peers_have_none)
{
	int pull = zt_listening(ZMQ_PULL, "inproc://binder", self->ep);
	int push = zt_connected(ZMQ_PUSH, self->ep);

	ASSERT_LE(0, pull);
	ASSERT_EQ(0, zt_puts(push, "x", 0));
	close(pull);
	EXPECT_TRUE(zt_lacks(push, POLLOUT));
	EXPECT_EQ(0, zt_poll(push, POLLOUT, 0));
	EXPECT_EQ(-1, zt_puts(push, "x", MSG_DONTWAIT));
	EXPECT_EQ(EAGAIN, errno);
}

TEST_F(zmq, what_was_sent_can_be_read_after_the_sender_closed)
{
	int pull = zt_listening(ZMQ_PULL, "inproc://testament", self->ep);
	int push = zt_connected(ZMQ_PUSH, self->ep);

	ASSERT_LE(0, pull);
	ASSERT_EQ(10, zt_put_numbers(push, 10, 0));
	ASSERT_EQ(0, zt_puts(push, "no end", MSG_MORE));
	close(push);
	EXPECT_EQ(10, zt_get_numbers(pull, 10));
	EXPECT_EQ(0, zt_poll(pull, POLLIN, 0));
}

TEST_F(zmq, a_socket_may_talk_to_itself)
{
	int fd = zt_listening(ZMQ_DEALER, "inproc://self", self->ep), i;

	ASSERT_LE(0, fd);
	ASSERT_EQ(0, zt_connect(fd, self->ep));
	for (i = 0; i < 10; i++) {
		ASSERT_EQ(0, zt_send(fd, &i, sizeof(i), 0));
		ASSERT_TRUE(zt_got(fd, &i, sizeof(i), ZT_LAST));
	}
	close(fd);
	fd = zt_listening(ZMQ_DEALER, "inproc://self", self->ep);
	EXPECT_LE(0, fd);
}

TEST_F(zmq, rings_of_sockets_carry_and_close)
{
	char names[5][ZMQ_ENDPOINT_MAX];
	int fds[5], round, i;
	u32 token = 0;

	for (round = 0; round < 5; round++) {
		for (i = 0; i < 5; i++) {
			snprintf(names[i], sizeof(names[i]), "inproc://r%d", i);
			fds[i] = zt_listening(ZMQ_PAIR, names[i], names[i]);
			ASSERT_LE(0, fds[i]);
		}
		for (i = 0; i + 1 < 5; i += 2) {
			ASSERT_EQ(0, zt_connect(fds[i], names[i + 1]))
				TH_LOG("round %d", i);
		}
		ASSERT_EQ(0, zt_send(fds[0], &token, sizeof(token), 0));
		ASSERT_TRUE(zt_got(fds[1], &token, sizeof(token), ZT_LAST));
		for (i = 0; i < 5; i++)
			close(fds[(i + round) % 5]);
	}
}

TEST_F(zmq, names_belong_to_their_namespace)
{
	int here = zt_listening(ZMQ_PULL, "inproc://twice", self->ep);
	int push_here = zt_socket(ZMQ_PUSH), there, push_there, ns;

	ASSERT_LE(0, here);
	ns = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
	ASSERT_LE(0, ns);
	ASSERT_EQ(0, zt_netns());
	there = zt_listening(ZMQ_PULL, "inproc://twice", self->ep);
	ASSERT_LE(0, there);
	push_there = zt_connected(ZMQ_PUSH, "inproc://twice");
	/* A socket belongs where it was made, not where its user is now. */
	ASSERT_EQ(0, zt_connect(push_here, "inproc://twice"));
	ASSERT_EQ(0, zt_puts(push_here, "here", 0));
	ASSERT_EQ(0, zt_puts(push_there, "there", 0));
	EXPECT_TRUE(zt_gets(here, "here", ZT_LAST));
	EXPECT_TRUE(zt_gets(there, "there", ZT_LAST));
	EXPECT_EQ(0, zt_poll(here, POLLIN, 0));
	EXPECT_EQ(0, zt_poll(there, POLLIN, 0));
	ASSERT_EQ(0, setns(ns, CLONE_NEWNET));
}

static bool rows_gone(void *arg)
{
	return zt_proc_rows() == 0;
}

TEST_F(zmq, connects_that_never_meet_a_binder_leave_nothing)
{
	int i, fd;

	for (i = 0; i < 200; i++) {
		fd = zt_connected(ZMQ_PUSH, "inproc://never");
		ASSERT_LE(0, fd);
		ASSERT_EQ(0, zt_setint(fd, ZMQ_LINGER, 0));
		ASSERT_EQ(0, zt_puts(fd, "lost", 0));
		close(fd);
	}
	EXPECT_TRUE(zt_eventually(rows_gone, NULL));
	fd = zt_listening(ZMQ_PULL, "inproc://never", self->ep);
	ASSERT_LE(0, fd);
	EXPECT_EQ(0, zt_poll(fd, POLLIN, 50));
}

/* @fd's names become those of the socket @with, or new ones for -1. */
static int share_names(int fd, int with)
{
	return zt_setint(fd, ZMQ_INPROC_NS, with);
}

static bool carries(int push, int pull)
{
	return !zt_puts(push, "a message", 0) &&
	       zt_gets(pull, "a message", ZT_LAST);
}

TEST_F(zmq, equal_names_of_two_name_spaces_do_not_meet)
{
	int common = zt_listening(ZMQ_PULL, "inproc://twice", self->ep);
	int own = zt_socket(ZMQ_PULL), push = zt_socket(ZMQ_PUSH);

	ASSERT_EQ(0, share_names(own, -1));
	ASSERT_EQ(0, zt_bind(own, "inproc://twice"));
	ASSERT_EQ(0, share_names(push, own));
	ASSERT_EQ(0, zt_connect(push, "inproc://twice"));
	EXPECT_TRUE(carries(push, own));
	EXPECT_EQ(0, zt_poll(common, POLLIN, 0));
	push = zt_connected(ZMQ_PUSH, "inproc://twice");
	EXPECT_TRUE(carries(push, common));
	EXPECT_EQ(0, zt_poll(own, POLLIN, 0));
}

TEST_F(zmq, who_waits_for_a_name_waits_for_that_of_its_name_space)
{
	int push = zt_socket(ZMQ_PUSH), pull, late;

	ASSERT_EQ(0, share_names(push, -1));
	ASSERT_EQ(0, zt_connect(push, "inproc://late"));
	ASSERT_EQ(0, zt_puts(push, "a message", 0));
	pull = zt_listening(ZMQ_PULL, "inproc://late", self->ep);
	EXPECT_EQ(0, zt_poll(pull, POLLIN, 50));

	late = zt_socket(ZMQ_PULL);
	ASSERT_EQ(0, share_names(late, push));
	ASSERT_EQ(0, zt_bind(late, "inproc://late"));
	EXPECT_TRUE(zt_gets(late, "a message", ZT_LAST));
	EXPECT_EQ(0, zt_poll(pull, POLLIN, 0));
}

TEST_F(zmq, a_name_is_taken_and_given_back_in_its_name_space)
{
	int a = zt_socket(ZMQ_PULL), b = zt_socket(ZMQ_PULL);

	ASSERT_EQ(0, share_names(a, -1));
	ASSERT_EQ(0, share_names(b, a));
	ASSERT_EQ(0, zt_bind(a, "inproc://once"));
	EXPECT_EQ(-1, zt_bind(b, "inproc://once"));
	EXPECT_EQ(EADDRINUSE, errno);
	/* Where it has gone since does not matter. */
	ASSERT_EQ(0, share_names(a, -1));
	ASSERT_EQ(0, zt_bind(a, "inproc://once"));
	EXPECT_EQ(-1, zt_settext(b, ZMQ_UNBIND, "inproc://once"));
	EXPECT_EQ(ENOENT, errno);
	ASSERT_EQ(0, zt_settext(a, ZMQ_UNBIND, "inproc://once"));
	ASSERT_EQ(0, zt_bind(b, "inproc://once"));
	ASSERT_EQ(0, zt_settext(a, ZMQ_UNBIND, "inproc://once"));
	EXPECT_EQ(-1, zt_settext(a, ZMQ_UNBIND, "inproc://once"));
	EXPECT_EQ(ENOENT, errno);
}

TEST_F(zmq, peers_stay_when_a_socket_goes_to_another_name_space)
{
	int pull = zt_listening(ZMQ_PULL, "inproc://stay", self->ep);
	int push = zt_connected(ZMQ_PUSH, "inproc://stay");

	ASSERT_EQ(0, share_names(push, -1));
	EXPECT_TRUE(carries(push, pull));
	ASSERT_EQ(0, zt_settext(push, ZMQ_DISCONNECT, "inproc://stay"));
	ASSERT_EQ(0, zt_connect(push, "inproc://stay"));
	EXPECT_EQ(0, zt_poll(pull, POLLIN, 50));
}

TEST_F(zmq, a_name_space_has_a_number_and_ends_with_its_last_socket)
{
	int a = zt_socket(ZMQ_PULL), b = zt_socket(ZMQ_PUSH), i;

	EXPECT_EQ(0, zt_getint(a, ZMQ_INPROC_NS));
	for (i = 0; i < 10; i++) {
		ASSERT_EQ(0, share_names(a, -1));
		ASSERT_EQ(0, share_names(b, -1));
		EXPECT_LT(0, zt_getint(a, ZMQ_INPROC_NS));
		EXPECT_NE(zt_getint(a, ZMQ_INPROC_NS),
			  zt_getint(b, ZMQ_INPROC_NS));
		ASSERT_EQ(0, share_names(b, a));
		EXPECT_EQ(zt_getint(a, ZMQ_INPROC_NS),
			  zt_getint(b, ZMQ_INPROC_NS));
		ASSERT_EQ(0, share_names(a, a));
		ASSERT_EQ(0, zt_bind(a, "inproc://till the end"));
		close(a);
		a = zt_socket(ZMQ_PULL);
		ASSERT_EQ(0, share_names(a, b));
	}
	ASSERT_EQ(0, share_names(a, zt_socket(ZMQ_PAIR)));
	EXPECT_EQ(0, zt_getint(a, ZMQ_INPROC_NS));
}

TEST_F(zmq, only_a_socket_of_the_same_network_opens_its_name_space)
{
	int a = zt_socket(ZMQ_PULL), b, plain, file;

	plain = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	file = open("/dev/null", O_RDONLY | O_CLOEXEC);
	EXPECT_EQ(-1, share_names(a, plain));
	EXPECT_EQ(EAFNOSUPPORT, errno);
	EXPECT_EQ(-1, share_names(a, file));
	EXPECT_EQ(ENOTSOCK, errno);
	EXPECT_EQ(-1, share_names(a, 1000));
	EXPECT_EQ(EBADF, errno);
	EXPECT_EQ(-1, share_names(a, -2));
	EXPECT_EQ(EINVAL, errno);
	EXPECT_EQ(-1, setsockopt(a, SOL_ZMQ, ZMQ_INPROC_NS, &plain, 3));
	EXPECT_EQ(EINVAL, errno);
	EXPECT_EQ(0, zt_getint(a, ZMQ_INPROC_NS));

	ASSERT_EQ(0, share_names(a, -1));
	ASSERT_EQ(0, zt_netns());
	b = zt_socket(ZMQ_PUSH);
	EXPECT_EQ(-1, share_names(b, a));
	EXPECT_EQ(EXDEV, errno);
	close(plain);
	close(file);
}

static int connect_by_descriptor(void *arg)
{
	int push = zt_socket(ZMQ_PUSH);

	return share_names(push, *(int *)arg) ||
	       zt_connect(push, "inproc://invited") ||
	       zt_puts(push, "here I am", 0);
}

TEST_F(zmq, a_descriptor_is_the_invitation_for_another_user)
{
	int pull = zt_socket(ZMQ_PULL);

	ASSERT_EQ(0, share_names(pull, -1));
	ASSERT_EQ(0, zt_bind(pull, "inproc://invited"));
	EXPECT_TRUE(zt_as_nobody(connect_by_descriptor, &pull));
	EXPECT_TRUE(zt_gets(pull, "here I am", ZT_LAST));
}

/* The workers of sockets run when this task sleeps, not before. */
static int ahead_of_workers(void)
{
	const struct sched_param p = { .sched_priority = 1 };

	return sched_setscheduler(0, SCHED_FIFO, &p);
}

static bool both_are_up(void *arg)
{
	int up;

	zt_proc_sum("rx_msgs", &up);
	return up == 2;
}

TEST_F(zmq, who_meets_and_leaves_at_once_is_no_peer)
{
	static const int kinds[][2] = {
		{ ZMQ_SUB, ZMQ_PUB },
		{ ZMQ_ROUTER, ZMQ_DEALER },
		{ ZMQ_PUSH, ZMQ_PULL },
	};
	int a, b, c, i, up;

	ASSERT_EQ(0, ahead_of_workers());
	for (i = 0; i < 60; i++) {
		a = zt_connected(kinds[i % 3][0], "inproc://brief");
		b = zt_listening(kinds[i % 3][1], "inproc://brief", self->ep);
		ASSERT_EQ(0, zt_settext(a, ZMQ_DISCONNECT, "inproc://brief"));
		usleep(2000);
		zt_proc_sum("rx_msgs", &up);
		EXPECT_EQ(0, up);
		/* A peer that was left behind would be found now. */
		ASSERT_EQ(0, zt_bind(a, "inproc://again"));
		c = zt_connected(kinds[i % 3][1], "inproc://again");
		ASSERT_LE(0, c);
		EXPECT_TRUE(zt_eventually(both_are_up, NULL));
		close(a);
		close(b);
		close(c);
	}
}

TEST_F(zmq, who_met_and_left_leaves_nothing_at_a_socket_that_closes)
{
	int i, pull, push;

	ASSERT_EQ(0, ahead_of_workers());
	for (i = 0; i < 100; i++) {
		pull = zt_listening(ZMQ_PULL, "inproc://brief", self->ep);
		push = zt_connected(ZMQ_PUSH, "inproc://brief");
		ASSERT_LE(0, push);
		ASSERT_EQ(0, zt_puts(push, "never read", 0));
		close(push);
		close(pull);
	}
	EXPECT_TRUE(zt_eventually(rows_gone, NULL));
	EXPECT_EQ(100, zt_counter("ZmqRxDropClosed"));
}

TEST_HARNESS_MAIN
