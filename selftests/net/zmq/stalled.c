// SPDX-License-Identifier: GPL-2.0-only
/*
 * What a user can stall, he stalls for himself: page faults, locks of sockets
 * that he made, SO_LINGER. For file systems see stalled_paths.c.
 */
#include <pthread.h>
#include <stdlib.h>
#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <sys/un.h>
#include "kselftest_harness.h"
#include "fixture.h"
#include "stalled.h"

/* Thousands of sockets and threads take their time to come and to go. */
#define LONG_S	600

static int fds[2 * STALLED_MAX];
static char *page;

static void *send_page(void *arg)
{
	send(*(int *)arg, page, 16, 0);
	return NULL;
}

static void fault_in_send(int count, int step)
{
	pthread_attr_t attr;
	pthread_t thread;
	int i;

	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, 64 << 10);
	for (i = 0; i < count; i++)
		pthread_create(&thread, &attr, send_page, &fds[i * step]);
	sleep(2);
}

static int tcp_pair(int listener, int sv[2])
{
	struct sockaddr_in sin;
	socklen_t len = sizeof(sin);

	getsockname(listener, (struct sockaddr *)&sin, &len);
	sv[0] = socket(AF_INET, SOCK_STREAM, 0);
	if (connect(sv[0], (struct sockaddr *)&sin, len))
		return -1;
	sv[1] = accept(listener, NULL, NULL);
	return sv[1] < 0 ? -1 : 0;
}

/* Page faults: the lock of each socket is held in one. */

static int stall_in_faults(void *arg)
{
	struct stall *stall = arg;
	char ep[ZMQ_ENDPOINT_MAX];
	int i, port;

	page = stall_make_page();
	if (!page)
		return 1;
	stall_become_nobody();
	for (i = 0; i < stall->count; i++) {
		fds[i] = zt_listening(ZMQ_PAIR, "tcp://127.0.0.1:*", ep);
		port = zt_port(ep);
		if (fds[i] < 0)
			return 1;
		fds[stall->count + i] = port;
	}
	fault_in_send(stall->count, 1);
	for (i = 0; i < stall->count; i++)
		zp_dial(fds[stall->count + i], 0);
	stall_set_step(stall, STALL_STALLING);
	pause();
	return 0;
}

TEST_F_TIMEOUT(zmq, page_faults_stall_their_own_socket, LONG_S)
{
	struct stall *stall = stall_new(STALLED);

	if (!stall_can_fault())
		SKIP(return, "no userfaultfd");
	ASSERT_TRUE(stall_begin(stall, stall_in_faults));
	EXPECT_TRUE(stall_spares_others(stall, STALL_STALLING));
	stall_end(stall);
}

/* Locks: a send() in a fault has that of each attached stream. */

static int attach(int stream)
{
	int z = zt_socket(ZMQ_STREAM);

	return zt_setint(z, ZMQ_ATTACH_FD, stream) ? -1 : z;
}

static int stall_in_locks(void *arg)
{
	struct stall *stall = arg;
	int i, z[STALLED_MAX], sv[2], port, more;
	int listener = zp_listen(0, &port);
	char id[STALLED_MAX][8];

	page = stall_make_page();
	if (!page)
		return 1;
	stall_become_nobody();
	for (i = 0; i < stall->count; i++) {
		if (tcp_pair(listener, sv))
			return 1;
		fds[i] = sv[0];
		z[i] = attach(sv[0]);
		if (zt_recv(z[i], id[i], 8, 0, &more) < 0 ||
		    zt_recv(z[i], sv, 0, 0, &more) < 0)
			return 1;
	}
	fault_in_send(stall->count, 1);
	for (i = 0; i < stall->count; i++)
		if (zt_send(z[i], id[i], 5, MSG_MORE) < 0 ||
		    zt_send(z[i], "for it", 6, MSG_BATCH) < 0)
			return 1;
	sleep(1);
	stall_set_step(stall, STALL_STALLING);
	stall_comes_to(stall, STALL_RELEASED);
	/* Neither poll() nor close() waits for the stream. */
	for (i = 0; i < stall->count; i++) {
		u64 begin = zt_now_ms();

		zt_poll(z[i], POLLIN, 0);
		close(z[i]);
		if (zt_now_ms() - begin > stall->took)
			stall->took = zt_now_ms() - begin;
	}
	stall_set_step(stall, STALL_DONE);
	pause();
	return 0;
}

TEST_F_TIMEOUT(zmq, locks_of_attached_streams_stall_their_own_socket, LONG_S)
{
	struct stall *stall = stall_new(STALLED);

	if (!stall_can_fault())
		SKIP(return, "no userfaultfd");
	ASSERT_TRUE(stall_begin(stall, stall_in_locks));
	EXPECT_TRUE(stall_spares_others(stall, STALL_STALLING));
	stall_set_step(stall, STALL_RELEASED);
	EXPECT_TRUE(stall_spares_others(stall, STALL_DONE));
	EXPECT_GT(MORE_MS, stall->took);
	stall_end(stall);
}

/* SO_LINGER: what is attached or accepted would wait for its peer. */

static int stall_in_linger(void *arg)
{
	struct linger linger = { .l_onoff = 1, .l_linger = 60 };
	static char much[1 << 14];
	struct stall *stall = arg;
	int listener, port, i, sv[2], z, small = 4096;

	stall_become_nobody();
	listener = zp_listen(0, &port);
	setsockopt(listener, SOL_SOCKET, SO_RCVBUF, &small, sizeof(small));
	for (i = 0; i < stall->count; i++) {
		if (tcp_pair(listener, sv))
			return 1;
		setsockopt(sv[0], SOL_SOCKET, SO_SNDBUF, &small, sizeof(small));
		setsockopt(sv[0], SOL_SOCKET, SO_LINGER, &linger,
			   sizeof(linger));
		z = attach(sv[0]);
		/* The peer does not read it. */
		while (send(sv[0], much, sizeof(much), MSG_DONTWAIT) > 0)
			;
		close(sv[0]);
		fds[i] = z;
		fds[stall->count + i] = sv[1];
	}
	for (i = 0; i < stall->count; i++)
		stall_timed_close(stall, fds[i]);
	stall_set_step(stall, STALL_STALLING);
	pause();
	return 0;
}

