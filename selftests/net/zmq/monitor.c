// SPDX-License-Identifier: GPL-2.0-only
/* Monitors: what happens to connections is told, and harms nobody. */
#include <fcntl.h>
#include <limits.h>
#include <sys/epoll.h>
#include <sys/syscall.h>
#include "kselftest_harness.h"
#include "fixture.h"

static int watch(int fd, int mask)
{
	if (mask && zt_setint(fd, ZMQ_MONITOR, mask))
		return -1;
	return zt_getint(fd, ZMQ_MONITOR_FD);
}

static int next_event(int monitor, struct zmq_event_record *r)
{
	memset(r, 0xff, sizeof(*r));
	if (!(zt_poll(monitor, POLLIN, ZT_DEADLINE_MS) & POLLIN)) {
		printf("# nothing happens\n");
		return -1;
	}
	return read(monitor, r, sizeof(*r)) == sizeof(*r) ? 0 : -1;
}

static bool told(int monitor, u32 event, u64 value)
{
	struct zmq_event_record r;

	if (next_event(monitor, &r))
		return false;
	if (r.event == event && r.value == value)
		return true;
	printf("# event %#x, value %#llx, '%s' '%s', not %#x, %#llx\n", r.event,
	       r.value, r.local, r.remote, event, (unsigned long long)value);
	return false;
}

/* The event alone; its record goes to @r. */
static bool tells(int monitor, u32 event, struct zmq_event_record *r)
{
	if (next_event(monitor, r))
		return false;
	if (r->event == event)
		return true;
	printf("# event %#x, value %#llx, '%s' '%s', not %#x\n", r->event,
	       r->value, r->local, r->remote, event);
	return false;
}

static bool quiet(int monitor)
{
	struct zmq_event_record r;

	if (!zt_poll(monitor, POLLIN, 100))
		return true;
	next_event(monitor, &r);
	printf("# unexpected event %#x, value %#llx\n", r.event, r.value);
	return false;
}

TEST_F(zmq, a_connection_is_told_from_both_ends)
{
	int pull = zt_socket(ZMQ_PULL), push = zt_socket(ZMQ_PUSH);
	int server = watch(pull, 0), client = watch(push, 0);
	struct zmq_event_record s, c;
	u64 inode;

	ASSERT_LE(0, server);
	ASSERT_LE(0, client);
	EXPECT_EQ(ZMQ_EVENT_ALL, zt_getint(pull, ZMQ_MONITOR));
	ASSERT_EQ(0, zt_bind_any(pull, "tcp://127.0.0.1:*", self->ep));
	ASSERT_TRUE(tells(server, ZMQ_EVENT_LISTENING, &s));
	EXPECT_STREQ(self->ep, s.local);
	EXPECT_STREQ("", s.remote);
	EXPECT_EQ(ZMQ_EVENT_BOUND, s.flags);
	EXPECT_NE(0, s.value);
	EXPECT_NE(0, s.time_ns);
	EXPECT_EQ(0, s.lost);
	EXPECT_EQ(0, s.error);

	ASSERT_EQ(0, zt_connect(push, self->ep));
	ASSERT_TRUE(tells(client, ZMQ_EVENT_CONNECT_DELAYED, &c));
	EXPECT_EQ(EINPROGRESS, c.value);
	EXPECT_STREQ(self->ep, c.remote);
	EXPECT_STREQ("", c.local);
	EXPECT_EQ(0, c.flags);
	ASSERT_TRUE(tells(client, ZMQ_EVENT_CONNECTED, &c));
	inode = c.value;
	EXPECT_NE(0, inode);
	EXPECT_STREQ(self->ep, c.remote);
	ASSERT_TRUE(tells(server, ZMQ_EVENT_ACCEPTED, &s));
	EXPECT_STREQ(self->ep, s.local);
	EXPECT_STREQ(c.local, s.remote);
	EXPECT_EQ(ZMQ_EVENT_BOUND, s.flags);
	EXPECT_TRUE(told(client, ZMQ_EVENT_HANDSHAKE_SUCCEEDED, 0));
	EXPECT_TRUE(told(server, ZMQ_EVENT_HANDSHAKE_SUCCEEDED, 0));

	close(pull);
	ASSERT_TRUE(told(client, ZMQ_EVENT_DISCONNECTED, inode));
	ASSERT_TRUE(tells(client, ZMQ_EVENT_CONNECT_RETRIED, &c));
	EXPECT_LE(100, c.value);
	EXPECT_GE(200, c.value);
	EXPECT_STREQ(self->ep, c.remote);
	EXPECT_TRUE(tells(server, ZMQ_EVENT_CLOSED, &s));
	EXPECT_STREQ(self->ep, s.local);
	EXPECT_TRUE(told(server, ZMQ_EVENT_MONITOR_STOPPED, 0));
}

