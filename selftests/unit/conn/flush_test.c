// SPDX-License-Identifier: GPL-2.0-only
#include "bed.h"

#include "clock.h"

#define US NSEC_PER_USEC
#define CAP (50 * US)	/* net.zmq.coalesce_us */

static void message(struct bed *bed, enum zmq_flush how)
{
	CHECK_EQ(bed_queue_hex(bed, "00 01 61"), 0);
	zmq_conn_flush(&bed->conn, how);
}

static void command(struct bed *bed, enum zmq_flush how)
{
	CHECK_EQ(zmq_conn_queue_cmd(&bed->conn, "\4\5\4PONG", 7, NULL, 0,
				    GFP_KERNEL), 0);
	zmq_conn_flush(&bed->conn, how);
}

static void large(struct bed *bed, size_t n, enum zmq_flush how)
{
	u8 *p = calloc(1, n);
	struct zmq_buf *buf;

	p[0] = ZMTP_LONG;
	put_unaligned_be64(n - ZMQ_HDR_MAX, p + 1);
	buf = bed_buf(p, n, false);
	free(p);
	CHECK_EQ(bed_queue(bed, &buf, 1), 0);
	zmq_conn_flush(&bed->conn, how);
}

TEST(flush_auto, "flush: auto goes at once on an idle stream, else at the cap at the latest")
{
	struct bed bed;
	s64 gap;

	for (gap = 0; gap <= 2 * CAP; gap += US) {
		bed_init(&bed);
		message(&bed, ZMQ_FLUSH_AUTO);
		CHECK_EQ(bed.sent.n, 3);
		bed_pass(&bed, gap);
		message(&bed, ZMQ_FLUSH_AUTO);
		CHECK_EQ(bed.sent.n, gap < CAP ? 3 : 6);
		bed_pass(&bed, CAP - 1);
		CHECK_EQ(bed.sent.n, gap < CAP ? 3 : 6);
		bed_pass(&bed, 1);
		CHECK_EQ(bed.sent.n, 6);
		bed_exit(&bed);
	}
}

TEST(flush_tick, "flush: a socket that streams has one timer, while something waits")
{
	struct bed bed;
	unsigned int i;

	bed_init(&bed);
	for (i = 0; i < 100; i++) {
		message(&bed, ZMQ_FLUSH_LATER);
		CHECK_EQ(bed.sk.refs, 1);
		/* Each tick sends what waits, and nothing else does. */
		CHECK_EQ(bed.conn.tx->msgs, 1 + i % 5);
		bed_pass(&bed, CAP / 5);
	}
	CHECK_EQ(bed.sent.n, 3 * 100);
	CHECK(!bed.owner.flushing);
	CHECK_EQ(bed.sk.refs, 0);
	CHECK_EQ(clock_next(), INT64_MAX);
	bed_exit(&bed);
}

TEST(flush_stream, "flush: auto sends all that waits when the cap has passed since the last")
{
	struct bed bed;
	unsigned int i;

	bed_init(&bed);
	for (i = 0; i < 100; i++) {
		message(&bed, ZMQ_FLUSH_AUTO);
		CHECK_EQ(bed.conn.tx->msgs, i % 5);
		bed_pass(&bed, CAP / 5);
	}
	bed_pass(&bed, CAP);
	CHECK_EQ(bed.sent.n, 3 * 100);
	bed_exit(&bed);
}

TEST(flush_later, "flush: later waits even on an idle stream, for the cap or 64 KiB")
{
	struct bed bed;

	bed_init(&bed);
	message(&bed, ZMQ_FLUSH_LATER);
	CHECK_EQ(bed.sent.n, 0);
	bed_pass(&bed, CAP);
	CHECK_EQ(bed.sent.n, 3);
	bed_exit(&bed);

	bed_init(&bed);
	large(&bed, SZ_64K - 1, ZMQ_FLUSH_LATER);
	CHECK_EQ(bed.sent.n, 0);
	message(&bed, ZMQ_FLUSH_LATER);
	CHECK_EQ(bed.sent.n, SZ_64K + 2);
	CHECK(list_empty(&bed.conn.flush_node));
	bed_exit(&bed);
}

