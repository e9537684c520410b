// SPDX-License-Identifier: GPL-2.0-only
/* libzmqk-uring on AF_ZMQ sockets. */
#include <assert.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include "kselftest_harness.h"
#include "ends.h"
#include "zmqk-uring.h"

#define GROUP	0
#define BUFFERS	4
#define FRAMES	8
#define BYTES	256
#define SIZE	ZMQK_URING_BUFFER(FRAMES, BYTES)
#define LONG	(64 << 10)
#define CLIENTS	200
#define PATIENCE	120

static_assert(!(ZMQK_URING_BUFFER(FRAMES, 1) % sizeof(long)),
	      "a buffer behind another one is aligned");

FIXTURE(uring) {
	struct io_uring ring;
	struct io_uring_buf_ring *bufs;
	unsigned char *mem;
	struct zmqk_uring_rx rx;
	char ep[ZMQ_ENDPOINT_MAX];
	pid_t example;
};

typedef FIXTURE_DATA(uring) uring_data;

static void provide(uring_data *self, unsigned int id)
{
	io_uring_buf_ring_add(self->bufs, self->mem + id * SIZE, SIZE, id,
			      io_uring_buf_ring_mask(BUFFERS), 0);
	io_uring_buf_ring_advance(self->bufs, 1);
}

FIXTURE_SETUP(uring)
{
	struct io_uring_buf_reg reg = { .ring_entries = BUFFERS, .bgid = GROUP };
	unsigned int i;
	void *mem;

	ASSERT_EQ(0, zt_setup(_metadata->name));
	ASSERT_EQ(0, io_uring_queue_init(32, &self->ring, 0));
	ASSERT_EQ(0, posix_memalign(&mem, 4096, BUFFERS * sizeof(struct io_uring_buf)));
	self->mem = calloc(BUFFERS, SIZE);
	self->bufs = mem;
	reg.ring_addr = (uintptr_t)mem;
	io_uring_buf_ring_init(self->bufs);
	ASSERT_EQ(0, io_uring_register_buf_ring(&self->ring, &reg, 0));
	for (i = 0; i < BUFFERS; i++)
		provide(self, i);
}

FIXTURE_TEARDOWN(uring)
{
	io_uring_queue_exit(&self->ring);
	if (self->example > 0) {
		kill(self->example, SIGTERM);
		waitpid(self->example, NULL, 0);
	}
}

static bool run_example(uring_data *self, const char *path, const char *a, const char *b,
			const char *c)
{
	self->example = fork();
	if (!self->example) {
		execl(path, path, a, b, c, NULL);
		_exit(127);
	}
	return self->example > 0;
}

static void arm(uring_data *self, int fd, int flags)
{
	zmqk_prep_recv_multishot(io_uring_get_sqe(&self->ring), &self->rx, fd, GROUP, FRAMES,
				 flags);
	io_uring_submit(&self->ring);
}

/* The next completion's number and flags, or an error */
static int complete(uring_data *self, struct io_uring_cqe *copy)
{
	struct __kernel_timespec ts = { .tv_sec = ZT_DEADLINE_MS / 1000 };
	struct io_uring_cqe *cqe;
	int err = io_uring_wait_cqe_timeout(&self->ring, &cqe, &ts);

	if (err)
		return err;
	*copy = *cqe;
	io_uring_cqe_seen(&self->ring, cqe);
	return 0;
}

static void *buffer_of(uring_data *self, const struct io_uring_cqe *cqe)
{
	return self->mem + (cqe->flags >> IORING_CQE_BUFFER_SHIFT) * SIZE;
}

