// SPDX-License-Identifier: GPL-2.0-only
/* Heartbeats with peers that may not know PING. */
#include "kselftest_harness.h"
#include "fixture.h"

static int bound(int pattern, int ivl, int timeout, char *ep)
{
	int fd = zt_socket(pattern);

	if (zt_setint(fd, ZMQ_HEARTBEAT_IVL, ivl) ||
	    zt_setint(fd, ZMQ_HEARTBEAT_TIMEOUT, timeout) ||
	    zt_bind_any(fd, "tcp://127.0.0.1:*", ep))
		return -1;
	return fd;
}

static bool got_command(int fd, const char *name, const void *data, size_t len)
{
	struct zp_frame f;

	return !zp_recv(fd, &f) && zp_is_command(&f, name, data, len);
}

static bool has_timed_out(void *arg)
{
	return zt_counter("ZmqHeartbeatTimeouts") > 0;
}

static int peer_of_3_0(const char *ep, int rcvbuf)
{
	int peer = zp_dial(zt_port(ep), rcvbuf);

	return peer < 0 || zp_handshake_id(peer, 0, "PULL", "PUSH", NULL, 0) ?
	       -1 : peer;
}

/* RFC 23 has no such command, and a library of its time may take it for a
 * message.
 */
TEST_F(zmq, a_3_0_peer_is_pinged_only_if_it_knows_ping)
{
	int push = bound(ZMQ_PUSH, 100, 1000, self->ep), peer;

	ASSERT_LE(0, push);
	peer = peer_of_3_0(self->ep, 0);
	ASSERT_LE(0, peer);
	EXPECT_EQ(0, zt_poll(peer, POLLIN, 1500)) TH_LOG("pinged, or dropped");
	ASSERT_EQ(0, zt_puts(push, "alive", 0));
	EXPECT_TRUE(zp_gets(peer, 0, "alive"));
	ASSERT_EQ(0, zp_command(peer, "PING", "\0\0", 2));
	EXPECT_TRUE(got_command(peer, "PONG", NULL, 0));
	EXPECT_TRUE(got_command(peer, "PING", "\0\0", 2));
	close(peer);

	peer = peer_of_3_0(self->ep, 0);
	ASSERT_LE(0, peer);
	ASSERT_EQ(0, zp_command(peer, "PONG", NULL, 0));
	EXPECT_TRUE(got_command(peer, "PING", "\0\0", 2));
	EXPECT_TRUE(zp_closed(peer)) TH_LOG("silent after a PING");
}

TEST_F(zmq, who_cannot_be_pinged_is_asked_by_its_tcp)
{
	int push = bound(ZMQ_PUSH, 500, 1500, self->ep), peer;
	u64 start;

	ASSERT_LE(0, push);
	peer = peer_of_3_0(self->ep, 0);
	ASSERT_LE(0, peer);
	EXPECT_EQ(0, zt_poll(peer, POLLIN, 5000)) TH_LOG("TCP answered");
	ASSERT_EQ(0, zp_lose_all(peer));
	start = zt_now_ms();
	EXPECT_TRUE(zt_eventually(has_timed_out, NULL));
	EXPECT_LE(1400, zt_now_ms() - start);
	EXPECT_GT(9000, zt_now_ms() - start);
	EXPECT_TRUE(zt_lacks(push, POLLOUT));
}

TEST_F(zmq, a_slow_reader_that_cannot_be_pinged_is_not_taken_for_dead)
{
	int push = bound(ZMQ_PUSH, 500, 500, self->ep), peer;
	static char data[4096];
	u32 sent = 0, got = 0;
	struct zp_frame f;

	ASSERT_LE(0, push);
	ASSERT_EQ(0, zt_setint(push, ZMQ_SNDHWM, 50));
	ASSERT_EQ(0, zt_setint(push, ZMQ_SNDTIMEO, 300));
	peer = peer_of_3_0(self->ep, 4096);
	ASSERT_LE(0, peer);
	while (!zt_send(push, data, sizeof(data), 0))
		sent++;
	EXPECT_LT(0, sent);
	EXPECT_TRUE(zt_never(has_timed_out, NULL, 5000));
	while (got < sent && !zp_recv(peer, &f))
		got += f.len == sizeof(data);
	EXPECT_EQ(sent, got);
}

TEST_HARNESS_MAIN
