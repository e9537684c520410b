// SPDX-License-Identifier: GPL-2.0-only
/* REQ, REP, DEALER, ROUTER and PAIR. */
#include "kselftest_harness.h"
#include "fixture.h"

static int with_id(int type, const char *id, const char *ep)
{
	int fd = zt_socket(type);

	if (fd < 0 || zt_settext(fd, ZMQ_ROUTING_ID, id) || zt_connect(fd, ep))
		return -1;
	return fd;
}

TEST_F(zmq_over, requests_and_replies_alternate)
{
	int rep = zt_listening(ZMQ_REP, variant->bind, self->ep), i;
	int req = zt_connected(ZMQ_REQ, self->ep);

	ASSERT_LE(0, rep);
	for (i = 0; i < 100; i++) {
		ASSERT_EQ(0, zt_puts(req, "question", MSG_MORE));
		ASSERT_EQ(0, zt_send(req, &i, sizeof(i), 0));
		ASSERT_TRUE(zt_gets(rep, "question", ZT_MORE));
		ASSERT_TRUE(zt_got(rep, &i, sizeof(i), ZT_LAST));
		ASSERT_EQ(0, zt_puts(rep, "", MSG_MORE));
		ASSERT_EQ(0, zt_puts(rep, "answer", 0));
		ASSERT_TRUE(zt_gets(req, "", ZT_MORE));
		ASSERT_TRUE(zt_gets(req, "answer", ZT_LAST));
	}
}

TEST_F(zmq_over, the_wrong_turn_is_ebadfd)
{
	int rep = zt_listening(ZMQ_REP, variant->bind, self->ep);
	int req = zt_connected(ZMQ_REQ, self->ep);
	char byte;

	ASSERT_LE(0, rep);
	EXPECT_EQ(-1, recv(req, &byte, 1, 0));
	EXPECT_EQ(EBADFD, errno);
	EXPECT_EQ(-1, recv(req, &byte, 1, MSG_DONTWAIT));
	EXPECT_EQ(EBADFD, errno);
	EXPECT_EQ(-1, send(rep, "x", 1, 0));
	EXPECT_EQ(EBADFD, errno);
	ASSERT_EQ(0, zt_puts(req, "1", MSG_MORE));
	EXPECT_EQ(-1, recv(req, &byte, 1, 0));
	EXPECT_EQ(EBADFD, errno);
	ASSERT_EQ(0, zt_puts(req, "2", 0));
	EXPECT_EQ(-1, send(req, "x", 1, 0));
	EXPECT_EQ(EBADFD, errno);
	ASSERT_TRUE(zt_gets(rep, "1", ZT_MORE));
	EXPECT_EQ(-1, send(rep, "x", 1, 0));
	EXPECT_EQ(EBADFD, errno);
	ASSERT_TRUE(zt_gets(rep, "2", ZT_LAST));
	EXPECT_EQ(-1, recv(rep, &byte, 1, 0));
	EXPECT_EQ(EBADFD, errno);
	ASSERT_EQ(0, zt_puts(rep, "3", 0));
	EXPECT_TRUE(zt_gets(req, "3", ZT_LAST));
	EXPECT_EQ(-1, send(rep, "x", 1, 0));
	EXPECT_EQ(EBADFD, errno);
}

TEST_F(zmq_over, poll_knows_whose_turn_it_is)
{
	int rep = zt_listening(ZMQ_REP, variant->bind, self->ep);
	int req = zt_connected(ZMQ_REQ, self->ep);
	const short both = POLLIN | POLLOUT;

	ASSERT_LE(0, rep);
	ASSERT_TRUE(zt_becomes(req, POLLOUT));
	EXPECT_EQ(0, zt_poll(rep, both, 0));
	ASSERT_EQ(0, zt_puts(req, "?", 0));
	EXPECT_EQ(0, zt_poll(req, both, 0));
	ASSERT_TRUE(zt_becomes(rep, POLLIN));
	EXPECT_EQ(POLLIN, zt_poll(rep, both, ZT_DEADLINE_MS));
	ASSERT_TRUE(zt_gets(rep, "?", ZT_LAST));
	EXPECT_EQ(POLLOUT, zt_poll(rep, both, 0));
	ASSERT_EQ(0, zt_puts(rep, "!", 0));
	EXPECT_EQ(0, zt_poll(rep, both, 0));
	ASSERT_TRUE(zt_becomes(req, POLLIN));
	EXPECT_EQ(POLLIN, zt_poll(req, both, ZT_DEADLINE_MS));
	ASSERT_TRUE(zt_gets(req, "!", ZT_LAST));
	EXPECT_TRUE(zt_becomes(req, POLLOUT));
}

