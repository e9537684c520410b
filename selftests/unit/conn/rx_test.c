// SPDX-License-Identifier: GPL-2.0-only
#include "bed.h"

#include <errno.h>

/* What a peer sends, in order, and what it is. */
struct item {
	enum {
		MESSAGES,
		SUBSCRIBE,
		CANCEL,
		PING,
		NOTHING,
		MALFORMED,
	} what;
	const char *hex;	/* on the wire */
	const char *body;	/* a topic, or the answer */
};

static const struct item traffic[] = {
	{ MESSAGES, "00 00" },
	{ MESSAGES, "00 03 616263  00 01 64" },
	{ PING, "04 0b 04 50494e47 0000 63747831", "04 09 04 504f4e47 63747831" },
	{ MESSAGES, "01 02 6162 01 00 00 01 63" },
	{ MESSAGES, "02 0000000000000104 61*130 62*130" },
	{ SUBSCRIBE, "04 0c 09 535542534352494245 6162", "6162" },
	{ CANCEL, "04 09 06 43414e43454c 6162", "6162" },
	{ SUBSCRIBE, "04 0a 09 535542534352494245", "" },
	{ MESSAGES, "01 02 7071" },
	{ PING, "04 07 04 50494e47 0000", "04 05 04 504f4e47" },
	{ MESSAGES, "00 01 72" },
	{ NOTHING, "04 09 04 504f4e47 61626364" },
	{ NOTHING, "04 04 03 786f78" },
	{ MALFORMED, "04 02 0958" },
	{ MESSAGES, "03 0000000000000002 6162  02 0000000000000000" },
	{ SUBSCRIBE, "06 0000000000000096 09 535542534352494245 74*140", "74*140" },
	{ MESSAGES, "00 ff 65*255" },
};

/* The same for what the peer sends and for what becomes of it. */
struct expected {
	struct bytes	wire;
	struct bytes	got;
	struct bytes	said;
	struct bytes	sent;
	unsigned int	pings;
	unsigned int	malformed;
};

static void expect_said(struct expected *x, const struct item *item)
{
	struct bytes topic = {};
	u8 head[7];

	bytes_hex(&topic, item->body);
	put_unaligned_be32(x->got.n, head);
	head[4] = item->what == SUBSCRIBE;
	put_unaligned_be16(topic.n, head + 5);
	bytes_add(&x->said, head, sizeof(head));
	bytes_add(&x->said, topic.p, topic.n);
	bytes_free(&topic);
}

static void expect(struct expected *x, const struct item *item, unsigned int nr)
{
	memset(x, 0, sizeof(*x));
	for (; nr--; item++) {
		bytes_hex(&x->wire, item->hex);
		switch (item->what) {
		case MESSAGES:
			bytes_hex(&x->got, item->hex);
			break;
		case SUBSCRIBE:
		case CANCEL:
			expect_said(x, item);
			break;
		case PING:
			bytes_hex(&x->sent, item->body);
			x->pings++;
			break;
		case MALFORMED:
			x->malformed++;
			break;
		case NOTHING:
			break;
		}
	}
}

static void expect_free(struct expected *x)
{
	bytes_free(&x->wire);
	bytes_free(&x->got);
	bytes_free(&x->said);
	bytes_free(&x->sent);
}

static bool as_expected(const struct bed *bed, const struct expected *x)
{
	return bytes_same(&bed->got, &x->got) && bytes_same(&bed->said, &x->said) &&
	       bytes_same(&bed->sent, &x->sent) && !bed->lost &&
	       bed_drained(bed) &&
	       bed_count(bed, ZMQ_MIB_PINGS) == x->pings &&
	       bed_count(bed, ZMQ_MIB_PROTOERROR) == x->malformed;
}

TEST(rx_cut_skbs, "rx: the same is received whichever two segments the stream is cut into")
{
	struct expected x;
	struct bed bed;
	size_t cut;

	expect(&x, traffic, ARRAY_SIZE(traffic));
	for (cut = 0; cut <= x.wire.n; cut++) {
		bed_init(&bed);
		bed_arrives(&bed, x.wire.p, cut, 0);
		bed_arrives(&bed, x.wire.p + cut, x.wire.n - cut, 0);
		bed_settle(&bed);
		if (!as_expected(&bed, &x))
			test_note("cut at %zu", cut);
		CHECK(as_expected(&bed, &x));
		bed_exit(&bed);
	}
	expect_free(&x);
}

