// SPDX-License-Identifier: GPL-2.0-only
/*
 * Names that libzmqk looks up for sockets. The names are of an /etc/hosts that
 * nobody else sees.
 */
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sched.h>
#include <sys/mount.h>
#include <time.h>
#include "kselftest_harness.h"
#include "ends.h"

#define HOSTS	"/etc/hosts"
#define NSS	"/etc/nsswitch.conf"

FIXTURE(resolver) {
	char ep[ZMQ_ENDPOINT_MAX];
	char name[ZMQ_ENDPOINT_MAX];
	struct zmqk_resolver *resolver;
};

static int write_file(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0644);
	ssize_t len = fd < 0 ? -1 : write(fd, text, strlen(text));

	close(fd);
	return len == (ssize_t)strlen(text) ? 0 : -1;
}

/* The files of a directory that others do not see stand for those in /etc. */
static int hide_etc(void)
{
	if (unshare(CLONE_NEWNS) || mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) ||
	    mount("none", "/mnt", "tmpfs", 0, NULL))
		return -1;
	if (write_file("/mnt/hosts", "") || write_file("/mnt/nsswitch.conf", "hosts: files\n"))
		return -1;
	return mount("/mnt/hosts", HOSTS, NULL, MS_BIND, NULL) ||
	       mount("/mnt/nsswitch.conf", NSS, NULL, MS_BIND, NULL);
}

/* @address may be NULL: no such host. */
static int set_host(const char *address)
{
	char line[200] = "";

	if (address)
		snprintf(line, sizeof(line), "%s service.test\n", address);
	return write_file(HOSTS, line);
}

FIXTURE_SETUP(resolver)
{
	ASSERT_EQ(0, zt_setup(_metadata->name));
	ASSERT_EQ(0, hide_etc());
	self->resolver = zmqk_resolver_new(NULL, NULL);
	ASSERT_NE(NULL, self->resolver);
}

FIXTURE_TEARDOWN(resolver)
{
	zmqk_resolver_free(self->resolver);
}

static int64_t now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000LL + ts.tv_nsec / 1000000;
}

/* Until @fd has something to read, or for @ms */
static bool run_until(struct zmqk_resolver *resolver, int fd, int ms)
{
	struct pollfd p[2] = {
		{ .fd = zmqk_resolver_fd(resolver), .events = POLLIN },
		{ .fd = fd, .events = POLLIN },
	};
	int64_t end = now_ms() + ms, left;

	while ((left = end - now_ms()) > 0) {
		if (poll(p, 2, left) < 0)
			return false;
		if (p[0].revents && zmqk_resolver_run(resolver) < 0)
			return false;
		if (p[1].revents)
			return true;
	}
	return false;
}

static bool gets_by_name(struct zmqk_resolver *resolver, int pull, const char *text)
{
	char buf[100];

	if (!run_until(resolver, pull, ZT_DEADLINE_MS)) {
		printf("# nothing comes\n");
		return false;
	}
	return zmqk_recv(pull, buf, sizeof(buf), MSG_DONTWAIT, NULL) == (ssize_t)strlen(text) &&
	       !memcmp(buf, text, strlen(text));
}

static void name_of(char *name, const char *ep)
{
	snprintf(name, ZMQ_ENDPOINT_MAX, "tcp://service.test%s", strrchr(ep, ':'));
}

static int open_push(struct zmqk_resolver *resolver)
{
	int fd = open_socket(ZMQ_PUSH);

	if (fd < 0 || zmqk_set_int(fd, ZMQ_RECONNECT_IVL, 10) ||
	    zmqk_set_int(fd, ZMQ_LINGER, 0) || zmqk_resolver_add(resolver, fd))
		return -1;
	return fd;
}