TEST_F(zmq_over, each_of_many_requesters_gets_its_own_reply)
{
	int rep = zt_listening(ZMQ_REP, variant->bind, self->ep);
	int reqs[20], i, round, number;

	ASSERT_LE(0, rep);
	for (i = 0; i < ARRAY_SIZE(reqs); i++) {
		reqs[i] = zt_connected(ZMQ_REQ, self->ep);
		ASSERT_LE(0, reqs[i]);
	}
	for (round = 0; round < 5; round++) {
		for (i = 0; i < ARRAY_SIZE(reqs); i++) {
			ASSERT_EQ(0, zt_send(reqs[i], &i, sizeof(i), 0))
				TH_LOG("round %d", i);
		}
		for (i = 0; i < ARRAY_SIZE(reqs); i++) {
			ASSERT_EQ(sizeof(number), recv(rep, &number,
						       sizeof(number), 0));
			number += 1000;
			ASSERT_EQ(0, zt_send(rep, &number, sizeof(number), 0));
		}
		for (i = 0; i < ARRAY_SIZE(reqs); i++) {
			number = i + 1000;
			ASSERT_TRUE(zt_got(reqs[i], &number, sizeof(number),
					   ZT_LAST));
		}
	}
}

TEST_F(zmq_over, router_names_the_peer_and_sends_by_name)
{
	int router = zt_listening(ZMQ_ROUTER, variant->bind, self->ep);
	int anna = with_id(ZMQ_DEALER, "anna", self->ep);
	int berta = with_id(ZMQ_DEALER, "berta", self->ep);

	ASSERT_LE(0, router);
	ASSERT_LE(0, anna);
	ASSERT_LE(0, berta);
	ASSERT_EQ(0, zt_puts(anna, "from anna", MSG_MORE));
	ASSERT_EQ(0, zt_puts(anna, "part 2", 0));
	EXPECT_TRUE(zt_gets(router, "anna", ZT_MORE));
	EXPECT_TRUE(zt_gets(router, "from anna", ZT_MORE));
	EXPECT_TRUE(zt_gets(router, "part 2", ZT_LAST));
	ASSERT_EQ(0, zt_puts(berta, "from berta", 0));
	EXPECT_TRUE(zt_gets(router, "berta", ZT_MORE));
	EXPECT_TRUE(zt_gets(router, "from berta", ZT_LAST));
	ASSERT_EQ(0, zt_puts(router, "anna", MSG_MORE));
	ASSERT_EQ(0, zt_puts(router, "to anna", MSG_MORE));
	ASSERT_EQ(0, zt_puts(router, "part 2", 0));
	ASSERT_EQ(0, zt_puts(router, "berta", MSG_MORE));
	ASSERT_EQ(0, zt_puts(router, "to berta", 0));
	EXPECT_TRUE(zt_gets(berta, "to berta", ZT_LAST));
	EXPECT_TRUE(zt_gets(anna, "to anna", ZT_MORE));
	EXPECT_TRUE(zt_gets(anna, "part 2", ZT_LAST));
}

TEST_F(zmq_over, router_makes_up_names_of_5_bytes_that_begin_with_0)
{
	int router = zt_listening(ZMQ_ROUTER, variant->bind, self->ep);
	unsigned char ids[2][6];
	int peers[2], i, flags;

	ASSERT_LE(0, router);
	for (i = 0; i < 2; i++) {
		peers[i] = zt_connected(ZMQ_DEALER, self->ep);
		ASSERT_EQ(0, zt_puts(peers[i], "hello", 0));
		ASSERT_EQ(5, zt_recv(router, ids[i], sizeof(ids[i]), 0,
				     &flags));
		EXPECT_EQ(0, flags & MSG_EOR);
		EXPECT_EQ(0, ids[i][0]);
		EXPECT_TRUE(zt_gets(router, "hello", ZT_LAST));
	}
	EXPECT_NE(0, memcmp(ids[0], ids[1], 5));
	for (i = 0; i < 2; i++) {
		ASSERT_EQ(0, zt_send(router, ids[i], 5, MSG_MORE));
		ASSERT_EQ(0, zt_puts(router, "back", 0));
		EXPECT_TRUE(zt_gets(peers[i], "back", ZT_LAST));
	}
}

