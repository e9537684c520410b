// SPDX-License-Identifier: GPL-2.0-only
/* What goes in comes out: sizes, parts, flags, faults. */
#include <sys/mman.h>
#include <sys/uio.h>
#include <linux/sock_diag.h>
#include "kselftest_harness.h"
#include "fixture.h"

#define MIB		(1024 * 1024)
#define STREAM_MSGS	50000
#define STREAM_MAX	2000

FIXTURE(frames) {
	char ep[ZMQ_ENDPOINT_MAX];
	int pull;
	int push;
};

FIXTURE_VARIANT(frames) {
	const char *bind;
	size_t largest;
};

FIXTURE_VARIANT_ADD(frames, tcp) {
	.bind = "tcp://127.0.0.1:*",
	/* A message takes a sixteenth of the machine at most. */
	.largest = 32 * MIB,
};

FIXTURE_VARIANT_ADD(frames, inproc) {
	.bind = "inproc://frames",
	.largest = 8 * MIB,
};

FIXTURE_SETUP(frames)
{
	ASSERT_EQ(0, zt_setup(_metadata->name));
	self->pull = zt_listening(ZMQ_PULL, variant->bind, self->ep);
	ASSERT_LE(0, self->pull);
	self->push = zt_connected(ZMQ_PUSH, self->ep);
	ASSERT_LE(0, self->push);
}

FIXTURE_TEARDOWN(frames)
{
	EXPECT_EQ(0, zt_teardown());
}

struct sending {
	int fd;
	const size_t *sizes;
	int count;
	bool parts;
};

/* In a process of its own: what is large is received while it is sent. */
static int send_all(void *arg)
{
	struct sending *s = arg;
	char *buf = NULL;
	int i, flags;

	for (i = 0; i < s->count; i++) {
		buf = realloc(buf, s->sizes[i] + 1);
		if (!buf)
			return 1;
		zt_pattern(buf, s->sizes[i], i);
		flags = s->parts && i + 1 < s->count ? MSG_MORE : 0;
		if (zt_send(s->fd, buf, s->sizes[i], flags)) {
			printf("# send of %zu bytes: %m\n", s->sizes[i]);
			return 2;
		}
	}
	return 0;
}

/* Receives what send_all() sends; the number of good ones. */
static int receive_all(const struct sending *s, int fd)
{
	char *buf = NULL;
	int i, flags, last;
	ssize_t n;

	for (i = 0; i < s->count; i++) {
		buf = realloc(buf, s->sizes[i] + 1);
		if (!buf)
			break;
		n = zt_recv(fd, buf, s->sizes[i] + 1, 0, &flags);
		last = !s->parts || i + 1 == s->count;
		if (n != s->sizes[i] ||
		    (flags & (MSG_EOR | MSG_TRUNC)) != (last ? MSG_EOR : 0) ||
		    zt_getint(fd, ZMQ_RCVMORE) != !last ||
		    !zt_pattern_ok(buf, n, i)) {
			printf("# frame %d of %zu bytes: got %zd, flags %#x\n",
			       i, s->sizes[i], n, flags);
			break;
		}
	}
	free(buf);
	return i;
}

static int transfer(const struct sending *s, int pull)
{
	pid_t child = zt_child(send_all, (void *)s);
	int good = receive_all(s, pull);

	return zt_reap(child) ? good : -1;
}

static const size_t edges[] = {
	0, 1, 2, 7, 8, 9, 127, 128, 253, 254, 255, 256, 257, 4087, 4095, 4096,
	4097, 16383, 16384, 32767, 32768, 65535, 65536, 65537, MIB - 1, MIB, 0,
};

TEST_F_TIMEOUT(frames, every_size_at_an_edge_arrives, 240)
{
	struct sending s = { self->push, edges, ARRAY_SIZE(edges), false };

	EXPECT_EQ(s.count, transfer(&s, self->pull));
}

TEST_F_TIMEOUT(frames, every_size_at_an_edge_arrives_as_a_part, 240)
{
	struct sending s = { self->push, edges, ARRAY_SIZE(edges), true };

	EXPECT_EQ(s.count, transfer(&s, self->pull));
}

