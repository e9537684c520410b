// SPDX-License-Identifier: GPL-2.0-only
/* Outgoing messages in append-only buffers. */

#include <linux/sched/signal.h>
#include <linux/slab.h>
#include <linux/uio.h>
#include "compat.h"
#include "hdr.h"
#include "msg.h"
#include "zerocopy.h"

#define BUF_MAX		SZ_32K

/* A longer frame is not worth the second copy that a burst makes. */
#define BURST_FRAME_MAX	SZ_2K

/**
 * zmq_msg_init() - prepare a message for its first use
 * @msg: the message
 * @sk: the socket that pays for its memory
 *
 * Context: Any.
 */
void zmq_msg_init(struct zmq_msg *msg, struct sock *sk)
{
	memset(msg, 0, sizeof(*msg));
	msg->sk = sk;
	msg->ranges = msg->inline_ranges;
	msg->cap = ZMQ_MSG_INLINE_RANGES;
	msg->msgs = 1;
	msg->buf_size = PAGE_SIZE;
}

static void drop_ranges(struct zmq_msg *msg, unsigned int from)
{
	while (msg->nr > from)
		zmq_buf_put(msg->ranges[--msg->nr].buf);
}

/**
 * zmq_msg_reset() - forget what was encoded, keep the open buffer
 * @msg: the message
 *
 * The caller puts @msg->pipe.
 *
 * Context: Process context, socket lock held.
 */
void zmq_msg_reset(struct zmq_msg *msg)
{
	drop_ranges(msg, 0);
	if (msg->ranges != msg->inline_ranges) {
		kvfree(msg->ranges);
		msg->ranges = msg->inline_ranges;
		msg->cap = ZMQ_MSG_INLINE_RANGES;
	}
	msg->frames = 0;
	msg->msgs = 1;
	msg->started = false;
	msg->has_id = false;
	msg->id_len = 0;
	msg->peer = 0;
	msg->bytes = 0;
	msg->body_off = 0;
	msg->body_len = 0;
}

/**
 * zmq_msg_destroy() - free everything a message holds
 * @msg: the message
 *
 * Context: Process context, socket lock held.
 */
void zmq_msg_destroy(struct zmq_msg *msg)
{
	zmq_msg_reset(msg);
	if (msg->open)
		zmq_buf_put(msg->open);
	msg->open = NULL;
}

static int grow_ranges(struct zmq_msg *msg)
{
	unsigned int cap = msg->cap * 4;
	struct zmq_range *ranges;

	ranges = kvmalloc_array(cap, sizeof(*ranges), GFP_KERNEL_ACCOUNT);
	if (!ranges)
		return -ENOMEM;
	memcpy(ranges, msg->ranges, msg->nr * sizeof(*ranges));
	if (msg->ranges != msg->inline_ranges)
		kvfree(msg->ranges);
	msg->ranges = ranges;
	msg->cap = cap;
	return 0;
}

/* Nobody but the socket refers to the buffer or to its pages. */
static bool is_exclusive(const struct zmq_buf *buf)
{
	if (refcount_read(&buf->ref) != 1)
		return false;
	/* Pairs with zmq_buf_put(): whoever referred to the pages did so
	 * before.
	 */
	smp_acquire__after_ctrl_dep();
	return page_count(buf->page) == 1;
}

/* Make @contig bytes free in the open buffer. A socket whose messages are sent
 * at once keeps a page; one whose messages wait gets larger buffers.
 */
static int reserve(struct zmq_msg *msg, u32 contig)
{
	struct zmq_buf *buf = msg->open;
	u32 size;

	if (buf && is_exclusive(buf))
		buf->fill = 0;
	if (buf && buf->size - buf->fill >= contig)
		return 0;

	size = clamp_t(u32, roundup_pow_of_two(contig), msg->buf_size, BUF_MAX);
	buf = zmq_buf_new(msg->sk, size);
	if (!buf && size > PAGE_SIZE && contig <= PAGE_SIZE)
		buf = zmq_buf_new(msg->sk, PAGE_SIZE);
	if (!buf)
		return -ENOBUFS;
	if (msg->open)
		zmq_buf_put(msg->open);
	msg->open = buf;
	msg->opened++;
	msg->buf_size = min_t(u32, msg->buf_size * 2, BUF_MAX);
	return 0;
}