TEST_F(zmq_over, router_drops_for_strangers_unless_mandatory)
{
	int router = zt_listening(ZMQ_ROUTER, variant->bind, self->ep);
	int anna = with_id(ZMQ_DEALER, "anna", self->ep);

	ASSERT_LE(0, router);
	ASSERT_EQ(0, zt_puts(anna, "I am here", 0));
	ASSERT_TRUE(zt_gets(router, "anna", ZT_MORE));
	ASSERT_TRUE(zt_gets(router, "I am here", ZT_LAST));
	EXPECT_EQ(0, zt_puts(router, "nobody", MSG_MORE));
	EXPECT_EQ(0, zt_puts(router, "lost", MSG_MORE));
	EXPECT_EQ(0, zt_puts(router, "lost too", 0));
	ASSERT_EQ(0, zt_setint(router, ZMQ_ROUTER_MANDATORY, 1));
	EXPECT_EQ(-1, zt_puts(router, "nobody", MSG_MORE));
	EXPECT_EQ(EHOSTUNREACH, errno);
	/* The refusal changed nothing: this is a routing id again. */
	ASSERT_EQ(0, zt_puts(router, "anna", MSG_MORE));
	ASSERT_EQ(0, zt_puts(router, "found", 0));
	EXPECT_TRUE(zt_gets(anna, "found", ZT_LAST));
}

TEST_F(zmq_over, mandatory_router_waits_for_a_full_peer)
{
	int router = zt_socket(ZMQ_ROUTER), dealer = zt_socket(ZMQ_DEALER);
	static const char body[8192];
	int i, sent;

	ASSERT_EQ(0, zt_setint(router, ZMQ_ROUTER_MANDATORY, 1));
	ASSERT_EQ(0, zt_setint(router, ZMQ_SNDHWM, 3));
	ASSERT_EQ(0, zt_setint(router, ZMQ_SNDBUF, 8192));
	ASSERT_EQ(0, zt_setint(dealer, ZMQ_RCVHWM, 3));
	ASSERT_EQ(0, zt_setint(dealer, ZMQ_RCVBUF, 8192));
	ASSERT_EQ(0, zt_settext(dealer, ZMQ_ROUTING_ID, "d"));
	ASSERT_EQ(0, zt_bind_any(router, variant->bind, self->ep));
	ASSERT_EQ(0, zt_connect(dealer, self->ep));
	ASSERT_EQ(0, zt_puts(dealer, "hello", 0));
	ASSERT_TRUE(zt_gets(router, "d", ZT_MORE));
	ASSERT_TRUE(zt_gets(router, "hello", ZT_LAST));
	for (sent = 0; sent < 1000; sent++) {
		if (zt_puts(router, "d", MSG_MORE | MSG_DONTWAIT))
			break;
		ASSERT_EQ(0, zt_send(router, body, sizeof(body), 0));
	}
	EXPECT_EQ(EAGAIN, errno);
	ASSERT_GT(1000, sent);
	for (i = 0; i < sent; i++) {
		ASSERT_TRUE(zt_got(dealer, body, sizeof(body), ZT_LAST))
			TH_LOG("round %d", i);
	}
	/* Without DONTWAIT it waits for the room that has just been made. */
	ASSERT_EQ(0, zt_puts(router, "d", MSG_MORE));
	ASSERT_EQ(0, zt_puts(router, "after", 0));
	EXPECT_TRUE(zt_gets(dealer, "after", ZT_LAST));
}

