// SPDX-License-Identifier: GPL-2.0-only
#include "bed.h"

#define MS NSEC_PER_MSEC
#define PING "04 07 04 50494e47 0000"
#define PONG "04 05 04 504f4e47"

/* The handshake is done, and the options were these. */
static void beat(struct bed *bed, int ivl, int timeout, int ttl)
{
	bed_init(bed);
	bed->opts.heartbeat_ivl = ivl;
	bed->opts.heartbeat_timeout = timeout;
	bed->opts.heartbeat_ttl = ttl;
	zmq_heartbeat_start(&bed->conn);
	zmq_task_run(&bed->conn.task);
	bed_settle(bed);
}

/* How many commands of this hex were sent; nothing else was. */
static unsigned int sent(const struct bed *bed, const char *hex)
{
	u8 cmd[64];
	size_t n = test_hex(cmd, hex), at;

	CHECK_EQ(bed->sent.n % n, 0);
	for (at = 0; at < bed->sent.n; at += n)
		CHECK(!memcmp(bed->sent.p + at, cmd, n));
	return bed->sent.n / n;
}

TEST(heartbeat_ping, "heartbeat: PING goes each interval with our TTL, who answers stays")
{
	struct bed bed;
	unsigned int i;

	beat(&bed, 100, -1, 20);
	bed_pass(&bed, 99 * MS);
	CHECK_EQ(bed.sent.n, 0);
	for (i = 1; i <= 50; i++) {
		bed_pass(&bed, i == 1 ? 1 * MS : 100 * MS);
		CHECK_EQ(sent(&bed, "04 07 04 50494e47 0014"), i);
		bed_hex_arrives(&bed, PONG);
	}
	CHECK(!bed.lost);
	bed_exit(&bed);
}

TEST(heartbeat_silence, "heartbeat: who is silent is lost a timeout after the PING")
{
	static const int timeouts[] = { -1, 60, 100, 350 };
	struct bed bed;
	unsigned int i;
	int timeout;

	for (i = 0; i < ARRAY_SIZE(timeouts); i++) {
		timeout = timeouts[i] < 0 ? 100 : timeouts[i];
		beat(&bed, 100, timeouts[i], 0);
		bed_pass(&bed, (100 + timeout) * MS - 4 * MS);
		CHECK_EQ(bed.lost, 0);
		bed_pass(&bed, 8 * MS);
		CHECK_EQ(bed.lost, ZMQ_MIB_HBTIMEOUT);
		bed_exit(&bed);
	}
	/* 0: never. */
	beat(&bed, 100, 0, 0);
	bed_pass(&bed, 5000 * MS);
	CHECK(!bed.lost);
	CHECK_EQ(sent(&bed, PING), 50);
	bed_exit(&bed);
}

TEST(heartbeat_heard, "heartbeat: whatever is heard after the PING counts, also parts")
{
	struct bed bed;
	unsigned int i;

	beat(&bed, 100, 100, 0);
	for (i = 0; i < 20; i++) {
		bed_pass(&bed, 96 * MS);
		bed_hex_arrives(&bed, i ? "61" : "02 0000000000000100");
	}
	CHECK(!bed.lost);
	bed_pass(&bed, 250 * MS);
	CHECK_EQ(bed.lost, ZMQ_MIB_HBTIMEOUT);
	bed_exit(&bed);
}

TEST(heartbeat_ttl, "heartbeat: a peer's TTL holds for its silence, and 0 ends that")
{
	struct bed bed;

	beat(&bed, 0, -1, 0);
	CHECK(!bed.timed);
	bed_hex_arrives(&bed, "04 08 04 50494e47 0005 78");
	bed_settle(&bed);
	CHECK_EQ(sent(&bed, "04 06 04 504f4e47 78"), 1);
	bed_pass(&bed, 400 * MS);
	bed_hex_arrives(&bed, "00 01 61");
	bed_pass(&bed, 490 * MS);
	CHECK(!bed.lost);
	bed_pass(&bed, 20 * MS);
	CHECK_EQ(bed.lost, ZMQ_MIB_HBTIMEOUT);
	bed_exit(&bed);

	beat(&bed, 0, -1, 0);
	bed_hex_arrives(&bed, "04 07 04 50494e47 0005");
	bed_hex_arrives(&bed, PING);
	bed_pass(&bed, 10000 * MS);
	CHECK(!bed.lost);
	CHECK_EQ(bed_count(&bed, ZMQ_MIB_PINGS), 2);
	bed_exit(&bed);
}

