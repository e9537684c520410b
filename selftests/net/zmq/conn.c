// SPDX-License-Identifier: GPL-2.0-only
/* Connections: they come back, they break, they are not trusted. */
#include "kselftest_harness.h"
#include "fixture.h"

static int bound_pull(char *ep)
{
	return zt_listening(ZMQ_PULL, "tcp://127.0.0.1:*", ep);
}

/* The stream up to and with a first message, as one block of bytes. */
static size_t whole_stream(unsigned char *buf, const char *type)
{
	unsigned char body[128];
	size_t n, len;

	n = zp_greeting(buf, 1, "NULL");
	len = zp_ready_body(body, type, NULL, 0);
	n += zp_header(buf + n, ZP_COMMAND, len);
	memcpy(buf + n, body, len);
	n += len;
	n += zp_header(buf + n, 0, 5);
	memcpy(buf + n, "hello", 5);
	return n + 5;
}

TEST_F(zmq, bytes_may_come_one_by_one)
{
	int pull = bound_pull(self->ep), peer, i;
	unsigned char stream[256];
	size_t len = whole_stream(stream, "PUSH");

	ASSERT_LE(0, pull);
	peer = zp_dial(zt_port(self->ep), 0);
	ASSERT_LE(0, peer);
	for (i = 0; i < len; i++) {
		ASSERT_EQ(0, zp_write(peer, stream + i, 1))
			TH_LOG("round %d", i);
	}
	EXPECT_TRUE(zt_gets(pull, "hello", ZT_LAST));
	EXPECT_EQ(0, zp_read(peer, stream, ZP_GREETING));
	EXPECT_TRUE(zp_got_ready(peer, "PULL"));
}

TEST_F(zmq, everything_may_come_at_once)
{
	int pull = bound_pull(self->ep), peer;
	unsigned char stream[256];
	size_t len = whole_stream(stream, "PUSH");

	ASSERT_LE(0, pull);
	peer = zp_dial(zt_port(self->ep), 0);
	ASSERT_EQ(0, zp_write(peer, stream, len));
	EXPECT_TRUE(zt_gets(pull, "hello", ZT_LAST));
}

TEST_F(zmq, nothing_is_sent_before_the_peer_is_ready)
{
	int push = zt_socket(ZMQ_PUSH), port = 0, listener, peer;
	unsigned char buf[128];
	size_t len;

	listener = zp_listen(0, &port);
	snprintf(self->ep, sizeof(self->ep), "tcp://127.0.0.1:%d", port);
	ASSERT_EQ(0, zt_connect(push, self->ep));
	ASSERT_EQ(0, zt_puts(push, "early", 0));
	peer = zp_accept(listener);
	ASSERT_EQ(0, zp_greet(peer, 1));
	ASSERT_TRUE(zp_got_ready(peer, "PUSH"));
	EXPECT_EQ(0, zt_poll(peer, POLLIN, 100));
	len = zp_ready_body(buf, "PULL", NULL, 0);
	ASSERT_EQ(0, zp_send(peer, ZP_COMMAND, buf, len));
	EXPECT_TRUE(zp_gets(peer, 0, "early"));
}

TEST_F(zmq, a_newer_version_is_taken_for_3_1)
{
	int pull = bound_pull(self->ep), peer;
	unsigned char stream[256];
	size_t len = whole_stream(stream, "PUSH");

	ASSERT_LE(0, pull);
	stream[11] = 7;
	peer = zp_dial(zt_port(self->ep), 0);
	ASSERT_EQ(0, zp_write(peer, stream, len));
	EXPECT_TRUE(zt_gets(pull, "hello", ZT_LAST));
}

TEST_F(zmq, property_names_ignore_case_and_strangers_are_skipped)
{
	static const char ready[] =
		"\5READY\7X-Thing\0\0\0\3abc\13socket-TYPE\0\0\0\4PUSH\1x\0\0\0\0";
	int pull = bound_pull(self->ep), peer;

	ASSERT_LE(0, pull);
	peer = zp_dial(zt_port(self->ep), 0);
	ASSERT_EQ(0, zp_greet(peer, 1));
	ASSERT_EQ(0, zp_send(peer, ZP_COMMAND, ready, sizeof(ready) - 1));
	ASSERT_TRUE(zp_got_ready(peer, "PULL"));
	ASSERT_EQ(0, zp_puts(peer, 0, "hello"));
	EXPECT_TRUE(zt_gets(pull, "hello", ZT_LAST));
}

