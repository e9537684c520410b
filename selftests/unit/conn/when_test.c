// SPDX-License-Identifier: GPL-2.0-only
#include "conn/when.h"
#include "test.h"

#include <linux/sizes.h>

#define US NSEC_PER_USEC
#define CAP (50 * US)
#define NOW (1000 * NSEC_PER_MSEC)

/* Of a stream that was given something a moment ago */
static struct zmq_when streaming(enum zmq_flush how)
{
	return (struct zmq_when){
		.how = how,
		.bytes = 100,
		.now = NOW,
		.last = NOW - 1,
		.cap = CAP,
		.gap = NSEC_PER_SEC,
		.gap_before = NSEC_PER_SEC,
		.behind = 1,
	};
}

static struct zmq_when idle(enum zmq_flush how)
{
	struct zmq_when when = streaming(how);

	when.last = 0;
	return when;
}

static bool at_once(struct zmq_when when)
{
	return zmq_when(&when) <= when.now;
}

static s64 waits(struct zmq_when when)
{
	return zmq_when(&when) - when.now;
}

TEST(when_idle, "when: a message waits if the stream was given something within the cap")
{
	struct zmq_when when = streaming(ZMQ_FLUSH_AUTO);

	CHECK_EQ(waits(when), CAP);
	when.last = NOW - CAP + 1;
	CHECK_EQ(waits(when), CAP);
	when.last = NOW - CAP;
	CHECK(at_once(when));
	CHECK(at_once(idle(ZMQ_FLUSH_AUTO)));
}

TEST(when_full, "when: 64 KiB are a segment, whoever has more at hand")
{
	enum zmq_flush how;

	for (how = ZMQ_FLUSH_LATER; how <= ZMQ_FLUSH_FANOUT; how++) {
		struct zmq_when when = streaming(how);

		when.bytes = SZ_64K - 1;
		when.gap = 0;
		CHECK_EQ(waits(when), CAP);
		when.bytes = SZ_64K;
		CHECK(at_once(when));
	}
}

TEST(when_later, "when: a caller who has more at hand gets the cap for it, or a moment")
{
	struct zmq_when when = idle(ZMQ_FLUSH_LATER);

	CHECK_EQ(waits(when), CAP);
	when.cap = 0;
	CHECK_EQ(waits(when), 1);
}

TEST(when_cap, "when: without a cap no message waits")
{
	struct zmq_when when = streaming(ZMQ_FLUSH_AUTO);

	when.cap = 0;
	CHECK(at_once(when));
	when.how = ZMQ_FLUSH_FANOUT;
	when.gap = 0;
	CHECK(at_once(when));
}

TEST(when_now, "when: what must not wait does not, nor what is there with it")
{
	CHECK(at_once(streaming(ZMQ_FLUSH_NOW)));
	CHECK(at_once(idle(ZMQ_FLUSH_NOW)));
}

TEST(when_fanout, "when: fan-outs that follow within a 16th of the cap wait, the next too")
{
	struct zmq_when when = idle(ZMQ_FLUSH_FANOUT);

	CHECK(at_once(when));
	when.gap = CAP / 16 - 1;
	CHECK_EQ(waits(when), CAP);
	when.gap = CAP / 16;
	CHECK(at_once(when));
	when.gap_before = CAP / 16 - 1;
	CHECK_EQ(waits(when), CAP);
	CHECK_EQ(waits(streaming(ZMQ_FLUSH_FANOUT)), CAP);
}

TEST(when_company, "when: of a stream of fan-outs who got none of the last 32 gets his as if alone")
{
	struct zmq_when when = idle(ZMQ_FLUSH_FANOUT);

	when.gap = 0;
	when.behind = 32;
	CHECK_EQ(waits(when), CAP);
	when.behind = 33;
	CHECK(at_once(when));
	when.last = NOW - 1;
	CHECK_EQ(waits(when), CAP);
}

TEST(when_commands, "when: commands go once a millisecond, or if there are 16 KiB")
{
	struct zmq_when when = streaming(ZMQ_FLUSH_CMDS);

	when.cmd_bytes = SZ_16K - 1;
	CHECK_EQ(waits(when), NSEC_PER_MSEC);
	when.last = NOW - NSEC_PER_MSEC;
	CHECK(at_once(when));
	when.last = NOW;
	when.cmd_bytes = SZ_16K;
	CHECK(at_once(when));
}

TEST(when_behind_commands, "when: a message takes along the commands before it")
{
	enum zmq_flush how;

	for (how = ZMQ_FLUSH_LATER; how <= ZMQ_FLUSH_FANOUT; how++) {
		struct zmq_when when = streaming(how);

		when.gap = 0;
		CHECK_EQ(waits(when), CAP);
		when.cmd_bytes = 1;
		CHECK(at_once(when));
	}
}
