// SPDX-License-Identifier: GPL-2.0-only
/* Sockets that user space made: ZMQ_USE_FD and ZMQ_ATTACH_FD. */
#include <sys/un.h>
#include "kselftest_harness.h"
#include "fixture.h"

static bool carries(int push, int pull)
{
	return !zt_puts(push, "by its fd", 0) &&
	       zt_gets(pull, "by its fd", ZT_LAST);
}

static int unix_listener(const char *name)
{
	struct sockaddr_un un = { .sun_family = AF_UNIX };
	socklen_t len = offsetof(struct sockaddr_un, sun_path) + 1 + strlen(name);
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	strcpy(un.sun_path + 1, name);
	if (bind(fd, (struct sockaddr *)&un, len) || listen(fd, 8))
		return -1;
	return fd;
}

TEST_F(zmq, a_tcp_listener_is_used)
{
	int pull = zt_socket(ZMQ_PULL), push, port, fd = zp_listen(0, &port);
	char want[ZMQ_ENDPOINT_MAX];

	ASSERT_EQ(0, zt_setint(pull, ZMQ_USE_FD, fd));
	EXPECT_EQ(fd, zt_getint(pull, ZMQ_USE_FD));
	ASSERT_EQ(0, zt_bind_any(pull, "tcp://127.0.0.1:*", self->ep));
	snprintf(want, sizeof(want), "tcp://127.0.0.1:%d", port);
	EXPECT_EQ(0, strcmp(want, self->ep));
	push = zt_connected(ZMQ_PUSH, self->ep);
	EXPECT_TRUE(carries(push, pull));
}

TEST_F(zmq, a_unix_listener_is_used)
{
	int pull = zt_socket(ZMQ_PULL), push, fd = unix_listener("given");

	ASSERT_EQ(0, zt_setint(pull, ZMQ_USE_FD, fd));
	ASSERT_EQ(0, zt_bind_any(pull, "ipc://@whatever", self->ep));
	EXPECT_EQ(0, strcmp("ipc://@given", self->ep));
	push = zt_connected(ZMQ_PUSH, self->ep);
	EXPECT_TRUE(carries(push, pull));
}

static bool has_lost(void *arg)
{
	return zt_counter("ZmqDisconnects") >= *(long *)arg;
}

/* Socket activation: the manager keeps the listener, services come and go. */
TEST_F(zmq, the_next_service_gets_who_came_between)
{
	int port, fd = zp_listen(0, &port), pull, push;
	long i;

	push = zt_socket(ZMQ_PUSH);
	ASSERT_LE(0, push);
	snprintf(self->ep, sizeof(self->ep), "tcp://127.0.0.1:%d", port);
	ASSERT_EQ(0, zt_connect(push, self->ep));
	for (i = 0; i < 3; i++) {
		/* What is sent into a dying connection is lost with it. */
		ASSERT_TRUE(zt_eventually(has_lost, &i));
		ASSERT_EQ(0, zt_puts(push, "kept", 0));
		pull = zt_socket(ZMQ_PULL);
		ASSERT_EQ(0, zt_setint(pull, ZMQ_USE_FD, fd));
		ASSERT_EQ(0, zt_bind(pull, self->ep));
		EXPECT_TRUE(zt_gets(pull, "kept", ZT_LAST));
		close(pull);
	}
}

TEST_F(zmq, what_was_accepted_elsewhere_still_wakes_its_owner)
{
	int port, fd = zp_listen(0, &port), pull, peer, client;

	pull = zt_socket(ZMQ_PULL);
	ASSERT_EQ(0, zt_setint(pull, ZMQ_USE_FD, fd));
	ASSERT_EQ(0, zt_bind_any(pull, "tcp://*:*", self->ep));
	close(pull);
	client = zp_dial(port, 0);
	ASSERT_LE(0, client);
	peer = zp_accept(fd);
	ASSERT_LE(0, peer);
	ASSERT_EQ(0, zp_write(client, "x", 1));
	EXPECT_TRUE(zt_becomes(peer, POLLIN));
}

