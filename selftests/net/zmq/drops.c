// SPDX-License-Identifier: GPL-2.0-only
/* Whatever is dropped or refused has a reason, which is counted and traced. */
#include <ctype.h>
#include <fcntl.h>
#include "kselftest_harness.h"
#include "fixture.h"

#define TRACING	"/sys/kernel/tracing"

/**
 * struct reason - a reason and how to bring it about
 * @name: of the counter, and in the tracepoint
 * @provoke: 0 if all went as it should
 */
struct reason {
	const char *name;
	int (*provoke)(void);
};

static char ep[ZMQ_ENDPOINT_MAX];

/* An AF_ZMQ socket that listens, and a raw peer of it. */
static int with_peer(int pattern, const char *theirs, const char *ours,
		     int *peer)
{
	int fd = zt_listening(pattern, "tcp://127.0.0.1:*", ep);

	if (fd < 0)
		return -1;
	*peer = zp_peer(zt_port(ep), theirs, ours);
	return *peer < 0 ? -1 : fd;
}

static int refused_connect(void)
{
	return zt_connected(ZMQ_PUSH, "tcp://127.0.0.1:1") < 0;
}

static int peer_leaves(void)
{
	int peer;

	if (with_peer(ZMQ_PULL, "PUSH", "PULL", &peer) < 0 || !zp_sync(peer))
		return -1;
	return close(peer);
}

static int send_instead_of_handshake(const void *data, size_t len)
{
	int fd = zt_listening(ZMQ_PULL, "tcp://127.0.0.1:*", ep);
	int peer = zp_dial(zt_port(ep), 0);

	return fd < 0 || peer < 0 || zp_write(peer, data, len) ||
	       !zp_closed(peer);
}

static int no_zmtp(void)
{
	char greeting[ZP_GREETING] = "\xff\0\0\0\0\0\0\0\1\x7f\3\1NULL";
	static const char command[] = "\4\0";
	char all[sizeof(greeting) + 2];

	memcpy(all, greeting, sizeof(greeting));
	memcpy(all + sizeof(greeting), command, 2);
	return send_instead_of_handshake(all, sizeof(all));
}

static int other_mechanism(void)
{
	char greeting[ZP_GREETING] = "\xff\0\0\0\0\0\0\0\1\x7f\3\1STRANGE";

	return send_instead_of_handshake(greeting, sizeof(greeting));
}

static int unfitting_type(void)
{
	int fd = zt_listening(ZMQ_PULL, "tcp://127.0.0.1:*", ep);
	int peer = zp_dial(zt_port(ep), 0);

	if (fd < 0 || peer < 0)
		return -1;
	zp_handshake(peer, "PUB", "PULL");
	return !zp_closed(peer);
}

static int second_peer_of_pair(void)
{
	int first, second;

	if (with_peer(ZMQ_PAIR, "PAIR", "PAIR", &first) < 0 || !zp_sync(first))
		return -1;
	second = zp_dial(zt_port(ep), 0);
	zp_handshake(second, "PAIR", "PAIR");
	return !zp_closed(second);
}

static int peer_says_error(void)
{
	int fd = zt_listening(ZMQ_PULL, "tcp://127.0.0.1:*", ep);
	int peer = zp_dial(zt_port(ep), 0);

	return fd < 0 || zp_greet(peer, 1) ||
	       zp_command(peer, "ERROR", "\4oops", 5) || !zp_closed(peer);
}

static int silent_peer(void)
{
	int fd = zt_socket(ZMQ_PULL), peer;

	if (zt_setint(fd, ZMQ_HANDSHAKE_IVL, 50) ||
	    zt_bind_any(fd, "tcp://127.0.0.1:*", ep))
		return -1;
	peer = zp_dial(zt_port(ep), 0);
	return !zp_closed(peer);
}

static int peer_hangs_up(void)
{
	int fd = zt_listening(ZMQ_PULL, "tcp://127.0.0.1:*", ep);
	int peer = zp_dial(zt_port(ep), 0);

	return fd < 0 || zp_greet(peer, 1) || close(peer);
}

