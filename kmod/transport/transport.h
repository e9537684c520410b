/* SPDX-License-Identifier: GPL-2.0-only */
/* What carries connections: one struct zmq_transport in a file of its own. */
#ifndef _ZMQ_TRANSPORT_H
#define _ZMQ_TRANSPORT_H

#include <linux/net.h>
#include "base/types.h"
#include "wire/endpoint.h"

struct msghdr;
struct path;
struct pid;
struct zmq_owner;

/**
 * struct zmq_stream_ops - how bytes go in and out of a child
 * @install: have the child's events tell the connection. Socket lock.
 * @uninstall: the opposite; nothing is told after it. Socket lock.
 * @release: let go of the child, which the connection has forgotten, or NULL
 *	for zmq_child_release(). Socket lock.
 * @meet: the child is connected and nothing has passed: find out who the peer
 *	is, or NULL. Socket lock.
 * @part: the connection is lost or closes: forget that, or NULL; may change
 *	which of these structures the connection has. Socket lock.
 * @ended: the stream has: nothing more is to come behind what @read will find, or
 *	NULL. Socket lock.
 * @lock: take what protects the reader's position, see locking.rst, 4
 * @unlock: release it
 * @tx_begin: before one or several @send, or NULL. tx_lock.
 * @tx_end: after them, or NULL. tx_lock.
 * @read: as tcp_read_sock(). Under @lock.
 * @drained: the last @read left nothing. Under @lock.
 * @send: bytes taken or an errno; -EAGAIN if io_work is to try again later.
 *	What has a msg_ubuf is copied. Between @tx_begin and @tx_end.
 * @finish: nothing more will be sent: close this half of the stream behind what
 *	was, or NULL to do that to the child. tx_lock.
 * @send_pages: likewise for a bvec, whose pages are referenced and not copied,
 *	or NULL
 * @send_zerocopy: likewise for memory that msg_ubuf is told of when it is not
 *	referenced any more, or NULL
 * @position: where in the stream what was given ends and what the peer has
 *	acknowledged ends, also after the stream's end; NULL where nobody
 *	knows. tx_lock.
 */
struct zmq_stream_ops {
	void	(*install)(struct zmq_conn *conn);
	void	(*uninstall)(struct zmq_conn *conn);
	void	(*release)(struct zmq_conn *conn, struct socket *sock);
	void	(*meet)(struct zmq_conn *conn);
	void	(*part)(struct zmq_conn *conn);
	void	(*ended)(struct zmq_conn *conn);
	void	(*lock)(struct zmq_conn *conn);
	void	(*unlock)(struct zmq_conn *conn);
	void	(*tx_begin)(struct zmq_conn *conn);
	void	(*tx_end)(struct zmq_conn *conn);
	int	(*read)(struct zmq_conn *conn, read_descriptor_t *desc,
			sk_read_actor_t actor);
	bool	(*drained)(const struct zmq_conn *conn);
	int	(*send)(struct zmq_conn *conn, struct msghdr *m, size_t len);
	void	(*finish)(struct zmq_conn *conn);
	int	(*send_pages)(struct zmq_conn *conn, struct msghdr *m,
			      size_t len);
	int	(*send_zerocopy)(struct zmq_conn *conn, struct msghdr *m,
				 size_t len);
	void	(*position)(const struct zmq_conn *conn, u32 *given,
			    u32 *acked);
};

/**
 * struct zmq_transport - how children are made and meet
 * @stream: how they carry bytes
 * @resolve: fill in what the endpoint names; NULL if there is nothing
 * @create: make a child for an endpoint, in the caller or on its behalf
 * @listen: bind and listen; fills in the endpoint's wildcards. In the caller.
 * @unlisten: take away what @listen left beside the child, but for a name in a
 *	file system, which is told with a reference; or NULL
 * @unlink: remove that name; may wait for the file system. NULL if there are
 *	none. With the rights of who bound it, no lock.
 * @source: bind a child that will connect to the endpoint's source, or NULL
 * @connect: begin to connect; 0, -EINPROGRESS or another errno
 * @introduce: a worker has connected: tell the peer of the process that it
 *	did it for, or NULL. In the worker.
 * @is_own: has the child been connected to itself, or NULL
 * @reset: end a child's stream and make it fit to connect again; NULL if it never is, so that each
 *	attempt has its own
 * @inherit: apply the transport's own options to an accepted child, or NULL
 * @admit: whether an accepted child may stay, or NULL
 *
 * All in process context; all but @create and @connect of a transport without
 * @reset with the socket lock.
 */
struct zmq_transport {
	const struct zmq_stream_ops	*stream;
	int	(*resolve)(struct net *net, struct zmq_endpoint *ep);
	int	(*create)(struct zmq_owner *owner,
			  const struct zmq_endpoint *ep, struct socket **res);
	int	(*listen)(struct socket *sock, struct zmq_endpoint *ep,
			  int backlog);
	void	(*unlisten)(struct socket *sock, struct path *name);
	void	(*unlink)(const struct path *name);
	int	(*source)(struct socket *sock, const struct zmq_endpoint *ep);
	int	(*connect)(struct socket *sock, const struct zmq_endpoint *ep);
	void	(*introduce)(struct socket *sock, struct pid *pid);
	bool	(*is_own)(const struct socket *sock);
	int	(*reset)(struct socket *sock);
	void	(*inherit)(struct zmq_owner *owner, struct socket *sock);
	bool	(*admit)(struct zmq_owner *owner, const struct socket *sock);
};

extern const struct zmq_transport zmq_tcp_transport;
extern const struct zmq_transport zmq_ipc_transport;
extern const struct zmq_transport zmq_vsock_transport;
extern const struct zmq_stream_ops zmq_tcp_stream;
extern const struct zmq_stream_ops zmq_polled_stream;
extern const struct zmq_stream_ops zmq_direct_stream;

const struct zmq_transport *zmq_transport_find(enum zmq_scheme scheme);
int zmq_transport_resolve(struct net *net, struct zmq_endpoint *ep);

#endif /* _ZMQ_TRANSPORT_H */
