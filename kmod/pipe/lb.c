// SPDX-License-Identifier: GPL-2.0-only
/*
 * Round robin over the pipes with credit, one whole message each. The pipes
 * keep core->writable: a pipe without credit is not on it and comes back at
 * the tail.
 */

#include "lb.h"

/* Nobody else writes to a chosen pipe, so its credit lasts for the message. It
 * may leave the list meanwhile, but the socket lock keeps it.
 */
static struct zmq_pipe *choose(struct zmq_core *core)
{
	struct zmq_pipe *pipe;

	pipe = list_first_entry_or_null(&core->writable, struct zmq_pipe,
					writable_node);
	if (pipe)
		zmq_pipe_get(pipe);
	return pipe;
}

static void unchoose(struct zmq_msg *msg)
{
	zmq_pipe_put(msg->pipe);
	msg->pipe = NULL;
}

static void rotate(struct zmq_core *core, struct zmq_pipe *pipe)
{
	if (core->nr_pipes < 2)
		return;

	spin_lock_bh(&core->lock);
	if (!list_empty(&pipe->writable_node))
		zmq_pipe_rotate_locked(&pipe->writable_node, &core->writable);
	spin_unlock_bh(&core->lock);
}

/**
 * zmq_lb_begin() - choose the pipe that a message goes to
 * @core: the socket's core
 * @msg: the message; @msg->pipe is kept if it can still be written to
 *
 * Context: Socket lock held.
 * Return: 0 with @msg->pipe set and held, or -EAGAIN if no pipe has credit.
 */
int zmq_lb_begin(struct zmq_core *core, struct zmq_msg *msg)
{
	if (msg->pipe) {
		if (zmq_pipe_writable(msg->pipe))
			return 0;
		unchoose(msg);
	}
	msg->pipe = choose(core);
	return msg->pipe ? 0 : -EAGAIN;
}

/**
 * zmq_lb_write() - write a whole message to the chosen pipe
 * @core: the socket's core
 * @msg: the message, after zmq_lb_begin()
 * @more: the caller has another message at hand
 *
 * Context: Socket lock held.
 * Return: 0; -EAGAIN if the pipe cannot take it, choose another; or the error
 * of zmq_pipe_write().
 */
int zmq_lb_write(struct zmq_core *core, struct zmq_msg *msg, bool more)
{
	int err = zmq_pipe_write(msg->pipe, msg);

	rotate(core, msg->pipe);
	if (!err) {
		zmq_pipe_flush(msg->pipe, more);
	} else if (err == -EAGAIN || err == -EPIPE) {
		unchoose(msg);
		err = -EAGAIN;
	}
	return err;
}

/**
 * zmq_lb_send() - send a whole message to the next pipe that takes it
 * @core: the socket's core
 * @msg: the message; @msg->pipe tells afterwards who got it
 * @more: the caller has another message at hand
 *
 * Usually that is the pipe chosen at the first frame. If it died since, the
 * whole message goes to another one, so nobody ever gets a part of it.
 *
 * Context: Socket lock held.
 * Return: 0, -EAGAIN if no pipe has credit, or the error of zmq_pipe_write().
 */
int zmq_lb_send(struct zmq_core *core, struct zmq_msg *msg, bool more)
{
	unsigned int tries = core->nr_pipes;
	int err;

	do {
		err = zmq_lb_begin(core, msg);
		if (err)
			return err;
		err = zmq_lb_write(core, msg, more);
	} while (err == -EAGAIN && tries--);
	return err;
}

/**
 * zmq_lb_burst() - how many messages zmq_lb_send() may be given at once
 * @core: the socket's core
 *
 * With more than one pipe each message goes to another one.
 *
 * Context: Socket lock held.
 * Return: the number; 1 or less if it is one at a time.
 */
unsigned int zmq_lb_burst(const struct zmq_core *core)
{
	if (core->nr_pipes != 1)
		return 0;
	return zmq_pipe_burst(list_first_entry(&core->pipes, struct zmq_pipe,
					       node));
}

/**
 * zmq_lb_can_send() - would zmq_lb_begin() find a pipe
 * @core: the socket's core
 *
 * Context: Any, no lock needed.
 * Return: 0 or -EAGAIN.
 */
int zmq_lb_can_send(const struct zmq_core *core)
{
	return list_empty(&core->writable) ? -EAGAIN : 0;
}
