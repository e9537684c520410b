// SPDX-License-Identifier: GPL-2.0-only
/* A pipe's receive queue: runs come in, frames go out. */

#include <linux/sched.h>
#include "base/drop.h"
#include "base/mem.h"
#include "base/run.h"
#include "base/trace.h"
#include "conflate.h"
#include "conn/conn.h"
#include "inproc.h"
#include "pipe.h"
#include "trash.h"
#include "unfinished.h"

static void look_up_later(struct zmq_pipe *pipe)
{
	pipe->rx_at = NULL;
	pipe->rx_left = 0;
}

/**
 * zmq_pipe_queue_part_locked() - the message under way goes on
 * @pipe: the pipe
 * @runs: a part of it, charged; emptied
 * @bytes: bytes in @runs
 * @truesize: what was charged
 *
 * Context: Softirq or process context, core->lock held.
 */
void zmq_pipe_queue_part_locked(struct zmq_pipe *pipe,
				struct sk_buff_head *runs, u64 bytes,
				u32 truesize)
{
	skb_queue_splice_tail_init(runs, &pipe->part);
	pipe->part_bytes += bytes;
	pipe->part_charged += truesize;
	zmq_unfinished_note_locked(pipe);
}

/**
 * zmq_pipe_trash_part_locked() - drop what lies apart of the message under way
 * @pipe: the pipe
 *
 * Context: Any, core->lock held.
 */
void zmq_pipe_trash_part_locked(struct zmq_pipe *pipe)
{
	zmq_trash_locked(pipe->core, &pipe->part);
	pipe->rx_charged -= pipe->part_charged;
	pipe->part_charged = 0;
	pipe->part_bytes = 0;
	zmq_unfinished_note_locked(pipe);
}

/**
 * zmq_pipe_trash_runs_locked() - drop the whole messages in the queue
 * @pipe: the pipe
 * @charged: what was charged for them
 *
 * Context: Any, core->lock held; nobody reads meanwhile.
 */
void zmq_pipe_trash_runs_locked(struct zmq_pipe *pipe, u32 charged)
{
	zmq_trash_locked(pipe->core, &pipe->runs);
	pipe->rx_charged -= charged;
	pipe->rx_msgs = 0;
	pipe->rx_read = 0;
	pipe->rx_quick = 0;
	pipe->rx_bytes = 0;
	pipe->rx_off = 0;
	pipe->rx_skip = 0;
	pipe->rx_tail = 0;
	pipe->rx_inside = false;
	pipe->rx_hdr.size = 0;
	look_up_later(pipe);
}

/* What is whole is the reader's. Behind it may lie the beginning of a message in
 * the same run; the rest of that waits apart, so that it can go at once.
 */
static void queue_locked(struct zmq_pipe *pipe, struct sk_buff_head *runs,
			 u64 bytes, u32 truesize, const struct zmq_ends *ends)
{
	if (!ends->msgs) {
		zmq_pipe_queue_part_locked(pipe, runs, bytes, truesize);
		return;
	}
	if (pipe->part_charged) {
		skb_queue_splice_tail_init(&pipe->part, &pipe->runs);
		bytes += pipe->part_bytes;
		pipe->part_bytes = 0;
		pipe->part_charged = 0;
		zmq_unfinished_note_locked(pipe);
	}
	skb_queue_splice_tail_init(runs, &pipe->runs);
	pipe->rx_bytes += bytes;
	pipe->rx_msgs += ends->msgs;
	pipe->rx_tail = ends->tail;
}

static void add_up(const struct sk_buff_head *runs, u64 *bytes, u32 *truesize)
{
	struct sk_buff *skb;

	*bytes = 0;
	*truesize = 0;
	skb_queue_walk(runs, skb) {
		*truesize += skb->truesize;
		*bytes += zmq_run(skb)->len;
	}
}

