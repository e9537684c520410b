// SPDX-License-Identifier: GPL-2.0-only
/*
 * Whose processes peers on this machine are.
 *
 * A connection that is made again may lead to another process, while messages
 * of the one before are still to be read. So a pipe has a list: who it was,
 * from which message on.
 */

#include <linux/cred.h>
#include <linux/pid.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include <net/sock.h>
#include "inproc.h"
#include "peercred.h"
#include "pipe.h"

/**
 * struct era - a time in which a pipe's peer was one process
 * @node: in pipe->eras, oldest first
 * @first: messages that had been received before it
 * @pc: the process
 */
struct era {
	struct list_head	node;
	unsigned long		first;
	struct zmq_peercred	pc;
};

/**
 * zmq_peercred_current() - note the current process
 * @pc: zeroed, or as set before
 *
 * Context: Process context of a system call.
 */
void zmq_peercred_current(struct zmq_peercred *pc)
{
	zmq_peercred_put(pc);
	pc->pid = get_pid(task_tgid(current));
	pc->cred = get_current_cred();
}

/**
 * zmq_peercred_copy() - note another one's process
 * @pc: zeroed, or as set before
 * @from: the process
 *
 * Context: Any.
 */
void zmq_peercred_copy(struct zmq_peercred *pc, const struct zmq_peercred *from)
{
	zmq_peercred_put(pc);
	pc->pid = get_pid(from->pid);
	pc->cred = get_cred(from->cred);
}

/**
 * zmq_peercred_put() - forget a process
 * @pc: zeroed, or as set before; zeroed afterwards
 *
 * Context: Any.
 */
void zmq_peercred_put(struct zmq_peercred *pc)
{
	put_pid(pc->pid);
	put_cred(pc->cred);
	pc->pid = NULL;
	pc->cred = NULL;
}

/**
 * zmq_peercred_equal() - compare what a reader would be told
 * @a: a process, or NULL
 * @b: a process, or NULL
 *
 * Context: Any.
 * Return: true if they are the same process with the same user and group, or
 *	nothing is known of either.
 */
bool zmq_peercred_equal(const struct zmq_peercred *a,
			const struct zmq_peercred *b)
{
	if (!a || !b)
		return a == b;
	return a->pid == b->pid && uid_eq(a->cred->euid, b->cred->euid) &&
	       gid_eq(a->cred->egid, b->cred->egid);
}

static const struct era *last_era(const struct zmq_pipe *pipe)
{
	return list_empty(&pipe->eras) ? NULL :
	       list_last_entry(&pipe->eras, struct era, node);
}

static void end_era(struct era *era)
{
	list_del(&era->node);
	zmq_peercred_put(&era->pc);
	kfree(era);
}

/* How many messages had been received before the one at the head. */
static bool head_index(struct zmq_pipe *pipe, unsigned long *index)
{
	struct zmq_core *core = pipe->core;
	bool known;

	spin_lock_bh(&core->lock);
	*index = pipe->rx_total - zmq_pipe_rx_msgs(pipe);
	known = skb_queue_empty(&pipe->rxq.newer.list);
	spin_unlock_bh(&core->lock);
	return known;
}

static bool begins_by(const struct era *era, unsigned long index)
{
	return (long)(index - era->first) >= 0;
}

/* Forget whose messages have all been read. */
static void prune(struct zmq_pipe *pipe, unsigned long head)
{
	struct era *era, *next;

	list_for_each_entry_safe(era, next, &pipe->eras, node) {
		if (list_is_last(&era->node, &pipe->eras) ||
		    !begins_by(next, head))
			return;
		end_era(era);
	}
}

/**
 * zmq_pipe_set_cred() - whose process the peer is from now on
 * @pipe: the pipe
 * @pc: the process, zeroed if it is not known
 *
 * Context: Process context, socket lock held; nothing that this peer sent is
 *	in the pipe, unless it is the first one.
 * Return: 0 or -ENOMEM.
 */