TEST_F_TIMEOUT(frames, a_very_large_one_arrives, 240)
{
	const size_t sizes[] = { 1, variant->largest, 3 };
	struct sending s = { self->push, sizes, ARRAY_SIZE(sizes), false };

	EXPECT_EQ(s.count, transfer(&s, self->pull));
}

TEST_F_TIMEOUT(frames, messages_of_2_to_100_parts_arrive, 240)
{
	size_t sizes[100];
	struct sending s = { self->push, sizes, 0, true };
	int parts;

	for (parts = 0; parts < ARRAY_SIZE(sizes); parts++)
		sizes[parts] = parts % 7 == 0 ? 0 : parts * 13 % 700;
	for (parts = 2; parts <= ARRAY_SIZE(sizes); parts += 7) {
		s.count = parts;
		ASSERT_EQ(parts, transfer(&s, self->pull));
	}
}

static int send_stream(void *arg)
{
	char buf[STREAM_MAX];
	u32 i;
	size_t len;

	for (i = 0; i < STREAM_MSGS; i++) {
		len = sizeof(i) + i * 7919u % (STREAM_MAX - sizeof(i));
		if (i % 16)
			len = sizeof(i) + len % 60;
		memcpy(buf, &i, sizeof(i));
		memset(buf + sizeof(i), i, len - sizeof(i));
		if (zt_send(*(int *)arg, buf, len, 0)) {
			printf("# message %u: %m\n", i);
			return 1;
		}
	}
	return 0;
}

TEST_F_TIMEOUT(frames, a_stream_of_50000_mixed_sizes_stays_in_order, 600)
{
	pid_t child;
	char buf[STREAM_MAX + 1], want[STREAM_MAX];
	u32 i, number;
	size_t len;
	int flags;

	ASSERT_EQ(0, zt_wait_for_ever(self->pull));
	ASSERT_EQ(0, zt_wait_for_ever(self->push));
	child = zt_child(send_stream, &self->push);
	for (i = 0; i < STREAM_MSGS; i++) {
		len = sizeof(i) + i * 7919u % (STREAM_MAX - sizeof(i));
		if (i % 16)
			len = sizeof(i) + len % 60;
		memset(want, i, sizeof(want));
		ASSERT_EQ(len, zt_recv(self->pull, buf, sizeof(buf), 0, &flags))
			TH_LOG("message %u: %m", i);
		memcpy(&number, buf, sizeof(number));
		ASSERT_EQ(i, number);
		ASSERT_EQ(0, memcmp(buf + sizeof(i), want, len - sizeof(i)));
		ASSERT_EQ(MSG_EOR, flags & (MSG_EOR | MSG_TRUNC));
	}
	EXPECT_TRUE(zt_reap(child));
}

TEST_F(frames, a_short_buffer_gets_the_start_and_msg_trunc)
{
	char buf[4];
	int flags;

	ASSERT_EQ(0, zt_puts(self->push, "0123456789", MSG_MORE));
	ASSERT_EQ(0, zt_puts(self->push, "abcdef", 0));
	ASSERT_EQ(0, zt_puts(self->push, "next", 0));
	EXPECT_EQ(4, zt_recv(self->pull, buf, 4, 0, &flags));
	EXPECT_EQ(0, memcmp(buf, "0123", 4));
	EXPECT_EQ(MSG_TRUNC, flags & (MSG_TRUNC | MSG_EOR));
	EXPECT_EQ(6, zt_recv(self->pull, buf, 3, MSG_TRUNC, &flags));
	EXPECT_EQ(0, memcmp(buf, "abc3", 4));
	EXPECT_EQ(MSG_TRUNC | MSG_EOR, flags & (MSG_TRUNC | MSG_EOR));
	EXPECT_EQ(4, zt_recv(self->pull, buf, 4, MSG_TRUNC, &flags));
	EXPECT_EQ(0, memcmp(buf, "next", 4));
	EXPECT_EQ(MSG_EOR, flags & (MSG_TRUNC | MSG_EOR));
}

