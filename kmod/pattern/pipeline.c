// SPDX-License-Identifier: GPL-2.0-only
/* PUSH and PULL (RFC 30). */

#include "pattern.h"
#include "pipe/fq.h"
#include "pipe/lb.h"

const struct zmq_pattern zmq_push_pattern = {
	.name		= "PUSH",
	.type		= ZMQ_PUSH,
	.flags		= ZMQ_PAT_SEND,
	.ops.attach	= zmq_pattern_no_attach,
	.ops.detach	= zmq_pattern_no_detach,
	.ops.rx		= zmq_pattern_discard,
	.begin		= zmq_lb_begin,
	.send		= zmq_lb_send,
	.burst		= zmq_lb_burst,
	.can_send	= zmq_lb_can_send,
};

const struct zmq_pattern zmq_pull_pattern = {
	.name		= "PULL",
	.type		= ZMQ_PULL,
	.flags		= ZMQ_PAT_RECV,
	.ops.attach	= zmq_pattern_no_attach,
	.ops.detach	= zmq_pattern_no_detach,
	.peek		= zmq_fq_peek,
	.consume	= zmq_fq_consume,
	.alone		= zmq_fq_alone,
};