/* What is sent instead of, or after, the regular handshake. */
struct malformed {
	const char *name;
	int after;		/* AFTER_… */
	int len;
	char bytes[72];
};

enum { AFTER_CONNECT, AFTER_GREETING, AFTER_READY };

#define SIGNATURE	"\xff\0\0\0\0\0\0\0\1\x7f"

static const struct malformed malformed[] = {
	{ "another mechanism", AFTER_CONNECT, 64,
	  SIGNATURE "\3\1CURV" },
	{ "a longer mechanism", AFTER_CONNECT, 64,
	  SIGNATURE "\3\1NULLX" },
	{ "no READY", AFTER_GREETING, 8,
	  "\4\6\5STEDY" },
	{ "an empty command", AFTER_GREETING, 2,
	  "\4\0" },
	{ "a name longer than its frame", AFTER_GREETING, 4,
	  "\4\2\5R" },
	{ "a property longer than READY", AFTER_GREETING, 24,
	  "\4\26\5READY\13Socket-Type\0\0\1\0" },
	{ "a property of 4 GiB", AFTER_GREETING, 26,
	  "\4\30\5READY\13Socket-Type\xff\xff\xff\xffPU" },
	{ "a byte too many in READY", AFTER_GREETING, 29,
	  "\4\33\5READY\13Socket-Type\0\0\0\4PUSHx" },
	{ "a socket type that does not fit", AFTER_GREETING, 27,
	  "\4\31\5READY\13Socket-Type\0\0\0\3PUB" },
	{ "a socket type that does not exist", AFTER_GREETING, 28,
	  "\4\32\5READY\13Socket-Type\0\0\0\4PUSX" },
	{ "ERROR", AFTER_GREETING, 13,
	  "\4\13\5ERROR\4oops" },
	{ "a command of 1 MiB", AFTER_GREETING, 15,
	  "\6\0\0\0\0\0\x10\0\0\5READY" },
	{ "a command of 2^63 bytes", AFTER_GREETING, 15,
	  "\6\x80\0\0\0\0\0\0\0\5READY" },
	{ "a command of 2^40 bytes", AFTER_READY, 14,
	  "\6\0\0\1\0\0\0\0\0\4PING" },
	{ "a frame of 2^63 bytes", AFTER_READY, 10,
	  "\2\x80\0\0\0\0\0\0\0x" },
	{ "a frame of 2^64 - 1 bytes", AFTER_READY, 10,
	  "\2\xff\xff\xff\xff\xff\xff\xff\xffx" },
};

static int misbehave(int port, const struct malformed *m)
{
	unsigned char body[64];
	int peer = zp_dial(port, 0);

	if (peer < 0 || (m->after > AFTER_CONNECT && zp_greet(peer, 1)))
		return -1;
	if (m->after > AFTER_GREETING &&
	    (zp_send(peer, ZP_COMMAND, body,
		     zp_ready_body(body, "PUSH", NULL, 0)) ||
	     !zp_got_ready(peer, "PULL")))
		return -1;
	if (zp_write(peer, m->bytes, m->len))
		return -1;
	return peer;
}

TEST_F(zmq, the_malformed_are_dropped_and_nobody_else)
{
	int pull = bound_pull(self->ep), good, bad, i;
	const int port = zt_port(self->ep);

	ASSERT_LE(0, pull);
	good = zp_peer(port, "PUSH", "PULL");
	ASSERT_LE(0, good);
	for (i = 0; i < ARRAY_SIZE(malformed); i++) {
		bad = misbehave(port, &malformed[i]);
		ASSERT_LE(0, bad) TH_LOG("%s", malformed[i].name);
		EXPECT_TRUE(zp_closed(bad)) TH_LOG("%s", malformed[i].name);
		close(bad);
		ASSERT_EQ(0, zp_puts(good, 0, malformed[i].name));
		ASSERT_TRUE(zt_gets(pull, malformed[i].name, ZT_LAST));
	}
	good = zp_peer(port, "PUSH", "PULL");
	ASSERT_EQ(0, zp_puts(good, 0, "new"));
	EXPECT_TRUE(zt_gets(pull, "new", ZT_LAST));
}

