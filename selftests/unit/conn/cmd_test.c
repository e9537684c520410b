// SPDX-License-Identifier: GPL-2.0-only
#include "bed.h"

#include <errno.h>

#define PONG "\4\5\4PONG"
#define PONG_LEN 7

static int queue_pong(struct bed *bed)
{
	return zmq_conn_queue_cmd(&bed->conn, PONG, 3, PONG + 3, PONG_LEN - 3,
				  GFP_ATOMIC);
}

TEST(cmd_order, "cmd: commands go in order, whole, wherever the stream stops")
{
	struct bytes all = {};
	size_t cut, step;
	struct bed bed;
	unsigned int i;
	u8 cmd[200];

	for (cut = 0; cut < 3000; cut += 13) {
		for (step = 1; step <= 901; step += 300) {
			all.n = 0;
			bed_init(&bed);
			bed.window = cut;
			for (i = 0; i < 20; i++) {
				memset(cmd, i, sizeof(cmd));
				bytes_add(&all, cmd, 50 + 7 * i);
				CHECK_EQ(zmq_conn_queue_cmd(&bed.conn, cmd, 50,
							    cmd, 7 * i,
							    GFP_KERNEL), 0);
				/* More are queued while some are on their way. */
				if (i % 7 == 3)
					zmq_conn_drain(&bed.conn);
			}
			CHECK_EQ(bed.sent.n + bed.conn.tx->cmd_bytes -
				 bed.conn.tx->off, all.n);
			bed.piece = step;
			bed_opens(&bed, BED_ANY);
			CHECK(bytes_same(&bed.sent, &all));
			CHECK_EQ(bed.conn.tx->cmd_bytes, 0);
			CHECK(!bed.conn.tx->in_cmd && !bed.more);
			bed_exit(&bed);
		}
	}
	bytes_free(&all);
}

TEST(cmd_full, "cmd: above 64 KiB there is no room, and word comes when 16 KiB are left")
{
	unsigned int n = 0;
	struct bed bed;
	int err;

	bed_init(&bed);
	bed.window = 0;
	while (!(err = queue_pong(&bed)) && n < SZ_128K)
		n++;
	CHECK_EQ(err, -EAGAIN);
	CHECK_EQ(n, SZ_64K / PONG_LEN + 1);
	/* One that was refused changes nothing. */
	CHECK_EQ(bed.conn.tx->cmd_bytes, n * PONG_LEN);
	bed_opens(&bed, SZ_32K);
	bed_settle(&bed);
	CHECK_EQ(bed.cmd_rooms, 0);
	bed_opens(&bed, SZ_16K + SZ_4K);
	bed_settle(&bed);
	CHECK_EQ(bed.cmd_rooms, 1);
	CHECK(bed.conn.tx->cmd_bytes <= SZ_16K);
	CHECK_EQ(queue_pong(&bed), 0);
	bed_opens(&bed, BED_ANY);
	bed_settle(&bed);
	/* Once for each time that it was refused. */
	CHECK_EQ(bed.cmd_rooms, 1);
	CHECK_EQ(bed.sent.n, (n + 1) * PONG_LEN);
	bed_exit(&bed);
}

TEST(cmd_nomem, "cmd: refused memory leaves what is queued as it is")
{
	struct bytes want = {};
	unsigned int n, i;
	struct bed bed;

	bed_init(&bed);
	shim_alloc_budget = 0;
	CHECK_EQ(queue_pong(&bed), -ENOMEM);
	CHECK_EQ(bed.conn.tx->cmd_bytes, 0);
	CHECK(list_empty(&bed.conn.tx->cmds));
	/* The first chunk has room for some, then comes another one. */
	CHECK_EQ(queue_pong(&bed), 0);
	n = 1;
	shim_alloc_budget = 0;
	while (!queue_pong(&bed))
		n++;
	CHECK(n > 10 && n < 512 / PONG_LEN + 1);
	CHECK_EQ(bed.conn.tx->cmd_bytes, n * PONG_LEN);
	CHECK_EQ(queue_pong(&bed), 0);
	for (i = 0; i <= n; i++)
		bytes_add(&want, PONG, PONG_LEN);
	bed_opens(&bed, BED_ANY);
	CHECK(bytes_same(&bed.sent, &want));
	bed_exit(&bed);
	bytes_free(&want);
}

static void check_sub(u8 minor, enum zmq_framing framing, bool subscribe,
		      const char *hex)
{
	struct bytes want = {};
	struct bed bed;

	bytes_hex(&want, hex);
	bed_init(&bed);
	bed.conn.session->minor = minor;
	bed.conn.session->framing = framing;
	CHECK_EQ(zmq_conn_send_sub(&bed.conn, (const u8 *)"ab", 2, subscribe), 0);
	zmq_conn_flush(&bed.conn, ZMQ_FLUSH_NOW);
	CHECK(bytes_same(&bed.sent, &want));
	bed_exit(&bed);
	bytes_free(&want);
}

TEST(cmd_sub, "cmd: a subscription is a command or a message, as the peer's version has it")
{
	check_sub(1, ZMQ_FRAMING_V2, true, "04 0c 09 535542534352494245 6162");
	check_sub(1, ZMQ_FRAMING_V2, false, "04 09 06 43414e43454c 6162");
	check_sub(0, ZMQ_FRAMING_V2, true, "00 03 01 6162");
	check_sub(0, ZMQ_FRAMING_V2, false, "00 03 00 6162");
	check_sub(0, ZMQ_FRAMING_V1, true, "04 00 01 6162");
	check_sub(0, ZMQ_FRAMING_V1, false, "04 00 00 6162");
}
