// SPDX-License-Identifier: GPL-2.0-only
#include "test.h"

#include <linux/errno.h>
#include "wire/sockaddr.h"

#define B ZMQ_EP_BIND
#define C ZMQ_EP_CONNECT
#define V6 ZMQ_EP_IPV6
#define N ZMQ_EP_NAMES

static int parse(struct zmq_endpoint *ep, const char *text, unsigned int flags)
{
	size_t n = strlen(text);
	char *copy = malloc(n ?: 1);	/* no NUL behind it, for ASan */
	int ret;

	memcpy(copy, text, n);
	ret = zmq_endpoint_parse(ep, copy, n, flags);
	free(copy);
	return ret;
}

TEST(endpoint_good, "endpoint: texts and what they become")
{
	static const struct {
		const char	*text;
		unsigned int	flags;
		const char	*format;	/* NULL: the same */
	} cases[] = {
		{ "tcp://127.0.0.1:5555", B },
		{ "tcp://127.0.0.1:5555", C },
		{ "tcp://127.0.0.1:5555", C | V6 },
		{ "tcp://0.0.0.0:5555", C },
		{ "tcp://*:5555", B, "tcp://0.0.0.0:5555" },
		{ "tcp://*:5555", B | V6, "tcp://[::]:5555" },
		{ "tcp://*:*", B, "tcp://0.0.0.0:0" },
		{ "tcp://*:0", B, "tcp://0.0.0.0:0" },
		{ "tcp://127.0.0.1:*", B, "tcp://127.0.0.1:0" },
		{ "tcp://127.0.0.1:00080", B, "tcp://127.0.0.1:80" },
		{ "tcp://127.0.0.1:65535", C },
		{ "tcp://lo:5555", B },
		{ "tcp://lo:*", B | V6, "tcp://lo:0" },
		{ "tcp://wlp0s20f3:1", B },
		{ "tcp://br-1.2@x_y:1", B },
		{ "tcp://[::1]:5555", B | V6 },
		{ "tcp://[::1]:5555", C | V6 },
		{ "tcp://[::]:*", B | V6, "tcp://[::]:0" },
		{ "tcp://[0:0:0:0:0:0:0:1]:1", C | V6, "tcp://[::1]:1" },
		{ "tcp://[2001:DB8:0:0:1:0:0:1]:1", C | V6, "tcp://[2001:db8::1:0:0:1]:1" },
		{ "tcp://[2001:db8:0:1:1:1:1:1]:1", C | V6 },
		{ "tcp://[1::]:1", C | V6 },
		{ "tcp://[0:0:1::]:1", C | V6 },
		{ "tcp://[1:0:0:2::3]:1", C | V6, "tcp://[1:0:0:2::3]:1" },
		{ "tcp://[1:2:3:4:5:6:7:8]:1", C | V6 },
		{ "tcp://[1:2:3:4:5:6::]:1", C | V6 },
		{ "tcp://[::ffff:10.0.0.1]:1", C | V6 },
		{ "tcp://[fe80::1%eth0]:1", C | V6 },
		{ "tcp://[fe80::1%eth0]:*", B | V6, "tcp://[fe80::1%eth0]:0" },
		{ "tcp://[fe80::1%4294967295]:1", C | V6 },
		{ "tcp://10.0.0.1:0;10.0.0.2:5555", C },
		{ "tcp://10.0.0.1:*;10.0.0.2:5555", C, "tcp://10.0.0.1:0;10.0.0.2:5555" },
		{ "tcp://*:77;10.0.0.2:5555", C, "tcp://0.0.0.0:77;10.0.0.2:5555" },
		{ "tcp://*:77;10.0.0.2:5555", C | V6, "tcp://0.0.0.0:77;10.0.0.2:5555" },
		{ "tcp://*:77;[::1]:5555", C | V6, "tcp://[::]:77;[::1]:5555" },
		{ "tcp://eth0:0;10.0.0.2:5555", C },
		{ "tcp://[fe80::2%a]:0;[fe80::1%b]:5", C | V6 },
		{ "tcp://localhost:5555", C | N }, { "tcp://a:1", C | N | V6 },
		{ "tcp://www.example_1.org.:65535", C | N },
		{ "tcp://1a:00080", C | N, "tcp://1a:80" },
		{ "tcp://127.0.0.1:5555", C | N }, { "tcp://[::1]:5", C | N | V6 },
		{ "tcp://10.0.0.1:*;10.0.0.2:5555", C | N, "tcp://10.0.0.1:0;10.0.0.2:5555" },
		{ "inproc://x", B },
		{ "inproc://x", C },
		{ "inproc://tcp://*:1 \xff;", C },
		{ "inproc:///", C },
		{ "ipc:///run/x", B }, { "ipc:///run/x", C },
		{ "ipc://rel/x", C }, { "ipc://@abs tract", B },
		{ "ipc://@*", B }, { "ipc://*x", C }, { "ipc://*", B },
		{ "vsock://1:5555", C }, { "vsock://1:5555", B },
		{ "vsock://*:*", B }, { "vsock://-1:-1", B, "vsock://*:*" },
		{ "vsock://@:7", B, "vsock://1:7" }, { "vsock://@:7", C, "vsock://1:7" },
		{ "vsock://4294967294:4294967294", C },
	};
	struct zmq_endpoint ep, again;
	char buf[ZMQ_EP_TEXT];
	const char *want;
	size_t i, n;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		want = cases[i].format ?: cases[i].text;
		CHECK_EQ(parse(&ep, cases[i].text, cases[i].flags), 0);
		CHECK_EQ(zmq_endpoint_format(&ep, buf, sizeof(buf)), strlen(want));
		CHECK_STR(buf, want);
		for (n = 0; n <= strlen(want); n++)
			CHECK_EQ(zmq_endpoint_format(&ep, buf, n), -ENOSPC);
		CHECK_EQ(zmq_endpoint_format(&ep, buf, n), strlen(want));
		CHECK_EQ(parse(&again, want, cases[i].flags), 0);
		CHECK(zmq_endpoint_equal(&ep, &again));
	}
}

