/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _ZMQ_GATHER_H
#define _ZMQ_GATHER_H

#include "pipe.h"

/**
 * struct zmq_gather - small messages at the head of a queue
 * @pipe: the pipe
 * @msgs_max: messages that are there
 * @to: where their bodies go, one behind the other
 * @room: bytes at @to
 * @desc: where their frames are described
 * @cap: entries at @desc
 * @msgs: messages found
 * @frames: their frames
 * @bytes: of their bodies
 * @len: bytes that they take in the queue
 */
struct zmq_gather {
	struct zmq_pipe		*pipe;
	unsigned int		msgs_max;
	u8			*to;
	u32			room;
	struct zmq_frame_desc	*desc;
	unsigned int		cap;
	unsigned int		msgs;
	unsigned int		frames;
	u32			bytes;
	u32			len;
};

bool zmq_gather(struct zmq_gather *g);

#endif /* _ZMQ_GATHER_H */
