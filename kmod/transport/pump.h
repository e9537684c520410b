/* SPDX-License-Identifier: GPL-2.0-only */
/* How a stream that user space made carries bytes: behind everybody's back. */
#ifndef _ZMQ_PUMP_H
#define _ZMQ_PUMP_H

#include <linux/net.h>
#include "base/lane.h"
#include "conn/conn.h"

struct zmq_link *zmq_pump_link(struct zmq_conn *conn, struct socket *sock,
			       struct zmq_lane *lane);
void zmq_pump_release_file(struct socket *sock);

#endif /* _ZMQ_PUMP_H */