TEST(endpoint_bad, "endpoint: what is refused")
{
	static const struct {
		const char	*text;
		unsigned int	flags;
		int		error;
	} cases[] = {
		{ "", B, -EINVAL }, { "tcp", B, -EINVAL }, { "tcp:", B, -EINVAL },
		{ "tcp:/", B, -EINVAL }, { "tcp://", B, -EINVAL },
		{ "://x", B, -EINVAL }, { "://", B, -EINVAL },
		{ "inproc://", B, -EINVAL }, { "127.0.0.1:5555", C, -EINVAL },
		{ "TCP://*:5555", B, -EPROTONOSUPPORT },
		{ "ipc://", B, -EINVAL }, { "ipc://@", B, -EINVAL },
		{ "ipc://@", C, -EINVAL }, { "ipc://*", C, -EINVAL },
		{ "vsock://1", B, -EINVAL }, { "vsock://:1", B, -EINVAL },
		{ "vsock://1:", B, -EINVAL }, { "vsock://*:1", C, -EINVAL },
		{ "vsock://1:*", C, -EINVAL }, { "vsock://-1:1", C, -EINVAL },
		{ "vsock://1:2:3", C, -EINVAL }, { "vsock://@@:1", C, -EINVAL },
		{ "vsock://1:4294967295", C, -EINVAL },
		{ "vsock://4294967296:1", B, -EINVAL },
		{ "udp://*:1", B, -EPROTONOSUPPORT },
		{ "foo://x", C, -EPROTONOSUPPORT },
		{ "ip\xff://x", C, -EPROTONOSUPPORT },
		{ "tcp://*", B, -EINVAL }, { "tcp://:", B, -EINVAL },
		{ "tcp://:5555", B, -EINVAL }, { "tcp://:5555", C, -EINVAL },
		{ "tcp://*:", B, -EINVAL }, { "tcp://*:x", B, -EINVAL },
		{ "tcp://*:-1", B, -EINVAL }, { "tcp://*:+1", B, -EINVAL },
		{ "tcp://*: 1", B, -EINVAL }, { "tcp://*:1 ", B, -EINVAL },
		{ "tcp://*:1x", B, -EINVAL }, { "tcp://*:**", B, -EINVAL },
		{ "tcp://*:65536", B, -EINVAL }, { "tcp://*:70000", B, -EINVAL },
		{ "tcp://*:4294967297", B, -EINVAL },
		{ "tcp://*:18446744073709551617", B, -EINVAL },
		{ "tcp://127.0.0.1", C, -EINVAL },
		{ "tcp://127.0.0.1:*", C, -EINVAL },
		{ "tcp://127.0.0.1:0", C, -EINVAL },
		{ "tcp://*:5555", C, -EINVAL },
		{ "tcp://localhost:5555", C, -EINVAL },
		{ "tcp://eth0:5555", C, -EINVAL },
		{ "tcp://*:5555", C | N, -EINVAL }, { "tcp://:5555", C | N, -EINVAL },
		{ "tcp://host:*", C | N, -EINVAL }, { "tcp://host:0", C | N, -EINVAL },
		{ "tcp://host:http", C | N, -EINVAL }, { "tcp://host", C | N, -EINVAL },
		{ "tcp://-host:1", C | N, -EINVAL }, { "tcp://.:1", C | N, -EINVAL },
		{ "tcp://ho st:1", C | N, -EINVAL }, { "tcp://ho/st:1", C | N, -EINVAL },
		{ "tcp://h\xf6st:1", C | N, -EINVAL }, { "tcp://a:b:1", C | N, -EINVAL },
		{ "tcp://127.0.0.256:1", C | N, -EINVAL },
		{ "tcp://1.2.3.4.5:1", C | N, -EINVAL }, { "tcp://12:1", C | N, -EINVAL },
		{ "tcp://[host]:1", C | N | V6, -EINVAL },
		{ "tcp://127.0.0.1:0;host:1", C | N, -EINVAL },
		{ "tcp://a.long.host.name:1", B | N, -ENODEV },
		{ "tcp://127.0.0.256:1", C, -EINVAL },
		{ "tcp://127.0.0.1.1:1", C, -EINVAL },
		{ "tcp://127.0.0.1:x:1", C, -EINVAL },
		{ "tcp://127.0.0.1::1", B, -EINVAL },
		{ "tcp://[::1.2.3.4:5]:1", C | V6, -EINVAL },
		{ "tcp://[::1.2.3.4::]:1", C | V6, -EINVAL },
		{ "tcp://::1:5555", C | V6, -EINVAL },
		{ "tcp://::1:5555", B | V6, -EINVAL },
		{ "tcp://[::1]:5555", C, -ENODEV },
		{ "tcp://[::1]:5555", B, -ENODEV },
		{ "tcp://[::1]", C | V6, -EINVAL },
		{ "tcp://[::1:5555", C | V6, -EINVAL },
		{ "tcp://::1]:5555", C | V6, -EINVAL },
		{ "tcp://[]:5555", C | V6, -EINVAL },
		{ "tcp://[:5555", C | V6, -EINVAL },
		{ "tcp://[127.0.0.1]:5555", C | V6, -EINVAL },
		{ "tcp://[*]:5555", B | V6, -EINVAL },
		{ "tcp://[::1::]:5555", C | V6, -EINVAL },
		{ "tcp://[1:2:3:4:5:6:7:8:9]:5", C | V6, -EINVAL },
		{ "tcp://[fe80::1%]:5", C | V6, -EINVAL },
		{ "tcp://[%eth0]:5", C | V6, -EINVAL },
		{ "tcp://[fe80::1%a%b]:5", C | V6, -EINVAL },
		{ "tcp://[fe80::1%0123456789abcdef]:5", C | V6, -EINVAL },
		{ "tcp://host.example.org.:5555", B, -ENODEV },
		{ "tcp://0123456789abcdef:5555", B, -ENODEV },
		{ "tcp://a b:5555", B, -EINVAL }, { "tcp://a/b:5555", B, -EINVAL },
		{ "tcp://..:5555", B, -EINVAL }, { "tcp://eth0:1:5555", B, -EINVAL },
		{ "tcp://127.0.0.1:1;127.0.0.1:2", B, -EINVAL },
		{ "tcp://;127.0.0.1:2", C, -EINVAL },
		{ "tcp://127.0.0.1:2;", C, -EINVAL },
		{ "tcp://127.0.0.1;127.0.0.1:2", C, -EINVAL },
		{ "tcp://1.2.3.4:1;1.2.3.4:1;1.2.3.4:1", C, -EINVAL },
		{ "tcp://127.0.0.1:1;[::1]:2", C | V6, -EINVAL },
		{ "tcp://[::1]:1;127.0.0.1:2", C | V6, -EINVAL },
		{ "tcp://0123456789abcdef:1;127.0.0.1:2", C, -EINVAL },
	};
	struct zmq_endpoint ep;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		CHECK_EQ(parse(&ep, cases[i].text, cases[i].flags), cases[i].error);
		if (parse(&ep, cases[i].text, cases[i].flags) != cases[i].error)
			test_note("%s", cases[i].text);
	}
	CHECK_EQ(zmq_endpoint_parse(&ep, "inproc://a\0b", 12, B), -EINVAL);
	CHECK_EQ(zmq_endpoint_parse(&ep, "tcp://*:1\0", 10, B), -EINVAL);
}

