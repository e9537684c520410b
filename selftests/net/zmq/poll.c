// SPDX-License-Identifier: GPL-2.0-only
/* poll(), select() and epoll tell the truth, to the last message. */
#include <pthread.h>
#include <stdatomic.h>
#include <sys/epoll.h>
#include <sys/select.h>
#include <sys/syscall.h>
#include "kselftest_harness.h"
#include "fixture.h"

#define HWM		10

static int small_queues(int fd)
{
	return zt_setint(fd, ZMQ_SNDHWM, HWM) ||
	       zt_setint(fd, ZMQ_RCVHWM, HWM) ||
	       zt_setint(fd, ZMQ_SNDBUF, 8192) ||
	       zt_setint(fd, ZMQ_RCVBUF, 8192);
}

/* A PULL and a PUSH that few messages fill. */
static int fillable(const char *bind, char *ep, int *pull, int *push)
{
	*pull = zt_socket(ZMQ_PULL);
	*push = zt_socket(ZMQ_PUSH);
	if (*pull < 0 || *push < 0 || small_queues(*pull) ||
	    small_queues(*push) || zt_bind_any(*pull, bind, ep) ||
	    zt_connect(*push, ep))
		return -1;
	return zt_becomes(*push, POLLOUT) ? 0 : -1;
}

static int watch(int fd, u32 events)
{
	struct epoll_event ev = { .events = events };
	int ep = epoll_create1(EPOLL_CLOEXEC);

	if (ep >= 0 && epoll_ctl(ep, EPOLL_CTL_ADD, fd, &ev)) {
		close(ep);
		return -1;
	}
	return ep;
}

static u32 reported(int ep, int ms)
{
	struct epoll_event ev = { };
	int n = epoll_wait(ep, &ev, 1, ms);

	return n == 1 ? ev.events : 0;
}

/* libzmq's issue 3641: its ZMQ_FD loses the wake-up that the queue has room
 * again, and the program below waits for ever.
 */
TEST_F(zmq_over, issue_3641_room_is_announced_level_triggered)
{
	static const char body[4096];
	int pull, push, ep, round;
	long sent, got;

	ASSERT_EQ(0, fillable(variant->bind, self->ep, &pull, &push));
	ep = watch(push, EPOLLOUT);
	ASSERT_LE(0, ep);
	for (round = 0; round < 5; round++) {
		sent = 0;
		do {
			got = zt_fill(push, body, sizeof(body), 100000);
			ASSERT_LE(0, got);
			sent += got;
		} while (reported(ep, 0));
		for (got = 0; got < sent; got++) {
			ASSERT_TRUE(zt_got(pull, body, sizeof(body), ZT_LAST))
				TH_LOG("round %ld", got);
		}
		ASSERT_EQ(EPOLLOUT, reported(ep, ZT_DEADLINE_MS));
		EXPECT_EQ(EPOLLOUT, reported(ep, 0));
	}
}

TEST_F(zmq_over, issue_3641_room_is_announced_edge_triggered)
{
	static const char body[4096];
	long sent = 0, got = 0;
	int pull, push, ep, round;
	ssize_t n;
	int flags;
	char buf[8192];

	ASSERT_EQ(0, fillable(variant->bind, self->ep, &pull, &push));
	ep = watch(push, EPOLLOUT | EPOLLET);
	ASSERT_LE(0, ep);
	for (round = 0; round < 5; round++) {
		ASSERT_EQ(EPOLLOUT, reported(ep, ZT_DEADLINE_MS));
		/* The edge is gone only once EAGAIN was seen and no other
		 * edge came meanwhile.
		 */
		do {
			while (!zt_send(push, body, sizeof(body), MSG_DONTWAIT))
				sent++;
			ASSERT_EQ(EAGAIN, errno);
		} while (reported(ep, 50));
		while (got < sent) {
			n = zt_recv(pull, buf, sizeof(buf), 0, &flags);
			ASSERT_EQ(sizeof(body), n);
			got++;
		}
	}
	EXPECT_EQ(EPOLLOUT, reported(ep, ZT_DEADLINE_MS));
}

