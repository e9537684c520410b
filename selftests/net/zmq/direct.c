// SPDX-License-Identifier: GPL-2.0-only
/*
 * ipc:// between two AF_ZMQ sockets, and tcp:// between two that want it: bytes
 * do not go through the child, and nobody can tell by what arrives.
 */
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/un.h>
#include <sys/wait.h>
#include "kselftest_harness.h"
#include "fixture.h"

#define NAME	"direct"
#define EP	"ipc://@" NAME

FIXTURE(duct) {
	char ep[ZMQ_ENDPOINT_MAX];
};

FIXTURE_VARIANT(duct) {
	const char *ep;
};

FIXTURE_VARIANT_ADD(duct, ipc) {
	.ep = EP,
};

FIXTURE_VARIANT_ADD(duct, tcp) {
	.ep = "tcp://127.0.0.1:5577",
};

FIXTURE_SETUP(duct)
{
	ASSERT_EQ(0, zt_setup(_metadata->name));
	strcpy(self->ep, variant->ep);
}

FIXTURE_TEARDOWN(duct)
{
	EXPECT_EQ(0, zt_teardown());
}

static int unix_address(struct sockaddr_un *un, const char *name)
{
	memset(un, 0, sizeof(*un));
	un->sun_family = AF_UNIX;
	strcpy(un->sun_path + 1, name);
	return offsetof(struct sockaddr_un, sun_path) + 1 + strlen(name);
}

static int unix_listener(void)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	struct sockaddr_un un;
	int len = unix_address(&un, NAME);

	return bind(fd, (struct sockaddr *)&un, len) || listen(fd, 8) ? -1 : fd;
}

static int unix_dialer(const char *name)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	struct sockaddr_un un;
	int len = unix_address(&un, name);

	return connect(fd, (struct sockaddr *)&un, len) ? -1 : fd;
}

TEST_F(duct, two_ends_of_the_family_need_no_stream)
{
	int pull = zt_direct_listening(ZMQ_PULL, self->ep);
	int push = zt_direct_connected(ZMQ_PUSH, self->ep);

	ASSERT_EQ(0, zt_puts(push, "hello", 0));
	EXPECT_TRUE(zt_gets(pull, "hello", ZT_LAST));
	EXPECT_EQ(2, zt_direct_peers());
}

TEST_F(zmq, a_plain_listener_gets_the_bytes)
{
	int listener = unix_listener(), push = zt_socket(ZMQ_PUSH), peer;

	ASSERT_LE(0, listener);
	ASSERT_EQ(0, zt_connect(push, EP));
	peer = accept(listener, NULL, NULL);
	ASSERT_LE(0, peer);
	ASSERT_EQ(0, zp_handshake(peer, "PULL", "PUSH"));
	ASSERT_EQ(0, zt_puts(push, "hello", 0));
	EXPECT_TRUE(zp_gets(peer, 0, "hello"));
	EXPECT_EQ(0, zt_direct_peers());
}

TEST_F(zmq, a_plain_dialer_gives_the_bytes)
{
	int pull = zt_listening(ZMQ_PULL, EP, self->ep), peer;

	peer = unix_dialer(NAME);
	ASSERT_LE(0, peer);
	ASSERT_EQ(0, zp_handshake(peer, "PUSH", "PULL"));
	ASSERT_EQ(0, zp_puts(peer, 0, "hello"));
	EXPECT_TRUE(zt_gets(pull, "hello", ZT_LAST));
	EXPECT_EQ(0, zt_direct_peers());
}