/* Nobody can read anything here, so waiting does not make room. */
static bool is_hopeless(const struct zmq_pipe *pipe)
{
	return (pipe->conflate || !zmq_pipe_rx_msgs(pipe)) &&
	       READ_ONCE(pipe->part_charged) >
	       READ_ONCE(pipe->core->sk->sk_rcvbuf);
}

/* @rest is empty but with ZMQ_CONFLATE. Return: messages more than before that
 * can be read.
 */
static unsigned int rx_locked(struct zmq_pipe *pipe, struct sk_buff_head *runs,
			      u64 bytes, u32 truesize,
			      const struct zmq_ends *ends,
			      struct sk_buff_head *rest)
{
	struct zmq_core *core = pipe->core;
	unsigned int readable = ends->msgs;

	pipe->rx_total += ends->msgs;
	if (pipe->conflate)
		readable = zmq_conflate_rx_locked(pipe, runs, bytes, truesize,
						  ends, rest);
	else
		queue_locked(pipe, runs, bytes, truesize, ends);
	if (!core->ops->rx)
		zmq_pipe_ready_locked(pipe);
	else if (!zmq_pipe_has_backlog(pipe))
		zmq_pipe_digest_locked(pipe);
	return list_empty(&pipe->ready_node) ? 0 : readable;
}

/* @charged is what the socket was charged for @runs, 0 if it is to be, by @force
 * also beyond the limits. After an error it is charged for nothing.
 */
static int queue_runs(struct zmq_pipe *pipe, struct sk_buff_head *runs,
		      const struct zmq_ends *ends, u32 charged, bool force)
{
	struct zmq_core *core = pipe->core;
	u64 bytes, rest_bytes = 0;
	u32 truesize, rest_size = 0;
	struct sk_buff_head rest;
	unsigned int readable = 0;
	bool gave_up;

	__skb_queue_head_init(&rest);
	if (pipe->conflate) {
		if (zmq_conflate_cut(runs, ends, &rest)) {
			zmq_mem_uncharge_rx(core->sk, charged);
			return -ENOMEM;
		}
		add_up(&rest, &rest_bytes, &rest_size);
	}
	add_up(runs, &bytes, &truesize);
	if (charged) {
		/* Less of it is left with ZMQ_CONFLATE. */
		zmq_mem_uncharge_rx(core->sk, charged - truesize - rest_size);
	} else if (!zmq_mem_charge_rx(core->sk, truesize + rest_size, force)) {
		__skb_queue_purge(&rest);
		return is_hopeless(pipe) ? -ENOBUFS : -ENOMEM;
	}

	spin_lock_bh(&core->lock);
	gave_up = test_bit(ZMQ_PIPE_GAVE_UP, &pipe->flags);
	if (!gave_up) {
		pipe->rx_charged += truesize + rest_size;
		readable = rx_locked(pipe, runs, bytes, truesize, ends, &rest);
	}
	spin_unlock_bh(&core->lock);
	if (gave_up) {
		zmq_mem_uncharge_rx(core->sk, truesize + rest_size);
		__skb_queue_purge(&rest);
		return -ENOBUFS;
	}

	bytes += rest_bytes;
	zmq_mib_add(core->owner.zn->mib, ZMQ_MIB_RXMSGS, ends->msgs);
	zmq_mib_add(core->owner.zn->mib, ZMQ_MIB_RXBYTES, bytes);
	trace_zmq_rx(core->sk, pipe, ends->msgs, bytes);
	if (readable)
		zmq_core_wake_readers(core, readable);
	return 0;
}

/**
 * zmq_pipe_rx() - messages arrived
 * @pipe: the pipe
 * @runs: frames; emptied on success
 * @ends: where messages end in @runs; what is behind the last end is in the last
 *	run
 *
 * Context: Softirq or process context.
 * Return: 0, or the runs are the caller's: -ENOMEM; -ENOBUFS if the message under
 *	way was given up, or trying again does not help.
 */
