// SPDX-License-Identifier: GPL-2.0-only
/* A handshake ends as it does where all comes at once, whatever the pieces. */
#include "fuzz/fuzz.h"

#include <linux/errno.h>
#include <linux/zmq.h>
#include "conn/session.h"

static const u8 token[ZMQ_TOKEN_LEN] = "0123456789abcdef";

/**
 * struct end - one end of a handshake
 * @s: the session
 * @hs: its memory
 * @used: bytes that it took
 * @out: what it said
 * @n: bytes in @out
 */
struct end {
	struct zmq_session	s;
	struct zmq_handshake	hs;
	size_t			used;
	u8			out[4 * ZMQ_SESSION_OUT_MAX];
	size_t			n;
};

/* What it is told of our routing id is its own from then on. */
static void begin(struct end *end, u8 how, u8 id_len)
{
	struct zmq_session_conf conf = {
		.type = how % ZMQ_STREAM,
		.routing_id_len = id_len,
		.token = how & 0x40 ? token : NULL,
		.max_cmd = how & 0x80 ? 60 : 0,
	};
	u8 *id = malloc(id_len);
	int n;

	memset(id, 'i', id_len);
	conf.routing_id = id;
	/* Whatever was there before. */
	memset(&end->hs, 0x5a, sizeof(end->hs));
	zmq_session_init(&end->s, &end->hs, &conf);
	free(id);
	CHECK_EQ(zmq_session_start(&end->s, end->out, ZMQ_SIGNATURE_LEN - 1), -ENOBUFS);
	n = zmq_session_start(&end->s, end->out, sizeof(end->out));
	CHECK_EQ(n, ZMQ_SIGNATURE_LEN);
	end->used = 0;
	end->n = n;
}

/* Return: false if it takes no more. */
static bool hear(struct end *end, const u8 *p, size_t n)
{
	u8 *out = malloc(ZMQ_SESSION_OUT_MAX);
	size_t outlen;
	ssize_t used;

	used = zmq_session_input(&end->s, p, n, out, ZMQ_SESSION_OUT_MAX, &outlen);
	CHECK(outlen <= ZMQ_SESSION_OUT_MAX && outlen <= sizeof(end->out) - end->n);
	memcpy(end->out + end->n, out, outlen);
	end->n += outlen;
	free(out);
	CHECK_EQ(used < 0, end->s.state == ZMQ_SESSION_FAILED);
	CHECK_EQ(used < 0, !!end->s.error_reason);
	if (used < 0) {
		CHECK_EQ(used, end->s.error);
		CHECK(used != -ENOBUFS && strlen(end->s.error_reason) < 256);
		return false;
	}
	CHECK((size_t)used <= n);
	CHECK((size_t)used == n || zmq_session_done(&end->s));
	end->used += used;
	return !zmq_session_done(&end->s);
}

static void compare(const struct end *a, const struct end *b)
{
	CHECK_EQ(a->s.state, b->s.state);
	CHECK_EQ(a->s.error, b->s.error);
	CHECK_EQ(!a->s.error_reason, !b->s.error_reason);
	if (a->s.error_reason && b->s.error_reason)
		CHECK_STR(a->s.error_reason, b->s.error_reason);
	CHECK_EQ(a->s.major, b->s.major);
	CHECK_EQ(a->s.minor, b->s.minor);
	CHECK_EQ(a->s.framing, b->s.framing);
	CHECK_EQ(a->s.takes_all, b->s.takes_all);
	CHECK_EQ(a->s.peer_type, b->s.peer_type);
	CHECK_EQ(a->s.peer_id_len, b->s.peer_id_len);
	CHECK(!memcmp(a->hs.peer_id, b->hs.peer_id, a->s.peer_id_len));
	CHECK_EQ(a->hs.has_token, b->hs.has_token);
	if (a->hs.has_token)
		CHECK(!memcmp(a->hs.peer_token, b->hs.peer_token, ZMQ_TOKEN_LEN));
	if (zmq_session_done(&a->s)) {
		CHECK_EQ(a->used, b->used);
		CHECK(zmq_session_type_name(a->hs.conf.type));
		CHECK(a->s.peer_type == ZMQ_PEER_TYPE_UNKNOWN ||
		      zmq_session_types_match(a->hs.conf.type, a->s.peer_type));
	}
	CHECK_EQ(a->n, b->n);
	CHECK(!memcmp(a->out, b->out, min(a->n, b->n)));
}

/* Against an end of our own, which speaks and hears in pieces. */
static void meet(struct fuzz *f, struct end *a, struct end *b)
{
	struct end *ends[] = { a, b }, *from, *to;
	size_t heard[2] = {}, n;
	unsigned int i, quiet = 0;

	for (i = 0; quiet < 2; i ^= 1) {
		from = ends[!i];
		to = ends[i];
		n = from->n - heard[i];
		quiet = n && to->s.state < ZMQ_SESSION_DONE ? 0 : quiet + 1;
		if (!n || to->s.state >= ZMQ_SESSION_DONE)
			continue;
		n = 1 + fuzz_below(f, n);
		hear(to, from->out + heard[i], n);
		heard[i] += n;
	}
	if (zmq_session_types_match(a->hs.conf.type, b->hs.conf.type)) {
		CHECK(zmq_session_done(&a->s) && zmq_session_done(&b->s));
		CHECK_EQ(a->s.peer_type, b->hs.conf.type);
		CHECK_EQ(b->s.peer_type, a->hs.conf.type);
		CHECK_EQ(a->s.minor, 1);
		CHECK_EQ(a->s.peer_id_len, b->hs.conf.routing_id_len);
		CHECK_EQ(a->hs.has_token, !!b->hs.conf.token);
	} else {
		CHECK(!zmq_session_done(&a->s) || !zmq_session_done(&b->s));
	}
}

void fuzz_one(struct fuzz *f)
{
	static struct end a, b;
	u8 how = fuzz_byte(f), id = fuzz_byte(f);
	const u8 *all = f->p;
	size_t n = f->n;
	u8 *p;

	begin(&a, how, id);
	while (f->n) {
		n = fuzz_piece(f);
		p = fuzz_take(f, n);
		if (!hear(&a, p, n))
			f->n = 0;
		free(p);
	}
	begin(&b, how, id);
	n = f->p - all;
	p = malloc(n);
	memcpy(p, all, n);
	hear(&b, p, n);
	compare(&a, &b);
	free(p);

	if ((how | id) & 0x80)
		return;
	begin(&a, how, id);
	begin(&b, id, how);
	meet(f, &a, &b);
}
