// SPDX-License-Identifier: GPL-2.0-only
/* One frame of a message that goes out when its last frame came. */

#include <linux/uio.h>
#include "base/zerocopy.h"
#include "sock.h"
#include "wait.h"

/**
 * zmq_sock_forget_message() - drop the message that is being sent
 * @zsk: the socket
 *
 * Context: Process context, socket lock held.
 */
void zmq_sock_forget_message(struct zmq_sock *zsk)
{
	struct zmq_msg *msg = &zsk->tx;

	if (msg->pipe)
		zmq_pipe_put(msg->pipe);
	msg->pipe = NULL;
	zmq_msg_reset(msg);
}

/* Nothing of the caller's is in the message: the next call starts anew. */
static void forget_if_empty(struct zmq_sock *zsk)
{
	if (!zsk->tx.frames && !zsk->tx.has_id)
		zmq_sock_forget_message(zsk);
}

/**
 * zmq_sock_may_send() - may a message that was refused with -EAGAIN go now
 * @zsk: the socket
 *
 * Context: Process context, no lock needed.
 * Return: true if it is worth another try.
 */
bool zmq_sock_may_send(struct zmq_sock *zsk)
{
	const struct zmq_pattern *pattern = zsk->core.pattern;

	if (pattern->can_retry)
		return pattern->can_retry(&zsk->core) != -EAGAIN;
	return pattern->can_send(&zsk->core) != -EAGAIN;
}

/**
 * zmq_sock_wait_to_send() - sleep until a message may go that was refused
 * @zsk: the socket
 * @m: the message, and what follows it in the call
 * @patience: how long; updated
 *
 * Context: Process context, socket lock held; it is released meanwhile.
 * Return: 0 to try again; as zmq_sock_wait() and zmq_zerocopy_begin().
 */
int zmq_sock_wait_to_send(struct zmq_sock *zsk, struct msghdr *m,
			  struct zmq_patience *patience)
{
	int err;

	zmq_zerocopy_refuse(m);
	err = zmq_sock_wait(zsk, EPOLLOUT, zmq_sock_may_send, patience);
	return err ?: zmq_zerocopy_begin(&zsk->sk, m);
}

static int begin(struct zmq_sock *zsk)
{
	const struct zmq_pattern *pattern = zsk->core.pattern;
	int err;

	err = pattern->begin ? pattern->begin(&zsk->core, &zsk->tx) : 0;
	if (err)
		zmq_sock_forget_message(zsk);
	else
		zsk->tx.started = true;
	return err;
}

static int address(struct zmq_sock *zsk)
{
	struct zmq_msg *msg = &zsk->tx;
	int err;

	err = zsk->core.pattern->address(&zsk->core, msg);
	if (err) {
		zmq_sock_forget_message(zsk);
		return err;
	}
	msg->has_id = true;
	msg->started = true;
	return 0;
}

/* The caller's address says where the message goes. */
static int take_name(struct zmq_sock *zsk, const struct msghdr *m)
{
	struct zmq_msg *msg = &zsk->tx;
	u32 number;
	int err;

	err = zmq_sock_take_name(zsk, m, &number);
	if (err)
		return err;
	if (msg->has_id)
		return msg->peer == number ? 0 : -EINVAL;
	msg->peer = number;
	return address(zsk);
}

/* The first frame says where the others go; it is not sent itself. */
static int take_address(struct zmq_sock *zsk, struct msghdr *m, size_t len)
{
	struct zmq_msg *msg = &zsk->tx;
	u8 id[ZMQ_ROUTING_ID_MAX];

	if (len > sizeof(id))
		return -EINVAL;
	if (!copy_from_iter_full(id, len, &m->msg_iter))
		return -EFAULT;
	/* As with libzmq, an address without a message is a message to nobody. */
	if (!(m->msg_flags & MSG_MORE))
		return 0;

	memcpy(msg->id, id, len);
	msg->id_len = len;
	return address(zsk);
}

/* Give the pattern the frame that was just encoded, or the whole message. */
static int offer(struct zmq_sock *zsk, const struct msghdr *m)
{
	const struct zmq_pattern *pattern = zsk->core.pattern;
	struct zmq_msg *msg = &zsk->tx;
	int err;

	if (m->msg_flags & MSG_MORE)
		return pattern->admit && msg->frames == 1 ?
		       pattern->admit(&zsk->core, msg) : 0;
	err = pattern->send(&zsk->core, msg, m->msg_flags & MSG_BATCH);
	if (!err)
		zmq_sock_forget_message(zsk);
	return err;
}

static int send_frame(struct zmq_sock *zsk, struct msghdr *m, size_t len)
{
	struct zmq_msg *msg = &zsk->tx;
	struct zmq_msg_mark mark;
	int err;

	/* Bytes of a stream have no frames. */
	if (zsk->core.owner.raw)
		m->msg_flags &= ~MSG_MORE;
	if (!msg->started) {
		err = begin(zsk);
		if (err)
			return err;
	}
	/* No peer of ours would take more. */
	if (msg->frames &&
	    msg->frames >= ZMQ_INT_LIMIT(zsk->core.owner.zn, max_msg_frames)) {
		zmq_sock_forget_message(zsk);
		return -EMSGSIZE;
	}
	zmq_msg_mark(msg, &mark);
	err = zmq_msg_put_frame(msg, &m->msg_iter, len,
				m->msg_flags & MSG_MORE, m->msg_ubuf);
	if (err) {
		forget_if_empty(zsk);
		return err;
	}
	err = offer(zsk, m);
	if (!err)
		return 0;
	/* So that the same frame can be offered again. */
	zmq_msg_rollback(msg, &mark);
	if (err == -EHOSTUNREACH || err == -EMSGSIZE)
		zmq_sock_forget_message(zsk);
	else
		forget_if_empty(zsk);
	return err;
}

/**
 * zmq_sock_put_frame() - add a frame to the message that is being sent
 * @zsk: the socket
 * @m: the frame; the message is sent unless it has MSG_MORE
 * @len: its length
 *
 * Context: Process context, socket lock held.
 * Return: 0; -EAGAIN to wait for zmq_sock_may_send(); else as for
 *	zmq_sock_sendmsg(). The message is then as it was before.
 */
int zmq_sock_put_frame(struct zmq_sock *zsk, struct msghdr *m, size_t len)
{
	bool addressed = zsk->core.pattern->flags & ZMQ_PAT_ADDRESSED;
	int err;

	if (m->msg_namelen) {
		if (addressed)
			err = take_name(zsk, m);
		else
			err = zsk->core.opts.name_form ? 0 : -EOPNOTSUPP;
		if (err)
			return err;
	} else if (addressed && !zsk->tx.has_id) {
		return take_address(zsk, m, len);
	}
	err = send_frame(zsk, m, len);
	if (err && m->msg_namelen && !zsk->tx.frames)
		zmq_sock_forget_message(zsk);
	return err;
}
