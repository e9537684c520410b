// SPDX-License-Identifier: GPL-2.0-only
/* The family, its options, addresses and error numbers. */
#include <limits.h>
#include <arpa/inet.h>
#include <sys/time.h>
#include "kselftest_harness.h"
#include "fixture.h"

static int open_as(int type, int protocol)
{
	return socket(zt_family(), type, protocol);
}

TEST_F(zmq, both_types_and_every_pattern_are_reported_as_asked)
{
	static const int types[] = { SOCK_SEQPACKET, SOCK_DGRAM };
	int fd, i, pattern, value;
	socklen_t len;

	for (i = 0; i < ARRAY_SIZE(types); i++) {
		for (pattern = ZMQ_PAIR; pattern <= ZMQ_XSUB; pattern++) {
			fd = open_as(types[i], pattern);
			ASSERT_LE(0, fd);
			len = sizeof(value);
			ASSERT_EQ(0, getsockopt(fd, SOL_SOCKET, SO_TYPE, &value,
						&len));
			EXPECT_EQ(types[i], value);
			ASSERT_EQ(0, getsockopt(fd, SOL_SOCKET, SO_PROTOCOL,
						&value, &len));
			EXPECT_EQ(pattern, value);
			ASSERT_EQ(0, getsockopt(fd, SOL_SOCKET, SO_DOMAIN,
						&value, &len));
			EXPECT_EQ(zt_family(), value);
			EXPECT_EQ(pattern, zt_getint(fd, ZMQ_TYPE));
			close(fd);
		}
	}
}

TEST_F(zmq, unknown_patterns_are_refused)
{
	static const int bad[] = { 21, 99, 255, INT_MAX };
	int i;

	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		EXPECT_EQ(-1, open_as(SOCK_SEQPACKET, bad[i]));
		EXPECT_EQ(EPROTONOSUPPORT, errno);
	}
}

TEST_F(zmq, other_socket_types_are_refused)
{
	static const int bad[] = { SOCK_STREAM, SOCK_RAW, SOCK_RDM };
	int i;

	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		EXPECT_EQ(-1, open_as(bad[i], ZMQ_PUSH));
		EXPECT_EQ(ESOCKTNOSUPPORT, errno);
	}
}

TEST_F(zmq, listen_accept_and_socketpair_do_not_exist)
{
	int fd = zt_socket(ZMQ_PAIR), sv[2];

	ASSERT_LE(0, fd);
	EXPECT_EQ(-1, listen(fd, 1));
	EXPECT_EQ(EOPNOTSUPP, errno);
	EXPECT_EQ(-1, accept(fd, NULL, NULL));
	EXPECT_EQ(EOPNOTSUPP, errno);
	EXPECT_EQ(-1, socketpair(zt_family(), SOCK_SEQPACKET, ZMQ_PAIR, sv));
	EXPECT_EQ(EOPNOTSUPP, errno);
}

TEST_F(zmq, the_wrong_direction_is_not_supported)
{
	static const int senders[] = { ZMQ_PUSH, ZMQ_PUB };
	static const int receivers[] = { ZMQ_PULL, ZMQ_SUB };
	char byte;
	int fd, i;

	for (i = 0; i < 2; i++) {
		fd = zt_socket(senders[i]);
		ASSERT_LE(0, fd);
		EXPECT_EQ(-1, recv(fd, &byte, 1, MSG_DONTWAIT));
		EXPECT_EQ(EOPNOTSUPP, errno);
		EXPECT_EQ(-1, recv(fd, &byte, 1, 0));
		EXPECT_EQ(EOPNOTSUPP, errno);
		close(fd);
		fd = zt_socket(receivers[i]);
		ASSERT_LE(0, fd);
		EXPECT_EQ(-1, send(fd, "x", 1, MSG_DONTWAIT));
		EXPECT_EQ(EOPNOTSUPP, errno);
		EXPECT_EQ(-1, send(fd, "x", 1, 0));
		EXPECT_EQ(EOPNOTSUPP, errno);
		close(fd);
	}
}

