// SPDX-License-Identifier: GPL-2.0-only
/*
 * Every stream is whole messages and commands, in order, each message once or
 * counted, whatever the stream takes, refuses and loses, and in each framing.
 */
#include "fuzz/conn/touch.h"
#include "fuzz/model.h"

#include <errno.h>

#define MSGS		100
#define CMDS		400
#define OPEN		SZ_16K
#define ENCODED		(3 * (ZMQ_HDR_MAX + 3003))
/* Less is not pinned, so that its header is one of nine bytes. */
#define PINNED_MIN	256
/* A message begins with it, and no subscription does. */
#define MARK		0x7e

/**
 * struct msg - a message that was queued
 * @p: its frames, as the model reads them
 * @n: bytes of them
 * @whole: a stream took all of it
 */
struct msg {
	u8	*p;
	size_t	n;
	bool	whole;
};

/**
 * struct cmd - a command that was
 * @type: SUBSCRIBE, CANCEL or PONG
 * @n: bytes of @data
 * @data: topic or context
 */
struct cmd {
	enum zmq_cmd_type	type;
	size_t			n;
	u8			data[64];
};

/**
 * struct state - what was queued, and how far streams are
 * @framing: of frames
 * @has_cmds: subscriptions are commands
 * @msgs: messages
 * @nr: of them
 * @last: the one that the stream had last, from 1
 * @cmds: commands, or what takes their place
 * @nr_cmds: of them
 * @next_cmd: the one that comes next
 * @replaced: messages that gave way to others
 * @from: where in all that was sent the stream begins
 * @open: memory for messages that lie behind each other
 * @fill: bytes of it that are used
 */
static struct state {
	enum zmq_framing	framing;
	bool			has_cmds;
	struct msg		msgs[MSGS];
	u32			nr;
	u32			last;
	struct cmd		cmds[CMDS];
	u32			nr_cmds;
	u32			next_cmd;
	u32			replaced;
	size_t			from;
	struct zmq_buf		*open;
	u32			fill;
} st;

static struct bed bed;
static struct model model;

/* A stream may be longer than an input: what is judged is taken from the model. */
static void forget_read(struct model *m)
{
	memmove(m->out, m->out + m->end, m->n - m->end);
	m->n -= m->end;
	m->begin = 0;
	m->end = 0;
}

static void judge_cmd(const u8 *data, size_t n, enum zmq_cmd_type type)
{
	const struct cmd *cmd = &st.cmds[st.next_cmd];

	CHECK(st.next_cmd < st.nr_cmds);
	if (st.next_cmd++ >= st.nr_cmds)
		return;
	CHECK_EQ(type, cmd->type);
	CHECK_EQ(n, cmd->n);
	CHECK(!memcmp(data, cmd->data, min(n, cmd->n)));
}

static void judge_frame(const struct model *m)
{
	struct zmq_cmd cmd;

	CHECK(st.has_cmds && !m->in_msg);
	CHECK_EQ(zmq_cmd_parse(m->cmd, m->cmd_n, &cmd), 0);
	judge_cmd(cmd.data, cmd.len, cmd.type);
}

/* Which message begins so, from 1; 0 if that cannot be told, or it is none. */
static u32 which(const u8 *p, size_t n)
{
	size_t hdr = n && *p & ZMTP_LONG ? ZMQ_HDR_MAX : ZMQ_HDR_SHORT;

	if (n < hdr + 3 || (!st.has_cmds && p[hdr] <= 1))
		return 0;
	CHECK_EQ(p[hdr], MARK);
	return get_unaligned_be16(p + hdr + 1);
}

