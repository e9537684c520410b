// SPDX-License-Identifier: GPL-2.0-only
#include <linux/ctype.h>
#include <linux/errno.h>
#include <linux/in.h>
#include <linux/in6.h>
#include <linux/inet.h>
#include <linux/kernel.h>
#include <linux/string.h>
#include <linux/types.h>

#include "endpoint.h"

/* A part of the text being parsed. */
struct zmq_part {
	const char	*s;
	size_t		n;
};

/* One address being parsed: where it goes and what it may be. */
struct zmq_ep_side {
	union zmq_inaddr	*addr;
	char			*ifname;	/* NULL: numeric only */
	char			*zone;
	bool			ipv6;		/* family of a wildcard */
	bool			allow_ipv6;
	bool			bind;		/* not a peer's address */
	struct zmq_endpoint	*named;		/* gets a name; NULL: none */
};

static bool zmq_part_is(struct zmq_part part, const char *text)
{
	return part.n == strlen(text) && !memcmp(part.s, text, part.n);
}

static int zmq_parse_uint(struct zmq_part part, u32 max, u32 *value)
{
	u64 v = 0;
	size_t i;

	if (!part.n)
		return -EINVAL;
	for (i = 0; i < part.n; i++) {
		if (!isdigit(part.s[i]))
			return -EINVAL;
		v = v * 10 + part.s[i] - '0';
		if (v > max)
			return -EINVAL;
	}
	*value = v;
	return 0;
}

/* Whether a device may be called that; narrower than dev_valid_name(). */
static bool zmq_ifname_chars(struct zmq_part part)
{
	size_t i;

	if (!part.n || zmq_part_is(part, ".") || zmq_part_is(part, ".."))
		return false;
	for (i = 0; i < part.n; i++) {
		u8 c = part.s[i];

		if (c <= ' ' || c >= 0x7f || strchr("/:[]*;%", c))
			return false;
	}
	return true;
}

static int zmq_parse_zone(struct zmq_part zone, struct zmq_ep_side *side)
{
	u32 id;

	if (!zmq_parse_uint(zone, U32_MAX, &id)) {
		side->addr->in6.sin6_scope_id = id;
		return 0;
	}
	if (!zmq_ifname_chars(zone) || zone.n >= ZMQ_EP_IFNAME)
		return -EINVAL;
	memcpy(side->zone, zone.s, zone.n);
	return 0;
}

/* in4_pton() and in6_pton() stop at a colon behind an IPv4 address. */
static bool zmq_in4_pton(struct zmq_part host, u8 *dst)
{
	const char *end;

	return in4_pton(host.s, host.n, dst, -1, &end) &&
	       end == host.s + host.n;
}

static bool zmq_in6_pton(struct zmq_part host, u8 *dst)
{
	const char *end;

	return in6_pton(host.s, host.n, dst, -1, &end) &&
	       end == host.s + host.n;
}

/* @host is what stood between brackets. */
static int zmq_parse_in6(struct zmq_part host, struct zmq_ep_side *side)
{
	const char *percent = memchr(host.s, '%', host.n);
	struct zmq_part zone;
	int ret;

	if (percent) {
		zone.s = percent + 1;
		zone.n = host.s + host.n - zone.s;
		host.n = percent - host.s;
	}
	if (!host.n || host.n > INT_MAX ||
	    !zmq_in6_pton(host, side->addr->in6.sin6_addr.s6_addr))
		return -EINVAL;
	side->addr->family = AF_INET6;
	if (percent) {
		ret = zmq_parse_zone(zone, side);
		if (ret)
			return ret;
	}
	return side->allow_ipv6 ? 0 : -ENODEV;
}