TEST_F(zmq_over, after_one_of_two_messages_the_other_is_still_announced)
{
	int pull = zt_listening(ZMQ_PULL, variant->bind, self->ep);
	int push = zt_connected(ZMQ_PUSH, self->ep);
	int ep;

	ASSERT_LE(0, pull);
	ep = watch(pull, EPOLLIN);
	ASSERT_EQ(0, zt_puts(push, "1", 0));
	ASSERT_EQ(0, zt_puts(push, "2", 0));
	ASSERT_EQ(EPOLLIN, reported(ep, ZT_DEADLINE_MS));
	ASSERT_TRUE(zt_gets(pull, "1", ZT_LAST));
	/* Over tcp the second may still be on its way. */
	EXPECT_EQ(EPOLLIN, reported(ep, ZT_DEADLINE_MS));
	EXPECT_EQ(EPOLLIN, reported(ep, 0));
	EXPECT_EQ(ZMQ_POLLIN, zt_getint(pull, ZMQ_EVENTS));
	ASSERT_TRUE(zt_gets(pull, "2", ZT_LAST));
	EXPECT_EQ(0, reported(ep, 0));
	EXPECT_EQ(0, zt_getint(pull, ZMQ_EVENTS));
}

TEST_F(zmq_over, the_rest_of_a_message_is_announced)
{
	int pull = zt_listening(ZMQ_PULL, variant->bind, self->ep);
	int push = zt_connected(ZMQ_PUSH, self->ep);
	char byte;

	ASSERT_LE(0, pull);
	ASSERT_EQ(0, zt_puts(push, "1", MSG_MORE));
	ASSERT_EQ(0, zt_puts(push, "2", 0));
	ASSERT_TRUE(zt_becomes(pull, POLLIN));
	ASSERT_TRUE(zt_gets(pull, "1", ZT_MORE));
	EXPECT_EQ(POLLIN, zt_poll(pull, POLLIN, 0));
	EXPECT_EQ(1, recv(pull, &byte, 1, MSG_PEEK));
	EXPECT_EQ(POLLIN, zt_poll(pull, POLLIN, 0));
	ASSERT_TRUE(zt_gets(pull, "2", ZT_LAST));
	EXPECT_EQ(0, zt_poll(pull, POLLIN, 0));
}

TEST_F(zmq_over, an_unfinished_message_is_not_announced)
{
	int pull = zt_listening(ZMQ_PULL, variant->bind, self->ep);
	int push = zt_connected(ZMQ_PUSH, self->ep);

	ASSERT_LE(0, pull);
	ASSERT_EQ(0, zt_puts(push, "1", MSG_MORE));
	EXPECT_EQ(0, zt_poll(pull, POLLIN, 100));
	EXPECT_EQ(POLLOUT, zt_poll(push, POLLOUT, 0));
	ASSERT_EQ(0, zt_puts(push, "2", 0));
	EXPECT_TRUE(zt_becomes(pull, POLLIN));
}

TEST_F(zmq_over, every_arrival_is_an_edge)
{
	int pull = zt_listening(ZMQ_PULL, variant->bind, self->ep);
	int push = zt_connected(ZMQ_PUSH, self->ep);
	int ep, i;

	ASSERT_LE(0, pull);
	ep = watch(pull, EPOLLIN | EPOLLET);
	for (i = 0; i < 200; i++) {
		ASSERT_EQ(0, zt_puts(push, "x", 0));
		ASSERT_EQ(EPOLLIN, reported(ep, ZT_DEADLINE_MS))
			TH_LOG("message %d", i);
		ASSERT_TRUE(zt_gets(pull, "x", ZT_LAST));
	}
}

/* What changes the turn is the program's own call, which no arrival follows. */
TEST_F(zmq_over, epoll_hears_that_it_is_a_sockets_turn)
{
	int rep = zt_listening(ZMQ_REP, variant->bind, self->ep);
	int first = zt_connected(ZMQ_REQ, self->ep);
	int second = zt_connected(ZMQ_REQ, self->ep);
	int asked, answerable, askable;

	ASSERT_LE(0, rep);
	ASSERT_EQ(0, zt_puts(first, "first", 0));
	ASSERT_TRUE(zt_wait_unread(1));
	ASSERT_EQ(0, zt_puts(second, "second", 0));
	ASSERT_TRUE(zt_wait_unread(2));
	asked = watch(rep, EPOLLIN);
	answerable = watch(rep, EPOLLOUT);
	askable = watch(first, EPOLLOUT);
	/* poll() waits for nobody: while a task holds the socket there is nothing to see. */
	ASSERT_EQ(EPOLLIN, reported(asked, ZT_DEADLINE_MS));
	ASSERT_EQ(0, reported(answerable, 0));
	ASSERT_EQ(0, reported(askable, 0));

	ASSERT_TRUE(zt_gets(rep, "first", ZT_LAST));
	EXPECT_EQ(0, reported(asked, 0));
	EXPECT_EQ(EPOLLOUT, reported(answerable, 0));
	ASSERT_EQ(0, zt_puts(rep, "answer", 0));
	EXPECT_EQ(EPOLLIN, reported(asked, ZT_DEADLINE_MS));
	EXPECT_EQ(0, reported(answerable, 0));
	ASSERT_TRUE(zt_gets(first, "answer", ZT_LAST));
	EXPECT_EQ(EPOLLOUT, reported(askable, 0));
}