static int too_many_handshakes(void)
{
	int fd, first, second;

	if (zt_sysctl("handshakes_max", "1"))
		return -1;
	fd = zt_listening(ZMQ_PULL, "tcp://127.0.0.1:*", ep);
	first = zp_dial(zt_port(ep), 0);
	if (fd < 0 || first < 0 || zp_greet(first, 1))
		return -1;
	second = zp_peer(zt_port(ep), "PUSH", "PULL");
	return second < 0 || !zp_closed(first) ||
	       zt_sysctl("handshakes_max", "1024");
}

static int subscribed_pub(int *peer)
{
	int fd = zt_socket(ZMQ_PUB);

	if (zt_setint(fd, ZMQ_SNDHWM, 1) || zt_setint(fd, ZMQ_SNDBUF, 4096) ||
	    zt_bind_any(fd, "tcp://127.0.0.1:*", ep))
		return -1;
	*peer = zp_dial(zt_port(ep), 4096);
	if (zp_handshake(*peer, "SUB", "PUB") ||
	    zp_command(*peer, "SUBSCRIBE", NULL, 0) || !zp_sync(*peer))
		return -1;
	return fd;
}

static int full_peer(void)
{
	static const char body[16384];
	long before = zt_counter("ZmqTxDropFull");
	int peer, fd = subscribed_pub(&peer), i;

	for (i = 0; fd >= 0 && i < 2000; i++) {
		if (zt_send(fd, body, sizeof(body), 0))
			return -1;
		if (zt_counter("ZmqTxDropFull") > before)
			return 0;
	}
	return -1;
}

static int nobody_subscribed(void)
{
	int fd = zt_listening(ZMQ_PUB, "tcp://127.0.0.1:*", ep);

	return fd < 0 || zt_puts(fd, "unheard", 0);
}

static int peer_dies_with_a_queue(void)
{
	static const char body[65536];
	int fd = zt_socket(ZMQ_PUSH), port = 0, peer, listener, i;

	if (zt_setint(fd, ZMQ_IMMEDIATE, 1) || zt_setint(fd, ZMQ_SNDBUF, 4096))
		return -1;
	listener = zp_listen(4096, &port);
	snprintf(ep, sizeof(ep), "tcp://127.0.0.1:%d", port);
	if (listener < 0 || zt_connect(fd, ep))
		return -1;
	peer = zp_accept_peer(listener, "PULL", "PUSH");
	if (peer < 0)
		return -1;
	for (i = 0; i < 100; i++)
		if (zt_send(fd, body, sizeof(body), 0))
			return -1;
	return close(peer);
}

static int close_unsent(const char *ep, int linger)
{
	int fd = zt_connected(ZMQ_PUSH, ep);

	return zt_setint(fd, ZMQ_LINGER, linger) || zt_puts(fd, "unsent", 0) ||
	       close(fd);
}

static int linger_is_over(void)
{
	return close_unsent("tcp://127.0.0.1:1", 50);
}

static int no_linger(void)
{
	return close_unsent("tcp://127.0.0.1:1", 0);
}

static int unmet_inproc_is_closed(void)
{
	return close_unsent("inproc://nobody", 0);
}

static int linger_for_a_name_is_over(void)
{
	return close_unsent("inproc://nobody", 50);
}

static int not_subscribed(void)
{
	int peer, fd = with_peer(ZMQ_SUB, "PUB", "SUB", &peer);

	return fd < 0 || zp_puts(peer, 0, "unwanted") || !zp_sync(peer) ||
	       zt_poll(fd, POLLIN, 0);
}

static int no_envelope(void)
{
	int peer, fd = with_peer(ZMQ_REP, "REQ", "REP", &peer);

	return fd < 0 || zp_puts(peer, 0, "no envelope") || !zp_sync(peer) ||
	       zt_poll(fd, POLLIN, 0);
}

static int push_receives(void)
{
	int peer, fd = with_peer(ZMQ_PUSH, "PULL", "PUSH", &peer);

	return fd < 0 || zp_puts(peer, 0, "wrong way") || !zp_sync(peer);
}