/* What has only digits and dots is an address with a mistake. */
static int zmq_parse_name(struct zmq_part host, struct zmq_ep_side *side)
{
	bool number = true;
	size_t i;

	if (host.s[0] == '-' || host.s[0] == '.')
		return -EINVAL;
	for (i = 0; i < host.n; i++) {
		u8 c = host.s[i];

		if (c >= 0x80 || (!isalnum(c) && c != '-' && c != '.' && c != '_'))
			return -EINVAL;
		if (!isdigit(c) && c != '.')
			number = false;
	}
	if (number)
		return -EINVAL;
	if (host.n > ZMQ_EP_HOST_MAX)
		return -ENAMETOOLONG;
	side->addr->family = side->ipv6 ? AF_INET6 : AF_INET;
	side->named->name_len = host.n;
	memcpy(side->named->name, host.s, host.n);
	return 0;
}

static int zmq_parse_host(struct zmq_part host, struct zmq_ep_side *side)
{
	union zmq_inaddr *addr = side->addr;

	if (!host.n || host.n > INT_MAX)
		return -EINVAL;
	if (host.s[0] == '[') {
		if (host.n < 2 || host.s[host.n - 1] != ']')
			return -EINVAL;
		host.s++;
		host.n -= 2;
		return zmq_parse_in6(host, side);
	}
	if (zmq_in4_pton(host, (u8 *)&addr->in4.sin_addr)) {
		addr->family = AF_INET;
		return 0;
	}
	if (!side->ifname)
		return side->named ? zmq_parse_name(host, side) : -EINVAL;
	addr->family = side->ipv6 ? AF_INET6 : AF_INET;
	if (zmq_part_is(host, "*"))
		return 0;
	if (!zmq_ifname_chars(host))
		return -EINVAL;
	if (host.n >= ZMQ_EP_IFNAME)
		return side->bind ? -ENODEV : -EINVAL;
	memcpy(side->ifname, host.s, host.n);
	return 0;
}

static int zmq_parse_side(struct zmq_part part, struct zmq_ep_side *side)
{
	struct zmq_part host, port;
	u32 number = 0;
	int ret;

	host = part;
	while (host.n && host.s[host.n - 1] != ':')
		host.n--;
	if (!host.n)
		return -EINVAL;
	port.s = host.s + host.n;
	port.n = part.n - host.n;
	host.n--;

	if (!side->ifname || !zmq_part_is(port, "*")) {
		ret = zmq_parse_uint(port, U16_MAX, &number);
		if (ret)
			return ret;
	}
	if (!side->ifname && !number)
		return -EINVAL;
	ret = zmq_parse_host(host, side);
	if (!ret)
		zmq_endpoint_set_port(side->addr, number);
	return ret;
}

static int zmq_parse_tcp(struct zmq_endpoint *ep, struct zmq_part part,
			 unsigned int flags)
{
	struct zmq_ep_side src = { .addr = &ep->src, .ifname = ep->ifname,
				   .zone = ep->src_zone };
	struct zmq_ep_side side = { .addr = &ep->addr, .zone = ep->zone };
	struct zmq_part from = { .s = part.s };
	const char *semicolon;
	int ret;

	side.ipv6 = flags & ZMQ_EP_IPV6;
	side.allow_ipv6 = side.ipv6;
	if (flags & ZMQ_EP_BIND) {
		side.ifname = ep->ifname;
		side.bind = true;
		ret = zmq_parse_side(part, &side);
		ep->any_addr = !ep->ifname[0] && zmq_inaddr_any(&ep->addr);
		return ret;
	}

	semicolon = memchr(part.s, ';', part.n);
	if (semicolon) {
		ep->has_src = true;
		from.n = semicolon - part.s;
		part.n -= from.n + 1;
		part.s = semicolon + 1;
	}
	if (flags & ZMQ_EP_NAMES)
		side.named = ep;
	ret = zmq_parse_side(part, &side);
	ep->any_addr = !ep->name_len && zmq_inaddr_any(&ep->addr);
	if (ret || !ep->has_src)
		return ret;
	/* Which family the source has to be of would be known too late. */
	if (ep->name_len)
		return -EINVAL;

	/* both ends of a connection are of one family */
	src.ipv6 = ep->addr.family == AF_INET6;
	src.allow_ipv6 = side.allow_ipv6;
	ret = zmq_parse_side(from, &src);
	if (!ret && ep->src.family != ep->addr.family)
		ret = -EINVAL;
	return ret;
}

