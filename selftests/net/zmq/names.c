// SPDX-License-Identifier: GPL-2.0-only
/* The transport's addresses as names: what programs made for UDP expect. */
#include <arpa/inet.h>
#include <sys/un.h>
#include "kselftest_harness.h"
#include "fixture.h"

struct name {
	union {
		sa_family_t			family;
		struct sockaddr			sa;
		struct sockaddr_in		in;
		struct sockaddr_in6		in6;
		struct sockaddr_un		un;
		struct sockaddr_zmq		zmq;
		struct sockaddr_zmq_peer	peer;
		struct sockaddr_storage		room;
	};
	socklen_t len;
};

static int datagram(int pattern)
{
	int fd = socket(zt_family(), SOCK_DGRAM | SOCK_CLOEXEC, pattern);

	if (fd < 0 || zt_setint(fd, ZMQ_RCVTIMEO, ZT_DEADLINE_MS) ||
	    zt_setint(fd, ZMQ_SNDTIMEO, ZT_DEADLINE_MS))
		return -1;
	return fd;
}

static struct name loopback(int port)
{
	return (struct name){
		.in = { AF_INET, htons(port), { htonl(INADDR_LOOPBACK) } },
		.len = sizeof(struct sockaddr_in),
	};
}

static bool is_inet(const struct name *n, in_addr_t addr, int port)
{
	return n->len == sizeof(n->in) && n->family == AF_INET &&
	       ntohl(n->in.sin_addr.s_addr) == addr &&
	       (port < 0 ? n->in.sin_port != 0 : ntohs(n->in.sin_port) == port);
}

static int sockname(int fd, struct name *n)
{
	memset(n, 0xff, sizeof(*n));
	n->len = sizeof(n->room);
	return getsockname(fd, &n->sa, &n->len);
}

static int peername(int fd, struct name *n)
{
	memset(n, 0xff, sizeof(*n));
	n->len = sizeof(n->room);
	return getpeername(fd, &n->sa, &n->len);
}

static bool got_from(int fd, const char *text, struct name *n)
{
	char buf[64];
	ssize_t len;

	n->len = sizeof(n->room);
	len = recvfrom(fd, buf, sizeof(buf), 0, &n->sa, &n->len);
	return len == strlen(text) && !memcmp(buf, text, len);
}

static int say_to(int fd, const char *text, int flags, const struct name *n)
{
	return sendto(fd, text, strlen(text), flags, &n->sa, n->len);
}

TEST_F(zmq, a_fresh_datagram_socket_is_0_0_0_0_port_0)
{
	int fd = datagram(ZMQ_DEALER);
	struct name n;

	ASSERT_EQ(0, sockname(fd, &n));
	EXPECT_TRUE(is_inet(&n, INADDR_ANY, 0));
	EXPECT_EQ(-1, peername(fd, &n));
	EXPECT_EQ(ENOTCONN, errno);
	EXPECT_EQ(1, zt_getint(fd, ZMQ_NAME_FORM));

	fd = zt_socket(ZMQ_DEALER);
	ASSERT_EQ(0, sockname(fd, &n));
	EXPECT_EQ(zt_family(), n.family);
	EXPECT_EQ(0, zt_getint(fd, ZMQ_NAME_FORM));
	ASSERT_EQ(0, zt_setint(fd, ZMQ_NAME_FORM, 1));
	ASSERT_EQ(0, sockname(fd, &n));
	EXPECT_TRUE(is_inet(&n, INADDR_ANY, 0));
	EXPECT_EQ(-1, zt_setint(fd, ZMQ_NAME_FORM, 2));
	EXPECT_EQ(EINVAL, errno);
}