TEST_F(uring, a_receive_that_stays_armed_brings_whole_messages)
{
	int pull = open_bound(ZMQ_PULL, "tcp://127.0.0.1:*", self->ep);
	int push = open_connected(ZMQ_PUSH, self->ep), i;
	static const char * const texts[] = { "one", "", "three" };
	struct zmqk_uring_in in;
	struct io_uring_cqe cqe;
	struct iovec parts[FRAMES];

	ASSERT_EQ(1, zmqk_uring_has(&self->ring, ZMQK_URING_RECV_MULTISHOT));
	arm(self, pull, MSG_EOR);
	for (i = 0; i < 3; i++) {
		ASSERT_EQ(1, put(push, texts[i], NULL));
		ASSERT_EQ(0, complete(self, &cqe));
		ASSERT_EQ(0, zmqk_uring_read(&cqe, &self->rx, buffer_of(self, &cqe), &in));
		ASSERT_EQ(1, zmqk_uring_next(&in, parts, FRAMES));
		EXPECT_TRUE(part_is(parts, texts[i]));
		EXPECT_EQ(0, zmqk_uring_next(&in, parts, FRAMES));
		provide(self, cqe.flags >> IORING_CQE_BUFFER_SHIFT);
		/* A message without a byte ends it. */
		EXPECT_EQ(texts[i][0] != 0, !!(cqe.flags & IORING_CQE_F_MORE));
		if (!(cqe.flags & IORING_CQE_F_MORE))
			arm(self, pull, MSG_EOR);
	}
	ASSERT_EQ(2, put(push, "many", "frames"));
	ASSERT_EQ(0, complete(self, &cqe));
	ASSERT_EQ(0, zmqk_uring_read(&cqe, &self->rx, buffer_of(self, &cqe), &in));
	EXPECT_EQ(-EMSGSIZE, zmqk_uring_next(&in, parts, 1));
	ASSERT_EQ(2, zmqk_uring_next(&in, parts, FRAMES));
	EXPECT_TRUE(part_is(&parts[0], "many"));
	EXPECT_TRUE(part_is(&parts[1], "frames"));
}

TEST_F(uring, many_messages_a_completion)
{
	int pull = open_bound(ZMQ_PULL, "tcp://127.0.0.1:*", self->ep);
	int push = open_connected(ZMQ_PUSH, self->ep), i;
	struct zmqk_uring_in in;
	struct io_uring_cqe cqe;
	struct iovec parts[FRAMES];

	for (i = 0; i < 3; i++)
		ASSERT_EQ(1, put(push, "abc" + i, NULL));
	ASSERT_TRUE(zt_wait_unread(3));
	arm(self, pull, 0);
	ASSERT_EQ(0, complete(self, &cqe));
	ASSERT_EQ(0, zmqk_uring_read(&cqe, &self->rx, buffer_of(self, &cqe), &in));
	for (i = 0; i < 3; i++) {
		ASSERT_EQ(1, zmqk_uring_next(&in, parts, FRAMES));
		EXPECT_TRUE(part_is(parts, "abc" + i));
	}
	EXPECT_EQ(0, zmqk_uring_next(&in, parts, FRAMES));
}

TEST_F(uring, a_socket_from_elsewhere_loses_no_frame)
{
	int pull = zt_socket(ZMQ_PULL), push = open_socket(ZMQ_PUSH), i;
	struct zmqk_uring_in in;
	struct io_uring_cqe cqe;
	struct iovec parts[FRAMES];

	ASSERT_EQ(0, zmqk_bind(pull, "inproc://foreign"));
	ASSERT_EQ(0, zmqk_connect(push, "inproc://foreign"));
	for (i = 0; i < 2; i++) {
		ASSERT_EQ(2, put(push, "a", "b"));
		arm(self, pull, i ? MSG_EOR : 0);
		ASSERT_EQ(0, complete(self, &cqe));
		ASSERT_EQ(0, zmqk_uring_read(&cqe, &self->rx, buffer_of(self, &cqe), &in));
		ASSERT_EQ(2, zmqk_uring_next(&in, parts, FRAMES));
		EXPECT_TRUE(part_is(&parts[1], "b"));
		/* A message without a byte ends it, and is one. */
		ASSERT_EQ(1, put(push, "", NULL));
		ASSERT_EQ(0, complete(self, &cqe));
		ASSERT_EQ(0, zmqk_uring_read(&cqe, &self->rx, buffer_of(self, &cqe), &in));
		EXPECT_EQ(1, zmqk_uring_next(&in, parts, FRAMES));
		EXPECT_FALSE(cqe.flags & IORING_CQE_F_MORE);
	}
}

