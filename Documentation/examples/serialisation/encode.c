// SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
/*
 * Protocol Buffers that are encoded where they are sent from: protobuf-c writes
 * into memory that is registered with io_uring, and nobody copies it before the
 * kernel does.
 *
 *	encode tcp://HOST:PORT COUNT BYTES-OF-DEPTH
 */
#include <errno.h>
#include <liburing.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zmqk.h>
#include "quote.pb-c.h"

#define SLOTS	8
#define ROOM	(1 << 20)

static struct io_uring ring;
static struct iovec slots[SLOTS];
static bool busy[SLOTS];

static void check(int ret, const char *what)
{
	if (ret >= 0)
		return;
	fprintf(stderr, "encode: %s: %s\n", what, strerror(-ret));
	exit(1);
}

/* A send completes twice: when it is done, and when its memory is free. */
static void reap(void)
{
	struct io_uring_cqe *cqe;

	check(io_uring_wait_cqe(&ring, &cqe), "io_uring_wait_cqe");
	if (!(cqe->flags & IORING_CQE_F_NOTIF))
		check(cqe->res, "send");
	if (!(cqe->flags & IORING_CQE_F_MORE))
		busy[cqe->user_data] = false;
	io_uring_cqe_seen(&ring, cqe);
}

static void send_quote(int fd, unsigned int slot, const Quotes__Quote *quote)
{
	struct io_uring_sqe *sqe = io_uring_get_sqe(&ring);
	size_t len;

	if (quotes__quote__get_packed_size(quote) > ROOM)
		check(-EMSGSIZE, "a quote");
	len = quotes__quote__pack(quote, slots[slot].iov_base);
	io_uring_prep_send_zc_fixed(sqe, fd, slots[slot].iov_base, len,
				    MSG_WAITALL, 0, slot);
	io_uring_sqe_set_data64(sqe, slot);
	busy[slot] = true;
	check(io_uring_submit(&ring), "io_uring_submit");
}

int main(int argc, char **argv)
{
	Quotes__Quote quote = QUOTES__QUOTE__INIT;
	unsigned int slot, n, i;
	int fd;

	if (argc != 4)
		return 2;
	n = atoi(argv[2]);
	quote.symbol = "ZMQ";
	quote.depth.len = atoi(argv[3]);
	quote.depth.data = calloc(1, quote.depth.len + 1);
	fd = zmqk_socket(ZMQ_PUSH, 0);
	if (fd < 0 || zmqk_connect(fd, argv[1]))
		check(-errno, argv[1]);
	check(io_uring_queue_init(2 * SLOTS, &ring, 0), "io_uring_queue_init");
	for (slot = 0; slot < SLOTS; slot++) {
		slots[slot].iov_base = aligned_alloc(4096, ROOM);
		slots[slot].iov_len = ROOM;
	}
	check(io_uring_register_buffers(&ring, slots, SLOTS), "registering");
	for (i = 0; i < n; i++) {
		slot = i % SLOTS;
		while (busy[slot])
			reap();
		quote.number = i;
		quote.bid = 100 + i / 8.0;
		quote.ask = quote.bid + 0.125;
		memset(quote.depth.data, 'a' + i % 26, quote.depth.len);
		send_quote(fd, slot, &quote);
	}
	for (slot = 0; slot < SLOTS; slot++)
		while (busy[slot])
			reap();
	return 0;
}
