// SPDX-License-Identifier: GPL-2.0-only
#include "test.h"

#include <linux/errno.h>
#include "wire/wire.h"

#define MAX_CMD 300

/* What a receiver gathers from a stream, in whatever pieces it came. */
struct seen {
	u8	*data;		/* bytes of message frames */
	size_t	data_len;
	u8	*cmds;		/* bodies of commands: data_len before, len, body */
	size_t	cmds_len;
	u64	frames;
	u64	msgs;
	u64	last_msg;	/* data_len when the last message was complete */
	u64	last_begin;	/* and where it began */
	int	error;
};

/* Limits of a message. */
struct limits {
	u64	frame;
	u64	msg;
	u32	frames;
};

static const struct limits none = { U64_MAX, U64_MAX, U32_MAX };

static void seen_init(struct seen *s, size_t n)
{
	memset(s, 0, sizeof(*s));
	s->data = malloc(n + 1);
	s->cmds = malloc(32 * n + 32);
}

static void seen_free(struct seen *s)
{
	free(s->data);
	free(s->cmds);
}

static void seen_cmd(struct seen *s, const u8 *body, u64 len)
{
	u64 at = s->data_len;

	memcpy(s->cmds + s->cmds_len, &at, sizeof(at));
	memcpy(s->cmds + s->cmds_len + 8, &len, sizeof(len));
	memcpy(s->cmds + s->cmds_len + 16, body, len);
	s->cmds_len += 16 + len;
}

static bool seen_equal(const struct seen *a, const struct seen *b)
{
	return a->data_len == b->data_len &&
	       !memcmp(a->data, b->data, a->data_len) &&
	       a->cmds_len == b->cmds_len &&
	       !memcmp(a->cmds, b->cmds, a->cmds_len) &&
	       a->frames == b->frames && a->msgs == b->msgs &&
	       a->last_msg == b->last_msg && a->last_begin == b->last_begin &&
	       a->error == b->error;
}

/* Decode a stream that is there as a whole, byte by byte. */
static void naive(struct seen *s, const u8 *p, size_t n,
		  const struct limits *max)
{
	u64 len, msg = 0, frames = 0;
	size_t i = 0, k, hdr;
	bool cmd;

	while (i < n) {
		cmd = p[i] & 4;
		hdr = p[i] & 2 ? 9 : 2;
		if (cmd && p[i] & 1) {
			s->error = -EPROTO;
			return;
		}
		len = 0;
		for (k = 1; k < hdr && i + k < n; k++)
			len = len << 8 | p[i + k];
		if (k == hdr && len >> 63)
			s->error = -EPROTO;
		else if (k == hdr && (cmd ? len > MAX_CMD :
				      len > max->frame || len > max->msg - msg ||
				      frames == max->frames))
			s->error = -EMSGSIZE;
		if (s->error)
			return;
		if (cmd) {
			if (k < hdr || n - i - hdr < len)
				return;
			seen_cmd(s, p + i + hdr, len);
			i += hdr + len;
			continue;
		}
		for (k = 0; i < n && k < hdr + len; k++)
			s->data[s->data_len++] = p[i++];
		if (k < hdr + len || k < hdr)
			return;
		s->frames++;
		msg += len;
		frames++;
		if (!(s->data[s->data_len - k] & 1)) {
			s->msgs++;
			s->last_begin = s->last_msg;
			s->last_msg = s->data_len;
			msg = 0;
			frames = 0;
		}
	}
}

static u8 cmd_buf[MAX_CMD];

