// SPDX-License-Identifier: GPL-2.0-only
/* One socket, many processes and threads. */
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/syscall.h>
#include "kselftest_harness.h"
#include "fixture.h"

#define EACH_WAY	20000
#define SENDERS		4
#define PER_SENDER	5000
#define LARGE_MSGS	16

static const char large[16384];

static int send_fd(int via, int fd)
{
	union {
		char buf[CMSG_SPACE(sizeof(int))];
		struct cmsghdr align;
	} control = { };
	struct iovec iov = { "f", 1 };
	struct msghdr msg = {
		.msg_iov = &iov, .msg_iovlen = 1,
		.msg_control = control.buf, .msg_controllen = sizeof(control),
	};
	struct cmsghdr *c = CMSG_FIRSTHDR(&msg);

	c->cmsg_level = SOL_SOCKET;
	c->cmsg_type = SCM_RIGHTS;
	c->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(c), &fd, sizeof(int));
	return sendmsg(via, &msg, 0) == 1 ? 0 : -1;
}

static int receive_fd(int via)
{
	union {
		char buf[CMSG_SPACE(sizeof(int))];
		struct cmsghdr align;
	} control = { };
	char byte;
	struct iovec iov = { &byte, 1 };
	struct msghdr msg = {
		.msg_iov = &iov, .msg_iovlen = 1,
		.msg_control = control.buf, .msg_controllen = sizeof(control),
	};
	int fd;

	if (recvmsg(via, &msg, MSG_CMSG_CLOEXEC) != 1 || !CMSG_FIRSTHDR(&msg))
		return -1;
	memcpy(&fd, CMSG_DATA(CMSG_FIRSTHDR(&msg)), sizeof(int));
	return fd;
}

/* The other process: it never saw the socket before it got it by mail. */
static int adopt_and_serve(void *arg)
{
	int fd = receive_fd(*(int *)arg);

	if (fd < 0 || !zt_gets(fd, "queued before", ZT_LAST) ||
	    !zt_gets(fd, "ask", ZT_LAST) || zt_puts(fd, "answer", 0))
		return 1;
	/* Its later peers are served as well. */
	return zt_gets(fd, "second peer", ZT_LAST) ? 0 : 2;
}

TEST_F(zmq, a_passed_socket_keeps_peers_and_queue)
{
	int sv[2], dealer, peer, second;
	pid_t child;

	ASSERT_EQ(0, socketpair(AF_UNIX, SOCK_SEQPACKET, 0, sv));
	child = zt_child(adopt_and_serve, &sv[1]);
	dealer = zt_listening(ZMQ_DEALER, "tcp://127.0.0.1:*", self->ep);
	ASSERT_LE(0, dealer);
	peer = zp_peer(zt_port(self->ep), "DEALER", "DEALER");
	ASSERT_LE(0, peer);
	ASSERT_EQ(0, zp_puts(peer, 0, "queued before"));
	ASSERT_TRUE(zt_becomes(dealer, POLLIN));
	ASSERT_EQ(0, send_fd(sv[0], dealer));
	close(dealer);
	ASSERT_EQ(0, zp_puts(peer, 0, "ask"));
	EXPECT_TRUE(zp_gets(peer, 0, "answer"));
	EXPECT_TRUE(zp_silent(peer));
	second = zp_peer(zt_port(self->ep), "DEALER", "DEALER");
	ASSERT_LE(0, second);
	ASSERT_EQ(0, zp_puts(second, 0, "second peer"));
	EXPECT_TRUE(zt_reap(child));
	EXPECT_TRUE(zp_closed(peer));
}

/* A socket in its own queue of passed descriptors is a cycle that AF_UNIX's
 * collector has to break.
 */
TEST_F(zmq, a_socket_lost_in_flight_is_closed)
{
	int sv[2], pull, peer;

	ASSERT_EQ(0, socketpair(AF_UNIX, SOCK_SEQPACKET, 0, sv));
	pull = zt_listening(ZMQ_PULL, "tcp://127.0.0.1:*", self->ep);
	peer = zp_peer(zt_port(self->ep), "PUSH", "PULL");
	ASSERT_LE(0, peer);
	ASSERT_EQ(0, send_fd(sv[0], pull));
	close(pull);
	ASSERT_TRUE(zp_sync(peer));
	close(sv[0]);
	close(sv[1]);
	EXPECT_TRUE(zp_closed(peer));
}

static int send_from_child(void *arg)
{
	return zt_puts(*(int *)arg, "child", 0);
}

