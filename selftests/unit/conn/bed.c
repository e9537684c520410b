// SPDX-License-Identifier: GPL-2.0-only
#include "bed.h"

#include "clock.h"

#define GIVEN_START	((u32)-1000)

unsigned long shim_list_ops;
unsigned int zmq_net_id;
struct workqueue_struct *zmq_wq;

static struct bed *of_conn(const struct zmq_conn *conn)
{
	return container_of((struct zmq_conn *)conn, struct bed, conn);
}

static struct bed *of_task(struct zmq_task *task)
{
	return container_of(task, struct bed, conn.task);
}

/* For so many, and one more. */
static size_t bytes_room(size_t n)
{
	size_t room = 64;

	while (room <= n)
		room *= 2;
	return room;
}

void bytes_add(struct bytes *b, const void *p, size_t n)
{
	if (!b->p || bytes_room(b->n + n) != bytes_room(b->n))
		b->p = realloc(b->p, bytes_room(b->n + n));
	if (!b->p)
		abort();
	memcpy(b->p + b->n, p, n);
	b->n += n;
}

void bytes_hex(struct bytes *b, const char *hex)
{
	static u8 p[1 << 16];

	bytes_add(b, p, test_hex(p, hex));
}

bool bytes_same(const struct bytes *a, const struct bytes *b)
{
	return a->n == b->n && (!a->n || !memcmp(a->p, b->p, a->n));
}

void bytes_free(struct bytes *b)
{
	free(b->p);
	*b = (struct bytes){};
}

/* What the module has elsewhere. */

u64 zmq_mem_msg_max(void)
{
	return U64_MAX;
}

void zmq_conn_get(struct zmq_conn *conn)
{
	refcount_inc(&conn->ref);
}

void zmq_conn_put(struct zmq_conn *conn)
{
	if (refcount_dec_and_test(&conn->ref))
		abort();
}

void zmq_task_run(struct zmq_task *task)
{
	of_task(task)->due = true;
}

void zmq_task_run_after(struct zmq_task *task, unsigned long delay)
{
	struct bed *bed = of_task(task);

	if (bed->timed && !time_before(jiffies + delay, bed->at))
		return;
	bed->timed = true;
	bed->at = jiffies + delay;
}

void zmq_conn_linger_sent(struct zmq_conn *conn)
{
	of_conn(conn)->finished = true;
}

void zmq_conn_linger_read(struct zmq_conn *conn, unsigned int bytes)
{
	atomic_long_add_return(bytes, &conn->owner->discarded);
}

void zmq_buf_put(struct zmq_buf *buf)
{
	if (!refcount_dec_and_test(&buf->ref))
		return;
	if (buf->pinned)
		free(buf->pinned->bv[0].bv_page);
	free(buf->pinned);
	free(buf->page);
	free(buf);
}

void zmq_pinned_iter(const struct zmq_pinned *pinned, u32 off, u32 len,
		     struct iov_iter *iter)
{
	static struct bio_vec bv;

	bvec_set_page(&bv, pinned->bv[0].bv_page, len, off);
	iov_iter_bvec(iter, ITER_SOURCE, &bv, 1, len);
}

void zmq_zerocopy_copied(struct ubuf_info *ubuf)
{
	((struct bed *)ubuf)->copied++;
}

struct sk_buff *zmq_run_alloc(unsigned int size, gfp_t gfp)
{
	return alloc_skb(size, gfp);
}

void zmq_run_put(struct sk_buff *run, unsigned int len)
{
	run->len += len;
	zmq_run(run)->len += len;
}

struct sk_buff *zmq_run_from_bytes(const void *data, unsigned int len, gfp_t gfp)
{
	struct sk_buff *run = zmq_run_alloc(len, gfp);

	if (run) {
		memcpy(run->data, data, len);
		zmq_run_put(run, len);
	}
	return run;
}