/* Give a span to the scanner until it is used up. */
static void feed(struct zmq_scan *sc, struct seen *s, const u8 *span, size_t n,
		 u32 max_msgs)
{
	struct zmq_scan_result r;
	size_t used;
	u8 *p, *copy;

	/* exactly as large as the span, for ASan */
	copy = malloc(n ?: 1);
	memcpy(copy, span, n);
	for (p = copy; !s->error;) {
		used = zmq_scan(sc, p, n, max_msgs, &r);
		CHECK(used <= n);
		CHECK(r.data_len == used || !r.data_len);
		CHECK(r.msgs <= max_msgs && r.msgs <= r.frames);
		CHECK(r.msg_end <= r.data_len && !r.msg_end == !r.msgs);
		CHECK((r.event == ZMQ_SCAN_FRAME_LIMIT) == (r.msgs == max_msgs));
		memcpy(s->data + s->data_len, p, r.data_len);
		if (r.msgs) {
			CHECK(r.msg_begin < r.msg_end);
			CHECK(r.msg_begin ? r.msgs > 1 : r.msgs == 1);
			s->last_begin = r.msg_begin ? s->data_len + r.msg_begin :
						      s->last_msg;
			s->last_msg = s->data_len + r.msg_end;
		}
		s->data_len += r.data_len;
		s->frames += r.frames;
		s->msgs += r.msgs;
		if (r.event == ZMQ_SCAN_COMMAND)
			seen_cmd(s, r.cmd, r.cmd_len);
		if (r.event == ZMQ_SCAN_CMD_BUFFER) {
			CHECK(r.cmd_len <= MAX_CMD);
			zmq_scan_buffer(sc, cmd_buf, r.cmd_len);
		} else if (r.event == ZMQ_SCAN_ERROR) {
			s->error = r.error;
			CHECK_EQ(zmq_scan(sc, p, n, 1, &r), 0);
			CHECK(r.event == ZMQ_SCAN_ERROR && r.error == s->error);
		} else if (!used && n) {
			CHECK(r.event == ZMQ_SCAN_COMMAND);
		}
		p += used;
		n -= used;
		if (!n && r.event != ZMQ_SCAN_CMD_BUFFER)
			break;
	}
	free(copy);
}

TEST(hdr_lengths, "wire: headers of all boundary lengths")
{
	static const u64 lens[] = {
		0, 1, 254, 255, 256, 65535, 65536, 1ULL << 31, 1ULL << 32,
		(1ULL << 63) - 1,
	};
	struct zmq_hdr h;
	u8 buf[16];
	size_t i, n, k;

	for (i = 0; i < ARRAY_SIZE(lens); i++) {
		n = zmq_hdr_put(buf, lens[i], ZMTP_MORE);
		CHECK_EQ(n, lens[i] > 255 ? 9 : 2);
		CHECK_EQ(buf[0], lens[i] > 255 ? 3 : 1);
		CHECK_EQ(zmq_hdr_get(buf, sizeof(buf), &h), n);
		CHECK(h.len == lens[i] && h.size == n && h.flags == ZMTP_MORE);
		for (k = 0; k < n; k++)
			CHECK_EQ(zmq_hdr_get(buf, k, &h), 0);
	}
	zmq_hdr_put(buf, 256, 0);
	CHECK(!memcmp(buf, "\x02\0\0\0\0\0\0\x01\0", 9));
}

TEST(hdr_bad, "wire: bad and odd headers")
{
	struct zmq_hdr h;
	u8 buf[16];
	size_t n;

	n = test_hex(buf, "02 80 00 00 00 00 00 00 00");
	CHECK_EQ(zmq_hdr_get(buf, n, &h), -EPROTO);
	n = test_hex(buf, "05");
	CHECK_EQ(zmq_hdr_get(buf, n, &h), -EPROTO);
	n = test_hex(buf, "02 00 00 00 00 00 00 00 05");
	CHECK_EQ(zmq_hdr_get(buf, n, &h), 9);
	CHECK_EQ(h.len, 5);
	n = test_hex(buf, "f8 05");
	CHECK_EQ(zmq_hdr_get(buf, n, &h), 2);
	CHECK_EQ(h.flags, 0);
	n = test_hex(buf, "fc 05");
	CHECK_EQ(zmq_hdr_get(buf, n, &h), 2);
	CHECK_EQ(h.flags, ZMTP_COMMAND);
}

