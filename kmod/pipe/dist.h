/* SPDX-License-Identifier: GPL-2.0-only */
/* Fan-out: one message to many pipes. */
#ifndef _ZMQ_DIST_H
#define _ZMQ_DIST_H

#include "pipe.h"

void zmq_dist_begin(struct zmq_core *core);
bool zmq_dist_mark(struct zmq_core *core, struct zmq_pipe *pipe);
void zmq_dist_add(struct zmq_core *core, struct zmq_pipe *pipe,
		  struct hlist_head *to);
void zmq_dist_add_unmarked(struct zmq_core *core, struct hlist_head *to);
struct zmq_pipe *zmq_dist_full(const struct hlist_head *to);
void zmq_dist_send(struct zmq_core *core, struct hlist_head *to,
		   const struct zmq_msg *msg, bool more);
void zmq_dist_drop(struct zmq_core *core, struct zmq_pipe *pipe, int err);

#endif /* _ZMQ_DIST_H */
