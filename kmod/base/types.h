/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _ZMQ_TYPES_H
#define _ZMQ_TYPES_H

#include <linux/types.h>
#include <linux/zmq.h>

#define ZMQ_ROUTING_ID_MAX	255

/* A subscription that no first frame's contiguous part could ever match is
 * refused, see zmq_msg_topic().
 */
#define ZMQ_TOPIC_MAX		8192

struct zmq_conn;
struct zmq_core;
struct zmq_msg;
struct zmq_net;
struct zmq_pattern;
struct zmq_pipe;

#endif /* _ZMQ_TYPES_H */