TEST(heartbeat_none, "heartbeat: without an interval, and without ZMTP, no timer is set")
{
	struct bed bed;

	beat(&bed, 0, 100, 10);
	CHECK(!bed.timed);
	bed_exit(&bed);

	beat(&bed, 0, 100, 10);
	bed.opts.heartbeat_ivl = 100;
	bed.conn.session->framing = ZMQ_FRAMING_RAW;
	zmq_heartbeat_start(&bed.conn);
	zmq_task_run(&bed.conn.task);
	bed_pass(&bed, 1000 * MS);
	CHECK(!bed.timed && !bed.sent.n && !bed.lost);
	bed_exit(&bed);
}

TEST(heartbeat_slow, "heartbeat: no PING is put behind one that a slow reader has not taken")
{
	struct bed bed;
	unsigned int i;

	beat(&bed, 100, 100, 0);
	bed.window = 3;
	for (i = 0; i < 40; i++) {
		/* Its TCP acknowledges, but has no room for more. */
		bed.tcp.write_seq = bed.tcp.snd_nxt + 1000;
		bed.tcp.rcv_tstamp = tcp_jiffies32;
		bed_pass(&bed, 50 * MS);
	}
	CHECK(!bed.lost);
	CHECK_EQ(bed.conn.tx->cmd_bytes, 9);
	/* When it reads again it gets the one. */
	bed.tcp.write_seq = bed.tcp.snd_nxt;
	bed_opens(&bed, BED_ANY);
	CHECK_EQ(sent(&bed, PING), 1);
	bed_pass(&bed, 250 * MS);
	CHECK_EQ(bed.lost, ZMQ_MIB_HBTIMEOUT);
	bed_exit(&bed);
}

TEST(heartbeat_window, "heartbeat: a closed window holds back until probes for room go unanswered")
{
	struct bed bed;

	beat(&bed, 100, 100, 0);
	bed.tcp.write_seq = bed.tcp.snd_nxt + 1000;
	bed.tcp.mss_cache = 1460;
	bed_pass(&bed, 3000 * MS);
	CHECK(!bed.lost);
	bed.tcp.inet.icsk_probes_out = 4;
	bed_pass(&bed, 300 * MS);
	CHECK_EQ(bed.lost, ZMQ_MIB_HBTIMEOUT);
	bed_exit(&bed);

	/* There is a window: nothing holds it back. */
	beat(&bed, 100, 100, 0);
	bed.tcp.write_seq = bed.tcp.snd_nxt + 1000;
	bed.tcp.snd_wnd = 1000;
	bed.tcp.mss_cache = 1460;
	bed_pass(&bed, 300 * MS);
	CHECK_EQ(bed.lost, ZMQ_MIB_HBTIMEOUT);
	bed_exit(&bed);

	/* Nor where bytes go another way and are taken. */
	beat(&bed, 100, 100, 0);
	bed.tcp.inet.sk.is_tcp = false;
	bed_pass(&bed, 300 * MS);
	CHECK_EQ(bed.lost, ZMQ_MIB_HBTIMEOUT);
	bed_exit(&bed);
	beat(&bed, 100, 100, 0);
	bed.tcp.inet.sk.is_tcp = false;
	bed.window = 0;
	bed_pass(&bed, 3000 * MS);
	CHECK(!bed.lost);
	bed_exit(&bed);
}

TEST(heartbeat_stopped, "heartbeat: a peer that is not read is told that we live, not lost")
{
	struct bed bed;
	unsigned int n;

	beat(&bed, 100, 100, 0);
	bed_hex_arrives(&bed, "04 07 04 50494e47 0005");
	bed_pass(&bed, 90 * MS);
	bed.sent.n = 0;
	bed.room = 0;
	bed.opts.heartbeat_ivl = 0;
	bed.conn.heartbeat->ivl = 0;
	bed_hex_arrives(&bed, "00 01 61");
	CHECK(test_bit(ZMQ_CONN_RX_STOPPED, &bed.conn.flags));
	bed_pass(&bed, 5000 * MS);
	CHECK(!bed.lost);
	n = sent(&bed, PONG);
	CHECK(n >= 45 && n <= 51);
	/* Its silence counts again when it is read from. */
	bed.room = UINT_MAX;
	zmq_conn_rx_resume(&bed.conn);
	CHECK_EQ(bed.msgs, 1);
	bed.tcp.rcv_tstamp = tcp_jiffies32 - 2 * HZ;
	bed_pass(&bed, 600 * MS);
	CHECK_EQ(bed.lost, ZMQ_MIB_HBTIMEOUT);
	bed_exit(&bed);
}