TEST_F(zmq, what_cannot_listen_is_refused)
{
	int pull = zt_socket(ZMQ_PULL), pair[2], port, i;
	struct {
		int fd;
		int error;
	} cases[] = {
		{ 1000, EBADF },
		{ 0, ENOTSOCK },
		{ socket(AF_INET, SOCK_STREAM, 0), EINVAL },
		{ socket(AF_UNIX, SOCK_DGRAM, 0), EPROTOTYPE },
		{ socket(AF_NETLINK, SOCK_RAW, 0), EAFNOSUPPORT },
		{ pull, EAFNOSUPPORT },
		{ unix_listener("other"), EINVAL },
	};
	ASSERT_EQ(0, pipe(pair));
	cases[1].fd = pair[0];
	for (i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		EXPECT_EQ(-1, zt_setint(pull, ZMQ_USE_FD, cases[i].fd) ?:
			      zt_bind(pull, "tcp://127.0.0.1:*"));
		EXPECT_EQ(cases[i].error, errno)
			TH_LOG("case %d", i);
	}
	ASSERT_EQ(0, zt_setint(pull, ZMQ_USE_FD, -1));
	EXPECT_EQ(0, zt_bind(pull, "tcp://127.0.0.1:*"));
	EXPECT_EQ(-1, zt_setint(pull, ZMQ_USE_FD, -2));
	EXPECT_EQ(EINVAL, errno);
	EXPECT_LE(0, zp_listen(0, &port));
}

TEST_F(zmq, a_socketpair_is_a_connection)
{
	int pull = zt_socket(ZMQ_PULL), push = zt_socket(ZMQ_PUSH), pair[2];

	ASSERT_EQ(0, socketpair(AF_UNIX, SOCK_STREAM, 0, pair));
	ASSERT_EQ(0, zt_setint(pull, ZMQ_ATTACH_FD, pair[0]));
	ASSERT_EQ(0, zt_setint(push, ZMQ_ATTACH_FD, pair[1]));
	close(pair[0]);
	close(pair[1]);
	EXPECT_TRUE(carries(push, pull));
	EXPECT_TRUE(carries(push, pull));
}

TEST_F(zmq, a_stream_of_numbers_keeps_its_order_through_a_socketpair)
{
	int pull = zt_socket(ZMQ_PULL), push = zt_socket(ZMQ_PUSH), pair[2];
	const u32 count = 900;

	ASSERT_EQ(0, socketpair(AF_UNIX, SOCK_STREAM, 0, pair));
	ASSERT_EQ(0, zt_setint(pull, ZMQ_ATTACH_FD, pair[0]));
	ASSERT_EQ(0, zt_setint(push, ZMQ_ATTACH_FD, pair[1]));
	ASSERT_TRUE(zt_becomes(push, POLLOUT));
	EXPECT_EQ(count, zt_put_numbers(push, count, 0));
	EXPECT_EQ(count, zt_get_numbers(pull, count));
}

TEST_F(zmq, a_tcp_stream_is_a_connection)
{
	int port, fd = zp_listen(0, &port), client, peer;
	int pull = zt_socket(ZMQ_PULL);

	client = zp_dial(port, 0);
	peer = zp_accept(fd);
	ASSERT_LE(0, peer);
	ASSERT_EQ(0, zt_setint(pull, ZMQ_ATTACH_FD, peer));
	ASSERT_EQ(0, zp_handshake(client, "PUSH", "PULL"));
	ASSERT_EQ(0, zp_puts(client, 0, "hello"));
	EXPECT_TRUE(zt_gets(pull, "hello", ZT_LAST));
	EXPECT_TRUE(zp_sync(client));
	/* The file is still open, but the connection ends. */
	close(pull);
	EXPECT_TRUE(zp_closed(client));
}