TEST(rx_cut_pieces, "rx: and whichever two pieces of memory one segment lies in")
{
	struct expected x;
	struct bed bed;
	size_t cut;

	expect(&x, traffic, ARRAY_SIZE(traffic));
	for (cut = 0; cut <= x.wire.n; cut++) {
		bed_init(&bed);
		bed_arrives(&bed, x.wire.p, x.wire.n, cut);
		bed_settle(&bed);
		if (!as_expected(&bed, &x))
			test_note("%zu bytes apart", cut);
		CHECK(as_expected(&bed, &x));
		bed_exit(&bed);
	}
	expect_free(&x);
}

TEST(rx_cut_small, "rx: and in segments of 1 to 20 bytes, each in one piece or two")
{
	struct expected x;
	size_t at, n, step;
	struct bed bed;

	expect(&x, traffic, ARRAY_SIZE(traffic));
	for (step = 1; step <= 20; step++) {
		bed_init(&bed);
		for (at = 0; at < x.wire.n; at += n) {
			n = min(step, x.wire.n - at);
			bed_arrives(&bed, x.wire.p + at, n, at % (n + 1));
		}
		bed_settle(&bed);
		CHECK(as_expected(&bed, &x));
		bed_exit(&bed);
	}
	expect_free(&x);
}

TEST(rx_room, "rx: without room nothing is read, and what waits comes when there is some")
{
	unsigned int room, stops;
	struct expected x;
	struct bed bed;
	size_t cut;

	expect(&x, traffic, ARRAY_SIZE(traffic));
	for (cut = 0; cut <= x.wire.n; cut += 7) {
		for (room = 1; room <= 3; room++) {
			bed_init(&bed);
			bed.room = room;
			bed_arrives(&bed, x.wire.p, x.wire.n, cut);
			for (stops = 0; test_bit(ZMQ_CONN_RX_STOPPED,
						 &bed.conn.flags); stops++) {
				CHECK_EQ(bed.room, 0);
				CHECK(!bed_drained(&bed));
				/* Nothing else makes it go on. */
				CHECK(!zmq_conn_rx(&bed.conn));
				CHECK_EQ(bed.msgs, room * (stops + 1));
				bed.room = room;
				zmq_conn_rx_resume(&bed.conn);
			}
			bed_settle(&bed);
			CHECK(stops > 0);
			CHECK_EQ(bed_count(&bed, ZMQ_MIB_RXTHROTTLED), stops);
			CHECK(as_expected(&bed, &x));
			bed_exit(&bed);
		}
	}
	expect_free(&x);
}

/* Let time pass until all that was refused for want of memory is read. */
static void retry(struct bed *bed)
{
	unsigned int tries;

	for (tries = 0; tries < 3 && !bed_drained(bed); tries++)
		bed_pass(bed, NSEC_PER_SEC / HZ * (ZMQ_CONN_RX_RETRY + 1));
	bed_settle(bed);
}

/* Whoever is refused memory for a PONG gets none, which is not a message. */
static void check_refused(struct bed *bed, struct expected *x)
{
	unsigned int pings = x->pings - bed_count(bed, ZMQ_MIB_PINGS);
	struct bytes sent = x->sent;

	CHECK(pings <= 1);
	if (pings) {
		x->sent = (struct bytes){};
		x->pings--;
		bytes_add(&x->sent, bed->sent.p, bed->sent.n);
	}
	CHECK(as_expected(bed, x));
	if (pings) {
		bytes_free(&x->sent);
		x->pings++;
	}
	x->sent = sent;
}

