// SPDX-License-Identifier: GPL-2.0-only
/* One peer as the socket sees it: its life. */

#include <linux/slab.h>
#include "base/mem.h"
#include "conn/conn.h"
#include "inproc.h"
#include "peercred.h"
#include "pipe.h"

#define T(_type)	BIT(ZMQ_##_type)

/* What a publisher receives are subscriptions, of which none may be lost. */
static void init_conflate(struct zmq_pipe *pipe)
{
	const struct zmq_core *core = pipe->core;
	const u32 type = core->opts.conflate ? BIT(core->owner.type) : 0;

	pipe->tx_conflate = type & (T(PUSH) | T(PUB) | T(DEALER));
	pipe->conflate = type & (T(PULL) | T(SUB) | T(DEALER));
}

/**
 * zmq_pipe_new() - make a pipe that nobody knows yet
 * @core: the socket's side
 * @gfp: how to allocate
 *
 * Context: Any that @gfp allows.
 * Return: the pipe with one reference, or NULL.
 */
struct zmq_pipe *zmq_pipe_new(struct zmq_core *core, gfp_t gfp)
{
	struct zmq_pipe *pipe = kzalloc(sizeof(*pipe), gfp | __GFP_ACCOUNT);

	if (!pipe)
		return NULL;
	refcount_set(&pipe->ref, 1);
	pipe->core = core;
	pipe->peer_type = -1;
	pipe->peer_hwm = -1;
	init_conflate(pipe);
	__skb_queue_head_init(&pipe->rxq.runs.list);
	__skb_queue_head_init(&pipe->rxq.newer.list);
	__skb_queue_head_init(&pipe->rxq.part.list);
	INIT_LIST_HEAD(&pipe->backlog_node);
	INIT_LIST_HEAD(&pipe->held_node);
	INIT_LIST_HEAD(&pipe->node);
	INIT_LIST_HEAD(&pipe->settle_node);
	INIT_LIST_HEAD(&pipe->ready_node);
	INIT_LIST_HEAD(&pipe->writable_node);
	INIT_LIST_HEAD(&pipe->eras);
	sock_hold(core->sk);
	return pipe;
}

/**
 * zmq_pipe_next() - find the first attached pipe from a number on
 * @core: the socket's core
 * @number: where to begin; set to the number of what was found
 *
 * Context: Any.
 * Return: the pipe, with a reference, or NULL.
 */
struct zmq_pipe *zmq_pipe_next(struct zmq_core *core, unsigned long *number)
{
	struct zmq_pipe *pipe;

	rcu_read_lock();
	while ((pipe = zmq_roster_next(&core->roster, number)) &&
	       !refcount_inc_not_zero(&pipe->ref))
		++*number;
	rcu_read_unlock();
	return pipe;
}

/**
 * zmq_pipe_get() - take a reference
 * @pipe: the pipe
 *
 * Context: Any.
 */
void zmq_pipe_get(struct zmq_pipe *pipe)
{
	refcount_inc(&pipe->ref);
}

/**
 * zmq_pipe_count() - count a peer that no connection is counted for
 * @pipe: its pipe, until it is reaped
 *
 * Context: Any; nobody else does.
 */
void zmq_pipe_count(struct zmq_pipe *pipe)
{
	if (pipe->counted)
		return;
	pipe->counted = true;
	atomic_inc(&pipe->core->owner.peers);
}

static void uncount(struct zmq_pipe *pipe)
{
	if (pipe->counted)
		atomic_dec(&pipe->core->owner.peers);
	pipe->counted = false;
}

/**
 * zmq_pipe_purge_locked() - drop everything received
 * @pipe: the pipe
 *
 * Context: Any, core->lock held, nobody else uses the queue.
 */
void zmq_pipe_purge_locked(struct zmq_pipe *pipe)
{
	list_del_init(&pipe->backlog_node);
	zmq_pipe_trash_part_locked(pipe);
	zmq_stretch_trash_locked(pipe->core, &pipe->rxq.newer);
	pipe->rxq.tail = 0;
	zmq_pipe_drop_msgs_locked(pipe);
}

