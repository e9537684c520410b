/* SPDX-License-Identifier: GPL-2.0-only */
/* What a subscriber still has to tell a publisher. */
#ifndef _ZMQ_ANNOUNCE_H
#define _ZMQ_ANNOUNCE_H

#include "pipe/pipe.h"

enum zmq_announce_kind {
	ZMQ_ANNOUNCE_FIRST,	/* the first subscription to a topic */
	ZMQ_ANNOUNCE_REPEAT,	/* another one */
	ZMQ_ANNOUNCE_END,	/* the last one has ended */
};

int zmq_announce_attach(struct zmq_pipe *pipe);
void zmq_announce_detach(struct zmq_pipe *pipe);
void zmq_announce_all(struct zmq_pipe *pipe, const struct zmq_trie *topics);
void zmq_announce_one(struct zmq_pipe *pipe, const u8 *topic, size_t len,
		      enum zmq_announce_kind kind);
void zmq_announce_more(struct zmq_pipe *pipe, const struct zmq_trie *topics);

#endif /* _ZMQ_ANNOUNCE_H */
