// SPDX-License-Identifier: GPL-2.0-only
#include "test.h"

#include <linux/errno.h>
#include <linux/zmq.h>
#include "conn/mech_null.h"
#include "conn/session.h"

#define GREETING "ff 00*7 01 7f 03 01 4e554c4c 00*48 "
#define REST 54	/* of the greeting, sent when the peer has shown itself */
#define READY " 05 5245414459 "
#define SOCKET_TYPE "0b 536f636b65742d54797065 "
#define IDENTITY "08 4964656e74697479 "
#define READY_DEALER \
	"04 29" READY SOCKET_TYPE "00000006 4445414c4552" IDENTITY "00000000 "
#define READY_PULL "04 1a" READY SOCKET_TYPE "00000004 50554c4c "

struct run {
	struct zmq_session	s;
	struct zmq_handshake	hs;
	u8			out[ZMQ_SESSION_OUT_MAX];
	size_t			outlen;
	size_t			used;
	ssize_t			ret;
};

static void run_start(struct run *r, u8 type, const char *id)
{
	struct zmq_session_conf conf = {
		.type = type,
		.routing_id = (const u8 *)id,
		.routing_id_len = id ? strlen(id) : 0,
	};

	memset(r, 0xaa, sizeof(*r));
	r->outlen = 0;
	r->used = 0;
	zmq_session_init(&r->s, &r->hs, &conf);
}

/* Input in pieces of @step bytes from memory that is just as large. */
static void run_input(struct run *r, const u8 *p, size_t n, size_t step)
{
	size_t take, outlen;
	u8 *copy;

	do {
		take = min(step, n);
		copy = malloc(take ?: 1);
		memcpy(copy, p, take);
		r->ret = zmq_session_input(&r->s, copy, take, r->out + r->outlen,
					   sizeof(r->out) - r->outlen, &outlen);
		free(copy);
		r->outlen += outlen;
		if (r->ret < 0)
			return;
		r->used += r->ret;
		if (zmq_session_done(&r->s))
			return;
		CHECK_EQ(r->ret, take);
		p += take;
		n -= take;
	} while (n);
}

static void run_hex(struct run *r, u8 type, const char *hex, size_t step)
{
	static u8 p[16384];
	size_t n = test_hex(p, hex);

	run_start(r, type, NULL);
	run_input(r, p, n, step);
}

/* Whether exactly this was sent since the last time. */
static bool told(struct run *r, size_t *seen, const char *hex)
{
	u8 want[1024];
	size_t n = test_hex(want, hex);
	bool same = r->outlen - *seen == n && !memcmp(r->out + *seen, want, n);

	if (!same)
		test_note("%zu bytes were sent, not %s", r->outlen - *seen, hex);
	*seen = r->outlen;
	return same;
}

TEST(session_start, "session: the greeting is sent in stages, as libzmq does")
{
	u8 want[64], got[64];
	size_t seen = 0;
	struct run r;

	CHECK_EQ(test_hex(want, GREETING), 64);
	run_start(&r, ZMQ_PUSH, NULL);
	CHECK_EQ(zmq_session_start(&r.s, got, 9), -ENOBUFS);
	CHECK_EQ(zmq_session_start(&r.s, got, 10), 10);
	CHECK(!memcmp(want, got, 10));
	run_input(&r, want, 9, 1);
	CHECK(told(&r, &seen, ""));
	run_input(&r, want + 9, 1, 1);
	CHECK(told(&r, &seen, "03"));
	run_input(&r, want + 10, 1, 1);
	CHECK(told(&r, &seen, "01 4e554c4c 00*48"));
	run_input(&r, want + 11, 52, 1);
	CHECK(told(&r, &seen, ""));

	/* the signature has the length of the identity, if READY has one */
	run_start(&r, ZMQ_ROUTER, "ABC");
	CHECK_EQ(zmq_session_start(&r.s, got, 64), 10);
	test_hex(want, "ff 00*7 04 7f");
	CHECK(!memcmp(want, got, 10));
	run_start(&r, ZMQ_PUB, "ABC");
	CHECK_EQ(zmq_session_start(&r.s, got, 64), 10);
	CHECK_EQ(got[8], 1);
}

