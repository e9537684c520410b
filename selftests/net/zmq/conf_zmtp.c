// SPDX-License-Identifier: GPL-2.0-only
/* ZMTP 3.1 with NULL, clause by clause: RFC 37 and what libzmq makes of it. */
#include "kselftest_harness.h"
#include "fixture.h"

static int bound_pull(char *ep)
{
	return zt_listening(ZMQ_PULL, "tcp://127.0.0.1:*", ep);
}

/* Sends a greeting in which the byte at @at is @value; reads the answer. */
static int greet_with(int port, int at, unsigned char value)
{
	unsigned char greeting[ZP_GREETING];
	int peer = zp_dial(port, 0);

	zp_greeting(greeting, 1, "NULL");
	greeting[at] = value;
	if (peer < 0 || zp_write(peer, greeting, sizeof(greeting)) ||
	    zp_read(peer, greeting, sizeof(greeting)))
		return -1;
	return peer;
}

/* Goes on from the greetings with READY and a message. */
static bool is_taken(int peer, int pull)
{
	unsigned char body[64];
	size_t len = zp_ready_body(body, "PUSH", NULL, 0);

	return peer >= 0 && !zp_send(peer, ZP_COMMAND, body, len) &&
	       zp_got_ready(peer, "PULL") && !zp_puts(peer, 0, "hello") &&
	       zt_gets(pull, "hello", ZT_LAST);
}

/* Offers a READY with the bytes of @props to a PULL. */
static int ready_with(int port, const char *props, size_t len)
{
	unsigned char body[600] = "\5READY";
	int peer = zp_dial(port, 0);

	memcpy(body + 6, props, len);
	if (peer < 0 || zp_greet(peer, 1) ||
	    zp_send(peer, ZP_COMMAND, body, 6 + len))
		return -1;
	return peer;
}

TEST_F(zmq, rfc37_the_greeting_has_its_64_octets)
{
	static const unsigned char rest[ZP_GREETING - 10] = "\3\1NULL";
	int pull = bound_pull(self->ep), peer;
	unsigned char greeting[ZP_GREETING];

	ASSERT_LE(0, pull);
	peer = zp_dial(zt_port(self->ep), 0);
	zp_greeting(greeting, 1, "NULL");
	ASSERT_EQ(0, zp_write(peer, greeting, sizeof(greeting)));
	ASSERT_EQ(0, zp_read(peer, greeting, sizeof(greeting)));
	EXPECT_EQ(0xff, greeting[0]);
	EXPECT_EQ(0x7f, greeting[9]);
	EXPECT_EQ(0, memcmp(greeting + 10, rest, sizeof(rest)));
	EXPECT_TRUE(zp_got_ready(peer, "PULL"));
}

TEST_F(zmq, rfc37_the_padding_has_no_meaning)
{
	static const unsigned char values[] = { 1, 0x7f, 0xff };
	int pull = bound_pull(self->ep), at, i;

	ASSERT_LE(0, pull);
	for (i = 0; i < 8 * ARRAY_SIZE(values); i++) {
		at = 1 + i % 8;
		EXPECT_TRUE(is_taken(greet_with(zt_port(self->ep), at,
						values[i / 8]), pull))
			TH_LOG("octet %d is %d", at, values[i / 8]);
	}
}

TEST_F(zmq, rfc37_higher_versions_are_accepted)
{
	static const unsigned char major[] = { 4, 5, 127, 255 };
	int pull = bound_pull(self->ep), i;

	ASSERT_LE(0, pull);
	for (i = 0; i < ARRAY_SIZE(major); i++) {
		EXPECT_TRUE(is_taken(greet_with(zt_port(self->ep), 10,
						major[i]), pull))
			TH_LOG("major %d", major[i]);
	}
}

TEST_F(zmq, rfc37_as_server_has_no_meaning_with_null)
{
	int pull = bound_pull(self->ep);

	ASSERT_LE(0, pull);
	EXPECT_TRUE(is_taken(greet_with(zt_port(self->ep), 32, 1), pull));
}

TEST_F(zmq, rfc37_another_mechanism_is_greeted_in_full_and_dropped)
{
	int pull = bound_pull(self->ep), peer;

	ASSERT_LE(0, pull);
	peer = greet_with(zt_port(self->ep), 12, 'M');
	ASSERT_LE(0, peer);
	EXPECT_TRUE(zp_closed(peer));
}

TEST_F(zmq, rfc37_another_mechanism_ends_the_connection_which_is_tried_again)
{
	int push = zt_socket(ZMQ_PUSH), listener, peer;
	unsigned char greeting[ZP_GREETING];

	ASSERT_EQ(0, zt_setint(push, ZMQ_RECONNECT_IVL, 1));
	listener = zp_listen_any(0, self->ep);
	ASSERT_EQ(0, zt_connect(push, self->ep));
	peer = zp_accept(listener);
	zp_greeting(greeting, 1, "PLAIN");
	ASSERT_EQ(0, zp_write(peer, greeting, sizeof(greeting)));
	EXPECT_TRUE(zp_closed(peer));
	EXPECT_TRUE(zp_pending(listener, ZT_DEADLINE_MS));
}