struct sk_buff *zmq_run_from_skb(struct sk_buff *skb, unsigned int off,
				 unsigned int len, struct sk_buff **spare)
{
	struct sk_buff *run = zmq_run_alloc(len, GFP_ATOMIC);
	unsigned int done = 0, n;
	struct skb_seq_state st;
	const u8 *p;

	if (!run)
		return NULL;
	skb_prepare_seq_read(skb, off, off + len, &st);
	while ((n = skb_seq_read(done, &p, &st))) {
		memcpy(run->data + done, p, n);
		done += n;
	}
	CHECK_EQ(done, len);
	zmq_run_put(run, len);
	/* Such a run would refer to the memory of @skb. */
	run->cloned = len > ZMQ_RUN_COPY_MAX;
	return run;
}

struct sk_buff *zmq_run_own(struct sk_buff *skb)
{
	zmq_run(skb)->off = 0;
	zmq_run(skb)->len = skb->len;
	return skb_get(skb);
}

const u8 *zmq_skb_bytes(const struct sk_buff *skb, u32 off, size_t *n)
{
	if (off >= skb_headlen(skb))
		return skb->frag + off - skb_headlen(skb);
	*n = min_t(size_t, *n, skb_headlen(skb) - off);
	return skb->data + off;
}

/* The socket. */

/* Messages that are whole, and the bytes of the last one behind @from. */
static struct zmq_ends count(const struct bytes *b, size_t from)
{
	size_t at = 0, begin = 0, len;
	struct zmq_ends ends = {};
	bool more;

	while (b->n - at >= 2) {
		more = b->p[at] & ZMTP_MORE;
		len = b->p[at + 1];
		if (b->p[at] & ZMTP_LONG) {
			if (b->n - at < ZMQ_HDR_MAX)
				break;
			len = get_unaligned_be64(b->p + at + 1);
			at += ZMQ_HDR_MAX - ZMQ_HDR_SHORT;
		}
		at += ZMQ_HDR_SHORT;
		if (b->n - at < len)
			break;
		at += len;
		if (more)
			continue;
		if (at > from) {
			ends.msgs++;
			ends.last = at - max(begin, from);
			ends.tail = b->n - at;
		}
		begin = at;
	}
	if (!ends.msgs)
		ends.tail = b->n - from;
	return ends;
}

static void add_run(struct bytes *got, struct sk_buff *run)
{
	unsigned int off = zmq_run(run)->off, len = zmq_run(run)->len, n, done;
	struct skb_seq_state st;
	const u8 *p;

	skb_prepare_seq_read(run, off, off + len, &st);
	for (done = 0; (n = skb_seq_read(done, &p, &st)); done += n)
		bytes_add(got, p, n);
}

static int take_runs(struct zmq_conn *conn, struct sk_buff_head *runs,
		     const struct zmq_ends *ends)
{
	struct bed *bed = of_conn(conn);
	size_t from = bed->got.n;
	struct zmq_ends want;
	struct sk_buff *run;
	void *p;

	CHECK(bed->locked && conn->pipe);
	if (bed->rx_err)
		return bed->rx_err;
	p = kmalloc(1, GFP_ATOMIC);
	if (!p)
		return -ENOMEM;
	kfree(p);
	while ((run = __skb_dequeue(runs))) {
		add_run(&bed->got, run);
		kfree_skb(run);
	}
	want = count(&bed->got, from);
	CHECK_EQ(ends->msgs, want.msgs);
	CHECK_EQ(ends->last, want.last);
	CHECK_EQ(ends->tail, want.tail);
	CHECK(ends->msgs <= bed->room);
	if (bed->room != UINT_MAX)
		bed->room -= ends->msgs;
	bed->msgs += ends->msgs;
	return 0;
}

static unsigned int socket_room(struct zmq_conn *conn)
{
	return of_conn(conn)->room;
}

static void hear_subscription(struct zmq_conn *conn, const u8 *topic, size_t len,
			      bool subscribe)
{
	struct bed *bed = of_conn(conn);
	u8 head[7];

	CHECK(bed->locked);
	put_unaligned_be32(bed->got.n, head);
	head[4] = subscribe;
	put_unaligned_be16(len, head + 5);
	bytes_add(&bed->said, head, sizeof(head));
	bytes_add(&bed->said, topic, len);
}

static void hear_sent(struct zmq_conn *conn, unsigned int msgs)
{
	CHECK(conn->tx->lock.held && !conn->tx->qlock.held);
	of_conn(conn)->credit += msgs;
}