TEST(heartbeat_seldom, "heartbeat: who pings seldom is told twice a second, not behind others")
{
	struct bed bed;
	unsigned int n;

	beat(&bed, 0, 0, 0);
	bed_pass(&bed, 10000 * MS);
	bed.room = 0;
	bed_hex_arrives(&bed, "00 01 61");
	bed_pass(&bed, 5000 * MS);
	n = sent(&bed, PONG);
	CHECK(n >= 9 && n <= 51);
	bed.window = 0;
	bed_pass(&bed, 5000 * MS);
	CHECK_EQ(bed.conn.tx->cmd_bytes, 7);
	bed_exit(&bed);
}

TEST(heartbeat_catching_up, "heartbeat: a peer whose TCP had no room may need as long again")
{
	struct bed bed;

	beat(&bed, 0, 0, 0);
	bed_hex_arrives(&bed, "04 07 04 50494e47 0005");
	bed.room = 0;
	bed_hex_arrives(&bed, "00 01 61");
	bed_pass(&bed, 4000 * MS);
	bed.room = UINT_MAX;
	zmq_conn_rx_resume(&bed.conn);
	/* It acknowledges what it is told. */
	bed.tcp.rcv_tstamp = tcp_jiffies32;
	bed_pass(&bed, 900 * MS);
	CHECK(!bed.lost);
	bed.tcp.rcv_tstamp = tcp_jiffies32;
	bed_pass(&bed, 900 * MS);
	CHECK(!bed.lost);
	/* And then it does not. */
	bed_pass(&bed, 3000 * MS);
	CHECK_EQ(bed.lost, ZMQ_MIB_HBTIMEOUT);
	bed_exit(&bed);
}

TEST(heartbeat_old, "heartbeat: of ZMTP 3.0 only who has said PING or PONG is sent any")
{
	struct bed bed;

	bed_init(&bed);
	bed.tcp.inet.sk.is_tcp = false;
	bed.conn.session->minor = 0;
	bed.opts.heartbeat_ivl = 100;
	zmq_heartbeat_start(&bed.conn);
	zmq_task_run(&bed.conn.task);
	bed_pass(&bed, 1000 * MS);
	CHECK(!bed.sent.n && !bed.lost && !bed.tcp.keepalive);
	bed_hex_arrives(&bed, PONG);
	CHECK(bed.due);
	bed_settle(&bed);
	CHECK_EQ(sent(&bed, PING), 1);
	/* What was heard in the same moment counts for the first one. */
	bed_pass(&bed, 210 * MS);
	CHECK_EQ(bed.lost, ZMQ_MIB_HBTIMEOUT);
	bed_exit(&bed);
}

static void watch(struct bed *bed)
{
	bed_init(bed);
	bed->conn.session->minor = 0;
	bed->opts.heartbeat_ivl = 1500;
	bed->opts.heartbeat_timeout = 8000;
	bed->tcp.rcv_tstamp = tcp_jiffies32;
	zmq_heartbeat_start(&bed->conn);
	zmq_task_run(&bed->conn.task);
	bed_settle(bed);
	CHECK(bed->tcp.keepalive);
	CHECK_EQ(bed->tcp.keepidle, 2);
	CHECK_EQ(bed->tcp.keepintvl, 2);
}

TEST(heartbeat_tcp, "heartbeat: who may not know PING is asked by TCP, and lost by it")
{
	struct bed bed;
	unsigned int i;

	watch(&bed);
	for (i = 0; i < 20; i++) {
		bed_pass(&bed, 2000 * MS);
		bed.tcp.rcv_tstamp = tcp_jiffies32;
	}
	CHECK(!bed.lost && !bed.sent.n);
	bed_pass(&bed, 9900 * MS);
	CHECK(!bed.lost);
	bed_pass(&bed, 1500 * MS);
	CHECK_EQ(bed.lost, ZMQ_MIB_HBTIMEOUT);
	bed_exit(&bed);
}

TEST(heartbeat_late, "heartbeat: nobody is blamed for the time in which the machine stood still")
{
	struct bed bed;

	beat(&bed, 100, 300, 0);
	bed_pass(&bed, 150 * MS);
	CHECK_EQ(sent(&bed, PING), 1);
	/* The timers come late, and what the peer said is not there yet. */
	shim_now += 60000 * MS;
	bed_settle(&bed);
	CHECK(!bed.lost);
	bed_hex_arrives(&bed, PONG);
	bed_pass(&bed, 90 * MS);
	CHECK(!bed.lost);
	/* Its own silence counts after that as it did before. */
	bed_pass(&bed, 350 * MS);
	CHECK_EQ(bed.lost, ZMQ_MIB_HBTIMEOUT);
	bed_exit(&bed);

	/* Nor is a TTL over that nobody could keep. */
	beat(&bed, 100, 0, 0);
	bed_hex_arrives(&bed, "04 07 04 50494e47 0005");
	bed_pass(&bed, 250 * MS);
	shim_now += 60000 * MS;
	bed_settle(&bed);
	CHECK(!bed.lost);
	bed_pass(&bed, 510 * MS);
	CHECK_EQ(bed.lost, ZMQ_MIB_HBTIMEOUT);
	bed_exit(&bed);
}

