/* SPDX-License-Identifier: GPL-2.0-only */
/* What a connection has of a stream: a child, and how its bytes are carried. */
#ifndef _ZMQ_LINK_H
#define _ZMQ_LINK_H

#include <linux/net.h>
#include <linux/refcount.h>
#include <linux/workqueue.h>
#include <net/sock.h>
#include "base/types.h"

struct msghdr;
struct zmq_conn;
struct zmq_link;
struct zmq_rendezvous;

/**
 * struct zmq_stream_ops - how bytes go in and out of a child
 * @late: bytes come here behind what the child says of its end, which only
 *	@read can tell, then
 * @direct: they do not go through the child, and what comes is nobody else's
 * @detach: have nothing told to the connection any more. Socket lock.
 * @free: let go of what the link has, the child included. Process context.
 * @meet: the child is connected and nothing has passed: find out who the peer
 *	is, or NULL. Socket lock.
 * @token: ZMQ_TOKEN_LEN bytes to be told to the peer in the handshake, which @up
 *	then wants to have left, or NULL if there are none; or NULL. Socket lock.
 * @up: the handshake is done, of which nothing waits to be sent if there is a
 *	token, or NULL; may put another link in the place of this one. Socket
 *	lock.
 * @part: the connection is lost or closes: undo @meet and @up, or NULL. Socket
 *	lock.
 * @ended: the stream has: nothing more is to come behind what @read will find, or
 *	NULL. Socket lock.
 * @lock: take what protects the reader's position, see locking.rst, 4
 * @unlock: release it
 * @tx_begin: before one or several @send, or NULL. tx->lock.
 * @tx_end: after them, or NULL. tx->lock.
 * @read: as tcp_read_sock(); says whether the link is dry then. Under @lock.
 * @send: bytes taken or an errno; -EAGAIN if io_work is to try again later.
 *	What has a msg_ubuf is copied. Between @tx_begin and @tx_end.
 * @send_pages: likewise for a bvec, whose pages are referenced and not copied,
 *	or NULL
 * @send_zerocopy: likewise for memory that msg_ubuf is told of when it is not
 *	referenced any more, or NULL
 * @finish: nothing more will be sent: close this half of the stream behind what
 *	was, or NULL to do that to the child. tx->lock.
 * @position: where in the stream what was given ends and what the peer has
 *	acknowledged ends, also after the stream's end; NULL where nobody
 *	knows. tx->lock.
 */
struct zmq_stream_ops {
	bool	late;
	bool	direct;
	void	(*detach)(struct zmq_link *link);
	void	(*free)(struct zmq_link *link);
	void	(*meet)(struct zmq_link *link);
	const u8 *(*token)(const struct zmq_link *link);
	void	(*up)(struct zmq_link *link);
	void	(*part)(struct zmq_link *link);
	void	(*ended)(struct zmq_link *link);
	void	(*lock)(struct zmq_link *link);
	void	(*unlock)(struct zmq_link *link);
	void	(*tx_begin)(struct zmq_link *link);
	void	(*tx_end)(struct zmq_link *link);
	int	(*read)(struct zmq_link *link, read_descriptor_t *desc,
			sk_read_actor_t actor);
	int	(*send)(struct zmq_link *link, struct msghdr *m, size_t len);
	int	(*send_pages)(struct zmq_link *link, struct msghdr *m,
			      size_t len);
	int	(*send_zerocopy)(struct zmq_link *link, struct msghdr *m,
				 size_t len);
	void	(*finish)(struct zmq_link *link);
	void	(*position)(const struct zmq_link *link, u32 *given,
			    u32 *acked);
};

/**
 * struct zmq_link - a child and how it carries bytes; the transport has more
 * @ref: references; the last one takes the child with it
 * @ops: how
 * @conn: the connection, with a reference
 * @sock: the child
 * @rendezvous: an offer of a duct, until the handshake is done; socket lock
 * @rx_on: what arrives may be parsed outside of the task; under @ops->lock
 * @dry: the last @ops->read() left nothing; likewise
 * @eof: nothing more will be read, whatever the child says; likewise
 * @free_work: for who drops the last reference and must not sleep
 * @rcu: who looks for a connection's link may still look at it
 *
 * It is complete before the connection has it, and then is replaced as a whole.
 */
struct zmq_link {
	refcount_t			ref;
	const struct zmq_stream_ops	*ops;
	struct zmq_conn			*conn;
	struct socket			*sock;
	struct zmq_rendezvous		*rendezvous;
	bool				rx_on;
	bool				dry;
	bool				eof;
	struct work_struct		free_work;
	struct rcu_head			rcu;
};

void zmq_link_init(struct zmq_link *link, struct zmq_conn *conn,
		   const struct zmq_stream_ops *ops, struct socket *sock);
struct zmq_link *zmq_link_get(const struct zmq_conn *conn);
void zmq_link_put(struct zmq_link *link);
void zmq_link_drop(struct zmq_link *link);
void zmq_link_set(struct zmq_conn *conn, struct zmq_link *link);
void zmq_link_stop(struct zmq_conn *conn);
void zmq_link_end(struct zmq_conn *conn, bool again);
bool zmq_link_ended(const struct zmq_link *link);

#endif /* _ZMQ_LINK_H */
