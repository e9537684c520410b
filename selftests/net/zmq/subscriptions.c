// SPDX-License-Identifier: GPL-2.0-only
/* Many subscriptions: memory, limits, peers that do not listen. */
#include <stdlib.h>
#include "kselftest_harness.h"
#include "fixture.h"

#define MILLION	1000000
#define KEY	14

static int set_limit(const char *name, unsigned long value)
{
	char path[100];
	FILE *f;

	snprintf(path, sizeof(path), "/proc/sys/net/zmq/%s", name);
	f = fopen(path, "we");
	if (!f)
		return -1;
	fprintf(f, "%lu\n", value);
	return fclose(f);
}

static long dropped(void)
{
	FILE *f = fopen("/proc/thread-self/net/zmq_snmp", "re");
	char name[64];
	long value = -1;

	while (f && fscanf(f, "%63s %ld", name, &value) == 2)
		if (!strcmp(name, "ZmqSubDrop"))
			break;
	if (f)
		fclose(f);
	return value;
}

/* What the only socket of a type is charged. */
static long charged(const char *type)
{
	FILE *f = fopen("/proc/thread-self/net/zmq", "re");
	char line[512], name[16];
	long value, found = -1;

	while (f && fgets(line, sizeof(line), f))
		if (sscanf(line, "%15s %*u %*u %*u %*u %*u %ld", name,
			   &value) == 2 && !strcmp(name, type))
			found = value;
	if (f)
		fclose(f);
	return found;
}

static long kilobytes(const char *field)
{
	FILE *f = fopen("/proc/meminfo", "re");
	char name[64];
	long kb = -1;

	while (f && fscanf(f, "%63s %ld%*[^\n]", name, &kb) == 2)
		if (!strcmp(name, field))
			break;
	if (f)
		fclose(f);
	return kb;
}

static void key_of(char *key, unsigned int i, bool random)
{
	unsigned long long z = (i + 1) * 0x9e3779b97f4a7c15;
	char text[20];

	if (random) {
		z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
		memcpy(key, &z, 8);
		z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
		memcpy(key + 8, &z, KEY - 8);
	} else {
		snprintf(text, sizeof(text), "prefix.%07u", i);
		memcpy(key, text, KEY);
	}
}

static int subscribe_keys(int sub, int from, int to, bool random)
{
	char key[KEY];
	int i;

	for (i = from; i < to; i++) {
		key_of(key, i, random);
		if (setsockopt(sub, SOL_ZMQ, ZMQ_SUBSCRIBE, key, KEY))
			return -1;
	}
	return 0;
}

struct wait {
	int fd;
	int count;
	bool stuck;
	int last;
	u64 since;
};

/* A machine that is slow is not stuck. */
static bool has_topics(void *arg)
{
	struct wait *w = arg;
	int n = zt_getint(w->fd, ZMQ_TOPICS_COUNT);

	if (n != w->last) {
		w->last = n;
		w->since = zt_now_ms();
	}
	w->stuck = zt_now_ms() - w->since > ZT_DEADLINE_MS;
	return n == w->count || w->stuck;
}

static bool knows(int pub, int count)
{
	struct wait w = { .fd = pub, .count = count, .last = -1 };

	while (!zt_eventually(has_topics, &w))
		;
	return !w.stuck;
}

/* A million, unless the machine has no memory or no time for it. */
static int many(u64 ms_for_1000)
{
	if (kilobytes("MemTotal:") < 850000 || ms_for_1000 > 60)
		return MILLION / 20;
	return MILLION;
}

