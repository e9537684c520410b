// SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
/*
 * Endpoints: what is resolved, what reaches the kernel, which errno comes back.
 */
#include "test.h"

static const struct {
	const char *endpoint;
	const char *log;
} as_is[] = {
	{ "tcp://*:5555", "bind tcp://*:5555\n" },
	{ "tcp://*:*", "bind tcp://*:*\n" },
	{ "tcp://127.0.0.1:0", "bind tcp://127.0.0.1:0\n" },
	{ "tcp://[::1]:5555", "bind tcp://[::1]:5555\n" },
	{ "tcp://[fe80::1%eth0]:5555", "bind tcp://[fe80::1%eth0]:5555\n" },
	{ "tcp://eth0:5555", "bind tcp://eth0:5555\n" },
	{ "tcp://:5555", "bind tcp://:5555\n" },
	{ "tcp://127.0.0.1:", "bind tcp://127.0.0.1:\n" },
	{ "tcp://127.0.0.1: 80", "bind tcp://127.0.0.1: 80\n" },
	{ "tcp://127.0.0.1:+80", "bind tcp://127.0.0.1:+80\n" },
	{ "tcp://127.0.0.1:70000", "bind tcp://127.0.0.1:70000\n" },
	{ "tcp://localhost", "bind tcp://localhost\n" },
	{ "tcp://::1:5555", "bind tcp://::1:5555\n" },
	{ "tcp://1.2.3.4:0;5.6.7.8:9", "bind tcp://1.2.3.4:0;5.6.7.8:9\n" },
	{ "TCP://host:1", "bind TCP://host:1\n" },
	{ "inproc://host:http", "bind inproc://host:http\n" },
	{ "ipc:///run/x", "bind ipc:///run/x\n" },
	{ "nonsense", "bind nonsense\n" },
};

static void reset(void)
{
	fake = (struct fake){
		.interface = "eth0",
		.gate = -1,
		.want_family = AF_INET,
		.want_host = "example.org",
		.addresses = { "192.0.2.1", "192.0.2.2" },
	};
	errno = 0;
}

static bool logged(const char *text)
{
	return !strcmp(fake.log, text);
}

static void test_as_is(void)
{
	char endpoint[ZMQ_ENDPOINT_MAX + 2] = "inproc://", want[200];
	unsigned int i;

	reset();
	ok(!zmqk_bind(FD, "") && !strncmp(fake.log, "bind ", 5) && fake.loglen == 6,
	   "as it is: nothing");
	for (i = 0; i < ARRAY_SIZE(as_is); i++) {
		reset();
		ok(!zmqk_bind(FD, as_is[i].endpoint) && logged(as_is[i].log),
		   "as it is: '%s'", as_is[i].endpoint);
	}
	reset();
	memset(endpoint + 9, 'x', ZMQ_ENDPOINT_MAX - 9);
	snprintf(want, sizeof(want), "connect %s\n", endpoint);
	ok(!zmqk_connect(FD, endpoint) && logged(want), "126 bytes fit connect(2)");

	reset();
	endpoint[ZMQ_ENDPOINT_MAX] = 'x';
	snprintf(want, sizeof(want), "set %d %s\n", ZMQ_CONNECT, endpoint);
	ok(!zmqk_connect(FD, endpoint) && logged(want), "127 bytes go by ZMQ_CONNECT");

	reset();
	snprintf(want, sizeof(want), "set %d %s\n", ZMQ_BIND, endpoint);
	ok(!zmqk_bind(FD, endpoint) && logged(want), "127 bytes go by ZMQ_BIND");

	reset();
	snprintf(want, sizeof(want), "set %d tcp://*:1\n", ZMQ_UNBIND);
	ok(!zmqk_unbind(FD, "tcp://*:1") && logged(want), "unbind is ZMQ_UNBIND");

	reset();
	snprintf(want, sizeof(want), "set %d inproc://x\n", ZMQ_DISCONNECT);
	ok(!zmqk_disconnect(FD, "inproc://x") && logged(want), "disconnect is ZMQ_DISCONNECT");

	reset();
	fake.errors[0] = EPROTONOSUPPORT;
	ok(zmqk_bind(FD, "nonsense") == -1 && errno == EPROTONOSUPPORT,
	   "the kernel's errno comes back");
}

