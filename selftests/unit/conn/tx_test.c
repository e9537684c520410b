// SPDX-License-Identifier: GPL-2.0-only
#include "bed.h"

#include <errno.h>

#define PING "04 07 04 50494e47 0000"

/* Messages of one range and of several, some of the caller's memory. */
static void queue_traffic(struct bed *bed, struct bytes *all)
{
	struct bytes b[4] = {};
	struct zmq_buf *bufs[4];
	unsigned int i;

	bytes_hex(&b[0], "00 03 616263");
	bytes_hex(&b[1], "01 02 6465 02 0000000000000118");
	bytes_hex(&b[2], "66*280");
	bytes_hex(&b[3], "02 0000000000000a00 67*2560");
	for (i = 0; i < ARRAY_SIZE(b); i++) {
		bytes_add(all, b[i].p, b[i].n);
		bufs[i] = bed_buf(b[i].p, b[i].n, i == 2);
	}
	CHECK_EQ(bed_queue(bed, bufs, 1), 0);
	CHECK_EQ(bed_queue(bed, bufs + 1, 2), 0);
	CHECK_EQ(bed_queue(bed, bufs + 3, 1), 0);
	CHECK_EQ(bed_queue_hex(bed, "00 00"), 0);
	bytes_hex(all, "00 00");
	for (i = 0; i < ARRAY_SIZE(b); i++)
		bytes_free(&b[i]);
}

static void check_sent(struct bed *bed, const struct bytes *all)
{
	CHECK(bytes_same(&bed->sent, all));
	CHECK(!bed->more && zmq_conn_tx_empty(&bed->conn));
	CHECK_EQ(bed->credit, 4);
	CHECK_EQ(bed->conn.tx->msgs, 0);
	CHECK_EQ(bed->conn.tx->bytes, 0);
	CHECK(!bed->conn.tx->mid && !bed->conn.tx->off);
}

TEST(tx_cut, "tx: the stream gets every byte once, wherever it stops to take them")
{
	struct bytes all;
	struct bed bed;
	size_t cut;
	int copies;

	for (copies = 0; copies < 2; copies++) {
		for (cut = 0;; cut++) {
			all = (struct bytes){};
			bed_init(&bed);
			if (copies)
				bed_copies(&bed);
			queue_traffic(&bed, &all);
			bed.window = cut;
			zmq_conn_flush(&bed.conn, ZMQ_FLUSH_NOW);
			CHECK_EQ(bed.sent.n, min(cut, all.n));
			CHECK_EQ(bed.conn.tx->bytes, all.n - bed.sent.n);
			bed_opens(&bed, BED_ANY);
			check_sent(&bed, &all);
			/* One is long enough to be worth a reference. */
			CHECK(copies ? !bed.pages : bed.pages <= 2569);
			CHECK_EQ(bed.copied > 0, copies);
			CHECK(bed.pinned == (copies ? 0 : 280));
			bytes_free(&all);
			if (cut > bed.sent.n) {
				bed_exit(&bed);
				break;
			}
			bed_exit(&bed);
		}
	}
}

TEST(tx_pieces, "tx: and in pieces of every size up to 300")
{
	struct bytes all;
	struct bed bed;
	size_t piece;

	for (piece = 1; piece <= 300; piece++) {
		all = (struct bytes){};
		bed_init(&bed);
		queue_traffic(&bed, &all);
		bed.piece = piece;
		zmq_conn_flush(&bed.conn, ZMQ_FLUSH_NOW);
		check_sent(&bed, &all);
		bytes_free(&all);
		bed_exit(&bed);
	}
}

