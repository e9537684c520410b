// SPDX-License-Identifier: GPL-2.0-only
/* PUSH and PULL: who gets which message, and that each gets it once. */
#include <sched.h>
#include <stdatomic.h>
#include "kselftest_harness.h"
#include "fixture.h"

#define WORKERS		8
#define JOBS_MAX	100000
#define STOP		UINT32_MAX

struct shift {
	int fd;
	atomic_uchar *done;	/* for each job: how often it was received */
	atomic_uint *share;	/* for each worker: how many jobs it got */
	int me;
};

static int work(void *arg)
{
	struct shift *s = arg;
	u32 job;

	for (;;) {
		if (recv(s->fd, &job, sizeof(job), 0) != sizeof(job)) {
			printf("# worker %d: %m\n", s->me);
			return 1;
		}
		if (job == STOP)
			return 0;
		if (job >= JOBS_MAX)
			return 2;
		atomic_fetch_add(&s->done[job], 1);
		atomic_fetch_add(&s->share[s->me], 1);
	}
}

FIXTURE(workers) {
	char ep[ZMQ_ENDPOINT_MAX];
};

FIXTURE_VARIANT(workers) {
	const char *bind;
	u32 jobs;
};

FIXTURE_VARIANT_ADD(workers, tcp) {
	.bind = "tcp://127.0.0.1:*",
	.jobs = JOBS_MAX,
};

FIXTURE_VARIANT_ADD(workers, inproc) {
	.bind = "inproc://workers",
	.jobs = 20000,
};

FIXTURE_SETUP(workers)
{
	ASSERT_EQ(0, zt_setup(_metadata->name));
}

FIXTURE_TEARDOWN(workers)
{
	EXPECT_EQ(0, zt_teardown());
}

/* A kernel that is a hundred times slower gets by with fewer, and says so. */
static u32 at_most(u32 jobs)
{
	const char *most = getenv("ZT_JOBS");

	if (most && strtoul(most, NULL, 10) < jobs)
		jobs = strtoul(most, NULL, 10);
	printf("# %u jobs\n", jobs);
	return jobs;
}

TEST_F_TIMEOUT(workers, eight_on_one_fd_do_every_job_once, 900)
{
	int pull = zt_listening(ZMQ_PULL, variant->bind, self->ep);
	int push = zt_connected(ZMQ_PUSH, self->ep), busy = 0;
	struct shift s = { .fd = pull };
	const u32 jobs = at_most(variant->jobs);
	pid_t workers[WORKERS];
	u32 i, sum = 0;

	ASSERT_LE(0, pull);
	ASSERT_EQ(0, zt_wait_for_ever(pull));
	ASSERT_EQ(0, zt_wait_for_ever(push));
	s.done = zt_shared(jobs);
	s.share = zt_shared(WORKERS * sizeof(*s.share));
	ASSERT_NE(NULL, s.done);
	for (s.me = 0; s.me < WORKERS; s.me++)
		workers[s.me] = zt_child(work, &s);
	ASSERT_EQ(jobs, zt_put_numbers(push, jobs, 0));
	for (i = 0; i < WORKERS; i++) {
		u32 stop = STOP;

		ASSERT_EQ(0, zt_send(push, &stop, sizeof(stop), 0));
	}
	for (i = 0; i < WORKERS; i++) {
		EXPECT_TRUE(zt_reap(workers[i]))
			zt_tell();
	}
	for (i = 0; i < jobs; i++) {
		ASSERT_EQ(1, s.done[i])
			TH_LOG("job %u", i);
	}
	for (i = 0; i < WORKERS; i++) {
		sum += s.share[i];
		busy += s.share[i] > 0;
	}
	EXPECT_EQ(jobs, sum);
	EXPECT_LT(1, busy);
}

TEST_F(zmq_over, jobs_go_round_robin)
{
	char names[3][ZMQ_ENDPOINT_MAX];
	int pulls[3], push = zt_socket(ZMQ_PUSH), i;
	u32 job;

	for (i = 0; i < 3; i++) {
		pulls[i] = zt_listening(ZMQ_PULL, zt_nth_bind(variant->bind, i),
					names[i]);
		ASSERT_LE(0, pulls[i]);
		ASSERT_EQ(0, zt_connect(push, names[i]));
	}
	for (job = 0; job < 300; job++) {
		ASSERT_EQ(0, zt_send(push, &job, sizeof(job), MSG_MORE));
		ASSERT_EQ(0, zt_send(push, &job, sizeof(job), 0));
	}
	for (job = 0; job < 300; job++) {
		ASSERT_TRUE(zt_got(pulls[job % 3], &job, sizeof(job), ZT_MORE));
		ASSERT_TRUE(zt_got(pulls[job % 3], &job, sizeof(job), ZT_LAST));
	}
	for (i = 0; i < 3; i++) {
		EXPECT_EQ(0, zt_poll(pulls[i], POLLIN, 0))
			TH_LOG("round %d", i);
	}
}

