// SPDX-License-Identifier: GPL-2.0-only
/*
 * REQ (RFC 28): one request, then its reply from the peer that got it.
 *
 * On the wire a request is [id, with ZMQ_REQ_CORRELATE] [empty] [body...], and
 * so is its reply.
 */

#include <linux/random.h>
#include <linux/slab.h>
#include "pattern.h"
#include "pipe/fq.h"
#include "pipe/lb.h"
#include "wire/wire.h"

/**
 * struct req - a REQ socket
 * @peer: who got the request; only compared with pipes that have messages,
 *	NULL once no reply of its can come
 * @id: of the last request
 * @waiting: the request was sent, its reply not yet read
 * @correlated: the request carries @id
 * @correlate: ZMQ_REQ_CORRELATE
 * @relaxed: ZMQ_REQ_RELAXED
 * @probe: ZMQ_PROBE_ROUTER
 *
 * All under the socket lock.
 */
struct req {
	struct zmq_pipe	*peer;
	u32		id;
	bool		waiting;
	bool		correlated;
	bool		correlate;
	bool		relaxed;
	bool		probe;
};

static int req_init(struct zmq_core *core)
{
	struct req *req = kzalloc(sizeof(*req), GFP_KERNEL_ACCOUNT);

	if (!req)
		return -ENOMEM;
	req->id = get_random_u32();
	core->priv = req;
	return 0;
}

static void req_up(struct zmq_core *core, struct zmq_pipe *pipe)
{
	struct req *req = core->priv;

	if (req->probe)
		zmq_pattern_probe(core, pipe);
}

/* No reply can come from @pipe any more, and soon it will be freed. */
static bool is_spent(const struct zmq_pipe *pipe)
{
	return test_bit(ZMQ_PIPE_DETACHED, &pipe->flags) &&
	       !zmq_pipe_rx_msgs(pipe);
}

static void req_detach(struct zmq_core *core, struct zmq_pipe *pipe)
{
	struct req *req = core->priv;

	if (req->peer == pipe && is_spent(pipe))
		req->peer = NULL;
}

static void skip(struct zmq_core *core, struct zmq_pipe *pipe,
		 enum zmq_mib_field why)
{
	struct req *req = core->priv;

	zmq_pipe_get(pipe);
	zmq_fq_skip(core, pipe, why);
	if (req->peer == pipe && is_spent(pipe))
		req->peer = NULL;
	zmq_pipe_put(pipe);
}

static int put_envelope(struct req *req, struct zmq_msg *msg)
{
	struct {
		u8	id_hdr[2];
		u8	id[sizeof(u32)];
		u8	empty[2];
	} env = {
		.id_hdr	= { ZMTP_MORE, sizeof(u32) },
		.empty	= { ZMTP_MORE, 0 },
	};

	req->correlated = req->correlate;
	if (!req->correlated)
		return zmq_msg_put_bytes(msg, env.empty, sizeof(env.empty));

	req->id++;
	memcpy(env.id, &req->id, sizeof(env.id));
	return zmq_msg_put_bytes(msg, &env, sizeof(env));
}

static int req_begin(struct zmq_core *core, struct zmq_msg *msg)
{
	struct req *req = core->priv;
	int err;

	if (req->waiting && !req->relaxed)
		return -EBADFD;
	err = zmq_lb_begin(core, msg);
	if (err)
		return err;
	err = put_envelope(req, msg);
	if (err)
		return err;

	/* With ZMQ_REQ_RELAXED the request before is now given up. */
	if (core->rx_pipe)
		skip(core, core->rx_pipe, ZMQ_MIB_RXDROPSTALE);
	WRITE_ONCE(req->waiting, false);
	req->peer = NULL;
	return 0;
}

/* Whatever came from the peer before the request is no reply to it. */
static void drop_stale(struct zmq_core *core, struct zmq_pipe *pipe)
{
	unsigned int n = zmq_pipe_rx_msgs(pipe);

	while (n--)
		zmq_fq_skip(core, pipe, ZMQ_MIB_RXDROPSTALE);
}

static int req_send(struct zmq_core *core, struct zmq_msg *msg, bool more)
{
	unsigned int tries = core->nr_pipes;
	struct req *req = core->priv;
	int err;

	do {
		err = zmq_lb_begin(core, msg);
		if (err)
			return err;
		drop_stale(core, msg->pipe);
		err = zmq_lb_write(core, msg, more);
	} while (err == -EAGAIN && tries--);
	if (err)
		return err;

	req->peer = msg->pipe;
	WRITE_ONCE(req->waiting, true);
	return 0;
}