static int zmq_parse_inproc(struct zmq_endpoint *ep, struct zmq_part part)
{
	if (part.n > ZMQ_EP_NAME_MAX)
		return -ENAMETOOLONG;
	ep->transport = ZMQ_INPROC;
	ep->name_len = part.n;
	memcpy(ep->name, part.s, part.n);
	return 0;
}

/* "@" is what unix(7) writes for the NUL of an abstract name. */
static int zmq_parse_ipc(struct zmq_endpoint *ep, struct zmq_part part,
			 unsigned int flags)
{
	ep->transport = ZMQ_IPC;
	if (zmq_part_is(part, "*"))
		return flags & ZMQ_EP_BIND ? 0 : -EINVAL;
	if (zmq_part_is(part, "@"))
		return -EINVAL;
	if (part.n > ZMQ_EP_PATH_MAX)
		return -ENAMETOOLONG;
	ep->name_len = part.n;
	memcpy(ep->name, part.s, part.n);
	return 0;
}

static int zmq_parse_vm_number(struct zmq_part part, bool bind, u32 *value)
{
	*value = ZMQ_EP_VM_ANY;
	if (bind && (zmq_part_is(part, "*") || zmq_part_is(part, "-1")))
		return 0;
	return zmq_parse_uint(part, ZMQ_EP_VM_ANY - 1, value);
}

static int zmq_parse_vsock(struct zmq_endpoint *ep, struct zmq_part part,
			   unsigned int flags)
{
	const char *colon = memchr(part.s, ':', part.n);
	bool bind = flags & ZMQ_EP_BIND;
	struct zmq_part cid = part;
	int ret;

	if (!colon)
		return -EINVAL;
	cid.n = colon - part.s;
	part.s = colon + 1;
	part.n -= cid.n + 1;
	ep->transport = ZMQ_VSOCK;
	ret = zmq_parse_vm_number(part, bind, &ep->vm_port);
	if (ret)
		return ret;
	/* As in libzmq: this machine as its own virtual machines see it. */
	if (zmq_part_is(cid, "@")) {
		ep->vm_cid = ZMQ_EP_VM_LOCAL;
		return 0;
	}
	return zmq_parse_vm_number(cid, bind, &ep->vm_cid);
}

int zmq_endpoint_parse(struct zmq_endpoint *ep, const char *text, size_t len,
		       unsigned int flags)
{
	struct zmq_part scheme = { .s = text };
	struct zmq_part rest;

	memset(ep, 0, sizeof(*ep));
	if (memchr(text, 0, len))
		return -EINVAL;
	while (len - scheme.n >= 3 && memcmp(text + scheme.n, "://", 3))
		scheme.n++;
	if (!scheme.n || len - scheme.n <= 3)
		return -EINVAL;
	rest.s = text + scheme.n + 3;
	rest.n = len - scheme.n - 3;

	if (zmq_part_is(scheme, "tcp"))
		return zmq_parse_tcp(ep, rest, flags);
	if (zmq_part_is(scheme, "inproc"))
		return zmq_parse_inproc(ep, rest);
	if (zmq_part_is(scheme, "ipc"))
		return zmq_parse_ipc(ep, rest, flags);
	if (zmq_part_is(scheme, "vsock"))
		return zmq_parse_vsock(ep, rest, flags);
	return -EPROTONOSUPPORT;
}

bool zmq_inaddr_any(const union zmq_inaddr *addr)
{
	static const u8 zero[16];

	if (addr->family == AF_INET6)
		return !memcmp(&addr->in6.sin6_addr, zero, 16);
	return !memcmp(&addr->in4.sin_addr, zero, 4);
}