/**
 * zmq_pipe_put() - drop a reference
 * @pipe: the pipe
 *
 * Context: Any, core->lock not held.
 */
void zmq_pipe_put(struct zmq_pipe *pipe)
{
	struct zmq_core *core = pipe->core;

	if (!refcount_dec_and_test(&pipe->ref))
		return;
	uncount(pipe);
	spin_lock_bh(&core->lock);
	zmq_pipe_purge_locked(pipe);
	spin_unlock_bh(&core->lock);
	zmq_pipe_free_creds(pipe);
	kfree(pipe->id);
	kfree(pipe->name);
	kfree(pipe->endpoint);
	kfree_rcu(pipe, rcu);
	sock_put(core->sk);
}

static void swap_id(struct zmq_pipe *pipe, u8 **id, u8 *len)
{
	struct zmq_core *core = pipe->core;

	spin_lock_bh(&core->lock);	/* /proc/net/zmq looks at it */
	swap(pipe->id, *id);
	swap(pipe->id_len, *len);
	spin_unlock_bh(&core->lock);
}

/**
 * zmq_pipe_set_id() - note the peer's routing id
 * @pipe: the pipe, not in a table by its id
 * @id: the routing id
 * @len: bytes in @id
 * @gfp: how to allocate
 *
 * Context: Any that @gfp allows, core->lock not held.
 * Return: 0 or -ENOMEM.
 */
int zmq_pipe_set_id(struct zmq_pipe *pipe, const u8 *id, size_t len, gfp_t gfp)
{
	u8 *copy = NULL, copy_len = len;

	if (len) {
		copy = kmemdup(id, len, gfp | __GFP_ACCOUNT);
		if (!copy)
			return -ENOMEM;
	}
	swap_id(pipe, &copy, &copy_len);
	kfree(copy);
	return 0;
}

/**
 * zmq_pipe_ready_locked() - let the pipe be read if it has a whole message
 * @pipe: the pipe
 *
 * Context: core->lock held.
 */
void zmq_pipe_ready_locked(struct zmq_pipe *pipe)
{
	if (zmq_pipe_rx_msgs(pipe) && list_empty(&pipe->ready_node) &&
	    !zmq_pipe_has_backlog(pipe) &&
	    test_bit(ZMQ_PIPE_ATTACHED, &pipe->flags))
		list_add_tail(&pipe->ready_node, &pipe->core->ready);
}

/**
 * zmq_pipe_writable_locked() - let the pipe be written to if it has credit
 * @pipe: the pipe
 *
 * Context: core->lock held.
 */
void zmq_pipe_writable_locked(struct zmq_pipe *pipe)
{
	if (zmq_pipe_writable(pipe) && list_empty(&pipe->writable_node) &&
	    test_bit(ZMQ_PIPE_ATTACHED, &pipe->flags))
		list_add_tail(&pipe->writable_node, &pipe->core->writable);
}

/**
 * zmq_pipe_attach() - make a pipe known to the pattern
 * @pipe: the pipe
 *
 * core->pipes takes a reference of its own.
 *
 * Context: Process context, socket lock held.
 * Return: 0 or the pattern's reason to refuse the peer.
 */
int zmq_pipe_attach(struct zmq_pipe *pipe)
{
	struct zmq_core *core = pipe->core;
	unsigned int readable;
	int err;

	err = zmq_roster_add(&core->roster, pipe, &pipe->place);
	if (err)
		return err;
	err = core->ops->attach ? core->ops->attach(core, pipe) : 0;
	if (err) {
		zmq_roster_del(&core->roster, pipe->place);
		return err;
	}

	zmq_pipe_get(pipe);
	spin_lock_bh(&core->lock);
	set_bit(ZMQ_PIPE_ATTACHED, &pipe->flags);
	list_add_tail(&pipe->node, &core->pipes);
	WRITE_ONCE(core->nr_pipes, core->nr_pipes + 1);
	zmq_pipe_ready_locked(pipe);
	zmq_pipe_writable_locked(pipe);
	readable = zmq_pipe_rx_msgs(pipe);
	spin_unlock_bh(&core->lock);

	if (readable)
		zmq_core_wake_readers(core, readable);
	zmq_core_wake_writers(core);
	return 0;
}

