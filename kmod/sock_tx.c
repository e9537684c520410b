// SPDX-License-Identifier: GPL-2.0-only
/* sendmsg(): one frame of a message that goes out when its last frame came. */

#include <linux/sched/signal.h>
#include <linux/uio.h>
#include "conn.h"
#include "sock.h"
#include "wait.h"

#define SEND_FLAGS	(MSG_MORE | MSG_DONTWAIT | MSG_NOSIGNAL | MSG_EOR | \
			 MSG_BATCH | MSG_CMSG_COMPAT)

static void forget_message(struct zmq_sock *zsk)
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
		forget_message(zsk);
}

static bool may_send(struct zmq_sock *zsk)
{
	const struct zmq_pattern *pattern = zsk->core.pattern;

	if (pattern->can_retry)
		return pattern->can_retry(&zsk->core) != -EAGAIN;
	return pattern->can_send(&zsk->core) != -EAGAIN;
}

static int wait_for_credit(struct zmq_sock *zsk, long *timeo)
{
	return zmq_sock_wait(zsk, EPOLLOUT, may_send, timeo);
}

static int begin(struct zmq_sock *zsk, long *timeo)
{
	const struct zmq_pattern *pattern = zsk->core.pattern;
	int err;

	for (;;) {
		err = pattern->begin ? pattern->begin(&zsk->core, &zsk->tx) : 0;
		if (!err) {
			zsk->tx.started = true;
			return 0;
		}
		forget_message(zsk);
		if (err != -EAGAIN)
			return err;
		err = wait_for_credit(zsk, timeo);
		if (err)
			return err;
	}
}

/* The first frame says where the others go; it is not sent itself. */
static int take_address(struct zmq_sock *zsk, struct msghdr *m, size_t len,
			long *timeo)
{
	const struct zmq_pattern *pattern = zsk->core.pattern;
	struct zmq_msg *msg = &zsk->tx;
	u8 id[ZMQ_ROUTING_ID_MAX];
	int err;

	if (len > sizeof(id))
		return -EINVAL;
	if (!copy_from_iter_full(id, len, &m->msg_iter))
		return -EFAULT;
	/* As with libzmq, an address without a message is a message to nobody. */
	if (!(m->msg_flags & MSG_MORE))
		return 0;

	memcpy(msg->id, id, len);
	msg->id_len = len;
	for (;;) {
		err = pattern->address(&zsk->core, msg);
		if (!err) {
			msg->has_id = true;
			msg->started = true;
			return 0;
		}
		if (err == -EAGAIN)
			err = wait_for_credit(zsk, timeo);
		if (err) {
			forget_message(zsk);
			return err;
		}
	}
}

/* Give the pattern the frame that was just encoded, or the whole message. */
static int offer(struct zmq_sock *zsk, const struct msghdr *m, long *timeo)
{
	const struct zmq_pattern *pattern = zsk->core.pattern;
	bool more = m->msg_flags & MSG_MORE;
	struct zmq_msg *msg = &zsk->tx;
	int err = 0;

	for (;;) {
		if (!more)
			err = pattern->send(&zsk->core, msg,
					    m->msg_flags & MSG_BATCH);
		else if (pattern->admit && msg->frames == 1)
			err = pattern->admit(&zsk->core, msg);
		if (!err && !more)
			forget_message(zsk);
		if (err != -EAGAIN)
			return err;
		err = wait_for_credit(zsk, timeo);
		if (err)
			return err;
	}
}

static int send_frame(struct zmq_sock *zsk, struct msghdr *m, size_t len,
		      long *timeo)
{
	bool more = m->msg_flags & MSG_MORE;
	struct zmq_msg *msg = &zsk->tx;
	struct zmq_msg_mark mark;
	int err;

	if (!msg->started) {
		err = begin(zsk, timeo);
		if (err)
			return err;
	}
	zmq_msg_mark(msg, &mark);
	err = zmq_msg_put_frame(msg, &m->msg_iter, len, more);
	if (!err) {
		err = offer(zsk, m, timeo);
		/* So that the caller can offer the same frame again. */
		if (err)
			zmq_msg_rollback(msg, &mark);
	}
	if (err == -EHOSTUNREACH)
		forget_message(zsk);
	else if (err)
		forget_if_empty(zsk);
	return err;
}

/**
 * zmq_sock_sendmsg() - struct proto_ops' sendmsg
 * @sock: the socket
 * @m: the frame; MSG_MORE if the message goes on
 * @len: its length
 *
 * A call that fails changes nothing: it may be repeated.
 *
 * Context: Process context.
 * Return: @len, or -EAGAIN, -EBADFD, -EFAULT, -EHOSTUNREACH, -EINTR, -EINVAL,
 *	-ENOBUFS, -EOPNOTSUPP.
 */
int zmq_sock_sendmsg(struct socket *sock, struct msghdr *m, size_t len)
{
	struct sock *sk = sock->sk;
	struct zmq_sock *zsk = zmq_sk(sk);
	const struct zmq_pattern *pattern = zsk->core.pattern;
	long timeo;
	int err;

	if (!(pattern->flags & ZMQ_PAT_SEND))
		return -EOPNOTSUPP;
	if (m->msg_flags & ~SEND_FLAGS || m->msg_namelen || m->msg_controllen)
		return -EOPNOTSUPP;
	if (len > INT_MAX)
		return -EMSGSIZE;

	timeo = sock_sndtimeo(sk, m->msg_flags & MSG_DONTWAIT);
	lock_sock(sk);
	if ((pattern->flags & ZMQ_PAT_ADDRESSED) && !zsk->tx.has_id)
		err = take_address(zsk, m, len, &timeo);
	else
		err = send_frame(zsk, m, len, &timeo);
	release_sock(sk);
	return err ?: len;
}