int zmq_pipe_rx(struct zmq_pipe *pipe, struct sk_buff_head *runs,
		const struct zmq_ends *ends)
{
	return queue_runs(pipe, runs, ends, 0, false);
}

/**
 * zmq_pipe_take_over() - messages that were accepted elsewhere arrive
 * @pipe: the pipe, of an inproc connection
 * @runs: whole messages; emptied on success
 * @ends: as for zmq_pipe_rx()
 * @charged: what the socket was charged for them
 *
 * Context: Softirq or process context.
 * Return: 0, or -ENOMEM or -ENOBUFS as zmq_pipe_rx(), and the socket is charged
 *	for them no more.
 */
int zmq_pipe_take_over(struct zmq_pipe *pipe, struct sk_buff_head *runs,
		       const struct zmq_ends *ends, u32 charged)
{
	return queue_runs(pipe, runs, ends, charged, false);
}

/**
 * zmq_pipe_note() - put a message into the queue, memory limits or not
 * @pipe: the pipe
 * @run: the message
 *
 * Context: Softirq or process context.
 */
void zmq_pipe_note(struct zmq_pipe *pipe, struct sk_buff *run)
{
	const struct zmq_ends ends = { .msgs = 1, .last = zmq_run(run)->len };
	struct sk_buff_head runs;

	__skb_queue_head_init(&runs);
	__skb_queue_tail(&runs, run);
	if (!queue_runs(pipe, &runs, &ends, 0, true))
		return;
	kfree_skb(run);
	ZMQ_INC_STATS(sock_net(pipe->core->sk), ZMQ_MIB_NOMEM);
}

static bool trim_partial_locked(struct zmq_pipe *pipe)
{
	u32 tail = pipe->rx_tail;

	if (!tail && !pipe->part_charged)
		return false;
	if (tail) {
		zmq_run(skb_peek_tail(&pipe->runs))->len -= tail;
		pipe->rx_bytes -= tail;
		pipe->rx_tail = 0;
		look_up_later(pipe);
	}
	zmq_pipe_trash_part_locked(pipe);
	if (tail && !pipe->rx_msgs)
		zmq_pipe_trash_runs_locked(pipe, pipe->rx_charged);
	return true;
}

/**
 * zmq_pipe_drop_partial_locked() - drop a message whose rest will never come
 * @pipe: the pipe, whose stream ended
 *
 * Context: Process context, socket lock and core->lock held.
 */
void zmq_pipe_drop_partial_locked(struct zmq_pipe *pipe)
{
	bool told = test_bit(ZMQ_PIPE_GAVE_UP, &pipe->flags);

	clear_bit(ZMQ_PIPE_GAVE_UP, &pipe->flags);
	if (trim_partial_locked(pipe) && !told)
		zmq_drop(pipe->core->sk, pipe, ZMQ_MIB_RXDROPPARTIAL, 1);
}

/**
 * zmq_pipe_drop_msgs_locked() - drop the whole messages in the queue
 * @pipe: the pipe, not conflating, of a pattern that nobody reads from
 *
 * Context: Any, core->lock held.
 * Return: how many they were.
 */
unsigned int zmq_pipe_drop_msgs_locked(struct zmq_pipe *pipe)
{
	u32 charged = pipe->rx_charged - pipe->part_charged;
	unsigned int msgs = pipe->rx_msgs;
	u32 tail = pipe->rx_tail;
	struct sk_buff *last;

	if (!msgs)
		return 0;
	pipe->rx_unacked += msgs;
	if (!tail) {
		zmq_pipe_trash_runs_locked(pipe, charged);
		return msgs;
	}
	last = skb_peek_tail(&pipe->runs);
	__skb_unlink(last, &pipe->runs);
	zmq_pipe_trash_runs_locked(pipe, charged - last->truesize);
	__skb_queue_tail(&pipe->runs, last);
	pipe->rx_bytes = zmq_run(last)->len;
	pipe->rx_off = zmq_run(last)->len - tail;
	pipe->rx_tail = tail;
	return msgs;
}

