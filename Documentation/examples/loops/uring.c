// SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
/* AF_ZMQ sockets in io_uring: SEND, RECV, one RECV for all messages of a SUB, a SEND that waits for room */
#include <liburing.h>
#include "dial.h"

static char news[ROUND + 1][100], text[20];
static struct io_uring ring;

static int completed(int *flags)
{
	struct io_uring_cqe *cqe;
	int res;

	if (io_uring_submit_and_wait(&ring, 1) < 0 || io_uring_peek_cqe(&ring, &cqe))
		errx(1, "io_uring_submit_and_wait");
	res = cqe->res;
	*flags = cqe->flags;
	io_uring_cqe_seen(&ring, cqe);
	return res;
}

/* MSG_WAITALL is io_uring's wish that a send be whole. */
static void say(int fd, const char *format, int n)
{
	int len = snprintf(text, sizeof(text), format, n), flags;

	io_uring_prep_send(io_uring_get_sqe(&ring), fd, text, len, MSG_WAITALL);
	if (completed(&flags) != len)
		errx(1, "send %s", text);
}

static void check(int res, const char *got, const char *format, int n)
{
	int len = snprintf(text, sizeof(text), format, n);

	if (res != len || memcmp(got, text, len))
		errx(1, "recv, for %s: %d", text, res);
}

static void hear(int fd, const char *format, int n)
{
	char got[100];
	int flags;

	io_uring_prep_recv(io_uring_get_sqe(&ring), fd, got, sizeof(got), 0);
	check(completed(&flags), got, format, n);
}

static void hear_all(int fd)
{
	struct io_uring_sqe *sqe = io_uring_get_sqe(&ring);

	io_uring_prep_recv_multishot(sqe, fd, NULL, 0, 0);
	sqe->flags |= IOSQE_BUFFER_SELECT;
	sqe->buf_group = 1;
}

int main(int argc, char **argv)
{
	int dealer = dial(0, ZMQ_DEALER, argv[1]), sub = dial(0, ZMQ_SUB, argv[2]), push, n;
	struct io_uring_sqe *sqe;
	int res, flags;

	if (io_uring_queue_init(8, &ring, 0))
		errx(1, "io_uring_queue_init");
	for (n = 0; n < ROUND; n++) {
		say(dealer, "e%d", n);
		hear(dealer, "e%d", n);
	}
	/* Each message takes one of the buffers, and there are enough. */
	sqe = io_uring_get_sqe(&ring);
	io_uring_prep_provide_buffers(sqe, news, sizeof(news[0]), ROUND + 1, 1, 0);
	sqe->flags |= IOSQE_CQE_SKIP_SUCCESS;
	hear_all(sub);
	for (n = 0; n < ROUND; n++) {
		res = completed(&flags);
		check(res, news[flags >> IORING_CQE_BUFFER_SHIFT], "t %d", n);
		/* It ends when the completion queue is full. */
		if (!(flags & IORING_CQE_F_MORE))
			hear_all(sub);
	}
	say(dealer, "idle", 0);
	hear(dealer, "go", 0);
	push = dial(0, ZMQ_PUSH, argv[3]);
	for (n = 0; n < ROUND; n++)
		say(push, "p%d", n);
	return 0;
}
