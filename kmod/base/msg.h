/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _ZMQ_MSG_H
#define _ZMQ_MSG_H

#include <linux/refcount.h>
#include <linux/skbuff.h>
#include "types.h"

struct iov_iter;
struct page;
struct zmq_frame_desc;
struct ubuf_info;
struct zmq_pinned;

/**
 * struct zmq_buf - memory that encoded messages live in, one behind the other
 * @ref: one for the socket while it is the open buffer, one for each range
 * @size: bytes in the memory
 * @fill: bytes written; what lies below does not change while anybody but the
 *	socket refers to it
 * @page: the memory, of order get_order(@size)
 * @pinned: the caller's in place of @page, or NULL: part of a body, which
 *	changes whenever the caller likes. No header and no topic lies there.
 * @sk: the socket that is charged, held
 */
struct zmq_buf {
	refcount_t		ref;
	u32			size;
	u32			fill;
	struct page		*page;
	struct zmq_pinned	*pinned;
	struct sock		*sk;
};

/**
 * struct zmq_range - encoded bytes in a buffer, with a reference to it
 * @buf: the buffer
 * @off: where they begin
 * @len: how many they are
 */
struct zmq_range {
	struct zmq_buf	*buf;
	u32		off;
	u32		len;
};

#define ZMQ_MSG_INLINE_RANGES	4

/* Where a message stood before a frame was added to it. A buffer that is freed
 * meanwhile may have a successor at its address, but not of its number.
 */
struct zmq_msg_mark {
	u64		opened;
	unsigned int	nr;
	u32		last_len;
	u32		fill;
	unsigned int	frames;
	u64		bytes;
};

/**
 * struct zmq_msg - an outgoing message, or a burst of them for the same peer,
 *	while it is built and routed
 * @sk: the socket that pays
 * @open: the buffer that the next byte goes to, or NULL
 * @opened: how many buffers have been @open so far
 * @ranges: the encoded message, frame headers included
 * @buf_size: how large the next buffer should be
 * @nr: ranges in use
 * @cap: ranges allocated
 * @frames: frames encoded by the caller, a pattern's prefix not counted
 * @msgs: messages, once they are whole: 1 but for a burst
 * @started: the pattern's begin() has run for this message
 * @bytes: bytes encoded
 * @body_off: offset of the first frame of the caller, behind the prefix
 * @body_len: body length of the first frame of the caller
 * @peer: the number of the peer that the caller's address names, 0 if a
 *	routing id does
 * @id: the routing id that an addressing pattern took from the first frame
 * @id_len: bytes in @id
 * @has_id: @id is valid, though it may be empty
 * @pipe: where the message goes, if the pattern chose at its first frame; held
 * @inline_ranges: what @ranges is for a message that needs no more
 *
 * One lives in each socket, all under the socket lock.
 */
struct zmq_msg {
	struct sock		*sk;
	struct zmq_buf		*open;
	u64			opened;
	struct zmq_range	*ranges;
	u32			buf_size;
	unsigned int		nr;
	unsigned int		cap;
	unsigned int		frames;
	unsigned int		msgs;
	bool			started;
	bool			has_id;
	u8			id_len;
	u64			bytes;
	u64			body_off;
	u64			body_len;
	struct zmq_pipe		*pipe;
	u32			peer;
	struct zmq_range	inline_ranges[ZMQ_MSG_INLINE_RANGES];
	u8			id[ZMQ_ROUTING_ID_MAX];
};

void zmq_msg_init(struct zmq_msg *msg, struct sock *sk);
void zmq_msg_reset(struct zmq_msg *msg);
void zmq_msg_destroy(struct zmq_msg *msg);
void zmq_msg_mark(const struct zmq_msg *msg, struct zmq_msg_mark *mark);
void zmq_msg_rollback(struct zmq_msg *msg, const struct zmq_msg_mark *mark);
int zmq_msg_put_frame(struct zmq_msg *msg, struct iov_iter *from, u64 len,
		      bool more, struct ubuf_info *ubuf);
int zmq_msg_put_bytes(struct zmq_msg *msg, const void *data, size_t len);
unsigned int zmq_msg_put_burst(struct zmq_msg *msg, struct iov_iter *from,
			       const struct zmq_frame_desc *desc,
			       unsigned int nr, unsigned int msgs);
const u8 *zmq_msg_topic(const struct zmq_msg *msg, size_t *len);
int zmq_msg_to_runs(const struct zmq_msg *msg, struct sk_buff_head *runs);

struct zmq_buf *zmq_buf_new(struct sock *sk, u32 size);
struct zmq_buf *zmq_buf_of_pinned(struct sock *sk, struct zmq_pinned *pinned);
void zmq_buf_put(struct zmq_buf *buf);
int zmq_buf_cache_init(void);
void zmq_buf_cache_exit(void);

static inline void *zmq_range_addr(const struct zmq_range *r)
{
	return page_address(r->buf->page) + r->off;
}

#endif /* _ZMQ_MSG_H */
