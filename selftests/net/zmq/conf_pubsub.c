// SPDX-License-Identifier: GPL-2.0-only
/* PUB, SUB, XPUB, XSUB, clause by clause: RFC 29 and libzmq. */
#include "kselftest_harness.h"
#include "fixture.h"

/* @fd connected to a raw peer. */
static int dialed_peer(int fd, const char *own, const char *theirs, char *ep)
{
	int listener = zp_listen_any(4096, ep);

	if (fd < 0 || listener < 0 || zt_connect(fd, ep))
		return -1;
	return zp_accept_peer(listener, own, theirs);
}

TEST_F(zmq, rfc29_pub_drops_what_subscribers_send)
{
	int pub = zt_listening(ZMQ_PUB, "tcp://127.0.0.1:*", self->ep), i;
	int peer = zp_peer(zt_port(self->ep), "XSUB", "PUB");

	ASSERT_LE(0, peer);
	ASSERT_EQ(0, zt_setint(pub, ZMQ_RCVHWM, 1));
	for (i = 0; i < 100; i++) {
		ASSERT_EQ(0, zp_puts(peer, ZP_MORE, "to a PUB")) TH_LOG("%d", i);
		ASSERT_EQ(0, zp_puts(peer, 0, "in parts"));
	}
	ASSERT_EQ(0, zp_command(peer, "SUBSCRIBE", "a", 1));
	ASSERT_TRUE(zp_sync(peer));
	EXPECT_EQ(POLLOUT, zt_poll(pub, POLLIN | POLLOUT, 0));
	ASSERT_EQ(0, zt_puts(pub, "a", 0));
	EXPECT_TRUE(zp_gets(peer, 0, "a"));
}

TEST_F(zmq, rfc29_pub_keeps_the_queue_of_a_connection_it_made)
{
	int pub = zt_socket(ZMQ_PUB), listener, peer;

	ASSERT_EQ(0, zt_setint(pub, ZMQ_RECONNECT_IVL, 10));
	listener = zp_listen_any(0, self->ep);
	ASSERT_EQ(0, zt_connect(pub, self->ep));
	peer = zp_accept_peer(listener, "SUB", "PUB");
	ASSERT_EQ(0, zp_command(peer, "SUBSCRIBE", "a", 1));
	ASSERT_TRUE(zp_sync(peer));
	close(peer);
	/* That it dials again shows that it knows. */
	peer = zp_accept(listener);
	ASSERT_EQ(0, zt_puts(pub, "a message meanwhile", 0));
	ASSERT_EQ(0, zt_puts(pub, "not wanted", 0));
	ASSERT_EQ(0, zp_handshake(peer, "SUB", "PUB"));
	EXPECT_TRUE(zp_gets(peer, 0, "a message meanwhile"));
	EXPECT_TRUE(zp_sync(peer));
}

TEST_F(zmq, rfc29_pub_forgets_the_queue_of_a_subscriber_that_left)
{
	int pub = zt_socket(ZMQ_PUB), peer, i;
	static char body[60000] = "a";

	ASSERT_EQ(0, zt_setint(pub, ZMQ_SNDBUF, 8192));
	ASSERT_EQ(0, zt_bind_any(pub, "tcp://127.0.0.1:*", self->ep));
	peer = zp_dial(zt_port(self->ep), 4096);
	ASSERT_EQ(0, zp_handshake(peer, "SUB", "PUB"));
	ASSERT_EQ(0, zp_command(peer, "SUBSCRIBE", "a", 1));
	ASSERT_TRUE(zp_sync(peer));
	for (i = 0; i < 50; i++) {
		ASSERT_EQ(0, zt_send(pub, body, sizeof(body), MSG_DONTWAIT))
			TH_LOG("round %d", i);
	}
	close(peer);
	peer = zp_peer(zt_port(self->ep), "SUB", "PUB");
	ASSERT_EQ(0, zp_command(peer, "SUBSCRIBE", "a", 1));
	ASSERT_TRUE(zp_sync(peer));
	ASSERT_EQ(0, zt_puts(pub, "a new one", 0));
	EXPECT_TRUE(zp_gets(peer, 0, "a new one"));
}

/* Raw peers send 10 messages each; they have to be read in turn. */
static void reads_in_turn(struct __test_metadata *_metadata, int fd,
			  const int *peers)
{
	int from, i;
	char body[8];

	for (i = 0; i < 30; i++) {
		from = i / 10;
		snprintf(body, sizeof(body), "%d %d", from, i % 10);
		ASSERT_EQ(0, zp_puts(peers[from], ZP_MORE, "part"));
		ASSERT_EQ(0, zp_puts(peers[from], 0, body));
		if (i % 10 == 9)
			ASSERT_TRUE(zp_sync(peers[from]));
	}
	for (i = 0; i < 30; i++) {
		snprintf(body, sizeof(body), "%d %d", i % 3, i / 3);
		ASSERT_TRUE(zt_gets(fd, "part", ZT_MORE));
		ASSERT_TRUE(zt_gets(fd, body, ZT_LAST));
	}
}