TEST_F(zmq, rfc37_error_is_fatal_to_the_connection_which_is_tried_again)
{
	int push = zt_socket(ZMQ_PUSH), listener, peer;

	ASSERT_EQ(0, zt_setint(push, ZMQ_RECONNECT_IVL, 1));
	listener = zp_listen_any(0, self->ep);
	ASSERT_EQ(0, zt_connect(push, self->ep));
	peer = zp_accept(listener);
	ASSERT_EQ(0, zp_greet(peer, 1));
	ASSERT_TRUE(zp_got_ready(peer, "PUSH"));
	ASSERT_EQ(0, zp_command(peer, "ERROR", "\4oops", 5));
	EXPECT_TRUE(zp_closed(peer));
	EXPECT_TRUE(zp_pending(listener, ZT_DEADLINE_MS));
}

TEST_F(zmq, rfc37_a_command_with_more_ends_the_connection)
{
	int pull = bound_pull(self->ep);
	int peer = zp_peer(zt_port(self->ep), "PUSH", "PULL");

	ASSERT_LE(0, peer);
	ASSERT_EQ(0, zp_send(peer, ZP_COMMAND | ZP_MORE, "\4PING\0\0", 7));
	EXPECT_TRUE(zp_closed(peer));
	peer = zp_dial(zt_port(self->ep), 0);
	ASSERT_EQ(0, zp_greet(peer, 1));
	ASSERT_EQ(0, zp_send(peer, ZP_COMMAND | ZP_MORE, "\5READY", 6));
	EXPECT_TRUE(zp_closed(peer));
	EXPECT_EQ(0, zt_poll(pull, POLLIN, 0));
}

TEST_F(zmq, rfc37_a_message_before_ready_ends_the_connection)
{
	int pull = bound_pull(self->ep), peer = zp_dial(zt_port(self->ep), 0);

	ASSERT_EQ(0, zp_greet(peer, 1));
	ASSERT_EQ(0, zp_puts(peer, 0, "\5READY\13Socket-Type\0\0\0\4PUSH"));
	EXPECT_TRUE(zp_closed(peer));
	EXPECT_EQ(0, zt_poll(pull, POLLIN, 0));
}

TEST_F(zmq, rfc37_a_value_may_be_empty_and_the_type_missing)
{
	static const char props[] = "\10Identity\0\0\0\0\5X-Any\0\0\0\0";
	int pull = bound_pull(self->ep), peer;

	ASSERT_LE(0, pull);
	peer = ready_with(zt_port(self->ep), props, sizeof(props) - 1);
	ASSERT_TRUE(zp_got_ready(peer, "PULL"));
	ASSERT_EQ(0, zp_puts(peer, 0, "hello"));
	EXPECT_TRUE(zt_gets(pull, "hello", ZT_LAST));
	peer = ready_with(zt_port(self->ep), "", 0);
	ASSERT_TRUE(zp_got_ready(peer, "PULL"));
	ASSERT_EQ(0, zp_puts(peer, 0, "hello"));
	EXPECT_TRUE(zt_gets(pull, "hello", ZT_LAST));
}

TEST_F(zmq, rfc37_only_types_that_go_together_do)
{
	static const struct {
		int type;
		const char *name;
		const char *peers;
	} types[] = {
		{ ZMQ_PAIR, "PAIR", " PAIR " },
		{ ZMQ_PUB, "PUB", " SUB XSUB " },
		{ ZMQ_SUB, "SUB", " PUB XPUB " },
		{ ZMQ_REQ, "REQ", " REP ROUTER " },
		{ ZMQ_REP, "REP", " REQ DEALER " },
		{ ZMQ_DEALER, "DEALER", " REP DEALER ROUTER " },
		{ ZMQ_ROUTER, "ROUTER", " REQ DEALER ROUTER " },
		{ ZMQ_PULL, "PULL", " PUSH " },
		{ ZMQ_PUSH, "PUSH", " PULL " },
		{ ZMQ_XPUB, "XPUB", " SUB XSUB " },
		{ ZMQ_XSUB, "XSUB", " PUB XPUB " },
	};
	unsigned char body[64];
	int fd, peer, i, j;
	char word[16];
	size_t len;

	for (i = 0; i < ARRAY_SIZE(types); i++) {
		fd = zt_listening(types[i].type, "tcp://127.0.0.1:*", self->ep);
		ASSERT_LE(0, fd);
		for (j = 0; j < ARRAY_SIZE(types); j++) {
			peer = zp_dial(zt_port(self->ep), 0);
			ASSERT_EQ(0, zp_greet(peer, 1));
			len = zp_ready_body(body, types[j].name, NULL, 0);
			ASSERT_EQ(0, zp_send(peer, ZP_COMMAND, body, len));
			snprintf(word, sizeof(word), " %s ", types[j].name);
			if (strstr(types[i].peers, word)) {
				ASSERT_TRUE(zp_got_ready(peer, types[i].name));
				EXPECT_TRUE(zp_sync(peer))
					TH_LOG("%s with %s", types[i].name,
					       types[j].name);
			} else {
				EXPECT_TRUE(zp_closed(peer))
					TH_LOG("%s with %s", types[i].name,
					       types[j].name);
			}
			close(peer);
		}
		close(fd);
	}
}