TEST(endpoint_names, "endpoint: names of hosts")
{
	char name[300] = "tcp://", buf[ZMQ_EP_TEXT];
	struct zmq_endpoint ep, other;

	CHECK_EQ(parse(&ep, "tcp://host.test:5555", C | N), 0);
	CHECK(zmq_endpoint_is_named(&ep) && !ep.any_addr && !ep.has_src);
	CHECK(ep.addr.family == AF_INET && zmq_inaddr_any(&ep.addr));
	CHECK_EQ(zmq_endpoint_port(&ep.addr), 5555);
	CHECK_EQ(parse(&other, "tcp://HOST.test:5555", C | N | V6), 0);
	CHECK_EQ(other.addr.family, AF_INET6);
	CHECK(zmq_endpoint_equal(&ep, &other));
	/* Also once an address is known */
	CHECK_EQ(parse(&other, "tcp://10.0.0.1:5555", C | N), 0);
	CHECK(!zmq_endpoint_is_named(&other));
	CHECK(!zmq_endpoint_equal(&ep, &other) && !zmq_endpoint_equal(&other, &ep));
	ep.addr = other.addr;
	CHECK(!zmq_endpoint_equal(&ep, &other) && !zmq_endpoint_equal(&other, &ep));
	CHECK(zmq_endpoint_format(&ep, buf, sizeof(buf)) > 0);
	CHECK_STR(buf, "tcp://host.test:5555");
	CHECK_EQ(parse(&other, "tcp://host.test:5555", C | N), 0);
	CHECK(zmq_endpoint_equal(&ep, &other));
	CHECK_EQ(parse(&other, "tcp://host.test:5556", C | N), 0);
	CHECK(!zmq_endpoint_equal(&ep, &other));
	CHECK_EQ(parse(&other, "tcp://host.tes:5555", C | N), 0);
	CHECK(!zmq_endpoint_equal(&ep, &other));
	CHECK_EQ(parse(&other, "ipc://host.test", C | N), 0);
	CHECK(!zmq_endpoint_is_named(&other));

	memset(name + 6, 'a', ZMQ_EP_HOST_MAX);
	strcpy(name + 6 + ZMQ_EP_HOST_MAX, ":65535");
	CHECK_EQ(parse(&ep, name, C | N), 0);
	CHECK_EQ(zmq_endpoint_format(&ep, buf, sizeof(buf)), strlen(name));
	CHECK_STR(buf, name);
	strcpy(name + 6 + ZMQ_EP_HOST_MAX, "a:65535");
	CHECK_EQ(parse(&ep, name, C | N), -ENAMETOOLONG);
}

