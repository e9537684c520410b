// SPDX-License-Identifier: GPL-2.0-only
#include <linux/errno.h>
#include <linux/kernel.h>
#include <linux/string.h>
#include <linux/types.h>

#include "mech_null.h"
#include "meta.h"
#include "session.h"

/* Offsets in the greeting */
#define ZMQ_GREETING_SIG_END	9
#define ZMQ_GREETING_MAJOR	10
#define ZMQ_GREETING_MINOR	11
#define ZMQ_GREETING_MECH	12

#define ZMQ_BIT(type)		(1U << (type))

static const struct {
	const char	*name;
	u32		peers;
	bool		has_id;
} zmq_types[] = {
	[ZMQ_PAIR]   = { "PAIR",   ZMQ_BIT(ZMQ_PAIR) },
	[ZMQ_PUB]    = { "PUB",    ZMQ_BIT(ZMQ_SUB) | ZMQ_BIT(ZMQ_XSUB) },
	[ZMQ_SUB]    = { "SUB",    ZMQ_BIT(ZMQ_PUB) | ZMQ_BIT(ZMQ_XPUB) },
	[ZMQ_REQ]    = { "REQ",    ZMQ_BIT(ZMQ_REP) | ZMQ_BIT(ZMQ_ROUTER), true },
	[ZMQ_REP]    = { "REP",    ZMQ_BIT(ZMQ_REQ) | ZMQ_BIT(ZMQ_DEALER) },
	[ZMQ_DEALER] = { "DEALER", ZMQ_BIT(ZMQ_REP) | ZMQ_BIT(ZMQ_DEALER) |
				   ZMQ_BIT(ZMQ_ROUTER), true },
	[ZMQ_ROUTER] = { "ROUTER", ZMQ_BIT(ZMQ_REQ) | ZMQ_BIT(ZMQ_DEALER) |
				   ZMQ_BIT(ZMQ_ROUTER), true },
	[ZMQ_PULL]   = { "PULL",   ZMQ_BIT(ZMQ_PUSH) },
	[ZMQ_PUSH]   = { "PUSH",   ZMQ_BIT(ZMQ_PULL) },
	[ZMQ_XPUB]   = { "XPUB",   ZMQ_BIT(ZMQ_SUB) | ZMQ_BIT(ZMQ_XSUB) },
	[ZMQ_XSUB]   = { "XSUB",   ZMQ_BIT(ZMQ_PUB) | ZMQ_BIT(ZMQ_XPUB) },
};

bool zmq_session_types_match(u8 a, u8 b)
{
	return a < ARRAY_SIZE(zmq_types) && b < ARRAY_SIZE(zmq_types) &&
	       zmq_types[a].peers & ZMQ_BIT(b);
}

const char *zmq_session_type_name(u8 type)
{
	return type < ARRAY_SIZE(zmq_types) ? zmq_types[type].name : NULL;
}

int zmq_session_fail(struct zmq_session *s, int error, const char *reason)
{
	s->state = ZMQ_SESSION_FAILED;
	s->error = error;
	s->error_reason = reason;
	return error;
}

void zmq_session_complete(struct zmq_session *s)
{
	s->state = ZMQ_SESSION_DONE;
}

int zmq_session_put_props(const struct zmq_session *s, u8 *out, size_t outsize)
{
	const struct zmq_session_conf *conf = &s->hs->conf;
	const char *type = zmq_session_type_name(conf->type);
	ssize_t n, total;

	if (!type)
		return -EINVAL;
	total = zmq_meta_put(out, outsize, "Socket-Type", type, strlen(type));
	if (total < 0)
		return -ENOBUFS;
	if (!zmq_types[conf->type].has_id)
		return total;
	n = zmq_meta_put(out + total, outsize - total, "Identity",
			 conf->routing_id, conf->routing_id_len);
	return n < 0 ? -ENOBUFS : total + n;
}

static int zmq_session_take_type(struct zmq_session *s,
				 const struct zmq_prop *prop)
{
	u8 type;

	for (type = 0; type < ARRAY_SIZE(zmq_types); type++) {
		const char *name = zmq_types[type].name;

		if (strlen(name) == prop->value_len &&
		    !memcmp(name, prop->value, prop->value_len))
			break;
	}
	if (!zmq_session_types_match(s->hs->conf.type, type))
		return zmq_session_fail(s, -EPROTOTYPE,
					"socket types do not go together");
	s->peer_type = type;
	return 0;
}

