// SPDX-License-Identifier: GPL-2.0-only
/*
 * What softirqs and workers do for a socket, with the first, second, … of their
 * allocations failing until none is left; the peer is a plain socket that
 * counts bytes. By `make check-faults`, with that and more after it: no leak,
 * no warning.
 *
 * Linux 6.1 has no filter for allocations of one module on x86-64, so all of the
 * kernel's fail alike, and those of programs do not.
 */
#include <stdlib.h>
#include "kselftest_harness.h"
#include "faults.h"

#define LONG		20000
#define WALK_MAX	65536

static unsigned char block[LONG];

/**
 * struct walk - a counter that walks
 * @which: the memory
 * @at: where it stands
 * @step: bytes at a time; no object is smaller
 * @misses: how often in a row nothing failed
 * @armed: it is about to
 */
struct walk {
	enum zt_memory	which;
	long		at;
	long		step;
	int		misses;
	bool		armed;
};

/* What a worker does comes at times before the end of a round and at times
 * behind it, so that one miss is not the end.
 */
static bool next_fault(struct walk *w)
{
	if (w->armed) {
		w->misses = zt_disarm_others(w->which) ? 0 : w->misses + 1;
		w->at += zt_stride() * (w->which == ZT_SLAB ? w->step : 1);
	}
	if (w->misses == 3 || w->at >= WALK_MAX) {
		printf("# %s: to %ld\n", w->which == ZT_SLAB ? "slab" : "pages", w->at);
		if (w->which == ZT_PAGES)
			return false;
		w->which = ZT_PAGES;
		w->at = 0;
		w->misses = 0;
	}
	w->armed = true;
	zt_arm_others(w->which, w->at);
	return true;
}

#define EACH_FAULT(w, bytes) \
	for (w = (struct walk){ .step = (bytes) }; next_fault(&(w));)

#define TELL(w) TH_LOG("%s, after %ld", (w).which == ZT_SLAB ? "slab" : "pages", (w).at)

static size_t put_ping(unsigned char *buf, const char *context)
{
	size_t n = zp_header(buf, ZP_COMMAND, 12);

	memcpy(buf + n, "\4PING\0", 7);
	memcpy(buf + n + 7, context, 5);
	return n + 12;
}

static size_t put_frame(unsigned char *buf, int flags, const void *data, size_t len)
{
	size_t n = zp_header(buf, flags, len);

	memcpy(buf + n, data, len);
	return n + len;
}

/* Commands before, between and behind messages. */
static size_t conversation(unsigned char *buf)
{
	size_t n = 0;

	n += put_ping(buf + n, "first");
	n += put_frame(buf + n, ZP_MORE, "head", 4);
	n += put_frame(buf + n, 0, block, LONG);
	n += put_ping(buf + n, "other");
	return n + put_frame(buf + n, 0, "end", 3);
}

/* What was written before has been seen, and nothing but answers has come back,
 * in order and once. There may have been no memory for one of them, and the last
 * may be late.
 */
static bool answered(int peer)
{
	static char final[6], again[6], before[6];
	const char * const pongs[] = { before, "first", "other", final, again };
	static unsigned int round;
	unsigned char pings[40];
	struct zp_frame f;
	size_t i = 0, len;

	memcpy(before, again, sizeof(before));
	snprintf(final, sizeof(final), "f%04x", ++round);
	snprintf(again, sizeof(again), "a%04x", round);
	len = put_ping(pings, final);
	len += put_ping(pings + len, again);
	if (zp_write(peer, pings, len))
		return false;
	do {
		if (zp_recv(peer, &f))
			return false;
		while (i < ARRAY_SIZE(pongs) &&
		       !zp_is_command(&f, "PONG", pongs[i], 5))
			i++;
		if (i++ >= ARRAY_SIZE(pongs)) {
			printf("# something else came: '%.*s'\n", (int)(f.len & 63), f.body);
			return false;
		}
	} while (i < 4);
	return true;
}

static bool converse(int peer, int zmq, long turn)
{
	static unsigned char stream[LONG + 100];
	size_t len = conversation(stream), cut = 60 + turn * 97 % (len - 60);

	return !zp_write(peer, stream, cut) &&
	       !zp_write(peer, stream + cut, len - cut) &&
	       zt_gets(zmq, "head", ZT_MORE) &&
	       zt_got(zmq, block, LONG, ZT_LAST) &&
	       zt_gets(zmq, "end", ZT_LAST);
}

TEST_F(stream, receiving)
{
	struct walk w;
	bool ok;

	if (!zt_can_fault(_metadata->name))
		SKIP(return, ZT_NO_FAULTS);
	zt_spare_programs();
	MEET(ZMQ_PULL, "PUSH", "PULL");
	zt_pattern(block, LONG, 5);
	EACH_FAULT(w, 32) {
		ok = converse(self->peer, self->zmq, w.at / w.step);
		ASSERT_TRUE(ok) TELL(w);
		ok = answered(self->peer);
		ASSERT_TRUE(ok) TELL(w);
	}
	EXPECT_TRUE(zt_lacks(self->zmq, POLLIN));
}