TEST(endpoint_fields, "endpoint: the fields that a caller uses")
{
	char name[300] = "inproc://", buf[ZMQ_EP_TEXT];
	struct zmq_endpoint ep;

	CHECK_EQ(parse(&ep, "tcp://*:5555", B), 0);
	CHECK(ep.transport == ZMQ_TCP && ep.any_addr && !ep.has_src);
	CHECK(ep.addr.family == AF_INET && !ep.ifname[0]);
	CHECK_EQ(zmq_endpoint_port(&ep.addr), 5555);
	CHECK_EQ(parse(&ep, "tcp://[::]:5555", B | V6), 0);
	CHECK(ep.any_addr && ep.addr.family == AF_INET6);
	CHECK_EQ(parse(&ep, "tcp://lo:5555", B | V6), 0);
	CHECK(!ep.any_addr && ep.addr.family == AF_INET6);
	CHECK_STR(ep.ifname, "lo");
	CHECK_EQ(parse(&ep, "tcp://lo:5555", B), 0);
	CHECK_EQ(ep.addr.family, AF_INET);
	CHECK_EQ(parse(&ep, "tcp://[fe80::1%7]:1", C | V6), 0);
	CHECK_EQ(ep.addr.in6.sin6_scope_id, 7);
	CHECK(!ep.zone[0]);
	CHECK_EQ(parse(&ep, "tcp://[fe80::1%eth0]:1", C | V6), 0);
	CHECK_STR(ep.zone, "eth0");
	CHECK_EQ(parse(&ep, "tcp://lo:9;10.0.0.2:5", C), 0);
	CHECK(ep.has_src && zmq_endpoint_port(&ep.src) == 9);
	CHECK_STR(ep.ifname, "lo");

	memset(name + 9, 'n', 255);
	CHECK_EQ(parse(&ep, name, B), 0);
	CHECK_EQ(ep.name_len, 255);
	CHECK_EQ(zmq_endpoint_format(&ep, buf, sizeof(buf)), 264);
	CHECK_STR(buf, name);
	name[9 + 255] = 'n';
	CHECK_EQ(parse(&ep, name, B), -ENAMETOOLONG);

	CHECK_EQ(parse(&ep, "ipc://*", B), 0);
	CHECK(ep.transport == ZMQ_IPC && !ep.name_len);
	CHECK_EQ(parse(&ep, "ipc://a", C), 0);
	CHECK_EQ(ep.name_len, 1);
	memset(name, 0, sizeof(name));
	memcpy(name, "ipc://", 6);
	memset(name + 6, 'p', 107);
	CHECK_EQ(parse(&ep, name, C), 0);
	name[6 + 107] = 'p';
	CHECK_EQ(parse(&ep, name, C), -ENAMETOOLONG);
	CHECK_EQ(parse(&ep, "vsock://3:9", C), 0);
	CHECK(ep.transport == ZMQ_VSOCK && ep.vm_cid == 3 && ep.vm_port == 9);
}