TEST_F(zmq, rfc29_xpub_reads_subscribers_fairly)
{
	int xpub = zt_listening(ZMQ_XPUB, "tcp://127.0.0.1:*", self->ep);
	int peers[3], i;

	for (i = 0; i < 3; i++) {
		peers[i] = zp_peer(zt_port(self->ep), "XSUB", "XPUB");
		ASSERT_LE(0, peers[i]);
	}
	reads_in_turn(_metadata, xpub, peers);
}

TEST_F(zmq, rfc29_sub_reads_publishers_fairly)
{
	int sub = zt_listening(ZMQ_SUB, "tcp://127.0.0.1:*", self->ep);
	int peers[3], i;

	ASSERT_EQ(0, zt_settext(sub, ZMQ_SUBSCRIBE, ""));
	for (i = 0; i < 3; i++) {
		peers[i] = zp_peer(zt_port(self->ep), "PUB", "SUB");
		ASSERT_TRUE(zp_got_command(peers[i], "SUBSCRIBE", ""));
	}
	reads_in_turn(_metadata, sub, peers);
}

TEST_F(zmq, rfc29_xsub_reads_publishers_fairly_and_filters_nothing)
{
	int xsub = zt_listening(ZMQ_XSUB, "tcp://127.0.0.1:*", self->ep);
	int peers[3], i;

	for (i = 0; i < 3; i++) {
		peers[i] = zp_peer(zt_port(self->ep), "PUB", "XSUB");
		ASSERT_LE(0, peers[i]);
	}
	reads_in_turn(_metadata, xsub, peers);
}

TEST_F(zmq, rfc29_xsub_sends_to_all_and_never_blocks)
{
	int xsub = zt_socket(ZMQ_XSUB), stuck, good, i;
	static char body[60000] = "body";

	ASSERT_EQ(0, zt_setint(xsub, ZMQ_SNDHWM, 2));
	ASSERT_EQ(0, zt_setint(xsub, ZMQ_SNDBUF, 8192));
	stuck = dialed_peer(xsub, "XPUB", "XSUB", self->ep);
	good = dialed_peer(xsub, "XPUB", "XSUB", self->ep);
	ASSERT_LE(0, stuck);
	ASSERT_LE(0, good);
	for (i = 0; i < 40; i++) {
		EXPECT_EQ(POLLOUT, zt_poll(xsub, POLLOUT, 0));
		ASSERT_EQ(0, zt_puts(xsub, "head", MSG_MORE | MSG_DONTWAIT));
		ASSERT_EQ(0, zt_send(xsub, body, sizeof(body), MSG_DONTWAIT));
		ASSERT_TRUE(zp_gets(good, ZP_MORE, "head"));
		ASSERT_TRUE(zp_got(good, 0, body, sizeof(body)));
	}
	for (i = 0; zt_poll(stuck, POLLIN, 500) & POLLIN; i++) {
		ASSERT_TRUE(zp_gets(stuck, ZP_MORE, "head"));
		ASSERT_TRUE(zp_got(stuck, 0, body, sizeof(body)));
	}
	EXPECT_LE(1, i);
	EXPECT_GT(30, i);
}

/* RFC 29 would have it unsubscribe first; the end says it all. */
TEST_F(zmq, rfc29_xsub_that_closes_just_leaves)
{
	int xsub = zt_socket(ZMQ_XSUB), peer;
	char byte;

	peer = dialed_peer(xsub, "XPUB", "XSUB", self->ep);
	ASSERT_LE(0, peer);
	ASSERT_EQ(0, zt_puts(xsub, "\1topic", 0));
	ASSERT_TRUE(zp_got_command(peer, "SUBSCRIBE", "topic"));
	close(xsub);
	EXPECT_EQ(0, recv(peer, &byte, 1, 0));
}

TEST_F(zmq, libzmq_27_each_is_announced_and_the_last_taken_back)
{
	int sub = zt_socket(ZMQ_SUB), peer, i;

	peer = dialed_peer(sub, "PUB", "SUB", self->ep);
	ASSERT_LE(0, peer);
	/* 42: without any it is connected all the same. */
	ASSERT_TRUE(zp_sync(peer));
	for (i = 0; i < 3; i++) {
		ASSERT_EQ(0, zt_settext(sub, ZMQ_SUBSCRIBE, "a"));
		EXPECT_TRUE(zp_got_command(peer, "SUBSCRIBE", "a"))
			TH_LOG("round %d", i);
	}
	for (i = 0; i < 3; i++) {
		/* 43: nor does the end of what was never begun say a thing. */
		ASSERT_EQ(0, zt_settext(sub, ZMQ_UNSUBSCRIBE, "never"));
		ASSERT_TRUE(zp_sync(peer)) TH_LOG("round %d", i);
		ASSERT_EQ(0, zt_settext(sub, ZMQ_UNSUBSCRIBE, "a"));
	}
	EXPECT_TRUE(zp_got_command(peer, "CANCEL", "a"));
	ASSERT_EQ(0, zt_settext(sub, ZMQ_UNSUBSCRIBE, "a"));
	EXPECT_TRUE(zp_sync(peer));
}

TEST_HARNESS_MAIN