static void judge_msg(const u8 *p, size_t n)
{
	struct msg *msg;
	u32 id;

	if (!st.has_cmds && n > ZMQ_HDR_SHORT && p[ZMQ_HDR_SHORT] <= 1 &&
	    !(*p & ZMTP_LONG)) {
		judge_cmd(p + ZMQ_HDR_SHORT + 1, n - ZMQ_HDR_SHORT - 1,
			  p[ZMQ_HDR_SHORT] ? ZMQ_CMD_SUBSCRIBE : ZMQ_CMD_CANCEL);
		return;
	}
	id = which(p, n);
	CHECK(id > st.last && id <= st.nr);
	if (!id || id > st.nr)
		return;
	msg = &st.msgs[id - 1];
	CHECK(!msg->whole && msg->n == n && !memcmp(msg->p, p, min(msg->n, n)));
	msg->whole = true;
	st.last = id;
}

/* What has begun is a message, too. */
static void judge_rest(const struct model *m)
{
	const u8 *p = m->out + m->end;
	size_t n = m->n - m->end;
	u32 id = which(p, n);

	if (!id)
		return;
	CHECK(id > st.last && id <= st.nr);
	if (id <= st.nr)
		CHECK(!st.msgs[id - 1].whole && n <= st.msgs[id - 1].n &&
		      !memcmp(p, st.msgs[id - 1].p, n));
}

static void judge_stream(void)
{
	struct model *m = &model;
	size_t i, msgs = 0;

	model_init(m, st.framing == ZMQ_FRAMING_V1);
	for (i = st.from; i < bed.sent.n; i++) {
		CHECK(model_read(m, bed.sent.p[i]));
		if (m->cmd_end)
			judge_frame(m);
		if (m->msgs == msgs)
			continue;
		msgs = m->msgs;
		judge_msg(m->out + m->begin, m->end - m->begin);
		forget_read(m);
	}
	judge_rest(m);
	st.from = bed.sent.n;
}

/* Without frames there are bodies, one behind the other. */
static void judge_raw(void)
{
	struct model *m = &model;
	size_t at = 0, i;
	u32 id;

	for (id = 0; id < st.nr; id++) {
		model_init(m, false);
		for (i = 0; i < st.msgs[id].n; i++) {
			bool body = m->in_body;

			model_read(m, st.msgs[id].p[i]);
			if (!body)
				continue;
			CHECK(at < bed.sent.n && bed.sent.p[at] == st.msgs[id].p[i]);
			at++;
		}
		st.msgs[id].whole = true;
	}
	CHECK_EQ(at, bed.sent.n);
}

/* Encode a message. Return: its bytes; *@last is where the body of the last frame is. */
static size_t make_msg(struct fuzz *f, u8 *p, u32 id, u8 op, size_t *last)
{
	static const u32 sizes[] = { 0, 1, 5, 20, 20, 253, 300, 300, 2100, 3000 };
	unsigned int frames = 1 + (op & 3) % 3, i;
	size_t n = 0, len, b;

	for (i = 0; i < frames; i++) {
		len = fuzz_below(f, sizes[fuzz_below(f, ARRAY_SIZE(sizes))] + 1);
		len = i ? len : len + 3;
		if (st.framing == ZMQ_FRAMING_RAW)
			frames = 1;
		n += zmq_hdr_put(p + n, len, i < frames - 1 ? ZMTP_MORE : 0);
		*last = n;
		for (b = 0; b < len; b++)
			p[n + b] = id * 7 + i + b;
		if (!i) {
			p[n] = MARK;
			put_unaligned_be16(id, p + n + 1);
		}
		n += len;
	}
	return n;
}

/* Behind each other in the open buffer. */
static int queue_open(const u8 *p, size_t n)
{
	static const u8 zeros[OPEN];
	struct zmq_range r;

	if (!st.open || n > OPEN - st.fill) {
		if (st.open)
			zmq_buf_put(st.open);
		st.open = bed_buf(zeros, OPEN, false);
		st.fill = 0;
	}
	r = (struct zmq_range){ st.open, st.fill, n };
	memcpy(page_address(st.open->page) + st.fill, p, n);
	st.fill += n;
	return touch_queue(&bed, &r, 1);
}

