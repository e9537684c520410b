/* SPDX-License-Identifier: GPL-2.0-only */
/* ZMTP 3.x framing: frame headers, the receive scanner, commands. */
#ifndef _ZMQ_WIRE_H
#define _ZMQ_WIRE_H

#include <linux/types.h>
#include "base/hdr.h"

#define ZMQ_GREETING_LEN	64
#define ZMQ_SIGNATURE_LEN	10	/* of the greeting, sent before the rest */
#define ZMQ_HDR_ROOM		10	/* for a header of any version, see wire_v1.h */
#define ZMQ_PING_CTX_MAX	16	/* bytes of a PING's context */

/* Room that the zmq_*_put_* functions below may need. */
#define ZMQ_CMD_SUB_MAX		(ZMQ_HDR_MAX + 1 + 9)	/* name SUBSCRIBE */
#define ZMQ_MSG_SUB_MAX		(ZMQ_HDR_MAX + 1)
#define ZMQ_CMD_PING_MAX	(2 + 1 + 4 + 2 + ZMQ_PING_CTX_MAX)
#define ZMQ_CMD_PONG_MAX	(2 + 1 + 4 + ZMQ_PING_CTX_MAX)

/**
 * struct zmq_hdr - a decoded frame header
 * @len: bytes of body that follow
 * @flags: ZMTP_MORE and ZMTP_COMMAND as received; nothing else
 * @size: bytes of the header itself, 2 or 9
 */
struct zmq_hdr {
	u64	len;
	u8	flags;
	u8	size;
};

/**
 * zmq_hdr_get() - decode a frame header
 * @p: the header's first byte
 * @n: bytes at @p
 * @h: the result, valid when the return value is positive
 *
 * Return: bytes of the header, 0 when more bytes are needed, -EPROTO for a
 * length with the top bit set and for a command with MORE.
 */
int zmq_hdr_get(const u8 *p, size_t n, struct zmq_hdr *h);

/**
 * enum zmq_scan_event - why zmq_scan() returned
 * @ZMQ_SCAN_NEED_MORE: nothing to do but go on: the span is used up, or, with
 *	fewer bytes consumed than given, a command begins at the next byte
 * @ZMQ_SCAN_COMMAND: a whole command is in &zmq_scan_result.cmd
 * @ZMQ_SCAN_CMD_BUFFER: a command that is not whole in the span is larger
 *	than the buffer; call zmq_scan_buffer() with room for
 *	&zmq_scan_result.cmd_len bytes, then go on. Never happens when
 *	&zmq_scan.cmd_size is at least &zmq_scan.max_cmd.
 * @ZMQ_SCAN_FRAME_LIMIT: as many messages as asked for are complete
 * @ZMQ_SCAN_ERROR: see &zmq_scan_result.error; every later call says the same
 */
enum zmq_scan_event {
	ZMQ_SCAN_NEED_MORE,
	ZMQ_SCAN_COMMAND,
	ZMQ_SCAN_CMD_BUFFER,
	ZMQ_SCAN_FRAME_LIMIT,
	ZMQ_SCAN_ERROR,
};

/**
 * struct zmq_scan - where in the frame stream a receiver is
 * @body_left: bytes missing of the current frame's body
 * @max_frame: a longer message frame is -EMSGSIZE; U64_MAX for no limit
 * @max_msg: so is a message whose frames' bodies are more bytes together
 * @msg_left: bytes that the message under way may still announce
 * @max_frames: so is a message of more frames
 * @frames_left: frames that the message under way may still have
 * @cmd: the caller's buffer in which split commands are put together
 * @cmd_size: bytes of @cmd
 * @cmd_fill: bytes of the current command in @cmd
 * @max_cmd: a longer command is -EMSGSIZE
 * @error: negative errno once the stream is broken
 * @flags: first byte of the current frame while @body_left or @in_body
 * @in_body: the current frame's header is complete, its body is not
 * @in_message: the last complete message frame had MORE
 * @hdr_fill: bytes in @hdr
 * @hdr: a header that was split over spans
 */
struct zmq_scan {
	u64	body_left;
	u64	max_frame;
	u64	max_msg;
	u64	msg_left;
	u32	max_frames;
	u32	frames_left;
	u8	*cmd;
	u32	cmd_size;
	u32	cmd_fill;
	u32	max_cmd;
	int	error;
	u8	flags;
	bool	in_body;
	bool	in_message;
	u8	hdr_fill;
	u8	hdr[ZMQ_HDR_ROOM];
};

