// SPDX-License-Identifier: GPL-2.0-only
/*
 * Names that user space is told and gives: endpoints as text in the form that
 * they were given, or with ZMQ_NAME_FORM the addresses of the transport.
 */

#include <linux/slab.h>
#include "pipe/peername.h"
#include "sock.h"

union any_addr {
	__kernel_sa_family_t	family;
	struct sockaddr_zmq	zmq;
	union zmq_sockname	other;
};

/* A transport's addresses have its family; inproc has none but ours. */
static void give_addr(const struct zmq_sock *zsk, struct zmq_name *name,
		      const struct zmq_endpoint *ep, bool text)
{
	union any_addr *addr = (union any_addr *)name->addr;
	char buf[ZMQ_EP_TEXT];

	memset(addr, 0, sizeof(*addr));
	if (!text && ep->transport != ZMQ_INPROC) {
		name->len = zmq_endpoint_to_sockaddr(ep, &addr->other);
		return;
	}
	zmq_endpoint_format(ep, buf, sizeof(buf));
	addr->family = zsk->sk.sk_family;
	strscpy(addr->zmq.szmq_endpoint, buf, sizeof(addr->zmq.szmq_endpoint));
	name->len = offsetof(struct sockaddr_zmq, szmq_endpoint) +
		    strlen(addr->zmq.szmq_endpoint) + 1;
}

/* As much of it as there is; without memory for that the long one serves. */
static void keep(struct zmq_name **kept, struct zmq_name **name)
{
	struct zmq_name *copy = kmemdup(*name, sizeof(**name) + (*name)->len,
					GFP_KERNEL_ACCOUNT);

	if (!copy)
		swap(copy, *name);
	kfree(*kept);
	*kept = copy;
}

static void set_names(struct zmq_sock *zsk, struct zmq_names *names,
		      struct zmq_names *room, const struct zmq_endpoint *ep,
		      bool text)
{
	int own;

	give_addr(zsk, room->given, ep, text);
	give_addr(zsk, room->addr, ep, false);
	own = ((union any_addr *)room->addr->addr)->family;
	if (!zsk->name_family)
		zsk->name_family = own;
	keep(&names->given, &room->given);
	/* A name's family is decided once: programs made for it rely on that. */
	if (zsk->name_family == own)
		keep(&names->addr, &room->addr);
}

/**
 * zmq_sock_use() - bind or connect, and note the name
 * @zsk: the socket
 * @ep: the endpoint; a wildcard of it is filled in
 * @family: of the address that the caller gave
 * @peer: connect
 *
 * Context: Process context of the caller, socket lock held.
 * Return: as zmq_sock_bind() or zmq_sock_connect(), or -ENOMEM.
 */
int zmq_sock_use(struct zmq_sock *zsk, struct zmq_endpoint *ep, int family,
		 bool peer)
{
	size_t size = sizeof(struct zmq_name) + sizeof(union any_addr);
	struct zmq_names room;
	int err;

	room.given = kmalloc(size, GFP_KERNEL_ACCOUNT);
	room.addr = kmalloc(size, GFP_KERNEL_ACCOUNT);
	if (!room.given || !room.addr)
		err = -ENOMEM;
	else
		err = peer ? zmq_sock_connect(zsk, ep) : zmq_sock_bind(zsk, ep);
	if (!err)
		set_names(zsk, peer ? &zsk->remote : &zsk->local, &room, ep,
			  family == zsk->sk.sk_family);
	kfree(room.given);
	kfree(room.addr);
	return err;
}

/**
 * zmq_sock_names_free() - forget all names
 * @zsk: the socket, which nobody knows any more
 *
 * Context: Any.
 */
void zmq_sock_names_free(struct zmq_sock *zsk)
{
	kfree(zsk->local.given);
	kfree(zsk->local.addr);
	kfree(zsk->remote.given);
	kfree(zsk->remote.addr);
	kfree(zsk->last_endpoint);
}

