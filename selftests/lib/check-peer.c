// SPDX-License-Identifier: GPL-2.0-only
/* The raw peer against libzmq: are its bytes those of a real ZeroMQ peer? */
#include <stdlib.h>
#include <zmq.h>
#include "kselftest_harness.h"
#include "zmqtest.h"

FIXTURE(peer) {
	void *ctx;
	void *zmq;
	char ep[ZMQ_ENDPOINT_MAX];
	int port;
	int listener;
};

FIXTURE_SETUP(peer)
{
	setvbuf(stdout, NULL, _IONBF, 0);
	self->ctx = zmq_ctx_new();
	self->listener = zp_listen(0, &self->port);
	ASSERT_LE(0, self->listener);
	snprintf(self->ep, sizeof(self->ep), "tcp://127.0.0.1:%d", self->port);
}

FIXTURE_TEARDOWN(peer)
{
}

/* A libzmq socket bound to a free port, or connected to our listener. */
static void *zmq_end(void *ctx, int type, bool bound, char *ep)
{
	const int deadline = ZT_DEADLINE_MS;
	size_t len = ZMQ_ENDPOINT_MAX;
	void *s = zmq_socket(ctx, type);

	if (!s || zmq_setsockopt(s, ZMQ_RCVTIMEO, &deadline, sizeof(deadline)))
		return NULL;
	if (!bound)
		return zmq_connect(s, ep) ? NULL : s;
	if (zmq_bind(s, "tcp://127.0.0.1:*") ||
	    zmq_getsockopt(s, ZMQ_LAST_ENDPOINT, ep, &len))
		return NULL;
	return s;
}

static bool zmq_got(void *s, const void *data, size_t len, bool more)
{
	static char buf[ZP_BODY_MAX];
	int n = zmq_recv(s, buf, sizeof(buf), 0), rcvmore;
	size_t size = sizeof(rcvmore);

	zmq_getsockopt(s, ZMQ_RCVMORE, &rcvmore, &size);
	return n == len && !memcmp(buf, data, len) && rcvmore == more;
}

TEST_F(peer, libzmq_takes_our_frames)
{
	static const size_t sizes[] = { 0, 1, 255, 256, 65536 };
	unsigned char body[65536];
	int peer, i;

	self->zmq = zmq_end(self->ctx, ZMQ_PULL, true, self->ep);
	ASSERT_NE(NULL, self->zmq);
	peer = zp_peer(zt_port(self->ep), "PUSH", "PULL");
	ASSERT_LE(0, peer);
	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		zt_pattern(body, sizes[i], i);
		ASSERT_EQ(0, zp_send(peer, ZP_MORE, body, sizes[i]));
		ASSERT_EQ(0, zp_send(peer, ZP_LONG, body, sizes[i]));
		ASSERT_TRUE(zmq_got(self->zmq, body, sizes[i], true));
		ASSERT_TRUE(zmq_got(self->zmq, body, sizes[i], false));
	}
	ASSERT_EQ(0, zp_puts(peer, ZP_MORE, "a"));
	EXPECT_TRUE(zp_sync(peer));
	ASSERT_EQ(0, zp_puts(peer, 0, "b"));
	EXPECT_TRUE(zmq_got(self->zmq, "a", 1, true));
	EXPECT_TRUE(zmq_got(self->zmq, "b", 1, false));
}

TEST_F(peer, libzmqs_frames_are_what_we_expect)
{
	static const size_t sizes[] = { 0, 1, 255, 256, 65536 };
	unsigned char body[65536];
	int peer, i;

	self->zmq = zmq_end(self->ctx, ZMQ_PUSH, false, self->ep);
	ASSERT_NE(NULL, self->zmq);
	peer = zp_accept_peer(self->listener, "PULL", "PUSH");
	ASSERT_LE(0, peer);
	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		zt_pattern(body, sizes[i], i);
		ASSERT_EQ(sizes[i], zmq_send(self->zmq, body, sizes[i],
					     ZMQ_SNDMORE));
		ASSERT_EQ(sizes[i], zmq_send(self->zmq, body, sizes[i], 0));
		ASSERT_TRUE(zp_got(peer, ZP_MORE, body, sizes[i]));
		ASSERT_TRUE(zp_got(peer, 0, body, sizes[i]));
	}
}