TEST_F(zmq, a_refused_connection_is_told)
{
	int push = zt_socket(ZMQ_PUSH), monitor = watch(push, 0), i;
	struct zmq_event_record r;
	u64 before = 0;

	ASSERT_EQ(0, zt_connect(push, "tcp://127.0.0.1:1"));
	for (i = 0; i < 3; i++) {
		ASSERT_TRUE(told(monitor, ZMQ_EVENT_CONNECT_DELAYED,
				 EINPROGRESS));
		ASSERT_TRUE(tells(monitor, ZMQ_EVENT_CLOSED, &r));
		EXPECT_STREQ("tcp://127.0.0.1:1", r.remote);
		EXPECT_EQ(ECONNREFUSED, r.error);
		ASSERT_TRUE(tells(monitor, ZMQ_EVENT_CONNECT_RETRIED, &r));
		EXPECT_EQ(ECONNREFUSED, r.error);
		EXPECT_LT(before, r.time_ns);
		before = r.time_ns;
	}
}

TEST_F(zmq, a_bind_that_fails_is_told)
{
	int first = zt_listening(ZMQ_PULL, "tcp://127.0.0.1:*", self->ep);
	int pull = zt_socket(ZMQ_PULL), monitor = watch(pull, 0);
	struct zmq_event_record r;

	ASSERT_LE(0, first);
	ASSERT_EQ(-1, zt_bind(pull, self->ep));
	ASSERT_TRUE(tells(monitor, ZMQ_EVENT_BIND_FAILED, &r));
	EXPECT_EQ(EADDRINUSE, r.value);
	EXPECT_EQ(EADDRINUSE, r.error);
	EXPECT_STREQ(self->ep, r.local);
	EXPECT_TRUE(quiet(monitor));
}

TEST_F(zmq, disconnect_while_connecting_and_unbind_close)
{
	int push = zt_socket(ZMQ_PUSH), monitor = watch(push, 0);

	ASSERT_EQ(0, zt_bind_any(push, "tcp://127.0.0.1:*", self->ep));
	ASSERT_EQ(0, zt_settext(push, ZMQ_UNBIND, self->ep));
	monitor = watch(push, ZMQ_EVENT_CLOSED | ZMQ_EVENT_LISTENING);
	ASSERT_EQ(0, zt_bind_any(push, "tcp://127.0.0.1:*", self->ep));
	ASSERT_EQ(0, zt_settext(push, ZMQ_UNBIND, self->ep));
	EXPECT_TRUE(next_event(monitor, &(struct zmq_event_record){ }) == 0);
	EXPECT_TRUE(tells(monitor, ZMQ_EVENT_CLOSED,
			  &(struct zmq_event_record){ }));
	EXPECT_TRUE(quiet(monitor));
}

/* What a peer does instead of a handshake, and how it is told. */
struct failure {
	const char *name;
	int len;
	char bytes[64];
	u32 event;
	u64 value;
};