TEST(tx_refused, "tx: a refusal or an error of the stream moves nothing")
{
	struct bytes all = {};
	struct bed bed;

	bed_init(&bed);
	queue_traffic(&bed, &all);
	bed.refuse = 1;
	zmq_conn_flush(&bed.conn, ZMQ_FLUSH_NOW);
	CHECK_EQ(bed.sent.n, 0);
	bed.send_err = -EPIPE;
	bed_opens(&bed, BED_ANY);
	CHECK_EQ(bed.sent.n, 0);
	CHECK_EQ(bed.credit, 0);
	CHECK_EQ(bed.conn.tx->msgs, 4);
	bed.send_err = 0;
	bed_opens(&bed, BED_ANY);
	check_sent(&bed, &all);
	bed_exit(&bed);
	bytes_free(&all);
}

/* Frames that are whole messages follow each other in @b, commands as well. */
static void check_order(const struct bytes *b)
{
	bool inside = false;
	size_t at = 0, n;
	struct zmq_hdr h;
	int ret;

	while (at < b->n) {
		ret = zmq_hdr_get(b->p + at, b->n - at, &h);
		n = ret + h.len;
		CHECK(ret > 0 && n <= b->n - at);
		if (ret <= 0 || n > b->n - at)
			return;
		if (h.flags & ZMTP_COMMAND)
			CHECK(!inside);
		else
			inside = h.flags & ZMTP_MORE;
		at += n;
	}
	CHECK(!inside);
}

TEST(tx_commands, "tx: a command goes between messages, wherever the stream stands")
{
	struct bytes all, ping = {};
	struct bed bed;
	size_t cut;

	bytes_hex(&ping, PING);
	for (cut = 0; cut < 2900; cut++) {
		all = (struct bytes){};
		bed_init(&bed);
		queue_traffic(&bed, &all);
		bed.window = cut;
		zmq_conn_flush(&bed.conn, ZMQ_FLUSH_NOW);
		CHECK_EQ(zmq_conn_queue_cmd(&bed.conn, ping.p, 3, ping.p + 3,
					    ping.n - 3, GFP_KERNEL), 0);
		/* It may stop in the middle of the command, too. */
		bed_opens(&bed, 4);
		CHECK_EQ(bed.sent.n, min(cut, all.n) + 4);
		bed_opens(&bed, BED_ANY);
		CHECK_EQ(bed.sent.n, all.n + ping.n);
		check_order(&bed.sent);
		CHECK_EQ(bed.credit, 4);
		bytes_free(&all);
		bed_exit(&bed);
	}
	bytes_free(&ping);
}

TEST(tx_handshake, "tx: before the handshake's end only commands go, then nothing")
{
	struct bytes ping = {};
	struct bed bed;

	bytes_hex(&ping, PING);
	bed_init(&bed);
	clear_bit(ZMQ_CONN_TX_MSGS, &bed.conn.flags);
	CHECK_EQ(bed_queue_hex(&bed, "00 00"), 0);
	CHECK(!zmq_conn_tx_pending(&bed.conn));
	CHECK_EQ(zmq_conn_queue_cmd(&bed.conn, ping.p, ping.n, NULL, 0,
				    GFP_KERNEL), 0);
	zmq_conn_flush(&bed.conn, ZMQ_FLUSH_NOW);
	CHECK(bytes_same(&bed.sent, &ping));
	CHECK(!zmq_conn_tx_pending(&bed.conn));
	clear_bit(ZMQ_CONN_TX_ON, &bed.conn.flags);
	CHECK_EQ(zmq_conn_queue_cmd(&bed.conn, ping.p, ping.n, NULL, 0,
				    GFP_KERNEL), 0);
	zmq_conn_flush(&bed.conn, ZMQ_FLUSH_NOW);
	CHECK(bytes_same(&bed.sent, &ping));
	bed_exit(&bed);
	bytes_free(&ping);
}