TEST_F(zmq, frames_above_maxmsgsize_drop_the_peer)
{
	int pull = zt_socket(ZMQ_PULL), peer, i;
	const s64 max = 1000;
	char body[1001] = { };

	ASSERT_EQ(0, setsockopt(pull, SOL_ZMQ, ZMQ_MAXMSGSIZE, &max,
				sizeof(max)));
	ASSERT_EQ(0, zt_bind_any(pull, "tcp://127.0.0.1:*", self->ep));
	for (i = 0; i < 2; i++) {
		peer = zp_peer(zt_port(self->ep), "PUSH", "PULL");
		ASSERT_LE(0, peer);
		ASSERT_EQ(0, zp_send(peer, ZP_MORE, body, 1000));
		ASSERT_EQ(0, zp_send(peer, 0, body, 1000));
		EXPECT_TRUE(zt_got(pull, body, 1000, ZT_MORE));
		EXPECT_TRUE(zt_got(pull, body, 1000, ZT_LAST));
		ASSERT_EQ(0, zp_send(peer, i ? ZP_MORE : 0, body, i ? 1 : 1001));
		if (i)
			ASSERT_EQ(0, zp_send(peer, 0, body, 1001));
		EXPECT_TRUE(zp_closed(peer));
		close(peer);
	}
	EXPECT_EQ(0, zt_poll(pull, POLLIN, 0));
}

TEST_F(zmq, the_silent_are_dropped_in_time)
{
	int pull = zt_socket(ZMQ_PULL), peers[3], i;
	u64 start;

	ASSERT_EQ(0, zt_setint(pull, ZMQ_HANDSHAKE_IVL, 300));
	ASSERT_EQ(0, zt_bind_any(pull, "tcp://127.0.0.1:*", self->ep));
	start = zt_now_ms();
	for (i = 0; i < 3; i++) {
		peers[i] = zp_dial(zt_port(self->ep), 0);
		ASSERT_LE(0, peers[i]);
		if (i > 0)
			ASSERT_EQ(0, zp_greet(peers[i], 1));
		if (i > 1)
			ASSERT_EQ(0, zp_write(peers[i], "\4\31\5READY", 8));
	}
	for (i = 0; i < 3; i++) {
		EXPECT_TRUE(zp_closed(peers[i]))
			TH_LOG("peer %d", i);
	}
	EXPECT_LE(290, zt_now_ms() - start);
	peers[0] = zp_peer(zt_port(self->ep), "PUSH", "PULL");
	ASSERT_LE(0, peers[0]);
	EXPECT_EQ(0, zt_poll(peers[0], POLLIN, 600)) TH_LOG("not a silent one");
}

TEST_F(zmq, unknown_and_broken_commands_are_ignored_later)
{
	int pull = bound_pull(self->ep), peer;

	ASSERT_LE(0, pull);
	peer = zp_peer(zt_port(self->ep), "PUSH", "PULL");
	ASSERT_LE(0, peer);
	ASSERT_EQ(0, zp_command(peer, "NOVEL", "data", 4));
	ASSERT_EQ(0, zp_command(peer, "SUBSCRIBE", "topic", 5));
	ASSERT_EQ(0, zp_command(peer, "PONG", "stray", 5));
	ASSERT_EQ(0, zp_send(peer, ZP_COMMAND, "\xffXY", 3));
	ASSERT_EQ(0, zp_send(peer, ZP_COMMAND, NULL, 0));
	ASSERT_EQ(0, zp_send(peer, ZP_COMMAND, "\4PING\0", 6));
	ASSERT_EQ(0, zp_puts(peer, 0, "message"));
	EXPECT_TRUE(zt_gets(pull, "message", ZT_LAST));
	EXPECT_TRUE(zp_sync(peer));
}

