// SPDX-License-Identifier: GPL-2.0-only
/* What one message, and what one unfinished message, may take. */
#include <stdlib.h>
#include "kselftest_harness.h"
#include "fixture.h"

/* Pages of net.zmq.mem for the rest of a test, put back behind it. */
FIXTURE(mem) {
	char ep[ZMQ_ENDPOINT_MAX];
	char before[80];
};

static int read_mem(char *buf, size_t size)
{
	FILE *f = fopen("/proc/sys/net/zmq/mem", "r");
	bool read = f && fgets(buf, size, f);

	if (f)
		fclose(f);
	return read ? 0 : -1;
}

FIXTURE_SETUP(mem)
{
	ASSERT_EQ(0, read_mem(self->before, sizeof(self->before)));
	ASSERT_EQ(0, zt_setup(_metadata->name));
}

FIXTURE_TEARDOWN(mem)
{
	EXPECT_EQ(0, zt_sysctl_global("mem", self->before));
	EXPECT_EQ(0, zt_teardown());
}

static long max_pages(const char *mem)
{
	long low, pressure, max;

	if (sscanf(mem, "%ld %ld %ld", &low, &pressure, &max) != 3)
		return -1;
	return max;
}

static long sysctl_value(const char *name)
{
	char path[80];
	long n = -1;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/sys/net/zmq/%s", name);
	f = fopen(path, "r");
	if (!f)
		return -1;
	if (fscanf(f, "%ld", &n) != 1)
		n = -1;
	fclose(f);
	return n;
}

static int put_header(int peer, int flags, u64 len)
{
	unsigned char buf[9];

	return zp_write(peer, buf, zp_header(buf, flags, len));
}

/* A raw peer of a PULL with that limit. */
static int limited_peer(const char *limit, const char *value, const char *bind,
			int *pull)
{
	char ep[ZMQ_ENDPOINT_MAX];

	if (zt_sysctl(limit, value))
		return -1;
	*pull = zt_listening(ZMQ_PULL, bind, ep);
	return *pull < 0 ? -1 : zp_peer_at(ep, "PUSH", "PULL");
}

static bool is_sent_away(int pull, int peer)
{
	return zp_closed(peer) && zt_counter("ZmqRxTooBig") == 1 &&
	       !zt_poll(pull, POLLIN, 0);
}

FIXTURE(stream) {
	char unused;
};

FIXTURE_VARIANT(stream) {
	const char *bind;
};

FIXTURE_VARIANT_ADD(stream, tcp) {
	.bind = "tcp://127.0.0.1:*",
};

FIXTURE_VARIANT_ADD(stream, ipc) {
	.bind = "ipc://*",
};

FIXTURE_SETUP(stream)
{
	ASSERT_EQ(0, zt_setup(_metadata->name));
}

FIXTURE_TEARDOWN(stream)
{
	EXPECT_EQ(0, zt_teardown());
}

TEST_F(stream, a_messages_frames_count_together)
{
	int pull, peer;

	peer = limited_peer("max_msg_bytes", "10", variant->bind, &pull);
	ASSERT_LE(0, peer);
	ASSERT_EQ(0, zp_puts(peer, ZP_MORE, "12345"));
	ASSERT_EQ(0, zp_puts(peer, 0, "67890"));
	EXPECT_TRUE(zt_gets(pull, "12345", ZT_MORE));
	EXPECT_TRUE(zt_gets(pull, "67890", ZT_LAST));
	/* The header is enough. */
	ASSERT_EQ(0, zp_puts(peer, ZP_MORE, "12345"));
	ASSERT_EQ(0, put_header(peer, 0, 6));
	EXPECT_TRUE(is_sent_away(pull, peer));
}

TEST_F(stream, a_message_of_too_many_frames_is_refused)
{
	int pull, peer, i;

	peer = limited_peer("max_msg_frames", "3", variant->bind, &pull);
	ASSERT_LE(0, peer);
	ASSERT_EQ(0, zp_puts(peer, ZP_MORE, "a"));
	ASSERT_EQ(0, zp_puts(peer, ZP_MORE, "b"));
	ASSERT_EQ(0, zp_puts(peer, 0, "c"));
	EXPECT_TRUE(zt_gets(pull, "a", ZT_MORE));
	EXPECT_TRUE(zt_gets(pull, "b", ZT_MORE));
	EXPECT_TRUE(zt_gets(pull, "c", ZT_LAST));
	for (i = 0; i < 3; i++)
		ASSERT_EQ(0, zp_puts(peer, ZP_MORE, ""));
	EXPECT_EQ(0, zt_counter("ZmqRxTooBig"));
	ASSERT_EQ(0, zp_puts(peer, 0, ""));
	EXPECT_TRUE(is_sent_away(pull, peer));
}