TEST_F(uring, a_completion_has_no_more_frames_than_it_was_prepared_for)
{
	int pull = open_bound(ZMQ_PULL, "tcp://127.0.0.1:*", self->ep);
	int push = open_connected(ZMQ_PUSH, self->ep), i, n;
	struct iovec parts[FRAMES];
	struct zmqk_uring_in in;
	struct io_uring_cqe cqe;

	for (i = 0; i < 2 * FRAMES; i++)
		ASSERT_EQ(1, put(push, "x", NULL));
	ASSERT_TRUE(zt_wait_unread(2 * FRAMES));
	arm(self, pull, 0);
	for (n = 0; n < 2 * FRAMES; n += i) {
		ASSERT_EQ(0, complete(self, &cqe));
		ASSERT_EQ(0, zmqk_uring_read(&cqe, &self->rx, buffer_of(self, &cqe), &in));
		ASSERT_GE(FRAMES, in.nframes);
		for (i = 0; zmqk_uring_next(&in, parts, FRAMES) == 1; i++)
			;
		ASSERT_LT(0, i);
	}
}

TEST_F(uring, a_completion_tells_the_sender)
{
	int pull = open_bound(ZMQ_PULL, "ipc://@uring", self->ep), push;
	struct zmqk_uring_in in;
	struct io_uring_cqe cqe;

	ASSERT_EQ(0, zmqk_pass_cred(pull, 1));
	ASSERT_EQ(0, zmqk_set_int(pull, ZMQ_NAME_FORM, 1));
	push = open_connected(ZMQ_PUSH, self->ep);
	ASSERT_EQ(1, put(push, "x", NULL));
	arm(self, pull, 0);
	ASSERT_EQ(0, complete(self, &cqe));
	ASSERT_EQ(0, zmqk_uring_read(&cqe, &self->rx, buffer_of(self, &cqe), &in));
	ASSERT_NE(NULL, in.cred);
	EXPECT_EQ(getpid(), in.cred->pid);
	ASSERT_NE(NULL, in.from);
	EXPECT_EQ(zmqk_family(), in.from->sa_family);
}

TEST_F(uring, what_fits_no_buffer_stays_and_says_its_need)
{
	int pull = open_bound(ZMQ_PULL, "tcp://127.0.0.1:*", self->ep);
	int push = open_connected(ZMQ_PUSH, self->ep);
	struct zmqk_msg msg = ZMQK_MSG_INIT;
	char large[SIZE + 1] = "";
	struct iovec one = part(large, sizeof(large));
	struct zmqk_uring_in in;
	struct io_uring_cqe cqe;
	struct iovec parts[FRAMES];

	ASSERT_EQ(1, zmqk_sendv(push, &one, 1, 0));
	ASSERT_EQ(1, put(push, "next", NULL));
	arm(self, pull, MSG_EOR);
	ASSERT_EQ(0, complete(self, &cqe));
	ASSERT_EQ(0, zmqk_uring_read(&cqe, &self->rx, buffer_of(self, &cqe), &in));
	EXPECT_EQ(0, in.nframes);
	EXPECT_EQ(sizeof(large), in.need.bytes);
	EXPECT_EQ(1, in.need.frames);
	EXPECT_FALSE(cqe.flags & IORING_CQE_F_MORE);
	ASSERT_EQ(1, zmqk_recv_msg(pull, &msg, MSG_DONTWAIT));
	EXPECT_EQ(sizeof(large), msg.parts->iov_len);
	arm(self, pull, MSG_EOR);
	ASSERT_EQ(0, complete(self, &cqe));
	ASSERT_EQ(0, zmqk_uring_read(&cqe, &self->rx, buffer_of(self, &cqe), &in));
	ASSERT_EQ(1, zmqk_uring_next(&in, parts, FRAMES));
	EXPECT_TRUE(part_is(parts, "next"));
	zmqk_msg_free(&msg);
}