static int reply_without_request(void)
{
	int peer, fd = with_peer(ZMQ_REQ, "REP", "REQ", &peer);

	return fd < 0 || zp_send(peer, ZP_MORE, NULL, 0) ||
	       zp_puts(peer, 0, "early") || !zp_sync(peer) ||
	       zt_puts(fd, "request", 0);
}

static int peer_dies_between_parts(void)
{
	int peer, fd = with_peer(ZMQ_PULL, "PUSH", "PULL", &peer);

	return fd < 0 || zp_puts(peer, ZP_MORE, "part") || !zp_sync(peer) ||
	       close(peer);
}

static int close_unread(void)
{
	int peer, fd = with_peer(ZMQ_PULL, "PUSH", "PULL", &peer);

	return fd < 0 || zp_puts(peer, 0, "unread") || !zp_sync(peer) ||
	       !zt_becomes(fd, POLLIN) || close(fd);
}

static int too_many_topics(void)
{
	int peer, fd;

	if (zt_sysctl("peer_subscriptions_max", "1"))
		return -1;
	fd = with_peer(ZMQ_PUB, "SUB", "PUB", &peer);
	return fd < 0 || zp_command(peer, "SUBSCRIBE", "a", 1) ||
	       zp_command(peer, "SUBSCRIBE", "b", 1) || !zp_sync(peer);
}

static int reader_is_slow(void)
{
	int fd = zt_socket(ZMQ_PULL), peer;

	if (zt_setint(fd, ZMQ_RCVHWM, 1) ||
	    zt_bind_any(fd, "tcp://127.0.0.1:*", ep))
		return -1;
	peer = zp_peer(zt_port(ep), "PUSH", "PULL");
	return zp_puts(peer, 0, "1") || zp_puts(peer, 0, "2") ||
	       zp_puts(peer, 0, "3");
}

static int too_large(void)
{
	int fd = zt_socket(ZMQ_PULL), peer;
	const s64 max = 3;

	if (setsockopt(fd, SOL_ZMQ, ZMQ_MAXMSGSIZE, &max, sizeof(max)) ||
	    zt_bind_any(fd, "tcp://127.0.0.1:*", ep))
		return -1;
	peer = zp_peer(zt_port(ep), "PUSH", "PULL");
	return zp_puts(peer, 0, "four") || !zp_closed(peer);
}

static int broken_command(void)
{
	int peer, fd = with_peer(ZMQ_PULL, "PUSH", "PULL", &peer);

	return fd < 0 || zp_send(peer, ZP_COMMAND, "\xffXY", 3) ||
	       !zp_sync(peer);
}

static int no_memory(void)
{
	/* More than everybody may have, come what may. */
	static const char text[65536];
	int fd = zt_connected(ZMQ_PUSH, "tcp://127.0.0.1:1"), ret;

	if (zt_sysctl_global("mem", "0 0 0"))
		return -1;
	ret = zt_send(fd, text, sizeof(text), MSG_DONTWAIT);
	ret = ret != -1 || errno != ENOBUFS;
	return zt_sysctl_global("mem", "100000 100000 100000") || ret;
}

static int create_as_nobody(void *arg)
{
	int fd = socket(zt_family(), SOCK_SEQPACKET, ZMQ_PULL);

	return fd != -1 || errno != EACCES;
}

static int may_not_create(void)
{
	return zt_sysctl("create_group_range", "1 0") ||
	       !zt_as_nobody(create_as_nobody, NULL) ||
	       zt_sysctl("create_group_range", "0 4294967294");
}

static int too_many_sockets(void)
{
	int fd;

	if (zt_sysctl("sockets_max", "0"))
		return -1;
	fd = socket(zt_family(), SOCK_SEQPACKET, ZMQ_PULL);
	return fd != -1 || errno != ENFILE || zt_sysctl("sockets_max", "65536");
}

