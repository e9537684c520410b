// SPDX-License-Identifier: GPL-2.0-only
/* What calls say, and that poll() and SIGIO say the same. */
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include "kselftest_harness.h"
#include "fixture.h"

static int datagram(int pattern)
{
	return socket(zt_family(), SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC,
		      pattern);
}

static int named_dealer(const char *id, const char *ep)
{
	int fd = zt_socket(ZMQ_DEALER);

	if (zt_settext(fd, ZMQ_ROUTING_ID, id) ||
	    zt_setint(fd, ZMQ_RCVBUF, 4096) ||
	    zt_setint(fd, ZMQ_RCVHWM, 1) || zt_connect(fd, ep))
		return -1;
	return fd;
}

static int send_to(int router, const void *id, size_t len)
{
	static const char body[4096];

	if (send(router, id, len, MSG_MORE | MSG_DONTWAIT) != len)
		return -1;
	return send(router, body, sizeof(body), MSG_DONTWAIT) > 0 ? 0 : -1;
}

/* Until it is refused, and for as long as another moment brings more room. */
static bool fill_peer(int router, const void *id, size_t len)
{
	int i;

	for (i = 0; i < 100000; i++) {
		if (!send_to(router, id, len))
			continue;
		if (errno != EAGAIN)
			return false;
		if (!(zt_poll(router, POLLOUT, 100) & POLLOUT))
			return true;
	}
	return false;
}

TEST_F(zmq_over, room_is_that_of_the_peer_that_refused)
{
	static char buf[8192];
	int router = zt_socket(ZMQ_ROUTER), a, b;

	ASSERT_EQ(0, zt_setint(router, ZMQ_ROUTER_MANDATORY, 1));
	ASSERT_EQ(0, zt_setint(router, ZMQ_SNDHWM, 1));
	ASSERT_EQ(0, zt_setint(router, ZMQ_SNDBUF, 4096));
	ASSERT_EQ(0, zt_bind_any(router, variant->bind, self->ep));
	a = named_dealer("A", self->ep);
	b = named_dealer("B", self->ep);
	ASSERT_LE(0, a);
	ASSERT_LE(0, b);
	while (send_to(router, "B", 1))
		usleep(1000);
	while (send_to(router, "A", 1))
		usleep(1000);
	ASSERT_TRUE(fill_peer(router, "A", 1));
	EXPECT_EQ(0, zt_getint(router, ZMQ_EVENTS) & ZMQ_POLLOUT);

	/* That another one has room does not help. */
	ASSERT_EQ(sizeof(buf) / 2, recv(b, buf, sizeof(buf), 0));
	ASSERT_EQ(0, send_to(router, "B", 1));
	EXPECT_EQ(0, zt_poll(router, POLLOUT, 100));

	while (recv(a, buf, sizeof(buf), MSG_DONTWAIT) > 0 ||
	       !zt_poll(router, POLLOUT, 10))
		;
	EXPECT_TRUE(zt_becomes(router, POLLOUT));
	EXPECT_EQ(0, send_to(router, "A", 1));

	/* Nor does one that is gone keep others waiting. */
	ASSERT_TRUE(fill_peer(router, "A", 1));
	close(a);
	EXPECT_TRUE(zt_becomes(router, POLLOUT));
}

TEST_F(zmq, a_stream_has_the_room_of_the_connection_that_refused)
{
	static char buf[8192];
	int stream = zt_socket(ZMQ_STREAM), conn[2], i;
	char id[2][8];

	ASSERT_EQ(0, zt_setint(stream, ZMQ_SNDHWM, 2));
	ASSERT_EQ(0, zt_setint(stream, ZMQ_SNDBUF, 4096));
	ASSERT_EQ(0, zt_bind_any(stream, "tcp://127.0.0.1:*", self->ep));
	for (i = 0; i < 2; i++) {
		conn[i] = zp_dial(zt_port(self->ep), 4096);
		ASSERT_LE(0, conn[i]);
		ASSERT_EQ(5, recv(stream, id[i], sizeof(id[i]), 0));
		ASSERT_EQ(0, recv(stream, buf, sizeof(buf), 0));
	}
	ASSERT_TRUE(fill_peer(stream, id[0], 5));
	ASSERT_EQ(0, send_to(stream, id[1], 5));
	EXPECT_EQ(0, zt_poll(stream, POLLOUT, 100));
	while (!(zt_poll(stream, POLLOUT, 10) & POLLOUT))
		ASSERT_LT(0, read(conn[0], buf, sizeof(buf)));
	EXPECT_EQ(0, send_to(stream, id[0], 5));
}