/* A header that is not in one piece. Its first byte tells how long it is. */
static int gather_header(const struct sk_buff_head *runs, struct sk_buff *skb,
			 u64 off, struct zmq_hdr *hdr)
{
	u8 buf[ZMQ_HDR_MAX];
	size_t n;

	if (zmq_runs_copy_bits(runs, skb, off, buf, 1))
		return -EFAULT;
	n = buf[0] & ZMTP_LONG ? ZMQ_HDR_MAX : ZMQ_HDR_SHORT;
	if (zmq_runs_copy_bits(runs, skb, off, buf, n) ||
	    zmq_hdr_get(buf, n, hdr) <= 0)
		return -EFAULT;
	return 0;
}

/* The header at @off, which is in @skb's run. */
static int read_header(const struct sk_buff_head *runs, struct sk_buff *skb,
		       u64 off, struct zmq_hdr *hdr)
{
	const u8 *p;
	size_t n;

	p = zmq_run_bytes(skb, off, &n);
	if (p && zmq_hdr_get(p, n, hdr) > 0)
		return 0;
	return gather_header(runs, skb, off, hdr);
}

static int read_head(struct zmq_pipe *pipe)
{
	struct sk_buff *skb = skb_peek(&pipe->runs);

	if (!pipe->rx_at)
		pipe->rx_at = zmq_run_bytes(skb, pipe->rx_off, &pipe->rx_left);
	if (!pipe->rx_at)
		pipe->rx_left = 0;
	if (zmq_hdr_get(pipe->rx_at, pipe->rx_left, &pipe->rx_hdr) > 0)
		return 0;
	return gather_header(&pipe->runs, skb, pipe->rx_off, &pipe->rx_hdr);
}

/* So many bytes of the head frame's body, if they lie in one piece. */
static const u8 *head_piece(const struct zmq_pipe *pipe, u64 off, size_t len)
{
	off += pipe->rx_hdr.size;
	if (off > pipe->rx_left || len > pipe->rx_left - off)
		return NULL;
	return pipe->rx_at + off;
}

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
	if (!pipe->rx_msgs)
		return -EAGAIN;
	if (!pipe->rx_hdr.size && read_head(pipe))
		return -EAGAIN;
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
	const u8 *p = head_piece(pipe, off, len);

	if (p) {
		memcpy(to, p, len);
		return 0;
	}
	return zmq_runs_copy_bits(&pipe->runs, skb_peek(&pipe->runs),
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
	const u8 *p = head_piece(pipe, off, len);

	if (p)
		return zmq_run_copy_iter(skb_peek(&pipe->runs), p, len, to);
	return zmq_runs_copy_iter(&pipe->runs, skb_peek(&pipe->runs),
				  pipe->rx_off + pipe->rx_hdr.size + off,
				  to, len);
}

/* What is consumed ends within the piece that is looked at. */
static void step(struct zmq_pipe *pipe, u64 n)
{
	pipe->rx_at += n;
	pipe->rx_left -= n;
	WRITE_ONCE(pipe->rx_off, pipe->rx_off + n);
	pipe->rx_hdr.size = 0;
}

/* So many runs are let go of at a stretch. */
#define SKIP_RUNS	256
#define SKIP_FRAMES	1024

/* Move on by @rx_skip bytes, a portion of runs at a time. Return: true if that is
 * done.
 */
