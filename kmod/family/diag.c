// SPDX-License-Identifier: GPL-2.0-only
/*
 * sock_diag: a message for each socket, for each endpoint that it listens on
 * and for each of its peers, see uapi/linux/zmq_diag.h.
 *
 * What does not fit into one skb goes into the next: a dump goes on with the
 * number of its socket and of what was to be told of it, and holds no lock from
 * one message to the next. Nothing here waits for a socket lock, which a caller
 * may hold for as long as it likes.
 */
#include <linux/cgroup.h>
#include <linux/sock_diag.h>
#include <net/inet_sock.h>
#include <net/ipv6.h>
#include <net/netlink.h>
#include "conn/link.h"
#include "conn/mech.h"
#include "diag.h"
#include "pipe/inproc.h"
#include "pipe/stat.h"
#include "socket/sock.h"
#include "transport/listener.h"

/* Where in cb->args a dump goes on. */
#define ARG_SOCK	0
#define ARG_PART	1
#define ARG_NUMBER	2

/* sock_diag lets nobody else ask before the first skb is full, so that ends
 * also after so many peers were looked at.
 */
#define DUMP_PEERS	65536

/* What is told of a socket, in this order. */
enum part {
	PART_SOCK,
	PART_NAMES,
	PART_LISTENERS,
	PART_PEERS,
	PART_CONNS,
	PARTS
};

/**
 * struct diag_dump - where a dump is
 * @skb: what is filled
 * @cb: the dump
 * @req: what was asked for
 * @zsk: the socket, held
 * @part: what comes next of it
 * @number: which of these at the earliest
 * @peers: how many peers were looked at for this skb
 * @admin: the reader has CAP_NET_ADMIN
 * @see: it may see routing ids and names of ZMQ_INPROC_NS
 */
struct diag_dump {
	struct sk_buff			*skb;
	struct netlink_callback		*cb;
	const struct zmq_diag_req	*req;
	struct zmq_sock			*zsk;
	enum part			part;
	unsigned long			number;
	unsigned int			peers;
	bool				admin;
	bool				see;
};

static struct nlmsghdr *begin_message(struct diag_dump *d)
{
	struct netlink_callback *cb = d->cb;
	struct sock *sk = &d->zsk->sk;
	struct zmq_diag_msg *msg;
	struct nlmsghdr *nlh;

	nlh = nlmsg_put(d->skb, NETLINK_CB(cb->skb).portid, cb->nlh->nlmsg_seq,
			SOCK_DIAG_BY_FAMILY, sizeof(*msg), NLM_F_MULTI);
	if (!nlh)
		return NULL;
	msg = nlmsg_data(nlh);
	memset(msg, 0, sizeof(*msg));
	msg->zdiag_family = sk->sk_family;
	msg->zdiag_type = sk->sk_type;
	msg->zdiag_pattern = d->zsk->core.pattern->type;
	msg->zdiag_state = READ_ONCE(d->zsk->closed) ? ZMQ_DIAG_DRAINING :
						       ZMQ_DIAG_OPEN;
	msg->zdiag_uid = from_kuid_munged(sk_user_ns(NETLINK_CB(cb->skb).sk),
					  READ_ONCE(sk->sk_uid));
	msg->zdiag_ino = sock_i_ino(sk);
	sock_diag_save_cookie(sk, msg->zdiag_cookie);
	return nlh;
}

/* Give up a message that does not fit, or close it. */
static int end_message(struct diag_dump *d, struct nlmsghdr *nlh, int err)
{
	if (err) {
		nlmsg_cancel(d->skb, nlh);
		return err;
	}
	nlmsg_end(d->skb, nlh);
	return 0;
}

static int put_cgroup(struct sk_buff *skb, struct sock *sk)
{
#ifdef CONFIG_SOCK_CGROUP_DATA
	u64 id = cgroup_id(sock_cgroup_ptr(&sk->sk_cgrp_data));

	return nla_put_u64_64bit(skb, ZMQ_DIAG_CGROUP_ID, id, ZMQ_DIAG_PAD);
#else
	return 0;
#endif
}

