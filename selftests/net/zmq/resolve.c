// SPDX-License-Identifier: GPL-2.0-only
/*
 * Names of hosts: messages queue at once, and whoever watches the socket says
 * where they go.
 */
#include <limits.h>
#include "kselftest_harness.h"
#include "fixture.h"

#define ANSWER_MS	30000
#define OPEN_MAX	128
#define HOST_MAX	253

static const char name[] = "tcp://server.test:5555";

/* A socket that takes names, and does not wait long between its attempts. */
static int naming(int pattern)
{
	int fd = zt_socket(pattern);

	if (zt_setint(fd, ZMQ_RESOLVE, 1) ||
	    zt_setint(fd, ZMQ_RECONNECT_IVL, 10))
		return -1;
	return fd;
}

static int watch(int fd, int events)
{
	if (zt_setint(fd, ZMQ_MONITOR, events))
		return -1;
	return zt_getint(fd, ZMQ_MONITOR_FD);
}

static int next_event(int monitor, struct zmq_event_record *r)
{
	if (zt_poll(monitor, POLLIN, ZT_DEADLINE_MS) & POLLIN)
		return read(monitor, r, sizeof(*r)) == sizeof(*r) ? 0 : -1;
	printf("# nothing happens\n");
	return -1;
}

static bool asks(int monitor, const char *endpoint)
{
	struct zmq_event_record r;

	if (next_event(monitor, &r))
		return false;
	if (r.event == ZMQ_EVENT_RESOLVE && !strcmp(r.remote, endpoint) &&
	    !r.flags && !r.error && !r.lost)
		return true;
	printf("# event %#x of '%s'\n", r.event, r.remote);
	return false;
}

/* @address may be NULL: nothing behind the NUL. */
static int answer(int fd, const char *endpoint, const char *address)
{
	char text[2 * ZMQ_EVENT_ENDPOINT_MAX];
	int len = snprintf(text, sizeof(text), "%s", endpoint) + 1;

	if (address)
		len += snprintf(text + len, sizeof(text) - len, "%s", address);
	return setsockopt(fd, SOL_ZMQ, ZMQ_RESOLVED, text, len);
}

/* The errno of a wrong answer, 0 for one that is taken. */
static int verdict(int fd, const char *endpoint, const char *address)
{
	return answer(fd, endpoint, address) ? errno : 0;
}

/* "tcp://server.test:" and the port of @ep */
static const char *named(const char *ep)
{
	static char text[ZMQ_ENDPOINT_MAX];

	snprintf(text, sizeof(text), "tcp://server.test:%d", zt_port(ep));
	return text;
}

TEST_F(zmq, messages_queue_at_once_and_go_where_the_answer_says)
{
	int pull = zt_listening(ZMQ_PULL, "tcp://127.0.0.1:*", self->ep);
	int push = naming(ZMQ_PUSH), monitor = watch(push, ZMQ_EVENT_RESOLVE);
	const char *to = named(self->ep);
	struct zmq_event_record r;
	char last[ZMQ_ENDPOINT_MAX];
	socklen_t len = sizeof(last);

	ASSERT_LE(0, monitor);
	ASSERT_EQ(0, zt_settext(push, ZMQ_CONNECT, to));
	EXPECT_EQ(0, getsockopt(push, SOL_ZMQ, ZMQ_LAST_ENDPOINT, last, &len));
	EXPECT_STREQ(to, last);
	ASSERT_EQ(0, zt_puts(push, "one", 0));
	ASSERT_EQ(0, zt_puts(push, "two", 0));
	ASSERT_EQ(0, next_event(monitor, &r));
	EXPECT_EQ(ZMQ_EVENT_RESOLVE, r.event);
	EXPECT_EQ(ANSWER_MS, r.value);
	EXPECT_STREQ(to, r.remote);
	EXPECT_STREQ("", r.local);
	ASSERT_EQ(0, answer(push, to, self->ep));
	EXPECT_TRUE(zt_gets(pull, "one", ZT_LAST));
	EXPECT_TRUE(zt_gets(pull, "two", ZT_LAST));
	EXPECT_EQ(0, zt_puts(push, "three", 0));
	EXPECT_TRUE(zt_gets(pull, "three", ZT_LAST));
	EXPECT_EQ(0, zt_poll(monitor, POLLIN, 50));
}

