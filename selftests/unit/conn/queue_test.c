// SPDX-License-Identifier: GPL-2.0-only
#include "bed.h"

#include <errno.h>

/* Messages in one buffer, one behind the other, as a stream to one peer has. */
#define THREE "00 03 616263  01 01 64 00 02 6566  02 0000000000000004 67676767"
#define THREE_N 25
static const size_t three_ends[] = { 5, 12, 25 };

static int queue_part(struct bed *bed, struct zmq_buf *buf, u32 off, u32 len)
{
	struct zmq_range r = { buf, off, len };
	struct zmq_msg msg = { .ranges = &r, .nr = 1, .msgs = 1, .bytes = len };

	return zmq_conn_queue(&bed->conn, &msg);
}

static struct zmq_buf *buf_hex(const char *hex)
{
	struct bytes b = {};
	struct zmq_buf *buf;

	bytes_hex(&b, hex);
	buf = bed_buf(b.p, b.n, false);
	bytes_free(&b);
	return buf;
}

static void queue_three(struct bed *bed)
{
	struct zmq_buf *buf = buf_hex(THREE);
	unsigned int i;

	CHECK_EQ(buf->fill, THREE_N);
	for (i = 0; i < 3; i++)
		CHECK_EQ(queue_part(bed, buf, i ? three_ends[i - 1] : 0,
				    three_ends[i] - (i ? three_ends[i - 1] : 0)),
			 0);
	zmq_buf_put(buf);
}

static unsigned int segments(const struct bed *bed)
{
	struct zmq_seg *seg;
	unsigned int n = 0;

	list_for_each_entry(seg, &bed->conn.tx->queue, node)
		n++;
	return n;
}

TEST(queue_merge, "queue: messages that lie behind each other take one segment, up to hwm / 8")
{
	struct zmq_buf *buf;
	unsigned int i;
	struct bed bed;

	bed_init(&bed);
	queue_three(&bed);
	CHECK_EQ(segments(&bed), 1);
	CHECK_EQ(bed.conn.tx->msgs, 3);
	CHECK_EQ(bed.conn.tx->bytes, THREE_N);
	bed_exit(&bed);

	bed_init(&bed);
	bed.opts.conflate = true;
	queue_three(&bed);
	CHECK_EQ(segments(&bed), 3);
	bed_exit(&bed);

	bed_init(&bed);
	bed.opts.snd_hwm = 16;
	buf = buf_hex("00*40");
	for (i = 0; i < 20; i++)
		CHECK_EQ(queue_part(&bed, buf, 2 * i, 2), 0);
	zmq_buf_put(buf);
	CHECK_EQ(bed.conn.tx->msgs, 20);
	CHECK(segments(&bed) >= 16 / 4);
	bed_exit(&bed);
}

TEST(queue_nomem, "queue: refused memory queues nothing of a message")
{
	struct zmq_buf *bufs[3];
	unsigned int i;
	struct bed bed;
	long nth;

	for (nth = 0; nth < 3; nth++) {
		bed_init(&bed);
		CHECK_EQ(bed_queue_hex(&bed, "00 01 61"), 0);
		for (i = 0; i < 3; i++)
			bufs[i] = buf_hex(i < 2 ? "01 01 62" : "00 01 63");
		shim_alloc_budget = nth;
		CHECK_EQ(bed_queue(&bed, bufs, 3), -ENOMEM);
		CHECK_EQ(bed.conn.tx->msgs, 1);
		CHECK_EQ(bed.conn.tx->bytes, 3);
		CHECK_EQ(segments(&bed), 1);
		zmq_conn_flush(&bed.conn, ZMQ_FLUSH_NOW);
		CHECK_EQ(bed.sent.n, 3);
		bed_exit(&bed);
	}
}

static unsigned int whole(size_t n)
{
	unsigned int i = 0;

	while (i < 3 && three_ends[i] <= n)
		i++;
	return i;
}

TEST(queue_rewind, "queue: after a lost stream what was not sent whole is sent again, whole")
{
	struct bytes all = {}, want;
	struct bed bed;
	size_t cut;

	bytes_hex(&all, THREE);
	for (cut = 0; cut <= THREE_N; cut++) {
		bed_init(&bed);
		queue_three(&bed);
		bed.window = cut;
		zmq_conn_flush(&bed.conn, ZMQ_FLUSH_NOW);
		CHECK_EQ(bed.sent.n, cut);
		bed_lose(&bed);
		CHECK_EQ(bed.conn.tx->msgs, 3 - whole(cut));
		CHECK_EQ(bed.credit, whole(cut));
		CHECK_EQ(bed_count(&bed, ZMQ_MIB_TXDROPCONN), 0);
		/* Nobody knows whether those arrived. */
		CHECK_EQ(bed_count(&bed, ZMQ_MIB_TXUNACKED), whole(cut));
		bed.sent.n = 0;
		bed.window = BED_ANY;
		bed_begin(&bed);
		zmq_conn_flush(&bed.conn, ZMQ_FLUSH_NOW);
		want.n = all.n - (whole(cut) ? three_ends[whole(cut) - 1] : 0);
		want.p = all.p + all.n - want.n;
		CHECK(bytes_same(&bed.sent, &want));
		CHECK_EQ(bed.credit, 3);
		bed_exit(&bed);
	}
	bytes_free(&all);
}

