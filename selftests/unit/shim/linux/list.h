/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _SHIM_LIST_H
#define _SHIM_LIST_H

#include <linux/kernel.h>

/* Links set or followed, for tests that count instead of measuring time. */
extern unsigned long shim_list_ops;

#define LIST_HEAD_INIT(name) { &(name), &(name) }
#define LIST_HEAD(name) struct list_head name = LIST_HEAD_INIT(name)

static inline void INIT_LIST_HEAD(struct list_head *head)
{
	head->next = head;
	head->prev = head;
}

static inline bool list_empty(const struct list_head *head)
{
	return head->next == head;
}

static inline bool list_is_singular(const struct list_head *head)
{
	return !list_empty(head) && head->next == head->prev;
}

static inline void list_add(struct list_head *n, struct list_head *head)
{
	shim_list_ops++;
	n->next = head->next;
	n->prev = head;
	n->next->prev = n;
	head->next = n;
}

static inline void list_add_tail(struct list_head *n, struct list_head *head)
{
	list_add(n, head->prev);
}

/* What is not in a list any more must not be followed. */
static inline void list_del(struct list_head *n)
{
	shim_list_ops++;
	n->next->prev = n->prev;
	n->prev->next = n->next;
	n->next = NULL;
	n->prev = NULL;
}

static inline void list_del_init(struct list_head *n)
{
	list_del(n);
	INIT_LIST_HEAD(n);
}

static inline int list_is_last(const struct list_head *n,
			       const struct list_head *head)
{
	return n->next == head;
}

static inline void list_move_tail(struct list_head *n, struct list_head *head)
{
	list_del(n);
	list_add_tail(n, head);
}

static inline void list_splice_tail(struct list_head *from,
				    struct list_head *to)
{
	shim_list_ops++;
	if (list_empty(from))
		return;
	from->next->prev = to->prev;
	to->prev->next = from->next;
	from->prev->next = to;
	to->prev = from->prev;
}

static inline void list_splice_init(struct list_head *from,
				    struct list_head *to)
{
	struct list_head moved = LIST_HEAD_INIT(moved);

	while (!list_empty(from))
		list_move_tail(from->next, &moved);
	while (!list_empty(&moved)) {
		struct list_head *n = moved.prev;

		list_del(n);
		list_add(n, to);
	}
}

static inline struct list_head *shim_list_step(struct list_head *next)
{
	shim_list_ops++;
	return next;
}

#define list_entry(p, type, member) container_of(p, type, member)

#define list_first_entry(head, type, member)				\
	list_entry((head)->next, type, member)

#define list_last_entry(head, type, member)				\
	list_entry((head)->prev, type, member)

#define list_first_entry_or_null(head, type, member)			\
	(list_empty(head) ? NULL :					\
	 list_entry(shim_list_step((head)->next), type, member))

#define list_for_each_entry(pos, head, member)				\
	for (pos = list_entry((head)->next, __typeof__(*pos), member);	\
	     &pos->member != (head);					\
	     pos = list_entry(shim_list_step(pos->member.next),		\
			      __typeof__(*pos), member))

#define list_for_each_entry_reverse(pos, head, member)			\
	for (pos = list_entry((head)->prev, __typeof__(*pos), member);	\
	     &pos->member != (head);					\
	     pos = list_entry(shim_list_step(pos->member.prev),		\
			      __typeof__(*pos), member))

#define list_for_each_entry_safe(pos, n, head, member)			\
	for (pos = list_entry((head)->next, __typeof__(*pos), member),	\
	     n = list_entry(pos->member.next, __typeof__(*pos), member); \
	     &pos->member != (head);					\
	     pos = n,							\
	     n = list_entry(shim_list_step(n->member.next),		\
			    __typeof__(*n), member))

#define HLIST_HEAD(name) struct hlist_head name = { .first = NULL }
#define INIT_HLIST_HEAD(h) ((h)->first = NULL)
#define hlist_entry(p, type, member) container_of(p, type, member)

static inline bool hlist_empty(const struct hlist_head *h)
{
	return !h->first;
}

static inline void hlist_add_head(struct hlist_node *n, struct hlist_head *h)
{
	shim_list_ops++;
	n->next = h->first;
	if (n->next)
		n->next->pprev = &n->next;
	h->first = n;
	n->pprev = &h->first;
}

static inline struct hlist_node *shim_hlist_step(struct hlist_node *next)
{
	shim_list_ops++;
	return next;
}

static inline void hlist_del(struct hlist_node *n)
{
	*n->pprev = n->next;
	if (n->next)
		n->next->pprev = n->pprev;
	n->next = NULL;
	n->pprev = NULL;
}

#define hlist_entry_safe(p, type, member) ({			\
	__typeof__(p) _p = (p);					\
	_p ? container_of(_p, type, member) : NULL; })

#define hlist_for_each_entry(pos, head, member)				\
	for (pos = hlist_entry_safe((head)->first, __typeof__(*pos), member); \
	     pos;							\
	     pos = hlist_entry_safe(shim_hlist_step(pos->member.next),	\
				    __typeof__(*pos), member))

#define hlist_for_each_entry_safe(pos, n, head, member)			\
	for (pos = hlist_entry_safe((head)->first, __typeof__(*pos), member); \
	     pos && ({ n = pos->member.next; 1; });			\
	     pos = hlist_entry_safe(n, __typeof__(*pos), member))

#endif
