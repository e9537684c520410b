// SPDX-License-Identifier: GPL-2.0-only
/* MSG_ZEROCOPY and io_uring's SEND_ZC: who may write to a buffer, and when. */
#include <pthread.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/uio.h>
#include <linux/errqueue.h>
#include <linux/io_uring.h>
#include "kselftest_harness.h"
#include "fixture.h"

#define ROOM	(8 << 20)
#define LONG	(64 << 10)
#define SHORT	100
#define FANNED_OUT 6
#define ZC	MSG_ZEROCOPY

/* What the error queue has told so far. */
struct told {
	u32 ids;
	u32 copied;
	bool ordered;
};

static unsigned char *memory(void)
{
	void *p = mmap(NULL, ROOM, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	return p == MAP_FAILED ? NULL : p;
}

static int zc_on(int fd)
{
	return zt_setint(fd, ZMQ_ZEROCOPY, 1);
}

/* One notification, or -1 with errno. */
static int reap(int fd, struct told *t)
{
	char control[CMSG_SPACE(sizeof(struct sock_extended_err))];
	struct msghdr m = {
		.msg_control = control,
		.msg_controllen = sizeof(control),
	};
	struct sock_extended_err ee;
	struct cmsghdr *cmsg;

	if (recvmsg(fd, &m, MSG_ERRQUEUE) < 0)
		return -1;
	errno = EPROTO;
	cmsg = CMSG_FIRSTHDR(&m);
	if (!cmsg || cmsg->cmsg_level != SOL_ZMQ ||
	    cmsg->cmsg_type != ZMQ_RECVERR || !(m.msg_flags & MSG_ERRQUEUE))
		return -1;
	memcpy(&ee, CMSG_DATA(cmsg), sizeof(ee));
	if (ee.ee_origin != SO_EE_ORIGIN_ZEROCOPY || ee.ee_errno)
		return -1;
	if (ee.ee_info != t->ids)
		t->ordered = false;
	t->ids += ee.ee_data - ee.ee_info + 1;
	if (ee.ee_code & SO_EE_CODE_ZEROCOPY_COPIED)
		t->copied += ee.ee_data - ee.ee_info + 1;
	return 0;
}

/* Whether @n calls are told, no more and no less, within the time, if @from
 * have been before.
 */
static bool told_from(int fd, u32 from, u32 n, struct told *t)
{
	u64 end = zt_now_ms() + ZT_DEADLINE_MS;

	*t = (struct told){ .ids = from, .ordered = true };
	while (t->ids < from + n && zt_now_ms() < end) {
		if (zt_poll(fd, 0, 100) & POLLERR && reap(fd, t))
			return false;
	}
	if (t->ids != from + n)
		printf("# %u calls in place of %u\n", t->ids - from, n);
	return t->ids == from + n;
}

static bool told(int fd, u32 n, struct told *t)
{
	return told_from(fd, 0, n, t);
}

static bool silent(int fd)
{
	struct told t;

	if (zt_poll(fd, 0, 100) & POLLERR)
		return false;
	return reap(fd, &t) == -1 && errno == EAGAIN;
}

/* Receive a message of one frame of @seed's pattern. */
static bool got_pattern(int fd, size_t len, u64 seed)
{
	char *buf = malloc(len + 1);
	int flags;
	bool ok;

	ok = zt_recv(fd, buf, len + 1, 0, &flags) == (ssize_t)len &&
	     zt_pattern_ok(buf, len, seed);
	free(buf);
	return ok;
}

/* Send @len bytes of a pattern, which is spoilt as soon as that is allowed. */
static bool passes(int tx, int rx, unsigned char *mem, size_t len, u64 seed)
{
	struct told t;

	zt_pattern(mem, len, seed);
	if (zt_send(tx, mem, len, ZC) || !told(tx, 1, &t))
		return false;
	memset(mem, 0xee, len);
	return got_pattern(rx, len, seed);
}

TEST_F(zmq_over, memory_is_free_when_that_is_told)
{
	static const size_t sizes[] = {
		1, 255, 256, 8192, 24575, 24576, 24577, 30000, 65536, 200001,
		524288, 700000,
	};
	static const size_t offsets[] = { 0, 1, 4095, 256 };
	int pull = zt_listening(ZMQ_PULL, variant->bind, self->ep);
	int push = zt_connected(ZMQ_PUSH, self->ep);
	unsigned char *mem = memory();
	unsigned int i, j;

	ASSERT_EQ(0, zc_on(push));
	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		for (j = 0; j < ARRAY_SIZE(offsets); j++) {
			struct told t;

			zt_pattern(mem + offsets[j], sizes[i], i * j);
			ASSERT_EQ(0, zt_send(push, mem + offsets[j], sizes[i],
					     ZC));
			ASSERT_TRUE(told(push, 0, &t));
			t.ids = i * 4 + j;
			while (reap(push, &t))
				ASSERT_EQ(EAGAIN, errno);
			EXPECT_TRUE(t.ordered);
			ASSERT_EQ(i * 4 + j + 1, t.ids);
			memset(mem + offsets[j], 0xee, sizes[i]);
			ASSERT_TRUE(got_pattern(pull, sizes[i], i * j));
		}
	}
	EXPECT_TRUE(silent(push));
}