TEST_F(zmq_over, parent_and_child_use_one_socket)
{
	int pull = zt_listening(ZMQ_PULL, variant->bind, self->ep);
	int push = zt_connected(ZMQ_PUSH, self->ep);

	ASSERT_LE(0, pull);
	ASSERT_EQ(0, zt_puts(push, "parent 1", 0));
	EXPECT_TRUE(zt_gets(pull, "parent 1", ZT_LAST));
	EXPECT_TRUE(zt_reap(zt_child(send_from_child, &push)));
	EXPECT_TRUE(zt_gets(pull, "child", ZT_LAST));
	ASSERT_EQ(0, zt_puts(push, "parent 2", 0));
	EXPECT_TRUE(zt_gets(pull, "parent 2", ZT_LAST));
}

TEST_F(zmq_over, the_last_close_counts)
{
	int pull = zt_listening(ZMQ_PULL, variant->bind, self->ep);
	int push = zt_connected(ZMQ_PUSH, self->ep), copy = dup(push);

	ASSERT_LE(0, copy);
	ASSERT_EQ(0, zt_puts(push, "first", 0));
	close(push);
	ASSERT_EQ(0, zt_puts(copy, "second", 0));
	EXPECT_TRUE(zt_gets(pull, "first", ZT_LAST));
	EXPECT_TRUE(zt_gets(pull, "second", ZT_LAST));
	copy = dup(pull);
	close(pull);
	EXPECT_EQ(0, zt_poll(copy, POLLIN, 0));
}

static int die_waiting(void *arg)
{
	char byte;

	return recv(*(int *)arg, &byte, 1, 0) == 1;
}

TEST_F(zmq_over, a_killed_process_takes_nothing_with_it)
{
	int pull = zt_listening(ZMQ_PULL, variant->bind, self->ep);
	int push = zt_connected(ZMQ_PUSH, self->ep), i, status;
	pid_t child;

	ASSERT_LE(0, pull);
	for (i = 0; i < 10; i++) {
		child = zt_child(die_waiting, &pull);
		ASSERT_TRUE(zt_wait_asleep(child));
		kill(child, SIGKILL);
		ASSERT_EQ(child, waitpid(child, &status, 0));
		ASSERT_EQ(0, zt_puts(push, "for the living", 0));
		ASSERT_TRUE(zt_gets(pull, "for the living", ZT_LAST));
	}
}

struct worker {
	int fd;
	int id;
	int count;
	bool parts;
	pid_t tid;
	atomic_bool started;
	int error;		/* 0 if all went well; of a poller: the events */
	char got[32];
	char ep[ZMQ_ENDPOINT_MAX];
};

static void *send_many(void *arg)
{
	struct worker *w = arg;
	u32 msg[2] = { w->id };
	int i;

	for (i = 0; i < w->count; i++) {
		msg[1] = i;
		if (zt_send(w->fd, msg, sizeof(msg), 0)) {
			w->error = errno;
			break;
		}
	}
	return NULL;
}

static void *receive_many(void *arg)
{
	struct worker *w = arg;
	u32 msg[2], i;

	for (i = 0; i < w->count; i++) {
		if (recv(w->fd, msg, sizeof(msg), 0) != sizeof(msg) ||
		    msg[0] != w->id || msg[1] != i) {
			printf("# message %u of %d: got %u of %u (%m)\n", i,
			       w->id, msg[1], msg[0]);
			w->error = errno ?: EPROTO;
			break;
		}
	}
	return NULL;
}

TEST_F_TIMEOUT(zmq_over, both_directions_of_one_fd_are_used_at_once, 600)
{
	int a = zt_listening(ZMQ_DEALER, variant->bind, self->ep);
	int b = zt_connected(ZMQ_DEALER, self->ep), i;
	struct worker w[] = {
		{ .fd = a, .id = 1, .count = EACH_WAY },
		{ .fd = b, .id = 2, .count = EACH_WAY },
		{ .fd = a, .id = 2, .count = EACH_WAY },
		{ .fd = b, .id = 1, .count = EACH_WAY },
	};
	pthread_t threads[4];

	ASSERT_LE(0, a);
	ASSERT_EQ(0, zt_wait_for_ever(a));
	ASSERT_EQ(0, zt_wait_for_ever(b));
	for (i = 0; i < 4; i++) {
		ASSERT_EQ(0, pthread_create(&threads[i], NULL, i < 2 ?
					    send_many : receive_many, &w[i]));
	}
	for (i = 0; i < 4; i++) {
		pthread_join(threads[i], NULL);
		EXPECT_EQ(0, w[i].error) TH_LOG("thread %d", i);
	}
}