static const struct failure failures[] = {
	{ "says 400", 12, "\4\12\5ERROR\003400",
	  ZMQ_EVENT_HANDSHAKE_FAILED_AUTH, 400 },
	{ "says no", 11, "\4\11\5ERROR\2no",
	  ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL,
	  ZMQ_PROTOCOL_ERROR_ZMTP_UNSPECIFIED },
	{ "speaks nonsense", 8, "\4\6\5STEDY",
	  ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL,
	  ZMQ_PROTOCOL_ERROR_ZMTP_UNSPECIFIED },
	{ "is of another type", 27, "\4\31\5READY\13Socket-Type\0\0\0\3PUB",
	  ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL,
	  ZMQ_PROTOCOL_ERROR_ZMTP_INVALID_METADATA },
	{ "is silent", 0, "",
	  ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL, ETIMEDOUT },
};

TEST_F(zmq, handshakes_that_fail_are_told_with_their_reason)
{
	int pull = zt_socket(ZMQ_PULL), monitor, peer, i;
	struct zmq_event_record r;

	ASSERT_EQ(0, zt_setint(pull, ZMQ_HANDSHAKE_IVL, 400));
	ASSERT_EQ(0, zt_bind_any(pull, "tcp://127.0.0.1:*", self->ep));
	monitor = watch(pull, 0);
	for (i = 0; i < ARRAY_SIZE(failures); i++) {
		peer = zp_dial(zt_port(self->ep), 0);
		ASSERT_TRUE(tells(monitor, ZMQ_EVENT_ACCEPTED, &r));
		ASSERT_EQ(0, zp_greet(peer, 1));
		ASSERT_EQ(0, zp_write(peer, failures[i].bytes,
				      failures[i].len));
		EXPECT_TRUE(told(monitor, failures[i].event,
				 failures[i].value))
			TH_LOG("a peer that %s", failures[i].name);
		EXPECT_TRUE(told(monitor, ZMQ_EVENT_DISCONNECTED, r.value));
		close(peer);
	}
	peer = zp_dial(zt_port(self->ep), 0);
	ASSERT_EQ(0, zp_greet(peer, 1));
	ASSERT_TRUE(tells(monitor, ZMQ_EVENT_ACCEPTED, &r));
	close(peer);
	EXPECT_TRUE(tells(monitor, ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL, &r));
	EXPECT_TRUE(r.value == EPIPE || r.value == ECONNRESET);
	EXPECT_TRUE(tells(monitor, ZMQ_EVENT_DISCONNECTED, &r));
}

TEST_F(zmq, a_heartbeat_that_fails_is_a_disconnection)
{
	int pull = zt_socket(ZMQ_PULL), monitor, peer;
	struct zmq_event_record r;

	ASSERT_EQ(0, zt_setint(pull, ZMQ_HEARTBEAT_IVL, 100));
	ASSERT_EQ(0, zt_bind_any(pull, "tcp://127.0.0.1:*", self->ep));
	monitor = watch(pull, ZMQ_EVENT_DISCONNECTED);
	peer = zp_peer(zt_port(self->ep), "PUSH", "PULL");
	ASSERT_LE(0, peer);
	EXPECT_TRUE(tells(monitor, ZMQ_EVENT_DISCONNECTED, &r));
}

