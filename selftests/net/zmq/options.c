// SPDX-License-Identifier: GPL-2.0-only
/* Level SOL_ZMQ: sizes, defaults, ranges, who may set and get what. */
#include <limits.h>
#include <sys/time.h>
#include "kselftest_harness.h"
#include "fixture.h"

struct int_option {
	int option;
	int initial;
	int good[3];
	int bad[3];	/* 0 where there is none: 0 is always allowed */
};

static const struct int_option int_options[] = {
	{ ZMQ_SNDBUF, -1, { 0, 4096, -1 }, { -2, INT_MIN } },
	{ ZMQ_RCVBUF, -1, { 0, 4096, -1 }, { -2, INT_MIN } },
	{ ZMQ_LINGER, -1, { 0, 1, -1 }, { -2, INT_MIN } },
	{ ZMQ_RECONNECT_IVL, 100, { 0, 1, -1 }, { -2, INT_MIN } },
	{ ZMQ_BACKLOG, 100, { 0, 1, 5 }, { -1, INT_MIN } },
	{ ZMQ_RECONNECT_IVL_MAX, 0, { 1, 5000, 0 }, { -1, INT_MIN } },
	{ ZMQ_SNDHWM, 1000, { 1, 100000, 0 }, { -1, INT_MIN } },
	{ ZMQ_RCVHWM, 1000, { 1, 100000, 0 }, { -1, INT_MIN } },
	{ ZMQ_RCVTIMEO, -1, { 0, 100, -1 }, { -2, INT_MIN } },
	{ ZMQ_SNDTIMEO, -1, { 0, 100, -1 }, { -2, INT_MIN } },
	{ ZMQ_TCP_KEEPALIVE, -1, { 0, 1, -1 }, { -2, 2 } },
	{ ZMQ_TCP_KEEPALIVE_CNT, -1, { 1, 5, -1 }, { -2, INT_MIN } },
	{ ZMQ_TCP_KEEPALIVE_IDLE, -1, { 1, 5, -1 }, { -2, INT_MIN } },
	{ ZMQ_TCP_KEEPALIVE_INTVL, -1, { 1, 5, -1 }, { -2, INT_MIN } },
	{ ZMQ_IMMEDIATE, 0, { 1, 0, 1 }, { -1, 2 } },
	{ ZMQ_IPV6, 0, { 1, 0, 1 }, { -1, 2 } },
	{ ZMQ_TOS, 0, { 0x10, 0xb8, 0 }, { -1, INT_MIN } },
	{ ZMQ_USE_FD, -1, { -1, -1, -1 }, { -2, INT_MIN } },
	{ ZMQ_HANDSHAKE_IVL, 30000, { 0, 1, 5000 }, { -1, INT_MIN } },
	{ ZMQ_HEARTBEAT_IVL, 0, { 1, 5000, 0 }, { -1, INT_MIN } },
	{ ZMQ_HEARTBEAT_TTL, 0, { 100, 6553500, 0 }, { -1, 6553600 } },
	{ ZMQ_HEARTBEAT_TIMEOUT, -1, { 0, 5000, -1 }, { -2, INT_MIN } },
	{ ZMQ_RECONNECT_STOP, 0, { 1, 7, 0 }, { -1, 8 } },
	{ ZMQ_MONITOR, ZMQ_EVENT_ALL, { 1, ZMQ_EVENT_RESOLVE, ZMQ_EVENT_ALL }, { -1, 0x10000 } },
	{ ZMQ_RESOLVE, 0, { 1, 0, 1 }, { -1, 2 } },
	{ ZMQ_CONNECT_TIMEOUT, 0, { 1, 5000, 0 }, { -1, INT_MIN } },
	{ ZMQ_TCP_MAXRT, 0, { 1, 5000, 0 }, { -1, INT_MIN } },
};

static int plain_socket(int pattern)
{
	return socket(zt_family(), SOCK_SEQPACKET, pattern);
}