TEST_F_TIMEOUT(zmq, so_linger_stalls_nobody, LONG_S)
{
	struct stall *stall = stall_new(STALLED);

	ASSERT_TRUE(stall_begin(stall, stall_in_linger));
	EXPECT_TRUE(stall_spares_others(stall, STALL_STALLING));
	EXPECT_GT(MORE_MS, stall->took);
	stall_end(stall);
}

static bool is_over(void *arg)
{
	return zt_counter("ZmqProtoError") + zt_counter("ZmqRxTooBig") >=
	       *(long *)arg;
}

/* A child inherits it from a listener that was given. */
TEST_F(zmq, so_linger_of_a_listener_is_not_inherited)
{
	struct linger linger = { .l_onoff = 1, .l_linger = 60 };
	int push = zt_socket(ZMQ_PUSH), port, fd = zp_listen(0, &port);
	static const char bad[] = "\x02\xff\xff\xff\xff\xff\xff\xff\xff";
	static char much[1 << 20];
	long one = 1;
	u64 begin;
	int peer;

	ASSERT_EQ(0, setsockopt(fd, SOL_SOCKET, SO_LINGER, &linger,
				sizeof(linger)));
	ASSERT_EQ(0, zt_setint(push, ZMQ_USE_FD, fd));
	ASSERT_EQ(0, zt_setint(push, ZMQ_SNDHWM, 0));
	ASSERT_EQ(0, zt_bind_any(push, "tcp://127.0.0.1:*", self->ep));
	peer = zp_peer(zt_port(self->ep), "PULL", "PUSH");
	ASSERT_LE(0, peer);
	ASSERT_TRUE(zt_becomes(push, POLLOUT));
	ASSERT_EQ(0, zt_send(push, much, sizeof(much), 0));
	ASSERT_EQ(0, zt_send(push, much, sizeof(much), 0));
	ASSERT_LT(0, send(peer, bad, sizeof(bad), 0));
	ASSERT_TRUE(zt_eventually(is_over, &one));
	begin = zt_now_ms();
	EXPECT_EQ(0, zt_setint(push, ZMQ_LINGER, 0));
	close(push);
	EXPECT_GT(MORE_MS, zt_now_ms() - begin);
	close(peer);
	close(fd);
}

static void *recv_page(void *arg)
{
	recv(*(int *)arg, page, 16, 0);
	return NULL;
}

/* A process that is killed, since its other thread does not end. */
static int poll_beside_fault(void *arg)
{
	int *sub = arg;
	pthread_t thread;
	u64 begin;

	page = stall_make_page();
	if (!page || pthread_create(&thread, NULL, recv_page, sub))
		return 1;
	sleep(1);
	begin = zt_now_ms();
	if (!zt_poll(*sub, POLLIN, 0))
		return 1;
	return zt_now_ms() - begin > MORE_MS;
}

TEST_F(zmq, poll_waits_for_no_caller)
{
	int sub, pub;

	if (!stall_can_fault())
		SKIP(return, "no userfaultfd");
	sub = zt_listening(ZMQ_SUB, "tcp://127.0.0.1:*", self->ep);
	ASSERT_EQ(0, zt_settext(sub, ZMQ_SUBSCRIBE, ""));
	pub = zt_connected(ZMQ_XPUB, self->ep);
	ASSERT_TRUE(zt_becomes(pub, POLLIN));
	ASSERT_EQ(0, zt_puts(pub, "one", 0));
	ASSERT_TRUE(zt_wait_unread(1));
	EXPECT_TRUE(zt_reap(zt_child(poll_beside_fault, &sub)));
}

static void *write_on(void *arg)
{
	static char much[1 << 20];

	while (send(*(int *)arg, much, sizeof(much), MSG_NOSIGNAL) > 0)
		;
	return NULL;
}

static bool is_refused(void *arg)
{
	return zt_counter("ZmqHandshakeProtocol") > 0;
}

/* What is read of it before its stream is closed has an end. */
TEST_F(zmq, a_peer_that_goes_on_writing_is_let_go)
{
	struct sockaddr_un un = { .sun_family = AF_UNIX, .sun_path = "\0on" };
	int pull = zt_listening(ZMQ_PULL, "ipc://@on", self->ep);
	int fd = socket(AF_UNIX, SOCK_STREAM, 0), room = 64 << 20, i;
	pthread_t threads[6];
	u64 begin;

	ASSERT_LE(0, pull);
	setsockopt(fd, SOL_SOCKET, SO_SNDBUFFORCE, &room, sizeof(room));
	ASSERT_EQ(0, connect(fd, (struct sockaddr *)&un,
			     offsetof(struct sockaddr_un, sun_path) + 3));
	for (i = 0; i < 6; i++)
		ASSERT_EQ(0, pthread_create(&threads[i], NULL, write_on, &fd));
	EXPECT_TRUE(zt_eventually(is_refused, NULL));
	begin = zt_now_ms();
	EXPECT_EQ(0, zt_setint(pull, ZMQ_RCVHWM, 10));
	EXPECT_GT(MORE_MS, zt_now_ms() - begin);
	for (i = 0; i < 6; i++)
		pthread_join(threads[i], NULL);
	close(fd);
}

TEST_HARNESS_MAIN
