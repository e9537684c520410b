/* SPDX-License-Identifier: LGPL-2.1-or-later OR MIT */
/* Memory that is lent to the kernel, and given back by a function of yours. */
#ifndef ZMQK_ZEROCOPY_H
#define ZMQK_ZEROCOPY_H

#include <stddef.h>
#include <sys/uio.h>

/* Shorter messages are copied by the kernel in any case. */
#define ZMQK_LEND_MIN	24576

struct zmqk_lender;

#ifdef __cplusplus
extern "C" {
#endif

#pragma GCC visibility push(default)

/**
 * zmqk_lender_new - make an object that sends without copies
 * @fd: the socket, which stays the caller's
 *
 * A socket has one such object in its life, and nobody else sends on it with
 * MSG_ZEROCOPY: the kernel numbers these calls.
 *
 * Calls: getsockopt(2), setsockopt(2) ZMQ_ZEROCOPY.
 *
 * Return: the object, or NULL: EBUSY if ZMQ_ZEROCOPY is set already; ENOMEM.
 */
struct zmqk_lender *zmqk_lender_new(int fd);

/**
 * zmqk_lend - send a message whose memory the kernel may go on to use
 * @lender: the object
 * @parts: its parts
 * @n: their number, 1 to ZMQK_PARTS_MAX
 * @flags: MSG_DONTWAIT
 * @release: called once when nobody refers to the memory any more: by this
 *	function, by zmqk_lender_reap() or zmqk_lender_wait()
 * @arg: given to @release
 *
 * Whatever becomes of the message and its peers, @release is called; if this
 * fails, it is not. The memory must not change before.
 *
 * Calls: sendmsg(2) with ZMQ_FRAMES, and MSG_ZEROCOPY from ZMQK_LEND_MIN bytes
 * on. After ENOBUFS recvmsg(2) with MSG_ERRQUEUE and sendmsg(2) again.
 *
 * Return: @n, or -1 as zmqk_sendv(): ENOBUFS also if too much is lent already.
 */
int zmqk_lend(struct zmqk_lender *lender, const struct iovec *parts, int n, int flags,
	      void (*release)(void *arg), void *arg);

/**
 * zmqk_lender_reap - give back what the kernel does not need any more
 * @lender: the object
 *
 * Never blocks. poll(2) of the socket says POLLERR when there is something.
 *
 * Calls: recvmsg(2) with MSG_ERRQUEUE until it says EAGAIN; none if nothing is
 * lent.
 *
 * Return: how many messages were released, or -1.
 */
int zmqk_lender_reap(struct zmqk_lender *lender);

/**
 * zmqk_lender_wait - give everything back
 * @lender: the object
 * @timeout: ms, -1 for ever
 *
 * What waits for a peer that never comes, waits: zmqk_disconnect() with a
 * ZMQ_LINGER of 0 ends that.
 *
 * Calls: as zmqk_lender_reap(), and poll(2) in between; in steps of 10 ms once
 * the socket is shut down.
 *
 * Return: 0 if nothing is lent any more, or -1: ETIMEDOUT.
 */
int zmqk_lender_wait(struct zmqk_lender *lender, int timeout);

/**
 * zmqk_lender_count - tell how many messages are lent
 * @lender: the object
 *
 * Calls: none.
 *
 * Return: their number.
 */
unsigned int zmqk_lender_count(const struct zmqk_lender *lender);

/**
 * zmqk_lender_free - undo zmqk_lender_new()
 * @lender: the object, or NULL
 *
 * Do it before the socket is closed: then nobody tells any more what is needed.
 *
 * Calls: none.
 *
 * Return: 0, or -1: EBUSY while something is lent.
 */
int zmqk_lender_free(struct zmqk_lender *lender);

#pragma GCC visibility pop

#ifdef __cplusplus
}
#endif

#endif /* ZMQK_ZEROCOPY_H */
