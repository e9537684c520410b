// SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
/*
 * Options, events and addresses as text.
 */
#include <arpa/inet.h>
#include <limits.h>
#include <sys/un.h>

#include "test.h"

static bool sets(const char *name, const char *value, const char *want)
{
	const struct zmqk_option *option = zmqk_option_by_name(name);

	fake = (struct fake){ .numbers = true };
	return option && !zmqk_set_option(FD, option, value) && !strcmp(fake.log, want);
}

static bool refuses(const char *name, const char *value, int err)
{
	fake = (struct fake){};
	return zmqk_set_option(FD, zmqk_option_by_name(name), value) == -1 && errno == err &&
	       !fake.loglen;
}

static void test_options(void)
{
	const struct zmqk_option *option = zmqk_option_by_name("ZMQ_SNDHWM");

	ok(option && option->number == ZMQ_SNDHWM && option->type == ZMQK_OPT_INT &&
	   option == zmqk_option_by_name("sndhwm"), "an option by its name");
	ok(zmqk_option_by_name("MAXMSGSIZE")->type == ZMQK_OPT_INT64 &&
	   zmqk_option_by_name("SUBSCRIBE")->type == ZMQK_OPT_BYTES &&
	   zmqk_option_by_name("BINDTODEVICE")->type == ZMQK_OPT_TEXT &&
	   zmqk_option_by_name("CONNECT")->type == ZMQK_OPT_TEXT &&
	   zmqk_option_by_name("IPC_FILTER_UID")->type == ZMQK_OPT_INT, "their types");
	ok(!zmqk_option_by_name("nosuch") && errno == ENOPROTOOPT &&
	   !zmqk_option_by_name("POLLIN") && !zmqk_option(-1) && !zmqk_option(10000),
	   "what is none");
	ok(sets("sndhwm", "-1", "set 23 int -1\n"), "an int from text");
	ok(sets("maxmsgsize", "0x100000000", "set 22 int64 4294967296\n"), "an int64 from text");
	ok(sets("subscribe", "a b", "set 6 bytes a b\n"), "bytes from text");
	ok(refuses("sndhwm", "12x", EINVAL) && refuses("sndhwm", "", EINVAL) &&
	   refuses("sndhwm", "3000000000", ERANGE) &&
	   refuses("maxmsgsize", "99999999999999999999", ERANGE),
	   "no number, or none of that type");
}

static void test_events(void)
{
	struct zmq_event_record event = {
		.time_ns = 1000000002, .event = ZMQ_EVENT_ACCEPTED, .value = 5, .lost = 3,
		.flags = ZMQ_EVENT_BOUND, .local = "tcp://127.0.0.1:1", .remote = "tcp://127.0.0.1:2",
	};
	char text[ZMQK_EVENT_TEXT_MAX];
	bool all = true;
	unsigned int i;

	for (i = 1; i < ZMQ_EVENT_ALL; i <<= 1)
		all = all && zmqk_event_name(i) && zmqk_event_by_name(zmqk_event_name(i)) == i;
	ok(all, "every event has a name");
	ok(zmqk_event_by_name("ZMQ_EVENT_CLOSED") == ZMQ_EVENT_CLOSED &&
	   zmqk_event_by_name("closed") == ZMQ_EVENT_CLOSED &&
	   zmqk_event_by_name("all") == ZMQ_EVENT_ALL && !zmqk_event_by_name("nosuch") &&
	   !zmqk_event_name(3), "an event by its name");
	zmqk_event_text(&event, text, sizeof(text));
	ok(!strncmp(text, "1.000000002 ACCEPTED tcp://127.0.0.1:1 from tcp://127.0.0.1:2", 61) &&
	   !strcmp(text + 61, " value 5 (3 lost before)"), "an event in a line");
	event.error = ECONNREFUSED;
	zmqk_event_text(&event, text, 10);
	ok(strlen(text) == 9, "a line that is cut");
}

static bool reads(const void *addr, socklen_t len, const char *want)
{
	char text[ZMQK_ADDR_TEXT_MAX];
	struct zmqk_addr a = { .len = len };

	memcpy(&a.any, addr, len);
	return zmqk_addr_text(&a, text, sizeof(text)) == text && !strcmp(text, want);
}

static void test_addresses(void)
{
	struct sockaddr_in in = { .sin_family = AF_INET, .sin_port = htons(80) };
	struct sockaddr_in6 in6 = { .sin6_family = AF_INET6, .sin6_port = htons(80) };
	struct sockaddr_un un = { .sun_family = AF_UNIX };
	struct sockaddr_zmq_peer peer = { .szmq_family = zmqk_family(), .szmq_peer = 7 };
	struct sockaddr_zmq zmq = { .szmq_family = zmqk_family() };
	struct zmqk_addr none = { .len = 0 };
	char text[8];

	in6.sin6_addr.s6_addr[15] = 1;
	ok(reads(&in, sizeof(in), "tcp://0.0.0.0:80") && reads(&in6, sizeof(in6), "tcp://[::1]:80"),
	   "addresses of IP");
	strcpy(un.sun_path, "/run/x");
	ok(reads(&un, sizeof(un), "ipc:///run/x") && reads(&un, 2 + 6, "ipc:///run/x"),
	   "a path");
	memcpy(un.sun_path, "\0name", 5);
	ok(reads(&un, 2 + 5, "ipc://@name"), "an abstract name");
	strcpy(zmq.szmq_endpoint, "inproc://x");
	ok(reads(&peer, sizeof(peer), "peer:7") && reads(&zmq, sizeof(zmq), "inproc://x"),
	   "a peer's number, an endpoint");
	ok(!zmqk_addr_text(&none, text, sizeof(text)) && errno == EAFNOSUPPORT, "no address");
}

void test_texts(void)
{
	test_options();
	test_events();
	test_addresses();
	ok(zmqk_version() == ZMQK_VERSION && ZMQK_VERSION >= ZMQK_MAKE_VERSION(1, 0, 0), "version");
}
