// SPDX-License-Identifier: GPL-2.0-only
/* One peer as the socket sees it: queue, credit, life. */

#include <linux/slab.h>
#include "conn.h"
#include "inproc.h"
#include "mem.h"
#include "trace.h"

/* ---- the socket's side ---- */

static struct zmq_core *task_core(struct zmq_task *task)
{
	return container_of(task, struct zmq_core, task);
}

static void core_task_run(struct zmq_task *task)
{
	zmq_core_settle(task_core(task));
}

static void core_task_get(struct zmq_task *task)
{
	sock_hold(task_core(task)->sk);
}

static void core_task_put(struct zmq_task *task)
{
	sock_put(task_core(task)->sk);
}

static const struct zmq_task_ops core_task_ops = {
	.run	= core_task_run,
	.get	= core_task_get,
	.put	= core_task_put,
};

/**
 * zmq_core_wake_readers() - something can be received
 * @core: the socket's core
 *
 * Context: Any.
 */
void zmq_core_wake_readers(struct zmq_core *core)
{
	core->sk->sk_data_ready(core->sk);
}

/**
 * zmq_core_wake_writers() - something can be sent
 * @core: the socket's core
 *
 * Context: Any.
 */
void zmq_core_wake_writers(struct zmq_core *core)
{
	struct socket_wq *wq;

	rcu_read_lock();
	wq = rcu_dereference(core->sk->sk_wq);
	/* Pairs with the barrier of the sleeper between queueing itself and
	 * testing for credit.
	 */
	if (skwq_has_sleeper(wq))
		wake_up_interruptible_sync_poll(&wq->wait, EPOLLOUT |
						EPOLLWRNORM | EPOLLWRBAND);
	rcu_read_unlock();
}

/* ---- life ---- */

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
	__skb_queue_head_init(&pipe->runs);
	INIT_LIST_HEAD(&pipe->node);
	INIT_LIST_HEAD(&pipe->attach_node);
	INIT_LIST_HEAD(&pipe->ready_node);
	INIT_LIST_HEAD(&pipe->writable_node);
	INIT_LIST_HEAD(&pipe->dist_node);
	sock_hold(core->sk);
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

static void purge_runs(struct zmq_pipe *pipe)
{
	__skb_queue_purge(&pipe->runs);
	if (pipe->rx_charged)
		zmq_mem_uncharge_rx(pipe->core->sk, pipe->rx_charged);
	pipe->rx_charged = 0;
	pipe->rx_bytes = 0;
	pipe->rx_msgs = 0;
}

/**
 * zmq_pipe_put() - drop a reference
 * @pipe: the pipe
 *
 * Context: Any, core->lock not held.
 */
void zmq_pipe_put(struct zmq_pipe *pipe)
{
	struct sock *sk = pipe->core->sk;

	if (!refcount_dec_and_test(&pipe->ref))
		return;
	purge_runs(pipe);
	kfree(pipe->id);
	kfree(pipe->endpoint);
	kfree_rcu(pipe, rcu);
	sock_put(sk);
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
	struct zmq_core *core = pipe->core;
	u8 *copy = NULL;

	if (len) {
		copy = kmemdup(id, len, gfp | __GFP_ACCOUNT);
		if (!copy)
			return -ENOMEM;
	}
	spin_lock_bh(&core->lock);	/* /proc/net/zmq looks at it */
	swap(pipe->id, copy);
	pipe->id_len = len;
	spin_unlock_bh(&core->lock);
	kfree(copy);
	return 0;
}

static void pipe_ready_locked(struct zmq_pipe *pipe)
{
	if (pipe->rx_msgs && list_empty(&pipe->ready_node) &&
	    test_bit(ZMQ_PIPE_ATTACHED, &pipe->flags))
		list_add_tail(&pipe->ready_node, &pipe->core->ready);
}