static int too_many_orphans(void)
{
	return zt_sysctl("orphans_max", "0") ||
	       close_unsent("tcp://127.0.0.1:1", 60000) ||
	       zt_sysctl("orphans_max", "4096");
}

static int too_many_peers(void)
{
	int fd = zt_socket(ZMQ_PUSH);

	return zt_sysctl("peers_max", "0") ||
	       !zt_connect(fd, "tcp://127.0.0.1:1") || errno != ENOBUFS ||
	       zt_sysctl("peers_max", "65536");
}

static int too_many_peers_come(void)
{
	int fd = zt_listening(ZMQ_PULL, "tcp://127.0.0.1:*", ep);

	return fd < 0 || zt_sysctl("peers_max", "0") ||
	       !zp_closed(zp_dial(zt_port(ep), 0)) ||
	       zt_sysctl("peers_max", "65536");
}

static int too_many_listeners(void)
{
	int fd = zt_socket(ZMQ_PULL);

	return zt_sysctl("listeners_max", "0") ||
	       !zt_bind_any(fd, "tcp://127.0.0.1:*", ep) || errno != ENOBUFS ||
	       zt_sysctl("listeners_max", "1024");
}

static int user_has_too_much(void)
{
	int fd = zt_socket(ZMQ_PULL);

	return zt_sysctl_global("user_inproc_names_max", "0") ||
	       !zt_bind(fd, "inproc://one more") || errno != ENOBUFS ||
	       zt_sysctl_global("user_inproc_names_max", "65536");
}

static int hwm_too_high(void)
{
	int fd = zt_socket(ZMQ_PULL);

	if (zt_sysctl("hwm_max", "10") ||
	    zt_setint(fd, ZMQ_RCVHWM, 11) != -1 || errno != EPERM)
		return -1;
	return zt_sysctl("hwm_max", "0");
}

static int silent_after_a_ping(void)
{
	int fd = zt_socket(ZMQ_PULL), peer;

	if (zt_setint(fd, ZMQ_HEARTBEAT_IVL, 100) ||
	    zt_bind_any(fd, "tcp://127.0.0.1:*", ep))
		return -1;
	peer = zp_peer(zt_port(ep), "PUSH", "PULL");
	return !zp_closed(peer);
}

static int unread_monitor(void)
{
	int fd = zt_socket(ZMQ_PULL), i;

	if (zt_setint(fd, ZMQ_MONITOR, ZMQ_EVENT_LISTENING) ||
	    zt_getint(fd, ZMQ_MONITOR_FD) < 0)
		return -1;
	for (i = 0; i < 2000; i++)
		if (zt_bind_any(fd, "tcp://127.0.0.1:*", ep) ||
		    zt_settext(fd, ZMQ_UNBIND, ep))
			return -1;
	return 0;
}

static const struct reason reasons[] = {
	{ "ZmqConnectFail", refused_connect },
	{ "ZmqDisconnects", peer_leaves },
	{ "ZmqHeartbeatTimeouts", silent_after_a_ping },
	{ "ZmqHandshakeProtocol", no_zmtp },
	{ "ZmqHandshakeMechanism", other_mechanism },
	{ "ZmqHandshakeType", unfitting_type },
	{ "ZmqHandshakeRefused", second_peer_of_pair },
	{ "ZmqHandshakeError", peer_says_error },
	{ "ZmqHandshakeTimeout", silent_peer },
	{ "ZmqHandshakeClosed", peer_hangs_up },
	{ "ZmqHandshakeLimit", too_many_handshakes },
	{ "ZmqTxDropFull", full_peer },
	{ "ZmqTxDropNoPeer", nobody_subscribed },
	{ "ZmqTxDropConn", peer_dies_with_a_queue },
	{ "ZmqTxDropConn", unmet_inproc_is_closed },
	{ "ZmqTxDropConn", linger_for_a_name_is_over },
	{ "ZmqLingerDrop", linger_is_over },
	{ "ZmqLingerDrop", no_linger },
	{ "ZmqRxDropFilter", not_subscribed },
	{ "ZmqRxDropMalformed", no_envelope },
	{ "ZmqRxDropMalformed", push_receives },
	{ "ZmqRxDropStale", reply_without_request },
	{ "ZmqRxDropPartial", peer_dies_between_parts },
	{ "ZmqRxDropClosed", close_unread },
	{ "ZmqSubDrop", too_many_topics },
	{ "ZmqRxTooBig", too_large },
	{ "ZmqProtoError", broken_command },
	{ "ZmqNoMem", no_memory },
	{ "ZmqCreateDenied", may_not_create },
	{ "ZmqSocketLimit", too_many_sockets },
	{ "ZmqPeerLimit", too_many_peers },
	{ "ZmqPeerLimit", too_many_peers_come },
	{ "ZmqListenerLimit", too_many_listeners },
	{ "ZmqUserLimit", user_has_too_much },
	{ "ZmqOrphanLimit", too_many_orphans },
	{ "ZmqHwmDenied", hwm_too_high },
	{ "ZmqMonitorLost", unread_monitor },
};