static void many_of_them(struct __test_metadata *_metadata, char *ep,
			 bool random, bool before)
{
	long slab_pub, slab_sub, slab = kilobytes("SUnreclaim:");
	int pub = zt_listening(ZMQ_PUB, "tcp://127.0.0.1:*", ep);
	int sub = zt_socket(ZMQ_SUB), count;
	long drops = dropped();
	char key[KEY + 1];
	u64 start, mid;

	ASSERT_LE(0, pub);
	if (!before)
		ASSERT_EQ(0, zt_connect(sub, ep));
	start = zt_now_ms();
	ASSERT_EQ(0, subscribe_keys(sub, 0, 1000, random));
	count = many(zt_now_ms() - start);
	ASSERT_EQ(0, subscribe_keys(sub, 1000, count, random));
	mid = zt_now_ms();
	slab_sub = kilobytes("SUnreclaim:");
	if (before)
		ASSERT_EQ(0, zt_connect(sub, ep));
	ASSERT_TRUE(knows(pub, count)) TH_LOG("%d", zt_getint(pub, ZMQ_TOPICS_COUNT));
	slab_pub = kilobytes("SUnreclaim:");
	printf("# %d: subscribed in %llu ms, known after %llu ms more\n", count,
	       mid - start, zt_now_ms() - mid);
	printf("# slab: %ld and %ld bytes each; %ld charged\n",
	       (slab_sub - slab) * 1024 / count,
	       (slab_pub - slab_sub) * 1024 / count, charged("PUB") / count);
	EXPECT_GE(100L * count, charged("PUB"));
	EXPECT_LE(KEY * count, charged("PUB"));
	EXPECT_EQ(drops, dropped());

	key_of(key, count / 3, random);
	key[KEY] = '!';
	ASSERT_EQ(0, zt_send(pub, key, KEY - 1, 0));
	ASSERT_EQ(0, zt_send(pub, key, KEY + 1, 0));
	EXPECT_TRUE(zt_got(sub, key, KEY + 1, ZT_LAST));
	start = zt_now_ms();
	close(sub);
	EXPECT_TRUE(knows(pub, 0));
	printf("# forgotten in %llu ms\n", zt_now_ms() - start);
	EXPECT_EQ(0, charged("PUB"));
}

TEST_F_TIMEOUT(zmq, a_million_similar_topics_set_before_the_connection, 600)
{
	many_of_them(_metadata, self->ep, false, true);
}

TEST_F_TIMEOUT(zmq, a_million_random_topics_set_after_the_connection, 600)
{
	many_of_them(_metadata, self->ep, true, false);
}

static int send_sub(int peer, const char *name, int number)
{
	char topic[20];

	return zp_command(peer, name, topic,
			  snprintf(topic, sizeof(topic), "topic %04d", number));
}

TEST_F(zmq, a_subscription_too_many_is_refused_counted_and_costs_nothing_else)
{
	int xpub = zt_listening(ZMQ_XPUB, "tcp://127.0.0.1:*", self->ep), i;
	int peer, other;
	char got[20];
	long drops;

	ASSERT_EQ(0, set_limit("peer_subscriptions_max", 10));
	drops = dropped();
	peer = zp_peer(zt_port(self->ep), "SUB", "XPUB");
	other = zp_peer(zt_port(self->ep), "SUB", "XPUB");
	ASSERT_LE(0, other);
	for (i = 0; i < 13; i++)
		ASSERT_EQ(0, send_sub(peer, "SUBSCRIBE", i));
	/* One that it has is not one more. */
	ASSERT_EQ(0, send_sub(peer, "SUBSCRIBE", 0));
	ASSERT_TRUE(zp_sync(peer));
	EXPECT_EQ(drops + 3, dropped());
	EXPECT_EQ(10, zt_getint(xpub, ZMQ_TOPICS_COUNT));
	for (i = 0; i < 10; i++)
		EXPECT_EQ(11, recv(xpub, got, sizeof(got), MSG_DONTWAIT));
	EXPECT_EQ(0, zt_poll(xpub, POLLIN, 0));

	ASSERT_EQ(0, zt_puts(xpub, "topic 0012", 0));
	ASSERT_EQ(0, zt_puts(xpub, "topic 0009", 0));
	EXPECT_TRUE(zp_gets(peer, 0, "topic 0009"));
	ASSERT_EQ(0, send_sub(peer, "CANCEL", 0));
	ASSERT_EQ(0, send_sub(peer, "SUBSCRIBE", 12));
	ASSERT_TRUE(zp_sync(peer));
	ASSERT_EQ(0, zt_puts(xpub, "topic 0012", 0));
	EXPECT_TRUE(zp_gets(peer, 0, "topic 0012"));

	/* The limit is each peer's own. */
	for (i = 100; i < 110; i++)
		ASSERT_EQ(0, send_sub(other, "SUBSCRIBE", i));
	ASSERT_TRUE(zp_sync(other));
	EXPECT_EQ(20, zt_getint(xpub, ZMQ_TOPICS_COUNT));
	EXPECT_EQ(drops + 3, dropped());
}

