// SPDX-License-Identifier: GPL-2.0-only
/* recvmsg(): one frame; poll(): what recvmsg() and sendmsg() would say. */

#include <linux/cred.h>
#include <linux/pid.h>
#include <linux/poll.h>
#include <linux/sched/signal.h>
#include <linux/uidgid.h>
#include <linux/uio.h>
#include <linux/user_namespace.h>
#include "base/compat.h"
#include "conn/conn.h"
#include "pipe/peercred.h"
#include "sock.h"
#include "wait.h"

static bool has_input(struct zmq_sock *zsk)
{
	const struct zmq_core *core = &zsk->core;

	return READ_ONCE(core->rx_pipe) || !list_empty(&core->ready) ||
	       (core->pattern->has_input && core->pattern->has_input(core));
}

/**
 * zmq_sock_wait_for_frame() - find the frame that is received next
 * @zsk: the socket
 * @f: the frame
 * @patience: how long to wait for it
 *
 * Context: Process context, socket lock held; it is released meanwhile.
 * Return: 0, -EAGAIN, -EBADFD, -EINTR, -ERESTARTSYS or -ESHUTDOWN.
 */
int zmq_sock_wait_for_frame(struct zmq_sock *zsk, struct zmq_frame *f,
			    struct zmq_patience *patience)
{
	const struct zmq_pattern *pattern = zsk->core.pattern;
	int err;

	for (;;) {
		err = pattern->peek(&zsk->core, f);
		if (err != -EAGAIN)
			return err;
		err = zmq_sock_wait(zsk, EPOLLIN, has_input, patience);
		if (err)
			return err;
	}
}

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
		m->msg_inq = has_input(zsk);
	release_sock(sk);
	if (patience.slept && has_input(zsk))
		zmq_core_wake_readers(&zsk->core, 1);
	return ret;
}

/* Who holds the lock may do so for as long as it likes. It wakes us when it
 * lets go, since what it has done can be all that we were to see.
 */
static bool finds_frame(struct zmq_sock *zsk)
{
	int err;

	if (!zmq_task_trylock(&zsk->core.owner.tasks, &zsk->poll_missed))
		return false;
	err = zmq_sock_can_recv(zsk);
	release_sock(&zsk->sk);
	return !err;
}

static bool readable(struct zmq_sock *zsk)
{
	const struct zmq_pattern *pattern = zsk->core.pattern;

	if (!(pattern->flags & ZMQ_PAT_RECV) || !has_input(zsk))
		return false;
	if (!(pattern->flags & ZMQ_PAT_FILTERS))
		return true;
	switch (pattern->glance(&zsk->core)) {
	case 0:
		return true;
	case -EAGAIN:
		return finds_frame(zsk);
	}
	return false;
}

/* Whoever has nothing to read is about to sleep. If the lock is taken, its
 * holder sends what is held back, or the socket's timer does.
 */
static void send_held(struct zmq_sock *zsk)
{
	struct zmq_owner *owner = &zsk->core.owner;

	if (list_empty(&owner->unflushed) ||
	    !zmq_task_trylock(&owner->tasks, NULL))
		return;
	zmq_owner_flush(owner);
	release_sock(&zsk->sk);
}

/**
 * zmq_sock_poll_release() - the socket lock is about to be released
 * @zsk: the socket
 *
 * Context: From release_sock(), with the socket's spinlock held.
 */
void zmq_sock_poll_release(struct zmq_sock *zsk)
{
	if (!zsk->poll_missed)
		return;
	zsk->poll_missed = false;
	zmq_core_wake_readers(&zsk->core, UINT_MAX);
}

/**
 * zmq_sock_poll() - struct proto_ops' poll
 * @file: the file
 * @sock: the socket
 * @wait: the poll table
 *
 * EPOLLIN and EPOLLOUT say what the next call would do. That no peer is there
 * is neither an error nor a hang-up: one may come. EPOLLHUP comes of shutdown()
 * alone. EPOLLERR says that MSG_ERRQUEUE
 * has something.
 *
 * Context: Process context; waits for nobody.
 * Return: the events.
 */
__poll_t zmq_sock_poll(struct file *file, struct socket *sock,
		       struct poll_table_struct *wait)
{
	struct zmq_sock *zsk = zmq_sk(sock->sk);
	const struct zmq_pattern *pattern = zsk->core.pattern;
	__poll_t events = 0;
	u8 shut;

	/* Holds the barrier that wake-ups pair with. */
	sock_poll_wait(file, sock, wait);

	shut = READ_ONCE(zsk->sk.sk_shutdown);
	if (unlikely(shut & RCV_SHUTDOWN))
		events |= EPOLLIN | EPOLLRDNORM | EPOLLRDHUP;
	if (unlikely(shut & SEND_SHUTDOWN))
		events |= EPOLLOUT | EPOLLWRNORM;
	if (unlikely(shut == SHUTDOWN_MASK))
		events |= EPOLLHUP;

	if (readable(zsk))
		events |= EPOLLIN | EPOLLRDNORM;
	else
		send_held(zsk);
	if ((pattern->flags & ZMQ_PAT_SEND) && zmq_sock_has_room(zsk))
		events |= EPOLLOUT | EPOLLWRNORM;
	if (!skb_queue_empty_lockless(&zsk->sk.sk_error_queue))
		events |= EPOLLERR;
	return events;
}