TEST_F(zmq, events_tell_what_poll_tells)
{
	int pull = zt_listening(ZMQ_PULL, "inproc://events", self->ep);
	int push = zt_connected(ZMQ_PUSH, self->ep);
	int pub = zt_socket(ZMQ_PUB);
	int pair = zt_socket(ZMQ_PAIR);

	ASSERT_LE(0, pull);
	ASSERT_LE(0, push);
	EXPECT_EQ(0, zt_getint(pull, ZMQ_EVENTS));
	EXPECT_EQ(ZMQ_POLLOUT, zt_getint(push, ZMQ_EVENTS));
	EXPECT_EQ(ZMQ_POLLOUT, zt_getint(pub, ZMQ_EVENTS));
	EXPECT_EQ(0, zt_getint(pair, ZMQ_EVENTS));
	ASSERT_EQ(0, zt_puts(push, "x", 0));
	ASSERT_TRUE(zt_becomes(pull, POLLIN));
	EXPECT_EQ(ZMQ_POLLIN, zt_getint(pull, ZMQ_EVENTS));
}

TEST_F(zmq, nonblocking_calls_say_eagain)
{
	int pull = open_as(SOCK_DGRAM | SOCK_NONBLOCK, ZMQ_PULL);
	int push = zt_socket(ZMQ_PUSH);
	char byte;

	ASSERT_LE(0, pull);
	ASSERT_LE(0, push);
	EXPECT_EQ(-1, recv(pull, &byte, 1, 0));
	EXPECT_EQ(EAGAIN, errno);
	EXPECT_EQ(-1, send(push, "x", 1, MSG_DONTWAIT));
	EXPECT_EQ(EAGAIN, errno);
}

TEST_F(zmq, timeouts_of_both_levels_bound_the_wait)
{
	const struct timeval tv = { .tv_usec = 150000 };
	int pull = zt_socket(ZMQ_PULL), push = zt_socket(ZMQ_PUSH);
	u64 start;
	char byte;

	ASSERT_EQ(0, zt_setint(pull, ZMQ_RCVTIMEO, 150));
	start = zt_now_ms();
	EXPECT_EQ(-1, recv(pull, &byte, 1, 0));
	EXPECT_EQ(EAGAIN, errno);
	EXPECT_LE(140, zt_now_ms() - start);

	ASSERT_EQ(0, zt_setint(push, ZMQ_SNDTIMEO, 150));
	start = zt_now_ms();
	EXPECT_EQ(-1, send(push, "x", 1, 0));
	EXPECT_EQ(EAGAIN, errno);
	EXPECT_LE(140, zt_now_ms() - start);

	ASSERT_EQ(0, zt_setint(pull, ZMQ_RCVTIMEO, -1));
	ASSERT_EQ(0, setsockopt(pull, SOL_SOCKET, SO_RCVTIMEO, &tv,
				sizeof(tv)));
	start = zt_now_ms();
	EXPECT_EQ(-1, recv(pull, &byte, 1, 0));
	EXPECT_EQ(EAGAIN, errno);
	EXPECT_LE(140, zt_now_ms() - start);
}

TEST_F(zmq, timeouts_of_zero_do_not_wait)
{
	int pull = zt_socket(ZMQ_PULL), push = zt_socket(ZMQ_PUSH);
	char byte;

	ASSERT_EQ(0, zt_setint(pull, ZMQ_RCVTIMEO, 0));
	ASSERT_EQ(0, zt_setint(push, ZMQ_SNDTIMEO, 0));
	EXPECT_EQ(-1, recv(pull, &byte, 1, 0));
	EXPECT_EQ(EAGAIN, errno);
	EXPECT_EQ(-1, send(push, "x", 1, 0));
	EXPECT_EQ(EAGAIN, errno);
	EXPECT_EQ(0, zt_getint(pull, ZMQ_RCVTIMEO));
	EXPECT_EQ(0, zt_getint(push, ZMQ_SNDTIMEO));
}