static void pipe_writable_locked(struct zmq_pipe *pipe)
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
	bool readable;
	int err;

	err = core->ops->attach(core, pipe);
	if (err)
		return err;

	zmq_pipe_get(pipe);
	spin_lock_bh(&core->lock);
	set_bit(ZMQ_PIPE_ATTACHED, &pipe->flags);
	list_add_tail(&pipe->node, &core->pipes);
	core->nr_pipes++;
	pipe_ready_locked(pipe);
	pipe_writable_locked(pipe);
	readable = pipe->rx_msgs;
	spin_unlock_bh(&core->lock);

	if (readable)
		zmq_core_wake_readers(core);
	zmq_core_wake_writers(core);
	return 0;
}

/**
 * zmq_pipe_up() - the peer can be talked to
 * @pipe: the pipe, attached
 *
 * Context: Process context, socket lock held.
 */
void zmq_pipe_up(struct zmq_pipe *pipe)
{
	set_bit(ZMQ_PIPE_UP, &pipe->flags);
	if (pipe->core->ops->up)
		pipe->core->ops->up(pipe->core, pipe);
}

/* Cut off what follows the last whole message: its rest will never come. */
static bool trim_partial_locked(struct zmq_pipe *pipe)
{
	unsigned int msgs = pipe->rx_msgs;
	struct zmq_run_cb *run;
	struct sk_buff *skb;
	struct zmq_hdr hdr;
	u8 buf[ZMQ_HDR_MAX];
	u64 keep = 0, cut;
	size_t n;

	while (msgs) {
		n = min_t(u64, pipe->rx_bytes - keep, sizeof(buf));
		if (zmq_runs_copy_bits(&pipe->runs, pipe->rx_off + keep, buf, n) ||
		    zmq_hdr_get(buf, n, &hdr) <= 0)
			break;
		keep += hdr.size + hdr.len;
		if (!(hdr.flags & ZMTP_MORE))
			msgs--;
	}
	cut = pipe->rx_bytes - keep;
	if (!cut)
		return false;

	pipe->rx_bytes = keep;
	while (cut) {
		skb = skb_peek_tail(&pipe->runs);
		run = zmq_run(skb);
		if (run->len > cut) {
			run->len -= cut;
			break;
		}
		if (skb == skb_peek(&pipe->runs) && run->len - pipe->rx_off <= cut)
			pipe->rx_off = 0;
		cut -= min_t(u64, cut, run->len);
		__skb_unlink(skb, &pipe->runs);
		pipe->rx_charged -= skb->truesize;
		zmq_mem_uncharge_rx(pipe->core->sk, skb->truesize);
		kfree_skb(skb);
		if (skb_queue_empty(&pipe->runs))
			break;
	}
	return true;
}

static void drop_partial_locked(struct zmq_pipe *pipe)
{
	struct zmq_core *core = pipe->core;

	if (!trim_partial_locked(pipe))
		return;
	trace_zmq_drop(core->sk, pipe, ZMQ_MIB_RXDROPPARTIAL);
	ZMQ_INC_STATS(sock_net(core->sk), ZMQ_MIB_RXDROPPARTIAL);
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

	clear_bit(ZMQ_PIPE_UP, &pipe->flags);
	spin_lock_bh(&core->lock);
	clear_bit(ZMQ_PIPE_THROTTLED, &pipe->flags);
	drop_partial_locked(pipe);
	spin_unlock_bh(&core->lock);
	if (core->ops->down)
		core->ops->down(core, pipe);
}

/* The last message of a dead pipe was read. */
static void pipe_reap(struct zmq_pipe *pipe)
{
	struct zmq_core *core = pipe->core;
	bool listed;

	spin_lock_bh(&core->lock);
	listed = !list_empty(&pipe->node);
	if (listed) {
		list_del_init(&pipe->node);
		core->nr_pipes--;
	}
	list_del_init(&pipe->ready_node);
	if (core->rx_pipe == pipe)
		core->rx_pipe = NULL;
	spin_unlock_bh(&core->lock);
	if (listed)
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
	clear_bit(ZMQ_PIPE_UP, &pipe->flags);

	/* From here on nothing arrives. */
	if (conn) {
		zmq_conn_set_pipe(conn, NULL);
		pipe->conn = NULL;
		zmq_conn_put(conn);
		zmq_pipe_put(pipe);
	} else if (pipe->pair) {
		zmq_inproc_unlink(pipe);
	}

	spin_lock_bh(&core->lock);
	set_bit(ZMQ_PIPE_DEAD, &pipe->flags);
	list_del_init(&pipe->writable_node);
	drop_partial_locked(pipe);
	empty = !pipe->rx_msgs;
	spin_unlock_bh(&core->lock);

	/* An inproc peer can subscribe before its pipe is attached. */
	core->ops->detach(core, pipe);
	if (empty)
		pipe_reap(pipe);
	/* Who waits for this peer alone must look again. */
	zmq_core_wake_readers(core);
	zmq_core_wake_writers(core);
	zmq_pipe_put(pipe);
}

