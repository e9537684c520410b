// SPDX-License-Identifier: GPL-2.0-only
/* The scanner finds what the model finds, whatever the pieces and how much it may take. */
#include "fuzz/model.h"

#include <errno.h>
#include "wire/wire.h"

static struct model model;

/**
 * struct reader - a scanner and what it has found
 * @scan: the scanner
 * @buf: where it puts commands together
 * @frames: message frames
 * @msgs: messages
 */
struct reader {
	struct zmq_scan	scan;
	u8		*buf;
	size_t		frames;
	size_t		msgs;
};

/* What is made of parts of a command is a command again, of the same parts. */
static void remake(const struct zmq_cmd *cmd)
{
	static u8 frame[FUZZ_MAX + ZMQ_HDR_MAX + 16];
	struct zmq_hdr hdr;
	struct zmq_cmd back;
	size_t n;

	switch (cmd->type) {
	case ZMQ_CMD_PING:
		n = zmq_cmd_put_ping(frame, cmd->ttl, cmd->data, cmd->len);
		CHECK(n <= ZMQ_CMD_PING_MAX);
		break;
	case ZMQ_CMD_PONG:
		n = zmq_cmd_put_pong(frame, cmd->data, cmd->len);
		CHECK(n <= ZMQ_CMD_PONG_MAX);
		break;
	case ZMQ_CMD_SUBSCRIBE:
	case ZMQ_CMD_CANCEL:
		n = zmq_cmd_put_sub(frame, cmd->type == ZMQ_CMD_SUBSCRIBE, cmd->len);
		CHECK(n <= ZMQ_CMD_SUB_MAX);
		memcpy(frame + n, cmd->data, cmd->len);
		n += cmd->len;
		break;
	default:
		return;
	}
	CHECK(zmq_hdr_get(frame, n, &hdr) > 0);
	CHECK_EQ(hdr.flags, ZMTP_COMMAND);
	CHECK_EQ(hdr.size + hdr.len, n);
	CHECK_EQ(zmq_cmd_parse(frame + hdr.size, hdr.len, &back), 0);
	CHECK_EQ(back.type, cmd->type);
	CHECK_EQ(back.ttl, cmd->ttl);
	CHECK_EQ(back.len, cmd->type == ZMQ_CMD_PONG ?
		 min_t(size_t, cmd->len, ZMQ_PING_CTX_MAX) : cmd->len);
	CHECK(!memcmp(back.data, cmd->data, back.len));
}

static void check_command(const u8 *body, size_t n)
{
	static const char * const names[] = {
		[ZMQ_CMD_READY] = "READY", [ZMQ_CMD_ERROR] = "ERROR",
		[ZMQ_CMD_SUBSCRIBE] = "SUBSCRIBE", [ZMQ_CMD_CANCEL] = "CANCEL",
		[ZMQ_CMD_PING] = "PING", [ZMQ_CMD_PONG] = "PONG",
		[ZMQ_CMD_JOIN] = "JOIN", [ZMQ_CMD_LEAVE] = "LEAVE",
	};
	enum zmq_cmd_type type = ZMQ_CMD_UNKNOWN;
	const u8 *data = body + 1 + (n ? *body : 0), *reason;
	struct zmq_cmd cmd;
	unsigned int i;
	bool good;
	int ret;

	good = n && *body < n;
	for (i = 1; good && i < ARRAY_SIZE(names); i++)
		if (strlen(names[i]) == *body && !memcmp(names[i], body + 1, *body))
			type = i;
	if (type == ZMQ_CMD_PING)
		good = body + n - data >= 2;
	ret = zmq_cmd_parse(body, n, &cmd);
	CHECK_EQ(ret, good ? 0 : -EPROTO);
	if (ret)
		return;
	CHECK_EQ(cmd.type, type);
	CHECK(cmd.name == body + 1 && cmd.name_len == *body);
	CHECK(cmd.data == data + (type == ZMQ_CMD_PING ? 2 : 0));
	CHECK(cmd.data + cmd.len == body + n ||
	      (type == ZMQ_CMD_PING && cmd.len == ZMQ_PING_CTX_MAX));
	if (type == ZMQ_CMD_ERROR) {
		ret = zmq_cmd_error_reason(&cmd, &reason);
		CHECK_EQ(ret, cmd.len && *data < cmd.len ? *data : -EPROTO);
		CHECK(ret < 0 || reason == data + 1);
	}
	remake(&cmd);
}

