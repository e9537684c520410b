// SPDX-License-Identifier: GPL-2.0-only
/* PUSH and PULL (RFC 30). */

#include "pattern.h"
#include "pipe/fq.h"
#include "pipe/lb.h"

const struct zmq_pattern zmq_push_pattern = {
	.name		= "PUSH",
	.type		= ZMQ_PUSH,
	.flags		= ZMQ_PAT_SEND,
	.ops.rx		= zmq_pattern_discard,
	ZMQ_PATTERN_BALANCES,
};

const struct zmq_pattern zmq_pull_pattern = {
	.name		= "PULL",
	.type		= ZMQ_PULL,
	.flags		= ZMQ_PAT_RECV,
	ZMQ_PATTERN_QUEUES,
};
