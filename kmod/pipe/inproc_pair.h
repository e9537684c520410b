/* SPDX-License-Identifier: GPL-2.0-only */
/* inproc:// inside: names, pairs, and what waits. For inproc*.c alone. */
#ifndef _ZMQ_INPROC_PAIR_H
#define _ZMQ_INPROC_PAIR_H

#include <linux/string.h>
#include <linux/workqueue.h>
#include "inproc.h"

/**
 * struct zmq_pair_end - what one end of a connection says of itself
 * @type: socket type
 * @id_len: bytes in @id
 * @id: routing id
 * @pc: process that bound or connected it
 */
struct zmq_pair_end {
	u8	type;
	u8	id_len;
	u8	*id;
	struct zmq_peercred pc;
};

/**
 * struct zmq_inproc_name - a bound name
 * @node: in one of ns->lists
 * @core_node: in core->inproc
 * @place: in core->names
 * @ns: the name space, held
 * @core: who bound it
 * @self: what it says of itself, as of that time
 * @len: bytes in @name
 * @name: the name
 */
struct zmq_inproc_name {
	struct hlist_node	node;
	struct list_head	core_node;
	u32			place;
	struct zmq_inproc_ns	*ns;
	struct zmq_core		*core;
	struct zmq_pair_end	self;
	size_t			len;
	u8			name[];
};

/**
 * struct zmq_pair - a connection inside the kernel
 * @ref: one for each pipe, or for @linger in place of the connecting one
 * @lock: protects @end, @joined, @parked and @charged; taken before any
 *	core->lock
 * @end: the connecting pipe and the bound one, held; NULL when it is gone
 * @joined: both ends are there or were
 * @self: what they say of themselves; constant once they are joined, and not
 *	to be looked at before
 * @ns: the name space, held
 * @core: the connecting socket, which @end or @linger holds; no more is known of
 *	it when both have gone
 * @tx_conflate: it sends the last message only
 * @parked_node: in one of ns->lists until the name is bound
 * @parked: messages written before there was anybody to read them
 * @parked_msgs: how many
 * @charged: truesize charged to @core for @parked
 * @linger: gives up @parked, whose sender has left
 * @linger_node: in core->lingering until then, or until the name is bound
 * @gone: one end has left, and nobody will take its place
 * @len: bytes in @name
 * @name: what was connected to
 */
struct zmq_pair {
	refcount_t		ref;
	spinlock_t		lock; /* see locking.rst, 5 */
	struct zmq_pipe		*end[2];
	bool			joined;
	struct zmq_pair_end	self[2];
	struct zmq_inproc_ns	*ns;
	struct zmq_core		*core;
	bool			tx_conflate;
	struct list_head	parked_node;
	struct sk_buff_head	parked;
	unsigned int		parked_msgs;
	unsigned int		charged;
	bool			gone;
	struct delayed_work	linger;
	struct list_head	linger_node;
	size_t			len;
	u8			name[];
};

static inline bool zmq_inproc_same(const u8 *a, size_t alen, const u8 *b,
				   size_t blen)
{
	return alen == blen && !memcmp(a, b, alen);
}

/* ---- inproc_ns.c ---- */
struct zmq_inproc_list *zmq_inproc_list(struct zmq_inproc_ns *ns,
					const u8 *name, size_t len);
struct zmq_inproc_ns *zmq_inproc_ns_get(struct zmq_inproc_ns *ns);
void zmq_inproc_ns_put(struct zmq_inproc_ns *ns);

/* ---- inproc_name.c ---- */
struct zmq_inproc_name *zmq_inproc_find(struct zmq_inproc_ns *ns,
					const struct zmq_endpoint *ep);

/* ---- inproc.c ---- */
void zmq_pair_self_free(struct zmq_pair_end *self);
int zmq_pair_self_describe(struct zmq_pair_end *self,
			   const struct zmq_core *core);
void zmq_pair_put(struct zmq_pair *pair);
int zmq_pair_join_bound(struct zmq_pair *pair,
			const struct zmq_inproc_name *name);

/* ---- inproc_park.c ---- */
void zmq_pair_park_init(struct zmq_pair *pair);
int zmq_pair_wait(struct zmq_pair *pair);
int zmq_pair_park(struct zmq_pair *pair, struct zmq_pipe *pipe,
		  struct sk_buff_head *runs, u32 bytes);
bool zmq_pair_unpark_some(struct zmq_pair *pair, struct zmq_pipe *to);
void zmq_pair_adopt_all(struct zmq_inproc_name *name);
void zmq_pair_forget_parked(struct zmq_pair *pair, struct zmq_pipe *pipe);
void zmq_pair_free_runs(struct sk_buff_head *runs);

#endif /* _ZMQ_INPROC_PAIR_H */
