// SPDX-License-Identifier: GPL-2.0-only
/*
 * More than anybody needs of what peers may send: it is bounded, it is counted, and
 * nobody else notices. By `make check-peers`.
 */
#include <stdlib.h>
#include <sys/resource.h>
#include "kselftest_harness.h"
#include "fixture.h"
#include "peers.h"

/* Pages of net.zmq.mem for a test, of which max bounds all. */
#define MEM		"2000 3000 4000"
#define MEM_MAX		4000

FIXTURE(flood) {
	struct peers p;
	char mem[80];
};

PEERS_WAYS(flood);

FIXTURE_SETUP(flood)
{
	if (PEERS_UNWANTED())
		return;
	ASSERT_EQ(0, zt_setup(_metadata->name));
	ASSERT_EQ(0, zt_sysctl_global_get("mem", self->mem, sizeof(self->mem)));
	ASSERT_EQ(0, zt_sysctl_global("mem", MEM));
	ASSERT_EQ(0, peers_begin(&self->p, &variant->way));
}

FIXTURE_TEARDOWN(flood)
{
	if (PEERS_UNWANTED())
		return;
	EXPECT_EQ(0, zt_sysctl_global("mem", self->mem));
	EXPECT_EQ(0, zt_teardown());
}

/* So many, or a part of them: $ZT_STRIDE. */
static int many(int count)
{
	return count / zt_stride();
}

/* A peer of that version, behind its handshake. */
static int met(struct peers *p, enum peers_version v, const char *type,
	       const char *theirs)
{
	unsigned char buf[PEERS_STREAM_MAX];
	int peer = peers_stream(p);

	if (peer < 0 || zp_write(peer, buf, peers_hello(buf, v, type)) ||
	    !peers_welcome(peer, v, theirs)) {
		close(peer);
		return -1;
	}
	return peer;
}

static bool within_memory(void)
{
	long pages = zt_counter("ZmqMemPages");

	if (pages <= MEM_MAX)
		return true;
	printf("# %ld pages\n", pages);
	return false;
}

/* What there was is freed by and by. */
static bool memory_is_back(void *unused)
{
	return zt_counter("ZmqMemPages") < 100;
}

#define TOPICS_MAX	1000

TEST_F_TIMEOUT(flood, of_subscriptions_takes_no_more_than_its_share, PEERS_LONG_S)
{
	int peer, honest, i, count = 2 * TOPICS_MAX + many(20000);
	struct peers *p = &self->p;
	char topic[100];

	if (PEERS_UNWANTED())
		SKIP(return, "%s", PEERS_UNWANTED());
	ASSERT_EQ(0, zt_sysctl("peer_subscriptions_max", "1000"));
	ASSERT_EQ(0, peers_socket(p, ZMQ_PUB));
	peer = met(p, ZMTP_3_1, "SUB", "PUB");
	ASSERT_LE(0, peer);
	honest = zp_peer(zt_port(p->front), "SUB", "PUB");
	for (i = 0; i < count; i++) {
		memset(topic, 'x', sizeof(topic));
		snprintf(topic, sizeof(topic), "%050d", i);
		ASSERT_EQ(0, zp_command(peer, "SUBSCRIBE", topic, sizeof(topic)));
		if (!(i % 1000))
			ASSERT_TRUE(within_memory() && peers_undisturbed(p));
	}
	ASSERT_TRUE(zp_sync(peer));
	EXPECT_EQ(TOPICS_MAX, zt_getint(p->zmq, ZMQ_TOPICS_COUNT));
	EXPECT_EQ(count - TOPICS_MAX, zt_counter("ZmqSubDrop"));
	ASSERT_EQ(0, zp_command(honest, "SUBSCRIBE", "mine", 4));
	ASSERT_TRUE(zp_sync(honest));
	ASSERT_EQ(0, zt_puts(p->zmq, "mine", 0));
	EXPECT_TRUE(zp_gets(honest, 0, "mine"));
	close(peer);
	close(honest);
	EXPECT_TRUE(peers_all_gone(p));
}

