// SPDX-License-Identifier: GPL-2.0-only
/* tcp://: TCP over IPv4 and IPv6. */

#include <linux/inetdevice.h>
#include <linux/net.h>
#include <linux/tcp.h>
#include <net/addrconf.h>
#include <net/inet_ecn.h>
#include <net/ip.h>
#include <net/ipv6.h>
#include <net/tcp.h>
#include "base/compat.h"
#include "child.h"

static void set_keepalive(struct sock *sk, const struct zmq_opts *opts)
{
	if (opts->tcp_keepalive < 0)
		return;
	if (!opts->tcp_keepalive) {
		lock_sock(sk);
		if (sk->sk_prot->keepalive)
			sk->sk_prot->keepalive(sk, 0);
		sock_valbool_flag(sk, SOCK_KEEPOPEN, 0);
		release_sock(sk);
		return;
	}
	sock_set_keepalive(sk);
	if (opts->tcp_keepalive_idle > 0)
		tcp_sock_set_keepidle(sk, opts->tcp_keepalive_idle);
	if (opts->tcp_keepalive_intvl > 0)
		tcp_sock_set_keepintvl(sk, opts->tcp_keepalive_intvl);
	if (opts->tcp_keepalive_cnt > 0)
		tcp_sock_set_keepcnt(sk, opts->tcp_keepalive_cnt);
}

/* Both: a socket of IPv6 may speak IPv4. A priority of the user's is kept. */
static void set_tos(struct sock *sk, int tos, u32 priority)
{
#if IS_ENABLED(CONFIG_IPV6)
	struct ipv6_pinfo *np;
#endif

	ip_sock_set_tos(sk, tos);
	lock_sock(sk);
	if (priority)
		sk->sk_priority = priority;
#if IS_ENABLED(CONFIG_IPV6)
	np = sk->sk_family == AF_INET6 ? inet6_sk(sk) : NULL;
	if (np) {
		np->tclass = (tos & ~INET_ECN_MASK) |
			     (np->tclass & INET_ECN_MASK);
		sk_dst_reset(sk);
	}
#endif
	release_sock(sk);
}

static void tcp_inherit(struct zmq_owner *owner, struct socket *sock)
{
	const struct zmq_opts *opts = owner->opts;
	struct sock *sk = sock->sk;

	lock_sock(sk);
	sk->sk_allocation = GFP_KERNEL;
	release_sock(sk);
	tcp_sock_set_nodelay(sk);
	if (opts->tos)
		set_tos(sk, opts->tos, owner->tasks.sk->sk_priority);
	if (opts->tcp_maxrt)
		tcp_sock_set_user_timeout(sk, opts->tcp_maxrt);
	set_keepalive(sk, opts);
}

static int find_device(struct net *net, const char *name)
{
	struct net_device *dev;
	int ifindex;

	rcu_read_lock();
	dev = dev_get_by_name_rcu(net, name);
	ifindex = dev ? dev->ifindex : -ENODEV;
	rcu_read_unlock();
	return ifindex;
}

/* ZMQ_BINDTODEVICE or SO_BINDTODEVICE. What is accepted inherits it from its
 * listener, and is not bound anew by a worker that may do more than the user.
 */
static int bind_to_device(struct zmq_owner *owner, struct sock *sk)
{
	int ifindex = READ_ONCE(owner->tasks.sk->sk_bound_dev_if);

	if (owner->opts->device[0])
		ifindex = find_device(sock_net(sk), owner->opts->device);
	if (ifindex < 0)
		return ifindex;
	if (!ifindex || ifindex == sk->sk_bound_dev_if)
		return 0;
	return sock_bindtoindex(sk, ifindex, true);
}

static int tcp_create(struct zmq_owner *owner, const struct zmq_endpoint *ep,
		      struct socket **res)
{
	struct socket *sock;
	int err;

	err = zmq_child_create(owner, ep->addr.family, IPPROTO_TCP, &sock);
	if (err)
		return err;
	tcp_inherit(owner, sock);
	err = bind_to_device(owner, sock->sk);
	if (err) {
		zmq_child_release(sock);
		return err;
	}
	*res = sock;
	return 0;
}

static int tcp_listen(struct socket *sock, struct zmq_endpoint *ep, int backlog)
{
	struct zmq_endpoint name;
	int err;

	sock_set_reuseaddr(sock->sk);
	err = zmq_child_bind(sock, ep);
	if (err)
		return err;
	err = zmq_child_name(sock, &name);
	if (err)
		return err;
	zmq_endpoint_set_port(&ep->addr, zmq_endpoint_port(&name.addr));
	return kernel_listen(sock, backlog);
}

