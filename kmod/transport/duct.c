// SPDX-License-Identifier: GPL-2.0-only
/* Two queues between the ends of a stream that are both of this module. */

#include <linux/slab.h>
#include <net/sock.h>
#include "conn/conn.h"
#include "conn/link.h"
#include "duct.h"

/* What lies in a duct at the most, unless ZMQ_SNDBUF says so: TCP's buffers grow
 * for a long way, here there is none.
 */
#define SIZE_MAX_AUTO	SZ_256K

/**
 * zmq_duct_new() - make a duct
 *
 * Context: Process context.
 * Return: the duct with one reference, for zmq_duct_leave(), or NULL.
 */
struct zmq_duct *zmq_duct_new(void)
{
	struct zmq_duct *duct = kzalloc(sizeof(*duct), GFP_KERNEL_ACCOUNT);
	int side;

	if (!duct)
		return NULL;
	refcount_set(&duct->ref, 1);
	for (side = 0; side < ZMQ_DUCT_ENDS; side++) {
		spin_lock_init(&duct->end[side].lock);
		__skb_queue_head_init(&duct->end[side].queue);
	}
	return duct;
}

/**
 * zmq_duct_get() - take a reference for the other end
 * @duct: the duct
 *
 * Context: Any.
 */
void zmq_duct_get(struct zmq_duct *duct)
{
	refcount_inc(&duct->ref);
}

static void duct_put(struct zmq_duct *duct)
{
	int side;

	if (!refcount_dec_and_test(&duct->ref))
		return;
	for (side = 0; side < ZMQ_DUCT_ENDS; side++)
		__skb_queue_purge(&duct->end[side].queue);
	kfree(duct);
}

/**
 * zmq_duct_enter() - say who reads at an end
 * @duct: the duct
 * @side: the end
 * @link: the link, which looks for itself what was sent before
 *
 * Context: Process context, socket lock held.
 */
void zmq_duct_enter(struct zmq_duct *duct, unsigned int side,
		    struct zmq_link *link)
{
	struct zmq_duct_end *end = &duct->end[side];

	spin_lock(&end->lock);
	end->link = link;
	spin_unlock(&end->lock);
}

/**
 * zmq_duct_shut() - take nothing more
 * @duct: the duct
 * @side: the end, which reads what is there
 *
 * Context: Process context.
 */
void zmq_duct_shut(struct zmq_duct *duct, unsigned int side)
{
	struct zmq_duct_end *end = &duct->end[side];

	spin_lock(&end->lock);
	end->shut = true;
	spin_unlock(&end->lock);
}

static void tell_end(struct zmq_duct_end *end)
{
	spin_lock(&end->lock);
	if (end->link)
		zmq_conn_readable_later(end->link);
	spin_unlock(&end->lock);
}

/**
 * zmq_duct_leave() - give up an end
 * @duct: the duct
 * @side: the end; what it has sent can still be read
 *
 * The other one is told here: a stream that has no memory for its end is silent.
 *
 * Context: Process context.
 */
void zmq_duct_leave(struct zmq_duct *duct, unsigned int side)
{
	struct zmq_duct_end *end = &duct->end[side];
	struct sk_buff_head unread;

	__skb_queue_head_init(&unread);
	spin_lock(&end->lock);
	end->link = NULL;
	/* Pairs with zmq_duct_ended(). */
	smp_store_release(&end->gone, true);
	skb_queue_splice_init(&end->queue, &unread);
	end->size = 0;
	spin_unlock(&end->lock);
	__skb_queue_purge(&unread);
	tell_end(&duct->end[!side]);
	duct_put(duct);
}

/**
 * zmq_duct_ended() - is nothing more to come
 * @duct: the duct
 * @side: the end that receives
 *
 * Context: Any.
 * Return: true if the other end has left; what it has sent is there.
 */
bool zmq_duct_ended(const struct zmq_duct *duct, unsigned int side)
{
	/* Pairs with zmq_duct_leave(). */
	return smp_load_acquire(&duct->end[!side].gone);
}

