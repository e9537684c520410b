/* SPDX-License-Identifier: GPL-2.0-only */
/* The transport's address of a peer. */
#ifndef _ZMQ_PEERNAME_H
#define _ZMQ_PEERNAME_H

#include <linux/rhashtable-types.h>
#include "wire/sockaddr.h"

struct zmq_pipe;

/**
 * struct zmq_peername - where a peer's stream comes from or goes to
 * @node: in the table of those who find peers by it
 * @listed: it is there
 * @pipe: the peer
 * @len: bytes of @addr
 * @addr: a socket address, of which only those bytes exist
 */
struct zmq_peername {
	struct rhash_head	node;
	bool			listed;
	struct zmq_pipe		*pipe;
	int			len;
	union zmq_sockname	addr[];
};

void zmq_peername_note(struct zmq_pipe *pipe);

#endif /* _ZMQ_PEERNAME_H */
