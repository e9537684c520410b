// SPDX-License-Identifier: GPL-2.0-only
/* STREAM and ZMQ_ROUTER_RAW: plain TCP in messages. */
#include <stdlib.h>
#include "kselftest_harness.h"
#include "fixture.h"

#define ID_LEN	5
#define MSG_MAX	8192
#define BULK	1000000

static int bound(int type, char *ep)
{
	int fd = zt_socket(type);

	if (fd < 0 ||
	    (type == ZMQ_ROUTER && zt_setint(fd, ZMQ_ROUTER_RAW, 1)) ||
	    zt_bind_any(fd, "tcp://127.0.0.1:*", ep))
		return -1;
	return fd;
}

/* Receives an id and then this message of that peer. */
static bool got_from(int fd, unsigned char *id, const void *data, size_t len)
{
	int flags;

	if (zt_recv(fd, id, ID_LEN, 0, &flags) != ID_LEN || id[0] ||
	    flags & (MSG_EOR | MSG_TRUNC)) {
		printf("# no routing id, flags %#x: %m\n", flags);
		return false;
	}
	return zt_got(fd, data, len, ZT_LAST);
}

/* The same if the peer is one that is known. */
static bool got_of(int fd, const unsigned char *id, const char *text)
{
	unsigned char from[ID_LEN];

	return got_from(fd, from, text, strlen(text)) &&
	       !memcmp(from, id, ID_LEN);
}

static int send_to(int fd, const void *id, const void *data, size_t len,
		   int flags)
{
	if (zt_send(fd, id, ID_LEN, MSG_MORE | flags))
		return -1;
	return zt_send(fd, data, len, flags);
}

static int puts_to(int fd, const void *id, const char *text)
{
	return send_to(fd, id, text, strlen(text), 0);
}

static bool reads(int peer, const char *text)
{
	char buf[256];

	return !zp_read(peer, buf, strlen(text)) &&
	       !memcmp(buf, text, strlen(text));
}

FIXTURE(raw) {
	char ep[ZMQ_ENDPOINT_MAX];
	unsigned char id[ID_LEN];
	int fd;
	int peer;
};

FIXTURE_VARIANT(raw) {
	int type;
};

FIXTURE_VARIANT_ADD(raw, stream) {
	.type = ZMQ_STREAM,
};

FIXTURE_VARIANT_ADD(raw, router) {
	.type = ZMQ_ROUTER,
};

/* A socket and a peer that has connected to it. */
FIXTURE_SETUP(raw)
{
	ASSERT_EQ(0, zt_setup(_metadata->name));
	self->fd = bound(variant->type, self->ep);
	ASSERT_LE(0, self->fd);
	self->peer = zp_dial(zt_port(self->ep), 0);
	ASSERT_LE(0, self->peer);
	ASSERT_TRUE(got_from(self->fd, self->id, "", 0));
}

FIXTURE_TEARDOWN(raw)
{
	close(self->peer);
	close(self->fd);
	EXPECT_EQ(0, zt_teardown());
}

TEST_F(raw, bytes_go_both_ways_as_they_are)
{
	ASSERT_EQ(0, zp_write(self->peer, "GET /\r\n", 7));
	EXPECT_TRUE(got_of(self->fd, self->id, "GET /\r\n"));
	ASSERT_EQ(0, puts_to(self->fd, self->id, "200 OK\r\n"));
	ASSERT_EQ(0, puts_to(self->fd, self->id, "x"));
	EXPECT_TRUE(reads(self->peer, "200 OK\r\nx"));
	EXPECT_TRUE(zp_silent(self->peer));
}

TEST_F(raw, the_end_is_told_behind_all_data)
{
	ASSERT_EQ(0, zp_write(self->peer, "last words", 10));
	close(self->peer);
	self->peer = -1;
	EXPECT_TRUE(got_of(self->fd, self->id, "last words"));
	EXPECT_TRUE(got_of(self->fd, self->id, ""));
	EXPECT_EQ(0, zt_poll(self->fd, POLLIN, 100));
}

