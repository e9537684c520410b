// SPDX-License-Identifier: GPL-2.0-only
/* REQ and REP, clause by clause: RFC 28 and what libzmq makes of it. */
#include "kselftest_harness.h"
#include "fixture.h"

/* A request or reply as it is on the wire. */
static int raw_put(int peer, const char *body)
{
	return zp_puts(peer, ZP_MORE, "") || zp_puts(peer, 0, body);
}

static bool raw_got(int peer, const char *body)
{
	return zp_gets(peer, ZP_MORE, "") && zp_gets(peer, 0, body);
}

/* A REQ that is connected to a raw peer. */
static int req_and_peer(int *req, char *ep)
{
	int listener = zp_listen_any(0, ep);

	if (*req < 0 || listener < 0 || zt_connect(*req, ep))
		return -1;
	return zp_accept_peer(listener, "REP", "REQ");
}

TEST_F(zmq_over, rfc28_req_asks_its_peers_round_robin)
{
	char names[3][ZMQ_ENDPOINT_MAX];
	int req = zt_socket(ZMQ_REQ), reps[3], i;

	for (i = 0; i < 3; i++) {
		reps[i] = zt_listening(i < 2 ? ZMQ_REP : ZMQ_ROUTER,
				       zt_nth_bind(variant->bind, i), names[i]);
		ASSERT_LE(0, reps[i]);
		ASSERT_EQ(0, zt_connect(req, names[i]));
	}
	for (i = 0; i < 9; i++) {
		char id[16];
		int flags, len;

		ASSERT_EQ(0, zt_send(req, &i, sizeof(i), 0));
		if (i % 3 < 2) {
			ASSERT_TRUE(zt_got(reps[i % 3], &i, sizeof(i), ZT_LAST))
				TH_LOG("request %d", i);
		} else {
			len = zt_recv(reps[2], id, sizeof(id), 0, &flags);
			ASSERT_EQ(5, len);
			ASSERT_TRUE(zt_gets(reps[2], "", ZT_MORE));
			ASSERT_TRUE(zt_got(reps[2], &i, sizeof(i), ZT_LAST));
			ASSERT_EQ(0, zt_send(reps[2], id, len, MSG_MORE));
			ASSERT_EQ(0, zt_puts(reps[2], "", MSG_MORE));
		}
		ASSERT_EQ(0, zt_puts(reps[i % 3], "done", 0));
		ASSERT_TRUE(zt_gets(req, "done", ZT_LAST));
	}
}

TEST_F(zmq_over, rfc28_req_without_a_peer_waits_and_discards_nothing)
{
	int req = zt_listening(ZMQ_REQ, variant->bind, self->ep), rep;
	u64 start;

	ASSERT_LE(0, req);
	EXPECT_EQ(-1, zt_puts(req, "lost?", MSG_DONTWAIT));
	EXPECT_EQ(EAGAIN, errno);
	ASSERT_EQ(0, zt_setint(req, ZMQ_SNDTIMEO, 100));
	start = zt_now_ms();
	EXPECT_EQ(-1, zt_puts(req, "lost?", 0));
	EXPECT_EQ(EAGAIN, errno);
	EXPECT_LE(90, zt_now_ms() - start);
	EXPECT_EQ(0, zt_poll(req, POLLIN | POLLOUT, 0));
	rep = zt_connected(ZMQ_REP, self->ep);
	ASSERT_TRUE(zt_becomes(req, POLLOUT));
	ASSERT_EQ(0, zt_puts(req, "kept", 0));
	EXPECT_TRUE(zt_gets(rep, "kept", ZT_LAST));
	EXPECT_EQ(0, zt_poll(rep, POLLIN, 0));
}

TEST_F(zmq, rfc28_req_takes_the_reply_of_the_peer_it_asked_only)
{
	int req = zt_socket(ZMQ_REQ);
	int asked = req_and_peer(&req, self->ep);
	int other = req_and_peer(&req, self->ep);

	ASSERT_LE(0, asked);
	ASSERT_LE(0, other);
	ASSERT_EQ(0, zt_puts(req, "to the first", 0));
	ASSERT_TRUE(raw_got(asked, "to the first"));
	ASSERT_EQ(0, raw_put(other, "not asked"));
	ASSERT_TRUE(zp_sync(other));
	EXPECT_EQ(0, zt_poll(req, POLLIN, 0));
	ASSERT_EQ(0, raw_put(asked, "asked"));
	EXPECT_TRUE(zt_gets(req, "asked", ZT_LAST));
	/* Nor is it the answer to the next request, which goes there. */
	ASSERT_EQ(0, raw_put(other, "not asked"));
	ASSERT_TRUE(zp_sync(other));
	ASSERT_EQ(0, zt_puts(req, "to the second", 0));
	ASSERT_TRUE(raw_got(other, "to the second"));
	EXPECT_EQ(0, zt_poll(req, POLLIN, 0));
	ASSERT_EQ(0, raw_put(other, "asked"));
	EXPECT_TRUE(zt_gets(req, "asked", ZT_LAST));
}