TEST_F(zmq, getsockname_answers_in_the_form_that_was_given)
{
	struct sockaddr_in sin = { .sin_family = AF_INET }, got;
	int pull = zt_socket(ZMQ_PULL), text, port;
	socklen_t len = sizeof(got);
	struct sockaddr_zmq sz;

	sin.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	ASSERT_EQ(0, bind(pull, (struct sockaddr *)&sin, sizeof(sin)));
	ASSERT_EQ(0, getsockname(pull, (struct sockaddr *)&got, &len));
	EXPECT_EQ(sizeof(got), len);
	EXPECT_EQ(AF_INET, got.sin_family);
	EXPECT_EQ(htonl(INADDR_LOOPBACK), got.sin_addr.s_addr);
	EXPECT_NE(0, got.sin_port);

	text = zt_listening(ZMQ_PULL, "tcp://127.0.0.1:*", self->ep);
	ASSERT_LE(0, text);
	memset(&sz, 0xff, sizeof(sz));
	len = sizeof(sz);
	ASSERT_EQ(0, getsockname(text, (struct sockaddr *)&sz, &len));
	EXPECT_EQ(zt_family(), sz.szmq_family);
	ASSERT_GE(sizeof(sz), len);
	ASSERT_NE(NULL, memchr(&sz, 0, sizeof(sz)));
	EXPECT_STREQ(self->ep, sz.szmq_endpoint);
	port = zt_port(self->ep);
	EXPECT_LT(0, port);
}

TEST_F(zmq, getpeername_answers_in_the_form_that_was_given)
{
	struct sockaddr_in sin = { .sin_family = AF_INET }, got;
	int pull = zt_listening(ZMQ_PULL, "tcp://127.0.0.1:*", self->ep);
	int push = zt_socket(ZMQ_PUSH), text;
	socklen_t len = sizeof(got);
	struct sockaddr_zmq sz;

	ASSERT_LE(0, pull);
	EXPECT_EQ(-1, getpeername(push, (struct sockaddr *)&got, &len));
	EXPECT_EQ(ENOTCONN, errno);

	sin.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	sin.sin_port = htons(zt_port(self->ep));
	ASSERT_EQ(0, connect(push, (struct sockaddr *)&sin, sizeof(sin)));
	ASSERT_TRUE(zt_becomes(push, POLLOUT));
	len = sizeof(got);
	ASSERT_EQ(0, getpeername(push, (struct sockaddr *)&got, &len));
	EXPECT_EQ(AF_INET, got.sin_family);
	EXPECT_EQ(sin.sin_port, got.sin_port);

	text = zt_connected(ZMQ_PUSH, self->ep);
	memset(&sz, 0xff, sizeof(sz));
	len = sizeof(sz);
	ASSERT_EQ(0, getpeername(text, (struct sockaddr *)&sz, &len));
	EXPECT_EQ(zt_family(), sz.szmq_family);
	EXPECT_STREQ(self->ep, sz.szmq_endpoint);
}

static const char *last_endpoint(int fd, socklen_t *len)
{
	static char text[ZMQ_ENDPOINT_MAX];

	*len = sizeof(text);
	memset(text, 'x', sizeof(text) - 1);
	if (getsockopt(fd, SOL_ZMQ, ZMQ_LAST_ENDPOINT, text, len))
		return "error";
	return text;
}

TEST_F(zmq, last_endpoint_follows_bind_and_connect)
{
	int fd = zt_socket(ZMQ_PULL);
	socklen_t len;
	char small[4];
	int port;

	ASSERT_LE(0, fd);
	EXPECT_STREQ("", last_endpoint(fd, &len));
	EXPECT_EQ(1, len);
	ASSERT_EQ(0, zt_bind(fd, "tcp://127.0.0.1:*"));
	port = zt_port(last_endpoint(fd, &len));
	EXPECT_LT(0, port);
	snprintf(self->ep, sizeof(self->ep), "tcp://127.0.0.1:%d", port);
	EXPECT_STREQ(self->ep, last_endpoint(fd, &len));
	EXPECT_EQ(strlen(self->ep) + 1, len);
	ASSERT_EQ(0, zt_bind(fd, "tcp://*:*"));
	port = zt_port(last_endpoint(fd, &len));
	snprintf(self->ep, sizeof(self->ep), "tcp://0.0.0.0:%d", port);
	EXPECT_STREQ(self->ep, last_endpoint(fd, &len));
	ASSERT_EQ(0, zt_connect(fd, "tcp://127.0.0.1:5"));
	EXPECT_STREQ("tcp://127.0.0.1:5", last_endpoint(fd, &len));
	ASSERT_EQ(0, zt_bind(fd, "inproc://a name"));
	EXPECT_STREQ("inproc://a name", last_endpoint(fd, &len));
	len = sizeof(small);
	EXPECT_EQ(-1, getsockopt(fd, SOL_ZMQ, ZMQ_LAST_ENDPOINT, small, &len));
	EXPECT_EQ(EINVAL, errno);
}