TEST_F(frames, peek_takes_nothing)
{
	char buf[16] = { };
	int flags, i;

	ASSERT_EQ(0, zt_puts(self->push, "first", MSG_MORE));
	ASSERT_EQ(0, zt_puts(self->push, "second", 0));
	for (i = 0; i < 3; i++) {
		ASSERT_EQ(5, zt_recv(self->pull, buf, sizeof(buf), MSG_PEEK,
				     &flags));
		EXPECT_EQ(0, memcmp(buf, "first", 5));
		EXPECT_EQ(0, flags & MSG_EOR);
	}
	EXPECT_EQ(5, zt_recv(self->pull, buf, 2, MSG_PEEK | MSG_TRUNC, &flags));
	EXPECT_EQ(MSG_TRUNC, flags & MSG_TRUNC);
	EXPECT_TRUE(zt_gets(self->pull, "first", ZT_MORE));
	EXPECT_EQ(6, zt_recv(self->pull, buf, sizeof(buf), MSG_PEEK, &flags));
	EXPECT_EQ(MSG_EOR, flags & MSG_EOR);
	EXPECT_TRUE(zt_gets(self->pull, "second", ZT_LAST));
	EXPECT_EQ(-1, recv(self->pull, buf, 1, MSG_PEEK | MSG_DONTWAIT));
	EXPECT_EQ(EAGAIN, errno);
}

TEST_F(frames, an_empty_frame_is_a_frame)
{
	char byte = 'u';
	int flags;

	ASSERT_EQ(0, zt_send(self->push, NULL, 0, MSG_MORE));
	ASSERT_EQ(0, zt_send(self->push, NULL, 0, 0));
	ASSERT_EQ(0, zt_puts(self->push, "x", 0));
	EXPECT_EQ(0, zt_recv(self->pull, &byte, 1, 0, &flags));
	EXPECT_EQ(0, flags & (MSG_EOR | MSG_TRUNC));
	EXPECT_EQ(0, zt_recv(self->pull, NULL, 0, 0, &flags));
	EXPECT_EQ(MSG_EOR, flags & (MSG_EOR | MSG_TRUNC));
	EXPECT_EQ('u', byte);
	EXPECT_EQ(0, zt_recv(self->pull, NULL, 0, 0, &flags));
	EXPECT_EQ(MSG_EOR | MSG_TRUNC, flags & (MSG_EOR | MSG_TRUNC));
}

TEST_F(frames, gathered_and_scattered_buffers_are_one_frame)
{
	char a[3], b[1], c[20];
	struct iovec out[] = {
		{ "one", 3 }, { NULL, 0 }, { "two", 3 }, { "three", 5 },
	};
	struct iovec in[] = { { a, 3 }, { b, 1 }, { c, 20 } };

	ASSERT_EQ(11, writev(self->push, out, 4));
	ASSERT_EQ(11, readv(self->pull, in, 3));
	EXPECT_EQ(0, memcmp(a, "one", 3));
	EXPECT_EQ('t', b[0]);
	EXPECT_EQ(0, memcmp(c, "wothree", 7));
}

TEST_F(frames, many_in_one_call)
{
	struct mmsghdr out[64] = { }, in[64] = { };
	struct iovec iov_out[64], iov_in[64];
	char bodies[64], got[64][2];
	int i, n, sum = 0;

	for (i = 0; i < 64; i++) {
		bodies[i] = i;
		iov_out[i] = (struct iovec) { &bodies[i], 1 };
		out[i].msg_hdr.msg_iov = &iov_out[i];
		iov_in[i] = (struct iovec) { got[i], 2 };
		in[i].msg_hdr.msg_iov = &iov_in[i];
		out[i].msg_hdr.msg_iovlen = 1;
		in[i].msg_hdr.msg_iovlen = 1;
	}
	ASSERT_EQ(64, sendmmsg(self->push, out, 64, 0));
	while (sum < 64) {
		n = recvmmsg(self->pull, in + sum, 64 - sum, MSG_WAITFORONE,
			     NULL);
		ASSERT_LT(0, n);
		sum += n;
	}
	for (i = 0; i < 64; i++) {
		ASSERT_EQ(1, in[i].msg_len);
		EXPECT_EQ(i, got[i][0]);
		EXPECT_EQ(MSG_EOR, in[i].msg_hdr.msg_flags & MSG_EOR);
	}
}