TEST_F(zmq, rfc28_req_drops_a_malformed_reply_and_keeps_the_peer)
{
	int req = zt_socket(ZMQ_REQ);
	int peer = req_and_peer(&req, self->ep);

	ASSERT_LE(0, peer);
	ASSERT_EQ(0, zt_puts(req, "?", 0));
	ASSERT_TRUE(raw_got(peer, "?"));
	ASSERT_EQ(0, zp_puts(peer, 0, "no delimiter"));
	ASSERT_EQ(0, zp_puts(peer, 0, ""));
	ASSERT_EQ(0, zp_puts(peer, ZP_MORE, "no"));
	ASSERT_EQ(0, zp_puts(peer, 0, "delimiter"));
	/* The number of a request that had none. */
	ASSERT_EQ(0, zp_puts(peer, ZP_MORE, "1234"));
	ASSERT_EQ(0, raw_put(peer, "numbered"));
	ASSERT_TRUE(zp_sync(peer));
	EXPECT_EQ(0, zt_poll(req, POLLIN, 0));
	EXPECT_EQ(0, zt_getint(req, ZMQ_EVENTS));
	ASSERT_EQ(0, raw_put(peer, "!"));
	EXPECT_TRUE(zt_gets(req, "!", ZT_LAST));
	EXPECT_TRUE(zp_sync(peer));
}

TEST_F(zmq, libzmq_67_req_waits_although_its_peer_is_gone)
{
	int req = zt_listening(ZMQ_REQ, "tcp://127.0.0.1:*", self->ep);
	int peer = zp_peer(zt_port(self->ep), "REP", "REQ");
	char byte;

	ASSERT_LE(0, peer);
	ASSERT_TRUE(zt_becomes(req, POLLOUT));
	ASSERT_EQ(0, zt_puts(req, "?", 0));
	ASSERT_TRUE(raw_got(peer, "?"));
	close(peer);
	peer = zp_peer(zt_port(self->ep), "REP", "REQ");
	ASSERT_LE(0, peer);
	ASSERT_TRUE(zp_sync(peer));
	EXPECT_EQ(-1, zt_puts(req, "again", MSG_DONTWAIT));
	EXPECT_EQ(EBADFD, errno);
	EXPECT_EQ(-1, recv(req, &byte, 1, MSG_DONTWAIT));
	EXPECT_EQ(EAGAIN, errno);
	/* ZMQ_REQ_RELAXED is the way out. */
	ASSERT_EQ(0, zt_setint(req, ZMQ_REQ_RELAXED, 1));
	ASSERT_EQ(0, zt_puts(req, "again", 0));
	EXPECT_TRUE(raw_got(peer, "again"));
	ASSERT_EQ(0, raw_put(peer, "!"));
	EXPECT_TRUE(zt_gets(req, "!", ZT_LAST));
}

TEST_F(zmq, libzmq_68_nobody_answers_for_a_peer_that_is_gone)
{
	int req = zt_listening(ZMQ_REQ, "tcp://127.0.0.1:*", self->ep);
	int peer = zp_peer(zt_port(self->ep), "REP", "REQ"), other;

	ASSERT_LE(0, peer);
	ASSERT_TRUE(zt_becomes(req, POLLOUT));
	ASSERT_EQ(0, zt_puts(req, "?", 0));
	ASSERT_TRUE(raw_got(peer, "?"));
	close(peer);
	ASSERT_EQ(0, zt_setint(req, ZMQ_REQ_RELAXED, 1));
	ASSERT_TRUE(zt_lacks(req, POLLOUT));
	other = zp_peer(zt_port(self->ep), "REP", "REQ");
	ASSERT_LE(0, other);
	ASSERT_EQ(0, raw_put(other, "for the other"));
	ASSERT_TRUE(zp_sync(other));
	EXPECT_EQ(0, zt_poll(req, POLLIN, 0));
	ASSERT_EQ(0, zt_puts(req, "??", 0));
	ASSERT_TRUE(raw_got(other, "??"));
	ASSERT_EQ(0, raw_put(other, "!!"));
	EXPECT_TRUE(zt_gets(req, "!!", ZT_LAST));
}