TEST_F(raw, more_behind_the_data_means_nothing)
{
	ASSERT_EQ(0, zt_send(self->fd, self->id, ID_LEN, MSG_MORE));
	ASSERT_EQ(0, zt_puts(self->fd, "one", MSG_MORE));
	EXPECT_TRUE(reads(self->peer, "one"));
	ASSERT_EQ(0, puts_to(self->fd, self->id, "two"));
	EXPECT_TRUE(reads(self->peer, "two"));
}

TEST_F(raw, whole_messages_have_two_frames)
{
	const struct zmq_frame_desc good[] = {
		{ ID_LEN, ZMQ_FRAME_MORE }, { 3, 0 },
		{ ID_LEN, ZMQ_FRAME_MORE }, { 3, 0 },
	};
	const struct zmq_frame_desc bad[] = {
		{ ID_LEN, ZMQ_FRAME_MORE }, { 3, ZMQ_FRAME_MORE }, { 3, 0 },
	};
	unsigned char data[2 * (ID_LEN + 3)], back[64];
	struct zt_batch b;

	memcpy(data, self->id, ID_LEN);
	memcpy(data + ID_LEN, "one", 3);
	memcpy(data + ID_LEN + 3, self->id, ID_LEN);
	memcpy(data + 2 * ID_LEN + 3, "two", 3);
	EXPECT_EQ(-1, zt_send_frames(self->fd, data, ID_LEN + 6, bad, 3, 0));
	EXPECT_EQ(EINVAL, errno);
	ASSERT_EQ(sizeof(data), zt_send_frames(self->fd, data, sizeof(data),
					       good, 4, 0));
	EXPECT_TRUE(reads(self->peer, "onetwo"));
	EXPECT_TRUE(zp_silent(self->peer));

	ASSERT_EQ(0, zt_setint(self->fd, ZMQ_RCVFRAMES, 1));
	ASSERT_EQ(0, zp_write(self->peer, "back", 4));
	ASSERT_EQ(ID_LEN + 4, zt_recv_frames(self->fd, back, sizeof(back), &b,
					     8, 0));
	EXPECT_EQ(2, b.nr);
	EXPECT_EQ(0, memcmp(back, self->id, ID_LEN));
	EXPECT_EQ(0, memcmp(back + ID_LEN, "back", 4));
}

TEST_F(raw, an_empty_message_closes_behind_what_was_sent)
{
	ASSERT_EQ(0, puts_to(self->fd, self->id, "bye"));
	ASSERT_EQ(0, puts_to(self->fd, self->id, ""));
	EXPECT_TRUE(reads(self->peer, "bye"));
	EXPECT_TRUE(zp_closed(self->peer));
	/* nobody needs to be told */
	EXPECT_EQ(0, zt_poll(self->fd, POLLIN, 100));
}

TEST_F(raw, many_bytes_come_whole_and_in_order)
{
	unsigned char *out = malloc(BULK), *in = malloc(BULK + MSG_MAX);
	unsigned char from[ID_LEN];
	size_t got = 0;
	ssize_t n = 1;
	int flags;
	pid_t pid;

	zt_pattern(out, BULK, 1);
	pid = fork();
	if (!pid)
		_exit(zp_write(self->peer, out, BULK) != 0);
	while (got < BULK && n > 0) {
		ASSERT_EQ(ID_LEN, zt_recv(self->fd, from, ID_LEN, 0, &flags));
		n = zt_recv(self->fd, in + got, MSG_MAX, 0, &flags);
		EXPECT_EQ(MSG_EOR, flags & (MSG_EOR | MSG_TRUNC));
		ASSERT_LT(0, n);
		got += n;
	}
	EXPECT_EQ(BULK, got);
	EXPECT_TRUE(zt_pattern_ok(in, BULK, 1));
	EXPECT_TRUE(zt_reap(pid));
	free(out);
	free(in);
}