TEST_F(uring, messages_are_sent_in_one_entry)
{
	int pull = open_bound(ZMQ_PULL, "tcp://127.0.0.1:*", self->ep);
	int push = open_connected(ZMQ_PUSH, self->ep);
	char table[ZMQK_URING_TABLE(3)] __attribute__((aligned(sizeof(long))));
	struct iovec iov[] = { part("a", 1), part("b", 1), part("c", 1) };
	struct zmqk_msg msg = ZMQK_MSG_INIT;
	static const int refused[] = { MSG_MORE, MSG_WAITALL, MSG_ZEROCOPY };
	struct io_uring_sqe *sqe = io_uring_get_sqe(&self->ring);
	int nparts[] = { 2, 1, 0 }, i;
	struct zmqk_uring_tx tx;
	struct io_uring_cqe cqe;

	EXPECT_EQ(-EINVAL, zmqk_prep_send_msgs(sqe, &tx, push, iov, nparts, 3, table,
					       sizeof(table), 0));
	EXPECT_EQ(-ENOSPC, zmqk_prep_send_msgs(sqe, &tx, push, iov, nparts, 2, table,
					       sizeof(table) - 1, 0));
	for (i = 0; i < 3; i++)
		EXPECT_EQ(-EINVAL, zmqk_prep_send_msgs(sqe, &tx, push, iov, nparts, 2, table,
						       sizeof(table), refused[i]));
	ASSERT_EQ(0, zmqk_prep_send_msgs(sqe, &tx, push, iov, nparts, 2, table, sizeof(table), 0));
	io_uring_submit(&self->ring);
	ASSERT_EQ(0, complete(self, &cqe));
	EXPECT_EQ(2, zmqk_uring_sent(&cqe, iov, nparts, 2));
	ASSERT_EQ(2, zmqk_recv_msg(pull, &msg, 0));
	ASSERT_EQ(1, zmqk_recv_msg(pull, &msg, 0));
	EXPECT_TRUE(part_is(msg.parts, "c"));
	zmqk_msg_free(&msg);
}

TEST_F(uring, what_was_sent_ends_before_a_message_without_a_byte)
{
	int pull = open_bound(ZMQ_PULL, "tcp://127.0.0.1:*", self->ep);
	int push = open_connected(ZMQ_PUSH, self->ep);
	char table[ZMQK_URING_TABLE(4)] __attribute__((aligned(sizeof(long))));
	struct iovec iov[] = { part("a", 1), part("", 0), part("b", 1), part("", 0) };
	static const char * const texts[] = { "a", "", "b", "" };
	static const int nparts[] = { 1, 1, 1, 1 };
	struct zmqk_msg msg = ZMQK_MSG_INIT;
	struct zmqk_uring_tx tx;
	struct io_uring_cqe cqe;
	int first, n;

	for (first = 0; first < 4; first += n) {
		ASSERT_EQ(0, zmqk_prep_send_msgs(io_uring_get_sqe(&self->ring), &tx, push,
						 iov + first, nparts, 4 - first, table,
						 sizeof(table), 0));
		io_uring_submit(&self->ring);
		ASSERT_EQ(0, complete(self, &cqe));
		n = zmqk_uring_sent(&cqe, iov + first, nparts, 4 - first);
		ASSERT_LT(0, n);
	}
	ASSERT_EQ(4, first);
	for (n = 0; n < 4; n++) {
		ASSERT_EQ(1, zmqk_recv_msg(pull, &msg, 0));
		EXPECT_TRUE(part_is(msg.parts, texts[n]));
	}
	zmqk_msg_free(&msg);
}

TEST_F(uring, memory_that_is_lent_comes_back)
{
	int pull = open_bound(ZMQ_PULL, "tcp://127.0.0.1:*", self->ep);
	int push = open_connected(ZMQ_PUSH, self->ep), completions = 0;
	char table[ZMQK_URING_TABLE(1)] __attribute__((aligned(sizeof(long))));
	static unsigned char large[LONG];
	struct iovec one = part(large, LONG);
	struct zmqk_msg msg = ZMQK_MSG_INIT;
	struct zmqk_uring_tx tx;
	struct io_uring_cqe cqe;

	if (!zmqk_uring_has(&self->ring, ZMQK_URING_SEND_ZC))
		SKIP(return, "this kernel has no IORING_OP_SENDMSG_ZC");
	zt_pattern(large, LONG, 1);
	ASSERT_EQ(0, zmqk_prep_sendv_zc(io_uring_get_sqe(&self->ring), &tx, push, &one, 1, table,
					sizeof(table), 0));
	io_uring_submit(&self->ring);
	ASSERT_EQ(1, zmqk_recv_msg(pull, &msg, 0));
	EXPECT_TRUE(zt_pattern_ok(msg.parts->iov_base, LONG, 1));
	do {
		ASSERT_EQ(0, complete(self, &cqe));
		if (!completions++)
			EXPECT_EQ(LONG, cqe.res);
	} while (!zmqk_uring_released(&cqe));
	EXPECT_EQ(2, completions);
	zmqk_msg_free(&msg);
}

