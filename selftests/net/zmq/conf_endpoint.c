// SPDX-License-Identifier: GPL-2.0-only
/* Binding and connecting, by libzmq's rules; and input that is refused. */
#include "kselftest_harness.h"
#include "fixture.h"

TEST_F(zmq, libzmq_93_a_wildcard_is_unbound_by_its_last_endpoint)
{
	int pull = zt_socket(ZMQ_PULL), port;

	ASSERT_EQ(0, zt_bind_any(pull, "tcp://*:*", self->ep));
	port = zt_port(self->ep);
	EXPECT_EQ(0, strncmp(self->ep, "tcp://0.0.0.0:", 14));
	EXPECT_LE(0, zp_dial(port, 0));
	EXPECT_EQ(-1, zt_settext(pull, ZMQ_UNBIND, "tcp://*:*"));
	EXPECT_TRUE(errno == ENOENT || errno == EINVAL);
	ASSERT_EQ(0, zt_settext(pull, ZMQ_UNBIND, self->ep));
	EXPECT_EQ(-1, zp_dial(port, 0));
}

TEST_F(zmq, libzmq_94_unbind_keeps_who_has_connected)
{
	int pull = zt_listening(ZMQ_PULL, "tcp://127.0.0.1:*", self->ep);
	int peer = zp_peer(zt_port(self->ep), "PUSH", "PULL");

	ASSERT_LE(0, peer);
	ASSERT_TRUE(zp_sync(peer));
	ASSERT_EQ(0, zt_settext(pull, ZMQ_UNBIND, self->ep));
	EXPECT_EQ(-1, zp_dial(zt_port(self->ep), 0));
	ASSERT_EQ(0, zp_puts(peer, 0, "still here"));
	EXPECT_TRUE(zt_gets(pull, "still here", ZT_LAST));
}

TEST_F(zmq, libzmq_94_disconnect_sends_what_is_queued)
{
	int dealer = zt_socket(ZMQ_DEALER), listener, peer, i;
	static char body[60000];

	ASSERT_EQ(0, zt_setint(dealer, ZMQ_SNDBUF, 8192));
	listener = zp_listen_any(4096, self->ep);
	ASSERT_EQ(0, zt_connect(dealer, self->ep));
	peer = zp_accept_peer(listener, "DEALER", "DEALER");
	ASSERT_LE(0, peer);
	ASSERT_EQ(0, zp_puts(peer, 0, "read"));
	ASSERT_EQ(0, zp_puts(peer, 0, "not read"));
	ASSERT_TRUE(zp_sync(peer));
	for (i = 0; i < 10; i++) {
		ASSERT_EQ(0, zt_send(dealer, body, sizeof(body), 0))
			TH_LOG("round %d", i);
	}
	ASSERT_TRUE(zt_gets(dealer, "read", ZT_LAST));
	ASSERT_EQ(0, zt_settext(dealer, ZMQ_DISCONNECT, self->ep));
	EXPECT_EQ(0, zt_poll(dealer, POLLOUT, 0));
	for (i = 0; i < 10; i++) {
		ASSERT_TRUE(zp_got(peer, 0, body, sizeof(body)))
			TH_LOG("round %d", i);
	}
	EXPECT_TRUE(zp_closed(peer));
}

/* libzmq would lose what was not read. */
TEST_F(zmq, libzmq_94_disconnect_keeps_what_was_received)
{
	int pull = zt_socket(ZMQ_PULL), listener, peer;

	listener = zp_listen_any(0, self->ep);
	ASSERT_EQ(0, zt_connect(pull, self->ep));
	peer = zp_accept_peer(listener, "PUSH", "PULL");
	ASSERT_LE(0, peer);
	ASSERT_EQ(0, zp_puts(peer, 0, "read"));
	ASSERT_EQ(0, zp_puts(peer, 0, "not read"));
	ASSERT_TRUE(zp_sync(peer));
	ASSERT_TRUE(zt_gets(pull, "read", ZT_LAST));
	ASSERT_EQ(0, zt_settext(pull, ZMQ_DISCONNECT, self->ep));
	EXPECT_TRUE(zt_gets(pull, "not read", ZT_LAST));
	EXPECT_TRUE(zp_closed(peer));
}

