// SPDX-License-Identifier: GPL-2.0-only
/* DEALER and ROUTER, clause by clause: RFC 28 and what libzmq makes of it. */
#include "kselftest_harness.h"
#include "fixture.h"

static int bound_router(char *ep)
{
	return zt_listening(ZMQ_ROUTER, "tcp://127.0.0.1:*", ep);
}

/* A raw DEALER with a routing id, connected to a bound ROUTER. */
static int raw_dealer(int port, int rcvbuf, const void *id, size_t len)
{
	int peer = zp_dial(port, rcvbuf);

	if (peer < 0 || zp_handshake_id(peer, 1, "DEALER", "ROUTER", id, len))
		return -1;
	return peer;
}

static bool says(int router, const char *id, const char *text)
{
	return zt_gets(router, id, ZT_MORE) && zt_gets(router, text, ZT_LAST);
}

static int tell(int router, const char *id, const char *text)
{
	return zt_puts(router, id, MSG_MORE | MSG_DONTWAIT) ||
	       zt_puts(router, text, MSG_DONTWAIT);
}

TEST_F(zmq, rfc28_dealer_adds_and_takes_away_nothing)
{
	int dealer = zt_socket(ZMQ_DEALER), listener, peer;
	static const char * const frames[] = { "", "a", "", "b" };

	listener = zp_listen_any(0, self->ep);
	ASSERT_EQ(0, zt_connect(dealer, self->ep));
	peer = zp_accept_peer(listener, "ROUTER", "DEALER");
	ASSERT_LE(0, peer);
	EXPECT_TRUE(zp_reflects(dealer, peer, frames, 4));
}

TEST_F(zmq_over, rfc28_dealer_sends_round_robin)
{
	char names[3][ZMQ_ENDPOINT_MAX];
	int dealer = zt_socket(ZMQ_DEALER), peers[3], i;

	for (i = 0; i < 3; i++) {
		peers[i] = zt_listening(ZMQ_DEALER,
					zt_nth_bind(variant->bind, i), names[i]);
		ASSERT_LE(0, peers[i]);
		ASSERT_EQ(0, zt_connect(dealer, names[i]));
	}
	for (i = 0; i < 30; i++) {
		ASSERT_EQ(0, zt_send(dealer, &i, sizeof(i), 0))
			TH_LOG("round %d", i);
	}
	for (i = 0; i < 30; i++) {
		ASSERT_TRUE(zt_got(peers[i % 3], &i, sizeof(i), ZT_LAST))
			TH_LOG("round %d", i);
	}
}

static void reads_in_turn(struct __test_metadata *_metadata, int type,
			  const char *name, char *ep)
{
	int fd = zt_listening(type, "tcp://127.0.0.1:*", ep), peers[3], from, i;
	char id[2] = "a", body[8];

	ASSERT_LE(0, fd);
	for (from = 0; from < 3; from++) {
		id[0] = 'a' + from;
		peers[from] = zp_dial(zt_port(ep), 0);
		ASSERT_EQ(0, zp_handshake_id(peers[from], 1, "DEALER", name, id,
					     1));
		for (i = 0; i < 10; i++) {
			snprintf(body, sizeof(body), "%d %d", from, i);
			ASSERT_EQ(0, zp_puts(peers[from], ZP_MORE, "part"));
			ASSERT_EQ(0, zp_puts(peers[from], 0, body));
		}
		ASSERT_TRUE(zp_sync(peers[from]));
	}
	for (i = 0; i < 30; i++) {
		id[0] = 'a' + i % 3;
		if (type == ZMQ_ROUTER)
			ASSERT_TRUE(zt_gets(fd, id, ZT_MORE));
		snprintf(body, sizeof(body), "%d %d", i % 3, i / 3);
		ASSERT_TRUE(zt_gets(fd, "part", ZT_MORE));
		ASSERT_TRUE(zt_gets(fd, body, ZT_LAST));
	}
}

TEST_F(zmq, rfc28_dealer_reads_fairly)
{
	reads_in_turn(_metadata, ZMQ_DEALER, "DEALER", self->ep);
}

TEST_F(zmq, rfc28_router_reads_fairly)
{
	reads_in_turn(_metadata, ZMQ_ROUTER, "ROUTER", self->ep);
}