TEST_F(zmq, malformed_endpoints_are_refused_and_change_nothing)
{
	static const struct {
		const char *endpoint;
		int error;
	} bad[] = {
		{ "", EINVAL },
		{ "tcp", EINVAL },
		{ "tcp:/127.0.0.1:1", EINVAL },
		{ "127.0.0.1:5555", EINVAL },
		{ "tcp://", EINVAL },
		{ "tcp://127.0.0.1", EINVAL },
		{ "tcp://127.0.0.1:", EINVAL },
		{ "tcp://127.0.0.1:x", EINVAL },
		{ "tcp://127.0.0.1:12x", EINVAL },
		{ "tcp://127.0.0.1:65536", EINVAL },
		{ "tcp://[::1:80", EINVAL },
		{ "inproc://", EINVAL },
		{ "nosuch://x", EPROTONOSUPPORT },
		{ "http://127.0.0.1:80", EPROTONOSUPPORT },
	};
	int fd = zt_socket(ZMQ_PUSH);
	socklen_t len;
	int i;

	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		EXPECT_EQ(-1, zt_bind(fd, bad[i].endpoint))
			TH_LOG("bind '%s'", bad[i].endpoint);
		EXPECT_EQ(bad[i].error, errno)
			TH_LOG("bind '%s'", bad[i].endpoint);
		EXPECT_EQ(-1, zt_connect(fd, bad[i].endpoint))
			TH_LOG("connect '%s'", bad[i].endpoint);
		EXPECT_EQ(bad[i].error, errno)
			TH_LOG("connect '%s'", bad[i].endpoint);
		EXPECT_EQ(-1, zt_settext(fd, ZMQ_BIND, bad[i].endpoint));
		EXPECT_EQ(bad[i].error, errno)
			TH_LOG("ZMQ_BIND '%s'", bad[i].endpoint);
	}
	EXPECT_EQ(-1, zt_connect(fd, "tcp://127.0.0.1:*"));
	EXPECT_EQ(EINVAL, errno);
	EXPECT_STREQ("", last_endpoint(fd, &len));
	EXPECT_EQ(0, zt_poll(fd, POLLOUT, 0));
}

TEST_F(zmq, malformed_addresses_are_refused)
{
	struct sockaddr_storage ss = { .ss_family = AF_INET };
	struct sockaddr_zmq sz = { .szmq_family = zt_family() };
	int fd = zt_socket(ZMQ_PUSH);
	char text[400];

	EXPECT_EQ(-1, bind(fd, (struct sockaddr *)&ss, 1));
	EXPECT_EQ(EINVAL, errno);
	EXPECT_EQ(-1, connect(fd, (struct sockaddr *)&ss, 1));
	EXPECT_EQ(EINVAL, errno);
	EXPECT_EQ(-1, bind(fd, (struct sockaddr *)&ss, 8));
	EXPECT_EQ(EINVAL, errno);
	EXPECT_EQ(-1, bind(fd, (struct sockaddr *)&sz,
			   offsetof(struct sockaddr_zmq, szmq_endpoint)));
	EXPECT_EQ(EINVAL, errno);
	ss.ss_family = AF_PACKET;
	EXPECT_EQ(-1, bind(fd, (struct sockaddr *)&ss, sizeof(ss)));
	EXPECT_EQ(EAFNOSUPPORT, errno);
	EXPECT_EQ(-1, connect(fd, (struct sockaddr *)&ss, sizeof(ss)));
	EXPECT_EQ(EAFNOSUPPORT, errno);

	memset(text, 'x', sizeof(text));
	memcpy(text, "inproc://", 9);
	EXPECT_EQ(-1, setsockopt(fd, SOL_ZMQ, ZMQ_BIND, text, sizeof(text)));
	EXPECT_TRUE(errno == EINVAL || errno == ENAMETOOLONG);
	EXPECT_EQ(-1, setsockopt(fd, SOL_ZMQ, ZMQ_BIND, text, 0));
	EXPECT_EQ(EINVAL, errno);
}