TEST_F(raw, many_bytes_go_whole_and_in_order)
{
	unsigned char *out = malloc(BULK), *in = malloc(BULK);
	size_t n, at;
	pid_t pid;

	zt_pattern(out, BULK, 2);
	pid = fork();
	if (!pid)
		_exit(zp_read(self->peer, in, BULK) ||
		      !zt_pattern_ok(in, BULK, 2));
	for (at = 0; at < BULK; at += n) {
		n = BULK - at < 1 + at % 50000 ? BULK - at : 1 + at % 50000;
		ASSERT_EQ(0, send_to(self->fd, self->id, out + at, n, 0));
	}
	EXPECT_TRUE(zt_reap(pid));
	free(out);
	free(in);
}

TEST_F(raw, two_peers_are_told_apart)
{
	int other = zp_dial(zt_port(self->ep), 0);
	unsigned char id[ID_LEN];

	ASSERT_TRUE(got_from(self->fd, id, "", 0));
	EXPECT_NE(0, memcmp(id, self->id, ID_LEN));
	ASSERT_EQ(0, puts_to(self->fd, id, "other"));
	ASSERT_EQ(0, puts_to(self->fd, self->id, "first"));
	EXPECT_TRUE(reads(other, "other"));
	EXPECT_TRUE(reads(self->peer, "first"));
	ASSERT_EQ(0, zp_write(other, "o", 1));
	EXPECT_TRUE(got_of(self->fd, id, "o"));
	close(other);
	EXPECT_TRUE(got_of(self->fd, id, ""));
}

TEST_F(raw, closing_with_everything_unread_leaves_nothing)
{
	int i, others[20];

	for (i = 0; i < ARRAY_SIZE(others); i++) {
		others[i] = zp_dial(zt_port(self->ep), 0);
		ASSERT_EQ(0, zp_write(others[i], "unread", 6));
		if (i % 2)
			close(others[i]);
	}
	EXPECT_TRUE(zt_becomes(self->fd, POLLIN));
	ASSERT_EQ(0, puts_to(self->fd, self->id, "sent"));
	close(self->fd);
	self->fd = -1;
	EXPECT_TRUE(reads(self->peer, "sent"));
	EXPECT_TRUE(zp_closed(self->peer));
	for (i = 0; i < ARRAY_SIZE(others); i += 2)
		close(others[i]);
}

TEST_F(zmq, stream_refuses_an_unknown_peer)
{
	int fd = bound(ZMQ_STREAM, self->ep);

	ASSERT_LE(0, fd);
	EXPECT_EQ(-1, zt_send(fd, "\0abcd", ID_LEN, MSG_MORE));
	EXPECT_EQ(EHOSTUNREACH, errno);
	EXPECT_EQ(-1, zt_send(fd, "", 0, MSG_MORE));
	EXPECT_EQ(EHOSTUNREACH, errno);
}

TEST_F(zmq, stream_refuses_a_peer_that_has_gone)
{
	int fd = bound(ZMQ_STREAM, self->ep), peer;
	unsigned char id[ID_LEN];

	peer = zp_dial(zt_port(self->ep), 0);
	ASSERT_TRUE(got_from(fd, id, "", 0));
	ASSERT_EQ(0, puts_to(fd, id, ""));
	EXPECT_EQ(-1, zt_send(fd, id, ID_LEN, MSG_MORE));
	EXPECT_EQ(EHOSTUNREACH, errno);
	EXPECT_TRUE(zp_closed(peer));

	peer = zp_dial(zt_port(self->ep), 0);
	ASSERT_TRUE(got_from(fd, id, "", 0));
	close(peer);
	EXPECT_TRUE(got_of(fd, id, ""));
	EXPECT_EQ(-1, zt_send(fd, id, ID_LEN, MSG_MORE));
	EXPECT_EQ(EHOSTUNREACH, errno);
}

