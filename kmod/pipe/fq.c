// SPDX-License-Identifier: GPL-2.0-only
/*
 * Whoever has waited longest is served next, for one whole message. The pipes
 * do the rotation: a pipe whose message was consumed goes to the tail of
 * core->ready, or leaves it.
 */

#include "base/drop.h"
#include "conflate.h"
#include "fq.h"

/**
 * zmq_fq_next() - the pipe that is read next
 * @core: the socket's core
 *
 * The same one until its message is consumed or skipped: the head of
 * core->ready only ever changes by that.
 *
 * Context: Socket lock held.
 * Return: the pipe, with at least one message, or NULL.
 */
struct zmq_pipe *zmq_fq_next(struct zmq_core *core)
{
	struct zmq_pipe *pipe = core->rx_pipe ?: core->rx_next;

	if (pipe || list_empty(&core->ready))
		return pipe;

	spin_lock_bh(&core->lock);
	pipe = list_first_entry_or_null(&core->ready, struct zmq_pipe,
					ready_node);
	spin_unlock_bh(&core->lock);
	if (pipe && pipe->conflate)
		zmq_conflate_refresh(pipe);
	else
		core->rx_next = pipe;
	return pipe;
}

/**
 * zmq_fq_peek() - the frame that is read next
 * @core: the socket's core
 * @f: filled in
 *
 * Context: Socket lock held.
 * Return: 0, or -EAGAIN if there is none.
 */
int zmq_fq_peek(struct zmq_core *core, struct zmq_frame *f)
{
	struct zmq_pipe *pipe = zmq_fq_next(core);

	return pipe ? zmq_pipe_peek_frame(pipe, f) : -EAGAIN;
}

/**
 * zmq_fq_consume() - a frame found by zmq_fq_peek() was read
 * @core: the socket's core
 * @f: the frame; its pipe may be gone afterwards if this was its last message
 *
 * Context: Socket lock held.
 */
void zmq_fq_consume(struct zmq_core *core, const struct zmq_frame *f)
{
	core->rx_pipe = f->more ? f->pipe : NULL;
	zmq_pipe_consume_frame(f->pipe);
}

/**
 * zmq_fq_alone() - the pipe whose messages are all read next
 * @core: the socket's core
 * @msgs: set to how many it has
 *
 * Context: Socket lock held.
 * Return: the pipe; NULL if none or more than one has messages, if one is half
 *	read, or another may take its place.
 */
struct zmq_pipe *zmq_fq_alone(struct zmq_core *core, unsigned int *msgs)
{
	struct zmq_pipe *pipe = NULL;

	if (core->rx_pipe)
		return NULL;
	spin_lock_bh(&core->lock);
	if (list_is_singular(&core->ready)) {
		pipe = list_first_entry(&core->ready, struct zmq_pipe,
					ready_node);
		*msgs = zmq_pipe_rx_msgs(pipe);
	}
	spin_unlock_bh(&core->lock);
	return pipe && !pipe->conflate ? pipe : NULL;
}

/**
 * zmq_fq_skip() - discard the message at the head of a pipe, or its rest
 * @core: the socket's core
 * @pipe: a pipe of core->ready; may be gone afterwards
 * @why: what to count
 *
 * Context: Socket lock held.
 */
void zmq_fq_skip(struct zmq_core *core, struct zmq_pipe *pipe,
		 enum zmq_mib_field why)
{
	if (core->rx_pipe == pipe)
		core->rx_pipe = NULL;
	zmq_drop(core->sk, pipe, why, 1);
	zmq_pipe_skip_msg(pipe);
}
