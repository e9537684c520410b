// SPDX-License-Identifier: GPL-2.0-only
/*
 * How long a socket waits because of what others do: the slowest round of a
 * ping-pong alone, and beside the load. The two ends run before everybody else,
 * so what they wait for is what the kernel does at a stretch.
 *
 * For a guest that counts instructions, where an instruction takes a
 * nanosecond: `tools/run-tests stall`. ZT_STALL_TOPICS is how many peers have
 * how many equal subscriptions, ZT_STALL_PIPES how many pipes there are.
 */
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <time.h>
#include <fcntl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <linux/netlink.h>
#include <linux/sock_diag.h>
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

FIXTURE(stall) {
	char ep[ZMQ_ENDPOINT_MAX];
	int ping, pong;
	pthread_t ponger;
	u64 alone;
	pid_t loads[LOADS_MAX];
	int nr_loads;
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

/* The slowest of so many rounds, in microseconds; 0 if one fails. A round begins
 * when it should have, whenever the kernel lets it.
 */
static u64 slowest(int fd, int rounds)
{
	u64 most = 1, begin;
	char c = 'p';

	go_before(SCHED_FIFO);
	while (rounds--) {
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

FIXTURE_SETUP(stall)
{
	const struct rlimit files = { 65536, 65536 };

	ASSERT_EQ(0, zt_setup(_metadata->name));
	ASSERT_EQ(0, setrlimit(RLIMIT_NOFILE, &files));
	self->pong = zt_listening(ZMQ_PAIR, "tcp://127.0.0.1:*", self->ep);
	self->ping = zt_connected(ZMQ_PAIR, self->ep);
	self->nr_loads = 0;
	ASSERT_EQ(0, pthread_create(&self->ponger, NULL, answer, &self->pong));
	ASSERT_NE(0, slowest(self->ping, 10));
	self->alone = slowest(self->ping, ROUNDS);
	ASSERT_NE(0, self->alone);
}

FIXTURE_TEARDOWN(stall)
{
	zt_puts(self->ping, "q", 0);
	pthread_join(self->ponger, NULL);
	EXPECT_EQ(0, zt_teardown());
}

static bool grows_little(u64 alone, u64 beside, u64 max, const char *what)
{
	printf("# slowest round alone %llu us, %s %llu us\n",
	       (unsigned long long)alone, what, (unsigned long long)beside);
	return beside && beside <= alone + max;
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
	EXPECT_TRUE(grows_little(self->alone, slowest(self->ping, ROUNDS),
				 GROWTH_MAX_US, "beside readers"));
	stop_loads(self->loads, &self->nr_loads);

	self->loads[self->nr_loads++] = zt_child(change_and_close, &c);
	close(c.push);
	close(c.pull);
	EXPECT_TRUE(grows_little(self->alone, slowest(self->ping, ROUNDS),
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
	EXPECT_TRUE(grows_little(self->alone, slowest(self->ping, ROUNDS),
				 max, "beside a flood of subscriptions"));
	self->loads[self->nr_loads++] = zt_child(publish, &pub);
	EXPECT_TRUE(grows_little(self->alone, slowest(self->ping, ROUNDS),
				 max, "beside a publisher, too"));
	stop_loads(self->loads, &self->nr_loads);
	for (i = 0; i < nr; i++)
		close(subs[i]);
	free(subs);
}

TEST_HARNESS_MAIN
