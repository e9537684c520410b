// SPDX-License-Identifier: GPL-2.0-only
/* Child sockets, which obey the same policy as their owner. */

#include <linux/anon_inodes.h>
#include <linux/cgroup.h>
#include <linux/cred.h>
#include <linux/file.h>
#include <linux/net.h>
#include <net/af_unix.h>
#include "base/compat.h"
#include "base/drop.h"
#include "base/mem.h"
#include "child.h"
#include "wire/sockaddr.h"

static void set_buffers(struct sock *sk, const struct zmq_opts *opts)
{
	lock_sock(sk);
	if (opts->sndbuf > 0) {
		sk->sk_userlocks |= SOCK_SNDBUF_LOCK;
		WRITE_ONCE(sk->sk_sndbuf,
			   max_t(int, min_t(u32, opts->sndbuf,
					    READ_ONCE(sysctl_wmem_max)) * 2,
				 SOCK_MIN_SNDBUF));
	}
	release_sock(sk);
	if (opts->rcvbuf > 0)
		sock_set_rcvbuf(sk, min_t(u32, opts->rcvbuf,
					  READ_ONCE(sysctl_rmem_max)));
}

/* A child made by a worker was born into the root's cgroup. */
static void inherit_cgroup(struct sock *sk, const struct sock *from)
{
#ifdef CONFIG_SOCK_CGROUP_DATA
	struct cgroup *old = sk->sk_cgrp_data.cgroup;
	struct cgroup *new = from->sk_cgrp_data.cgroup;

	if (!old || !new || old == new)
		return;
	cgroup_get(new);
	cgroup_bpf_get(new);
	sk->sk_cgrp_data = from->sk_cgrp_data;
	cgroup_bpf_put(old);
	cgroup_put(old);
#endif
}

static const struct file_operations face_fops = {
	.owner	= THIS_MODULE,
};

static bool is_ip(int family)
{
	return family == AF_INET || family == AF_INET6;
}

/**
 * zmq_child_show_user() - prepare to show firewalls whose children are
 * @owner: whose
 * @family: of the child
 *
 * They ask the file of a packet's socket. Children that had the file of their
 * owner would keep it open, so there is another one of the same user, which
 * lasts for as long as they do.
 *
 * Context: Process context, socket lock held unless there is one already.
 * Return: 0, -ENFILE or -ENOMEM.
 */
int zmq_child_show_user(struct zmq_owner *owner, int family)
{
	const struct socket *sock = owner->tasks.sk->sk_socket;
	const struct cred *cred;
	struct file *file;

	if (!is_ip(family) || owner->face || !sock || !sock->file)
		return 0;
	cred = override_creds(sock->file->f_cred);
	file = anon_inode_getfile("[zmq]", &face_fops, NULL, O_RDWR);
	revert_creds(cred);
	if (IS_ERR(file))
		return PTR_ERR(file);
	owner->face = file;
	return 0;
}

/* Whoever looks for the file of a socket holds this lock. */
static void set_face(struct socket *sock, struct file *face)
{
	write_lock_bh(&sock->sk->sk_callback_lock);
	sock->file = face;
	write_unlock_bh(&sock->sk->sk_callback_lock);
}

/* Firewalls, routing, accounting and ss must see the owner in its children,
 * also in those that a worker made. What came in by a listener that user space
 * made has its mark and priority, as if user space had accepted it.
 */
static void inherit(struct zmq_owner *owner, struct socket *sock, bool adopted)
{
	struct sock *from = owner->tasks.sk;
	unsigned long ino = sock_i_ino(from);
	struct sock *sk = sock->sk;

	SOCK_INODE(sock)->i_uid = from->sk_uid;
	if (ino)
		zmq_set_ino(sock, ino);

	lock_sock(sk);
	if (!adopted) {
		sk->sk_mark = from->sk_mark;
		sk->sk_priority = from->sk_priority;
	}
	sk->sk_uid = from->sk_uid;
	release_sock(sk);
	if (is_ip(sk->sk_family))
		set_face(sock, owner->face);
	set_buffers(sk, owner->opts);
}

/**
 * zmq_child_create() - make a child socket
 * @owner: whose
 * @family: AF_INET, AF_INET6, AF_UNIX or AF_VSOCK
 * @protocol: of that family
 * @res: set to the socket
 *
 * It is made in the calling task, or under the caller's credentials, and not
 * as a kernel socket, so that its cgroup, memory cgroup, LSM label and
 * reference to the network namespace are those of the caller.
 *
 * Context: Process context.
 * Return: 0 or an errno of socket(2).
 */
int zmq_child_create(struct zmq_owner *owner, int family, int protocol,
		     struct socket **res)
{
	struct sock *from = owner->tasks.sk;
	struct socket *sock;
	int err;