TEST(queue_rewind_parts, "queue: but one whose beginning is gone is lost and counted, whole")
{
	struct zmq_buf *bufs[3];
	struct bytes want = {};
	size_t cut, head = 3, first = 9;
	struct bed bed;
	bool lost;

	bytes_hex(&want, "01 01 61 01 01 62 00 01 63  00 01 64");
	for (cut = 0; cut <= want.n; cut++) {
		bed_init(&bed);
		bufs[0] = buf_hex("01 01 61");
		bufs[1] = buf_hex("01 01 62");
		bufs[2] = buf_hex("00 01 63");
		CHECK_EQ(bed_queue(&bed, bufs, 3), 0);
		CHECK_EQ(bed_queue_hex(&bed, "00 01 64"), 0);
		bed.window = cut;
		zmq_conn_flush(&bed.conn, ZMQ_FLUSH_NOW);
		bed_lose(&bed);
		lost = cut >= head && cut < first;
		CHECK_EQ(bed_count(&bed, ZMQ_MIB_TXDROPCONN), lost);
		CHECK_EQ(bed_count(&bed, ZMQ_MIB_TXUNACKED),
			 (cut >= first) + (cut == want.n));
		bed.sent.n = 0;
		bed.window = BED_ANY;
		bed_begin(&bed);
		zmq_conn_flush(&bed.conn, ZMQ_FLUSH_NOW);
		CHECK_EQ(bed.credit, 2);
		if (cut == want.n)
			CHECK_EQ(bed.sent.n, 0);
		else if (lost || cut >= first)
			CHECK(bed.sent.n == 3 &&
			      !memcmp(bed.sent.p, want.p + first, 3));
		else
			CHECK(bytes_same(&bed.sent, &want));
		bed_exit(&bed);
	}
	bytes_free(&want);
}

TEST(queue_rewind_cmds, "queue: commands are void with their stream, sent in part or not")
{
	struct bytes want = {};
	struct bed bed;
	size_t cut;

	bytes_hex(&want, "00 01 61");
	for (cut = 0; cut < 7; cut++) {
		bed_init(&bed);
		CHECK_EQ(zmq_conn_queue_cmd(&bed.conn, "\4\5\4PONG", 7, NULL, 0,
					    GFP_KERNEL), 0);
		CHECK_EQ(bed_queue_hex(&bed, "00 01 61"), 0);
		bed.window = cut;
		zmq_conn_flush(&bed.conn, ZMQ_FLUSH_NOW);
		CHECK_EQ(bed.conn.tx->in_cmd, cut > 0);
		bed_lose(&bed);
		CHECK_EQ(bed.conn.tx->cmd_bytes, 0);
		CHECK_EQ(bed.conn.tx->msgs, 1);
		bed.sent.n = 0;
		bed.window = BED_ANY;
		bed_begin(&bed);
		zmq_conn_flush(&bed.conn, ZMQ_FLUSH_NOW);
		CHECK(bytes_same(&bed.sent, &want));
		bed_exit(&bed);
	}
	bytes_free(&want);
}

TEST(queue_unacked, "queue: messages that the peer acknowledged are not counted with a lost stream")
{
	struct bed bed;
	unsigned int i;

	for (i = 0; i <= 3; i++) {
		bed_init(&bed);
		bed.piece = 1;
		queue_three(&bed);
		/* One drain each, so that each has a mark of its own. */
		for (bed.window = 0; bed.sent.n < THREE_N;)
			bed_opens(&bed, three_ends[whole(bed.sent.n)] -
					bed.sent.n);
		bed.acked += i ? three_ends[i - 1] : 0;
		bed_lose(&bed);
		CHECK_EQ(bed_count(&bed, ZMQ_MIB_TXUNACKED), i < 3 ? 3 : 0);
		bed_exit(&bed);
	}
}

TEST(queue_purge, "queue: what is dropped is counted for its reason")
{
	struct bed bed;

	bed_init(&bed);
	queue_three(&bed);
	bed_lose(&bed);
	zmq_conn_tx_purge(&bed.conn);
	CHECK_EQ(bed_count(&bed, ZMQ_MIB_TXDROPCONN), 3);
	CHECK_EQ(bed.conn.tx->msgs + bed.conn.tx->bytes, 0);
	bed_exit(&bed);

	bed_init(&bed);
	queue_three(&bed);
	bed.conn.lingering = true;
	bed_lose(&bed);
	zmq_conn_tx_purge(&bed.conn);
	CHECK_EQ(bed_count(&bed, ZMQ_MIB_LINGERDROP), 3);
	bed_exit(&bed);
}

TEST(queue_replace, "queue: a newer message takes the place of all but the one that is being sent")
{
	struct bytes all = {}, want;
	unsigned int dropped, kept;
	struct bed bed;
	size_t cut;

	bytes_hex(&all, THREE);
	for (cut = 0; cut < THREE_N; cut++) {
		bed_init(&bed);
		bed.opts.conflate = true;
		queue_three(&bed);
		bed.window = cut;
		zmq_conn_flush(&bed.conn, ZMQ_FLUSH_NOW);
		kept = whole(cut);
		if (cut > (kept ? three_ends[kept - 1] : 0))
			kept++;
		mutex_lock(&bed.conn.tx->lock);
		CHECK_EQ(zmq_conn_tx_replace(&bed.conn), 0);
		mutex_unlock(&bed.conn.tx->lock);
		dropped = zmq_conn_tx_replace(&bed.conn);
		CHECK_EQ(dropped, 3 - kept);
		CHECK_EQ(bed_queue_hex(&bed, "00 01 7a"), 0);
		bed_opens(&bed, BED_ANY);
		want.n = kept ? three_ends[kept - 1] : 0;
		want.p = all.p;
		CHECK_EQ(bed.sent.n, want.n + 3);
		CHECK(!memcmp(bed.sent.p, want.p, want.n));
		CHECK(!memcmp(bed.sent.p + want.n, "\0\1z", 3));
		CHECK_EQ(bed.credit, kept + 1);
		bed_exit(&bed);
	}
	bytes_free(&all);
}