int zmq_session_take_props(struct zmq_session *s, const u8 *list, size_t n)
{
	struct zmq_prop prop;
	size_t pos = 0;
	int ret;

	while ((ret = zmq_meta_next(list, n, &pos, &prop)) > 0) {
		if (zmq_meta_is(&prop, "Socket-Type")) {
			ret = zmq_session_take_type(s, &prop);
			if (ret)
				return ret;
		} else if (zmq_meta_is(&prop, "Identity") && !s->peer_id) {
			if (prop.value_len > ZMQ_ROUTING_ID_MAX)
				return zmq_session_fail(s, -EPROTO,
							"routing id too long");
			memcpy(s->hs->peer_id, prop.value, prop.value_len);
			s->peer_id = s->hs->peer_id;
			s->peer_id_len = prop.value_len;
		}
	}
	if (ret < 0)
		return zmq_session_fail(s, ret, "malformed properties");
	return 0;
}

void zmq_session_init(struct zmq_session *s, struct zmq_handshake *hs,
		      const struct zmq_session_conf *conf)
{
	memset(s, 0, sizeof(*s));
	s->hs = hs;
	s->mech = conf->mech ? conf->mech : &zmq_mech_null;
	s->peer_type = ZMQ_PEER_TYPE_UNKNOWN;
	hs->conf = *conf;
	if (!hs->conf.max_cmd || hs->conf.max_cmd > ZMQ_HANDSHAKE_CMD_MAX)
		hs->conf.max_cmd = ZMQ_HANDSHAKE_CMD_MAX;
	hs->fill = 0;
	hs->in_body = false;
}

int zmq_session_start(struct zmq_session *s, u8 *out, size_t outsize)
{
	/* libzmq's signature: the length of an anonymous identity, plus one */
	static const u8 head[] = { 0xff, 0, 0, 0, 0, 0, 0, 0, 1, 0x7f, 3, 1 };

	if (outsize < ZMQ_GREETING_LEN)
		return -ENOBUFS;
	memset(out, 0, ZMQ_GREETING_LEN);
	memcpy(out, head, sizeof(head));
	memcpy(out + ZMQ_GREETING_MECH, s->mech->name, strlen(s->mech->name));
	return ZMQ_GREETING_LEN;
}

/* What can be said about the first @n bytes of the peer's greeting. */
static int zmq_greeting_check(struct zmq_session *s, const u8 *g, size_t n)
{
	u8 mech[ZMQ_MECH_NAME_LEN] = { 0 };

	if (n > 0 && g[0] != 0xff)
		return zmq_session_fail(s, -EPROTONOSUPPORT,
					"ZMTP 1.0 or not ZMTP");
	if (n > ZMQ_GREETING_SIG_END && !(g[ZMQ_GREETING_SIG_END] & 1))
		return zmq_session_fail(s, -EPROTONOSUPPORT, "ZMTP 1.0");
	if (n > ZMQ_GREETING_MAJOR && g[ZMQ_GREETING_MAJOR] < 2)
		return zmq_session_fail(s, -EPROTONOSUPPORT,
					"ZMTP 1.0 or 2.0");
	memcpy(mech, s->mech->name, strlen(s->mech->name));
	if (n >= ZMQ_GREETING_MECH + sizeof(mech) &&
	    memcmp(g + ZMQ_GREETING_MECH, mech, sizeof(mech)))
		return zmq_session_fail(s, -EPROTONOSUPPORT,
					"another security mechanism");
	return 0;
}

/*
 * Collect the greeting; the mechanism starts when it is whole. Returns the
 * bytes consumed or an error; adds what is to be sent to *outlen. So do the
 * next functions.
 */