TEST_F_TIMEOUT(zmq_over, senders_in_threads_keep_their_own_order, 600)
{
	int pull = zt_listening(ZMQ_PULL, variant->bind, self->ep);
	int push = zt_connected(ZMQ_PUSH, self->ep), i;
	struct worker w[SENDERS] = { };
	u32 msg[2], next[SENDERS] = { };
	pthread_t threads[SENDERS];

	ASSERT_LE(0, pull);
	ASSERT_EQ(0, zt_wait_for_ever(push));
	for (i = 0; i < SENDERS; i++) {
		w[i] = (struct worker) { .fd = push, .id = i,
					 .count = PER_SENDER };
		ASSERT_EQ(0, pthread_create(&threads[i], NULL, send_many,
					    &w[i]));
	}
	for (i = 0; i < SENDERS * PER_SENDER; i++) {
		ASSERT_EQ(sizeof(msg), recv(pull, msg, sizeof(msg), 0))
			TH_LOG("message %d: %m", i);
		ASSERT_GT(SENDERS, msg[0]);
		ASSERT_EQ(next[msg[0]], msg[1]) TH_LOG("sender %u", msg[0]);
		next[msg[0]]++;
	}
	for (i = 0; i < SENDERS; i++) {
		pthread_join(threads[i], NULL);
		EXPECT_EQ(0, w[i].error);
	}
}

static void *block_in_recv(void *arg)
{
	struct worker *w = arg;
	ssize_t n;

	w->tid = syscall(SYS_gettid);
	atomic_store(&w->started, true);
	n = recv(w->fd, w->got, sizeof(w->got) - 1, 0);
	w->error = n < 0 ? errno : 0;
	return NULL;
}

static void *block_in_poll(void *arg)
{
	struct worker *w = arg;

	w->tid = syscall(SYS_gettid);
	atomic_store(&w->started, true);
	w->error = zt_poll(w->fd, POLLIN, ZT_DEADLINE_MS);
	return NULL;
}

static void *block_in_send(void *arg)
{
	struct worker *w = arg;

	w->tid = syscall(SYS_gettid);
	atomic_store(&w->started, true);
	w->error = zt_puts(w->fd, "sent after close", 0) ? errno : 0;
	return NULL;
}

static bool has_started(void *arg)
{
	return atomic_load(&((struct worker *)arg)->started);
}

static bool start(struct worker *w, void *(*fn)(void *), pthread_t *thread)
{
	return !pthread_create(thread, NULL, fn, w) &&
	       zt_eventually(has_started, w) && zt_wait_asleep(w->tid);
}

static void *send_large(void *arg)
{
	struct worker *w = arg;
	int i;

	for (i = 0; i < LARGE_MSGS && !w->error; i++)
		w->error = zt_send(w->fd, large, sizeof(large), 0) ? errno : 0;
	return NULL;
}

/* They block, then room for many messages comes at once, and at the end no
 * further wake-up makes up for one that was lost.
 */
TEST_F(zmq_over, every_blocked_sender_wakes)
{
	int pull = zt_socket(ZMQ_PULL), push = zt_socket(ZMQ_PUSH), i, round;
	struct worker w[SENDERS];
	pthread_t threads[SENDERS];

	ASSERT_EQ(0, zt_setint(push, ZMQ_SNDHWM, 10));
	ASSERT_EQ(0, zt_setint(push, ZMQ_SNDBUF, 65536));
	ASSERT_EQ(0, zt_setint(pull, ZMQ_RCVHWM, 10));
	ASSERT_EQ(0, zt_setint(pull, ZMQ_RCVBUF, 65536));
	ASSERT_EQ(0, zt_bind_any(pull, variant->bind, self->ep));
	ASSERT_EQ(0, zt_connect(push, self->ep));
	ASSERT_EQ(0, zt_wait_for_ever(push));
	for (round = 0; round < 10; round++) {
		for (i = 0; i < SENDERS; i++) {
			w[i] = (struct worker) { .fd = push };
			ASSERT_EQ(0, pthread_create(&threads[i], NULL,
						    send_large, &w[i]));
		}
		ASSERT_TRUE(zt_lacks(push, POLLOUT));
		for (i = 0; i < SENDERS * LARGE_MSGS; i++) {
			ASSERT_TRUE(zt_got(pull, large, sizeof(large), ZT_LAST))
				zt_tell();
		}
		for (i = 0; i < SENDERS; i++) {
			pthread_join(threads[i], NULL);
			EXPECT_EQ(0, w[i].error);
		}
	}
}

