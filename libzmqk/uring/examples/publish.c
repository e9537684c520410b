// SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
/*
 * publish ENDPOINT SUBSCRIPTIONS COUNT: when there are so many subscriptions
 * COUNT quotes, many a system call, each a topic and a number
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zmqk-uring.h>

#define BATCH	128	/* messages in an entry */
#define PARTS	2

struct batch {
	struct zmqk_uring_tx tx;
	struct iovec iov[BATCH * PARTS];
	int nparts[BATCH];
	char text[BATCH * PARTS][24];
	char table[ZMQK_URING_TABLE(BATCH * PARTS)] __attribute__((aligned(sizeof(long))));
};

static void set(struct batch *b, int i, const char *topic, long number)
{
	snprintf(b->text[i * PARTS], sizeof(b->text[0]), "%s", topic);
	snprintf(b->text[i * PARTS + 1], sizeof(b->text[0]), "%ld", number);
	for (int j = i * PARTS; j < (i + 1) * PARTS; j++)
		b->iov[j] = (struct iovec){ b->text[j], strlen(b->text[j]) };
	b->nparts[i] = PARTS;
}

/* Returns how many messages were sent, or a negative errno. */
static int send_some(struct io_uring *ring, int fd, struct batch *b, int first, int n)
{
	struct iovec *iov = b->iov + first * PARTS;
	struct io_uring_cqe *cqe;
	int ret;

	ret = zmqk_prep_send_msgs(io_uring_get_sqe(ring), &b->tx, fd, iov, b->nparts, n,
				  b->table, sizeof(b->table), 0);
	if (ret)
		return ret;
	ret = io_uring_submit_and_wait(ring, 1);
	if (ret >= 0)
		ret = io_uring_wait_cqe(ring, &cqe);
	if (ret < 0)
		return ret;
	ret = zmqk_uring_sent(cqe, iov, b->nparts, n);
	io_uring_cqe_seen(ring, cqe);
	return ret;
}

/* Subscribers that are slow are waited for, with ZMQ_XPUB_NODROP. */
static int publish(struct io_uring *ring, int fd, struct batch *b, int n)
{
	int first = 0, ret = 0;

	while (first < n && ret >= 0) {
		ret = send_some(ring, fd, b, first, n - first);
		first += ret;
	}
	return ret < 0 ? ret : 0;
}

static int wait_for_subscriptions(int fd, int n)
{
	char topic[256];

	while (n > 0) {
		if (zmqk_recv(fd, topic, sizeof(topic), 0, NULL) < 0)
			return -errno;
		n -= topic[0] == 1;
	}
	return 0;
}

static int open_publisher(const char *endpoint)
{
	int fd = zmqk_socket(ZMQ_XPUB, SOCK_CLOEXEC);

	if (fd < 0 || zmqk_set_int(fd, ZMQ_XPUB_NODROP, 1) ||
	    zmqk_set_int(fd, ZMQ_XPUB_VERBOSE, 1) || zmqk_bind(fd, endpoint))
		return -errno;
	return fd;
}

int main(int argc, char **argv)
{
	static struct batch batch;
	struct io_uring ring;
	long count, i = 0;
	int fd, n, err;

	if (argc != 4) {
		fprintf(stderr, "usage: publish ENDPOINT SUBSCRIPTIONS COUNT\n");
		return 2;
	}
	count = atol(argv[3]);
	fd = open_publisher(argv[1]);
	err = fd < 0 ? fd : io_uring_queue_init(4, &ring, 0);
	if (!err)
		err = wait_for_subscriptions(fd, atoi(argv[2]));
	while (!err && i < count) {
		for (n = 0; n < BATCH && i < count; n++, i++)
			set(&batch, n, i & 1 ? "odd" : "even", i);
		err = publish(&ring, fd, &batch, n);
	}
	if (err)
		fprintf(stderr, "publish: %s\n", zmqk_strerror(-err));
	return !!err;
}