/**
 * zmq_pipe_hangup() - let the pipe's socket detach it
 * @pipe: the pipe
 *
 * Context: Any, core->lock not held.
 */
void zmq_pipe_hangup(struct zmq_pipe *pipe)
{
	struct zmq_core *core = pipe->core;

	spin_lock_bh(&core->lock);
	set_bit(ZMQ_PIPE_DEAD, &pipe->flags);
	list_del_init(&pipe->writable_node);
	if (list_empty(&pipe->attach_node))
		zmq_pipe_get(pipe);
	list_move_tail(&pipe->attach_node, &core->dead_pipes);
	spin_unlock_bh(&core->lock);
	zmq_task_run(&core->task);
}

static struct zmq_pipe *take_first(struct zmq_core *core,
				   struct list_head *list)
{
	struct zmq_pipe *pipe;

	spin_lock_bh(&core->lock);
	pipe = list_first_entry_or_null(list, struct zmq_pipe, attach_node);
	if (pipe)
		list_del_init(&pipe->attach_node);
	spin_unlock_bh(&core->lock);
	return pipe;
}

static int settle_new(struct zmq_pipe *pipe)
{
	int err = 0;

	if (pipe->pair)
		err = zmq_inproc_meet(pipe);
	if (err || test_bit(ZMQ_PIPE_ATTACHED, &pipe->flags))
		return err;
	return zmq_pipe_attach(pipe);
}

/**
 * zmq_core_settle() - attach and detach the pipes that others left to us
 * @core: the socket's core
 *
 * Context: Process context, socket lock held.
 */
void zmq_core_settle(struct zmq_core *core)
{
	struct zmq_conn *conn;
	struct zmq_pipe *pipe;

	while ((pipe = take_first(core, &core->new_pipes))) {
		if (settle_new(pipe))
			zmq_pipe_detach(pipe);
		else
			zmq_pipe_up(pipe);
		zmq_pipe_put(pipe);
	}
	while ((pipe = take_first(core, &core->dead_pipes))) {
		/* It may have sent something before anybody here knew it. */
		if (!test_bit(ZMQ_PIPE_DETACHED, &pipe->flags))
			settle_new(pipe);
		conn = pipe->conn;
		if (conn)
			zmq_conn_get(conn);
		zmq_pipe_detach(pipe);
		if (conn) {
			zmq_conn_close(conn);
			zmq_conn_put(conn);
		}
		zmq_pipe_put(pipe);
	}
}

/**
 * zmq_core_shutdown() - drop every pipe, read or unread
 * @core: the socket's core; its connections have no pipes any more
 *
 * Context: Process context, socket lock held; nobody will read or write again.
 */
void zmq_core_shutdown(struct zmq_core *core)
{
	struct zmq_pipe *pipe;

	while ((pipe = take_first(core, &core->new_pipes))) {
		zmq_pipe_detach(pipe);
		zmq_pipe_put(pipe);
	}
	while ((pipe = list_first_entry_or_null(&core->pipes, struct zmq_pipe,
						node))) {
		zmq_pipe_get(pipe);
		zmq_pipe_detach(pipe);
		spin_lock_bh(&core->lock);
		list_del_init(&pipe->ready_node);
		purge_runs(pipe);
		spin_unlock_bh(&core->lock);
		pipe_reap(pipe);
		zmq_pipe_put(pipe);
	}
	while ((pipe = take_first(core, &core->dead_pipes)))
		zmq_pipe_put(pipe);
}