/* Memory of which the last page cannot be touched. */
static char *fenced(size_t good)
{
	size_t page = sysconf(_SC_PAGESIZE);
	size_t len = (good + page - 1) / page * page;
	char *p = mmap(NULL, len + page, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (p == MAP_FAILED || mprotect(p + len, page, PROT_NONE))
		return NULL;
	return p + len - good;
}

TEST_F(frames, a_fault_while_receiving_loses_nothing)
{
	static const size_t sizes[] = { 1, 100, 5000, 70000, MIB };
	static char body[MIB];
	char *fence;
	int i;

	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		zt_pattern(body, sizes[i], i);
		ASSERT_EQ(0, zt_send(self->push, body, sizes[i], MSG_MORE));
		ASSERT_EQ(0, zt_puts(self->push, "second", 0));
		fence = fenced(sizes[i] / 2);
		ASSERT_NE(NULL, fence);
		EXPECT_EQ(-1, recv(self->pull, fence, sizes[i], 0));
		EXPECT_EQ(EFAULT, errno) TH_LOG("%zu bytes", sizes[i]);
		EXPECT_EQ(-1, recv(self->pull, fence, sizes[i], MSG_PEEK));
		EXPECT_EQ(EFAULT, errno) TH_LOG("%zu bytes", sizes[i]);
		EXPECT_EQ(POLLIN, zt_poll(self->pull, POLLIN, 0));
		ASSERT_TRUE(zt_got(self->pull, body, sizes[i], ZT_MORE));
		EXPECT_TRUE(zt_gets(self->pull, "second", ZT_LAST));
	}
}

TEST_F(frames, a_fault_while_sending_sends_nothing)
{
	static const size_t sizes[] = { 1, 100, 5000, 70000, MIB };
	char *fence;
	int i;

	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		fence = fenced(sizes[i] / 2);
		ASSERT_NE(NULL, fence);
		EXPECT_EQ(-1, send(self->push, fence, sizes[i], 0));
		EXPECT_EQ(EFAULT, errno) TH_LOG("%zu bytes", sizes[i]);
		EXPECT_EQ(-1, send(self->push, fence, sizes[i], MSG_MORE));
		EXPECT_EQ(EFAULT, errno) TH_LOG("%zu bytes", sizes[i]);
		ASSERT_EQ(0, zt_puts(self->push, "whole", 0));
		ASSERT_TRUE(zt_gets(self->pull, "whole", ZT_LAST));
	}
}

TEST_F(frames, a_fault_in_a_later_part_can_be_repaired)
{
	static const size_t sizes[] = { 100, 70000 };
	char *fence;
	int i;

	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		fence = fenced(sizes[i] / 2);
		ASSERT_NE(NULL, fence);
		ASSERT_EQ(0, zt_puts(self->push, "first", MSG_MORE));
		EXPECT_EQ(-1, send(self->push, fence, sizes[i], MSG_MORE));
		EXPECT_EQ(EFAULT, errno);
		EXPECT_EQ(-1, send(self->push, fence, sizes[i], 0));
		EXPECT_EQ(EFAULT, errno);
		ASSERT_EQ(0, zt_puts(self->push, "second", 0));
		EXPECT_TRUE(zt_gets(self->pull, "first", ZT_MORE));
		EXPECT_TRUE(zt_gets(self->pull, "second", ZT_LAST));
	}
}

TEST_F(zmq, frames_have_libzmqs_exact_bytes)
{
	static const size_t sizes[] = { 0, 1, 255, 256, 65536 };
	static unsigned char body[65536], want[65536 + 9], got[65536 + 9];
	int push = zt_listening(ZMQ_PUSH, "tcp://127.0.0.1:*", self->ep);
	int peer = zp_peer(zt_port(self->ep), "PULL", "PUSH");
	size_t head;
	int i, more;

	ASSERT_LE(0, push);
	ASSERT_LE(0, peer);
	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		zt_pattern(body, sizes[i], i);
		for (more = ZP_MORE; more >= 0; more--) {
			ASSERT_EQ(0, zt_send(push, body, sizes[i],
					     more ? MSG_MORE : 0));
		}
		for (more = ZP_MORE; more >= 0; more--) {
			head = zp_header(want, more, sizes[i]);
			memcpy(want + head, body, sizes[i]);
			ASSERT_EQ(0, zp_read(peer, got, head + sizes[i]));
			EXPECT_EQ(0, memcmp(want, got, head + sizes[i]))
				TH_LOG("%zu bytes, more %d", sizes[i], more);
		}
	}
}