/* In parts, of which the last may be the caller's memory, which has no header. */
static int queue_parts(const u8 *p, size_t n, size_t cut, bool pinned)
{
	struct zmq_buf *bufs[2];
	struct zmq_range r[2];
	unsigned int nr = cut && cut < n ? 2 : 1;
	int err;

	if (nr == 1)
		cut = n;
	bufs[0] = bed_buf(p, cut, false);
	r[0] = (struct zmq_range){ bufs[0], 0, cut };
	if (nr == 2) {
		bufs[1] = bed_buf(p + cut, n - cut, pinned);
		r[1] = (struct zmq_range){ bufs[1], 0, n - cut };
	}
	err = touch_queue(&bed, r, nr);
	while (nr)
		zmq_buf_put(bufs[--nr]);
	return err;
}

static void queue(struct fuzz *f, u8 op)
{
	static u8 p[ENCODED];
	size_t n, last = 0;
	int err;

	if (st.nr == MSGS)
		return;
	if (bed.opts.conflate)
		st.replaced += touch_replace(&bed);
	n = make_msg(f, p, st.nr + 1, op, &last);
	switch (op >> 2 & 3) {
	case 0:
	case 1:
		err = queue_open(p, n);
		break;
	case 2:
		err = queue_parts(p, n, last, n - last >= PINNED_MIN);
		break;
	default:
		err = queue_parts(p, n, fuzz_below(f, n), false);
	}
	CHECK(!err || err == -ENOMEM);
	if (err)
		return;
	st.msgs[st.nr].p = malloc(n);
	st.msgs[st.nr].n = n;
	st.msgs[st.nr].whole = false;
	memcpy(st.msgs[st.nr++].p, p, n);
}

static int subscribe(struct fuzz *f, struct cmd *cmd, bool on)
{
	int err;

	cmd->type = on ? ZMQ_CMD_SUBSCRIBE : ZMQ_CMD_CANCEL;
	cmd->n = fuzz_below(f, sizeof(cmd->data));
	memset(cmd->data, st.nr_cmds, cmd->n);
	err = touch_sub(&bed, cmd->data, cmd->n, on);
	CHECK(!err || err == -ENOMEM || err == -EAGAIN);
	return err;
}

/* The peer asks; who has no memory for an answer gives none. */
static int answer(struct fuzz *f, struct cmd *cmd)
{
	unsigned long before = bed_count(&bed, ZMQ_MIB_PINGS);
	u8 ping[ZMQ_CMD_PING_MAX];
	size_t n;

	cmd->type = ZMQ_CMD_PONG;
	cmd->n = fuzz_below(f, ZMQ_PING_CTX_MAX + 1);
	memset(cmd->data, st.nr_cmds, cmd->n);
	n = zmq_cmd_put_ping(ping, 0, cmd->data, cmd->n);
	bed_arrives(&bed, ping, n, 0);
	return bed_count(&bed, ZMQ_MIB_PINGS) > before ? 0 : -ENOMEM;
}

static void command(struct fuzz *f, u8 op)
{
	struct cmd *cmd = &st.cmds[st.nr_cmds];
	int err;

	if (st.nr_cmds == CMDS || st.framing == ZMQ_FRAMING_RAW || !touch_up(&bed))
		return;
	if (op & 2 && st.has_cmds)
		err = answer(f, cmd);
	else
		err = subscribe(f, cmd, op & 1);
	st.nr_cmds += !err;
}

/* The stream ends, commands are void, and the next one begins. */
static void lose(u8 op)
{
	if (st.framing == ZMQ_FRAMING_RAW)
		return;
	if (touch_up(&bed)) {
		judge_stream();
		bed_lose(&bed);
		st.next_cmd = st.nr_cmds;
		/* Of the stream before it may have been a part. */
		st.last = 0;
	}
	if (op & 1)
		bed_begin(&bed);
}

