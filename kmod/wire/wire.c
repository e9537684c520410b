// SPDX-License-Identifier: GPL-2.0-only
#include <linux/errno.h>
#include <linux/kernel.h>
#include <linux/string.h>
#include <linux/types.h>

#include "base/compat.h"
#include "wire.h"

static bool zmq_flags_valid(u8 flags)
{
	return (flags & (ZMTP_COMMAND | ZMTP_MORE)) !=
	       (ZMTP_COMMAND | ZMTP_MORE);
}

int zmq_hdr_get(const u8 *p, size_t n, struct zmq_hdr *h)
{
	if (!n)
		return 0;
	if (!zmq_flags_valid(p[0]))
		return -EPROTO;
	if (p[0] & ZMTP_LONG) {
		if (n < ZMQ_HDR_MAX)
			return 0;
		h->len = get_unaligned_be64(p + 1);
		if (h->len >> 63)
			return -EPROTO;
		h->size = ZMQ_HDR_MAX;
	} else {
		if (n < ZMQ_HDR_SHORT)
			return 0;
		h->len = p[1];
		h->size = ZMQ_HDR_SHORT;
	}
	h->flags = p[0] & (ZMTP_MORE | ZMTP_COMMAND);
	return h->size;
}

void zmq_scan_init(struct zmq_scan *s, u64 max_frame, u32 max_cmd)
{
	memset(s, 0, sizeof(*s));
	s->max_frame = max_frame;
	s->max_cmd = max_cmd;
	zmq_scan_limit_msgs(s, U64_MAX, U32_MAX);
}

void zmq_scan_limit_msgs(struct zmq_scan *s, u64 bytes, u32 frames)
{
	s->max_msg = bytes;
	s->max_frames = frames;
	zmq_scan_msg_end(s);
}

void zmq_scan_buffer(struct zmq_scan *s, u8 *buf, u32 size)
{
	if (s->cmd_fill && buf != s->cmd)
		memcpy(buf, s->cmd, s->cmd_fill);
	s->cmd = buf;
	s->cmd_size = size;
}

/*
 * Complete a header in s->hdr that began in this span or an earlier one.
 * Sets *used to the bytes taken from @p. Returns 1 with the header in @h, 0
 * when the span ended first, or an error.
 */
static int zmq_scan_hdr(struct zmq_scan *s, const u8 *p, size_t n,
			struct zmq_hdr *h, size_t *used)
{
	size_t need, take;
	int ret;

	*used = 0;
	if (!s->hdr_fill) {
		if (!n)
			return 0;
		s->hdr[s->hdr_fill++] = p[(*used)++];
	}
	need = s->hdr[0] & ZMTP_LONG ? ZMQ_HDR_MAX : ZMQ_HDR_SHORT;
	take = min_t(size_t, need - s->hdr_fill, n - *used);
	memcpy(s->hdr + s->hdr_fill, p + *used, take);
	s->hdr_fill += take;
	*used += take;
	ret = zmq_hdr_get(s->hdr, s->hdr_fill, h);
	if (ret > 0)
		s->hdr_fill = 0;
	return ret > 0 ? 1 : ret;
}

/*
 * The body of a command goes on at @p. It is copied only if the span does not
 * hold all of it. Returns the bytes consumed.
 */
static size_t zmq_scan_cmd_body(struct zmq_scan *s, const u8 *p, size_t n,
				struct zmq_scan_result *r)
{
	size_t take = min_t(u64, n, s->body_left);

	r->cmd_len = s->cmd_fill + s->body_left;
	r->cmd = p;
	if (s->cmd_fill || take < s->body_left) {
		if (!take)
			return 0;
		if (r->cmd_len > s->cmd_size) {
			r->event = ZMQ_SCAN_CMD_BUFFER;
			return 0;
		}
		memcpy(s->cmd + s->cmd_fill, p, take);
		s->cmd_fill += take;
		s->body_left -= take;
		if (s->body_left)
			return take;
		r->cmd = s->cmd;
	}
	s->body_left = 0;
	s->cmd_fill = 0;
	s->in_body = false;
	r->event = ZMQ_SCAN_COMMAND;
	return take;
}

/* The header of a message frame or, with @cmd, of a command, and the limits. */
static int zmq_scan_open_hdr(struct zmq_scan *s, const u8 *p, size_t n,
			     bool cmd, struct zmq_hdr *h, size_t *used)
{
	int ret = zmq_scan_hdr(s, p, n, h, used);

	if (ret <= 0)
		return ret;
	if (cmd ? h->len > s->max_cmd : !zmq_scan_frame_begin(s, h->len))
		return -EMSGSIZE;
	return ret;
}

