/* SPDX-License-Identifier: GPL-2.0-only */
/* ZMQ_CONFLATE: a queue that keeps the last message only. */
#ifndef _ZMQ_CONFLATE_H
#define _ZMQ_CONFLATE_H

#include "pipe.h"

int zmq_conflate_cut(struct sk_buff_head *runs, const struct zmq_ends *ends,
		     struct sk_buff_head *rest);
bool zmq_conflate_rx_locked(struct zmq_pipe *pipe, struct zmq_stretch *in,
			    const struct zmq_ends *ends,
			    struct zmq_stretch *rest);
bool zmq_conflate_next_locked(struct zmq_pipe *pipe);
void zmq_conflate_refresh(struct zmq_pipe *pipe);

#endif /* _ZMQ_CONFLATE_H */
