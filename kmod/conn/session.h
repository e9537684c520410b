/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The ZMTP handshake without sockets: greeting and security mechanism of ZMTP
 * 3.x, and what ZMTP 1.0 and 2.0 have in their place.
 */
#ifndef _ZMQ_SESSION_H
#define _ZMQ_SESSION_H

#include <linux/types.h>

#include "base/types.h"
#include "wire/wire.h"

#define ZMQ_HANDSHAKE_CMD_MAX	4096	/* bytes of a handshake command's body */
#define ZMQ_PEER_TYPE_UNKNOWN	0xff
#define ZMQ_TOKEN_LEN		16	/* bytes of a token */
#define ZMQ_SESSION_OUT_MAX	512	/* room that makes -ENOBUFS impossible */

struct zmq_mech_ops;

/**
 * struct zmq_session_conf - our side of the handshake
 * @type: socket type, ZMQ_PAIR to ZMQ_XSUB
 * @routing_id_len: bytes of @routing_id, 0 anonymous
 * @routing_id: copied by zmq_session_init()
 * @token: must stay valid until the handshake is done; tells a peer of this
 *	kernel who we are, or NULL
 * @max_cmd: limit of a handshake command, 0 for ZMQ_HANDSHAKE_CMD_MAX, which
 *	is the largest allowed
 * @mech: security mechanism, NULL for zmq_mech_null
 */
struct zmq_session_conf {
	u8				type;
	u8				routing_id_len;
	const u8			*routing_id;
	const u8			*token;
	u32				max_cmd;
	const struct zmq_mech_ops	*mech;
};

/**
 * enum zmq_framing - how frames look on a stream
 * @ZMQ_FRAMING_V2: as wire.h has it, ZMTP 2.0 and above
 * @ZMQ_FRAMING_V1: as wire_v1.h has it
 * @ZMQ_FRAMING_RAW: there are none; never the result of a handshake
 */
enum zmq_framing {
	ZMQ_FRAMING_V2,
	ZMQ_FRAMING_V1,
	ZMQ_FRAMING_RAW,
};

/**
 * enum zmq_session_state - how far the handshake is
 * @ZMQ_SESSION_GREETING: the peer's greeting is not complete
 * @ZMQ_SESSION_IDENTITY: the identity frame of a ZMTP 1.0 or 2.0 peer
 * @ZMQ_SESSION_HANDSHAKE: commands of the mechanism
 * @ZMQ_SESSION_DONE: messages may be sent and received
 * @ZMQ_SESSION_FAILED: the connection must be closed
 */
enum zmq_session_state {
	ZMQ_SESSION_GREETING,
	ZMQ_SESSION_IDENTITY,
	ZMQ_SESSION_HANDSHAKE,
	ZMQ_SESSION_DONE,
	ZMQ_SESSION_FAILED,
};

/**
 * struct zmq_handshake - what is needed only until the handshake is done
 * @conf: our side
 * @fill: bytes collected of the greeting, of a header or of a body
 * @body_len: body of the current command, when its header is complete
 * @in_body: the current command's header is complete
 * @has_token: the peer has told its token
 * @hdr: header of the current command or identity frame
 * @own_id: our routing id: its length goes out before it does
 * @peer_id: the peer's routing id
 * @peer_token: the peer's token
 * @reason: text of the peer's ERROR, made printable
 * @greeting: the peer's greeting
 * @body: body of the current command if it came in pieces
 */
struct zmq_handshake {
	struct zmq_session_conf	conf;
	u32			fill;
	u32			body_len;
	bool			in_body;
	bool			has_token;
	u8			hdr[ZMQ_HDR_ROOM];
	u8			own_id[ZMQ_ROUTING_ID_MAX];
	u8			peer_id[ZMQ_ROUTING_ID_MAX];
	u8			peer_token[ZMQ_TOKEN_LEN];
	char			reason[256];
	union {
		u8		greeting[ZMQ_GREETING_LEN];
		u8		body[ZMQ_HANDSHAKE_CMD_MAX];
	};
};