TEST(session_ready, "session: the READY that is sent, byte by byte as libzmq's")
{
	u8 want[600], greeting[64];
	char id[256];
	struct run r;
	size_t n;

	test_hex(greeting, GREETING);
	n = test_hex(want, READY_DEALER);
	run_start(&r, ZMQ_DEALER, NULL);
	run_input(&r, greeting, 63, 63);
	CHECK_EQ(r.outlen, REST);
	run_input(&r, greeting + 63, 1, 1);
	CHECK(r.outlen == REST + n && !memcmp(r.out + REST, want, n));
	CHECK(!zmq_session_done(&r.s));

	n = test_hex(want, READY_PULL);
	run_start(&r, ZMQ_PULL, "never sent");
	run_input(&r, greeting, 64, 64);
	CHECK(r.outlen == REST + n && !memcmp(r.out + REST, want, n));

	/* 5 + READY, 22 for the type, 13 + 255 for the id: a long frame */
	memset(id, 'i', 255);
	id[255] = 0;
	n = test_hex(want, "06 0000000000000128" READY SOCKET_TYPE);
	n += test_hex(want + n, "00000006 524f55544552" IDENTITY "000000ff 69*255");
	run_start(&r, ZMQ_ROUTER, id);
	run_input(&r, greeting, 64, 64);
	CHECK(r.outlen == REST + n && !memcmp(r.out + REST, want, n));
	CHECK(r.outlen < ZMQ_SESSION_OUT_MAX);
}

TEST(session_pieces, "session: a handshake in pieces of every size, never too much")
{
	struct run r;
	size_t step;

	for (step = 1; step <= 120; step++) {
		run_hex(&r, ZMQ_ROUTER, GREETING READY_DEALER "00 01 61", step);
		CHECK(zmq_session_done(&r.s));
		CHECK_EQ(r.used, 64 + 43);
		CHECK_EQ(r.outlen, REST + 43);
		CHECK_EQ(r.s.peer_type, ZMQ_DEALER);
		CHECK_EQ(r.s.peer_id_len, 0);
		CHECK_EQ(r.s.minor, 1);
		CHECK(!r.s.error_reason);
	}
}

TEST(session_splits, "session: a handshake cut at every place")
{
	struct run r;
	u8 p[256];
	size_t n, i;

	n = test_hex(p, GREETING READY_DEALER);
	for (i = 1; i < n; i++) {
		run_start(&r, ZMQ_ROUTER, NULL);
		run_input(&r, p, i, i);
		CHECK(!zmq_session_done(&r.s));
		run_input(&r, p + i, n - i, n - i);
		CHECK(zmq_session_done(&r.s));
		CHECK_EQ(r.used, n);
	}
	/* nothing more is taken when it is done */
	run_input(&r, p, n, n);
	CHECK_EQ(r.ret, 0);
}