TEST_F(zmq_over, large_messages_arrive)
{
	int pull = zt_listening(ZMQ_PULL, variant->bind, self->ep);
	int push = zt_connected(ZMQ_PUSH, self->ep);
	unsigned char *mem = memory();
	struct told t;
	size_t len;

	ASSERT_EQ(0, zc_on(push));
	for (len = ROOM / 8; len <= ROOM / 2; len *= 2) {
		zt_pattern(mem + 1, len, len);
		ASSERT_EQ(0, zt_send(push, mem + 1, len, ZC));
		EXPECT_TRUE(got_pattern(pull, len, len));
	}
	EXPECT_TRUE(told(push, 3, &t));
	EXPECT_TRUE(t.ordered);
}

TEST_F(zmq_over, spoilt_at_once_is_still_a_message)
{
	int pull = zt_listening(ZMQ_PULL, variant->bind, self->ep);
	int push = zt_connected(ZMQ_PUSH, self->ep);
	unsigned char *mem = memory(), *buf = malloc(LONG * 2);
	struct told t;
	int i, flags;

	ASSERT_EQ(0, zc_on(push));
	for (i = 0; i < 16; i++) {
		ASSERT_EQ(0, zt_send(push, mem, LONG + i,
				     i & 1 ? ZC : ZC | MSG_MORE));
		memset(mem, i & 2 ? 0xff : 0, LONG + i);
	}
	for (i = 0; i < 16; i++) {
		ASSERT_EQ(LONG + i, zt_recv(pull, buf, LONG * 2, 0, &flags));
		EXPECT_EQ(i & 1 ? MSG_EOR : 0, flags & (MSG_EOR | MSG_TRUNC));
	}
	EXPECT_TRUE(told(push, 16, &t));
}

TEST_F(zmq_over, what_is_too_short_is_copied_and_told_at_once)
{
	int pull = zt_listening(ZMQ_PULL, variant->bind, self->ep);
	int push = zt_connected(ZMQ_PUSH, self->ep);
	struct told t = { .ordered = true };
	char buf[SHORT];

	memset(buf, 'x', SHORT);
	ASSERT_EQ(0, zc_on(push));
	ASSERT_EQ(0, zt_send(push, buf, SHORT, ZC));
	EXPECT_EQ(0, reap(push, &t));
	EXPECT_EQ(1, t.ids);
	EXPECT_EQ(1, t.copied);
	EXPECT_TRUE(zt_got(pull, buf, SHORT, ZT_LAST));
	/* There is nothing to tell of nothing. */
	ASSERT_EQ(0, zt_send(push, buf, 0, ZC));
	EXPECT_TRUE(zt_got(pull, "", 0, ZT_LAST));
	EXPECT_TRUE(silent(push));
}

TEST_F(zmq_over, without_the_option_the_flag_is_ignored)
{
	int pull = zt_listening(ZMQ_PULL, variant->bind, self->ep);
	int push = zt_connected(ZMQ_PUSH, self->ep);
	unsigned char *mem = memory();

	EXPECT_EQ(0, zt_getint(push, ZMQ_ZEROCOPY));
	zt_pattern(mem, LONG, 1);
	ASSERT_EQ(0, zt_send(push, mem, LONG, ZC));
	memset(mem, 0, LONG);
	EXPECT_TRUE(got_pattern(pull, LONG, 1));
	EXPECT_TRUE(silent(push));

	ASSERT_EQ(0, zc_on(push));
	EXPECT_EQ(1, zt_getint(push, ZMQ_ZEROCOPY));
	EXPECT_TRUE(passes(push, pull, mem, LONG, 2));
	ASSERT_EQ(0, zt_setint(push, ZMQ_ZEROCOPY, 0));
	ASSERT_EQ(0, zt_send(push, mem, LONG, ZC));
	EXPECT_TRUE(silent(push));
	EXPECT_EQ(-1, zt_setint(push, ZMQ_ZEROCOPY, 2));
	EXPECT_EQ(EINVAL, errno);
}

