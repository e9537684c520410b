// SPDX-License-Identifier: GPL-2.0-only
/* Who may do what, and how much of it: net.zmq.*, ports. */
#include <fcntl.h>
#include <sys/ioctl.h>
#include "kselftest_harness.h"
#include "fixture.h"

static int try_socket(void)
{
	return socket(zt_family(), SOCK_SEQPACKET | SOCK_CLOEXEC, ZMQ_PULL);
}

static int fails_to_create(void *arg)
{
	return !(try_socket() == -1 && errno == EACCES);
}

static int creates(void *arg)
{
	return try_socket() < 0;
}

TEST_F(zmq, create_group_range_says_who_may_create_sockets)
{
	/* Everybody, until it is changed. */
	EXPECT_TRUE(zt_as_nobody(creates, NULL));
	ASSERT_EQ(0, zt_sysctl("create_group_range", "1 0"));
	EXPECT_TRUE(zt_as_nobody(fails_to_create, NULL));
	/* CAP_NET_ADMIN may, whatever the range is. */
	EXPECT_LE(0, try_socket());
	ASSERT_EQ(0, zt_sysctl("create_group_range", "1 65533"));
	EXPECT_TRUE(zt_as_nobody(fails_to_create, NULL));
	ASSERT_EQ(0, zt_sysctl("create_group_range", "65534 65534"));
	EXPECT_TRUE(zt_as_nobody(creates, NULL));
}

TEST_F(zmq, sockets_max_counts_what_is_open)
{
	int fds[3], i;

	ASSERT_EQ(0, zt_sysctl("sockets_max", "2"));
	for (i = 0; i < 3; i++) {
		fds[i] = try_socket();
		EXPECT_EQ(i < 2, fds[i] >= 0);
	}
	EXPECT_EQ(ENFILE, errno);
	EXPECT_EQ(2, zt_counter("ZmqSocketsInUse"));
	close(fds[0]);
	EXPECT_LE(0, try_socket());
}

TEST_F(zmq, hwm_max_caps_defaults_and_refuses_more)
{
	int fd;

	ASSERT_EQ(0, zt_sysctl("hwm_max", "10"));
	fd = zt_socket(ZMQ_PAIR);
	EXPECT_EQ(10, zt_getint(fd, ZMQ_SNDHWM));
	EXPECT_EQ(10, zt_getint(fd, ZMQ_RCVHWM));
	EXPECT_EQ(0, zt_setint(fd, ZMQ_SNDHWM, 9));
	EXPECT_EQ(-1, zt_setint(fd, ZMQ_SNDHWM, 11));
	EXPECT_EQ(EPERM, errno);
	EXPECT_EQ(-1, zt_setint(fd, ZMQ_RCVHWM, 0));
	EXPECT_EQ(EPERM, errno);
	EXPECT_EQ(9, zt_getint(fd, ZMQ_SNDHWM));
	EXPECT_EQ(10, zt_getint(fd, ZMQ_RCVHWM));
}

TEST_F(zmq, holders_of_half_open_places_do_not_keep_peers_out)
{
	int pull, silent[8], peer, i;

	ASSERT_EQ(0, zt_sysctl("handshakes_max", "4"));
	pull = zt_listening(ZMQ_PULL, "tcp://127.0.0.1:*", self->ep);
	ASSERT_LE(0, pull);
	for (i = 0; i < 8; i++) {
		silent[i] = zp_dial(zt_port(self->ep), 0);
		ASSERT_LE(0, silent[i]);
		ASSERT_EQ(0, zp_greet(silent[i], 1));
	}
	for (i = 0; i < 4; i++)
		EXPECT_TRUE(zp_closed(silent[i])) TH_LOG("number %d", i);
	EXPECT_EQ(4, zt_counter("ZmqHandshakeLimit"));
	for (i = 0; i < 10; i++) {
		peer = zp_peer(zt_port(self->ep), "PUSH", "PULL");
		ASSERT_LE(0, peer);
		ASSERT_EQ(0, zp_puts(peer, 0, "in"));
		EXPECT_TRUE(zt_gets(pull, "in", ZT_LAST));
	}
}

static int close_with_unsent(void)
{
	int fd = zt_connected(ZMQ_PUSH, "tcp://127.0.0.1:1");

	return zt_setint(fd, ZMQ_LINGER, 500) || zt_puts(fd, "x", 0) ||
	       close(fd);
}