TEST(session_versions, "session: versions and greetings")
{
	static const struct {
		const char	*hex;
		int		error;
		u8		minor;
	} cases[] = {
		{ "ff 00*7 01 7f 03 00 4e554c4c 00*16 00 00*31", 0, 0 },
		{ "ff 00*7 01 7f 03 01 4e554c4c 00*16 00 00*31", 0, 1 },
		{ "ff 00*7 01 7f 03 ff 4e554c4c 00*16 00 00*31", 0, 1 },
		{ "ff 00*7 01 7f 04 00 4e554c4c 00*16 00 00*31", 0, 1 },
		{ "ff 00*7 01 01 03 01 4e554c4c 00*16 00 00*31", 0, 1 },
		/* as-server, padding and filler do not matter */
		{ "ff 12*8 7f 03 01 4e554c4c 00*16 01 ff*31", 0, 1 },
		{ "ff 00*7 01 7f 03 01 504c41494e 00*15", -EPROTONOSUPPORT },
		{ "ff 00*7 01 7f 03 01 4e554c4c 00*15 01", -EPROTONOSUPPORT },
		{ "ff 00*7 01 7f 03 01 6e756c6c 00*16", -EPROTONOSUPPORT },
	};
	static const size_t steps[] = { 1000, 1 };
	struct run r;
	size_t i;

	for (i = 0; i < 2 * ARRAY_SIZE(cases); i++) {
		run_hex(&r, ZMQ_PUSH, cases[i / 2].hex, steps[i % 2]);
		if (cases[i / 2].error) {
			CHECK_EQ(r.ret, cases[i / 2].error);
			CHECK(r.s.error_reason && r.s.state == ZMQ_SESSION_FAILED);
			CHECK_EQ(r.outlen, REST);
		} else {
			CHECK(r.ret > 0 && r.s.state == ZMQ_SESSION_HANDSHAKE);
			CHECK_EQ(r.s.minor, cases[i / 2].minor);
			CHECK(r.s.major == 3 && r.s.framing == ZMQ_FRAMING_V2);
			CHECK(!r.s.takes_all);
		}
	}
}

TEST(session_commands, "session: handshake commands, good and bad")
{
	static const struct {
		const char	*hex;
		int		error;
		const char	*reason;
	} cases[] = {
		{ READY_PULL, 0 },
		/* without the flag, with reserved bits, as a long frame */
		{ "00 1a " READY SOCKET_TYPE "00000004 50554c4c", 0 },
		{ "fc 1a " READY SOCKET_TYPE "00000004 50554c4c", 0 },
		{ "06 000000000000001a " READY SOCKET_TYPE "00000004 50554c4c", 0 },
		{ "04 06 " READY, 0 },
		/* names of properties in another case, unknown ones */
		{ "04 1a " READY "0b 534f434b45542d54797065 00000004 50554c4c", 0 },
		{ "04 0d " READY "01 58 00000001 59", 0 },

		{ "04 1a " READY SOCKET_TYPE "00000004 50555348", -EPROTOTYPE },
		{ "04 1a " READY SOCKET_TYPE "00000004 70756c6c", -EPROTOTYPE },
		{ "04 16 " READY SOCKET_TYPE "00000000", -EPROTOTYPE },
		{ "04 07 " READY "00", -EPROTO },
		{ "04 19 " READY SOCKET_TYPE "00000004 50554c", -EPROTO },
		{ "04 06 06 5245414459", -EPROTO },
		{ "04 06 05 7265616479", -EPROTO },
		{ "04 00", -EPROTO }, { "00 00", -EPROTO },
		{ "05", -EPROTO },
		{ "06 8000000000000000", -EPROTO },
		{ "06 0000000000001001", -EMSGSIZE },
		{ "06 7fffffffffffffff", -EMSGSIZE },
		{ "04 07 04 50494e47 0000", -EPROTO },
		{ "00 01 61", -EPROTO },
		{ "04 0a 05 4552524f52 03 343030", -ECONNREFUSED, "400" },
		{ "04 0b 05 4552524f52 03 34300a ff", -ECONNREFUSED, "40?" },
		{ "04 07 05 4552524f52 00", -ECONNREFUSED, "" },
		{ "04 06 05 4552524f52", -EPROTO },
		{ "04 09 05 4552524f52 03 3430", -EPROTO },
	};
	char hex[400];
	struct run r;
	size_t i;

	for (i = 0; i < 2 * ARRAY_SIZE(cases); i++) {
		snprintf(hex, sizeof(hex), "%s%s", GREETING, cases[i / 2].hex);
		run_hex(&r, ZMQ_PUSH, hex, (i & 1) ? 1 : 1000);
		if (!cases[i / 2].error) {
			CHECK(r.ret > 0 && zmq_session_done(&r.s));
			continue;
		}
		CHECK_EQ(r.ret, cases[i / 2].error);
		CHECK(!zmq_session_done(&r.s));
		CHECK_EQ(r.s.error, cases[i / 2].error);
		if (cases[i / 2].reason)
			CHECK_STR(r.s.error_reason, cases[i / 2].reason);
		/* a failed session stays so; our READY has been told about */
		CHECK(r.outlen > REST);
		run_input(&r, (u8 *)"", 1, 1);
		CHECK_EQ(r.ret, cases[i / 2].error);
	}
}