static void hear_cmd_room(struct zmq_conn *conn)
{
	of_conn(conn)->cmd_rooms++;
}

static const struct zmq_conn_ops socket_ops = {
	.room		= socket_room,
	.rx		= take_runs,
	.subscription	= hear_subscription,
	.sent		= hear_sent,
	.cmd_room	= hear_cmd_room,
};

/* The connection. */

void bed_begin(struct bed *bed)
{
	struct zmq_conn *conn = &bed->conn;

	zmq_link_set(conn, &bed->link);
	zmq_conn_rx_start(conn);
	zmq_heartbeat_start(conn);
	bed->link.rx_on = true;
	set_bit(ZMQ_CONN_TX_ON, &conn->flags);
	set_bit(ZMQ_CONN_TX_MSGS, &conn->flags);
}

void bed_init(struct bed *bed)
{
	struct zmq_conn *conn = &bed->conn;

	clock_init();
	memset(bed, 0, sizeof(*bed));
	bed->zmq_net.mib = &bed->mib;
	bed->zmq_net.first = &bed->zmq_net;
	bed->zmq_net.max_msg_bytes = LONG_MAX;
	bed->zmq_net.max_msg_frames = INT_MAX;
	bed->zmq_net.coalesce_us = 50;
	bed->net.generic = &bed->zmq_net;
	bed->sk.net = &bed->net;
	bed->tcp.inet.sk.net = &bed->net;
	bed->tcp.inet.sk.is_tcp = true;
	bed->sock.sk = &bed->tcp.inet.sk;
	bed->opts.max_msg_size = -1;
	bed->opts.snd_hwm = 1000;
	bed->opts.heartbeat_timeout = -1;
	bed->owner.tasks.sk = &bed->sk;
	bed->owner.zn = &bed->zmq_net;
	bed->owner.opts = &bed->opts;
	bed->owner.ops = &socket_ops;
	zmq_owner_flush_init(&bed->owner);
	__skb_queue_head_init(&bed->in);
	bed->room = UINT_MAX;
	bed->window = BED_ANY;
	bed->piece = BED_ANY;
	bed->given = GIVEN_START;
	bed->acked = GIVEN_START;

	refcount_set(&conn->ref, 1);
	conn->owner = &bed->owner;
	conn->tx = &bed->tx;
	conn->rx = &bed->rx;
	conn->session = &bed->session;
	conn->heartbeat = &bed->heartbeat;
	conn->pipe = bed;
	zmq_conn_tx_init(conn);
	zmq_link_init(&bed->link, conn, NULL, &bed->sock);
	/* They go together. */
	zmq_conn_put(conn);
	bed_refers(bed);
	conn->state = ZMQ_CONN_UP;
	conn->session->state = ZMQ_SESSION_DONE;
	conn->session->major = 3;
	conn->session->minor = 1;
	CHECK_EQ(zmq_conn_tx_cache_init(), 0);
	/* Nothing was sent a moment ago. */
	clock_move(NSEC_PER_SEC);
	bed_begin(bed);
}

void bed_lose(struct bed *bed)
{
	zmq_link_stop(&bed->conn);
	zmq_conn_tx_rewind(&bed->conn);
	zmq_link_set(&bed->conn, NULL);
	bed_discard(bed);
}

void bed_exit(struct bed *bed)
{
	struct zmq_conn *conn = &bed->conn;

	bed_lose(bed);
	zmq_conn_tx_purge(conn);
	zmq_owner_flush_end(&bed->owner);
	while (clock_work())
		;
	CHECK(zmq_conn_tx_empty(conn) && !conn->tx->seg.buf);
	CHECK(list_empty(&conn->tx->cmds));
	CHECK_EQ(conn->tx->bytes, 0);
	CHECK_EQ(conn->tx->msgs, 0);
	CHECK_EQ(conn->tx->cmd_bytes, 0);
	CHECK_EQ(conn->ref.refs, 1);
	CHECK_EQ(bed->sk.refs, 0);
	CHECK_EQ(clock_next(), INT64_MAX);
	CHECK(!bed->locked && !conn->tx->lock.held && !conn->tx->qlock.held &&
	      !bed->owner.flush_lock.held);
	zmq_conn_tx_cache_exit();
	kfree_skb(bed->owner.spare_run);
	bytes_free(&bed->got);
	bytes_free(&bed->said);
	bytes_free(&bed->sent);
}

