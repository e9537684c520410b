/* SPDX-License-Identifier: GPL-2.0-only */
/* Messages that a stream has taken and its peer may not have. */
#ifndef _ZMQ_UNACKED_H
#define _ZMQ_UNACKED_H

#include <linux/types.h>

#define ZMQ_UNACKED_MARKS	8

/**
 * struct zmq_unacked - messages that wait to be acknowledged
 * @mark: the oldest first
 * @mark.end: position in the stream where its last message ends
 * @mark.msgs: how many end there and behind the mark before
 * @nr: marks in use
 */
struct zmq_unacked {
	struct {
		u32	end;
		u32	msgs;
	} mark[ZMQ_UNACKED_MARKS];
	u8	nr;
};

void zmq_unacked_add(struct zmq_unacked *u, u32 acked, u32 end, u32 msgs);
u32 zmq_unacked_take(struct zmq_unacked *u, u32 acked);

#endif /* _ZMQ_UNACKED_H */