static int dump_sock(struct diag_dump *d)
{
	struct sock *sk = &d->zsk->sk;
	struct zmq_diag_info info;
	struct nlmsghdr *nlh;
	int err;

	nlh = begin_message(d);
	if (!nlh)
		return -EMSGSIZE;
	d->peers += READ_ONCE(d->zsk->core.nr_pipes);
	zmq_stat_core(&d->zsk->core, &info);
	err = nla_put_64bit(d->skb, ZMQ_DIAG_INFO, sizeof(info), &info,
			    ZMQ_DIAG_PAD);
	if (!err)
		err = sock_diag_put_meminfo(sk, d->skb, ZMQ_DIAG_MEMINFO);
	if (!err)
		err = put_cgroup(d->skb, sk);
	if (!err && d->admin)
		err = nla_put_u32(d->skb, ZMQ_DIAG_MARK,
				  READ_ONCE(sk->sk_mark));
	return end_message(d, nlh, err);
}

static int put_child(struct sk_buff *skb, struct socket *sock, int attr,
		     int pad)
{
	struct zmq_diag_child child;

	zmq_stat_child(sock, &child);
	return nla_put_64bit(skb, attr, sizeof(child), &child, pad);
}

static int put_name(struct sk_buff *skb, const struct zmq_endpoint *ep,
		    bool see)
{
	struct nlattr *nest = nla_nest_start(skb, ZMQ_DIAG_LISTENER);
	char text[ZMQ_EP_TEXT];
	int err;

	if (!nest)
		return -EMSGSIZE;
	err = see ? zmq_endpoint_format(ep, text, sizeof(text)) : 0;
	if (err > 0)
		err = nla_put(skb, ZMQ_DIAG_L_ENDPOINT, err, text);
	nla_nest_end(skb, nest);
	return err;
}

static int dump_name(struct diag_dump *d)
{
	struct zmq_endpoint ep;
	struct nlmsghdr *nlh;
	bool private;

	if (!zmq_inproc_next(&d->zsk->core, &d->number, &ep, &private))
		return -ENOENT;
	nlh = begin_message(d);
	if (!nlh)
		return -EMSGSIZE;
	return end_message(d, nlh, put_name(d->skb, &ep, d->see || !private));
}

static int put_listener(struct sk_buff *skb,
			const struct zmq_listener *listener)
{
	struct nlattr *nest = nla_nest_start(skb, ZMQ_DIAG_LISTENER);
	int err;

	if (!nest)
		return -EMSGSIZE;
	err = nla_put(skb, ZMQ_DIAG_L_ENDPOINT, strlen(listener->endpoint),
		      listener->endpoint);
	if (!err)
		err = put_child(skb, listener->sock, ZMQ_DIAG_L_CHILD,
				ZMQ_DIAG_L_PAD);
	nla_nest_end(skb, nest);
	return err;
}

static int dump_listener(struct diag_dump *d)
{
	struct zmq_owner *owner = &d->zsk->core.owner;
	const struct zmq_listener *listener;
	struct nlmsghdr *nlh;
	int err = -ENOENT;

	spin_lock_bh(&owner->lock);
	listener = zmq_roster_next(&owner->listener_roster, &d->number);
	if (listener) {
		nlh = begin_message(d);
		err = nlh ? put_listener(d->skb, listener) : -EMSGSIZE;
		if (nlh)
			err = end_message(d, nlh, err);
	}
	spin_unlock_bh(&owner->lock);
	return err;
}

static int put_addr4(struct sk_buff *skb, int attr, __be32 addr, __be16 port)
{
	struct sockaddr_in sin = {
		.sin_family = AF_INET,
		.sin_addr.s_addr = addr,
		.sin_port = port,
	};

	return nla_put(skb, attr, sizeof(sin), &sin);
}

static int put_addr6(struct sk_buff *skb, int attr,
		     const struct in6_addr *addr, __be16 port,
		     const struct sock *sk)
{
	struct sockaddr_in6 sin6 = {
		.sin6_family = AF_INET6,
		.sin6_addr = *addr,
		.sin6_port = port,
	};

	if (ipv6_addr_type(addr) & IPV6_ADDR_LINKLOCAL)
		sin6.sin6_scope_id = READ_ONCE(sk->sk_bound_dev_if);
	return nla_put(skb, attr, sizeof(sin6), &sin6);
}