static bool same(const char *a, const char *b, unsigned int flags)
{
	struct zmq_endpoint x, y;

	CHECK_EQ(parse(&x, a, flags), 0);
	CHECK_EQ(parse(&y, b, flags), 0);
	CHECK_EQ(zmq_endpoint_equal(&x, &y), zmq_endpoint_equal(&y, &x));
	return zmq_endpoint_equal(&x, &y);
}

TEST(endpoint_equal, "endpoint: equal by meaning")
{
	struct zmq_endpoint a, b;

	CHECK(same("tcp://*:1", "tcp://0.0.0.0:1", B));
	CHECK(same("tcp://*:1", "tcp://[::]:1", B | V6));
	CHECK(!same("tcp://*:1", "tcp://0.0.0.0:1", B | V6));
	CHECK(same("tcp://*:*", "tcp://*:0", B));
	CHECK(!same("tcp://*:1", "tcp://*:2", B));
	CHECK(!same("tcp://*:1", "tcp://lo:1", B));
	CHECK(!same("tcp://lo:1", "tcp://eth0:1", B));
	CHECK(!same("tcp://lo:1", "tcp://127.0.0.1:1", B));
	CHECK(same("tcp://[::ffff:1.2.3.4]:1", "tcp://1.2.3.4:1", C | V6));
	CHECK(same("tcp://[::1]:1", "tcp://[0:0::1]:1", C | V6));
	CHECK(!same("tcp://[fe80::1%a]:1", "tcp://[fe80::1%b]:1", C | V6));
	CHECK(!same("tcp://[fe80::1%1]:1", "tcp://[fe80::1%2]:1", C | V6));
	CHECK(!same("tcp://1.2.3.4:1;1.1.1.1:1", "tcp://1.1.1.1:1", C));
	CHECK(!same("tcp://1.2.3.4:1;1.1.1.1:1", "tcp://1.2.3.5:1;1.1.1.1:1", C));
	CHECK(!same("tcp://1.2.3.4:1;1.1.1.1:1", "tcp://1.2.3.4:2;1.1.1.1:1", C));
	CHECK(same("tcp://lo:1;1.1.1.1:1", "tcp://lo:1;1.1.1.1:1", C));
	CHECK(!same("tcp://lo:1;1.1.1.1:1", "tcp://lo:1;1.1.1.2:1", C));
	CHECK(!same("tcp://lo:1;1.1.1.1:1", "tcp://eth:1;1.1.1.1:1", C));
	CHECK(!same("inproc://a", "inproc://A", C));
	CHECK(!same("inproc://a", "inproc://aa", C));
	CHECK(!same("inproc://a", "tcp://1.1.1.1:1", C));
	CHECK(!same("inproc://a", "ipc://a", C));
	CHECK(same("ipc://a", "ipc://a", C));
	CHECK(!same("ipc://a", "ipc://./a", C));
	CHECK(!same("ipc://a", "ipc://@a", C));
	CHECK(same("vsock://*:1", "vsock://-1:1", B));
	CHECK(!same("vsock://1:1", "vsock://2:1", B));
	CHECK(!same("vsock://1:1", "vsock://1:2", B));

	/* the caller has looked up the interface's address */
	CHECK_EQ(parse(&a, "tcp://lo:1", B), 0);
	a.addr.in4.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	CHECK_EQ(parse(&b, "tcp://lo:1", B), 0);
	CHECK(zmq_endpoint_equal(&a, &b));
	CHECK_EQ(parse(&b, "tcp://127.0.0.1:1", B), 0);
	CHECK(zmq_endpoint_equal(&a, &b));
}

