// SPDX-License-Identifier: GPL-2.0-only
/*
 * How long a socket waits because of what others do: the slowest round of a
 * ping-pong alone, and beside the load. The two ends run before everybody else,
 * so what they wait for is what the kernel does at a stretch.
 *
 * For a guest that counts instructions, where an instruction takes a
 * nanosecond: `tools/run-tests stall`. ZT_STALL_TOPICS is how many peers have
 * how many equal subscriptions, ZT_STALL_PIPES how many pipes there are,
 * ZT_STALL_FRAMES how many frames one message has.
 */
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <time.h>
#include <fcntl.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <linux/netlink.h>
#include <linux/sock_diag.h>
#include <linux/sockios.h>
#include <linux/zmq_diag.h>
#include "kselftest_harness.h"
#include "fixture.h"

#define GROWTH_MAX_US	20000
#define ROUNDS		200
#define LOADS_MAX	4

static unsigned int setting(const char *name, unsigned int otherwise)
{
	const char *text = getenv(name);

	return text && *text ? atoi(text) : otherwise;
}

static u64 now_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000ULL + t.tv_nsec / 1000;
}

/**
 * struct rounds - a ping-pong
 * @ping: who asks
 * @pong: who answers
 * @ponger: the thread of it
 * @alone: microseconds of the slowest round with nothing beside it
 */
struct rounds {
	int ping, pong;
	pthread_t ponger;
	u64 alone;
};

static int go_before(int policy)
{
	const struct sched_param p = { .sched_priority = policy == SCHED_FIFO };

	return sched_setscheduler(0, policy, &p);
}

static void *answer(void *arg)
{
	int fd = *(int *)arg;
	char c;

	go_before(SCHED_FIFO);
	while (recv(fd, &c, 1, 0) == 1 && c != 'q')
		if (send(fd, &c, 1, 0) != 1)
			break;
	return NULL;
}

/* Others run until then. */
static void sleep_until(u64 us)
{
	const struct timespec t = { us / 1000000, us % 1000000 * 1000 };

	clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &t, NULL);
}

/* The slowest of so many rounds, and of those before @ended is set, in
 * microseconds; 0 if one fails. A round begins when it should have, whenever the
 * kernel lets it.
 */
static u64 slowest_until(int fd, const int *ended, int rounds)
{
	u64 most = 1, begin;
	char c = 'p';

	go_before(SCHED_FIFO);
	while ((ended && !__atomic_load_n(ended, __ATOMIC_ACQUIRE)) || rounds--) {
		begin = now_us() + 1000;
		sleep_until(begin);
		if (send(fd, &c, 1, 0) != 1 || recv(fd, &c, 1, 0) != 1)
			return 0;
		if (now_us() - begin > most)
			most = now_us() - begin;
	}
	go_before(SCHED_OTHER);
	return most;
}

static u64 slowest(int fd, int rounds)
{
	return slowest_until(fd, NULL, rounds);
}

static int rounds_begin(struct rounds *r)
{
	const struct rlimit files = { 65536, 65536 };
	char ep[ZMQ_ENDPOINT_MAX];

	if (setrlimit(RLIMIT_NOFILE, &files))
		return -1;
	r->pong = zt_listening(ZMQ_PAIR, "tcp://127.0.0.1:*", ep);
	r->ping = zt_connected(ZMQ_PAIR, ep);
	if (pthread_create(&r->ponger, NULL, answer, &r->pong) ||
	    !slowest(r->ping, 10))
		return -1;
	r->alone = slowest(r->ping, ROUNDS);
	return r->alone ? 0 : -1;
}

static void rounds_end(struct rounds *r)
{
	zt_puts(r->ping, "q", 0);
	pthread_join(r->ponger, NULL);
}

FIXTURE(stall) {
	char ep[ZMQ_ENDPOINT_MAX];
	struct rounds rounds;
	pid_t loads[LOADS_MAX];
	int nr_loads;
};

