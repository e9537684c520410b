// SPDX-License-Identifier: GPL-2.0-only
/* Bad peers: they reset, stop, or crawl, and every message is accounted for. */
#include <stdlib.h>
#include <netinet/tcp.h>
#include "kselftest_harness.h"
#include "fixture.h"
#include "kinds.h"

#define KIB	1024
#define BIG	(512 * KIB)

FIXTURE(peer) {
	char ep[ZMQ_ENDPOINT_MAX];
	struct zt_flow flow;
	int listener;
	int port;
};

ZT_KIND_VARIANTS(peer);

FIXTURE_SETUP(peer)
{
	ASSERT_EQ(0, zt_setup(_metadata->name));
	self->flow.kind = &variant->kind;
	self->flow.last = -1;
}

FIXTURE_TEARDOWN(peer)
{
	EXPECT_EQ(0, zt_teardown());
}

/* The sender, connected to where a raw peer will listen. */
static int dialing(struct zt_flow *f, int port, int hwm)
{
	char ep[64];

	snprintf(ep, sizeof(ep), "tcp://127.0.0.1:%d", port);
	f->tx = zt_socket(f->kind->tx);
	if (f->tx < 0 || zt_setint(f->tx, ZMQ_RECONNECT_IVL, 20) ||
	    zt_setint(f->tx, ZMQ_SNDHWM, hwm) ||
	    zt_setint(f->tx, ZMQ_SNDBUF, 16 * KIB) ||
	    zt_setint(f->tx, ZMQ_LINGER, ZT_DEADLINE_MS) ||
	    zt_connect(f->tx, ep))
		return -1;
	zt_flow_begin(f);
	return 0;
}

/* The receiver, bound to where raw peers will dial. */
static int bound(struct zt_flow *f, char *ep)
{
	f->rx = zt_listening(f->kind->rx, "tcp://127.0.0.1:*", ep);
	if (f->rx < 0 || (f->kind->rx == ZMQ_SUB &&
			  zt_settext(f->rx, ZMQ_SUBSCRIBE, "")))
		return -1;
	zt_flow_begin(f);
	return 0;
}

/* A raw receiver, to which messages that wait come at once. */
static int returning(struct zt_flow *f, int listener)
{
	int peer = zp_accept_peer(listener, f->kind->rx_name,
				  f->kind->tx_name);

	if (peer >= 0 && f->kind->tx == ZMQ_PUB &&
	    zp_command(peer, "SUBSCRIBE", "", 0))
		return -1;
	return peer;
}

/* A raw receiver that messages can be sent to; for PUB none may wait. */
static int receiver(struct zt_flow *f, int listener)
{
	int peer = returning(f, listener);

	if (peer >= 0 && f->kind->tx == ZMQ_PUB && !zp_sync(peer))
		return -1;
	return peer;
}

/* What was read is acknowledged now, not with the next data. */
static void acknowledge(int peer)
{
	const int one = 1;

	setsockopt(peer, IPPROTO_TCP, TCP_QUICKACK, &one, sizeof(one));
}

/* A raw receiver reads a message whole, with a number above the last. */
static bool reads(struct zt_flow *f, int peer, size_t len)
{
	unsigned char head[9];
	char *body;
	u64 size;
	u32 n;

	if (f->kind->tx == ZMQ_REQ && !zp_got(peer, ZP_MORE, "", 0))
		return false;
	body = malloc(len);
	if (zp_read(peer, head, zp_header(head, 0, len)) ||
	    zp_read(peer, body, len))
		return false;
	memcpy(&n, body, sizeof(n));
	free(body);
	memcpy(&size, head + 1, sizeof(size));
	if ((int)n <= f->last || n >= f->next) {
		printf("# number %u behind %d\n", n, f->last);
		return false;
	}
	f->last = n;
	f->delivered++;
	acknowledge(peer);
	return true;
}

/* A raw sender's message of the next number. */
static size_t encode(struct zt_flow *f, unsigned char *buf, size_t len)
{
	size_t n = 0;

	if (f->kind->rx == ZMQ_REP)
		n = zp_header(buf, ZP_MORE, 0);
	n += zp_header(buf + n, 0, len);
	memset(buf + n, 0, len);
	memcpy(buf + n, &f->next, sizeof(f->next));
	return n + len;
}

