// SPDX-License-Identifier: GPL-2.0-only
/* tcp:// over IPv6. */
#include <arpa/inet.h>
#include "kselftest_harness.h"
#include "zmqtest.h"

FIXTURE(ipv6) {
	char ep[ZMQ_ENDPOINT_MAX];
	int pull;
	int push;
	bool missing;		/* not all harnesses can skip in the setup */
};

FIXTURE_SETUP(ipv6)
{
	int probe;

	ASSERT_EQ(0, zt_setup(_metadata->name));
	probe = socket(AF_INET6, SOCK_STREAM, 0);
	self->missing = probe < 0;
	if (self->missing)
		return;
	close(probe);
	self->pull = zt_socket(ZMQ_PULL);
	self->push = zt_socket(ZMQ_PUSH);
	ASSERT_LE(0, self->push);
}

FIXTURE_TEARDOWN(ipv6)
{
	EXPECT_EQ(0, zt_teardown());
}

static int allow(int fd)
{
	return zt_setint(fd, ZMQ_IPV6, 1);
}

static bool carries(int push, int pull)
{
	return !zt_puts(push, "over IPv6", 0) &&
	       zt_gets(pull, "over IPv6", ZT_LAST);
}

TEST_F(ipv6, it_carries_messages_over_the_loopback)
{
	if (self->missing)
		SKIP(return, "the kernel has no IPv6");
	ASSERT_EQ(0, allow(self->pull));
	ASSERT_EQ(0, allow(self->push));
	ASSERT_EQ(0, zt_bind_any(self->pull, "tcp://[::1]:*", self->ep));
	EXPECT_EQ(0, strncmp(self->ep, "tcp://[::1]:", 12));
	EXPECT_LT(0, zt_port(self->ep));
	ASSERT_EQ(0, zt_connect(self->push, self->ep));
	EXPECT_TRUE(carries(self->push, self->pull));
}

TEST_F(ipv6, it_has_to_be_asked_for)
{
	if (self->missing)
		SKIP(return, "the kernel has no IPv6");
	EXPECT_EQ(-1, zt_bind(self->pull, "tcp://[::1]:*"));
	EXPECT_EQ(ENODEV, errno);
	EXPECT_EQ(-1, zt_connect(self->push, "tcp://[::1]:5555"));
	EXPECT_EQ(ENODEV, errno);
	ASSERT_EQ(0, allow(self->pull));
	EXPECT_EQ(0, zt_bind(self->pull, "tcp://[::1]:*"));
}

TEST_F(ipv6, a_wildcard_takes_both_families)
{
	char v4[ZMQ_ENDPOINT_MAX], v6[ZMQ_ENDPOINT_MAX];
	int old = zt_socket(ZMQ_PUSH);

	if (self->missing)
		SKIP(return, "the kernel has no IPv6");
	ASSERT_EQ(0, allow(self->pull));
	ASSERT_EQ(0, allow(self->push));
	ASSERT_EQ(0, zt_bind_any(self->pull, "tcp://*:*", self->ep));
	EXPECT_EQ(0, strncmp(self->ep, "tcp://[::]:", 11));
	snprintf(v4, sizeof(v4), "tcp://127.0.0.1:%d", zt_port(self->ep));
	snprintf(v6, sizeof(v6), "tcp://[::1]:%d", zt_port(self->ep));
	ASSERT_EQ(0, zt_connect(self->push, v6));
	ASSERT_EQ(0, zt_connect(old, v4));
	EXPECT_TRUE(carries(self->push, self->pull));
	EXPECT_TRUE(carries(old, self->pull));
}

TEST_F(ipv6, sockaddr_in6_is_taken_and_given)
{
	struct sockaddr_in6 sin6 = {
		.sin6_family = AF_INET6, .sin6_addr = IN6ADDR_LOOPBACK_INIT,
	};
	struct sockaddr_in6 got;
	socklen_t len = sizeof(got);

	if (self->missing)
		SKIP(return, "the kernel has no IPv6");
	ASSERT_EQ(0, bind(self->pull, (struct sockaddr *)&sin6, sizeof(sin6)));
	ASSERT_EQ(0, getsockname(self->pull, (struct sockaddr *)&got, &len));
	EXPECT_EQ(sizeof(got), len);
	EXPECT_EQ(AF_INET6, got.sin6_family);
	EXPECT_EQ(0, memcmp(&got.sin6_addr, &sin6.sin6_addr, 16));
	EXPECT_NE(0, got.sin6_port);
	ASSERT_EQ(0, connect(self->push, (struct sockaddr *)&got, len));
	EXPECT_TRUE(carries(self->push, self->pull));
	EXPECT_EQ(-1, bind(self->pull, (struct sockaddr *)&sin6,
			   sizeof(struct sockaddr_in)));
	EXPECT_EQ(EINVAL, errno);
}

TEST_HARNESS_MAIN