u16 zmq_endpoint_port(const union zmq_inaddr *addr)
{
	return ntohs(addr->family == AF_INET6 ? addr->in6.sin6_port :
						addr->in4.sin_port);
}

void zmq_endpoint_set_port(union zmq_inaddr *addr, u16 port)
{
	if (addr->family == AF_INET6)
		addr->in6.sin6_port = htons(port);
	else
		addr->in4.sin_port = htons(port);
}

/* Text that may turn out not to fit: @len counts on. */
struct zmq_text {
	char	*buf;
	size_t	size;
	size_t	len;
};

static void zmq_text_add(struct zmq_text *t, const char *s, size_t n)
{
	if (t->len < t->size)
		memcpy(t->buf + t->len, s, min(n, t->size - t->len));
	t->len += n;
}

static void zmq_text_str(struct zmq_text *t, const char *s)
{
	zmq_text_add(t, s, strlen(s));
}

static void zmq_text_num(struct zmq_text *t, const char *format,
			 unsigned int n)
{
	char tmp[12];

	zmq_text_add(t, tmp, snprintf(tmp, sizeof(tmp), format, n));
}

static void zmq_text_in4(struct zmq_text *t, const u8 *a)
{
	int i;

	for (i = 0; i < 4; i++)
		zmq_text_num(t, i ? ".%u" : "%u", a[i]);
}

static bool zmq_in6_mapped(const u8 *a)
{
	static const u8 prefix[12] = { [10] = 0xff, [11] = 0xff };

	return !memcmp(a, prefix, sizeof(prefix));
}

/* RFC 5952: the first of the longest runs of two or more zeros becomes "::". */
static void zmq_text_in6(struct zmq_text *t, const u8 *a)
{
	int run = 0, best = -1, best_len = 1;
	int i;

	if (zmq_in6_mapped(a)) {
		zmq_text_str(t, "::ffff:");
		zmq_text_in4(t, a + 12);
		return;
	}
	for (i = 0; i < 8; i++) {
		run = a[2 * i] | a[2 * i + 1] ? 0 : run + 1;
		if (run > best_len) {
			best_len = run;
			best = i + 1 - run;
		}
	}
	for (i = 0; i < 8; i++) {
		if (i == best) {
			zmq_text_str(t, "::");
			i += best_len - 1;
			continue;
		}
		if (i && i != best + best_len)
			zmq_text_str(t, ":");
		zmq_text_num(t, "%x", a[2 * i] << 8 | a[2 * i + 1]);
	}
}

static void zmq_text_addr(struct zmq_text *t, const union zmq_inaddr *addr,
			  const char *ifname, const char *zone)
{
	if (ifname[0] && zmq_inaddr_any(addr)) {
		zmq_text_str(t, ifname);
	} else if (addr->family == AF_INET6) {
		zmq_text_str(t, "[");
		zmq_text_in6(t, addr->in6.sin6_addr.s6_addr);
		if (zone[0]) {
			zmq_text_str(t, "%");
			zmq_text_str(t, zone);
		} else if (addr->in6.sin6_scope_id) {
			zmq_text_num(t, "%%%u", addr->in6.sin6_scope_id);
		}
		zmq_text_str(t, "]");
	} else {
		zmq_text_in4(t, (const u8 *)&addr->in4.sin_addr);
	}
	zmq_text_num(t, ":%u", zmq_endpoint_port(addr));
}

static void zmq_text_tcp(struct zmq_text *t, const struct zmq_endpoint *ep)
{
	zmq_text_str(t, "tcp://");
	if (ep->has_src) {
		zmq_text_addr(t, &ep->src, ep->ifname, ep->src_zone);
		zmq_text_str(t, ";");
	}
	if (ep->name_len) {
		zmq_text_add(t, ep->name, ep->name_len);
		zmq_text_num(t, ":%u", zmq_endpoint_port(&ep->addr));
		return;
	}
	zmq_text_addr(t, &ep->addr, ep->has_src ? "" : ep->ifname, ep->zone);
}