TEST_F(zmq, names_are_addresses_however_they_were_given)
{
	struct name n, to = loopback(0);
	int a = datagram(ZMQ_DEALER), b = datagram(ZMQ_DEALER);
	int c = datagram(ZMQ_DEALER), port;

	ASSERT_EQ(0, bind(a, &to.sa, to.len));
	ASSERT_EQ(0, sockname(a, &n));
	ASSERT_TRUE(is_inet(&n, INADDR_LOOPBACK, -1));
	port = ntohs(n.in.sin_port);

	to = loopback(port);
	ASSERT_EQ(0, connect(b, &to.sa, to.len));
	ASSERT_EQ(0, peername(b, &n));
	EXPECT_TRUE(is_inet(&n, INADDR_LOOPBACK, port));
	ASSERT_EQ(0, sockname(b, &n));
	EXPECT_TRUE(is_inet(&n, INADDR_ANY, 0));

	snprintf(self->ep, sizeof(self->ep), "tcp://127.0.0.1:%d", port);
	ASSERT_EQ(0, zt_settext(c, ZMQ_CONNECT, self->ep));
	ASSERT_EQ(0, peername(c, &n));
	EXPECT_TRUE(is_inet(&n, INADDR_LOOPBACK, port));

	/* The same socket, asked for text. */
	ASSERT_EQ(0, zt_setint(c, ZMQ_NAME_FORM, 0));
	ASSERT_EQ(0, peername(c, &n));
	EXPECT_EQ(zt_family(), n.family);
	EXPECT_STREQ(self->ep, n.zmq.szmq_endpoint);
}

TEST_F(zmq, the_first_name_decides_the_family)
{
	int fd = datagram(ZMQ_REP);
	struct name n;

	ASSERT_EQ(0, zt_settext(fd, ZMQ_BIND, "ipc://@names-first"));
	ASSERT_EQ(0, sockname(fd, &n));
	EXPECT_EQ(AF_UNIX, n.family);
	EXPECT_EQ(0, n.un.sun_path[0]);
	EXPECT_EQ(0, memcmp(n.un.sun_path + 1, "names-first", 11));
	ASSERT_EQ(0, zt_settext(fd, ZMQ_BIND, "tcp://127.0.0.1:*"));
	ASSERT_EQ(0, sockname(fd, &n));
	EXPECT_EQ(AF_UNIX, n.family);

	fd = datagram(ZMQ_REP);
	ASSERT_EQ(0, zt_setint(fd, ZMQ_IPV6, 1));
	ASSERT_EQ(0, zt_settext(fd, ZMQ_BIND, "tcp://[::1]:*"));
	ASSERT_EQ(0, sockname(fd, &n));
	EXPECT_EQ(AF_INET6, n.family);
	EXPECT_EQ(sizeof(n.in6), n.len);
	EXPECT_NE(0, n.in6.sin6_port);

	fd = datagram(ZMQ_DEALER);
	ASSERT_EQ(0, zt_settext(fd, ZMQ_CONNECT, "ipc://@names-first"));
	ASSERT_EQ(0, sockname(fd, &n));
	EXPECT_EQ(AF_UNIX, n.family);
	EXPECT_EQ(sizeof(sa_family_t), n.len);
}

TEST_F(zmq_over, a_datagram_router_tells_and_takes_addresses_alone)
{
	int router = datagram(ZMQ_ROUTER), dealers[3], i;
	struct name from[3];
	char text[8];

	ASSERT_EQ(0, zt_setint(router, ZMQ_ROUTER_MANDATORY, 1));
	ASSERT_EQ(0, zt_bind_any(router, variant->bind, self->ep));
	for (i = 0; i < 3; i++) {
		dealers[i] = zt_connected(ZMQ_DEALER, self->ep);
		snprintf(text, sizeof(text), "q%d", i);
		ASSERT_EQ(0, zt_puts(dealers[i], text, 0));
		ASSERT_TRUE(got_from(router, text, &from[i]));
		EXPECT_TRUE(variant->bind[0] == 't' ?
			    is_inet(&from[i], INADDR_LOOPBACK, -1) :
			    from[i].peer.szmq_family == zt_family());
	}
	for (i = 2; i >= 0; i--) {
		ASSERT_EQ(1, say_to(router, "a", MSG_MORE, &from[i]));
		ASSERT_EQ(1, say_to(router, "b", 0, &from[i]));
		EXPECT_TRUE(zt_gets(dealers[i], "a", ZT_MORE));
		EXPECT_TRUE(zt_gets(dealers[i], "b", ZT_LAST));
	}

	/* One whose address was told and who has gone. */
	close(dealers[0]);
	while (say_to(router, "x", MSG_DONTWAIT, &from[0]) > 0 ||
	       errno == EAGAIN)
		usleep(1000);
	EXPECT_EQ(EHOSTUNREACH, errno);
	ASSERT_EQ(1, say_to(router, "c", 0, &from[1]));
	EXPECT_TRUE(zt_gets(dealers[1], "c", ZT_LAST));
}