FIXTURE_SETUP(stall)
{
	ASSERT_EQ(0, zt_setup(_metadata->name));
	ASSERT_EQ(0, rounds_begin(&self->rounds));
	self->nr_loads = 0;
}

FIXTURE_TEARDOWN(stall)
{
	rounds_end(&self->rounds);
	EXPECT_EQ(0, zt_teardown());
}

static bool grows_little(const struct rounds *r, u64 beside, u64 max, const char *what)
{
	printf("# slowest round alone %llu us, %s %llu us\n",
	       (unsigned long long)r->alone, what, (unsigned long long)beside);
	return beside && beside <= r->alone + max;
}

static void stop_loads(pid_t *loads, int *nr)
{
	while (*nr) {
		kill(loads[--*nr], SIGKILL);
		waitpid(loads[*nr], NULL, 0);
	}
}

/* Reads all of /proc/net/zmq, again and again. */
static int read_proc(void *arg)
{
	static char buf[65536];
	int fd;

	for (;;) {
		fd = open("/proc/thread-self/net/zmq", O_RDONLY | O_CLOEXEC);
		if (fd < 0)
			return 1;
		while (read(fd, buf, sizeof(buf)) > 0)
			;
		close(fd);
	}
}

/* Likewise what sock_diag tells. */
static int read_diag(void *arg)
{
	struct {
		struct nlmsghdr nlh;
		struct zmq_diag_req req;
	} msg = {
		.nlh.nlmsg_len = sizeof(msg),
		.nlh.nlmsg_type = SOCK_DIAG_BY_FAMILY,
		.nlh.nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP,
		.req.zdiag_family = zt_family(),
		.req.zdiag_show = ZMQ_DIAG_SHOW_PEERS | ZMQ_DIAG_SHOW_LISTENERS,
	};
	int nl = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_SOCK_DIAG);
	static char buf[65536];
	struct nlmsghdr *nlh = (void *)buf;
	ssize_t n;

	while (send(nl, &msg, sizeof(msg), 0) == sizeof(msg)) {
		do {
			n = recv(nl, buf, sizeof(buf), 0);
		} while (n >= (ssize_t)sizeof(*nlh) &&
			 nlh->nlmsg_type != NLMSG_DONE &&
			 nlh->nlmsg_type != NLMSG_ERROR);
		if (n < (ssize_t)sizeof(*nlh) || nlh->nlmsg_type == NLMSG_ERROR)
			return 1;
	}
	return 1;
}

struct closing {
	int push;
	int pull;
};

/* Each by its last descriptor: what they hold goes on the way out. */
static int change_and_close(void *arg)
{
	const struct closing *c = arg;

	return zt_setint(c->push, ZMQ_SNDHWM, 7) ||
	       zt_setint(c->pull, ZMQ_RCVHWM, 7) || close(c->push) ||
	       close(c->pull);
}

TEST_F_TIMEOUT(stall, beside_many_pipes_and_their_readers, 600)
{
	unsigned int pipes = setting("ZT_STALL_PIPES", 50000), i;
	struct closing c;

	c.pull = zt_socket(ZMQ_PULL);
	c.push = zt_socket(ZMQ_PUSH);
	ASSERT_EQ(0, zt_bind(c.pull, "inproc://many"));
	for (i = 0; i < pipes; i++)
		ASSERT_EQ(0, zt_connect(c.push, "inproc://many"));
	self->loads[self->nr_loads++] = zt_child(read_proc, NULL);
	self->loads[self->nr_loads++] = zt_child(read_diag, NULL);
	EXPECT_TRUE(grows_little(&self->rounds, slowest(self->rounds.ping, ROUNDS),
				 GROWTH_MAX_US, "beside readers"));
	stop_loads(self->loads, &self->nr_loads);

	self->loads[self->nr_loads++] = zt_child(change_and_close, &c);
	close(c.push);
	close(c.pull);
	EXPECT_TRUE(grows_little(&self->rounds, slowest(self->rounds.ping, ROUNDS),
				 GROWTH_MAX_US, "beside the end of the pipes"));
	/* It has ended, not been ended. */
	EXPECT_TRUE(zt_reap(self->loads[--self->nr_loads]));
}