static void set_up(struct zmq_pipe *pipe, bool up)
{
	struct zmq_core *core = pipe->core;

	if (up == test_bit(ZMQ_PIPE_UP, &pipe->flags))
		return;
	if (up) {
		set_bit(ZMQ_PIPE_UP, &pipe->flags);
		core->nr_up++;
	} else {
		clear_bit(ZMQ_PIPE_UP, &pipe->flags);
		core->nr_up--;
	}
	zmq_core_show_cred(core);
}

/**
 * zmq_pipe_up() - the peer can be talked to
 * @pipe: the pipe, attached
 *
 * Context: Process context, socket lock held.
 */
void zmq_pipe_up(struct zmq_pipe *pipe)
{
	set_up(pipe, true);
	if (pipe->core->ops->up)
		pipe->core->ops->up(pipe->core, pipe);
}

/**
 * zmq_pipe_down() - the connection broke, and another will follow
 * @pipe: the pipe, attached
 *
 * Context: Process context, socket lock held.
 */
void zmq_pipe_down(struct zmq_pipe *pipe)
{
	struct zmq_core *core = pipe->core;

	set_up(pipe, false);
	spin_lock_bh(&core->lock);
	clear_bit(ZMQ_PIPE_THROTTLED, &pipe->flags);
	zmq_pipe_drop_partial_locked(pipe);
	spin_unlock_bh(&core->lock);
	zmq_pipe_digest(pipe);
	if (core->ops->down)
		core->ops->down(core, pipe);
}

/**
 * zmq_pipe_reap() - the last message of a dead pipe was read
 * @pipe: the pipe; may be freed unless the caller has a reference
 *
 * Context: Process context, socket lock held.
 */
void zmq_pipe_reap(struct zmq_pipe *pipe)
{
	struct zmq_core *core = pipe->core;
	bool listed;

	spin_lock_bh(&core->lock);
	listed = !list_empty(&pipe->node);
	if (listed) {
		list_del_init(&pipe->node);
		WRITE_ONCE(core->nr_pipes, core->nr_pipes - 1);
	}
	list_del_init(&pipe->ready_node);
	list_del_init(&pipe->backlog_node);
	if (core->rx_pipe == pipe)
		core->rx_pipe = NULL;
	if (core->rx_next == pipe)
		core->rx_next = NULL;
	spin_unlock_bh(&core->lock);
	uncount(pipe);
	if (!listed)
		return;
	zmq_roster_del(&core->roster, pipe->place);
	zmq_pipe_put(pipe);
}

/**
 * zmq_pipe_detach() - the peer is gone
 * @pipe: the pipe; may be freed unless the caller has a reference
 *
 * Whole messages that it sent can still be read. The connection, if there is
 * one, is left to the caller.
 *
 * Context: Process context, socket lock held.
 */