TEST_F(zmq_over, a_full_worker_is_passed_over)
{
	char names[2][ZMQ_ENDPOINT_MAX];
	static const char body[8192];
	int push = zt_socket(ZMQ_PUSH), pulls[2], i;

	ASSERT_EQ(0, zt_setint(push, ZMQ_SNDHWM, 3));
	ASSERT_EQ(0, zt_setint(push, ZMQ_SNDBUF, 8192));
	for (i = 0; i < 2; i++) {
		pulls[i] = zt_socket(ZMQ_PULL);
		ASSERT_EQ(0, zt_setint(pulls[i], ZMQ_RCVHWM, 3));
		ASSERT_EQ(0, zt_setint(pulls[i], ZMQ_RCVBUF, 8192));
		ASSERT_EQ(0, zt_bind_any(pulls[i],
					 zt_nth_bind(variant->bind, i),
					 names[i]));
		ASSERT_EQ(0, zt_connect(push, names[i]));
	}
	/* TCP goes on moving what was filled in until both ends are full. */
	do {
		ASSERT_LE(0, zt_fill(push, body, sizeof(body), 10000));
	} while (zt_poll(push, POLLOUT, 500));
	/* One of them works, the other never does: all goes to the first. */
	ASSERT_LT(0, zt_drain(pulls[0]));
	for (i = 0; i < 100; i++) {
		ASSERT_EQ(0, zt_send(push, body, sizeof(body), 0));
		ASSERT_TRUE(zt_got(pulls[0], body, sizeof(body), ZT_LAST));
	}
	EXPECT_LT(0, zt_drain(pulls[1]));
}

static int numbered(int from, int i)
{
	return from * 1000 + i;
}

TEST_F(zmq, arrivals_are_read_fairly_over_tcp)
{
	int pull = zt_listening(ZMQ_PULL, "tcp://127.0.0.1:*", self->ep);
	int peers[3], from, i, seen[3] = { }, job;

	ASSERT_LE(0, pull);
	for (from = 0; from < 3; from++) {
		peers[from] = zp_peer(zt_port(self->ep), "PUSH", "PULL");
		ASSERT_LE(0, peers[from]);
	}
	for (from = 0; from < 3; from++) {
		for (i = 0; i < 100; i++) {
			job = numbered(from, i);
			ASSERT_EQ(0, zp_send(peers[from], 0, &job,
					     sizeof(job)));
		}
		ASSERT_TRUE(zp_sync(peers[from]));
	}
	for (i = 0; i < 300; i++) {
		ASSERT_EQ(sizeof(job), recv(pull, &job, sizeof(job), 0));
		from = job / 1000;
		ASSERT_EQ(numbered(from, seen[from]), job);
		seen[from]++;
		if (i % 3 == 2)
			EXPECT_TRUE(seen[0] == seen[1] && seen[1] == seen[2])
				TH_LOG("after %d: %d %d %d", i + 1, seen[0],
				       seen[1], seen[2]);
	}
}

TEST_F(zmq, arrivals_are_read_fairly_over_inproc)
{
	int pull = zt_listening(ZMQ_PULL, "inproc://fair", self->ep);
	int pushes[3], from, i, seen[3] = { }, job;

	ASSERT_LE(0, pull);
	/* Who has been read from has its turn from then on. */
	for (from = 0; from < 3; from++) {
		pushes[from] = zt_connected(ZMQ_PUSH, self->ep);
		ASSERT_LE(0, pushes[from]);
		ASSERT_EQ(0, zt_puts(pushes[from], "here", 0));
		ASSERT_TRUE(zt_gets(pull, "here", ZT_LAST));
	}
	for (from = 0; from < 3; from++) {
		for (i = 0; i < 100; i++) {
			job = numbered(from, i);
			ASSERT_EQ(0, zt_send(pushes[from], &job, sizeof(job),
					     0));
		}
	}
	for (i = 0; i < 300; i++) {
		ASSERT_EQ(sizeof(job), recv(pull, &job, sizeof(job), 0));
		from = job / 1000;
		ASSERT_EQ(numbered(from, seen[from]), job);
		seen[from]++;
		if (i % 3 == 2)
			EXPECT_TRUE(seen[0] == seen[1] && seen[1] == seen[2])
				TH_LOG("after %d: %d %d %d", i + 1, seen[0],
				       seen[1], seen[2]);
	}
}

