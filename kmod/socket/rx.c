// SPDX-License-Identifier: GPL-2.0-only
/* recvmsg(): one frame, or whole messages. */

#include <linux/uio.h>
#include "base/compat.h"
#include "sock.h"
#include "wait.h"

static int recv_frame(struct zmq_sock *zsk, struct msghdr *m, size_t size,
		      int flags, struct zmq_patience *patience)
{
	struct zmq_frame f;
	size_t copied;
	int err;

	err = zmq_sock_wait_for_frame(zsk, &f, patience);
	if (err)
		return err;
	copied = min_t(u64, f.len, size);
	err = zmq_sock_copy_frame(&f, &m->msg_iter, copied);
	if (!err && unlikely(zmq_passcred(&zsk->sk)))
		err = zmq_sock_put_cred(m, zmq_sock_sender(&f));
	if (err)
		return err;

	zmq_sock_tell_name(zsk, m, f.pipe ?: f.body);
	if (f.len > size)
		m->msg_flags |= MSG_TRUNC;
	if (!f.more)
		m->msg_flags |= MSG_EOR;
	if (!(flags & MSG_PEEK)) {
		if (f.more && !zsk->rcvmore)
			zmq_sock_half_read(zsk);
		WRITE_ONCE(zsk->rcvmore, f.more);
		zsk->core.pattern->consume(&zsk->core, &f);
	}
	return flags & MSG_TRUNC ? min_t(u64, f.len, INT_MAX) : copied;
}

/* By the socket's option, or by the call: who receives from a socket of others
 * must not take a frame of a message in order to find out.
 */
static bool wants_messages(const struct zmq_sock *zsk, const struct msghdr *m,
			   int flags)
{
	return m->msg_controllen && (zsk->core.opts.rcvframes ||
				     flags & (MSG_EOR | MSG_WAITFORONE));
}

/**
 * zmq_sock_recvmsg() - struct proto_ops' recvmsg
 * @sock: the socket
 * @m: where the frame goes; MSG_EOR is set on the last one of a message,
 *	MSG_TRUNC if it did not fit
 * @size: room
 * @flags: MSG_DONTWAIT, MSG_PEEK, MSG_TRUNC; MSG_EOR for a whole message,
 *	MSG_WAITFORONE for whole messages; MSG_ERRQUEUE receives, in the
 *	control buffer alone, what MSG_ZEROCOPY is told
 *
 * A call that fails leaves the frame where it was.
 *
 * Context: Process context.
 * Return: bytes copied, or the frame's length with MSG_TRUNC in @flags, or
 *	-EAGAIN, -EBADFD, -EFAULT, -EINTR, -EOPNOTSUPP, -ESHUTDOWN.
 */
int zmq_sock_recvmsg(struct socket *sock, struct msghdr *m, size_t size,
		     int flags)
{
	struct sock *sk = sock->sk;
	struct zmq_sock *zsk = zmq_sk(sk);
	struct zmq_patience patience = {};
	bool nowait;
	int ret;

	if (flags & MSG_ERRQUEUE)
		return sock_recv_errqueue(sk, m, size, SOL_ZMQ, ZMQ_RECVERR);
	if (!(zsk->core.pattern->flags & ZMQ_PAT_RECV) || flags & MSG_OOB)
		return -EOPNOTSUPP;

	m->msg_namelen = 0;
	patience.timeo = sock_rcvtimeo(sk, flags & MSG_DONTWAIT);
	nowait = !patience.timeo;
	lock_sock(sk);
	if (zsk->rcvmore)
		zmq_sock_half_drop(zsk);
	if (sk->sk_shutdown & RCV_SHUTDOWN)
		ret = -ESHUTDOWN;
	else if (wants_messages(zsk, m, flags))
		ret = zmq_sock_recv_frames(zsk, m, size, flags, &patience);
	else
		ret = recv_frame(zsk, m, size, flags, &patience);
	/* Loops that were made for datagrams call until they are told to wait. */
	if (ret == -EBADFD && nowait && sk->sk_type == SOCK_DGRAM)
		ret = -EAGAIN;
	if (m->msg_get_inq)
		m->msg_inq = zmq_sock_has_input(zsk);
	release_sock(sk);
	if (patience.slept && zmq_sock_has_input(zsk))
		zmq_core_wake_readers(&zsk->core, 1);
	return ret;
}