TEST_F(zmq_over, a_routing_id_alone_is_swallowed)
{
	int router = zt_listening(ZMQ_ROUTER, variant->bind, self->ep);
	int anna = with_id(ZMQ_DEALER, "anna", self->ep);

	ASSERT_EQ(0, zt_puts(anna, "I am here", 0));
	ASSERT_TRUE(zt_gets(router, "anna", ZT_MORE));
	ASSERT_TRUE(zt_gets(router, "I am here", ZT_LAST));
	EXPECT_EQ(0, zt_puts(router, "anna", 0));
	ASSERT_EQ(0, zt_puts(router, "anna", MSG_MORE));
	ASSERT_EQ(0, zt_puts(router, "body", 0));
	EXPECT_TRUE(zt_gets(anna, "body", ZT_LAST));
}

TEST_F(zmq_over, req_and_router_exchange_envelopes)
{
	int router = zt_listening(ZMQ_ROUTER, variant->bind, self->ep);
	int req = with_id(ZMQ_REQ, "req", self->ep);

	ASSERT_LE(0, router);
	ASSERT_EQ(0, zt_puts(req, "question", 0));
	ASSERT_TRUE(zt_gets(router, "req", ZT_MORE));
	ASSERT_TRUE(zt_gets(router, "", ZT_MORE));
	ASSERT_TRUE(zt_gets(router, "question", ZT_LAST));
	ASSERT_EQ(0, zt_puts(router, "req", MSG_MORE));
	ASSERT_EQ(0, zt_puts(router, "", MSG_MORE));
	ASSERT_EQ(0, zt_puts(router, "answer", 0));
	EXPECT_TRUE(zt_gets(req, "answer", ZT_LAST));
}

TEST_F(zmq_over, a_dealer_reaches_rep_through_any_number_of_hops)
{
	int rep = zt_listening(ZMQ_REP, variant->bind, self->ep);
	int dealer = zt_connected(ZMQ_DEALER, self->ep);

	ASSERT_LE(0, rep);
	/* Without a delimiter it is no request, and REP does not see it. */
	ASSERT_EQ(0, zt_puts(dealer, "no", MSG_MORE));
	ASSERT_EQ(0, zt_puts(dealer, "envelope", 0));
	ASSERT_EQ(0, zt_puts(dealer, "hop 2", MSG_MORE));
	ASSERT_EQ(0, zt_puts(dealer, "hop 1", MSG_MORE));
	ASSERT_EQ(0, zt_puts(dealer, "", MSG_MORE));
	ASSERT_EQ(0, zt_puts(dealer, "q1", MSG_MORE));
	ASSERT_EQ(0, zt_puts(dealer, "", MSG_MORE));
	ASSERT_EQ(0, zt_puts(dealer, "q2", 0));
	EXPECT_TRUE(zt_gets(rep, "q1", ZT_MORE));
	EXPECT_TRUE(zt_gets(rep, "", ZT_MORE));
	EXPECT_TRUE(zt_gets(rep, "q2", ZT_LAST));
	ASSERT_EQ(0, zt_puts(rep, "a1", MSG_MORE));
	ASSERT_EQ(0, zt_puts(rep, "a2", 0));
	EXPECT_TRUE(zt_gets(dealer, "hop 2", ZT_MORE));
	EXPECT_TRUE(zt_gets(dealer, "hop 1", ZT_MORE));
	EXPECT_TRUE(zt_gets(dealer, "", ZT_MORE));
	EXPECT_TRUE(zt_gets(dealer, "a1", ZT_MORE));
	EXPECT_TRUE(zt_gets(dealer, "a2", ZT_LAST));
}

TEST_F(zmq_over, rep_may_answer_a_requester_that_has_gone)
{
	int rep = zt_listening(ZMQ_REP, variant->bind, self->ep);
	int req = zt_connected(ZMQ_REQ, self->ep);

	ASSERT_LE(0, rep);
	ASSERT_EQ(0, zt_puts(req, "bye", 0));
	ASSERT_TRUE(zt_gets(rep, "bye", ZT_LAST));
	close(req);
	req = zt_connected(ZMQ_REQ, self->ep);
	ASSERT_EQ(0, zt_puts(req, "hello", 0));
	EXPECT_EQ(0, zt_puts(rep, "nobody hears", 0));
	EXPECT_TRUE(zt_gets(rep, "hello", ZT_LAST));
	EXPECT_EQ(0, zt_puts(rep, "welcome", 0));
	EXPECT_TRUE(zt_gets(req, "welcome", ZT_LAST));
}

