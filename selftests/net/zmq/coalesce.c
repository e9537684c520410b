// SPDX-License-Identifier: GPL-2.0-only
/* Small messages wait for others to share their segment, but not for long. */
#include <time.h>
#include "kselftest_harness.h"
#include "fixture.h"

#define CAP_US	"1000000"
#define CAP_MS	1000

/**
 * struct held - a socket whose messages wait
 * @fd: AF_ZMQ
 * @peer: a raw peer
 * @start: when the first message that waits was sent
 */
struct held {
	int fd;
	int peer;
	u64 start;
};

/* A connection that was quiet for long. */
static int quiet(struct held *h, int pattern, const char *own,
		 const char *theirs)
{
	int port = 0, listener = zp_listen(0, &port);
	char ep[ZMQ_ENDPOINT_MAX];

	if (zt_sysctl("coalesce_us", CAP_US))
		return -1;
	snprintf(ep, sizeof(ep), "tcp://127.0.0.1:%d", port);
	h->fd = zt_connected(pattern, ep);
	h->peer = zp_accept_peer(listener, own, theirs);
	if (h->peer < 0 || !zt_becomes(h->fd, POLLOUT))
		return -1;
	/* What was sent last is no reason to wait any more. */
	poll(NULL, 0, CAP_MS + 100);
	h->start = zt_now_ms();
	return 0;
}

/* A message has just left: those behind it wait. */
static int hold(struct held *h, int pattern, const char *own,
		const char *theirs)
{
	if (quiet(h, pattern, own, theirs) || zt_puts(h->fd, "first", 0))
		return -1;
	return zp_gets(h->peer, 0, "first") ? 0 : -1;
}

static bool early(const struct held *h)
{
	return zt_now_ms() - h->start < CAP_MS - 100;
}

TEST_F(zmq, messages_wait_together_until_the_timer_ends_it)
{
	struct held h;

	ASSERT_EQ(0, hold(&h, ZMQ_PUSH, "PULL", "PUSH"));
	ASSERT_EQ(0, zt_puts(h.fd, "second", 0));
	ASSERT_EQ(0, zt_puts(h.fd, "third", 0));
	ASSERT_TRUE(zt_poll(h.peer, POLLIN, 10 * CAP_MS));
	EXPECT_FALSE(early(&h));
	EXPECT_GE(CAP_MS + 700, zt_now_ms() - h.start);
	EXPECT_TRUE(zp_gets(h.peer, 0, "second"));
	EXPECT_TRUE(zt_poll(h.peer, POLLIN, 0)) TH_LOG("alone");
	EXPECT_TRUE(zp_gets(h.peer, 0, "third"));
}

/* Others are at hand, so it waits for them, but not for those of a stream. */
TEST_F(zmq, a_batch_on_a_quiet_connection_goes_with_its_last_message)
{
	struct held h;

	ASSERT_EQ(0, quiet(&h, ZMQ_PUSH, "PULL", "PUSH"));
	ASSERT_EQ(0, zt_puts(h.fd, "first", MSG_BATCH));
	ASSERT_EQ(0, zt_puts(h.fd, "second", MSG_BATCH));
	EXPECT_FALSE(zt_poll(h.peer, POLLIN, 50));
	ASSERT_EQ(0, zt_puts(h.fd, "third", 0));
	EXPECT_TRUE(zp_gets(h.peer, 0, "first"));
	EXPECT_TRUE(zp_gets(h.peer, 0, "second"));
	EXPECT_TRUE(zp_gets(h.peer, 0, "third"));
	EXPECT_TRUE(early(&h));
}

TEST_F(zmq, a_segment_that_is_worth_it_does_not_wait)
{
	static const char body[1024];
	struct held h;
	int i;

	ASSERT_EQ(0, hold(&h, ZMQ_PUSH, "PULL", "PUSH"));
	for (i = 0; i < 64; i++)
		ASSERT_EQ(0, zt_send(h.fd, body, sizeof(body), 0));
	EXPECT_TRUE(zt_poll(h.peer, POLLIN, CAP_MS));
	EXPECT_TRUE(early(&h));
}

TEST_F(zmq, who_sleeps_in_recv_sends_first)
{
	struct held h;

	ASSERT_EQ(0, hold(&h, ZMQ_DEALER, "DEALER", "DEALER"));
	ASSERT_EQ(0, zt_setint(h.fd, ZMQ_RCVTIMEO, 10));
	ASSERT_EQ(0, zt_puts(h.fd, "request", 0));
	EXPECT_EQ(-1, recv(h.fd, self->ep, 1, 0));
	EXPECT_EQ(EAGAIN, errno);
	ASSERT_TRUE(zp_gets(h.peer, 0, "request"));
	EXPECT_TRUE(early(&h));
}

