// SPDX-License-Identifier: GPL-2.0-only
/* The frames at the head of a pipe's receive queue, which stay there. */

#include "base/run.h"
#include "pipe.h"

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

static int read_head(struct zmq_rxq *q)
{
	struct sk_buff *skb = skb_peek(&q->runs.list);
	size_t n;

	if (!q->at) {
		q->at = zmq_run_bytes(skb, zmq_rxq_off(q), &n);
		q->end = q->at ? q->at + n : NULL;
	}
	if (zmq_hdr_get(q->at, q->end - q->at, &q->hdr) > 0)
		return 0;
	return gather_header(&q->runs.list, skb, zmq_rxq_off(q), &q->hdr);
}

/* So many bytes of the head frame's body, if they lie in one piece. */
static const u8 *head_piece(const struct zmq_rxq *q, u64 off, size_t len)
{
	size_t n = q->end - q->at;

	off += q->hdr.size;
	if (off > n || len > n - off)
		return NULL;
	return q->at + off;
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
	struct zmq_rxq *q = &pipe->rxq;

	if (!zmq_pipe_rx_msgs(pipe))
		return -EAGAIN;
	if (!q->hdr.size && read_head(q))
		return -EAGAIN;
	f->pipe = pipe;
	f->mem = NULL;
	f->len = q->hdr.len;
	f->more = q->hdr.flags & ZMTP_MORE;
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
	const struct zmq_rxq *q = &pipe->rxq;
	const u8 *p = head_piece(q, off, len);

	if (p) {
		memcpy(to, p, len);
		return 0;
	}
	return zmq_runs_copy_bits(&q->runs.list, skb_peek(&q->runs.list),
				  zmq_rxq_off(q) + q->hdr.size + off, to, len);
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
	const struct zmq_rxq *q = &pipe->rxq;
	const u8 *p = head_piece(q, off, len);

	if (p)
		return zmq_run_copy_iter(skb_peek(&q->runs.list), p, len, to);
	return zmq_runs_copy_iter(&q->runs.list, skb_peek(&q->runs.list),
				  zmq_rxq_off(q) + q->hdr.size + off, to, len);
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
	walk->skb = skb_peek(&pipe->rxq.runs.list);
	walk->off = zmq_rxq_off(&pipe->rxq);
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
	const struct sk_buff_head *runs = &walk->pipe->rxq.runs.list;

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
	return zmq_runs_copy_iter(&walk->pipe->rxq.runs.list, walk->skb,
				  walk->body, to, walk->len);
}
