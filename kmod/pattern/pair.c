// SPDX-License-Identifier: GPL-2.0-only
/* PAIR (RFC 31): one peer at a time. */

#include "pattern.h"
#include "pipe/fq.h"
#include "pipe/lb.h"

struct pair {
	struct zmq_pipe	*peer;
};

static int pair_init(struct zmq_core *core)
{
	return zmq_pattern_alloc(core, sizeof(struct pair));
}

static int pair_attach(struct zmq_core *core, struct zmq_pipe *pipe)
{
	struct pair *pair = core->priv;

	if (pair->peer)
		return -EBUSY;
	pair->peer = pipe;
	return 0;
}

static void pair_detach(struct zmq_core *core, struct zmq_pipe *pipe)
{
	struct pair *pair = core->priv;

	if (pair->peer == pipe)
		pair->peer = NULL;
}

const struct zmq_pattern zmq_pair_pattern = {
	.name		= "PAIR",
	.type		= ZMQ_PAIR,
	.flags		= ZMQ_PAT_SEND | ZMQ_PAT_RECV,
	.init		= pair_init,
	.destroy	= zmq_pattern_free,
	.ops.attach	= pair_attach,
	.ops.detach	= pair_detach,
	ZMQ_PATTERN_BALANCES,
	ZMQ_PATTERN_QUEUES,
};
