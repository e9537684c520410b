// SPDX-License-Identifier: GPL-2.0-only
/* PAIR (RFC 31): one peer at a time. */

#include <linux/slab.h>
#include "fq.h"
#include "lb.h"
#include "pattern.h"

struct pair {
	struct zmq_pipe	*peer;
};

static int pair_init(struct zmq_core *core)
{
	struct pair *pair = kzalloc(sizeof(*pair), GFP_KERNEL_ACCOUNT);

	core->priv = pair;
	return pair ? 0 : -ENOMEM;
}

static void pair_destroy(struct zmq_core *core)
{
	kfree(core->priv);
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
	.destroy	= pair_destroy,
	.ops.attach	= pair_attach,
	.ops.detach	= pair_detach,
	.begin		= zmq_lb_begin,
	.send		= zmq_lb_send,
	.burst		= zmq_lb_burst,
	.can_send	= zmq_lb_can_send,
	.peek		= zmq_fq_peek,
	.consume	= zmq_fq_consume,
	.alone		= zmq_fq_alone,
};
