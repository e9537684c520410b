// SPDX-License-Identifier: GPL-2.0-only
/* The stream of a connection that is tested. */

#include "bed.h"

static struct bed *of_link(const struct zmq_link *link)
{
	return container_of((struct zmq_link *)link, struct bed, link);
}

static void stream_lock(struct zmq_link *link)
{
	struct bed *bed = of_link(link);

	if (bed->locked)
		abort();
	bed->locked = true;
}

static void stream_unlock(struct zmq_link *link)
{
	struct bed *bed = of_link(link);

	if (!bed->locked)
		abort();
	bed->locked = false;
}

bool bed_drained(const struct bed *bed)
{
	return !bed->skb && skb_queue_empty(&bed->in);
}

/* The rest of an skb is offered again, as tcp_read_sock() does it. */
static int offer(struct bed *bed, read_descriptor_t *desc, sk_read_actor_t actor)
{
	struct sk_buff *skb;
	int used, copied = 0;

	CHECK(bed->locked);
	if (bed->read_err)
		return bed->read_err;
	while ((skb = bed->skb ?: __skb_dequeue(&bed->in))) {
		bed->skb = skb;
		used = actor(desc, skb, bed->in_off, skb->len - bed->in_off);
		if (used <= 0)
			return copied ?: used;
		copied += used;
		bed->in_off += used;
		CHECK(bed->in_off <= skb->len);
		if (bed->in_off < skb->len)
			continue;
		bed->in_off = 0;
		bed->skb = NULL;
		kfree_skb(skb);
		if (!desc->count)
			break;
	}
	return copied;
}

static int stream_read(struct zmq_link *link, read_descriptor_t *desc,
		       sk_read_actor_t actor)
{
	int ret = offer(of_link(link), desc, actor);

	link->dry = bed_drained(of_link(link));
	return ret;
}

static void stream_tx_begin(struct zmq_link *link)
{
	CHECK(!of_link(link)->giving);
	of_link(link)->giving = true;
}

static void stream_tx_end(struct zmq_link *link)
{
	CHECK(of_link(link)->giving);
	of_link(link)->giving = false;
}

static void take_bytes(struct bed *bed, const struct iov_iter *i, size_t n)
{
	const struct bio_vec *bv = i->bv;
	size_t part;

	if (i->kv) {
		bytes_add(&bed->sent, i->kv->iov_base, n);
		return;
	}
	for (; n; n -= part, bv++) {
		part = min_t(size_t, n, bv->bv_len);
		bytes_add(&bed->sent, page_address(bv->bv_page) + bv->bv_offset,
			  part);
	}
}

static int stream_send(struct zmq_link *link, struct msghdr *m, size_t len)
{
	size_t n;
	struct bed *bed = of_link(link);

	CHECK(bed->conn.tx->lock.held && !bed->conn.tx->qlock.held && bed->giving);
	CHECK_EQ(m->msg_iter.count, len);
	CHECK((m->msg_flags & MSG_DONTWAIT) && len);
	if (bed->send_err) {
		if (bed->send_err == -ENOMEM)
			hrtimer_start(&bed->conn.retry_timer, BED_RETRY,
				      HRTIMER_MODE_REL_SOFT);
		bed->send_errs++;
		return bed->send_err;
	}
	if (bed->refuse) {
		bed->refuse--;
		return -EAGAIN;
	}
	n = min(len, min(bed->piece, bed->window));
	take_bytes(bed, &m->msg_iter, n);
	if (bed->window != BED_ANY)
		bed->window -= n;
	bed->given += n;
	bed->more = m->msg_flags & MSG_MORE;
	return n;
}

static int stream_send_pages(struct zmq_link *link, struct msghdr *m, size_t len)
{
	int ret = stream_send(link, m, len);

	CHECK(m->msg_iter.bv && !m->msg_ubuf);
	if (ret > 0)
		of_link(link)->pages += ret;
	return ret;
}

static int stream_send_zerocopy(struct zmq_link *link, struct msghdr *m,
				size_t len)
{
	int ret = stream_send(link, m, len);

	CHECK(m->msg_ubuf && (m->msg_flags & MSG_ZEROCOPY));
	if (ret > 0)
		of_link(link)->pinned += ret;
	return ret;
}

static void stream_position(const struct zmq_link *link, u32 *given, u32 *acked)
{
	*given = of_link(link)->given;
	*acked = of_link(link)->acked;
}

static const struct zmq_stream_ops copies = {
	.lock		= stream_lock,
	.unlock		= stream_unlock,
	.read		= stream_read,
	.send		= stream_send,
};

static const struct zmq_stream_ops refers = {
	.lock		= stream_lock,
	.unlock		= stream_unlock,
	.read		= stream_read,
	.tx_begin	= stream_tx_begin,
	.tx_end		= stream_tx_end,
	.send		= stream_send,
	.send_pages	= stream_send_pages,
	.send_zerocopy	= stream_send_zerocopy,
	.position	= stream_position,
};

static const struct zmq_stream_ops direct = {
	.direct		= true,
	.lock		= stream_lock,
	.unlock		= stream_unlock,
	.read		= stream_read,
	.send		= stream_send,
};

void bed_is_direct(struct bed *bed)
{
	bed->link.ops = &direct;
	/* There is nothing else around what is sent. */
	bed->giving = true;
}

void bed_copies(struct bed *bed)
{
	bed->link.ops = &copies;
	/* There is nothing else around what is sent. */
	bed->giving = true;
}

void bed_refers(struct bed *bed)
{
	bed->link.ops = &refers;
}

void bed_discard(struct bed *bed)
{
	struct sk_buff *skb;

	while ((skb = bed->skb ?: __skb_dequeue(&bed->in))) {
		bed->skb = NULL;
		kfree_skb(skb);
	}
	bed->in_off = 0;
}

/* Memory that is just as large, so that it is seen if more is read. */
static struct sk_buff *make_skb(const void *p, size_t n, size_t frag)
{
	size_t head = n - frag;
	struct sk_buff *skb = calloc(1, sizeof(*skb) + n);

	if (!skb)
		abort();
	skb->data = (u8 *)skb + sizeof(*skb) + frag;
	memcpy(skb->data, p, head);
	skb->frag = (u8 *)skb + sizeof(*skb);
	memcpy((u8 *)skb->frag, (const u8 *)p + head, frag);
	skb->len = n;
	skb->data_len = frag;
	skb->truesize = SKB_TRUESIZE(n);
	return skb;
}

void bed_arrives(struct bed *bed, const void *p, size_t n, size_t frag)
{
	if (!n)
		return;
	bed->tcp.rcv_tstamp = tcp_jiffies32;
	bed->tcp.inet.icsk_ack.lrcvtime = tcp_jiffies32;
	__skb_queue_tail(&bed->in, make_skb(p, n, frag));
	stream_lock(&bed->link);
	zmq_conn_readable(&bed->link);
	stream_unlock(&bed->link);
}

void bed_hex_arrives(struct bed *bed, const char *hex)
{
	struct bytes b = {};

	bytes_hex(&b, hex);
	bed_arrives(bed, b.p, b.n, 0);
	bytes_free(&b);
}