#define BATCH	256

/* A peer subscribes to topics 0 to @nr - 1 by messages of 5 bytes. */
static int want_all(int fd, unsigned int nr)
{
	struct zmq_frame_desc desc[BATCH];
	unsigned char data[BATCH][5];
	unsigned int i, k;

	for (i = 0; i < nr; i += k) {
		for (k = 0; k < BATCH && i + k < nr; k++) {
			desc[k] = (struct zmq_frame_desc){ .len = 5 };
			data[k][0] = 1;
			memcpy(data[k] + 1, &(u32){ i + k }, 4);
		}
		if (zt_send_frames(fd, data, k * 5, desc, k, 0) != k * 5)
			return -1;
	}
	return 0;
}

struct flood {
	int fd;
	unsigned int topics;
};

/* Subscribes to what it has and gives it up, as fast as the publisher reads. */
static int flood(void *arg)
{
	static unsigned char buf[8192][7];
	const struct flood *f = arg;
	unsigned int i;

	for (i = 0; i < 8192; i++) {
		buf[i][0] = 0;
		buf[i][1] = 5;
		buf[i][2] = i % 4 != 1;
		memcpy(buf[i] + 3, &(u32){ i / 4 % 2 * (f->topics / 2) }, 4);
	}
	while (write(f->fd, buf, sizeof(buf)) > 0)
		;
	return 1;
}

static bool topics_are(void *arg)
{
	int up;

	return zt_proc_sum("topics", &up) == *(long *)arg;
}

static int publish(void *arg)
{
	int fd = *(int *)arg;
	u32 topic;

	for (topic = 0; !zt_send(fd, &topic, sizeof(topic), 0); topic++)
		topic %= 100;
	return 1;
}

TEST_F_TIMEOUT(stall, beside_equal_subscriptions_of_many, 600)
{
	unsigned int nr = setting("ZT_STALL_TOPICS", 1000), i;
	int pub = zt_listening(ZMQ_PUB, "tcp://127.0.0.1:*", self->ep), *subs;
	/* What is linear takes half as long for half as many. */
	u64 max = nr < 2000 ? GROWTH_MAX_US * nr / 2000 : GROWTH_MAX_US;
	struct flood f = { .topics = nr };
	long topics = 2 * nr;

	ASSERT_EQ(0, zt_bind(pub, "inproc://topics"));
	subs = calloc(nr, sizeof(*subs));
	f.fd = zp_dial(zt_port(self->ep), 0);
	ASSERT_EQ(0, zp_handshake_id(f.fd, 0, "SUB", "PUB", NULL, 0));
	for (i = 0; i < nr; i++) {
		subs[i] = zt_connected(ZMQ_XSUB, "inproc://topics");
		ASSERT_LE(0, subs[i]);
		ASSERT_EQ(0, want_all(subs[i], nr));
		if (i)
			continue;
		/* The one by TCP is the second that has each topic. */
		for (i = 0; i < nr; i++)
			ASSERT_EQ(0, zp_send(f.fd, 0, (char[]){ 1, i, i >> 8, 0, 0 }, 5));
		ASSERT_TRUE(zt_eventually(topics_are, &topics));
		i = 0;
	}
	self->loads[self->nr_loads++] = zt_child(flood, &f);
	EXPECT_TRUE(grows_little(&self->rounds, slowest(self->rounds.ping, ROUNDS),
				 max, "beside a flood of subscriptions"));
	self->loads[self->nr_loads++] = zt_child(publish, &pub);
	EXPECT_TRUE(grows_little(&self->rounds, slowest(self->rounds.ping, ROUNDS),
				 max, "beside a publisher, too"));
	stop_loads(self->loads, &self->nr_loads);
	for (i = 0; i < nr; i++)
		close(subs[i]);
	free(subs);
}