static int tcp_source(struct socket *sock, const struct zmq_endpoint *ep)
{
	union zmq_inaddr src = ep->src;

	if (!ep->has_src)
		return 0;
	sock_set_reuseaddr(sock->sk);
	return kernel_bind(sock, (struct zmq_sockaddr *)&src,
			   src.family == AF_INET6 ? sizeof(src.in6) :
						    sizeof(src.in4));
}

/* Who connects to a port of its own host where nobody listens may be given that
 * very port, and then meets itself.
 */
static bool tcp_is_own(const struct socket *sock)
{
	const struct sock *sk = sock->sk;
	const struct inet_sock *inet = inet_sk(sk);

	if (inet->inet_sport != inet->inet_dport)
		return false;
#if IS_ENABLED(CONFIG_IPV6)
	if (sk->sk_family == AF_INET6)
		return ipv6_addr_equal(&sk->sk_v6_rcv_saddr, &sk->sk_v6_daddr);
#endif
	return inet->inet_rcv_saddr == inet->inet_daddr;
}

static int tcp_unconnect(struct socket *sock)
{
	union zmq_inaddr addr = { .family = AF_UNSPEC };

	return kernel_connect(sock, (struct zmq_sockaddr *)&addr, sizeof(addr),
			      O_NONBLOCK);
}

static int first_addr4(struct net_device *dev, struct in_addr *addr)
{
	const struct in_device *in_dev = __in_dev_get_rcu(dev);
	const struct in_ifaddr *ifa;

	if (!in_dev)
		return -ENODEV;
	in_dev_for_each_ifa_rcu(ifa, in_dev) {
		addr->s_addr = ifa->ifa_local;
		return 0;
	}
	return -ENODEV;
}

static int first_addr6(struct net_device *dev, struct sockaddr_in6 *addr)
{
#if IS_ENABLED(CONFIG_IPV6)
	struct inet6_dev *idev = __in6_dev_get(dev);
	struct inet6_ifaddr *ifa;
	int err = -ENODEV;

	if (!idev)
		return -ENODEV;
	read_lock_bh(&idev->lock);
	list_for_each_entry(ifa, &idev->addr_list, if_list) {
		addr->sin6_addr = ifa->addr;
		if (ipv6_addr_type(&ifa->addr) & IPV6_ADDR_LINKLOCAL)
			addr->sin6_scope_id = dev->ifindex;
		err = 0;
		break;
	}
	read_unlock_bh(&idev->lock);
	return err;
#else
	return -EAFNOSUPPORT;
#endif
}

static int resolve_ifname(struct net *net, const char *name,
			  union zmq_inaddr *addr)
{
	struct net_device *dev;
	int err = -ENODEV;

	rcu_read_lock();
	dev = dev_get_by_name_rcu(net, name);
	if (dev && addr->family == AF_INET6)
		err = first_addr6(dev, &addr->in6);
	else if (dev)
		err = first_addr4(dev, &addr->in4.sin_addr);
	rcu_read_unlock();
	return err;
}

static int resolve_zone(struct net *net, const char *zone,
			union zmq_inaddr *addr)
{
	struct net_device *dev;
	int err = -ENODEV;

	if (!zone[0])
		return 0;
	rcu_read_lock();
	dev = dev_get_by_name_rcu(net, zone);
	if (dev) {
		addr->in6.sin6_scope_id = dev->ifindex;
		err = 0;
	}
	rcu_read_unlock();
	return err;
}

static int tcp_resolve(struct net *net, struct zmq_endpoint *ep)
{
	int err;

	if (ep->ifname[0]) {
		err = resolve_ifname(net, ep->ifname,
				     ep->has_src ? &ep->src : &ep->addr);
		if (err)
			return err;
		ep->ifname[0] = '\0';
	}
	err = resolve_zone(net, ep->zone, &ep->addr);
	if (err)
		return err;
	return resolve_zone(net, ep->src_zone, &ep->src);
}

const struct zmq_transport zmq_tcp_transport = {
	.link		= zmq_tcp_link,
	.resolve	= tcp_resolve,
	.create		= tcp_create,
	.listen		= tcp_listen,
	.source		= tcp_source,
	.connect	= zmq_child_connect,
	.is_own		= tcp_is_own,
	.reset		= tcp_unconnect,
	.inherit	= tcp_inherit,
};
