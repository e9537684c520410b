// SPDX-License-Identifier: GPL-2.0-only
/*
 * The queues that RFC 28, 30 and 31 prescribe in the same words for DEALER,
 * ROUTER, PUSH and PAIR, and libzmq's rules for them.
 */
#include "kselftest_harness.h"
#include "fixture.h"

#define KIB	1024

FIXTURE(queue) {
	char ep[ZMQ_ENDPOINT_MAX];
};

FIXTURE_VARIANT(queue) {
	int type;
	const char *name;
	const char *peer;	/* the raw peer's type */
	bool both;		/* sends and receives */
};

FIXTURE_VARIANT_ADD(queue, dealer) {
	.type = ZMQ_DEALER, .name = "DEALER", .peer = "ROUTER", .both = true,
};

FIXTURE_VARIANT_ADD(queue, router) {
	.type = ZMQ_ROUTER, .name = "ROUTER", .peer = "DEALER", .both = true,
};

FIXTURE_VARIANT_ADD(queue, push) {
	.type = ZMQ_PUSH, .name = "PUSH", .peer = "PULL",
};

FIXTURE_VARIANT_ADD(queue, pair) {
	.type = ZMQ_PAIR, .name = "PAIR", .peer = "PAIR", .both = true,
};

FIXTURE_SETUP(queue)
{
	ASSERT_EQ(0, zt_setup(_metadata->name));
}

FIXTURE_TEARDOWN(queue)
{
	EXPECT_EQ(0, zt_teardown());
}

/* With a small queue; a ROUTER waits for its peer instead of dropping. */
static int small(int type, int hwm)
{
	int fd = zt_socket(type);

	if (fd < 0 || zt_setint(fd, ZMQ_SNDHWM, hwm) ||
	    zt_setint(fd, ZMQ_SNDBUF, 8 * KIB) ||
	    zt_setint(fd, ZMQ_RECONNECT_IVL, 10))
		return -1;
	if (type == ZMQ_ROUTER && zt_setint(fd, ZMQ_ROUTER_MANDATORY, 1))
		return -1;
	return fd;
}

static int connect_small(int fd, int type, const char *ep)
{
	if (type == ZMQ_ROUTER && zt_settext(fd, ZMQ_CONNECT_ROUTING_ID, "p"))
		return -1;
	return zt_connect(fd, ep);
}

/* Sends a message to the one peer, which a ROUTER calls "p". */
static int put(int fd, int type, const void *data, size_t len)
{
	if (type == ZMQ_ROUTER &&
	    zt_puts(fd, "p", MSG_MORE | MSG_DONTWAIT))
		return -1;
	return zt_send(fd, data, len, MSG_DONTWAIT);
}

/* Sends numbered messages until there is no room and stays none. */
static int fill(int fd, int type, int limit)
{
	static char body[64 * KIB];
	u32 i = 0;

	while (i < limit) {
		memcpy(body, &i, sizeof(i));
		if (!put(fd, type, body, sizeof(body)))
			i++;
		else if (errno != EAGAIN)
			return -1;
		else if (!(zt_poll(fd, POLLOUT, 300) & POLLOUT))
			return i;
	}
	return -1;
}

static bool raw_got_number(int peer, u32 number)
{
	struct zp_frame f;

	return !zp_recv(peer, &f) && !f.flags && f.len == 64 * KIB &&
	       !memcmp(f.body, &number, sizeof(number));
}

static int raw_accept(int listener, const char *own, const char *theirs)
{
	int peer = zp_accept(listener);

	if (peer < 0 || zp_handshake_id(peer, 1, own, theirs, "p", 1))
		return -1;
	return peer;
}

static int raw_connect(const char *ep, const char *own, const char *theirs)
{
	int peer = zp_dial(zt_port(ep), 4 * KIB);

	if (peer < 0 || zp_handshake_id(peer, 1, own, theirs, "p", 1))
		return -1;
	return peer;
}

