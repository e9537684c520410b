// SPDX-License-Identifier: GPL-2.0-only
/*
 * What honest peers of each version say, cut at every byte: by a pause, by the end of
 * the stream, by its reset, by an urgent byte. By `make check-peers`.
 */
#include <stdlib.h>
#include "kselftest_harness.h"
#include "fixture.h"
#include "peers.h"

PEERS_FIXTURE(cut);

#define LONG	300

static unsigned char block[LONG];

/**
 * struct talk - all that a peer says
 * @bytes: from the first one on
 * @len: how many they are
 * @ready: where the handshake ends
 * @first: where the first message does, which has one frame
 */
struct talk {
	unsigned char bytes[PEERS_STREAM_MAX];
	size_t len;
	size_t ready;
	size_t first;
};

static void put(struct talk *t, enum peers_version v, int flags,
		const void *data, size_t len)
{
	t->len += peers_frame(t->bytes + t->len, v, flags, data, len);
}

/* A message, a command if there are such, a message of two frames. */
static void compose(struct talk *t, enum peers_version v)
{
	zt_pattern(block, LONG, 1);
	t->len = peers_hello(t->bytes, v, "PUSH");
	t->ready = t->len;
	put(t, v, 0, "first", 5);
	t->first = t->len;
	put(t, v, ZP_MORE, "head", 4);
	if (v == ZMTP_3_1)
		put(t, v, ZP_COMMAND, "\4PING\0\0me", 9);
	put(t, v, 0, block, LONG);
}

static bool second_came(int zmq)
{
	return zt_gets(zmq, "head", ZT_MORE) &&
	       zt_got(zmq, block, LONG, ZT_LAST);
}

/* The answer to all of it, byte by byte. */
static bool is_answered(int peer, enum peers_version v)
{
	return peers_welcome(peer, v, "PULL") &&
	       (v != ZMTP_3_1 || zp_got_command(peer, "PONG", "me"));
}

static bool came_through(struct peers *p, int peer, enum peers_version v)
{
	return zt_gets(p->zmq, "first", ZT_LAST) && second_came(p->zmq) &&
	       is_answered(peer, v) && zp_silent(peer);
}

TEST_F_TIMEOUT(cut, by_a_pause_anywhere_it_is_understood, PEERS_LONG_S)
{
	struct peers *p = &self->p;
	enum peers_version v;
	struct talk t;
	size_t at;
	int peer;

	if (PEERS_UNWANTED())
		SKIP(return, "%s", PEERS_UNWANTED());
	ASSERT_EQ(0, peers_socket(p, ZMQ_PULL));
	for (v = 0; v < ZMTP_VERSIONS; v++) {
		compose(&t, v);
		PEERS_EACH_CUT(at, 1, t.len) {
			peer = peers_stream(p);
			ASSERT_LE(0, peer);
			ASSERT_EQ(0, zp_write(peer, t.bytes, at));
			peers_seen();
			ASSERT_EQ(0, zp_write(peer, t.bytes + at, t.len - at));
			ASSERT_TRUE(came_through(p, peer, v))
				TH_LOG("version %d, behind byte %zu", v, at);
			close(peer);
		}
		ASSERT_TRUE(peers_undisturbed(p));
	}
	EXPECT_EQ(0, zt_counter("ZmqRxDropPartial"));
	EXPECT_EQ(0, zt_counter("ZmqProtoError"));
	EXPECT_TRUE(peers_all_gone(p));
}

TEST_F_TIMEOUT(cut, behind_each_byte_it_is_understood, PEERS_LONG_S)
{
	struct peers *p = &self->p;
	enum peers_version v;
	struct talk t;
	int peer, i;

	if (PEERS_UNWANTED())
		SKIP(return, "%s", PEERS_UNWANTED());
	ASSERT_EQ(0, peers_socket(p, ZMQ_PULL));
	/* With a pause behind each, and without. */
	for (v = 0; v < 2 * ZMTP_VERSIONS; v++) {
		compose(&t, v / 2);
		peer = peers_stream(p);
		ASSERT_LE(0, peer);
		for (i = 0; i < t.len; i++) {
			ASSERT_EQ(0, zp_write(peer, t.bytes + i, 1));
			if (v % 2)
				peers_seen();
		}
		ASSERT_TRUE(came_through(p, peer, v / 2)) TH_LOG("version %d", v / 2);
		close(peer);
	}
	EXPECT_TRUE(peers_undisturbed(p));
	EXPECT_TRUE(peers_all_gone(p));
}

struct ends {
	long established;
	long disconnects;
};

static bool have_ended(void *arg)
{
	const struct ends *e = arg;

	return zt_counter("ZmqEstablished") == e->established &&
	       zt_counter("ZmqDisconnects") == e->disconnects;
}