/*
 * The header of a frame. Returns the bytes consumed; the body follows if
 * s->in_body.
 */
static size_t zmq_scan_open(struct zmq_scan *s, const u8 *p, size_t n,
			    bool cmd, struct zmq_scan_result *r)
{
	size_t used = 0;
	struct zmq_hdr h;
	int ret;

	ret = zmq_scan_open_hdr(s, p, n, cmd, &h, &used);
	if (ret < 0) {
		zmq_scan_fail(s, ret, r);
		return 0;
	}
	if (ret) {
		s->flags = h.flags;
		s->body_left = h.len;
		s->in_body = true;
	}
	return used;
}

static size_t zmq_scan_cmd(struct zmq_scan *s, const u8 *p, size_t n,
			   struct zmq_scan_result *r)
{
	size_t used = 0;

	if (!s->in_body)
		used = zmq_scan_open(s, p, n, true, r);
	if (!s->in_body)
		return used;
	return used + zmq_scan_cmd_body(s, p + used, n - used, r);
}

/*
 * Finish what an earlier span began: a header in s->hdr, then a body. Returns
 * the bytes consumed; everything is finished unless that is all of @n.
 */
static size_t zmq_scan_resume(struct zmq_scan *s, const u8 *p, size_t n,
			      struct zmq_scan_result *r)
{
	size_t used = 0, take;

	if (!s->in_body)
		used = zmq_scan_open(s, p, n, false, r);
	if (!s->in_body)
		return used;
	take = min_t(u64, n - used, s->body_left);
	s->body_left -= take;
	used += take;
	if (!s->body_left)
		zmq_scan_frame_end(s, used, r);
	return used;
}

/*
 * The hot loop: whole frames from a frame boundary at @p, at most @max_msgs
 * messages. Stops at the first command, at what is not whole in the span, and
 * at a bad header. Returns where it stopped.
 */
static const u8 *zmq_scan_frames(struct zmq_scan *s, const u8 *start,
				 const u8 *p, const u8 *end, u32 max_msgs,
				 struct zmq_scan_result *r)
{
	const u64 first_max = min(s->max_frame, s->max_msg);
	u64 left = s->msg_left, max = min(s->max_frame, left);
	u32 frames = 0, msgs = 0, frames_left = s->frames_left;
	const u8 *msg_begin = start + r->msg_begin;
	const u8 *msg_end = start + r->msg_end;
	u8 flags = s->in_message, before;

	while (end - p >= ZMQ_HDR_SHORT && msgs < max_msgs && frames_left) {
		const u8 *body = p + ZMQ_HDR_SHORT;
		u64 len = p[1];

		if (unlikely(p[0] & (ZMTP_LONG | ZMTP_COMMAND))) {
			if (p[0] & ZMTP_COMMAND || end - p < ZMQ_HDR_MAX)
				break;
			body = p + ZMQ_HDR_MAX;
			len = get_unaligned_be64(p + 1);
		}
		/* a length with the top bit set is caught by the slow path */
		if (len > (u64)(end - body) || len > max)
			break;
		before = flags;
		flags = p[0] & ZMTP_MORE;
		p = body + len;
		frames++;
		if (flags) {
			left -= len;
			max = min(s->max_frame, left);
			frames_left--;
			continue;
		}
		msgs++;
		msg_begin = msg_end;
		msg_end = p;
		if (before) {
			left = s->max_msg;
			max = first_max;
			frames_left = s->max_frames;
		}
	}
	s->in_message = flags;
	s->msg_left = left;
	s->frames_left = frames_left;
	r->frames += frames;
	r->msgs += msgs;
	r->msg_begin = msg_begin - start;
	r->msg_end = msg_end - start;
	return p;
}

/* The flags of the frame that the next byte belongs to. */
static u8 zmq_scan_flags(const struct zmq_scan *s, const u8 *p, size_t n)
{
	if (s->in_body)
		return s->flags;
	if (s->hdr_fill)
		return s->hdr[0];
	return n ? *p : 0;
}

size_t zmq_scan(struct zmq_scan *s, const u8 *p, size_t n, u32 max_msgs,
		struct zmq_scan_result *r)
{
	const u8 *end = p + n, *at = p;