/* ---- reading ---- */

/**
 * zmq_pipe_peek_frame() - the frame at the head of the queue
 * @pipe: the pipe, with at least one whole message
 * @f: filled in
 *
 * Context: The reader: socket lock held, or core->lock in the pattern's rx().
 * Return: 0, or -EAGAIN if the queue is empty.
 */
int zmq_pipe_peek_frame(struct zmq_pipe *pipe, struct zmq_frame *f)
{
	struct sk_buff *skb = skb_peek(&pipe->runs);
	u8 buf[ZMQ_HDR_MAX];
	const u8 *p = buf;
	u32 off;
	size_t n;

	if (!pipe->rx_msgs)
		return -EAGAIN;
	if (!pipe->rx_hdr.size) {
		off = zmq_run(skb)->off + pipe->rx_off;
		n = min_t(u64, READ_ONCE(pipe->rx_bytes), sizeof(buf));
		if (off + n <= skb_headlen(skb) &&
		    pipe->rx_off + n <= zmq_run(skb)->len)
			p = skb->data + off;
		else if (zmq_runs_copy_bits(&pipe->runs, pipe->rx_off, buf, n))
			return -EAGAIN;
		if (zmq_hdr_get(p, n, &pipe->rx_hdr) <= 0)
			return -EAGAIN;
	}
	f->pipe = pipe;
	f->mem = NULL;
	f->len = pipe->rx_hdr.len;
	f->more = pipe->rx_hdr.flags & ZMTP_MORE;
	return 0;
}

/**
 * zmq_pipe_peek_frame_locked() - zmq_pipe_peek_frame() for the pattern's rx()
 * @pipe: the pipe
 * @f: filled in
 *
 * Context: core->lock held.
 * Return: 0, or -EAGAIN if there is no whole message.
 */
int zmq_pipe_peek_frame_locked(struct zmq_pipe *pipe, struct zmq_frame *f)
{
	lockdep_assert_held(&pipe->core->lock);
	return zmq_pipe_peek_frame(pipe, f);
}

/**
 * zmq_pipe_copy_bits() - copy from the body of the head frame
 * @pipe: the pipe, after zmq_pipe_peek_frame()
 * @off: offset in the body
 * @to: where to
 * @len: how much; within the body
 *
 * Context: As for zmq_pipe_peek_frame().
 * Return: 0 or -EFAULT.
 */
int zmq_pipe_copy_bits(struct zmq_pipe *pipe, u64 off, void *to, size_t len)
{
	return zmq_runs_copy_bits(&pipe->runs,
				  pipe->rx_off + pipe->rx_hdr.size + off,
				  to, len);
}

/**
 * zmq_pipe_copy_iter() - copy from the body of the head frame to the caller
 * @pipe: the pipe, after zmq_pipe_peek_frame()
 * @off: offset in the body
 * @to: where to
 * @len: how much; within the body
 *
 * Context: Process context, socket lock held; may fault in user memory.
 * Return: 0 or -EFAULT.
 */
int zmq_pipe_copy_iter(struct zmq_pipe *pipe, u64 off, struct iov_iter *to,
		       size_t len)
{
	return zmq_runs_copy_iter(&pipe->runs,
				  pipe->rx_off + pipe->rx_hdr.size + off,
				  to, len);
}

/**
 * zmq_pipe_consume_frame_locked() - drop the head frame
 * @pipe: the pipe, after zmq_pipe_peek_frame_locked()
 *
 * Context: core->lock held.
 */