TEST_F(zmq_over, local_peers_get_a_copy)
{
	int pull = zt_listening(ZMQ_PULL, variant->bind, self->ep);
	int push = zt_connected(ZMQ_PUSH, self->ep);
	unsigned char *mem = memory();
	struct told t;

	ASSERT_EQ(0, zc_on(push));
	ASSERT_EQ(0, zt_send(push, mem, LONG, ZC));
	ASSERT_TRUE(told(push, 1, &t));
	EXPECT_TRUE(zt_becomes(pull, POLLIN));
	EXPECT_EQ(1, t.copied);
}

TEST_F(zmq_over, frames_gathered_from_pieces)
{
	int pull = zt_listening(ZMQ_PULL, variant->bind, self->ep);
	int push = zt_connected(ZMQ_PUSH, self->ep);
	unsigned char *mem = memory();
	struct iovec iov[] = {
		{ mem, 10 }, { mem + 10, 0 }, { mem + 10, 500 },
		{ mem + 510, 100000 }, { mem + 100510, 7 },
		{ mem + 100517, 0 }, { mem + 100517, 20000 },
	};
	struct msghdr m = { .msg_iov = iov, .msg_iovlen = 7 };
	struct told t;

	ASSERT_EQ(0, zc_on(push));
	zt_pattern(mem, 120517, 3);
	ASSERT_EQ(120517, sendmsg(push, &m, ZC));
	ASSERT_TRUE(told(push, 1, &t));
	memset(mem, 0, 120517);
	EXPECT_TRUE(got_pattern(pull, 120517, 3));
}

TEST_F(zmq_over, a_batch_is_one_call)
{
	static const struct zmq_frame_desc desc[] = {
		{ 5, 0 }, { 60000, ZMQ_FRAME_MORE }, { 30000, 0 }, { 5, 0 },
	};
	int pull = zt_listening(ZMQ_PULL, variant->bind, self->ep);
	int push = zt_connected(ZMQ_PUSH, self->ep);
	unsigned char *mem = memory(), *copy = malloc(90010);
	struct told t;

	ASSERT_EQ(0, zc_on(push));
	zt_pattern(mem, 90010, 4);
	memcpy(copy, mem, 90010);
	ASSERT_EQ(90010, zt_send_frames(push, mem, 90010, desc, 4, ZC));
	ASSERT_TRUE(told(push, 1, &t));
	memset(mem, 0, 90010);
	EXPECT_TRUE(zt_got(pull, copy, 5, ZT_LAST));
	EXPECT_TRUE(zt_got(pull, copy + 5, 60000, ZT_MORE));
	EXPECT_TRUE(zt_got(pull, copy + 60005, 30000, ZT_LAST));
	EXPECT_TRUE(zt_got(pull, copy + 90005, 5, ZT_LAST));
	EXPECT_TRUE(silent(push));
}

TEST_F(zmq, the_error_queue_is_level_triggered_and_never_blocks)
{
	int pub = zt_listening(ZMQ_PUB, "inproc://a", self->ep);
	struct told t = { .ordered = true };
	char buf[SHORT] = "";

	EXPECT_EQ(-1, reap(pub, &t));
	EXPECT_EQ(EAGAIN, errno);
	EXPECT_EQ(0, zt_poll(pub, POLLIN, 0) & POLLERR);
	ASSERT_EQ(0, zc_on(pub));
	ASSERT_EQ(0, zt_send(pub, buf, SHORT, ZC));
	EXPECT_EQ(POLLERR, zt_poll(pub, 0, 0));
	EXPECT_EQ(POLLERR | POLLOUT, zt_poll(pub, POLLOUT, 0));
	EXPECT_EQ(POLLERR, zt_poll(pub, 0, 0));
	/* It is no error of the socket's. */
	EXPECT_EQ(0, zt_send(pub, buf, SHORT, 0));
	EXPECT_EQ(0, reap(pub, &t));
	EXPECT_EQ(0, zt_poll(pub, 0, 0));
	EXPECT_EQ(-1, reap(pub, &t));
	EXPECT_EQ(EAGAIN, errno);
}

