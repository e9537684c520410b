/* SPDX-License-Identifier: GPL-2.0-only */
/* How a stream that user space made carries bytes: behind everybody's back. */
#ifndef _ZMQ_PUMP_H
#define _ZMQ_PUMP_H

#include <linux/net.h>
#include "base/lane.h"
#include "conn/conn.h"

struct zmq_pump;

struct zmq_pump *zmq_pump_new(struct zmq_owner *owner, struct socket *sock,
			      struct zmq_lane *lane);
void zmq_pump_release_file(struct socket *sock);

extern const struct zmq_stream_ops zmq_pump_stream;

#endif /* _ZMQ_PUMP_H */