TEST_F(zmq, ping_is_answered_with_its_context_also_between_parts)
{
	int pull = bound_pull(self->ep), peer, i;
	static const char context[] = "0123456789abcdefXYZ";
	char ping[64] = "\0\0";
	struct zp_frame f;

	ASSERT_LE(0, pull);
	peer = zp_peer(zt_port(self->ep), "PUSH", "PULL");
	ASSERT_LE(0, peer);
	for (i = 0; i <= 16; i++) {
		memcpy(ping + 2, context, i);
		ASSERT_EQ(0, zp_command(peer, "PING", ping, 2 + i));
		ASSERT_EQ(0, zp_recv(peer, &f));
		EXPECT_TRUE(zp_is_command(&f, "PONG", context, i))
			TH_LOG("%d bytes of context", i);
	}
	ASSERT_EQ(0, zp_puts(peer, ZP_MORE, "a"));
	ASSERT_TRUE(zp_sync(peer));
	EXPECT_EQ(0, zt_poll(pull, POLLIN, 0));
	ASSERT_EQ(0, zp_puts(peer, ZP_MORE, "b"));
	ASSERT_TRUE(zp_sync(peer));
	EXPECT_EQ(0, zt_poll(pull, POLLIN, 0));
	ASSERT_EQ(0, zp_puts(peer, 0, "c"));
	EXPECT_TRUE(zt_gets(pull, "a", ZT_MORE));
	EXPECT_TRUE(zt_gets(pull, "b", ZT_MORE));
	EXPECT_TRUE(zt_gets(pull, "c", ZT_LAST));
}

TEST_F(zmq, nothing_partial_is_delivered_when_a_peer_dies)
{
	int pull = bound_pull(self->ep), peer, i;
	static const char half[] = "\2\0\0\0\0\0\0\4\0half of it";

	ASSERT_LE(0, pull);
	for (i = 0; i < 3; i++) {
		peer = zp_peer(zt_port(self->ep), "PUSH", "PULL");
		ASSERT_LE(0, peer);
		ASSERT_EQ(0, zp_puts(peer, 0, "whole"));
		if (i == 1)
			ASSERT_EQ(0, zp_puts(peer, ZP_MORE, "first of two"));
		/* The last one does not get beyond the length. */
		ASSERT_EQ(0, zp_write(peer, half, i < 2 ? sizeof(half) - 1 : 3));
		close(peer);
		EXPECT_TRUE(zt_gets(pull, "whole", ZT_LAST));
		peer = zp_peer(zt_port(self->ep), "PUSH", "PULL");
		ASSERT_LE(0, peer);
		ASSERT_EQ(0, zp_puts(peer, 0, "next peer"));
		EXPECT_TRUE(zt_gets(pull, "next peer", ZT_LAST));
		close(peer);
	}
}

TEST_F(zmq, the_connection_comes_back)
{
	int push = zt_socket(ZMQ_PUSH), port = 0, listener, peer, i;

	ASSERT_EQ(0, zt_setint(push, ZMQ_RECONNECT_IVL, 20));
	listener = zp_listen(0, &port);
	snprintf(self->ep, sizeof(self->ep), "tcp://127.0.0.1:%d", port);
	ASSERT_EQ(0, zt_connect(push, self->ep));
	for (i = 0; i < 5; i++) {
		peer = zp_accept_peer(listener, "PULL", "PUSH");
		ASSERT_LE(0, peer);
		ASSERT_EQ(0, zt_puts(push, "here", 0));
		EXPECT_TRUE(zp_gets(peer, 0, "here"));
		close(peer);
	}
	/* The listener too may go and come back. */
	close(listener);
	listener = zp_listen(0, &port);
	ASSERT_LE(0, listener);
	peer = zp_accept_peer(listener, "PULL", "PUSH");
	EXPECT_LE(0, peer);
}

TEST_F(zmq, queued_messages_survive_a_lost_connection)
{
	int push = zt_socket(ZMQ_PUSH), port = 0, listener, peer, i;

	ASSERT_EQ(0, zt_setint(push, ZMQ_RECONNECT_IVL, 20));
	listener = zp_listen(0, &port);
	snprintf(self->ep, sizeof(self->ep), "tcp://127.0.0.1:%d", port);
	ASSERT_EQ(0, zt_connect(push, self->ep));
	for (i = 0; i < 3; i++) {
		/* It dies before it is ready: nothing was given to it. */
		peer = zp_accept(listener);
		ASSERT_LE(0, peer);
		if (i == 0)
			ASSERT_EQ(0, zt_puts(push, "kept", 0));
		if (i)
			ASSERT_EQ(0, zp_greet(peer, 1));
		close(peer);
	}
	peer = zp_accept_peer(listener, "PULL", "PUSH");
	ASSERT_LE(0, peer);
	EXPECT_TRUE(zp_gets(peer, 0, "kept"));
}