TEST_F(zmq, a_refused_call_has_no_number)
{
	int pull = zt_listening(ZMQ_PULL, "inproc://a", self->ep);
	int push = zt_socket(ZMQ_PUSH);
	unsigned char *mem = memory();
	struct told t;

	ASSERT_EQ(0, zc_on(push));
	EXPECT_EQ(-1, zt_send(push, mem, LONG, ZC | MSG_DONTWAIT));
	EXPECT_EQ(EAGAIN, errno);
	EXPECT_EQ(-1, zt_send(push, mem, SHORT, ZC | MSG_DONTWAIT));
	EXPECT_EQ(EAGAIN, errno);
	ASSERT_EQ(0, zt_setint(push, ZMQ_SNDTIMEO, 50));
	EXPECT_EQ(-1, zt_send(push, mem, LONG, ZC));
	EXPECT_EQ(EAGAIN, errno);
	EXPECT_EQ(-1, zt_send(push, mem, LONG, ZC | MSG_OOB));
	EXPECT_EQ(EOPNOTSUPP, errno);
	EXPECT_EQ(-1, send(push, (void *)8, LONG, ZC));
	EXPECT_TRUE(errno == EFAULT || errno == EAGAIN);
	EXPECT_TRUE(silent(push));

	ASSERT_EQ(0, zt_connect(push, self->ep));
	EXPECT_EQ(-1, send(push, (void *)8, LONG, ZC));
	EXPECT_EQ(EFAULT, errno);
	EXPECT_TRUE(silent(push));
	ASSERT_EQ(0, zt_send(push, mem, LONG, ZC));
	EXPECT_TRUE(told(push, 1, &t));
	EXPECT_TRUE(t.ordered);
	EXPECT_TRUE(zt_becomes(pull, POLLIN));
}

static void *blocked_send(void *arg)
{
	int *push = arg;
	unsigned char *mem = memory();

	return (void *)(long)zt_send(*push, mem, LONG, ZC);
}

TEST_F(zmq, a_call_that_waits_keeps_no_number)
{
	int pull = zt_listening(ZMQ_PULL, "inproc://a", self->ep);
	int push = zt_socket(ZMQ_PUSH), i;
	unsigned char *mem = memory();
	pthread_t thread[4];
	struct told t;
	void *ret;

	ASSERT_EQ(0, zc_on(push));
	for (i = 0; i < 4; i++)
		ASSERT_EQ(0, pthread_create(&thread[i], NULL, blocked_send,
					    &push));
	for (i = 0; i < 20; i++) {
		EXPECT_EQ(-1, zt_send(push, mem, LONG, ZC | MSG_DONTWAIT));
		usleep(1000);
	}
	ASSERT_EQ(0, zt_connect(push, self->ep));
	for (i = 0; i < 4; i++) {
		ASSERT_EQ(0, pthread_join(thread[i], &ret));
		EXPECT_EQ(NULL, ret);
	}
	EXPECT_TRUE(told(push, 4, &t));
	EXPECT_TRUE(t.ordered);
	EXPECT_TRUE(zt_becomes(pull, POLLIN));
}

/* A plain TCP peer that reads nothing yet. */
static int slow_peer(int listener)
{
	return zp_accept_peer(listener, "PULL", "PUSH");
}

static bool read_message(int peer, size_t len, u64 seed)
{
	unsigned char *buf = malloc(len), hdr[16];
	size_t n = zp_header(hdr, 0, len);
	unsigned char was[16];
	bool ok;

	ok = !zp_read(peer, was, n) && !memcmp(was, hdr, n) &&
	     !zp_read(peer, buf, len) && zt_pattern_ok(buf, len, seed);
	free(buf);
	return ok;
}

TEST_F(zmq, what_tcp_has_not_sent_is_not_free)
{
	const size_t len = 200 << 10;
	int listener = zp_listen_any(4096, self->ep);
	int push = zt_socket(ZMQ_PUSH), peer;
	unsigned char *mem = memory();
	struct told t;

	ASSERT_EQ(0, zc_on(push));
	/* TCP takes it all. */
	ASSERT_EQ(0, zt_setint(push, ZMQ_SNDBUF, 1 << 20));
	ASSERT_EQ(0, zt_connect(push, self->ep));
	peer = slow_peer(listener);
	ASSERT_LE(0, peer);
	zt_pattern(mem, len, 5);
	ASSERT_EQ(0, zt_send(push, mem, len, ZC));
	EXPECT_TRUE(zt_lacks(push, POLLERR));
	/* Whoever is told too early spoils it. */
	if (!silent(push))
		memset(mem, 0xee, len);
	EXPECT_TRUE(read_message(peer, len, 5));
	EXPECT_TRUE(told(push, 1, &t));
}