void bed_opens(struct bed *bed, size_t bytes)
{
	bed->window = bytes;
	zmq_conn_writable(&bed->conn);
	while (clock_work())
		;
}

/* What a connection's task does with one that is up, but for its end. */
static void run_task(struct bed *bed)
{
	struct zmq_conn *conn = &bed->conn;
	unsigned long next;

	bed->due = false;
	bed->runs++;
	if (bed->lost || !zmq_conn_link(conn))
		return;
	zmq_conn_rx(conn);
	if (test_bit(ZMQ_CONN_RX_ERROR, &conn->flags)) {
		bed->lost = zmq_conn_rx_failure(conn);
		return;
	}
	if (test_and_clear_bit(ZMQ_CONN_CMD_ROOM, &conn->flags))
		conn->owner->ops->cmd_room(conn);
	if (!zmq_heartbeat_run(conn)) {
		bed->lost = ZMQ_MIB_HBTIMEOUT;
		return;
	}
	next = zmq_heartbeat_next(conn);
	if (next < MAX_JIFFY_OFFSET)
		zmq_task_run_after(&conn->task, next);
}

void bed_settle(struct bed *bed)
{
	do {
		if (bed->timed && time_after_eq(jiffies, bed->at)) {
			bed->timed = false;
			bed->due = true;
		}
		if (bed->due)
			run_task(bed);
	} while (clock_work() || bed->due);
}

static s64 task_ns(const struct bed *bed)
{
	return (s64)(bed->at - SHIM_JIFFIES_START) * (NSEC_PER_SEC / HZ);
}

void bed_pass(struct bed *bed, s64 ns)
{
	s64 end = shim_now + ns, next;

	bed_settle(bed);
	while (shim_now < end) {
		next = min_t(s64, end, clock_next());
		if (bed->timed)
			next = min(next, max(shim_now, task_ns(bed)));
		clock_move(next);
		bed_settle(bed);
	}
}

struct zmq_buf *bed_buf(const void *p, size_t n, bool pinned)
{
	struct zmq_buf *buf = calloc(1, sizeof(*buf));
	u8 *mem = malloc(n ?: 1);

	if (!buf || !mem)
		abort();
	memcpy(mem, p, n);
	refcount_set(&buf->ref, 1);
	buf->size = n;
	buf->fill = n;
	if (!pinned) {
		buf->page = (struct page *)mem;
		return buf;
	}
	buf->pinned = calloc(1, sizeof(*buf->pinned) + sizeof(struct bio_vec));
	if (!buf->pinned)
		abort();
	buf->pinned->len = n;
	buf->pinned->nr = 1;
	bvec_set_page(&buf->pinned->bv[0], (struct page *)mem, n, 0);
	return buf;
}

int bed_queue(struct bed *bed, struct zmq_buf **bufs, unsigned int nr)
{
	struct zmq_range ranges[8];
	struct zmq_msg msg = { .ranges = ranges, .nr = nr, .msgs = 1 };
	unsigned int i;
	int err;

	for (i = 0; i < nr; i++) {
		ranges[i] = (struct zmq_range){ bufs[i], 0, bufs[i]->fill };
		msg.bytes += bufs[i]->fill;
		if (bufs[i]->pinned)
			bufs[i]->pinned->ubuf = (struct ubuf_info *)bed;
	}
	err = zmq_conn_queue(&bed->conn, &msg);
	for (i = 0; i < nr; i++)
		zmq_buf_put(bufs[i]);
	return err;
}

int bed_queue_hex(struct bed *bed, const char *hex)
{
	struct bytes b = {};
	struct zmq_buf *buf;

	bytes_hex(&b, hex);
	buf = bed_buf(b.p, b.n, false);
	bytes_free(&b);
	return bed_queue(bed, &buf, 1);
}

unsigned long bed_count(const struct bed *bed, enum zmq_mib_field field)
{
	return bed->mib.fields[field];
}
