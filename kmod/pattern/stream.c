// SPDX-License-Identifier: GPL-2.0-only
/*
 * STREAM: plain TCP. Every peer has a routing id, which stands before the bytes
 * that it sent and before those that are sent to it. An empty message is the
 * beginning or the end of a connection.
 */

#include <linux/slab.h>
#include "pattern.h"
#include "peers.h"

static int stream_init(struct zmq_core *core)
{
	struct zmq_peers *peers;
	int err;

	peers = kzalloc(sizeof(*peers), GFP_KERNEL_ACCOUNT);
	if (!peers)
		return -ENOMEM;
	err = zmq_peers_init(peers);
	if (err) {
		kfree(peers);
		return err;
	}
	core->owner.raw = true;
	core->priv = peers;
	return 0;
}

static void stream_destroy(struct zmq_core *core)
{
	struct zmq_peers *peers = core->priv;

	zmq_peers_destroy(peers);
	kfree(peers);
}

static int stream_attach(struct zmq_core *core, struct zmq_pipe *pipe)
{
	struct zmq_peers *peers = core->priv;
	int err;

	if (!pipe->id_len)
		err = zmq_peers_name(peers, pipe);
	else if (zmq_peers_find(peers, pipe->id, pipe->id_len))
		err = -EEXIST;
	else
		err = zmq_peers_add(peers, pipe);
	if (err || !pipe->dialed)
		return err;
	/* As with libzmq, ZMQ_ROUTING_ID tells whom a connect was to. */
	memcpy(core->opts.routing_id, pipe->id, pipe->id_len);
	core->opts.routing_id_len = pipe->id_len;
	return 0;
}

static void stream_detach(struct zmq_core *core, struct zmq_pipe *pipe)
{
	zmq_peers_remove(core->priv, pipe);
}

static void stream_up(struct zmq_core *core, struct zmq_pipe *pipe)
{
	zmq_peers_up(core->priv, pipe);
}

static u32 stream_number_of(struct zmq_core *core, const void *addr, size_t len)
{
	return zmq_peers_number_of(core->priv, addr, len);
}

static int stream_address(struct zmq_core *core, struct zmq_msg *msg)
{
	return zmq_peers_address(core->priv, msg, true);
}

static int stream_send(struct zmq_core *core, struct zmq_msg *msg, bool more)
{
	int err;

	if (!msg->body_len) {
		zmq_pipe_close(msg->pipe);
		return 0;
	}
	err = zmq_peers_send(core->priv, msg, more);
	return err == -EPIPE ? -EHOSTUNREACH : err;
}

static int stream_can_send(const struct zmq_core *core)
{
	return zmq_peers_can_send(core, core->priv);
}

static int stream_can_retry(const struct zmq_core *core)
{
	return zmq_peers_can_retry(core->priv);
}

static int stream_setopt(struct zmq_core *core, int opt, const void *val,
			 size_t len)
{
	if (opt == ZMQ_STREAM_NOTIFY)
		return zmq_pattern_set_flag(&core->owner.raw_notify, val, len);
	return -ENOPROTOOPT;
}

const struct zmq_pattern zmq_stream_pattern = {
	.name		= "STREAM",
	.type		= ZMQ_STREAM,
	.flags		= ZMQ_PAT_SEND | ZMQ_PAT_RECV | ZMQ_PAT_ADDRESSED,
	.init		= stream_init,
	.destroy	= stream_destroy,
	.ops.attach	= stream_attach,
	.ops.detach	= stream_detach,
	.ops.up		= stream_up,
	.address	= stream_address,
	.number_of	= stream_number_of,
	.send		= stream_send,
	.can_send	= stream_can_send,
	.can_retry	= stream_can_retry,
	.peek		= zmq_peers_peek,
	.consume	= zmq_peers_consume,
	.setopt		= stream_setopt,
};