TEST_F(zmq, connect_takes_a_name_as_the_option_does)
{
	int pull = zt_listening(ZMQ_PULL, "tcp://127.0.0.1:*", self->ep);
	int push = naming(ZMQ_PUSH), monitor = watch(push, ZMQ_EVENT_RESOLVE);

	ASSERT_EQ(0, zt_connect(push, named(self->ep)));
	ASSERT_TRUE(asks(monitor, named(self->ep)));
	ASSERT_EQ(0, answer(push, named(self->ep), self->ep));
	EXPECT_EQ(0, zt_puts(push, "x", 0));
	EXPECT_TRUE(zt_gets(pull, "x", ZT_LAST));
}

TEST_F(zmq, names_are_refused_by_default_and_by_listeners)
{
	int fd = zt_socket(ZMQ_PUSH), i;
	static const char * const bad[] = {
		"tcp://server test:1", "tcp://-server:1", "tcp://.server:1",
		"tcp://server:*", "tcp://server:0", "tcp://server:http",
		"tcp://127.0.0.256:1", "tcp://1.2.3:1", "tcp://sch\xc3\xb6n:1",
		"tcp://*:1", "tcp://:1", "tcp://127.0.0.1:0;server.test:1",
	};

	EXPECT_EQ(0, zt_getint(fd, ZMQ_RESOLVE));
	EXPECT_EQ(-1, zt_connect(fd, name));
	EXPECT_EQ(EINVAL, errno);
	ASSERT_EQ(0, zt_setint(fd, ZMQ_RESOLVE, 1));
	EXPECT_EQ(1, zt_getint(fd, ZMQ_RESOLVE));
	EXPECT_EQ(-1, zt_setint(fd, ZMQ_RESOLVE, 2));
	EXPECT_EQ(EINVAL, errno);
	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		EXPECT_EQ(-1, zt_settext(fd, ZMQ_CONNECT, bad[i]))
			TH_LOG("%s", bad[i]);
		EXPECT_EQ(EINVAL, errno)
			TH_LOG("%s", bad[i]);
	}
	EXPECT_EQ(-1, zt_settext(fd, ZMQ_BIND, "tcp://a-very-long-host.test:1"));
	EXPECT_EQ(ENODEV, errno);
	EXPECT_EQ(-1, zt_settext(fd, ZMQ_BIND, "tcp://server.test:1"));
	EXPECT_EQ(ENODEV, errno);
}

TEST_F(zmq, an_answer_that_is_none_is_refused_and_the_question_stays)
{
	int push = naming(ZMQ_PUSH), monitor = watch(push, ZMQ_EVENT_RESOLVE), i;
	static const struct {
		const char *endpoint;
		const char *address;
		int err;
	} wrong[] = {
		{ "tcp://server.test", "tcp://127.0.0.1:5555", EINVAL },
		{ "tcp://127.0.0.1:5555", "tcp://127.0.0.1:5555", EINVAL },
		{ "inproc://server.test", "tcp://127.0.0.1:5555", EINVAL },
		{ name, "127.0.0.1", EINVAL },
		{ name, "tcp://127.0.0.1:5556", EINVAL },
		{ name, "tcp://0.0.0.0:5555", EINVAL },
		{ name, "tcp://other.test:5555", EINVAL },
		{ name, "tcp://127.0.0.1:1;127.0.0.1:5555", EINVAL },
		{ name, "ipc:///tmp/server", EINVAL },
		{ name, "sctp://127.0.0.1:5555", EPROTONOSUPPORT },
		{ name, "tcp://[::1]:5555", ENODEV },
		{ "tcp://other.test:5555", "tcp://127.0.0.1:5555", ENOENT },
		{ "tcp://server.test:5556", "tcp://127.0.0.1:5556", ENOENT },
	};

	ASSERT_EQ(0, zt_connect(push, name));
	ASSERT_TRUE(asks(monitor, name));
	for (i = 0; i < ARRAY_SIZE(wrong); i++)
		EXPECT_EQ(wrong[i].err, verdict(push, wrong[i].endpoint,
						wrong[i].address))
			TH_LOG("number %d", i);
	EXPECT_EQ(-1, zt_settext(push, ZMQ_RESOLVED, name));
	EXPECT_EQ(EINVAL, errno);
	EXPECT_EQ(-1, setsockopt(push, SOL_ZMQ, ZMQ_RESOLVED, "", 0));
	EXPECT_EQ(EINVAL, errno);
	EXPECT_EQ(INT_MIN, zt_getint(push, ZMQ_RESOLVED));
	EXPECT_EQ(0, zt_poll(monitor, POLLIN, 50));
	EXPECT_EQ(0, verdict(push, name, "tcp://127.0.0.1:5555"));
}

