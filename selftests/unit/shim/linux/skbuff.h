/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _SHIM_SKBUFF_H
#define _SHIM_SKBUFF_H

#include <linux/kernel.h>
#include <linux/slab.h>
#include <stdlib.h>
#include <string.h>

/* Nothing is shared. */
#define ____cacheline_aligned_in_smp

#define swap(a, b) do {				\
	__typeof__(a) _tmp = (a);		\
	(a) = (b);				\
	(b) = _tmp;				\
} while (0)

#define page_address(page) ((u8 *)(page))

/* What alloc_skb() and skb_clone() make is in one piece, behind the struct. */
struct sk_buff {
	struct sk_buff	*next, *prev;
	char		cb[48];
	unsigned int	truesize;
	unsigned int	len;
	u8		*data;
	const u8	*frag;
	unsigned int	data_len;
	unsigned int	refs;
	bool		cloned;
	bool		unreadable;
};

#define SKB_TRUESIZE(n) ((n) + sizeof(struct sk_buff))
#define zmq_skb_readable(skb) (!(skb)->unreadable)

/* The first two members are those of struct sk_buff, as in the kernel. */
struct sk_buff_head {
	struct sk_buff	*next, *prev;
	u32		qlen;
};

static inline void __skb_queue_head_init(struct sk_buff_head *q)
{
	q->next = (struct sk_buff *)q;
	q->prev = (struct sk_buff *)q;
	q->qlen = 0;
}

static inline struct sk_buff *skb_peek(const struct sk_buff_head *q)
{
	return q->next == (struct sk_buff *)q ? NULL : q->next;
}

static inline struct sk_buff *skb_peek_tail(const struct sk_buff_head *q)
{
	return q->prev == (struct sk_buff *)q ? NULL : q->prev;
}

/* Unlike the kernel's it may be asked about the last one. */
static inline struct sk_buff *skb_queue_next(const struct sk_buff_head *q,
					     const struct sk_buff *skb)
{
	return skb->next == (struct sk_buff *)q ? NULL : skb->next;
}

static inline bool skb_queue_empty(const struct sk_buff_head *q)
{
	return !skb_peek(q);
}

static inline void __skb_queue_tail(struct sk_buff_head *q, struct sk_buff *skb)
{
	skb->next = (struct sk_buff *)q;
	skb->prev = q->prev;
	skb->prev->next = skb;
	q->prev = skb;
	q->qlen++;
}

static inline void __skb_unlink(struct sk_buff *skb, struct sk_buff_head *q)
{
	skb->next->prev = skb->prev;
	skb->prev->next = skb->next;
	skb->next = NULL;
	skb->prev = NULL;
	q->qlen--;
}

static inline struct sk_buff *__skb_dequeue(struct sk_buff_head *q)
{
	struct sk_buff *skb = skb_peek(q);

	if (skb)
		__skb_unlink(skb, q);
	return skb;
}

static inline struct sk_buff *__skb_dequeue_tail(struct sk_buff_head *q)
{
	struct sk_buff *skb = skb_peek_tail(q);

	if (skb)
		__skb_unlink(skb, q);
	return skb;
}

static inline void __skb_queue_after(struct sk_buff_head *q,
				     struct sk_buff *prev, struct sk_buff *skb)
{
	skb->next = prev->next;
	skb->prev = prev;
	prev->next->prev = skb;
	prev->next = skb;
	q->qlen++;
}

static inline void skb_queue_splice_tail_init(struct sk_buff_head *from,
					      struct sk_buff_head *to)
{
	struct sk_buff *skb;

	while ((skb = skb_peek(from))) {
		__skb_unlink(skb, from);
		__skb_queue_tail(to, skb);
	}
}

static inline unsigned int skb_headlen(const struct sk_buff *skb)
{
	return skb->len - skb->data_len;
}

/* A copy: nobody writes to what two of them would share. */
static inline struct sk_buff *skb_clone(const struct sk_buff *skb, gfp_t gfp)
{
	struct sk_buff *clone = malloc(sizeof(*skb) + skb->len);

	(void)gfp;
	if (!clone)
		return NULL;
	memcpy(clone, skb, sizeof(*skb) + skb->len);
	clone->data = (u8 *)(clone + 1);
	return clone;
}

static inline struct sk_buff *alloc_skb(unsigned int size, gfp_t gfp)
{
	struct sk_buff *skb = kzalloc(sizeof(*skb) + size, gfp);

	if (skb) {
		skb->data = (u8 *)(skb + 1);
		skb->truesize = SKB_TRUESIZE(size);
	}
	return skb;
}

static inline u8 *skb_tail_pointer(const struct sk_buff *skb)
{
	return skb->data + skb->len;
}

static inline bool skb_cloned(const struct sk_buff *skb)
{
	return skb->cloned;
}

/* Others beside the one that it begins with. */
static inline struct sk_buff *skb_get(struct sk_buff *skb)
{
	skb->refs++;
	return skb;
}

static inline void kfree_skb(struct sk_buff *skb)
{
	if (skb && skb->refs)
		skb->refs--;
	else
		free(skb);
}

static inline void __skb_queue_purge(struct sk_buff_head *q)
{
	struct sk_buff *skb;

	while ((skb = skb_peek(q))) {
		__skb_unlink(skb, q);
		kfree_skb(skb);
	}
}

/* A position in the pieces of an skb. */
struct skb_seq_state {
	const struct sk_buff	*skb;
	unsigned int		from;
	unsigned int		to;
};

static inline void skb_prepare_seq_read(struct sk_buff *skb, unsigned int from,
					unsigned int to,
					struct skb_seq_state *st)
{
	*st = (struct skb_seq_state){ skb, from, to };
}

static inline unsigned int skb_seq_read(unsigned int consumed, const u8 **data,
					struct skb_seq_state *st)
{
	unsigned int head = skb_headlen(st->skb), off = st->from + consumed;

	if (off >= st->to)
		return 0;
	if (off < head) {
		*data = st->skb->data + off;
		return min(head, st->to) - off;
	}
	*data = st->skb->frag + off - head;
	return st->to - off;
}

static inline void skb_abort_seq_read(struct skb_seq_state *st)
{
}

#define skb_queue_walk(q, skb)			\
	for (skb = (q)->next;			\
	     skb != (struct sk_buff *)(q);	\
	     skb = skb->next)

#endif