TEST_F(zmq, memory_for_subscriptions_is_limited_and_half_is_for_other_peers)
{
	int pub = zt_listening(ZMQ_PUB, "tcp://127.0.0.1:*", self->ep);
	int peer[3], p, i, had, has = 0;
	long drops = dropped();

	ASSERT_EQ(0, set_limit("subscription_bytes_max", 100000));
	for (p = 0; p < 3; p++) {
		peer[p] = zp_peer(zt_port(self->ep), "SUB", "PUB");
		ASSERT_LE(0, peer[p]);
		for (i = 0; i < 1000; i++)
			ASSERT_EQ(0, send_sub(peer[p], "SUBSCRIBE",
					      1000 * p + i));
		ASSERT_TRUE(zp_sync(peer[p]));
		had = has;
		has = zt_getint(pub, ZMQ_TOPICS_COUNT);
		printf("# peer %d: %d topics\n", p, has - had);
		EXPECT_LT(p < 2 ? 500 : -1, has - had);
		EXPECT_GT(p < 2 ? 1000 : 50, has - had);
		EXPECT_EQ(drops + 1000 * (p + 1) - has, dropped());
		EXPECT_GE(100000, charged("PUB"));
	}
	EXPECT_LT(90000, charged("PUB"));

	close(peer[0]);
	close(peer[1]);
	close(peer[2]);
	EXPECT_TRUE(knows(pub, 0));
	EXPECT_EQ(0, charged("PUB"));
	peer[0] = zp_peer(zt_port(self->ep), "SUB", "PUB");
	ASSERT_EQ(0, send_sub(peer[0], "SUBSCRIBE", 1));
	ASSERT_TRUE(zp_sync(peer[0]));
	EXPECT_EQ(1, zt_getint(pub, ZMQ_TOPICS_COUNT));
}

TEST_F(zmq, what_the_reader_of_xpub_leaves_unread_counts_too)
{
	int xpub = zt_listening(ZMQ_XPUB, "tcp://127.0.0.1:*", self->ep);
	int peer = zp_peer(zt_port(self->ep), "SUB", "XPUB"), i;
	long drops = dropped();

	ASSERT_LE(0, peer);
	ASSERT_EQ(0, set_limit("subscription_bytes_max", 100000));
	for (i = 0; i < 2000; i++) {
		ASSERT_EQ(0, send_sub(peer, "SUBSCRIBE", 1));
		ASSERT_EQ(0, send_sub(peer, "CANCEL", 1));
	}
	ASSERT_TRUE(zp_sync(peer));
	EXPECT_GE(100000, charged("XPUB"));
	EXPECT_LT(drops, dropped());
	EXPECT_GE(1, zt_getint(xpub, ZMQ_TOPICS_COUNT));
	ASSERT_EQ(0, send_sub(peer, "CANCEL", 1));
	ASSERT_TRUE(zp_sync(peer));
	EXPECT_LT(100, zt_drain(xpub));
	EXPECT_EQ(0, charged("XPUB"));
	ASSERT_EQ(0, send_sub(peer, "SUBSCRIBE", 7));
	EXPECT_TRUE(zt_gets(xpub, "\1topic 0007", ZT_LAST));
}

#define TOPICS	20000

/* Reads announcements, up to the last one, into what a publisher would know. */
static bool listen_to(int peer, bool *known, int *announced)
{
	static struct zp_frame f;
	bool sub;
	int n;

	for (;;) {
		if (zp_recv(peer, &f))
			return false;
		f.body[f.len] = 0;
		sub = f.body[0] == 9;
		n = atoi((char *)f.body + (sub ? 16 : 13));
		++*announced;
		if (n == TOPICS)
			return true;
		if (n < 0 || n > TOPICS || sub == known[n]) {
			printf("# %d: '%.*s'\n", *announced, (int)f.len, f.body);
			return false;
		}
		known[n] = sub;
	}
}

static int change(int sub, int option, int number)
{
	char topic[20];

	snprintf(topic, sizeof(topic), "topic %05d", number);
	return zt_settext(sub, option, topic);
}

