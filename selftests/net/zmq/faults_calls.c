// SPDX-License-Identifier: GPL-2.0-only
/*
 * Calls that move bytes, each with its first, second, … allocation or user copy failing
 * until none is left; at the other end a plain socket that counts bytes. A call
 * that failed did nothing: it can be made again, and the stream shows no trace.
 * By `make check-faults`, with that and more after it: no leak, no warning.
 */
#include <stdlib.h>
#include "kselftest_harness.h"
#include "faults.h"

#define LONG	60000

static unsigned char block[LONG];

/* TCP may have no memory for a FIN: then the answer to what it is sent tells. */
static bool is_gone(int peer)
{
	zp_puts(peer, 0, "anybody?");
	return zp_closed(peer);
}

static bool peer_carries(int peer, int zmq)
{
	return !zp_puts(peer, 0, "x") && zt_gets(zmq, "x", ZT_LAST);
}

TEST_F(stream, bind)
{
	bool failed, more;
	int n, pull, peer;

	if (!zt_can_fault(_metadata->name))
		SKIP(return, ZT_NO_FAULTS);
	ZT_EACH_FAULT(n, more) {
		pull = zt_socket(ZMQ_PULL);
		ASSERT_LE(0, pull);
		more = ZT_FAULT(n, failed, zt_bind(pull, variant->at));
		if (failed)
			ASSERT_EQ(0, zt_bind(pull, variant->at)) TH_LOG("fault %d: %m", n);
		peer = zp_peer_at(variant->at, "PUSH", "PULL");
		ASSERT_TRUE(peer_carries(peer, pull)) TH_LOG("fault %d", n);
		close(peer);
		close(pull);
	}
	EXPECT_FALSE(more);
}

TEST_F(stream, unbind)
{
	bool failed, more;
	int n, pull, again;

	if (!zt_can_fault(_metadata->name))
		SKIP(return, ZT_NO_FAULTS);
	ZT_EACH_FAULT(n, more) {
		pull = zt_listening(ZMQ_PULL, variant->at, self->ep);
		ASSERT_LE(0, pull);
		more = ZT_FAULT(n, failed, zt_settext(pull, ZMQ_UNBIND, variant->at));
		if (failed)
			ASSERT_EQ(0, zt_settext(pull, ZMQ_UNBIND, variant->at));
		again = zt_listening(ZMQ_PULL, variant->at, self->ep);
		ASSERT_LE(0, again) TH_LOG("fault %d", n);
		close(again);
		close(pull);
	}
	EXPECT_FALSE(more);
}

/* A stream may end before its handshake does, and is then made anew. */
static int accept_in_the_end(int listener)
{
	int peer, i;

	for (i = 0; i < 5; i++) {
		peer = zp_accept_peer(listener, "PULL", "PUSH");
		if (peer >= 0)
			return peer;
	}
	return -1;
}

TEST_F(stream, connect)
{
	int n, push, peer, listener = zp_listen_at(variant->at);
	bool failed, more;

	if (!zt_can_fault(_metadata->name))
		SKIP(return, ZT_NO_FAULTS);
	ASSERT_LE(0, listener);
	ZT_EACH_FAULT(n, more) {
		push = zt_socket(ZMQ_PUSH);
		ASSERT_LE(0, push);
		ASSERT_EQ(0, zt_setint(push, ZMQ_RECONNECT_IVL, 1));
		more = ZT_FAULT(n, failed, zt_connect(push, variant->at));
		if (failed)
			ASSERT_EQ(0, zt_connect(push, variant->at));
		peer = accept_in_the_end(listener);
		ASSERT_EQ(0, zt_puts(push, "once", 0));
		ASSERT_TRUE(zp_gets(peer, 0, "once")) TH_LOG("fault %d", n);
		/* What had failed left no second connection. */
		ASSERT_TRUE(zp_sync(peer));
		ASSERT_FALSE(zp_pending(listener, 0)) TH_LOG("fault %d", n);
		close(push);
		ASSERT_TRUE(is_gone(peer)) TH_LOG("fault %d", n);
		close(peer);
	}
	EXPECT_FALSE(more);
}

