// SPDX-License-Identifier: GPL-2.0-only
/* Several wait for one socket: a wake-up goes to one of them, and none is lost.
 */
#include <stdatomic.h>
#include <sys/epoll.h>
#include "kselftest_harness.h"
#include "fixture.h"

#define WAITERS		4
#define WAITED_MSGS	2000
#define WATCHED_ROUNDS	40
#define WATCHED_MSGS	200

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

/* True if all four get one of the messages of @batch. */
static bool wakes_all(struct shift *s, int peer, const void *batch, size_t len)
{
	pid_t waiters[WAITERS];
	bool ok;
	int i;

	if (!start_waiters(s, waiters))
		return false;
	ok = !zp_write(peer, batch, len);
	for (i = 0; i < WAITERS; i++)
		ok &= zt_reap(waiters[i]);
	if (!ok)
		zt_tell();
	return ok;
}

/* Messages that come in one segment are announced by one wake-up: whoever takes
 * one of them and leaves has to see to the others.
 */
TEST_F(zmq, a_batch_wakes_as_many_as_it_has_messages)
{
	static const char batch[] = { 0, 1, 'a', 0, 1, 'b', 0, 1, 'c',
				      0, 1, 'd' };
	int pull = zt_listening(ZMQ_PULL, "tcp://127.0.0.1:*", self->ep);
	int peer = zp_peer(zt_port(self->ep), "PUSH", "PULL");
	struct shift s = { .fd = pull };

	ASSERT_LE(0, peer);
	for (s.polls = 0; s.polls <= 1; s.polls++)
		ASSERT_TRUE(wakes_all(&s, peer, batch, sizeof(batch)));
}

/* To an XPUB's readers, subscriptions are messages. */
TEST_F(zmq, a_batch_of_subscriptions_wakes_as_many_as_it_has)
{
	static const char batch[] = { 0, 2, 1, 'a', 0, 2, 1, 'b', 0, 2, 1, 'c',
				      0, 2, 1, 'd' };
	int xpub = zt_listening(ZMQ_XPUB, "tcp://127.0.0.1:*", self->ep);
	int peer = zp_peer(zt_port(self->ep), "SUB", "XPUB");
	struct shift s = { .fd = xpub };

	ASSERT_LE(0, peer);
	for (s.polls = 0; s.polls <= 1; s.polls++) {
		ASSERT_EQ(0, zt_setint(xpub, ZMQ_XPUB_VERBOSE, s.polls));
		ASSERT_TRUE(wakes_all(&s, peer, batch, sizeof(batch)));
	}
}

/* Looks again and again whether a socket is ready, which it always is. */
struct watcher {
	int fd;
	short events;
	atomic_bool stop;
	atomic_uint looks;
	atomic_uint misses;
};

static int look_on(void *arg)
{
	struct watcher *w = arg;

	do {
		if (zt_poll(w->fd, w->events, 0) != w->events)
			atomic_fetch_add(&w->misses, 1);
		atomic_fetch_add(&w->looks, 1);
	} while (!atomic_load(&w->stop));
	return 0;
}

static bool has_looked(void *arg)
{
	struct watcher *w = arg;

	return atomic_load(&w->looks);
}

TEST_F(zmq_over, a_message_is_seen_while_those_before_it_are_read)
{
	int pull = zt_listening(ZMQ_PULL, variant->bind, self->ep);
	int push = zt_connected(ZMQ_PUSH, self->ep), round;
	struct watcher *w = zt_shared(sizeof(*w));
	u32 i, number = WATCHED_MSGS - 1;
	pid_t watcher = 0;

	ASSERT_NE(NULL, w);
	w->fd = pull;
	w->events = POLLIN;
	ASSERT_EQ(0, zt_send(push, &number, sizeof(number), 0));
	for (round = 0; round < WATCHED_ROUNDS; round++) {
		ASSERT_EQ(WATCHED_MSGS, zt_put_numbers(push, WATCHED_MSGS, 0));
		ASSERT_TRUE(zt_wait_unread(WATCHED_MSGS + 1));
		if (!watcher) {
			watcher = zt_child(look_on, w);
			ASSERT_TRUE(zt_eventually(has_looked, w));
		}
		/* The last one is left for the next round. */
		for (i = 0; i < WATCHED_MSGS; i++) {
			ASSERT_TRUE(zt_got(pull, &number, sizeof(number),
					   ZT_LAST))
				TH_LOG("round %d", round);
			number = i;
		}
	}
	atomic_store(&w->stop, true);
	EXPECT_TRUE(zt_reap(watcher));
	EXPECT_EQ(0, w->misses)
		TH_LOG("of %u looks", w->looks);
}

/* One peer takes nothing and the other one everything, so there is always room
 * with one of them alone.
 */
TEST_F(zmq_over, room_is_seen_while_another_takes_some)
{
	int full = zt_socket(ZMQ_PULL), push = zt_socket(ZMQ_PUSH), pull, round;
	struct watcher *w = zt_shared(sizeof(*w));
	static const char block[65536];
	char other[ZMQ_ENDPOINT_MAX];
	pid_t watcher;

	ASSERT_NE(NULL, w);
	w->fd = push;
	w->events = POLLOUT;
	ASSERT_EQ(0, zt_setint(full, ZMQ_RCVHWM, 1));
	ASSERT_EQ(0, zt_setint(full, ZMQ_RCVBUF, 4096));
	ASSERT_EQ(0, zt_setint(push, ZMQ_SNDHWM, 1));
	ASSERT_EQ(0, zt_bind_any(full, variant->bind, self->ep));
	ASSERT_EQ(0, zt_connect(push, self->ep));
	ASSERT_LT(0, zt_fill(push, block, sizeof(block), 10000));
	ASSERT_EQ(0, zt_setint(push, ZMQ_SNDHWM, 0));
	pull = zt_listening(ZMQ_PULL, zt_nth_bind(variant->bind, 1), other);
	ASSERT_EQ(0, zt_connect(push, other));
	ASSERT_TRUE(zt_becomes(push, POLLOUT));

	watcher = zt_child(look_on, w);
	ASSERT_TRUE(zt_eventually(has_looked, w));
	for (round = 0; round < WATCHED_ROUNDS; round++) {
		ASSERT_EQ(WATCHED_MSGS, zt_put_numbers(push, WATCHED_MSGS, 0));
		zt_drain(pull);
	}
	atomic_store(&w->stop, true);
	EXPECT_TRUE(zt_reap(watcher));
	EXPECT_EQ(0, w->misses)
		TH_LOG("of %u looks", w->looks);
}

TEST_HARNESS_MAIN
