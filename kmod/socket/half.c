// SPDX-License-Identifier: GPL-2.0-only
/*
 * Half a message: begun and not ended. It belongs to the process whose frame
 * it began with, and when that has gone nobody gets the other half: what it was
 * sending is dropped, and so is what it was reading.
 */

#include <linux/jhash.h>
#include <linux/pid.h>
#include <linux/sched.h>
#include <linux/sched/signal.h>
#include <linux/uio.h>
#include "pipe/fq.h"
#include "sock.h"

/* So much of a refused frame tells it from others. */
#define DIGEST_BYTES	SZ_4K
#define DIGEST_PIECE	256

static bool is_gone(struct pid *pid)
{
	struct task_struct *task;
	bool gone;

	rcu_read_lock();
	task = pid_task(pid, PIDTYPE_TGID);
	/* A process that waits to be reaped sends nothing. */
	gone = !task || !atomic_read(&task->signal->live);
	rcu_read_unlock();
	return gone;
}

/* Kept when the message is over: who sends one will send another. */
static void set_owner(struct pid **owner)
{
	struct pid *self = task_tgid(current);

	if (*owner == self)
		return;
	put_pid(*owner);
	*owner = get_pid(self);
}

/* Returns false if the memory cannot be read. */
static bool digest(const struct iov_iter *iter, size_t len, u32 *sum)
{
	size_t left = min_t(size_t, len, DIGEST_BYTES);
	struct iov_iter from = *iter;
	u8 piece[DIGEST_PIECE];
	size_t n;

	*sum = 0;
	for (; left; left -= n) {
		n = min(left, sizeof(piece));
		if (!copy_from_iter_full(piece, n, &from))
			return false;
		*sum = jhash(piece, n, *sum);
	}
	return true;
}

/**
 * zmq_sock_half_sent() - a frame was taken, and the message goes on
 * @zsk: the socket
 * @first: it is the message's first one
 *
 * Context: Process context, socket lock held.
 */
void zmq_sock_half_sent(struct zmq_sock *zsk, bool first)
{
	zsk->half.refused = false;
	if (first)
		set_owner(&zsk->half.sender);
}

/**
 * zmq_sock_half_refused() - a frame in the middle of a message was refused
 * @zsk: the socket
 * @m: the call that tried
 * @from: the frame
 * @len: its length
 * @err: why; the frame may be sent again if time cures that
 *
 * Context: Process context, socket lock held; may fault in user memory.
 */
void zmq_sock_half_refused(struct zmq_sock *zsk, const struct msghdr *m,
			   const struct iov_iter *from, size_t len, int err)
{
	struct zmq_half *half = &zsk->half;

	half->refused = (err == -EAGAIN || err == -ENOBUFS || err == -ENOMEM ||
			 err == -EINTR || err == -ERESTARTSYS) &&
			half->sender == task_tgid(current) &&
			digest(from, len, &half->digest);
	half->len = len;
	half->more = m->msg_flags & MSG_MORE;
}

static bool is_refused_one(const struct zmq_half *half, const struct msghdr *m,
			   size_t len)
{
	u32 sum;

	return half->len == len && half->more == !!(m->msg_flags & MSG_MORE) &&
	       digest(&m->msg_iter, len, &sum) && half->digest == sum;
}

/**
 * zmq_sock_half_check() - whose is the message that is being sent
 * @zsk: the socket, which has begun one
 * @m: the next frame, or NULL for whole messages
 * @len: its length
 *
 * The message is given up if who began it is gone, and if that process goes on
 * with another frame than the one that was refused.
 *
 * Context: Process context, socket lock held; may fault in user memory.
 */
void zmq_sock_half_check(struct zmq_sock *zsk, const struct msghdr *m,
			 size_t len)
{
	struct zmq_half *half = &zsk->half;

	if (half->sender != task_tgid(current)) {
		if (half->sender && is_gone(half->sender))
			zmq_sock_forget_message(zsk);
		return;
	}
	if (!half->refused || !m)
		return;
	half->refused = false;
	if (!is_refused_one(half, m, len))
		zmq_sock_forget_message(zsk);
}

/**
 * zmq_sock_half_abort() - give up the message that is being sent
 * @zsk: the socket; none may have been begun
 *
 * Context: Process context.
 */
void zmq_sock_half_abort(struct zmq_sock *zsk)
{
	lock_sock(&zsk->sk);
	zmq_sock_forget_message(zsk);
	release_sock(&zsk->sk);
}

/**
 * zmq_sock_half_read() - the first frame of several was read
 * @zsk: the socket
 *
 * Context: Process context, socket lock held.
 */
void zmq_sock_half_read(struct zmq_sock *zsk)
{
	set_owner(&zsk->half.reader);
}

/**
 * zmq_sock_half_drop() - drop the rest of a message whose reader is gone
 * @zsk: the socket, of which the last frame read had more behind it
 *
 * Context: Process context, socket lock held.
 */
void zmq_sock_half_drop(struct zmq_sock *zsk)
{
	struct pid *reader = zsk->half.reader;
	struct zmq_core *core = &zsk->core;

	if (!reader || reader == task_tgid(current) || !is_gone(reader))
		return;
	WRITE_ONCE(zsk->rcvmore, false);
	if (!core->rx_pipe)
		return;
	if (core->pattern->abandon)
		core->pattern->abandon(core);
	else
		zmq_fq_skip(core, core->rx_pipe, ZMQ_MIB_RXDROPSTALE);
}

/**
 * zmq_sock_half_exit() - forget whose halves there were
 * @zsk: the socket
 *
 * Context: Any, nobody else uses the socket.
 */
void zmq_sock_half_exit(struct zmq_sock *zsk)
{
	put_pid(zsk->half.sender);
	put_pid(zsk->half.reader);
}