/* User space may accept from it as well, and gets a stream then. */
TEST_F(zmq, whoever_accepts_from_a_given_listener_decides)
{
	int pull = zt_socket(ZMQ_PULL), fd = unix_listener(), push, other, peer;

	ASSERT_LE(0, fd);
	push = zt_connected(ZMQ_PUSH, EP);
	peer = accept(fd, NULL, NULL);
	ASSERT_LE(0, peer);
	ASSERT_EQ(0, zp_handshake(peer, "PULL", "PUSH"));

	ASSERT_EQ(0, zt_setint(pull, ZMQ_USE_FD, fd));
	ASSERT_EQ(0, zt_bind(pull, EP));
	other = zt_connected(ZMQ_PUSH, EP);
	ASSERT_EQ(0, zt_puts(other, "to the socket", 0));
	EXPECT_TRUE(zt_gets(pull, "to the socket", ZT_LAST));
	ASSERT_EQ(0, zt_puts(push, "to the stream", 0));
	EXPECT_TRUE(zp_gets(peer, 0, "to the stream"));
	EXPECT_EQ(2, zt_direct_peers());
}

#define BEHIND	"behind"

/* What stands between two ends and passes on all that it is given. */
static int proxy(void *arg)
{
	struct pollfd fds[2] = {
		{ .fd = accept(*(int *)arg, NULL, NULL), .events = POLLIN },
		{ .fd = unix_dialer(BEHIND), .events = POLLIN },
	};
	static char buf[65536];
	ssize_t n;
	int i;

	while (poll(fds, 2, ZT_DEADLINE_MS) > 0)
		for (i = 0; i < 2; i++) {
			if (!fds[i].revents)
				continue;
			n = read(fds[i].fd, buf, sizeof(buf));
			if (n <= 0 || zp_write(fds[!i].fd, buf, n))
				return 0;
		}
	return 1;
}

/* Each is told the other one's token, and may not use it. */
TEST_F(zmq, nobody_who_stands_between_is_passed_by)
{
	int a = zt_listening(ZMQ_PAIR, "ipc://@" BEHIND, self->ep), b, i;
	int listener = unix_listener();
	pid_t pid;

	ASSERT_LE(0, listener);
	pid = zt_child(proxy, &listener);
	close(listener);
	b = zt_connected(ZMQ_PAIR, EP);
	for (i = 0; i < 3; i++) {
		ASSERT_EQ(0, zt_puts(b, "there", 0));
		EXPECT_TRUE(zt_gets(a, "there", ZT_LAST));
		ASSERT_EQ(0, zt_puts(a, "back", 0));
		EXPECT_TRUE(zt_gets(b, "back", ZT_LAST));
	}
	EXPECT_EQ(0, zt_direct_peers());
	close(b);
	close(a);
	EXPECT_TRUE(zt_reap(pid));
}

#define PATH	"/tmp/direct-of-two-namespaces"

static int far_end(void *arg)
{
	int fd;

	if (zt_netns())
		return 1;
	fd = zt_connected(ZMQ_PAIR, "ipc://" PATH);
	if (zt_puts(fd, "there", 0) || !zt_gets(fd, "back", ZT_LAST))
		return 2;
	return zt_direct_peers() != 1;
}

/* A file belongs to no network namespace. */
TEST_F(zmq, ends_in_different_namespaces_meet_by_a_file)
{
	int fd = zt_listening(ZMQ_PAIR, "ipc://" PATH, self->ep);
	pid_t pid = zt_child(far_end, NULL);

	EXPECT_TRUE(zt_gets(fd, "there", ZT_LAST));
	EXPECT_EQ(1, zt_direct_peers());
	ASSERT_EQ(0, zt_puts(fd, "back", 0));
	EXPECT_TRUE(zt_reap(pid));
}

/* One connection after the other, by whatever answers to the name. */
TEST_F(zmq, each_connection_finds_out_anew)
{
	int push = zt_socket(ZMQ_PUSH), pull, listener, peer, i;

	ASSERT_EQ(0, zt_setint(push, ZMQ_RECONNECT_IVL, 2));
	ASSERT_EQ(0, zt_connect(push, EP));
	for (i = 0; i < 3; i++) {
		pull = zt_listening(ZMQ_PULL, EP, self->ep);
		ASSERT_EQ(0, zt_puts(push, "direct", 0));
		EXPECT_TRUE(zt_gets(pull, "direct", ZT_LAST));
		EXPECT_EQ(2, zt_direct_peers());
		close(pull);

		listener = unix_listener();
		ASSERT_LE(0, listener);
		peer = accept(listener, NULL, NULL);
		ASSERT_LE(0, peer);
		close(listener);
		ASSERT_EQ(0, zp_handshake(peer, "PULL", "PUSH"));
		EXPECT_EQ(0, zt_direct_peers());
		close(peer);
	}
}

