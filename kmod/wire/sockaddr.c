// SPDX-License-Identifier: GPL-2.0-only
/* Endpoints as the socket addresses of what carries them, and back. */

#include <linux/errno.h>
#include <linux/kernel.h>
#include <linux/string.h>
#include <linux/types.h>

#include "sockaddr.h"

#define ZMQ_SIN6_MIN	24	/* sockaddr_in6 of RFC 2133 has no scope id */
#define ZMQ_SUN_PATH	offsetof(struct sockaddr_un, sun_path)

static int zmq_from_in(struct zmq_endpoint *ep, const void *addr, size_t len,
		       bool bind)
{
	if (len < sizeof(ep->addr.in4))
		return -EINVAL;
	ep->transport = ZMQ_TCP;
	memcpy(&ep->addr, addr, sizeof(ep->addr.family));
	if (ep->addr.family == AF_INET) {
		memcpy(&ep->addr.in4, addr,
		       offsetof(struct sockaddr_in, sin_addr) +
		       sizeof(ep->addr.in4.sin_addr));
	} else {
		if (len < ZMQ_SIN6_MIN)
			return -EINVAL;
		memcpy(&ep->addr.in6, addr,
		       min_t(size_t, len, sizeof(ep->addr.in6)));
		ep->addr.in6.sin6_flowinfo = 0;
	}
	if (!bind && !zmq_endpoint_port(&ep->addr))
		return -EINVAL;
	ep->any_addr = zmq_inaddr_any(&ep->addr);
	return 0;
}

/* A path that begins with "@" would read as an abstract name, "*" as any. */
static int zmq_from_un(struct zmq_endpoint *ep, const void *addr, size_t len)
{
	const char *path = (const char *)addr + ZMQ_SUN_PATH;
	const char *prefix = "";
	size_t n;

	if (len <= ZMQ_SUN_PATH || len > sizeof(struct sockaddr_un))
		return -EINVAL;
	n = len - ZMQ_SUN_PATH;
	if (!path[0]) {
		path++;
		n--;
		prefix = "@";
		if (!n || memchr(path, 0, n))
			return -EINVAL;
	} else {
		n = strnlen(path, n);
		if (path[0] == '@' || (n == 1 && path[0] == '*'))
			prefix = "./";
	}
	if (strlen(prefix) + n > ZMQ_EP_PATH_MAX)
		return -ENAMETOOLONG;
	ep->transport = ZMQ_IPC;
	ep->name_len = strlen(prefix) + n;
	memcpy(ep->name, prefix, strlen(prefix));
	memcpy(ep->name + strlen(prefix), path, n);
	return 0;
}

static int zmq_from_vm(struct zmq_endpoint *ep, const void *addr, size_t len,
		       bool bind)
{
	struct sockaddr_vm vm;

	if (len < sizeof(vm))
		return -EINVAL;
	memcpy(&vm, addr, sizeof(vm));
	if (!bind && (vm.svm_cid == ZMQ_EP_VM_ANY ||
		      vm.svm_port == ZMQ_EP_VM_ANY))
		return -EINVAL;
	ep->transport = ZMQ_VSOCK;
	ep->vm_cid = vm.svm_cid;
	ep->vm_port = vm.svm_port;
	return 0;
}

int zmq_endpoint_from_sockaddr(struct zmq_endpoint *ep, const void *addr,
			       size_t len, unsigned int flags)
{
	bool bind = flags & ZMQ_EP_BIND;
	__kernel_sa_family_t family;

	memset(ep, 0, sizeof(*ep));
	if (len < sizeof(family))
		return -EINVAL;
	memcpy(&family, addr, sizeof(family));
	switch (family) {
	case AF_INET:
	case AF_INET6:
		return zmq_from_in(ep, addr, len, bind);
	case AF_UNIX:
		return zmq_from_un(ep, addr, len);
	case AF_VSOCK:
		return zmq_from_vm(ep, addr, len, bind);
	}
	return -EAFNOSUPPORT;
}

static int zmq_to_un(const struct zmq_endpoint *ep, struct sockaddr_un *un)
{
	un->sun_family = AF_UNIX;
	memcpy(un->sun_path, ep->name, ep->name_len);
	if (ep->name[0] != '@')
		return ZMQ_SUN_PATH + ep->name_len + 1;
	un->sun_path[0] = 0;
	return ZMQ_SUN_PATH + ep->name_len;
}

/* The NUL of a path that fills the address counts, but has no room in it. */
static int zmq_take_un(struct sockaddr_un *un, const struct sockaddr_un *from,
		       size_t len)
{
	size_t n;

	if (len <= ZMQ_SUN_PATH || len > sizeof(*from) + !!from->sun_path[0])
		return -EINVAL;
	n = len - ZMQ_SUN_PATH;
	if (from->sun_path[0])
		n = strnlen(from->sun_path, min(n, sizeof(from->sun_path)));
	memcpy(un->sun_path, from->sun_path, n);
	return ZMQ_SUN_PATH + n + !!from->sun_path[0];
}

int zmq_sockname_take(union zmq_sockname *name, const void *addr, size_t len)
{
	union zmq_sockname from;

	memset(name, 0, sizeof(*name));
	memset(&from, 0, sizeof(from));
	memcpy(&from, addr, min_t(size_t, len, sizeof(from)));
	if (len < sizeof(from.family))
		return -EINVAL;
	name->family = from.family;
	switch (from.family) {
	case AF_INET:
		if (len < sizeof(from.in.in4))
			return -EINVAL;
		name->in.in4.sin_port = from.in.in4.sin_port;
		name->in.in4.sin_addr = from.in.in4.sin_addr;
		return sizeof(name->in.in4);
	case AF_INET6:
		if (len < ZMQ_SIN6_MIN)
			return -EINVAL;
		name->in.in6.sin6_port = from.in.in6.sin6_port;
		name->in.in6.sin6_addr = from.in.in6.sin6_addr;
		name->in.in6.sin6_scope_id = from.in.in6.sin6_scope_id;
		return sizeof(name->in.in6);
	case AF_UNIX:
		return zmq_take_un(&name->un, &from.un, len);
	case AF_VSOCK:
		if (len < sizeof(from.vm))
			return -EINVAL;
		name->vm.svm_cid = from.vm.svm_cid;
		name->vm.svm_port = from.vm.svm_port;
		return sizeof(name->vm);
	}
	return -EAFNOSUPPORT;
}

int zmq_endpoint_to_sockaddr(const struct zmq_endpoint *ep,
			     union zmq_sockname *name)
{
	memset(name, 0, sizeof(*name));
	switch (ep->transport) {
	case ZMQ_IPC:
		return zmq_to_un(ep, &name->un);
	case ZMQ_VSOCK:
		name->vm.svm_family = AF_VSOCK;
		name->vm.svm_cid = ep->vm_cid;
		name->vm.svm_port = ep->vm_port;
		return sizeof(name->vm);
	default:
		name->in = ep->addr;
		return ep->addr.family == AF_INET6 ? sizeof(ep->addr.in6) :
						     sizeof(ep->addr.in4);
	}
}