static bool skip_locked(struct zmq_pipe *pipe)
{
	u64 n = pipe->rx_off + pipe->rx_skip;
	unsigned int left = SKIP_RUNS;
	unsigned int truesize = 0;
	struct zmq_run_cb *run;
	struct sk_buff *skb;

	while ((skb = skb_peek(&pipe->runs)) && left--) {
		run = zmq_run(skb);
		if (n < run->len)
			break;
		n -= run->len;
		pipe->rx_bytes -= run->len;
		truesize += skb->truesize;
		__skb_unlink(skb, &pipe->runs);
		zmq_run_free(skb, &pipe->core->owner.spare_run);
	}
	if (truesize) {
		pipe->rx_charged -= truesize;
		zmq_mem_uncharge_rx(pipe->core->sk, truesize);
	}
	if (skb && n >= zmq_run(skb)->len) {
		WRITE_ONCE(pipe->rx_off, 0);
		pipe->rx_skip = n;
		return false;
	}
	WRITE_ONCE(pipe->rx_off, n);
	pipe->rx_skip = 0;
	return true;
}

/* Return: true if that is done, else the rest follows. */
static bool consume_bytes_locked(struct zmq_pipe *pipe, u64 n)
{
	if (n < pipe->rx_left) {
		step(pipe, n);
		return true;
	}
	look_up_later(pipe);
	pipe->rx_hdr.size = 0;
	pipe->rx_skip = n;
	return skip_locked(pipe);
}

static void consume_msgs_locked(struct zmq_pipe *pipe, unsigned int msgs)
{
	struct zmq_core *core = pipe->core;

	pipe->rx_unacked += msgs;
	pipe->rx_msgs -= msgs + pipe->rx_read;
	pipe->rx_read = 0;
	if (!pipe->rx_msgs && pipe->conflate)
		zmq_conflate_next_locked(pipe);
	if (!pipe->rx_msgs)
		list_del_init(&pipe->ready_node);
	else if (!list_empty(&pipe->ready_node))
		zmq_pipe_rotate_locked(&pipe->ready_node, &core->ready);
}

/* The frame that is consumed has gone, with @done, and perhaps its message. */
static bool consumed_locked(struct zmq_pipe *pipe, bool done)
{
	if (done && !(pipe->rx_hdr.flags & ZMTP_MORE))
		consume_msgs_locked(pipe, 1);
	return done;
}

/**
 * zmq_pipe_consume_frame_locked() - drop the head frame
 * @pipe: the pipe, after zmq_pipe_peek_frame_locked()
 *
 * Context: core->lock held.
 * Return: true if that is done; else the rest is left to
 *	zmq_pipe_digest_locked(), and the pattern must not look at the pipe.
 */
bool zmq_pipe_consume_frame_locked(struct zmq_pipe *pipe)
{
	u64 n = pipe->rx_hdr.size + pipe->rx_hdr.len;

	return consumed_locked(pipe, consume_bytes_locked(pipe, n));
}

/**
 * zmq_pipe_digest_locked() - let the pattern look at a portion of what arrived
 * @pipe: the pipe, of a pattern with rx()
 *
 * If there is more the socket's task goes on, and nothing is read from the peer
 * until then.
 *
 * Context: Any, core->lock held.
 * Return: true if there is more.
 */
bool zmq_pipe_digest_locked(struct zmq_pipe *pipe)
{
	struct zmq_core *core = pipe->core;
	bool more = true;

	/* At the head is a message for the user, which may be being read. */
	if (!list_empty(&pipe->ready_node))
		return false;
	if (!pipe->rx_skip || consumed_locked(pipe, skip_locked(pipe)))
		more = pipe->rx_msgs && core->ops->rx(core, pipe);
	if (!more) {
		list_del_init(&pipe->backlog_node);
		zmq_pipe_ready_locked(pipe);
		return false;
	}
	if (!zmq_pipe_has_backlog(pipe))
		zmq_task_run(&core->task);
	list_move_tail(&pipe->backlog_node, &core->backlog);
	return true;
}

/**
 * zmq_pipe_digest() - let the pattern look at all that arrived
 * @pipe: the pipe, whose stream ended
 *
 * Context: Process context, socket lock held.
 */
void zmq_pipe_digest(struct zmq_pipe *pipe)
{
	struct zmq_core *core = pipe->core;
	bool more = true;

	while (more && zmq_pipe_has_backlog(pipe)) {
		spin_lock_bh(&core->lock);
		more = zmq_pipe_digest_locked(pipe);
		spin_unlock_bh(&core->lock);
		cond_resched();
	}
}