TEST(endpoint_sockaddr, "endpoint: from the socket addresses of IP")
{
	struct sockaddr_in6 in6 = { .sin6_family = AF_INET6, .sin6_flowinfo = 9,
				    .sin6_port = htons(7), .sin6_scope_id = 3 };
	struct sockaddr_in in4 = { .sin_family = AF_INET, .sin_port = htons(7),
				   .sin_addr.s_addr = htonl(0x7f000001) };
	struct sockaddr other = { .sa_family = AF_NETLINK };
	struct zmq_endpoint ep, again;
	char buf[ZMQ_EP_TEXT];
	size_t n;

	memset(in4.sin_zero, 'z', sizeof(in4.sin_zero));
	CHECK_EQ(zmq_endpoint_from_sockaddr(&ep, &in4, sizeof(in4), C), 0);
	CHECK(zmq_endpoint_format(&ep, buf, sizeof(buf)) > 0);
	CHECK_STR(buf, "tcp://127.0.0.1:7");
	CHECK_EQ(parse(&again, buf, C), 0);
	CHECK(!memcmp(&ep, &again, sizeof(ep)));
	CHECK(!ep.any_addr);
	for (n = 0; n < 16; n++)
		CHECK_EQ(zmq_endpoint_from_sockaddr(&ep, &in4, n, C), -EINVAL);

	CHECK_EQ(zmq_endpoint_from_sockaddr(&ep, &in6, sizeof(in6), B), 0);
	CHECK(zmq_endpoint_format(&ep, buf, sizeof(buf)) > 0);
	CHECK_STR(buf, "tcp://[::%3]:7");
	CHECK(!ep.addr.in6.sin6_flowinfo);
	CHECK(ep.any_addr);
	CHECK_EQ(zmq_endpoint_from_sockaddr(&ep, &in6, 24, B), 0);
	CHECK_EQ(ep.addr.in6.sin6_scope_id, 0);
	CHECK_EQ(zmq_endpoint_from_sockaddr(&ep, &in6, 23, B), -EINVAL);
	CHECK_EQ(zmq_endpoint_from_sockaddr(&ep, &other, sizeof(other), B),
		 -EAFNOSUPPORT);
	in4.sin_port = 0;
	CHECK_EQ(zmq_endpoint_from_sockaddr(&ep, &in4, sizeof(in4), B), 0);
	CHECK_EQ(zmq_endpoint_from_sockaddr(&ep, &in4, sizeof(in4), C), -EINVAL);
}

static int from_un(struct zmq_endpoint *ep, const char *path, size_t n)
{
	struct sockaddr_un un = { .sun_family = AF_UNIX };
	size_t len = offsetof(struct sockaddr_un, sun_path) + n;
	char *copy = malloc(len);
	int ret;

	memcpy(un.sun_path, path, n);
	memcpy(copy, &un, len);
	ret = zmq_endpoint_from_sockaddr(ep, copy, len, C);
	free(copy);
	return ret;
}

