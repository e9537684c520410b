// SPDX-License-Identifier: GPL-2.0-only
/*
 * ZMQ_LOCAL_DIRECT: the ends of a tcp:// connection meet if both are of this
 * kernel, if both want it and if nobody stands between them. What passes then
 * is direct.c's concern.
 */
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/wait.h>
#include "kselftest_harness.h"
#include "fixture.h"

#define ANY	"tcp://127.0.0.1:*"
#define EP	"tcp://127.0.0.1:5577"
#define ROUNDS	200

#define NAME	"X-AF-ZMQ-Token"
#define TOKEN	16

/* An end with the option or without it. */
static int end(int pattern, int direct)
{
	return direct ? zt_direct_socket(pattern) : zt_socket(pattern);
}

static bool meet(int a, int b, const char *where, char *ep)
{
	return !zt_bind_any(a, where, ep) && !zt_connect(b, ep);
}

static bool passes(int from, int to, const char *text)
{
	return !zt_puts(from, text, 0) && zt_gets(to, text, ZT_LAST);
}

/* Segments of TCP that so many messages there and back take, or -1. */
static long segments(int a, int b)
{
	long before;
	int i;

	if (!passes(a, b, "first") || !passes(b, a, "answer"))
		return -1;
	before = zt_snmp_tcp("OutSegs");
	for (i = 0; i < ROUNDS; i++)
		if (!passes(a, b, "ping") || !passes(b, a, "pong"))
			return -1;
	return zt_snmp_tcp("OutSegs") - before;
}

FIXTURE(ends) {
	char ep[ZMQ_ENDPOINT_MAX];
};

FIXTURE_VARIANT(ends) {
	int bound;
	int dialed;
};

FIXTURE_VARIANT_ADD(ends, neither_wants_it) { };
FIXTURE_VARIANT_ADD(ends, the_bound_one_wants_it) { .bound = 1 };
FIXTURE_VARIANT_ADD(ends, the_dialed_one_wants_it) { .dialed = 1 };
FIXTURE_VARIANT_ADD(ends, both_want_it) { .bound = 1, .dialed = 1 };

FIXTURE_SETUP(ends)
{
	ASSERT_EQ(0, zt_setup(_metadata->name));
}

FIXTURE_TEARDOWN(ends)
{
	EXPECT_EQ(0, zt_teardown());
}

TEST_F(ends, tcp_carries_messages_unless_both_want_it_otherwise)
{
	int a = end(ZMQ_PAIR, variant->bound), b = end(ZMQ_PAIR, variant->dialed);
	bool both = variant->bound && variant->dialed;
	long sent;

	ASSERT_TRUE(meet(a, b, ANY, self->ep));
	sent = segments(a, b);
	EXPECT_LE(both ? 0 : 2 * ROUNDS, sent);
	EXPECT_GT(both ? ROUNDS / 10 : 10 * ROUNDS, sent);
	EXPECT_EQ(both ? 2 : 0, zt_direct_peers());
}

TEST_F(zmq, it_is_off_by_default)
{
	EXPECT_EQ(0, zt_getint(zt_socket(ZMQ_PAIR), ZMQ_LOCAL_DIRECT));
}

TEST_F(zmq, it_counts_for_connections_made_later)
{
	int pull = zt_listening(ZMQ_PULL, ANY, self->ep), push, i;

	push = zt_connected(ZMQ_PUSH, self->ep);
	ASSERT_TRUE(passes(push, pull, "by TCP"));
	ASSERT_EQ(0, zt_setint(pull, ZMQ_LOCAL_DIRECT, 1));
	ASSERT_EQ(0, zt_setint(push, ZMQ_LOCAL_DIRECT, 1));
	ASSERT_TRUE(passes(push, pull, "still by TCP"));
	EXPECT_EQ(0, zt_direct_peers());

	close(push);
	for (i = 0; i < 2; i++) {
		push = end(ZMQ_PUSH, i);
		ASSERT_EQ(0, zt_connect(push, self->ep));
		ASSERT_TRUE(passes(push, pull, "by what both have now"));
		EXPECT_EQ(2 * i, zt_direct_peers());
	}
}