TEST_F(zmq, out_of_turn_a_datagram_socket_says_eagain)
{
	int rep = datagram(ZMQ_REP), req = datagram(ZMQ_REQ);
	char buf[8];

	ASSERT_EQ(0, zt_bind(rep, "inproc://turns"));
	ASSERT_EQ(0, zt_connect(req, "inproc://turns"));
	EXPECT_EQ(-1, recv(req, buf, sizeof(buf), 0));
	EXPECT_EQ(EAGAIN, errno);
	EXPECT_EQ(-1, send(rep, "x", 1, 0));
	EXPECT_EQ(EAGAIN, errno);
	EXPECT_EQ(0, zt_poll(rep, POLLOUT, 0));
	ASSERT_EQ(1, send(req, "q", 1, 0));
	EXPECT_EQ(-1, send(req, "q", 1, 0));
	EXPECT_EQ(EAGAIN, errno);
	ASSERT_TRUE(zt_becomes(rep, POLLIN));
	ASSERT_EQ(1, recv(rep, buf, sizeof(buf), 0));
	EXPECT_EQ(-1, recv(rep, buf, sizeof(buf), 0));
	EXPECT_EQ(EAGAIN, errno);
	ASSERT_EQ(1, send(rep, "a", 1, 0));
	ASSERT_TRUE(zt_becomes(req, POLLIN));
	ASSERT_EQ(1, recv(req, buf, sizeof(buf), 0));
	EXPECT_EQ(-1, recv(req, buf, sizeof(buf), 0));
	EXPECT_EQ(EAGAIN, errno);

	/* Nobody waits for a turn that only the program itself can bring. */
	ASSERT_EQ(0, fcntl(req, F_SETFL, 0));
	EXPECT_EQ(-1, recv(req, buf, sizeof(buf), 0));
	EXPECT_EQ(EBADFD, errno);
	ASSERT_EQ(0, fcntl(rep, F_SETFL, 0));
	EXPECT_EQ(-1, send(rep, "x", 1, 0));
	EXPECT_EQ(EBADFD, errno);
}

TEST_F(zmq, out_of_turn_a_seqpacket_socket_says_ebadfd)
{
	int rep = zt_socket(ZMQ_REP), req = zt_socket(ZMQ_REQ);
	char buf[8];

	ASSERT_EQ(0, zt_bind(rep, "inproc://turns"));
	ASSERT_EQ(0, zt_connect(req, "inproc://turns"));
	EXPECT_EQ(-1, recv(req, buf, sizeof(buf), MSG_DONTWAIT));
	EXPECT_EQ(EBADFD, errno);
	EXPECT_EQ(-1, send(rep, "x", 1, MSG_DONTWAIT));
	EXPECT_EQ(EBADFD, errno);
}

TEST_F(zmq, flags_that_mean_nothing_are_ignored)
{
	static const int flags[] = {
		MSG_WAITALL, MSG_DONTROUTE, MSG_CONFIRM, MSG_FASTOPEN, MSG_TRUNC,
		MSG_PEEK, MSG_ERRQUEUE, MSG_CMSG_CLOEXEC, MSG_EOR,
	};
	int pull = zt_listening(ZMQ_PULL, "inproc://flags", self->ep);
	int push = zt_connected(ZMQ_PUSH, self->ep);
	char byte;
	int i;

	for (i = 0; i < ARRAY_SIZE(flags); i++) {
		EXPECT_EQ(1, send(push, "x", 1, flags[i])) {
			TH_LOG("flag %#x: %m", flags[i]);
		}
		EXPECT_TRUE(zt_gets(pull, "x", ZT_LAST));
	}
	ASSERT_EQ(1, send(push, "x", 1, 0));
	EXPECT_EQ(1, recv(pull, &byte, 1, MSG_WAITALL | MSG_DONTROUTE));
	EXPECT_EQ(-1, send(push, "x", 1, MSG_OOB));
	EXPECT_EQ(EOPNOTSUPP, errno);
}

static atomic_int signals;

static void count(int sig)
{
	signals++;
}

static bool signalled(void *arg)
{
	return signals;
}

TEST_F(zmq_over, sigio_tells_of_messages_and_of_room)
{
	static const char body[4096];
	struct sigaction sa = { .sa_handler = count, .sa_flags = SA_RESTART };
	int pull = zt_socket(ZMQ_PULL), push = zt_socket(ZMQ_PUSH);

	ASSERT_EQ(0, sigaction(SIGIO, &sa, NULL));
	ASSERT_EQ(0, zt_setint(pull, ZMQ_RCVHWM, 1));
	ASSERT_EQ(0, zt_setint(push, ZMQ_SNDHWM, 1));
	ASSERT_EQ(0, zt_setint(pull, ZMQ_RCVBUF, 4096));
	ASSERT_EQ(0, zt_setint(push, ZMQ_SNDBUF, 4096));
	ASSERT_EQ(0, zt_bind_any(pull, variant->bind, self->ep));
	ASSERT_EQ(0, zt_connect(push, self->ep));
	ASSERT_TRUE(zt_becomes(push, POLLOUT));

	ASSERT_EQ(0, fcntl(pull, F_SETOWN, getpid()));
	ASSERT_EQ(0, fcntl(pull, F_SETFL, O_ASYNC));
	ASSERT_EQ(0, zt_puts(push, "x", 0));
	EXPECT_TRUE(zt_eventually(signalled, NULL));
	ASSERT_EQ(0, fcntl(pull, F_SETFL, 0));

	ASSERT_EQ(0, fcntl(push, F_SETOWN, getpid()));
	ASSERT_EQ(0, fcntl(push, F_SETFL, O_ASYNC));
	do {
		ASSERT_LE(0, zt_fill(push, body, sizeof(body), 100000));
	} while (zt_poll(push, POLLOUT, 100));
	signals = 0;
	EXPECT_EQ(-1, zt_send(push, body, sizeof(body), MSG_DONTWAIT));
	EXPECT_EQ(EAGAIN, errno);
	EXPECT_EQ(0, signals);
	zt_drain(pull);
	EXPECT_TRUE(zt_eventually(signalled, NULL));
}