static int append_range(struct zmq_msg *msg, struct zmq_buf *buf, u32 off, u32 len)
{
	struct zmq_range *range;
	int err;

	if (msg->nr == msg->cap) {
		err = grow_ranges(msg);
		if (err)
			return err;
	}
	refcount_inc(&buf->ref);
	range = &msg->ranges[msg->nr++];
	range->buf = buf;
	range->off = off;
	range->len = len;
	return 0;
}

/* Count @len bytes that were just written at the open buffer's fill. */
static int extend(struct zmq_msg *msg, u32 len)
{
	struct zmq_buf *buf = msg->open;
	struct zmq_range *last;
	int err;

	last = msg->nr ? &msg->ranges[msg->nr - 1] : NULL;
	if (last && last->buf == buf && last->off + last->len == buf->fill) {
		last->len += len;
	} else {
		err = append_range(msg, buf, buf->fill, len);
		if (err)
			return err;
	}
	buf->fill += len;
	msg->bytes += len;
	return 0;
}

/* Copy to the open buffer, @off bytes behind what it holds. */
static bool copy_in(struct zmq_msg *msg, u32 off, u32 len,
		    struct iov_iter *from)
{
	struct zmq_buf *buf = msg->open;
	size_t n = copy_page_from_iter(buf->page, buf->fill + off, len, from);

	if (likely(n == len))
		return true;
	iov_iter_revert(from, n);
	return false;
}

/* Copy what the open buffer has room for. Returns how much, or an error. */
static int append_copied(struct zmq_msg *msg, struct iov_iter *from, u32 len)
{
	int err = 0;
	u32 n;

	if (!msg->open || msg->open->fill == msg->open->size)
		err = reserve(msg, len);
	if (err)
		return err;
	n = min(len, msg->open->size - msg->open->fill);
	if (!copy_in(msg, 0, n, from))
		return -EFAULT;
	return extend(msg, n) ?: n;
}

/* Likewise: all of what is pinned. */
static int append_pinned(struct zmq_msg *msg, struct zmq_pinned *pinned)
{
	u32 n = pinned->len;
	struct zmq_buf *buf;
	int err;

	buf = zmq_buf_of_pinned(msg->sk, pinned);
	if (!buf)
		return -ENOBUFS;
	err = append_range(msg, buf, 0, n);
	if (!err)
		msg->bytes += n;
	zmq_buf_put(buf);
	return err ?: n;
}

/* With @ubuf refer to the caller's memory, but for pieces that are better
 * copied.
 */
static int append(struct zmq_msg *msg, struct iov_iter *from, u64 len,
		  struct ubuf_info *ubuf)
{
	u64 piece = ubuf ? ZMQ_ZEROCOPY_MIN : BUF_MAX;
	struct zmq_pinned *pinned;
	int n;

	while (len) {
		pinned = NULL;
		if (ubuf && zmq_zerocopy_pays(from, len))
			pinned = zmq_pin(from, len, ubuf);
		n = pinned ? append_pinned(msg, pinned) :
			     append_copied(msg, from, min(len, piece));
		if (n < 0)
			return n;
		len -= n;
		if (len && fatal_signal_pending(current))
			return -EINTR;
	}
	return 0;
}

/**
 * zmq_msg_rollback() - undo everything since a mark
 * @msg: the message, which nobody else has seen since then
 * @mark: of zmq_msg_mark()
 *
 * Context: Socket lock held.
 */
void zmq_msg_rollback(struct zmq_msg *msg, const struct zmq_msg_mark *mark)
{
	drop_ranges(msg, mark->nr);
	if (mark->nr)
		msg->ranges[mark->nr - 1].len = mark->last_len;
	if (msg->open)
		msg->open->fill = msg->opened == mark->opened ? mark->fill : 0;
	msg->bytes = mark->bytes;
	msg->frames = mark->frames;
}

