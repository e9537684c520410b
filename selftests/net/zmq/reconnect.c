// SPDX-License-Identifier: GPL-2.0-only
/* When a connection is dialed again, when it is not, and how it is undone. */
#include <limits.h>
#include <sys/un.h>
#include "kselftest_harness.h"
#include "fixture.h"

static int dialing(int stop)
{
	int fd = zt_socket(ZMQ_PUSH);

	if (zt_setint(fd, ZMQ_RECONNECT_IVL, 10) ||
	    zt_setint(fd, ZMQ_RECONNECT_STOP, stop))
		return -1;
	return fd;
}

static bool told(int monitor, u32 event)
{
	struct zmq_event_record r;

	if (!zt_poll(monitor, POLLIN, ZT_DEADLINE_MS) ||
	    read(monitor, &r, sizeof(r)) != sizeof(r))
		return false;
	if (r.event == event)
		return true;
	printf("# event %#x, value %llu, not %#x\n", r.event, r.value, event);
	return false;
}

TEST_F(zmq, stop_takes_its_bits_alone)
{
	int fd = zt_socket(ZMQ_PUSH);

	EXPECT_EQ(0, zt_getint(fd, ZMQ_RECONNECT_STOP));
	EXPECT_EQ(0, zt_setint(fd, ZMQ_RECONNECT_STOP, 7));
	EXPECT_EQ(-1, zt_setint(fd, ZMQ_RECONNECT_STOP, 8));
	EXPECT_EQ(EINVAL, errno);
	EXPECT_EQ(-1, zt_setint(fd, ZMQ_RECONNECT_STOP, -1));
	EXPECT_EQ(EINVAL, errno);
	EXPECT_EQ(7, zt_getint(fd, ZMQ_RECONNECT_STOP));
}

TEST_F(zmq, stop_after_a_refusal)
{
	int push = dialing(ZMQ_RECONNECT_STOP_CONN_REFUSED);
	int monitor = zt_getint(push, ZMQ_MONITOR_FD);

	ASSERT_EQ(0, zt_connect(push, "tcp://127.0.0.1:1"));
	EXPECT_TRUE(told(monitor, ZMQ_EVENT_CONNECT_DELAYED));
	EXPECT_TRUE(told(monitor, ZMQ_EVENT_CLOSED));
	EXPECT_EQ(0, zt_poll(monitor, POLLIN, 300));
	EXPECT_FALSE(zt_poll(push, POLLOUT, 0));
	/* The endpoint is gone, and may be connected to anew. */
	EXPECT_EQ(-1, zt_settext(push, ZMQ_DISCONNECT, "tcp://127.0.0.1:1"));
	EXPECT_EQ(ENOENT, errno);
	ASSERT_EQ(0, zt_connect(push, "tcp://127.0.0.1:1"));
	EXPECT_TRUE(told(monitor, ZMQ_EVENT_CONNECT_DELAYED));
}

TEST_F(zmq, stop_after_a_refusal_of_ipc)
{
	int push = dialing(ZMQ_RECONNECT_STOP_CONN_REFUSED);
	int monitor = zt_getint(push, ZMQ_MONITOR_FD);

	ASSERT_EQ(0, zt_connect(push, "ipc://@nobody-is-there"));
	EXPECT_TRUE(told(monitor, ZMQ_EVENT_CLOSED));
	EXPECT_EQ(0, zt_poll(monitor, POLLIN, 300));
	EXPECT_EQ(-1, zt_settext(push, ZMQ_DISCONNECT,
				 "ipc://@nobody-is-there"));
	EXPECT_EQ(ENOENT, errno);
}

/* A peer that hangs up @ready or not is dialed again unless @stop says no. */
static bool dialed_again(int stop, bool ready)
{
	int push = dialing(stop), port = 0, listener, peer;
	char ep[64];
	bool again;

	listener = zp_listen(0, &port);
	snprintf(ep, sizeof(ep), "tcp://127.0.0.1:%d", port);
	if (push < 0 || zt_connect(push, ep))
		return false;
	peer = zp_accept(listener);
	if (ready && zp_handshake(peer, "PULL", "PUSH"))
		printf("# no handshake\n");
	close(peer);
	again = zp_pending(listener, 400);
	close(listener);
	close(push);
	return again;
}