static ssize_t zmq_session_greeting(struct zmq_session *s, const u8 *p,
				    size_t n, u8 *out, size_t outsize,
				    size_t *outlen)
{
	struct zmq_handshake *hs = s->hs;
	size_t take = min_t(size_t, n, ZMQ_GREETING_LEN - hs->fill);
	const u8 *g = hs->greeting;
	int ret;

	memcpy(hs->greeting + hs->fill, p, take);
	hs->fill += take;
	ret = zmq_greeting_check(s, g, hs->fill);
	if (ret)
		return ret;
	if (hs->fill < ZMQ_GREETING_LEN)
		return take;
	s->minor = g[ZMQ_GREETING_MAJOR] != 3 || g[ZMQ_GREETING_MINOR] != 0;
	s->state = ZMQ_SESSION_HANDSHAKE;
	hs->fill = 0;
	ret = s->mech->start(s, out, outsize);
	if (ret < 0)
		return ret;
	*outlen += ret;
	return take;
}

static int zmq_session_peer_error(struct zmq_session *s,
				  const struct zmq_cmd *cmd)
{
	char *to = s->hs->reason;
	const u8 *reason;
	int i, n;

	n = zmq_cmd_error_reason(cmd, &reason);
	if (n < 0)
		return zmq_session_fail(s, n, "malformed ERROR");
	for (i = 0; i < n; i++)
		to[i] = reason[i] < 0x20 || reason[i] > 0x7e ? '?' : reason[i];
	to[n] = 0;
	return zmq_session_fail(s, -ECONNREFUSED, to);
}

static int zmq_session_command(struct zmq_session *s, const u8 *body, size_t n,
			       u8 *out, size_t outsize)
{
	struct zmq_cmd cmd;
	int ret;

	ret = zmq_cmd_parse(body, n, &cmd);
	if (ret)
		return zmq_session_fail(s, ret, "malformed command");
	if (cmd.type == ZMQ_CMD_ERROR)
		return zmq_session_peer_error(s, &cmd);
	return s->mech->command(s, &cmd, out, outsize);
}

static ssize_t zmq_session_hdr(struct zmq_session *s, const u8 *p, size_t n)
{
	struct zmq_handshake *hs = s->hs;
	struct zmq_hdr h;
	size_t used = 0;
	int ret = 0;

	while (!ret && used < n) {
		hs->hdr[hs->fill++] = p[used++];
		ret = zmq_hdr_get(hs->hdr, hs->fill, &h);
	}
	if (!ret)
		return used;
	if (ret < 0 || !h.len)
		return zmq_session_fail(s, -EPROTO, "malformed header");
	if (h.len > hs->conf.max_cmd)
		return zmq_session_fail(s, -EMSGSIZE,
					"handshake command too long");
	hs->body_len = h.len;
	hs->in_body = true;
	hs->fill = 0;
	return used;
}

static ssize_t zmq_session_body(struct zmq_session *s, const u8 *p, size_t n,
				u8 *out, size_t outsize, size_t *outlen)
{
	struct zmq_handshake *hs = s->hs;
	size_t take = min_t(size_t, n, hs->body_len - hs->fill);
	const u8 *body = p;
	int ret;

	if (hs->fill || take < hs->body_len) {
		memcpy(hs->body + hs->fill, p, take);
		hs->fill += take;
		if (hs->fill < hs->body_len)
			return take;
		body = hs->body;
	}
	hs->fill = 0;
	hs->in_body = false;
	ret = zmq_session_command(s, body, hs->body_len, out + *outlen,
				  outsize - *outlen);
	if (ret < 0)
		return ret;
	*outlen += ret;
	return take;
}

ssize_t zmq_session_input(struct zmq_session *s, const u8 *p, size_t n,
			  u8 *out, size_t outsize, size_t *outlen)
{
	size_t used = 0;
	ssize_t ret;

	*outlen = 0;
	if (s->state == ZMQ_SESSION_FAILED)
		return s->error;
	while (s->state != ZMQ_SESSION_DONE && used < n) {
		if (s->state == ZMQ_SESSION_GREETING)
			ret = zmq_session_greeting(s, p + used, n - used, out,
						   outsize, outlen);
		else if (!s->hs->in_body)
			ret = zmq_session_hdr(s, p + used, n - used);
		else
			ret = zmq_session_body(s, p + used, n - used, out,
					       outsize, outlen);
		if (ret < 0)
			return s->error ? ret :
			       zmq_session_fail(s, ret, "no room for an answer");
		used += ret;
	}
	return used;
}
