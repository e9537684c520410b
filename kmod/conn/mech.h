/* SPDX-License-Identifier: GPL-2.0-only */
/* What a security mechanism does in a handshake. */
#ifndef _ZMQ_MECH_H
#define _ZMQ_MECH_H

#include <linux/types.h>

#define ZMQ_MECH_NAME_LEN	20	/* bytes in the greeting, zero-padded */

struct zmq_session;
struct zmq_cmd;

/**
 * struct zmq_mech_ops - a mechanism; one file each, mech_*.c
 * @name: as it stands in the greeting
 * @start: the peer's greeting is complete. Writes the frames to send, if any,
 *	to @out and returns their length, or a negative errno (see
 *	zmq_session_fail()).
 * @command: a handshake command came. Writes and returns like @start; calls
 *	zmq_session_complete() if it was the last one.
 */
struct zmq_mech_ops {
	const char	*name;
	int		(*start)(struct zmq_session *s, u8 *out, size_t outsize);
	int		(*command)(struct zmq_session *s,
				   const struct zmq_cmd *cmd,
				   u8 *out, size_t outsize);
};

/**
 * zmq_session_fail() - note why a handshake fails
 * @s: the session
 * @error: negative errno
 * @reason: a string that stays valid, at least as long as &zmq_session.hs
 *
 * Return: @error.
 */
int zmq_session_fail(struct zmq_session *s, int error, const char *reason);

/**
 * zmq_session_complete() - the peer has sent its last handshake command, and
 *	ours is sent or about to be returned
 * @s: the session
 */
void zmq_session_complete(struct zmq_session *s);

/**
 * zmq_session_put_props() - write our property list
 * @s: the session
 * @out: where it goes
 * @outsize: bytes of @out
 *
 * Return: bytes written, or -ENOBUFS.
 */
int zmq_session_put_props(const struct zmq_session *s, u8 *out, size_t outsize);

/**
 * zmq_session_take_props() - check and keep the peer's property list
 * @s: the session
 * @list: the list
 * @n: bytes of @list
 *
 * Return: 0, -EPROTO or -EPROTOTYPE, noted with zmq_session_fail().
 */
int zmq_session_take_props(struct zmq_session *s, const u8 *list, size_t n);

#endif /* _ZMQ_MECH_H */
