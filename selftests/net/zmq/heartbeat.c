// SPDX-License-Identifier: GPL-2.0-only
/* Heartbeats: the dead are noticed, the slow are not taken for dead. */
#include <netinet/tcp.h>
#include <sched.h>
#include "kselftest_harness.h"
#include "fixture.h"

static int beating(int pattern, int ivl, int ttl, int timeout)
{
	int fd = zt_socket(pattern);

	if (zt_setint(fd, ZMQ_HEARTBEAT_IVL, ivl) ||
	    zt_setint(fd, ZMQ_HEARTBEAT_TTL, ttl) ||
	    zt_setint(fd, ZMQ_HEARTBEAT_TIMEOUT, timeout))
		return -1;
	return fd;
}

static int bound(int pattern, int ivl, int ttl, int timeout, char *ep)
{
	int fd = beating(pattern, ivl, ttl, timeout);

	return zt_bind_any(fd, "tcp://127.0.0.1:*", ep) ? -1 : fd;
}

static bool got_command(int fd, const char *name, const void *data, size_t len)
{
	struct zp_frame f;

	if (zp_recv(fd, &f))
		return false;
	if (zp_is_command(&f, name, data, len))
		return true;
	printf("# no %s: flags %d, %zu bytes '%.*s'\n", name, f.flags, f.len,
	       (int)(f.len & 63), f.body);
	return false;
}

/* True if @peer stays connected, silent as it is, for @ms. */
static bool stays(int peer, int ms)
{
	u64 end = zt_now_ms() + ms;
	struct zp_frame f;

	while (zt_now_ms() < end) {
		if (!zt_poll(peer, POLLIN, end - zt_now_ms()))
			break;
		if (zp_recv(peer, &f))
			return false;
	}
	return true;
}

TEST_F(zmq, options_have_libzmqs_defaults_and_units)
{
	int fd = zt_socket(ZMQ_DEALER);

	EXPECT_EQ(0, zt_getint(fd, ZMQ_HEARTBEAT_IVL));
	EXPECT_EQ(0, zt_getint(fd, ZMQ_HEARTBEAT_TTL));
	EXPECT_EQ(-1, zt_getint(fd, ZMQ_HEARTBEAT_TIMEOUT));
	EXPECT_EQ(0, zt_setint(fd, ZMQ_HEARTBEAT_TTL, 1299));
	EXPECT_EQ(1200, zt_getint(fd, ZMQ_HEARTBEAT_TTL));
	EXPECT_EQ(0, zt_setint(fd, ZMQ_HEARTBEAT_TTL, 99));
	EXPECT_EQ(0, zt_getint(fd, ZMQ_HEARTBEAT_TTL));
	EXPECT_EQ(0, zt_setint(fd, ZMQ_HEARTBEAT_TTL, 6553599));
	EXPECT_EQ(6553500, zt_getint(fd, ZMQ_HEARTBEAT_TTL));
	EXPECT_EQ(-1, zt_setint(fd, ZMQ_HEARTBEAT_TTL, 6553600));
	EXPECT_EQ(EINVAL, errno);
	EXPECT_EQ(-1, zt_setint(fd, ZMQ_HEARTBEAT_TTL, -1));
	EXPECT_EQ(-1, zt_setint(fd, ZMQ_HEARTBEAT_IVL, -1));
	EXPECT_EQ(-1, zt_setint(fd, ZMQ_HEARTBEAT_TIMEOUT, -2));
	EXPECT_EQ(EINVAL, errno);
	EXPECT_EQ(6553500, zt_getint(fd, ZMQ_HEARTBEAT_TTL));
}

TEST_F(zmq, ping_goes_out_on_schedule_and_tells_the_ttl)
{
	int pull = bound(ZMQ_PULL, 150, 1299, 5000, self->ep), peer, i;
	u64 start = zt_now_ms();

	ASSERT_LE(0, pull);
	peer = zp_peer(zt_port(self->ep), "PUSH", "PULL");
	ASSERT_LE(0, peer);
	for (i = 0; i < 5; i++) {
		ASSERT_TRUE(got_command(peer, "PING", "\0\14", 2));
		ASSERT_EQ(0, zp_command(peer, "PONG", NULL, 0));
	}
	EXPECT_LE(5 * 145, zt_now_ms() - start);
}

