// SPDX-License-Identifier: GPL-2.0-only
/* recvfrom() tells who sent a message, sendto() answers. */
#include "kselftest_harness.h"
#include "fixture.h"

#define NAME_LEN	sizeof(struct sockaddr_zmq_peer)

struct from {
	struct sockaddr_zmq_peer	name;
	socklen_t			len;
};

/* One frame, and who sent it. */
static bool got_from(int fd, const char *text, struct from *from)
{
	struct sockaddr_storage name;
	char buf[64];
	ssize_t n;

	from->len = sizeof(name);
	n = recvfrom(fd, buf, sizeof(buf), 0, (void *)&name, &from->len);
	if (n < 0 || from->len > sizeof(name))
		return false;
	memcpy(&from->name, &name, NAME_LEN);
	return !text || (n == strlen(text) && !memcmp(buf, text, n));
}

static int reply(int fd, const char *text, int flags,
		 const struct sockaddr_zmq_peer *name)
{
	return sendto(fd, text, strlen(text), flags, (void *)name, NAME_LEN);
}

TEST_F(zmq_over, each_gets_the_answer_to_its_question)
{
	int router = zt_listening(ZMQ_ROUTER, variant->bind, self->ep);
	int dealers[3], i;
	struct from from;
	char text[8];

	for (i = 0; i < 3; i++) {
		dealers[i] = zt_connected(ZMQ_DEALER, self->ep);
		snprintf(text, sizeof(text), "q%d", i);
		ASSERT_EQ(0, zt_puts(dealers[i], text, 0));
	}
	for (i = 0; i < 3; i++) {
		ASSERT_TRUE(got_from(router, NULL, &from));	/* routing id */
		EXPECT_EQ(NAME_LEN, from.len);
		EXPECT_EQ(zt_family(), from.name.szmq_family);
		EXPECT_EQ(0, from.name.szmq_zero);
		EXPECT_NE(0, from.name.szmq_peer);
		ASSERT_EQ(2, recv(router, text, sizeof(text), 0));
		text[0] = 'a';
		text[2] = 0;
		EXPECT_EQ(2, reply(router, text, 0, &from.name));
	}
	for (i = 0; i < 3; i++) {
		snprintf(text, sizeof(text), "a%d", i);
		EXPECT_TRUE(zt_gets(dealers[i], text, ZT_LAST));
	}
}

TEST_F(zmq_over, every_frame_has_the_address_and_may_be_sent_with_it)
{
	int router = zt_listening(ZMQ_ROUTER, variant->bind, self->ep);
	int dealer = zt_connected(ZMQ_DEALER, self->ep);
	struct from id, a, b;

	ASSERT_EQ(0, zt_puts(dealer, "a", MSG_MORE));
	ASSERT_EQ(0, zt_puts(dealer, "b", 0));
	ASSERT_TRUE(got_from(router, NULL, &id));
	ASSERT_TRUE(got_from(router, "a", &a));
	ASSERT_TRUE(got_from(router, "b", &b));
	EXPECT_EQ(0, memcmp(&id.name, &a.name, NAME_LEN));
	EXPECT_EQ(0, memcmp(&id.name, &b.name, NAME_LEN));

	EXPECT_EQ(1, reply(router, "c", MSG_MORE, &id.name));
	EXPECT_EQ(1, reply(router, "d", MSG_MORE, &id.name));
	EXPECT_EQ(0, zt_puts(router, "e", 0));
	EXPECT_TRUE(zt_gets(dealer, "c", ZT_MORE));
	EXPECT_TRUE(zt_gets(dealer, "d", ZT_MORE));
	EXPECT_TRUE(zt_gets(dealer, "e", ZT_LAST));
}

TEST_F(zmq, a_message_has_one_address)
{
	int router = zt_listening(ZMQ_ROUTER, "inproc://a", self->ep);
	int a = zt_connected(ZMQ_DEALER, self->ep);
	int b = zt_connected(ZMQ_DEALER, self->ep);
	struct from from_a, from_b;

	ASSERT_EQ(0, zt_puts(a, "a", 0));
	ASSERT_TRUE(got_from(router, NULL, &from_a));
	ASSERT_TRUE(got_from(router, "a", &from_a));
	ASSERT_EQ(0, zt_puts(b, "b", 0));
	ASSERT_TRUE(got_from(router, NULL, &from_b));
	ASSERT_TRUE(got_from(router, "b", &from_b));

	ASSERT_EQ(1, reply(router, "1", MSG_MORE, &from_a.name));
	EXPECT_EQ(-1, reply(router, "2", 0, &from_b.name));
	EXPECT_EQ(EINVAL, errno);
	ASSERT_EQ(1, reply(router, "3", 0, &from_a.name));
	EXPECT_TRUE(zt_gets(a, "1", ZT_MORE));
	EXPECT_TRUE(zt_gets(a, "3", ZT_LAST));
	EXPECT_TRUE(zt_lacks(b, POLLIN));
}