TEST_F(zmq, stop_after_a_failed_handshake)
{
	EXPECT_TRUE(dialed_again(0, false));
	EXPECT_TRUE(dialed_again(ZMQ_RECONNECT_STOP_CONN_REFUSED, false));
	EXPECT_FALSE(dialed_again(ZMQ_RECONNECT_STOP_HANDSHAKE_FAILED, false));
	EXPECT_TRUE(dialed_again(ZMQ_RECONNECT_STOP_HANDSHAKE_FAILED, true));
	EXPECT_TRUE(dialed_again(ZMQ_RECONNECT_STOP_CONN_REFUSED, true));
}

TEST_F(zmq, after_disconnect_what_is_queued_is_still_tried_unless_stopped)
{
	int stop, push, port, listener;

	for (stop = 0; stop < 8; stop += 4) {
		push = dialing(stop);
		port = zt_free_port();
		snprintf(self->ep, sizeof(self->ep), "tcp://127.0.0.1:%d",
			 port);
		ASSERT_EQ(0, zt_setint(push, ZMQ_LINGER, 10000));
		ASSERT_EQ(0, zt_connect(push, self->ep));
		ASSERT_EQ(0, zt_puts(push, "queued", 0));
		ASSERT_EQ(0, zt_settext(push, ZMQ_DISCONNECT, self->ep));
		/* A busy machine may still have to refuse a SYN. */
		poll(NULL, 0, 100);
		listener = zp_listen(0, &port);
		ASSERT_LE(0, listener);
		EXPECT_EQ(!stop, zp_pending(listener, stop ? 300 : 5000));
		close(listener);
		close(push);
	}
}

TEST_F(zmq, a_handshake_that_takes_too_long_is_begun_anew)
{
	int push = dialing(0), port = 0, listener, peer, i;
	u64 start;

	ASSERT_EQ(0, zt_setint(push, ZMQ_HANDSHAKE_IVL, 200));
	listener = zp_listen(0, &port);
	snprintf(self->ep, sizeof(self->ep), "tcp://127.0.0.1:%d", port);
	start = zt_now_ms();
	ASSERT_EQ(0, zt_connect(push, self->ep));
	for (i = 0; i < 3; i++) {
		peer = zp_accept(listener);
		ASSERT_LE(0, peer);
		EXPECT_TRUE(zp_closed(peer));
		close(peer);
	}
	EXPECT_LE(590, zt_now_ms() - start);
}

/* A listener that does not take what it is sent: its queue is full. */
static int deaf_listener(int *port)
{
	struct sockaddr_in sin = { .sin_family = AF_INET };
	socklen_t len = sizeof(sin);
	int fd = socket(AF_INET, SOCK_STREAM, 0), i, c;

	sin.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (bind(fd, (struct sockaddr *)&sin, sizeof(sin)) || listen(fd, 0) ||
	    getsockname(fd, (struct sockaddr *)&sin, &len))
		return -1;
	*port = ntohs(sin.sin_port);
	for (i = 0; i < 4; i++) {
		c = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
		if (c < 0)
			return -1;
		connect(c, (struct sockaddr *)&sin, sizeof(sin));
	}
	/* Until one is in, it would answer the next. */
	return zp_pending(fd, ZT_DEADLINE_MS) ? fd : -1;
}

TEST_F(zmq, an_attempt_that_takes_too_long_is_given_up)
{
	int push = dialing(0), monitor, port, i;
	u64 start;

	ASSERT_EQ(0, zt_setint(push, ZMQ_CONNECT_TIMEOUT, 200));
	monitor = zt_getint(push, ZMQ_MONITOR_FD);
	ASSERT_LE(0, deaf_listener(&port));
	snprintf(self->ep, sizeof(self->ep), "tcp://127.0.0.1:%d", port);
	start = zt_now_ms();
	ASSERT_EQ(0, zt_connect(push, self->ep));
	for (i = 0; i < 3; i++) {
		ASSERT_TRUE(told(monitor, ZMQ_EVENT_CONNECT_DELAYED));
		ASSERT_TRUE(told(monitor, ZMQ_EVENT_CLOSED));
		ASSERT_TRUE(told(monitor, ZMQ_EVENT_CONNECT_RETRIED));
	}
	EXPECT_LE(590, zt_now_ms() - start);
	EXPECT_GE(8000, zt_now_ms() - start);
}

