/* SPDX-License-Identifier: GPL-2.0-only */
/* What carries connections: one struct zmq_transport in a file of its own. */
#ifndef _ZMQ_TRANSPORT_H
#define _ZMQ_TRANSPORT_H

#include <linux/net.h>
#include "wire/endpoint.h"

struct path;
struct pid;
struct zmq_conn;
struct zmq_link;
struct zmq_owner;

/**
 * struct zmq_transport - how children are made and meet
 * @link: what a connection has of a child, which is the link's from now on; NULL
 *	without memory, and the child is released. Socket lock.
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
	struct zmq_link *(*link)(struct zmq_conn *conn, struct socket *sock);
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

struct zmq_link *zmq_tcp_link(struct zmq_conn *conn, struct socket *sock);

const struct zmq_transport *zmq_transport_find(enum zmq_scheme scheme);
int zmq_transport_resolve(struct net *net, struct zmq_endpoint *ep);

#endif /* _ZMQ_TRANSPORT_H */