TEST_F(zmq, libzmq_69_what_came_before_a_request_is_no_reply)
{
	int req = zt_socket(ZMQ_REQ);
	int peer = req_and_peer(&req, self->ep);

	ASSERT_LE(0, peer);
	ASSERT_EQ(0, raw_put(peer, "early"));
	ASSERT_EQ(0, raw_put(peer, "early too"));
	ASSERT_TRUE(zp_sync(peer));
	EXPECT_EQ(POLLOUT, zt_poll(req, POLLIN | POLLOUT, 0));
	ASSERT_EQ(0, zt_puts(req, "?", 0));
	ASSERT_TRUE(raw_got(peer, "?"));
	EXPECT_EQ(0, zt_poll(req, POLLIN, 0));
	ASSERT_EQ(0, raw_put(peer, "!"));
	EXPECT_TRUE(zt_gets(req, "!", ZT_LAST));
}

TEST_F(zmq, libzmq_70_correlated_requests_count_up)
{
	int req = zt_socket(ZMQ_REQ), peer, i;
	struct zp_frame f;
	u32 id, first = 0;

	ASSERT_EQ(0, zt_setint(req, ZMQ_REQ_CORRELATE, 1));
	peer = req_and_peer(&req, self->ep);
	ASSERT_LE(0, peer);
	for (i = 0; i < 3; i++) {
		ASSERT_EQ(0, zt_puts(req, "?", 0));
		ASSERT_EQ(0, zp_recv(peer, &f));
		ASSERT_EQ(ZP_MORE, f.flags);
		ASSERT_EQ(sizeof(id), f.len);
		ASSERT_TRUE(raw_got(peer, "?"));
		memcpy(&id, f.body, sizeof(id));
		if (!i)
			first = id;
		EXPECT_EQ((u32)(first + i), id);
		/* Only the request's own number makes a reply. */
		ASSERT_EQ(0, raw_put(peer, "no number"));
		id--;
		ASSERT_EQ(0, zp_send(peer, ZP_MORE, &id, sizeof(id)));
		ASSERT_EQ(0, raw_put(peer, "late"));
		ASSERT_TRUE(zp_sync(peer));
		EXPECT_EQ(0, zt_poll(req, POLLIN, 0));
		ASSERT_EQ(0, zp_send(peer, ZP_MORE, f.body, sizeof(id)));
		ASSERT_EQ(0, raw_put(peer, "!"));
		EXPECT_TRUE(zt_gets(req, "!", ZT_LAST));
	}
}

TEST_F(zmq, rfc28_rep_serves_requesters_in_turn)
{
	int rep = zt_listening(ZMQ_REP, "tcp://127.0.0.1:*", self->ep);
	char body[8];
	int peers[3], from, i;

	ASSERT_LE(0, rep);
	for (from = 0; from < 3; from++) {
		peers[from] = zp_peer(zt_port(self->ep), "DEALER", "REP");
		ASSERT_LE(0, peers[from]);
		for (i = 0; i < 10; i++) {
			snprintf(body, sizeof(body), "%d %d", from, i);
			ASSERT_EQ(0, raw_put(peers[from], body));
		}
		ASSERT_TRUE(zp_sync(peers[from]));
	}
	for (i = 0; i < 30; i++) {
		snprintf(body, sizeof(body), "%d %d", i % 3, i / 3);
		ASSERT_TRUE(zt_gets(rep, body, ZT_LAST));
		ASSERT_EQ(0, zt_puts(rep, body, 0));
		EXPECT_TRUE(raw_got(peers[i % 3], body));
	}
}

