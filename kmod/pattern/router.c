// SPDX-License-Identifier: GPL-2.0-only
/*
 * ROUTER (RFC 28): every peer has a routing id. It stands before what the peer
 * sent, and before what is sent to the peer.
 *
 * A peer may name itself in its handshake. One that does not, and one whose
 * name begins with the zero byte that is reserved for it, gets a name from us.
 */

#include "pattern.h"
#include "peers.h"
#include "pipe/dist.h"
#include "pipe/fq.h"

/**
 * struct router - a ROUTER socket
 * @peers: the peers, first; one without credit is only waited for with @mandatory
 * @mandatory: ZMQ_ROUTER_MANDATORY
 * @handover: ZMQ_ROUTER_HANDOVER
 * @probe: ZMQ_PROBE_ROUTER
 *
 * All under the socket lock.
 */
struct router {
	struct zmq_peers	peers;
	bool			mandatory;
	bool			handover;
	bool			probe;
};

static_assert(!offsetof(struct router, peers));

static int router_init(struct zmq_core *core)
{
	return zmq_peers_alloc(core, sizeof(struct router));
}

/* Know a pipe by the name that it has. A peer that is gone makes way, and one
 * that is not does with ZMQ_ROUTER_HANDOVER.
 */
static int own_chosen(struct router *router, struct zmq_pipe *pipe)
{
	struct zmq_peers *peers = &router->peers;
	struct zmq_pipe *old;
	bool dead;

	old = zmq_peers_find(peers, pipe->id, pipe->id_len);
	if (old) {
		dead = test_bit(ZMQ_PIPE_DEAD, &old->flags);
		if (!dead && !router->handover)
			return -EEXIST;
		zmq_peers_remove(pipe->core, old);
		if (!dead)
			zmq_pipe_hangup(old);
	}
	return zmq_peers_add(peers, pipe);
}

static int router_attach(struct zmq_core *core, struct zmq_pipe *pipe)
{
	struct router *router = core->priv;

	if (pipe->id_len &&
	    (pipe->id[0] || test_bit(ZMQ_PIPE_FIXED_ID, &pipe->flags)))
		return own_chosen(router, pipe);
	/* Who is dialed can say who it is before it is up. */
	if (pipe->dialed && !pipe->id_len && !core->owner.raw)
		return 0;
	return zmq_peers_name(&router->peers, pipe);
}

static void router_up(struct zmq_core *core, struct zmq_pipe *pipe)
{
	struct router *router = core->priv;

	if (!pipe->id_len)
		zmq_peers_name(&router->peers, pipe);
	zmq_peers_up(core, pipe);
	if (router->probe && !core->owner.raw)
		zmq_pattern_probe(core, pipe);
}

static int router_address(struct zmq_core *core, struct zmq_msg *msg)
{
	struct router *router = core->priv;
	int err;

	err = zmq_peers_address(&router->peers, msg, router->mandatory);
	return err && !router->mandatory ? 0 : err;
}

static int router_send(struct zmq_core *core, struct zmq_msg *msg, bool more)
{
	struct router *router = core->priv;
	int err = -EPIPE;

	if (msg->pipe && core->owner.raw && !msg->body_len) {
		zmq_pipe_close(msg->pipe);
		return 0;
	}
	if (msg->pipe)
		err = zmq_peers_send(&router->peers, msg, more);
	if (!err)
		return 0;
	if (!router->mandatory) {
		zmq_dist_drop(core, msg->pipe, err);
		return 0;
	}
	return err == -EPIPE ? -EHOSTUNREACH : err;
}

static int router_can_send(const struct zmq_core *core)
{
	const struct router *router = core->priv;

	return READ_ONCE(router->mandatory) ? zmq_peers_can_send(core) : 0;
}

/* Who tells the transport's address tells it in place of the routing id. */
static int router_peek(struct zmq_core *core, struct zmq_frame *f)
{
	return core->opts.name_form && !core->owner.raw ?
	       zmq_fq_peek(core, f) : zmq_peers_peek(core, f);
}

/* What there is already would go on in ZMTP. */
static int set_raw(struct zmq_core *core, const void *val, size_t len)
{
	if (!list_empty(&core->owner.conns) ||
	    !list_empty(&core->owner.listeners) ||
	    !list_empty(&core->inproc) || core->nr_pipes)
		return -EBUSY;
	return zmq_pattern_set_flag(&core->owner.raw, val, len);
}

static int router_setopt(struct zmq_core *core, int opt, const void *val,
			 size_t len)
{
	struct router *router = core->priv;

	switch (opt) {
	case ZMQ_ROUTER_MANDATORY:
		return zmq_pattern_set_flag(&router->mandatory, val, len);
	case ZMQ_ROUTER_HANDOVER:
		return zmq_pattern_set_flag(&router->handover, val, len);
	case ZMQ_PROBE_ROUTER:
		return zmq_pattern_set_flag(&router->probe, val, len);
	case ZMQ_ROUTER_RAW:
		return set_raw(core, val, len);
	}
	return -ENOPROTOOPT;
}

const struct zmq_pattern zmq_router_pattern = {
	.name		= "ROUTER",
	.type		= ZMQ_ROUTER,
	.flags		= ZMQ_PAT_SEND | ZMQ_PAT_RECV | ZMQ_PAT_WIRE_ID |
			  ZMQ_PAT_ADDRESSED,
	.init		= router_init,
	.destroy	= zmq_peers_free,
	.ops.attach	= router_attach,
	.ops.detach	= zmq_peers_remove,
	.ops.up		= router_up,
	.address	= router_address,
	.number_of	= zmq_peers_number_of,
	.send		= router_send,
	.can_send	= router_can_send,
	.can_retry	= zmq_peers_can_retry,
	.peek		= router_peek,
	.consume	= zmq_peers_consume,
	.setopt		= router_setopt,
};
