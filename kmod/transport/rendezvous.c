// SPDX-License-Identifier: GPL-2.0-only
/*
 * How the ends of a connection find out that both are AF_ZMQ sockets of this
 * kernel that want a duct: those of ipc:// always do, those of tcp:// if they
 * have ZMQ_LOCAL_DIRECT.
 *
 * Each makes up a token, puts it into the table and tells it to its peer, in
 * band, during the handshake. The first of the two that has completed its own
 * looks for the peer's token and decides for both, under meet_lock: either it
 * joins the two offers, and the other one will find its own joined, or it takes
 * its offer back, and the other one will find nothing. So they never disagree,
 * whatever is lost, forged or comes late; an end that goes before takes its
 * offer back as well, or leaves the duct, and the child tells the other one.
 *
 * A token can be passed on, by a proxy for instance. So only ends whose children
 * are connected to each other meet: UNIX sockets say so, those of TCP have
 * addresses that mirror each other, and in one network namespace there is no
 * other connection with these.
 */

#include <linux/hashtable.h>
#include <linux/random.h>
#include <linux/slab.h>
#include <net/af_unix.h>
#include <net/inet_sock.h>
#include <net/ipv6.h>
#include "conn/conn.h"
#include "conn/link.h"
#include "direct.h"
#include "rendezvous.h"
#include "transport.h"

/* Every handshake of ipc:// that is under way is in the table. */
#define TABLE_BITS	12

/**
 * struct name - where a child is connected
 * @self: of UNIX: the child, else NULL; what follows but for @peer is 0 then
 * @peer: the same of its peer, which it keeps
 * @net: where it is
 * @local: its address, that of IPv4 mapped
 * @remote: its peer's
 * @local_port: likewise
 * @remote_port: likewise
 * @ifindex: the device that it is bound to, or 0
 */
struct name {
	const struct sock	*self;
	const struct sock	*peer;
	const struct net	*net;
	struct in6_addr		local;
	struct in6_addr		remote;
	__be16			local_port;
	__be16			remote_port;
	int			ifindex;
};

/**
 * struct zmq_rendezvous - an end that may meet the other one
 * @node: in the table, until it is decided
 * @token: what it is found by
 * @name: of its child, when it was connected
 * @dialed: it called connect()
 * @met: it was joined to the other one
 * @link: what carries its bytes then
 */
struct zmq_rendezvous {
	struct hlist_node	node;
	u8			token[ZMQ_TOKEN_LEN];
	struct name		name;
	bool			dialed;
	bool			met;
	struct zmq_link		*link;
};

/* Protects the table and, of what is in it, @met, and the links' duct. */
static DEFINE_SPINLOCK(meet_lock);
static DEFINE_HASHTABLE(offers, TABLE_BITS);

static u32 token_key(const u8 *token)
{
	u32 key;

	memcpy(&key, token, sizeof(key));
	return key;
}

/* Who guesses one has gained nothing, see mirrors(). */
static struct zmq_rendezvous *find(const u8 *token)
{
	struct zmq_rendezvous *r;

	hash_for_each_possible(offers, r, node, token_key(token))
		if (!memcmp(r->token, token, sizeof(r->token)))
			return r;
	return NULL;
}

static void get_name(struct sock *sk, struct name *name)
{
	const struct inet_sock *inet = inet_sk(sk);

	if (sk->sk_family == AF_UNIX) {
		name->self = sk;
		name->peer = unix_peer(sk);
		return;
	}
	name->net = sock_net(sk);
	name->local_port = inet->inet_sport;
	name->remote_port = inet->inet_dport;
	name->ifindex = sk->sk_bound_dev_if;
#if IS_ENABLED(CONFIG_IPV6)
	if (sk->sk_family == AF_INET6) {
		name->local = sk->sk_v6_rcv_saddr;
		name->remote = sk->sk_v6_daddr;
		return;
	}
#endif
	ipv6_addr_set_v4mapped(inet->inet_rcv_saddr, &name->local);
	ipv6_addr_set_v4mapped(inet->inet_daddr, &name->remote);
}