static u64 retried(int monitor)
{
	struct zmq_event_record r;

	if (!zt_poll(monitor, POLLIN, ZT_DEADLINE_MS) ||
	    read(monitor, &r, sizeof(r)) != sizeof(r))
		return 0;
	return r.value;
}

TEST_F(zmq, waits_are_spread_and_never_above_the_maximum)
{
	int push = dialing(0), monitor, i;
	u64 wait, least = ULLONG_MAX, most = 0;

	ASSERT_EQ(0, zt_setint(push, ZMQ_RECONNECT_IVL, 50));
	ASSERT_EQ(0, zt_setint(push, ZMQ_MONITOR, ZMQ_EVENT_CONNECT_RETRIED));
	monitor = zt_getint(push, ZMQ_MONITOR_FD);
	ASSERT_EQ(0, zt_connect(push, "tcp://127.0.0.1:1"));
	for (i = 0; i < 12; i++) {
		wait = retried(monitor);
		EXPECT_LE(50, wait);
		EXPECT_GE(100, wait);
		least = wait < least ? wait : least;
		most = wait > most ? wait : most;
	}
	EXPECT_LT(least, most);
	ASSERT_EQ(0, zt_setint(push, ZMQ_RECONNECT_IVL_MAX, 120));
	for (i = 0; i < 6; i++) {
		wait = retried(monitor);
		EXPECT_LE(i ? 75 : 50, wait);
		EXPECT_GE(120, wait);
	}
}

/* A listener of ipc://@full that has room for nobody: @filler waits in it. */
static int full_listener(int *filler)
{
	static const struct sockaddr_un un = {
		.sun_family = AF_UNIX, .sun_path = "\0full",
	};
	socklen_t len = offsetof(struct sockaddr_un, sun_path) + 5;
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	*filler = socket(AF_UNIX, SOCK_STREAM, 0);
	if (bind(fd, (struct sockaddr *)&un, len) || listen(fd, 0) ||
	    connect(*filler, (struct sockaddr *)&un, len))
		return -1;
	return fd;
}

TEST_F(zmq, a_full_queue_is_asked_less_and_less)
{
	int push = dialing(0), monitor, filler, listener, ivl;
	u64 wait;

	listener = full_listener(&filler);
	ASSERT_LE(0, listener);
	ASSERT_EQ(0, zt_setint(push, ZMQ_MONITOR, ZMQ_EVENT_CONNECT_RETRIED));
	monitor = zt_getint(push, ZMQ_MONITOR_FD);
	ASSERT_EQ(0, zt_connect(push, "ipc://@full"));
	for (ivl = 10; ivl <= 640; ivl *= 2) {
		wait = retried(monitor);
		EXPECT_LE(ivl * 3 / 4, wait) TH_LOG("%d ms", ivl);
		EXPECT_GE(ivl * 5 / 4, wait) TH_LOG("%d ms", ivl);
	}
	ASSERT_LE(0, accept(listener, NULL, NULL));
	EXPECT_TRUE(zp_pending(listener, ZT_DEADLINE_MS));
}

TEST_F(zmq, a_full_queue_is_asked_as_often_as_the_maximum_says)
{
	int push = dialing(0), monitor, filler, i;
	u64 wait;

	ASSERT_LE(0, full_listener(&filler));
	ASSERT_EQ(0, zt_setint(push, ZMQ_RECONNECT_IVL_MAX, 20));
	ASSERT_EQ(0, zt_setint(push, ZMQ_MONITOR, ZMQ_EVENT_CONNECT_RETRIED));
	monitor = zt_getint(push, ZMQ_MONITOR_FD);
	ASSERT_EQ(0, zt_connect(push, "ipc://@full"));
	for (i = 0; i < 10; i++) {
		wait = retried(monitor);
		EXPECT_LE(10, wait);
		EXPECT_GE(20, wait);
	}
}

struct spelling {
	const char *done, *undone;
};

