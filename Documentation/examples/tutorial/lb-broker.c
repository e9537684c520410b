// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <zmqk.h>

#define WORKERS_MAX 1000

static struct { char id[255]; size_t len; } idle[WORKERS_MAX];
static unsigned int first, count;

/* A worker's message: its id, nothing, then READY, or the envelope and a reply */
static int from_worker(int workers, int clients, struct zmqk_msg *msg)
{
	unsigned int last = (first + count) % WORKERS_MAX;

	if (zmqk_recv_msg(workers, msg, 0) < 0)
		return -1;
	if (msg->nparts < 3 || count == WORKERS_MAX)
		return 0;
	idle[last].len = msg->parts[0].iov_len;
	memcpy(idle[last].id, msg->parts[0].iov_base, idle[last].len);
	count++;
	return msg->nparts == 3 ? 0 : zmqk_sendv(clients, msg->parts + 2, msg->nparts - 2, 0);
}

/* A client's message goes behind the id of the worker that waits longest. */
static int from_client(int clients, int workers, struct zmqk_msg *msg)
{
	struct iovec parts[16];

	if (zmqk_recv_msg(clients, msg, 0) < 0)
		return -1;
	if (msg->nparts > 14)
		return 0;
	parts[0] = (struct iovec){ idle[first].id, idle[first].len };
	parts[1] = (struct iovec){ "", 0 };
	memcpy(parts + 2, msg->parts, msg->nparts * sizeof(*parts));
	first = (first + 1) % WORKERS_MAX;
	count--;
	return zmqk_sendv(workers, parts, msg->nparts + 2, 0);
}

int main(void)
{
	int clients = zmqk_socket(ZMQ_ROUTER, SOCK_CLOEXEC);
	int workers = zmqk_socket(ZMQ_ROUTER, SOCK_CLOEXEC);
	struct pollfd fds[] = { { workers, POLLIN, 0 }, { clients, POLLIN, 0 } };
	struct zmqk_msg msg = ZMQK_MSG_INIT;

	if (clients < 0 || workers < 0 || zmqk_bind(clients, "tcp://127.0.0.1:5672") ||
	    zmqk_bind(workers, "tcp://127.0.0.1:5673"))
		goto fail;
	while (poll(fds, count ? 2 : 1, -1) > 0) {
		if ((fds[0].revents & POLLIN) && from_worker(workers, clients, &msg) < 0)
			goto fail;
		if (count && (fds[1].revents & POLLIN) && from_client(clients, workers, &msg) < 0)
			goto fail;
		fds[1].revents = 0;
	}
fail:
	fprintf(stderr, "lb-broker: %s\n", zmqk_strerror(errno));
	return 1;
}
