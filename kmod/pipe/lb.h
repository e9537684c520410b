/* SPDX-License-Identifier: GPL-2.0-only */
/* Load balancing: who gets the next message. */
#ifndef _ZMQ_LB_H
#define _ZMQ_LB_H

#include "pipe.h"

int zmq_lb_begin(struct zmq_core *core, struct zmq_msg *msg);
int zmq_lb_write(struct zmq_core *core, struct zmq_msg *msg, bool more);
int zmq_lb_send(struct zmq_core *core, struct zmq_msg *msg, bool more);
unsigned int zmq_lb_burst(const struct zmq_core *core);
int zmq_lb_can_send(const struct zmq_core *core);

#endif /* _ZMQ_LB_H */