/* The receiver has the number that a raw sender sent; answers are read. */
static bool has(struct zt_flow *f, int peer)
{
	char id[16];
	u32 n;

	f->accepted++;
	if (f->kind->rx == ZMQ_ROUTER && recv(f->rx, id, sizeof(id), 0) < 0)
		return false;
	if (recv(f->rx, &n, sizeof(n), 0) < 0 || n != f->next++) {
		printf("# not number %u: %m\n", f->next - 1);
		return false;
	}
	f->delivered++;
	if (!f->kind->answers)
		return true;
	if (zt_send(f->rx, &n, sizeof(n), 0))
		return false;
	return peer < 0 || (zp_got(peer, ZP_MORE, "", 0) &&
			    zp_got(peer, 0, &n, sizeof(n)));
}

static void reset(int peer)
{
	const struct linger now = { .l_onoff = 1 };

	setsockopt(peer, SOL_SOCKET, SO_LINGER, &now, sizeof(now));
	close(peer);
}

enum stage { ACCEPTED, GREETED, TOLD, READY, IN_FRAME };

/* A raw receiver resets at @stage; true if it came so far. */
static bool resets_at(struct zt_flow *f, int listener, enum stage stage, int n,
		      size_t len)
{
	static char part[40 * KIB];
	int peer;

	if (stage >= READY)
		peer = receiver(f, listener);
	else
		peer = zp_accept(listener);
	if (peer < 0)
		return false;
	if ((stage == GREETED || stage == TOLD) && zp_greet(peer, 1))
		return false;
	if (stage == TOLD && !zp_got_ready(peer, f->kind->tx_name))
		return false;
	if (stage == READY)
		while (n--)
			if (!reads(f, peer, len))
				return false;
	if (stage == IN_FRAME && zp_read(peer, part, sizeof(part)))
		return false;
	reset(peer);
	return true;
}

/* Sends before, and reads after, a raw receiver's reset. */
#define RESET_AT(stage)							\
	do {								\
		struct zt_flow *f = &self->flow;			\
		int peer, n;						\
									\
		self->listener = zp_listen(0, &self->port);		\
		ASSERT_EQ(0, dialing(f, self->port, 100));		\
		n = zt_flow_burst(f, 20, 100);				\
		ASSERT_LT(0, n);					\
		n -= zt_flow_reported(f);				\
		ASSERT_TRUE(resets_at(f, self->listener, stage, n, 100)); \
		peer = receiver(f, self->listener);			\
		ASSERT_LE(0, peer);					\
		for (n -= f->delivered; n > 0; n--)			\
			ASSERT_TRUE(reads(f, peer, 100));		\
		EXPECT_TRUE(zt_flow_balances(f));			\
		if (variant->kind.answers)				\
			break;						\
		ASSERT_EQ(1, zt_flow_burst(f, 1, 100));			\
		EXPECT_TRUE(reads(f, peer, 100));			\
		EXPECT_TRUE(zt_flow_balances(f));			\
	} while (0)

TEST_F(peer, reset_before_its_greeting_loses_no_message)
{
	RESET_AT(ACCEPTED);
	EXPECT_EQ(variant->kind.drops, zt_flow_reported(&self->flow) > 0);
}

TEST_F(peer, reset_after_its_greeting_loses_no_message)
{
	RESET_AT(GREETED);
	EXPECT_EQ(variant->kind.drops, zt_flow_reported(&self->flow) > 0);
}

TEST_F(peer, reset_before_its_ready_loses_no_message)
{
	RESET_AT(TOLD);
	EXPECT_EQ(variant->kind.drops, zt_flow_reported(&self->flow) > 0);
}

TEST_F(peer, reset_of_an_idle_connection_loses_no_message)
{
	RESET_AT(READY);
	EXPECT_EQ(variant->kind.drops, zt_flow_reported(&self->flow) > 0);
}

TEST_F(peer, refused_connections_lose_no_message)
{
	struct zt_flow *f = &self->flow;
	int peer, n;

	self->port = zt_free_port();
	ASSERT_EQ(0, dialing(f, self->port, 100));
	n = zt_flow_burst(f, 20, 100);
	n -= zt_flow_reported(f);
	self->listener = zp_listen(0, &self->port);
	peer = receiver(f, self->listener);
	ASSERT_LE(0, peer);
	while (n-- > 0)
		ASSERT_TRUE(reads(f, peer, 100));
	EXPECT_LT(0, zt_mib("ConnectFail"));
	EXPECT_TRUE(zt_flow_balances(f));
}

/* A raw receiver is there, so that PUB has somebody to send to. */
static int sending_to(struct zt_flow *f, int *listener, int *peer, int hwm)
{
	int port = 0;

	*listener = zp_listen(4 * KIB, &port);
	if (*listener < 0 || dialing(f, port, hwm))
		return -1;
	*peer = receiver(f, *listener);
	return *peer < 0 ? -1 : 0;
}