/* Whoever never had a topic cannot end it for those behind a proxy. */
TEST_F(flood, of_cancellations_ends_nobody_elses_topic)
{
	struct peers *p = &self->p;
	int peer, honest, i;

	if (PEERS_UNWANTED())
		SKIP(return, "%s", PEERS_UNWANTED());
	ASSERT_EQ(0, peers_socket(p, ZMQ_XPUB));
	peer = met(p, ZMTP_3_1, "SUB", "XPUB");
	ASSERT_LE(0, peer);
	honest = zp_peer(zt_port(p->front), "SUB", "XPUB");
	ASSERT_EQ(0, zp_command(honest, "SUBSCRIBE", "mine", 4));
	EXPECT_TRUE(zt_told(p->zmq, 1, "mine"));
	for (i = 0; i < 1000; i++)
		ASSERT_EQ(0, zp_command(peer, "CANCEL", "mine", 4));
	ASSERT_TRUE(zp_sync(peer));
	EXPECT_TRUE(zt_lacks(p->zmq, POLLIN));
	ASSERT_EQ(0, zt_puts(p->zmq, "mine", 0));
	EXPECT_TRUE(zp_gets(honest, 0, "mine"));
	EXPECT_TRUE(peers_undisturbed(p));
}

#define PING_LEN	12
#define PINGS		1000

/* As long as they are answered. Return: how many were written. */
static long write_pings(int zmq, int peer)
{
	static const unsigned char ping[PING_LEN + 1] = "\4\12\4PING\0\0abc";
	unsigned char buf[PINGS * PING_LEN];
	const int small = 4096;
	long n = 0;
	int i;

	setsockopt(peer, SOL_SOCKET, SO_RCVBUF, &small, sizeof(small));
	for (i = 0; i < PINGS; i++)
		memcpy(buf + i * PING_LEN, ping, PING_LEN);
	do {
		n += PINGS;
		if (zp_write(peer, buf, sizeof(buf)) || zp_puts(peer, 0, "seen") ||
		    !zt_gets(zmq, "seen", ZT_LAST))
			return -1;
	} while (n < 2000000 && zt_counter("ZmqPings") == n);
	return n;
}

/* Reads PONGs until a message of its own has come back. */
static int read_pongs(int peer)
{
	static struct zp_frame f;
	int n = 0;

	while (!zp_recv(peer, &f)) {
		if (!f.flags)
			return f.len == 3 && !memcmp(f.body, "end", 3) ? n : -1;
		if (!zp_is_command(&f, "PONG", "abc", 3))
			return -1;
		n++;
	}
	return -1;
}

TEST_F_TIMEOUT(flood, of_pings_whose_answers_nobody_reads_is_bounded, PEERS_LONG_S)
{
	struct peers *p = &self->p;
	long answered, count;
	int peer;

	if (PEERS_UNWANTED())
		SKIP(return, "%s", PEERS_UNWANTED());
	ASSERT_EQ(0, peers_socket(p, ZMQ_PAIR));
	peer = met(p, ZMTP_3_1, "PAIR", "PAIR");
	ASSERT_LE(0, peer);
	count = write_pings(p->zmq, peer);
	ASSERT_TRUE(peers_undisturbed(p) && within_memory());
	ASSERT_EQ(0, zp_puts(peer, 0, "hello"));
	EXPECT_TRUE(zt_gets(p->zmq, "hello", ZT_LAST));
	answered = zt_counter("ZmqPings");
	EXPECT_LT(0, answered);
	EXPECT_GT(count, answered);
	ASSERT_EQ(0, zt_puts(p->zmq, "end", 0));
	EXPECT_EQ(answered, read_pongs(peer));
	EXPECT_TRUE(zp_sync(peer));
}

#define HALF_OPEN	10000

