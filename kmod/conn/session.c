// SPDX-License-Identifier: GPL-2.0-only
#include <linux/errno.h>
#include <linux/kernel.h>
#include <linux/string.h>
#include <linux/types.h>

#include "base/compat.h"
#include "mech_null.h"
#include "session.h"
#include "wire/meta.h"
#include "wire/wire_v1.h"

/* Offsets in the greeting */
#define ZMQ_GREETING_SIG_END	9
#define ZMQ_GREETING_MAJOR	10
#define ZMQ_GREETING_MINOR	11
#define ZMQ_GREETING_TYPE	11	/* of ZMTP 2.0 */
#define ZMQ_GREETING_MECH	12
#define ZMQ_GREETING_MECH_END	(ZMQ_GREETING_MECH + ZMQ_MECH_NAME_LEN)

/* A greeting of ZMTP 2.0 ends with the socket type. */
#define ZMQ_GREETING_V2_LEN	12

/* A name that begins so is an application's own, RFC 23. */
#define ZMQ_PROP_TOKEN		"X-AF-ZMQ-Token"

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

/* Append a property to @total bytes, or pass on an error. */
static ssize_t zmq_session_put_prop(u8 *out, size_t outsize, ssize_t total,
				    const char *name, const void *value,
				    size_t len)
{
	ssize_t n;

	if (total < 0)
		return total;
	n = zmq_meta_put(out + total, outsize - total, name, value, len);
	return n < 0 ? -ENOBUFS : total + n;
}

int zmq_session_put_props(const struct zmq_session *s, u8 *out, size_t outsize)
{
	const struct zmq_session_conf *conf = &s->hs->conf;
	const char *type = zmq_session_type_name(conf->type);
	ssize_t total;

	if (!type)
		return -EINVAL;
	total = zmq_session_put_prop(out, outsize, 0, "Socket-Type", type,
				     strlen(type));
	if (zmq_types[conf->type].has_id)
		total = zmq_session_put_prop(out, outsize, total, "Identity",
					     conf->routing_id,
					     conf->routing_id_len);
	if (conf->token)
		total = zmq_session_put_prop(out, outsize, total,
					     ZMQ_PROP_TOKEN, conf->token,
					     ZMQ_TOKEN_LEN);
	return total;
}

static int zmq_session_take_type(struct zmq_session *s, u8 type)
{
	if (!zmq_session_types_match(s->hs->conf.type, type))
		return zmq_session_fail(s, -EPROTOTYPE,
					"socket types do not go together");
	s->peer_type = type;
	return 0;
}

static int zmq_session_take_name(struct zmq_session *s,
				 const struct zmq_prop *prop)
{
	u8 type;

	for (type = 0; type < ARRAY_SIZE(zmq_types); type++) {
		const char *name = zmq_types[type].name;

		if (strlen(name) == prop->value_len &&
		    !memcmp(name, prop->value, prop->value_len))
			break;
	}
	return zmq_session_take_type(s, type);
}

static int zmq_session_set_id(struct zmq_session *s, const u8 *id, u64 len)
{
	if (len > ZMQ_ROUTING_ID_MAX)
		return zmq_session_fail(s, -EPROTO, "routing id too long");
	memcpy(s->hs->peer_id, id, len);
	s->peer_id = s->hs->peer_id;
	s->peer_id_len = len;
	return 0;
}

/* One that is none of ours means nothing. */
static void zmq_session_take_token(struct zmq_handshake *hs,
				   const struct zmq_prop *prop)
{
	if (prop->value_len != ZMQ_TOKEN_LEN || hs->has_token)
		return;
	memcpy(hs->peer_token, prop->value, ZMQ_TOKEN_LEN);
	hs->has_token = true;
}