TEST_F(zmq, ints_start_at_libzmqs_defaults)
{
	int fd = plain_socket(ZMQ_DEALER), i;

	ASSERT_LE(0, fd);
	for (i = 0; i < ARRAY_SIZE(int_options); i++) {
		EXPECT_EQ(int_options[i].initial,
			  zt_getint(fd, int_options[i].option))
			TH_LOG("option %d", int_options[i].option);
	}
	EXPECT_EQ(0, zt_getint(fd, ZMQ_RCVMORE));
	EXPECT_EQ(0, zt_getint(fd, ZMQ_MECHANISM));
	EXPECT_EQ(1, zt_getint(fd, ZMQ_THREAD_SAFE));
}

TEST_F(zmq, ints_keep_good_values_and_refuse_bad_ones)
{
	const struct int_option *o;
	int fd, i, j;

	for (i = 0; i < ARRAY_SIZE(int_options); i++) {
		o = &int_options[i];
		fd = plain_socket(ZMQ_DEALER);
		ASSERT_LE(0, fd);
		for (j = 0; j < 3; j++) {
			EXPECT_EQ(0, zt_setint(fd, o->option, o->good[j]))
				TH_LOG("option %d = %d", o->option, o->good[j]);
			EXPECT_EQ(o->good[j], zt_getint(fd, o->option))
				TH_LOG("option %d", o->option);
		}
		for (j = 0; j < 3; j++) {
			if (!o->bad[j])
				continue;
			EXPECT_EQ(-1, zt_setint(fd, o->option, o->bad[j]))
				TH_LOG("option %d = %d", o->option, o->bad[j]);
			EXPECT_EQ(EINVAL, errno);
		}
		EXPECT_EQ(o->good[2], zt_getint(fd, o->option))
			TH_LOG("option %d after refusals", o->option);
		close(fd);
	}
}

TEST_F(zmq, ints_have_four_bytes)
{
	static const socklen_t bad[] = { 0, 1, 2, 3, 5, 8 };
	const struct int_option *o;
	int fd = plain_socket(ZMQ_DEALER), i, j;
	char value[8] = { };
	socklen_t len;

	ASSERT_LE(0, fd);
	for (i = 0; i < ARRAY_SIZE(int_options); i++) {
		o = &int_options[i];
		for (j = 0; j < ARRAY_SIZE(bad); j++) {
			EXPECT_EQ(-1, setsockopt(fd, SOL_ZMQ, o->option, value,
						 bad[j]))
				TH_LOG("option %d, %u bytes", o->option, bad[j]);
			EXPECT_EQ(EINVAL, errno);
		}
		len = 2;
		EXPECT_EQ(-1, getsockopt(fd, SOL_ZMQ, o->option, value, &len));
		EXPECT_EQ(EINVAL, errno);
		EXPECT_EQ(o->initial, zt_getint(fd, o->option));
	}
}

TEST_F(zmq, a_bad_pointer_is_efault)
{
	int fd = plain_socket(ZMQ_DEALER);
	socklen_t len = sizeof(int);

	EXPECT_EQ(-1, setsockopt(fd, SOL_ZMQ, ZMQ_SNDHWM, (void *)1,
				 sizeof(int)));
	EXPECT_EQ(EFAULT, errno);
	EXPECT_EQ(-1, getsockopt(fd, SOL_ZMQ, ZMQ_SNDHWM, (void *)1, &len));
	EXPECT_EQ(EFAULT, errno);
	EXPECT_EQ(-1, setsockopt(fd, SOL_ZMQ, ZMQ_ROUTING_ID, (void *)1, 5));
	EXPECT_EQ(EFAULT, errno);
	EXPECT_EQ(-1, setsockopt(fd, SOL_ZMQ, ZMQ_CONNECT, (void *)1, 20));
	EXPECT_EQ(EFAULT, errno);
}