TEST_F(zmq, only_what_is_asked_for_is_told)
{
	int pull = zt_socket(ZMQ_PULL), few, all, peer;
	struct zmq_event_record r;

	EXPECT_EQ(-1, zt_setint(pull, ZMQ_MONITOR, 0));
	EXPECT_EQ(EINVAL, errno);
	EXPECT_EQ(-1, zt_setint(pull, ZMQ_MONITOR, 0x10000));
	EXPECT_EQ(EINVAL, errno);
	EXPECT_EQ(-1, zt_setint(pull, ZMQ_MONITOR_FD, 1));
	EXPECT_EQ(EINVAL, errno);
	few = watch(pull, ZMQ_EVENT_ACCEPTED);
	all = watch(pull, ZMQ_EVENT_ALL);
	ASSERT_EQ(0, zt_bind_any(pull, "tcp://127.0.0.1:*", self->ep));
	peer = zp_peer(zt_port(self->ep), "PUSH", "PULL");
	ASSERT_LE(0, peer);
	EXPECT_TRUE(tells(few, ZMQ_EVENT_ACCEPTED, &r));
	EXPECT_TRUE(tells(all, ZMQ_EVENT_LISTENING, &r));
	EXPECT_TRUE(tells(all, ZMQ_EVENT_ACCEPTED, &r));
	EXPECT_TRUE(tells(all, ZMQ_EVENT_HANDSHAKE_SUCCEEDED, &r));
	EXPECT_TRUE(quiet(few));
	/* It did not ask for the end either, but there is one. */
	close(pull);
	EXPECT_EQ(0, read(few, &r, sizeof(r)));
	EXPECT_TRUE(zt_poll(few, POLLIN, 0) & POLLHUP);
}

#define BINDS	2000

TEST_F(zmq, nobody_has_to_read_and_the_loss_is_told)
{
	int pull = zt_socket(ZMQ_PULL), i, got = 0;
	int monitor = watch(pull, ZMQ_EVENT_LISTENING);
	struct zmq_event_record r[8];
	ssize_t n;

	for (i = 0; i < BINDS; i++) {
		ASSERT_EQ(0, zt_bind_any(pull, "tcp://127.0.0.1:*", self->ep));
		ASSERT_EQ(0, zt_settext(pull, ZMQ_UNBIND, self->ep));
	}
	ASSERT_EQ(0, fcntl(monitor, F_SETFL, O_NONBLOCK));
	for (;;) {
		n = read(monitor, r, sizeof(r));
		if (n < 0)
			break;
		ASSERT_EQ(0, n % sizeof(r[0]));
		for (i = 0; i < n / (ssize_t)sizeof(r[0]); i++) {
			EXPECT_EQ(0, r[i].lost);
			EXPECT_EQ(0, strncmp(r[i].local, "tcp://127.0.0.1:",
					     16));
		}
		got += n / sizeof(r[0]);
	}
	EXPECT_EQ(EAGAIN, errno);
	EXPECT_LT(500, got);
	EXPECT_GT(BINDS, got);
	ASSERT_EQ(0, zt_bind_any(pull, "tcp://127.0.0.1:*", self->ep));
	ASSERT_EQ(sizeof(r[0]), read(monitor, r, sizeof(r)));
	EXPECT_EQ(BINDS - got, r[0].lost);
	EXPECT_STREQ(self->ep, r[0].local);
}

TEST_F(zmq, a_full_monitor_still_tells_its_end)
{
	int pull = zt_socket(ZMQ_PULL), i;
	int monitor = watch(pull, ZMQ_EVENT_LISTENING |
				  ZMQ_EVENT_MONITOR_STOPPED);
	struct zmq_event_record r;
	u32 told = 0;

	for (i = 0; i < BINDS; i++) {
		ASSERT_EQ(0, zt_bind_any(pull, "tcp://127.0.0.1:*", self->ep));
		ASSERT_EQ(0, zt_settext(pull, ZMQ_UNBIND, self->ep));
	}
	close(pull);
	do {
		ASSERT_EQ(0, next_event(monitor, &r));
		told += r.event == ZMQ_EVENT_LISTENING;
	} while (r.event == ZMQ_EVENT_LISTENING);
	EXPECT_EQ(ZMQ_EVENT_MONITOR_STOPPED, r.event);
	EXPECT_EQ(BINDS, told + r.lost);
	EXPECT_EQ(0, read(monitor, &r, sizeof(r)));
}