	err = zmq_child_show_user(owner, family);
	if (err)
		return err;
	err = __sock_create(sock_net(from), family, SOCK_STREAM, protocol,
			    &sock, 0);
	if (err)
		return err;
	inherit_cgroup(sock->sk, from);
	inherit(owner, sock, false);
	*res = sock;
	return 0;
}

/**
 * zmq_child_adopt() - make a socket that was accepted a child
 * @owner: whose
 * @transport: of the listener
 * @listener: the listening child
 * @sock: what was accepted; released if it does not become one
 *
 * Context: Process context, socket lock held.
 * Return: 0, -ECONNABORTED if it was turned away, or -ENOMEM.
 */
int zmq_child_adopt(struct zmq_owner *owner,
		    const struct zmq_transport *transport,
		    struct socket *listener, struct socket *sock)
{
	if (transport->admit && !transport->admit(owner, sock)) {
		zmq_drop(owner->tasks.sk, NULL, ZMQ_MIB_ACCEPTDENIED, 1);
		sock_release(sock);
		return -ECONNABORTED;
	}
	if (!zmq_mem_adopt(sock->sk, owner->tasks.sk)) {
		sock_release(sock);
		return -ENOMEM;
	}
	SOCK_INODE(sock)->i_gid = SOCK_INODE(listener)->i_gid;
	inherit(owner, sock, zmq_child_is_file(listener));
	if (transport->inherit)
		transport->inherit(owner, sock);
	return 0;
}

/**
 * zmq_child_accept() - take the next connection of a listener
 * @owner: whose
 * @transport: of the listener
 * @listener: the listening child, of the module's own making
 * @res: set to the socket
 *
 * Context: Process context, socket lock held.
 * Return: 0, -EAGAIN if there is none, -ECONNABORTED if one was turned away,
 *	or another errno of accept(2).
 */
int zmq_child_accept(struct zmq_owner *owner,
		     const struct zmq_transport *transport,
		     struct socket *listener, struct socket **res)
{
	struct socket *sock;
	int err;

	err = kernel_accept(listener, &sock, O_NONBLOCK);
	if (err)
		return err;
	err = zmq_child_adopt(owner, transport, listener, sock);
	if (!err)
		*res = sock;
	return err;
}

/**
 * zmq_child_no_linger() - let no close() of a child wait
 * @sk: the child
 *
 * Not sock_no_linger(), which would have it reset instead.
 *
 * Context: Process context; waits for the child's lock.
 */
void zmq_child_no_linger(struct sock *sk)
{
	lock_sock(sk);
	sock_reset_flag(sk, SOCK_LINGER);
	release_sock(sk);
}

/**
 * zmq_child_bind() - give a child its local address
 * @sock: the child
 * @ep: the endpoint, resolved
 *
 * Context: Process context of the caller, whose privileges count.
 * Return: 0 or an errno of bind(2).
 */
int zmq_child_bind(struct socket *sock, const struct zmq_endpoint *ep)
{
	union zmq_sockname name;
	int len = zmq_endpoint_to_sockaddr(ep, &name);

	return kernel_bind(sock, (struct zmq_sockaddr *)&name, len);
}

/**
 * zmq_child_connect() - begin to connect
 * @sock: the child
 * @ep: the endpoint, resolved
 *
 * Context: Process context.
 * Return: 0, -EINPROGRESS, or another errno of connect(2).
 */
int zmq_child_connect(struct socket *sock, const struct zmq_endpoint *ep)
{
	union zmq_sockname name;
	int len = zmq_endpoint_to_sockaddr(ep, &name);

	return kernel_connect(sock, (struct zmq_sockaddr *)&name, len,
			      O_NONBLOCK);
}

/**
 * zmq_child_name() - ask a bound child for its address
 * @sock: the child
 * @ep: set to it
 *
 * Context: Process context.
 * Return: 0, an errno of getsockname(2), or one of
 *	zmq_endpoint_from_sockaddr().
 */
int zmq_child_name(struct socket *sock, struct zmq_endpoint *ep)
{
	struct sockaddr_storage name;
	int len;

	len = kernel_getsockname(sock, (struct sockaddr *)&name);
	if (len < 0)
		return len;
	return zmq_endpoint_from_sockaddr(ep, &name, len, ZMQ_EP_BIND);
}

/**
 * zmq_child_release() - let go of a child
 * @sock: the child; one that came as a file lives on if others have it
 *
 * Context: Process context.
 */
void zmq_child_release(struct socket *sock)
{
	if (zmq_child_is_file(sock)) {
		sockfd_put(sock);
		return;
	}
	if (sock->file) {
		/* Its end is told in its user's name, too. */
		kernel_sock_shutdown(sock, SHUT_WR);
		set_face(sock, NULL);
	}
	sock_release(sock);
}

/**
 * zmq_child_is_file() - did user space make a child
 * @sock: the child
 *
 * Context: Process context.
 * Return: true if so, and the child is a reference to its file.
 */
bool zmq_child_is_file(const struct socket *sock)
{
	return sock->file && sock_from_file(sock->file) == sock;
}
