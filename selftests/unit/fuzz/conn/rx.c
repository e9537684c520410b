// SPDX-License-Identifier: GPL-2.0-only
/*
 * What a connection hands on is what the model reads, once and in order, whatever
 * the pieces, the room above and the memory that is refused.
 */
#include "fuzz/conn/touch.h"
#include "fuzz/model.h"

#include <errno.h>

#define PASS	(NSEC_PER_SEC / HZ * (ZMQ_CONN_RX_RETRY + 1))

static struct model model, bodies;
static struct bed bed;

/**
 * struct want - what is to come of it, besides messages
 * @said: subscriptions, as struct bed has them
 * @pongs: answers
 * @malformed: commands that are none
 * @mortal: silence may end the connection
 */
struct want {
	struct bytes	said;
	struct bytes	pongs;
	unsigned int	malformed;
	bool		mortal;
};

static void want_command(struct want *want)
{
	u8 head[7], pong[ZMQ_CMD_PONG_MAX];
	struct zmq_cmd cmd;

	if (zmq_cmd_parse(model.cmd, model.cmd_n, &cmd)) {
		want->malformed++;
		return;
	}
	switch (cmd.type) {
	case ZMQ_CMD_SUBSCRIBE:
	case ZMQ_CMD_CANCEL:
		put_unaligned_be32(model.n, head);
		head[4] = cmd.type == ZMQ_CMD_SUBSCRIBE;
		put_unaligned_be16(cmd.len, head + 5);
		bytes_add(&want->said, head, sizeof(head));
		bytes_add(&want->said, cmd.data, cmd.len);
		break;
	case ZMQ_CMD_PING:
		want->mortal = want->mortal || cmd.ttl;
		bytes_add(&want->pongs, pong,
			  zmq_cmd_put_pong(pong, cmd.data, cmd.len));
		break;
	default:
		break;
	}
}

static void read_model(struct want *want, const u8 *p, size_t n)
{
	while (n-- && model_read(&model, *p++))
		if (model.cmd_end)
			want_command(want);
}

/* Pieces arrive, and what else may happen happens between them. */
static void receive(struct fuzz *f, bool refuse, unsigned int *refused)
{
	size_t n;
	u8 *p;

	while (f->n) {
		if (refuse && !fuzz_below(f, 3)) {
			*refused += shim_alloc_budget < 0;
			shim_alloc_budget = fuzz_below(f, 6);
		}
		n = fuzz_piece(f);
		p = fuzz_take(f, n);
		bed_arrives(&bed, p, n, fuzz_below(f, 2) ? fuzz_below(f, n) : 0);
		free(p);
		if (!fuzz_below(f, 3))
			touch_resume(&bed, 1 + fuzz_below(f, 4));
		if (!fuzz_below(f, 3))
			bed_settle(&bed);
		if (!fuzz_below(f, 6))
			bed_pass(&bed, PASS);
	}
}

/* Nothing is in the way any more. */
static void finish(void)
{
	unsigned int tries;

	shim_alloc_budget = -1;
	for (tries = 0; tries < 5 && !bed.lost; tries++) {
		touch_resume(&bed, UINT_MAX);
		bed_pass(&bed, PASS);
	}
	CHECK(bed.lost || bed_drained(&bed));
}

static bool is_beginning(const struct bytes *b, const void *of, size_t n)
{
	return b->n <= n && (!b->n || !memcmp(b->p, of, b->n));
}

/* Where the frame ends that begins there, all of them being short. */
static size_t next(const struct bytes *b, size_t at)
{
	return at + 2 <= b->n ? min(b->n, at + 2 + b->p[at + 1]) : b->n;
}

/* An answer may be left out for each time that memory was refused, and while
 * nothing is read the peer is told without being asked that we live.
 */
static void check_pongs(const struct bytes *want, unsigned int refused)
{
	static const u8 unasked[] = { ZMTP_COMMAND, 5, 4, 'P', 'O', 'N', 'G' };
	bool told = bed_count(&bed, ZMQ_MIB_RXTHROTTLED) > 0;
	size_t at = 0, sent = 0, n, m;
	unsigned int missing = 0;

	while (sent < bed.sent.n) {
		m = next(&bed.sent, sent) - sent;
		n = next(want, at) - at;
		if (n == m && !memcmp(want->p + at, bed.sent.p + sent, n)) {
			at += n;
			sent += m;
		} else if (told && m == sizeof(unasked) &&
			   !memcmp(bed.sent.p + sent, unasked, m)) {
			sent += m;
			/* Or it was one that is missing. */
			refused++;
		} else {
			missing++;
			CHECK(n);
			if (!n)
				return;
			at += n;
		}
	}
	for (; at < want->n; at = next(want, at))
		missing++;
	CHECK(missing <= refused);
}