/* A peer that reads late lets workers send. */
TEST_F(stream, sending)
{
	struct walk w;
	long put, i;
	bool ok;

	if (!zt_can_fault(_metadata->name))
		SKIP(return, ZT_NO_FAULTS);
	zt_spare_programs();
	self->zmq = zt_listening(ZMQ_PUSH, variant->at, self->ep);
	ASSERT_LE(0, self->zmq);
	ASSERT_EQ(0, zt_setint(self->zmq, ZMQ_SNDBUF, 8192));
	self->peer = zp_peer_at(self->ep, "PULL", "PUSH");
	ASSERT_LE(0, self->peer);
	zt_pattern(block, LONG, 6);
	ASSERT_TRUE(zt_becomes(self->zmq, POLLOUT));
	EACH_FAULT(w, 256) {
		put = 0;
		while (put < 20 && !zt_send(self->zmq, block, LONG, MSG_DONTWAIT))
			put++;
		ok = put > 0;
		for (i = 0; ok && i < put; i++)
			ok = zp_got(self->peer, 0, block, LONG);
		ASSERT_TRUE(ok) TELL(w);
	}
	EXPECT_TRUE(zp_silent(self->peer));
}

/* Whom there is no memory for is sent away, sooner or later. */
static bool meets(const char *ep, int zmq)
{
	int peer, i;
	bool ok;

	for (i = 0; i < 5; i++) {
		peer = zp_peer_at(ep, "PUSH", "PULL");
		if (peer < 0)
			continue;
		ok = !zp_puts(peer, 0, "hello") && answered(peer);
		if (ok)
			ok = zt_gets(zmq, "hello", ZT_LAST);
		else if (zp_closed(peer))
			zt_drain(zmq);
		else
			i = 5;
		close(peer);
		if (ok)
			return true;
	}
	return false;
}

TEST_F(stream, accepting)
{
	struct walk w;
	bool ok;

	if (!zt_can_fault(_metadata->name))
		SKIP(return, ZT_NO_FAULTS);
	zt_spare_programs();
	self->zmq = zt_listening(ZMQ_PULL, variant->at, self->ep);
	ASSERT_LE(0, self->zmq);
	EACH_FAULT(w, variant->handshake_step) {
		ok = meets(self->ep, self->zmq);
		ASSERT_TRUE(ok) TELL(w);
	}
	EXPECT_TRUE(zt_lacks(self->zmq, POLLIN));
}

static long lost(void)
{
	return zt_counter("ZmqTxUnacked") + zt_counter("ZmqTxDropConn");
}

/* The message comes over this connection or another one, if it is not counted. */
static bool is_sent(int listener, int zmq, int *peer)
{
	long before = lost();
	int i;

	if (zt_puts(zmq, "once", 0))
		return false;
	for (i = 0; i < 6; i++) {
		if (*peer < 0)
			*peer = zp_accept_peer(listener, "PULL", "PUSH");
		if (*peer >= 0 && zp_gets(*peer, 0, "once"))
			return true;
		if (*peer >= 0 && !zp_closed(*peer))
			return false;
		if (lost() != before)
			return true;
		close(*peer);
		*peer = -1;
	}
	return false;
}

/* A lost connection is made anew, and no message is lost with it or doubled. */
TEST_F(stream, reconnecting)
{
	int listener = zp_listen_at(variant->at);
	struct walk w;

	if (!zt_can_fault(_metadata->name))
		SKIP(return, ZT_NO_FAULTS);
	zt_spare_programs();
	ASSERT_LE(0, listener);
	self->zmq = zt_socket(ZMQ_PUSH);
	ASSERT_EQ(0, zt_setint(self->zmq, ZMQ_RECONNECT_IVL, 1));
	ASSERT_EQ(0, zt_setint(self->zmq, ZMQ_RECONNECT_IVL_MAX, 20));
	ASSERT_EQ(0, zt_connect(self->zmq, variant->at));
	self->peer = zp_accept_peer(listener, "PULL", "PUSH");
	ASSERT_LE(0, self->peer);
	EACH_FAULT(w, variant->handshake_step) {
		close(self->peer);
		self->peer = zp_accept_peer(listener, "PULL", "PUSH");
		ASSERT_TRUE(is_sent(listener, self->zmq, &self->peer)) TELL(w);
	}
}

/* A subscription that comes is applied, or counted. */
TEST_F(stream, being_subscribed_to)
{
	long dropped = 0, now;
	char topic[310];
	struct walk w;
	bool ok;

	if (!zt_can_fault(_metadata->name))
		SKIP(return, ZT_NO_FAULTS);
	zt_spare_programs();
	MEET(ZMQ_XPUB, "SUB", "XPUB");
	EACH_FAULT(w, 32) {
		snprintf(topic, sizeof(topic), "%300ld.%d", w.at, w.which);
		ok = !zp_command(self->peer, "SUBSCRIBE", topic, strlen(topic)) &&
		     answered(self->peer);
		now = zt_counter("ZmqSubDrop");
		if (ok && now == dropped)
			ok = zt_told(self->zmq, 1, topic);
		else if (ok)
			ok = zt_lacks(self->zmq, POLLIN);
		dropped = now;
		ASSERT_TRUE(ok) TELL(w);
	}
}

TEST_HARNESS_MAIN