void zmq_pipe_consume_frame_locked(struct zmq_pipe *pipe)
{
	struct zmq_core *core = pipe->core;
	struct sk_buff *skb;
	u64 n;

	n = pipe->rx_hdr.size + pipe->rx_hdr.len;
	pipe->rx_bytes -= n;
	n += pipe->rx_off;
	while ((skb = skb_peek(&pipe->runs)) && n >= zmq_run(skb)->len) {
		n -= zmq_run(skb)->len;
		__skb_unlink(skb, &pipe->runs);
		pipe->rx_charged -= skb->truesize;
		zmq_mem_uncharge_rx(core->sk, skb->truesize);
		kfree_skb(skb);
	}
	pipe->rx_off = n;
	pipe->rx_hdr.size = 0;
	if (pipe->rx_hdr.flags & ZMTP_MORE)
		return;

	pipe->rx_unacked++;
	if (!--pipe->rx_msgs)
		list_del_init(&pipe->ready_node);
	else if (!list_empty(&pipe->ready_node))
		list_move_tail(&pipe->ready_node, &core->ready);
}

static unsigned int low_water(unsigned int hwm)
{
	return min((hwm + 1) / 2, hwm - 1);
}

static bool may_resume(const struct zmq_pipe *pipe)
{
	int hwm = READ_ONCE(pipe->core->opts.rcv_hwm);

	return (!hwm || pipe->rx_msgs <= low_water(hwm)) &&
	       (!pipe->rx_msgs ||
		pipe->rx_charged <= READ_ONCE(pipe->core->sk->sk_rcvbuf) / 2);
}

static void ack_inproc(struct zmq_pipe *pipe)
{
	unsigned int msgs = pipe->rx_unacked;
	int hwm = READ_ONCE(pipe->core->opts.rcv_hwm);

	/* The writer hears of half a high-water mark at a time, as a peer
	 * behind TCP would, but of the last message at once.
	 */
	if (pipe->rx_msgs && msgs < (hwm + 1) / 2)
		return;
	pipe->rx_unacked = 0;
	zmq_inproc_ack(pipe, msgs);
}

/**
 * zmq_pipe_consume_frame() - drop the head frame and let the peer go on
 * @pipe: the pipe, after zmq_pipe_peek_frame(); may be freed if it is dead and
 *	this was its last message
 *
 * Context: Process context, socket lock held.
 */
void zmq_pipe_consume_frame(struct zmq_pipe *pipe)
{
	struct zmq_core *core = pipe->core;
	bool resume = false;
	bool whole, dead;

	spin_lock_bh(&core->lock);
	zmq_pipe_consume_frame_locked(pipe);
	whole = !(pipe->rx_hdr.flags & ZMTP_MORE);
	dead = test_bit(ZMQ_PIPE_DETACHED, &pipe->flags) && !pipe->rx_msgs;
	if (whole && test_bit(ZMQ_PIPE_THROTTLED, &pipe->flags) &&
	    may_resume(pipe)) {
		clear_bit(ZMQ_PIPE_THROTTLED, &pipe->flags);
		resume = true;
	}
	spin_unlock_bh(&core->lock);

	if (!whole)
		return;
	if (dead)
		pipe_reap(pipe);
	else if (pipe->pair)
		ack_inproc(pipe);
	else if (resume && pipe->conn)
		zmq_conn_rx_resume(pipe->conn);
}

/**
 * zmq_pipe_skip_msg() - discard the rest of the message at the head
 * @pipe: the pipe; may be freed as with zmq_pipe_consume_frame()
 *
 * Context: Process context, socket lock held.
 */
void zmq_pipe_skip_msg(struct zmq_pipe *pipe)
{
	struct zmq_frame f;

	do {
		if (zmq_pipe_peek_frame(pipe, &f))
			return;
		zmq_pipe_consume_frame(pipe);
	} while (f.more);
}

/* ---- writing ---- */

static unsigned int tx_hwm(const struct zmq_pipe *pipe)
{
	int hwm = READ_ONCE(pipe->core->opts.snd_hwm);

	if (!pipe->pair || pipe->peer_hwm < 0 || !hwm)
		return hwm;
	return pipe->peer_hwm ? hwm + pipe->peer_hwm : 0;
}

static bool tx_has_credit(const struct zmq_pipe *pipe)
{
	unsigned int hwm = tx_hwm(pipe);

	return !hwm || atomic_read(&pipe->tx_msgs) <= low_water(hwm);
}