TEST_F(zmq, rfc28_rep_never_blocks_and_drops_the_reply_of_a_full_peer)
{
	int rep = zt_socket(ZMQ_REP), stuck, good, i;
	static char body[65536];

	ASSERT_EQ(0, zt_setint(rep, ZMQ_SNDHWM, 2));
	ASSERT_EQ(0, zt_setint(rep, ZMQ_SNDBUF, 8192));
	ASSERT_EQ(0, zt_bind_any(rep, "tcp://127.0.0.1:*", self->ep));
	stuck = zp_dial(zt_port(self->ep), 4096);
	ASSERT_EQ(0, zp_handshake(stuck, "DEALER", "REP"));
	good = zp_peer(zt_port(self->ep), "DEALER", "REP");
	ASSERT_LE(0, good);
	for (i = 0; i < 40; i++) {
		ASSERT_EQ(0, raw_put(stuck, "?"));
		ASSERT_TRUE(zt_gets(rep, "?", ZT_LAST));
		EXPECT_EQ(POLLOUT, zt_poll(rep, POLLOUT, 0));
		ASSERT_EQ(0, zt_send(rep, body, sizeof(body), MSG_DONTWAIT))
			TH_LOG("reply %d: %m", i);
	}
	ASSERT_EQ(0, raw_put(good, "?"));
	ASSERT_TRUE(zt_gets(rep, "?", ZT_LAST));
	ASSERT_EQ(0, zt_puts(rep, "!", 0));
	EXPECT_TRUE(raw_got(good, "!"));
	/* What arrives is whole, and far less than all. */
	for (i = 0; zt_poll(stuck, POLLIN, 500) & POLLIN; i++) {
		ASSERT_TRUE(zp_gets(stuck, ZP_MORE, ""));
		ASSERT_TRUE(zp_got(stuck, 0, body, sizeof(body)));
	}
	EXPECT_LE(1, i);
	EXPECT_GT(30, i);
}

TEST_F(zmq, libzmq_72_rep_skips_a_malformed_request_and_keeps_the_peer)
{
	int rep = zt_listening(ZMQ_REP, "tcp://127.0.0.1:*", self->ep);
	int peer = zp_peer(zt_port(self->ep), "DEALER", "REP");

	ASSERT_LE(0, peer);
	ASSERT_EQ(0, zp_puts(peer, 0, "no delimiter"));
	ASSERT_EQ(0, zp_puts(peer, ZP_MORE, "no"));
	ASSERT_EQ(0, zp_puts(peer, 0, "delimiter"));
	ASSERT_EQ(0, zp_puts(peer, 0, ""));
	ASSERT_EQ(0, zp_puts(peer, ZP_MORE, "nothing behind it"));
	ASSERT_EQ(0, zp_puts(peer, 0, ""));
	ASSERT_TRUE(zp_sync(peer));
	EXPECT_EQ(0, zt_poll(rep, POLLIN | POLLOUT, 0));
	ASSERT_EQ(0, raw_put(peer, "?"));
	ASSERT_TRUE(zt_gets(rep, "?", ZT_LAST));
	ASSERT_EQ(0, zt_puts(rep, "!", 0));
	EXPECT_TRUE(raw_got(peer, "!"));
}

static int put_envelope(int peer, int frames, size_t len)
{
	static const char hop[20000];
	int i;

	for (i = 0; i < frames; i++)
		if (zp_send(peer, ZP_MORE, hop, len))
			return -1;
	return raw_put(peer, "?");
}

TEST_F(zmq, libzmq_73_rep_keeps_an_envelope_up_to_its_limits)
{
	int rep = zt_listening(ZMQ_REP, "tcp://127.0.0.1:*", self->ep);
	int peer = zp_peer(zt_port(self->ep), "DEALER", "REP"), i;
	struct zp_frame f;

	ASSERT_LE(0, peer);
	ASSERT_EQ(0, put_envelope(peer, 64, 1));
	ASSERT_EQ(0, put_envelope(peer, 1, 16384));
	ASSERT_EQ(0, put_envelope(peer, 2, 10000));
	ASSERT_TRUE(zp_sync(peer));
	EXPECT_EQ(0, zt_poll(rep, POLLIN, 0));
	ASSERT_EQ(0, put_envelope(peer, 63, 255));
	ASSERT_TRUE(zt_gets(rep, "?", ZT_LAST));
	ASSERT_EQ(0, zt_puts(rep, "!", 0));
	for (i = 0; i < 63; i++) {
		ASSERT_EQ(0, zp_recv(peer, &f));
		ASSERT_EQ(ZP_MORE, f.flags);
		ASSERT_EQ(255, f.len);
	}
	EXPECT_TRUE(raw_got(peer, "!"));
}

TEST_HARNESS_MAIN