TEST_F(stream, disconnect)
{
	int n, push, peer, listener = zp_listen_at(variant->at);
	bool failed, more;

	if (!zt_can_fault(_metadata->name))
		SKIP(return, ZT_NO_FAULTS);
	ASSERT_LE(0, listener);
	ZT_EACH_FAULT(n, more) {
		push = zt_connected(ZMQ_PUSH, variant->at);
		peer = accept_in_the_end(listener);
		ASSERT_LE(0, peer);
		more = ZT_FAULT(n, failed, zt_settext(push, ZMQ_DISCONNECT, variant->at));
		if (failed)
			ASSERT_EQ(0, zt_settext(push, ZMQ_DISCONNECT, variant->at));
		ASSERT_TRUE(is_gone(peer)) TH_LOG("fault %d", n);
		close(peer);
		close(push);
	}
	EXPECT_FALSE(more);
}

/* Ways to send; what each sends follows from it. */
static long send_short(int fd)
{
	return send(fd, "short", 5, MSG_NOSIGNAL);
}

static bool got_short(int peer)
{
	return zp_gets(peer, 0, "short");
}

static long send_long(int fd)
{
	return send(fd, block, LONG, MSG_NOSIGNAL);
}

static bool got_long(int peer)
{
	return zp_got(peer, 0, block, LONG);
}

static const struct zmq_frame_desc some_frames[] = {
	{ 3, ZMQ_FRAME_MORE }, { 0, 0 }, { 5000, 0 }, { 1, ZMQ_FRAME_MORE },
	{ 300, ZMQ_FRAME_MORE }, { 7, 0 },
};

#define FRAMES_LEN	5311

/* Of several messages the first ones may have been sent: then the others go by
 * another call.
 */
static long send_frames(int fd)
{
	size_t i = 0, at = 0, end = 0;
	long n;

	n = zt_send_frames(fd, block, FRAMES_LEN, some_frames,
			   ARRAY_SIZE(some_frames), MSG_NOSIGNAL);
	if (n < 0)
		return n;
	for (; end < n || (end == n && end != at); i++) {
		end += some_frames[i].len;
		if (!(some_frames[i].flags & ZMQ_FRAME_MORE))
			at = end;
	}
	if (at != n || n == FRAMES_LEN)
		return at == n ? n : -2;
	return n + zt_send_frames(fd, block + at, FRAMES_LEN - at, some_frames + i,
				  ARRAY_SIZE(some_frames) - i, MSG_NOSIGNAL);
}

static bool got_frames(int peer)
{
	size_t i, at = 0;

	for (i = 0; i < ARRAY_SIZE(some_frames); i++) {
		if (!zp_got(peer, some_frames[i].flags & ZMQ_FRAME_MORE ? ZP_MORE : 0,
			    block + at, some_frames[i].len))
			return false;
		at += some_frames[i].len;
	}
	return true;
}

static long send_pages(int fd)
{
	return send(fd, block, LONG, MSG_NOSIGNAL | MSG_ZEROCOPY);
}

static long send_pieces(int fd)
{
	struct iovec iov[] = { { block, 10 }, { block + 10, 20000 },
			       { block + 20010, LONG - 20010 } };
	struct msghdr m = { .msg_iov = iov, .msg_iovlen = ARRAY_SIZE(iov) };

	return sendmsg(fd, &m, MSG_NOSIGNAL);
}

static const struct way_to_send {
	const char *name;
	long (*call)(int fd);
	bool (*arrived)(int peer);
	long whole;
	bool head;	/* behind a first frame of the same message */
} ways_to_send[] = {
	{ "short", send_short, got_short, 5, false },
	{ "short behind a head", send_short, got_short, 5, true },
	{ "long", send_long, got_long, LONG, false },
	{ "long behind a head", send_long, got_long, LONG, true },
	{ "frames", send_frames, got_frames, FRAMES_LEN, false },
	{ "zerocopy", send_pages, got_long, LONG, false },
	{ "pieces", send_pieces, got_long, LONG, false },
};