TEST_F(zmq, what_waits_in_the_queue_is_not_free)
{
	int listener = zp_listen_any(4096, self->ep);
	int push = zt_socket(ZMQ_PUSH), peer, i;
	unsigned char *mem = memory();
	struct told t;

	ASSERT_EQ(0, zc_on(push));
	ASSERT_EQ(0, zt_setint(push, ZMQ_SNDBUF, 4096));
	ASSERT_EQ(0, zt_connect(push, self->ep));
	for (i = 0; i < 20; i++) {
		zt_pattern(mem + i * LONG, LONG, i);
		ASSERT_EQ(0, zt_send(push, mem + i * LONG, LONG, ZC));
	}
	EXPECT_TRUE(silent(push));
	peer = slow_peer(listener);
	ASSERT_LE(0, peer);
	for (i = 0; i < 20; i++)
		EXPECT_TRUE(read_message(peer, LONG, i));
	EXPECT_TRUE(told(push, 20, &t));
	EXPECT_TRUE(t.ordered);
}

TEST_F(zmq, a_peer_that_goes_frees_what_it_got)
{
	int listener = zp_listen_any(4096, self->ep);
	int push = zt_socket(ZMQ_PUSH), peer, i;
	unsigned char *mem = memory(), buf[100000];
	struct told t;

	ASSERT_EQ(0, zc_on(push));
	ASSERT_EQ(0, zt_setint(push, ZMQ_SNDBUF, 4096));
	ASSERT_EQ(0, zt_setint(push, ZMQ_RECONNECT_IVL, 20));
	ASSERT_EQ(0, zt_connect(push, self->ep));
	peer = slow_peer(listener);
	ASSERT_LE(0, peer);
	for (i = 0; i < 8; i++) {
		zt_pattern(mem + i * LONG, LONG, i);
		ASSERT_EQ(0, zt_send(push, mem + i * LONG, LONG, ZC));
	}
	/* The second message is under way, and lost. */
	ASSERT_EQ(0, zp_read(peer, buf, LONG + 9 + 20000));
	close(peer);
	peer = slow_peer(listener);
	ASSERT_LE(0, peer);
	/* The next one is whole, and so are those behind it. */
	ASSERT_EQ(0, zp_read(peer, buf, 9 + LONG));
	for (i = 2; i < 8 && memcmp(buf + 9, mem + i * LONG, LONG); i++)
		;
	EXPECT_GT(5, i);
	while (++i < 8)
		EXPECT_TRUE(read_message(peer, LONG, i));
	EXPECT_TRUE(told(push, 8, &t));
}

TEST_F(zmq, closing_without_linger_frees_all)
{
	int listener = zp_listen_any(4096, self->ep);
	int push = zt_socket(ZMQ_PUSH), peer, i;
	unsigned char *mem = memory();

	ASSERT_EQ(0, zc_on(push));
	ASSERT_EQ(0, zt_setint(push, ZMQ_LINGER, 0));
	ASSERT_EQ(0, zt_connect(push, self->ep));
	peer = slow_peer(listener);
	ASSERT_LE(0, peer);
	for (i = 0; i < 20; i++)
		ASSERT_EQ(0, zt_send(push, mem, LONG, ZC));
	ASSERT_EQ(0, zt_send(push, mem, LONG, ZC | MSG_MORE));
	close(push);
}

/* A PUSH with an option that dials where nobody listens, or -1. */
static int to_nobody(char *ep, int option, int value)
{
	int push = zt_socket(ZMQ_PUSH);

	snprintf(ep, ZMQ_ENDPOINT_MAX, "tcp://127.0.0.1:%d", zt_free_port());
	return zc_on(push) || zt_setint(push, option, value) ||
	       zt_connect(push, ep) ? -1 : push;
}

TEST_F(zmq, disconnecting_without_linger_frees_all)
{
	int push = to_nobody(self->ep, ZMQ_LINGER, 0), i;
	unsigned char *mem = memory();
	struct told t;

	for (i = 0; i < 5; i++)
		ASSERT_EQ(0, zt_send(push, mem, LONG, ZC));
	EXPECT_TRUE(silent(push));
	ASSERT_EQ(0, zt_settext(push, ZMQ_DISCONNECT, self->ep));
	EXPECT_TRUE(told(push, 5, &t));
	EXPECT_EQ(0, t.copied);
}