FIXTURE(deaf) {
	char ep[ZMQ_ENDPOINT_MAX];
};

FIXTURE_VARIANT(deaf) {
	bool before;
};

/* They are announced by a walk, or one by one. */
FIXTURE_VARIANT_ADD(deaf, subscribed_before) { .before = true };
FIXTURE_VARIANT_ADD(deaf, subscribed_after) { .before = false };

FIXTURE_SETUP(deaf)
{
	ASSERT_EQ(0, zt_setup(_metadata->name));
}

FIXTURE_TEARDOWN(deaf)
{
	EXPECT_EQ(0, zt_teardown());
}

static int subscribe_all(int sub)
{
	int i, err = 0;

	for (i = 0; i < TOPICS && !err; i++)
		err = change(sub, ZMQ_SUBSCRIBE, i);
	return err;
}

TEST_F(deaf, publisher_learns_what_is_true_in_the_end)
{
	static bool known[TOPICS + 1], wanted[TOPICS + 1];
	int sub = zt_socket(ZMQ_SUB), port = 0, listener, peer, i, round;
	int announced = 0;

	listener = zp_listen(4096, &port);
	ASSERT_EQ(0, zt_setint(sub, ZMQ_SNDBUF, 4096));
	snprintf(self->ep, sizeof(self->ep), "tcp://127.0.0.1:%d", port);
	if (variant->before)
		ASSERT_EQ(0, subscribe_all(sub));
	ASSERT_EQ(0, zt_connect(sub, self->ep));
	peer = zp_accept_peer(listener, "PUB", "SUB");
	ASSERT_LE(0, peer);
	if (!variant->before)
		ASSERT_EQ(0, subscribe_all(sub));
	for (i = 0; i < TOPICS; i++)
		wanted[i] = true;

	/* Nobody listens to any of this. */
	for (round = 0; round < 3; round++) {
		for (i = round; i < TOPICS; i += 7) {
			ASSERT_EQ(0, change(sub, wanted[i] ? ZMQ_UNSUBSCRIBE :
							     ZMQ_SUBSCRIBE, i));
			wanted[i] = !wanted[i];
		}
	}
	for (i = 0; i < TOPICS; i += 14) {
		ASSERT_EQ(0, change(sub, wanted[i] ? ZMQ_UNSUBSCRIBE :
						     ZMQ_SUBSCRIBE, i));
		wanted[i] = !wanted[i];
	}
	ASSERT_EQ(0, change(sub, ZMQ_SUBSCRIBE, TOPICS));
	ASSERT_TRUE(listen_to(peer, known, &announced))
		TH_LOG("after %d", announced);
	while (memcmp(known, wanted, sizeof(known)) &&
	       zt_poll(peer, POLLIN, ZT_DEADLINE_MS)) {
		ASSERT_EQ(0, change(sub, ZMQ_SUBSCRIBE, TOPICS));
		ASSERT_TRUE(listen_to(peer, known, &announced))
			TH_LOG("after %d", announced);
	}
	EXPECT_EQ(0, memcmp(known, wanted, sizeof(known)));
	printf("# %d announcements\n", announced);
}

TEST_F(zmq, announcements_share_segments)
{
	int sub = zt_socket(ZMQ_SUB), port = 0, listener, peer, i;
	int announced = 0;
	static bool known[TOPICS + 1];
	long segments;

	listener = zp_listen(0, &port);
	snprintf(self->ep, sizeof(self->ep), "tcp://127.0.0.1:%d", port);
	ASSERT_EQ(0, zt_connect(sub, self->ep));
	peer = zp_accept_peer(listener, "PUB", "SUB");
	ASSERT_TRUE(zp_sync(peer));
	segments = zt_snmp_tcp("OutSegs");
	for (i = 0; i <= TOPICS; i++)
		ASSERT_EQ(0, change(sub, ZMQ_SUBSCRIBE, i));
	ASSERT_TRUE(listen_to(peer, known, &announced));
	segments = zt_snmp_tcp("OutSegs") - segments;
	printf("# %d announcements in %ld segments\n", announced, segments);
	EXPECT_GT(TOPICS / 2, segments);
}

TEST_HARNESS_MAIN