TEST_F(zmq, libzmq_95_disconnect_ends_all_of_the_same_endpoint)
{
	int push = zt_socket(ZMQ_PUSH), listener, peers[2];

	listener = zp_listen_any(0, self->ep);
	ASSERT_EQ(0, zt_connect(push, self->ep));
	ASSERT_EQ(0, zt_connect(push, self->ep));
	peers[0] = zp_accept_peer(listener, "PULL", "PUSH");
	peers[1] = zp_accept_peer(listener, "PULL", "PUSH");
	ASSERT_LE(0, peers[0]);
	ASSERT_LE(0, peers[1]);
	ASSERT_EQ(0, zt_settext(push, ZMQ_DISCONNECT, self->ep));
	EXPECT_TRUE(zp_closed(peers[0]));
	EXPECT_TRUE(zp_closed(peers[1]));
	EXPECT_EQ(-1, zt_settext(push, ZMQ_DISCONNECT, self->ep));
	EXPECT_EQ(ENOENT, errno);
	EXPECT_FALSE(zp_pending(listener, 100));
}

TEST_F(zmq, libzmq_99_a_name_not_bound_yet_has_the_senders_queue)
{
	int push = zt_socket(ZMQ_PUSH), pull = zt_socket(ZMQ_PULL);
	u32 i;

	ASSERT_EQ(0, zt_setint(push, ZMQ_SNDHWM, 5));
	ASSERT_EQ(0, zt_setint(pull, ZMQ_RCVHWM, 7));
	ASSERT_EQ(0, zt_connect(push, "inproc://later"));
	for (i = 0; i < 5; i++) {
		ASSERT_EQ(0, zt_send(push, &i, sizeof(i), MSG_DONTWAIT))
			TH_LOG("round %d", i);
	}
	EXPECT_EQ(-1, zt_send(push, &i, sizeof(i), MSG_DONTWAIT));
	EXPECT_EQ(EAGAIN, errno);
	ASSERT_EQ(0, zt_bind(pull, "inproc://later"));
	ASSERT_TRUE(zt_becomes(push, POLLOUT));
	for (; i < 12; i++) {
		ASSERT_EQ(0, zt_send(push, &i, sizeof(i), MSG_DONTWAIT))
			TH_LOG("message %u", i);
	}
	EXPECT_EQ(-1, zt_send(push, &i, sizeof(i), MSG_DONTWAIT));
	EXPECT_EQ(EAGAIN, errno);
	EXPECT_EQ(12, zt_get_numbers(pull, 12));
}

TEST_F(zmq, bad_input_a_wrong_direction_changes_nothing)
{
	int push = zt_socket(ZMQ_PUSH), pull = zt_socket(ZMQ_PULL);
	char byte;

	ASSERT_EQ(0, zt_bind(pull, "inproc://direction"));
	ASSERT_EQ(0, zt_connect(push, "inproc://direction"));
	ASSERT_EQ(0, zt_puts(push, "1", MSG_MORE));
	EXPECT_EQ(-1, recv(push, &byte, 1, 0));
	EXPECT_EQ(EOPNOTSUPP, errno);
	ASSERT_EQ(0, zt_puts(push, "2", 0));
	EXPECT_EQ(-1, zt_puts(pull, "x", MSG_MORE));
	EXPECT_EQ(EOPNOTSUPP, errno);
	ASSERT_TRUE(zt_gets(pull, "1", ZT_MORE));
	EXPECT_EQ(-1, zt_puts(pull, "x", 0));
	EXPECT_EQ(EOPNOTSUPP, errno);
	EXPECT_TRUE(zt_gets(pull, "2", ZT_LAST));
}

TEST_F(zmq, bad_input_a_wrong_turn_changes_nothing)
{
	int rep = zt_socket(ZMQ_REP), req = zt_socket(ZMQ_REQ);
	char byte;

	ASSERT_EQ(0, zt_bind(rep, "inproc://turn"));
	ASSERT_EQ(0, zt_connect(req, "inproc://turn"));
	ASSERT_EQ(0, zt_puts(req, "1", MSG_MORE));
	EXPECT_EQ(-1, recv(req, &byte, 1, 0));
	EXPECT_EQ(EBADFD, errno);
	ASSERT_EQ(0, zt_puts(req, "2", 0));
	EXPECT_EQ(-1, zt_puts(rep, "early", MSG_MORE));
	EXPECT_EQ(EBADFD, errno);
	ASSERT_TRUE(zt_gets(rep, "1", ZT_MORE));
	EXPECT_EQ(-1, zt_puts(rep, "early", 0));
	EXPECT_EQ(EBADFD, errno);
	ASSERT_TRUE(zt_gets(rep, "2", ZT_LAST));
	ASSERT_EQ(0, zt_puts(rep, "3", 0));
	EXPECT_EQ(-1, zt_puts(req, "again", 0));
	EXPECT_EQ(EBADFD, errno);
	EXPECT_TRUE(zt_gets(req, "3", ZT_LAST));
	EXPECT_EQ(0, zt_poll(req, POLLIN, 0));
}

