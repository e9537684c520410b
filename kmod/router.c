// SPDX-License-Identifier: GPL-2.0-only
/*
 * ROUTER (RFC 28): every peer has a routing id. It stands before what the peer
 * sent, and before what is sent to the peer.
 *
 * A peer may name itself in its handshake. One that does not, and one whose
 * name begins with the zero byte that is reserved for it, gets a name from us.
 */

#include <linux/jhash.h>
#include <linux/random.h>
#include <linux/rhashtable.h>
#include <linux/slab.h>
#include "dist.h"
#include "fq.h"
#include "lb.h"
#include "pattern.h"

#define AUTO_ID_LEN	5

/**
 * struct router - a ROUTER socket
 * @peers: pipes by their id
 * @next_id: number of the next name that we give
 * @mandatory: ZMQ_ROUTER_MANDATORY
 * @handover: ZMQ_ROUTER_HANDOVER
 * @probe: ZMQ_PROBE_ROUTER
 * @refused: who had no credit for the last message, with @mandatory; read
 *	under RCU
 *
 * All under the socket lock.
 */
struct router {
	struct rhashtable	peers;
	u32			next_id;
	bool			mandatory;
	bool			handover;
	bool			probe;
	struct zmq_pipe		*refused;
};

struct id {
	const u8	*data;
	u8		len;
};

static u32 hash_id(const void *data, u32 len, u32 seed)
{
	const struct id *id = data;

	return jhash(id->data, id->len, seed);
}

static u32 hash_pipe(const void *data, u32 len, u32 seed)
{
	const struct zmq_pipe *pipe = data;

	return jhash(pipe->id, pipe->id_len, seed);
}

static int cmp_pipe(struct rhashtable_compare_arg *arg, const void *obj)
{
	const struct zmq_pipe *pipe = obj;
	const struct id *id = arg->key;

	return pipe->id_len != id->len ||
	       memcmp(pipe->id, id->data, id->len);
}

static const struct rhashtable_params peers_params = {
	.head_offset		= offsetof(struct zmq_pipe, id_node),
	.hashfn			= hash_id,
	.obj_hashfn		= hash_pipe,
	.obj_cmpfn		= cmp_pipe,
	.automatic_shrinking	= true,
};

static int router_init(struct zmq_core *core)
{
	struct router *router;
	int err;

	router = kzalloc(sizeof(*router), GFP_KERNEL_ACCOUNT);
	if (!router)
		return -ENOMEM;
	err = rhashtable_init(&router->peers, &peers_params);
	if (err) {
		kfree(router);
		return err;
	}
	router->next_id = get_random_u32();
	core->priv = router;
	return 0;
}

static void router_destroy(struct zmq_core *core)
{
	struct router *router = core->priv;

	rhashtable_destroy(&router->peers);
	kfree(router);
}

static struct zmq_pipe *find(struct router *router, const u8 *data, u8 len)
{
	struct id id = { .data = data, .len = len };

	return rhashtable_lookup_fast(&router->peers, &id, peers_params);
}

/* Does nothing to a pipe that is not in the table. */
static void disown(struct router *router, struct zmq_pipe *pipe)
{
	if (pipe->id_len)
		rhashtable_remove_fast(&router->peers, &pipe->id_node,
				       peers_params);
}

static int own(struct router *router, struct zmq_pipe *pipe)
{
	return rhashtable_insert_fast(&router->peers, &pipe->id_node,
				      peers_params);
}

/* Know a pipe by the name that it has. A peer that is gone makes way, and one
 * that is not does with ZMQ_ROUTER_HANDOVER.
 */
static int own_chosen(struct router *router, struct zmq_pipe *pipe)
{
	struct zmq_pipe *old = find(router, pipe->id, pipe->id_len);
	bool dead;

	if (old) {
		dead = test_bit(ZMQ_PIPE_DEAD, &old->flags);
		if (!dead && !router->handover)
			return -EEXIST;
		disown(router, old);
		if (!dead)
			zmq_pipe_hangup(old);
	}
	return own(router, pipe);
}

