// SPDX-License-Identifier: GPL-2.0-only
/*
 * io_uring by libzmqk-uring: an entry sends a batch of messages, and a receive
 * that stays armed fills a buffer with as many as are there.
 */
#include <errno.h>
#include <stdlib.h>
#include <zmqk-uring.h>
#include "zmqperf.h"

#define GROUP	1
#define BUFFERS	4

/* A process has one port that sends this way, and one that receives. */
static struct {
	struct io_uring ring;
	struct zmqk_uring_tx tx;
	struct iovec iov[BATCH_MAX];
	int nparts[BATCH_MAX];
	char table[ZMQK_URING_TABLE(BATCH_MAX)] __attribute__((aligned(sizeof(long))));
	bool there;
} out;

static struct {
	struct io_uring ring;
	struct zmqk_uring_rx rx;
	struct zmqk_uring_in in;
	struct io_uring_buf_ring *bufs;
	unsigned char *mem;
	size_t room;
	unsigned int frames;
	unsigned int id;
	bool held;
	bool armed;
} in;

static void check(int ret, const char *what)
{
	if (ret >= 0)
		return;
	errno = -ret;
	die_errno(what);
}

void uring_send_many(struct port *p, const void *data, size_t len,
		     unsigned int n)
{
	struct io_uring_sqe *sqe;
	struct io_uring_cqe *cqe;
	unsigned int i;
	int done;

	if (!out.there)
		check(io_uring_queue_init(1, &out.ring, 0), "io_uring_queue_init");
	out.there = true;
	for (i = 0; i < n; i++) {
		out.iov[i] = (struct iovec){ (char *)data + i * len, len };
		out.nparts[i] = 1;
	}
	for (i = 0; i < n; i += done) {
		sqe = io_uring_get_sqe(&out.ring);
		check(zmqk_prep_send_msgs(sqe, &out.tx, p->fd, out.iov + i,
					  out.nparts + i, n - i, out.table,
					  sizeof(out.table), 0),
		      "zmqk_prep_send_msgs");
		check(io_uring_submit_and_wait(&out.ring, 1), "io_uring_submit");
		check(io_uring_wait_cqe(&out.ring, &cqe), "io_uring_wait_cqe");
		done = zmqk_uring_sent(cqe, out.iov + i, out.nparts + i, n - i);
		check(done, "send by io_uring");
		io_uring_cqe_seen(&out.ring, cqe);
	}
}

static void provide(unsigned int id)
{
	io_uring_buf_ring_add(in.bufs, in.mem + id * in.room, in.room, id,
			      io_uring_buf_ring_mask(BUFFERS), 0);
	io_uring_buf_ring_advance(in.bufs, 1);
}

static void in_open(const struct options *o)
{
	struct io_uring_buf_reg reg = {
		.ring_entries = BUFFERS,
		.bgid = GROUP,
	};
	unsigned int i;
	void *mem;

	check(io_uring_queue_init(BUFFERS, &in.ring, 0), "io_uring_queue_init");
	in.frames = o->batch < 2 ? 2 : o->batch;
	/* One that is too long shall be noticed, and not fit no buffer. */
	in.room = ZMQK_URING_BUFFER(in.frames, in.frames * (o->size + 1));
	if (posix_memalign(&mem, 4096, BUFFERS * sizeof(struct io_uring_buf)))
		die("no memory");
	in.bufs = mem;
	in.mem = xcalloc(BUFFERS, in.room);
	reg.ring_addr = (uintptr_t)mem;
	io_uring_buf_ring_init(in.bufs);
	check(io_uring_register_buf_ring(&in.ring, &reg, 0),
	      "io_uring_register_buf_ring");
	for (i = 0; i < BUFFERS; i++)
		provide(i);
}

static void arm(int fd)
{
	zmqk_prep_recv_multishot(io_uring_get_sqe(&in.ring), &in.rx, fd, GROUP,
				 in.frames, 0);
	in.armed = true;
}

/* The next completion; there may be no message in it. */
static void complete(int fd)
{
	struct io_uring_cqe *cqe;
	int err;

	if (in.held)
		provide(in.id);
	while (io_uring_peek_cqe(&in.ring, &cqe)) {
		if (!in.armed)
			arm(fd);
		check(io_uring_submit_and_wait(&in.ring, 1), "io_uring_submit");
	}
	in.armed = cqe->flags & IORING_CQE_F_MORE;
	in.held = cqe->flags & IORING_CQE_F_BUFFER;
	in.id = cqe->flags >> IORING_CQE_BUFFER_SHIFT;
	err = zmqk_uring_read(cqe, &in.rx, in.mem + in.id * in.room, &in.in);
	io_uring_cqe_seen(&in.ring, cqe);
	if (err != -ENOBUFS)
		check(err, "receive by io_uring");
	if (in.in.need.frames)
		die("a message is too long for a buffer of io_uring");
}

unsigned int uring_recv_many(struct port *p, struct msg *m, unsigned int max)
{
	struct iovec part;
	unsigned int n;

	if (!in.bufs)
		in_open(p->o);
	/* A buffer is the caller's until the call after the last of its messages. */
	while (!in.in.nframes)
		complete(p->fd);
	for (n = 0; n < max && in.in.nframes; n++) {
		check(zmqk_uring_next(&in.in, &part, 1), "a message of one frame");
		m[n].data = part.iov_base;
		m[n].len = part.iov_len;
	}
	return n;
}