TEST_F(zmq, an_endpoint_may_fill_its_array_or_end_with_the_address)
{
	struct sockaddr_zmq sz = { .szmq_family = zt_family() };
	int a = zt_socket(ZMQ_PAIR), b = zt_socket(ZMQ_PAIR);
	const char *name = "inproc://short";

	memset(sz.szmq_endpoint, 'y', sizeof(sz.szmq_endpoint));
	memcpy(sz.szmq_endpoint, name, strlen(name));
	ASSERT_EQ(0, bind(a, (struct sockaddr *)&sz,
			  offsetof(struct sockaddr_zmq, szmq_endpoint) +
			  strlen(name)));
	ASSERT_EQ(0, zt_connect(b, name));
	ASSERT_EQ(0, zt_puts(b, "x", 0));
	EXPECT_TRUE(zt_gets(a, "x", ZT_LAST));

	close(b);
	b = zt_socket(ZMQ_PAIR);
	ASSERT_EQ(0, bind(b, (struct sockaddr *)&sz, sizeof(sz)));
}

TEST_F(zmq, an_address_in_use_is_refused)
{
	int a = zt_listening(ZMQ_PULL, "tcp://127.0.0.1:*", self->ep);
	int b = zt_socket(ZMQ_PULL), port = 0, raw;
	char raw_ep[ZMQ_ENDPOINT_MAX];

	ASSERT_LE(0, a);
	EXPECT_EQ(-1, zt_bind(b, self->ep));
	EXPECT_EQ(EADDRINUSE, errno);
	EXPECT_EQ(-1, zt_bind(a, self->ep));
	EXPECT_EQ(EADDRINUSE, errno);
	raw = zp_listen(0, &port);
	ASSERT_LE(0, raw);
	snprintf(raw_ep, sizeof(raw_ep), "tcp://127.0.0.1:%d", port);
	EXPECT_EQ(-1, zt_bind(b, raw_ep));
	EXPECT_EQ(EADDRINUSE, errno);
	EXPECT_EQ(-1, zt_bind(b, "tcp://192.0.2.1:5555"));
	EXPECT_EQ(EADDRNOTAVAIL, errno);
	EXPECT_EQ(0, zt_bind(b, "tcp://127.0.0.1:*"));
}

TEST_F(zmq, unbind_and_disconnect_undo_and_know_what_is_there)
{
	int a = zt_listening(ZMQ_PULL, "tcp://127.0.0.1:*", self->ep);
	int b = zt_socket(ZMQ_PULL);

	ASSERT_LE(0, a);
	EXPECT_EQ(-1, zt_settext(a, ZMQ_UNBIND, "tcp://127.0.0.1:1"));
	EXPECT_EQ(ENOENT, errno);
	EXPECT_EQ(-1, zt_settext(a, ZMQ_DISCONNECT, self->ep));
	EXPECT_EQ(ENOENT, errno);
	EXPECT_EQ(-1, zt_settext(b, ZMQ_UNBIND, self->ep));
	EXPECT_EQ(ENOENT, errno);
	EXPECT_EQ(-1, zt_bind(b, self->ep));
	EXPECT_EQ(0, zt_settext(a, ZMQ_UNBIND, self->ep));
	EXPECT_EQ(-1, zt_settext(a, ZMQ_UNBIND, self->ep));
	EXPECT_EQ(ENOENT, errno);
	EXPECT_EQ(0, zt_settext(b, ZMQ_BIND, self->ep));

	EXPECT_EQ(0, zt_settext(a, ZMQ_CONNECT, "tcp://127.0.0.1:9"));
	EXPECT_EQ(-1, zt_settext(a, ZMQ_UNBIND, "tcp://127.0.0.1:9"));
	EXPECT_EQ(ENOENT, errno);
	EXPECT_EQ(0, zt_settext(a, ZMQ_DISCONNECT, "tcp://127.0.0.1:9"));
	EXPECT_EQ(-1, zt_settext(a, ZMQ_DISCONNECT, "tcp://127.0.0.1:9"));
	EXPECT_EQ(ENOENT, errno);
	EXPECT_EQ(-1, zt_settext(a, ZMQ_DISCONNECT, "nonsense"));
	EXPECT_EQ(EINVAL, errno);
}

TEST_HARNESS_MAIN