TEST_F(zmq, bad_input_a_routing_id_is_not_longer_than_255_bytes)
{
	int router = zt_socket(ZMQ_ROUTER), dealer = zt_socket(ZMQ_DEALER);
	char id[256] = "peer";

	ASSERT_EQ(0, zt_settext(dealer, ZMQ_ROUTING_ID, "peer"));
	EXPECT_EQ(-1, setsockopt(dealer, SOL_ZMQ, ZMQ_ROUTING_ID, id, 256));
	EXPECT_EQ(EINVAL, errno);
	ASSERT_EQ(0, zt_bind(router, "inproc://id"));
	ASSERT_EQ(0, zt_connect(dealer, "inproc://id"));
	ASSERT_EQ(0, zt_puts(dealer, "hello", 0));
	ASSERT_TRUE(zt_gets(router, "peer", ZT_MORE));
	ASSERT_TRUE(zt_gets(router, "hello", ZT_LAST));
	EXPECT_EQ(-1, zt_send(router, id, 256, MSG_MORE));
	EXPECT_EQ(EINVAL, errno);
	EXPECT_EQ(-1, zt_send(router, id, 256, 0));
	EXPECT_EQ(EINVAL, errno);
	/* The next frame is a routing id again. */
	ASSERT_EQ(0, zt_puts(router, "peer", MSG_MORE));
	ASSERT_EQ(0, zt_puts(router, "answer", 0));
	EXPECT_TRUE(zt_gets(dealer, "answer", ZT_LAST));
}

TEST_F(zmq, bad_input_an_endpoint_that_is_too_long_changes_nothing)
{
	char text[600], last[ZMQ_ENDPOINT_MAX];
	int pull = zt_socket(ZMQ_PULL), i;
	static const int how[] = {
		ZMQ_BIND, ZMQ_CONNECT, ZMQ_UNBIND, ZMQ_DISCONNECT
	};
	socklen_t len = sizeof(last);

	memset(text, 'x', sizeof(text));
	memcpy(text, "inproc://", 9);
	for (i = 0; i < ARRAY_SIZE(how); i++) {
		EXPECT_EQ(-1, setsockopt(pull, SOL_ZMQ, how[i], text, 9 + 256));
		EXPECT_EQ(ENAMETOOLONG, errno) TH_LOG("option %d", how[i]);
		EXPECT_EQ(-1, setsockopt(pull, SOL_ZMQ, how[i], text,
					 sizeof(text)));
		EXPECT_EQ(EINVAL, errno) TH_LOG("option %d", how[i]);
	}
	ASSERT_EQ(0, getsockopt(pull, SOL_ZMQ, ZMQ_LAST_ENDPOINT, last, &len));
	EXPECT_STREQ("", last);
	EXPECT_EQ(0, setsockopt(pull, SOL_ZMQ, ZMQ_BIND, text, 9 + 255));
}

TEST_F(zmq, bad_input_what_send_does_not_know_changes_nothing)
{
	int push = zt_socket(ZMQ_PUSH), pull = zt_socket(ZMQ_PULL);
	struct sockaddr_zmq sa = { .szmq_family = zt_family() };

	ASSERT_EQ(0, zt_bind(pull, "inproc://flags"));
	ASSERT_EQ(0, zt_connect(push, "inproc://flags"));
	ASSERT_EQ(0, zt_puts(push, "1", MSG_MORE));
	EXPECT_EQ(-1, zt_puts(push, "x", MSG_OOB));
	EXPECT_EQ(EOPNOTSUPP, errno);
	EXPECT_EQ(-1, sendto(push, "x", 1, 0, (struct sockaddr *)&sa,
			     sizeof(sa)));
	EXPECT_EQ(EOPNOTSUPP, errno);
	ASSERT_EQ(0, zt_puts(push, "2", 0));
	EXPECT_TRUE(zt_gets(pull, "1", ZT_MORE));
	EXPECT_TRUE(zt_gets(pull, "2", ZT_LAST));
}

TEST_HARNESS_MAIN
