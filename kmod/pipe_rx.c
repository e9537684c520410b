// SPDX-License-Identifier: GPL-2.0-only
/* A pipe's receive queue: runs come in, frames go out. */

#include "conflate.h"
#include "conn.h"
#include "inproc.h"
#include "mem.h"
#include "pipe.h"
#include "drop.h"
#include "run.h"
#include "trace.h"

static void queue_locked(struct zmq_pipe *pipe, struct sk_buff_head *runs,
			 u64 bytes, unsigned int msgs)
{
	skb_queue_splice_tail_init(runs, &pipe->runs);
	pipe->rx_bytes += bytes;
	pipe->rx_msgs += msgs;
}

static int queue_runs(struct zmq_pipe *pipe, struct sk_buff_head *runs,
		      unsigned int msgs, bool force)
{
	struct zmq_core *core = pipe->core;
	unsigned int readable = msgs;
	unsigned int truesize = 0;
	struct sk_buff *skb;
	bool wake;
	u64 bytes = 0;

	skb_queue_walk(runs, skb) {
		truesize += skb->truesize;
		bytes += zmq_run(skb)->len;
	}
	if (!zmq_mem_charge_rx(core->sk, truesize, force))
		return -ENOMEM;

	spin_lock_bh(&core->lock);
	pipe->rx_charged += truesize;
	pipe->rx_total += msgs;
	if (pipe->conflate)
		readable = zmq_conflate_rx_locked(pipe, runs, msgs);
	else
		queue_locked(pipe, runs, bytes, msgs);
	if (core->ops->rx && pipe->rx_msgs)
		core->ops->rx(core, pipe);
	zmq_pipe_ready_locked(pipe);
	wake = readable && !list_empty(&pipe->ready_node);
	spin_unlock_bh(&core->lock);

	zmq_mib_add(core->owner.zn->mib, ZMQ_MIB_RXMSGS, msgs);
	zmq_mib_add(core->owner.zn->mib, ZMQ_MIB_RXBYTES, bytes);
	trace_zmq_rx(core->sk, pipe, msgs, bytes);
	if (wake)
		zmq_core_wake_readers(core, readable);
	return 0;
}

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
	return queue_runs(pipe, runs, msgs, false);
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
	struct sk_buff_head runs;

	__skb_queue_head_init(&runs);
	__skb_queue_tail(&runs, run);
	if (!queue_runs(pipe, &runs, 1, true))
		return;
	kfree_skb(run);
	ZMQ_INC_STATS(sock_net(pipe->core->sk), ZMQ_MIB_NOMEM);
}

static void look_up_later(struct zmq_pipe *pipe)
{
	pipe->rx_at = NULL;
	pipe->rx_left = 0;
}

static bool trim_partial_locked(struct zmq_pipe *pipe)
{
	unsigned int msgs = zmq_pipe_rx_msgs(pipe);
	struct zmq_pipe_walk walk;
	struct zmq_run_cb *run;
	struct sk_buff *skb;
	struct zmq_hdr hdr;
	u64 keep = pipe->rx_off;
	u64 cut;

	zmq_pipe_walk_begin(&walk, pipe);
	while (msgs && !zmq_pipe_walk_next(&walk, &hdr)) {
		keep += hdr.size + hdr.len;
		if (!(hdr.flags & ZMTP_MORE))
			msgs--;
	}
	cut = pipe->rx_bytes - keep;
	if (!cut)
		return false;
	look_up_later(pipe);

	pipe->rx_bytes = keep;
	while (cut) {
		skb = skb_peek_tail(&pipe->runs);
		run = zmq_run(skb);
		if (run->len > cut) {
			run->len -= cut;
			break;
		}
		cut -= run->len;
		__skb_unlink(skb, &pipe->runs);
		pipe->rx_charged -= skb->truesize;
		zmq_mem_uncharge_rx(pipe->core->sk, skb->truesize);
		kfree_skb(skb);
	}
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
	struct zmq_core *core = pipe->core;

	if (pipe->conflate)
		zmq_conflate_drop_partial_locked(pipe);
	else if (trim_partial_locked(pipe))
		zmq_drop(core->sk, pipe, ZMQ_MIB_RXDROPPARTIAL, 1);
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

static void consume_bytes_locked(struct zmq_pipe *pipe, u64 n)
{
	struct zmq_core *core = pipe->core;
	struct zmq_run_cb *run;
	struct sk_buff *skb;

	if (n < pipe->rx_left) {
		step(pipe, n);
		return;
	}
	look_up_later(pipe);
	n += pipe->rx_off;
	while ((skb = skb_peek(&pipe->runs))) {
		run = zmq_run(skb);
		if (n < run->len)
			break;
		n -= run->len;
		pipe->rx_bytes -= run->len;
		__skb_unlink(skb, &pipe->runs);
		pipe->rx_charged -= skb->truesize;
		zmq_mem_uncharge_rx(core->sk, skb->truesize);
		zmq_run_free(skb, &core->owner.spare_run);
	}
	pipe->rx_off = n;
	pipe->rx_hdr.size = 0;
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

/**
 * zmq_pipe_consume_frame_locked() - drop the head frame
 * @pipe: the pipe, after zmq_pipe_peek_frame_locked()
 *
 * Context: core->lock held.
 */
void zmq_pipe_consume_frame_locked(struct zmq_pipe *pipe)
{
	consume_bytes_locked(pipe, pipe->rx_hdr.size + pipe->rx_hdr.len);
	if (!(pipe->rx_hdr.flags & ZMTP_MORE))
		consume_msgs_locked(pipe, 1);
}

static bool may_resume(const struct zmq_pipe *pipe)
{
	int hwm = READ_ONCE(pipe->core->opts.rcv_hwm);

	return (!hwm || pipe->rx_msgs <= zmq_pipe_low_water(hwm)) &&
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

	if (consume_quickly(pipe))
		return;
	spin_lock_bh(&core->lock);
	zmq_pipe_consume_frame_locked(pipe);
	if (!(pipe->rx_hdr.flags & ZMTP_MORE))
		on = read_on_locked(pipe);
	spin_unlock_bh(&core->lock);
	read_on(pipe, &on);
}

/**
 * zmq_pipe_consume_msgs() - drop messages and let the peer go on
 * @pipe: the pipe; may be freed as with zmq_pipe_consume_frame()
 * @len: bytes that they take in the queue
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
	struct zmq_frame f;

	do {
		if (zmq_pipe_peek_frame(pipe, &f))
			return;
		zmq_pipe_consume_frame(pipe);
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
