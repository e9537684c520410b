/* SPDX-License-Identifier: GPL-2.0-only */
/* Endpoints: "tcp://127.0.0.1:5555", "ipc:///run/name", "inproc://name". */
#ifndef _ZMQ_ENDPOINT_H
#define _ZMQ_ENDPOINT_H

#include <linux/types.h>
#include <linux/socket.h>
#include <linux/in.h>
#include <linux/in6.h>

#define ZMQ_EP_NAME_MAX		255	/* bytes of an inproc name */
#define ZMQ_EP_PATH_MAX		107	/* bytes of an ipc name: sun_path's */
#define ZMQ_EP_VM_ANY		U32_MAX	/* VMADDR_CID_ANY, VMADDR_PORT_ANY */
#define ZMQ_EP_VM_LOCAL		1	/* VMADDR_CID_LOCAL */
#define ZMQ_EP_IFNAME		16	/* IFNAMSIZ */
#define ZMQ_EP_HOST_MAX		253	/* bytes of a name in the DNS */
#define ZMQ_EP_TEXT		288	/* room for any formatted endpoint */
#define ZMQ_EP_ANSWER		576	/* and for two */

/* Flags of zmq_endpoint_parse(): one of the first two. */
#define ZMQ_EP_BIND		1
#define ZMQ_EP_CONNECT		2
#define ZMQ_EP_IPV6		4	/* ZMQ_IPV6 is set: * means [::] */
#define ZMQ_EP_NAMES		8	/* connect: a tcp host may be a name */

/**
 * enum zmq_scheme - what carries the bytes
 * @ZMQ_TCP: TCP over IPv4 or IPv6
 * @ZMQ_INPROC: pipes inside a name space
 * @ZMQ_IPC: UNIX domain stream sockets
 * @ZMQ_VSOCK: sockets between a virtual machine and its host
 */
enum zmq_scheme {
	ZMQ_TCP,
	ZMQ_INPROC,
	ZMQ_IPC,
	ZMQ_VSOCK,
};

/**
 * union zmq_inaddr - an IP address and port
 * @family: AF_INET or AF_INET6
 * @in4: if AF_INET
 * @in6: if AF_INET6
 */
union zmq_inaddr {
	__kernel_sa_family_t	family;
	struct sockaddr_in	in4;
	struct sockaddr_in6	in6;
};

/**
 * struct zmq_endpoint - a parsed endpoint
 * @transport: which members below count
 * @any_addr: @addr is a wildcard address
 * @has_src: @src is given (connect only)
 * @ifname: interface instead of an address, else empty. On bind it stands for
 *	the address of @addr, on connect for that of @src; that address is
 *	all zeros (of the family that the flags ask for) until the caller
 *	fills it in.
 * @zone: name of the zone of @addr, else empty; the caller turns it into
 *	@addr.in6.sin6_scope_id. A numeric zone is already there.
 * @src_zone: the same for @src
 * @addr: bind: the local address; connect: the peer's. Port 0 on bind means
 *	any.
 * @src: connect: the local address
 * @vm_cid: vsock: the machine, or ZMQ_EP_VM_ANY on bind
 * @vm_port: vsock: the port, or ZMQ_EP_VM_ANY on bind
 * @name_len: bytes of @name
 * @name: inproc: the name, any bytes but NUL, NUL-terminated; ipc: the path,
 *	or "@" and the abstract name, likewise. None for an ipc wildcard. tcp:
 *	the name of the host, likewise, if it has one; @addr is all zeros then,
 *	but for the port, until the caller fills it in.
 */
struct zmq_endpoint {
	enum zmq_scheme		transport;
	bool			any_addr;
	bool			has_src;
	char			ifname[ZMQ_EP_IFNAME];
	char			zone[ZMQ_EP_IFNAME];
	char			src_zone[ZMQ_EP_IFNAME];
	union zmq_inaddr	addr;
	union zmq_inaddr	src;
	u32			vm_cid;
	u32			vm_port;
	u16			name_len;
	char			name[ZMQ_EP_NAME_MAX + 1];
};

/**
 * zmq_endpoint_parse() - from text
 * @ep: the result, zeroed first
 * @text: the text, need not be NUL-terminated
 * @len: bytes of @text
 * @flags: ZMQ_EP_BIND or ZMQ_EP_CONNECT, ZMQ_EP_IPV6, ZMQ_EP_NAMES
 *
 * There is no name resolution: a host must be numeric, "*" (bind, source), the
 * name of an interface (bind, source) or, with ZMQ_EP_NAMES, of a peer that
 * is connected to without a source. With ZMQ_EP_IPV6 unset an IPv6 address is
 * refused.
 *
 * Return: 0; -EINVAL syntax, a NUL byte, a port above 65535, port 0, a wildcard
 * or a host name on connect; -EPROTONOSUPPORT a scheme that is not known;
 * -ENAMETOOLONG an inproc name above ZMQ_EP_NAME_MAX, an ipc name above
 * ZMQ_EP_PATH_MAX or a host's above ZMQ_EP_HOST_MAX; -ENODEV an IPv6 address
 * without ZMQ_EP_IPV6, and on bind what cannot be the name of an interface.
 */
int zmq_endpoint_parse(struct zmq_endpoint *ep, const char *text, size_t len,
		       unsigned int flags);

/**
 * zmq_endpoint_format() - to text, in one canonical form
 * @ep: the endpoint
 * @buf: the result, NUL-terminated; ZMQ_EP_TEXT bytes are always enough
 * @size: bytes of @buf
 *
 * Addresses are numeric, with IPv6 as RFC 5952 wants it; an interface's name
 * is written only while its address has not been filled in.
 *
 * Return: length of the text without its NUL, or -ENOSPC.
 */
int zmq_endpoint_format(const struct zmq_endpoint *ep, char *buf, size_t size);

/**
 * zmq_endpoint_equal() - whether two endpoints mean the same
 * @a: an endpoint
 * @b: an endpoint
 *
 * An IPv4-mapped IPv6 address equals the IPv4 address. Interfaces are compared
 * by name if both have one, else by the addresses filled in.
 *
 * Return: true if so.
 */
bool zmq_endpoint_equal(const struct zmq_endpoint *a,
			const struct zmq_endpoint *b);

/**
 * zmq_endpoint_is_named() - whether the host is a name
 * @ep: the endpoint
 *
 * Return: true if so.
 */
static inline bool zmq_endpoint_is_named(const struct zmq_endpoint *ep)
{
	return ep->transport == ZMQ_TCP && ep->name_len;
}

/**
 * zmq_inaddr_any() - whether an address is a wildcard
 * @addr: the address
 *
 * Return: true if so.
 */
bool zmq_inaddr_any(const union zmq_inaddr *addr);

/**
 * zmq_endpoint_port() - the port of an address
 * @addr: the address
 *
 * Return: the port in host byte order.
 */
u16 zmq_endpoint_port(const union zmq_inaddr *addr);

/**
 * zmq_endpoint_set_port() - change the port of an address
 * @addr: the address
 * @port: the port in host byte order
 */
void zmq_endpoint_set_port(union zmq_inaddr *addr, u16 port);

#endif /* _ZMQ_ENDPOINT_H */