TEST_F(zmq, a_record_that_cannot_be_given_stays)
{
	int pull = zt_socket(ZMQ_PULL), monitor = watch(pull, 0);
	struct zmq_event_record r;

	ASSERT_EQ(0, fcntl(monitor, F_SETFL, O_NONBLOCK));
	EXPECT_EQ(-1, read(monitor, &r, sizeof(r)));
	EXPECT_EQ(EAGAIN, errno);
	ASSERT_EQ(0, zt_bind_any(pull, "tcp://127.0.0.1:*", self->ep));
	EXPECT_EQ(-1, read(monitor, &r, sizeof(r) - 1));
	EXPECT_EQ(EINVAL, errno);
	EXPECT_EQ(-1, syscall(SYS_read, monitor, 8, sizeof(r)));
	EXPECT_EQ(EFAULT, errno);
	EXPECT_EQ(-1, write(monitor, &r, sizeof(r)));
	EXPECT_TRUE(tells(monitor, ZMQ_EVENT_LISTENING, &r));
}

TEST_F(zmq, monitors_may_go_first_and_there_is_a_limit)
{
	int pull = zt_socket(ZMQ_PULL), monitors[17], i;
	struct zmq_event_record r;
	socklen_t len = 2;
	int fd;

	for (i = 0; i < 100; i++) {
		monitors[0] = watch(pull, 0);
		ASSERT_LE(0, monitors[0]);
		close(monitors[0]);
	}
	for (i = 0; i < 16; i++) {
		monitors[i] = watch(pull, 0);
		ASSERT_LE(0, monitors[i]);
		EXPECT_EQ(FD_CLOEXEC, fcntl(monitors[i], F_GETFD));
	}
	EXPECT_EQ(INT_MIN, watch(pull, 0));
	EXPECT_EQ(EMFILE, errno);
	EXPECT_EQ(-1, getsockopt(pull, SOL_ZMQ, ZMQ_MONITOR_FD, &fd, &len));
	EXPECT_EQ(EINVAL, errno);
	len = sizeof(fd);
	EXPECT_EQ(-1, getsockopt(pull, SOL_ZMQ, ZMQ_MONITOR_FD, (void *)8,
				 &len));
	EXPECT_EQ(EFAULT, errno);
	for (i = 0; i < 8; i++)
		close(monitors[i]);
	ASSERT_EQ(0, zt_bind_any(pull, "tcp://127.0.0.1:*", self->ep));
	for (i = 8; i < 16; i++)
		EXPECT_TRUE(tells(monitors[i], ZMQ_EVENT_LISTENING, &r));
	monitors[0] = watch(pull, 0);
	EXPECT_LE(0, monitors[0]);
}

TEST_F(zmq, a_monitor_outlives_its_socket_and_holds_the_module)
{
	int pull = zt_socket(ZMQ_PULL), monitor = watch(pull, 0);
	long refs = zt_module_refs();
	struct zmq_event_record r;

	ASSERT_LE(0, monitor);
	close(pull);
	EXPECT_LT(0, zt_module_refs());
	EXPECT_GE(refs, zt_module_refs());
	EXPECT_TRUE(tells(monitor, ZMQ_EVENT_MONITOR_STOPPED, &r));
	EXPECT_EQ(0, read(monitor, &r, sizeof(r)));
	EXPECT_EQ(0, read(monitor, &r, sizeof(r)));
}

static int wait_for_end(void *arg)
{
	struct zmq_event_record r;
	int monitor = *(int *)arg;

	while (read(monitor, &r, sizeof(r)) == sizeof(r))
		if (r.event == ZMQ_EVENT_MONITOR_STOPPED)
			return 0;
	return 1;
}

TEST_F(zmq, who_waits_is_woken_by_events_and_by_the_end)
{
	int pull = zt_socket(ZMQ_PULL), monitor = watch(pull, 0);
	pid_t pid;

	pid = fork();
	ASSERT_LE(0, pid);
	if (!pid) {
		close(pull);
		_exit(wait_for_end(&monitor));
	}
	ASSERT_TRUE(zt_wait_asleep(pid));
	ASSERT_EQ(0, zt_bind_any(pull, "tcp://127.0.0.1:*", self->ep));
	ASSERT_TRUE(zt_wait_asleep(pid));
	close(pull);
	EXPECT_TRUE(zt_reap(pid));
}