TEST_F(zmq, stream_tells_each_beginning_and_end_once_though_late)
{
	int fd = bound(ZMQ_STREAM, self->ep), peer, i;
	unsigned char ids[8][ID_LEN];

	for (i = 0; i < ARRAY_SIZE(ids); i++) {
		peer = zp_dial(zt_port(self->ep), 0);
		ASSERT_EQ(0, zp_write(peer, &i, sizeof(i)));
		shutdown(peer, SHUT_WR);
		/* the other side closes in turn: it knows of all of it */
		ASSERT_TRUE(zp_closed(peer));
		close(peer);
	}
	for (i = 0; i < ARRAY_SIZE(ids); i++)
		ASSERT_TRUE(got_from(fd, ids[i], "", 0));
	for (i = 0; i < ARRAY_SIZE(ids); i++) {
		unsigned char id[ID_LEN];

		ASSERT_TRUE(got_from(fd, id, &i, sizeof(i)));
		EXPECT_EQ(0, memcmp(id, ids[i], ID_LEN));
	}
	for (i = 0; i < ARRAY_SIZE(ids); i++)
		EXPECT_TRUE(got_of(fd, ids[i], ""));
	EXPECT_EQ(0, zt_poll(fd, POLLIN, 0));
}

TEST_F(zmq, stream_notify_can_be_turned_off)
{
	int fd = zt_socket(ZMQ_STREAM), peer;
	unsigned char id[ID_LEN];

	ASSERT_EQ(0, zt_setint(fd, ZMQ_STREAM_NOTIFY, 0));
	EXPECT_EQ(-1, zt_setint(fd, ZMQ_STREAM_NOTIFY, 2));
	EXPECT_EQ(EINVAL, errno);
	ASSERT_EQ(0, zt_bind_any(fd, "tcp://127.0.0.1:*", self->ep));
	peer = zp_dial(zt_port(self->ep), 0);
	ASSERT_EQ(0, zp_write(peer, "a", 1));
	EXPECT_TRUE(got_from(fd, id, "a", 1));
	shutdown(peer, SHUT_WR);
	ASSERT_TRUE(zp_closed(peer));
	EXPECT_EQ(0, zt_poll(fd, POLLIN, 0));
}

TEST_F(zmq, stream_knows_whom_it_connected_to)
{
	unsigned char id[256], named[ID_LEN] = "named", from[ID_LEN];
	int port = 0, listener = zp_listen(0, &port), fd, peer;
	socklen_t len = sizeof(id);

	fd = zt_socket(ZMQ_STREAM);
	snprintf(self->ep, sizeof(self->ep), "tcp://127.0.0.1:%d", port);
	ASSERT_EQ(0, zt_connect(fd, self->ep));
	ASSERT_EQ(0, getsockopt(fd, SOL_ZMQ, ZMQ_ROUTING_ID, id, &len));
	ASSERT_EQ(ID_LEN, len);
	/* may be sent to before it is there */
	ASSERT_EQ(0, puts_to(fd, id, "early"));
	peer = zp_accept(listener);
	EXPECT_TRUE(reads(peer, "early"));
	EXPECT_TRUE(got_of(fd, id, ""));

	ASSERT_EQ(0, setsockopt(fd, SOL_ZMQ, ZMQ_CONNECT_ROUTING_ID, named,
				ID_LEN));
	ASSERT_EQ(0, zt_connect(fd, self->ep));
	peer = zp_accept(listener);
	ASSERT_EQ(ID_LEN, zt_recv(fd, from, ID_LEN, 0, &(int){ 0 }));
	EXPECT_EQ(0, memcmp(from, named, ID_LEN));
	EXPECT_TRUE(zt_got(fd, "", 0, ZT_LAST));
	ASSERT_EQ(0, puts_to(fd, named, "hello"));
	EXPECT_TRUE(reads(peer, "hello"));

	/* a name that is taken changes nothing */
	ASSERT_EQ(0, setsockopt(fd, SOL_ZMQ, ZMQ_CONNECT_ROUTING_ID, named,
				ID_LEN));
	EXPECT_EQ(-1, zt_connect(fd, self->ep));
	EXPECT_EQ(EEXIST, errno);
	ASSERT_EQ(0, puts_to(fd, named, "still"));
	EXPECT_TRUE(reads(peer, "still"));
}