TEST_F(resolver, a_connection_to_a_name_queues_at_once)
{
	int pull = open_bound(ZMQ_PULL, "tcp://127.0.0.1:*", self->ep);
	int push = open_push(self->resolver), events;

	name_of(self->name, self->ep);
	ASSERT_LE(0, push);
	EXPECT_EQ(0, zmqk_get_int(push, ZMQ_MONITOR, &events));
	EXPECT_EQ(ZMQ_EVENT_ALL, events);
	ASSERT_EQ(0, set_host("127.0.0.1"));
	ASSERT_EQ(0, zmqk_connect(push, self->name));
	EXPECT_EQ(3, zmqk_send(push, "one", 3, MSG_DONTWAIT));
	EXPECT_EQ(3, zmqk_send(push, "two", 3, MSG_DONTWAIT));
	EXPECT_TRUE(gets_by_name(self->resolver, pull, "one"));
	EXPECT_TRUE(gets_by_name(self->resolver, pull, "two"));
	EXPECT_EQ(0, zmqk_disconnect(push, self->name));
}

TEST_F(resolver, a_name_that_moves_is_followed)
{
	int first = open_bound(ZMQ_PULL, "tcp://127.0.0.1:*", self->ep), second;
	int push = open_push(self->resolver);
	char moved[ZMQ_ENDPOINT_MAX];

	name_of(self->name, self->ep);
	ASSERT_EQ(0, set_host("127.0.0.1"));
	ASSERT_EQ(0, zmqk_connect(push, self->name));
	ASSERT_EQ(5, zmqk_send(push, "first", 5, 0));
	ASSERT_TRUE(gets_by_name(self->resolver, first, "first"));
	ASSERT_EQ(0, set_host("127.0.0.2"));
	snprintf(moved, sizeof(moved), "tcp://127.0.0.2%s", strrchr(self->ep, ':'));
	second = open_socket(ZMQ_PULL);
	ASSERT_EQ(0, zmqk_bind(second, moved));
	close(first);
	/* What is sent before the end is seen may be lost. */
	run_until(self->resolver, second, 100);
	ASSERT_EQ(6, zmqk_send(push, "second", 6, 0));
	EXPECT_TRUE(gets_by_name(self->resolver, second, "second"));
}

TEST_F(resolver, a_name_that_does_not_exist_is_asked_for_again)
{
	int pull = open_bound(ZMQ_PULL, "tcp://127.0.0.1:*", self->ep);
	int push = open_push(self->resolver);
	struct zmq_event_record event;
	struct zmqk_monitor *monitor;

	name_of(self->name, self->ep);
	monitor = zmqk_monitor_new(push, ZMQ_EVENT_CONNECT_RETRIED);
	ASSERT_EQ(0, set_host(NULL));
	ASSERT_EQ(0, zmqk_connect(push, self->name));
	ASSERT_EQ(4, zmqk_send(push, "late", 4, 0));
	ASSERT_TRUE(run_until(self->resolver, zmqk_monitor_fd(monitor), ZT_DEADLINE_MS));
	ASSERT_EQ(1, zmqk_monitor_next(monitor, &event));
	EXPECT_EQ(ENODEV, event.error);
	EXPECT_STREQ(self->name, event.remote);
	ASSERT_EQ(0, set_host("127.0.0.1"));
	EXPECT_TRUE(gets_by_name(self->resolver, pull, "late"));
	zmqk_monitor_free(monitor);
}

TEST_F(resolver, of_two_addresses_the_one_that_listens_is_found)
{
	int pull = open_bound(ZMQ_PULL, "tcp://127.0.0.3:*", self->ep);
	int push = open_push(self->resolver);

	name_of(self->name, self->ep);
	ASSERT_EQ(0, set_host("127.0.0.2 service.test\n127.0.0.3"));
	ASSERT_EQ(0, zmqk_connect(push, self->name));
	ASSERT_EQ(1, zmqk_send(push, "x", 1, 0));
	EXPECT_TRUE(gets_by_name(self->resolver, pull, "x"));
}