TEST_F(zmq, a_routing_id_is_taken_where_no_address_is)
{
	int router = datagram(ZMQ_ROUTER), dealer = zt_socket(ZMQ_DEALER);
	struct name from;

	ASSERT_EQ(0, zt_bind_any(router, "tcp://127.0.0.1:*", self->ep));
	ASSERT_EQ(0, zt_settext(dealer, ZMQ_ROUTING_ID, "me"));
	ASSERT_EQ(0, zt_connect(dealer, self->ep));
	ASSERT_EQ(0, zt_puts(dealer, "q", 0));
	ASSERT_TRUE(got_from(router, "q", &from));
	ASSERT_EQ(0, zt_puts(router, "me", MSG_MORE));
	ASSERT_EQ(0, zt_puts(router, "a", 0));
	EXPECT_TRUE(zt_gets(dealer, "a", ZT_LAST));

	/* Addresses that nobody has, and what is none. */
	from = loopback(1);
	EXPECT_EQ(1, say_to(router, "x", 0, &from));
	ASSERT_EQ(0, zt_setint(router, ZMQ_ROUTER_MANDATORY, 1));
	EXPECT_EQ(-1, say_to(router, "x", 0, &from));
	EXPECT_EQ(EHOSTUNREACH, errno);
	from.family = AF_APPLETALK;
	EXPECT_EQ(-1, say_to(router, "x", 0, &from));
	EXPECT_EQ(EINVAL, errno);
	from = loopback(1);
	from.len = 8;
	EXPECT_EQ(-1, say_to(router, "x", 0, &from));
	EXPECT_EQ(EINVAL, errno);
	ASSERT_EQ(0, zt_puts(router, "me", MSG_MORE));
	ASSERT_EQ(0, zt_puts(router, "b", 0));
	EXPECT_TRUE(zt_gets(dealer, "b", ZT_LAST));
}

TEST_F(zmq_over, who_does_not_address_ignores_a_destination)
{
	int rep = datagram(ZMQ_REP), pub = datagram(ZMQ_PUB);
	struct name from, nowhere = loopback(9);
	int req, sub, i;

	ASSERT_EQ(0, zt_bind_any(rep, variant->bind, self->ep));
	req = zt_connected(ZMQ_REQ, self->ep);
	for (i = 0; i < 3; i++) {
		ASSERT_EQ(0, zt_puts(req, "q", 0));
		ASSERT_TRUE(got_from(rep, "q", &from));
		ASSERT_LT(0, from.len);
		ASSERT_EQ(1, say_to(rep, "a", 0, i ? &nowhere : &from));
		ASSERT_TRUE(zt_gets(req, "a", ZT_LAST));
	}

	ASSERT_EQ(0, zt_bind_any(pub, zt_nth_bind(variant->bind, 1), self->ep));
	sub = zt_socket(ZMQ_SUB);
	ASSERT_EQ(0, zt_subscribe(sub, ""));
	ASSERT_EQ(0, zt_connect(sub, self->ep));
	while (!zt_poll(sub, POLLIN, 10))
		ASSERT_EQ(1, say_to(pub, "x", 0, &nowhere));
	EXPECT_TRUE(zt_gets(sub, "x", ZT_LAST));
}