#define FRAMES_AT_ONCE	4096
#define UNIT_MAX	3

/**
 * struct long_message - what a peer sends, and what becomes of it
 * @peer: a plain stream
 * @fd: the socket that gets it
 * @unit: a frame that is not the last
 * @len: bytes of it
 * @frames: how many there are
 * @whole: whether the last one comes, or the end of the stream in its place
 * @kept: the socket keeps it for its reader, and may read no more behind it
 * @ended: set when the peer and the socket have gone
 */
struct long_message {
	int peer;
	int fd;
	const char *unit;
	size_t len;
	unsigned int frames;
	bool whole;
	bool kept;
	int *ended;
};

static bool all_acknowledged(void *arg)
{
	int left;

	return !ioctl(*(int *)arg, SIOCOUTQ, &left) && !left;
}

static int send_frames(const struct long_message *m)
{
	static unsigned char buf[FRAMES_AT_ONCE * UNIT_MAX];
	unsigned int left, n;

	for (n = 0; n < FRAMES_AT_ONCE; n++)
		memcpy(buf + n * m->len, m->unit, m->len);
	for (left = m->frames - 1; left; left -= n) {
		n = left < FRAMES_AT_ONCE ? left : FRAMES_AT_ONCE;
		if (zp_write(m->peer, buf, n * m->len))
			return -1;
	}
	if (!m->whole)
		return zt_eventually(all_acknowledged, (void *)&m->peer) ? 0 : -1;
	buf[0] &= ~ZP_MORE;
	if (zp_write(m->peer, buf, m->len))
		return -1;
	return m->kept ? !zt_becomes(m->fd, POLLIN) : !zp_sync(m->peer);
}

static void nap_ms(int ms)
{
	sleep_until(now_us() + ms * 1000);
}

/* What the socket still has of it goes by its last descriptor, which is here. */
static int send_and_close(void *arg)
{
	const struct long_message *m = arg;
	int ret = send_frames(m);

	close(m->peer);
	nap_ms(100);
	close(m->fd);
	__atomic_store_n(m->ended, 1, __ATOMIC_RELEASE);
	return ret ? 1 : 0;
}

FIXTURE(stall_frames) {
	char ep[ZMQ_ENDPOINT_MAX];
	struct rounds rounds;
	char limit[16];
	unsigned int frames;
};

FIXTURE_VARIANT(stall_frames) {
	int pattern;
	const char *own;
	const char *peer;
	char unit[UNIT_MAX];
	int len;
	bool kept;
};

/* Each frame is a subscription. */
FIXTURE_VARIANT_ADD(stall_frames, pub) {
	.pattern = ZMQ_PUB,
	.own = "PUB",
	.peer = "SUB",
	.unit = { ZP_MORE, 1, 1 },
	.len = 3,
};

FIXTURE_VARIANT_ADD(stall_frames, xpub) {
	.pattern = ZMQ_XPUB,
	.own = "XPUB",
	.peer = "SUB",
	.unit = { ZP_MORE, 1, 1 },
	.len = 3,
};

FIXTURE_VARIANT_ADD(stall_frames, push) {
	.pattern = ZMQ_PUSH,
	.own = "PUSH",
	.peer = "PULL",
	.unit = { ZP_MORE },
	.len = 2,
};

FIXTURE_VARIANT_ADD(stall_frames, pull) {
	.pattern = ZMQ_PULL,
	.own = "PULL",
	.peer = "PUSH",
	.unit = { ZP_MORE },
	.len = 2,
	.kept = true,
};

/* It keeps the last message. */
FIXTURE_VARIANT_ADD(stall_frames, conflating_sub) {
	.pattern = ZMQ_SUB,
	.own = "SUB",
	.peer = "PUB",
	.unit = { ZP_MORE },
	.len = 2,
	.kept = true,
};

