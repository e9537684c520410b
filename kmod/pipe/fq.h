/* SPDX-License-Identifier: GPL-2.0-only */
/* Fair queueing: whose message is read next. */
#ifndef _ZMQ_FQ_H
#define _ZMQ_FQ_H

#include "pipe.h"

struct zmq_pipe *zmq_fq_next(struct zmq_core *core);
int zmq_fq_peek(struct zmq_core *core, struct zmq_frame *f);
void zmq_fq_consume(struct zmq_core *core, const struct zmq_frame *f);
struct zmq_pipe *zmq_fq_alone(struct zmq_core *core, unsigned int *msgs);
void zmq_fq_skip(struct zmq_core *core, struct zmq_pipe *pipe,
		 enum zmq_mib_field why);

#endif /* _ZMQ_FQ_H */
