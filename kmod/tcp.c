// SPDX-License-Identifier: GPL-2.0-only
/* Child sockets for tcp:// that obey the same policy as their owner. */

#include <linux/inetdevice.h>
#include <linux/net.h>
#include <linux/tcp.h>
#include <net/addrconf.h>
#include <net/ip.h>
#include <net/ipv6.h>
#include <net/tcp.h>
#include "compat.h"
#include "tcp.h"

static int addr_len(const union zmq_inaddr *addr)
{
	return addr->family == AF_INET6 ? sizeof(addr->in6) :
					  sizeof(addr->in4);
}

static void set_buffers(struct sock *sk, const struct zmq_opts *opts)
{
	lock_sock(sk);
	if (opts->sndbuf > 0) {
		sk->sk_userlocks |= SOCK_SNDBUF_LOCK;
		WRITE_ONCE(sk->sk_sndbuf,
			   max_t(int, min_t(u32, opts->sndbuf,
					    READ_ONCE(sysctl_wmem_max)) * 2,
				 SOCK_MIN_SNDBUF));
	}
	release_sock(sk);
	if (opts->rcvbuf > 0)
		sock_set_rcvbuf(sk, min_t(u32, opts->rcvbuf,
					  READ_ONCE(sysctl_rmem_max)));
}

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

/* Firewalls, routing and accounting must see the owner in its children. */
static void inherit(struct zmq_owner *owner, struct socket *sock)
{
	const struct zmq_opts *opts = owner->opts;
	struct sock *from = owner->tasks.sk;
	struct sock *sk = sock->sk;

	lock_sock(sk);
	sk->sk_mark = from->sk_mark;
	sk->sk_priority = from->sk_priority;
	sk->sk_uid = from->sk_uid;
	sk->sk_allocation = GFP_KERNEL;
	release_sock(sk);
	if (from->sk_bound_dev_if)
		sock_bindtoindex(sk, from->sk_bound_dev_if, true);

	tcp_sock_set_nodelay(sk);
	if (opts->tos)
		ip_sock_set_tos(sk, opts->tos);
	if (opts->tcp_maxrt)
		tcp_sock_set_user_timeout(sk, opts->tcp_maxrt);
	set_keepalive(sk, opts);
	set_buffers(sk, opts);
}

static int bind_to_device(struct zmq_owner *owner, struct sock *sk)
{
	struct net *net = sock_net(sk);
	struct net_device *dev;
	int ifindex;

	if (!owner->opts->device[0])
		return 0;
	rcu_read_lock();
	dev = dev_get_by_name_rcu(net, owner->opts->device);
	ifindex = dev ? dev->ifindex : 0;
	rcu_read_unlock();
	if (!ifindex)
		return -ENODEV;
	return sock_bindtoindex(sk, ifindex, true);
}

/**
 * zmq_tcp_create() - make a child socket
 * @owner: whose
 * @addr: an address of the family that it is for
 * @res: set to the socket
 *
 * It is made in the calling task and not as a kernel socket, so that its
 * cgroup, memory cgroup, LSM label and reference to the network namespace are
 * those of the caller.
 *
 * Context: Process context of bind() or connect(), socket lock held.
 * Return: 0 or an errno of socket(2); -ENODEV for ZMQ_BINDTODEVICE.
 */
int zmq_tcp_create(struct zmq_owner *owner, const union zmq_inaddr *addr,
		   struct socket **res)
{
	struct net *net = sock_net(owner->tasks.sk);
	struct socket *sock;
	int err;

	err = __sock_create(net, addr->family, SOCK_STREAM, IPPROTO_TCP, &sock,
			    0);
	if (err)
		return err;
	inherit(owner, sock);
	err = bind_to_device(owner, sock->sk);
	if (err) {
		sock_release(sock);
		return err;
	}
	*res = sock;
	return 0;
}

/**
 * zmq_tcp_accept() - take the next connection of a listener
 * @owner: whose
 * @listener: the listening child
 * @res: set to the socket
 *
 * Context: Process context, socket lock held.
 * Return: 0, -EAGAIN if there is none, or another errno of accept(2).
 */
int zmq_tcp_accept(struct zmq_owner *owner, struct socket *listener,
		   struct socket **res)
{
	struct socket *sock;
	int err;

	err = kernel_accept(listener, &sock, O_NONBLOCK);
	if (err)
		return err;
	/* A worker accepts, but on behalf of whoever listens. */
	SOCK_INODE(sock)->i_uid = SOCK_INODE(listener)->i_uid;
	SOCK_INODE(sock)->i_gid = SOCK_INODE(listener)->i_gid;
	inherit(owner, sock);
	*res = sock;
	return 0;
}

/**
 * zmq_tcp_bind() - give a child its local address
 * @sock: the child
 * @addr: the address
 *
 * Context: Process context of the caller, whose privileges count.
 * Return: 0 or an errno of bind(2).
 */
int zmq_tcp_bind(struct socket *sock, const union zmq_inaddr *addr)
{
	union zmq_inaddr copy = *addr;

	sock_set_reuseaddr(sock->sk);
	return kernel_bind(sock, (struct zmq_sockaddr *)&copy, addr_len(addr));
}

/**
 * zmq_tcp_connect() - begin to connect
 * @sock: the child
 * @addr: the peer's address
 *
 * Context: Process context.
 * Return: 0, -EINPROGRESS, or another errno of connect(2).
 */
int zmq_tcp_connect(struct socket *sock, const union zmq_inaddr *addr)
{
	union zmq_inaddr copy = *addr;

	return kernel_connect(sock, (struct zmq_sockaddr *)&copy,
			      addr_len(addr), O_NONBLOCK);
}

/**
 * zmq_tcp_disconnect() - make a child fit to connect again
 * @sock: the child
 *
 * Context: Process context.
 * Return: 0 or an errno of connect(2).
 */
int zmq_tcp_disconnect(struct socket *sock)
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

/**
 * zmq_tcp_resolve() - fill in what an endpoint says by the name of a device
 * @net: where the device is looked for
 * @ep: the endpoint
 *
 * Context: Process context.
 * Return: 0, or -ENODEV if there is no such device or it has no address.
 */
int zmq_tcp_resolve(struct net *net, struct zmq_endpoint *ep)
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

/**
 * zmq_tcp_local_port() - ask a bound child for its port
 * @sock: the child
 * @addr: its address, whose port is filled in
 *
 * Context: Process context.
 * Return: 0 or an errno of getsockname(2).
 */
int zmq_tcp_local_port(struct socket *sock, union zmq_inaddr *addr)
{
	struct sockaddr_storage name;
	union zmq_inaddr *in = (union zmq_inaddr *)&name;
	int len;

	len = kernel_getsockname(sock, (struct sockaddr *)&name);
	if (len < 0)
		return len;
	zmq_endpoint_set_port(addr, zmq_endpoint_port(in));
	return 0;
}