TEST_F(stream, send)
{
	const struct way_to_send *w;
	bool failed, more;
	char mark[32];
	int n;

	if (!zt_can_fault(_metadata->name))
		SKIP(return, ZT_NO_FAULTS);
	MEET(ZMQ_PUSH, "PULL", "PUSH");
	ASSERT_EQ(0, zt_setint(self->zmq, ZMQ_ZEROCOPY, 1));
	zt_pattern(block, LONG, 3);
	for (w = ways_to_send; w < ways_to_send + ARRAY_SIZE(ways_to_send); w++) {
		ZT_EACH_FAULT(n, more) {
			long sent;

			if (w->head)
				ASSERT_EQ(0, zt_puts(self->zmq, "head", MSG_MORE));
			more = ZT_FAULT(n, failed, sent = w->call(self->zmq));
			if (failed && w->head)
				sent = w->call(self->zmq);
			if (!failed || w->head)
				ASSERT_EQ(w->whole, sent) TH_LOG("%s, fault %d", w->name, n);
			if (w->head)
				ASSERT_TRUE(zp_gets(self->peer, ZP_MORE, "head"));
			if (!failed || w->head)
				ASSERT_TRUE(w->arrived(self->peer))
					TH_LOG("%s, fault %d", w->name, n);
			snprintf(mark, sizeof(mark), "mark %d", n);
			ASSERT_EQ(0, zt_puts(self->zmq, mark, 0));
			ASSERT_TRUE(zp_gets(self->peer, 0, mark))
				TH_LOG("%s, fault %d, %d", w->name, n, failed);
		}
		EXPECT_FALSE(more);
	}
}

static struct zt_batch batch;
static unsigned char got[LONG];

static long recv_plain(int fd)
{
	return recv(fd, got, LONG, MSG_DONTWAIT);
}

static long recv_pieces(int fd)
{
	struct iovec iov[] = { { got, 1 }, { got + 1, 4999 },
			       { got + 5000, LONG - 5000 } };
	struct msghdr m = { .msg_iov = iov, .msg_iovlen = ARRAY_SIZE(iov) };

	return recvmsg(fd, &m, MSG_DONTWAIT);
}

static long recv_batch(int fd)
{
	return zt_recv_frames(fd, got, LONG, &batch, 8, MSG_DONTWAIT);
}

static long recv_peeked(int fd)
{
	long n = recv(fd, got, LONG, MSG_DONTWAIT | MSG_PEEK);

	return n < 0 ? n : recv(fd, got, LONG, MSG_DONTWAIT);
}

static const struct way_to_receive {
	const char *name;
	long (*call)(int fd);
	bool frames;
} ways_to_receive[] = {
	{ "plain", recv_plain, false },
	{ "pieces", recv_pieces, false },
	{ "peeked", recv_peeked, false },
	{ "frames", recv_batch, true },
};

TEST_F(stream, recv)
{
	const struct way_to_receive *w;
	bool failed, more;
	int n, len;
	long ret;

	if (!zt_can_fault(_metadata->name))
		SKIP(return, ZT_NO_FAULTS);
	MEET(ZMQ_PULL, "PUSH", "PULL");
	for (w = ways_to_receive; w < ways_to_receive + ARRAY_SIZE(ways_to_receive); w++) {
		ASSERT_EQ(0, zt_setint(self->zmq, ZMQ_RCVFRAMES, w->frames));
		ZT_EACH_FAULT(n, more) {
			len = n % 2 ? LONG : 9;
			zt_pattern(block, len, n);
			ASSERT_EQ(0, zp_send(self->peer, 0, block, len));
			/* It is there as soon as the answer is. */
			ASSERT_TRUE(zp_sync(self->peer));
			ASSERT_TRUE(zt_becomes(self->zmq, POLLIN));
			memset(got, 0, len);
			more = ZT_FAULT(n, failed, ret = w->call(self->zmq));
			/* Its table has no more faults in earnest: it was probed. */
			if (failed && !(w->frames && !memcmp(got, block, len)))
				ret = w->call(self->zmq);
			else if (failed)
				ret = len;
			ASSERT_EQ(len, ret) TH_LOG("%s, fault %d: %m", w->name, n);
			ASSERT_TRUE(!memcmp(got, block, len)) TH_LOG("%s, fault %d", w->name, n);
			ASSERT_TRUE(zt_lacks(self->zmq, POLLIN)) TH_LOG("%s, fault %d", w->name, n);
		}
		EXPECT_FALSE(more);
	}
}

