/* SPDX-License-Identifier: GPL-2.0-only */
/* Two queues between the ends of a stream that are both of this module. */
#ifndef _ZMQ_DUCT_H
#define _ZMQ_DUCT_H

#include <linux/refcount.h>
#include <linux/skbuff.h>
#include <linux/spinlock.h>

struct sock;
struct zmq_link;

/* Numbers of the ends. */
enum {
	ZMQ_DUCT_DIALED,
	ZMQ_DUCT_ACCEPTED,
	ZMQ_DUCT_ENDS,
};

/**
 * struct zmq_duct_end - an end, as the other one sees it
 * @lock: protects the rest
 * @queue: bytes that it has not read
 * @size: memory of @queue
 * @link: who reads, NULL before it is there and after it has left
 * @gone: it has left
 * @shut: it takes nothing more
 * @blocked: the other one found no room to send
 */
struct zmq_duct_end {
	spinlock_t		lock; /* see locking.rst, 7 */
	struct sk_buff_head	queue;
	unsigned int		size;
	struct zmq_link		*link;
	bool			gone;
	bool			shut;
	bool			blocked;
};

/**
 * struct zmq_duct - what carries the bytes of two children in their stead
 * @ref: one for each end that is there, and one while an end can still come
 * @end: the ends, ZMQ_DUCT_...
 */
struct zmq_duct {
	refcount_t		ref;
	struct zmq_duct_end	end[ZMQ_DUCT_ENDS];
};

struct zmq_duct *zmq_duct_new(void);
void zmq_duct_get(struct zmq_duct *duct);
void zmq_duct_enter(struct zmq_duct *duct, unsigned int side,
		    struct zmq_link *link);
void zmq_duct_shut(struct zmq_duct *duct, unsigned int side);
void zmq_duct_leave(struct zmq_duct *duct, unsigned int side);
bool zmq_duct_ended(const struct zmq_duct *duct, unsigned int side);
bool zmq_duct_put(struct zmq_duct *duct, unsigned int side,
		  struct sk_buff *skb);
bool zmq_duct_full(const struct zmq_duct *duct, unsigned int side,
		   const struct sock *sk);
void zmq_duct_set_blocked(struct zmq_duct *duct, unsigned int side,
			  bool blocked);
void zmq_duct_tell_room(struct zmq_duct *duct, unsigned int side);
struct sk_buff *zmq_duct_take(struct zmq_duct *duct, unsigned int side);
struct zmq_link *zmq_duct_reader(struct zmq_duct *duct, unsigned int side);

#endif /* _ZMQ_DUCT_H */
