// SPDX-License-Identifier: GPL-2.0-only
/* The AF_ZMQ family: addresses, operations, module. */

#include <linux/module.h>
#include <net/sock.h>
#include "base/compat.h"
#include "base/drop.h"
#include "base/lane.h"
#include "base/mem.h"
#include "conn/conn.h"
#include "diag.h"
#include "netns.h"
#include "pipe/unfinished.h"
#include "socket/sock.h"
#include "sysctl.h"

static int family = AF_ZMQ;
module_param(family, int, 0444);
MODULE_PARM_DESC(family, "number of the address family");

static void release_cb(struct sock *sk)
{
	zmq_task_queue_release(&zmq_sk(sk)->core.owner.tasks);
	zmq_sock_poll_release(zmq_sk(sk));
}

static struct proto zmq_prot = {
	.name			= "ZMQ",
	.owner			= THIS_MODULE,
	.obj_size		= sizeof(struct zmq_sock),
	.release_cb		= release_cb,
};

static int parse_text(struct zmq_endpoint *ep, const struct sockaddr_zmq *addr,
		      int len, unsigned int flags)
{
	size_t max = len - offsetof(struct sockaddr_zmq, szmq_endpoint);

	return zmq_endpoint_parse(ep, addr->szmq_endpoint,
				  strnlen(addr->szmq_endpoint, max), flags);
}

static int parse_addr(const struct zmq_sock *zsk, struct zmq_endpoint *ep,
		      const void *addr, int len, unsigned int flags)
{
	const struct sockaddr_zmq *zaddr = addr;

	if (len < (int)sizeof(zaddr->szmq_family) ||
	    len > (int)sizeof(*zaddr))
		return -EINVAL;
	if (zsk->core.opts.ipv6)
		flags |= ZMQ_EP_IPV6;
	if (zsk->core.opts.resolve && flags & ZMQ_EP_CONNECT)
		flags |= ZMQ_EP_NAMES;
	if (zaddr->szmq_family == family)
		return parse_text(ep, zaddr, len, flags);
	return zmq_endpoint_from_sockaddr(ep, addr, len, flags);
}

static int use_addr(struct socket *sock, const void *addr, int len,
		    unsigned int flags)
{
	struct zmq_sock *zsk = zmq_sk(sock->sk);
	struct zmq_endpoint *ep;
	int err;

	ep = kmalloc(sizeof(*ep), GFP_KERNEL);
	if (!ep)
		return -ENOMEM;
	lock_sock(sock->sk);
	err = parse_addr(zsk, ep, addr, len, flags);
	if (!err)
		err = zmq_sock_use(zsk, ep,
				   ((const struct sockaddr *)addr)->sa_family,
				   flags & ZMQ_EP_CONNECT);
	release_sock(sock->sk);
	kfree(ep);
	return err;
}

static int zmq_bind(struct socket *sock, struct zmq_sockaddr *addr, int len)
{
	return use_addr(sock, addr, len, ZMQ_EP_BIND);
}

static int zmq_connect(struct socket *sock, struct zmq_sockaddr *addr, int len,
		       int flags)
{
	return use_addr(sock, addr, len, ZMQ_EP_CONNECT);
}

static const struct proto_ops zmq_proto_ops = {
	.owner		= THIS_MODULE,
	.release	= zmq_sock_release,
	.bind		= zmq_bind,
	.connect	= zmq_connect,
	.socketpair	= sock_no_socketpair,
	.accept		= sock_no_accept,
	.getname	= zmq_sock_getname,
	.poll		= zmq_sock_poll,
	.ioctl		= zmq_sock_ioctl,
#ifdef CONFIG_COMPAT
	.compat_ioctl	= zmq_sock_compat_ioctl,
#endif
	.listen		= sock_no_listen,
	.shutdown	= zmq_sock_shutdown,
	.setsockopt	= zmq_sock_setsockopt,
	.getsockopt	= zmq_sock_getsockopt,
	.sendmsg	= zmq_sock_sendmsg,
	.recvmsg	= zmq_sock_recvmsg,
	.mmap		= sock_no_mmap,
};