static bool mirrors(const struct name *a, const struct name *b)
{
	return a->self == b->peer && a->peer == b->self &&
	       a->net == b->net && a->ifindex == b->ifindex &&
	       a->local_port == b->remote_port &&
	       a->remote_port == b->local_port &&
	       ipv6_addr_equal(&a->local, &b->remote) &&
	       ipv6_addr_equal(&a->remote, &b->local);
}

/* Not a child of TCP that is polled: somebody else reads it as well. */
static bool may_meet(const struct zmq_link *link)
{
	const struct zmq_owner *owner = link->conn->owner;

	if (owner->raw)
		return false;
	if (link->sock->sk->sk_family == AF_UNIX)
		return true;
	/* TCP of our own, which alone knows positions. */
	return link->ops->position && owner->opts->local_direct;
}

/**
 * zmq_rendezvous_offer() - let the peer meet us, if it may
 * @link: of a child that is connected
 *
 * Without memory there is no token to be told, so there will be no duct.
 *
 * Context: Process context, socket lock held. zmq_rendezvous_meet() or
 *	zmq_rendezvous_withdraw() follows.
 */
void zmq_rendezvous_offer(struct zmq_link *link)
{
	struct zmq_rendezvous *r;

	if (!may_meet(link))
		return;
	r = kzalloc(sizeof(*r), GFP_KERNEL_ACCOUNT);
	if (!r)
		return;
	r->dialed = link->conn->dial;
	r->link = zmq_direct_link(link);
	if (!r->link) {
		kfree(r);
		return;
	}
	get_name(link->sock->sk, &r->name);
	get_random_bytes(r->token, sizeof(r->token));
	spin_lock(&meet_lock);
	hash_add(offers, &r->node, token_key(r->token));
	spin_unlock(&meet_lock);
	link->rendezvous = r;
}

/**
 * zmq_rendezvous_token() - what the peer is to be told
 * @link: the link
 *
 * Context: Process context, socket lock held.
 * Return: ZMQ_TOKEN_LEN bytes that stay until the handshake is done, or NULL.
 */
const u8 *zmq_rendezvous_token(const struct zmq_link *link)
{
	return link->rendezvous ? link->rendezvous->token : NULL;
}

static void join(struct zmq_rendezvous *a, struct zmq_rendezvous *b)
{
	hash_del(&b->node);
	zmq_direct_join(a->link, b->link);
	a->met = true;
	b->met = true;
}

/* Whether they meet, once and for all. */
static bool decide(struct zmq_rendezvous *r, const u8 *token)
{
	struct zmq_rendezvous *peer;

	spin_lock(&meet_lock);
	if (!r->met) {
		hash_del(&r->node);
		peer = token ? find(token) : NULL;
		if (peer && r->dialed != peer->dialed &&
		    mirrors(&r->name, &peer->name))
			join(r, peer);
	}
	spin_unlock(&meet_lock);
	return r->met;
}

static void discard(struct zmq_rendezvous *r)
{
	if (r->link)
		zmq_link_drop(r->link);
	kfree(r);
}

/**
 * zmq_rendezvous_meet() - let a duct carry what follows if the peer is here
 * @link: the link, whose handshake is done
 *
 * Context: Process context, socket lock held.
 */
void zmq_rendezvous_meet(struct zmq_link *link)
{
	const struct zmq_handshake *hs = link->conn->session->hs;
	struct zmq_rendezvous *r = link->rendezvous;

	if (!r)
		return;
	link->rendezvous = NULL;
	if (decide(r, hs->has_token ? hs->peer_token : NULL)) {
		zmq_direct_switch(r->link);
		r->link = NULL;
	}
	discard(r);
}

/**
 * zmq_rendezvous_withdraw() - take back what zmq_rendezvous_offer() offered
 * @link: the link, whose connection is lost or closes
 *
 * Context: Process context, socket lock held.
 */
void zmq_rendezvous_withdraw(struct zmq_link *link)
{
	struct zmq_rendezvous *r = link->rendezvous;

	if (!r)
		return;
	link->rendezvous = NULL;
	decide(r, NULL);
	discard(r);
}
