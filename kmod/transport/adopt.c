// SPDX-License-Identifier: GPL-2.0-only
/* Children that user space made: ZMQ_USE_FD and ZMQ_ATTACH_FD. */

#include <linux/file.h>
#include <linux/net.h>
#include <linux/uio.h>
#include "adopt.h"
#include "child.h"
#include "pump.h"

static bool has_family(const struct sock *sk)
{
	switch (sk->sk_family) {
	case AF_INET:
	case AF_INET6:
	case AF_UNIX:
	case AF_VSOCK:
		return true;
	}
	return false;
}

/* The transport of tcp:// looks into its children. */
static bool may_accept(const struct sock *sk)
{
	return (sk->sk_family != AF_INET && sk->sk_family != AF_INET6) ||
	       sk_is_tcp(sk);
}

static int check_origin(const struct zmq_owner *owner, const struct sock *sk)
{
	if (!has_family(sk))
		return -EAFNOSUPPORT;
	return net_eq(sock_net(sk), sock_net(owner->tasks.sk)) ? 0 : -EXDEV;
}

static int get_socket(const struct zmq_owner *owner, int fd,
		      struct socket **res)
{
	struct socket *sock;
	int err;

	sock = sockfd_lookup(fd, &err);
	if (!sock)
		return err;
	err = check_origin(owner, sock->sk);
	if (err)
		sockfd_put(sock);
	else
		*res = sock;
	return err;
}

/* Every family here keeps its states as TCP does. */
static int check_stream(const struct socket *sock, int state)
{
	if (sock->type != SOCK_STREAM)
		return -EPROTOTYPE;
	if (READ_ONCE(sock->sk->sk_state) != state)
		return state == TCP_LISTEN ? -EINVAL : -ENOTCONN;
	return 0;
}

/* Security modules judge whoever sends and receives, which workers do from now
 * on: let them judge the caller, by nothing sent and nothing received.
 */
static int may_use(struct socket *sock)
{
	struct msghdr m = { .msg_flags = MSG_DONTWAIT | MSG_NOSIGNAL };
	int ret;

	iov_iter_kvec(&m.msg_iter, ITER_SOURCE, NULL, 0, 0);
	ret = sock_sendmsg(sock, &m);
	if (ret == -EACCES || ret == -EPERM)
		return ret;
	memset(&m, 0, sizeof(m));
	iov_iter_kvec(&m.msg_iter, ITER_DEST, NULL, 0, 0);
	ret = sock_recvmsg(sock, &m, MSG_DONTWAIT | MSG_PEEK);
	return ret == -EACCES || ret == -EPERM ? ret : 0;
}

/**
 * zmq_adopt_give() - ZMQ_USE_FD: remember what the next bind is to use
 * @owner: the socket
 * @fd: of a socket of its network namespace; -1 for none
 *
 * What waits in the queues of a UNIX listener may be the AF_ZMQ socket itself, so
 * such a one is not kept open, but known again.
 *
 * Context: Process context of setsockopt(), socket lock held.
 * Return: 0; -EBADF or -ENOTSOCK; -EAFNOSUPPORT; -EXDEV.
 */
int zmq_adopt_give(struct zmq_owner *owner, int fd)
{
	struct socket *sock = NULL;
	int err;

	if (fd >= 0) {
		err = get_socket(owner, fd, &sock);
		if (err)
			return err;
	}
	zmq_adopt_forget(owner);
	if (!sock)
		return 0;
	sock_hold(sock->sk);
	owner->given = sock->sk;
	if (sock->sk->sk_family == AF_UNIX)
		sockfd_put(sock);
	else
		owner->given_file = sock->file;
	return 0;
}

/**
 * zmq_adopt_forget() - undo zmq_adopt_give()
 * @owner: the socket
 *
 * Context: Process context, socket lock held.
 */
void zmq_adopt_forget(struct zmq_owner *owner)
{
	if (owner->given)
		sock_put(owner->given);
	if (owner->given_file)
		fput(owner->given_file);
	owner->given = NULL;
	owner->given_file = NULL;
}

static int get_given(const struct zmq_owner *owner, struct socket **res)
{
	struct socket *sock;
	int err;

	if (owner->given_file) {
		*res = sock_from_file(get_file(owner->given_file));
		return 0;
	}
	err = get_socket(owner, owner->opts->use_fd, &sock);
	if (err)
		return err;
	if (sock->sk != owner->given) {
		sockfd_put(sock);
		return -EBADF;
	}
	*res = sock;
	return 0;
}

/**
 * zmq_adopt_listener() - take what zmq_adopt_give() was given instead of binding
 * @owner: the socket
 * @ep: the endpoint that bind() was called with; set to the real one
 * @res: set to the socket, with a reference to its file
 *
 * Context: Process context of bind(), socket lock held.
 * Return: 0; -EBADF if the descriptor has become another one's; -EPROTOTYPE if
 *	it is no stream; -EPROTONOSUPPORT for a protocol of IP that is
 *	not TCP; -EINVAL if it does not listen, if its address cannot be told,
 *	or if @ep is of another transport.
 */
int zmq_adopt_listener(struct zmq_owner *owner, struct zmq_endpoint *ep,
		       struct socket **res)
{
	struct zmq_endpoint *real;
	struct socket *sock;
	int err;

	real = kmalloc(sizeof(*real), GFP_KERNEL);
	if (!real)
		return -ENOMEM;
	err = get_given(owner, &sock);
	if (err)
		goto out;
	err = check_stream(sock, TCP_LISTEN);
	if (!err && !may_accept(sock->sk))
		err = -EPROTONOSUPPORT;
	if (!err)
		err = zmq_child_name(sock, real);
	if (!err && real->transport != ep->transport)
		err = -EINVAL;
	if (!err)
		err = zmq_child_show_user(owner, sock->sk->sk_family);
	if (err) {
		sockfd_put(sock);
		goto out;
	}
	*ep = *real;
	*res = sock;
out:
	kfree(real);
	return err;
}

/**
 * zmq_adopt_stream() - speak ZMTP over a file descriptor
 * @owner: the socket
 * @fd: of a connected stream socket
 *
 * Context: Process context of setsockopt(), socket lock held.
 * Return: 0; -EBADF or -ENOTSOCK; -EAFNOSUPPORT and -EPROTOTYPE if it is no
 *	stream that carries ZMTP; -EXDEV; -ENOTCONN; -ENOBUFS; -ENOMEM; -EACCES or
 *	-EPERM if a security module keeps the caller from using it.
 */
int zmq_adopt_stream(struct zmq_owner *owner, int fd)
{
	struct zmq_lane *lane = zmq_owner_lane(owner);
	struct zmq_conn *conn;
	struct socket *sock;
	int err;

	if (IS_ERR(lane))
		return PTR_ERR(lane);
	err = zmq_owner_peer_room(owner);
	if (err)
		return err;
	err = get_socket(owner, fd, &sock);
	if (err)
		return err;
	err = check_stream(sock, TCP_ESTABLISHED);
	if (!err)
		err = may_use(sock);
	if (err)
		goto err_sock;
	err = -ENOMEM;
	conn = zmq_conn_new(owner, NULL, "attached");
	if (!conn)
		goto err_sock;
	return zmq_conn_start(conn, zmq_pump_link(conn, sock, lane));

err_sock:
	sockfd_put(sock);
	return err;
}
