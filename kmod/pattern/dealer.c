// SPDX-License-Identifier: GPL-2.0-only
/* DEALER (RFC 28): balanced out, fair in, the envelope is the caller's. */

#include "pattern.h"
#include "pipe/fq.h"
#include "pipe/lb.h"

struct dealer {
	bool	probe;
};

static int dealer_init(struct zmq_core *core)
{
	return zmq_pattern_alloc(core, sizeof(struct dealer));
}

static void dealer_up(struct zmq_core *core, struct zmq_pipe *pipe)
{
	struct dealer *dealer = core->priv;

	if (dealer->probe)
		zmq_pattern_probe(core, pipe);
}

static int dealer_setopt(struct zmq_core *core, int opt, const void *val,
			 size_t len)
{
	struct dealer *dealer = core->priv;

	if (opt == ZMQ_PROBE_ROUTER)
		return zmq_pattern_set_flag(&dealer->probe, val, len);
	return -ENOPROTOOPT;
}

const struct zmq_pattern zmq_dealer_pattern = {
	.name		= "DEALER",
	.type		= ZMQ_DEALER,
	.flags		= ZMQ_PAT_SEND | ZMQ_PAT_RECV | ZMQ_PAT_WIRE_ID |
			  ZMQ_PAT_ONE_CONNECT,
	.init		= dealer_init,
	.destroy	= zmq_pattern_free,
	.ops.up		= dealer_up,
	ZMQ_PATTERN_BALANCES,
	ZMQ_PATTERN_QUEUES,
	.setopt		= dealer_setopt,
};