int zmq_session_take_props(struct zmq_session *s, const u8 *list, size_t n)
{
	struct zmq_prop prop;
	size_t pos = 0;
	int ret;

	while ((ret = zmq_meta_next(list, n, &pos, &prop)) > 0) {
		if (zmq_meta_is(&prop, "Socket-Type")) {
			ret = zmq_session_take_name(s, &prop);
			if (ret)
				return ret;
		} else if (zmq_meta_is(&prop, "Identity") && !s->peer_id) {
			ret = zmq_session_set_id(s, prop.value, prop.value_len);
			if (ret)
				return ret;
		} else if (zmq_meta_is(&prop, ZMQ_PROP_TOKEN)) {
			zmq_session_take_token(s->hs, &prop);
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
	if (conf->type >= ARRAY_SIZE(zmq_types) || !zmq_types[conf->type].has_id)
		hs->conf.routing_id_len = 0;
	if (hs->conf.routing_id_len)
		memcpy(hs->own_id, conf->routing_id, hs->conf.routing_id_len);
	hs->conf.routing_id = hs->own_id;
	hs->fill = 0;
	hs->in_body = false;
	hs->has_token = false;
}

/* To a peer that knows ZMTP 1.0 alone it is the header of an identity frame. */
int zmq_session_start(struct zmq_session *s, u8 *out, size_t outsize)
{
	if (outsize < ZMQ_SIGNATURE_LEN)
		return -ENOBUFS;
	out[0] = 0xff;
	put_unaligned_be64(s->hs->conf.routing_id_len + 1, out + 1);
	out[ZMQ_GREETING_SIG_END] = 0x7f;
	return ZMQ_SIGNATURE_LEN;
}

/* Old libzmq leaves bits set that stand for nothing, but always these. Where
 * others are set that is no ZMTP: a request of HTTP, a hello of TLS.
 */
static bool zmq_session_odd_flags(u8 flags)
{
	flags &= ~ZMTP_MORE;
	return flags && flags != 0x7e;
}

static int zmq_session_check_hdr(struct zmq_session *s, const struct zmq_hdr *h)
{
	const struct zmq_handshake *hs = s->hs;

	if (s->state == ZMQ_SESSION_HANDSHAKE) {
		if (!h->len)
			return zmq_session_fail(s, -EPROTO, "malformed header");
		if (h->len > hs->conf.max_cmd)
			return zmq_session_fail(s, -EMSGSIZE,
						"handshake command too long");
		return 0;
	}
	if (s->takes_all && zmq_session_odd_flags(hs->hdr[h->size - 1]))
		return zmq_session_fail(s, -EPROTO, "not ZMTP");
	if (h->len > ZMQ_ROUTING_ID_MAX)
		return zmq_session_fail(s, -EPROTO, "routing id too long");
	return 0;
}

/* Looks at what there is of a header. Returns 1 if it was complete, 0 if not,
 * or an error.
 */
static int zmq_session_take_hdr(struct zmq_session *s)
{
	struct zmq_handshake *hs = s->hs;
	struct zmq_hdr h;
	int ret;

	ret = s->framing == ZMQ_FRAMING_V1 ?
	      zmq_v1_hdr_get(hs->hdr, hs->fill, &h) :
	      zmq_hdr_get(hs->hdr, hs->fill, &h);
	if (ret < 0)
		return zmq_session_fail(s, -EPROTO, "malformed header");
	if (!ret)
		return 0;
	ret = zmq_session_check_hdr(s, &h);
	if (ret)
		return ret;
	hs->body_len = h.len;
	hs->in_body = true;
	hs->fill = 0;
	/* Of an empty body no byte will come. */
	if (!h.len)
		zmq_session_complete(s);
	return 1;
}

static int zmq_session_put(u8 *out, size_t outsize, size_t *outlen,
			   const void *p, size_t n)
{
	if (outsize - *outlen < n)
		return -ENOBUFS;
	memcpy(out + *outlen, p, n);
	*outlen += n;
	return 0;
}

static int zmq_session_put_id(struct zmq_session *s, u8 *out, size_t outsize,
			      size_t *outlen)
{
	const struct zmq_session_conf *conf = &s->hs->conf;
	u8 hdr[ZMQ_HDR_ROOM];
	size_t n = 0;
	int ret;

	/* The header was the signature. */
	if (!s->takes_all)
		n = s->framing == ZMQ_FRAMING_V1 ?
		    zmq_v1_hdr_put(hdr, conf->routing_id_len, 0) :
		    zmq_hdr_put(hdr, conf->routing_id_len, 0);
	ret = zmq_session_put(out, outsize, outlen, hdr, n);
	if (!ret && conf->routing_id_len)
		ret = zmq_session_put(out, outsize, outlen, conf->routing_id,
				      conf->routing_id_len);
	return ret;
}

/* RFC 15 knows one publisher and one subscriber. */
static u8 zmq_session_v2_type(u8 type)
{
	if (type == ZMQ_XPUB)
		return ZMQ_PUB;
	return type == ZMQ_XSUB ? ZMQ_SUB : type;
}

static int zmq_session_old(struct zmq_session *s, u8 major, u8 framing)
{
	s->major = major;
	s->framing = framing;
	if (s->mech == &zmq_mech_null)
		return 0;
	return zmq_session_fail(s, -EPROTONOSUPPORT,
				"ZMTP 1.0 and 2.0 have no mechanisms");
}

/* The greeting's first ten bytes are whole, or its first is another's. Without
 * a version they are the beginning of the peer's identity frame.
 */
static int zmq_session_unversioned(struct zmq_session *s, u8 *out,
				   size_t outsize, size_t *outlen)
{
	struct zmq_handshake *hs = s->hs;
	int ret;

	ret = zmq_session_old(s, 1, ZMQ_FRAMING_V1);
	if (ret)
		return ret;
	s->takes_all = true;
	memcpy(hs->hdr, hs->greeting, hs->fill);
	s->state = ZMQ_SESSION_IDENTITY;
	ret = zmq_session_take_hdr(s);
	if (ret < 0)
		return ret;
	return zmq_session_put_id(s, out, outsize, outlen);
}

static int zmq_session_version(struct zmq_session *s, u8 *out, size_t outsize,
			       size_t *outlen)
{
	u8 rest[ZMQ_GREETING_LEN - ZMQ_GREETING_MINOR] = { 1 };
	u8 major = s->hs->greeting[ZMQ_GREETING_MAJOR];
	u8 type = zmq_session_v2_type(s->hs->conf.type);
	int ret;

	/* The octet of ZMTP 2.0 is 1; 2 is between that and 3.0. */
	if (major < 3) {
		ret = zmq_session_old(s, major ? 2 : 1, major ? ZMQ_FRAMING_V2 :
								ZMQ_FRAMING_V1);
		return ret ?: zmq_session_put(out, outsize, outlen, &type, 1);
	}
	s->major = 3;
	memcpy(rest + ZMQ_GREETING_MECH - ZMQ_GREETING_MINOR, s->mech->name,
	       strlen(s->mech->name));
	return zmq_session_put(out, outsize, outlen, rest, sizeof(rest));
}

static int zmq_session_check_mech(struct zmq_session *s)
{
	u8 mech[ZMQ_MECH_NAME_LEN] = { 0 };

	memcpy(mech, s->mech->name, strlen(s->mech->name));
	if (!memcmp(s->hs->greeting + ZMQ_GREETING_MECH, mech, sizeof(mech)))
		return 0;
	return zmq_session_fail(s, -EPROTONOSUPPORT,
				"another security mechanism");
}

/* libzmq 3 says XPUB and XSUB, too. */
static int zmq_session_greeted(struct zmq_session *s, u8 *out, size_t outsize,
			       size_t *outlen)
{
	const u8 *g = s->hs->greeting;
	int ret;

	s->hs->fill = 0;
	if (s->major < 3) {
		ret = s->major < 2 ? 0 :
		      zmq_session_take_type(s, g[ZMQ_GREETING_TYPE]);
		if (ret)
			return ret;
		s->state = ZMQ_SESSION_IDENTITY;
		return zmq_session_put_id(s, out, outsize, outlen);
	}
	s->minor = g[ZMQ_GREETING_MAJOR] != 3 || g[ZMQ_GREETING_MINOR] != 0;
	s->state = ZMQ_SESSION_HANDSHAKE;
	ret = s->mech->start(s, out + *outlen, outsize - *outlen);
	if (ret < 0)
		return ret;
	*outlen += ret;
	return 0;
}

/* How much of the greeting decides what is to be done next. */
static u32 zmq_session_stage(const struct zmq_session *s)
{
	u32 fill = s->hs->fill;

	if (fill < ZMQ_SIGNATURE_LEN)
		return fill ? ZMQ_SIGNATURE_LEN : 1;
	if (fill <= ZMQ_GREETING_MAJOR)
		return ZMQ_GREETING_MAJOR + 1;
	if (s->major < 3)
		return ZMQ_GREETING_V2_LEN;
	return fill < ZMQ_GREETING_MECH_END ? ZMQ_GREETING_MECH_END :
					      ZMQ_GREETING_LEN;
}

/* The greeting has reached one of those stages. */
static int zmq_session_next_stage(struct zmq_session *s, u8 *out,
				  size_t outsize, size_t *outlen)
{
	static const u8 major = 3;
	const u8 *g = s->hs->greeting;
	int ret = 0;

	switch (s->hs->fill) {
	case 1:
		if (g[0] != 0xff)
			ret = zmq_session_unversioned(s, out, outsize, outlen);
		break;
	case ZMQ_SIGNATURE_LEN:
		if (g[ZMQ_GREETING_SIG_END] & 1)
			ret = zmq_session_put(out, outsize, outlen, &major, 1);
		else
			ret = zmq_session_unversioned(s, out, outsize, outlen);
		break;
	case ZMQ_GREETING_MAJOR + 1:
		ret = zmq_session_version(s, out, outsize, outlen);
		break;
	case ZMQ_GREETING_MECH_END:
		ret = zmq_session_check_mech(s);
		break;
	default:
		ret = zmq_session_greeted(s, out, outsize, outlen);
	}
	return ret;
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
	u32 stage = zmq_session_stage(s);
	size_t take = min_t(size_t, n, stage - hs->fill);
	int ret;

	memcpy(hs->greeting + hs->fill, p, take);
	hs->fill += take;
	if (hs->fill < stage)
		return take;
	ret = zmq_session_next_stage(s, out, outsize, outlen);
	return ret < 0 ? ret : take;
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
	size_t used = 0;
	int ret = 0;

	while (!ret && used < n) {
		s->hs->hdr[s->hs->fill++] = p[used++];
		ret = zmq_session_take_hdr(s);
	}
	return ret < 0 ? ret : used;
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
	if (s->state == ZMQ_SESSION_IDENTITY) {
		ret = zmq_session_set_id(s, body, hs->body_len);
		if (ret)
			return ret;
		zmq_session_complete(s);
		return take;
	}
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