TEST(session_limit, "session: the largest command, and one byte more")
{
	static u8 p[64 + 9 + 6 + ZMQ_HANDSHAKE_CMD_MAX];
	struct run r;
	size_t n, step;

	for (step = 1; step < sizeof(p); step += 997) {
		n = test_hex(p, GREETING "06 0000000000001000 " READY "01 58 00000ff4");
		memset(p + n, 0, sizeof(p) - n);
		n = 64 + 9 + ZMQ_HANDSHAKE_CMD_MAX;
		run_start(&r, ZMQ_PUSH, NULL);
		run_input(&r, p, n, step);
		CHECK(zmq_session_done(&r.s));
		CHECK_EQ(r.used, n);
	}
	p[64 + 8]++;
	run_start(&r, ZMQ_PUSH, NULL);
	run_input(&r, p, n, n);
	CHECK_EQ(r.ret, -EMSGSIZE);
}

TEST(session_identity, "session: the peer's routing id")
{
	struct run r;

	run_hex(&r, ZMQ_ROUTER, GREETING "04 15 " READY IDENTITY "00000002 00ff", 7);
	CHECK(zmq_session_done(&r.s));
	CHECK(r.s.peer_id_len == 2 && !memcmp(r.s.peer_id, "\0\xff", 2));
	CHECK_EQ(r.s.peer_type, ZMQ_PEER_TYPE_UNKNOWN);

	/* the first of two counts */
	run_hex(&r, ZMQ_ROUTER, GREETING "04 22 " READY
		IDENTITY "00000001 61" IDENTITY "00000001 62", 9);
	CHECK(zmq_session_done(&r.s));
	CHECK(r.s.peer_id_len == 1 && r.s.peer_id[0] == 'a');

	/* absent: none at all; too long: refused */
	run_hex(&r, ZMQ_ROUTER, GREETING "04 06 " READY, 100);
	CHECK(zmq_session_done(&r.s) && !r.s.peer_id && !r.s.peer_id_len);
	{
		static u8 p[1024];
		size_t n = test_hex(p, GREETING "06 0000000000000113 " READY IDENTITY
				    "00000100");

		run_start(&r, ZMQ_ROUTER, NULL);
		run_input(&r, p, n + 256, 50);
		CHECK_EQ(r.ret, -EPROTO);
		p[64 + 8]--;
		p[n - 2] = 0;
		p[n - 1] = 255;
		run_start(&r, ZMQ_ROUTER, NULL);
		run_input(&r, p, n + 255, 50);
		CHECK(zmq_session_done(&r.s));
		CHECK_EQ(r.s.peer_id_len, 255);
	}
}

TEST(session_types, "session: which socket types go together")
{
	/* by number: PAIR PUB SUB REQ REP DEALER ROUTER PULL PUSH XPUB XSUB */
	static const char * const table[] = {
		"1..........", "..1.......1", ".1.......1.", "....1.1....",
		"...1.1.....", "....111....", "...1.11....", "........1..",
		".......1...", "..1.......1", ".1.......1.",
	};
	u8 a, b;

	for (a = 0; a < 11; a++) {
		for (b = 0; b < 11; b++)
			CHECK_EQ(zmq_session_types_match(a, b), table[a][b] == '1');
		CHECK(!zmq_session_types_match(a, ZMQ_STREAM));
		CHECK(!zmq_session_types_match(ZMQ_PEER_TYPE_UNKNOWN, a));
	}
	CHECK_STR(zmq_session_type_name(ZMQ_XSUB), "XSUB");
	CHECK(!zmq_session_type_name(ZMQ_STREAM));
}

