// SPDX-License-Identifier: GPL-2.0-only
#include "blocks.h"

#include <linux/slab.h>
#include "base/mem.h"
#include "base/run.h"
#include "pipe/fq.h"
#include "pipe/inproc.h"
#include "pipe/peercred.h"
#include "pipe/trash.h"
#include "pipe/unfinished.h"

#define HWM 1000

unsigned long shim_list_ops;
unsigned int zmq_net_id;

/* What a frame's body says; one socket is tested at a time. */
struct body {
	u32	peer;
	u32	msg;
	u32	frame;
};

static struct stand *stand;

static struct peer *conn_peer(struct zmq_conn *conn)
{
	return container_of(conn, struct peer, conn);
}

int zmq_conn_queue(struct zmq_conn *conn, const struct zmq_msg *msg)
{
	struct peer *peer = conn_peer(conn);

	if (peer->err)
		return peer->err;
	peer->got++;
	peer->last = msg->bytes;
	return 0;
}

unsigned int zmq_conn_tx_replace(struct zmq_conn *conn)
{
	return 0;
}

void zmq_run_free(struct sk_buff *run, struct sk_buff **spare)
{
	kfree_skb(run);
}

void zmq_owner_fanout_begin(struct zmq_owner *owner)
{
}

void zmq_owner_fanout_end(struct zmq_owner *owner)
{
}

void zmq_conn_flush(struct zmq_conn *conn, enum zmq_flush how)
{
	conn_peer(conn)->flushed += how == ZMQ_FLUSH_AUTO ||
				    how == ZMQ_FLUSH_FANOUT;
	conn_peer(conn)->later += how == ZMQ_FLUSH_LATER;
}