FIXTURE_SETUP(stall_frames)
{
	self->frames = setting("ZT_STALL_FRAMES", 1 << 20);
	ASSERT_EQ(0, zt_setup(_metadata->name));
	ASSERT_EQ(0, zt_sysctl_global_get("max_msg_frames", self->limit,
					  sizeof(self->limit)));
	ASSERT_EQ(0, rounds_begin(&self->rounds));
}

FIXTURE_TEARDOWN(stall_frames)
{
	rounds_end(&self->rounds);
	EXPECT_EQ(0, zt_sysctl_global("max_msg_frames", self->limit));
	EXPECT_EQ(0, zt_teardown());
}

static int listen_for(struct long_message *m, int pattern, const char *own,
		      const char *peer)
{
	char ep[ZMQ_ENDPOINT_MAX];

	m->ended = zt_shared(sizeof(*m->ended));
	m->fd = zt_socket(pattern);
	if (pattern == ZMQ_SUB && (zt_setint(m->fd, ZMQ_CONFLATE, 1) ||
				   zt_subscribe(m->fd, "")))
		return -1;
	if (zt_bind_any(m->fd, "tcp://127.0.0.1:*", ep))
		return -1;
	m->peer = zp_dial(zt_port(ep), 0);
	if (zp_handshake_id(m->peer, 0, peer, own, NULL, 0))
		return -1;
	return pattern == ZMQ_SUB && !zp_got(m->peer, 0, "\1", 1) ? -1 : 0;
}

static bool message_stalls_nobody(struct rounds *r, struct long_message *m)
{
	pid_t pid = zt_child(send_and_close, m);
	u64 beside;

	close(m->peer);
	close(m->fd);
	beside = slowest_until(r->ping, m->ended, ROUNDS);
	return zt_reap(pid) &
	       grows_little(r, beside, GROWTH_MAX_US,
			    m->whole ? "beside a long message" :
			    "beside an unfinished message");
}

static int allow_frames(unsigned int nr)
{
	char value[16];

	snprintf(value, sizeof(value), "%u", nr);
	return zt_sysctl_global("max_msg_frames", value) ||
	       zt_sysctl("max_msg_frames", value) ? -1 : 0;
}

#define LONG_MESSAGE(nr, comes_whole) {		\
	.unit = variant->unit,			\
	.len = variant->len,			\
	.frames = (nr),				\
	.whole = (comes_whole),			\
	.kept = variant->kept,			\
}

TEST_F_TIMEOUT(stall_frames, beside_a_message_of_the_frame_limit, 600)
{
	struct long_message m = LONG_MESSAGE(atoi(self->limit), true);

	ASSERT_EQ(0, listen_for(&m, variant->pattern, variant->own,
				variant->peer));
	EXPECT_TRUE(message_stalls_nobody(&self->rounds, &m));
	EXPECT_EQ(0, zt_counter("ZmqRxTooBig"));
}

TEST_F_TIMEOUT(stall_frames, beside_a_message_of_millions_of_frames, 600)
{
	struct long_message m = LONG_MESSAGE(self->frames, true);

	ASSERT_EQ(0, allow_frames(self->frames));
	ASSERT_EQ(0, listen_for(&m, variant->pattern, variant->own,
				variant->peer));
	EXPECT_TRUE(message_stalls_nobody(&self->rounds, &m));
	EXPECT_EQ(0, zt_counter("ZmqRxTooBig"));
}

TEST_F_TIMEOUT(stall_frames, beside_the_end_of_a_stream_within_a_message, 600)
{
	struct long_message m = LONG_MESSAGE(self->frames, false);

	ASSERT_EQ(0, allow_frames(self->frames));
	ASSERT_EQ(0, listen_for(&m, variant->pattern, variant->own,
				variant->peer));
	EXPECT_TRUE(message_stalls_nobody(&self->rounds, &m));
	EXPECT_EQ(0, zt_counter("ZmqRxTooBig"));
}

TEST_HARNESS_MAIN