static int own_auto(struct router *router, struct zmq_pipe *pipe)
{
	u8 id[AUTO_ID_LEN] = { };
	__be32 n;
	int err;

	do {
		n = cpu_to_be32(router->next_id++);
		memcpy(id + 1, &n, sizeof(n));
	} while (find(router, id, sizeof(id)));

	err = zmq_pipe_set_id(pipe, id, sizeof(id), GFP_KERNEL);
	return err ?: own(router, pipe);
}

static int router_attach(struct zmq_core *core, struct zmq_pipe *pipe)
{
	struct router *router = core->priv;

	if (pipe->id_len &&
	    (pipe->id[0] || test_bit(ZMQ_PIPE_FIXED_ID, &pipe->flags)))
		return own_chosen(router, pipe);
	/* Who is dialed can say who it is before it is up. */
	if (pipe->dialed && !pipe->id_len)
		return 0;
	return own_auto(router, pipe);
}

static void router_detach(struct zmq_core *core, struct zmq_pipe *pipe)
{
	struct router *router = core->priv;

	if (router->refused == pipe)
		WRITE_ONCE(router->refused, NULL);
	disown(router, pipe);
}

static void router_up(struct zmq_core *core, struct zmq_pipe *pipe)
{
	struct router *router = core->priv;

	if (!pipe->id_len)
		own_auto(router, pipe);
	if (router->probe)
		zmq_pattern_probe(core, pipe);
}

static int router_address(struct zmq_core *core, struct zmq_msg *msg)
{
	struct router *router = core->priv;
	struct zmq_pipe *pipe = find(router, msg->id, msg->id_len);

	WRITE_ONCE(router->refused, NULL);
	if (!pipe || test_bit(ZMQ_PIPE_DEAD, &pipe->flags))
		return router->mandatory ? -EHOSTUNREACH : 0;
	if (router->mandatory && !zmq_pipe_writable(pipe)) {
		WRITE_ONCE(router->refused, pipe);
		return -EAGAIN;
	}
	zmq_pipe_get(pipe);
	msg->pipe = pipe;
	return 0;
}

static int router_send(struct zmq_core *core, struct zmq_msg *msg, bool more)
{
	struct router *router = core->priv;
	int err = -EPIPE;

	if (msg->pipe)
		err = zmq_pipe_write(msg->pipe, msg);
	if (!err) {
		zmq_pipe_flush(msg->pipe, more);
		return 0;
	}
	if (!router->mandatory) {
		zmq_dist_drop(core, msg->pipe, err);
		return 0;
	}
	if (err == -EAGAIN)
		WRITE_ONCE(router->refused, msg->pipe);
	return err == -EPIPE ? -EHOSTUNREACH : err;
}

static int router_can_send(const struct zmq_core *core)
{
	const struct router *router = core->priv;

	return READ_ONCE(router->mandatory) ? zmq_lb_can_send(core) : 0;
}

static int router_can_retry(const struct zmq_core *core)
{
	const struct router *router = core->priv;

	return zmq_pattern_has_credit(&router->refused);
}

static int router_peek(struct zmq_core *core, struct zmq_frame *f)
{
	struct zmq_pipe *pipe;

	if (core->rx_pipe)
		return zmq_fq_peek(core, f);
	pipe = zmq_fq_next(core);
	if (!pipe)
		return -EAGAIN;

	f->pipe = NULL;
	f->body = pipe;
	f->mem = pipe->id;
	f->len = pipe->id_len;
	f->more = true;
	return 0;
}

static void router_consume(struct zmq_core *core, const struct zmq_frame *f)
{
	if (f->pipe)
		zmq_fq_consume(core, f);
	else
		core->rx_pipe = zmq_fq_next(core);
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
	}
	return -ENOPROTOOPT;
}

const struct zmq_pattern zmq_router_pattern = {
	.name		= "ROUTER",
	.type		= ZMQ_ROUTER,
	.flags		= ZMQ_PAT_SEND | ZMQ_PAT_RECV | ZMQ_PAT_WIRE_ID |
			  ZMQ_PAT_ADDRESSED,
	.init		= router_init,
	.destroy	= router_destroy,
	.ops.attach	= router_attach,
	.ops.detach	= router_detach,
	.ops.up		= router_up,
	.address	= router_address,
	.send		= router_send,
	.can_send	= router_can_send,
	.can_retry	= router_can_retry,
	.peek		= router_peek,
	.consume	= router_consume,
	.setopt		= router_setopt,
};
