// SPDX-License-Identifier: GPL-2.0-only
/*
 * Ducts between sockets that are both children of AF_ZMQ sockets, and how the
 * two ends of a UNIX stream find out that they are.
 *
 * The one that dials offers a duct under its own child before it connects.
 * The one that accepts takes the offer of its child's peer, if the child came
 * in by a listener of this module. Behind connect() the offer stands if it was
 * taken, or if the listener that was reached is one of those: then it will be
 * taken, or the stream ends with the listener. Otherwise it is withdrawn.
 */

#include <linux/hashtable.h>
#include <linux/slab.h>
#include <net/af_unix.h>
#include "base/sender.h"
#include "conn/conn.h"
#include "duct.h"

#define TABLE_BITS	8

/* What lies in a duct at the most, unless ZMQ_SNDBUF says so: TCP's buffers grow
 * for a long way, here there is none.
 */
#define SIZE_MAX_AUTO	SZ_256K

/**
 * struct listener - a listener that nobody but this module accepts from
 * @node: in @listeners
 * @addr: its address, which the children that it will accept share with it
 */
struct listener {
	struct hlist_node		node;
	const struct unix_address	*addr;
};

/* Protects the tables; see locking.rst, 7. */
static DEFINE_SPINLOCK(meet_lock);
static DEFINE_HASHTABLE(listeners, TABLE_BITS);
static DEFINE_HASHTABLE(offers, TABLE_BITS);

static struct listener *find_listener(const struct unix_address *addr)
{
	struct listener *listener;

	hash_for_each_possible(listeners, listener, node, (unsigned long)addr)
		if (listener->addr == addr)
			return listener;
	return NULL;
}

static struct zmq_duct *find_offer(const struct sock *sk)
{
	struct zmq_duct *duct;

	hash_for_each_possible(offers, duct, node, (unsigned long)sk)
		if (duct->sk == sk)
			return duct;
	return NULL;
}

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
 * zmq_duct_listen() - let who connects to a listener offer a duct
 * @sk: the UNIX socket, bound; only this module will accept from it
 *
 * Without memory its children do without ducts.
 *
 * Context: Process context, before listen(2).
 */
void zmq_duct_listen(struct sock *sk)
{
	struct listener *listener;

	listener = kmalloc(sizeof(*listener), GFP_KERNEL_ACCOUNT);
	if (!listener)
		return;
	listener->addr = unix_sk(sk)->addr;
	spin_lock(&meet_lock);
	hash_add(listeners, &listener->node, (unsigned long)listener->addr);
	spin_unlock(&meet_lock);
}

/**
 * zmq_duct_unlisten() - undo zmq_duct_listen()
 * @sk: the listener, from which nothing more is accepted
 *
 * Context: Process context.
 */
void zmq_duct_unlisten(struct sock *sk)
{
	struct listener *listener;

	spin_lock(&meet_lock);
	listener = find_listener(unix_sk(sk)->addr);
	if (listener)
		hash_del(&listener->node);
	spin_unlock(&meet_lock);
	kfree(listener);
}

/**
 * zmq_duct_offer() - offer a duct to whoever will be connected to
 * @sk: the UNIX socket that will connect
 *
 * Context: Process context. zmq_duct_settle() or zmq_duct_withdraw()
 * follows.
 */
void zmq_duct_offer(struct sock *sk)
{
	struct zmq_duct *duct = zmq_duct_new();

	if (!duct)
		return;
	duct->sk = sk;
	spin_lock(&meet_lock);
	hash_add(offers, &duct->node, (unsigned long)sk);
	spin_unlock(&meet_lock);
}

/**
 * zmq_duct_settle() - keep an offer if it is or will be taken
 * @sk: the UNIX socket that offered, connected
 *
 * Context: Process context.
 */
void zmq_duct_settle(struct sock *sk)
{
	struct sock *peer = zmq_unix_peer(sk);
	const struct unix_address *addr = peer ? unix_sk(peer)->addr : NULL;
	struct zmq_duct *duct;

	spin_lock(&meet_lock);
	duct = find_offer(sk);
	if (duct && !duct->met[ZMQ_DUCT_ACCEPTED] && !find_listener(addr))
		hash_del(&duct->node);
	else
		duct = NULL;
	spin_unlock(&meet_lock);
	if (peer)
		sock_put(peer);
	if (duct)
		duct_put(duct);
}

/**
 * zmq_duct_withdraw() - take back what zmq_duct_offer() may have offered
 * @sk: the UNIX socket, which goes or was not connected
 *
 * Context: Process context.
 */
void zmq_duct_withdraw(struct sock *sk)
{
	struct zmq_duct *duct;

	spin_lock(&meet_lock);
	duct = find_offer(sk);
	if (duct)
		hash_del(&duct->node);
	spin_unlock(&meet_lock);
	if (duct)
		duct_put(duct);
}

/* What the child can be found by, of the one that dialed. */
static const struct sock *key_of(struct sock *sk, unsigned int side)
{
	struct sock *peer;

	if (side == ZMQ_DUCT_DIALED)
		return sk;
	/* The child keeps it. */
	peer = zmq_unix_peer(sk);
	if (peer)
		sock_put(peer);
	return peer;
}

/**
 * zmq_duct_meet() - take an end of the duct that a child has
 * @sk: the UNIX socket, connected
 * @side: which end
 *
 * Context: Process context; for an accepted child, in which its listener is
 * not closed.
 * Return: the duct, for zmq_duct_leave(), or NULL if there is none.
 */
struct zmq_duct *zmq_duct_meet(struct sock *sk, unsigned int side)
{
	const struct sock *key = key_of(sk, side);
	struct zmq_duct *duct = NULL;

	spin_lock(&meet_lock);
	if (side == ZMQ_DUCT_DIALED || find_listener(unix_sk(sk)->addr))
		duct = find_offer(key);
	if (duct) {
		duct->met[side] = true;
		if (duct->met[!side])
			hash_del(&duct->node);
		else
			refcount_inc(&duct->ref);
	}
	spin_unlock(&meet_lock);
	return duct;
}

/**
 * zmq_duct_enter() - say who reads at an end
 * @duct: the duct
 * @side: the end, of zmq_duct_meet()
 * @conn: the connection, which looks for itself what was sent before
 *
 * Context: Process context, socket lock held.
 */
void zmq_duct_enter(struct zmq_duct *duct, unsigned int side,
		    struct zmq_conn *conn)
{
	struct zmq_duct_end *end = &duct->end[side];

	spin_lock(&end->lock);
	end->conn = conn;
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
	if (end->conn)
		zmq_conn_readable_later(end->conn);
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
	end->conn = NULL;
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
		      const struct zmq_conn *writer)
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
	if (writer->conn && much_room(&duct->end[side], writer->conn)) {
		WRITE_ONCE(duct->end[side].blocked, false);
		zmq_conn_kick(writer->conn);
	}
	spin_unlock(&writer->lock);
}

/**
 * zmq_duct_reader() - who has something to read
 * @duct: the duct
 * @side: the end that has sent it
 *
 * Context: Process context.
 * Return: the connection at the other end, held, or NULL.
 */
struct zmq_conn *zmq_duct_reader(struct zmq_duct *duct, unsigned int side)
{
	struct zmq_duct_end *end = &duct->end[!side];
	struct zmq_conn *conn = NULL;

	spin_lock(&end->lock);
	if (!skb_queue_empty(&end->queue))
		conn = end->conn;
	if (conn)
		zmq_conn_get(conn);
	spin_unlock(&end->lock);
	return conn;
}