TEST_F(zmq, no_ping_unless_asked_for)
{
	int pull = bound(ZMQ_PULL, 0, 1000, 100, self->ep), peer;

	ASSERT_LE(0, pull);
	peer = zp_peer(zt_port(self->ep), "PUSH", "PULL");
	ASSERT_LE(0, peer);
	EXPECT_EQ(0, zt_poll(peer, POLLIN, 500));
}

TEST_F(zmq, silence_after_a_ping_ends_the_connection)
{
	int pull = bound(ZMQ_PULL, 200, 0, 400, self->ep), peer;
	u64 start = zt_now_ms();

	ASSERT_LE(0, pull);
	peer = zp_peer(zt_port(self->ep), "PUSH", "PULL");
	ASSERT_LE(0, peer);
	EXPECT_TRUE(zp_closed(peer));
	EXPECT_LE(590, zt_now_ms() - start);
}

TEST_F(zmq, the_timeout_is_the_interval_unless_set)
{
	int pull = bound(ZMQ_PULL, 300, 0, -1, self->ep), peer;
	u64 start = zt_now_ms();

	ASSERT_LE(0, pull);
	peer = zp_peer(zt_port(self->ep), "PUSH", "PULL");
	ASSERT_LE(0, peer);
	EXPECT_TRUE(zp_closed(peer));
	EXPECT_LE(590, zt_now_ms() - start);
}

TEST_F(zmq, without_a_timeout_silence_is_fine)
{
	int pull = bound(ZMQ_PULL, 100, 0, 0, self->ep), peer;

	ASSERT_LE(0, pull);
	peer = zp_peer(zt_port(self->ep), "PUSH", "PULL");
	ASSERT_LE(0, peer);
	EXPECT_TRUE(stays(peer, 1000));
	ASSERT_EQ(0, zp_puts(peer, 0, "still here"));
	EXPECT_TRUE(zt_gets(pull, "still here", ZT_LAST));
}

TEST_F(zmq, a_dead_peer_is_dialed_again)
{
	int push = beating(ZMQ_PUSH, 100, 0, 200), port = 0, listener, peer, i;

	ASSERT_EQ(0, zt_setint(push, ZMQ_RECONNECT_IVL, 10));
	listener = zp_listen(0, &port);
	snprintf(self->ep, sizeof(self->ep), "tcp://127.0.0.1:%d", port);
	ASSERT_EQ(0, zt_connect(push, self->ep));
	for (i = 0; i < 3; i++) {
		peer = zp_accept_peer(listener, "PULL", "PUSH");
		ASSERT_LE(0, peer);
		EXPECT_TRUE(zp_closed(peer));
		close(peer);
	}
}

/* A byte of a long frame now and then, for longer than anybody would wait. */
static int dribble(int peer, int bytes)
{
	unsigned char head[9];
	int i;

	if (zp_write(peer, head, zp_header(head, 0, bytes)))
		return -1;
	for (i = 0; i < bytes; i++) {
		stays(peer, 50);
		if (zp_write(peer, "x", 1))
			return -1;
	}
	return 0;
}

TEST_F(zmq, a_part_of_a_frame_is_a_sign_of_life)
{
	int pull = bound(ZMQ_PULL, 200, 0, 400, self->ep), peer;

	ASSERT_LE(0, pull);
	peer = zp_peer(zt_port(self->ep), "PUSH", "PULL");
	ASSERT_LE(0, peer);
	ASSERT_EQ(0, dribble(peer, 30));
	EXPECT_TRUE(zt_gets(pull, "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxx", ZT_LAST));
	EXPECT_TRUE(zp_closed(peer)) TH_LOG("silent at last");
}