TEST_F(zmq, ends_meet_over_ipv6_and_over_both)
{
	static const char * const where[] = { "tcp://[::1]:*", "tcp://[::]:*" };
	int a, b, i;

	if (access("/proc/net/if_inet6", F_OK))
		SKIP(return, "the kernel has no IPv6");
	for (i = 0; i < 2; i++) {
		a = zt_direct_socket(ZMQ_PAIR);
		b = zt_direct_socket(ZMQ_PAIR);
		ASSERT_EQ(0, zt_setint(a, ZMQ_IPV6, 1));
		ASSERT_EQ(0, zt_setint(b, ZMQ_IPV6, !i));
		ASSERT_EQ(0, zt_bind_any(a, where[i], self->ep));
		if (i)
			snprintf(self->ep, sizeof(self->ep), "tcp://127.0.0.1:%d",
				 zt_port(self->ep));
		ASSERT_EQ(0, zt_connect(b, self->ep));
		EXPECT_GT(ROUNDS / 10, segments(a, b));
		EXPECT_EQ(2, zt_direct_peers());
		close(a);
		close(b);
	}
}

TEST_F(zmq, each_connection_finds_out_anew)
{
	int push = zt_direct_socket(ZMQ_PUSH), pull, i;

	ASSERT_EQ(0, zt_setint(push, ZMQ_RECONNECT_IVL, 2));
	ASSERT_EQ(0, zt_setint(push, ZMQ_IMMEDIATE, 1));
	ASSERT_EQ(0, zt_connect(push, EP));
	for (i = 0; i < 6; i++) {
		ASSERT_TRUE(zt_lacks(push, POLLOUT));
		pull = end(ZMQ_PULL, !(i & 1));
		ASSERT_EQ(0, zt_bind(pull, EP));
		ASSERT_TRUE(passes(push, pull, "hello"));
		EXPECT_EQ(i & 1 ? 0 : 2, zt_direct_peers());
		ASSERT_TRUE(passes(push, pull, "and again"));
		close(pull);
	}
}

TEST_F(zmq, a_disconnected_end_is_gone_at_once)
{
	int pull = zt_direct_socket(ZMQ_PULL), push = zt_direct_socket(ZMQ_PUSH);

	ASSERT_TRUE(meet(pull, push, ANY, self->ep));
	ASSERT_EQ(0, zt_puts(push, "one", 0));
	ASSERT_EQ(0, zt_puts(push, "two", 0));
	ASSERT_EQ(0, zt_settext(push, ZMQ_DISCONNECT, self->ep));
	EXPECT_TRUE(zt_gets(pull, "one", ZT_LAST));
	EXPECT_TRUE(zt_gets(pull, "two", ZT_LAST));
	EXPECT_TRUE(zt_lacks(push, POLLOUT));
	ASSERT_EQ(0, zt_connect(push, self->ep));
	EXPECT_TRUE(passes(push, pull, "three"));
	EXPECT_EQ(2, zt_direct_peers());
}

/* What stands between two ends and passes on all that it is given. */
struct proxy {
	int listener;
	int port;
};

static void pump(int from, int to)
{
	static char buf[65536];
	ssize_t n = read(from, buf, sizeof(buf));

	if (n <= 0 || zp_write(to, buf, n))
		exit(0);
}

static int proxy(void *arg)
{
	struct proxy *p = arg;
	struct pollfd fds[2] = {
		{ .fd = zp_accept(p->listener), .events = POLLIN },
		{ .fd = zp_dial(p->port, 0), .events = POLLIN },
	};
	int i;

	while (poll(fds, 2, ZT_DEADLINE_MS) > 0)
		for (i = 0; i < 2; i++)
			if (fds[i].revents)
				pump(fds[i].fd, fds[!i].fd);
	return 0;
}

TEST_F(zmq, nobody_who_stands_between_is_passed_by)
{
	char between[ZMQ_ENDPOINT_MAX];
	struct proxy p = { .port = zt_free_port() };
	pid_t pid;
	int a, b;

	p.listener = zp_listen_any(0, self->ep);
	pid = zt_child(proxy, &p);
	close(p.listener);
	b = zt_direct_socket(ZMQ_PAIR);
	snprintf(between, sizeof(between), "tcp://127.0.0.1:%d", p.port);
	a = zt_direct_listening(ZMQ_PAIR, between);
	ASSERT_EQ(0, zt_connect(b, self->ep));
	EXPECT_LE(2 * ROUNDS, segments(a, b));
	EXPECT_EQ(0, zt_direct_peers());
	close(a);
	close(b);
	EXPECT_TRUE(zt_reap(pid));
}