	memset(r, 0, sizeof(*r));
	r->event = ZMQ_SCAN_NEED_MORE;
	if (unlikely(s->error)) {
		zmq_scan_fail(s, s->error, r);
		return 0;
	}
	if (zmq_scan_flags(s, p, n) & ZMTP_COMMAND)
		return zmq_scan_cmd(s, p, n, r);
	if (!max_msgs) {
		r->event = ZMQ_SCAN_FRAME_LIMIT;
		return 0;
	}
	if (s->in_body || s->hdr_fill)
		at += zmq_scan_resume(s, p, n, r);
	if (!s->in_body && !s->hdr_fill && !s->error) {
		at = zmq_scan_frames(s, p, at, end, max_msgs - r->msgs, r);
		if (r->msgs < max_msgs && at < end && !(*at & ZMTP_COMMAND))
			at += zmq_scan_resume(s, at, end - at, r);
	}
	r->data_len = at - p;
	if (r->msgs == max_msgs)
		r->event = ZMQ_SCAN_FRAME_LIMIT;
	return r->data_len;
}

static const struct {
	const char		*name;
	enum zmq_cmd_type	type;
} zmq_cmd_names[] = {
	{ "READY", ZMQ_CMD_READY },
	{ "ERROR", ZMQ_CMD_ERROR },
	{ "SUBSCRIBE", ZMQ_CMD_SUBSCRIBE },
	{ "CANCEL", ZMQ_CMD_CANCEL },
	{ "PING", ZMQ_CMD_PING },
	{ "PONG", ZMQ_CMD_PONG },
	{ "JOIN", ZMQ_CMD_JOIN },
	{ "LEAVE", ZMQ_CMD_LEAVE },
};

int zmq_cmd_parse(const u8 *body, size_t n, struct zmq_cmd *cmd)
{
	size_t i;

	memset(cmd, 0, sizeof(*cmd));
	if (!n || body[0] > n - 1)
		return -EPROTO;
	cmd->name = body + 1;
	cmd->name_len = body[0];
	cmd->data = cmd->name + cmd->name_len;
	cmd->len = n - 1 - cmd->name_len;
	for (i = 0; i < ARRAY_SIZE(zmq_cmd_names); i++) {
		if (strlen(zmq_cmd_names[i].name) == cmd->name_len &&
		    !memcmp(zmq_cmd_names[i].name, cmd->name, cmd->name_len))
			cmd->type = zmq_cmd_names[i].type;
	}
	if (cmd->type == ZMQ_CMD_PING) {
		if (cmd->len < 2)
			return -EPROTO;
		cmd->ttl = get_unaligned_be16(cmd->data);
		cmd->data += 2;
		cmd->len = min_t(size_t, cmd->len - 2, ZMQ_PING_CTX_MAX);
	}
	return 0;
}

int zmq_cmd_error_reason(const struct zmq_cmd *cmd, const u8 **reason)
{
	if (!cmd->len || cmd->data[0] > cmd->len - 1)
		return -EPROTO;
	*reason = cmd->data + 1;
	return cmd->data[0];
}

/* Header and name of a command with @extra more bytes of body. */
static size_t zmq_cmd_put(u8 *to, const char *name, size_t extra)
{
	size_t n = strlen(name);
	size_t off = zmq_hdr_put(to, 1 + n + extra, ZMTP_COMMAND);

	to[off++] = n;
	memcpy(to + off, name, n);
	return off + n;
}

size_t zmq_cmd_put_ping(u8 *to, u16 ttl, const u8 *ctx, size_t n)
{
	size_t off;

	n = min_t(size_t, n, ZMQ_PING_CTX_MAX);
	off = zmq_cmd_put(to, "PING", 2 + n);
	put_unaligned_be16(ttl, to + off);
	off += 2;
	if (n)
		memcpy(to + off, ctx, n);
	return off + n;
}

size_t zmq_cmd_put_pong(u8 *to, const u8 *ctx, size_t n)
{
	size_t off;

	n = min_t(size_t, n, ZMQ_PING_CTX_MAX);
	off = zmq_cmd_put(to, "PONG", n);
	if (n)
		memcpy(to + off, ctx, n);
	return off + n;
}

size_t zmq_cmd_put_sub(u8 *to, bool subscribe, size_t topic_len)
{
	return zmq_cmd_put(to, subscribe ? "SUBSCRIBE" : "CANCEL", topic_len);
}

size_t zmq_msg_put_sub(u8 *to, bool subscribe, size_t topic_len)
{
	size_t off = zmq_hdr_put(to, (u64)topic_len + 1, 0);

	to[off++] = subscribe;
	return off;
}