TEST_F(zmq, rfc28_router_drops_for_a_full_peer_and_never_blocks)
{
	int router = zt_socket(ZMQ_ROUTER), stuck, good, i;
	static char body[65536];

	ASSERT_EQ(0, zt_setint(router, ZMQ_SNDHWM, 2));
	ASSERT_EQ(0, zt_setint(router, ZMQ_SNDBUF, 8192));
	ASSERT_EQ(0, zt_bind_any(router, "tcp://127.0.0.1:*", self->ep));
	stuck = raw_dealer(zt_port(self->ep), 4096, "stuck", 5);
	good = raw_dealer(zt_port(self->ep), 0, "good", 4);
	ASSERT_EQ(0, zp_puts(stuck, 0, "hello"));
	ASSERT_TRUE(says(router, "stuck", "hello"));
	ASSERT_EQ(0, zp_puts(good, 0, "hello"));
	ASSERT_TRUE(says(router, "good", "hello"));
	for (i = 0; i < 40; i++) {
		EXPECT_EQ(POLLOUT, zt_poll(router, POLLOUT, 0));
		ASSERT_EQ(0, zt_puts(router, "stuck", MSG_MORE | MSG_DONTWAIT));
		ASSERT_EQ(0, zt_puts(router, "head", MSG_MORE | MSG_DONTWAIT));
		ASSERT_EQ(0, zt_send(router, body, sizeof(body), MSG_DONTWAIT));
		ASSERT_EQ(0, tell(router, "good", "through"));
		ASSERT_TRUE(zp_gets(good, 0, "through"));
	}
	for (i = 0; zt_poll(stuck, POLLIN, 500) & POLLIN; i++) {
		ASSERT_TRUE(zp_gets(stuck, ZP_MORE, "head"));
		ASSERT_TRUE(zp_got(stuck, 0, body, sizeof(body)));
	}
	EXPECT_LE(1, i);
	EXPECT_GT(30, i);
}

TEST_F(zmq, libzmq_78_a_second_peer_of_a_routing_id_is_refused)
{
	int router = bound_router(self->ep), first, second;
	const int port = zt_port(self->ep);

	ASSERT_LE(0, router);
	first = raw_dealer(port, 0, "id", 2);
	ASSERT_LE(0, first);
	ASSERT_TRUE(zp_sync(first));
	second = raw_dealer(port, 0, "id", 2);
	ASSERT_LE(0, second);
	EXPECT_TRUE(zp_closed(second));
	ASSERT_EQ(0, tell(router, "id", "to the first"));
	EXPECT_TRUE(zp_gets(first, 0, "to the first"));
	/* The id is free once its owner has left. */
	close(first);
	ASSERT_EQ(0, zt_setint(router, ZMQ_ROUTER_MANDATORY, 1));
	ASSERT_TRUE(zt_lacks(router, POLLOUT));
	first = raw_dealer(port, 0, "id", 2);
	ASSERT_LE(0, first);
	ASSERT_TRUE(zp_sync(first));
	ASSERT_EQ(0, tell(router, "id", "to the new one"));
	EXPECT_TRUE(zp_gets(first, 0, "to the new one"));
}

TEST_F(zmq, libzmq_79_with_handover_the_new_peer_takes_the_id)
{
	int router = zt_socket(ZMQ_ROUTER), first, second;

	ASSERT_EQ(0, zt_setint(router, ZMQ_ROUTER_HANDOVER, 1));
	ASSERT_EQ(0, zt_bind_any(router, "tcp://127.0.0.1:*", self->ep));
	first = raw_dealer(zt_port(self->ep), 0, "id", 2);
	ASSERT_LE(0, first);
	ASSERT_EQ(0, zp_puts(first, ZP_MORE, "first"));
	ASSERT_EQ(0, zp_puts(first, 0, "whole"));
	ASSERT_EQ(0, zp_puts(first, ZP_MORE, "without an end"));
	ASSERT_TRUE(zp_sync(first));
	ASSERT_TRUE(zt_gets(router, "id", ZT_MORE));
	second = raw_dealer(zt_port(self->ep), 0, "id", 2);
	ASSERT_LE(0, second);
	ASSERT_TRUE(zp_closed(first));
	/* A message that is being read is read to its end. */
	EXPECT_TRUE(zt_gets(router, "first", ZT_MORE));
	EXPECT_TRUE(zt_gets(router, "whole", ZT_LAST));
	EXPECT_EQ(0, zt_poll(router, POLLIN, 0));
	ASSERT_EQ(0, tell(router, "id", "to the second"));
	EXPECT_TRUE(zp_gets(second, 0, "to the second"));
	ASSERT_EQ(0, zp_puts(second, 0, "second"));
	EXPECT_TRUE(says(router, "id", "second"));
}