TEST_F(zmq_over, relaxed_req_may_ask_again)
{
	int rep = zt_listening(ZMQ_ROUTER, variant->bind, self->ep);
	int req = zt_socket(ZMQ_REQ), flags;
	unsigned char id[2][5];

	ASSERT_EQ(0, zt_setint(req, ZMQ_REQ_RELAXED, 1));
	ASSERT_EQ(0, zt_setint(req, ZMQ_REQ_CORRELATE, 1));
	ASSERT_EQ(0, zt_settext(req, ZMQ_ROUTING_ID, "r"));
	ASSERT_EQ(0, zt_connect(req, self->ep));
	ASSERT_EQ(0, zt_puts(req, "first", 0));
	ASSERT_EQ(0, zt_puts(req, "second", 0));
	ASSERT_TRUE(zt_gets(rep, "r", ZT_MORE));
	ASSERT_EQ(4, zt_recv(rep, id[0], 5, 0, &flags));
	ASSERT_TRUE(zt_gets(rep, "", ZT_MORE));
	ASSERT_TRUE(zt_gets(rep, "first", ZT_LAST));
	ASSERT_TRUE(zt_gets(rep, "r", ZT_MORE));
	ASSERT_EQ(4, zt_recv(rep, id[1], 5, 0, &flags));
	EXPECT_NE(0, memcmp(id[0], id[1], 4));
	ASSERT_TRUE(zt_gets(rep, "", ZT_MORE));
	ASSERT_TRUE(zt_gets(rep, "second", ZT_LAST));
	/* The answer to the first comes too late and is not taken. */
	ASSERT_EQ(0, zt_puts(rep, "r", MSG_MORE));
	ASSERT_EQ(0, zt_send(rep, id[0], 4, MSG_MORE));
	ASSERT_EQ(0, zt_puts(rep, "", MSG_MORE));
	ASSERT_EQ(0, zt_puts(rep, "late", 0));
	ASSERT_EQ(0, zt_puts(rep, "r", MSG_MORE));
	ASSERT_EQ(0, zt_send(rep, id[1], 4, MSG_MORE));
	ASSERT_EQ(0, zt_puts(rep, "", MSG_MORE));
	ASSERT_EQ(0, zt_puts(rep, "right", 0));
	EXPECT_TRUE(zt_gets(req, "right", ZT_LAST));
}

TEST_F(zmq_over, pair_has_one_peer_at_a_time)
{
	int a = zt_listening(ZMQ_PAIR, variant->bind, self->ep);
	int b = zt_connected(ZMQ_PAIR, self->ep), c;

	ASSERT_LE(0, a);
	ASSERT_EQ(0, zt_puts(b, "b", 0));
	ASSERT_TRUE(zt_gets(a, "b", ZT_LAST));
	c = zt_socket(ZMQ_PAIR);
	ASSERT_EQ(0, zt_setint(c, ZMQ_RECONNECT_IVL, 10));
	ASSERT_EQ(0, zt_setint(c, ZMQ_IMMEDIATE, 1));
	ASSERT_EQ(0, zt_connect(c, self->ep));
	ASSERT_EQ(0, zt_puts(a, "1", 0));
	ASSERT_EQ(0, zt_puts(a, "2", MSG_MORE));
	ASSERT_EQ(0, zt_puts(a, "3", 0));
	EXPECT_TRUE(zt_gets(b, "1", ZT_LAST));
	EXPECT_TRUE(zt_gets(b, "2", ZT_MORE));
	EXPECT_TRUE(zt_gets(b, "3", ZT_LAST));
	EXPECT_EQ(0, zt_poll(c, POLLIN, 0));
}