TEST_F(zmq, ends_in_different_namespaces_do_not_meet)
{
	int a = zt_direct_socket(ZMQ_PAIR), b;
	struct zt_link l;

	if (zt_link(&l))
		SKIP(return, "no veth");
	ASSERT_EQ(0, zt_bind(a, "tcp://" ZT_NEAR ":5577"));
	ASSERT_EQ(0, zt_in(l.far));
	b = zt_direct_connected(ZMQ_PAIR, "tcp://" ZT_NEAR ":5577");
	ASSERT_EQ(0, zt_in(l.near));
	EXPECT_TRUE(passes(b, a, "there"));
	EXPECT_TRUE(passes(a, b, "back"));
	EXPECT_EQ(0, zt_direct_peers());
}

/* Where the token is in a READY, or NULL. */
static const unsigned char *token_in(const struct zp_frame *f)
{
	static const char prop[] = "\16" NAME "\0\0\0\20";
	const size_t len = sizeof(prop) - 1;
	const unsigned char *p;

	p = memmem(f->body, f->len, prop, len);
	return p && p + len + TOKEN <= f->body + f->len ? p + len : NULL;
}

/* Greets and tells READY with that property, if there is a value. */
static int ready(int fd, const char *type, const void *value, size_t len)
{
	unsigned char body[1024];
	size_t n;

	n = zp_ready_body(body, type, NULL, 0);
	if (value) {
		body[n++] = strlen(NAME);
		memcpy(body + n, NAME, strlen(NAME));
		n += strlen(NAME);
		memcpy(body + n, "\0\0\0", 3);
		body[n + 3] = len;
		memcpy(body + n + 4, value, len);
		n += 4 + len;
	}
	return zp_send(fd, ZP_COMMAND, body, n);
}

TEST_F(zmq, a_token_is_told_if_it_is_on_and_is_of_the_connection)
{
	static struct zp_frame f[3];
	int pull, peer, i;

	for (i = 0; i < 3; i++) {
		pull = end(ZMQ_PULL, i < 2);
		ASSERT_EQ(0, zt_bind_any(pull, ANY, self->ep));
		peer = zp_dial(zt_port(self->ep), 0);
		ASSERT_EQ(0, zp_greet(peer, 1));
		ASSERT_EQ(0, zp_recv(peer, &f[i]));
		/* Whoever does not know it ignores it. */
		ASSERT_EQ(0, ready(peer, "PUSH", NULL, 0));
		ASSERT_EQ(0, zp_puts(peer, 0, "hello"));
		EXPECT_TRUE(zt_gets(pull, "hello", ZT_LAST));
		EXPECT_EQ(0, zt_direct_peers());
		close(peer);
		close(pull);
	}
	ASSERT_NE(NULL, token_in(&f[0]));
	ASSERT_NE(NULL, token_in(&f[1]));
	EXPECT_NE(0, memcmp(token_in(&f[0]), token_in(&f[1]), TOKEN));
	EXPECT_EQ(NULL, token_in(&f[2]));
}

TEST_F(zmq, a_token_of_nobody_means_nothing)
{
	static const size_t sizes[] = { 0, 1, 15, 16, 17, 255 };
	int pull = zt_direct_socket(ZMQ_PULL), peer, i;
	static unsigned char junk[255];

	ASSERT_EQ(0, zt_bind_any(pull, ANY, self->ep));
	memset(junk, 0xa5, sizeof(junk));
	for (i = 0; i < 6; i++) {
		peer = zp_dial(zt_port(self->ep), 0);
		ASSERT_EQ(0, zp_greet(peer, 1));
		ASSERT_EQ(0, ready(peer, "PUSH", junk, sizes[i]));
		ASSERT_TRUE(zp_got_ready(peer, "PULL"));
		ASSERT_EQ(0, zp_puts(peer, 0, "hello"));
		EXPECT_TRUE(zt_gets(pull, "hello", ZT_LAST));
		EXPECT_EQ(0, zt_direct_peers());
		close(peer);
	}
}

