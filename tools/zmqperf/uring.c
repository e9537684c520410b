// SPDX-License-Identifier: GPL-2.0-only
/*
 * io_uring on a socket that keeps messages apart: a batch of linked sends in
 * one system call, and one receive that fills a buffer per message.
 */
#include <errno.h>
#include <liburing.h>
#include <stdlib.h>
#include "zmqperf.h"

#define GROUP	1

struct ring {
	struct io_uring ring;
	struct io_uring_buf_ring *bufs;
	unsigned char *mem;
	size_t room;
	unsigned int nr;
	unsigned int taken;
	unsigned short used[BATCH_MAX];
	bool armed;
};

/* A process has one port that sends or receives this way. */
static struct ring *rings;

static void check(int ret, const char *what)
{
	if (ret >= 0)
		return;
	errno = -ret;
	die_errno(what);
}

static struct ring *ring_of(const struct options *o)
{
	if (!rings) {
		rings = xcalloc(1, sizeof(*rings));
		check(io_uring_queue_init(o->batch, &rings->ring, 0),
		      "io_uring_queue_init");
	}
	return rings;
}

void uring_send_many(struct port *p, const void *data, size_t len,
		     unsigned int n)
{
	struct ring *r = ring_of(p->o);
	struct io_uring_sqe *sqe;
	struct io_uring_cqe *cqe;
	const char *at = data;
	unsigned int i;

	for (i = 0; i < n; i++, at += len) {
		sqe = io_uring_get_sqe(&r->ring);
		io_uring_prep_send(sqe, p->fd, at, len, 0);
		/* They shall leave in order. */
		if (i + 1 < n)
			sqe->flags |= IOSQE_IO_LINK;
	}
	check(io_uring_submit_and_wait(&r->ring, n), "io_uring_submit");
	for (i = 0; i < n; i++) {
		check(io_uring_wait_cqe(&r->ring, &cqe), "io_uring_wait_cqe");
		check(cqe->res, "send by io_uring");
		if ((size_t)cqe->res != len)
			die("io_uring sent %d of %zu bytes", cqe->res, len);
		io_uring_cqe_seen(&r->ring, cqe);
	}
}

static void add_buffer(struct ring *r, unsigned int i, unsigned int offset)
{
	io_uring_buf_ring_add(r->bufs, r->mem + i * r->room, r->room, i,
			      io_uring_buf_ring_mask(r->nr), offset);
}

static void provide_buffers(struct ring *r, const struct options *o)
{
	struct io_uring_buf_reg reg = { .bgid = GROUP };
	unsigned int i;
	void *mem;

	r->room = o->size + 1;
	for (r->nr = 1; r->nr < o->batch; r->nr *= 2)
		;
	if (posix_memalign(&mem, 4096, r->nr * sizeof(struct io_uring_buf)))
		die("no memory");
	r->bufs = mem;
	r->mem = xcalloc(r->nr, r->room);
	reg.ring_addr = (uintptr_t)mem;
	reg.ring_entries = r->nr;
	io_uring_buf_ring_init(r->bufs);
	check(io_uring_register_buf_ring(&r->ring, &reg, 0),
	      "io_uring_register_buf_ring");
	for (i = 0; i < r->nr; i++)
		add_buffer(r, i, i);
	io_uring_buf_ring_advance(r->bufs, r->nr);
}

static void arm(struct ring *r, int fd)
{
	struct io_uring_sqe *sqe = io_uring_get_sqe(&r->ring);

	io_uring_prep_recv_multishot(sqe, fd, NULL, 0, 0);
	sqe->flags |= IOSQE_BUFFER_SELECT;
	sqe->buf_group = GROUP;
	r->armed = true;
}

/* The buffers of the last call are the caller's until this one. */
static void give_back(struct ring *r)
{
	unsigned int i;

	for (i = 0; i < r->taken; i++)
		add_buffer(r, r->used[i], i);
	io_uring_buf_ring_advance(r->bufs, r->taken);
	r->taken = 0;
}

unsigned int uring_recv_many(struct port *p, struct msg *m, unsigned int max)
{
	struct ring *r = ring_of(p->o);
	struct io_uring_cqe *cqe;
	unsigned int id;

	if (!r->bufs)
		provide_buffers(r, p->o);
	give_back(r);
	for (;;) {
		while (r->taken < max && !io_uring_peek_cqe(&r->ring, &cqe)) {
			if (!(cqe->flags & IORING_CQE_F_MORE))
				r->armed = false;
			if (cqe->res == -ENOBUFS) {
				io_uring_cqe_seen(&r->ring, cqe);
				continue;
			}
			check(cqe->res, "receive by io_uring");
			id = cqe->flags >> IORING_CQE_BUFFER_SHIFT;
			r->used[r->taken] = id;
			m[r->taken].data = r->mem + id * r->room;
			m[r->taken++].len = cqe->res;
			io_uring_cqe_seen(&r->ring, cqe);
		}
		if (r->taken)
			return r->taken;
		if (!r->armed)
			arm(r, p->fd);
		check(io_uring_submit_and_wait(&r->ring, 1),
		      "io_uring_submit");
	}
}