TEST(sub_lengths, "wire: subscriptions with topics around 245 and 255 bytes")
{
	static const u16 lens[] = { 0, 1, 244, 245, 246, 247, 248, 249, 253,
				    254, 255, 256, 257, 65535 };
	static u8 buf[70000];
	struct zmq_cmd cmd;
	struct zmq_hdr h;
	size_t i, n;
	int sub;

	for (i = 0; i < ARRAY_SIZE(lens); i++) {
		for (sub = 0; sub < 2; sub++) {
			n = zmq_cmd_put_sub(buf, sub, lens[i]);
			CHECK(n <= ZMQ_CMD_SUB_MAX);
			CHECK(zmq_hdr_get(buf, n, &h) > 0);
			CHECK_EQ(h.flags, ZMTP_COMMAND);
			CHECK_EQ(h.size, h.len > 255 ? 9 : 2);
			CHECK_EQ(h.len, n - h.size + lens[i]);
			CHECK_EQ(zmq_cmd_parse(buf + h.size, h.len, &cmd), 0);
			CHECK_EQ(cmd.type, sub ? ZMQ_CMD_SUBSCRIBE : ZMQ_CMD_CANCEL);
			CHECK_EQ(cmd.len, lens[i]);
			CHECK(cmd.data == buf + n);

			n = zmq_msg_put_sub(buf, sub, lens[i]);
			CHECK(n <= ZMQ_MSG_SUB_MAX);
			CHECK(zmq_hdr_get(buf, n, &h) > 0);
			CHECK_EQ(h.flags, 0);
			CHECK_EQ(h.size, h.len > 255 ? 9 : 2);
			CHECK_EQ(h.len, 1 + lens[i]);
			CHECK_EQ(buf[n - 1], sub);
		}
	}
	CHECK_EQ(zmq_cmd_put_sub(buf, true, 245), 12);
	CHECK(!memcmp(buf, "\x04\xff\x09SUBSCRIBE", 12));
	CHECK_EQ(zmq_cmd_put_sub(buf, true, 246), 19);
	CHECK(!memcmp(buf, "\x06\0\0\0\0\0\0\x01\0\x09SUBSCRIBE", 19));
	CHECK_EQ(zmq_msg_put_sub(buf, true, 255), 10);
	CHECK(!memcmp(buf, "\x02\0\0\0\0\0\0\x01\0\x01", 10));
	CHECK_EQ(zmq_msg_put_sub(buf, true, 2), 3);
	CHECK(!memcmp(buf, "\0\x03\x01", 3));
}

TEST(ping, "wire: PING and PONG")
{
	u8 ctx[20] = "0123456789abcdefghi", buf[64];
	struct zmq_cmd cmd;
	size_t n;

	CHECK_EQ(zmq_cmd_put_ping(buf, 0x1234, NULL, 0), 9);
	CHECK(!memcmp(buf, "\x04\x07\x04PING\x12\x34", 9));
	CHECK_EQ(zmq_cmd_put_pong(buf, NULL, 0), 7);
	CHECK(!memcmp(buf, "\x04\x05\x04PONG", 7));

	n = zmq_cmd_put_ping(buf, 1, ctx, sizeof(ctx));
	CHECK_EQ(n, ZMQ_CMD_PING_MAX);
	CHECK_EQ(zmq_cmd_parse(buf + 2, n - 2, &cmd), 0);
	CHECK(cmd.type == ZMQ_CMD_PING && cmd.ttl == 1 && cmd.len == 16);
	CHECK(!memcmp(cmd.data, ctx, 16));
	n = zmq_cmd_put_pong(buf, ctx, sizeof(ctx));
	CHECK_EQ(n, ZMQ_CMD_PONG_MAX);
	CHECK_EQ(zmq_cmd_parse(buf + 2, n - 2, &cmd), 0);
	CHECK(cmd.type == ZMQ_CMD_PONG && cmd.len == 16);

	/* a longer context than the protocol allows is cut */
	n = test_hex(buf, "04 50494e47 0000 00010203040506070809101112131415161718");
	CHECK_EQ(zmq_cmd_parse(buf, n, &cmd), 0);
	CHECK_EQ(cmd.len, 16);
	n = test_hex(buf, "04 50494e47 00");
	CHECK_EQ(zmq_cmd_parse(buf, n, &cmd), -EPROTO);
	n = test_hex(buf, "04 50494e47");
	CHECK_EQ(zmq_cmd_parse(buf, n, &cmd), -EPROTO);
}

