// SPDX-License-Identifier: GPL-2.0-only
/*
 * STREAM: plain TCP. Every peer has a routing id, which stands before the bytes
 * that it sent and before those that are sent to it. An empty message is the
 * beginning or the end of a connection.
 */

#include "pattern.h"
#include "peers.h"

static int stream_init(struct zmq_core *core)
{
	core->owner.raw = true;
	return zmq_peers_alloc(core, sizeof(struct zmq_peers));
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
	.destroy	= zmq_peers_free,
	.ops.attach	= stream_attach,
	.ops.detach	= zmq_peers_remove,
	.ops.up		= zmq_peers_up,
	.address	= stream_address,
	.number_of	= zmq_peers_number_of,
	.send		= stream_send,
	.can_send	= zmq_peers_can_send,
	.can_retry	= zmq_peers_can_retry,
	.peek		= zmq_peers_peek,
	.consume	= zmq_peers_consume,
	.setopt		= stream_setopt,
};
