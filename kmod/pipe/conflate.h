/* SPDX-License-Identifier: GPL-2.0-only */
/* ZMQ_CONFLATE: a queue that keeps the last message only. */
#ifndef _ZMQ_CONFLATE_H
#define _ZMQ_CONFLATE_H

#include "pipe.h"

int zmq_conflate_enable(struct zmq_pipe *pipe);
void zmq_conflate_purge_locked(struct zmq_pipe *pipe);
int zmq_conflate_cut(struct sk_buff_head *runs, const struct zmq_ends *ends,
		     struct sk_buff_head *rest);
unsigned int zmq_conflate_rx_locked(struct zmq_pipe *pipe,
				    struct sk_buff_head *runs, u64 bytes,
				    u32 truesize, const struct zmq_ends *ends,
				    struct sk_buff_head *rest);
void zmq_conflate_next_locked(struct zmq_pipe *pipe);
void zmq_conflate_refresh(struct zmq_pipe *pipe);
bool zmq_conflate_has_newer_locked(const struct zmq_pipe *pipe);

#endif /* _ZMQ_CONFLATE_H */