TEST(commands, "wire: commands by name")
{
	static const struct {
		const char		*body;
		size_t			n;
		enum zmq_cmd_type	type;
		size_t			len;
	} good[] = {
		{ "\5READY", 6, ZMQ_CMD_READY, 0 },
		{ "\5ERROR\003400", 10, ZMQ_CMD_ERROR, 4 },
		{ "\4JOINgroup!", 11, ZMQ_CMD_JOIN, 6 },
		{ "\5LEAVE", 6, ZMQ_CMD_LEAVE, 0 },
		{ "\5ready", 6, ZMQ_CMD_UNKNOWN, 0 },
		{ "\4READY", 6, ZMQ_CMD_UNKNOWN, 1 },
		{ "\6READYx", 7, ZMQ_CMD_UNKNOWN, 0 },
		{ "\0READY", 6, ZMQ_CMD_UNKNOWN, 5 },
		{ "\0", 1, ZMQ_CMD_UNKNOWN, 0 },
	};
	struct zmq_cmd cmd;
	const u8 *reason;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(good); i++) {
		CHECK_EQ(zmq_cmd_parse((u8 *)good[i].body, good[i].n, &cmd), 0);
		CHECK_EQ(cmd.type, good[i].type);
		CHECK_EQ(cmd.len, good[i].len);
	}
	CHECK_EQ(zmq_cmd_parse((u8 *)"", 0, &cmd), -EPROTO);
	CHECK_EQ(zmq_cmd_parse((u8 *)"\6READY", 6, &cmd), -EPROTO);
	CHECK_EQ(zmq_cmd_parse((u8 *)"\xff", 1, &cmd), -EPROTO);

	zmq_cmd_parse((u8 *)"\5ERROR\003400", 10, &cmd);
	CHECK_EQ(zmq_cmd_error_reason(&cmd, &reason), 3);
	CHECK(!memcmp(reason, "400", 3));
	zmq_cmd_parse((u8 *)"\5ERROR\004400", 10, &cmd);
	CHECK_EQ(zmq_cmd_error_reason(&cmd, &reason), -EPROTO);
	zmq_cmd_parse((u8 *)"\5ERROR", 6, &cmd);
	CHECK_EQ(zmq_cmd_error_reason(&cmd, &reason), -EPROTO);
}

/* [a, b], a PING inside [c, d], an empty message, a SUBSCRIBE, a long frame */
static size_t sample(u8 *p)
{
	size_t n;

	n = test_hex(p, "01 01 61 00 01 62   01 03 636363");
	n += test_hex(p + n, "04 07 04 50494e47 0000   00 01 64   00 00");
	n += test_hex(p + n, "04 0b 09 535542534352494245 41");
	n += test_hex(p + n, "02 0000000000000003 656565");
	n += zmq_hdr_put(p + n, 256, 0);
	memset(p + n, 'f', 256);
	return n + 256;
}

TEST(scan_splits, "wire: a stream cut at every two places")
{
	struct seen whole, got;
	struct zmq_scan sc;
	size_t n, i, k;
	u8 p[512];

	n = sample(p);
	seen_init(&whole, n);
	naive(&whole, p, n, &none);
	CHECK_EQ(whole.msgs, 5);
	CHECK_EQ(whole.frames, 7);
	for (i = 0; i <= n; i++) {
		for (k = i; k <= n; k += 1 + (k > 80) * 7) {
			seen_init(&got, n);
			zmq_scan_init(&sc, U64_MAX, MAX_CMD);
			feed(&sc, &got, p, i, U32_MAX);
			feed(&sc, &got, p + i, k - i, U32_MAX);
			feed(&sc, &got, p + k, n - k, U32_MAX);
			CHECK(seen_equal(&whole, &got));
			CHECK(zmq_scan_at_boundary(&sc));
			seen_free(&got);
		}
	}
	seen_free(&whole);
}