/**
 * struct crowd - those who begin a handshake and do not end it
 * @p: whose socket they come to
 * @count: how many they are to be
 * @come: how many they are
 * @over: nobody comes any more
 * @ended: how many were sent away by the end
 */
struct crowd {
	struct peers *p;
	int count;
	int come;
	int over;
	int ended;
};

static bool has_ended(int fd)
{
	char buf[256];
	ssize_t n;

	while ((n = recv(fd, buf, sizeof(buf), MSG_DONTWAIT)) > 0)
		;
	return n == 0 || errno != EAGAIN;
}

/* A listener of vsock refuses whom it has no room for. */
static int come(struct peers *p)
{
	int fd, i;

	for (i = 0; i < 1000; i++) {
		fd = peers_stream(p);
		if (fd >= 0)
			return fd;
		peers_seen();
	}
	return -1;
}

/* The first of them go, the last are still there. */
static int gather(void *arg)
{
	const struct rlimit files = { HALF_OPEN + 100, HALF_OPEN + 100 };
	static int fds[HALF_OPEN];
	unsigned char buf[PEERS_STREAM_MAX];
	struct crowd *c = arg;
	size_t len;
	int i;

	len = peers_hello(buf, ZMTP_3_1, "PUSH");
	for (i = 0; i < c->count && !setrlimit(RLIMIT_NOFILE, &files); i++) {
		fds[i] = come(c->p);
		if (fds[i] < 0)
			break;
		/* Each stops somewhere else. */
		zp_write(fds[i], buf, i % len);
		c->come = i + 1;
	}
	__atomic_store_n(&c->over, 1, __ATOMIC_RELEASE);
	for (i = 0; i < c->count; i++)
		c->ended += has_ended(fds[i]);
	i = has_ended(fds[0]) && !has_ended(fds[c->count - 1]) ? 0 : 3;
	return c->come == c->count ? i : 2;
}

/* Somebody new comes through, and those who were there are served. */
static bool serves_meanwhile(struct peers *p, int old)
{
	int push = zt_connected(ZMQ_PUSH, p->front);
	bool ok;

	ok = !zt_puts(old, "old", 0) && zt_gets(p->zmq, "old", ZT_LAST) &&
	     !zt_setint(push, ZMQ_RECONNECT_IVL, 1) &&
	     !zt_puts(push, "new", 0) && zt_gets(p->zmq, "new", ZT_LAST) &&
	     peers_undisturbed(p);
	close(push);
	return ok;
}

TEST_F_TIMEOUT(flood, of_half_open_handshakes_keeps_nobody_out, PEERS_LONG_S)
{
	struct crowd *c = zt_shared(sizeof(*c));
	int old, count = 500 + many(HALF_OPEN - 500);
	struct peers *p = &self->p;
	pid_t pid;

	if (PEERS_UNWANTED())
		SKIP(return, "%s", PEERS_UNWANTED());
	if (variant->way.how != BOUND)
		SKIP(return, "whoever dials or attaches chooses how many");
	ASSERT_EQ(0, zt_sysctl("handshakes_max", "100"));
	ASSERT_EQ(0, peers_socket(p, ZMQ_PULL));
	old = zt_connected(ZMQ_PUSH, p->front);
	*c = (struct crowd){ .p = p, .count = count };
	pid = zt_child(gather, c);
	while (!__atomic_load_n(&c->over, __ATOMIC_ACQUIRE)) {
		ASSERT_TRUE(serves_meanwhile(p, old)) TH_LOG("%d have come", c->come);
		/* Those, three that are served, their ends, a line for each socket and listener. */
		ASSERT_GT(100 + 20, zt_proc_rows());
		ASSERT_TRUE(within_memory());
	}
	EXPECT_TRUE(zt_reap(pid));
	EXPECT_LE(count - 100, zt_counter("ZmqHandshakeLimit"));
	EXPECT_LE(count - 100, c->ended);
	EXPECT_TRUE(serves_meanwhile(p, old));
}