/**
 * struct zmq_session - a connection's handshake and its result
 * @hs: the caller's memory; the caller frees it, and sets this to NULL, when
 *	it is done with @peer_id and @error_reason
 * @mech: the mechanism
 * @peer_id: routing id of the peer, in @hs
 * @error_reason: why it failed, NUL-terminated, printable; NULL if it did not
 * @error: the negative errno with which it failed
 * @state: an enum zmq_session_state
 * @major: 1, 2 or 3, once the peer has shown it; messages take the place of
 *	commands below 3
 * @minor: 1 for a ZMTP 3.1 peer and above, else 0
 * @framing: an enum zmq_framing
 * @takes_all: the peer never sends subscriptions: it filters what it receives
 * @peer_type: the peer's socket type or ZMQ_PEER_TYPE_UNKNOWN
 * @peer_id_len: bytes of @peer_id
 */
struct zmq_session {
	struct zmq_handshake		*hs;
	const struct zmq_mech_ops	*mech;
	const u8			*peer_id;
	const char			*error_reason;
	int				error;
	u8				state;
	u8				major;
	u8				minor;
	u8				framing;
	bool				takes_all;
	u8				peer_type;
	u8				peer_id_len;
};

/**
 * zmq_session_init() - prepare a handshake
 * @s: the session
 * @hs: memory for the handshake, any content, owned by the caller
 * @conf: our side, copied
 *
 * Context: Any, the caller locks; so for all functions here.
 */
void zmq_session_init(struct zmq_session *s, struct zmq_handshake *hs,
		      const struct zmq_session_conf *conf);

/**
 * zmq_session_start() - what to send first, at once
 * @s: the session
 * @out: where it goes
 * @outsize: bytes of @out, at least ZMQ_SIGNATURE_LEN
 *
 * The rest of the greeting depends on the peer's version, so that a peer of any
 * version can be answered.
 *
 * Return: bytes to send, or -ENOBUFS.
 */
int zmq_session_start(struct zmq_session *s, u8 *out, size_t outsize);

/**
 * zmq_session_input() - take bytes of the peer
 * @s: the session
 * @p: bytes received
 * @n: bytes of @p
 * @out: what to send in answer
 * @outsize: bytes of @out; ZMQ_SESSION_OUT_MAX is always enough
 * @outlen: bytes to send, also if the call fails
 *
 * Never consumes a byte after the command, or the identity frame, that ends the
 * handshake.
 *
 * Return: bytes consumed; -EPROTO malformed, unexpected or not ZMTP;
 * -EPROTONOSUPPORT another mechanism, or one where ZMTP 1.0 and 2.0 have none;
 * -EPROTOTYPE the socket types do not go together; -ECONNREFUSED the peer sent ERROR; -EMSGSIZE a
 * command above the limit; -ENOBUFS. The session has failed then.
 */
ssize_t zmq_session_input(struct zmq_session *s, const u8 *p, size_t n,
			  u8 *out, size_t outsize, size_t *outlen);

/**
 * zmq_session_done() - whether READY, or the identity, was sent and received
 * @s: the session
 *
 * Until then no message and no subscription may be sent: libzmq takes it for a
 * handshake command and closes the connection for good.
 *
 * Return: true if so.
 */
static inline bool zmq_session_done(const struct zmq_session *s)
{
	return s->state == ZMQ_SESSION_DONE;
}

/**
 * zmq_session_types_match() - whether two socket types may be connected
 * @a: a socket type
 * @b: a socket type
 *
 * Return: true if so.
 */
bool zmq_session_types_match(u8 a, u8 b);

/**
 * zmq_session_type_name() - a socket type as it stands in READY
 * @type: a socket type
 *
 * Return: the name, or NULL if the type has none.
 */
const char *zmq_session_type_name(u8 type);

#endif /* _ZMQ_SESSION_H */