/* Its own, and that of another connection. */
TEST_F(zmq, a_token_that_is_sent_on_means_nothing)
{
	int pull = zt_direct_socket(ZMQ_PULL), peer[2], i;
	static struct zp_frame f[2];

	ASSERT_EQ(0, zt_bind_any(pull, ANY, self->ep));
	for (i = 0; i < 2; i++) {
		peer[i] = zp_dial(zt_port(self->ep), 0);
		ASSERT_EQ(0, zp_greet(peer[i], 1));
		ASSERT_EQ(0, zp_recv(peer[i], &f[i]));
		ASSERT_NE(NULL, token_in(&f[i]));
	}
	ASSERT_EQ(0, ready(peer[0], "PUSH", token_in(&f[1]), TOKEN));
	ASSERT_EQ(0, ready(peer[1], "PUSH", token_in(&f[1]), TOKEN));
	for (i = 0; i < 2; i++) {
		ASSERT_EQ(0, zp_puts(peer[i], 0, "hello"));
		EXPECT_TRUE(zt_gets(pull, "hello", ZT_LAST));
	}
	EXPECT_EQ(0, zt_direct_peers());
}

TEST_F(zmq, requests_and_replies_pass_by_a_router_and_a_dealer)
{
	int router = zt_direct_socket(ZMQ_ROUTER), req = zt_direct_socket(ZMQ_REQ);
	int rep = zt_direct_socket(ZMQ_REP), dealer = zt_direct_socket(ZMQ_DEALER);
	char id[256], reply[300];
	int flags, i;
	ssize_t n;

	ASSERT_TRUE(meet(router, req, ANY, self->ep));
	ASSERT_TRUE(meet(rep, dealer, ANY, self->ep));
	for (i = 0; i < ROUNDS; i++) {
		ASSERT_EQ(0, zt_puts(req, "question", MSG_MORE));
		ASSERT_EQ(0, zt_puts(req, "", 0));
		n = zt_recv(router, id, sizeof(id), 0, &flags);
		ASSERT_LT(0, n);
		ASSERT_TRUE(zt_gets(router, "", ZT_MORE));
		ASSERT_TRUE(zt_gets(router, "question", ZT_MORE));
		ASSERT_TRUE(zt_gets(router, "", ZT_LAST));

		ASSERT_EQ(0, zt_puts(dealer, "", MSG_MORE));
		ASSERT_EQ(0, zt_puts(dealer, "on", 0));
		ASSERT_TRUE(zt_gets(rep, "on", ZT_LAST));
		memset(reply, i, sizeof(reply));
		ASSERT_EQ(0, zt_send(rep, reply, sizeof(reply), 0));
		ASSERT_TRUE(zt_gets(dealer, "", ZT_MORE));
		ASSERT_TRUE(zt_got(dealer, reply, sizeof(reply), ZT_LAST));

		ASSERT_EQ(0, zt_send(router, id, n, MSG_MORE));
		ASSERT_EQ(0, zt_puts(router, "", MSG_MORE));
		ASSERT_EQ(0, zt_send(router, reply, sizeof(reply), 0));
		ASSERT_TRUE(zt_got(req, reply, sizeof(reply), ZT_LAST));
	}
	EXPECT_EQ(4, zt_direct_peers());
}

TEST_F(zmq, subscriptions_come_and_go)
{
	int pub = zt_direct_socket(ZMQ_XPUB), sub[2], i;

	ASSERT_EQ(0, zt_bind_any(pub, ANY, self->ep));
	for (i = 0; i < 2; i++) {
		sub[i] = zt_direct_socket(ZMQ_SUB);
		/* One before it is connected, one behind. */
		ASSERT_EQ(0, i ? 0 : zt_subscribe(sub[i], "a"));
		ASSERT_EQ(0, zt_connect(sub[i], self->ep));
		ASSERT_EQ(0, i ? zt_subscribe(sub[i], "b") : 0);
		ASSERT_TRUE(zt_told(pub, 1, i ? "b" : "a"));
	}
	EXPECT_EQ(4, zt_direct_peers());
	for (i = 0; i < ROUNDS; i++) {
		ASSERT_EQ(0, zt_puts(pub, "a message", 0));
		ASSERT_EQ(0, zt_puts(pub, "but no news", 0));
		ASSERT_EQ(0, zt_puts(pub, "no message", 0));
		ASSERT_TRUE(zt_gets(sub[0], "a message", ZT_LAST));
		ASSERT_TRUE(zt_gets(sub[1], "but no news", ZT_LAST));
	}
	ASSERT_EQ(0, zt_unsubscribe(sub[0], "a"));
	ASSERT_TRUE(zt_told(pub, 0, "a"));
	ASSERT_EQ(0, zt_puts(pub, "a message", 0));
	ASSERT_EQ(0, zt_puts(pub, "b", 0));
	EXPECT_TRUE(zt_gets(sub[1], "b", ZT_LAST));
	EXPECT_EQ(0, zt_drain(sub[0]));
}