TEST_F(zmq, a_type_that_does_not_fit_is_tried_again)
{
	int push = zt_socket(ZMQ_PUSH), port = 0, listener, peer;

	ASSERT_EQ(0, zt_setint(push, ZMQ_RECONNECT_IVL, 1));
	listener = zp_listen(0, &port);
	snprintf(self->ep, sizeof(self->ep), "tcp://127.0.0.1:%d", port);
	ASSERT_EQ(0, zt_connect(push, self->ep));
	peer = zp_accept(listener);
	zp_handshake(peer, "PUB", "PUSH");
	EXPECT_TRUE(zp_closed(peer));
	EXPECT_TRUE(zp_pending(listener, ZT_DEADLINE_MS));
}

/* Refusals are counted by TCP itself: every attempt is an active open. */
static bool tried_often(void *arg)
{
	return zt_snmp_tcp("ActiveOpens") >= *(long *)arg;
}

TEST_F(zmq, refused_connections_are_retried_at_their_interval)
{
	int push = zt_socket(ZMQ_PUSH);
	long base, tries = 5, made;
	u64 start, took;

	ASSERT_EQ(0, zt_setint(push, ZMQ_RECONNECT_IVL, 100));
	base = zt_snmp_tcp("ActiveOpens");
	ASSERT_LE(0, base);
	start = zt_now_ms();
	ASSERT_EQ(0, zt_connect(push, "tcp://127.0.0.1:1"));
	tries += base;
	EXPECT_TRUE(zt_eventually(tried_often, &tries));
	made = zt_snmp_tcp("ActiveOpens") - base;
	took = zt_now_ms() - start;
	/* The first at once, each further one 100 ms or more after the last. */
	EXPECT_GE(1 + took / 95, made) TH_LOG("%ld in %ju ms", made,
					      (uintmax_t)took);
}

TEST_F(zmq, the_interval_doubles_up_to_its_maximum)
{
	int push = zt_socket(ZMQ_PUSH);
	long base, tries = 5;
	u64 start;

	ASSERT_EQ(0, zt_setint(push, ZMQ_RECONNECT_IVL, 50));
	ASSERT_EQ(0, zt_setint(push, ZMQ_RECONNECT_IVL_MAX, 200));
	base = zt_snmp_tcp("ActiveOpens");
	start = zt_now_ms();
	ASSERT_EQ(0, zt_connect(push, "tcp://127.0.0.1:1"));
	tries += base;
	EXPECT_TRUE(zt_eventually(tried_often, &tries));
	/* 50 + 100 + 200 + 200 ms, the larger ones less up to a quarter */
	EXPECT_LE(420, zt_now_ms() - start);
}

TEST_F(zmq, a_peer_that_hangs_up_at_once_is_not_stormed)
{
	int push = zt_socket(ZMQ_PUSH), port = 0, listener, peer, i;
	u64 start;

	ASSERT_EQ(0, zt_setint(push, ZMQ_RECONNECT_IVL, 100));
	listener = zp_listen(0, &port);
	snprintf(self->ep, sizeof(self->ep), "tcp://127.0.0.1:%d", port);
	start = zt_now_ms();
	ASSERT_EQ(0, zt_connect(push, self->ep));
	for (i = 0; i < 5; i++) {
		peer = zp_accept(listener);
		ASSERT_LE(0, peer);
		close(peer);
	}
	EXPECT_LE(4 * 95, zt_now_ms() - start);
}

TEST_F(zmq, disconnect_ends_the_attempts)
{
	int push = zt_socket(ZMQ_PUSH), port = zt_free_port(), listener;

	ASSERT_EQ(0, zt_setint(push, ZMQ_RECONNECT_IVL, 1));
	snprintf(self->ep, sizeof(self->ep), "tcp://127.0.0.1:%d", port);
	ASSERT_EQ(0, zt_connect(push, self->ep));
	ASSERT_EQ(0, zt_settext(push, ZMQ_DISCONNECT, self->ep));
	listener = zp_listen(0, &port);
	ASSERT_LE(0, listener);
	EXPECT_FALSE(zp_pending(listener, 300));
	EXPECT_EQ(0, zt_poll(push, POLLOUT, 0));
}

TEST_HARNESS_MAIN