static void check_read(struct reader *r, const struct zmq_scan_result *found,
		       size_t from)
{
	r->frames += found->frames;
	r->msgs += found->msgs;
	CHECK_EQ(r->frames, model.frames);
	CHECK_EQ(r->msgs, model.msgs);
	if (!found->error)
		CHECK_EQ(zmq_scan_at_boundary(&r->scan), model_at_boundary(&model));
	if (!found->msgs)
		return;
	CHECK_EQ(from + found->msg_end, model.end);
	if (found->msg_begin)
		CHECK_EQ(from + found->msg_begin, model.begin);
	else
		CHECK(model.begin <= from);
}

static void grow(struct reader *r, u32 n)
{
	u8 *buf = malloc(n);

	CHECK(n > r->scan.cmd_size && buf);
	zmq_scan_buffer(&r->scan, buf, n);
	free(r->buf);
	r->buf = buf;
}

/* Return: bytes that the scanner took, or -1 if there is no use in going on. */
static ssize_t scan(struct reader *r, const u8 *p, size_t n, u32 max)
{
	size_t from = model.n, i, used;
	struct zmq_scan_result found;

	used = zmq_scan(&r->scan, p, n, max, &found);
	CHECK(used <= n && found.msgs <= max);
	CHECK(found.data_len == used || !found.data_len);
	for (i = 0; i < used; i++) {
		CHECK(model_read(&model, p[i]));
		CHECK(!model.cmd_end || i == used - 1);
	}
	CHECK_EQ(model.n - from, found.data_len);
	CHECK_EQ(used && model.cmd_end, found.event == ZMQ_SCAN_COMMAND);
	check_read(r, &found, from);
	switch (found.event) {
	case ZMQ_SCAN_COMMAND:
		CHECK_EQ(found.cmd_len, model.cmd_n);
		CHECK(!memcmp(found.cmd, model.cmd, model.cmd_n));
		check_command(found.cmd, found.cmd_len);
		break;
	case ZMQ_SCAN_CMD_BUFFER:
		grow(r, found.cmd_len);
		break;
	case ZMQ_SCAN_FRAME_LIMIT:
		CHECK_EQ(found.msgs, max);
		break;
	case ZMQ_SCAN_NEED_MORE:
		CHECK(used == n || p[used] & ZMTP_COMMAND);
		break;
	case ZMQ_SCAN_ERROR:
		for (i = used; i < n && model_read(&model, p[i]); i++)
			;
		CHECK_EQ(found.error, model.error);
		CHECK_EQ(zmq_scan(&r->scan, p, n, max, &found), 0);
		CHECK_EQ(found.error, model.error);
		return -1;
	}
	return used;
}

static bool scan_piece(struct reader *r, struct fuzz *f, const u8 *p, size_t n)
{
	static const u32 some[] = { 0, 1, 2, 5, U32_MAX };
	u32 max = U32_MAX;
	size_t done;
	ssize_t ret;

	for (done = 0; done < n; done += ret) {
		max = max ? some[fuzz_below(f, ARRAY_SIZE(some))] : U32_MAX;
		ret = scan(r, p + done, n - done, max);
		if (ret < 0)
			return false;
	}
	return true;
}

void fuzz_one(struct fuzz *f)
{
	struct reader r = {};
	bool more = true;
	size_t n;
	u8 *p;

	model_init(&model, false);
	model_limit(&model, fuzz_byte(f));
	zmq_scan_init(&r.scan, model.max_frame, model.max_cmd);
	zmq_scan_limit_msgs(&r.scan, model.max_msg, model.max_frames);
	fuzz_byte(f);
	while (more && f->n) {
		n = fuzz_piece(f);
		p = fuzz_take(f, n);
		more = scan_piece(&r, f, p, n);
		free(p);
	}
	free(r.buf);
}