struct sending {
	int fd;
	const void *data;
	size_t len;
	int ret;
};

static void *send_one(void *arg)
{
	struct sending *s = arg;

	s->ret = zt_send(s->fd, s->data, s->len, 0);
	return NULL;
}

TEST_F(duct, a_message_of_32_mib_passes_both_ways)
{
	int a = zt_direct_listening(ZMQ_PAIR, self->ep), flags, i;
	int b = zt_direct_connected(ZMQ_PAIR, self->ep);
	const size_t len = 32 << 20;
	char *data = malloc(len), *got = malloc(len);
	struct sending s = { .data = data, .len = len };
	pthread_t sender;

	ASSERT_TRUE(data && got);
	for (i = 0; i < 2; i++) {
		zt_pattern(data, len, i);
		s.fd = i ? a : b;
		ASSERT_EQ(0, pthread_create(&sender, NULL, send_one, &s));
		EXPECT_EQ(len, zt_recv(i ? b : a, got, len, 0, &flags));
		ASSERT_EQ(0, pthread_join(sender, NULL));
		EXPECT_EQ(0, s.ret);
		EXPECT_EQ(0, memcmp(data, got, len));
	}
	EXPECT_EQ(2, zt_direct_peers());
	free(data);
	free(got);
}

static const size_t sizes[] = { 0, 1, 255, 256, 511, 512, 513, 4096, 32768,
				32769, 70000, 300000 };
#define SIZES	(sizeof(sizes) / sizeof(*sizes))

/* The sender is gone before the receiver has read the first one. */
TEST_F(duct, a_close_behind_a_send_loses_nothing)
{
	static char data[300000], got[300000];
	int pull, push, round, flags;
	unsigned int i;

	for (round = 0; round < 6; round++) {
		pull = zt_direct_socket(ZMQ_PULL);
		push = zt_direct_socket(ZMQ_PUSH);
		/* With room for one message most lies in the duct. */
		ASSERT_EQ(0, zt_setint(pull, ZMQ_RCVHWM, round & 1 ? 1 : 1000));
		ASSERT_EQ(0, zt_bind(round & 2 ? push : pull, self->ep));
		ASSERT_EQ(0, zt_connect(round & 2 ? pull : push, self->ep));
		for (i = 0; i < SIZES; i++) {
			zt_pattern(data, sizes[i], i);
			ASSERT_EQ(0, zt_send(push, data, sizes[i], 0));
		}
		close(push);
		for (i = 0; i < SIZES; i++) {
			ASSERT_EQ(sizes[i], zt_recv(pull, got, sizeof(got), 0,
						    &flags));
			EXPECT_TRUE(zt_pattern_ok(got, sizes[i], i));
		}
		close(pull);
	}
}

static long fill(int fd, u32 *next, size_t len)
{
	char *data = calloc(1, len);
	long n = 0;

	for (;; n++, ++*next) {
		memcpy(data, next, sizeof(*next));
		if (zt_send(fd, data, len, MSG_DONTWAIT))
			break;
	}
	free(data);
	return errno == EAGAIN ? n : -1;
}

static bool drains(int fd, u32 *next, long count, size_t len)
{
	char *data = malloc(len);
	int flags;
	u32 got;

	while (count--) {
		if (zt_recv(fd, data, len, 0, &flags) != (ssize_t)len)
			break;
		memcpy(&got, data, sizeof(got));
		if (got != (*next)++)
			break;
	}
	free(data);
	return count < 0;
}