TEST(rx_nomem, "rx: refused memory, at any step, loses nothing and doubles nothing")
{
	struct expected x;
	struct bed bed;
	size_t cut;
	long nth;

	expect(&x, traffic, ARRAY_SIZE(traffic));
	for (cut = 0; cut <= x.wire.n; cut += 3) {
		for (nth = 0;; nth++) {
			bed_init(&bed);
			shim_alloc_budget = nth;
			bed_arrives(&bed, x.wire.p, cut, cut / 2);
			bed_arrives(&bed, x.wire.p + cut, x.wire.n - cut, 0);
			bed_settle(&bed);
			retry(&bed);
			check_refused(&bed, &x);
			bed_exit(&bed);
			if (shim_alloc_budget >= 0)
				break;
		}
		CHECK(nth > 10);
		shim_alloc_budget = -1;
	}
	expect_free(&x);
}

/* Framings that have no commands. */
static void arrive_framed(struct bed *bed, enum zmq_framing framing,
			  const struct bytes *wire, size_t cut)
{
	bed_init(bed);
	bed->conn.session->framing = framing;
	bed->conn.session->minor = 0;
	bed_arrives(bed, wire->p, cut, cut / 3);
	bed_arrives(bed, wire->p + cut, wire->n - cut, 0);
	bed_settle(bed);
	retry(bed);
}

TEST(rx_v1, "rx: ZMTP 1.0 is translated whatever the cut and whichever memory is refused")
{
	struct bytes wire = {}, got = {};
	struct bed bed;
	size_t cut;
	long nth;

	bytes_hex(&wire, "01 00  04 00 616263  02 01 61 01 01 03 00 6263");
	bytes_hex(&wire, "ff 0000000000000003 00 6162  ff 000000000000012d 00 65*300");
	bytes_hex(&got, "00 00  00 03 616263  01 01 61 01 00 00 02 6263");
	bytes_hex(&got, "00 02 6162  02 000000000000012c 65*300");
	for (cut = 0; cut <= wire.n; cut++) {
		for (nth = 0;; nth++) {
			shim_alloc_budget = nth + 1;
			arrive_framed(&bed, ZMQ_FRAMING_V1, &wire, cut);
			CHECK(bytes_same(&bed.got, &got) && !bed.lost);
			CHECK_EQ(bed.msgs, 5);
			bed_exit(&bed);
			if (shim_alloc_budget >= 0)
				break;
		}
		shim_alloc_budget = -1;
	}
	bytes_free(&wire);
	bytes_free(&got);
}

TEST(rx_raw, "rx: without ZMTP what arrives together is a message, of 8192 bytes at most")
{
	struct bytes wire = {}, got = {};
	struct bed bed;
	long nth;

	bytes_hex(&wire, "61*3 62*8192 63*100");
	bytes_hex(&got, "00 03 61*3  02 0000000000002000 62*8192  00 64 63*100");
	for (nth = 0;; nth++) {
		bed_init(&bed);
		bed.conn.session->framing = ZMQ_FRAMING_RAW;
		shim_alloc_budget = nth;
		bed_arrives(&bed, wire.p, 3, 0);
		bed_arrives(&bed, wire.p + 3, wire.n - 3, 5000);
		bed_settle(&bed);
		retry(&bed);
		CHECK(bytes_same(&bed.got, &got) && !bed.lost);
		bed_exit(&bed);
		if (shim_alloc_budget >= 0)
			break;
	}
	shim_alloc_budget = -1;
	bytes_free(&wire);
	bytes_free(&got);
}

/* Good frames, then what ends the connection, then what must not be read. */
struct fault {
	const char		*name;
	const char		*hex;
	enum zmq_mib_field	why;
	int			err;
	unsigned int		more;	/* bytes in @hex that are taken as messages */
};

static const struct fault faults[] = {
	{ "a length with the top bit", "02 8000000000000000", ZMQ_MIB_PROTOERROR, -EPROTO },
	{ "a command with MORE", "05 01 00", ZMQ_MIB_PROTOERROR, -EPROTO },
	{ "a frame beyond ZMQ_MAXMSGSIZE", "02 0000000000000401", ZMQ_MIB_RXTOOBIG,
	  -EMSGSIZE },
	{ "a message beyond max_msg_bytes",
	  "03 0000000000000200 61*512 03 0000000000000200 62*512 00 01 63",
	  ZMQ_MIB_RXTOOBIG, -EMSGSIZE, 2 * (9 + 512) },
	{ "a message beyond max_msg_frames", "01 00 01 00 01 00 01 00",
	  ZMQ_MIB_RXTOOBIG, -EMSGSIZE, 6 },
	{ "a command beyond any topic", "06 0000000000002011", ZMQ_MIB_RXTOOBIG,
	  -EMSGSIZE },
};