TEST(scan_bytes, "wire: a stream byte by byte")
{
	struct seen whole, got;
	struct zmq_scan sc;
	size_t n, i;
	u8 p[512];

	n = sample(p);
	seen_init(&got, n);
	zmq_scan_init(&sc, U64_MAX, MAX_CMD);
	for (i = 0; i < n; i++) {
		feed(&sc, &got, p + i, 1, U32_MAX);
		seen_init(&whole, n);
		naive(&whole, p, i + 1, &none);
		CHECK(seen_equal(&whole, &got));
		seen_free(&whole);
	}
	seen_free(&got);
}

TEST(scan_boundary, "wire: where a stream may end")
{
	static const struct {
		const char	*hex;
		bool		boundary;
	} cases[] = {
		{ "", true }, { "00", false }, { "00 00", true },
		{ "01 00", false }, { "01 00 00", false }, { "01 00 00 00", true },
		{ "00 01", false }, { "00 01 61", true }, { "02 00 00", false },
		{ "04", false }, { "04 01", false }, { "04 01 00", true },
		{ "01 00 04 01 00", false },
	};
	struct zmq_scan_result r;
	struct zmq_scan sc;
	u8 p[16], cmd[16];
	size_t i, n, at;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		n = test_hex(p, cases[i].hex);
		zmq_scan_init(&sc, U64_MAX, 16);
		zmq_scan_buffer(&sc, cmd, sizeof(cmd));
		for (at = 0; at < n;)
			at += zmq_scan(&sc, p + at, n - at, U32_MAX, &r);
		CHECK_EQ(zmq_scan_at_boundary(&sc), cases[i].boundary);
	}
}

TEST(scan_limit, "wire: the scan stops after so many messages")
{
	struct zmq_scan_result r;
	struct zmq_scan sc;
	u8 p[64];
	size_t n;

	n = test_hex(p, "00 01 61 01 00 00 00 00 01 62 04 01 00 00 00");
	zmq_scan_init(&sc, U64_MAX, 16);
	CHECK_EQ(zmq_scan(&sc, p, n, 2, &r), 7);
	CHECK(r.event == ZMQ_SCAN_FRAME_LIMIT && r.msgs == 2 && r.frames == 3);
	CHECK_EQ(r.msg_end, 7);
	CHECK_EQ(zmq_scan(&sc, p + 7, n - 7, 0, &r), 0);
	CHECK(r.event == ZMQ_SCAN_FRAME_LIMIT && !r.msgs);
	CHECK_EQ(zmq_scan(&sc, p + 7, n - 7, 9, &r), 3);
	CHECK(r.event == ZMQ_SCAN_NEED_MORE && r.msgs == 1);
	/* a command passes though there is no room for messages */
	CHECK_EQ(zmq_scan(&sc, p + 10, n - 10, 0, &r), 3);
	CHECK(r.event == ZMQ_SCAN_COMMAND && r.cmd_len == 1);
	/* the limit is told also at the very end of the span */
	CHECK_EQ(zmq_scan(&sc, p + 13, 2, 1, &r), 2);
	CHECK_EQ(r.event, ZMQ_SCAN_FRAME_LIMIT);
	/* and when it is an old frame that becomes complete */
	CHECK_EQ(zmq_scan(&sc, p, 2, 1, &r), 2);
	CHECK_EQ(zmq_scan(&sc, p + 2, 5, 1, &r), 1);
	CHECK(r.event == ZMQ_SCAN_FRAME_LIMIT && r.msgs == 1 && r.msg_end == 1);
}

