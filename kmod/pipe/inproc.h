/* SPDX-License-Identifier: GPL-2.0-only */
/* inproc://: two sockets of a name space, joined without a stream. */
#ifndef _ZMQ_INPROC_H
#define _ZMQ_INPROC_H

#include "peercred.h"
#include "pipe.h"

struct zmq_endpoint;

/**
 * struct zmq_inproc_list - names and connections of the same hash
 * @bound: names that a socket has bound
 * @parked: connections that wait for their name to be bound
 */
struct zmq_inproc_list {
	struct hlist_head	bound;
	struct list_head	parked;
};

/**
 * struct zmq_inproc_ns - where names mean something
 * @ref: sockets that are in it, names and connections
 * @zn: the network namespace that it is a part of
 * @number: ZMQ_INPROC_NS, 0 for the one that every network namespace has
 * @lock: protects the lists
 * @seed: of the hash that says in which list a name is
 * @nr_lists: length of @lists
 * @lists: names and who waits for them
 */
struct zmq_inproc_ns {
	refcount_t		ref;
	struct zmq_net		*zn;
	int			number;
	struct mutex		lock; /* see locking.rst, 2 */
	u32			seed;
	u32			nr_lists;
	struct zmq_inproc_list	lists[];
};

int zmq_inproc_net_init(struct zmq_net *zn);
void zmq_inproc_net_exit(struct zmq_net *zn);
void zmq_inproc_init(struct zmq_core *core);
void zmq_inproc_exit(struct zmq_core *core);
int zmq_inproc_unshare(struct zmq_core *core);
void zmq_inproc_join(struct zmq_core *core, struct zmq_core *other);

int zmq_inproc_bind(struct zmq_core *core, const struct zmq_endpoint *ep);
int zmq_inproc_unbind(struct zmq_core *core, const struct zmq_endpoint *ep);
void zmq_inproc_unbind_all(struct zmq_core *core);
bool zmq_inproc_next(struct zmq_core *core, unsigned long *number,
		     struct zmq_endpoint *ep, bool *private);
bool zmq_inproc_is_private(const struct zmq_core *core);
int zmq_inproc_connect(struct zmq_core *core, const struct zmq_endpoint *ep);
int zmq_inproc_write(struct zmq_pipe *pipe, const struct zmq_msg *msg);
void zmq_inproc_ack(struct zmq_pipe *pipe, unsigned int msgs);
void zmq_inproc_ack_consumed(struct zmq_pipe *pipe);
void zmq_inproc_subscribe(struct zmq_pipe *pipe, const u8 *topic, size_t len,
			  bool subscribe);
int zmq_inproc_meet(struct zmq_pipe *pipe);
const struct zmq_peercred *zmq_inproc_cred(const struct zmq_pipe *pipe);
bool zmq_inproc_owes(const struct zmq_pipe *pipe);
void zmq_inproc_linger(struct zmq_pipe *pipe, int ms);
void zmq_inproc_give_up(struct zmq_core *core);
void zmq_inproc_unlink(struct zmq_pipe *pipe);

#endif /* _ZMQ_INPROC_H */