static bool id_of(int router, unsigned char *id)
{
	int flags;

	return zt_recv(router, id, 6, 0, &flags) == 5 && !id[0] &&
	       !(flags & MSG_EOR) && zt_gets(router, "hello", ZT_LAST);
}

TEST_F(zmq, libzmq_80_automatic_ids_start_anywhere_and_never_return)
{
	int routers[2], peers[2], i;
	unsigned char ids[3][6];

	for (i = 0; i < 2; i++) {
		routers[i] = bound_router(self->ep);
		ASSERT_LE(0, routers[i]);
		peers[i] = raw_dealer(zt_port(self->ep), 0, NULL, 0);
		ASSERT_EQ(0, zp_puts(peers[i], 0, "hello"));
		ASSERT_TRUE(id_of(routers[i], ids[i]));
	}
	EXPECT_NE(0, memcmp(ids[0], ids[1], 5));
	close(peers[1]);
	for (i = 0; i < 3; i++) {
		peers[1] = raw_dealer(zt_port(self->ep), 0, "", 0);
		ASSERT_EQ(0, zp_puts(peers[1], 0, "hello"));
		ASSERT_TRUE(id_of(routers[1], ids[2]));
		EXPECT_NE(0, memcmp(ids[1], ids[2], 5));
		memcpy(ids[1], ids[2], 5);
		close(peers[1]);
	}
}

TEST_F(zmq, libzmq_81_a_routing_id_that_rfc37_forbids_is_not_taken)
{
	int router = bound_router(self->ep), peer;
	unsigned char id[256], ready[512];
	size_t len;

	ASSERT_LE(0, router);
	peer = raw_dealer(zt_port(self->ep), 0, "\0mine", 5);
	ASSERT_EQ(0, zp_puts(peer, 0, "hello"));
	ASSERT_TRUE(id_of(router, id));
	EXPECT_NE(0, memcmp(id, "\0mine", 5));
	ASSERT_EQ(0, zt_setint(router, ZMQ_ROUTER_MANDATORY, 1));
	EXPECT_EQ(-1, zt_send(router, "\0mine", 5, MSG_MORE));
	EXPECT_EQ(EHOSTUNREACH, errno);

	memset(id, 'i', sizeof(id));
	peer = raw_dealer(zt_port(self->ep), 0, id, 255);
	ASSERT_EQ(0, zp_puts(peer, 0, "hello"));
	ASSERT_TRUE(zt_got(router, id, 255, ZT_MORE));
	ASSERT_TRUE(zt_gets(router, "hello", ZT_LAST));
	peer = zp_dial(zt_port(self->ep), 0);
	ASSERT_EQ(0, zp_greet(peer, 1));
	len = zp_ready_body(ready, "DEALER", id, 256);
	ASSERT_EQ(0, zp_send(peer, ZP_COMMAND, ready, len));
	EXPECT_TRUE(zp_closed(peer));
}

TEST_F(zmq, libzmq_82_a_peer_that_comes_back_may_have_a_new_routing_id)
{
	int router = zt_socket(ZMQ_ROUTER), listener, peer, i;
	char id[2] = "a";

	ASSERT_EQ(0, zt_setint(router, ZMQ_RECONNECT_IVL, 10));
	listener = zp_listen_any(0, self->ep);
	ASSERT_EQ(0, zt_connect(router, self->ep));
	for (i = 0; i < 3; i++) {
		id[0] = 'a' + i;
		peer = zp_accept(listener);
		ASSERT_EQ(0, zp_handshake_id(peer, 1, "DEALER", "ROUTER", id,
					     1));
		ASSERT_EQ(0, zp_puts(peer, 0, "hello"));
		ASSERT_TRUE(says(router, id, "hello"));
		ASSERT_EQ(0, tell(router, id, "welcome"));
		EXPECT_TRUE(zp_gets(peer, 0, "welcome"));
		close(peer);
	}
}