TEST_F(peer, reset_in_a_frame_leaves_every_message_accounted_for)
{
	struct zt_flow *f = &self->flow;
	char part[40 * KIB];
	int peer, n;

	ASSERT_EQ(0, sending_to(f, &self->listener, &peer, 100));
	n = zt_flow_burst(f, 4, BIG);
	ASSERT_EQ(variant->kind.answers ? 1 : 4, n);
	ASSERT_EQ(0, zp_read(peer, part, sizeof(part)));
	reset(peer);
	peer = returning(f, self->listener);
	ASSERT_LE(0, peer);
	for (n -= zt_flow_reported(f); n > 0; n--)
		ASSERT_TRUE(reads(f, peer, BIG)) TH_LOG("%d left", n);
	EXPECT_TRUE(zt_flow_balances(f));
	/* At most the message that was under way is gone. */
	EXPECT_GE(variant->kind.drops ? 4 : 1, zt_flow_reported(f));
}

TEST_F(peer, reset_while_lingering_leaves_every_message_accounted_for)
{
	struct zt_flow *f = &self->flow;
	char part[40 * KIB];
	int peer;

	ASSERT_EQ(0, sending_to(f, &self->listener, &peer, 100));
	zt_flow_burst(f, 4, BIG);
	close(f->tx);
	ASSERT_EQ(0, zp_read(peer, part, sizeof(part)));
	reset(peer);
	/* Without a message that is left it does not come back. */
	if (!variant->kind.answers) {
		peer = returning(f, self->listener);
		ASSERT_LE(0, peer);
		while (f->delivered + zt_flow_reported(f) < f->accepted)
			ASSERT_TRUE(reads(f, peer, BIG));
		EXPECT_TRUE(zp_closed(peer));
	}
	EXPECT_TRUE(zt_flow_balances(f));
	EXPECT_GE(1, zt_flow_reported(f));
}

TEST_F(peer, a_closed_window_that_opens_again_loses_no_message)
{
	struct zt_flow *f = &self->flow;
	int peer, n;

	ASSERT_EQ(0, sending_to(f, &self->listener, &peer, 10));
	n = zt_flow_burst(f, 400, 4 * KIB);
	ASSERT_LT(0, n);
	EXPECT_EQ(variant->kind.drops, n == 400);
	for (n -= zt_flow_reported(f); n > 0; n--)
		ASSERT_TRUE(reads(f, peer, 4 * KIB)) TH_LOG("%d left", n);
	EXPECT_TRUE(zt_flow_balances(f));
	EXPECT_EQ(variant->kind.drops, zt_flow_reported(f) > 0);
}

TEST_F(peer, one_that_reads_byte_by_byte_gets_every_message)
{
	struct zt_flow *f = &self->flow;
	unsigned char got[2 * (9 + 1000)], want[sizeof(got)];
	int peer, n, i, len = 0;

	ASSERT_EQ(0, sending_to(f, &self->listener, &peer, 10));
	n = zt_flow_burst(f, 2, 1000);
	for (i = 0; i < n; i++) {
		if (variant->kind.answers)
			len += zp_header(want + len, ZP_MORE, 0);
		len += zp_header(want + len, 0, 1000);
		memset(want + len, 0, 1000);
		memcpy(want + len, &i, sizeof(i));
		len += 1000;
	}
	for (i = 0; i < len; i++)
		ASSERT_EQ(0, zp_read(peer, got + i, 1));
	EXPECT_EQ(0, memcmp(want, got, len));
	f->delivered += n;
	EXPECT_TRUE(zt_flow_balances(f));
}

TEST_F(peer, one_that_writes_byte_by_byte_is_understood)
{
	struct zt_flow *f = &self->flow;
	unsigned char buf[512], ready[128];
	size_t n, len;
	int peer, i;

	ASSERT_EQ(0, bound(f, self->ep));
	peer = zp_dial(zt_port(self->ep), 0);
	ASSERT_LE(0, peer);
	n = zp_greeting(buf, 1, "NULL");
	len = zp_ready_body(ready, f->kind->tx_name, NULL, 0);
	n += zp_header(buf + n, ZP_COMMAND, len);
	memcpy(buf + n, ready, len);
	n += len;
	n += encode(f, buf + n, 100);
	for (i = 0; i < n; i++)
		ASSERT_EQ(0, zp_write(peer, buf + i, 1));
	EXPECT_TRUE(has(f, -1));
	EXPECT_TRUE(zt_flow_balances(f));
}

/* A raw sender goes to @stage and resets. READY is with a whole message,
 * IN_FRAME with another that has no end.
 */
