// SPDX-License-Identifier: GPL-2.0-only
/*
 * REP (RFC 28): one request, then its reply to the peer that asked.
 *
 * The envelope, which is every frame up to the first empty one, is taken off
 * the request and put before the reply, so that a reply finds its way back
 * through any number of proxies.
 */

#include <linux/log2.h>
#include <linux/sizes.h>
#include <linux/slab.h>
#include "pattern.h"
#include "pipe/dist.h"
#include "pipe/fq.h"
#include "wire/wire.h"

/* The sender decides how long an envelope is, we have to keep it. */
#define ENVELOPE_FRAMES	64
#define ENVELOPE_BYTES	SZ_16K
#define ENVELOPE_INLINE	64

/**
 * struct rep - a REP socket
 * @peer: who asked, NULL if it is gone
 * @replying: the request was read to its end, its reply not yet sent
 * @env: the envelope, encoded; @env_inline or allocated
 * @env_size: bytes at @env
 * @env_len: bytes in use
 * @env_inline: enough for all but long chains of proxies
 *
 * All under the socket lock.
 */
struct rep {
	struct zmq_pipe	*peer;
	bool		replying;
	u8		*env;
	u32		env_size;
	u32		env_len;
	u8		env_inline[ENVELOPE_INLINE];
};

static int rep_init(struct zmq_core *core)
{
	struct rep *rep = kzalloc(sizeof(*rep), GFP_KERNEL_ACCOUNT);

	if (!rep)
		return -ENOMEM;
	rep->env = rep->env_inline;
	rep->env_size = sizeof(rep->env_inline);
	core->priv = rep;
	return 0;
}

static void env_free(struct rep *rep)
{
	if (rep->env != rep->env_inline)
		kfree(rep->env);
	rep->env = rep->env_inline;
	rep->env_size = sizeof(rep->env_inline);
	rep->env_len = 0;
}

static void rep_destroy(struct zmq_core *core)
{
	struct rep *rep = core->priv;

	env_free(rep);
	kfree(rep);
}

static void rep_detach(struct zmq_core *core, struct zmq_pipe *pipe)
{
	struct rep *rep = core->priv;

	if (rep->peer == pipe && test_bit(ZMQ_PIPE_DETACHED, &pipe->flags))
		rep->peer = NULL;
}

/* Make @len bytes free behind the envelope; @len is at most ENVELOPE_BYTES. */
static bool env_reserve(struct rep *rep, u32 len)
{
	u32 size = rep->env_len + len;
	u8 *env;

	if (size <= rep->env_size)
		return true;
	if (size > ENVELOPE_BYTES)
		return false;

	size = roundup_pow_of_two(size);
	env = kmalloc(size, GFP_KERNEL_ACCOUNT);
	if (!env)
		return false;
	memcpy(env, rep->env, rep->env_len);
	if (rep->env != rep->env_inline)
		kfree(rep->env);
	rep->env = env;
	rep->env_size = size;
	return true;
}

static bool env_append(struct rep *rep, const struct zmq_frame *f)
{
	if (f->len > ENVELOPE_BYTES - ZMQ_HDR_MAX ||
	    !env_reserve(rep, ZMQ_HDR_MAX + f->len))
		return false;
	rep->env_len += zmq_hdr_put(rep->env + rep->env_len, f->len, ZMTP_MORE);
	if (zmq_pipe_copy_bits(f->pipe, 0, rep->env + rep->env_len, f->len))
		return false;
	rep->env_len += f->len;
	return true;
}

/* Move the envelope of the message at the head of @pipe into @rep. Without the
 * empty frame at its end, or without anything behind it, there is no request.
 */
static bool open_request(struct rep *rep, struct zmq_pipe *pipe)
{
	struct zmq_frame f;
	unsigned int n;
	bool end;

	env_free(rep);
	for (n = 0; n < ENVELOPE_FRAMES; n++) {
		if (zmq_pipe_peek_frame(pipe, &f) || !f.more ||
		    !env_append(rep, &f))
			return false;
		end = !f.len;
		zmq_pipe_consume_frame(pipe);
		if (end)
			return true;
	}
	return false;
}

static int rep_peek(struct zmq_core *core, struct zmq_frame *f)
{
	struct rep *rep = core->priv;
	struct zmq_pipe *pipe;

	if (rep->replying)
		return -EBADFD;

	while (!core->rx_pipe) {
		pipe = zmq_fq_next(core);
		if (!pipe)
			return -EAGAIN;
		if (!open_request(rep, pipe)) {
			zmq_fq_skip(core, pipe, ZMQ_MIB_RXDROPMALFORMED);
			continue;
		}
		core->rx_pipe = pipe;
		rep->peer = test_bit(ZMQ_PIPE_DETACHED, &pipe->flags) ?
			    NULL : pipe;
	}
	return zmq_fq_peek(core, f);
}

static int rep_glance(const struct zmq_core *core)
{
	const struct rep *rep = core->priv;

	if (READ_ONCE(rep->replying))
		return -EBADFD;
	return READ_ONCE(core->rx_pipe) ? 0 : -EAGAIN;
}

static void rep_consume(struct zmq_core *core, const struct zmq_frame *f)
{
	struct rep *rep = core->priv;

	if (!f->more)
		WRITE_ONCE(rep->replying, true);
	zmq_fq_consume(core, f);
	if (!f->more)
		zmq_core_wake_writers(core);
}

static int rep_begin(struct zmq_core *core, struct zmq_msg *msg)
{
	struct rep *rep = core->priv;

	if (!rep->replying)
		return -EBADFD;
	return zmq_msg_put_bytes(msg, rep->env, rep->env_len);
}

/* A reply that cannot be delivered is dropped: the next request must not wait
 * for a client that does not read.
 */
static int rep_send(struct zmq_core *core, struct zmq_msg *msg, bool more)
{
	struct rep *rep = core->priv;
	int err = -EPIPE;

	if (rep->peer)
		err = zmq_pipe_write(rep->peer, msg);
	if (err)
		zmq_dist_drop(core, rep->peer, err);
	else
		zmq_pipe_flush(rep->peer, more);

	rep->peer = NULL;
	WRITE_ONCE(rep->replying, false);
	/* Requests that came meanwhile were not announced. */
	if (!list_empty(&core->ready))
		zmq_core_wake_readers(core, 1);
	return 0;
}

static int rep_can_send(const struct zmq_core *core)
{
	const struct rep *rep = core->priv;

	return READ_ONCE(rep->replying) ? 0 : -EBADFD;
}

const struct zmq_pattern zmq_rep_pattern = {
	.name		= "REP",
	.type		= ZMQ_REP,
	.flags		= ZMQ_PAT_SEND | ZMQ_PAT_RECV | ZMQ_PAT_FILTERS,
	.init		= rep_init,
	.destroy	= rep_destroy,
	.ops.detach	= rep_detach,
	.begin		= rep_begin,
	.send		= rep_send,
	.can_send	= rep_can_send,
	.peek		= rep_peek,
	.glance		= rep_glance,
	.consume	= rep_consume,
};