TEST_F(zmq, epoll_hears_what_an_option_changes)
{
	int req = zt_socket(ZMQ_REQ), router = zt_socket(ZMQ_ROUTER);
	int rep = zt_listening(ZMQ_REP, "inproc://selftest", self->ep);
	int askable, routable;

	ASSERT_LE(0, rep);
	ASSERT_EQ(0, zt_connect(req, self->ep));
	ASSERT_EQ(0, zt_puts(req, "?", 0));
	askable = watch(req, EPOLLOUT);
	ASSERT_EQ(0, reported(askable, 0));
	ASSERT_EQ(0, zt_setint(req, ZMQ_REQ_RELAXED, 1));
	EXPECT_EQ(EPOLLOUT, reported(askable, 0));

	ASSERT_EQ(0, zt_setint(router, ZMQ_ROUTER_MANDATORY, 1));
	routable = watch(router, EPOLLOUT);
	ASSERT_EQ(0, reported(routable, 0));
	ASSERT_EQ(0, zt_setint(router, ZMQ_ROUTER_MANDATORY, 0));
	EXPECT_EQ(EPOLLOUT, reported(routable, 0));
}

struct sleeper {
	int fd;
	int how;
	short events;
	pid_t tid;
	atomic_bool started;
	long result;
};

enum { WITH_POLL, WITH_SELECT, WITH_EPOLL };

static void *sleep_on(void *arg)
{
	struct sleeper *s = arg;
	struct timeval tv = { .tv_sec = ZT_DEADLINE_MS / 1000 };
	fd_set fds;

	s->tid = syscall(SYS_gettid);
	atomic_store(&s->started, true);
	switch (s->how) {
	case WITH_POLL:
		s->result = zt_poll(s->fd, s->events, ZT_DEADLINE_MS);
		break;
	case WITH_SELECT:
		FD_ZERO(&fds);
		FD_SET(s->fd, &fds);
		s->result = select(s->fd + 1,
				   s->events == POLLIN ? &fds : NULL,
				   s->events == POLLOUT ? &fds : NULL,
				   NULL, &tv) == 1 ? s->events : 0;
		break;
	case WITH_EPOLL:
		s->result = reported(watch(s->fd, s->events), ZT_DEADLINE_MS);
		break;
	}
	return NULL;
}

static bool has_started(void *arg)
{
	return atomic_load(&((struct sleeper *)arg)->started);
}

static bool start_sleeper(struct sleeper *s, pthread_t *thread)
{
	return !pthread_create(thread, NULL, sleep_on, s) &&
	       zt_eventually(has_started, s) && zt_wait_asleep(s->tid);
}

TEST_F(zmq_over, sleepers_wake_when_a_message_arrives)
{
	int pull = zt_listening(ZMQ_PULL, variant->bind, self->ep);
	int push = zt_connected(ZMQ_PUSH, self->ep);
	pthread_t thread;
	int how;

	ASSERT_LE(0, pull);
	for (how = WITH_POLL; how <= WITH_EPOLL; how++) {
		struct sleeper s = { .fd = pull, .how = how, .events = POLLIN };

		ASSERT_TRUE(start_sleeper(&s, &thread));
		ASSERT_EQ(0, zt_puts(push, "x", 0));
		pthread_join(thread, NULL);
		EXPECT_EQ(POLLIN, s.result) TH_LOG("way %d", how);
		ASSERT_TRUE(zt_gets(pull, "x", ZT_LAST));
	}
}

TEST_F(zmq_over, sleepers_wake_when_the_first_peer_comes)
{
	pthread_t thread;
	int pull, push, how;

	for (how = WITH_POLL; how <= WITH_EPOLL; how++) {
		struct sleeper s = { .how = how, .events = POLLOUT };

		push = zt_listening(ZMQ_PUSH, variant->bind, self->ep);
		ASSERT_LE(0, push);
		s.fd = push;
		EXPECT_EQ(0, zt_poll(push, POLLOUT, 0));
		ASSERT_TRUE(start_sleeper(&s, &thread));
		pull = zt_connected(ZMQ_PULL, self->ep);
		ASSERT_LE(0, pull);
		pthread_join(thread, NULL);
		EXPECT_EQ(POLLOUT, s.result) TH_LOG("way %d", how);
		close(push);
		close(pull);
	}
}