static bool may_resume(const struct zmq_pipe *pipe)
{
	int hwm = READ_ONCE(pipe->core->opts.rcv_hwm);

	return !zmq_pipe_has_backlog(pipe) &&
	       (!hwm || pipe->rx_msgs <= zmq_pipe_low_water(hwm)) &&
	       (!pipe->rx_msgs ||
		pipe->rx_charged <= READ_ONCE(pipe->core->sk->sk_rcvbuf) / 2);
}

/* The writer hears of half a high-water mark at a time, as a peer behind TCP
 * would, but of the last message at once.
 */
static unsigned int take_acks_locked(struct zmq_pipe *pipe)
{
	unsigned int msgs = pipe->rx_unacked;
	int hwm = READ_ONCE(pipe->core->opts.rcv_hwm);

	if (pipe->rx_msgs && msgs < (hwm + 1) / 2)
		return 0;
	pipe->rx_unacked = 0;
	return msgs;
}

/**
 * struct read_on - what follows when whole messages were read
 * @acks: inproc: messages that the writer is told of
 * @resume: the connection may go on reading
 * @dead: it was the last message of a dead pipe
 */
struct read_on {
	unsigned int	acks;
	bool		resume;
	bool		dead;
};

/* How many of the messages need not be looked at one by one. */
static unsigned int quick_msgs_locked(const struct zmq_pipe *pipe)
{
	if (!pipe->rx_msgs || pipe->pair || pipe->conflate ||
	    pipe->core->ops->rx)
		return 0;
	return pipe->rx_msgs - 1;
}

static struct read_on read_on_locked(struct zmq_pipe *pipe)
{
	struct zmq_core *core = pipe->core;
	struct read_on on = {};

	core->rx_next = list_first_entry_or_null(&core->ready, struct zmq_pipe,
						 ready_node);
	if (core->rx_next && core->rx_next->conflate)
		core->rx_next = NULL;
	pipe->rx_quick = quick_msgs_locked(pipe);
	if (pipe->pair)
		on.acks = take_acks_locked(pipe);
	on.dead = test_bit(ZMQ_PIPE_DETACHED, &pipe->flags) && !pipe->rx_msgs;
	on.resume = test_bit(ZMQ_PIPE_THROTTLED, &pipe->flags) &&
		    may_resume(pipe);
	if (on.resume)
		clear_bit(ZMQ_PIPE_THROTTLED, &pipe->flags);
	return on;
}

static void read_on(struct zmq_pipe *pipe, const struct read_on *on)
{
	if (on->dead)
		zmq_pipe_reap(pipe);
	else if (on->acks)
		zmq_inproc_ack(pipe, on->acks);
	else if (on->resume && pipe->conn)
		zmq_conn_rx_resume(pipe->conn);
}

/* No other pipe waits for its turn. */
static bool is_alone(const struct zmq_pipe *pipe)
{
	const struct list_head *ready = &pipe->core->ready;

	return READ_ONCE(ready->next) == &pipe->ready_node &&
	       READ_ONCE(ready->prev) == &pipe->ready_node;
}

/* Most messages of a stream are neither the last one nor the end of a run:
 * nobody else has to know at once that one was read.
 */