/**
 * zmq_msg_mark() - note where a message stands
 * @msg: the message
 * @mark: filled in
 *
 * Context: Socket lock held.
 */
void zmq_msg_mark(const struct zmq_msg *msg, struct zmq_msg_mark *mark)
{
	mark->nr = msg->nr;
	mark->last_len = msg->nr ? msg->ranges[msg->nr - 1].len : 0;
	mark->opened = msg->opened;
	mark->fill = msg->open ? msg->open->fill : 0;
	mark->bytes = msg->bytes;
	mark->frames = msg->frames;
}

static u32 hdr_size(u64 len)
{
	return len > U8_MAX ? ZMQ_HDR_MAX : ZMQ_HDR_SHORT;
}

/* A frame that does not straddle buffers. */
static int append_short(struct zmq_msg *msg, struct iov_iter *from, u32 len,
			bool more)
{
	u32 hdr = hdr_size(len);
	int err;

	err = reserve(msg, hdr + len);
	if (err)
		return err;
	zmq_hdr_put(page_address(msg->open->page) + msg->open->fill, len,
		    more ? ZMTP_MORE : 0);
	if (len && !copy_in(msg, hdr, len, from))
		return -EFAULT;
	return extend(msg, hdr + len);
}

/* The first ZMQ_TOPIC_MAX bytes of a message lie in one piece of our memory, for
 * subscriptions.
 */
static int append_long(struct zmq_msg *msg, struct iov_iter *from, u64 len,
		       bool more, struct ubuf_info *ubuf)
{
	u64 copied = ubuf && !msg->frames ? ZMQ_TOPIC_MAX : 0;
	struct zmq_msg_mark mark;
	int err;

	zmq_msg_mark(msg, &mark);
	err = reserve(msg, ZMQ_HDR_MAX + ZMQ_TOPIC_MAX);
	if (err)
		return err;
	zmq_hdr_put(page_address(msg->open->page) + msg->open->fill, len,
		    more ? ZMTP_MORE : 0);
	err = extend(msg, ZMQ_HDR_MAX) ?:
	      append(msg, from, copied, NULL) ?:
	      append(msg, from, len - copied, ubuf);
	if (err)
		zmq_msg_rollback(msg, &mark);
	return err;
}

/**
 * zmq_msg_put_frame() - encode one frame of the caller's behind the others
 * @msg: the message
 * @from: where the body comes from
 * @len: bytes in the body
 * @more: another frame will follow
 * @ubuf: of zmq_zerocopy_begin(): who is told if the body is not copied, or
 *	NULL to copy it
 *
 * Context: Process context, socket lock held; may fault in user memory.
 * Return: 0; -EFAULT, -ENOBUFS, -ENOMEM or -EINTR, and the message is as before.
 */
int zmq_msg_put_frame(struct zmq_msg *msg, struct iov_iter *from, u64 len,
		      bool more, struct ubuf_info *ubuf)
{
	u64 body = msg->bytes + hdr_size(len);
	int err;

	if (len <= ZMQ_TOPIC_MAX)
		err = append_short(msg, from, len, more);
	else
		err = append_long(msg, from, len, more, ubuf);
	if (err)
		return err;
	if (!msg->frames++) {
		msg->body_off = body;
		msg->body_len = len;
	}
	return 0;
}

/**
 * zmq_msg_put_bytes() - append encoded frames, such as an envelope
 * @msg: the message
 * @data: whole frames with their headers
 * @len: bytes in @data, no more than a buffer holds
 *
 * Context: Process context, socket lock held.
 * Return: 0; -ENOBUFS or -ENOMEM, and the message is as before.
 */
int zmq_msg_put_bytes(struct zmq_msg *msg, const void *data, size_t len)
{
	int err;

	err = reserve(msg, len);
	if (err)
		return err;
	memcpy(page_address(msg->open->page) + msg->open->fill, data, len);
	return extend(msg, len);
}

/**
 * struct burst - messages that are encoded at once
 * @frames: their frames
 * @msgs: how many they are
 * @hdrs: bytes in their headers
 * @bodies: bytes in their bodies
 */