TEST_F(zmq, libzmq_83_connect_routing_id_is_for_one_connection)
{
	char names[3][ZMQ_ENDPOINT_MAX], hello[6];
	int router = zt_socket(ZMQ_ROUTER), listeners[3], peers[3], i;

	for (i = 0; i < 3; i++)
		listeners[i] = zp_listen_any(0, names[i]);
	ASSERT_EQ(0, zt_settext(router, ZMQ_CONNECT_ROUTING_ID, "mine"));
	for (i = 0; i < 2; i++) {
		ASSERT_EQ(0, zt_connect(router, names[i]));
		peers[i] = zp_accept(listeners[i]);
		ASSERT_EQ(0, zp_handshake_id(peers[i], 1, "DEALER", "ROUTER",
					     "theirs", 6));
		snprintf(hello, sizeof(hello), "%d", i);
		ASSERT_EQ(0, zp_puts(peers[i], 0, hello));
		EXPECT_TRUE(says(router, i ? "theirs" : "mine", hello));
	}
	/* Where libzmq ends the process. */
	ASSERT_EQ(0, zt_settext(router, ZMQ_CONNECT_ROUTING_ID, "mine"));
	EXPECT_EQ(-1, zt_connect(router, names[2]));
	EXPECT_EQ(EEXIST, errno);
	EXPECT_FALSE(zp_pending(listeners[2], 100));
	EXPECT_EQ(-1, zt_connect(router, "inproc://taken"));
	EXPECT_EQ(EEXIST, errno);
	ASSERT_EQ(0, tell(router, "mine", "still there"));
	EXPECT_TRUE(zp_gets(peers[0], 0, "still there"));
	/* A refusal uses it up no more than it does anything else. */
	EXPECT_EQ(-1, zt_connect(router, "inproc://taken"));
	EXPECT_EQ(EEXIST, errno);
	ASSERT_EQ(0, zt_settext(router, ZMQ_CONNECT_ROUTING_ID, "other"));
	ASSERT_EQ(0, zt_connect(router, names[2]));
	peers[0] = zp_accept_peer(listeners[2], "DEALER", "ROUTER");
	ASSERT_LE(0, peers[0]);
	ASSERT_EQ(0, tell(router, "other", "hello"));
	EXPECT_TRUE(zp_gets(peers[0], 0, "hello"));
}

TEST_F(zmq, libzmq_84_a_probe_is_an_empty_message_to_each_new_peer)
{
	static const struct {
		int type;
		const char *name;
		const char *other;
	} probers[] = {
		{ ZMQ_ROUTER, "ROUTER", "ROUTER" },
		{ ZMQ_DEALER, "DEALER", "ROUTER" },
		{ ZMQ_REQ, "REQ", "ROUTER" },
	};
	int fd, peer, i, round;

	for (i = 0; i < ARRAY_SIZE(probers); i++) {
		fd = zt_socket(probers[i].type);
		ASSERT_EQ(0, zt_setint(fd, ZMQ_PROBE_ROUTER, 1));
		ASSERT_EQ(0, zt_bind_any(fd, "tcp://127.0.0.1:*", self->ep));
		for (round = 0; round < 2; round++) {
			peer = zp_peer(zt_port(self->ep), probers[i].other,
				       probers[i].name);
			ASSERT_LE(0, peer);
			EXPECT_TRUE(zp_gets(peer, 0, ""))
				TH_LOG("%s", probers[i].name);
			EXPECT_TRUE(zp_sync(peer));
		}
	}
}

TEST_F(zmq, libzmq_90_some_types_connect_to_an_endpoint_once)
{
	static const struct {
		int type;
		bool once;
	} types[] = {
		{ ZMQ_DEALER, true }, { ZMQ_SUB, true }, { ZMQ_PUB, true },
		{ ZMQ_REQ, true }, { ZMQ_PUSH, false }, { ZMQ_PULL, false },
		{ ZMQ_ROUTER, false }, { ZMQ_XPUB, false }, { ZMQ_XSUB, false },
		{ ZMQ_REP, false },
	};
	int fd, listener, i;

	for (i = 0; i < ARRAY_SIZE(types); i++) {
		listener = zp_listen_any(0, self->ep);
		fd = zt_socket(types[i].type);
		ASSERT_LE(0, fd);
		ASSERT_EQ(0, zt_connect(fd, self->ep));
		ASSERT_EQ(0, zt_connect(fd, self->ep));
		ASSERT_LE(0, zp_accept(listener));
		if (types[i].once) {
			EXPECT_FALSE(zp_pending(listener, 100))
				TH_LOG("type %d", types[i].type);
		} else {
			EXPECT_LE(0, zp_accept(listener))
				TH_LOG("type %d", types[i].type);
		}
		close(fd);
		close(listener);
	}
}

TEST_HARNESS_MAIN
