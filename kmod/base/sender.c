// SPDX-License-Identifier: GPL-2.0-only
/*
 * In whose name bytes leave by a UNIX stream. UNIX sockets take the task that
 * calls for the sender; here that may be a worker, somebody who polls, or
 * another process that has the socket, none of whom the bytes are of.
 */

#include <linux/cred.h>
#include <linux/net.h>
#include <linux/pid.h>
#include <linux/sched.h>
#include <linux/sched/signal.h>
#include <net/af_unix.h>
#include "compat.h"
#include "sender.h"

/**
 * zmq_sender_current() - note the current process
 * @sender: zeroed
 *
 * Context: Process context of a system call.
 */
void zmq_sender_current(struct zmq_sender *sender)
{
	zmq_sender_copy(sender, task_tgid(current), current_cred());
}

/**
 * zmq_sender_copy() - note a process
 * @sender: zeroed
 * @pid: the process
 * @cred: its credentials
 *
 * Context: Any.
 */
void zmq_sender_copy(struct zmq_sender *sender, struct pid *pid,
		     const struct cred *cred)
{
	sender->pid = get_pid(pid);
	sender->cred = get_cred(cred);
}

/**
 * zmq_sender_put() - forget a process
 * @sender: zeroed, or as set before
 *
 * Context: Any.
 */
void zmq_sender_put(struct zmq_sender *sender)
{
	put_pid(sender->pid);
	put_cred(sender->cred);
}

/**
 * zmq_sender_may_run() - may this task call zmq_sender_sendmsg()
 * @sender: who made the connection
 *
 * Context: Process context.
 * Return: true if it is that process, or a kernel thread, which may name it.
 */
bool zmq_sender_may_run(const struct zmq_sender *sender)
{
	if (!sender->pid || current->flags & PF_KTHREAD)
		return true;
	return task_tgid(current) == sender->pid &&
	       uid_eq(current_uid(), sender->cred->uid) &&
	       gid_eq(current_gid(), sender->cred->gid);
}

/**
 * zmq_unix_peer() - get the other end of a UNIX stream
 * @sk: the UNIX socket
 *
 * As unix_peer_get(), which not all kernels have for modules.
 *
 * Context: Process context.
 * Return: the socket, for sock_put(), or NULL if it is not connected.
 */
struct sock *zmq_unix_peer(struct sock *sk)
{
	struct sock *peer;

	unix_state_lock(sk);
	peer = unix_peer(sk);
	if (peer)
		sock_hold(peer);
	unix_state_unlock(sk);
	return peer;
}

static bool is_alive(struct pid *pid)
{
	bool alive;

	rcu_read_lock();
	alive = pid_task(pid, PIDTYPE_TGID);
	rcu_read_unlock();
	return alive;
}

/* In the first namespaces, where kernel threads are. */
static int send_named(const struct zmq_sender *sender, struct socket *sock,
		      struct msghdr *m)
{
	union {
		char		room[CMSG_SPACE(sizeof(struct ucred))];
		struct cmsghdr	hdr;
	} control = {
		.hdr = {
			.cmsg_len = CMSG_LEN(sizeof(struct ucred)),
			.cmsg_level = SOL_SOCKET,
			.cmsg_type = SCM_CREDENTIALS,
		},
	};
	struct ucred *ucred = (struct ucred *)CMSG_DATA(&control.hdr);
	int ret;

	ucred->pid = pid_nr(sender->pid);
	ucred->uid = __kuid_val(sender->cred->uid);
	ucred->gid = __kgid_val(sender->cred->gid);
	m->msg_control = &control;
	m->msg_controllen = sizeof(control);
	ret = sock_sendmsg(sock, m);
	m->msg_control = NULL;
	m->msg_controllen = 0;
	return ret;
}

enum wish {
	WISH_NONE,
	WISH_LATER,	/* nobody has accepted the stream */
	WISH_NAMES,
};

static enum wish peers_wish(struct socket *sock)
{
	struct sock *peer = zmq_unix_peer(sock->sk);
	enum wish wish = WISH_NONE;

	if (!peer)
		return WISH_NONE;
	unix_state_lock(peer);
	if (zmq_scm_credentials(sock->sk))
		wish = WISH_NAMES;
	else if (!peer->sk_socket)
		wish = sock_flag(peer, SOCK_DEAD) ? WISH_NONE : WISH_LATER;
	else if (zmq_scm_credentials(peer))
		wish = WISH_NAMES;
	unix_state_unlock(peer);
	sock_put(peer);
	return wish;
}

/* Its number may be another one's by now, so nobody is told a name; a peer that
 * wants one is left.
 */
static int send_nameless(const struct zmq_sender *sender, struct socket *sock,
			 struct msghdr *m)
{
	const struct cred *cred;
	int ret;

	switch (peers_wish(sock)) {
	case WISH_LATER:
		return -ENOBUFS;
	case WISH_NAMES:
		kernel_sock_shutdown(sock, SHUT_RDWR);
		return -EPIPE;
	default:
		break;
	}
	cred = override_creds(sender->cred);
	ret = sock_sendmsg(sock, m);
	revert_creds(cred);
	return ret;
}

/**
 * zmq_sender_sendmsg() - send in the name of who made the connection
 * @sender: who
 * @sock: the stream
 * @m: the bytes, without control messages
 *
 * Context: Process context, if zmq_sender_may_run().
 * Return: bytes sent or an errno of sendmsg(2); -ENOBUFS if that is to be seen
 *	later; -EPIPE if the stream was ended, since the peer wants to know
 *	who sends and that process is no more.
 */
int zmq_sender_sendmsg(const struct zmq_sender *sender, struct socket *sock,
		       struct msghdr *m)
{
	int ret = -ESRCH;

	if (!sender->pid || !(current->flags & PF_KTHREAD))
		return sock_sendmsg(sock, m);
	if (is_alive(sender->pid))
		ret = send_named(sender, sock, m);
	return ret == -ESRCH ? send_nameless(sender, sock, m) : ret;
}

/**
 * zmq_unix_has_files() - was a UNIX stream sent descriptors
 * @sk: a stream of any family
 *
 * They could be of the socket whose child it is, and nobody would ever find out
 * that each keeps the other.
 *
 * Context: Any.
 * Return: true if so and they have not been read.
 */
bool zmq_unix_has_files(struct sock *sk)
{
	return sk->sk_family == AF_UNIX &&
	       atomic_read(&unix_sk(sk)->scm_stat.nr_fds);
}