static bool consume_quickly(struct zmq_pipe *pipe)
{
	u64 n = pipe->rx_hdr.size + pipe->rx_hdr.len;

	if (n >= pipe->rx_left)
		return false;
	if (!(pipe->rx_hdr.flags & ZMTP_MORE)) {
		if (!pipe->rx_quick || !is_alone(pipe) ||
		    test_bit(ZMQ_PIPE_THROTTLED, &pipe->flags))
			return false;
		pipe->rx_quick--;
		WRITE_ONCE(pipe->rx_read, pipe->rx_read + 1);
	}
	step(pipe, n);
	return true;
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
	struct read_on on = {};
	bool done;

	if (consume_quickly(pipe))
		return;
	spin_lock_bh(&core->lock);
	done = zmq_pipe_consume_frame_locked(pipe);
	while (!done) {
		spin_unlock_bh(&core->lock);
		cond_resched();
		spin_lock_bh(&core->lock);
		done = consumed_locked(pipe, skip_locked(pipe));
	}
	if (!(pipe->rx_hdr.flags & ZMTP_MORE))
		on = read_on_locked(pipe);
	spin_unlock_bh(&core->lock);
	read_on(pipe, &on);
}

/**
 * zmq_pipe_consume_msgs() - drop messages and let the peer go on
 * @pipe: the pipe; may be freed as with zmq_pipe_consume_frame()
 * @len: bytes that they take in the queue, in one run
 * @msgs: how many they are
 *
 * Context: Process context, socket lock held.
 */
void zmq_pipe_consume_msgs(struct zmq_pipe *pipe, u32 len, unsigned int msgs)
{
	struct zmq_core *core = pipe->core;
	struct read_on on;

	spin_lock_bh(&core->lock);
	consume_bytes_locked(pipe, len);
	consume_msgs_locked(pipe, msgs);
	on = read_on_locked(pipe);
	spin_unlock_bh(&core->lock);
	read_on(pipe, &on);
}

/**
 * zmq_pipe_skip_msg() - discard the rest of the message at the head
 * @pipe: the pipe; may be freed as with zmq_pipe_consume_frame()
 *
 * Context: Process context, socket lock held.
 */
void zmq_pipe_skip_msg(struct zmq_pipe *pipe)
{
	unsigned int n = 0;
	struct zmq_frame f;

	do {
		if (zmq_pipe_peek_frame(pipe, &f))
			return;
		zmq_pipe_consume_frame(pipe);
		if (!(++n % SKIP_FRAMES))
			cond_resched();
	} while (f.more);
}

/**
 * zmq_pipe_walk_begin() - look at the frames of the message at the head
 * @walk: set up
 * @pipe: the pipe, with at least one whole message
 *
 * What was read of the message already is not seen again. Nothing may be
 * consumed meanwhile.
 *
 * Context: Process context, socket lock held.
 */
void zmq_pipe_walk_begin(struct zmq_pipe_walk *walk, struct zmq_pipe *pipe)
{
	walk->pipe = pipe;
	walk->skb = skb_peek(&pipe->runs);
	walk->off = pipe->rx_off;
	walk->body = 0;
	walk->len = 0;
}

/**
 * zmq_pipe_walk_next() - the next frame
 * @walk: of zmq_pipe_walk_begin()
 * @hdr: its header; there is a next one if it has ZMTP_MORE
 *
 * Context: Process context, socket lock held.
 * Return: 0, or -EFAULT if the queue ends within the message.
 */
int zmq_pipe_walk_next(struct zmq_pipe_walk *walk, struct zmq_hdr *hdr)
{
	const struct sk_buff_head *runs = &walk->pipe->runs;

	walk->skb = zmq_runs_seek(runs, walk->skb, &walk->off);
	if (!walk->skb || read_header(runs, walk->skb, walk->off, hdr))
		return -EFAULT;
	walk->body = walk->off + hdr->size;
	walk->len = hdr->len;
	walk->off = walk->body + hdr->len;
	return 0;
}

/**
 * zmq_pipe_walk_copy() - copy the body of the frame to the caller
 * @walk: behind zmq_pipe_walk_next()
 * @to: where to
 *
 * Context: Process context, socket lock held; may fault in user memory.
 * Return: 0 or -EFAULT.
 */
int zmq_pipe_walk_copy(struct zmq_pipe_walk *walk, struct iov_iter *to)
{
	return zmq_runs_copy_iter(&walk->pipe->runs, walk->skb, walk->body, to,
				  walk->len);
}