/* Give what one session sends to the other, until both have nothing to say. */
static void pump(struct run *a, struct run *b, size_t step)
{
	u8 to_a[1024], to_b[1024];
	size_t a_n, b_n, got;
	int i;

	b_n = zmq_session_start(&a->s, to_b, sizeof(to_b));
	a_n = zmq_session_start(&b->s, to_a, sizeof(to_a));
	for (i = 0; i < 6; i++) {
		got = a->outlen;
		run_input(a, to_a, a_n, step);
		memcpy(to_b + b_n, a->out + got, a->outlen - got);
		b_n += a->outlen - got;
		got = b->outlen;
		run_input(b, to_b, b_n, step);
		a_n = b->outlen - got;
		memcpy(to_a, b->out + got, a_n);
		b_n = 0;
	}
}

TEST(session_pair, "session: every two types shake hands with each other, or do not")
{
	struct run a, b;
	u8 x, y;

	for (x = 0; x < 11; x++) {
		for (y = 0; y < 11; y++) {
			run_start(&a, x, "the-id");
			run_start(&b, y, NULL);
			pump(&a, &b, 1 + (x * 11 + y) % 70);
			if (!zmq_session_types_match(x, y)) {
				CHECK(!zmq_session_done(&a.s) || !zmq_session_done(&b.s));
				CHECK(a.s.error == -EPROTOTYPE || b.s.error == -EPROTOTYPE);
				continue;
			}
			CHECK(zmq_session_done(&a.s) && zmq_session_done(&b.s));
			CHECK(a.s.peer_type == y && b.s.peer_type == x);
			CHECK_EQ(b.s.peer_id_len, x == ZMQ_REQ || x == ZMQ_DEALER ||
				 x == ZMQ_ROUTER ? 6 : 0);
		}
	}
}

/* A mechanism of two commands each way, as PLAIN and CURVE are. */
static int two_start(struct zmq_session *s, u8 *out, size_t outsize)
{
	return 0;
}

static int two_command(struct zmq_session *s, const struct zmq_cmd *cmd,
		       u8 *out, size_t outsize)
{
	if (outsize < 2)
		return -ENOBUFS;
	if (cmd->name_len == 5 && !memcmp(cmd->name, "HELLO", 5)) {
		memcpy(out, "hi", 2);
		return 2;
	}
	if (cmd->name_len != 4 || memcmp(cmd->name, "LAST", 4))
		return zmq_session_fail(s, -EPROTO, "command out of order");
	memcpy(out, "ok", 2);
	zmq_session_complete(s);
	return 2;
}

TEST(session_mechanism, "session: a mechanism that takes several commands")
{
	static const struct zmq_mech_ops two = {
		.name		= "TWO",
		.start		= two_start,
		.command	= two_command,
	};
	struct zmq_session_conf conf = { .type = ZMQ_PUSH, .mech = &two };
	u8 p[128], greeting[64];
	struct run r;
	size_t n, i;

	n = test_hex(p, "ff 00*7 01 7f 03 01 54574f 00*17 00*32");
	CHECK_EQ(n, 64);
	n += test_hex(p + n, "04 08 05 48454c4c4f 0102");
	n += test_hex(p + n, "04 05 04 4c415354   00 01 61");
	for (i = 1; i < n; i++) {
		run_start(&r, ZMQ_PUSH, NULL);
		zmq_session_init(&r.s, &r.hs, &conf);
		CHECK_EQ(zmq_session_start(&r.s, greeting, 64), 10);
		CHECK(!memcmp(greeting, p, 10));
		run_input(&r, p, i, i);
		if (!zmq_session_done(&r.s))
			run_input(&r, p + i, n - i, 1 + i % 5);
		CHECK(zmq_session_done(&r.s));
		CHECK_EQ(r.used, n - 3);
		CHECK_EQ(r.outlen, REST + 4);
		CHECK(!memcmp(r.out, p + 10, REST));
		CHECK(!memcmp(r.out + REST, "hiok", 4));
	}
}