TEST_F(zmq, a_datagram_stream_keeps_its_ids_and_tells_addresses)
{
	int stream = datagram(ZMQ_STREAM), fd, port;
	struct sockaddr_in own;
	socklen_t len = sizeof(own);
	struct name from;
	char id[8];

	ASSERT_EQ(0, zt_bind_any(stream, "tcp://127.0.0.1:*", self->ep));
	fd = zp_dial(zt_port(self->ep), 0);
	ASSERT_LE(0, fd);
	ASSERT_EQ(0, getsockname(fd, (void *)&own, &len));
	port = ntohs(own.sin_port);
	from.len = sizeof(from.room);
	ASSERT_EQ(5, recvfrom(stream, id, sizeof(id), 0, &from.sa, &from.len));
	EXPECT_TRUE(is_inet(&from, INADDR_LOOPBACK, port));
	ASSERT_TRUE(got_from(stream, "", &from));
	EXPECT_TRUE(is_inet(&from, INADDR_LOOPBACK, port));
	ASSERT_EQ(2, say_to(stream, "hi", 0, &from));
	ASSERT_EQ(0, zp_read(fd, id, 2));
	EXPECT_EQ(0, memcmp(id, "hi", 2));
}

TEST_F(zmq, whole_messages_of_a_call_are_of_the_peer_it_names)
{
	static const struct zmq_frame_desc one = { 1, 0 };
	int router = datagram(ZMQ_ROUTER), dealers[2], i, round;
	char table[CMSG_SPACE(8 * sizeof(struct zmq_frame_desc))], buf[64];
	struct iovec iov = { buf, sizeof(buf) };
	struct name from;
	char text[2] = "";
	ssize_t n;

	ASSERT_EQ(0, zt_setint(router, ZMQ_RCVFRAMES, 1));
	ASSERT_EQ(0, zt_bind_any(router, "tcp://127.0.0.1:*", self->ep));
	for (i = 0; i < 2; i++)
		dealers[i] = zt_connected(ZMQ_DEALER, self->ep);
	for (round = 0; round < 3; round++)
		for (i = 0; i < 2; i++) {
			text[0] = 'a' + i;
			ASSERT_EQ(0, zt_puts(dealers[i], text, 0));
		}
	ASSERT_TRUE(zt_wait_unread(6));
	for (round = 0; round < 6; round += n) {
		struct msghdr m = {
			.msg_name = &from.room, .msg_namelen = sizeof(from.room),
			.msg_iov = &iov, .msg_iovlen = 1,
			.msg_control = table, .msg_controllen = sizeof(table),
		};

		n = recvmsg(router, &m, 0);
		ASSERT_LT(0, n);
		from.len = m.msg_namelen;
		EXPECT_TRUE(is_inet(&from, INADDR_LOOPBACK, -1));
		for (i = 1; i < n; i++)
			EXPECT_EQ(buf[0], buf[i]);
		/* And the answer goes there. */
		iov.iov_len = 1;
		m.msg_controllen = CMSG_SPACE(sizeof(one));
		CMSG_FIRSTHDR(&m)->cmsg_level = SOL_ZMQ;
		CMSG_FIRSTHDR(&m)->cmsg_type = ZMQ_FRAMES;
		CMSG_FIRSTHDR(&m)->cmsg_len = CMSG_LEN(sizeof(one));
		memcpy(CMSG_DATA(CMSG_FIRSTHDR(&m)), &one, sizeof(one));
		m.msg_flags = 0;
		ASSERT_EQ(1, sendmsg(router, &m, 0));
		iov.iov_len = sizeof(buf);
		text[0] = buf[0];
		EXPECT_TRUE(zt_gets(dealers[buf[0] - 'a'], text, ZT_LAST));
	}
}

TEST_F(zmq, text_names_do_not_change)
{
	int rep = zt_listening(ZMQ_REP, "tcp://127.0.0.1:*", self->ep);
	int req = zt_connected(ZMQ_REQ, self->ep);
	struct name n;

	ASSERT_EQ(0, peername(req, &n));
	EXPECT_EQ(zt_family(), n.family);
	EXPECT_STREQ(self->ep, n.zmq.szmq_endpoint);
	ASSERT_EQ(0, zt_puts(req, "q", 0));
	ASSERT_TRUE(got_from(rep, "q", &n));
	EXPECT_EQ(0, n.len);
	n = loopback(1);
	EXPECT_EQ(-1, say_to(rep, "a", 0, &n));
	EXPECT_EQ(EOPNOTSUPP, errno);
	EXPECT_EQ(0, zt_puts(rep, "a", 0));
}

TEST_HARNESS_MAIN