static void tx_restore(struct zmq_pipe *pipe)
{
	struct zmq_core *core = pipe->core;
	bool wake;

	spin_lock_bh(&core->lock);
	wake = test_and_clear_bit(ZMQ_PIPE_FULL, &pipe->flags);
	pipe_writable_locked(pipe);
	spin_unlock_bh(&core->lock);
	if (wake)
		zmq_core_wake_writers(core);
}

static void tx_check_full(struct zmq_pipe *pipe)
{
	struct zmq_core *core = pipe->core;
	unsigned int hwm = tx_hwm(pipe);

	if (!hwm || atomic_read(&pipe->tx_msgs) < hwm)
		return;
	/* Messages held back for company must not make the pipe full. */
	if (pipe->conn)
		zmq_conn_flush(pipe->conn, ZMQ_FLUSH_NOW);
	if (atomic_read(&pipe->tx_msgs) < hwm)
		return;

	spin_lock_bh(&core->lock);
	set_bit(ZMQ_PIPE_FULL, &pipe->flags);
	list_del_init(&pipe->writable_node);
	spin_unlock_bh(&core->lock);
	trace_zmq_hwm(core->sk, pipe, ZMQ_TRACE_TX);

	/* Pairs with zmq_pipe_tx_done(): either it sees FULL or we see its
	 * credit.
	 */
	smp_mb();
	if (tx_has_credit(pipe))
		tx_restore(pipe);
}

/**
 * zmq_pipe_write() - give a whole message to the peer
 * @pipe: the pipe
 * @msg: the message; its memory is referenced
 *
 * Context: Process context, socket lock held.
 * Return: 0; -EPIPE if the peer is gone, -EAGAIN if it has no credit, -ENOMEM
 *	or -ENOBUFS.
 */
int zmq_pipe_write(struct zmq_pipe *pipe, const struct zmq_msg *msg)
{
	struct net *net = sock_net(pipe->core->sk);
	int err;

	if (test_bit(ZMQ_PIPE_DEAD, &pipe->flags))
		return -EPIPE;
	if (test_bit(ZMQ_PIPE_FULL, &pipe->flags))
		return -EAGAIN;

	/* Counted first: the reader may be done before write returns. */
	atomic_inc(&pipe->tx_msgs);
	if (pipe->pair)
		err = zmq_inproc_write(pipe, msg);
	else
		err = zmq_conn_queue(pipe->conn, msg);
	if (err) {
		atomic_dec(&pipe->tx_msgs);
		return err;
	}
	pipe->tx_total++;
	ZMQ_INC_STATS(net, ZMQ_MIB_TXMSGS);
	ZMQ_ADD_STATS(net, ZMQ_MIB_TXBYTES, msg->bytes);
	trace_zmq_tx(pipe->core->sk, pipe, 1, msg->bytes);
	tx_check_full(pipe);
	return 0;
}

/**
 * zmq_pipe_flush() - see to it that what was written is sent
 * @pipe: the pipe
 * @more: the caller has more at hand, so it may wait a little
 *
 * Context: Process context, socket lock held.
 */
void zmq_pipe_flush(struct zmq_pipe *pipe, bool more)
{
	if (pipe->conn)
		zmq_conn_flush(pipe->conn,
			       more ? ZMQ_FLUSH_LATER : ZMQ_FLUSH_AUTO);
}

/**
 * zmq_pipe_send_sub() - tell the peer of a subscription or its end
 * @pipe: the pipe, up
 * @topic: the prefix
 * @len: bytes in @topic
 * @subscribe: or unsubscribe
 *
 * The caller flushes.
 *
 * Context: Process context, socket lock held.
 * Return: 0 or -ENOMEM.
 */
int zmq_pipe_send_sub(struct zmq_pipe *pipe, const u8 *topic, size_t len,
		      bool subscribe)
{
	if (pipe->conn)
		return zmq_conn_send_sub(pipe->conn, topic, len, subscribe);
	if (pipe->pair)
		zmq_inproc_subscribe(pipe, topic, len, subscribe);
	return 0;
}

/* ---- from below ---- */