struct old_case {
	const char	*hex;	/* from the peer, with a byte more than it needs */
	const char	*sent;	/* by a ROUTER named "me", behind its signature */
	u8		major;
	u8		framing;
	bool		takes_all;
	int		id_len;
	const char	*id;
	u8		type;	/* ZMTP 2.0 */
};

static const struct old_case old_cases[] = {
	/* ZMTP 1.0 without a version: our signature was a header */
	{ "01 00  55", "6d65", 1, ZMQ_FRAMING_V1, true, 0 },
	{ "01 7e  55", "6d65", 1, ZMQ_FRAMING_V1, true, 0 },
	{ "04 00 616263  55", "6d65", 1, ZMQ_FRAMING_V1, true, 3, "616263" },
	{ "fe 01 61*253  55", "6d65", 1, ZMQ_FRAMING_V1, true, 253, "61*253" },
	/* with a long identity, also where it is short */
	{ "ff 00*6 0100 00 61*255  55", "6d65", 1, ZMQ_FRAMING_V1, true, 255, "61*255" },
	{ "ff 00*6 0003 7e 6162  55", "6d65", 1, ZMQ_FRAMING_V1, true, 2, "6162" },
	{ "ff 00*6 0001 00  55", "6d65", 1, ZMQ_FRAMING_V1, true, 0 },
	/* ZMTP 1.0 with a version */
	{ "ff 00*7 01 7f 00 05 01 00  55", "03 06 03 00 6d65", 1, ZMQ_FRAMING_V1, false, 0 },
	{ "ff 00*7 04 7f 00 ff 04 c0 616263  55", "03 06 03 00 6d65", 1, ZMQ_FRAMING_V1,
	  false, 3, "616263" },
	/* ZMTP 2.0 */
	{ "ff 00*7 01 7f 01 05 00 00  55", "03 06 00 02 6d65", 2, ZMQ_FRAMING_V2, false, 0,
	  "", ZMQ_DEALER },
	{ "ff 00*7 04 01 01 03 01 03 616263  55", "03 06 00 02 6d65", 2, ZMQ_FRAMING_V2,
	  false, 3, "616263", ZMQ_REQ },
	{ "ff 00*7 01 7f 01 06 02 00*7 ff 61*255  55", "03 06 00 02 6d65", 2,
	  ZMQ_FRAMING_V2, false, 255, "61*255", ZMQ_ROUTER },
	/* and a version below 3.0 that nobody has heard of */
	{ "ff 00*7 01 7f 02 05 00 00  55", "03 06 00 02 6d65", 2, ZMQ_FRAMING_V2, false, 0,
	  "", ZMQ_DEALER },
};

static void old_check(struct run *r, const struct old_case *c, size_t n)
{
	size_t seen = 0;
	u8 id[256];

	CHECK(zmq_session_done(&r->s));
	CHECK_EQ(r->used, n - 1);
	CHECK(told(r, &seen, c->sent));
	CHECK_EQ(r->s.major, c->major);
	CHECK_EQ(r->s.minor, 0);
	CHECK_EQ(r->s.framing, c->framing);
	CHECK_EQ(r->s.takes_all, c->takes_all);
	CHECK_EQ(r->s.peer_type, c->major == 2 ? c->type : ZMQ_PEER_TYPE_UNKNOWN);
	CHECK_EQ(r->s.peer_id_len, c->id_len);
	if (c->id_len) {
		test_hex(id, c->id);
		CHECK(!memcmp(r->s.peer_id, id, c->id_len));
	}
}