TEST_F(zmq, stream_tells_of_each_reconnection)
{
	int port = 0, listener = zp_listen(0, &port), fd, peer;
	unsigned char id[ID_LEN];
	socklen_t len = sizeof(id);

	fd = zt_socket(ZMQ_STREAM);
	ASSERT_EQ(0, zt_setint(fd, ZMQ_RECONNECT_IVL, 10));
	snprintf(self->ep, sizeof(self->ep), "tcp://127.0.0.1:%d", port);
	ASSERT_EQ(0, zt_connect(fd, self->ep));
	ASSERT_EQ(0, getsockopt(fd, SOL_ZMQ, ZMQ_ROUTING_ID, id, &len));
	peer = zp_accept(listener);
	EXPECT_TRUE(got_of(fd, id, ""));
	ASSERT_EQ(0, zp_write(peer, "one", 3));
	close(peer);
	peer = zp_accept(listener);
	ASSERT_EQ(0, zp_write(peer, "two", 3));
	EXPECT_TRUE(got_of(fd, id, "one"));
	EXPECT_TRUE(got_of(fd, id, ""));
	EXPECT_TRUE(got_of(fd, id, ""));
	EXPECT_TRUE(got_of(fd, id, "two"));
	ASSERT_EQ(0, puts_to(fd, id, "three"));
	EXPECT_TRUE(reads(peer, "three"));
}

TEST_F(zmq, stream_waits_for_a_peer_that_does_not_read)
{
	static unsigned char out[20000], in[20000];
	int fd = zt_socket(ZMQ_STREAM), peer, n = 0, i;
	unsigned char id[ID_LEN];

	ASSERT_EQ(0, zt_setint(fd, ZMQ_SNDHWM, 4));
	ASSERT_EQ(0, zt_setint(fd, ZMQ_SNDBUF, 20000));
	ASSERT_EQ(0, zt_bind_any(fd, "tcp://127.0.0.1:*", self->ep));
	peer = zp_dial(zt_port(self->ep), 20000);
	ASSERT_TRUE(got_from(fd, id, "", 0));
	for (;;) {
		zt_pattern(out, sizeof(out), n);
		if (!send_to(fd, id, out, sizeof(out), MSG_DONTWAIT)) {
			n++;
			continue;
		}
		ASSERT_EQ(EAGAIN, errno);
		if (!(zt_poll(fd, POLLOUT, 50) & POLLOUT))
			break;
		ASSERT_GT(10000, n);
	}
	EXPECT_LE(4, n);
	for (i = 0; i < n; i++) {
		ASSERT_EQ(0, zp_read(peer, in, sizeof(in)));
		ASSERT_TRUE(zt_pattern_ok(in, sizeof(in), i));
	}
	EXPECT_TRUE(zt_becomes(fd, POLLOUT));
	ASSERT_EQ(0, puts_to(fd, id, "on"));
	EXPECT_TRUE(reads(peer, "on"));
}