TEST_F(zmq_over, a_receiver_outlives_the_close_of_its_fd)
{
	int pull, push, i;
	pthread_t thread;

	for (i = 0; i < 20; i++) {
		struct worker w = { };

		pull = zt_listening(ZMQ_PULL, variant->bind, self->ep);
		push = zt_connected(ZMQ_PUSH, self->ep);
		w.fd = pull;
		ASSERT_TRUE(start(&w, block_in_recv, &thread));
		close(pull);
		ASSERT_EQ(0, zt_puts(push, "late", 0));
		pthread_join(thread, NULL);
		EXPECT_EQ(0, w.error);
		EXPECT_STREQ("late", w.got);
		close(push);
	}
}

TEST_F(zmq_over, a_poller_outlives_the_close_of_its_fd)
{
	int pull, push, i;
	pthread_t thread;

	for (i = 0; i < 20; i++) {
		struct worker w = { };

		pull = zt_listening(ZMQ_PULL, variant->bind, self->ep);
		push = zt_connected(ZMQ_PUSH, self->ep);
		w.fd = pull;
		ASSERT_TRUE(start(&w, block_in_poll, &thread));
		close(pull);
		ASSERT_EQ(0, zt_puts(push, "late", 0));
		pthread_join(thread, NULL);
		/* It wakes up, and then there is no such fd any more. */
		EXPECT_EQ(POLLNVAL, w.error);
		close(push);
	}
}

TEST_F(zmq_over, a_sender_outlives_the_close_of_its_fd)
{
	int pull, push, i;
	pthread_t thread;

	for (i = 0; i < 20; i++) {
		struct worker w = { };

		push = zt_listening(ZMQ_PUSH, variant->bind, self->ep);
		w.fd = push;
		ASSERT_TRUE(start(&w, block_in_send, &thread));
		close(push);
		pull = zt_connected(ZMQ_PULL, self->ep);
		pthread_join(thread, NULL);
		EXPECT_EQ(0, w.error);
		/* LINGER brings it over although the socket is closed. */
		EXPECT_TRUE(zt_gets(pull, "sent after close", ZT_LAST));
		close(pull);
	}
}

static void *open_and_close(void *arg)
{
	struct worker *w = arg;
	int i, fd;

	for (i = 0; i < w->count; i++) {
		fd = zt_socket(ZMQ_PUSH);
		if (fd < 0 || zt_connect(fd, w->ep) ||
		    zt_puts(fd, "x", MSG_DONTWAIT))
			w->error = errno;
		close(fd);
	}
	return NULL;
}

TEST_F_TIMEOUT(zmq_over, peers_come_and_go_while_messages_flow, 600)
{
	int pull = zt_listening(ZMQ_PULL, variant->bind, self->ep), i, n = 0;
	struct worker w[2] = { };
	pthread_t threads[2];
	char byte;

	ASSERT_LE(0, pull);
	/* Six hundred handshakes of a slow kernel take more than 30 s. */
	ASSERT_EQ(0, zt_sysctl_global("linger_max_ms", "600000"));
	ASSERT_EQ(0, zt_sysctl("linger_max_ms", "300000"));
	for (i = 0; i < 2; i++) {
		w[i].count = 300;
		memcpy(w[i].ep, self->ep, sizeof(w[i].ep));
		ASSERT_EQ(0, pthread_create(&threads[i], NULL, open_and_close,
					    &w[i]));
	}
	while (n < 600 && recv(pull, &byte, 1, 0) == 1)
		n++;
	EXPECT_EQ(600, n)
		zt_tell();
	for (i = 0; i < 2; i++) {
		pthread_join(threads[i], NULL);
		EXPECT_EQ(0, w[i].error);
	}
}

static void on_signal(int sig)
{
}

TEST_F(zmq_over, a_signal_interrupts_and_loses_nothing)
{
	const struct sigaction sa = { .sa_handler = on_signal };
	int pull = zt_listening(ZMQ_PULL, variant->bind, self->ep);
	int push = zt_connected(ZMQ_PUSH, self->ep), i;
	pthread_t thread;

	ASSERT_LE(0, pull);
	ASSERT_EQ(0, sigaction(SIGUSR1, &sa, NULL));
	for (i = 0; i < 20; i++) {
		struct worker w = { .fd = pull };

		ASSERT_TRUE(start(&w, block_in_recv, &thread));
		ASSERT_EQ(0, pthread_kill(thread, SIGUSR1));
		pthread_join(thread, NULL);
		EXPECT_EQ(EINTR, w.error);
		ASSERT_EQ(0, zt_puts(push, "whole", 0));
		EXPECT_TRUE(zt_gets(pull, "whole", ZT_LAST));
	}
}

TEST_HARNESS_MAIN