/* The last message takes the place of others, but not while its forerunner is
 * being read.
 */
TEST_F(stream, recv_with_conflate)
{
	bool failed, more;
	char text[32];
	int n;

	if (!zt_can_fault(_metadata->name))
		SKIP(return, ZT_NO_FAULTS);
	self->zmq = zt_socket(ZMQ_PULL);
	ASSERT_EQ(0, zt_setint(self->zmq, ZMQ_CONFLATE, 1));
	ASSERT_EQ(0, zt_bind(self->zmq, variant->at));
	self->peer = zp_peer_at(variant->at, "PUSH", "PULL");
	ASSERT_LE(0, self->peer);
	ZT_EACH_FAULT(n, more) {
		snprintf(text, sizeof(text), "newer %d", n);
		ASSERT_EQ(0, zp_puts(self->peer, ZP_MORE, "head"));
		ASSERT_EQ(0, zp_puts(self->peer, 0, "tail"));
		ASSERT_TRUE(zt_gets(self->zmq, "head", ZT_MORE));
		ASSERT_EQ(0, zp_puts(self->peer, 0, text));
		ASSERT_TRUE(zp_sync(self->peer));
		more = ZT_FAULT(n, failed, recv(self->zmq, got, 8, MSG_DONTWAIT));
		if (failed)
			ASSERT_EQ(4, recv(self->zmq, got, 8, MSG_DONTWAIT));
		ASSERT_EQ(0, memcmp(got, "tail", 4));
		ASSERT_TRUE(zt_gets(self->zmq, text, ZT_LAST)) TH_LOG("fault %d", n);
	}
	EXPECT_FALSE(more);
}

static long topic(int fd, int option, int n)
{
	char text[200];
	int len = snprintf(text, sizeof(text), "%150d", n);

	return setsockopt(fd, SOL_ZMQ, option, text, len);
}

static bool told_topic(int peer, const char *command, int n)
{
	char text[200];

	snprintf(text, sizeof(text), "%150d", n);
	return zp_got_command(peer, command, text);
}

/* Whoever was refused is not subscribed; whoever was not is, or it is counted. */
TEST_F(stream, subscribe_and_unsubscribe)
{
	int n, sub, listener = zp_listen_at(variant->at), peer;
	bool failed, more;
	static bool was_told[ZT_FAULTS_MAX];
	long dropped = 0;
	int held = 0;

	if (!zt_can_fault(_metadata->name))
		SKIP(return, ZT_NO_FAULTS);
	ASSERT_LE(0, listener);
	sub = zt_connected(ZMQ_SUB, variant->at);
	peer = zp_accept_peer(listener, "PUB", "SUB");
	ASSERT_LE(0, peer);
	ZT_EACH_FAULT(n, more) {
		more = ZT_FAULT(n, failed, topic(sub, ZMQ_SUBSCRIBE, n));
		if (failed)
			ASSERT_EQ(0, topic(sub, ZMQ_SUBSCRIBE, n));
		was_told[n] = zt_counter("ZmqSubDrop") == dropped;
		if (was_told[n])
			ASSERT_TRUE(told_topic(peer, "SUBSCRIBE", n)) TH_LOG("fault %d", n);
		dropped += !was_told[n];
		ASSERT_EQ(++held, zt_getint(sub, ZMQ_TOPICS_COUNT));
		ASSERT_TRUE(zp_sync(peer));
	}
	EXPECT_FALSE(more);
	while (held--) {
		n -= zt_stride();
		ZT_FAULT(n, failed, topic(sub, ZMQ_UNSUBSCRIBE, n));
		if (failed)
			ASSERT_EQ(0, topic(sub, ZMQ_UNSUBSCRIBE, n));
		was_told[n] = zt_counter("ZmqSubDrop") == dropped;
		if (was_told[n])
			ASSERT_TRUE(told_topic(peer, "CANCEL", n)) TH_LOG("fault %d", n);
		dropped += !was_told[n];
		ASSERT_TRUE(zp_sync(peer));
	}
	EXPECT_EQ(0, zt_getint(sub, ZMQ_TOPICS_COUNT));
}