void zmq_conn_set_pipe(struct zmq_conn *conn, void *pipe)
{
	conn->pipe = pipe;
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

void zmq_conn_rx_resume(struct zmq_conn *conn)
{
	stand->resumed++;
}

int zmq_conn_send_sub(struct zmq_conn *conn, const u8 *topic, size_t len,
		      bool subscribe)
{
	return 0;
}

bool zmq_mem_charge_rx(struct sock *sk, unsigned int truesize, bool force)
{
	stand->charged += truesize;
	return true;
}

void zmq_mem_uncharge_rx(struct sock *sk, unsigned int truesize)
{
	stand->charged -= truesize;
}

/* At once, whatever it is. */
void zmq_trash_locked(struct zmq_core *core, struct sk_buff_head *runs)
{
	struct sk_buff *skb;

	while ((skb = __skb_dequeue(runs))) {
		zmq_mem_uncharge_rx(core->sk, skb->truesize);
		kfree_skb(skb);
	}
}

void zmq_unfinished_note_locked(struct zmq_pipe *pipe)
{
}

struct sk_buff *zmq_runs_seek(const struct sk_buff_head *runs,
			      struct sk_buff *skb, u64 *off)
{
	for (; skb && *off >= zmq_run(skb)->len; skb = skb_queue_next(runs, skb))
		*off -= zmq_run(skb)->len;
	return skb;
}

/* A byte at a time, so that nothing is in one piece. */
const u8 *zmq_run_bytes(struct sk_buff *run, u32 off, size_t *n)
{
	*n = 1;
	return run->data + zmq_run(run)->off + off;
}

int zmq_runs_copy_bits(const struct sk_buff_head *runs, struct sk_buff *skb,
		       u64 off, void *to, size_t len)
{
	u8 *p = to;

	for (; len; len--) {
		skb = zmq_runs_seek(runs, skb, &off);
		if (!skb)
			return -EFAULT;
		*p++ = skb->data[zmq_run(skb)->off + off++];
	}
	return 0;
}

/* Nobody sleeps, and no pipe here is one of inproc's. */
void zmq_core_wake_readers(struct zmq_core *core, unsigned int msgs)
{
	if (core->lock.held)
		abort();
}

void zmq_core_wake_writers(struct zmq_core *core)
{
	if (core->lock.held)
		abort();
}

void zmq_task_run(struct zmq_task *task)
{
}

int zmq_run_copy_iter(const struct sk_buff *run, const u8 *p, size_t len,
		      struct iov_iter *to)
{
	abort();
}

int zmq_runs_copy_iter(const struct sk_buff_head *runs, struct sk_buff *skb,
		       u64 off, struct iov_iter *to, size_t len)
{
	abort();
}

int zmq_inproc_write(struct zmq_pipe *pipe, const struct zmq_msg *msg)
{
	abort();
}

void zmq_inproc_ack(struct zmq_pipe *pipe, unsigned int msgs)
{
	abort();
}

void zmq_inproc_subscribe(struct zmq_pipe *pipe, const u8 *topic, size_t len,
			  bool subscribe)
{
	abort();
}

void zmq_inproc_unlink(struct zmq_pipe *pipe)
{
	abort();
}

/* Nor has any a process behind it. */
void zmq_pipe_free_creds(struct zmq_pipe *pipe)
{
}

void zmq_core_show_cred(struct zmq_core *core)
{
}

static int take_peer(struct zmq_core *core, struct zmq_pipe *pipe)
{
	return 0;
}

static void forget_peer(struct zmq_core *core, struct zmq_pipe *pipe)
{
}

void stand_init(struct stand *s, unsigned int peers)
{
	struct zmq_core *core = &s->core;

	memset(s, 0, sizeof(*s));
	stand = s;
	s->zmq_net.mib = &s->mib;
	s->net.generic = &s->zmq_net;
	s->sk.net = &s->net;
	s->sk.sk_rcvbuf = INT_MAX;
	s->ops.attach = take_peer;
	s->ops.detach = forget_peer;
	s->msg.msgs = 1;
	core->sk = &s->sk;
	core->ops = &s->ops;
	core->owner.zn = &s->zmq_net;
	core->opts.snd_hwm = HWM;
	core->opts.rcv_hwm = HWM;
	INIT_LIST_HEAD(&core->pipes);
	INIT_LIST_HEAD(&core->ready);
	INIT_LIST_HEAD(&core->writable);
	INIT_LIST_HEAD(&core->unsettled);
	INIT_LIST_HEAD(&core->backlog);
	while (peers--)
		stand_join(s);
}

struct peer *stand_join(struct stand *s)
{
	struct peer *peer = calloc(1, sizeof(*peer));

	s->peers = realloc(s->peers, (s->nr + 1) * sizeof(*s->peers));
	if (!peer || !s->peers)
		abort();
	s->peers[s->nr] = peer;
	peer->number = s->nr++;
	refcount_set(&peer->conn.ref, 1);
	peer->pipe = zmq_pipe_new(&s->core, GFP_KERNEL);
	/* As zmq_pipe_join() does it. */
	peer->pipe->conn = &peer->conn;
	zmq_conn_get(&peer->conn);
	zmq_pipe_get(peer->pipe);
	zmq_conn_set_pipe(&peer->conn, peer->pipe);
	CHECK_EQ(zmq_pipe_attach(peer->pipe), 0);
	return peer;
}

/* What it sent can still be read. */
void stand_leave(struct peer *peer)
{
	zmq_pipe_detach(peer->pipe);
}

/* Every reference must be back, and every byte received uncharged. */
void stand_exit(struct stand *s)
{
	struct peer *peer;
	unsigned int i;

	if (s->msg.pipe)
		zmq_pipe_put(s->msg.pipe);
	for (i = 0; i < s->nr; i++) {
		peer = s->peers[i];
		stand_leave(peer);
		if (!list_empty(&peer->pipe->settle_node)) {
			list_del_init(&peer->pipe->settle_node);
			zmq_pipe_put(peer->pipe);
		}
		zmq_pipe_purge_locked(peer->pipe);
		zmq_pipe_reap(peer->pipe);
		CHECK_EQ(peer->pipe->ref.refs, 1);
		CHECK_EQ(peer->conn.ref.refs, 1);
		zmq_pipe_put(peer->pipe);
		free(peer);
	}
	free(s->peers);
	CHECK(list_empty(&s->core.pipes) && list_empty(&s->core.ready) &&
	      list_empty(&s->core.writable));
	CHECK_EQ(s->core.nr_pipes, 0);
	CHECK_EQ(s->sk.refs, 0);
	CHECK_EQ(s->charged, 0);
	CHECK(!s->core.lock.held);
}

unsigned long stand_count(const struct stand *s, enum zmq_mib_field field)
{
	return s->mib.fields[field];
}

static void add_run(struct sk_buff_head *runs, const void *data, size_t n)
{
	struct sk_buff *skb = calloc(1, sizeof(*skb) + n + 1);

	if (!skb)
		abort();
	skb->data = (u8 *)(skb + 1);
	skb->len = n + 1;
	skb->truesize = sizeof(*skb) + n;
	zmq_run(skb)->off = 1;
	zmq_run(skb)->len = n;
	memcpy(skb->data + 1, data, n);
	__skb_queue_tail(runs, skb);
}

/* Each frame is split between two runs, sometimes inside of its header. */
void peer_sends_frames(struct peer *peer, unsigned int from, unsigned int to,
		       unsigned int frames)
{
	u8 buf[ZMQ_HDR_MAX + sizeof(struct body)];
	struct zmq_ends ends = {};
	struct sk_buff_head runs;
	struct body body;
	size_t n, cut;

	__skb_queue_head_init(&runs);
	for (; from < to; from++) {
		body = (struct body){ peer->number, peer->made, from };
		n = zmq_hdr_put(buf, sizeof(body),
				from + 1 < frames ? ZMTP_MORE : 0);
		memcpy(buf + n, &body, sizeof(body));
		n += sizeof(body);
		cut = 1 + (peer->made + from) % (n - 1);
		add_run(&runs, buf, cut);
		add_run(&runs, buf + cut, n - cut);
	}
	ends.msgs = to == frames;
	CHECK_EQ(zmq_pipe_rx(peer->pipe, &runs, &ends), 0);
	peer->made += to == frames;
}

void peer_sends(struct peer *peer, unsigned int frames)
{
	peer_sends_frames(peer, 0, frames, frames);
}

int stand_read_frame(struct stand *s, struct got_frame *got)
{
	struct zmq_frame f, again;
	struct body body;
	int err;

	err = zmq_fq_peek(&s->core, &f);
	if (err)
		return err;
	/* It stays the same until it is consumed. */
	CHECK_EQ(zmq_fq_peek(&s->core, &again), 0);
	CHECK(again.pipe == f.pipe && again.len == f.len && again.more == f.more);
	CHECK_EQ(f.len, sizeof(body));
	CHECK_EQ(zmq_pipe_copy_bits(f.pipe, 0, &body, sizeof(body)), 0);
	*got = (struct got_frame){ body.peer, body.msg, body.frame, f.more };
	zmq_fq_consume(&s->core, &f);
	CHECK(s->core.rx_pipe == (f.more ? f.pipe : NULL));
	return 0;
}

/* A whole message; returns the peer's number. */
int stand_read(struct stand *s)
{
	struct got_frame first, f;
	unsigned int n = 0;
	int err;

	do {
		err = stand_read_frame(s, &f);
		if (err)
			return err;
		if (!n)
			first = f;
		CHECK(f.peer == first.peer && f.msg == first.msg);
		CHECK_EQ(f.frame, n++);
	} while (f.more);
	return first.peer;
}