TEST_F(zmq_over, who_sends_too_many_frames_is_told)
{
	int pull, push, i;

	ASSERT_EQ(0, zt_sysctl("max_msg_frames", "3"));
	pull = zt_listening(ZMQ_PULL, variant->bind, self->ep);
	push = zt_connected(ZMQ_PUSH, self->ep);
	ASSERT_LE(0, pull);
	ASSERT_LE(0, push);
	for (i = 0; i < 3; i++)
		ASSERT_EQ(0, zt_puts(push, "x", MSG_MORE));
	EXPECT_EQ(-1, zt_puts(push, "x", 0));
	EXPECT_EQ(EMSGSIZE, errno);
}

TEST_F(mem, no_message_takes_more_than_a_quarter_of_all)
{
	int pull, peer;

	/* The default follows the size of the machine. */
	EXPECT_GE(sysctl_value("max_msg_bytes"), 1);
	EXPECT_LE(sysctl_value("max_msg_bytes"),
		  max_pages(self->before) * getpagesize() / 4);

	ASSERT_EQ(0, zt_sysctl_global("mem", "400 400 400"));
	pull = zt_listening(ZMQ_PULL, "tcp://127.0.0.1:*", self->ep);
	ASSERT_LE(0, pull);
	peer = zp_peer(zt_port(self->ep), "PUSH", "PULL");
	ASSERT_EQ(0, put_header(peer, 0, 100 * getpagesize() + 1));
	EXPECT_TRUE(zp_closed(peer));
	EXPECT_EQ(1, zt_counter("ZmqRxTooBig"));
	peer = zp_peer(zt_port(self->ep), "PUSH", "PULL");
	ASSERT_EQ(0, put_header(peer, 0, 100 * getpagesize()));
	EXPECT_TRUE(zp_silent(peer));
	EXPECT_EQ(1, zt_counter("ZmqRxTooBig"));
}

#define LONG_FRAME	100000
/* More than is left over of what was charged before. */
#define FIRST_PART	20000

/* More than the page that every socket can hold. */
#define UNREAD		20000

/* A PING and a part of a frame in one segment, when nothing can be charged. */
static int begin_while_short(int pull, int peer, const char *mem)
{
	static unsigned char buf[8 + 9 + FIRST_PART] = "\4\7\4PING";
	size_t n = zp_header(buf + 9, 0, LONG_FRAME);
	long before = zt_counter("ZmqNoMem");
	static char unread[UNREAD];
	int flags;

	zt_pattern(buf + 9 + n, FIRST_PART - 9, 1);
	if (put_header(peer, 0, UNREAD) || zp_write(peer, unread, UNREAD) ||
	    !zt_becomes(pull, POLLIN))
		return -1;
	if (zt_sysctl_global("mem", "0 0 0") ||
	    zp_write(peer, buf, 9 + n + FIRST_PART - 9) ||
	    !zt_counts("ZmqNoMem", before + 2))
		return -1;
	if (zt_sysctl_global("mem", mem))
		return -1;
	return zt_recv(pull, unread, UNREAD, 0, &flags) == UNREAD ? 0 : -1;
}

TEST_F(mem, a_frame_that_found_no_memory_is_whole_afterwards)
{
	static char body[LONG_FRAME], got[LONG_FRAME];
	char text[65536] = "";
	int pull, hog, peer, i;

	zt_pattern(body, sizeof(body), 1);
	pull = zt_listening(ZMQ_PULL, "tcp://127.0.0.1:*", self->ep);
	hog = zt_connected(ZMQ_PUSH, "tcp://127.0.0.1:1");
	/* Somebody has something, so that a limit of 0 is exceeded. */
	for (i = 0; i < 10; i++)
		ASSERT_LE(0, zt_send(hog, text, sizeof(text), MSG_DONTWAIT));

	peer = zp_peer(zt_port(self->ep), "PUSH", "PULL");
	ASSERT_EQ(0, begin_while_short(pull, peer, self->before));
	ASSERT_EQ(0, zp_write(peer, body + FIRST_PART - 9, LONG_FRAME -
			      2 * FIRST_PART));
	EXPECT_EQ(0, zt_poll(pull, POLLIN, 300));
	ASSERT_EQ(0, zp_write(peer, body + LONG_FRAME - FIRST_PART - 9,
			      FIRST_PART + 9));
	ASSERT_EQ(0, zp_puts(peer, 0, "next"));
	ASSERT_EQ(LONG_FRAME, zt_recv(pull, got, sizeof(got), 0, &i));
	EXPECT_EQ(0, memcmp(body + FIRST_PART - 9, got + FIRST_PART - 9,
			    LONG_FRAME - FIRST_PART));
	EXPECT_TRUE(zt_gets(pull, "next", ZT_LAST));
}