/* The address of who is nobody yet. */
static int unnamed(const struct zmq_sock *zsk, union zmq_sockname *name)
{
	memset(name, 0, sizeof(*name));
	name->family = zsk->name_family ?: AF_INET;
	switch (name->family) {
	case AF_INET:
		return sizeof(name->in.in4);
	case AF_INET6:
		return sizeof(name->in.in6);
	case AF_VSOCK:
		name->vm.svm_cid = VMADDR_CID_ANY;
		name->vm.svm_port = VMADDR_PORT_ANY;
		return sizeof(name->vm);
	case AF_UNIX:
		return offsetof(struct sockaddr_un, sun_path);
	default:
		return offsetof(struct sockaddr_zmq, szmq_endpoint) + 1;
	}
}

/**
 * zmq_sock_getname() - struct proto_ops' getname
 * @sock: the socket
 * @addr: room for any address
 * @peer: what was connected to, not what was bound
 *
 * Context: Process context.
 * Return: bytes of the address, or -ENOTCONN.
 */
int zmq_sock_getname(struct socket *sock, struct sockaddr *addr, int peer)
{
	struct zmq_sock *zsk = zmq_sk(sock->sk);
	union zmq_sockname none = { .family = zsk->sk.sk_family };
	const struct zmq_names *names;
	const struct zmq_name *name;
	int len;

	lock_sock(sock->sk);
	names = peer ? &zsk->remote : &zsk->local;
	name = zsk->core.opts.name_form ? names->addr : names->given;
	if (name) {
		len = name->len;
		memcpy(addr, name->addr, len);
	} else if (peer) {
		len = -ENOTCONN;
	} else {
		len = zsk->core.opts.name_form ? unnamed(zsk, &none) :
		      offsetof(struct sockaddr_zmq, szmq_endpoint) + 1;
		memcpy(addr, &none, len);
	}
	release_sock(sock->sk);
	return len;
}

static u32 number_of(struct zmq_pipe *pipe)
{
	struct zmq_core *core = pipe->core;

	if (!pipe->number && !core->by_id)
		pipe->number = ++core->last_number ?: ++core->last_number;
	return pipe->number;
}

/**
 * zmq_sock_tell_name() - who sent a message, in the form that sendto() takes
 * @zsk: the socket
 * @m: where to; msg_namelen stays 0 if the name has no place or is not known
 * @pipe: the sender, or NULL
 *
 * Context: Process context, socket lock held.
 */
void zmq_sock_tell_name(const struct zmq_sock *zsk, struct msghdr *m,
			struct zmq_pipe *pipe)
{
	struct sockaddr_zmq_peer *name = m->msg_name;
	bool addr = zsk->core.opts.name_form;

	if (!name || !pipe ||
	    !(addr || zsk->core.pattern->flags & ZMQ_PAT_ADDRESSED))
		return;
	if (addr && pipe->name) {
		memcpy(name, pipe->name->addr, pipe->name->len);
		m->msg_namelen = pipe->name->len;
		return;
	}
	if (!number_of(pipe))
		return;
	name->szmq_family = zsk->sk.sk_family;
	name->szmq_zero = 0;
	name->szmq_peer = pipe->number;
	m->msg_namelen = sizeof(*name);
}

/**
 * zmq_sock_take_name() - whom the caller's address names
 * @zsk: the socket, whose pattern finds peers by their address
 * @m: the address
 * @number: set to the peer's number, 0 for an address that nobody has
 *
 * Context: Process context, socket lock held.
 * Return: 0 or -EINVAL.
 */
int zmq_sock_take_name(struct zmq_sock *zsk, const struct msghdr *m,
		       u32 *number)
{
	const struct sockaddr_zmq_peer *name = m->msg_name;
	union zmq_sockname addr;
	int len;

	if (m->msg_namelen >= sizeof(*name) &&
	    name->szmq_family == zsk->sk.sk_family) {
		*number = name->szmq_peer;
		return name->szmq_zero || !name->szmq_peer ? -EINVAL : 0;
	}
	if (!zsk->core.opts.name_form)
		return -EINVAL;
	len = zmq_sockname_take(&addr, m->msg_name, m->msg_namelen);
	if (len < 0)
		return -EINVAL;
	*number = zsk->core.pattern->number_of(&zsk->core, &addr, len);
	return 0;
}