static int req_can_send(const struct zmq_core *core)
{
	const struct req *req = core->priv;

	if (READ_ONCE(req->waiting) && !READ_ONCE(req->relaxed))
		return -EBADFD;
	return zmq_lb_can_send(core);
}

/* Take the envelope off the message at the head of @pipe.
 * Return: true if it is the reply and has a body.
 */
static bool open_reply(const struct req *req, struct zmq_pipe *pipe,
		       enum zmq_mib_field *why)
{
	struct zmq_frame f;
	u32 id;

	*why = ZMQ_MIB_RXDROPMALFORMED;
	if (req->correlated) {
		if (zmq_pipe_peek_frame(pipe, &f) || !f.more ||
		    f.len != sizeof(id) ||
		    zmq_pipe_copy_bits(pipe, 0, &id, sizeof(id)))
			return false;
		if (id != req->id) {
			*why = ZMQ_MIB_RXDROPSTALE;
			return false;
		}
		zmq_pipe_consume_frame(pipe);
	}
	if (zmq_pipe_peek_frame(pipe, &f) || !f.more || f.len)
		return false;
	zmq_pipe_consume_frame(pipe);
	return true;
}

static int req_peek(struct zmq_core *core, struct zmq_frame *f)
{
	enum zmq_mib_field why = ZMQ_MIB_RXDROPSTALE;
	struct req *req = core->priv;
	struct zmq_pipe *pipe;

	if (!req->waiting)
		return -EBADFD;

	while (!core->rx_pipe) {
		pipe = zmq_fq_next(core);
		if (!pipe)
			return -EAGAIN;
		if (pipe == req->peer && open_reply(req, pipe, &why)) {
			core->rx_pipe = pipe;
			break;
		}
		skip(core, pipe, why);
		why = ZMQ_MIB_RXDROPSTALE;
	}
	return zmq_fq_peek(core, f);
}

static int req_glance(const struct zmq_core *core)
{
	const struct req *req = core->priv;

	if (!READ_ONCE(req->waiting))
		return -EBADFD;
	return READ_ONCE(core->rx_pipe) ? 0 : -EAGAIN;
}

static void req_consume(struct zmq_core *core, const struct zmq_frame *f)
{
	struct req *req = core->priv;

	if (!f->more) {
		req->peer = NULL;
		WRITE_ONCE(req->waiting, false);
	}
	zmq_fq_consume(core, f);
	if (!f->more)
		zmq_core_wake_writers(core);
}

/* Its request is answered, though nobody reads the answer. */
static void req_abandon(struct zmq_core *core)
{
	struct req *req = core->priv;

	skip(core, core->rx_pipe, ZMQ_MIB_RXDROPSTALE);
	req->peer = NULL;
	WRITE_ONCE(req->waiting, false);
	zmq_core_wake_writers(core);
}

static int req_setopt(struct zmq_core *core, int opt, const void *val,
		      size_t len)
{
	struct req *req = core->priv;

	switch (opt) {
	case ZMQ_REQ_CORRELATE:
		return zmq_pattern_set_flag(&req->correlate, val, len);
	case ZMQ_REQ_RELAXED:
		return zmq_pattern_set_flag(&req->relaxed, val, len);
	case ZMQ_PROBE_ROUTER:
		return zmq_pattern_set_flag(&req->probe, val, len);
	}
	return -ENOPROTOOPT;
}

const struct zmq_pattern zmq_req_pattern = {
	.name		= "REQ",
	.type		= ZMQ_REQ,
	.flags		= ZMQ_PAT_SEND | ZMQ_PAT_RECV | ZMQ_PAT_WIRE_ID |
			  ZMQ_PAT_FILTERS | ZMQ_PAT_ONE_CONNECT,
	.init		= req_init,
	.destroy	= zmq_pattern_free,
	.ops.detach	= req_detach,
	.ops.up		= req_up,
	.begin		= req_begin,
	.send		= req_send,
	.can_send	= req_can_send,
	.peek		= req_peek,
	.glance		= req_glance,
	.consume	= req_consume,
	.abandon	= req_abandon,
	.setopt		= req_setopt,
};