TEST(scan_errors, "wire: limits and malformed headers")
{
	static const struct {
		const char	*hex;
		size_t		data_len;
		int		error;
	} cases[] = {
		{ "00 00 02 80 00 00 00 00 00 00 00", 2, -EPROTO },
		{ "00 00 02 ff ff ff ff ff ff ff ff", 2, -EPROTO },
		{ "05", 0, -EPROTO },
		{ "00 01 61 05 00", 3, -EPROTO },
		{ "00 64", 2, 0 },
		{ "00 65", 0, -EMSGSIZE },
		{ "00 00 00 65", 2, -EMSGSIZE },
		{ "02 00 00 00 00 00 00 00 65", 0, -EMSGSIZE },
		{ "02 7f ff ff ff ff ff ff ff", 0, -EMSGSIZE },
		{ "04 10", 0, 0 },
		{ "04 11", 0, -EMSGSIZE },
		{ "06 00 00 00 01 00 00 00 00", 0, -EMSGSIZE },
		{ "06 80 00 00 00 00 00 00 00", 0, -EPROTO },
	};
	struct zmq_scan_result r;
	struct zmq_scan sc;
	size_t i, n, at, data;
	u8 p[16], cmd[16];

	for (i = 0; i < 2 * ARRAY_SIZE(cases); i++) {
		n = test_hex(p, cases[i / 2].hex);
		zmq_scan_init(&sc, 100, sizeof(cmd));
		zmq_scan_buffer(&sc, cmd, sizeof(cmd));
		data = 0;
		at = 0;
		do {	/* at once, then byte by byte */
			at += zmq_scan(&sc, p + at, i & 1 ? 1 : n - at, 99, &r);
			data += r.data_len;
		} while (at < n && !r.error);
		CHECK_EQ(r.error, cases[i / 2].error);
		if (!(i & 1))
			CHECK_EQ(data, cases[i / 2].data_len);
	}
	zmq_scan_init(&sc, U64_MAX, 16);
	n = test_hex(p, "02 7f ff ff ff ff ff ff ff 00");
	CHECK_EQ(zmq_scan(&sc, p, n, 1, &r), n);
	CHECK_EQ(r.error, 0);
}

TEST(scan_cmd_buffer, "wire: a split command asks for a buffer when it must")
{
	struct zmq_scan_result r;
	struct zmq_scan sc;
	u8 p[16], buf[5];
	size_t n;

	n = test_hex(p, "04 05 01 02 03 04 05");
	zmq_scan_init(&sc, U64_MAX, 16);
	CHECK_EQ(zmq_scan(&sc, p, n, 0, &r), n);
	CHECK(r.event == ZMQ_SCAN_COMMAND && r.cmd == p + 2 && r.cmd_len == 5);

	CHECK_EQ(zmq_scan(&sc, p, 2, 0, &r), 2);
	CHECK_EQ(r.event, ZMQ_SCAN_NEED_MORE);
	CHECK_EQ(zmq_scan(&sc, p + 2, 3, 0, &r), 0);
	CHECK(r.event == ZMQ_SCAN_CMD_BUFFER && r.cmd_len == 5);
	zmq_scan_buffer(&sc, buf, sizeof(buf));
	CHECK_EQ(zmq_scan(&sc, p + 2, 3, 0, &r), 3);
	CHECK_EQ(r.event, ZMQ_SCAN_NEED_MORE);
	CHECK(!zmq_scan_at_boundary(&sc));
	CHECK_EQ(zmq_scan(&sc, p + 5, 2, 0, &r), 2);
	CHECK(r.event == ZMQ_SCAN_COMMAND && r.cmd == buf && r.cmd_len == 5);
	CHECK(!memcmp(buf, p + 2, 5));
	zmq_scan_buffer(&sc, NULL, 0);
	CHECK(zmq_scan_at_boundary(&sc));

	/* an empty command whose header ends the span */
	n = test_hex(p, "04 00");
	CHECK_EQ(zmq_scan(&sc, p, 1, 0, &r), 1);
	CHECK_EQ(zmq_scan(&sc, p + 1, 1, 0, &r), 1);
	CHECK(r.event == ZMQ_SCAN_COMMAND && !r.cmd_len);
}

