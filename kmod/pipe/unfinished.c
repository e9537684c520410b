// SPDX-License-Identifier: GPL-2.0-only
/*
 * Messages whose rest has not come. Nobody can read them, so nothing but their
 * peers can end them: when memory is refused to anybody they are given up, the
 * largest first, until there is enough; whole messages never are.
 */

#include <linux/log2.h>
#include <linux/sched.h>
#include <linux/notifier.h>
#include "base/drop.h"
#include "base/mem.h"
#include "conn/conn.h"
#include "pipe.h"
#include "trash.h"
#include "unfinished.h"

/* Less than 2 to this power is not worth a connection. */
#define ORDER_MIN	13

#define ORDERS		32

/* Protects @holders and the pipes' @held_node and @held_order; see locking.rst, 9 */
static DEFINE_SPINLOCK(hold_lock);

/* Pipes by how much their unfinished messages hold, as powers of two. */
static struct list_head holders[ORDERS];

/**
 * zmq_unfinished_note_locked() - a pipe's unfinished message has grown or ended
 * @pipe: the pipe
 *
 * Context: Any, core->lock held, or nobody else knows the pipe.
 */
void zmq_unfinished_note_locked(struct zmq_pipe *pipe)
{
	unsigned int order = 0;

	if (pipe->rxq.part.charged >> ORDER_MIN)
		order = ilog2(pipe->rxq.part.charged);
	if (order == READ_ONCE(pipe->held_order))
		return;
	spin_lock_bh(&hold_lock);
	pipe->held_order = order;
	if (order)
		list_move_tail(&pipe->held_node, &holders[order]);
	else
		list_del_init(&pipe->held_node);
	spin_unlock_bh(&hold_lock);
}

/* With a reference. Those that are about to be freed leave by themselves. */
static struct zmq_pipe *take_first(struct list_head *list)
{
	struct zmq_pipe *pipe;

	spin_lock_bh(&hold_lock);
	do {
		pipe = list_first_entry_or_null(list, struct zmq_pipe,
						held_node);
		if (pipe)
			list_del_init(&pipe->held_node);
	} while (pipe && !refcount_inc_not_zero(&pipe->ref));
	spin_unlock_bh(&hold_lock);
	return pipe;
}

static void put_back(struct zmq_pipe *pipe)
{
	spin_lock_bh(&hold_lock);
	if (pipe->held_order && list_empty(&pipe->held_node))
		list_add_tail(&pipe->held_node, &holders[pipe->held_order]);
	spin_unlock_bh(&hold_lock);
}

/* What shares a run with the end of a whole message stays with that. */
static void give_up(struct zmq_pipe *pipe)
{
	struct zmq_core *core = pipe->core;

	spin_lock_bh(&core->lock);
	if (pipe->rxq.part.charged) {
		set_bit(ZMQ_PIPE_GAVE_UP, &pipe->flags);
		zmq_pipe_trash_part_locked(pipe);
		zmq_drop(core->sk, pipe, ZMQ_MIB_RXDROPPARTIAL, 1);
		if (pipe->conn)
			zmq_conn_rx_give_up(pipe->conn);
	}
	spin_unlock_bh(&core->lock);
	zmq_trash_empty(core);
}

static void give_up_some(struct list_head *list)
{
	struct zmq_pipe *pipe;

	while ((pipe = take_first(list))) {
		if (zmq_mem_is_short(pipe->core->sk))
			give_up(pipe);
		put_back(pipe);
		zmq_pipe_put(pipe);
		cond_resched();
	}
}

static int on_refusal(struct notifier_block *nb, unsigned long action,
		      void *data)
{
	unsigned int order;
	LIST_HEAD(list);

	for (order = ORDERS - 1; order >= ORDER_MIN; order--) {
		spin_lock_bh(&hold_lock);
		list_splice_init(&holders[order], &list);
		spin_unlock_bh(&hold_lock);
		give_up_some(&list);
	}
	return NOTIFY_DONE;
}

static struct notifier_block refusal = { .notifier_call = on_refusal };

/**
 * zmq_unfinished_init_module() - be told when memory is refused
 *
 * Context: Process context, module init.
 */
void zmq_unfinished_init_module(void)
{
	unsigned int order;

	for (order = 0; order < ORDERS; order++)
		INIT_LIST_HEAD(&holders[order]);
	zmq_mem_on_refusal(&refusal);
}

/**
 * zmq_unfinished_exit_module() - undo zmq_unfinished_init_module()
 *
 * Context: Process context, module exit; every socket is destroyed.
 */
void zmq_unfinished_exit_module(void)
{
	zmq_mem_off_refusal(&refusal);
}