static int set_tracing(const char *file, const char *value)
{
	char path[64];
	int fd, ret;

	snprintf(path, sizeof(path), TRACING "/%s", file);
	fd = open(path, O_WRONLY | O_TRUNC | O_CLOEXEC);
	if (fd < 0)
		return -1;
	ret = write(fd, value, strlen(value)) < 0 ? -1 : 0;
	close(fd);
	return ret;
}

static bool was_traced(void *arg)
{
	FILE *f = fopen(TRACING "/trace", "re");
	char line[512], want[64];
	const char *name = arg;
	bool found = false;

	if (!f)
		return false;
	snprintf(want, sizeof(want), " reason=%s",
		 name + strlen("Zmq"));
	while (!found && fgets(line, sizeof(line), f)) {
		char *at = strstr(line, want);

		found = at && isspace(at[strlen(want)]);
	}
	fclose(f);
	return found;
}

FIXTURE(drops) {
	char unused;
};

FIXTURE_SETUP(drops)
{
	ASSERT_EQ(0, zt_setup(_metadata->name));
	ASSERT_EQ(0, set_tracing("events/zmq/enable", "1"));
}

FIXTURE_TEARDOWN(drops)
{
	EXPECT_EQ(0, set_tracing("events/zmq/enable", "0"));
	EXPECT_EQ(0, zt_teardown());
}

TEST_F(drops, each_reason_is_counted_and_traced)
{
	const struct reason *r;
	long before;

	for (r = reasons; r < reasons + ARRAY_SIZE(reasons); r++) {
		ASSERT_EQ(0, set_tracing("trace", "\n"));
		before = zt_counter(r->name);
		ASSERT_LE(0, before) TH_LOG("no counter %s", r->name);
		EXPECT_EQ(0, r->provoke()) TH_LOG("%s", r->name);
		EXPECT_TRUE(zt_counts(r->name, before)) TH_LOG("%s", r->name);
		/* A stream is stopped between the two. */
		EXPECT_TRUE(zt_eventually(was_traced, (void *)r->name))
			TH_LOG("%s", r->name);
	}
}

/* The opposite: what is all right is no reason to count anything. */
TEST_F(drops, a_good_conversation_counts_no_drop)
{
	int pull, push, i;

	pull = zt_listening(ZMQ_PULL, "tcp://127.0.0.1:*", ep);
	push = zt_connected(ZMQ_PUSH, ep);
	ASSERT_EQ(1000, zt_put_numbers(push, 1000, 0));
	ASSERT_EQ(1000, zt_get_numbers(pull, 1000));
	for (i = 0; i < ARRAY_SIZE(reasons); i++)
		EXPECT_EQ(0, zt_counter(reasons[i].name)) TH_LOG("row %d", i);
}

TEST_F(drops, a_queue_that_is_full_throttles_and_is_counted)
{
	ASSERT_EQ(0, reader_is_slow());
	EXPECT_TRUE(zt_counts("ZmqRxThrottled", 0));
}

TEST_HARNESS_MAIN