/* Peers that say a byte now and then, and never come to an end. */
TEST_F_TIMEOUT(flood, of_handshakes_byte_by_byte_ends_in_time, PEERS_LONG_S)
{
	unsigned char buf[PEERS_STREAM_MAX];
	struct peers *p = &self->p;
	int peers[8], i, n, up;
	u64 start;

	if (PEERS_UNWANTED())
		SKIP(return, "%s", PEERS_UNWANTED());
	/* Whoever is dialed comes again and again. */
	if (variant->way.how == DIALED)
		SKIP(return, "one of them comes after the other");
	ASSERT_EQ(0, peers_socket(p, ZMQ_PULL));
	ASSERT_EQ(0, zt_setint(p->zmq, ZMQ_HANDSHAKE_IVL, 500));
	peers_hello(buf, ZMTP_3_1, "PUSH");
	start = zt_now_ms();
	for (i = 0; i < ARRAY_SIZE(peers); i++) {
		peers[i] = peers_stream(p);
		ASSERT_LE(0, peers[i]);
	}
	for (n = 0, up = 1; up && zt_now_ms() < start + ZT_DEADLINE_MS; n++) {
		usleep(20000);
		/* Some begin late in the handshake, but none gets to its end. */
		for (i = 0, up = 0; i < ARRAY_SIZE(peers); i++) {
			if (n < 60)
				zp_write(peers[i], buf + n, 1);
			up += !has_ended(peers[i]);
		}
		ASSERT_TRUE(peers_undisturbed(p));
	}
	EXPECT_EQ(0, up);
	EXPECT_LE(490, zt_now_ms() - start);
	EXPECT_EQ(ARRAY_SIZE(peers), zt_counter("ZmqHandshakeTimeout"));
}

/* Sends frames with more until it is sent away. */
static long send_more(struct peers *p, int peer, enum peers_version v, size_t len)
{
	static unsigned char body[1000];
	static unsigned char buf[64 * (sizeof(body) + 10)];
	size_t n = 0;
	long sent = 0;
	int i;

	for (i = 0; i < 64; i++)
		n += peers_frame(buf + n, v, ZP_MORE, body, len);
	while (sent < 1000000 && !zp_write(peer, buf, n)) {
		sent += 64;
		if (!(sent % 4096) && !(within_memory() && peers_undisturbed(p)))
			return -1;
	}
	return sent;
}

TEST_F_TIMEOUT(flood, of_frames_without_a_last_one_ends_at_the_limits, PEERS_LONG_S)
{
	struct peers *p = &self->p;
	enum peers_version v;
	long drops = 0, sent;
	size_t len;
	int peer;

	if (PEERS_UNWANTED())
		SKIP(return, "%s", PEERS_UNWANTED());
	ASSERT_EQ(0, zt_sysctl("max_msg_bytes", "4000000"));
	ASSERT_EQ(0, peers_socket(p, ZMQ_PULL));
	for (v = 0; v < ZMTP_VERSIONS; v++) {
		for (len = 0; len <= 1000; len += 1000) {
			peer = met(p, v, "PUSH", "PULL");
			ASSERT_LE(0, peer);
			sent = send_more(p, peer, v, len);
			ASSERT_LE(0, sent);
			ASSERT_GT(1000000, sent) TH_LOG("version %d, %zu bytes", v, len);
			EXPECT_TRUE(zp_closed(peer));
			close(peer);
			EXPECT_TRUE(zt_counts("ZmqRxTooBig", drops));
			EXPECT_EQ(++drops, zt_counter("ZmqRxTooBig"));
		}
	}
	EXPECT_FALSE(zt_poll(p->zmq, POLLIN, 0));
	EXPECT_TRUE(peers_all_gone(p));
	EXPECT_TRUE(zt_eventually(memory_is_back, NULL));
}