TEST_F(zmq, req_sends_and_wants_an_empty_delimiter)
{
	int req = zt_socket(ZMQ_REQ), port = 0, listener, peer;

	ASSERT_EQ(0, zt_settext(req, ZMQ_ROUTING_ID, "me"));
	listener = zp_listen(0, &port);
	snprintf(self->ep, sizeof(self->ep), "tcp://127.0.0.1:%d", port);
	ASSERT_EQ(0, zt_connect(req, self->ep));
	peer = zp_accept_peer(listener, "REP", "REQ");
	ASSERT_LE(0, peer);
	ASSERT_EQ(0, zt_puts(req, "ask", 0));
	EXPECT_TRUE(zp_gets(peer, ZP_MORE, ""));
	EXPECT_TRUE(zp_gets(peer, 0, "ask"));
	ASSERT_EQ(0, zp_puts(peer, ZP_MORE, ""));
	ASSERT_EQ(0, zp_puts(peer, ZP_MORE, "a"));
	ASSERT_EQ(0, zp_puts(peer, 0, "b"));
	EXPECT_TRUE(zt_gets(req, "a", ZT_MORE));
	EXPECT_TRUE(zt_gets(req, "b", ZT_LAST));
}

TEST_F(zmq, ready_carries_type_and_routing_id_like_libzmqs)
{
	static const struct {
		int type;
		const char *name, *other;
		bool has_id;
	} types[] = {
		{ ZMQ_PAIR, "PAIR", "PAIR", false },
		{ ZMQ_PUB, "PUB", "SUB", false },
		{ ZMQ_SUB, "SUB", "PUB", false },
		{ ZMQ_REQ, "REQ", "REP", true },
		{ ZMQ_REP, "REP", "REQ", false },
		{ ZMQ_DEALER, "DEALER", "ROUTER", true },
		{ ZMQ_ROUTER, "ROUTER", "DEALER", true },
		{ ZMQ_PULL, "PULL", "PUSH", false },
		{ ZMQ_PUSH, "PUSH", "PULL", false },
		{ ZMQ_XPUB, "XPUB", "XSUB", false },
		{ ZMQ_XSUB, "XSUB", "XPUB", false },
	};
	unsigned char want[128];
	int fd, peer, i, set;
	size_t len;

	for (i = 0; i < 2 * ARRAY_SIZE(types); i++) {
		set = i & 1;
		fd = zt_socket(types[i / 2].type);
		ASSERT_LE(0, fd);
		if (set)
			ASSERT_EQ(0, zt_settext(fd, ZMQ_ROUTING_ID, "me"));
		ASSERT_EQ(0, zt_bind_any(fd, "tcp://127.0.0.1:*", self->ep));
		peer = zp_dial(zt_port(self->ep), 0);
		ASSERT_EQ(0, zp_greet(peer, 1));
		len = zp_ready_body(want, types[i / 2].other, NULL, 0);
		ASSERT_EQ(0, zp_send(peer, ZP_COMMAND, want, len));
		len = zp_ready_body(want, types[i / 2].name,
				    types[i / 2].has_id ? "me" : NULL, 2 * set);
		EXPECT_TRUE(zp_got(peer, ZP_COMMAND, want, len))
			TH_LOG("%s", types[i / 2].name);
		close(peer);
		close(fd);
	}
}

TEST_F(zmq, a_second_raw_pair_is_turned_away)
{
	int pair = zt_listening(ZMQ_PAIR, "tcp://127.0.0.1:*", self->ep);
	int first = zp_peer(zt_port(self->ep), "PAIR", "PAIR"), second;

	ASSERT_LE(0, pair);
	ASSERT_LE(0, first);
	ASSERT_TRUE(zp_sync(first));
	second = zp_dial(zt_port(self->ep), 0);
	ASSERT_LE(0, second);
	zp_handshake(second, "PAIR", "PAIR");
	EXPECT_TRUE(zp_closed(second));
	EXPECT_TRUE(zp_sync(first));
	close(first);
	/* Its place is free again as soon as the socket has noticed. */
	ASSERT_TRUE(zt_lacks(pair, POLLOUT));
	first = zp_peer(zt_port(self->ep), "PAIR", "PAIR");
	ASSERT_LE(0, first);
	ASSERT_EQ(0, zt_puts(pair, "hello", 0));
	EXPECT_TRUE(zp_gets(first, 0, "hello"));
}

TEST_HARNESS_MAIN
