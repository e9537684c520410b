// SPDX-License-Identifier: GPL-2.0-only
/* Who says something in time stays, who is asked and silent for ever goes, at any time. */
#include "fuzz/conn/touch.h"

#include <errno.h>

#define MS	NSEC_PER_MSEC
/* Longer than anything here is patient, in seconds. */
#define FOR_EVER	300
/* A tick more or less. */
#define SLACK		(2 * NSEC_PER_SEC / HZ)

static struct bed bed;

/**
 * struct peer - what it has said
 * @heard: when it did last
 * @ttl: what its last PING allows it to be silent, ns, or 0
 * @pings: of PING and PONG
 */
static struct peer {
	s64		heard;
	s64		ttl;
	unsigned int	pings;
} peer;

static void say(const char *hex)
{
	peer.heard = shim_now;
	bed_hex_arrives(&bed, hex);
}

static void ping(u16 ttl)
{
	char hex[64];

	snprintf(hex, sizeof(hex), "04 07 04 50494e47 %04x", ttl);
	say(hex);
	peer.pings++;
	peer.ttl = ttl * 100 * MS;
}

/* The shortest silence for which a peer may be given up. */
static s64 patience(void)
{
	int timeout = bed.opts.heartbeat_timeout;
	s64 ns = INT64_MAX;

	if (bed.opts.heartbeat_ivl)
		ns = (timeout < 0 ? bed.opts.heartbeat_ivl : timeout) * MS ?: INT64_MAX;
	return peer.ttl ? min(ns, peer.ttl) : ns;
}

static void judge(s64 began)
{
	s64 silent = shim_now - max(peer.heard, began);

	if (!bed.lost)
		return;
	CHECK_EQ(bed.lost, ZMQ_MIB_HBTIMEOUT);
	CHECK(patience() != INT64_MAX);
	CHECK(silent + SLACK >= patience());
}

static void operate(struct fuzz *f, u8 op)
{
	switch (op & 7) {
	case 0:
		bed_pass(&bed, MS << (op >> 4));
		break;
	case 1:
		ping(op >> 4 ? (op >> 4) - 1 : fuzz_below(f, 2000));
		break;
	case 2:
		say("04 05 04 504f4e47");
		peer.pings++;
		break;
	case 3:
		say("00 01 61");
		break;
	case 4:
		bed.room = op >> 6;
		break;
	case 5:
		touch_resume(&bed, op & 0x80 ? UINT_MAX : 1);
		break;
	case 6:
		bed.window = op & 0x80 ? BED_ANY : op >> 4;
		if (op & 0x80)
			bed_opens(&bed, BED_ANY);
		break;
	default:
		shim_alloc_budget = op >> 7;
	}
	bed_settle(&bed);
	shim_alloc_budget = -1;
}

/* Whether silence is to end it, now that nothing is in the way. */
static bool is_asked(bool cmds, bool by_tcp)
{
	if (peer.ttl)
		return true;
	if (patience() == INT64_MAX)
		return false;
	return cmds || peer.pings || by_tcp;
}

/* From now on the peer is silent. */
static void be_silent(bool is_asked)
{
	unsigned int i;

	touch_resume(&bed, UINT_MAX);
	bed_opens(&bed, BED_ANY);
	for (i = 0; i < (is_asked ? FOR_EVER : 3) && !bed.lost; i++) {
		bed.sent.n = 0;
		bed_pass(&bed, NSEC_PER_SEC);
	}
	CHECK_EQ(!!bed.lost, is_asked);
}

void fuzz_one(struct fuzz *f)
{
	static const int ms[] = { 0, 10, 50, 200, 1000, 5000, 30000, -1 };
	u8 how = fuzz_byte(f), times = fuzz_byte(f);
	s64 began;

	memset(&peer, 0, sizeof(peer));
	bed_init(&bed);
	bed.opts.heartbeat_ivl = max(ms[times & 7], 0);
	bed.opts.heartbeat_timeout = ms[times >> 3 & 7];
	bed.opts.heartbeat_ttl = times >> 6;
	touch_framing(&bed, ZMQ_FRAMING_V2, how & 1);
	if (how & 2)
		touch_by_duct(&bed);
	bed.tcp.rcv_tstamp = tcp_jiffies32;
	touch_start(&bed);
	bed_settle(&bed);
	began = shim_now;
	while (f->n && !bed.lost) {
		operate(f, fuzz_byte(f));
		judge(began);
	}
	if (!bed.lost) {
		be_silent(is_asked(how & 1, !(how & 2)));
		judge(began);
	}
	bed_exit(&bed);
}
