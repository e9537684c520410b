// SPDX-License-Identifier: GPL-2.0-only
/* The frame that is received next: its body, and whose it is. */

#include <linux/cred.h>
#include <linux/pid.h>
#include <linux/uidgid.h>
#include <linux/uio.h>
#include <linux/user_namespace.h>
#include "pipe/peercred.h"
#include "sock.h"

/**
 * zmq_sock_copy_frame() - copy the body of a frame to the caller
 * @f: the frame that is received next
 * @to: where to
 * @len: how much of it
 *
 * Context: Process context, socket lock held; may fault in user memory.
 * Return: 0 or -EFAULT.
 */
int zmq_sock_copy_frame(const struct zmq_frame *f, struct iov_iter *to,
			size_t len)
{
	if (!len)
		return 0;
	if (f->pipe)
		return zmq_pipe_copy_iter(f->pipe, 0, to, len);
	return copy_to_iter(f->mem, len, to) == len ? 0 : -EFAULT;
}

/**
 * zmq_sock_sender() - whose process sent a frame
 * @f: the frame that is received next
 *
 * Context: Process context, socket lock held.
 * Return: as zmq_pipe_cred(); NULL also for what no peer sent as a message.
 */
const struct zmq_peercred *zmq_sock_sender(const struct zmq_frame *f)
{
	struct zmq_pipe *pipe = f->pipe;

	if (!pipe && f->more)
		pipe = f->body;
	return pipe ? zmq_pipe_cred(pipe) : NULL;
}

/**
 * zmq_sock_put_cred() - SCM_CREDENTIALS, in the reader's namespaces
 * @m: where it goes; MSG_CTRUNC if there is too little room
 * @pc: the sender, or NULL for none
 *
 * Context: Process context of the reader.
 * Return: 0 or -EFAULT.
 */
int zmq_sock_put_cred(struct msghdr *m, const struct zmq_peercred *pc)
{
	struct user_namespace *ns = current_user_ns();
	struct ucred ucred;

	if (!pc)
		return 0;
	ucred.pid = pid_vnr(pc->pid);
	ucred.uid = from_kuid_munged(ns, pc->cred->euid);
	ucred.gid = from_kgid_munged(ns, pc->cred->egid);
	return put_cmsg(m, SOL_SOCKET, SCM_CREDENTIALS, sizeof(ucred), &ucred);
}
