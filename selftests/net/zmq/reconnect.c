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

static bool tells_error(int monitor, u32 event, u32 error)
{
	struct zmq_event_record r;

	if (!zt_poll(monitor, POLLIN, ZT_DEADLINE_MS) ||
	    read(monitor, &r, sizeof(r)) != sizeof(r))
		return false;
	if (r.event == event && r.error == error)
		return true;
	printf("# event %#x, error %u, not %#x, %u\n", r.event, r.error, event,
	       error);
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
	EXPECT_TRUE(tells_error(monitor, ZMQ_EVENT_GIVEN_UP, ECONNREFUSED));
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
	EXPECT_TRUE(tells_error(monitor, ZMQ_EVENT_GIVEN_UP, ECONNREFUSED));
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

#define GREETING(mech)	"\xff\0\0\0\0\0\0\0\0\x7f\3\1" mech \
			"\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0" \
			"\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0" \
			"\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"

/* What one may find behind an endpoint that is none, and the reason given. */
static const struct answer {
	const char *name;
	int len;
	char bytes[128];
	int error;
} answers[] = {
	{ "a load balancer", 34, "HTTP/1.0 503 Service Unavailable\r\n", EPROTO },
	{ "a TLS alert", 7, "\x15\3\1\0\2\2F", EPROTO },
	{ "an SSH banner", 24, "SSH-2.0-OpenSSH_9.2p1 \r\n", EPROTO },
	{ "half a greeting", 30, GREETING("NULL\0"), EPIPE },
	{ "another mechanism", 64, GREETING("CURVE"), EPROTONOSUPPORT },
	{ "another type", 91, GREETING("NULL\0")
	  "\4\31\5READY\13Socket-Type\0\0\0\3PUB", EPROTOTYPE },
	{ "an error", 73, GREETING("NULL\0") "\4\7\5ERROR\0",
	  ECONNREFUSED },
};

static int answer(int listener, const struct answer *a)
{
	int peer = zp_accept(listener);

	if (peer < 0 || zp_write(peer, a->bytes, a->len))
		return -1;
	if (a->error == EPIPE)
		shutdown(peer, SHUT_WR);
	if (!zp_closed(peer))
		return -1;
	return close(peer);
}

/* The next event that tells a failed handshake. */
static int handshake_error(int monitor)
{
	struct zmq_event_record r;

	while (zt_poll(monitor, POLLIN, ZT_DEADLINE_MS) &&
	       read(monitor, &r, sizeof(r)) == sizeof(r))
		if (r.event & (ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL |
			       ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL |
			       ZMQ_EVENT_HANDSHAKE_FAILED_AUTH))
			return r.error;
	return -1;
}

TEST_F(zmq, after_a_wrong_answer_it_is_dialed_again_with_its_queue)
{
	int push, port, listener, peer, monitor, i;

	for (i = 0; i < ARRAY_SIZE(answers); i++) {
		port = 0;
		push = dialing(0);
		monitor = zt_getint(push, ZMQ_MONITOR_FD);
		listener = zp_listen(0, &port);
		snprintf(self->ep, sizeof(self->ep), "tcp://127.0.0.1:%d", port);
		ASSERT_EQ(0, zt_connect(push, self->ep));
		ASSERT_EQ(0, zt_puts(push, "queued", 0));
		ASSERT_EQ(0, answer(listener, &answers[i]))
			TH_LOG("%s", answers[i].name);
		EXPECT_EQ(answers[i].error, handshake_error(monitor))
			TH_LOG("%s", answers[i].name);
		EXPECT_TRUE(zt_poll(push, POLLOUT, 0) & POLLOUT);
		peer = zp_accept_peer(listener, "PULL", "PUSH");
		ASSERT_LE(0, peer) TH_LOG("%s", answers[i].name);
		EXPECT_TRUE(zp_gets(peer, 0, "queued"));
		close(peer);
		close(listener);
		close(monitor);
		close(push);
	}
}

TEST_F(zmq, after_a_wrong_answer_it_is_given_up_only_if_asked_to)
{
	int push = dialing(ZMQ_RECONNECT_STOP_HANDSHAKE_FAILED), port = 0;
	int listener = zp_listen(0, &port), monitor;

	ASSERT_EQ(0, zt_setint(push, ZMQ_MONITOR, ZMQ_EVENT_GIVEN_UP));
	monitor = zt_getint(push, ZMQ_MONITOR_FD);
	snprintf(self->ep, sizeof(self->ep), "tcp://127.0.0.1:%d", port);
	ASSERT_EQ(0, zt_connect(push, self->ep));
	ASSERT_EQ(0, answer(listener, &answers[0]));
	EXPECT_TRUE(tells_error(monitor, ZMQ_EVENT_GIVEN_UP, EPROTO));
	EXPECT_FALSE(zp_pending(listener, 300));
}

TEST_F(zmq, who_answers_wrongly_is_asked_less_and_less)
{
	int push = dialing(0), port = 0, listener = zp_listen(0, &port);
	int monitor, ivl;
	u64 wait;

	ASSERT_EQ(0, zt_setint(push, ZMQ_MONITOR, ZMQ_EVENT_CONNECT_RETRIED));
	monitor = zt_getint(push, ZMQ_MONITOR_FD);
	snprintf(self->ep, sizeof(self->ep), "tcp://127.0.0.1:%d", port);
	ASSERT_EQ(0, zt_connect(push, self->ep));
	for (ivl = 10; ivl <= 640; ivl *= 2) {
		ASSERT_EQ(0, answer(listener, &answers[0]));
		wait = retried(monitor);
		EXPECT_LE(ivl * 3 / 4, wait) TH_LOG("%d ms", ivl);
		EXPECT_GE(ivl * 5 / 4, wait) TH_LOG("%d ms", ivl);
	}
}

TEST_F(zmq, a_violation_by_a_peer_that_is_up_is_no_end)
{
	int pull = zt_socket(ZMQ_PULL), port = 0, listener, peer, monitor, i;
	unsigned char hdr[16];
	s64 limit = 1000;
	u64 wait, start, least;

	ASSERT_EQ(0, zt_setint(pull, ZMQ_RECONNECT_IVL, 20));
	ASSERT_EQ(0, setsockopt(pull, SOL_ZMQ, ZMQ_MAXMSGSIZE, &limit,
				sizeof(limit)));
	ASSERT_EQ(0, zt_setint(pull, ZMQ_MONITOR, ZMQ_EVENT_CONNECT_RETRIED));
	monitor = zt_getint(pull, ZMQ_MONITOR_FD);
	listener = zp_listen(0, &port);
	snprintf(self->ep, sizeof(self->ep), "tcp://127.0.0.1:%d", port);
	ASSERT_EQ(0, zt_connect(pull, self->ep));
	for (i = 0, least = 20; i < 5; i++, least *= 2) {
		ASSERT_TRUE(zt_poll(listener, POLLIN, ZT_DEADLINE_MS));
		start = zt_now_ms();
		peer = zp_accept_peer(listener, "PUSH", "PULL");
		ASSERT_LE(0, peer);
		ASSERT_EQ(0, zp_write(peer, hdr,
				      zp_header(hdr, ZP_LONG, limit + 1)));
		EXPECT_TRUE(zp_closed(peer));
		/* A peer that was up for longer than the last wait is no bad one. */
		if (zt_now_ms() - start >= least / 2)
			least = 20;
		close(peer);
		wait = retried(monitor);
		EXPECT_LE(least * 3 / 4, wait) TH_LOG("round %d", i);
	}
	peer = zp_accept_peer(listener, "PUSH", "PULL");
	ASSERT_EQ(0, zp_puts(peer, 0, "better"));
	EXPECT_TRUE(zt_gets(pull, "better", ZT_LAST));
}

TEST_F(zmq, an_attempt_that_meets_itself_is_refused)
{
	static const int kinds[][2] = {
		{ ZMQ_DEALER, ZMQ_ROUTER }, { ZMQ_PAIR, ZMQ_PAIR },
		{ ZMQ_REQ, ZMQ_REP },
	};
	struct zmq_event_record r;
	int fd, server, monitor, i;
	u64 start;

	ASSERT_EQ(0, zt_sh("echo 42000 42001 >/proc/sys/net/ipv4/ip_local_port_range"));
	for (i = 0; i < ARRAY_SIZE(kinds); i++) {
		fd = zt_socket(kinds[i][0]);
		ASSERT_EQ(0, zt_setint(fd, ZMQ_RECONNECT_IVL, 20));
		ASSERT_EQ(0, zt_setint(fd, ZMQ_MONITOR, ZMQ_EVENT_CONNECTED |
				       ZMQ_EVENT_CLOSED));
		monitor = zt_getint(fd, ZMQ_MONITOR_FD);
		ASSERT_EQ(0, zt_connect(fd, "tcp://127.0.0.1:42000"));
		ASSERT_EQ(0, zt_puts(fd, "hello", 0));
		EXPECT_FALSE(zt_poll(fd, POLLIN, 1000));
		while (zt_poll(monitor, POLLIN, 0) &&
		       read(monitor, &r, sizeof(r)) == sizeof(r)) {
			EXPECT_EQ(ZMQ_EVENT_CLOSED, r.event);
			/* One of two ports waits for whoever met himself. */
			EXPECT_TRUE(r.error == ECONNREFUSED ||
				    r.error == EADDRNOTAVAIL)
				TH_LOG("%s", strerror(r.error));
		}
		server = zt_socket(kinds[i][1]);
		start = zt_now_ms();
		while (zt_bind(server, "tcp://127.0.0.1:42000") &&
		       zt_now_ms() - start < ZT_DEADLINE_MS)
			poll(NULL, 0, 1);
		EXPECT_GT(5000, zt_now_ms() - start) TH_LOG("kind %d", i);
		EXPECT_TRUE(zt_becomes(server, POLLIN)) TH_LOG("kind %d", i);
		zt_setint(fd, ZMQ_LINGER, 0);
		close(fd);
		close(server);
		close(monitor);
	}
}

TEST_F(zmq, a_lost_stream_ends_when_it_is_lost)
{
	int push = zt_socket(ZMQ_PUSH), port = 0, listener, peer;
	u64 start;

	ASSERT_EQ(0, zt_setint(push, ZMQ_RECONNECT_IVL, 3600000));
	ASSERT_EQ(0, zt_setint(push, ZMQ_HEARTBEAT_IVL, 100));
	listener = zp_listen(0, &port);
	snprintf(self->ep, sizeof(self->ep), "tcp://127.0.0.1:%d", port);
	ASSERT_EQ(0, zt_connect(push, self->ep));
	peer = zp_accept_peer(listener, "PULL", "PUSH");
	ASSERT_LE(0, peer);
	start = zt_now_ms();
	/* It answers no PING. */
	EXPECT_TRUE(zp_closed(peer));
	EXPECT_GT(ZT_DEADLINE_MS / 2, zt_now_ms() - start);
}

TEST_F(zmq, an_urgent_byte_ends_a_connection_and_not_its_endpoint)
{
	int pull = zt_socket(ZMQ_PULL), port = 0, listener, peer, i;

	ASSERT_EQ(0, zt_setint(pull, ZMQ_RECONNECT_IVL, 10));
	listener = zp_listen(0, &port);
	snprintf(self->ep, sizeof(self->ep), "tcp://127.0.0.1:%d", port);
	ASSERT_EQ(0, zt_connect(pull, self->ep));
	ASSERT_EQ(0, zt_bind_any(pull, "tcp://127.0.0.1:*", self->ep));
	for (i = 0; i < 3; i++) {
		peer = zp_accept(listener);
		ASSERT_LE(0, peer);
		/* In the handshake, and behind it. */
		if (i)
			ASSERT_EQ(0, zp_handshake(peer, "PUSH", "PULL"));
		if (i == 2)
			ASSERT_EQ(0, zp_puts(peer, 0, "before"));
		ASSERT_EQ(1, send(peer, "!", 1, MSG_OOB));
		EXPECT_TRUE(zp_closed(peer)) TH_LOG("round %d", i);
		close(peer);
	}
	EXPECT_TRUE(zt_gets(pull, "before", ZT_LAST));
	peer = zp_accept_peer(listener, "PUSH", "PULL");
	ASSERT_LE(0, peer);
	ASSERT_EQ(0, zp_puts(peer, 0, "behind"));
	EXPECT_TRUE(zt_gets(pull, "behind", ZT_LAST));
	/* One that came by itself goes. */
	peer = zp_peer(zt_port(self->ep), "PUSH", "PULL");
	ASSERT_EQ(1, send(peer, "!", 1, MSG_OOB));
	EXPECT_TRUE(zp_closed(peer));
}

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