TEST_F(zmq, linger_of_subscribers_starts_at_zero)
{
	EXPECT_EQ(0, zt_getint(plain_socket(ZMQ_SUB), ZMQ_LINGER));
	EXPECT_EQ(0, zt_getint(plain_socket(ZMQ_XSUB), ZMQ_LINGER));
	EXPECT_EQ(-1, zt_getint(plain_socket(ZMQ_PUB), ZMQ_LINGER));
	EXPECT_EQ(-1, zt_getint(plain_socket(ZMQ_PUSH), ZMQ_LINGER));
}

TEST_F(zmq, wide_ones_have_eight_bytes)
{
	int fd = plain_socket(ZMQ_PUSH);
	u64 affinity = 1;
	s64 max = 0;
	socklen_t len = sizeof(max);

	ASSERT_EQ(0, getsockopt(fd, SOL_ZMQ, ZMQ_MAXMSGSIZE, &max, &len));
	EXPECT_EQ(8, len);
	EXPECT_EQ(-1, max);
	max = 100000;
	EXPECT_EQ(0, setsockopt(fd, SOL_ZMQ, ZMQ_MAXMSGSIZE, &max,
				sizeof(max)));
	EXPECT_EQ(-1, setsockopt(fd, SOL_ZMQ, ZMQ_MAXMSGSIZE, &max, 4));
	EXPECT_EQ(EINVAL, errno);
	max = 0;
	ASSERT_EQ(0, getsockopt(fd, SOL_ZMQ, ZMQ_MAXMSGSIZE, &max, &len));
	EXPECT_EQ(100000, max);

	len = sizeof(affinity);
	ASSERT_EQ(0, getsockopt(fd, SOL_ZMQ, ZMQ_AFFINITY, &affinity, &len));
	EXPECT_EQ(0, affinity);
	affinity = 3;
	EXPECT_EQ(0, setsockopt(fd, SOL_ZMQ, ZMQ_AFFINITY, &affinity,
				sizeof(affinity)));
	EXPECT_EQ(-1, setsockopt(fd, SOL_ZMQ, ZMQ_AFFINITY, &affinity, 4));
	EXPECT_EQ(EINVAL, errno);
}

TEST_F(zmq, a_routing_id_has_1_to_255_bytes)
{
	int fd = plain_socket(ZMQ_DEALER);
	unsigned char id[300], got[300];
	socklen_t len = sizeof(got);

	zt_pattern(id, sizeof(id), 1);
	ASSERT_EQ(0, getsockopt(fd, SOL_ZMQ, ZMQ_ROUTING_ID, got, &len));
	EXPECT_EQ(0, len);
	EXPECT_EQ(-1, setsockopt(fd, SOL_ZMQ, ZMQ_ROUTING_ID, id, 0));
	EXPECT_EQ(EINVAL, errno);
	EXPECT_EQ(-1, setsockopt(fd, SOL_ZMQ, ZMQ_ROUTING_ID, id, 256));
	EXPECT_EQ(EINVAL, errno);
	EXPECT_EQ(0, setsockopt(fd, SOL_ZMQ, ZMQ_ROUTING_ID, id, 1));
	EXPECT_EQ(0, setsockopt(fd, SOL_ZMQ, ZMQ_ROUTING_ID, id, 255));
	len = sizeof(got);
	ASSERT_EQ(0, getsockopt(fd, SOL_ZMQ, ZMQ_ROUTING_ID, got, &len));
	ASSERT_EQ(255, len);
	EXPECT_EQ(0, memcmp(id, got, 255));
	len = 254;
	EXPECT_EQ(-1, getsockopt(fd, SOL_ZMQ, ZMQ_ROUTING_ID, got, &len));
	EXPECT_EQ(EINVAL, errno);
}

TEST_F(zmq, what_can_only_be_read_cannot_be_set)
{
	static const int get_only[] = {
		ZMQ_RCVMORE, ZMQ_FD, ZMQ_EVENTS, ZMQ_TYPE, ZMQ_LAST_ENDPOINT,
		ZMQ_MECHANISM, ZMQ_THREAD_SAFE,
	};
	int fd = plain_socket(ZMQ_DEALER), i;

	for (i = 0; i < ARRAY_SIZE(get_only); i++) {
		EXPECT_EQ(-1, zt_setint(fd, get_only[i], 1))
			TH_LOG("option %d", get_only[i]);
		EXPECT_EQ(EINVAL, errno);
	}
	EXPECT_EQ(ZMQ_DEALER, zt_getint(fd, ZMQ_TYPE));
}