TEST(flush_now, "flush: now goes whatever was sent a moment ago, with all that waits")
{
	struct bed bed;

	bed_init(&bed);
	message(&bed, ZMQ_FLUSH_NOW);
	message(&bed, ZMQ_FLUSH_NOW);
	CHECK_EQ(bed.sent.n, 6);
	message(&bed, ZMQ_FLUSH_LATER);
	command(&bed, ZMQ_FLUSH_CMDS);
	CHECK_EQ(bed.sent.n, 6);
	message(&bed, ZMQ_FLUSH_NOW);
	CHECK_EQ(bed.sent.n, 12 + 7);
	CHECK(list_empty(&bed.conn.flush_node));
	bed_exit(&bed);
}

TEST(flush_cmds, "flush: commands go once a millisecond, more often if there are 16 KiB")
{
	struct bed bed;
	unsigned int i;

	bed_init(&bed);
	command(&bed, ZMQ_FLUSH_CMDS);
	CHECK_EQ(bed.sent.n, 7);
	bed_pass(&bed, 100 * US);
	command(&bed, ZMQ_FLUSH_CMDS);
	bed_pass(&bed, 100 * US);
	command(&bed, ZMQ_FLUSH_CMDS);
	CHECK_EQ(bed.sent.n, 7);
	bed_pass(&bed, NSEC_PER_MSEC - 100 * US - 1);
	CHECK_EQ(bed.sent.n, 7);
	bed_pass(&bed, 1);
	CHECK_EQ(bed.sent.n, 21);

	for (i = 0; i < SZ_16K / 7; i++)
		command(&bed, ZMQ_FLUSH_CMDS);
	CHECK_EQ(bed.sent.n, 21);
	command(&bed, ZMQ_FLUSH_CMDS);
	CHECK_EQ(bed.sent.n, 21 + 7 * (SZ_16K / 7 + 1));
	bed_exit(&bed);
}

TEST(flush_earlier, "flush: what is to be sent earlier does not wait for the timer of others")
{
	struct zmq_conn other;
	struct zmq_tx tx;
	struct bed bed;

	bed_init(&bed);
	command(&bed, ZMQ_FLUSH_CMDS);
	command(&bed, ZMQ_FLUSH_CMDS);
	CHECK_EQ(clock_next(), shim_now + NSEC_PER_MSEC);
	/* Another connection of the socket, with a message of its own */
	other = bed.conn;
	INIT_LIST_HEAD(&other.flush_node);
	tx = bed.tx;
	tx.cmd_bytes = 0;
	other.tx = &tx;
	zmq_conn_flush(&other, ZMQ_FLUSH_LATER);
	CHECK_EQ(clock_next(), shim_now + CAP);
	zmq_conn_flush(&other, ZMQ_FLUSH_LATER);
	CHECK_EQ(clock_next(), shim_now + CAP);
	zmq_conn_flush_stop(&other);
	bed_pass(&bed, CAP);
	CHECK_EQ(clock_next(), shim_now + NSEC_PER_MSEC - CAP);
	bed_pass(&bed, NSEC_PER_MSEC - CAP);
	CHECK_EQ(bed.sent.n, 2 * 7);
	bed_exit(&bed);
}

TEST(flush_no_memory, "flush: a stream without memory is tried again, not in a loop")
{
	struct bed bed;

	bed_init(&bed);
	bed.send_err = -ENOMEM;
	message(&bed, ZMQ_FLUSH_LATER);
	zmq_owner_flush(&bed.owner);
	CHECK_EQ(bed.send_errs, 1);
	message(&bed, ZMQ_FLUSH_NOW);
	CHECK_EQ(bed.send_errs, 2);
	message(&bed, ZMQ_FLUSH_LATER);
	bed_pass(&bed, CAP);
	CHECK_EQ(bed.send_errs, 3);
	CHECK(list_empty(&bed.owner.unflushed) && !bed.owner.flushing);
	bed_pass(&bed, BED_RETRY);
	CHECK_EQ(bed.send_errs, 4);
	bed.send_err = 0;
	bed_pass(&bed, BED_RETRY);
	CHECK_EQ(bed.sent.n, 9);
	bed_exit(&bed);
}

TEST(flush_behind, "flush: a message does not wait behind commands that do")
{
	struct bed bed;

	bed_init(&bed);
	command(&bed, ZMQ_FLUSH_CMDS);
	command(&bed, ZMQ_FLUSH_CMDS);
	CHECK_EQ(bed.sent.n, 7);
	message(&bed, ZMQ_FLUSH_LATER);
	CHECK_EQ(bed.sent.n, 7 + 7 + 3);
	CHECK(list_empty(&bed.owner.unflushed));
	bed_exit(&bed);
}

