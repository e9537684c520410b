/* SPDX-License-Identifier: GPL-2.0-only */
/* What connections want of streams, whose bytes they speak ZMTP in. */
#ifndef _ZMQ_LINK_H
#define _ZMQ_LINK_H

#include <linux/net.h>
#include "base/types.h"

struct msghdr;

/**
 * struct zmq_stream_ops - how bytes go in and out of a child
 * @late: bytes come here behind what the child says of its end, which only
 *	@read can tell, then
 * @install: have the child's events tell the connection. Socket lock.
 * @uninstall: the opposite; nothing is told after it. Socket lock.
 * @release: let go of the child, which the connection has forgotten. Socket
 *	lock.
 * @meet: the child is connected and nothing has passed: find out who the peer
 *	is, or NULL. Socket lock.
 * @token: ZMQ_TOKEN_LEN bytes to be told to the peer in the handshake, which @up
 *	then wants to have left, or NULL if there are none; or NULL. Socket lock.
 * @up: the handshake is done, of which nothing waits to be sent if there is a
 *	token, or NULL; may change which of these structures the connection has.
 *	Socket lock.
 * @part: the connection is lost or closes: forget that, or NULL; may change
 *	which of these structures the connection has, and does if this one lacks
 *	@install, @uninstall and @release. Socket lock.
 * @ended: the stream has: nothing more is to come behind what @read will find, or
 *	NULL. Socket lock.
 * @has_files: the child was sent descriptors, or NULL if it never is
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
	bool	late;
	void	(*install)(struct zmq_conn *conn);
	void	(*uninstall)(struct zmq_conn *conn);
	void	(*release)(struct zmq_conn *conn, struct socket *sock);
	void	(*meet)(struct zmq_conn *conn);
	const u8 *(*token)(const struct zmq_conn *conn);
	void	(*up)(struct zmq_conn *conn);
	void	(*part)(struct zmq_conn *conn);
	void	(*ended)(struct zmq_conn *conn);
	bool	(*has_files)(const struct zmq_conn *conn);
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

void zmq_conn_install(struct zmq_conn *conn, struct socket *sock);
void zmq_conn_uninstall(struct zmq_conn *conn);
void zmq_stream_stop(struct zmq_conn *conn);
void zmq_stream_end(struct zmq_conn *conn, bool again);
bool zmq_stream_ended(const struct zmq_conn *conn);
bool zmq_stream_has_files(const struct zmq_conn *conn);

#endif /* _ZMQ_LINK_H */