TEST_F(zmq, the_peers_ttl_is_heeded)
{
	int pull = bound(ZMQ_PULL, 0, 0, 0, self->ep), peer;
	const int port = zt_port(self->ep);
	u64 start;

	ASSERT_LE(0, pull);
	peer = zp_peer(port, "PUSH", "PULL");
	ASSERT_LE(0, peer);
	start = zt_now_ms();
	ASSERT_EQ(0, zp_command(peer, "PING", "\0\5", 2));
	ASSERT_TRUE(got_command(peer, "PONG", NULL, 0));
	EXPECT_TRUE(zp_closed(peer));
	EXPECT_LE(490, zt_now_ms() - start);
	close(peer);

	peer = zp_peer(port, "PUSH", "PULL");
	ASSERT_EQ(0, zp_command(peer, "PING", "\0\12", 2));
	ASSERT_EQ(0, dribble(peer, 30));
	ASSERT_EQ(0, zp_command(peer, "PING", "\0\0", 2));
	EXPECT_TRUE(stays(peer, 1000));
	ASSERT_EQ(0, zp_puts(peer, 0, "still here"));
	EXPECT_TRUE(zt_gets(pull, "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxx", ZT_LAST));
	EXPECT_TRUE(zt_gets(pull, "still here", ZT_LAST));
}

TEST_F(zmq, pings_that_nobody_reads_the_answers_to_are_not_all_answered)
{
	static const char ping[] = "\4\27\4PING\000\0000123456789abcdef";
	int pull = bound(ZMQ_PULL, 0, 0, 0, self->ep), peer, i;
	static char block[4096 * 25];
	static char trash[65536];
	long sent = 0, got = 0;
	ssize_t n;

	ASSERT_LE(0, pull);
	peer = zp_dial(zt_port(self->ep), 4096);
	ASSERT_EQ(0, zp_handshake(peer, "PUSH", "PULL"));
	for (i = 0; i < 4096; i++)
		memcpy(block + 25 * i, ping, 25);
	/* More than all buffers on the way can hold. */
	for (i = 0; i < 100; i++) {
		ASSERT_EQ(0, zp_write(peer, block, sizeof(block)));
		sent += sizeof(block);
	}
	ASSERT_EQ(0, zp_puts(peer, 0, "end"));
	ASSERT_TRUE(zt_gets(pull, "end", ZT_LAST));
	while (zt_poll(peer, POLLIN, 1000)) {
		n = recv(peer, trash, sizeof(trash), 0);
		ASSERT_LT(0, n);
		got += n;
	}
	EXPECT_LT(0, got);
	EXPECT_GT(sent / 2, got);
}

static bool connects_again(void *arg)
{
	return zt_snmp_tcp("ActiveOpens") != *(long *)arg;
}

/* @reader stays idle with a full queue, then everything is there. */
static int read_late(int reader, int writer, long opens)
{
	u32 sent = 0, got;

	zt_setint(writer, ZMQ_SNDTIMEO, 200);
	while (!zt_send(writer, &sent, sizeof(sent), 0))
		sent++;
	if (!zt_never(connects_again, &opens, 3000)) {
		printf("# connected again, %u messages sent\n", sent);
		return -1;
	}
	got = zt_get_numbers(reader, sent);
	if (sent && got == sent)
		return 0;
	printf("# %u messages sent, %u received\n", sent, got);
	return -1;
}

TEST_F(zmq, a_slow_reader_is_not_taken_for_dead_whoever_pings)
{
	int pull, push, i;
	long opens;

	for (i = 0; i < 3; i++) {
		pull = i == 1 ? zt_socket(ZMQ_PULL) :
				beating(ZMQ_PULL, 200, 500, 500);
		push = i == 0 ? zt_socket(ZMQ_PUSH) :
				beating(ZMQ_PUSH, 200, 500, 500);
		ASSERT_EQ(0, zt_setint(pull, ZMQ_RCVHWM, 5));
		ASSERT_EQ(0, zt_setint(push, ZMQ_SNDHWM, 5));
		ASSERT_EQ(0, zt_setint(pull, ZMQ_RCVBUF, 4096));
		ASSERT_EQ(0, zt_setint(push, ZMQ_SNDBUF, 4096));
		ASSERT_EQ(0, zt_bind_any(pull, "tcp://127.0.0.1:*", self->ep));
		ASSERT_EQ(0, zt_connect(push, self->ep));
		ASSERT_TRUE(zt_becomes(push, POLLOUT));
		opens = zt_snmp_tcp("ActiveOpens");
		EXPECT_EQ(0, read_late(pull, push, opens))
			TH_LOG("round %d", i);
		close(push);
		close(pull);
	}
}

