// SPDX-License-Identifier: GPL-2.0-only
/* The table of patterns, and what several of them do in the same way. */

#include <linux/nospec.h>
#include <linux/rcupdate.h>
#include <linux/slab.h>
#include "base/drop.h"
#include "pattern.h"

static const struct zmq_pattern * const patterns[] = {
	[ZMQ_PAIR]	= &zmq_pair_pattern,
	[ZMQ_PUB]	= &zmq_pub_pattern,
	[ZMQ_SUB]	= &zmq_sub_pattern,
	[ZMQ_REQ]	= &zmq_req_pattern,
	[ZMQ_REP]	= &zmq_rep_pattern,
	[ZMQ_DEALER]	= &zmq_dealer_pattern,
	[ZMQ_ROUTER]	= &zmq_router_pattern,
	[ZMQ_PULL]	= &zmq_pull_pattern,
	[ZMQ_PUSH]	= &zmq_push_pattern,
	[ZMQ_XPUB]	= &zmq_xpub_pattern,
	[ZMQ_XSUB]	= &zmq_xsub_pattern,
	[ZMQ_STREAM]	= &zmq_stream_pattern,
};

/**
 * zmq_pattern_find() - the rules of a socket type
 * @type: ZMQ_PAIR ..., any number that user space gave
 *
 * Context: Any.
 * Return: the pattern, or NULL if there is no such type.
 */
const struct zmq_pattern *zmq_pattern_find(int type)
{
	if (type < 0 || type >= ARRAY_SIZE(patterns))
		return NULL;
	return patterns[array_index_nospec(type, ARRAY_SIZE(patterns))];
}

/**
 * zmq_pattern_alloc() - make core->priv of zeros
 * @core: the socket's core
 * @size: its size
 *
 * Context: Process context.
 * Return: 0 or -ENOMEM.
 */
int zmq_pattern_alloc(struct zmq_core *core, size_t size)
{
	core->priv = kzalloc(size, GFP_KERNEL_ACCOUNT);
	return core->priv ? 0 : -ENOMEM;
}

/**
 * zmq_pattern_free() - undo zmq_pattern_alloc()
 * @core: the socket's core
 *
 * Context: Process context.
 */
void zmq_pattern_free(struct zmq_core *core)
{
	kfree(core->priv);
}

/**
 * zmq_pattern_set_flag() - take the value of an option that is on or off
 * @flag: set if the value is not 0
 * @val: the value
 * @len: bytes at @val
 *
 * Context: Any.
 * Return: 0, or -EINVAL if it is not an int.
 */
int zmq_pattern_set_flag(bool *flag, const void *val, size_t len)
{
	int n;

	if (len != sizeof(n))
		return -EINVAL;
	memcpy(&n, val, sizeof(n));
	WRITE_ONCE(*flag, n);
	return 0;
}

/**
 * zmq_pattern_has_credit() - whether the pipe that refused a message takes it
 * @refused: where a pattern remembers that pipe, or NULL; cleared by detach()
 *
 * Context: Any, no lock needed: the pipe is freed under RCU.
 * Return: 0 if it does or is gone, else -EAGAIN.
 */
int zmq_pattern_has_credit(struct zmq_pipe *const *refused)
{
	const struct zmq_pipe *pipe;
	int err = 0;

	rcu_read_lock();
	pipe = READ_ONCE(*refused);
	if (pipe && !zmq_pipe_writable(pipe) &&
	    !test_bit(ZMQ_PIPE_DEAD, &pipe->flags))
		err = -EAGAIN;
	rcu_read_unlock();
	return err;
}

/**
 * zmq_pattern_probe() - send a peer the empty message of ZMQ_PROBE_ROUTER
 * @core: the socket's core
 * @pipe: the peer
 *
 * A peer that has messages waiting needs no probe, so a full pipe is no loss.
 *
 * Context: Socket lock held.
 */
void zmq_pattern_probe(struct zmq_core *core, struct zmq_pipe *pipe)
{
	static const u8 empty_frame[2];
	struct zmq_msg msg;

	zmq_msg_init(&msg, core->sk);
	if (!zmq_msg_put_bytes(&msg, empty_frame, sizeof(empty_frame)) &&
	    !zmq_pipe_write(pipe, &msg))
		zmq_pipe_flush(pipe, false);
	zmq_msg_destroy(&msg);
}

/**
 * zmq_pattern_discard() - @rx of patterns that nobody reads from
 * @core: the socket's core
 * @pipe: where messages arrived
 *
 * Context: Any, core->lock held.
 * Return: false, there are no more.
 */
bool zmq_pattern_discard(struct zmq_core *core, struct zmq_pipe *pipe)
{
	zmq_drop(core->sk, pipe, ZMQ_MIB_RXDROPMALFORMED,
		 zmq_pipe_drop_msgs_locked(pipe));
	return false;
}
