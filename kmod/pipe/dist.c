// SPDX-License-Identifier: GPL-2.0-only
/*
 * A fan-out has a number; a pipe remembers the last one that concerned it, so
 * that it gets a message once however often it matched. The list of receivers
 * lives as long as the socket lock is held, since pipes are detached under it.
 */

#include <linux/sched.h>
#include "base/drop.h"
#include "dist.h"

/* Pipes between two looks at who else wants to run. */
#define PORTION		256

static void step(unsigned int *n)
{
	if (!(++*n % PORTION))
		cond_resched();
}

/**
 * zmq_dist_begin() - start a fan-out: no pipe is marked
 * @core: the socket's core
 *
 * Context: Process context, socket lock held.
 */
void zmq_dist_begin(struct zmq_core *core)
{
	struct zmq_pipe *pipe;
	unsigned int n = 0;

	zmq_owner_fanout_begin(&core->owner);
	if (++core->dist_gen)
		return;
	list_for_each_entry(pipe, &core->pipes, node) {
		pipe->dist_gen = 0;
		step(&n);
	}
	core->dist_gen = 1;
}

/**
 * zmq_dist_mark() - mark a pipe
 * @core: the socket's core
 * @pipe: the pipe
 *
 * Context: Socket lock held, by the caller or by the search it is called for.
 * Return: false if it was marked already.
 */
bool zmq_dist_mark(struct zmq_core *core, struct zmq_pipe *pipe)
{
	if (pipe->dist_gen == core->dist_gen)
		return false;
	pipe->dist_gen = core->dist_gen;
	return true;
}

/**
 * zmq_dist_add() - make a pipe a receiver, unless it is marked or dead
 * @core: the socket's core
 * @pipe: the pipe; marked afterwards
 * @to: the receivers
 *
 * Context: As zmq_dist_mark().
 */
void zmq_dist_add(struct zmq_core *core, struct zmq_pipe *pipe,
		  struct hlist_head *to)
{
	if (zmq_dist_mark(core, pipe) &&
	    !test_bit(ZMQ_PIPE_DEAD, &pipe->flags))
		hlist_add_head(&pipe->dist_node, to);
}

/**
 * zmq_dist_add_unmarked() - make every pipe that is not marked a receiver
 * @core: the socket's core
 * @to: the receivers
 *
 * Context: Process context, socket lock held.
 */
void zmq_dist_add_unmarked(struct zmq_core *core, struct hlist_head *to)
{
	struct zmq_pipe *pipe;
	unsigned int n = 0;

	list_for_each_entry(pipe, &core->pipes, node) {
		zmq_dist_add(core, pipe, to);
		step(&n);
	}
}

/**
 * zmq_dist_full() - look for a receiver without credit
 * @to: the receivers
 *
 * Context: Process context, socket lock held.
 * Return: such a pipe, or NULL.
 */
struct zmq_pipe *zmq_dist_full(const struct hlist_head *to)
{
	struct zmq_pipe *pipe;
	unsigned int n = 0;

	hlist_for_each_entry(pipe, to, dist_node) {
		if (test_bit(ZMQ_PIPE_FULL, &pipe->flags) &&
		    !test_bit(ZMQ_PIPE_DEAD, &pipe->flags))
			return pipe;
		step(&n);
	}
	return NULL;
}

/**
 * zmq_dist_drop() - count a message that a peer does not get
 * @core: the socket's core
 * @pipe: the peer, or NULL if there is none
 * @err: what zmq_pipe_write() said; -EPIPE without a peer
 *
 * Context: Socket lock held.
 */
void zmq_dist_drop(struct zmq_core *core, struct zmq_pipe *pipe, int err)
{
	enum zmq_mib_field why = ZMQ_MIB_NOMEM;

	if (err == -EAGAIN)
		why = ZMQ_MIB_TXDROPFULL;
	else if (err == -EPIPE)
		why = ZMQ_MIB_TXDROPNOPEER;

	if (pipe)
		pipe->drops++;
	atomic_long_inc(&core->drops);
	zmq_drop(core->sk, pipe, why, 1);
}

/**
 * zmq_dist_send() - write a whole message to each receiver
 * @core: the socket's core
 * @to: the receivers; empty afterwards
 * @msg: the message
 * @more: the caller has another message at hand
 *
 * Who cannot take it gets nothing of it; the others do not notice.
 *
 * Context: Process context, socket lock held.
 */
void zmq_dist_send(struct zmq_core *core, struct hlist_head *to,
		   const struct zmq_msg *msg, bool more)
{
	enum zmq_flush how = more ? ZMQ_FLUSH_LATER : ZMQ_FLUSH_FANOUT;
	struct zmq_pipe *pipe;
	unsigned int n = 0;
	int err;

	if (hlist_empty(to)) {
		zmq_drop(core->sk, NULL, ZMQ_MIB_TXDROPNOPEER, 1);
		return;
	}

	hlist_for_each_entry(pipe, to, dist_node) {
		err = zmq_pipe_write(pipe, msg);
		if (err)
			zmq_dist_drop(core, pipe, err);
		else if (pipe->conn)
			zmq_conn_flush(pipe->conn, how);
		step(&n);
	}
	INIT_HLIST_HEAD(to);
	zmq_owner_fanout_end(&core->owner);
}