TEST_F(zmq, what_came_before_the_attaching_counts)
{
	int pull = zt_socket(ZMQ_PULL), pair[2];
	unsigned char greeting[ZP_GREETING];

	ASSERT_EQ(0, socketpair(AF_UNIX, SOCK_STREAM, 0, pair));
	zp_greeting(greeting, 1, "NULL");
	ASSERT_EQ(0, zp_write(pair[0], greeting, sizeof(greeting)));
	ASSERT_EQ(0, zt_setint(pull, ZMQ_ATTACH_FD, pair[1]));
	EXPECT_EQ(0, zp_read(pair[0], greeting, sizeof(greeting)));
}

TEST_F(zmq, a_full_queue_stops_the_stream_and_goes_on)
{
	int pull = zt_socket(ZMQ_PULL), push = zt_socket(ZMQ_PUSH), pair[2];
	static char block[30000];
	long sent, got = 0;
	int flags;

	ASSERT_EQ(0, zt_setint(pull, ZMQ_RCVHWM, 4));
	ASSERT_EQ(0, zt_setint(push, ZMQ_SNDHWM, 4));
	ASSERT_EQ(0, socketpair(AF_UNIX, SOCK_STREAM, 0, pair));
	ASSERT_EQ(0, zt_setint(pull, ZMQ_ATTACH_FD, pair[0]));
	ASSERT_EQ(0, zt_setint(push, ZMQ_ATTACH_FD, pair[1]));
	ASSERT_TRUE(zt_becomes(push, POLLOUT));
	sent = zt_fill(push, block, sizeof(block), 10000);
	EXPECT_LT(8, sent);
	EXPECT_GT(1000, sent);
	while (got < sent && zt_recv(pull, block, sizeof(block), 0, &flags) ==
	       sizeof(block))
		got++;
	EXPECT_EQ(sent, got);
	EXPECT_TRUE(zt_becomes(push, POLLOUT));
	EXPECT_TRUE(carries(push, pull));
}

#ifndef IPPROTO_MPTCP
#define IPPROTO_MPTCP	262
#endif

/* It looks like TCP from outside, and has nothing of it inside. */
TEST_F(zmq, a_listener_of_another_protocol_of_ip_is_refused)
{
	struct sockaddr_in in = { .sin_family = AF_INET };
	int fd = socket(AF_INET, SOCK_STREAM, IPPROTO_MPTCP);
	int pull = zt_socket(ZMQ_PULL);

	if (fd < 0)
		SKIP(return, "the kernel has no MPTCP: %m");
	ASSERT_EQ(0, bind(fd, (struct sockaddr *)&in, sizeof(in)));
	ASSERT_EQ(0, listen(fd, 8));
	ASSERT_EQ(0, zt_setint(pull, ZMQ_USE_FD, fd));
	EXPECT_EQ(-1, zt_bind(pull, "tcp://127.0.0.1:*"));
	EXPECT_EQ(EPROTONOSUPPORT, errno);
}

TEST_F(zmq, what_is_no_connected_stream_is_refused)
{
	int pull = zt_socket(ZMQ_PULL), pair[2], port, i;
	struct {
		int fd;
		int error;
	} cases[] = {
		{ 1000, EBADF },
		{ -1, EINVAL },
		{ socket(AF_INET, SOCK_STREAM, 0), ENOTCONN },
		{ zp_listen(0, &port), ENOTCONN },
		{ socket(AF_INET, SOCK_DGRAM, 0), EPROTOTYPE },
		{ pull, EAFNOSUPPORT },
		{ -1, EPROTOTYPE },
	};
	ASSERT_EQ(0, socketpair(AF_UNIX, SOCK_SEQPACKET, 0, pair));
	cases[6].fd = pair[0];
	for (i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		EXPECT_EQ(-1, zt_setint(pull, ZMQ_ATTACH_FD, cases[i].fd));
		EXPECT_EQ(cases[i].error, errno)
			TH_LOG("case %d", i);
	}
}

TEST_HARNESS_MAIN