TEST_F(duct, both_ends_full_both_ends_go_on)
{
	int a = zt_direct_socket(ZMQ_PAIR), b = zt_direct_socket(ZMQ_PAIR), i;
	u32 put[2] = { }, got[2] = { };
	const size_t len[] = { 8, 600, 40000 };
	long n, m;

	for (i = 0; i < 2; i++) {
		ASSERT_EQ(0, zt_setint(i ? a : b, ZMQ_SNDHWM, 10));
		ASSERT_EQ(0, zt_setint(i ? a : b, ZMQ_RCVHWM, 10));
		ASSERT_EQ(0, zt_setint(i ? a : b, ZMQ_SNDBUF, 8192));
	}
	ASSERT_EQ(0, zt_bind(a, self->ep));
	ASSERT_EQ(0, zt_connect(b, self->ep));
	ASSERT_EQ(0, zt_puts(a, "a", 0));
	ASSERT_TRUE(zt_gets(b, "a", ZT_LAST));
	for (i = 0; i < 9; i++) {
		n = fill(a, &put[0], len[i % 3]);
		m = fill(b, &put[1], len[i % 3]);
		/* What the queues and the duct hold is bounded. */
		EXPECT_LE(10, n);
		EXPECT_GE(300, n);
		EXPECT_LE(10, m);
		EXPECT_GE(300, m);
		/* A worker may have made room since: send() tells. */
		ASSERT_TRUE(drains(b, &got[0], n, len[i % 3]));
		ASSERT_TRUE(drains(a, &got[1], m, len[i % 3]));
		ASSERT_TRUE(zt_becomes(a, POLLOUT));
		ASSERT_TRUE(zt_becomes(b, POLLOUT));
	}
	EXPECT_EQ(2, zt_direct_peers());
}

#define ROUNDS	2000

/* Every wake-up that is lost is a hang. */
static int echo(void *arg)
{
	int fd = zt_direct_connected(ZMQ_PAIR, arg), flags, i;
	static char data[300000];
	ssize_t n;

	for (i = 0; i < ROUNDS; i++) {
		n = zt_recv(fd, data, sizeof(data), 0, &flags);
		if (n < 0 || zt_send(fd, data, n, 0))
			return 1;
	}
	return 0;
}

TEST_F(duct, a_ping_pong_of_two_processes_never_stops)
{
	int fd = zt_direct_listening(ZMQ_PAIR, self->ep), flags, i;
	pid_t pid = zt_child(echo, self->ep);
	static char data[300000];
	size_t len;

	for (i = 0; i < ROUNDS; i++) {
		len = sizes[i % (i % 100 ? SIZES - 4 : SIZES)];
		zt_pattern(data, len, i);
		ASSERT_EQ(0, zt_send(fd, data, len, 0));
		ASSERT_EQ(len, zt_recv(fd, data, sizeof(data), 0, &flags));
		ASSERT_TRUE(zt_pattern_ok(data, len, i));
	}
	EXPECT_TRUE(zt_reap(pid));
}

#define STREAM	20000

static int stream_out(void *arg)
{
	int fd = zt_direct_socket(ZMQ_PUSH);

	return zt_setint(fd, ZMQ_SNDHWM, 50) || zt_connect(fd, arg) ||
	       zt_put_numbers(fd, STREAM, 0) != STREAM;
}

TEST_F(duct, a_slow_reader_holds_a_fast_writer_back)
{
	int fd = zt_direct_socket(ZMQ_PULL), flags;
	u32 i, got;
	pid_t pid;

	ASSERT_EQ(0, zt_setint(fd, ZMQ_RCVHWM, 7));
	ASSERT_EQ(0, zt_bind(fd, self->ep));
	pid = zt_child(stream_out, self->ep);
	for (i = 0; i < STREAM; i++) {
		if (!(i % 1000))
			usleep(2000);
		ASSERT_EQ(sizeof(got), zt_recv(fd, &got, sizeof(got), 0, &flags));
		ASSERT_EQ(i, got);
	}
	EXPECT_TRUE(zt_reap(pid));
}