TEST_F(zmq, conflate_frees_what_it_replaces)
{
	int push = to_nobody(self->ep, ZMQ_CONFLATE, 1), i;
	unsigned char *mem = memory();
	struct told t;

	for (i = 0; i < 5; i++)
		ASSERT_EQ(0, zt_send(push, mem, LONG, ZC));
	EXPECT_TRUE(told(push, 4, &t));
	EXPECT_TRUE(silent(push));
}

TEST_F(zmq, subscribers_share_the_memory)
{
	static const char * const binds[] = {
		"tcp://127.0.0.1:*", "ipc://*", "inproc://a",
	};
	int pub = zt_socket(ZMQ_PUB), sub[9], i, j;
	unsigned char *mem = memory();
	char ep[ZMQ_ENDPOINT_MAX];
	struct told t;

	ASSERT_EQ(0, zc_on(pub));
	zt_pattern(mem, LONG, 0);
	ASSERT_EQ(0, zt_send(pub, mem, LONG, ZC));
	EXPECT_TRUE(told(pub, 1, &t));
	for (i = 0; i < 9; i++) {
		if (i % 3 == 0)
			ASSERT_EQ(0, zt_bind_any(pub, binds[i / 3], ep));
		sub[i] = zt_connected(ZMQ_SUB, ep);
		ASSERT_EQ(0, zt_subscribe(sub[i], ""));
	}
	for (i = 0; i < 9; i++) {
		while (!(zt_poll(sub[i], POLLIN, 20) & POLLIN))
			ASSERT_EQ(0, zt_puts(pub, "there?", 0));
	}
	ASSERT_EQ(0, zt_puts(pub, "end", 0));
	for (i = 0; i < 9; i++) {
		char buf[16];
		int flags;

		while (zt_recv(sub[i], buf, sizeof(buf), 0, &flags) != 3)
			;
	}
	for (j = 1; j < 4; j++) {
		zt_pattern(mem, LONG, j);
		ASSERT_EQ(0, zt_send(pub, mem, LONG, ZC));
		t = (struct told){ .ids = j, .ordered = true };
		while (reap(pub, &t))
			ASSERT_EQ(EAGAIN, errno);
		EXPECT_TRUE(t.ordered);
		memset(mem, 0xee, LONG);
		for (i = 0; i < 9; i++)
			EXPECT_TRUE(got_pattern(sub[i], LONG, j));
	}
	EXPECT_TRUE(silent(pub));
}

/* A subscriber to everything that reads when it is told to. */
static int slow_subscriber(int port)
{
	int fd = zp_dial(port, 4096);

	return fd < 0 || zp_handshake(fd, "SUB", "XPUB") ||
	       zp_send(fd, 0, "\1", 1) ? -1 : fd;
}

TEST_F(zmq, memory_is_free_when_the_last_subscriber_has_it)
{
	int pub = zt_socket(ZMQ_XPUB), sub[3], slow, leaving, i, j;
	unsigned char *mem = memory(), hdr[16];
	struct told t;

	ASSERT_EQ(0, zc_on(pub));
	ASSERT_EQ(0, zt_setint(pub, ZMQ_XPUB_VERBOSE, 1));
	ASSERT_EQ(0, zt_setint(pub, ZMQ_SNDBUF, 4096));
	ASSERT_EQ(0, zt_bind_any(pub, "tcp://127.0.0.1:*", self->ep));
	slow = slow_subscriber(zt_port(self->ep));
	leaving = slow_subscriber(zt_port(self->ep));
	for (i = 0; i < 3; i++) {
		sub[i] = zt_connected(ZMQ_SUB, self->ep);
		ASSERT_EQ(0, zt_subscribe(sub[i], ""));
	}
	for (i = 0; i < 5; i++)
		ASSERT_TRUE(zt_told(pub, 1, ""));

	for (j = 0; j < FANNED_OUT; j++) {
		zt_pattern(mem + j * LONG, LONG, j);
		ASSERT_EQ(0, zt_send(pub, mem + j * LONG, LONG, ZC));
	}
	for (j = 0; j < FANNED_OUT; j++)
		for (i = 0; i < 2; i++)
			ASSERT_TRUE(got_pattern(sub[i], LONG, j));
	EXPECT_TRUE(silent(pub));
	/* They go in the middle of a message, and with messages to read. */
	ASSERT_EQ(0, zp_read(leaving, hdr, sizeof(hdr)));
	close(leaving);
	close(sub[2]);
	EXPECT_TRUE(silent(pub));

	for (j = 0; j < FANNED_OUT; j++) {
		ASSERT_TRUE(read_message(slow, LONG, j));
		ASSERT_TRUE(told_from(pub, j, 1, &t));
		EXPECT_TRUE(t.ordered);
		memset(mem + j * LONG, 0xee, LONG);
		EXPECT_TRUE(silent(pub));
	}
}

