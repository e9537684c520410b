// SPDX-License-Identifier: GPL-2.0-only
/* Many ports watched at once, by one of the ways that programs have. */
#include <errno.h>
#include <liburing.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/select.h>
#include "zmqperf.h"

#define RING_ENTRIES	256

struct loop {
	const struct options *o;
	struct port **ports;
	unsigned int n;
	struct pollfd *fds;
	fd_set set;
	int last_fd;
	int epfd;
	struct io_uring ring;
};

static void check(int ret, const char *what)
{
	if (ret >= 0)
		return;
	errno = -ret;
	die_errno(what);
}

static int fd_of(const struct loop *l, unsigned int i)
{
	return l->o->backend->readable(l->ports[i]);
}

static void prepare_select(struct loop *l)
{
	unsigned int i;
	int fd;

	FD_ZERO(&l->set);
	for (i = 0; i < l->n; i++) {
		fd = fd_of(l, i);
		if (fd >= FD_SETSIZE)
			die("select() ends at descriptor %d", FD_SETSIZE - 1);
		FD_SET(fd, &l->set);
		l->last_fd = fd > l->last_fd ? fd : l->last_fd;
	}
}

static unsigned int wait_select(struct loop *l)
{
	fd_set set = l->set;
	unsigned int i = 0;

	if (select(l->last_fd + 1, &set, NULL, NULL, NULL) < 1)
		die_errno("select");
	while (!FD_ISSET(l->fds[i].fd, &set))
		i++;
	return i;
}

static void prepare_poll(struct loop *l)
{
	unsigned int i;

	l->fds = xcalloc(l->n, sizeof(*l->fds));
	for (i = 0; i < l->n; i++)
		l->fds[i] = (struct pollfd){ .fd = fd_of(l, i),
					     .events = POLLIN };
}

static unsigned int wait_poll(struct loop *l)
{
	unsigned int i = 0;

	if (poll(l->fds, l->n, -1) < 1)
		die_errno("poll");
	while (!l->fds[i].revents)
		i++;
	return i;
}

static void prepare_epoll(struct loop *l)
{
	struct epoll_event ev = { .events = EPOLLIN };
	unsigned int i;

	l->epfd = epoll_create1(EPOLL_CLOEXEC);
	if (l->epfd < 0)
		die_errno("epoll_create1");
	for (i = 0; i < l->n; i++) {
		ev.data.u32 = i;
		if (epoll_ctl(l->epfd, EPOLL_CTL_ADD, fd_of(l, i), &ev))
			die_errno("epoll_ctl");
	}
}

static unsigned int wait_epoll(struct loop *l)
{
	struct epoll_event ev;

	if (epoll_wait(l->epfd, &ev, 1, -1) != 1)
		die_errno("epoll_wait");
	return ev.data.u32;
}

/* A poll that stays armed, as long as the kernel says so. */
static void arm(struct loop *l, unsigned int i)
{
	struct io_uring_sqe *sqe = io_uring_get_sqe(&l->ring);

	if (!sqe) {
		check(io_uring_submit(&l->ring), "io_uring_submit");
		sqe = io_uring_get_sqe(&l->ring);
	}
	io_uring_prep_poll_multishot(sqe, fd_of(l, i), POLLIN);
	io_uring_sqe_set_data64(sqe, i);
}

static void prepare_uring(struct loop *l)
{
	unsigned int i;

	check(io_uring_queue_init(RING_ENTRIES, &l->ring, 0),
	      "io_uring_queue_init");
	for (i = 0; i < l->n; i++)
		arm(l, i);
	check(io_uring_submit(&l->ring), "io_uring_submit");
}

static unsigned int wait_uring(struct loop *l)
{
	struct io_uring_cqe *cqe;
	unsigned int i;

	check(io_uring_submit_and_wait(&l->ring, 1), "io_uring_enter");
	check(io_uring_peek_cqe(&l->ring, &cqe), "completion of io_uring");
	check(cqe->res, "poll by io_uring");
	i = cqe->user_data;
	if (!(cqe->flags & IORING_CQE_F_MORE))
		arm(l, i);
	io_uring_cqe_seen(&l->ring, cqe);
	return i;
}

/* Who is told only once has to begin with nothing to be told. */
static void settle(struct loop *l)
{
	unsigned int i;
	struct msg m;

	for (i = 0; i < l->n && l->o->backend->edge; i++)
		if (l->o->backend->recv(l->ports[i], &m, false))
			die("socket %u has a message too early", i);
}

/**
 * loop_new() - watch ports
 * @o: how
 * @ports: which
 * @n: their number
 */
struct loop *loop_new(const struct options *o, struct port **ports,
		      unsigned int n)
{
	struct loop *l = xcalloc(1, sizeof(*l));

	l->o = o;
	l->ports = ports;
	l->n = n;
	settle(l);
	switch (o->wait) {
	case WAIT_SELECT:
		prepare_poll(l);
		prepare_select(l);
		break;
	case WAIT_POLL:
		prepare_poll(l);
		break;
	case WAIT_EPOLL:
		prepare_epoll(l);
		break;
	case WAIT_URING:
		prepare_uring(l);
		break;
	case WAIT_RECV:
	case WAIT_ZMQ_POLL:
		break;
	}
	return l;
}

/**
 * loop_wait() - wait until a port may have a message
 * @l: the loop
 *
 * Return: its index.
 */
unsigned int loop_wait(struct loop *l)
{
	switch (l->o->wait) {
	case WAIT_SELECT:
		return wait_select(l);
	case WAIT_POLL:
		return wait_poll(l);
	case WAIT_EPOLL:
		return wait_epoll(l);
	case WAIT_URING:
		return wait_uring(l);
	case WAIT_ZMQ_POLL:
		return l->o->backend->poll_any(l->ports, l->n);
	case WAIT_RECV:
		break;
	}
	return 0;
}