static bool no_orphan(void *arg)
{
	return !zt_counter("ZmqOrphans");
}

TEST_F(zmq, orphans_max_limits_what_drains)
{
	ASSERT_EQ(0, zt_sysctl("orphans_max", "1"));
	ASSERT_EQ(0, close_with_unsent());
	EXPECT_EQ(1, zt_counter("ZmqOrphans"));
	EXPECT_EQ(0, zt_counter("ZmqOrphanLimit"));
	ASSERT_EQ(0, close_with_unsent());
	EXPECT_EQ(1, zt_counter("ZmqOrphanLimit"));
	EXPECT_TRUE(zt_counts("ZmqLingerDrop", 1));
	EXPECT_TRUE(zt_eventually(no_orphan, NULL));
}

TEST_F(zmq, linger_max_ms_bounds_an_endless_linger)
{
	int fd = zt_connected(ZMQ_PUSH, "tcp://127.0.0.1:1");

	ASSERT_EQ(0, zt_sysctl("linger_max_ms", "50"));
	ASSERT_EQ(0, zt_setint(fd, ZMQ_LINGER, -1));
	ASSERT_EQ(0, zt_puts(fd, "x", 0));
	close(fd);
	EXPECT_TRUE(zt_counts("ZmqLingerDrop", 0));
}

TEST_F(zmq, max_msg_bytes_bounds_every_socket)
{
	int pull, peer;

	ASSERT_EQ(0, zt_sysctl("max_msg_bytes", "3"));
	pull = zt_listening(ZMQ_PULL, "tcp://127.0.0.1:*", self->ep);
	ASSERT_LE(0, pull);
	peer = zp_peer(zt_port(self->ep), "PUSH", "PULL");
	ASSERT_EQ(0, zp_puts(peer, 0, "abc"));
	ASSERT_EQ(0, zp_puts(peer, 0, "abcd"));
	EXPECT_TRUE(zt_gets(pull, "abc", ZT_LAST));
	EXPECT_TRUE(zp_closed(peer));
	EXPECT_EQ(1, zt_counter("ZmqRxTooBig"));
}

TEST_F(zmq, mem_belongs_to_the_first_namespace_alone)
{
	EXPECT_EQ(-1, zt_sysctl("mem", "1 1 1"));
	EXPECT_EQ(ENOENT, errno);
}

TEST_F(zmq, values_that_make_no_sense_are_refused)
{
	static const struct {
		const char *name;
		const char *value;
	} bad[] = {
		{ "create_group_range", "-1 5" },
		{ "create_group_range", "0 4294967295" },
		{ "handshakes_max", "0" },
		{ "hwm_max", "-1" },
		{ "orphans_max", "-1" },
		{ "sockets_max", "-1" },
		{ "sockets_max", "many" },
	};
	int i;

	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		EXPECT_EQ(-1, zt_sysctl(bad[i].name, bad[i].value))
			TH_LOG("row %d", i);
		EXPECT_EQ(EINVAL, errno) TH_LOG("row %d", i);
	}
	EXPECT_LE(0, try_socket());
}

static int bind_80(void *arg)
{
	int fd = zt_socket(ZMQ_REP);

	if (zt_bind(fd, "tcp://127.0.0.1:80") != -1 || errno != EACCES)
		return 1;
	/* It changed nothing: an allowed port can be had. */
	return zt_bind(fd, "tcp://127.0.0.1:*");
}

TEST_F(zmq, privileged_ports_are_for_the_privileged)
{
	int fd = zt_socket(ZMQ_REP);

	EXPECT_TRUE(zt_as_nobody(bind_80, NULL));
	EXPECT_EQ(0, zt_bind(fd, "tcp://127.0.0.1:80"));
}

static int set_mark(void *arg)
{
	int fd = try_socket(), mark = 7;

	return !(setsockopt(fd, SOL_SOCKET, SO_MARK, &mark, sizeof(mark)) == -1 &&
		 errno == EPERM);
}

TEST_F(zmq, marks_are_for_the_privileged)
{
	EXPECT_TRUE(zt_as_nobody(set_mark, NULL));
}

TEST_HARNESS_MAIN