#define STREAM	10000
#define SENDERS	4

static void *send_numbers(void *arg)
{
	return (void *)(long)zt_put_numbers(*(int *)arg, STREAM, 0);
}

TEST_F(zmq, both_ends_stream_at_once)
{
	int a = zt_direct_socket(ZMQ_PAIR), b = zt_direct_socket(ZMQ_PAIR), i;
	pthread_t sender[2];
	void *sent;
	u32 n;

	ASSERT_EQ(0, zt_setint(a, ZMQ_RCVHWM, 20));
	ASSERT_TRUE(meet(a, b, ANY, self->ep));
	ASSERT_TRUE(passes(a, b, "begin"));
	ASSERT_EQ(0, pthread_create(&sender[0], NULL, send_numbers, &a));
	ASSERT_EQ(0, pthread_create(&sender[1], NULL, send_numbers, &b));
	for (n = 0; n < STREAM; n++) {
		ASSERT_TRUE(zt_got(b, &n, sizeof(n), ZT_LAST));
		ASSERT_TRUE(zt_got(a, &n, sizeof(n), ZT_LAST));
	}
	for (i = 0; i < 2; i++) {
		ASSERT_EQ(0, pthread_join(sender[i], &sent));
		EXPECT_EQ(STREAM, (long)sent);
	}
	EXPECT_EQ(2, zt_direct_peers());
}

TEST_F(zmq, threads_send_by_one_socket)
{
	int pull = zt_direct_socket(ZMQ_PULL), push = zt_direct_socket(ZMQ_PUSH);
	pthread_t sender[SENDERS];
	static long seen[STREAM];
	int flags, i;
	u32 number;

	ASSERT_EQ(0, zt_setint(pull, ZMQ_RCVHWM, 50));
	ASSERT_TRUE(meet(pull, push, ANY, self->ep));
	for (i = 0; i < SENDERS; i++)
		ASSERT_EQ(0, pthread_create(&sender[i], NULL, send_numbers, &push));
	for (i = 0; i < SENDERS * STREAM; i++) {
		ASSERT_EQ(sizeof(number), zt_recv(pull, &number, sizeof(number),
						  0, &flags));
		ASSERT_GT(STREAM, number);
		seen[number]++;
	}
	for (i = 0; i < STREAM; i++)
		ASSERT_EQ(SENDERS, seen[i]);
	for (i = 0; i < SENDERS; i++)
		ASSERT_EQ(0, pthread_join(sender[i], NULL));
}

TEST_F(zmq, heartbeats_pass_and_a_slow_reader_is_alive)
{
	int a = zt_direct_socket(ZMQ_PAIR), b = zt_direct_socket(ZMQ_PAIR);
	static char data[4096];
	long sent, segs;

	ASSERT_EQ(0, zt_setint(a, ZMQ_HEARTBEAT_IVL, 30));
	ASSERT_EQ(0, zt_setint(a, ZMQ_HEARTBEAT_TIMEOUT, 1000));
	ASSERT_EQ(0, zt_setint(b, ZMQ_RCVHWM, 5));
	ASSERT_EQ(0, zt_setint(a, ZMQ_SNDHWM, 5));
	ASSERT_TRUE(meet(a, b, ANY, self->ep));
	ASSERT_TRUE(passes(a, b, "begin"));
	segs = zt_snmp_tcp("OutSegs");
	usleep(300000);
	EXPECT_LT(4, zt_counter("ZmqPings"));
	EXPECT_GT(4, zt_snmp_tcp("OutSegs") - segs);

	sent = zt_fill(a, data, sizeof(data), 10000);
	ASSERT_LT(0, sent);
	sleep(3);
	EXPECT_EQ(0, zt_counter("ZmqHeartbeatTimeouts"));
	EXPECT_EQ(2, zt_direct_peers());
	while (sent--)
		ASSERT_TRUE(zt_got(b, data, sizeof(data), ZT_LAST));
	EXPECT_TRUE(passes(b, a, "alive"));
}

