/* SPDX-License-Identifier: GPL-2.0-only */
/* Endpoints as the socket addresses of what carries them, and back. */
#ifndef _ZMQ_SOCKADDR_H
#define _ZMQ_SOCKADDR_H

#include <linux/un.h>
#include <linux/vm_sockets.h>
#include "endpoint.h"

/**
 * union zmq_sockname - a socket address that an endpoint may have
 * @family: which member counts
 * @in: if AF_INET or AF_INET6
 * @un: if AF_UNIX
 * @vm: if AF_VSOCK
 * @room: for the NUL of a path that fills @un, which the length counts
 */
union zmq_sockname {
	__kernel_sa_family_t	family;
	union zmq_inaddr	in;
	struct sockaddr_un	un;
	struct sockaddr_vm	vm;
	char			room[sizeof(struct sockaddr_un) + 1];
};

/**
 * zmq_endpoint_from_sockaddr() - from a socket address
 * @ep: the result, zeroed first
 * @addr: a sockaddr_in, sockaddr_in6, sockaddr_un or sockaddr_vm, as copied
 *	from user space
 * @len: bytes of @addr
 * @flags: ZMQ_EP_BIND or ZMQ_EP_CONNECT
 *
 * Return: 0; -EINVAL too short, port 0 or a wildcard on connect, a UNIX address
 * without a name or with a NUL in an abstract one; -EAFNOSUPPORT any other
 * family.
 */
int zmq_endpoint_from_sockaddr(struct zmq_endpoint *ep, const void *addr,
			       size_t len, unsigned int flags);

/**
 * zmq_sockname_take() - a socket address in the one form that it has here
 * @name: the result: what says nothing is 0
 * @addr: as for zmq_endpoint_from_sockaddr()
 * @len: bytes of @addr
 *
 * Return: bytes of @name; -EINVAL too short, or a UNIX address without a name;
 * -EAFNOSUPPORT any other family.
 */
int zmq_sockname_take(union zmq_sockname *name, const void *addr, size_t len);

/**
 * zmq_endpoint_to_sockaddr() - the address that is bound or connected to
 * @ep: the endpoint, resolved, not inproc
 * @name: the result, zeroed first
 *
 * Return: bytes of the address.
 */
int zmq_endpoint_to_sockaddr(const struct zmq_endpoint *ep,
			     union zmq_sockname *name);

#endif /* _ZMQ_SOCKADDR_H */