TEST_F(mem, a_stream_may_end_behind_a_shortage)
{
	char text[65536] = "";
	int pull, hog, peer, i;

	pull = zt_listening(ZMQ_PULL, "tcp://127.0.0.1:*", self->ep);
	hog = zt_connected(ZMQ_PUSH, "tcp://127.0.0.1:1");
	for (i = 0; i < 10; i++)
		ASSERT_LE(0, zt_send(hog, text, sizeof(text), MSG_DONTWAIT));
	peer = zp_peer(zt_port(self->ep), "PUSH", "PULL");
	ASSERT_EQ(0, begin_while_short(pull, peer, self->before));
	ASSERT_EQ(0, zp_write(peer, text, 40000));
	ASSERT_EQ(0, zp_write(peer, text, LONG_FRAME - 40000 -
			      2 * FIRST_PART));
	EXPECT_EQ(0, zt_poll(pull, POLLIN, 300));
	close(peer);
	EXPECT_TRUE(zt_counts("ZmqRxDropPartial", 0));
	EXPECT_EQ(0, zt_poll(pull, POLLIN, 0));

	peer = zp_peer(zt_port(self->ep), "PUSH", "PULL");
	ASSERT_EQ(0, zp_puts(peer, 0, "alive"));
	EXPECT_TRUE(zt_gets(pull, "alive", ZT_LAST));
}

/* Peers that send nearly all of a message and then nothing, until no more is
 * taken. Return: how many there are.
 */
static int fill_with_halves(const char *ep, int *peer, int most, u64 len)
{
	static char text[4096];
	long before = zt_counter("ZmqRxGivenUp");
	int n;
	u64 i;

	for (n = 0; n < most; n++) {
		peer[n] = zp_peer(zt_port(ep), "PUSH", "PULL");
		if (put_header(peer[n], 0, len))
			return -1;
		for (i = 0; i + 2 * sizeof(text) < len; i += sizeof(text))
			if (send(peer[n], text, sizeof(text), MSG_NOSIGNAL) < 0)
				break;
		if (zt_counter("ZmqRxGivenUp") > before)
			return n + 1;
	}
	return n;
}

TEST_F(mem, unfinished_messages_are_given_up_when_memory_is_short)
{
	static char body[60000];
	int victim, pull, push, peer[32], n, i;
	char ep[ZMQ_ENDPOINT_MAX];

	ASSERT_EQ(0, zt_sysctl_global("mem", "1200 1500 2000"));
	victim = zt_listening(ZMQ_PULL, "tcp://127.0.0.1:*", self->ep);
	pull = zt_listening(ZMQ_PULL, "tcp://127.0.0.1:*", ep);
	push = zt_connected(ZMQ_PUSH, ep);
	ASSERT_LE(0, victim);
	ASSERT_EQ(0, zt_puts(push, "whole", 0));
	ASSERT_TRUE(zt_becomes(pull, POLLIN));

	/* Each has nearly a quarter of what there is for all. */
	n = fill_with_halves(self->ep, peer, ARRAY_SIZE(peer),
			     450 * getpagesize());
	ASSERT_LT(1, n);
	ASSERT_GT(ARRAY_SIZE(peer), n);
	EXPECT_LE(1, zt_counter("ZmqRxDropPartial"));
	/* They are dropped, and the others go on. */
	for (i = 0; i < n - 1; i++)
		if (zt_poll(peer[i], POLLIN | POLLHUP, 0))
			break;
	EXPECT_GT(n - 1, i);
	for (i = 0; i < 5; i++) {
		ASSERT_EQ(0, zt_send(push, body, sizeof(body), 0));
		if (!i)
			EXPECT_TRUE(zt_gets(pull, "whole", ZT_LAST));
		EXPECT_TRUE(zt_got(pull, body, sizeof(body), ZT_LAST));
	}
	EXPECT_EQ(0, zt_poll(victim, POLLIN, 0));
	for (i = 0; i < n; i++)
		close(peer[i]);
}

#define SUBS	4096

/* More than is looked at in one go, and then something else of the same peer. */
TEST_F(zmq, subscriptions_of_a_long_message_are_all_applied)
{
	static unsigned char buf[SUBS * 6];
	char text[8], got[8];
	int xpub, peer, i, flags;
	size_t n = 0;

	xpub = zt_listening(ZMQ_XPUB, "tcp://127.0.0.1:*", self->ep);
	ASSERT_LE(0, xpub);
	peer = zp_peer(zt_port(self->ep), "SUB", "XPUB");
	ASSERT_LE(0, peer);
	for (i = 0; i < SUBS; i++) {
		n += zp_header(buf + n, i + 1 < SUBS ? ZP_MORE : 0, 4);
		buf[n++] = 1;
		snprintf(text, sizeof(text), "%03x", i);
		memcpy(buf + n, text, 3);
		n += 3;
	}
	ASSERT_EQ(0, zp_write(peer, buf, n));
	ASSERT_EQ(0, zp_puts(peer, 0, "user"));
	for (i = 0; i < SUBS; i++) {
		ASSERT_EQ(4, zt_recv(xpub, got, sizeof(got), 0, &flags))
			TH_LOG("note %d", i);
		ASSERT_EQ(1, got[0]);
	}
	EXPECT_TRUE(zt_gets(xpub, "user", ZT_LAST));
	EXPECT_EQ(0, zt_counter("ZmqSubDrop"));
	ASSERT_EQ(0, zt_puts(xpub, "0ffx", 0));
	EXPECT_TRUE(zp_gets(peer, 0, "0ffx"));
}

TEST_HARNESS_MAIN
