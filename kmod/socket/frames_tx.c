// SPDX-License-Identifier: GPL-2.0-only
/*
 * Whole messages are sent, many a call: the bodies of their frames one after the
 * other in the data, their lengths in a control message. Either all of a message
 * is sent or nothing, so tasks that share the socket need no lock.
 */

#include <linux/uio.h>
#include "sock.h"
#include "wait.h"

/* Frames of the message that begins at @desc; 0 if it does not end. */
static unsigned int count_frames(const struct zmq_frame_desc *desc,
				 unsigned int nr)
{
	unsigned int i;

	for (i = 0; i < nr; i++)
		if (!(desc[i].flags & ZMQ_FRAME_MORE))
			return i + 1;
	return 0;
}

static u64 count_bytes(const struct zmq_frame_desc *desc, unsigned int nr)
{
	u64 bytes = 0;

	while (nr--)
		bytes += desc++->len;
	return bytes;
}

static int check_frames(const struct zmq_frame_desc *desc, unsigned int nr,
			size_t len)
{
	unsigned int i;

	if (!nr || desc[nr - 1].flags & ZMQ_FRAME_MORE)
		return -EINVAL;
	for (i = 0; i < nr; i++)
		if (desc[i].flags & ~ZMQ_FRAME_MORE)
			return -EINVAL;
	return count_bytes(desc, nr) == len ? 0 : -EINVAL;
}

/**
 * zmq_sock_find_frames() - the frame table that came with a sendmsg()
 * @m: the message header, its control data in kernel memory
 * @len: bytes of data
 * @desc: set to the table, or NULL if there is none
 * @nr: set to the frames in it
 *
 * Context: Any.
 * Return: 0; -EINVAL for a malformed table, for one with MSG_MORE, which says
 *	that what is whole is not, and for any other control message.
 */
int zmq_sock_find_frames(struct msghdr *m, size_t len,
			 const struct zmq_frame_desc **desc, unsigned int *nr)
{
	struct cmsghdr *cmsg;
	size_t size;

	*desc = NULL;
	for_each_cmsghdr(cmsg, m) {
		if (!CMSG_OK(m, cmsg) || cmsg->cmsg_level != SOL_ZMQ ||
		    cmsg->cmsg_type != ZMQ_FRAMES || *desc)
			return -EINVAL;
		size = cmsg->cmsg_len - sizeof(*cmsg);
		if (size % sizeof(**desc))
			return -EINVAL;
		*desc = CMSG_DATA(cmsg);
		*nr = size / sizeof(**desc);
	}
	if (!*desc)
		return 0;
	return m->msg_flags & MSG_MORE ? -EINVAL : check_frames(*desc, *nr, len);
}

/* Nothing is left behind by a message that cannot go. */
static int send_message(struct zmq_sock *zsk, struct msghdr *m,
			const struct zmq_frame_desc *desc, unsigned int nr)
{
	const unsigned int flags = m->msg_flags;
	struct zmq_msg_mark mark;
	unsigned int i;
	int err = 0;

	/* Somebody sends a message frame by frame: it cannot be completed by
	 * what is a message in itself.
	 */
	if (zsk->tx.started)
		return -EBADFD;
	/* To a stream goes an address and what is to be written there. */
	if (zsk->core.owner.raw && nr > 2)
		return -EINVAL;

	zmq_msg_mark(&zsk->tx, &mark);
	for (i = 0; !err && i < nr; i++) {
		m->msg_flags = flags;
		if (i + 1 < nr)
			m->msg_flags |= MSG_MORE;
		err = zmq_sock_put_frame(zsk, m, desc[i].len);
	}
	m->msg_flags = flags;
	if (err) {
		zmq_msg_rollback(&zsk->tx, &mark);
		zmq_sock_forget_message(zsk);
	}
	return err;
}

static int send_or_wait(struct zmq_sock *zsk, struct msghdr *m,
			const struct zmq_frame_desc *desc, unsigned int nr,
			struct zmq_patience *patience)
{
	struct iov_iter from = m->msg_iter;
	int err;

	for (;;) {
		err = send_message(zsk, m, desc, nr);
		if (err != -EAGAIN)
			return err;
		m->msg_iter = from;
		err = zmq_sock_wait_to_send(zsk, m, patience);
		if (err)
			return err;
	}
}

/* Many messages for the same peer at once. Return: the frames that went, 0 to
 * send one message, which also tells what is wrong.
 */
static unsigned int send_burst(struct zmq_sock *zsk, struct msghdr *m,
			       const struct zmq_frame_desc *desc,
			       unsigned int nr)
{
	const struct zmq_pattern *pattern = zsk->core.pattern;
	struct iov_iter from = m->msg_iter;
	struct zmq_msg *msg = &zsk->tx;
	struct zmq_msg_mark mark;
	unsigned int most, n;

	if (!pattern->burst || msg->started ||
	    nr > ZMQ_INT_LIMIT(zsk->core.owner.zn, max_msg_frames))
		return 0;
	most = pattern->burst(&zsk->core);
	if (most < 2)
		return 0;
	zmq_msg_mark(msg, &mark);
	n = zmq_msg_put_burst(msg, &m->msg_iter, desc, nr, most);
	if (n && pattern->send(&zsk->core, msg,
			       n < nr || m->msg_flags & MSG_BATCH)) {
		zmq_msg_rollback(msg, &mark);
		m->msg_iter = from;
		n = 0;
	}
	zmq_sock_forget_message(zsk);
	return n;
}

/* Return: the frames that went, or why the first message did not. */
static int send_some(struct zmq_sock *zsk, struct msghdr *m,
		     const struct zmq_frame_desc *desc, unsigned int nr,
		     struct zmq_patience *patience)
{
	unsigned int n = send_burst(zsk, m, desc, nr);

	if (n)
		return n;
	n = count_frames(desc, nr);
	if (n < nr)
		m->msg_flags |= MSG_BATCH;
	return send_or_wait(zsk, m, desc, n, patience) ?: n;
}

/**
 * zmq_sock_send_frames() - send whole messages
 * @zsk: the socket
 * @m: the bodies of their frames
 * @desc: the frames, checked by zmq_sock_find_frames()
 * @nr: how many frames
 * @patience: how long the call may sleep
 *
 * Ends before a message without a byte, unless that is the first one: so the
 * number of bytes always tells what was sent.
 *
 * Context: Process context, socket lock held.
 * Return: bytes of the messages sent, or why the first one was not: -EBADFD
 *	if a message is being sent frame by frame, else as for
 *	zmq_sock_sendmsg().
 */
ssize_t zmq_sock_send_frames(struct zmq_sock *zsk, struct msghdr *m,
			     const struct zmq_frame_desc *desc, unsigned int nr,
			     struct zmq_patience *patience)
{
	const unsigned int flags = m->msg_flags;
	size_t sent = 0;
	u64 bytes;
	int n;

	do {
		if (sent && !count_bytes(desc, count_frames(desc, nr)))
			break;
		m->msg_flags = flags;
		n = send_some(zsk, m, desc, nr, patience);
		if (n < 0)
			return sent ?: n;
		bytes = count_bytes(desc, n);
		sent += bytes;
		desc += n;
		nr -= n;
	} while (nr && bytes);
	return sent;
}