TEST_F(zmq, parts_of_two_peers_are_never_mixed)
{
	int pull = zt_listening(ZMQ_PULL, "tcp://127.0.0.1:*", self->ep);
	int a = zp_peer(zt_port(self->ep), "PUSH", "PULL");
	int b = zp_peer(zt_port(self->ep), "PUSH", "PULL");

	ASSERT_LE(0, pull);
	ASSERT_LE(0, a);
	ASSERT_LE(0, b);
	ASSERT_EQ(0, zp_puts(a, ZP_MORE, "a1"));
	ASSERT_TRUE(zp_sync(a));
	ASSERT_EQ(0, zp_puts(b, ZP_MORE, "b1"));
	ASSERT_EQ(0, zp_puts(b, 0, "b2"));
	ASSERT_TRUE(zp_sync(b));
	ASSERT_TRUE(zt_gets(pull, "b1", ZT_MORE));
	ASSERT_EQ(0, zp_puts(a, 0, "a2"));
	ASSERT_TRUE(zp_sync(a));
	EXPECT_TRUE(zt_gets(pull, "b2", ZT_LAST));
	EXPECT_TRUE(zt_gets(pull, "a1", ZT_MORE));
	EXPECT_TRUE(zt_gets(pull, "a2", ZT_LAST));
}

TEST_F(zmq, messages_wait_for_a_peer_that_does_not_exist_yet)
{
	int push = zt_socket(ZMQ_PUSH), port = zt_free_port(), pull;

	ASSERT_LE(0, push);
	ASSERT_EQ(0, zt_setint(push, ZMQ_RECONNECT_IVL, 20));
	snprintf(self->ep, sizeof(self->ep), "tcp://127.0.0.1:%d", port);
	ASSERT_EQ(0, zt_connect(push, self->ep));
	ASSERT_EQ(100, zt_put_numbers(push, 100, MSG_DONTWAIT));
	pull = zt_listening(ZMQ_PULL, self->ep, self->ep);
	ASSERT_LE(0, pull);
	EXPECT_EQ(100, zt_get_numbers(pull, 100));
}

TEST_F(zmq, a_receiver_may_connect_before_the_sender_binds)
{
	int pull = zt_socket(ZMQ_PULL), push, port = zt_free_port();

	ASSERT_EQ(0, zt_setint(pull, ZMQ_RECONNECT_IVL, 20));
	snprintf(self->ep, sizeof(self->ep), "tcp://127.0.0.1:%d", port);
	ASSERT_EQ(0, zt_connect(pull, self->ep));
	push = zt_listening(ZMQ_PUSH, self->ep, self->ep);
	ASSERT_LE(0, push);
	ASSERT_EQ(100, zt_put_numbers(push, 100, 0));
	EXPECT_EQ(100, zt_get_numbers(pull, 100));
}

TEST_F(zmq, immediate_sends_nothing_to_a_peer_that_is_not_there)
{
	int push = zt_socket(ZMQ_PUSH), pull, port = zt_free_port();
	char absent[ZMQ_ENDPOINT_MAX];

	ASSERT_EQ(0, zt_setint(push, ZMQ_IMMEDIATE, 1));
	snprintf(absent, sizeof(absent), "tcp://127.0.0.1:%d", port);
	ASSERT_EQ(0, zt_connect(push, absent));
	EXPECT_EQ(-1, zt_puts(push, "x", MSG_DONTWAIT));
	EXPECT_EQ(EAGAIN, errno);
	pull = zt_listening(ZMQ_PULL, "tcp://127.0.0.1:*", self->ep);
	ASSERT_LE(0, pull);
	ASSERT_EQ(0, zt_connect(push, self->ep));
	ASSERT_EQ(100, zt_put_numbers(push, 100, 0));
	EXPECT_EQ(100, zt_get_numbers(pull, 100));
}

TEST_F(zmq, one_socket_may_bind_and_connect_many_times)
{
	int pull = zt_socket(ZMQ_PULL), pushes[4], i;
	char eps[4][ZMQ_ENDPOINT_MAX];

	ASSERT_EQ(0, zt_bind_any(pull, "tcp://127.0.0.1:*", eps[0]));
	ASSERT_EQ(0, zt_bind_any(pull, "inproc://many", eps[1]));
	for (i = 0; i < 2; i++)
		pushes[i] = zt_connected(ZMQ_PUSH, eps[i]);
	for (i = 2; i < 4; i++) {
		pushes[i] = zt_listening(ZMQ_PUSH, i == 2 ? "inproc://other" :
					 "tcp://127.0.0.1:*", eps[i]);
		ASSERT_EQ(0, zt_connect(pull, eps[i]));
	}
	for (i = 0; i < 4; i++) {
		ASSERT_EQ(0, zt_send(pushes[i], &i, sizeof(i), 0));
		ASSERT_TRUE(zt_got(pull, &i, sizeof(i), ZT_LAST));
	}
}

TEST_HARNESS_MAIN