TEST_F(zmq, a_reader_that_is_stopped_speaks_up_by_itself)
{
	int pull = zt_socket(ZMQ_PULL), peer, i;
	struct zp_frame f;
	u64 last, gap;

	ASSERT_EQ(0, zt_setint(pull, ZMQ_RCVHWM, 5));
	ASSERT_EQ(0, zt_bind_any(pull, "tcp://127.0.0.1:*", self->ep));
	peer = zp_peer(zt_port(self->ep), "PUSH", "PULL");
	for (i = 0; i < 20; i++)
		ASSERT_EQ(0, zp_puts(peer, 0, "message"));
	ASSERT_EQ(0, zp_command(peer, "PING", "\0\0?", 3));
	last = zt_now_ms();
	for (i = 0; i < 10; i++) {
		ASSERT_TRUE(got_command(peer, "PONG", NULL, 0));
		gap = zt_now_ms() - last;
		last += gap;
		EXPECT_GE(450, gap);
	}
	/* What was asked is answered when it is read. */
	for (i = 0; i < 20; i++)
		ASSERT_TRUE(zt_gets(pull, "message", ZT_LAST));
	do {
		ASSERT_EQ(0, zp_recv(peer, &f));
	} while (zp_is_command(&f, "PONG", NULL, 0));
	EXPECT_TRUE(zp_is_command(&f, "PONG", "?", 1));
	EXPECT_TRUE(zp_silent(peer));
	ASSERT_EQ(0, zp_puts(peer, 0, "arrived"));
	ASSERT_TRUE(zt_gets(pull, "arrived", ZT_LAST));
	while (zt_poll(peer, POLLIN, 100))
		ASSERT_TRUE(got_command(peer, "PONG", NULL, 0));
	EXPECT_EQ(0, zt_poll(peer, POLLIN, 600)) TH_LOG("reads, but tells");
}

/* The next attempt of TCP is 3.2 seconds ahead. */
static bool has_backed_off(void *arg)
{
	struct tcp_info info = {};
	socklen_t len = sizeof(info);

	return !getsockopt(*(int *)arg, SOL_TCP, TCP_INFO, &info, &len) &&
	       info.tcpi_backoff == 4;
}

static bool has_timed_out(void *arg)
{
	return zt_counter("ZmqHeartbeatTimeouts") > 0;
}

TEST_F(zmq, who_read_late_waits_for_tcp_to_try_again)
{
	int pull = beating(ZMQ_PULL, 200, 0, 300), port, peer, child, i;
	int listener = zp_listen(0, &port);

	ASSERT_EQ(0, zt_setint(pull, ZMQ_RCVHWM, 5));
	peer = zp_dial(port, 0);
	child = zp_accept(listener);
	ASSERT_EQ(0, zt_setint(pull, ZMQ_ATTACH_FD, child));
	ASSERT_EQ(0, zp_handshake(peer, "PUSH", "PULL"));
	for (i = 0; i < 20; i++)
		ASSERT_EQ(0, zp_puts(peer, 0, "message"));
	ASSERT_TRUE(stays(peer, 500));
	ASSERT_EQ(0, zp_lose_data(child));
	ASSERT_EQ(0, zp_puts(peer, 0, "late"));
	ASSERT_TRUE(zt_eventually(has_backed_off, &peer));
	ASSERT_EQ(0, zp_lose_nothing(child));
	for (i = 0; i < 20; i++)
		ASSERT_TRUE(zt_gets(pull, "message", ZT_LAST));
	EXPECT_TRUE(stays(peer, 2000));
	EXPECT_EQ(0, zt_poll(pull, POLLIN, 0)) TH_LOG("tried too early");
	EXPECT_TRUE(zt_gets(pull, "late", ZT_LAST));
	EXPECT_TRUE(zp_closed(peer)) TH_LOG("silent at last");
}