TEST_F(zmq, who_sleeps_in_poll_sends_first)
{
	struct held h;

	ASSERT_EQ(0, hold(&h, ZMQ_DEALER, "DEALER", "DEALER"));
	ASSERT_EQ(0, zt_puts(h.fd, "request", 0));
	EXPECT_EQ(0, zt_poll(h.fd, POLLIN, 10));
	ASSERT_TRUE(zp_gets(h.peer, 0, "request"));
	EXPECT_TRUE(early(&h));
}

/* Those to whom the peer has sent more have company to wait for. */
TEST_F(zmq, an_answer_to_the_last_message_that_is_there_goes_at_once)
{
	struct held h;

	ASSERT_EQ(0, hold(&h, ZMQ_DEALER, "DEALER", "DEALER"));
	ASSERT_EQ(0, zp_puts(h.peer, 0, "question"));
	ASSERT_EQ(0, zp_puts(h.peer, 0, "another"));
	ASSERT_TRUE(zp_sync(h.peer));
	ASSERT_TRUE(zt_gets(h.fd, "question", false));
	ASSERT_EQ(0, zt_puts(h.fd, "answer", 0));
	EXPECT_FALSE(zt_poll(h.peer, POLLIN, 50));
	ASSERT_TRUE(zt_gets(h.fd, "another", false));
	ASSERT_EQ(0, zt_puts(h.fd, "too", 0));
	EXPECT_TRUE(zp_gets(h.peer, 0, "answer"));
	EXPECT_TRUE(zp_gets(h.peer, 0, "too"));
	EXPECT_TRUE(early(&h));
	ASSERT_EQ(0, zt_puts(h.fd, "unasked", 0));
	EXPECT_FALSE(zt_poll(h.peer, POLLIN, 50));
}

TEST_F(zmq, what_waits_goes_when_the_socket_is_closed)
{
	struct held h;

	ASSERT_EQ(0, hold(&h, ZMQ_PUSH, "PULL", "PUSH"));
	ASSERT_EQ(0, zt_puts(h.fd, "last", 0));
	close(h.fd);
	EXPECT_TRUE(zp_gets(h.peer, 0, "last"));
	EXPECT_TRUE(early(&h));
	EXPECT_TRUE(zp_closed(h.peer));
}

#define SUBS	100
#define FEW	10	/* where time is measured */

/* A publisher whose messages @n sockets want, in both's view. */
static int publisher(char *ep, int *subs, int n)
{
	int xpub = zt_listening(ZMQ_XPUB, "tcp://127.0.0.1:*", ep), i;

	if (xpub < 0 || zt_setint(xpub, ZMQ_XPUB_VERBOSE, 1))
		return -1;
	for (i = 0; i < n; i++) {
		subs[i] = zt_connected(ZMQ_SUB, ep);
		if (subs[i] < 0 || zt_subscribe(subs[i], ""))
			return -1;
	}
	for (i = 0; i < n; i++)
		if (!zt_told(xpub, 1, ""))
			return -1;
	return xpub;
}

static bool all_get(const int *subs, int n, const char *text)
{
	int i;

	for (i = 0; i < n; i++)
		if (!zt_gets(subs[i], text, ZT_LAST))
			return false;
	return true;
}

static u64 now_us(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000000ull + ts.tv_nsec / 1000;
}

/* What it takes to send a message to all @subs when none waits. */
static u64 fan_out_us(int pub, const int *subs)
{
	u64 best = 0, took;
	int i;

	for (i = 0; i < 3; i++) {
		took = now_us();
		if (zt_puts(pub, "slow", 0))
			return 0;
		took = now_us() - took;
		if (!all_get(subs, SUBS, "slow"))
			return 0;
		if (!best || took < best)
			best = took;
	}
	return best;
}

/* What passes between two messages at the least: a call that sends to nobody. */
static u64 call_us(void)
{
	int nobody = zt_socket(ZMQ_PUB), calls = 100;
	u64 took = now_us();

	if (zt_put_numbers(nobody, calls, 0) != calls)
		return 0;
	took = now_us() - took;
	close(nobody);
	return took / calls + 1;
}

/* Return: the segments that it takes, or -1. */
static long fan_out_segments(int pub, const int *subs, int burst)
{
	long segments = zt_snmp_tcp("OutSegs");
	int i;

	if (zt_put_numbers(pub, burst, 0) != burst)
		return -1;
	for (i = 0; i < SUBS; i++)
		if (zt_get_numbers(subs[i], burst) != burst)
			return -1;
	return zt_snmp_tcp("OutSegs") - segments;
}

/* When the publisher comes back to a connection, the last message left there
 * longer ago than messages may wait. That it comes at once is what counts,
 * which a busy machine can prevent.
 */
