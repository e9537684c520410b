// SPDX-License-Identifier: GPL-2.0-only
/* sendmsg(): one frame, or whole messages. */

#include <linux/uio.h>
#include "base/compat.h"
#include "base/zerocopy.h"
#include "sock.h"
#include "wait.h"

/* What means nothing here is ignored, but no page can become a frame. */
#define REFUSED_FLAGS	(MSG_OOB | ZMQ_MSG_PAGES)

/* Nobody sleeps with a frame half offered: while the lock is released others
 * may send.
 */
static int send_or_wait(struct zmq_sock *zsk, struct msghdr *m, size_t len,
			struct zmq_patience *patience)
{
	const bool first = !zsk->tx.started;
	struct iov_iter from = m->msg_iter;
	int err;

	do {
		err = zmq_sock_put_frame(zsk, m, len);
		if (err != -EAGAIN)
			break;
		m->msg_iter = from;
		err = zmq_sock_wait_to_send(zsk, m, patience);
	} while (!err);
	if (zsk->tx.started) {
		if (err)
			zmq_sock_half_refused(zsk, m, &from, len, err);
		else
			zmq_sock_half_sent(zsk, first);
	}
	return err;
}

/* Loops that were made for datagrams call until they are told to wait. */
static int out_of_turn(struct zmq_sock *zsk, bool nowait)
{
	if (!nowait || zsk->sk.sk_type != SOCK_DGRAM)
		return -EBADFD;
	return zmq_sock_has_room(zsk) ? -EBADFD : -EAGAIN;
}

/**
 * zmq_sock_sendmsg() - struct proto_ops' sendmsg
 * @sock: the socket
 * @m: the frame; MSG_MORE if the message goes on; or whole messages, with
 *	their ZMQ_FRAMES; and an address in place of a routing id
 * @len: bytes of data
 *
 * A call that fails changes nothing: it may be repeated.
 *
 * Context: Process context.
 * Return: bytes sent, or -EAGAIN, -EBADFD, -EFAULT, -EHOSTUNREACH, -EINTR, -EINVAL,
 *	-EMSGSIZE, -ENOBUFS, -EOPNOTSUPP, -ESHUTDOWN.
 */
int zmq_sock_sendmsg(struct socket *sock, struct msghdr *m, size_t len)
{
	struct sock *sk = sock->sk;
	struct zmq_sock *zsk = zmq_sk(sk);
	const struct zmq_pattern *pattern = zsk->core.pattern;
	struct zmq_patience patience = {};
	const struct zmq_frame_desc *desc;
	unsigned int nr;
	bool nowait;
	int ret;

	if (!(pattern->flags & ZMQ_PAT_SEND))
		return -EOPNOTSUPP;
	if (m->msg_flags & REFUSED_FLAGS)
		return -EOPNOTSUPP;
	if (len > INT_MAX)
		return -EMSGSIZE;
	ret = zmq_sock_find_frames(m, len, &desc, &nr);
	if (ret)
		return ret;

	patience.timeo = sock_sndtimeo(sk, m->msg_flags & MSG_DONTWAIT);
	nowait = !patience.timeo;
	lock_sock(sk);
	if (zsk->tx.started)
		zmq_sock_half_check(zsk, desc ? NULL : m, len);
	ret = sk->sk_shutdown & SEND_SHUTDOWN ? -ESHUTDOWN :
	      zmq_zerocopy_begin(sk, m);
	if (!ret && desc)
		ret = zmq_sock_send_frames(zsk, m, desc, nr, &patience);
	else if (!ret)
		ret = send_or_wait(zsk, m, len, &patience) ?: len;
	if (ret == -EBADFD)
		ret = out_of_turn(zsk, nowait);
	zmq_zerocopy_end(m, ret >= 0);
	release_sock(sk);
	return ret;
}
