// SPDX-License-Identifier: GPL-2.0-only
/* As much of io_uring as a test of sends needs, one at a time. */
#include <sys/mman.h>
#include <sys/syscall.h>
#include <linux/io_uring.h>
#include "zmqtest.h"

#define ENTRIES	4

static void *map(int fd, size_t len, off_t what)
{
	void *p = mmap(NULL, len, PROT_READ | PROT_WRITE,
		       MAP_SHARED | MAP_POPULATE, fd, what);

	return p == MAP_FAILED ? NULL : p;
}

int zt_uring_open(struct zt_uring *u)
{
	struct io_uring_params p = {};
	char *sq, *cq;

	u->fd = syscall(SYS_io_uring_setup, ENTRIES, &p);
	if (u->fd < 0)
		return -1;
	sq = map(u->fd, p.sq_off.array + p.sq_entries * sizeof(u32),
		 IORING_OFF_SQ_RING);
	cq = map(u->fd, p.cq_off.cqes +
		 p.cq_entries * sizeof(struct io_uring_cqe), IORING_OFF_CQ_RING);
	u->sqes = map(u->fd, p.sq_entries * sizeof(struct io_uring_sqe),
		      IORING_OFF_SQES);
	if (!sq || !cq || !u->sqes)
		return -1;
	u->sq_tail = (u32 *)(sq + p.sq_off.tail);
	u->sq_mask = p.sq_entries - 1;
	u->sq_array = (u32 *)(sq + p.sq_off.array);
	u->cq_head = (u32 *)(cq + p.cq_off.head);
	u->cq_tail = (u32 *)(cq + p.cq_off.tail);
	u->cq_mask = p.cq_entries - 1;
	u->cqes = (struct io_uring_cqe *)(cq + p.cq_off.cqes);
	return 0;
}

int zt_uring_register(struct zt_uring *u, void *buf, size_t len)
{
	struct iovec iov = { .iov_base = buf, .iov_len = len };

	return syscall(SYS_io_uring_register, u->fd, IORING_REGISTER_BUFFERS,
		       &iov, 1);
}

int zt_uring_submit(struct zt_uring *u, const struct io_uring_sqe *sqe)
{
	u32 tail = *u->sq_tail, i = tail & u->sq_mask;

	u->sqes[i] = *sqe;
	u->sq_array[i] = i;
	__atomic_store_n(u->sq_tail, tail + 1, __ATOMIC_RELEASE);
	return syscall(SYS_io_uring_enter, u->fd, 1, 0, 0, NULL, 0) == 1 ?
	       0 : -1;
}

/* Take the next completion, if one comes before @ms are over. */
bool zt_uring_wait(struct zt_uring *u, struct io_uring_cqe *cqe, int ms)
{
	struct pollfd p = { .fd = u->fd, .events = POLLIN };
	u32 head = *u->cq_head;

	while (head == __atomic_load_n(u->cq_tail, __ATOMIC_ACQUIRE))
		if (poll(&p, 1, ms) != 1)
			return false;
	*cqe = u->cqes[head & u->cq_mask];
	__atomic_store_n(u->cq_head, head + 1, __ATOMIC_RELEASE);
	return true;
}