static void check_zmtp(const struct want *want, unsigned int refused)
{
	CHECK(is_beginning(&bed.got, model.out, model.n));
	CHECK(is_beginning(&bed.said, want->said.p, want->said.n));
	if (want->mortal && bed.lost == ZMQ_MIB_HBTIMEOUT)
		return;
	/* Of what makes no sense the beginning of a header may be there. */
	CHECK(bed.got.n >= (model.error ? model.whole : model.n));
	CHECK_EQ(bed.msgs, model.msgs);
	CHECK_EQ(bed.said.n, want->said.n);
	CHECK_EQ(bed_count(&bed, ZMQ_MIB_PROTOERROR), want->malformed);
	if (!model.error)
		CHECK_EQ(bed.lost, 0);
	else
		CHECK_EQ(bed.lost, model.error == -EMSGSIZE ?
			 ZMQ_MIB_RXTOOBIG : ZMQ_MIB_PROTOERROR);
	check_pongs(&want->pongs, refused);
}

/* The socket is closed: what comes is counted and obeyed, but not kept. */
static void check_closed(const struct want *want, unsigned int refused)
{
	CHECK(!bed.got.n && !bed.said.n);
	if (want->mortal && bed.lost == ZMQ_MIB_HBTIMEOUT)
		return;
	CHECK_EQ(bed_count(&bed, ZMQ_MIB_RXDROPCLOSED), model.msgs);
	check_pongs(&want->pongs, refused);
}

/* Messages whose bodies are what came. */
static void check_raw(const u8 *p, size_t n)
{
	size_t i, at = 0;

	model_init(&bodies, false);
	for (i = 0; i < bed.got.n; i++) {
		bool body = bodies.in_body;

		CHECK(model_read(&bodies, bed.got.p[i]));
		CHECK(!bodies.in_msg);
		if (body) {
			CHECK(at < n && bed.got.p[i] == p[at]);
			at++;
		}
	}
	CHECK_EQ(at, n);
	CHECK(model_at_boundary(&bodies));
	CHECK_EQ(bed.lost, 0);
}

static void set_limits(u8 how)
{
	model_limit(&model, how & 7);
	model.max_cmd = ZMQ_TOPIC_MAX + 16;
	model.max_msg = min_t(u64, model.max_msg, bed.zmq_net.max_msg_bytes);
	if (how & 1)
		bed.opts.max_msg_size = model.max_frame;
	if (how & 2)
		bed.zmq_net.max_msg_bytes = model.max_msg;
	if (how & 4)
		bed.zmq_net.max_msg_frames = model.max_frames;
}

void fuzz_one(struct fuzz *f)
{
	static const enum zmq_framing framings[] = {
		ZMQ_FRAMING_V2, ZMQ_FRAMING_V2, ZMQ_FRAMING_V1, ZMQ_FRAMING_RAW,
	};
	u8 how = fuzz_byte(f), limits = fuzz_byte(f);
	enum zmq_framing framing = framings[how & 3];
	struct want want = {};
	unsigned int refused = 0;
	bool closed = limits & 0x10 && framing == ZMQ_FRAMING_V2;
	const u8 *p = f->p;
	size_t n = f->n;

	bed_init(&bed);
	touch_framing(&bed, framing, how & 4);
	model_init(&model, framing == ZMQ_FRAMING_V1);
	set_limits(limits);
	touch_start(&bed);
	if (how & 8)
		bed_copies(&bed);
	if (how & 0x10 && framing == ZMQ_FRAMING_V2)
		touch_by_duct(&bed);
	if (closed)
		touch_nobody_reads(&bed);
	if (how & 0x20)
		bed.room = 1 + (how >> 6);
	read_model(&want, p, framing == ZMQ_FRAMING_RAW ? 0 : n);
	receive(f, how & 0x40, &refused);
	finish();
	if (framing == ZMQ_FRAMING_RAW)
		check_raw(p, n);
	else if (closed)
		check_closed(&want, refused);
	else
		check_zmtp(&want, refused);
	bed_exit(&bed);
	bytes_free(&want.said);
	bytes_free(&want.pongs);
}