TEST_F(zmq_over, who_is_gone_is_unreachable_if_the_router_asks)
{
	int router = zt_listening(ZMQ_ROUTER, variant->bind, self->ep);
	int dealer = zt_connected(ZMQ_DEALER, self->ep);
	struct from from;

	ASSERT_EQ(0, zt_puts(dealer, "last words", 0));
	ASSERT_TRUE(zt_becomes(router, POLLIN));
	close(dealer);
	ASSERT_TRUE(got_from(router, NULL, &from));
	ASSERT_TRUE(got_from(router, "last words", &from));
	EXPECT_EQ(NAME_LEN, from.len);

	/* Once its end is known; until then it may be sent to. */
	ASSERT_EQ(0, zt_setint(router, ZMQ_ROUTER_MANDATORY, 1));
	while (reply(router, "x", 0, &from.name) == 1)
		usleep(1000);
	EXPECT_EQ(EHOSTUNREACH, errno);
	ASSERT_EQ(0, zt_setint(router, ZMQ_ROUTER_MANDATORY, 0));
	EXPECT_EQ(1, reply(router, "x", 0, &from.name));
}

TEST_F(zmq, a_malformed_address_is_einval_and_sends_nothing)
{
	int router = zt_listening(ZMQ_ROUTER, "inproc://a", self->ep);
	int dealer = zt_connected(ZMQ_DEALER, self->ep);
	int push = zt_socket(ZMQ_PUSH);
	struct sockaddr_zmq_peer bad;
	struct from from;

	ASSERT_EQ(0, zt_puts(dealer, "a", 0));
	ASSERT_TRUE(got_from(router, NULL, &from));
	ASSERT_TRUE(got_from(router, "a", &from));

	bad = from.name;
	bad.szmq_peer = 0;
	EXPECT_EQ(-1, reply(router, "x", 0, &bad));
	EXPECT_EQ(EINVAL, errno);
	bad = from.name;
	bad.szmq_zero = 't';
	EXPECT_EQ(-1, reply(router, "x", 0, &bad));
	EXPECT_EQ(EINVAL, errno);
	bad = from.name;
	bad.szmq_family = AF_INET;
	EXPECT_EQ(-1, reply(router, "x", 0, &bad));
	EXPECT_EQ(EINVAL, errno);
	EXPECT_EQ(-1, sendto(router, "x", 1, 0, (void *)&from.name,
			     NAME_LEN - 1));
	EXPECT_EQ(EINVAL, errno);
	EXPECT_EQ(-1, reply(push, "x", 0, &from.name));
	EXPECT_EQ(EOPNOTSUPP, errno);
	EXPECT_EQ(-1, sendto(router, (void *)1, 5, 0, (void *)&from.name,
			     NAME_LEN));
	EXPECT_EQ(EFAULT, errno);
	EXPECT_TRUE(zt_lacks(dealer, POLLIN));
	EXPECT_EQ(1, reply(router, "y", 0, &from.name));
	EXPECT_TRUE(zt_gets(dealer, "y", ZT_LAST));
}

TEST_F(zmq, other_patterns_tell_no_address)
{
	int pull = zt_listening(ZMQ_PULL, "inproc://a", self->ep);
	int push = zt_connected(ZMQ_PUSH, self->ep);
	struct from from;

	ASSERT_EQ(0, zt_puts(push, "a", 0));
	ASSERT_TRUE(got_from(pull, "a", &from));
	EXPECT_EQ(0, from.len);
}

TEST_F(zmq, a_raw_stream_is_answered_by_address)
{
	int stream = zt_listening(ZMQ_STREAM, "tcp://127.0.0.1:*", self->ep);
	int peer = zp_dial(zt_port(self->ep), 0);
	struct from from;
	char buf[4];

	ASSERT_LE(0, peer);
	ASSERT_TRUE(got_from(stream, NULL, &from));	/* it connected */
	ASSERT_TRUE(got_from(stream, "", &from));
	ASSERT_EQ(0, zp_write(peer, "ping", 4));
	ASSERT_TRUE(got_from(stream, NULL, &from));
	ASSERT_TRUE(got_from(stream, "ping", &from));
	EXPECT_EQ(4, reply(stream, "pong", 0, &from.name));
	ASSERT_EQ(0, zp_read(peer, buf, 4));
	EXPECT_EQ(0, memcmp(buf, "pong", 4));
	EXPECT_EQ(0, reply(stream, "", 0, &from.name));
	EXPECT_TRUE(zp_closed(peer));
	close(peer);
}

TEST_HARNESS_MAIN