TEST(heartbeat_late_deadline, "heartbeat: after the machine stood still there is time to hear")
{
	struct bed bed;

	beat(&bed, 100, 100, 0);
	bed_pass(&bed, 150 * MS);
	CHECK_EQ(sent(&bed, PING), 1);
	shim_now += 60000 * MS;
	bed_settle(&bed);
	CHECK(!bed.lost);
	bed_hex_arrives(&bed, PONG);
	bed_pass(&bed, 90 * MS);
	CHECK(!bed.lost);
	bed_exit(&bed);

	beat(&bed, 100, 100, 0);
	bed_pass(&bed, 150 * MS);
	shim_now += 60000 * MS;
	bed_settle(&bed);
	CHECK(!bed.lost);
	bed_pass(&bed, 150 * MS);
	CHECK_EQ(bed.lost, ZMQ_MIB_HBTIMEOUT);
	bed_exit(&bed);

	beat(&bed, 0, -1, 0);
	bed_hex_arrives(&bed, "04 07 04 50494e47 0005");
	bed_pass(&bed, 400 * MS);
	bed_hex_arrives(&bed, "00 01 61");
	bed_pass(&bed, 450 * MS);
	shim_now += 60000 * MS;
	bed_settle(&bed);
	CHECK(!bed.lost);
	bed_pass(&bed, 150 * MS);
	CHECK_EQ(bed.lost, ZMQ_MIB_HBTIMEOUT);
	bed_exit(&bed);
}

TEST(heartbeat_always_late, "heartbeat: a machine that is always late finds the dead, too")
{
	struct bed bed;
	int i;

	beat(&bed, 100, 100, 0);
	bed_pass(&bed, 150 * MS);
	CHECK_EQ(sent(&bed, PING), 1);
	for (i = 0; i < 3 && !bed.lost; i++) {
		shim_now += 1000 * MS;
		bed_settle(&bed);
	}
	CHECK_EQ(bed.lost, ZMQ_MIB_HBTIMEOUT);
	bed_exit(&bed);

	beat(&bed, 0, -1, 0);
	bed_hex_arrives(&bed, "04 07 04 50494e47 0005");
	bed_pass(&bed, 100 * MS);
	for (i = 0; i < 3 && !bed.lost; i++) {
		shim_now += 1000 * MS;
		bed_settle(&bed);
	}
	CHECK_EQ(bed.lost, ZMQ_MIB_HBTIMEOUT);
	bed_exit(&bed);
}

TEST(heartbeat_late_ttl, "heartbeat: a TTL just announced is not over as the machine stood")
{
	struct bed bed;

	beat(&bed, 0, -1, 0);
	bed_hex_arrives(&bed, "04 07 04 50494e47 0005");
	bed_pass(&bed, 100 * MS);
	bed_hex_arrives(&bed, "00 01 61");
	bed_pass(&bed, 250 * MS);
	shim_now += 60000 * MS;
	bed_settle(&bed);
	CHECK(!bed.lost);
	bed_pass(&bed, 510 * MS);
	CHECK_EQ(bed.lost, ZMQ_MIB_HBTIMEOUT);
	bed_exit(&bed);
}

TEST(heartbeat_nomem, "heartbeat: a PING or PONG without memory is made up for")
{
	struct bed bed;

	beat(&bed, 100, 100, 0);
	shim_alloc_budget = 0;
	bed_pass(&bed, 100 * MS);
	CHECK_EQ(shim_alloc_budget, -1);
	CHECK(!bed.sent.n && !bed.conn.heartbeat->asking);
	bed_pass(&bed, 100 * MS);
	CHECK_EQ(sent(&bed, PING), 1);
	CHECK(!bed.lost);
	bed.sent.n = 0;
	shim_alloc_budget = 0;
	bed_hex_arrives(&bed, PING);
	CHECK_EQ(bed_count(&bed, ZMQ_MIB_PINGS), 0);
	bed_settle(&bed);
	CHECK_EQ(bed.sent.n, 0);
	bed_exit(&bed);
}