/*
 * Connections that are aborted under both ends, as by an administrator with
 * ss(8): children of TCP die although their owners want them.
 */
#define DIALED_CHILD	"dport = :5577"
#define BOUND_CHILD	"sport = :5577"
#define NO_ABORT	"the kernel has no SOCK_DESTROY, or there is no ss(8)"

static int abort_by(const char *side)
{
	return zt_sh("ss -Kt state established '%s' >/dev/null", side);
}

static bool can_abort(void)
{
	int port = 5577, listener = zp_listen(0, &port);
	int fd = zp_dial(port, 0), got = zp_accept(listener);
	bool can;

	can = !abort_by(DIALED_CHILD) && zt_poll(fd, POLLIN, 0) & POLLERR;
	close(fd);
	close(got);
	close(listener);
	return can;
}

static bool two_are_direct(void *arg)
{
	return zt_direct_peers() == 2;
}

TEST_F(zmq, an_aborted_connection_is_made_anew)
{
	int pull, push, i;
	long lost;

	if (!can_abort())
		SKIP(return, NO_ABORT);
	pull = zt_direct_listening(ZMQ_PULL, EP);
	push = zt_direct_socket(ZMQ_PUSH);
	ASSERT_EQ(0, zt_setint(push, ZMQ_RECONNECT_IVL, 2));
	ASSERT_EQ(0, zt_connect(push, EP));
	ASSERT_TRUE(passes(push, pull, "before"));
	for (i = 0; i < 6; i++) {
		EXPECT_EQ(2, zt_direct_peers());
		lost = zt_counter("ZmqDisconnects");
		ASSERT_EQ(0, abort_by(i & 1 ? BOUND_CHILD : DIALED_CHILD));
		ASSERT_TRUE(zt_counts("ZmqDisconnects", lost + 1));
		ASSERT_TRUE(passes(push, pull, "behind"));
		ASSERT_TRUE(zt_eventually(two_are_direct, NULL));
	}
}

#define ABORTS		20
#define BODY_MAX	70000
#define NUMBERS		1000000

struct stream {
	int fd;
	atomic_bool end;
	u32 sent;
};

/* Some messages are given away in pieces. */
static size_t body_len(u32 number)
{
	return number % 8 ? sizeof(number) + number % 1000 : BODY_MAX;
}

static void *send_until_the_end(void *arg)
{
	unsigned char *body = malloc(BODY_MAX);
	struct stream *s = arg;
	size_t len;

	for (; !s->end && s->sent < NUMBERS; s->sent++) {
		len = body_len(s->sent);
		zt_pattern(body, len, s->sent);
		memcpy(body, &s->sent, sizeof(s->sent));
		if (zt_send(s->fd, body, len, 0)) {
			printf("# sending number %u: %m\n", s->sent);
			break;
		}
	}
	free(body);
	return NULL;
}

/* Takes the next message, which has not come before. The one before it may come
 * later: it waits in the queue of a connection that has gone.
 */
static bool get_number(int fd, unsigned char *seen)
{
	static unsigned char body[BODY_MAX + 1], want[BODY_MAX];
	u32 number = NUMBERS;
	ssize_t len;
	int flags;

	len = zt_recv(fd, body, sizeof(body), 0, &flags);
	if (len >= (ssize_t)sizeof(number))
		memcpy(&number, body, sizeof(number));
	if (number < NUMBERS && len == body_len(number) && !seen[number]++) {
		zt_pattern(want, len, number);
		return !memcmp(body + sizeof(number), want + sizeof(number),
			       len - sizeof(number));
	}
	printf("# number %u of %zd bytes\n", number, len);
	return false;
}