TEST_F(queue, connect_makes_one_that_stays_while_the_peer_is_away)
{
	int fd = small(variant->type, 10), listener, peer, i;
	u32 n = 0;

	listener = zp_listen_any(0, self->ep);
	close(listener);
	ASSERT_EQ(0, connect_small(fd, variant->type, self->ep));
	for (i = 0; i < 10; i++, n++) {
		ASSERT_EQ(0, put(fd, variant->type, &n, sizeof(n)))
			TH_LOG("round %d", i);
	}
	EXPECT_EQ(-1, put(fd, variant->type, &n, sizeof(n)));
	EXPECT_EQ(EAGAIN, errno);
	i = zt_port(self->ep);
	listener = zp_listen(0, &i);
	ASSERT_LE(0, listener);
	peer = raw_accept(listener, variant->peer, variant->name);
	ASSERT_LE(0, peer);
	for (n = 0; n < 10; n++) {
		ASSERT_TRUE(zp_got(peer, 0, &n, sizeof(n)))
			TH_LOG("round %d", n);
	}
	/* The peer leaves; what is sent meanwhile waits for the next one. */
	close(listener);
	close(peer);
	ASSERT_TRUE(zt_becomes(fd, POLLOUT));
	i = zt_port(self->ep);
	listener = zp_listen(0, &i);
	ASSERT_LE(0, listener);
	peer = zp_accept(listener);
	ASSERT_LE(0, peer);
	for (i = 0; i < 10; i++, n++) {
		ASSERT_EQ(0, put(fd, variant->type, &n, sizeof(n)))
			TH_LOG("round %d", i);
	}
	ASSERT_EQ(0, zp_handshake_id(peer, 1, variant->peer, variant->name,
				     "p", 1));
	for (n = 10; n < 20; n++) {
		ASSERT_TRUE(zp_got(peer, 0, &n, sizeof(n)))
			TH_LOG("round %d", n);
	}
}

TEST_F(queue, that_of_a_peer_that_connected_goes_with_it)
{
	int fd = small(variant->type, 10), peer;
	u32 mark = 12345;

	ASSERT_EQ(0, zt_bind_any(fd, "tcp://127.0.0.1:*", self->ep));
	peer = raw_connect(self->ep, variant->peer, variant->name);
	ASSERT_LE(0, peer);
	ASSERT_TRUE(zt_becomes(fd, POLLOUT));
	ASSERT_LT(0, fill(fd, variant->type, 1000));
	close(peer);
	peer = raw_connect(self->ep, variant->peer, variant->name);
	ASSERT_LE(0, peer);
	ASSERT_TRUE(zt_becomes(fd, POLLOUT));
	ASSERT_EQ(0, put(fd, variant->type, &mark, sizeof(mark)));
	EXPECT_TRUE(zp_got(peer, 0, &mark, sizeof(mark)));
}

TEST_F(queue, a_full_one_takes_no_more_and_loses_nothing)
{
	int fd = small(variant->type, 5), peer, sent, i;

	ASSERT_EQ(0, zt_bind_any(fd, "tcp://127.0.0.1:*", self->ep));
	peer = raw_connect(self->ep, variant->peer, variant->name);
	ASSERT_LE(0, peer);
	ASSERT_TRUE(zt_becomes(fd, POLLOUT));
	sent = fill(fd, variant->type, 1000);
	ASSERT_LE(5, sent);
	EXPECT_EQ(-1, put(fd, variant->type, "x", 1));
	EXPECT_EQ(EAGAIN, errno);
	EXPECT_EQ(0, zt_poll(fd, POLLOUT, 0));
	for (i = 0; i < sent; i++) {
		ASSERT_TRUE(raw_got_number(peer, i))
			TH_LOG("message %d of %d", i, sent);
	}
	ASSERT_TRUE(zt_becomes(fd, POLLOUT));
	ASSERT_EQ(0, put(fd, variant->type, "x", 1));
	EXPECT_TRUE(zp_gets(peer, 0, "x"));
}