TEST_F(zmq_over, pollout_goes_with_the_last_peer)
{
	static const int types[][2] = {
		{ ZMQ_PUSH, ZMQ_PULL }, { ZMQ_PAIR, ZMQ_PAIR },
		{ ZMQ_DEALER, ZMQ_DEALER }, { ZMQ_REQ, ZMQ_REP },
	};
	int fd, peer, i;

	for (i = 0; i < ARRAY_SIZE(types); i++) {
		fd = zt_listening(types[i][0], variant->bind, self->ep);
		ASSERT_LE(0, fd);
		EXPECT_EQ(0, zt_poll(fd, POLLIN | POLLOUT, 0));
		peer = zt_connected(types[i][1], self->ep);
		ASSERT_LE(0, peer);
		EXPECT_TRUE(zt_becomes(fd, POLLOUT));
		close(peer);
		EXPECT_TRUE(zt_lacks(fd, POLLOUT)) TH_LOG("pair %d", i);
		EXPECT_EQ(0, zt_poll(fd, POLLIN | POLLOUT, 0));
		EXPECT_EQ(-1, zt_puts(fd, "x", MSG_DONTWAIT));
		EXPECT_EQ(EAGAIN, errno);
		close(fd);
	}
}

TEST_F(zmq, publishers_and_routers_can_always_send)
{
	static const int types[] = { ZMQ_PUB, ZMQ_XPUB, ZMQ_XSUB, ZMQ_ROUTER };
	int fd, i;

	for (i = 0; i < ARRAY_SIZE(types); i++) {
		fd = zt_listening(types[i], "tcp://127.0.0.1:*", self->ep);
		ASSERT_LE(0, fd);
		EXPECT_EQ(POLLOUT, zt_poll(fd, POLLIN | POLLOUT, 0));
		EXPECT_EQ(0, zt_puts(fd, "nobody", MSG_MORE | MSG_DONTWAIT));
		EXPECT_EQ(0, zt_puts(fd, "x", MSG_DONTWAIT));
		EXPECT_EQ(POLLOUT, zt_poll(fd, POLLIN | POLLOUT, 0));
		close(fd);
	}
}

TEST_F(zmq, immediate_makes_pollout_wait_for_the_connection)
{
	int push = zt_socket(ZMQ_PUSH), port = zt_free_port(), raw, peer;

	ASSERT_LT(0, port);
	ASSERT_EQ(0, zt_setint(push, ZMQ_IMMEDIATE, 1));
	ASSERT_EQ(0, zt_setint(push, ZMQ_RECONNECT_IVL, 10));
	snprintf(self->ep, sizeof(self->ep), "tcp://127.0.0.1:%d", port);
	ASSERT_EQ(0, zt_connect(push, self->ep));
	EXPECT_EQ(0, zt_poll(push, POLLOUT, 50));
	raw = zp_listen(0, &port);
	peer = zp_accept(raw);
	ASSERT_LE(0, peer);
	EXPECT_EQ(0, zt_poll(push, POLLOUT, 0));
	ASSERT_EQ(0, zp_handshake(peer, "PULL", "PUSH"));
	EXPECT_TRUE(zt_becomes(push, POLLOUT));
	close(raw);
	close(peer);
	EXPECT_TRUE(zt_lacks(push, POLLOUT));
}

TEST_F(zmq, missing_peers_are_neither_an_error_nor_a_hangup)
{
	const short all = POLLIN | POLLOUT | POLLPRI | POLLRDHUP;
	const short bad = POLLHUP | POLLERR | POLLNVAL | POLLRDHUP | POLLPRI;
	int type, fd, peer, error;
	socklen_t len = sizeof(error);

	for (type = ZMQ_PAIR; type <= ZMQ_XSUB; type++) {
		fd = zt_socket(type);
		ASSERT_LE(0, fd);
		EXPECT_EQ(0, zt_poll(fd, all, 0) & bad);
		ASSERT_EQ(0, zt_setint(fd, ZMQ_RECONNECT_IVL, 1));
		ASSERT_EQ(0, zt_connect(fd, "tcp://127.0.0.1:1"));
		EXPECT_EQ(0, zt_poll(fd, all & ~POLLOUT & ~POLLIN, 20) & bad);
		ASSERT_EQ(0, zt_bind_any(fd, "tcp://127.0.0.1:*", self->ep));
		peer = zp_dial(zt_port(self->ep), 0);
		ASSERT_LE(0, peer);
		ASSERT_EQ(0, zp_greet(peer, 1));
		close(peer);
		EXPECT_EQ(0, zt_poll(fd, all & ~POLLOUT & ~POLLIN, 20) & bad);
		ASSERT_EQ(0, getsockopt(fd, SOL_SOCKET, SO_ERROR, &error,
					&len));
		EXPECT_EQ(0, error) TH_LOG("type %d", type);
		close(fd);
	}
}

TEST_HARNESS_MAIN