/* Without the child's lock, as /proc/net/tcp reads them. */
static int put_addrs(struct sk_buff *skb, const struct sock *sk)
{
	const struct inet_sock *inet = inet_sk(sk);
	int err = 0;

	switch (sk->sk_family) {
	case AF_INET:
		err = put_addr4(skb, ZMQ_DIAG_P_LOCAL, inet->inet_saddr,
				inet->inet_sport);
		if (!err)
			err = put_addr4(skb, ZMQ_DIAG_P_REMOTE,
					inet->inet_daddr, inet->inet_dport);
		break;
#if IS_ENABLED(CONFIG_IPV6)
	case AF_INET6:
		err = put_addr6(skb, ZMQ_DIAG_P_LOCAL, &sk->sk_v6_rcv_saddr,
				inet->inet_sport, sk);
		if (!err)
			err = put_addr6(skb, ZMQ_DIAG_P_REMOTE,
					&sk->sk_v6_daddr, inet->inet_dport, sk);
		break;
#endif
	}
	return err;
}

static int put_conn(struct sk_buff *skb, struct zmq_conn *conn)
{
	const struct zmq_mech_ops *mech = READ_ONCE(conn->session->mech);
	u8 reason = READ_ONCE(conn->reason);
	struct zmq_link *link;
	int err = 0;

	if (mech)
		err = nla_put_string(skb, ZMQ_DIAG_P_MECHANISM, mech->name);
	if (!err && reason != ZMQ_MIB_NONE)
		err = nla_put_string(skb, ZMQ_DIAG_P_REASON,
				     zmq_mib_name(reason));
	if (err)
		return err;

	link = zmq_link_get(conn);
	if (!link)
		return 0;
	err = put_child(skb, link->sock, ZMQ_DIAG_P_CHILD, ZMQ_DIAG_P_PAD);
	if (!err)
		err = put_addrs(skb, link->sock->sk);
	zmq_link_put(link);
	return err;
}

/* @pipe may be NULL, @conn too, but not both. */
static int put_peer(struct diag_dump *d, const struct zmq_pipe *pipe,
		    struct zmq_conn *conn)
{
	const char *endpoint = pipe ? pipe->endpoint : conn->endpoint;
	struct sk_buff *skb = d->skb;
	struct zmq_diag_peer peer;
	struct nlattr *nest;
	int err;

	nest = nla_nest_start(skb, ZMQ_DIAG_PEER);
	if (!nest)
		return -EMSGSIZE;
	if (pipe)
		zmq_stat_pipe(pipe, &peer);
	else
		zmq_stat_conn(conn, &peer);
	err = nla_put_64bit(skb, ZMQ_DIAG_P_INFO, sizeof(peer), &peer,
			    ZMQ_DIAG_P_PAD);
	if (!err && endpoint && (d->see || !pipe || !pipe->private))
		err = nla_put(skb, ZMQ_DIAG_P_ENDPOINT, strlen(endpoint),
			      endpoint);
	if (!err && pipe && pipe->id_len && d->see)
		err = nla_put(skb, ZMQ_DIAG_P_ID, pipe->id_len, pipe->id);
	if (!err && conn)
		err = put_conn(skb, conn);
	nla_nest_end(skb, nest);
	return err;
}

static int dump_peer(struct diag_dump *d, const struct zmq_pipe *pipe,
		     struct zmq_conn *conn)
{
	struct nlmsghdr *nlh = begin_message(d);

	if (!nlh)
		return -EMSGSIZE;
	return end_message(d, nlh, put_peer(d, pipe, conn));
}

static int dump_pipe(struct diag_dump *d)
{
	struct zmq_core *core = &d->zsk->core;
	struct zmq_pipe *pipe;
	int err;

	pipe = zmq_pipe_next(core, &d->number);
	if (!pipe)
		return -ENOENT;
	spin_lock_bh(&core->lock);
	err = dump_peer(d, pipe, pipe->conn);
	spin_unlock_bh(&core->lock);
	zmq_pipe_put(pipe);
	return err;
}

/* Those that are not peers of the pattern, or no longer. */
static int dump_conn(struct diag_dump *d)
{
	struct zmq_conn *conn;
	int err = 0;

	conn = zmq_conn_next(&d->zsk->core.owner, &d->number);
	if (!conn)
		return -ENOENT;
	if (!READ_ONCE(conn->pipe))
		err = dump_peer(d, NULL, conn);
	zmq_conn_put(conn);
	return err;
}

/* Return: 0; -ENOENT if there is no more of this part, -EMSGSIZE if it does not
 * fit.
 */