TEST_F(zmq, a_late_answer_is_refused)
{
	int pull = zt_listening(ZMQ_PULL, "tcp://127.0.0.1:*", self->ep);
	int push = naming(ZMQ_PUSH), monitor = watch(push, ZMQ_EVENT_RESOLVE);
	const char *to = named(self->ep);

	ASSERT_LE(0, pull);
	ASSERT_EQ(0, zt_connect(push, to));
	ASSERT_TRUE(asks(monitor, to));
	EXPECT_EQ(0, verdict(push, to, self->ep));
	EXPECT_EQ(EALREADY, verdict(push, to, self->ep));
	EXPECT_EQ(EALREADY, verdict(push, to, NULL));
	EXPECT_EQ(0, zt_puts(push, "x", 0));
	EXPECT_TRUE(zt_gets(pull, "x", ZT_LAST));
	EXPECT_EQ(EALREADY, verdict(push, to, self->ep));
}

TEST_F(zmq, a_name_without_an_address_is_asked_for_again)
{
	const int events = ZMQ_EVENT_RESOLVE | ZMQ_EVENT_CONNECT_RETRIED;
	int push = naming(ZMQ_PUSH), monitor = watch(push, events), i;
	struct zmq_event_record r;

	ASSERT_EQ(0, zt_connect(push, name));
	for (i = 0; i < 3; i++) {
		ASSERT_TRUE(asks(monitor, name));
		ASSERT_EQ(0, answer(push, name, i ? "" : NULL));
		ASSERT_EQ(0, next_event(monitor, &r));
		EXPECT_EQ(ZMQ_EVENT_CONNECT_RETRIED, r.event);
		EXPECT_EQ(ENODEV, r.error);
		EXPECT_STREQ(name, r.remote);
	}
}

TEST_F(zmq, no_answer_in_time_is_a_failed_attempt)
{
	const int events = ZMQ_EVENT_RESOLVE | ZMQ_EVENT_CONNECT_RETRIED;
	int push = naming(ZMQ_PUSH), monitor = watch(push, events);
	struct zmq_event_record r;

	ASSERT_EQ(0, zt_setint(push, ZMQ_CONNECT_TIMEOUT, 50));
	ASSERT_EQ(0, zt_connect(push, name));
	ASSERT_EQ(0, next_event(monitor, &r));
	EXPECT_EQ(ZMQ_EVENT_RESOLVE, r.event);
	EXPECT_EQ(50, r.value);
	ASSERT_EQ(0, next_event(monitor, &r));
	EXPECT_EQ(ZMQ_EVENT_CONNECT_RETRIED, r.event);
	EXPECT_EQ(ETIMEDOUT, r.error);
	ASSERT_TRUE(asks(monitor, name));
}

TEST_F(zmq, without_a_monitor_attempts_fail_and_are_counted)
{
	long failed = zt_counter("ZmqConnectFail"), again = zt_counter("ZmqReconnects");
	int push = naming(ZMQ_PUSH);

	ASSERT_EQ(0, zt_setint(push, ZMQ_CONNECT_TIMEOUT, 50));
	ASSERT_EQ(0, zt_connect(push, name));
	ASSERT_EQ(0, zt_puts(push, "x", 0));
	EXPECT_TRUE(zt_counts("ZmqConnectFail", failed + 1));
	EXPECT_TRUE(zt_counts("ZmqReconnects", again));
}

TEST_F(zmq, a_monitor_of_all_events_is_not_asked)
{
	int push = naming(ZMQ_PUSH), monitor = watch(push, ZMQ_EVENT_ALL);

	EXPECT_EQ(0, ZMQ_EVENT_ALL & ZMQ_EVENT_RESOLVE);
	ASSERT_EQ(0, zt_connect(push, name));
	EXPECT_EQ(0, zt_poll(monitor, POLLIN, 50));
}