TEST(flush_sleep, "flush: nothing waits for company while the caller sleeps")
{
	struct bed bed;

	bed_init(&bed);
	zmq_owner_flush(&bed.owner);
	message(&bed, ZMQ_FLUSH_LATER);
	command(&bed, ZMQ_FLUSH_CMDS);
	CHECK_EQ(bed.sent.n, 7 + 3);
	bed.sent.n = 0;
	message(&bed, ZMQ_FLUSH_LATER);
	CHECK_EQ(bed.sent.n, 0);
	zmq_owner_flush(&bed.owner);
	CHECK_EQ(bed.sent.n, 3);
	CHECK(list_empty(&bed.owner.unflushed));
	CHECK_EQ(bed.conn.ref.refs, 1);
	bed_exit(&bed);
}

/* As a pattern does it that sends to many. */
static bool fan_out(struct bed *bed, bool more)
{
	zmq_owner_fanout_begin(&bed->owner);
	message(bed, more ? ZMQ_FLUSH_LATER : ZMQ_FLUSH_FANOUT);
	zmq_owner_fanout_end(&bed->owner);
	return bed->conn.tx->msgs;
}

TEST(flush_fanout, "flush: fan-outs that follow within a 16th of the cap wait, the next too")
{
	struct bed bed;

	bed_init(&bed);
	CHECK(!fan_out(&bed, false));
	bed_pass(&bed, CAP);
	CHECK(!fan_out(&bed, false));
	bed_pass(&bed, CAP / 16 - 1);
	CHECK(fan_out(&bed, false));
	bed_pass(&bed, CAP);
	CHECK(fan_out(&bed, false));
	bed_pass(&bed, 2 * CAP);
	CHECK(!fan_out(&bed, false));
	CHECK(fan_out(&bed, true));
	bed_pass(&bed, CAP);
	CHECK_EQ(bed.sent.n, 3 * 6);
	bed_exit(&bed);
}

TEST(flush_company, "flush: of a stream of fan-outs who got none of the last 32 gets his at once")
{
	unsigned int gap;
	struct bed bed;

	for (gap = 30; gap <= 34; gap++) {
		bed_init(&bed);
		bed_pass(&bed, 10 * CAP);
		bed.owner.fanout_gap_before = 0;
		bed.owner.fanouts += gap;
		message(&bed, ZMQ_FLUSH_FANOUT);
		CHECK_EQ(bed.sent.n, gap <= 32 ? 0 : 3);
		bed_pass(&bed, CAP);
		CHECK_EQ(bed.sent.n, 3);
		bed_exit(&bed);
	}
}

TEST(flush_end, "flush: a socket that ends lets go of its timer, whenever that is")
{
	struct bed bed;

	bed_init(&bed);
	message(&bed, ZMQ_FLUSH_LATER);
	CHECK_EQ(bed.sk.refs, 1);
	zmq_conn_flush_stop(&bed.conn);
	CHECK(list_empty(&bed.owner.unflushed));
	zmq_owner_flush_end(&bed.owner);
	CHECK_EQ(bed.sk.refs, 0);
	bed_exit(&bed);

	/* The worker is on its way. */
	bed_init(&bed);
	message(&bed, ZMQ_FLUSH_LATER);
	clock_move(shim_now + CAP);
	zmq_owner_flush_end(&bed.owner);
	CHECK_EQ(bed.sk.refs, 1);
	bed_settle(&bed);
	CHECK_EQ(bed.sent.n, 3);
	CHECK_EQ(bed.sk.refs, 0);
	bed_exit(&bed);
}

TEST(flush_nothing, "flush: without a stream, or anything to send, nothing waits")
{
	struct bed bed;

	bed_init(&bed);
	zmq_conn_flush(&bed.conn, ZMQ_FLUSH_LATER);
	CHECK(list_empty(&bed.owner.unflushed));
	bed_lose(&bed);
	message(&bed, ZMQ_FLUSH_LATER);
	CHECK(list_empty(&bed.owner.unflushed));
	CHECK_EQ(clock_next(), INT64_MAX);
	bed_exit(&bed);
}