struct burst {
	unsigned int	frames;
	unsigned int	msgs;
	u32		hdrs;
	u32		bodies;
};

/* The first messages, of short frames, that @room is enough for; it ends before
 * one without a byte.
 */
static void burst_plan(struct burst *b, const struct zmq_frame_desc *desc,
		       unsigned int nr, unsigned int msgs, u32 room)
{
	u64 hdrs = 0, bodies = 0;
	unsigned int i;

	memset(b, 0, sizeof(*b));
	for (i = 0; i < nr && b->msgs < msgs; i++) {
		hdrs += hdr_size(desc[i].len);
		bodies += desc[i].len;
		if (desc[i].len > BURST_FRAME_MAX || hdrs + bodies > room)
			break;
		if (desc[i].flags & ZMQ_FRAME_MORE)
			continue;
		if (bodies == b->bodies)
			break;
		b->frames = i + 1;
		b->msgs++;
		b->hdrs = hdrs;
		b->bodies = bodies;
	}
}

/* The bodies lie behind the room for all headers: move each to its place. What
 * is written never gets ahead of what is read.
 */
static void burst_spread(u8 *to, const struct burst *b,
			 const struct zmq_frame_desc *desc)
{
	const u8 *body = to + b->hdrs;
	unsigned int i;

	for (i = 0; i < b->frames; i++) {
		to += zmq_hdr_put(to, desc[i].len,
				  desc[i].flags & ZMQ_FRAME_MORE ?
				  ZMTP_MORE : 0);
		if (to != body)
			memmove(to, body, desc[i].len);
		to += desc[i].len;
		body += desc[i].len;
	}
}

/**
 * zmq_msg_put_burst() - encode several whole messages for the same peer
 * @msg: with nothing in it
 * @from: where the bodies come from
 * @desc: the frames, the last one without ZMQ_FRAME_MORE
 * @nr: how many they are
 * @msgs: no more messages than this
 *
 * Context: Process context, socket lock held; may fault in user memory.
 * Return: the frames that were encoded; 0 if messages have to be encoded one
 *	by one, which also tells what is wrong. @from is then as before.
 */
unsigned int zmq_msg_put_burst(struct zmq_msg *msg, struct iov_iter *from,
			       const struct zmq_frame_desc *desc,
			       unsigned int nr, unsigned int msgs)
{
	struct zmq_msg_mark mark;
	struct burst b;
	u8 *to;

	zmq_msg_mark(msg, &mark);
	burst_plan(&b, desc, nr, msgs,
		   msg->open ? msg->open->size - msg->open->fill : 0);
	if (!b.msgs) {
		burst_plan(&b, desc, nr, 1, BUF_MAX);
		if (!b.msgs || reserve(msg, b.hdrs + b.bodies))
			return 0;
		burst_plan(&b, desc, nr, msgs,
			   msg->open->size - msg->open->fill);
	}
	to = page_address(msg->open->page) + msg->open->fill;
	if (!copy_in(msg, b.hdrs, b.bodies, from) ||
	    extend(msg, b.hdrs + b.bodies)) {
		zmq_msg_rollback(msg, &mark);
		return 0;
	}
	burst_spread(to, &b, desc);
	msg->frames = b.frames;
	msg->msgs = b.msgs;
	return b.frames;
}

/**
 * zmq_msg_topic() - the start of the first frame that the caller sent
 * @msg: the message, with at least one frame
 * @len: set to the bytes that can be read: the whole body, or at least
 *	ZMQ_TOPIC_MAX of it
 *
 * Context: Socket lock held.
 * Return: the bytes.
 */
const u8 *zmq_msg_topic(const struct zmq_msg *msg, size_t *len)
{
	const struct zmq_range *r = msg->ranges;
	u64 off = msg->body_off;

	*len = 0;
	if (!msg->body_len)
		return (const u8 *)"";
	while (off >= r->len)
		off -= r++->len;
	*len = min_t(u64, msg->body_len, r->len - off);
	return zmq_range_addr(r) + off;
}