static size_t random_stream(u64 *seed, u8 *p, size_t size)
{
	size_t n = 0, len, i;
	u8 flags;
	u64 r;

	while (n + 400 < size) {
		r = test_random(seed);
		len = r % 4 ? r / 8 % 6 : r / 8 % 290;
		flags = r >> 20 & 3 ? r >> 24 & 1 : 4;
		flags |= r >> 30 & 0xf8 & (r >> 40 & 0xff);
		if (r >> 50 & 1 && len < 256) {		/* long, though short */
			p[n] = flags | 2;
			memset(p + n + 1, 0, 7);
			p[n + 8] = len;
			n += 9;
		} else {
			n += zmq_hdr_put(p + n, len, flags);
		}
		for (i = 0; i < len; i++)
			p[n++] = test_random(seed);
		if (!(test_random(seed) % 400))		/* nonsense */
			p[n++] = test_random(seed);
	}
	return n - test_random(seed) % 50;
}

TEST(scan_random, "wire: random streams in random pieces, against a naive decoder")
{
	struct limits max = {};
	u64 seed = 1, errors = 0;
	struct seen want, got;
	struct zmq_scan sc;
	size_t n, at, step;
	static u8 p[4000];
	int i;

	for (i = 0; i < 20000; i++) {
		n = random_stream(&seed, p, 500 + test_random(&seed) % 3000);
		max.frame = i % 5 ? 280 + i % 20 : U64_MAX;
		max.msg = i % 7 ? U64_MAX : 300 + i % 400;
		max.frames = i % 3 ? U32_MAX : 1 + i % 12;
		seen_init(&want, n);
		seen_init(&got, n);
		naive(&want, p, n, &max);
		zmq_scan_init(&sc, max.frame, MAX_CMD);
		zmq_scan_limit_msgs(&sc, max.msg, max.frames);
		for (at = 0; at < n && !got.error; at += step) {
			step = test_random(&seed) % (i % 3 ? 20 : 1000);
			step = min(step, n - at);
			feed(&sc, &got, p + at, step,
			     i % 2 ? U32_MAX : 1 + test_random(&seed) % 5);
		}
		errors += !!want.error;
		/* of a broken stream, the pieces decide how much is seen */
		if (want.error) {
			CHECK_EQ(got.error, want.error);
			CHECK(got.msgs == want.msgs && got.frames == want.frames);
			CHECK(got.cmds_len == want.cmds_len);
		} else {
			CHECK(seen_equal(&want, &got));
		}
		seen_free(&want);
		seen_free(&got);
	}
	CHECK(errors > 1000 && errors < 19000);
}

/* The loop of tcp_read_sock() with a receiver that is refused memory now and then
 * and takes nothing then: what was found stays unknown until it is taken.
 */
TEST(scan_again, "wire: what was scanned on a copy and not taken is found again")
{
	struct seen want, got, keep;
	struct limits max = { 280, 2000, 30 };
	struct zmq_scan sc, copy;
	size_t n, at, step;
	static u8 p[4000], cmd[MAX_CMD];
	u64 seed = 3;
	int i;

	for (i = 0; i < 5000; i++) {
		n = random_stream(&seed, p, 500 + test_random(&seed) % 3000);
		seen_init(&want, n);
		seen_init(&got, n);
		naive(&want, p, n, &max);
		zmq_scan_init(&sc, max.frame, MAX_CMD);
		zmq_scan_limit_msgs(&sc, max.msg, max.frames);
		for (at = 0; at < n && !got.error;) {
			step = test_random(&seed) % (i % 3 ? 20 : 1000);
			step = min(step, n - at);
			copy = sc;
			keep = got;
			memcpy(cmd, cmd_buf, sizeof(cmd));
			feed(&copy, &got, p + at, step, U32_MAX);
			if (test_random(&seed) % 2) {
				got = keep;
				memcpy(cmd_buf, cmd, sizeof(cmd));
				continue;
			}
			sc = copy;
			at += step;
		}
		CHECK_EQ(got.error, want.error);
		CHECK(got.msgs == want.msgs && got.frames == want.frames);
		CHECK(want.error || seen_equal(&want, &got));
		seen_free(&want);
		seen_free(&got);
	}
}