TEST(session_old, "session: ZMTP 1.0 and 2.0, cut at every place and into pieces of every size")
{
	const struct old_case *c;
	static u8 p[1024];
	struct run r;
	size_t n, i;

	for (c = old_cases; c < old_cases + ARRAY_SIZE(old_cases); c++) {
		n = test_hex(p, c->hex);
		for (i = 1; i < n; i++) {
			run_start(&r, ZMQ_ROUTER, "me");
			run_input(&r, p, i, i);
			if (!zmq_session_done(&r.s))
				run_input(&r, p + i, n - i, n - i);
			old_check(&r, c, n);
			run_start(&r, ZMQ_ROUTER, "me");
			run_input(&r, p, n, i);
			old_check(&r, c, n);
		}
	}
}

TEST(session_old_stages, "session: a ZMTP 2.0 peer that waits for every answer gets it")
{
	size_t seen = 0;
	struct run r;
	u8 p[64];

	test_hex(p, "ff 00*7 01 7f 01 08 00 00");
	run_start(&r, ZMQ_PULL, "not of PULL");
	run_input(&r, p, 10, 10);
	CHECK(told(&r, &seen, "03"));
	run_input(&r, p + 10, 1, 1);
	CHECK(told(&r, &seen, "07"));
	run_input(&r, p + 11, 1, 1);
	CHECK(told(&r, &seen, "00 00"));
	CHECK(!zmq_session_done(&r.s));
	run_input(&r, p + 12, 2, 1);
	CHECK(zmq_session_done(&r.s));
}

TEST(session_old_types, "session: a ZMTP 2.0 peer is told and says one of the types of RFC 15")
{
	unsigned int type, told, peer;
	struct run r;
	bool good;
	u8 p[16];

	test_hex(p, "ff 00*7 01 7f 01 00 00 00");
	for (type = ZMQ_PAIR; type <= ZMQ_XSUB; type++) {
		/* libzmq 3 says 9 and 10, which nobody else need know */
		told = type == ZMQ_XPUB ? ZMQ_PUB :
		       type == ZMQ_XSUB ? ZMQ_SUB : type;
		for (peer = 0; peer < 256; peer++) {
			good = zmq_session_types_match(type, peer);
			p[11] = peer;
			run_start(&r, type, NULL);
			run_input(&r, p, 14, 1);
			CHECK_EQ(r.outlen, good ? 4 : 2);
			CHECK(r.out[0] == 3 && r.out[1] == told);
			CHECK_EQ(zmq_session_done(&r.s), good);
			CHECK_EQ(r.ret, good ? 1 : -EPROTOTYPE);
		}
	}
}

TEST(session_not_zmtp, "session: what is not ZMTP and what is too long is soon refused")
{
	static const struct {
		const char	*hex;
		size_t		used;
	} cases[] = {
		{ "00", 0 },
		{ "474554202f20485454502f312e31", 1 },	/* GET / HTTP/1.1 */
		{ "504f5354202f", 1 },			/* POST / */
		{ "160301020001", 1 },			/* TLS */
		{ "5353482d322e30", 1 },		/* SSH-2.0 */
		{ "ff 00*8 00", 9 },
		{ "ff 80 00*7 00", 9 },
		{ "ff 00*6 0101 00", 9 },
		{ "ff 00*4 7fffffff 00", 9 },
		{ "ff 00*7 05 02", 9 },
		{ "ff 00*7 01 7f 00 05 00", 12 },
		{ "ff 00*7 01 7f 00 05 ff 00*6 0101 00", 21 },
		{ "ff 00*7 01 7f 01 05 02 00*6 0100", 20 },
		{ "ff 00*7 01 7f 01 05 02 80 00*7", 20 },
	};
	struct run r;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		run_hex(&r, ZMQ_ROUTER, cases[i].hex, 1);
		CHECK_EQ(r.ret, -EPROTO);
		CHECK_EQ(r.used, cases[i].used);
		CHECK(r.s.error_reason && r.s.state == ZMQ_SESSION_FAILED);
		run_hex(&r, ZMQ_ROUTER, cases[i].hex, 1000);
		CHECK_EQ(r.ret, -EPROTO);
	}
}

