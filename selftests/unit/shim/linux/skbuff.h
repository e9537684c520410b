/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _SHIM_SKBUFF_H
#define _SHIM_SKBUFF_H

#include <linux/kernel.h>
#include <stdlib.h>
#include <string.h>

#define swap(a, b) do {				\
	__typeof__(a) _tmp = (a);		\
	(a) = (b);				\
	(b) = _tmp;				\
} while (0)

#define page_address(page) ((u8 *)(page))

/* All of it is in one piece, behind the struct. */
struct sk_buff {
	struct sk_buff	*next, *prev;
	char		cb[48];
	unsigned int	truesize;
	unsigned int	len;
	u8		*data;
};

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
	return skb->len;
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

static inline void kfree_skb(struct sk_buff *skb)
{
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

#define skb_queue_walk(q, skb)			\
	for (skb = (q)->next;			\
	     skb != (struct sk_buff *)(q);	\
	     skb = skb->next)

#endif