TEST_F(zmq, unbind_and_disconnect_take_any_spelling)
{
	static const struct spelling same[] = {
		{ "127.0.0.1", "127.0.0.1" },
		{ "127.0.0.1", "[::ffff:127.0.0.1]" },
		{ "[::ffff:127.0.0.1]", "127.0.0.1" },
		{ "[::ffff:7f00:1]", "[::FFFF:127.0.0.1]" },
		{ "[::1]", "[0:0:0:0:0:0:0:1]" },
		{ "[0000:0::0:001]", "[::1]" },
	};
	int port = zt_free_port(), i, fd;
	char done[64], undone[64];

	for (i = 0; i < ARRAY_SIZE(same); i++) {
		snprintf(done, sizeof(done), "tcp://%s:%d", same[i].done, port);
		snprintf(undone, sizeof(undone), "tcp://%s:0%d",
			 same[i].undone, port);
		fd = zt_socket(ZMQ_DEALER);
		ASSERT_EQ(0, zt_setint(fd, ZMQ_IPV6, 1));
		ASSERT_EQ(0, zt_connect(fd, done)) TH_LOG("%s", done);
		EXPECT_EQ(0, zt_settext(fd, ZMQ_DISCONNECT, undone))
			TH_LOG("%s, %s", done, undone);
		EXPECT_EQ(-1, zt_settext(fd, ZMQ_DISCONNECT, undone));
		EXPECT_EQ(ENOENT, errno);
		ASSERT_EQ(0, zt_bind(fd, done)) TH_LOG("%s", done);
		EXPECT_EQ(0, zt_settext(fd, ZMQ_UNBIND, undone))
			TH_LOG("%s, %s", done, undone);
		EXPECT_EQ(-1, zt_settext(fd, ZMQ_UNBIND, undone));
		EXPECT_EQ(ENOENT, errno);
		close(fd);
	}
}

TEST_F(zmq, a_wildcard_is_unbound_by_the_port_it_got)
{
	int pull = zt_socket(ZMQ_PULL);
	char other[64];

	ASSERT_EQ(0, zt_bind_any(pull, "tcp://*:*", self->ep));
	EXPECT_EQ(-1, zt_settext(pull, ZMQ_UNBIND, "tcp://*:*"));
	EXPECT_EQ(ENOENT, errno);
	snprintf(other, sizeof(other), "tcp://127.0.0.1:%d", zt_port(self->ep));
	EXPECT_EQ(-1, zt_settext(pull, ZMQ_UNBIND, other));
	EXPECT_EQ(ENOENT, errno);
	snprintf(other, sizeof(other), "tcp://*:%d", zt_port(self->ep));
	EXPECT_EQ(0, zt_settext(pull, ZMQ_UNBIND, other));

	ASSERT_EQ(0, zt_bind_any(pull, "tcp://lo:*", self->ep));
	snprintf(other, sizeof(other), "tcp://lo:%d", zt_port(self->ep));
	EXPECT_EQ(0, zt_settext(pull, ZMQ_UNBIND, other));
	ASSERT_EQ(0, zt_bind_any(pull, "tcp://lo:*", self->ep));
	EXPECT_EQ(0, zt_settext(pull, ZMQ_UNBIND, self->ep));
}

TEST_F(zmq, an_inproc_name_is_its_bytes)
{
	int pull = zt_socket(ZMQ_PULL), push = zt_socket(ZMQ_PUSH);

	ASSERT_EQ(0, zt_bind(pull, "inproc://Name"));
	ASSERT_EQ(0, zt_connect(push, "inproc://Name"));
	EXPECT_EQ(-1, zt_settext(push, ZMQ_DISCONNECT, "inproc://name"));
	EXPECT_EQ(ENOENT, errno);
	EXPECT_EQ(0, zt_settext(push, ZMQ_DISCONNECT, "inproc://Name"));
	EXPECT_EQ(-1, zt_settext(pull, ZMQ_UNBIND, "inproc://Name "));
	EXPECT_EQ(0, zt_settext(pull, ZMQ_UNBIND, "inproc://Name"));
	EXPECT_EQ(-1, zt_settext(pull, ZMQ_UNBIND, "inproc://Name"));
	EXPECT_EQ(ENOENT, errno);
}

TEST_HARNESS_MAIN