TEST(session_old_mechanism, "session: ZMTP 1.0 and 2.0 are refused where a mechanism is wanted")
{
	static const struct zmq_mech_ops two = {
		.name		= "TWO",
		.start		= two_start,
		.command	= two_command,
	};
	struct zmq_session_conf conf = { .type = ZMQ_PUSH, .mech = &two };
	static const struct {
		const char	*hex;
		const char	*sent;
	} cases[] = {
		{ "01", "" }, { "ff 00*7 01 7e", "" },
		{ "ff 00*7 01 7f 00", "03" }, { "ff 00*7 01 7f 01", "03" },
	};
	size_t i, n, seen;
	struct run r;
	u8 p[64];

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		n = test_hex(p, cases[i].hex);
		run_start(&r, ZMQ_PUSH, NULL);
		zmq_session_init(&r.s, &r.hs, &conf);
		run_input(&r, p, n, 1);
		CHECK_EQ(r.ret, -EPROTONOSUPPORT);
		CHECK(r.s.major && r.s.major < 3);
		seen = 0;
		CHECK(told(&r, &seen, cases[i].sent));
	}
}

TEST(session_room, "session: no room for READY is an error, not an overrun")
{
	u8 p[64], *out;
	size_t n, outlen;
	struct run r;

	test_hex(p, GREETING);
	for (n = 0; n < REST + 60; n++) {
		out = malloc(n ?: 1);
		run_start(&r, ZMQ_DEALER, NULL);
		r.ret = zmq_session_input(&r.s, p, 64, out, n, &outlen);
		/* the header is put in place last, so room for nine is needed */
		CHECK_EQ(r.ret, n < REST + 50 ? -ENOBUFS : 64);
		free(out);
	}
}

TEST(session_size, "session: what lives as long as the connection is small")
{
	CHECK(sizeof(struct zmq_session) <= 48);
}

#define TOKEN_NAME "0e 582d41462d5a4d512d546f6b656e "	/* X-AF-ZMQ-Token */
#define TOKEN_VALUE "000102030405060708090a0b0c0d0e0f"

TEST(session_token, "session: a token is told, and one of the right length taken")
{
	static const struct {
		const char	*prop;
		bool		taken;
	} cases[] = {
		{ TOKEN_NAME "00000010" TOKEN_VALUE, true },
		{ TOKEN_NAME "0000000f 00*15", false },
		{ TOKEN_NAME "00000011 00*17", false },
		{ TOKEN_NAME "00000000", false },
		/* the first of several */
		{ TOKEN_NAME "00000010" TOKEN_VALUE TOKEN_NAME "00000010 00*16",
		  true },
		{ "", false },
	};
	static const char start[] = "05 5245414459 " SOCKET_TYPE
				    "00000004 50555348 ";
	u8 token[ZMQ_TOKEN_LEN], in[512], body[256];
	struct zmq_session_conf conf = { .type = ZMQ_PULL, .token = token };
	size_t n, i, len;
	struct run r;

	test_hex(token, TOKEN_VALUE);
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		run_start(&r, ZMQ_PULL, NULL);
		zmq_session_init(&r.s, &r.hs, &conf);
		len = test_hex(body, start);
		len += test_hex(body + len, cases[i].prop);
		n = test_hex(in, GREETING);
		in[n++] = 4;
		in[n++] = len;
		memcpy(in + n, body, len);
		run_input(&r, in, n + len, 7);
		CHECK(zmq_session_done(&r.s));
		CHECK_EQ(r.hs.has_token, cases[i].taken);
		if (cases[i].taken)
			CHECK(!memcmp(r.hs.peer_token, token, sizeof(token)));

		n = test_hex(body, "04 3d" READY SOCKET_TYPE "00000004 50554c4c"
			     TOKEN_NAME "00000010" TOKEN_VALUE);
		CHECK(r.outlen == REST + n && !memcmp(r.out + REST, body, n));
	}
}