/**
 * zmq_pipe_rx() - messages arrived
 * @pipe: the pipe
 * @runs: frames; emptied on success
 * @msgs: messages that end in @runs
 *
 * Context: Softirq or process context.
 * Return: 0, or -ENOMEM and the runs are the caller's.
 */
int zmq_pipe_rx(struct zmq_pipe *pipe, struct sk_buff_head *runs,
		unsigned int msgs)
{
	struct zmq_core *core = pipe->core;
	unsigned int truesize = 0;
	struct sk_buff *skb;
	bool wake;
	u64 bytes = 0;

	skb_queue_walk(runs, skb) {
		truesize += skb->truesize;
		bytes += zmq_run(skb)->len;
	}
	if (!zmq_mem_charge_rx(core->sk, truesize, false))
		return -ENOMEM;

	spin_lock_bh(&core->lock);
	skb_queue_splice_tail_init(runs, &pipe->runs);
	pipe->rx_charged += truesize;
	pipe->rx_bytes += bytes;
	pipe->rx_msgs += msgs;
	pipe->rx_total += msgs;
	if (core->ops->rx && pipe->rx_msgs)
		core->ops->rx(core, pipe);
	pipe_ready_locked(pipe);
	wake = msgs && !list_empty(&pipe->ready_node);
	spin_unlock_bh(&core->lock);

	ZMQ_ADD_STATS(sock_net(core->sk), ZMQ_MIB_RXMSGS, msgs);
	ZMQ_ADD_STATS(sock_net(core->sk), ZMQ_MIB_RXBYTES, bytes);
	trace_zmq_rx(core->sk, pipe, msgs, bytes);
	if (wake)
		zmq_core_wake_readers(core);
	return 0;
}

/**
 * zmq_pipe_tx_done() - messages left the queue
 * @pipe: the pipe
 * @msgs: how many
 *
 * Context: Any, core->lock not held.
 */
void zmq_pipe_tx_done(struct zmq_pipe *pipe, unsigned int msgs)
{
	atomic_sub(msgs, &pipe->tx_msgs);
	/* Pairs with tx_check_full(). */
	smp_mb__after_atomic();
	if (test_bit(ZMQ_PIPE_FULL, &pipe->flags) && tx_has_credit(pipe))
		tx_restore(pipe);
}

static struct zmq_core *conn_core(const struct zmq_conn *conn)
{
	return container_of(conn->owner, struct zmq_core, owner);
}

/**
 * zmq_pipe_join() - put a pipe on a connection
 * @core: the socket's side
 * @conn: the connection
 *
 * The connection and the pipe take a reference to each other.
 *
 * Context: Process context, socket lock held.
 * Return: the pipe with a reference for the caller, or NULL.
 */
struct zmq_pipe *zmq_pipe_join(struct zmq_core *core, struct zmq_conn *conn)
{
	struct zmq_pipe *pipe = zmq_pipe_new(core, GFP_KERNEL);

	if (!pipe)
		return NULL;
	pipe->endpoint = kstrdup(conn->endpoint, GFP_KERNEL_ACCOUNT);
	if (!pipe->endpoint) {
		zmq_pipe_put(pipe);
		return NULL;
	}
	pipe->dialed = conn->dialed;
	pipe->conn = conn;
	zmq_conn_get(conn);
	zmq_pipe_get(pipe);
	zmq_conn_set_pipe(conn, pipe);
	return pipe;
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
	int err;

	pipe->peer_minor = minor;
	pipe->peer_type = type;
	if (!len || test_bit(ZMQ_PIPE_FIXED_ID, &pipe->flags) ||
	    same_id(pipe, id, len))
		return 0;
	if (!attached || !core->by_id)
		return zmq_pipe_set_id(pipe, id, len, GFP_KERNEL);

	core->ops->detach(core, pipe);
	err = zmq_pipe_set_id(pipe, id, len, GFP_KERNEL);
	if (!err)
		err = core->ops->attach(core, pipe);
	if (err)
		clear_bit(ZMQ_PIPE_ATTACHED, &pipe->flags);
	return err;
}

