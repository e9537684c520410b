// SPDX-License-Identifier: GPL-2.0-only
/* Several wait for one socket: a wake-up goes to one of them, and none is lost.
 */
#include <stdatomic.h>
#include <sys/epoll.h>
#include "kselftest_harness.h"
#include "fixture.h"

#define WAITERS		4
#define WAITED_MSGS	2000

static int watch(int fd)
{
	struct epoll_event ev = { .events = EPOLLIN | EPOLLEXCLUSIVE };
	int ep = epoll_create1(EPOLL_CLOEXEC);

	if (ep >= 0 && epoll_ctl(ep, EPOLL_CTL_ADD, fd, &ev)) {
		close(ep);
		return -1;
	}
	return ep;
}

static bool announced(int ep)
{
	struct epoll_event ev = { };

	return epoll_wait(ep, &ev, 1, ZT_DEADLINE_MS) == 1 &&
	       ev.events == EPOLLIN;
}

struct shift {
	int fd;
	int start;		/* write end: ready */
	int polls;		/* or blocks in recv() */
	u32 *seen;		/* shared: how often each message was read */
	atomic_uint *total;
};

static int exclusive_waiter(void *arg)
{
	struct shift *s = arg;
	u32 number;
	int ep = watch(s->fd);

	if (ep < 0 || write(s->start, "r", 1) != 1)
		return 1;
	for (;;) {
		if (!announced(ep))
			return 2;
		while (recv(s->fd, &number, sizeof(number), MSG_DONTWAIT) ==
		       sizeof(number)) {
			if (number == UINT32_MAX)
				return 0;
			__atomic_add_fetch(&s->seen[number], 1,
					   __ATOMIC_RELAXED);
			atomic_fetch_add(s->total, 1);
		}
	}
}

static bool all_seen(void *arg)
{
	return atomic_load((atomic_uint *)arg) == WAITED_MSGS;
}

TEST_F(zmq_over, exclusive_waiters_lose_nothing)
{
	int pull = zt_listening(ZMQ_PULL, variant->bind, self->ep);
	int push = zt_connected(ZMQ_PUSH, self->ep);
	u32 *mem = zt_shared((WAITED_MSGS + 1) * sizeof(*mem));
	struct shift s = { .fd = pull, .seen = mem + 1, .total = (void *)mem };
	pid_t waiters[WAITERS];
	u32 i;
	int pipes[2];
	char byte;

	ASSERT_NE(NULL, mem);
	ASSERT_EQ(0, pipe(pipes));
	s.start = pipes[1];
	for (i = 0; i < WAITERS; i++)
		waiters[i] = zt_child(exclusive_waiter, &s);
	for (i = 0; i < WAITERS; i++) {
		ASSERT_EQ(1, read(pipes[0], &byte, 1))
			TH_LOG("round %d", i);
	}
	for (i = 0; i < WAITED_MSGS; i++) {
		/* Now and then all of them shall be asleep. */
		if (i % 500 == 0)
			ASSERT_TRUE(zt_wait_asleep(waiters[i / 500 % WAITERS]));
		ASSERT_EQ(0, zt_send(push, &i, sizeof(i), 0));
	}
	EXPECT_TRUE(zt_eventually(all_seen, s.total));
	for (i = 0; i < WAITED_MSGS; i++) {
		ASSERT_EQ(1, s.seen[i])
			TH_LOG("message %u", i);
	}
	/* Each of these wakes one who has no other reason to wake. */
	for (i = 0; i < WAITERS; i++) {
		u32 stop = UINT32_MAX;

		ASSERT_EQ(0, zt_send(push, &stop, sizeof(stop), 0));
	}
	for (i = 0; i < WAITERS; i++) {
		EXPECT_TRUE(zt_reap(waiters[i]))
			zt_tell();
	}
}

/* Takes one message and goes. */
static int take_one(void *arg)
{
	struct shift *s = arg;
	int ep = s->polls ? watch(s->fd) : -1;
	char byte;

	if (write(s->start, "r", 1) != 1 || (s->polls && !announced(ep)))
		return 1;
	return recv(s->fd, &byte, 1, s->polls ? MSG_DONTWAIT : 0) != 1;
}

/* Four that each take one message; false if they do not get there. */
static bool start_waiters(struct shift *s, pid_t *waiters)
{
	int pipes[2], i;
	char byte;

	if (pipe(pipes))
		return false;
	s->start = pipes[1];
	for (i = 0; i < WAITERS; i++) {
		waiters[i] = zt_child(take_one, s);
		if (read(pipes[0], &byte, 1) != 1 || !zt_wait_asleep(waiters[i]))
			return false;
	}
	close(pipes[0]);
	close(pipes[1]);
	return true;
}

TEST_F(zmq_over, every_waiter_wakes)
{
	int pull = zt_listening(ZMQ_PULL, variant->bind, self->ep);
	int push = zt_connected(ZMQ_PUSH, self->ep), i, round;
	struct shift s = { .fd = pull };
	pid_t waiters[WAITERS];

	ASSERT_LE(0, pull);
	ASSERT_EQ(0, zt_wait_for_ever(pull));
	for (round = 0; round < 10; round++) {
		s.polls = round % 2;
		ASSERT_TRUE(start_waiters(&s, waiters));
		ASSERT_EQ(WAITERS, zt_put_numbers(push, WAITERS, 0));
		for (i = 0; i < WAITERS; i++) {
			ASSERT_TRUE(zt_reap(waiters[i]))
				zt_tell();
		}
	}
}

/* Messages that come in one segment are announced by one wake-up: whoever takes
 * one of them and leaves has to see to the others.
 */
TEST_F(zmq, a_batch_wakes_as_many_as_it_has_messages)
{
	static const char batch[] = { 0, 1, 'a', 0, 1, 'b', 0, 1, 'c',
				      0, 1, 'd' };
	int pull = zt_listening(ZMQ_PULL, "tcp://127.0.0.1:*", self->ep);
	int peer = zp_peer(zt_port(self->ep), "PUSH", "PULL"), i;
	struct shift s = { .fd = pull };
	pid_t waiters[WAITERS];

	ASSERT_LE(0, peer);
	for (s.polls = 0; s.polls <= 1; s.polls++) {
		ASSERT_TRUE(start_waiters(&s, waiters));
		ASSERT_EQ(0, zp_write(peer, batch, sizeof(batch)));
		for (i = 0; i < WAITERS; i++) {
			ASSERT_TRUE(zt_reap(waiters[i]))
				zt_tell();
		}
	}
}

TEST_HARNESS_MAIN