int zmq_pipe_set_cred(struct zmq_pipe *pipe, const struct zmq_peercred *pc)
{
	const struct era *last = last_era(pipe);
	unsigned long head;
	struct era *era;

	if (last ? last->pc.pid == pc->pid && last->pc.cred == pc->cred :
	    !pc->pid)
		return 0;
	era = kzalloc(sizeof(*era), GFP_KERNEL_ACCOUNT);
	if (!era)
		return -ENOMEM;
	zmq_peercred_copy(&era->pc, pc);
	if (last)
		era->first = READ_ONCE(pipe->rx_total);
	list_add_tail(&era->node, &pipe->eras);
	if (head_index(pipe, &head))
		prune(pipe, head);
	return 0;
}

/**
 * zmq_pipe_set_cred_of() - the same, from what a child knows of its peer
 * @pipe: the pipe
 * @child: its connection's stream, of any family
 *
 * Context: As with zmq_pipe_set_cred().
 * Return: 0 or -ENOMEM.
 */
int zmq_pipe_set_cred_of(struct zmq_pipe *pipe, struct sock *child)
{
	struct zmq_peercred pc = {};
	int err;

	if (child->sk_family != AF_UNIX)
		return 0;
	spin_lock(&child->sk_peer_lock);
	if (child->sk_peer_pid && child->sk_peer_cred) {
		pc.pid = get_pid(child->sk_peer_pid);
		pc.cred = get_cred(child->sk_peer_cred);
	}
	spin_unlock(&child->sk_peer_lock);
	err = zmq_pipe_set_cred(pipe, &pc);
	zmq_peercred_put(&pc);
	return err;
}

/**
 * zmq_pipe_free_creds() - the pipe is about to be freed
 * @pipe: the pipe, which nobody else knows
 *
 * Context: Any.
 */
void zmq_pipe_free_creds(struct zmq_pipe *pipe)
{
	struct era *era, *next;

	list_for_each_entry_safe(era, next, &pipe->eras, node)
		end_era(era);
}

/**
 * zmq_pipe_cred() - who sent the message at the head of the queue
 * @pipe: the pipe, with a message
 *
 * Context: Process context, socket lock held.
 * Return: the process, good for as long as the lock is held and the message is
 *	not consumed, or NULL if it is not known.
 */
const struct zmq_peercred *zmq_pipe_cred(struct zmq_pipe *pipe)
{
	const struct zmq_peercred *pc;
	unsigned long head;

	/* What an inproc peer sent may be here before it is met. */
	if (list_empty(&pipe->eras))
		return pipe->pair ? zmq_inproc_cred(pipe) : NULL;
	if (!list_is_singular(&pipe->eras)) {
		if (!head_index(pipe, &head))
			return NULL;
		prune(pipe, head);
	}
	pc = &list_first_entry(&pipe->eras, struct era, node)->pc;
	return pc->pid ? pc : NULL;
}

static const struct era *only_peer(const struct zmq_core *core)
{
	const struct zmq_pipe *pipe;

	if (core->nr_up != 1)
		return NULL;
	list_for_each_entry(pipe, &core->pipes, node) {
		if (test_bit(ZMQ_PIPE_UP, &pipe->flags))
			return last_era(pipe);
		cond_resched();
	}
	return NULL;
}

/**
 * zmq_core_show_cred() - let SO_PEERCRED tell of the only peer that there is
 * @core: the socket's core; peers came or went
 *
 * Context: Process context, socket lock held.
 */
void zmq_core_show_cred(struct zmq_core *core)
{
	const struct era *era = only_peer(core);
	struct zmq_peercred pc = {};
	struct sock *sk = core->sk;

	if (era)
		zmq_peercred_copy(&pc, &era->pc);
	spin_lock(&sk->sk_peer_lock);
	swap(sk->sk_peer_pid, pc.pid);
	swap(sk->sk_peer_cred, pc.cred);
	spin_unlock(&sk->sk_peer_lock);
	zmq_peercred_put(&pc);
}