static int pass(int to, int fd)
{
	char control[CMSG_SPACE(sizeof(fd))] = { };
	struct iovec iov = { .iov_base = "", .iov_len = 1 };
	struct msghdr m = { .msg_iov = &iov, .msg_iovlen = 1,
			    .msg_control = control,
			    .msg_controllen = sizeof(control) };
	struct cmsghdr *c = CMSG_FIRSTHDR(&m);

	c->cmsg_level = SOL_SOCKET;
	c->cmsg_type = SCM_RIGHTS;
	c->cmsg_len = CMSG_LEN(sizeof(fd));
	memcpy(CMSG_DATA(c), &fd, sizeof(fd));
	return sendmsg(to, &m, 0) == 1 ? 0 : -1;
}

static int take(int from)
{
	char control[CMSG_SPACE(sizeof(int))], byte;
	struct iovec iov = { .iov_base = &byte, .iov_len = 1 };
	struct msghdr m = { .msg_iov = &iov, .msg_iovlen = 1,
			    .msg_control = control,
			    .msg_controllen = sizeof(control) };
	int fd;

	if (recvmsg(from, &m, 0) != 1 || !CMSG_FIRSTHDR(&m))
		return -1;
	memcpy(&fd, CMSG_DATA(CMSG_FIRSTHDR(&m)), sizeof(fd));
	return fd;
}

TEST_F(zmq, a_monitor_may_be_passed_on_and_left_in_flight)
{
	int pull = zt_socket(ZMQ_PULL), monitor = watch(pull, 0), sv[2], fd;
	struct zmq_event_record r;

	ASSERT_EQ(0, socketpair(AF_UNIX, SOCK_STREAM, 0, sv));
	ASSERT_EQ(0, pass(sv[0], monitor));
	close(monitor);
	ASSERT_EQ(0, zt_bind_any(pull, "tcp://127.0.0.1:*", self->ep));
	fd = take(sv[1]);
	ASSERT_LE(0, fd);
	EXPECT_TRUE(tells(fd, ZMQ_EVENT_LISTENING, &r));
	ASSERT_EQ(0, pass(sv[0], fd));
	close(fd);
	close(pull);
	close(sv[0]);
	close(sv[1]);
}

TEST_F(zmq, epoll_tells_each_new_event_once_when_edge_triggered)
{
	int pull = zt_socket(ZMQ_PULL), monitor = watch(pull, 0);
	struct epoll_event ev = { .events = EPOLLIN | EPOLLET }, out;
	int ep = epoll_create1(EPOLL_CLOEXEC);
	struct zmq_event_record r;

	ASSERT_EQ(0, epoll_ctl(ep, EPOLL_CTL_ADD, monitor, &ev));
	EXPECT_EQ(0, epoll_wait(ep, &out, 1, 0));
	ASSERT_EQ(0, zt_bind_any(pull, "tcp://127.0.0.1:*", self->ep));
	EXPECT_EQ(1, epoll_wait(ep, &out, 1, 0));
	EXPECT_EQ(EPOLLIN, out.events);
	EXPECT_EQ(0, epoll_wait(ep, &out, 1, 0));
	ASSERT_EQ(0, zt_settext(pull, ZMQ_UNBIND, self->ep));
	EXPECT_EQ(1, epoll_wait(ep, &out, 1, 0));
	EXPECT_TRUE(tells(monitor, ZMQ_EVENT_LISTENING, &r));
	EXPECT_TRUE(tells(monitor, ZMQ_EVENT_CLOSED, &r));
	EXPECT_EQ(0, zt_poll(monitor, POLLIN, 0));
	close(pull);
	EXPECT_EQ(1, epoll_wait(ep, &out, 1, 0));
	EXPECT_EQ(EPOLLIN | EPOLLHUP, out.events);
}

TEST_HARNESS_MAIN