TEST_F(zmq, streams_without_frames_get_a_copy)
{
	int stream = zt_listening(ZMQ_STREAM, "tcp://127.0.0.1:*", self->ep);
	int peer = zp_dial(zt_port(self->ep), 0), flags;
	unsigned char *mem = memory(), id[255];
	unsigned char *buf = malloc(LONG);
	struct told t;
	ssize_t len;

	ASSERT_LE(0, peer);
	ASSERT_EQ(0, zc_on(stream));
	len = zt_recv(stream, id, sizeof(id), 0, &flags);
	ASSERT_LT(0, len);
	EXPECT_TRUE(zt_got(stream, "", 0, ZT_LAST));
	zt_pattern(mem, LONG, 6);
	ASSERT_EQ(0, zt_send(stream, id, len, MSG_MORE));
	ASSERT_EQ(0, zt_send(stream, mem, LONG, ZC));
	ASSERT_TRUE(told(stream, 1, &t));
	EXPECT_EQ(1, t.copied);
	memset(mem, 0, LONG);
	ASSERT_EQ(0, zp_read(peer, buf, LONG));
	EXPECT_TRUE(zt_pattern_ok(buf, LONG, 6));
}

static int over_the_limit(void *arg)
{
	const struct rlimit none = { 4096, 4096 };
	unsigned char *mem = memory();
	int *fd = arg;

	if (setrlimit(RLIMIT_MEMLOCK, &none))
		return 1;
	if (zt_send(*fd, "a", 1, MSG_MORE))
		return 2;
	if (zt_send(*fd, mem, LONG, ZC) != -1 || errno != ENOBUFS)
		return 3;
	if (zt_send(*fd, "b", 1, 0))
		return 4;
	return 0;
}

TEST_F(zmq, too_much_locked_memory_is_refused)
{
	int pull = zt_listening(ZMQ_PULL, "tcp://127.0.0.1:*", self->ep);
	int push = zt_connected(ZMQ_PUSH, self->ep);
	unsigned char *mem = memory();

	ASSERT_EQ(0, zc_on(push));
	EXPECT_TRUE(zt_as_nobody(over_the_limit, &push));
	EXPECT_TRUE(zt_gets(pull, "a", ZT_MORE));
	EXPECT_TRUE(zt_gets(pull, "b", ZT_LAST));
	EXPECT_TRUE(silent(push));
	EXPECT_TRUE(passes(push, pull, mem, LONG, 7));
}

TEST_F(zmq, too_many_that_are_not_told_are_refused)
{
	int push = to_nobody(self->ep, ZMQ_LINGER, 0), n = 0, ret;
	unsigned char *mem = memory();
	struct told t;

	do {
		ret = zt_send(push, mem, LONG, ZC | MSG_DONTWAIT);
		n += !ret;
	} while (!ret && n < 999);
	EXPECT_EQ(-1, ret);
	EXPECT_EQ(ENOBUFS, errno);
	EXPECT_EQ(0, zt_send(push, mem, LONG, MSG_DONTWAIT));
	ASSERT_EQ(0, zt_settext(push, ZMQ_DISCONNECT, self->ep));
	EXPECT_TRUE(told(push, n, &t));
}

/* What io_uring says of a send: its result, then that the memory is free. */
static bool uring_sent(struct zt_uring *u, int res)
{
	struct io_uring_cqe cqe;

	if (!zt_uring_wait(u, &cqe, ZT_DEADLINE_MS) || cqe.res != res ||
	    !(cqe.flags & IORING_CQE_F_MORE)) {
		printf("# sent: res %d flags %x\n", cqe.res, cqe.flags);
		return false;
	}
	return true;
}

static bool uring_freed(struct zt_uring *u)
{
	struct io_uring_cqe cqe;

	return zt_uring_wait(u, &cqe, ZT_DEADLINE_MS) &&
	       cqe.flags & IORING_CQE_F_NOTIF;
}

static int uring_send(struct zt_uring *u, int fd, void *mem, size_t len,
		      int zc_flags)
{
	struct io_uring_sqe sqe = {
		.opcode = IORING_OP_SEND_ZC,
		.fd = fd,
		.addr = (uintptr_t)mem,
		.len = len,
		.ioprio = zc_flags,
	};

	return zt_uring_submit(u, &sqe);
}