TEST(tx_worker, "tx: whoever finds the queue being drained leaves it to that one")
{
	struct bytes want = {};
	struct bed bed;

	bytes_hex(&want, "00 01 61");
	bed_init(&bed);
	mutex_lock(&bed.conn.tx->lock);
	CHECK_EQ(bed_queue_hex(&bed, "00 01 61"), 0);
	zmq_conn_flush(&bed.conn, ZMQ_FLUSH_NOW);
	CHECK_EQ(bed.sent.n, 0);
	mutex_unlock(&bed.conn.tx->lock);
	/* Once for all who ask, and the worker holds a reference. */
	zmq_conn_kick(&bed.conn);
	zmq_conn_kick(&bed.conn);
	CHECK_EQ(bed.conn.ref.refs, 2);
	bed_settle(&bed);
	CHECK_EQ(bed.conn.ref.refs, 1);
	CHECK(bytes_same(&bed.sent, &want));
	bed_exit(&bed);
	bytes_free(&want);
}

TEST(tx_no_stream, "tx: without a stream nothing goes, and a lingering one says when all has")
{
	struct bed bed;

	bed_init(&bed);
	bed.conn.lingering = true;
	CHECK_EQ(bed_queue_hex(&bed, "00 01 61"), 0);
	zmq_link_set(&bed.conn, NULL);
	zmq_conn_drain(&bed.conn);
	zmq_conn_kick(&bed.conn);
	bed_settle(&bed);
	CHECK(!bed.sent.n && !bed.finished);
	zmq_link_set(&bed.conn, &bed.link);
	zmq_conn_kick(&bed.conn);
	bed_settle(&bed);
	CHECK(bed.sent.n == 3 && bed.finished);
	bed_exit(&bed);
}

/* Streams that have no frames of ZMTP 2.0. */
static void check_reframed(enum zmq_framing framing, const char * const *hex)
{
	struct bytes want = {}, all;
	struct zmq_buf *split[2];
	struct bed bed;
	size_t cut;

	for (; *hex; hex++)
		bytes_hex(&want, *hex);
	for (cut = 0; cut <= want.n; cut++) {
		all = (struct bytes){};
		bed_init(&bed);
		bed.conn.session->framing = framing;
		queue_traffic(&bed, &all);
		/* A header in two buffers. */
		split[0] = bed_buf("\0", 1, false);
		split[1] = bed_buf("\1a", 2, false);
		CHECK_EQ(bed_queue(&bed, split, 2), 0);
		bed.window = cut;
		zmq_conn_flush(&bed.conn, ZMQ_FLUSH_NOW);
		CHECK_EQ(bed.sent.n, cut);
		bed_opens(&bed, BED_ANY);
		CHECK(bytes_same(&bed.sent, &want) && !bed.more);
		CHECK_EQ(bed.credit, 5);
		bytes_free(&all);
		bed_exit(&bed);
	}
	bytes_free(&want);
}

TEST(tx_v1, "tx: headers of ZMTP 1.0 are right wherever the stream stops")
{
	static const char * const want[] = {
		"04 00 616263", "03 01 6465", "ff 0000000000000119 00 66*280",
		"ff 0000000000000a01 00 67*2560", "01 00", "02 00 61", NULL,
	};

	check_reframed(ZMQ_FRAMING_V1, want);
}

TEST(tx_raw, "tx: and without ZMTP only bodies go")
{
	static const char * const want[] = {
		"616263", "6465", "66*280", "67*2560", "61", NULL,
	};

	check_reframed(ZMQ_FRAMING_RAW, want);
}

TEST(tx_many, "tx: a long queue goes in calls of 16 ranges and says that there is more")
{
	struct bytes all = {};
	unsigned int i;
	struct bed bed;

	bed_init(&bed);
	for (i = 0; i < 40; i++) {
		CHECK_EQ(bed_queue_hex(&bed, "00 01 61"), 0);
		bytes_hex(&all, "00 01 61");
	}
	bed.refuse = 0;
	bed.window = 48;
	zmq_conn_flush(&bed.conn, ZMQ_FLUSH_NOW);
	CHECK_EQ(bed.sent.n, 48);
	CHECK(bed.more);
	bed_opens(&bed, BED_ANY);
	CHECK(bytes_same(&bed.sent, &all) && !bed.more);
	CHECK_EQ(bed.credit, 40);
	bed_exit(&bed);
	bytes_free(&all);
}