static void how_stream(struct fuzz *f, u8 op)
{
	static const size_t some[] = { 0, 1, 5, 100, 3000, BED_ANY };
	static const size_t pieces[] = { 7, 100, 1000, BED_ANY };
	size_t n = some[fuzz_below(f, ARRAY_SIZE(some))];

	switch (op & 7) {
	case 0:
	case 1:
		bed.window = n;
		break;
	case 2:
		bed.piece = pieces[fuzz_below(f, ARRAY_SIZE(pieces))];
		break;
	case 3:
		bed.refuse = 1 + fuzz_below(f, 3);
		break;
	case 4:
		bed.send_err = -ENOMEM;
		break;
	case 5:
		bed.send_err = -EPIPE;
		break;
	default:
		bed.send_err = 0;
		bed.acked = bed.given - fuzz_below(f, 5000);
		if (touch_up(&bed))
			bed_opens(&bed, n);
	}
}

static void operate(struct fuzz *f, u8 op)
{
	switch (op >> 5) {
	case 0:
	case 1:
		queue(f, op);
		break;
	case 2:
		touch_flush(&bed, op % (ZMQ_FLUSH_NOW + 1));
		break;
	case 3:
		how_stream(f, op);
		break;
	case 4:
		command(f, op);
		break;
	case 5:
		bed_pass(&bed, NSEC_PER_USEC << (op & 15));
		break;
	case 6:
		if (op & 16)
			lose(op);
		else
			bed_settle(&bed);
		break;
	default:
		if (op & 16)
			touch_flush_all(&bed);
		else
			shim_alloc_budget = op & 3;
	}
}

/* Nothing is in the way any more: all that is left goes out. */
static void finish(void)
{
	shim_alloc_budget = -1;
	bed.send_err = 0;
	bed.refuse = 0;
	bed.piece = BED_ANY;
	if (!touch_up(&bed))
		bed_begin(&bed);
	bed_opens(&bed, BED_ANY);
	touch_flush(&bed, ZMQ_FLUSH_NOW);
	bed_pass(&bed, NSEC_PER_SEC);
	CHECK_EQ(touch_queued(&bed), 0);
}

static void judge(void)
{
	u32 whole = 0, lost, i;

	if (st.framing == ZMQ_FRAMING_RAW)
		judge_raw();
	else
		judge_stream();
	for (i = 0; i < st.nr; i++)
		whole += st.msgs[i].whole;
	lost = bed_count(&bed, ZMQ_MIB_TXDROPCONN);
	CHECK_EQ(whole + lost + st.replaced, st.nr);
	CHECK_EQ(bed.credit + st.replaced, st.nr);
	CHECK_EQ(st.next_cmd, st.nr_cmds);
	CHECK(bed_count(&bed, ZMQ_MIB_TXUNACKED) <= whole);
}

void fuzz_one(struct fuzz *f)
{
	static const enum zmq_framing framings[] = {
		ZMQ_FRAMING_V2, ZMQ_FRAMING_V2, ZMQ_FRAMING_V1, ZMQ_FRAMING_RAW,
	};
	u8 how = fuzz_byte(f);

	memset(&st, 0, sizeof(st));
	st.framing = framings[how & 3];
	st.has_cmds = how & 4 && st.framing == ZMQ_FRAMING_V2;
	bed_init(&bed);
	touch_framing(&bed, st.framing, how & 4);
	if (how & 8)
		bed_copies(&bed);
	bed.opts.conflate = how & 0x10 && st.framing != ZMQ_FRAMING_RAW;
	bed.opts.snd_hwm = how & 0x20 ? 16 : 1000;
	fuzz_byte(f);
	while (f->n)
		operate(f, fuzz_byte(f));
	finish();
	judge();
	if (st.open)
		zmq_buf_put(st.open);
	while (st.nr)
		free(st.msgs[--st.nr].p);
	bed_exit(&bed);
}
