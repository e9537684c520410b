// SPDX-License-Identifier: GPL-2.0-only
/* ioctl(): how much there is to receive, how much is not sent. */

#include <linux/compat.h>
#include <linux/sockios.h>
#include <linux/uaccess.h>
#include <asm/ioctls.h>
#include "pipe/stat.h"
#include "sock.h"

static int next_frame_len(struct zmq_sock *zsk, u64 *len)
{
	const struct zmq_pattern *pattern = zsk->core.pattern;
	struct zmq_frame f;
	int err;

	if (!(pattern->flags & ZMQ_PAT_RECV))
		return -EOPNOTSUPP;
	lock_sock(&zsk->sk);
	err = pattern->peek(&zsk->core, &f);
	release_sock(&zsk->sk);
	*len = err ? 0 : f.len;
	return 0;
}

/**
 * zmq_sock_ioctl() - struct proto_ops' ioctl
 * @sock: the socket
 * @cmd: SIOCINQ: bytes in the frame that the next recv() returns, 0 if there is
 *	none; SIOCOUTQ: bytes of messages that peers have not acknowledged;
 *	SIOCOUTQNSD: those of them that the transport has not been given
 * @arg: where the int goes; more than it holds is INT_MAX
 *
 * Context: Process context.
 * Return: 0, -EFAULT, -EOPNOTSUPP for SIOCINQ on a socket that cannot receive,
 *	-ENOIOCTLCMD for another @cmd.
 */
int zmq_sock_ioctl(struct socket *sock, unsigned int cmd, unsigned long arg)
{
	struct zmq_sock *zsk = zmq_sk(sock->sk);
	u64 amount = 0;
	int err = 0;

	switch (cmd) {
	case SIOCINQ:
		err = next_frame_len(zsk, &amount);
		break;
	case SIOCOUTQ:
		amount = zmq_stat_unsent(&zsk->core, true);
		break;
	case SIOCOUTQNSD:
		amount = zmq_stat_unsent(&zsk->core, false);
		break;
	default:
		err = -ENOIOCTLCMD;
	}
	if (err)
		return err;
	return put_user((int)min_t(u64, amount, INT_MAX), (int __user *)arg);
}

#ifdef CONFIG_COMPAT
/**
 * zmq_sock_compat_ioctl() - zmq_sock_ioctl() for a task of 32 bits
 * @sock: the socket
 * @cmd: as there
 * @arg: as there
 *
 * Context: Process context.
 * Return: as there.
 */
int zmq_sock_compat_ioctl(struct socket *sock, unsigned int cmd,
			  unsigned long arg)
{
	return zmq_sock_ioctl(sock, cmd, (unsigned long)compat_ptr(arg));
}
#endif
