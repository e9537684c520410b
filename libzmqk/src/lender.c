// SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
/*
 * Memory that is lent to the kernel. Each call with MSG_ZEROCOPY has a number,
 * one more than the call before it; the error queue tells which are over.
 */
#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
/* Needs <time.h> before it. */
#include <linux/errqueue.h>

#include "frames.h"
#include "zmqk.h"

#define MIN_LOANS	16

/* For a notification, which does not come again, and whatever else the socket
 * is set to tell with it
 */
#define NOTE_ROOM	512

/* ms; poll(2) does not wait for notifications on a socket that is shut down. */
#define SHUT_PAUSE	10

/**
 * struct loan - a message whose memory may be in use
 * @release: gives it back; NULL once that was called
 * @arg: for @release
 */
struct loan {
	void (*release)(void *arg);
	void *arg;
};

/**
 * struct zmqk_lender - the messages of a socket that are lent
 * @fd: the socket
 * @count: messages that are lent
 * @first: the number of the oldest of them
 * @next: the number of the next call
 * @cap: a power of two
 * @loans: that of number n at n modulo @cap
 */
struct zmqk_lender {
	int fd;
	unsigned int count;
	uint32_t first;
	uint32_t next;
	uint32_t cap;
	struct loan *loans;
};

static int fail(int err)
{
	errno = err;
	return -1;
}

static struct loan *loan_of(const struct zmqk_lender *lender, uint32_t number)
{
	return &lender->loans[number & (lender->cap - 1)];
}

static int grow(struct zmqk_lender *lender)
{
	struct zmqk_lender more = *lender;
	uint32_t i;

	if (lender->next - lender->first < lender->cap)
		return 0;
	more.cap = lender->cap ? 2 * lender->cap : MIN_LOANS;
	more.loans = more.cap ? calloc(more.cap, sizeof(*more.loans)) : NULL;
	if (!more.loans)
		return fail(ENOMEM);
	for (i = lender->first; i != lender->next; i++)
		*loan_of(&more, i) = *loan_of(lender, i);
	free(lender->loans);
	*lender = more;
	return 0;
}

struct zmqk_lender *zmqk_lender_new(int fd)
{
	struct zmqk_lender *lender = calloc(1, sizeof(*lender));
	int err, on;

	if (!lender)
		return NULL;
	lender->fd = fd;
	if (!zmqk_get_int(fd, ZMQ_ZEROCOPY, &on)) {
		errno = EBUSY;
		if (!on && !zmqk_set_int(fd, ZMQ_ZEROCOPY, 1))
			return lender;
	}
	err = errno;
	free(lender);
	errno = err;
	return NULL;
}

/* Others may have numbers that are not ours. */
static int give_back(struct zmqk_lender *lender, uint32_t number)
{
	struct loan loan;

	if (number - lender->first >= lender->next - lender->first)
		return 0;
	loan = *loan_of(lender, number);
	if (!loan.release)
		return 0;
	loan_of(lender, number)->release = NULL;
	lender->count--;
	while (lender->first != lender->next && !loan_of(lender, lender->first)->release)
		lender->first++;
	/* Last, since it may lend again. */
	loan.release(loan.arg);
	return 1;
}

/* A socket with SO_TIMESTAMPING tells times first. */
static bool find_note(struct msghdr *mh, struct sock_extended_err *ee)
{
	struct cmsghdr *cmsg;

	for (cmsg = CMSG_FIRSTHDR(mh); cmsg; cmsg = CMSG_NXTHDR(mh, cmsg)) {
		if (cmsg->cmsg_level != SOL_ZMQ || cmsg->cmsg_type != ZMQ_RECVERR)
			continue;
		memcpy(ee, CMSG_DATA(cmsg), sizeof(*ee));
		return ee->ee_origin == SO_EE_ORIGIN_ZEROCOPY;
	}
	return false;
}