TEST_F(zmq, who_read_late_does_not_wait_for_the_dead)
{
	int pull = beating(ZMQ_PULL, 200, 0, 300), port, peer, child, i;
	int listener = zp_listen(0, &port);
	u64 start;

	ASSERT_EQ(0, zt_setint(pull, ZMQ_RCVHWM, 5));
	peer = zp_dial(port, 0);
	child = zp_accept(listener);
	ASSERT_EQ(0, zt_setint(pull, ZMQ_ATTACH_FD, child));
	ASSERT_EQ(0, zp_handshake(peer, "PUSH", "PULL"));
	for (i = 0; i < 20; i++)
		ASSERT_EQ(0, zp_puts(peer, 0, "message"));
	ASSERT_TRUE(stays(peer, 5000));
	/* From now on nothing is acknowledged. */
	ASSERT_EQ(0, zp_lose_all(child));
	start = zt_now_ms();
	for (i = 0; i < 20; i++)
		ASSERT_TRUE(zt_gets(pull, "message", ZT_LAST));
	ASSERT_TRUE(zt_eventually(has_timed_out, NULL));
	EXPECT_GT(3000, zt_now_ms() - start);
}

struct hog {
	int cpu;
	u64 end;
};

static int hog_one(void *arg)
{
	struct sched_param first = { .sched_priority = 1 };
	struct hog *hog = arg;
	cpu_set_t cpus;

	CPU_ZERO(&cpus);
	CPU_SET(hog->cpu, &cpus);
	if (sched_setaffinity(0, sizeof(cpus), &cpus) ||
	    sched_setscheduler(0, SCHED_FIFO, &first))
		return 1;
	while (zt_now_ms() < hog->end)
		;
	return 0;
}

/* Keep every CPU from all other tasks for @ms. Until all hogs are there, none
 * of them may keep us from making the next one.
 */
static bool hog(int ms)
{
	struct sched_param normal = {}, first = { .sched_priority = 2 };
	struct hog hog = { .end = zt_now_ms() + ms };
	int cpus = sysconf(_SC_NPROCESSORS_ONLN);
	pid_t hogs[CPU_SETSIZE];
	bool ok = true;

	if (cpus > CPU_SETSIZE || sched_setscheduler(0, SCHED_FIFO, &first))
		return false;
	for (hog.cpu = 0; hog.cpu < cpus; hog.cpu++)
		hogs[hog.cpu] = zt_child(hog_one, &hog);
	while (cpus--)
		ok &= zt_reap(hogs[cpus]);
	return ok && !sched_setscheduler(0, SCHED_OTHER, &normal);
}

TEST_F(zmq, nobody_is_blamed_for_a_machine_that_stood_still)
{
	int pull = bound(ZMQ_PULL, 100, 0, 300, self->ep), peer, i;
	struct zp_frame f;

	ASSERT_LE(0, pull);
	peer = zp_peer(zt_port(self->ep), "PUSH", "PULL");
	ASSERT_LE(0, peer);
	for (i = 0; i < 3; i++) {
		ASSERT_EQ(0, zp_recv(peer, &f));
		ASSERT_TRUE(hog(800));
		EXPECT_TRUE(stays(peer, 50)) TH_LOG("round %d", i);
		ASSERT_EQ(0, zp_command(peer, "PONG", NULL, 0));
	}
	EXPECT_TRUE(zp_closed(peer)) TH_LOG("silent at last");
}

TEST_F(zmq, heartbeats_end_with_the_connection)
{
	int pull = bound(ZMQ_PULL, 50, 100, 100, self->ep), peer, i;

	ASSERT_LE(0, pull);
	for (i = 0; i < 10; i++) {
		peer = zp_peer(zt_port(self->ep), "PUSH", "PULL");
		ASSERT_LE(0, peer);
		ASSERT_EQ(0, zp_command(peer, "PING", "\0\1", 2));
		if (i & 1)
			ASSERT_TRUE(zp_closed(peer));
		close(peer);
	}
	peer = zp_peer(zt_port(self->ep), "PUSH", "PULL");
	ASSERT_LE(0, peer);
	close(pull);
	EXPECT_TRUE(zp_closed(peer));
}

TEST_HARNESS_MAIN