/**
 * struct zmq_scan_result - what zmq_scan() found in a span
 * @data_len: that many bytes from the span's start are headers and bodies of
 *	message frames. Whatever else was consumed belongs to a command, and
 *	then @data_len is 0.
 * @msg_begin: offset at which the last message completed begins, 0 if before the
 *	span
 * @msg_end: offset just behind it, 0 for none
 * @frames: message frames completed in the span
 * @msgs: messages completed in the span (frames without MORE)
 * @cmd: body of the command; in the span or in the caller's buffer
 * @cmd_len: bytes of @cmd
 * @event: why the scan stopped
 * @error: negative errno with ZMQ_SCAN_ERROR, else 0: -EPROTO malformed,
 *	-EMSGSIZE a message, a frame of one or a command above its limit
 */
struct zmq_scan_result {
	size_t			data_len;
	size_t			msg_begin;
	size_t			msg_end;
	u32			frames;
	u32			msgs;
	const u8		*cmd;
	u32			cmd_len;
	enum zmq_scan_event	event;
	int			error;
};

/**
 * zmq_scan_init() - start at the first byte after the handshake
 * @s: the scanner
 * @max_frame: limit of a message frame's body, U64_MAX for none
 * @max_cmd: limit of a command's body
 */
void zmq_scan_init(struct zmq_scan *s, u64 max_frame, u32 max_cmd);

/**
 * zmq_scan_limit_msgs() - bound messages, all their frames together
 * @s: the scanner, behind zmq_scan_init(), which sets no such bounds
 * @bytes: limit of the bodies' bytes
 * @frames: limit of frames
 *
 * A message is refused at the header that announces too much.
 */
void zmq_scan_limit_msgs(struct zmq_scan *s, u64 bytes, u32 frames);

/**
 * zmq_scan_frame_begin() - count a message frame whose header is complete
 * @s: the scanner
 * @len: bytes of body that the header announces
 *
 * Return: true if the limits allow it.
 */
static inline bool zmq_scan_frame_begin(struct zmq_scan *s, u64 len)
{
	if (len > s->max_frame || len > s->msg_left || !s->frames_left)
		return false;
	s->msg_left -= len;
	s->frames_left--;
	return true;
}

/**
 * zmq_scan_msg_end() - the last frame of a message is complete
 * @s: the scanner
 */
static inline void zmq_scan_msg_end(struct zmq_scan *s)
{
	s->msg_left = s->max_msg;
	s->frames_left = s->max_frames;
}

/**
 * zmq_scan_frame_end() - the last byte of a message frame has been seen
 * @s: the scanner
 * @at: where the frame ends in what is handed on
 * @r: what is found in this span
 */
static inline void zmq_scan_frame_end(struct zmq_scan *s, size_t at,
				      struct zmq_scan_result *r)
{
	s->in_body = false;
	s->in_message = s->flags & ZMTP_MORE;
	r->frames++;
	if (!s->in_message) {
		zmq_scan_msg_end(s);
		r->msgs++;
		r->msg_begin = r->msg_end;
		r->msg_end = at;
	}
}

/**
 * zmq_scan_fail() - what was received is no frame
 * @s: the scanner, which takes nothing more
 * @error: why
 * @r: the result
 */
static inline void zmq_scan_fail(struct zmq_scan *s, int error,
				 struct zmq_scan_result *r)
{
	s->error = error;
	r->error = error;
	r->event = ZMQ_SCAN_ERROR;
}

/**
 * zmq_scan_buffer() - give or replace the buffer for split commands
 * @s: the scanner
 * @buf: the buffer, owned by the caller
 * @size: bytes of @buf
 *
 * May be called before the first scan, after ZMQ_SCAN_CMD_BUFFER, and after
 * a ZMQ_SCAN_COMMAND has been dealt with (then @buf may be NULL).
 */
void zmq_scan_buffer(struct zmq_scan *s, u8 *buf, u32 size);

/**
 * zmq_scan() - find the frames in a contiguous span of the stream
 * @s: the scanner
 * @p: the span
 * @n: bytes of @p
 * @max_msgs: stop when this many messages are complete; with 0 only commands
 *	are consumed
 * @r: the result
 *
 * A call consumes message frames or one command, never both: message bytes
 * are a prefix of the span up to the next command. Call again with the rest
 * while there is one and the event is not an error or a limit. A header cut
 * off by the end of the span counts as message bytes (&data_len) at once.
 *
 * With ZMQ_SCAN_ERROR the bytes before the offending header are consumed and
 * counted.
 *
 * Context: Any, the caller locks.
 * Return: bytes consumed.
 */
size_t zmq_scan(struct zmq_scan *s, const u8 *p, size_t n, u32 max_msgs,
		struct zmq_scan_result *r);

