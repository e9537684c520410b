// SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
/*
 * echo ENDPOINT: answer every message in one thread, however many clients there are.
 *
 * One receive stays armed and brings as many messages a completion as there are.
 * A ROUTER's messages begin with whom they came from, so what is received is
 * what is sent, straight from the buffer, which is given back when that is done.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zmqk-uring.h>

#define GROUP		0
#define BUFFERS		64	/* a power of two */
#define FRAMES		256
#define BYTES		65536
#define SIZE		ZMQK_URING_BUFFER(FRAMES, BYTES)
#define RECEIVE		BUFFERS	/* user data; below it the buffer that is sent */

struct server {
	struct io_uring ring;
	struct io_uring_buf_ring *bufs;
	unsigned char *mem;
	struct zmqk_uring_rx rx;
	int fd;
	unsigned int free;	/* buffers to receive into */
	int armed;
	/* of each buffer: what is sent from it */
	struct answer {
		struct zmqk_uring_tx tx;
		struct iovec iov[FRAMES];
		int nparts[FRAMES];
		int first;
		int nmsgs;
		char table[ZMQK_URING_TABLE(FRAMES)] __attribute__((aligned(sizeof(long))));
	} answers[BUFFERS];
};

static struct server server;

static struct io_uring_sqe *entry(void)
{
	struct io_uring_sqe *sqe = io_uring_get_sqe(&server.ring);

	if (!sqe) {
		io_uring_submit(&server.ring);
		sqe = io_uring_get_sqe(&server.ring);
	}
	return sqe;
}

static void provide(unsigned int id)
{
	io_uring_buf_ring_add(server.bufs, server.mem + id * SIZE, SIZE, id,
			      io_uring_buf_ring_mask(BUFFERS), 0);
	io_uring_buf_ring_advance(server.bufs, 1);
	server.free++;
}

static void arm(void)
{
	struct io_uring_sqe *sqe = entry();

	zmqk_prep_recv_multishot(sqe, &server.rx, server.fd, GROUP, FRAMES, 0);
	io_uring_sqe_set_data64(sqe, RECEIVE);
	server.armed = 1;
}

/* Of the first message that is still to be sent */
static struct iovec *parts_of(struct answer *a)
{
	struct iovec *iov = a->iov;
	int i;

	for (i = 0; i < a->first; i++)
		iov += a->nparts[i];
	return iov;
}

static int answer(unsigned int id)
{
	struct answer *a = &server.answers[id];
	struct io_uring_sqe *sqe = entry();
	int err;

	err = zmqk_prep_send_msgs(sqe, &a->tx, server.fd, parts_of(a), a->nparts + a->first,
				  a->nmsgs - a->first, a->table, sizeof(a->table), 0);
	io_uring_sqe_set_data64(sqe, id);
	return err;
}

/* A message that is longer than a buffer, or has more frames */
static int answer_large(void)
{
	struct zmqk_msg msg = ZMQK_MSG_INIT;
	int ret = zmqk_recv_msg(server.fd, &msg, MSG_DONTWAIT);

	if (ret > 0)
		ret = zmqk_sendv(server.fd, msg.parts, msg.nparts, 0);
	zmqk_msg_free(&msg);
	return ret < 0 && errno != EAGAIN ? -errno : 0;
}

/* A completion has no more frames than it was prepared for. */
static int take(struct answer *a, struct zmqk_uring_in *in)
{
	int n, part = 0;

	a->first = 0;
	a->nmsgs = 0;
	while ((n = zmqk_uring_next(in, a->iov + part, FRAMES - part)) > 0) {
		a->nparts[a->nmsgs++] = n;
		part += n;
	}
	return n;
}

static int received(const struct io_uring_cqe *cqe)
{
	unsigned int id = cqe->flags >> IORING_CQE_BUFFER_SHIFT;
	struct zmqk_uring_in in;
	struct answer *a;
	int err = 0;

	if (!(cqe->flags & IORING_CQE_F_MORE))
		server.armed = 0;
	if (cqe->res >= 0) {
		server.free--;
		a = &server.answers[id];
		err = zmqk_uring_read(cqe, &server.rx, server.mem + id * SIZE, &in);
		if (!err)
			err = take(a, &in);
		if (!err && in.need.frames)
			err = answer_large();
		if (!err && a->nmsgs)
			err = answer(id);
		else
			provide(id);
	} else if (cqe->res != -ENOBUFS) {
		err = cqe->res;
	}
	return err;
}

static int sent(const struct io_uring_cqe *cqe, unsigned int id)
{
	struct answer *a = &server.answers[id];
	int n = zmqk_uring_sent(cqe, parts_of(a), a->nparts + a->first, a->nmsgs - a->first);

	if (n < 0)
		return n;
	a->first += n;
	if (a->first < a->nmsgs)
		return answer(id);
	provide(id);
	return 0;
}

static int serve(void)
{
	struct io_uring_cqe *cqe;
	unsigned int id;
	int err;

	for (;;) {
		err = io_uring_submit_and_wait(&server.ring, 1);
		while (err >= 0 && !io_uring_peek_cqe(&server.ring, &cqe)) {
			id = io_uring_cqe_get_data64(cqe);
			err = id == RECEIVE ? received(cqe) : sent(cqe, id);
			io_uring_cqe_seen(&server.ring, cqe);
		}
		if (err < 0 && err != -EINTR)
			return err;
		if (!server.armed && server.free)
			arm();
	}
}

static int prepare(const char *endpoint)
{
	struct io_uring_buf_reg reg = { .ring_entries = BUFFERS, .bgid = GROUP };
	unsigned int i;
	void *mem;
	int err;

	server.fd = zmqk_socket(ZMQ_ROUTER, SOCK_CLOEXEC);
	if (server.fd < 0 || zmqk_bind(server.fd, endpoint))
		return -errno;
	err = io_uring_queue_init(2 * BUFFERS, &server.ring, 0);
	if (err)
		return err;
	server.mem = calloc(BUFFERS, SIZE);
	if (!server.mem || posix_memalign(&mem, 4096, BUFFERS * sizeof(struct io_uring_buf)))
		return -ENOMEM;
	server.bufs = mem;
	reg.ring_addr = (uintptr_t)mem;
	io_uring_buf_ring_init(server.bufs);
	err = io_uring_register_buf_ring(&server.ring, &reg, 0);
	if (err)
		return err;
	for (i = 0; i < BUFFERS; i++)
		provide(i);
	arm();
	return 0;
}

int main(int argc, char **argv)
{
	int err;

	if (argc != 2) {
		fprintf(stderr, "usage: echo ENDPOINT\n");
		return 2;
	}
	err = prepare(argv[1]);
	if (!err)
		err = serve();
	fprintf(stderr, "echo: %s\n", zmqk_strerror(-err));
	return 1;
}
