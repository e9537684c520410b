/* SPDX-License-Identifier: GPL-2.0-only */
/* inproc://: two sockets of a name space, joined without a stream. */
#ifndef _ZMQ_INPROC_H
#define _ZMQ_INPROC_H

#include "pipe.h"

struct zmq_endpoint;

int zmq_inproc_bind(struct zmq_core *core, const struct zmq_endpoint *ep);
int zmq_inproc_unbind(struct zmq_core *core, const struct zmq_endpoint *ep);
void zmq_inproc_unbind_all(struct zmq_core *core);
int zmq_inproc_for_each(struct zmq_core *core,
			int (*fn)(const u8 *name, size_t len, void *arg),
			void *arg);
int zmq_inproc_connect(struct zmq_core *core, const struct zmq_endpoint *ep);
int zmq_inproc_write(struct zmq_pipe *pipe, const struct zmq_msg *msg);
void zmq_inproc_ack(struct zmq_pipe *pipe, unsigned int msgs);
void zmq_inproc_subscribe(struct zmq_pipe *pipe, const u8 *topic, size_t len,
			  bool subscribe);
int zmq_inproc_meet(struct zmq_pipe *pipe);
void zmq_inproc_unlink(struct zmq_pipe *pipe);

#endif /* _ZMQ_INPROC_H */