TEST(endpoint_sockaddr_un, "endpoint: from and to the addresses of AF_UNIX")
{
	static const struct {
		const char	*path;
		size_t		n;
		const char	*text;
	} cases[] = {
		{ "/run/x", 6, "ipc:///run/x" }, { "/run/x", 7, "ipc:///run/x" },
		{ "x\0yyy", 5, "ipc://x" }, { "@x", 3, "ipc://./@x" },
		{ "\0x", 2, "ipc://@x" }, { "\0@x", 3, "ipc://@@x" },
		{ "*", 1, "ipc://./*" }, { "*", 2, "ipc://./*" }, { "**", 3, "ipc://**" },
	};
	const size_t head = offsetof(struct sockaddr_un, sun_path);
	union zmq_sockname name, again;
	struct zmq_endpoint ep, parsed;
	char buf[ZMQ_EP_TEXT], path[108];
	size_t i;
	int len;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		CHECK_EQ(from_un(&ep, cases[i].path, cases[i].n), 0);
		CHECK(zmq_endpoint_format(&ep, buf, sizeof(buf)) > 0);
		CHECK_STR(buf, cases[i].text);
		CHECK_EQ(parse(&parsed, buf, C), 0);
		CHECK(zmq_endpoint_equal(&ep, &parsed));
		len = zmq_endpoint_to_sockaddr(&ep, &name);
		CHECK_EQ(len, head + ep.name_len + (ep.name[0] != '@'));
		CHECK_EQ(zmq_endpoint_to_sockaddr(&parsed, &again), len);
		CHECK(!memcmp(&name, &again, sizeof(name)));
	}
	CHECK_EQ(from_un(&ep, "", 0), -EINVAL);
	CHECK_EQ(from_un(&ep, "\0", 1), -EINVAL);
	CHECK_EQ(from_un(&ep, "\0x\0", 3), -EINVAL);
	memset(path, 'p', sizeof(path));
	CHECK_EQ(from_un(&ep, path, 107), 0);
	CHECK_EQ(zmq_endpoint_to_sockaddr(&ep, &name), sizeof(name.un));
	CHECK_EQ(from_un(&ep, path, 108), -ENAMETOOLONG);
	path[0] = 0;
	CHECK_EQ(from_un(&ep, path, 107), 0);
	CHECK_EQ(from_un(&ep, path, 108), -ENAMETOOLONG);
	path[0] = '@';
	CHECK_EQ(from_un(&ep, path, 106), -ENAMETOOLONG);
}

TEST(endpoint_sockname, "endpoint: a path that fills its address is the same name with its NUL")
{
	const size_t head = offsetof(struct sockaddr_un, sun_path);
	union zmq_sockname name, again;
	char addr[sizeof(name)] = {};

	memset(&name, 0, sizeof(name));
	name.un.sun_family = AF_UNIX;
	memset(name.un.sun_path, 'p', sizeof(name.un.sun_path));
	memcpy(addr, &name, head + 108);
	CHECK_EQ(zmq_sockname_take(&name, addr, head + 108), head + 109);
	CHECK_EQ(zmq_sockname_take(&again, addr, head + 109), head + 109);
	CHECK(!memcmp(&name, &again, sizeof(name)));
	CHECK_EQ(zmq_sockname_take(&again, addr, head + 110), -EINVAL);
	addr[head] = 0;
	CHECK_EQ(zmq_sockname_take(&name, addr, head + 108), head + 108);
	CHECK_EQ(zmq_sockname_take(&name, addr, head + 109), -EINVAL);
}

TEST(endpoint_sockaddr_vm, "endpoint: from and to the addresses of AF_VSOCK")
{
	struct sockaddr_vm vm = { .svm_family = AF_VSOCK, .svm_cid = 3, .svm_port = 7 };
	union zmq_sockname name;
	struct zmq_endpoint ep;
	char buf[ZMQ_EP_TEXT];

	CHECK_EQ(zmq_endpoint_from_sockaddr(&ep, &vm, sizeof(vm) - 1, C), -EINVAL);
	CHECK_EQ(zmq_endpoint_from_sockaddr(&ep, &vm, sizeof(vm), C), 0);
	CHECK(zmq_endpoint_format(&ep, buf, sizeof(buf)) > 0);
	CHECK_STR(buf, "vsock://3:7");
	CHECK_EQ(zmq_endpoint_to_sockaddr(&ep, &name), sizeof(vm));
	CHECK(!memcmp(&name.vm, &vm, sizeof(vm)));
	vm.svm_port = VMADDR_PORT_ANY;
	CHECK_EQ(zmq_endpoint_from_sockaddr(&ep, &vm, sizeof(vm), C), -EINVAL);
	CHECK_EQ(zmq_endpoint_from_sockaddr(&ep, &vm, sizeof(vm), B), 0);
	vm.svm_cid = VMADDR_CID_ANY;
	CHECK_EQ(zmq_endpoint_from_sockaddr(&ep, &vm, sizeof(vm), B), 0);
	CHECK(zmq_endpoint_format(&ep, buf, sizeof(buf)) > 0);
	CHECK_STR(buf, "vsock://*:*");
}