TEST_F(zmq, a_fan_out_takes_fewer_segments_than_deliveries)
{
	const int burst = 200, enough = burst * SUBS / 3;
	int subs[SUBS], pub, tries;
	long segments = enough;
	char cap[16];
	u64 us, call;

	ASSERT_EQ(0, zt_sysctl("coalesce_us", "0"));
	pub = publisher(self->ep, subs, SUBS);
	ASSERT_LE(0, pub);
	us = fan_out_us(pub, subs);
	ASSERT_LT(0, us);
	call = call_us();
	ASSERT_LT(0, call);
	/* Calls follow each other closely within a 16th of the cap. */
	if (us < 4 * 32 * call)
		us = 4 * 32 * call;
	snprintf(cap, sizeof(cap), "%u", (unsigned int)us / 4);
	ASSERT_EQ(0, zt_sysctl("coalesce_us", cap));
	for (tries = 0; tries < 5 && segments >= enough; tries++) {
		segments = fan_out_segments(pub, subs, burst);
		ASSERT_LE(0, segments);
		printf("# %d deliveries in %ld segments, %s us\n",
		       burst * SUBS, segments, cap);
	}
	EXPECT_GT(enough, segments);
}

/* Two messages, the second close behind the first. Return: when the first was
 * sent, or 0.
 */
static u64 publish_two(int pub, const int *subs)
{
	u64 start, between;
	int tries;

	for (tries = 0; tries < 5; tries++) {
		/* What was sent before is no reason to wait any more. */
		poll(NULL, 0, CAP_MS + 100);
		start = zt_now_ms();
		if (zt_puts(pub, "first", 0))
			return 0;
		between = zt_now_ms();
		if (zt_puts(pub, "second", 0))
			return 0;
		if (zt_now_ms() - between < CAP_MS / 20)
			return start;
		if (!all_get(subs, FEW, "first") || !all_get(subs, FEW, "second"))
			return 0;
	}
	return 0;
}

/* Few sockets that have two messages to come, since when, or 0. */
static u64 two_to_come(char *ep, int *pub, int *subs)
{
	if (zt_sysctl("coalesce_us", CAP_US))
		return 0;
	*pub = publisher(ep, subs, FEW);
	return *pub < 0 ? 0 : publish_two(*pub, subs);
}

TEST_F(zmq, the_timer_ends_it_for_everybody)
{
	int subs[FEW], pub;
	u64 start;

	start = two_to_come(self->ep, &pub, subs);
	ASSERT_LT(0, start) TH_LOG("never close");
	ASSERT_TRUE(all_get(subs, FEW, "first"));
	EXPECT_EQ(0, zt_poll(subs[0], POLLIN, 0));
	EXPECT_EQ(0, zt_poll(subs[FEW - 1], POLLIN, 0));
	ASSERT_GT(CAP_MS, zt_now_ms() - start) TH_LOG("too slow to tell");
	EXPECT_TRUE(all_get(subs, FEW, "second"));
	EXPECT_GE(CAP_MS + 700, zt_now_ms() - start);
}

TEST_F(zmq, who_publishes_slowly_never_waits)
{
	int subs[FEW], pub, i;
	u64 start;

	ASSERT_EQ(0, zt_sysctl("coalesce_us", CAP_US));
	pub = publisher(self->ep, subs, FEW);
	ASSERT_LE(0, pub);
	for (i = 0; i < 2; i++) {
		poll(NULL, 0, CAP_MS + 100);
		start = zt_now_ms();
		ASSERT_EQ(0, zt_puts(pub, "alone", 0));
		EXPECT_TRUE(all_get(subs, FEW, "alone"));
		EXPECT_GT(CAP_MS - 100, zt_now_ms() - start);
	}
}

TEST_F(zmq, a_publisher_that_is_closed_leaves_nothing_behind)
{
	int subs[FEW], pub;
	u64 start;

	start = two_to_come(self->ep, &pub, subs);
	ASSERT_LT(0, start) TH_LOG("never close");
	close(pub);
	EXPECT_TRUE(all_get(subs, FEW, "first"));
	EXPECT_TRUE(all_get(subs, FEW, "second"));
	EXPECT_GT(CAP_MS - 100, zt_now_ms() - start);
}

TEST_F(zmq, the_time_is_limited)
{
	EXPECT_EQ(-1, zt_sysctl("coalesce_us", "1000001"));
	EXPECT_EQ(EINVAL, errno);
	EXPECT_EQ(-1, zt_sysctl("coalesce_us", "-1"));
	EXPECT_EQ(EINVAL, errno);
	EXPECT_EQ(0, zt_sysctl("coalesce_us", "0"));
}

TEST_HARNESS_MAIN