static void test_resolved(void)
{
	reset();
	ok(!zmqk_connect(FD, "tcp://example.org:5555") &&
	   logged("connect tcp://192.0.2.1:5555\n"), "host name");

	reset();
	fake.want_service = "http";
	fake.port = 80;
	ok(!zmqk_connect(FD, "tcp://example.org:http") &&
	   logged("connect tcp://192.0.2.1:80\n"), "host and service name");

	reset();
	fake.want_host = NULL;
	fake.want_service = "http";
	fake.port = 80;
	ok(!zmqk_bind(FD, "tcp://*:http") && logged("bind tcp://*:80\n"),
	   "service name with a wildcard");

	reset();
	fake.want_host = NULL;
	fake.want_service = "http";
	fake.port = 80;
	ok(!zmqk_bind(FD, "tcp://[2001:db8::1]:http") && logged("bind tcp://[2001:db8::1]:80\n"),
	   "service name with an IPv6 address");

	reset();
	ok(!zmqk_bind(FD, "tcp://example.org:*") && logged("bind tcp://192.0.2.1:*\n"),
	   "host name with a wildcard port");

	reset();
	ok(!zmqk_connect(FD, "tcp://10.0.0.1:0;example.org:5555") &&
	   logged("connect tcp://10.0.0.1:0;192.0.2.1:5555\n"), "source address is kept");

	reset();
	fake.ipv6 = 1;
	fake.want_family = AF_UNSPEC;
	fake.addresses[0] = "2001:db8::1";
	ok(!zmqk_connect(FD, "tcp://example.org:5555") &&
	   logged("connect tcp://[2001:db8::1]:5555\n"), "IPv6 when ZMQ_IPV6 is set");

	reset();
	fake.ipv6 = 1;
	fake.want_family = AF_UNSPEC;
	fake.addresses[0] = "fe80::1%lo";
	ok(!zmqk_connect(FD, "tcp://example.org:5555") &&
	   logged("connect tcp://[fe80::1%lo]:5555\n"), "IPv6 with its zone");

	reset();
	fake.want_host = "eth0";
	ok(!zmqk_connect(FD, "tcp://eth0:1") && logged("connect tcp://192.0.2.1:1\n"),
	   "an interface's name is a host for connect");
}

static void test_with_resolver(void)
{
	char want[200];

	reset();
	fake.resolve = 1;
	fake.want_host = "nobody asks for it";
	ok(!zmqk_connect(FD, "tcp://example.org:5555") &&
	   logged("connect tcp://example.org:5555\n"), "with ZMQ_RESOLVE a name goes to the kernel");

	reset();
	fake.resolve = 1;
	snprintf(want, sizeof(want), "set %d tcp://example.org:5555\n", ZMQ_DISCONNECT);
	ok(!zmqk_disconnect(FD, "tcp://example.org:5555") && logged(want),
	   "with ZMQ_RESOLVE a name is disconnected");

	reset();
	fake.resolve = 1;
	fake.want_host = NULL;
	fake.want_service = "http";
	fake.port = 80;
	ok(!zmqk_connect(FD, "tcp://example.org:http") && logged("connect tcp://example.org:80\n"),
	   "with ZMQ_RESOLVE a service is looked up");

	reset();
	fake.resolve = 1;
	ok(!zmqk_bind(FD, "tcp://example.org:5555") && logged("bind tcp://192.0.2.1:5555\n"),
	   "with ZMQ_RESOLVE names are looked up for bind");

	reset();
	fake.resolve = -1;
	ok(!zmqk_connect(FD, "tcp://example.org:5555") &&
	   logged("connect tcp://192.0.2.1:5555\n"), "a kernel without ZMQ_RESOLVE is given addresses");
}