TEST_F(zmq, stream_reads_no_more_than_its_high_water_mark)
{
	static unsigned char out[400000], in[400000 + MSG_MAX];
	int fd = zt_socket(ZMQ_STREAM), peer, flags;
	unsigned char id[ID_LEN];
	size_t got = 0;
	ssize_t n;
	pid_t pid;

	ASSERT_EQ(0, zt_setint(fd, ZMQ_RCVHWM, 1));
	ASSERT_EQ(0, zt_bind_any(fd, "tcp://127.0.0.1:*", self->ep));
	peer = zp_dial(zt_port(self->ep), 0);
	zt_pattern(out, sizeof(out), 3);
	pid = fork();
	if (!pid)
		_exit(zp_write(peer, out, sizeof(out)) != 0);
	ASSERT_TRUE(got_from(fd, id, "", 0));
	while (got < sizeof(out)) {
		ASSERT_EQ(ID_LEN, zt_recv(fd, id, ID_LEN, 0, &flags));
		n = zt_recv(fd, in + got, MSG_MAX, 0, &flags);
		ASSERT_LT(0, n);
		got += n;
	}
	EXPECT_TRUE(zt_pattern_ok(in, sizeof(out), 3));
	EXPECT_TRUE(zt_reap(pid));
	close(peer);
	EXPECT_TRUE(got_of(fd, id, ""));
}

TEST_F(zmq, streams_talk_to_each_other)
{
	int a = bound(ZMQ_STREAM, self->ep), b = zt_socket(ZMQ_STREAM);
	unsigned char ia[ID_LEN], ib[ID_LEN];

	ASSERT_EQ(0, zt_connect(b, self->ep));
	ASSERT_TRUE(got_from(a, ia, "", 0));
	ASSERT_TRUE(got_from(b, ib, "", 0));
	ASSERT_EQ(0, puts_to(a, ia, "ping"));
	EXPECT_TRUE(got_of(b, ib, "ping"));
	ASSERT_EQ(0, puts_to(b, ib, "pong"));
	EXPECT_TRUE(got_of(a, ia, "pong"));
	close(b);
	EXPECT_TRUE(got_of(a, ia, ""));
}

TEST_F(zmq, raw_sockets_know_tcp_alone)
{
	int fd = zt_socket(ZMQ_STREAM), router = zt_socket(ZMQ_ROUTER);

	EXPECT_EQ(-1, zt_bind(fd, "inproc://raw"));
	EXPECT_EQ(EPROTOTYPE, errno);
	EXPECT_EQ(-1, zt_connect(fd, "inproc://raw"));
	EXPECT_EQ(EPROTOTYPE, errno);
	ASSERT_EQ(0, zt_setint(router, ZMQ_ROUTER_RAW, 1));
	EXPECT_EQ(-1, zt_bind(router, "inproc://raw"));
	EXPECT_EQ(EPROTOTYPE, errno);
	EXPECT_EQ(ZMQ_STREAM, zt_getint(fd, ZMQ_TYPE));
}

TEST_F(zmq, router_raw_is_set_before_there_is_an_endpoint)
{
	int fd = zt_listening(ZMQ_ROUTER, "tcp://127.0.0.1:*", self->ep);

	ASSERT_LE(0, fd);
	EXPECT_EQ(-1, zt_setint(fd, ZMQ_ROUTER_RAW, 1));
	EXPECT_EQ(EBUSY, errno);
	fd = zt_connected(ZMQ_ROUTER, self->ep);
	EXPECT_EQ(-1, zt_setint(fd, ZMQ_ROUTER_RAW, 1));
	EXPECT_EQ(EBUSY, errno);
	fd = zt_socket(ZMQ_ROUTER);
	ASSERT_EQ(0, zt_bind(fd, "inproc://cooked"));
	EXPECT_EQ(-1, zt_setint(fd, ZMQ_ROUTER_RAW, 1));
	EXPECT_EQ(EBUSY, errno);
}

TEST_F(zmq, router_raw_drops_what_is_for_nobody)
{
	int fd = bound(ZMQ_ROUTER, self->ep);

	ASSERT_LE(0, fd);
	EXPECT_EQ(0, puts_to(fd, "\0abcd", "lost"));
	EXPECT_EQ(0, puts_to(fd, "\0abcd", ""));
}

TEST_HARNESS_MAIN