TEST_F(zmq, each_attempt_asks_so_a_name_may_move)
{
	int first = zt_listening(ZMQ_PULL, "tcp://127.0.0.1:*", self->ep);
	int push = naming(ZMQ_PUSH), monitor = watch(push, ZMQ_EVENT_RESOLVE);
	int second = zt_socket(ZMQ_PULL);
	const char *to = named(self->ep);
	char moved[ZMQ_ENDPOINT_MAX];

	ASSERT_EQ(0, zt_connect(push, to));
	ASSERT_TRUE(asks(monitor, to));
	ASSERT_EQ(0, answer(push, to, self->ep));
	ASSERT_EQ(0, zt_puts(push, "first", 0));
	ASSERT_TRUE(zt_gets(first, "first", ZT_LAST));
	close(first);
	ASSERT_TRUE(asks(monitor, to));
	snprintf(moved, sizeof(moved), "tcp://127.0.0.2:%d", zt_port(self->ep));
	ASSERT_EQ(0, zt_bind(second, moved));
	ASSERT_EQ(0, zt_puts(push, "second", 0));
	ASSERT_EQ(0, answer(push, to, moved));
	EXPECT_TRUE(zt_gets(second, "second", ZT_LAST));
}

TEST_F(zmq, a_name_may_move_between_address_families)
{
	int push = naming(ZMQ_PUSH), monitor = watch(push, ZMQ_EVENT_RESOLVE);
	int pull = zt_socket(ZMQ_PULL), four;
	const char *to;

	ASSERT_EQ(0, zt_setint(push, ZMQ_IPV6, 1));
	ASSERT_EQ(0, zt_setint(pull, ZMQ_IPV6, 1));
	ASSERT_EQ(0, zt_bind_any(pull, "tcp://[::1]:*", self->ep));
	to = named(self->ep);
	ASSERT_EQ(0, zt_connect(push, to));
	ASSERT_TRUE(asks(monitor, to));
	ASSERT_EQ(0, answer(push, to, self->ep));
	ASSERT_EQ(0, zt_puts(push, "six", 0));
	ASSERT_TRUE(zt_gets(pull, "six", ZT_LAST));
	close(pull);
	ASSERT_TRUE(asks(monitor, to));
	four = zt_socket(ZMQ_PULL);
	snprintf(self->ep, sizeof(self->ep), "tcp://127.0.0.1:%d", zt_port(to));
	ASSERT_EQ(0, zt_bind(four, self->ep));
	ASSERT_EQ(0, answer(push, to, self->ep));
	EXPECT_EQ(0, zt_puts(push, "four", 0));
	EXPECT_TRUE(zt_gets(four, "four", ZT_LAST));
	close(four);
	ASSERT_TRUE(asks(monitor, to));
	pull = zt_socket(ZMQ_PULL);
	ASSERT_EQ(0, zt_setint(pull, ZMQ_IPV6, 1));
	snprintf(self->ep, sizeof(self->ep), "tcp://[::1]:%d", zt_port(to));
	ASSERT_EQ(0, zt_bind(pull, self->ep));
	ASSERT_EQ(0, answer(push, to, self->ep));
	EXPECT_EQ(0, zt_puts(push, "six again", 0));
	EXPECT_TRUE(zt_gets(pull, "six again", ZT_LAST));
}

#define GROUP	"zmq-selftest-resolve"
#define NO_LINK	99

/* if (ctx->family == AF_INET6) ctx->bound_dev_if = NO_LINK; return 1 */
static const struct bpf_insn bind_ipv6[] = {
	{ .code = BPF_LDX | BPF_MEM | BPF_W, .dst_reg = 2, .src_reg = 1,
	  .off = offsetof(struct bpf_sock, family) },
	{ .code = BPF_JMP | BPF_JNE | BPF_K, .dst_reg = 2, .off = 2,
	  .imm = AF_INET6 },
	{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = 3, .imm = NO_LINK },
	{ .code = BPF_STX | BPF_MEM | BPF_W, .dst_reg = 1, .src_reg = 3,
	  .off = offsetof(struct bpf_sock, bound_dev_if) },
	{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = 0, .imm = 1 },
	{ .code = BPF_JMP | BPF_EXIT },
};

/* A new socket whose children of IPv6 policy has bound to a device that is not
 * there; -1 without such policies.
 */
static int without_ipv6(void)
{
	int dir = zt_cgroup_make(GROUP), fd = -1;

	if (dir < 0)
		return -1;
	if (!zt_cgroup_attach(dir, BPF_CGROUP_INET_SOCK_CREATE, bind_ipv6,
			      ARRAY_SIZE(bind_ipv6)) && !zt_cgroup_enter(GROUP))
		fd = naming(ZMQ_PUSH);
	close(dir);
	return fd;
}