TEST_F(zmq, a_fault_leaves_no_byte_in_the_stream)
{
	int push = zt_listening(ZMQ_PUSH, "tcp://127.0.0.1:*", self->ep);
	int peer = zp_peer(zt_port(self->ep), "PULL", "PUSH");
	char *fence = fenced(300000);

	ASSERT_LE(0, push);
	ASSERT_LE(0, peer);
	ASSERT_NE(NULL, fence);
	EXPECT_EQ(-1, send(push, fence, 310000, 0));
	EXPECT_EQ(EFAULT, errno);
	EXPECT_TRUE(zp_silent(peer));
	ASSERT_EQ(0, zt_puts(push, "a", MSG_MORE));
	EXPECT_EQ(-1, send(push, fence, 310000, MSG_MORE));
	EXPECT_EQ(EFAULT, errno);
	ASSERT_EQ(0, zt_puts(push, "b", 0));
	EXPECT_TRUE(zp_gets(peer, ZP_MORE, "a"));
	EXPECT_TRUE(zp_gets(peer, 0, "b"));
}

TEST_F(zmq, long_form_and_reserved_bits_are_accepted)
{
	int pull = zt_listening(ZMQ_PULL, "tcp://127.0.0.1:*", self->ep);
	int peer = zp_peer(zt_port(self->ep), "PUSH", "PULL");

	ASSERT_LE(0, pull);
	ASSERT_LE(0, peer);
	ASSERT_EQ(0, zp_puts(peer, ZP_LONG | ZP_MORE, "long"));
	ASSERT_EQ(0, zp_puts(peer, 0xf8, "reserved"));
	ASSERT_EQ(0, zp_send(peer, ZP_LONG, NULL, 0));
	EXPECT_TRUE(zt_gets(pull, "long", ZT_MORE));
	EXPECT_TRUE(zt_gets(pull, "reserved", ZT_LAST));
	EXPECT_TRUE(zt_gets(pull, "", ZT_LAST));
}

/* Copied or referenced, from the same buffers. */
TEST_F(zmq_over, what_waits_to_be_read_is_not_written_over)
{
	static const size_t lens[] = { 30, 700, 3000, 9000 };
	int pull = zt_listening(ZMQ_PULL, variant->bind, self->ep);
	int push = zt_connected(ZMQ_PUSH, self->ep);
	char body[9000];

	ASSERT_LE(0, pull);
	for (int round = 0; round < 3; round++) {
		for (u64 i = 0; i < 60; i++) {
			zt_pattern(body, lens[i % 4], i);
			ASSERT_EQ(0, zt_send(push, body, lens[i % 4], 0));
		}
		for (u64 i = 0; i < 60; i++) {
			ASSERT_EQ(lens[i % 4],
				  recv(pull, body, sizeof(body), 0));
			ASSERT_TRUE(zt_pattern_ok(body, lens[i % 4], i))
				TH_LOG("message %llu", (unsigned long long)i);
		}
	}
}

TEST_F(zmq, memory_of_what_was_sent_serves_again)
{
	int pull = zt_listening(ZMQ_PULL, "tcp://127.0.0.1:*", self->ep);
	int push = zt_connected(ZMQ_PUSH, self->ep);
	u32 mem[SK_MEMINFO_VARS];
	socklen_t len = sizeof(mem);
	char body[1024];

	for (u64 i = 0; i < 200; i++) {
		zt_pattern(body, sizeof(body), i);
		ASSERT_EQ(0, zt_send(push, body, sizeof(body), 0));
		ASSERT_TRUE(zt_got(pull, body, sizeof(body), ZT_LAST));
	}
	ASSERT_EQ(0, getsockopt(push, SOL_SOCKET, SO_MEMINFO, mem, &len));
	EXPECT_LT(0, mem[SK_MEMINFO_WMEM_QUEUED]);
	EXPECT_GT(32768, mem[SK_MEMINFO_WMEM_QUEUED]);
}

TEST_HARNESS_MAIN