TEST_F(queue, each_direction_has_its_own)
{
	int fd = small(variant->type, 5), peer, i;

	ASSERT_EQ(0, zt_bind_any(fd, "tcp://127.0.0.1:*", self->ep));
	peer = raw_connect(self->ep, variant->peer, variant->name);
	ASSERT_LE(0, peer);
	ASSERT_TRUE(zt_becomes(fd, POLLOUT));
	ASSERT_LT(0, fill(fd, variant->type, 1000));
	for (i = 0; i < 10; i++) {
		ASSERT_EQ(0, zp_puts(peer, 0, "in"));
		if (!variant->both)
			continue;
		if (variant->type == ZMQ_ROUTER)
			ASSERT_TRUE(zt_gets(fd, "p", ZT_MORE));
		ASSERT_TRUE(zt_gets(fd, "in", ZT_LAST));
	}
	EXPECT_EQ(0, zt_poll(fd, POLLIN | POLLOUT, 0));
}

/* Pushes numbers until EAGAIN; how many. */
static int count_up(int push, int limit)
{
	u32 i;

	for (i = 0; i < limit; i++)
		if (zt_send(push, &i, sizeof(i), MSG_DONTWAIT))
			break;
	return i;
}

static int inproc_push(int sndhwm, int pull_rcvhwm, int *pull)
{
	int push = zt_socket(ZMQ_PUSH);

	*pull = zt_socket(ZMQ_PULL);
	if (push < 0 || *pull < 0 || zt_setint(push, ZMQ_SNDHWM, sndhwm) ||
	    zt_setint(*pull, ZMQ_RCVHWM, pull_rcvhwm) ||
	    zt_bind(*pull, "inproc://hwm") ||
	    zt_connect(push, "inproc://hwm"))
		return -1;
	return push;
}

TEST_F(zmq, libzmq_48_the_high_water_mark_is_each_peers)
{
	int push = zt_socket(ZMQ_PUSH), i;

	ASSERT_EQ(0, zt_setint(push, ZMQ_SNDHWM, 10));
	for (i = 0; i < 3; i++) {
		snprintf(self->ep, sizeof(self->ep), "inproc://absent-%d", i);
		ASSERT_EQ(0, zt_connect(push, self->ep));
	}
	EXPECT_EQ(30, count_up(push, 100));
}

TEST_F(zmq, libzmq_50_room_comes_back_half_a_queue_at_a_time)
{
	int pull, push = inproc_push(10, 10, &pull), i;

	ASSERT_LE(0, push);
	ASSERT_EQ(20, count_up(push, 100));
	for (i = 0; i < 8; i++) {
		ASSERT_TRUE(zt_got(pull, &i, sizeof(i), ZT_LAST));
		EXPECT_EQ(0, zt_poll(push, POLLOUT, 0)) TH_LOG("after %d", i);
	}
	for (; i < 12; i++) {
		ASSERT_TRUE(zt_got(pull, &i, sizeof(i), ZT_LAST))
			TH_LOG("round %d", i);
	}
	EXPECT_EQ(POLLOUT, zt_poll(push, POLLOUT, 0));
}

TEST_F(zmq, libzmq_51_either_end_without_a_limit_makes_none)
{
	int pull, push = inproc_push(5, 0, &pull);

	ASSERT_LE(0, push);
	EXPECT_EQ(3000, count_up(push, 3000));
	EXPECT_EQ(3000, zt_get_numbers(pull, 3000));
}