TEST_F(zmq, a_device_that_policy_chose_for_one_address_family_stays)
{
	int six = zt_socket(ZMQ_PULL), four, push, monitor, i;
	char bound[ZMQ_ENDPOINT_MAX];
	const char *to;

	ASSERT_EQ(0, zt_setint(six, ZMQ_IPV6, 1));
	ASSERT_EQ(0, zt_bind_any(six, "tcp://[::1]:*", self->ep));
	to = named(self->ep);
	four = zt_socket(ZMQ_PULL);
	snprintf(bound, sizeof(bound), "tcp://127.0.0.1:%d", zt_port(to));
	ASSERT_EQ(0, zt_bind(four, bound));
	push = without_ipv6();
	if (push < 0) {
		zt_cgroup_remove(GROUP);
		SKIP(return, "no cgroup2 or no bpf: %m");
	}
	EXPECT_EQ(0, zt_setint(push, ZMQ_IPV6, 1));
	monitor = watch(push, ZMQ_EVENT_RESOLVE);
	EXPECT_EQ(0, zt_settext(push, ZMQ_CONNECT, to));
	EXPECT_EQ(0, zt_cgroup_enter(""));
	EXPECT_TRUE(zt_cgroup_remove(GROUP));
	EXPECT_EQ(0, zt_puts(push, "x", 0));
	for (i = 0; i < 3; i++) {
		ASSERT_TRUE(asks(monitor, to));
		ASSERT_EQ(0, answer(push, to, self->ep));
	}
	ASSERT_TRUE(asks(monitor, to));
	ASSERT_EQ(0, answer(push, to, bound));
	EXPECT_TRUE(zt_gets(four, "x", ZT_LAST));
	EXPECT_EQ(0, zt_poll(six, POLLIN, 0));
}

TEST_F(zmq, an_address_of_ipv4_may_be_written_as_one_of_ipv6)
{
	int first = zt_listening(ZMQ_PULL, "tcp://127.0.0.1:*", self->ep);
	int push = naming(ZMQ_PUSH), monitor = watch(push, ZMQ_EVENT_RESOLVE);
	const char *to = named(self->ep);
	int second = zt_socket(ZMQ_PULL);
	char text[ZMQ_ENDPOINT_MAX];

	ASSERT_EQ(0, zt_setint(push, ZMQ_IPV6, 1));
	ASSERT_EQ(0, zt_setint(second, ZMQ_IPV6, 1));
	ASSERT_EQ(0, zt_connect(push, to));
	ASSERT_TRUE(asks(monitor, to));
	snprintf(text, sizeof(text), "tcp://[::ffff:0.0.0.0]:%d", zt_port(to));
	EXPECT_EQ(EINVAL, verdict(push, to, text));
	snprintf(text, sizeof(text), "tcp://[::ffff:127.0.0.1]:%d", zt_port(to));
	ASSERT_EQ(0, answer(push, to, text));
	ASSERT_EQ(0, zt_puts(push, "mapped", 0));
	ASSERT_TRUE(zt_gets(first, "mapped", ZT_LAST));
	close(first);
	ASSERT_TRUE(asks(monitor, to));
	snprintf(text, sizeof(text), "tcp://[::1]:%d", zt_port(to));
	ASSERT_EQ(0, zt_bind(second, text));
	ASSERT_EQ(0, answer(push, to, text));
	EXPECT_EQ(0, zt_puts(push, "six", 0));
	EXPECT_TRUE(zt_gets(second, "six", ZT_LAST));
}

TEST_F(zmq, a_connection_made_without_ipv6_stays_so)
{
	const int events = ZMQ_EVENT_RESOLVE | ZMQ_EVENT_CONNECT_RETRIED;
	int push = naming(ZMQ_PUSH), monitor = watch(push, events);
	struct zmq_event_record r;

	ASSERT_EQ(0, zt_connect(push, name));
	ASSERT_TRUE(asks(monitor, name));
	ASSERT_EQ(0, zt_setint(push, ZMQ_IPV6, 1));
	EXPECT_EQ(0, verdict(push, name, "tcp://[::1]:5555"));
	ASSERT_EQ(0, next_event(monitor, &r));
	EXPECT_EQ(ZMQ_EVENT_CONNECT_RETRIED, r.event);
	EXPECT_EQ(ENODEV, r.error);
	EXPECT_TRUE(asks(monitor, name));
}