static void check_fault(const struct fault *fault, const char *before, size_t cut)
{
	struct bytes wire = {}, got = {};
	struct bed bed;
	size_t bad;

	bytes_hex(&got, before);
	bytes_hex(&wire, before);
	bad = wire.n;
	bytes_hex(&wire, fault->hex);
	bytes_add(&got, wire.p + bad, fault->more);
	bytes_hex(&wire, "00 01 78  00 01 79");

	bed_init(&bed);
	bed.opts.max_msg_size = 1024;
	bed.zmq_net.max_msg_bytes = 1024;
	bed.zmq_net.max_msg_frames = 3;
	zmq_conn_rx_start(&bed.conn);
	bed_arrives(&bed, wire.p, min(cut, wire.n), cut % 5 < cut ? cut % 5 : 0);
	if (cut < wire.n)
		bed_arrives(&bed, wire.p + cut, wire.n - cut, 0);
	bed_settle(&bed);
	if (bed.lost != fault->why || bed.conn.rx->err != fault->err)
		test_note("%s, cut at %zu: %d, %d", fault->name, cut, bed.lost,
			  bed.conn.rx->err);
	CHECK_EQ(bed.lost, fault->why);
	CHECK_EQ(bed.conn.rx->err, fault->err);
	/* A header that was cut was taken for one of a message. */
	CHECK(bed.got.n >= got.n && bed.got.n <= got.n + 9);
	CHECK(!memcmp(bed.got.p, got.p, min(got.n, bed.got.n)));
	bed_exit(&bed);
	bytes_free(&wire);
	bytes_free(&got);
}

TEST(rx_faults, "rx: an error of the peer ends the stream there, for its reason, however it is cut")
{
	static const char * const before[] = {
		"00 00", "00 02 6162 01 01 63 00 01 64",
	};
	unsigned int i, j;
	size_t cut;

	for (i = 0; i < ARRAY_SIZE(faults); i++) {
		for (j = 0; j < ARRAY_SIZE(before); j++) {
			for (cut = 1; cut < 40; cut++)
				check_fault(&faults[i], before[j], cut);
		}
	}
}

TEST(rx_broken, "rx: so does a read that fails, memory of a device and a socket that gives up")
{
	struct bed bed;

	bed_init(&bed);
	bed_hex_arrives(&bed, "00 01 61");
	bed.read_err = -EIO;
	bed_hex_arrives(&bed, "00 01 62");
	bed_settle(&bed);
	CHECK_EQ(bed.lost, ZMQ_MIB_PROTOERROR);
	CHECK_EQ(bed.conn.rx->err, -EIO);
	CHECK_EQ(bed.msgs, 1);
	bed_exit(&bed);

	bed_init(&bed);
	bed.link.rx_on = false;
	bed_hex_arrives(&bed, "00 01 61");
	bed.in.next->unreadable = true;
	bed.link.rx_on = true;
	bed_settle(&bed);
	CHECK_EQ(bed.lost, ZMQ_MIB_PROTOERROR);
	CHECK_EQ(bed.conn.rx->err, -EFAULT);
	CHECK_EQ(bed.msgs, 0);
	bed_exit(&bed);

	bed_init(&bed);
	bed.rx_err = -ENOBUFS;
	bed_hex_arrives(&bed, "00 01 61 04 07 04 50494e47 0000");
	bed_settle(&bed);
	CHECK_EQ(bed.lost, ZMQ_MIB_RXGIVENUP);
	CHECK_EQ(bed_count(&bed, ZMQ_MIB_PINGS), 0);
	bed_exit(&bed);

	bed_init(&bed);
	zmq_conn_rx_give_up(&bed.conn);
	bed_hex_arrives(&bed, "00 01 61");
	bed_settle(&bed);
	CHECK_EQ(bed.lost, ZMQ_MIB_RXGIVENUP);
	CHECK_EQ(bed.msgs, 0);
	bed_exit(&bed);
}