static void zmq_text_vm_number(struct zmq_text *t, u32 n)
{
	if (n == ZMQ_EP_VM_ANY)
		zmq_text_str(t, "*");
	else
		zmq_text_num(t, "%u", n);
}

int zmq_endpoint_format(const struct zmq_endpoint *ep, char *buf, size_t size)
{
	struct zmq_text t = { .buf = buf, .size = size };

	switch (ep->transport) {
	case ZMQ_INPROC:
		zmq_text_str(&t, "inproc://");
		zmq_text_add(&t, ep->name, ep->name_len);
		break;
	case ZMQ_IPC:
		zmq_text_str(&t, "ipc://");
		zmq_text_str(&t, ep->name_len ? ep->name : "*");
		break;
	case ZMQ_VSOCK:
		zmq_text_str(&t, "vsock://");
		zmq_text_vm_number(&t, ep->vm_cid);
		zmq_text_str(&t, ":");
		zmq_text_vm_number(&t, ep->vm_port);
		break;
	case ZMQ_TCP:
		zmq_text_tcp(&t, ep);
		break;
	}
	if (t.len >= size)
		return -ENOSPC;
	buf[t.len] = 0;
	return t.len;
}

static const u8 *zmq_inaddr_bytes(const union zmq_inaddr *addr, size_t *n)
{
	const u8 *a = addr->in6.sin6_addr.s6_addr;

	*n = 4;
	if (addr->family != AF_INET6)
		return (const u8 *)&addr->in4.sin_addr;
	if (zmq_in6_mapped(a))
		return a + 12;
	*n = 16;
	return a;
}

static bool zmq_inaddr_equal(const union zmq_inaddr *a, const char *a_zone,
			     const union zmq_inaddr *b, const char *b_zone)
{
	const u8 *a_bytes, *b_bytes;
	size_t a_n, b_n;

	a_bytes = zmq_inaddr_bytes(a, &a_n);
	b_bytes = zmq_inaddr_bytes(b, &b_n);
	if (a_n != b_n || memcmp(a_bytes, b_bytes, a_n))
		return false;
	if (a_n == 4)
		return true;
	if (a_zone[0] && b_zone[0])
		return !strcmp(a_zone, b_zone);
	return a->in6.sin6_scope_id == b->in6.sin6_scope_id;
}

static bool zmq_tcp_equal(const struct zmq_endpoint *a,
			  const struct zmq_endpoint *b)
{
	bool named = a->ifname[0] && b->ifname[0];

	if (a->has_src != b->has_src || a->any_addr != b->any_addr ||
	    zmq_endpoint_port(&a->addr) != zmq_endpoint_port(&b->addr))
		return false;
	/* Whatever address a name has by now */
	if (a->name_len || b->name_len)
		return a->name_len == b->name_len &&
		       !strncasecmp(a->name, b->name, a->name_len);
	if (named && strcmp(a->ifname, b->ifname))
		return false;
	if ((!named || a->has_src) &&
	    !zmq_inaddr_equal(&a->addr, a->zone, &b->addr, b->zone))
		return false;
	if (!a->has_src)
		return true;
	return zmq_endpoint_port(&a->src) == zmq_endpoint_port(&b->src) &&
	       (named || zmq_inaddr_equal(&a->src, a->src_zone,
					  &b->src, b->src_zone));
}

bool zmq_endpoint_equal(const struct zmq_endpoint *a,
			const struct zmq_endpoint *b)
{
	if (a->transport != b->transport)
		return false;
	switch (a->transport) {
	case ZMQ_INPROC:
	case ZMQ_IPC:
		return a->name_len == b->name_len &&
		       !memcmp(a->name, b->name, a->name_len);
	case ZMQ_VSOCK:
		return a->vm_cid == b->vm_cid && a->vm_port == b->vm_port;
	case ZMQ_TCP:
		break;
	}
	return zmq_tcp_equal(a, b);
}