static int check_create(const struct sock *sk)
{
	if (zmq_sysctl_may_create(sock_net(sk)))
		return 0;
	zmq_drop(sk, NULL, ZMQ_MIB_CREATEDENIED, 1);
	return -EACCES;
}

static int zmq_create(struct net *net, struct socket *sock, int protocol,
		      int kern)
{
	const struct zmq_pattern *pattern;
	struct sock *sk;
	int err;

	if (sock->type != SOCK_SEQPACKET && sock->type != SOCK_DGRAM)
		return -ESOCKTNOSUPPORT;
	pattern = zmq_pattern_find(protocol);
	if (!pattern)
		return -EPROTONOSUPPORT;

	sk = sk_alloc(net, family, GFP_KERNEL, &zmq_prot, kern);
	if (!sk)
		return -ENOMEM;
	sock->ops = &zmq_proto_ops;
	zmq_own_sol_socket(sock);
	set_bit(SOCK_SUPPORT_ZC, &sock->flags);
	sock_init_data(sock, sk);
	sk->sk_protocol = pattern->type;
	err = kern ? 0 : check_create(sk);
	if (!err)
		err = zmq_sock_init(zmq_sk(sk), pattern);
	if (err) {
		sock->sk = NULL;
		sock_orphan(sk);
		sock_put(sk);
	}
	return err;
}

static struct net_proto_family zmq_family = {
	.create	= zmq_create,
	.owner	= THIS_MODULE,
};

static int __init zmq_init(void)
{
	int err;

	BUILD_BUG_ON(sizeof(struct sockaddr_zmq) != 128);
	err = zmq_mem_init();
	if (err)
		return err;
	err = zmq_buf_cache_init();
	if (err)
		goto err_mem;
	err = zmq_conn_cache_init();
	if (err)
		goto err_buf;
	err = zmq_trie_cache_init();
	if (err)
		goto err_conn;
	err = zmq_lane_init();
	if (err)
		goto err_trie;
	err = zmq_task_init_module();
	if (err)
		goto err_lane;
	zmq_unfinished_init_module();
	err = zmq_netns_init();
	if (err)
		goto err_unfinished;
	err = zmq_diag_init(family);
	if (err)
		goto err_netns;
	err = proto_register(&zmq_prot, 1);
	if (err)
		goto err_diag;
	zmq_sock_init_module();
	zmq_family.family = family;
	err = sock_register(&zmq_family);
	if (err)
		goto err_proto;
	return 0;

err_proto:
	zmq_sock_exit_module();
	proto_unregister(&zmq_prot);
err_diag:
	zmq_diag_exit();
err_netns:
	zmq_netns_exit();
err_unfinished:
	zmq_unfinished_exit_module();
	zmq_task_exit_module();
err_lane:
	zmq_lane_exit();
err_trie:
	zmq_trie_cache_exit();
err_conn:
	zmq_conn_cache_exit();
err_buf:
	zmq_buf_cache_exit();
err_mem:
	zmq_mem_exit();
	return err;
}

static void __exit zmq_exit(void)
{
	sock_unregister(family);
	zmq_sock_exit_module();
	zmq_diag_exit();
	zmq_netns_exit();
	zmq_unfinished_exit_module();
	zmq_task_exit_module();
	zmq_lane_exit();
	rcu_barrier();
	proto_unregister(&zmq_prot);
	zmq_trie_cache_exit();
	zmq_conn_cache_exit();
	zmq_buf_cache_exit();
	zmq_mem_exit();
}

module_init(zmq_init);
module_exit(zmq_exit);

MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("ZeroMQ sockets");
MODULE_ALIAS_NETPROTO(AF_ZMQ);
MODULE_ALIAS_NET_PF_PROTO_TYPE(PF_NETLINK, NETLINK_SOCK_DIAG, 18 /* AF_ZMQ */);