static bool dials_and_resets(struct zt_flow *f, int port, enum stage stage)
{
	unsigned char buf[256], ready[128];
	int peer = zp_dial(port, 0);
	size_t len;

	if (peer < 0)
		return false;
	if (stage >= GREETED && zp_greet(peer, 1))
		return false;
	len = zp_ready_body(ready, f->kind->tx_name, NULL, 0);
	if (stage >= TOLD && !zp_got_ready(peer, f->kind->rx_name))
		return false;
	if (stage >= READY && (zp_send(peer, ZP_COMMAND, ready, len) ||
			       zp_write(peer, buf, encode(f, buf, 100))))
		return false;
	if (stage == IN_FRAME && zp_write(peer, buf, encode(f, buf, 100) / 2))
		return false;
	reset(peer);
	return stage < READY || has(f, -1);
}

static bool nobody_is_up(void *arg)
{
	return zt_mib("Established") == zt_mib("Disconnects");
}

TEST_F(peer, reset_at_any_stage_delivers_what_was_whole)
{
	struct zt_flow *f = &self->flow;
	unsigned char buf[256];
	int i, peer;

	ASSERT_EQ(0, bound(f, self->ep));
	for (i = 0; i < 50; i++) {
		ASSERT_TRUE(dials_and_resets(f, zt_port(self->ep), i % 5))
			TH_LOG("round %d", i);
		ASSERT_TRUE(zt_eventually(nobody_is_up, NULL));
	}
	EXPECT_EQ(10, zt_mib("RxDropPartial"));
	peer = zp_peer(zt_port(self->ep), f->kind->tx_name, f->kind->rx_name);
	ASSERT_LE(0, peer);
	if (variant->kind.rx == ZMQ_SUB)
		ASSERT_TRUE(zp_got(peer, ZP_COMMAND, "\tSUBSCRIBE", 10));
	ASSERT_EQ(0, zp_write(peer, buf, encode(f, buf, 100)));
	EXPECT_TRUE(has(f, peer));
	EXPECT_EQ(f->next, f->delivered);
	if (!variant->kind.answers)
		EXPECT_TRUE(zt_flow_balances(f));
}

static long counted_lost(void)
{
	return zt_counter("ZmqTxDropConn") + zt_counter("ZmqTxUnacked");
}

/* The first of the numbers to 99 that come, of which none is missing; or -1. */
static int first_number(int peer)
{
	static struct zp_frame f;
	int first = 100, next = -1, n;

	while (zt_poll(peer, POLLIN, 300)) {
		if (zp_recv(peer, &f))
			return -1;
		if (f.len != sizeof(n))
			continue;
		memcpy(&n, f.body, sizeof(n));
		if (next < 0)
			first = n;
		else if (n != next)
			return -1;
		next = n + 1;
	}
	return next < 0 || next == 100 ? first : -1;
}

/* Long enough for several buffers, the last of which the short ones share. */
TEST_F(zmq, messages_behind_a_long_one_are_not_lost_with_it)
{
	int port = 0, listener = zp_listen(4096, &port);
	int push, peer, len, first, up;
	static char body[64000];
	long lost;

	snprintf(self->ep, sizeof(self->ep), "tcp://127.0.0.1:%d", port);
	for (len = 8000; len <= 64000; len += 4000) {
		push = zt_socket(ZMQ_PUSH);
		ASSERT_EQ(0, zt_setint(push, ZMQ_SNDBUF, 16384));
		ASSERT_EQ(0, zt_setint(push, ZMQ_RECONNECT_IVL, 10));
		ASSERT_EQ(0, zt_connect(push, self->ep));
		peer = zp_accept_peer(listener, "PULL", "PUSH");
		ASSERT_LE(0, peer);
		ASSERT_TRUE(zt_becomes(push, POLLOUT));
		lost = counted_lost();
		ASSERT_EQ(0, zt_send(push, body, len, 0));
		ASSERT_EQ(100, zt_put_numbers(push, 100, 0));
		/* TCP takes what it can meanwhile. */
		usleep(20000);
		reset(peer);

		peer = zp_accept_peer(listener, "PULL", "PUSH");
		ASSERT_LE(0, peer);
		first = first_number(peer);
		ASSERT_LE(0, first) TH_LOG("behind %d bytes", len);
		EXPECT_LE(first, counted_lost() - lost);
		EXPECT_EQ(0, zt_proc_sum("tx_msgs", &up)) TH_LOG("%d bytes", len);
		close(push);
		close(peer);
	}
}

TEST_HARNESS_MAIN