static int send_for_ever(void *arg)
{
	int fd = zt_direct_connected(ZMQ_PUSH, arg), i;
	static char data[70000];

	for (i = 0; !zt_send(fd, data, sizes[i % (SIZES - 1)], 0); i++)
		;
	return 0;
}

static int receive_for_ever(void *arg)
{
	int fd = zt_direct_connected(ZMQ_PULL, arg), flags;
	static char data[70000];

	while (zt_recv(fd, data, sizeof(data), 0, &flags) >= 0)
		;
	return 0;
}

/* A sender that was killed still drains, into a queue that is read. */
static bool is_alone(void *arg)
{
	static char data[70000];
	int flags, up;

	while (zt_recv(*(int *)arg, data, sizeof(data), MSG_DONTWAIT, &flags) >= 0)
		;
	zt_proc_sum("rx", &up);
	return !up;
}

TEST_F(duct, a_sender_killed_amid_a_stream_ends_it_alone)
{
	int fd = zt_direct_listening(ZMQ_PULL, self->ep), flags, status, round, i;
	static char data[70000];
	pid_t pid;

	for (round = 0; round < 10; round++) {
		pid = zt_child(send_for_ever, self->ep);
		for (i = 0; i < 50; i++)
			ASSERT_LE(0, zt_recv(fd, data, sizeof(data), 0, &flags));
		kill(pid, SIGKILL);
		ASSERT_EQ(pid, waitpid(pid, &status, 0));
		EXPECT_TRUE(zt_eventually(is_alone, &fd));
	}
}

TEST_F(duct, a_reader_killed_amid_a_stream_ends_it_alone)
{
	int fd = zt_direct_listening(ZMQ_PUSH, self->ep), status, round, i;
	static char data[70000];
	pid_t pid;

	ASSERT_EQ(0, zt_setint(fd, ZMQ_SNDHWM, 20));
	for (round = 0; round < 10; round++) {
		pid = zt_child(receive_for_ever, self->ep);
		for (i = 0; i < 50; i++)
			ASSERT_EQ(0, zt_send(fd, data, sizes[i % (SIZES - 1)], 0));
		kill(pid, SIGKILL);
		ASSERT_EQ(pid, waitpid(pid, &status, 0));
	}
	EXPECT_TRUE(zt_eventually(is_alone, &fd));
}

struct churn {
	atomic_bool stop;
	const char *ep;
};

static void *dial_and_go(void *arg)
{
	struct churn *c = arg;
	int fd;

	while (!c->stop) {
		fd = zt_direct_socket(ZMQ_PUSH);
		if (zt_setint(fd, ZMQ_LINGER, 0) || zt_connect(fd, c->ep))
			printf("# connect: %m\n");
		close(fd);
	}
	return NULL;
}

/* Listeners go before they accept and dialers before they are accepted. */
TEST_F(duct, ends_that_go_before_they_meet_leave_nothing)
{
	struct churn c = { .ep = self->ep };
	pthread_t thread;
	int pull, push, i;

	push = zt_direct_socket(ZMQ_PUSH);
	ASSERT_EQ(0, zt_setint(push, ZMQ_RECONNECT_IVL, 1));
	ASSERT_EQ(0, zt_connect(push, self->ep));
	ASSERT_EQ(0, pthread_create(&thread, NULL, dial_and_go, &c));
	for (i = 0; i < 200; i++) {
		pull = zt_direct_listening(ZMQ_PULL, self->ep);
		ASSERT_LE(0, pull);
		if (i & 1)
			usleep(1000);
		close(pull);
	}
	c.stop = true;
	ASSERT_EQ(0, pthread_join(thread, NULL));
	pull = zt_direct_listening(ZMQ_PULL, self->ep);
	ASSERT_TRUE(zt_becomes(push, POLLOUT));
	ASSERT_EQ(0, zt_puts(push, "at last", 0));
	EXPECT_TRUE(zt_gets(pull, "at last", ZT_LAST));
}

TEST_HARNESS_MAIN