struct blocked {
	int	fd;
	bool	sends;
	int	err;
};

static void *block(void *arg)
{
	struct blocked *b = arg;
	char byte = 0;

	if ((b->sends ? send(b->fd, &byte, 1, 0) : recv(b->fd, &byte, 1, 0)) < 0)
		b->err = errno;
	return NULL;
}

TEST_F(zmq, shutdown_wakes_everybody_and_later_calls_say_so)
{
	int dealer = zt_socket(ZMQ_DEALER), i;
	struct blocked b[4];
	pthread_t t[4];
	char byte;

	ASSERT_EQ(0, zt_wait_for_ever(dealer));
	for (i = 0; i < 4; i++) {
		b[i] = (struct blocked){ .fd = dealer, .sends = i % 2 };
		ASSERT_EQ(0, pthread_create(&t[i], NULL, block, &b[i]));
	}
	usleep(200000);
	ASSERT_EQ(0, shutdown(dealer, SHUT_RDWR));
	for (i = 0; i < 4; i++) {
		ASSERT_EQ(0, pthread_join(t[i], NULL));
		EXPECT_EQ(ESHUTDOWN, b[i].err);
	}
	EXPECT_EQ(POLLIN | POLLOUT | POLLHUP,
		  zt_poll(dealer, POLLIN | POLLOUT, 0));
	EXPECT_EQ(ZMQ_POLLIN | ZMQ_POLLOUT, zt_getint(dealer, ZMQ_EVENTS));
	EXPECT_EQ(-1, send(dealer, "x", 1, 0));
	EXPECT_EQ(ESHUTDOWN, errno);
	EXPECT_EQ(-1, recv(dealer, &byte, 1, MSG_DONTWAIT));
	EXPECT_EQ(ESHUTDOWN, errno);
	EXPECT_EQ(-1, zt_connect(dealer, "tcp://127.0.0.1:1"));
	EXPECT_EQ(ESHUTDOWN, errno);
	EXPECT_EQ(-1, zt_bind(dealer, "inproc://late"));
	EXPECT_EQ(ESHUTDOWN, errno);
	EXPECT_EQ(-1, shutdown(dealer, 3));
	EXPECT_EQ(EINVAL, errno);
}

TEST_F(zmq_over, what_was_sent_before_a_shutdown_arrives)
{
	int pull = zt_listening(ZMQ_PULL, variant->bind, self->ep);
	int push = zt_connected(ZMQ_PUSH, self->ep);

	ASSERT_EQ(0, zt_puts(push, "1", MSG_MORE));
	ASSERT_EQ(0, zt_puts(push, "2", 0));
	ASSERT_EQ(0, shutdown(push, SHUT_RDWR));
	EXPECT_TRUE(zt_gets(pull, "1", ZT_MORE));
	EXPECT_TRUE(zt_gets(pull, "2", ZT_LAST));
}

TEST_F(zmq, each_direction_can_be_shut_by_itself)
{
	int a = zt_listening(ZMQ_PAIR, "inproc://half", self->ep);
	int b = zt_connected(ZMQ_PAIR, self->ep);
	char byte;

	ASSERT_EQ(0, shutdown(a, SHUT_WR));
	EXPECT_EQ(-1, send(a, "x", 1, 0));
	EXPECT_EQ(ESHUTDOWN, errno);
	EXPECT_EQ(POLLOUT, zt_poll(a, POLLIN | POLLOUT, 0));
	ASSERT_EQ(0, zt_puts(b, "in", 0));
	EXPECT_TRUE(zt_gets(a, "in", ZT_LAST));
	ASSERT_EQ(0, shutdown(a, SHUT_RD));
	EXPECT_EQ(-1, recv(a, &byte, 1, 0));
	EXPECT_EQ(ESHUTDOWN, errno);
	EXPECT_EQ(POLLHUP, zt_poll(a, 0, 0));
}

TEST_HARNESS_MAIN