static void test_next_address(void)
{
	char want[200];

	reset();
	fake.errors[0] = EADDRNOTAVAIL;
	ok(!zmqk_bind(FD, "tcp://example.org:1") &&
	   logged("bind tcp://192.0.2.1:1\nbind tcp://192.0.2.2:1\n"),
	   "bind goes on to the address that is here");

	reset();
	fake.errors[0] = EADDRINUSE;
	ok(zmqk_bind(FD, "tcp://example.org:1") == -1 && errno == EADDRINUSE &&
	   logged("bind tcp://192.0.2.1:1\n"), "bind does not hide EADDRINUSE");

	reset();
	fake.errors[0] = ENOENT;
	snprintf(want, sizeof(want), "set %d tcp://192.0.2.1:1\nset %d tcp://192.0.2.2:1\n",
		 ZMQ_DISCONNECT, ZMQ_DISCONNECT);
	ok(!zmqk_disconnect(FD, "tcp://example.org:1") && logged(want),
	   "disconnect finds the address that was taken");

	reset();
	fake.errors[0] = ENOENT;
	fake.errors[1] = ENOENT;
	ok(zmqk_unbind(FD, "tcp://example.org:1") == -1 && errno == ENOENT,
	   "unbind of what is not bound");
}

static void test_errors(void)
{
	static const struct {
		int eai;
		int err;
	} map[] = {
		{ EAI_NONAME, ENODEV }, { EAI_NODATA, ENODEV }, { EAI_ADDRFAMILY, ENODEV },
		{ EAI_SERVICE, EINVAL }, { EAI_AGAIN, EAGAIN }, { EAI_FAIL, EIO },
		{ EAI_MEMORY, ENOMEM }, { EAI_SYSTEM, EMFILE },
	};
	char endpoint[600] = "tcp://";
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(map); i++) {
		reset();
		fake.eai = map[i].eai;
		errno = EMFILE;
		ok(zmqk_connect(FD, "tcp://example.org:1") == -1 && errno == map[i].err &&
		   logged(""), "%s is %s", gai_strerror(map[i].eai), strerror(map[i].err));
	}
	reset();
	ok(zmqk_bind(FD, NULL) == -1 && errno == EINVAL && logged(""), "no endpoint");

	reset();
	memset(endpoint + 6, 'a', 300);
	strcpy(endpoint + 306, ":1");
	ok(zmqk_bind(FD, endpoint) == -1 && errno == ENAMETOOLONG && logged(""),
	   "host name of 300 bytes");

	reset();
	ok(zmqk_bind(FD, "tcp://*:a-service-name-of-forty-bytes-and-more") == -1 &&
	   errno == ENAMETOOLONG && logged(""), "service name of 40 bytes");

	reset();
	memset(endpoint + 6, '1', 550);
	strcpy(endpoint + 556, ";example.org:1");
	ok(zmqk_connect(FD, endpoint) == -1 && errno == ENAMETOOLONG && logged(""),
	   "source address of 550 bytes");

	reset();
	ok(zmqk_connect(FD + 1, "tcp://example.org:1") == -1 && errno == ENOPROTOOPT &&
	   logged(""), "not an AF_ZMQ socket");
}

static void test_subscriptions(void)
{
	char want[50];

	reset();
	snprintf(want, sizeof(want), "set %d abc\nset %d abc\n", ZMQ_SUBSCRIBE, ZMQ_UNSUBSCRIBE);
	ok(!zmqk_subscribe(FD, "abc", 3) && !zmqk_unsubscribe(FD, "abc", 3) && logged(want),
	   "subscribe and unsubscribe");
	reset();
	ok(zmqk_subscribe(FD, "abc", (size_t)1 << 32 | 3) == -1 && errno == EINVAL && logged(""),
	   "a prefix of 4 GiB is not taken for its first 3 bytes");
}

void test_names(void)
{
	test_subscriptions();
	test_as_is();
	test_resolved();
	test_with_resolver();
	test_next_address();
	test_errors();
}