TEST(rx_long, "rx: one pass parses 64 KiB or 1000 commands, a worker goes on")
{
	struct bytes wire = {}, none = {};
	unsigned int i, pongs = 2500;
	struct bed bed;

	bytes_hex(&wire, "02 0000000000030d40");
	for (i = 0; i < 20; i++)
		bytes_hex(&wire, "61*10000");
	bed_init(&bed);
	bed_arrives(&bed, wire.p, wire.n, wire.n / 2);
	CHECK(test_bit(ZMQ_CONN_RX_MORE, &bed.conn.flags));
	CHECK(bed.got.n > 0 && bed.got.n < wire.n);
	bed_settle(&bed);
	CHECK(bytes_same(&bed.got, &wire));
	CHECK_EQ(bed.msgs, 1);
	bed_exit(&bed);

	wire.n = 0;
	for (i = 0; i < pongs; i++)
		bytes_hex(&wire, "04 05 04 504f4e47");
	bed_init(&bed);
	bed_arrives(&bed, wire.p, wire.n, 0);
	CHECK_EQ(bed.in_off, 1000 * 7);
	CHECK(test_bit(ZMQ_CONN_RX_MORE, &bed.conn.flags));
	bed_settle(&bed);
	CHECK(bed_drained(&bed) && bytes_same(&bed.got, &none));
	bed_exit(&bed);
	bytes_free(&wire);
}

TEST(rx_who, "rx: before the handshake's end the task reads, then whoever is told")
{
	struct bed bed;

	bed_init(&bed);
	bed.link.rx_on = false;
	bed_hex_arrives(&bed, "00 01 61");
	CHECK(bed.due && !bed.msgs);
	bed.due = false;
	zmq_conn_readable_later(&bed.link);
	CHECK(bed.due && !bed.msgs);
	bed.due = false;
	bed.link.rx_on = true;
	zmq_conn_readable_later(&bed.link);
	CHECK(!bed.due && !bed.msgs);
	bed_settle(&bed);
	CHECK_EQ(bed.msgs, 1);
	/* While there is no room nobody needs to look. */
	set_bit(ZMQ_CONN_RX_STOPPED, &bed.conn.flags);
	zmq_conn_readable_later(&bed.link);
	CHECK(!test_bit(ZMQ_CONN_RX_MORE, &bed.conn.flags));
	bed_lose(&bed);
	zmq_conn_rx_resume(&bed.conn);
	bed_exit(&bed);
}

TEST(rx_end, "rx: the task hears of a stream's end and of what arrives for nobody")
{
	struct bed bed;

	bed_init(&bed);
	bed.tcp.inet.sk.sk_shutdown = RCV_SHUTDOWN;
	bed_hex_arrives(&bed, "00 01 61");
	CHECK(bed.due && bed.msgs == 1);
	bed_exit(&bed);

	bed_init(&bed);
	bed.conn.pipe = NULL;
	bed.conn.lingering = true;
	bed_hex_arrives(&bed, "00 01 61 00 01 62 04 0a 09 535542534352494245");
	bed_settle(&bed);
	CHECK_EQ(bed.got.n + bed.said.n, 0);
	CHECK_EQ(bed_count(&bed, ZMQ_MIB_RXDROPCLOSED), 2);
	CHECK_EQ(bed.owner.discarded.counter, 18);
	bed_exit(&bed);
}

TEST(rx_duct, "rx: what comes by a duct is handed on as it is if it is whole")
{
	struct bytes got = {};
	struct bed bed;

	bytes_hex(&got, "00 01 61 00 01 62");
	bed_init(&bed);
	bed_is_direct(&bed);
	/* One more could not be had. */
	shim_alloc_budget = 1;
	bed_hex_arrives(&bed, "00 01 61 00 01 62");
	CHECK_EQ(shim_alloc_budget, 0);
	shim_alloc_budget = -1;
	CHECK(bytes_same(&bed.got, &got));
	bed_exit(&bed);
	bytes_free(&got);
}