TEST_F(zmq, a_question_without_an_answer_ends_no_stream)
{
	int push = naming(ZMQ_PUSH);
	int monitor = watch(push, ZMQ_EVENT_ALL | ZMQ_EVENT_RESOLVE);
	struct zmq_event_record r;

	ASSERT_EQ(0, zt_connect(push, name));
	ASSERT_TRUE(asks(monitor, name));
	ASSERT_EQ(0, answer(push, name, NULL));
	ASSERT_EQ(0, next_event(monitor, &r));
	EXPECT_EQ(ZMQ_EVENT_CONNECT_RETRIED, r.event);
	ASSERT_TRUE(asks(monitor, name));
	ASSERT_EQ(0, zt_settext(push, ZMQ_DISCONNECT, name));
	EXPECT_EQ(0, zt_poll(monitor, POLLIN, 50));
}

TEST_F(zmq, disconnect_by_the_same_text_ends_the_question)
{
	int push = naming(ZMQ_PUSH), monitor = watch(push, ZMQ_EVENT_RESOLVE);

	ASSERT_EQ(0, zt_connect(push, name));
	ASSERT_TRUE(asks(monitor, name));
	EXPECT_EQ(-1, zt_settext(push, ZMQ_DISCONNECT, "tcp://other.test:5555"));
	EXPECT_EQ(ENOENT, errno);
	/* Names have no case. */
	ASSERT_EQ(0, zt_settext(push, ZMQ_DISCONNECT, "tcp://SERVER.test:5555"));
	EXPECT_EQ(ENOENT, verdict(push, name, "tcp://127.0.0.1:5555"));
	EXPECT_EQ(-1, zt_settext(push, ZMQ_DISCONNECT, name));
	EXPECT_EQ(ENOENT, errno);
	EXPECT_EQ(0, zt_poll(monitor, POLLIN, 50));
}

TEST_F(zmq, disconnect_by_the_name_ends_what_was_connected)
{
	int pull = zt_listening(ZMQ_PULL, "tcp://127.0.0.1:*", self->ep);
	int push = naming(ZMQ_PUSH), monitor;
	const char *to = named(self->ep);

	monitor = watch(push, ZMQ_EVENT_RESOLVE);
	ASSERT_LE(0, pull);
	ASSERT_EQ(0, zt_connect(push, to));
	ASSERT_TRUE(asks(monitor, to));
	ASSERT_EQ(0, answer(push, to, self->ep));
	ASSERT_EQ(0, zt_puts(push, "x", 0));
	ASSERT_TRUE(zt_gets(pull, "x", ZT_LAST));
	ASSERT_EQ(0, zt_settext(push, ZMQ_DISCONNECT, to));
	EXPECT_EQ(0, zt_poll(push, POLLOUT, 0));
	EXPECT_EQ(0, zt_poll(monitor, POLLIN, 50));
}

TEST_F(zmq, a_socket_that_waits_is_closed)
{
	int push = naming(ZMQ_PUSH), monitor = watch(push, ZMQ_EVENT_RESOLVE);
	struct zmq_event_record r;

	ASSERT_EQ(0, zt_setint(push, ZMQ_LINGER, 0));
	ASSERT_EQ(0, zt_connect(push, name));
	ASSERT_EQ(0, zt_puts(push, "lost", 0));
	ASSERT_TRUE(asks(monitor, name));
	close(push);
	/* The end: nothing more is told. */
	EXPECT_TRUE(zt_poll(monitor, POLLIN, ZT_DEADLINE_MS) & POLLHUP);
	EXPECT_EQ(0, read(monitor, &r, sizeof(r)));
}

TEST_F(zmq, a_closed_socket_goes_to_the_last_address)
{
	int pull = zt_listening(ZMQ_PULL, "tcp://127.0.0.1:*", self->ep);
	int push = naming(ZMQ_PUSH), monitor = watch(push, ZMQ_EVENT_RESOLVE);
	const char *to = named(self->ep);

	ASSERT_EQ(0, zt_connect(push, to));
	ASSERT_TRUE(asks(monitor, to));
	ASSERT_EQ(0, answer(push, to, self->ep));
	ASSERT_EQ(0, zt_puts(push, "x", 0));
	ASSERT_TRUE(zt_gets(pull, "x", ZT_LAST));
	close(pull);
	ASSERT_TRUE(asks(monitor, to));
	ASSERT_EQ(0, answer(push, to, NULL));
	ASSERT_EQ(0, zt_setint(push, ZMQ_LINGER, ZT_DEADLINE_MS));
	ASSERT_EQ(0, zt_puts(push, "will", 0));
	close(push);
	pull = zt_socket(ZMQ_PULL);
	ASSERT_EQ(0, zt_bind(pull, self->ep));
	EXPECT_TRUE(zt_gets(pull, "will", ZT_LAST));
}

