/* SPDX-License-Identifier: GPL-2.0-only */
/* How bytes are read that have to be fetched, as those of TCP do not. */
#ifndef _ZMQ_READER_H
#define _ZMQ_READER_H

#include <linux/mutex.h>
#include "conn/conn.h"
#include "conn/link.h"

/**
 * struct zmq_reader - a link whose bytes are fetched
 * @link: the link; its end is told by @fill
 * @lock: protects the rest, and what the kind of link has for reading
 * @fill: receive into @skb, which is NULL: the bytes, 0 at the end, or an errno
 * @skb: received and not parsed to its end
 * @off: bytes of it that are
 */
struct zmq_reader {
	struct zmq_link	link;
	struct mutex	lock; /* see locking.rst, 4 */
	int		(*fill)(struct zmq_reader *reader);
	struct sk_buff	*skb;
	unsigned int	off;
};

static inline struct zmq_reader *zmq_reader(const struct zmq_link *link)
{
	return container_of(link, struct zmq_reader, link);
}

void zmq_reader_init(struct zmq_reader *reader, struct zmq_conn *conn,
		     const struct zmq_stream_ops *ops, struct socket *sock,
		     int (*fill)(struct zmq_reader *reader));
void zmq_reader_lock(struct zmq_link *link);
void zmq_reader_unlock(struct zmq_link *link);
int zmq_reader_read(struct zmq_link *link, read_descriptor_t *desc,
		    sk_read_actor_t actor);

#endif /* _ZMQ_READER_H */
