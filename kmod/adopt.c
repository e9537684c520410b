// SPDX-License-Identifier: GPL-2.0-only
/* Children that user space made: ZMQ_USE_FD and ZMQ_ATTACH_FD. */

#include <linux/file.h>
#include <linux/net.h>
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

/* Every family here keeps its states as TCP does. */
static int get_stream(int fd, int state, struct socket **res)
{
	struct socket *sock;
	int err;

	sock = sockfd_lookup(fd, &err);
	if (!sock)
		return err;
	if (!has_family(sock->sk)) {
		err = -EAFNOSUPPORT;
	} else if (sock->type != SOCK_STREAM) {
		err = -EPROTOTYPE;
	} else if (READ_ONCE(sock->sk->sk_state) != state) {
		err = state == TCP_LISTEN ? -EINVAL : -ENOTCONN;
	} else {
		*res = sock;
		return 0;
	}
	sockfd_put(sock);
	return err;
}

/**
 * zmq_adopt_listener() - take a file descriptor instead of binding
 * @fd: of a socket that is bound and listens
 * @ep: the endpoint that bind() was called with; set to the real one
 * @res: set to the socket, with a reference to its file
 *
 * Context: Process context of bind().
 * Return: 0; -EBADF or -ENOTSOCK; -EAFNOSUPPORT and -EPROTOTYPE if it is no
 *	stream that carries ZMTP; -EPROTONOSUPPORT for a protocol of IP that is
 *	not TCP; -EINVAL if it does not listen, if its address cannot be told,
 *	or if @ep is of another transport.
 */
int zmq_adopt_listener(int fd, struct zmq_endpoint *ep, struct socket **res)
{
	struct zmq_endpoint *real;
	struct socket *sock;
	int err;

	real = kmalloc(sizeof(*real), GFP_KERNEL);
	if (!real)
		return -ENOMEM;
	err = get_stream(fd, TCP_LISTEN, &sock);
	if (err)
		goto out;
	err = may_accept(sock->sk) ? zmq_child_name(sock, real) :
				     -EPROTONOSUPPORT;
	if (!err && real->transport != ep->transport)
		err = -EINVAL;
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
 *	stream that carries ZMTP; -ENOTCONN; -ENOBUFS; -ENOMEM.
 */
int zmq_adopt_stream(struct zmq_owner *owner, int fd)
{
	struct zmq_lane *lane = zmq_owner_lane(owner);
	struct zmq_pump *pump;
	struct socket *sock;
	int err;

	if (!lane)
		return -ENOMEM;
	err = zmq_owner_peer_room(owner);
	if (err)
		return err;
	err = get_stream(fd, TCP_ESTABLISHED, &sock);
	if (err)
		return err;
	pump = zmq_pump_new(owner, sock, lane);
	if (!pump) {
		sockfd_put(sock);
		return -ENOMEM;
	}
	return zmq_conn_start(owner, "attached", &zmq_pump_stream, sock, pump);
}