void zmq_pipe_detach(struct zmq_pipe *pipe)
{
	struct zmq_core *core = pipe->core;
	struct zmq_conn *conn = pipe->conn;
	bool empty;

	if (test_and_set_bit(ZMQ_PIPE_DETACHED, &pipe->flags))
		return;
	zmq_pipe_get(pipe);
	set_up(pipe, false);

	/* From here on nothing arrives. */
	if (conn) {
		zmq_conn_set_pipe(conn, NULL);
		spin_lock_bh(&core->lock);
		pipe->conn = NULL;
		spin_unlock_bh(&core->lock);
		zmq_conn_put(conn);
		zmq_pipe_put(pipe);
	} else if (pipe->pair) {
		zmq_inproc_unlink(pipe);
	}

	spin_lock_bh(&core->lock);
	set_bit(ZMQ_PIPE_DEAD, &pipe->flags);
	list_del_init(&pipe->writable_node);
	zmq_pipe_drop_partial_locked(pipe);
	spin_unlock_bh(&core->lock);
	zmq_pipe_digest(pipe);
	empty = !zmq_pipe_rx_msgs(pipe);

	/* An inproc peer can subscribe before its pipe is attached. */
	if (core->ops->detach)
		core->ops->detach(core, pipe);
	zmq_pipe_count(pipe);
	if (empty)
		zmq_pipe_reap(pipe);
	/* Who waits for this peer alone must look again. */
	zmq_core_wake_readers(core, 1);
	zmq_core_wake_writers(core);
	zmq_pipe_put(pipe);
}

static void settle_later(struct zmq_pipe *pipe, bool dead)
{
	struct zmq_core *core = pipe->core;

	spin_lock_bh(&core->lock);
	if (dead) {
		set_bit(ZMQ_PIPE_DEAD, &pipe->flags);
		list_del_init(&pipe->writable_node);
	}
	if (list_empty(&pipe->settle_node)) {
		zmq_pipe_get(pipe);
		list_add_tail(&pipe->settle_node, &core->unsettled);
	}
	spin_unlock_bh(&core->lock);
	zmq_task_run(&core->task);
}

/**
 * zmq_pipe_joined() - let the pipe's socket meet the peer that it was given
 * @pipe: the pipe, an end of a pair, attached or not
 *
 * Context: Any, core->lock not held.
 */
void zmq_pipe_joined(struct zmq_pipe *pipe)
{
	settle_later(pipe, false);
}

/**
 * zmq_pipe_hangup() - let the pipe's socket detach it
 * @pipe: the pipe
 *
 * Context: Any, core->lock not held.
 */
void zmq_pipe_hangup(struct zmq_pipe *pipe)
{
	settle_later(pipe, true);
}

static bool same_id(const struct zmq_pipe *pipe, const u8 *id, size_t len)
{
	return pipe->id_len == len && (!len || !memcmp(pipe->id, id, len));
}

/**
 * zmq_pipe_meet() - the peer said who it is
 * @pipe: the pipe, attached or not yet
 * @minor: minor of its ZMTP version
 * @type: its socket type, -1 if it did not say
 * @id: its routing id
 * @len: bytes in @id; with 0 one that was chosen here stays
 *
 * A dialed pipe is attached before that is known, so a pattern that finds peers
 * by their id gets to know it anew.
 *
 * Context: Process context, socket lock held.
 * Return: 0, -ENOMEM, or the pattern's reason to refuse the peer.
 */
int zmq_pipe_meet(struct zmq_pipe *pipe, u8 minor, int type, const u8 *id,
		  size_t len)
{
	bool attached = test_bit(ZMQ_PIPE_ATTACHED, &pipe->flags);
	struct zmq_core *core = pipe->core;
	u8 *other, other_len = len;
	int err;

	pipe->peer_minor = minor;
	pipe->peer_type = type;
	if (!len || test_bit(ZMQ_PIPE_FIXED_ID, &pipe->flags) ||
	    same_id(pipe, id, len))
		return 0;
	if (!attached || !core->by_id)
		return zmq_pipe_set_id(pipe, id, len, GFP_KERNEL);

	other = kmemdup(id, len, GFP_KERNEL_ACCOUNT);
	if (!other)
		return -ENOMEM;
	core->ops->detach(core, pipe);
	swap_id(pipe, &other, &other_len);
	err = core->ops->attach(core, pipe);
	if (err) {
		/* What is unread is of who it was; dialed again it says anew. */
		swap_id(pipe, &other, &other_len);
		core->ops->attach(core, pipe);
	}
	kfree(other);
	return err;
}