TEST_F(resolver, one_resolver_serves_two_sockets)
{
	int one = open_push(self->resolver), two = open_push(self->resolver);
	int pull = open_bound(ZMQ_PULL, "tcp://127.0.0.1:*", self->ep);

	name_of(self->name, self->ep);
	ASSERT_EQ(0, set_host("127.0.0.1"));
	ASSERT_EQ(0, zmqk_connect(one, self->name));
	ASSERT_EQ(0, zmqk_connect(two, self->name));
	ASSERT_EQ(3, zmqk_send(one, "one", 3, 0));
	ASSERT_TRUE(gets_by_name(self->resolver, pull, "one"));
	ASSERT_EQ(3, zmqk_send(two, "two", 3, 0));
	EXPECT_TRUE(gets_by_name(self->resolver, pull, "two"));
	ASSERT_EQ(0, zmqk_resolver_remove(self->resolver, one));
	ASSERT_EQ(5, zmqk_send(one, "three", 5, 0));
	EXPECT_TRUE(gets_by_name(self->resolver, pull, "three"));
}

TEST_F(resolver, a_socket_is_closed_in_the_middle_of_a_question)
{
	int push = open_push(self->resolver), again;

	ASSERT_EQ(0, set_host(NULL));
	ASSERT_EQ(0, zmqk_connect(push, "tcp://service.test:1"));
	close(push);
	again = open_push(self->resolver);
	ASSERT_EQ(push, again);
	EXPECT_FALSE(run_until(self->resolver, -1, 100));
	EXPECT_EQ(0, zmqk_resolver_remove(self->resolver, again));
	close(again);

	push = open_push(self->resolver);
	ASSERT_EQ(0, zmqk_connect(push, "tcp://service.test:1"));
	ASSERT_LE(0, zmqk_resolver_run(self->resolver));
	close(push);
	EXPECT_FALSE(run_until(self->resolver, -1, 100));
	EXPECT_EQ(-1, zmqk_resolver_remove(self->resolver, push));
	EXPECT_EQ(ENOENT, errno);
}

/* Where @arg says */
static int lookup(void *arg, const char *host, int family, struct sockaddr_storage *addr)
{
	struct sockaddr_in *in = (struct sockaddr_in *)addr;

	if (strcmp(host, "service.test") || family != AF_INET)
		return -1;
	in->sin_family = AF_INET;
	in->sin_addr.s_addr = htonl(*(in_addr_t *)arg);
	return 0;
}

TEST_F(resolver, a_function_of_the_callers_finds_addresses)
{
	int pull = open_bound(ZMQ_PULL, "tcp://127.0.0.1:*", self->ep), push;
	in_addr_t address = INADDR_LOOPBACK + 1;
	struct zmqk_resolver *resolver;

	name_of(self->name, self->ep);
	resolver = zmqk_resolver_new(lookup, &address);
	ASSERT_NE(NULL, resolver);
	push = open_push(resolver);
	ASSERT_EQ(0, zmqk_connect(push, self->name));
	ASSERT_EQ(1, zmqk_send(push, "x", 1, 0));
	EXPECT_FALSE(run_until(resolver, pull, 100));
	address = INADDR_LOOPBACK;
	EXPECT_TRUE(gets_by_name(resolver, pull, "x"));
	zmqk_resolver_free(resolver);
}

TEST_F(resolver, without_a_resolver_a_name_is_looked_up_once)
{
	int pull = open_bound(ZMQ_PULL, "tcp://127.0.0.1:*", self->ep), push;

	name_of(self->name, self->ep);
	ASSERT_EQ(0, set_host("127.0.0.1"));
	push = open_connected(ZMQ_PUSH, self->name);
	ASSERT_LE(0, push);
	EXPECT_TRUE(carries(push, pull, "x"));
	ASSERT_EQ(0, set_host(NULL));
	EXPECT_EQ(-1, zmqk_connect(push, self->name));
	EXPECT_EQ(ENODEV, errno);
}

TEST_HARNESS_MAIN