static int dump_one(struct diag_dump *d)
{
	const u32 show = d->req->zdiag_show;

	switch (d->part) {
	case PART_SOCK:
		return d->number ? -ENOENT : dump_sock(d);
	case PART_NAMES:
		return show & ZMQ_DIAG_SHOW_LISTENERS ? dump_name(d) : -ENOENT;
	case PART_LISTENERS:
		return show & ZMQ_DIAG_SHOW_LISTENERS ? dump_listener(d) :
							-ENOENT;
	case PART_PEERS:
		return show & ZMQ_DIAG_SHOW_PEERS ? dump_pipe(d) : -ENOENT;
	default:
		return show & ZMQ_DIAG_SHOW_PEERS ? dump_conn(d) : -ENOENT;
	}
}

static bool is_wanted(const struct zmq_sock *zsk,
		      const struct zmq_diag_req *req)
{
	if (req->zdiag_types && !(req->zdiag_types & BIT(zsk->core.pattern->type)))
		return false;
	return !req->zdiag_ino || sock_i_ino((struct sock *)&zsk->sk) ==
				  req->zdiag_ino;
}

/* Return: -EMSGSIZE if not all of it fits. */
static int dump_rest_of_sock(struct diag_dump *d)
{
	const struct sock *sk = &d->zsk->sk;
	int err;

	d->see = d->admin || uid_eq(NETLINK_CB(d->cb->skb).creds.uid,
				    READ_ONCE(sk->sk_uid));
	for (; d->part < PARTS; d->part++, d->number = 0) {
		while (!(err = dump_one(d))) {
			d->number++;
			cond_resched();
		}
		if (err != -ENOENT)
			return err;
	}
	return 0;
}

static int diag_dump(struct sk_buff *skb, struct netlink_callback *cb)
{
	struct zmq_net *zn = zmq_net(sock_net(skb->sk));
	unsigned long sock = cb->args[ARG_SOCK];
	struct diag_dump d = {
		.skb = skb,
		.cb = cb,
		.req = nlmsg_data(cb->nlh),
		.part = cb->args[ARG_PART],
		.number = cb->args[ARG_NUMBER],
		.admin = netlink_net_capable(cb->skb, CAP_NET_ADMIN),
	};
	int err = 0;

	while (d.peers < DUMP_PEERS && (d.zsk = zmq_sock_next(zn, &sock))) {
		if (sock != cb->args[ARG_SOCK]) {
			cb->args[ARG_SOCK] = sock;
			d.part = PART_SOCK;
			d.number = 0;
		}
		if (is_wanted(d.zsk, d.req))
			err = dump_rest_of_sock(&d);
		sock_put(&d.zsk->sk);
		if (err)
			break;
		sock++;
		cond_resched();
	}
	if (!err) {
		cb->args[ARG_SOCK] = sock;
		d.part = PART_SOCK;
		d.number = 0;
	}
	cb->args[ARG_PART] = d.part;
	cb->args[ARG_NUMBER] = d.number;
	return skb->len;
}

static int diag_request(struct sk_buff *skb, struct nlmsghdr *nlh)
{
	const struct zmq_diag_req *req = nlmsg_data(nlh);
	struct netlink_dump_control control = { .dump = diag_dump };

	if (nlmsg_len(nlh) < (int)sizeof(*req) || req->zdiag_protocol ||
	    req->zdiag_reserved || req->zdiag_reserved2 ||
	    req->zdiag_show & ~(ZMQ_DIAG_SHOW_LISTENERS | ZMQ_DIAG_SHOW_PEERS))
		return -EINVAL;
	if (!(nlh->nlmsg_flags & NLM_F_DUMP))
		return -EOPNOTSUPP;
	return netlink_dump_start(sock_net(skb->sk)->diag_nlsk, skb, nlh,
				  &control);
}

static struct sock_diag_handler diag_handler = {
	.owner	= THIS_MODULE,
	.dump	= diag_request,
};

/**
 * zmq_diag_init() - answer sock_diag's requests for the family
 * @family: its number
 *
 * Context: Process context, module init, after zmq_netns_init().
 * Return: 0, or -EBUSY or -EINVAL for a number that cannot be had.
 */
int zmq_diag_init(int family)
{
	diag_handler.family = family;
	return sock_diag_register(&diag_handler);
}

/**
 * zmq_diag_exit() - undo zmq_diag_init()
 *
 * Context: Process context, module exit. A dump that is under way holds the
 *	module.
 */
void zmq_diag_exit(void)
{
	sock_diag_unregister(&diag_handler);
}