TEST_F(zmq, rfc37_identity_means_nothing_but_to_router)
{
	int pull = bound_pull(self->ep), peer, i;

	ASSERT_LE(0, pull);
	for (i = 0; i < 2; i++) {
		peer = zp_dial(zt_port(self->ep), 0);
		ASSERT_EQ(0, zp_handshake_id(peer, 1, "PUSH", "PULL", "same",
					     4));
		ASSERT_EQ(0, zp_puts(peer, 0, "hello"));
		EXPECT_TRUE(zt_gets(pull, "hello", ZT_LAST));
	}
}

TEST_F(zmq, rfc37_a_resource_is_no_part_of_an_endpoint)
{
	static const char props[] =
		"\13Socket-Type\0\0\0\4PUSH\10Resource\0\0\0\3a/b";
	int pull = bound_pull(self->ep), peer;

	EXPECT_EQ(-1, zt_bind(pull, "tcp://127.0.0.1:5555/resource"));
	EXPECT_EQ(EINVAL, errno);
	EXPECT_EQ(-1, zt_connect(pull, "tcp://127.0.0.1:5555/resource"));
	EXPECT_EQ(EINVAL, errno);
	/* Who asks for one is served without. */
	peer = ready_with(zt_port(self->ep), props, sizeof(props) - 1);
	ASSERT_TRUE(zp_got_ready(peer, "PULL"));
	ASSERT_EQ(0, zp_puts(peer, 0, "hello"));
	EXPECT_TRUE(zt_gets(pull, "hello", ZT_LAST));
}

#define CUT_MESSAGES	50

/* Of the message in flight TCP may have had all, so it may be lost. */
TEST_F(zmq, rfc37_after_a_break_messages_are_whole_in_order_and_once)
{
	int push = zt_socket(ZMQ_PUSH), listener, peer;
	static char body[60000], part[100000];
	struct zp_frame f;
	u32 i, n, last;

	ASSERT_EQ(0, zt_setint(push, ZMQ_RECONNECT_IVL, 10));
	ASSERT_EQ(0, zt_setint(push, ZMQ_SNDBUF, 8192));
	listener = zp_listen_any(4096, self->ep);
	ASSERT_EQ(0, zt_connect(push, self->ep));
	peer = zp_accept_peer(listener, "PULL", "PUSH");
	ASSERT_LE(0, peer);
	for (i = 0; i < CUT_MESSAGES; i++) {
		ASSERT_EQ(0, zt_send(push, &i, sizeof(i), MSG_MORE))
			TH_LOG("message %u", i);
		ASSERT_EQ(0, zt_send(push, body, sizeof(body), 0));
	}
	ASSERT_EQ(0, zp_read(peer, part, sizeof(part)));
	close(peer);
	peer = zp_accept_peer(listener, "PULL", "PUSH");
	ASSERT_LE(0, peer);
	/* The first one has been read whole, the second in part. */
	for (n = 0, last = 0; last < CUT_MESSAGES - 1; n++) {
		ASSERT_EQ(0, zp_recv(peer, &f)) TH_LOG("after %u", last);
		ASSERT_EQ(ZP_MORE, f.flags);
		ASSERT_EQ(sizeof(i), f.len);
		memcpy(&i, f.body, sizeof(i));
		ASSERT_TRUE(i == last + 1 || (!n && i > last))
			TH_LOG("%u after %u", i, last);
		last = i;
		ASSERT_TRUE(zp_got(peer, 0, body, sizeof(body)));
	}
	EXPECT_LT(CUT_MESSAGES / 2, n);
	EXPECT_TRUE(zp_sync(peer));
}

TEST_F(zmq, rfc37_pong_has_no_more_than_16_octets_of_context)
{
	static const char ping[] = "\0\0abcdefghijklmnopTOO LONG";
	int pull = bound_pull(self->ep);
	int peer = zp_peer(zt_port(self->ep), "PUSH", "PULL");
	struct zp_frame f;

	ASSERT_LE(0, pull);
	ASSERT_LE(0, peer);
	ASSERT_EQ(0, zp_command(peer, "PING", ping, sizeof(ping) - 1));
	ASSERT_EQ(0, zp_recv(peer, &f));
	EXPECT_TRUE(zp_is_command(&f, "PONG", ping + 2, 16));
}

TEST_HARNESS_MAIN