TEST_F(zmq, two_monitors_are_asked_and_the_first_answer_counts)
{
	int pull = zt_listening(ZMQ_PULL, "tcp://127.0.0.1:*", self->ep);
	int push = naming(ZMQ_PUSH), one, two;
	const char *to = named(self->ep);

	one = watch(push, ZMQ_EVENT_RESOLVE);
	two = watch(push, ZMQ_EVENT_RESOLVE);
	ASSERT_EQ(0, zt_connect(push, to));
	ASSERT_TRUE(asks(one, to));
	ASSERT_TRUE(asks(two, to));
	EXPECT_EQ(0, verdict(push, to, self->ep));
	EXPECT_EQ(EALREADY, verdict(push, to, self->ep));
	EXPECT_EQ(0, zt_puts(push, "x", 0));
	EXPECT_TRUE(zt_gets(pull, "x", ZT_LAST));
}

TEST_F(zmq, one_answer_is_for_all_connections_to_the_name)
{
	int pull = zt_listening(ZMQ_PULL, "tcp://127.0.0.1:*", self->ep), i;
	int push = naming(ZMQ_PUSH), monitor = watch(push, ZMQ_EVENT_RESOLVE);
	const char *to = named(self->ep);

	for (i = 0; i < 2; i++) {
		ASSERT_EQ(0, zt_connect(push, to));
		ASSERT_TRUE(asks(monitor, to));
	}
	ASSERT_EQ(0, answer(push, to, self->ep));
	for (i = 0; i < 4; i++)
		ASSERT_EQ(0, zt_puts(push, "x", 0));
	for (i = 0; i < 4; i++)
		EXPECT_TRUE(zt_gets(pull, "x", ZT_LAST));
	EXPECT_EQ(EALREADY, verdict(push, to, self->ep));
}

static void make_name(char *text, size_t len)
{
	int head = sprintf(text, "tcp://");

	memset(text + head, 'x', len);
	strcpy(text + head + len, ":65535");
}

TEST_F(zmq, a_name_is_as_long_as_the_dns_has_them)
{
	int push = naming(ZMQ_PUSH), monitor = watch(push, ZMQ_EVENT_RESOLVE);
	char text[ZMQ_EVENT_ENDPOINT_MAX];

	make_name(text, HOST_MAX + 1);
	EXPECT_EQ(-1, zt_settext(push, ZMQ_CONNECT, text));
	EXPECT_EQ(ENAMETOOLONG, errno);
	make_name(text, HOST_MAX);
	ASSERT_EQ(0, zt_settext(push, ZMQ_CONNECT, text));
	ASSERT_TRUE(asks(monitor, text));
	EXPECT_EQ(0, answer(push, text, "tcp://127.0.0.1:65535"));
	EXPECT_EQ(0, zt_settext(push, ZMQ_DISCONNECT, text));
}

TEST_F(zmq, so_many_questions_are_open_at_once)
{
	int push = naming(ZMQ_PUSH), monitor = watch(push, ZMQ_EVENT_RESOLVE), i;
	char text[ZMQ_EVENT_ENDPOINT_MAX];
	struct zmq_event_record r;

	/* The next one is asked when there is room, by an attempt of its own. */
	for (i = 0; i < OPEN_MAX + 1; i++) {
		make_name(text, HOST_MAX - i % 2);
		ASSERT_EQ(0, zt_settext(push, ZMQ_CONNECT, text));
	}
	for (i = 0; i < OPEN_MAX; i++) {
		ASSERT_EQ(0, next_event(monitor, &r));
		EXPECT_EQ(0, r.lost);
	}
	EXPECT_EQ(0, zt_poll(monitor, POLLIN, 100));
	make_name(text, HOST_MAX - 1);
	ASSERT_EQ(0, zt_settext(push, ZMQ_DISCONNECT, text));
	EXPECT_EQ(0, next_event(monitor, &r));
}

TEST_HARNESS_MAIN