/* A peer says @at bytes of it and goes; what was whole by then comes. */
static bool goes_at(struct peers *p, const struct talk *t, size_t at,
		    void (*end)(int peer))
{
	long failed = zt_counter("ZmqHandshakeClosed");
	long partial = zt_counter("ZmqRxDropPartial");
	bool ready = at >= t->ready;
	struct ends e = {
		.established = zt_counter("ZmqEstablished") + ready,
		.disconnects = zt_counter("ZmqDisconnects") + ready,
	};
	int peer = peers_stream(p);
	bool ok;

	if (peer < 0 || zp_write(peer, t->bytes, at))
		return false;
	peers_seen();
	end(peer);
	ok = at < t->first || zt_gets(p->zmq, "first", ZT_LAST);
	if (ok && at == t->len)
		ok = second_came(p->zmq);
	if (!ok) {
		printf("# what was whole by then did not come\n");
		return false;
	}
	if (ready ? !zt_eventually(have_ended, &e) :
		    !zt_counts("ZmqHandshakeClosed", failed)) {
		printf("# established %ld of %ld, disconnects %ld of %ld\n",
		       zt_counter("ZmqEstablished"), e.established,
		       zt_counter("ZmqDisconnects"), e.disconnects);
		return false;
	}
	/* A part of a message was dropped, if more than a header had come of it. */
	partial = zt_counter("ZmqRxDropPartial") - partial;
	if (at <= t->ready || at == t->first || at == t->len)
		return !partial;
	return partial <= 1 && zt_lacks(p->zmq, POLLIN);
}

static void end_quietly(int peer)
{
	close(peer);
}

static int depart(struct peers *p, void (*end)(int peer))
{
	enum peers_version v;
	struct talk t;
	size_t at;

	for (v = 0; v < ZMTP_VERSIONS; v++) {
		compose(&t, v);
		PEERS_EACH_CUT(at, 0, t.len + 1) {
			if (goes_at(p, &t, at, end))
				continue;
			printf("# version %d, behind byte %zu of %zu\n", v, at,
			       t.len);
			zt_tell();
			return -1;
		}
		if (!peers_undisturbed(p))
			return -1;
	}
	return 0;
}

TEST_F_TIMEOUT(cut, by_its_end_anywhere_it_leaves_what_was_whole, PEERS_LONG_S)
{
	struct peers *p = &self->p;

	if (PEERS_UNWANTED())
		SKIP(return, "%s", PEERS_UNWANTED());
	ASSERT_EQ(0, peers_socket(p, ZMQ_PULL));
	ASSERT_EQ(0, depart(p, end_quietly));
	EXPECT_TRUE(zt_lacks(p->zmq, POLLIN));
	EXPECT_LT(0, zt_counter("ZmqRxDropPartial"));
	EXPECT_TRUE(peers_all_gone(p));
}

TEST_F_TIMEOUT(cut, by_a_reset_anywhere_it_leaves_what_was_whole, PEERS_LONG_S)
{
	struct peers *p = &self->p;

	if (PEERS_UNWANTED())
		SKIP(return, "%s", PEERS_UNWANTED());
	if (!strstr(variant->way.at, "tcp"))
		SKIP(return, "only TCP resets");
	ASSERT_EQ(0, peers_socket(p, ZMQ_PULL));
	ASSERT_EQ(0, depart(p, peers_reset));
	EXPECT_TRUE(zt_lacks(p->zmq, POLLIN));
	EXPECT_TRUE(peers_all_gone(p));
}

/* Nothing behind it can be told from what it stands for. */
TEST_F_TIMEOUT(cut, by_an_urgent_byte_anywhere_it_ends, PEERS_LONG_S)
{
	struct peers *p = &self->p;
	enum peers_version v;
	struct talk t;
	size_t at;
	int peer;

	if (PEERS_UNWANTED())
		SKIP(return, "%s", PEERS_UNWANTED());
	if (!strstr(variant->way.at, "tcp:"))
		SKIP(return, "others have no urgent bytes, or whoever attached them reads them");
	ASSERT_EQ(0, peers_socket(p, ZMQ_PULL));
	for (v = 0; v < ZMTP_VERSIONS; v++) {
		compose(&t, v);
		PEERS_EACH_CUT(at, 0, t.len) {
			peer = peers_stream(p);
			ASSERT_LE(0, peer);
			ASSERT_EQ(0, zp_write(peer, t.bytes, at));
			ASSERT_EQ(1, send(peer, "!", 1, MSG_OOB));
			zp_write(peer, t.bytes + at, t.len - at);
			ASSERT_TRUE(zp_closed(peer))
				TH_LOG("version %d, behind byte %zu", v, at);
			close(peer);
			if (at >= t.first)
				ASSERT_TRUE(zt_gets(p->zmq, "first", ZT_LAST));
		}
		ASSERT_TRUE(peers_undisturbed(p));
	}
	EXPECT_TRUE(zt_lacks(p->zmq, POLLIN));
	EXPECT_LT(0, zt_counter("ZmqHandshakeProtocol"));
	EXPECT_LT(0, zt_counter("ZmqProtoError"));
	EXPECT_TRUE(peers_all_gone(p));
}

TEST_HARNESS_MAIN