TEST_F(uring, endpoints_through_the_ring)
{
	int pull = open_bound(ZMQ_PULL, "tcp://127.0.0.1:*", self->ep), push;
	int bound = open_socket(ZMQ_PULL), has;
	struct sockaddr_zmq addr;
	struct io_uring_cqe cqe;
	char name[ZMQ_ENDPOINT_MAX + 2];

	push = open_socket(ZMQ_PUSH);
	ASSERT_EQ(0, zmqk_prep_connect(io_uring_get_sqe(&self->ring), push, &addr, self->ep));
	io_uring_submit(&self->ring);
	ASSERT_EQ(0, complete(self, &cqe));
	EXPECT_EQ(0, cqe.res);
	EXPECT_TRUE(carries(push, pull, "x"));

	memset(name, 'x', sizeof(name));
	name[sizeof(name) - 1] = 0;
	EXPECT_EQ(-ENAMETOOLONG, zmqk_prep_connect(NULL, push, &addr, name));
	has = zmqk_uring_has(&self->ring, ZMQK_URING_BIND);
	ASSERT_LE(0, has);
	ASSERT_EQ(0, zmqk_prep_bind(io_uring_get_sqe(&self->ring), bound, &addr, "inproc://ring"));
	io_uring_submit(&self->ring);
	ASSERT_EQ(0, complete(self, &cqe));
	EXPECT_EQ(has ? 0 : -EINVAL, cqe.res);
	EXPECT_EQ(-EINVAL, zmqk_uring_has(&self->ring, 99));
}

TEST_F_TIMEOUT(uring, example_echo, PATIENCE)
{
	static int clients[CLIENTS];
	static char large[LONG * 2];
	struct zmqk_msg msg = ZMQK_MSG_INIT;
	char text[32];
	int i;

	ASSERT_TRUE(run_example(self, URING_EXAMPLES "echo", "ipc://@echo", NULL, NULL));
	memset(large, 'x', sizeof(large) - 1);
	for (i = 0; i < CLIENTS; i++) {
		clients[i] = open_connected(ZMQ_REQ, "ipc://@echo");
		snprintf(text, sizeof(text), "%d", i);
		ASSERT_EQ(i % 2 + 1, put(clients[i], text, i % 2 ? i % 9 ? "" : large : NULL));
	}
	for (i = 0; i < CLIENTS; i++) {
		snprintf(text, sizeof(text), "%d", i);
		ASSERT_EQ(i % 2 + 1, zmqk_recv_msg(clients[i], &msg, 0));
		EXPECT_TRUE(part_is(msg.parts, text));
		if (i % 2)
			EXPECT_TRUE(part_is(msg.parts + 1, i % 9 ? "" : large));
	}
	zmqk_msg_free(&msg);
}

TEST_F_TIMEOUT(uring, example_publish, PATIENCE)
{
	struct zmqk_msg msg = ZMQK_MSG_INIT;
	int odd, all, i, status;
	char text[32];

	ASSERT_TRUE(run_example(self, URING_EXAMPLES "publish", "ipc://@publish", "2", "5000"));
	odd = open_connected(ZMQ_SUB, "ipc://@publish");
	all = open_connected(ZMQ_SUB, "ipc://@publish");
	ASSERT_EQ(0, zmqk_subscribe(odd, "odd", 3));
	ASSERT_EQ(0, zmqk_subscribe(all, "", 0));
	for (i = 0; i < 5000; i++) {
		snprintf(text, sizeof(text), "%d", i);
		ASSERT_EQ(2, zmqk_recv_msg(all, &msg, 0));
		ASSERT_TRUE(part_is(msg.parts, i & 1 ? "odd" : "even"));
		ASSERT_TRUE(part_is(msg.parts + 1, text));
		if (!(i & 1))
			continue;
		ASSERT_EQ(2, zmqk_recv_msg(odd, &msg, 0));
		ASSERT_TRUE(part_is(msg.parts + 1, text));
	}
	ASSERT_EQ(self->example, waitpid(self->example, &status, 0));
	self->example = 0;
	EXPECT_EQ(0, status);
	zmqk_msg_free(&msg);
}

TEST_HARNESS_MAIN