TEST_F(zmq, libzmq_54_with_immediate_a_queue_goes_with_its_connection)
{
	int push = small(ZMQ_PUSH, 10), listener, peer;

	ASSERT_EQ(0, zt_setint(push, ZMQ_IMMEDIATE, 1));
	listener = zp_listen_any(4 * KIB, self->ep);
	ASSERT_EQ(0, zt_connect(push, self->ep));
	peer = zp_accept_peer(listener, "PULL", "PUSH");
	ASSERT_LE(0, peer);
	ASSERT_TRUE(zt_becomes(push, POLLOUT));
	ASSERT_LT(0, fill(push, ZMQ_PUSH, 1000));
	close(peer);
	peer = zp_accept_peer(listener, "PULL", "PUSH");
	ASSERT_LE(0, peer);
	ASSERT_TRUE(zt_becomes(push, POLLOUT));
	ASSERT_EQ(0, zt_puts(push, "new", 0));
	EXPECT_TRUE(zp_gets(peer, 0, "new"));
}

TEST_F(zmq, libzmq_55_a_new_limit_holds_for_existing_peers)
{
	int pull, push = inproc_push(5, 5, &pull);

	ASSERT_LE(0, push);
	ASSERT_EQ(0, zt_setint(push, ZMQ_SNDHWM, 20));
	ASSERT_EQ(25, count_up(push, 100));
	/* Less than is there drops nothing. */
	ASSERT_EQ(0, zt_setint(push, ZMQ_SNDHWM, 1));
	EXPECT_EQ(0, count_up(push, 1));
	EXPECT_EQ(25, zt_get_numbers(pull, 25));
	EXPECT_EQ(6, count_up(push, 100));
	EXPECT_EQ(6, zt_get_numbers(pull, 6));
	/* The receiver's too. */
	ASSERT_EQ(0, zt_setint(pull, ZMQ_RCVHWM, 10));
	EXPECT_EQ(11, count_up(push, 100));
}

TEST_F(zmq, libzmq_59_a_message_whose_peer_dies_goes_to_another)
{
	int push = zt_listening(ZMQ_PUSH, "tcp://127.0.0.1:*", self->ep);
	int first = zp_peer(zt_port(self->ep), "PULL", "PUSH"), second;

	ASSERT_LE(0, first);
	ASSERT_TRUE(zt_becomes(push, POLLOUT));
	ASSERT_EQ(0, zt_puts(push, "begun", MSG_MORE));
	ASSERT_TRUE(zp_sync(first));
	close(first);
	ASSERT_TRUE(zt_lacks(push, POLLOUT));
	second = zp_peer(zt_port(self->ep), "PULL", "PUSH");
	ASSERT_LE(0, second);
	ASSERT_EQ(0, zt_puts(push, "middle", MSG_MORE));
	ASSERT_EQ(0, zt_puts(push, "end", 0));
	EXPECT_TRUE(zp_gets(second, ZP_MORE, "begun"));
	EXPECT_TRUE(zp_gets(second, ZP_MORE, "middle"));
	EXPECT_TRUE(zp_gets(second, 0, "end"));
}

TEST_F(zmq, libzmq_62_who_connected_and_got_too_much_comes_back)
{
	int pull = zt_socket(ZMQ_PULL), listener, peer;
	const s64 max = 10;

	ASSERT_EQ(0, zt_setint(pull, ZMQ_RECONNECT_IVL, 1));
	ASSERT_EQ(0, setsockopt(pull, SOL_ZMQ, ZMQ_MAXMSGSIZE, &max,
				sizeof(max)));
	listener = zp_listen_any(0, self->ep);
	ASSERT_EQ(0, zt_connect(pull, self->ep));
	/* 63: the limit is one of messages, READY may be longer. */
	peer = zp_accept_peer(listener, "PUSH", "PULL");
	ASSERT_LE(0, peer);
	ASSERT_EQ(0, zp_puts(peer, 0, "ten bytes."));
	EXPECT_TRUE(zt_gets(pull, "ten bytes.", ZT_LAST));
	ASSERT_EQ(0, zp_puts(peer, 0, "11 bytes..."));
	EXPECT_TRUE(zp_closed(peer));
	EXPECT_TRUE(zp_pending(listener, ZT_DEADLINE_MS));
}

TEST_HARNESS_MAIN