TEST_F(peer, libzmqs_ready_is_what_we_send)
{
	unsigned char want[64];
	size_t len;
	int peer;

	self->zmq = zmq_end(self->ctx, ZMQ_DEALER, false, self->ep);
	peer = zp_accept(self->listener);
	ASSERT_EQ(0, zp_greet(peer, 1));
	len = zp_ready_body(want, "ROUTER", "", 0);
	ASSERT_EQ(0, zp_send(peer, ZP_COMMAND, want, len));
	len = zp_ready_body(want, "DEALER", "", 0);
	EXPECT_TRUE(zp_got(peer, ZP_COMMAND, want, len));
}

TEST_F(peer, libzmq_takes_our_routing_id)
{
	int peer;

	self->zmq = zmq_end(self->ctx, ZMQ_ROUTER, true, self->ep);
	peer = zp_dial(zt_port(self->ep), 4096);
	ASSERT_EQ(0, zp_handshake_id(peer, 1, "DEALER", "ROUTER", "me", 2));
	ASSERT_EQ(0, zp_puts(peer, 0, "hello"));
	EXPECT_TRUE(zmq_got(self->zmq, "me", 2, true));
	EXPECT_TRUE(zmq_got(self->zmq, "hello", 5, false));
}

TEST_F(peer, libzmqs_subscriptions_are_what_we_expect)
{
	struct zp_frame f;
	int peer;

	self->zmq = zmq_end(self->ctx, ZMQ_SUB, false, self->ep);
	ASSERT_EQ(0, zmq_setsockopt(self->zmq, ZMQ_SUBSCRIBE, "topic", 5));
	peer = zp_accept_peer(self->listener, "PUB", "SUB");
	ASSERT_LE(0, peer);
	ASSERT_EQ(0, zp_recv(peer, &f));
	EXPECT_TRUE(zp_is_command(&f, "SUBSCRIBE", "topic", 5));
	ASSERT_EQ(0, zmq_setsockopt(self->zmq, ZMQ_UNSUBSCRIBE, "topic", 5));
	ASSERT_EQ(0, zp_recv(peer, &f));
	EXPECT_TRUE(zp_is_command(&f, "CANCEL", "topic", 5));
}

TEST_F(peer, libzmq_tells_a_3_0_peer_by_messages)
{
	int peer;

	self->zmq = zmq_end(self->ctx, ZMQ_SUB, false, self->ep);
	ASSERT_EQ(0, zmq_setsockopt(self->zmq, ZMQ_SUBSCRIBE, "topic", 5));
	peer = zp_accept(self->listener);
	ASSERT_EQ(0, zp_handshake_id(peer, 0, "PUB", "SUB", NULL, 0));
	EXPECT_TRUE(zp_got(peer, 0, "\1topic", 6));
}

TEST_F(peer, libzmq_takes_our_subscriptions)
{
	int peer, minor;

	self->zmq = zmq_end(self->ctx, ZMQ_XPUB, true, self->ep);
	for (minor = 0; minor <= 1; minor++) {
		peer = zp_dial(zt_port(self->ep), 0);
		ASSERT_EQ(0, zp_handshake_id(peer, minor, "SUB", "XPUB", NULL,
					     0));
		ASSERT_EQ(0, zp_puts(peer, 0, "\1t"));
		EXPECT_TRUE(zmq_got(self->zmq, "\1t", 2, false));
		ASSERT_EQ(0, zp_send(peer, 0, "\0t", 2));
		EXPECT_TRUE(zmq_got(self->zmq, "\0t", 2, false));
		if (!minor)
			continue;
		ASSERT_EQ(0, zp_command(peer, "SUBSCRIBE", "c", 1));
		EXPECT_TRUE(zmq_got(self->zmq, "\1c", 2, false));
		ASSERT_EQ(0, zp_command(peer, "CANCEL", "c", 1));
		EXPECT_TRUE(zmq_got(self->zmq, "\0c", 2, false));
	}
}

TEST_F(peer, libzmq_drops_a_type_that_does_not_fit)
{
	int peer;

	self->zmq = zmq_end(self->ctx, ZMQ_PULL, true, self->ep);
	peer = zp_dial(zt_port(self->ep), 0);
	ASSERT_EQ(0, zp_handshake(peer, "PUB", "PULL"));
	EXPECT_TRUE(zp_closed(peer));
}

TEST_HARNESS_MAIN