static int uring_sendmsg(struct zt_uring *u, int fd, struct msghdr *m)
{
	struct io_uring_sqe sqe = {
		.opcode = IORING_OP_SENDMSG_ZC,
		.fd = fd,
		.addr = (uintptr_t)m,
		.len = 1,
	};

	return zt_uring_submit(u, &sqe);
}

TEST_F(zmq_over, io_uring_tells_when_memory_is_free)
{
	static const size_t sizes[] = { SHORT, LONG, 500001 };
	int pull = zt_listening(ZMQ_PULL, variant->bind, self->ep);
	int push = zt_connected(ZMQ_PUSH, self->ep);
	unsigned char *mem = memory();
	struct zt_uring u;
	int i;

	ASSERT_EQ(0, zt_uring_open(&u));
	ASSERT_EQ(0, zt_uring_register(&u, mem, ROOM));
	for (i = 0; i < 6; i++) {
		size_t len = sizes[i / 2];

		zt_pattern(mem + i, len, i);
		ASSERT_EQ(0, uring_send(&u, push, mem + i, len, i & 1 ?
					IORING_RECVSEND_FIXED_BUF : 0));
		ASSERT_TRUE(uring_sent(&u, len));
		ASSERT_TRUE(uring_freed(&u));
		memset(mem + i, 0xee, len);
		EXPECT_TRUE(got_pattern(pull, len, i));
	}
	/* It has its own queue, and needs no option. */
	EXPECT_TRUE(silent(push));
}

TEST_F(zmq_over, io_uring_waits_for_a_peer)
{
	int push = zt_socket(ZMQ_PUSH), pull;
	unsigned char *mem = memory();
	struct iovec iov[] = { { mem, 5 }, { mem + 5, LONG - 5 } };
	struct msghdr m = { .msg_iov = iov, .msg_iovlen = 2 };
	struct io_uring_cqe cqe;
	struct zt_uring u;
	int i;

	pull = zt_listening(ZMQ_PULL, variant->bind, self->ep);
	ASSERT_EQ(0, zt_uring_open(&u));
	ASSERT_EQ(0, zt_uring_register(&u, mem, ROOM));
	zt_pattern(mem, LONG, 8);
	ASSERT_EQ(0, uring_send(&u, push, mem, LONG, 0));
	ASSERT_EQ(0, uring_send(&u, push, mem, LONG,
				IORING_RECVSEND_FIXED_BUF));
	ASSERT_EQ(0, uring_sendmsg(&u, push, &m));
	EXPECT_FALSE(zt_uring_wait(&u, &cqe, 100));
	ASSERT_EQ(0, zt_connect(push, self->ep));
	for (i = 0; i < 6; i++) {
		ASSERT_TRUE(zt_uring_wait(&u, &cqe, ZT_DEADLINE_MS));
		if (!(cqe.flags & IORING_CQE_F_NOTIF))
			EXPECT_EQ(LONG, cqe.res);
	}
	memset(mem, 0, LONG);
	for (i = 0; i < 3; i++)
		EXPECT_TRUE(got_pattern(pull, LONG, 8));
}

TEST_F(zmq, io_uring_and_a_fan_out)
{
	int pub = zt_listening(ZMQ_XPUB, "tcp://127.0.0.1:*", self->ep);
	int sub[6], i, j, n;
	unsigned char *mem = memory();
	struct io_uring_cqe cqe;
	struct zt_uring u;

	ASSERT_EQ(0, zt_uring_open(&u));
	for (i = 0; i < 6; i++) {
		sub[i] = zt_connected(ZMQ_SUB, self->ep);
		ASSERT_EQ(0, zt_subscribe(sub[i], ""));
		ASSERT_TRUE(zt_becomes(pub, POLLIN) || i);
		usleep(20000);
	}
	for (j = 0; j < 30; j++) {
		if (j % 3 == 0)
			zt_pattern(mem, LONG, j / 3);
		ASSERT_EQ(0, uring_send(&u, pub, mem, LONG, 0));
		if (j % 3 != 2)
			continue;
		for (n = 0; n < 3; ) {
			ASSERT_TRUE(zt_uring_wait(&u, &cqe, ZT_DEADLINE_MS));
			n += !!(cqe.flags & IORING_CQE_F_NOTIF);
		}
		memset(mem, 0xee, LONG);
		for (i = 0; i < 18; i++)
			ASSERT_TRUE(got_pattern(sub[i % 6], LONG, j / 3));
	}
}

TEST_HARNESS_MAIN