/* Sends nearly all of a message, as long as memory is there. */
static int send_most(int peer, u64 len)
{
	static unsigned char text[4096];
	unsigned char head[9];
	u64 i;

	if (zp_write(peer, head, zp_header(head, 0, len)))
		return -1;
	for (i = 0; i + 2 * sizeof(text) < len; i += sizeof(text))
		if (send(peer, text, sizeof(text), MSG_NOSIGNAL | MSG_DONTWAIT) < 0)
			break;
	return 0;
}

TEST_F_TIMEOUT(flood, of_messages_without_their_end_leaves_memory_to_others, PEERS_LONG_S)
{
	struct peers *p = &self->p;
	int peer[40], i;

	if (PEERS_UNWANTED())
		SKIP(return, "%s", PEERS_UNWANTED());
	if (variant->way.how == DIALED)
		SKIP(return, "one of them comes after the other");
	ASSERT_EQ(0, peers_socket(p, ZMQ_PULL));
	/* Each has nearly a quarter of what there is for all. */
	for (i = 0; i < ARRAY_SIZE(peer); i++) {
		peer[i] = met(p, ZMTP_3_1, "PUSH", "PULL");
		ASSERT_LE(0, peer[i]);
		ASSERT_EQ(0, send_most(peer[i], 900 * getpagesize()));
		ASSERT_TRUE(within_memory());
		ASSERT_TRUE(peers_undisturbed(p));
	}
	EXPECT_LT(0, zt_counter("ZmqRxGivenUp"));
	EXPECT_FALSE(zt_poll(p->zmq, POLLIN, 0));
	for (i = 0; i < ARRAY_SIZE(peer); i++)
		close(peer[i]);
	EXPECT_TRUE(peers_all_gone(p));
	EXPECT_TRUE(zt_eventually(memory_is_back, NULL));
}

#define HWM	10

/* Windows that are never opened: each costs its queue and no more. */
TEST_F_TIMEOUT(flood, of_what_nobody_reads_is_dropped_for_them_alone, PEERS_LONG_S)
{
	int peer[8], honest, i, count = 500 + many(5000), up;
	static unsigned char body[1000];
	struct peers *p = &self->p;

	if (PEERS_UNWANTED())
		SKIP(return, "%s", PEERS_UNWANTED());
	if (variant->way.how == DIALED)
		SKIP(return, "one of them comes after the other");
	ASSERT_EQ(0, peers_socket(p, ZMQ_PUB));
	ASSERT_EQ(0, zt_setint(p->zmq, ZMQ_SNDHWM, HWM));
	for (i = 0; i < ARRAY_SIZE(peer); i++) {
		peer[i] = met(p, ZMTP_3_1, "SUB", "PUB");
		ASSERT_LE(0, peer[i]);
		ASSERT_EQ(0, zp_command(peer[i], "SUBSCRIBE", "", 0));
		ASSERT_TRUE(zp_sync(peer[i]));
	}
	honest = zp_peer(zt_port(p->front), "SUB", "PUB");
	ASSERT_EQ(0, zp_command(honest, "SUBSCRIBE", "", 0));
	ASSERT_TRUE(zp_sync(honest));
	for (i = 0; i < count; i++) {
		memcpy(body, &i, sizeof(i));
		ASSERT_EQ(0, zt_send(p->zmq, body, sizeof(body), 0));
		ASSERT_TRUE(zp_got(honest, 0, body, sizeof(body)))
			TH_LOG("message %d", i);
		if (!(i % 100))
			ASSERT_TRUE(peers_undisturbed(p) && within_memory());
	}
	EXPECT_LT(0, zt_counter("ZmqTxDropFull"));
	EXPECT_GE(HWM * ARRAY_SIZE(peer), zt_proc_sum("tx_msgs", &up));
	EXPECT_EQ(0, zt_counter("ZmqDisconnects"));
}

TEST_HARNESS_MAIN