/* Returns how many messages a notification released, or -1. */
static int reap_one(struct zmqk_lender *lender)
{
	union {
		struct cmsghdr align;
		char room[NOTE_ROOM];
	} control;
	struct msghdr mh = {
		.msg_control = &control,
		.msg_controllen = sizeof(control),
	};
	struct sock_extended_err ee;
	uint32_t number;
	int released = 0;

	if (recvmsg(lender->fd, &mh, MSG_ERRQUEUE | MSG_DONTWAIT) < 0)
		return -1;
	if (!find_note(&mh, &ee))
		return 0;
	number = ee.ee_info;
	do {
		released += give_back(lender, number);
	} while (number++ != ee.ee_data);
	return released;
}

int zmqk_lender_reap(struct zmqk_lender *lender)
{
	int released = 0, n;

	while (lender->count) {
		n = reap_one(lender);
		if (n < 0 && errno != EAGAIN)
			return released ? released : -1;
		if (n < 0)
			break;
		released += n;
	}
	return released;
}

static int send_lent(struct zmqk_lender *lender, struct zmqk_frames *f, int flags)
{
	if (grow(lender))
		return -1;
	if (sendmsg(lender->fd, &f->mh, flags | MSG_ZEROCOPY) >= 0)
		return 0;
	if (errno != ENOBUFS)
		return -1;
	/* What the kernel allows may be in use by what is over. */
	if (zmqk_lender_reap(lender) <= 0)
		return fail(ENOBUFS);
	if (grow(lender))
		return -1;
	return sendmsg(lender->fd, &f->mh, flags | MSG_ZEROCOPY) < 0 ? -1 : 0;
}

static int lend(struct zmqk_lender *lender, struct zmqk_frames *f, size_t bytes, int flags,
		const struct loan *loan)
{
	if (bytes < ZMQK_LEND_MIN) {
		if (sendmsg(lender->fd, &f->mh, flags) < 0)
			return -1;
		loan->release(loan->arg);
		return 0;
	}
	if (send_lent(lender, f, flags))
		return -1;
	*loan_of(lender, lender->next++) = *loan;
	lender->count++;
	return 0;
}

int zmqk_lend(struct zmqk_lender *lender, const struct iovec *parts, int n, int flags,
	      void (*release)(void *arg), void *arg)
{
	struct loan loan = { release, arg };
	struct zmqk_frames f;
	size_t bytes = 0;
	int ret;

	if (n < 1 || !release || flags & ZMQK_FLAGS_REFUSED)
		return fail(EINVAL);
	if (n > ZMQK_PARTS_MAX)
		return fail(EMSGSIZE);
	if (zmqk__frames_begin(&f, n))
		return -1;
	ret = zmqk__frames_add(&f, parts, n, &bytes);
	if (!ret) {
		zmqk__frames_end(&f, parts, n);
		ret = lend(lender, &f, bytes, flags, &loan);
	}
	zmqk__frames_free(&f);
	return ret ? -1 : n;
}

static int64_t now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

int zmqk_lender_wait(struct zmqk_lender *lender, int timeout)
{
	int64_t end = now_ms() + timeout, left = -1;
	struct pollfd p = { .fd = lender->fd };
	int pause;

	for (;;) {
		if (zmqk_lender_reap(lender) < 0)
			return -1;
		if (!lender->count)
			return 0;
		if (timeout >= 0)
			left = end - now_ms();
		if (timeout >= 0 && left <= 0)
			return fail(ETIMEDOUT);
		pause = left < 0 || left > SHUT_PAUSE ? SHUT_PAUSE : left;
		if (poll(&p, 1, left) < 0)
			return -1;
		if (p.revents & POLLNVAL)
			return fail(EBADF);
		if (p.revents & POLLHUP && !(p.revents & POLLERR) && poll(NULL, 0, pause) < 0)
			return -1;
	}
}

unsigned int zmqk_lender_count(const struct zmqk_lender *lender)
{
	return lender->count;
}

int zmqk_lender_free(struct zmqk_lender *lender)
{
	if (lender && lender->count)
		return fail(EBUSY);
	if (lender)
		free(lender->loans);
	free(lender);
	return 0;
}