static int meet_stream(struct zmq_pipe *pipe, const struct zmq_session *s)
{
	int type = s->peer_type == ZMQ_PEER_TYPE_UNKNOWN ? -1 : s->peer_type;

	return zmq_pipe_meet(pipe, s->minor, type, s->peer_id, s->peer_id_len);
}

static int conn_up(struct zmq_conn *conn)
{
	struct zmq_core *core = conn_core(conn);
	struct zmq_pipe *pipe = conn->pipe;
	int err;

	if (pipe) {
		err = meet_stream(pipe, &conn->session);
		if (err)
			return err;
		zmq_pipe_up(pipe);
		return 0;
	}

	pipe = zmq_pipe_join(core, conn);
	if (!pipe)
		return -ENOMEM;
	err = meet_stream(pipe, &conn->session);
	if (!err)
		err = zmq_pipe_attach(pipe);
	if (err)
		zmq_pipe_detach(pipe);
	else
		zmq_pipe_up(pipe);
	zmq_pipe_put(pipe);
	return err;
}

static void conn_down(struct zmq_conn *conn, bool again)
{
	struct zmq_core *core = conn_core(conn);
	struct zmq_pipe *pipe = conn->pipe;

	if (again && !core->opts.immediate) {
		zmq_pipe_down(pipe);
		return;
	}
	zmq_pipe_detach(pipe);
	zmq_conn_tx_purge(conn);
}

static unsigned int conn_room(struct zmq_conn *conn)
{
	struct zmq_pipe *pipe = conn->pipe;
	struct zmq_core *core = pipe->core;
	unsigned int room;
	int hwm;

	spin_lock_bh(&core->lock);
	hwm = READ_ONCE(core->opts.rcv_hwm);
	if ((hwm && pipe->rx_msgs >= hwm) ||
	    (pipe->rx_msgs &&
	     pipe->rx_charged >= READ_ONCE(core->sk->sk_rcvbuf))) {
		set_bit(ZMQ_PIPE_THROTTLED, &pipe->flags);
		room = 0;
	} else {
		room = hwm ? hwm - pipe->rx_msgs : U32_MAX;
	}
	spin_unlock_bh(&core->lock);
	if (!room)
		trace_zmq_hwm(core->sk, pipe, ZMQ_TRACE_RX);
	return room;
}

static int conn_rx(struct zmq_conn *conn, struct sk_buff_head *runs,
		   unsigned int msgs)
{
	return zmq_pipe_rx(conn->pipe, runs, msgs);
}

static void conn_subscription(struct zmq_conn *conn, const u8 *topic,
			      size_t len, bool subscribe)
{
	struct zmq_core *core = conn_core(conn);

	if (core->ops->subscription)
		core->ops->subscription(core, conn->pipe, topic, len,
					    subscribe);
}

static void conn_sent(struct zmq_conn *conn, unsigned int msgs)
{
	zmq_pipe_tx_done(conn->pipe, msgs);
}

static const struct zmq_conn_ops pipe_conn_ops = {
	.up		= conn_up,
	.down		= conn_down,
	.room		= conn_room,
	.rx		= conn_rx,
	.subscription	= conn_subscription,
	.sent		= conn_sent,
};

/**
 * zmq_core_init() - prepare the routing half of a socket
 * @core: zeroed
 * @sk: the socket
 * @ops: whom its pipes tell
 *
 * Context: Process context.
 */
void zmq_core_init(struct zmq_core *core, struct sock *sk,
		   const struct zmq_pipe_ops *ops)
{
	core->sk = sk;
	core->ops = ops;
	spin_lock_init(&core->lock);
	INIT_LIST_HEAD(&core->pipes);
	INIT_LIST_HEAD(&core->ready);
	INIT_LIST_HEAD(&core->writable);
	INIT_LIST_HEAD(&core->inproc);
	INIT_LIST_HEAD(&core->new_pipes);
	INIT_LIST_HEAD(&core->dead_pipes);
	zmq_owner_init(&core->owner, sk, &core->opts, &pipe_conn_ops);
	zmq_task_init(&core->task, &core->owner.tasks, &core_task_ops);
}