TEST_F(zmq, what_can_only_be_set_cannot_be_read)
{
	static const struct {
		int pattern;
		int option;
	} set_only[] = {
		{ ZMQ_SUB, ZMQ_SUBSCRIBE }, { ZMQ_SUB, ZMQ_UNSUBSCRIBE },
		{ ZMQ_ROUTER, ZMQ_ROUTER_MANDATORY },
		{ ZMQ_ROUTER, ZMQ_ROUTER_HANDOVER },
		{ ZMQ_ROUTER, ZMQ_CONNECT_ROUTING_ID },
		{ ZMQ_ROUTER, ZMQ_ROUTER_RAW },
		{ ZMQ_STREAM, ZMQ_STREAM_NOTIFY },
		{ ZMQ_STREAM, ZMQ_CONNECT_ROUTING_ID },
		{ ZMQ_DEALER, ZMQ_PROBE_ROUTER },
		{ ZMQ_REQ, ZMQ_REQ_CORRELATE }, { ZMQ_REQ, ZMQ_REQ_RELAXED },
		{ ZMQ_XPUB, ZMQ_XPUB_VERBOSE }, { ZMQ_XPUB, ZMQ_XPUB_VERBOSER },
		{ ZMQ_XPUB, ZMQ_XPUB_NODROP }, { ZMQ_XPUB, ZMQ_XPUB_MANUAL },
		{ ZMQ_XPUB, ZMQ_XPUB_WELCOME_MSG },
		{ ZMQ_PULL, ZMQ_BIND }, { ZMQ_PULL, ZMQ_CONNECT },
		{ ZMQ_PULL, ZMQ_UNBIND }, { ZMQ_PULL, ZMQ_DISCONNECT },
	};
	int fd, i;

	for (i = 0; i < ARRAY_SIZE(set_only); i++) {
		fd = plain_socket(set_only[i].pattern);
		ASSERT_LE(0, fd);
		errno = 0;
		EXPECT_EQ(INT_MIN, zt_getint(fd, set_only[i].option));
		EXPECT_EQ(EINVAL, errno)
			TH_LOG("option %d", set_only[i].option);
		close(fd);
	}
}

TEST_F(zmq, a_patterns_own_options_belong_to_it)
{
	static const struct {
		int option;
		int owner;
		int stranger;
	} own[] = {
		{ ZMQ_ROUTER_MANDATORY, ZMQ_ROUTER, ZMQ_DEALER },
		{ ZMQ_ROUTER_HANDOVER, ZMQ_ROUTER, ZMQ_DEALER },
		{ ZMQ_ROUTER_RAW, ZMQ_ROUTER, ZMQ_STREAM },
		{ ZMQ_STREAM_NOTIFY, ZMQ_STREAM, ZMQ_ROUTER },
		{ ZMQ_PROBE_ROUTER, ZMQ_DEALER, ZMQ_PULL },
		{ ZMQ_PROBE_ROUTER, ZMQ_ROUTER, ZMQ_PUB },
		{ ZMQ_REQ_CORRELATE, ZMQ_REQ, ZMQ_REP },
		{ ZMQ_REQ_RELAXED, ZMQ_REQ, ZMQ_DEALER },
		{ ZMQ_XPUB_VERBOSE, ZMQ_XPUB, ZMQ_SUB },
		{ ZMQ_XPUB_VERBOSER, ZMQ_XPUB, ZMQ_XSUB },
		{ ZMQ_XPUB_NODROP, ZMQ_PUB, ZMQ_PUSH },
		{ ZMQ_XPUB_NODROP, ZMQ_XPUB, ZMQ_PUSH },
		{ ZMQ_XPUB_MANUAL, ZMQ_XPUB, ZMQ_SUB },
		{ ZMQ_XPUB_MANUAL, ZMQ_PUB, ZMQ_XSUB },
	};
	int owner, stranger, i;

	for (i = 0; i < ARRAY_SIZE(own); i++) {
		owner = plain_socket(own[i].owner);
		stranger = plain_socket(own[i].stranger);
		EXPECT_EQ(0, zt_setint(owner, own[i].option, 1))
			TH_LOG("option %d", own[i].option);
		EXPECT_EQ(-1, zt_setint(owner, own[i].option, -1))
			TH_LOG("option %d = -1", own[i].option);
		EXPECT_EQ(EINVAL, errno);
		EXPECT_EQ(-1, zt_setint(stranger, own[i].option, 1))
			TH_LOG("option %d", own[i].option);
		EXPECT_EQ(EINVAL, errno);
		close(owner);
		close(stranger);
	}
	stranger = plain_socket(ZMQ_PULL);
	EXPECT_EQ(-1, zt_settext(stranger, ZMQ_SUBSCRIBE, "a"));
	EXPECT_EQ(EINVAL, errno);
	EXPECT_EQ(-1, zt_settext(stranger, ZMQ_UNSUBSCRIBE, "a"));
	EXPECT_EQ(EINVAL, errno);
}