/**
 * zmq_duct_put() - send bytes
 * @duct: the duct
 * @side: the end that sends
 * @skb: the bytes
 *
 * Context: Process context.
 * Return: false if there is nobody to read them; @skb is the caller's then.
 */
bool zmq_duct_put(struct zmq_duct *duct, unsigned int side,
		  struct sk_buff *skb)
{
	struct zmq_duct_end *end = &duct->end[!side];
	bool takes;

	spin_lock(&end->lock);
	takes = !end->gone && !end->shut;
	if (takes) {
		__skb_queue_tail(&end->queue, skb);
		WRITE_ONCE(end->size, end->size + skb->truesize);
	}
	spin_unlock(&end->lock);
	return takes;
}

/**
 * zmq_duct_take() - receive bytes
 * @duct: the duct
 * @side: the end that receives
 *
 * Context: Process context.
 * Return: the oldest ones, or NULL.
 */
struct sk_buff *zmq_duct_take(struct zmq_duct *duct, unsigned int side)
{
	struct zmq_duct_end *end = &duct->end[side];
	struct sk_buff *skb;

	spin_lock(&end->lock);
	skb = __skb_dequeue(&end->queue);
	if (skb)
		WRITE_ONCE(end->size, end->size - skb->truesize);
	spin_unlock(&end->lock);
	return skb;
}

static unsigned int size_max(const struct sock *sk)
{
	unsigned int max = READ_ONCE(sk->sk_sndbuf);

	return sk->sk_userlocks & SOCK_SNDBUF_LOCK ? max :
	       min_t(unsigned int, max, SIZE_MAX_AUTO);
}

/**
 * zmq_duct_full() - is there no room to send
 * @duct: the duct
 * @side: the end that sends
 * @sk: its child, whose SO_SNDBUF counts
 *
 * As with a UNIX stream, the last skb may go beyond the limit.
 *
 * Context: Any.
 * Return: true if so.
 */
bool zmq_duct_full(const struct zmq_duct *duct, unsigned int side,
		   const struct sock *sk)
{
	return READ_ONCE(duct->end[!side].size) >= size_max(sk);
}

/**
 * zmq_duct_set_blocked() - ask to be told of room
 * @duct: the duct
 * @side: the end that sends
 * @blocked: or do not any more
 *
 * Context: Process context.
 */
void zmq_duct_set_blocked(struct zmq_duct *duct, unsigned int side,
			  bool blocked)
{
	WRITE_ONCE(duct->end[!side].blocked, blocked);
}

/* Not for each few bytes, as with a UNIX stream. */
static bool much_room(const struct zmq_duct_end *end,
		      const struct zmq_link *writer)
{
	return READ_ONCE(end->size) <= size_max(writer->sock->sk) / 4;
}

/**
 * zmq_duct_tell_room() - let the other end go on if it is blocked
 * @duct: the duct
 * @side: the end that has taken bytes
 *
 * Context: Process context.
 */
void zmq_duct_tell_room(struct zmq_duct *duct, unsigned int side)
{
	struct zmq_duct_end *writer = &duct->end[!side];

	if (!READ_ONCE(duct->end[side].blocked))
		return;
	spin_lock(&writer->lock);
	if (writer->link && much_room(&duct->end[side], writer->link)) {
		WRITE_ONCE(duct->end[side].blocked, false);
		zmq_conn_kick(writer->link->conn);
	}
	spin_unlock(&writer->lock);
}

/**
 * zmq_duct_reader() - who has something to read
 * @duct: the duct
 * @side: the end that has sent it
 *
 * Context: Process context.
 * Return: the link at the other end, with a reference, or NULL.
 */
struct zmq_link *zmq_duct_reader(struct zmq_duct *duct, unsigned int side)
{
	struct zmq_duct_end *end = &duct->end[!side];
	struct zmq_link *link = NULL;

	spin_lock(&end->lock);
	if (!skb_queue_empty(&end->queue))
		link = end->link;
	if (link)
		refcount_inc(&link->ref);
	spin_unlock(&end->lock);
	return link;
}
