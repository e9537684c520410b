/* SPDX-License-Identifier: GPL-2.0-only */
/* Peers known by a routing id, which stands before what they send and get. */
#ifndef _ZMQ_PEERS_H
#define _ZMQ_PEERS_H

#include <linux/rhashtable-types.h>
#include <linux/xarray.h>
#include "pipe/pipe.h"

/**
 * struct zmq_peers - the peers of an addressing pattern
 * @table: pipes by their id
 * @names: those that have one by the transport's address
 * @numbers: pipes by the number in their address
 * @next_number: likely the next of them
 * @next_id: number of the next name that we give
 * @refused: who had no credit for the last message that had to wait, until it
 *	takes another; read under RCU
 *
 * All under the socket lock. core->priv of such a pattern begins with it.
 */
struct zmq_peers {
	struct rhashtable	table;
	struct rhashtable	names;
	struct xarray		numbers;
	u32			next_number;
	u32			next_id;
	struct zmq_pipe		*refused;
};

int zmq_peers_alloc(struct zmq_core *core, size_t size);
void zmq_peers_free(struct zmq_core *core);
struct zmq_pipe *zmq_peers_find(struct zmq_peers *peers, const u8 *id, u8 len);
int zmq_peers_add(struct zmq_peers *peers, struct zmq_pipe *pipe);
int zmq_peers_name(struct zmq_peers *peers, struct zmq_pipe *pipe);
void zmq_peers_up(struct zmq_core *core, struct zmq_pipe *pipe);
u32 zmq_peers_number_of(struct zmq_core *core, const void *addr, size_t len);
void zmq_peers_remove(struct zmq_core *core, struct zmq_pipe *pipe);
int zmq_peers_address(struct zmq_peers *peers, struct zmq_msg *msg, bool wait);
int zmq_peers_send(struct zmq_peers *peers, struct zmq_msg *msg, bool more);
int zmq_peers_can_retry(const struct zmq_core *core);
int zmq_peers_can_send(const struct zmq_core *core);
int zmq_peers_peek(struct zmq_core *core, struct zmq_frame *f);
void zmq_peers_consume(struct zmq_core *core, const struct zmq_frame *f);

#endif /* _ZMQ_PEERS_H */