/* A stream that was not taken is as it was, or has ended where its handshake
 * could not begin.
 */
TEST_F(zmq, attach)
{
	int n, pull, pair[2];
	bool failed, more;
	char byte;

	if (!zt_can_fault(_metadata->name))
		SKIP(return, ZT_NO_FAULTS);
	ZT_EACH_FAULT(n, more) {
		pull = zt_socket(ZMQ_PULL);
		ASSERT_LE(0, pull);
		ASSERT_EQ(0, socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair));
		more = ZT_FAULT(n, failed, zt_setint(pull, ZMQ_ATTACH_FD, pair[0]));
		if (failed) {
			ASSERT_GE(0, recv(pair[1], &byte, 1, MSG_DONTWAIT)) TH_LOG("fault %d", n);
			if (!zp_silent(pair[1])) {
				close(pair[0]);
				close(pair[1]);
				ASSERT_EQ(0, socketpair(AF_UNIX, SOCK_STREAM, 0, pair));
			}
			ASSERT_EQ(0, zt_setint(pull, ZMQ_ATTACH_FD, pair[0]));
		}
		close(pair[0]);
		ASSERT_EQ(0, zp_handshake(pair[1], "PUSH", "PULL")) TH_LOG("fault %d", n);
		ASSERT_TRUE(peer_carries(pair[1], pull)) TH_LOG("fault %d", n);
		close(pull);
		ASSERT_TRUE(is_gone(pair[1]));
		close(pair[1]);
	}
	EXPECT_FALSE(more);
}

/* A listening socket of the program's: who has come meanwhile is not lost. */
TEST_F(zmq, adopt)
{
	int n, pull, peer, port, listener;
	bool failed, more;

	if (!zt_can_fault(_metadata->name))
		SKIP(return, ZT_NO_FAULTS);
	ZT_EACH_FAULT(n, more) {
		port = 0;
		listener = zp_listen(0, &port);
		ASSERT_LE(0, listener);
		snprintf(self->ep, sizeof(self->ep), "tcp://127.0.0.1:%d", port);
		peer = zp_dial(port, 0);
		pull = zt_socket(ZMQ_PULL);
		more = ZT_FAULT(n, failed, zt_setint(pull, ZMQ_USE_FD, listener) ?:
				zt_bind(pull, self->ep));
		if (failed)
			ASSERT_EQ(0, zt_setint(pull, ZMQ_USE_FD, listener) ?:
				  zt_bind(pull, self->ep));
		ASSERT_EQ(0, zp_handshake(peer, "PUSH", "PULL")) TH_LOG("fault %d", n);
		ASSERT_TRUE(peer_carries(peer, pull)) TH_LOG("fault %d", n);
		close(pull);
		close(peer);
		close(listener);
	}
	EXPECT_FALSE(more);
}

/* With something unread, something unsent, and half a message begun. */
TEST_F(stream, close)
{
	bool failed, more;
	int n;

	if (!zt_can_fault(_metadata->name))
		SKIP(return, ZT_NO_FAULTS);
	ZT_EACH_FAULT(n, more) {
		MEET(ZMQ_PAIR, "PAIR", "PAIR");
		ASSERT_EQ(0, zp_puts(self->peer, 0, "unread"));
		ASSERT_TRUE(zp_sync(self->peer));
		ASSERT_EQ(0, zt_puts(self->zmq, "last", 0));
		ASSERT_EQ(0, zt_puts(self->zmq, "half", MSG_MORE));
		more = ZT_FAULT(n, failed, close(self->zmq));
		ASSERT_FALSE(failed);
		ASSERT_TRUE(zp_gets(self->peer, 0, "last")) TH_LOG("fault %d", n);
		ASSERT_TRUE(is_gone(self->peer)) TH_LOG("fault %d", n);
		close(self->peer);
	}
	EXPECT_FALSE(more);
}

TEST_HARNESS_MAIN