static int abort_often(void *arg)
{
	int i, ret = 0;

	for (i = 0; i < ABORTS && !ret; i++) {
		usleep(20000);
		ret = abort_by(i & 1 ? BOUND_CHILD : DIALED_CHILD);
	}
	return ret;
}

static bool has_gone(pid_t pid)
{
	siginfo_t info = { };

	return waitid(P_PID, pid, &info, WEXITED | WNOHANG | WNOWAIT) ||
	       info.si_pid == pid;
}

TEST_F(zmq, aborts_amid_a_stream_leave_every_message_accounted_for)
{
	static const struct zt_kind kind = { .tx = ZMQ_PUSH, .rx = ZMQ_PULL };
	static unsigned char seen[NUMBERS];
	struct zt_flow f = { .kind = &kind };
	struct stream s = { };
	pthread_t sender;
	pid_t pid;
	int i;

	if (!can_abort())
		SKIP(return, NO_ABORT);
	f.rx = zt_direct_listening(ZMQ_PULL, EP);
	f.tx = zt_direct_socket(ZMQ_PUSH);
	ASSERT_EQ(0, zt_setint(f.tx, ZMQ_RECONNECT_IVL, 2));
	ASSERT_EQ(0, zt_connect(f.tx, EP));
	ASSERT_TRUE(passes(f.tx, f.rx, "begin"));
	zt_flow_begin(&f);
	s.fd = f.tx;
	ASSERT_EQ(0, pthread_create(&sender, NULL, send_until_the_end, &s));
	pid = zt_child(abort_often, NULL);
	for (i = 0; i < 100; i += has_gone(pid), f.delivered++)
		ASSERT_TRUE(get_number(f.rx, seen));
	EXPECT_TRUE(zt_reap(pid));
	EXPECT_LE(ABORTS, zt_counter("ZmqDisconnects"));
	s.end = true;
	while (pthread_tryjoin_np(sender, NULL) == EBUSY)
		if (zt_poll(f.rx, POLLIN, 20) & POLLIN)
			f.delivered += get_number(f.rx, seen);
	f.accepted = s.sent;
	while (zt_poll(f.rx, POLLIN, 300) & POLLIN) {
		ASSERT_TRUE(get_number(f.rx, seen));
		f.delivered++;
	}
	EXPECT_TRUE(zt_flow_balances(&f));
	EXPECT_EQ(2, zt_direct_peers());
}

/* Of TCP, on this side as on the other one. */
static long sockets(void)
{
	struct zt_sockstat st;

	return zt_sockstat(&st) ? -1 : st.alloc;
}

static bool no_more_sockets(void *than)
{
	return sockets() <= *(long *)than;
}

/* All that it has to say, and then gone before it can be answered. */
static int speak_and_reset(int port)
{
	const struct linger now = { .l_onoff = 1 };
	unsigned char all[300], body[200];
	size_t n = zp_greeting(all, 1, "NULL");
	int fd = zp_dial(port, 0), err;
	size_t len;

	len = zp_ready_body(body, "PUSH", NULL, 0);
	n += zp_header(all + n, ZP_COMMAND, len);
	memcpy(all + n, body, len);
	err = zp_write(fd, all, n + len);
	setsockopt(fd, SOL_SOCKET, SO_LINGER, &now, sizeof(now));
	return close(fd) || err;
}

TEST_F(zmq, who_leaves_in_its_handshake_is_not_waited_for)
{
	const struct sched_param ahead_of_workers = { .sched_priority = 1 };
	int pull = zt_direct_socket(ZMQ_PULL), i;
	long before;

	ASSERT_EQ(0, zt_setint(pull, ZMQ_HANDSHAKE_IVL, 0));
	ASSERT_EQ(0, zt_bind_any(pull, "tcp://127.0.0.1:*", self->ep));
	before = sockets();
	ASSERT_LT(0, before);
	ASSERT_EQ(0, sched_setscheduler(0, SCHED_FIFO, &ahead_of_workers));
	for (i = 0; i < 20; i++)
		ASSERT_EQ(0, speak_and_reset(zt_port(self->ep)));
	EXPECT_TRUE(zt_eventually(no_more_sockets, &before));
}

TEST_HARNESS_MAIN