/**
 * zmq_scan_at_boundary() - whether the stream may end here
 * @s: the scanner
 *
 * Return: true when no message and no command has begun without being
 * complete.
 */
static inline bool zmq_scan_at_boundary(const struct zmq_scan *s)
{
	return !s->in_body && !s->in_message && !s->hdr_fill;
}

/**
 * enum zmq_cmd_type - commands by name
 * @ZMQ_CMD_UNKNOWN: well-formed, any other name
 * @ZMQ_CMD_READY: handshake, properties follow
 * @ZMQ_CMD_ERROR: handshake refused, see zmq_cmd_error_reason()
 * @ZMQ_CMD_SUBSCRIBE: a topic follows
 * @ZMQ_CMD_CANCEL: a topic follows
 * @ZMQ_CMD_PING: a context to echo follows
 * @ZMQ_CMD_PONG: the context follows
 * @ZMQ_CMD_JOIN: a group follows
 * @ZMQ_CMD_LEAVE: a group follows
 */
enum zmq_cmd_type {
	ZMQ_CMD_UNKNOWN,
	ZMQ_CMD_READY,
	ZMQ_CMD_ERROR,
	ZMQ_CMD_SUBSCRIBE,
	ZMQ_CMD_CANCEL,
	ZMQ_CMD_PING,
	ZMQ_CMD_PONG,
	ZMQ_CMD_JOIN,
	ZMQ_CMD_LEAVE,
};

/**
 * struct zmq_cmd - a parsed command
 * @type: which command
 * @name_len: bytes of @name
 * @ttl: PING only, in tenths of a second, 0 none
 * @name: the name as received
 * @data: what follows the name (PING: and the ttl)
 * @len: bytes of @data (PING: at most ZMQ_PING_CTX_MAX)
 */
struct zmq_cmd {
	enum zmq_cmd_type	type;
	u8			name_len;
	u16			ttl;
	const u8		*name;
	const u8		*data;
	size_t			len;
};

/**
 * zmq_cmd_parse() - take a command's body apart
 * @body: the body of a command frame
 * @n: bytes of @body
 * @cmd: the result; points into @body
 *
 * Return: 0, or -EPROTO when the name does not fit or a PING has no ttl.
 */
int zmq_cmd_parse(const u8 *body, size_t n, struct zmq_cmd *cmd);

/**
 * zmq_cmd_error_reason() - the text of an ERROR command
 * @cmd: a command of type ZMQ_CMD_ERROR
 * @reason: the text, not NUL-terminated, any bytes
 *
 * Return: bytes of @reason, or -EPROTO.
 */
int zmq_cmd_error_reason(const struct zmq_cmd *cmd, const u8 **reason);

/**
 * zmq_cmd_put_ping() - a whole PING frame
 * @to: room for ZMQ_CMD_PING_MAX bytes
 * @ttl: tenths of a second, 0 none
 * @ctx: context for the peer to echo, may be NULL when @n is 0
 * @n: bytes of @ctx; what exceeds ZMQ_PING_CTX_MAX is cut off
 *
 * Return: bytes written.
 */
size_t zmq_cmd_put_ping(u8 *to, u16 ttl, const u8 *ctx, size_t n);

/**
 * zmq_cmd_put_pong() - a whole PONG frame
 * @to: room for ZMQ_CMD_PONG_MAX bytes
 * @ctx: the PING's context, may be NULL when @n is 0
 * @n: bytes of @ctx; what exceeds ZMQ_PING_CTX_MAX is cut off
 *
 * Return: bytes written.
 */
size_t zmq_cmd_put_pong(u8 *to, const u8 *ctx, size_t n);

/**
 * zmq_cmd_put_sub() - the start of a SUBSCRIBE or CANCEL command (ZMTP 3.1)
 * @to: room for ZMQ_CMD_SUB_MAX bytes
 * @subscribe: SUBSCRIBE, else CANCEL
 * @topic_len: bytes of the topic, which the caller appends
 *
 * Return: bytes written, all that comes before the topic.
 */
size_t zmq_cmd_put_sub(u8 *to, bool subscribe, size_t topic_len);

/**
 * zmq_msg_put_sub() - the start of a (un)subscription as message (ZMTP 3.0)
 * @to: room for ZMQ_MSG_SUB_MAX bytes
 * @subscribe: subscribe, else cancel
 * @topic_len: bytes of the topic, which the caller appends
 *
 * Return: bytes written, all that comes before the topic.
 */
size_t zmq_msg_put_sub(u8 *to, bool subscribe, size_t topic_len);

#endif /* _ZMQ_WIRE_H */