TEST_F(zmq, unknown_ones_do_not_exist)
{
	static const int unknown[] = { -1, 0, 1, 3, 10, 20, 26, 999, 1100 };
	int fd = plain_socket(ZMQ_DEALER), i;

	for (i = 0; i < ARRAY_SIZE(unknown); i++) {
		EXPECT_EQ(-1, zt_setint(fd, unknown[i], 0))
			TH_LOG("option %d", unknown[i]);
		EXPECT_EQ(ENOPROTOOPT, errno);
		EXPECT_EQ(INT_MIN, zt_getint(fd, unknown[i]));
		EXPECT_EQ(ENOPROTOOPT, errno);
	}
}

TEST_F(zmq, zmq_fd_is_not_needed)
{
	int fd = plain_socket(ZMQ_DEALER);

	EXPECT_EQ(INT_MIN, zt_getint(fd, ZMQ_FD));
	EXPECT_EQ(EINVAL, errno);
}

TEST_F(zmq, timeouts_are_those_of_sol_socket)
{
	int fd = plain_socket(ZMQ_DEALER);
	struct timeval tv = { };
	socklen_t len = sizeof(tv);

	ASSERT_EQ(0, zt_setint(fd, ZMQ_RCVTIMEO, 2500));
	ASSERT_EQ(0, getsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &tv, &len));
	EXPECT_EQ(2, tv.tv_sec);
	EXPECT_LE(490000, tv.tv_usec);
	EXPECT_GE(510000, tv.tv_usec);
	tv.tv_sec = 3;
	tv.tv_usec = 0;
	ASSERT_EQ(0, setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &tv, sizeof(tv)));
	EXPECT_EQ(3000, zt_getint(fd, ZMQ_SNDTIMEO));
}

TEST_F(zmq, device_names_have_to_fit)
{
	int fd = plain_socket(ZMQ_DEALER);
	char name[17], long_name[17];
	socklen_t len = sizeof(name);

	memset(long_name, 'x', sizeof(long_name));
	EXPECT_EQ(-1, setsockopt(fd, SOL_ZMQ, ZMQ_BINDTODEVICE, long_name,
				 sizeof(long_name)));
	EXPECT_EQ(EINVAL, errno);
	EXPECT_EQ(0, zt_settext(fd, ZMQ_BINDTODEVICE, "lo"));
	ASSERT_EQ(0, getsockopt(fd, SOL_ZMQ, ZMQ_BINDTODEVICE, name, &len));
	EXPECT_EQ(3, len);
	EXPECT_STREQ("lo", name);
}

TEST_HARNESS_MAIN
