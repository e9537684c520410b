/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _ZMQ_PIPE_H
#define _ZMQ_PIPE_H

#include <linux/list.h>
#include <linux/refcount.h>
#include <linux/rhashtable-types.h>
#include <linux/skbuff.h>
#include <net/sock.h>
#include "base/msg.h"
#include "base/net.h"
#include "base/opts.h"
#include "base/roster.h"
#include "conn/conn.h"
#include "wire/trie.h"
#include "wire/wire.h"

struct zmq_announce;
struct zmq_ends;
struct zmq_inproc_ns;
struct zmq_pair;
struct zmq_peername;
struct zmq_user;

/**
 * struct zmq_core - the routing half of a socket: its peers and who is next
 * @sk: the socket, for accounting and wake-ups; its lock is "the socket lock"
 * @owner: the socket as connections see it
 * @task: attaches and detaches pipes for which nobody held the socket lock
 * @ops: whom pipes tell
 * @pattern: the routing rules, for the floors above
 * @by_id: they find peers by their routing id
 * @user: who created it, and pays for names and connections that wait
 * @opts: option values
 * @lock: protects @ready, @writable, every pipe's queue and flags, and what
 *	softirq changes in a pattern (subscriptions)
 * @pipes: every attached pipe; changed under the socket lock and @lock
 * @roster: the same pipes, for /proc/net/zmq and sock_diag
 * @ready: pipes with at least one whole message, the next to serve first
 * @writable: pipes with send credit, the next to serve first
 * @inproc: bound inproc names; changed under the socket lock, the lock of
 *	their name space and @lock
 * @names: the same names, for the same readers; taken away under @lock
 * @inproc_ns: the name space of those bound or connected to from now on;
 *	changed under the socket lock and @lock
 * @lingering: inproc connections that were left with messages for a name that
 *	nobody has bound; @lock
 * @rx_pipe: the pipe whose multi-part message is being read; socket lock
 * @rx_next: the head of @ready, or NULL if it has to be looked up; socket lock
 * @unsettled: pipes for which something happened without the socket lock: a
 *	peer was joined to them, or they are dead; @lock
 * @backlog: pipes whose messages @ops->rx() has not looked at to the end; @lock
 * @trash: runs that are dropped and not yet freed; @lock
 * @trash_work: frees them; has a reference to the socket while it is queued
 * @priv: the pattern's own state
 * @dist_gen: the number of the current fan-out; socket lock
 * @nr_pipes: length of @pipes
 * @nr_up: those of them that have ZMQ_PIPE_UP; socket lock
 * @last_number: of a pipe that no pattern numbers; socket lock
 * @drops: messages dropped because a peer was full or gone
 */
struct zmq_core {
	struct sock			*sk;
	struct zmq_owner		owner;
	struct zmq_task			task;
	const struct zmq_pipe_ops	*ops;
	const struct zmq_pattern	*pattern;
	struct zmq_user			*user;
	struct zmq_opts			opts;
	spinlock_t			lock; /* see locking.rst, 6 */
	struct list_head		pipes;
	struct zmq_roster		roster;
	struct list_head		ready;
	struct list_head		writable;
	struct list_head		inproc;
	struct zmq_roster		names;
	struct zmq_inproc_ns		*inproc_ns;
	struct list_head		lingering;
	struct zmq_pipe			*rx_pipe;
	struct zmq_pipe			*rx_next;
	struct list_head		unsettled;
	struct list_head		backlog;
	struct sk_buff_head		trash;
	struct work_struct		trash_work;
	void				*priv;
	bool				by_id;
	u32				dist_gen;
	unsigned int			nr_pipes;
	unsigned int			nr_up;
	u32				last_number;
	atomic_long_t			drops;
};

enum zmq_pipe_flag {
	ZMQ_PIPE_ATTACHED,	/* the pattern knows it */
	ZMQ_PIPE_FULL,		/* no send credit until the low-water mark */
	ZMQ_PIPE_DEAD,		/* the peer is gone; queued messages can be read */
	ZMQ_PIPE_THROTTLED,	/* the connection stopped reading */
	ZMQ_PIPE_UP,		/* the peer can be written to right now */
	ZMQ_PIPE_FIXED_ID,	/* @id was chosen here, whatever the peer says */
	ZMQ_PIPE_DETACHED,	/* zmq_pipe_detach() has run */
	ZMQ_PIPE_OLD_SUBS,	/* PUB: what it wants was said before it went down */
	ZMQ_PIPE_GAVE_UP,	/* an unfinished message was; what comes is dropped */
};

/**
 * struct zmq_stretch - runs one behind the other
 * @list: the runs
 * @bytes: that came here
 * @charged: truesize charged for them
 */
struct zmq_stretch {
	struct sk_buff_head	list;
	unsigned long		bytes;
	u32			charged;
};

/**
 * struct zmq_rxq - a pipe's receive queue
 * @read_msgs: messages read
 * @read_bytes: where the head frame is, from the first byte ever received
 * @gone_bytes: where the head run is; core->lock, too
 * @gone_charged: truesize of the runs before it; core->lock, too
 * @at: what lies at the head frame in one piece, or NULL if that is to be looked
 *	up
 * @end: the end of that piece, or NULL
 * @hdr: the head frame, if @hdr.size is not 0
 * @inside: the pattern's rx() stands within a message that it consumes
 * @runs: received frames, to the end of the last whole message and of the run
 *	that it ends in; its sums count what was read, too
 * @put_msgs: messages that came into @runs
 * @told_msgs: inproc: those of @read_msgs that the writer has been told of, less
 *	those it has not that were replaced
 * @tail: bytes of the message under way in the last one of @runs
 * @part: the rest of that message
 * @newer: ZMQ_CONFLATE: the last message, while another one is at the head
 *
 * What is up to @inside is the reader's, who holds the socket lock, or is the
 * pattern's rx(), under core->lock. The rest is the writer's, under core->lock.
 * Neither half goes back but to give up a message under way, so what is unread is
 * a difference.
 */
struct zmq_rxq {
	unsigned int		read_msgs;
	u32			gone_charged;
	unsigned long		read_bytes;
	unsigned long		gone_bytes;
	const u8		*at;
	const u8		*end;
	struct zmq_hdr		hdr;
	bool			inside;

	struct zmq_stretch	runs ____cacheline_aligned_in_smp;
	unsigned int		put_msgs;
	unsigned int		told_msgs;
	u32			tail;
	struct zmq_stretch	part;
	struct zmq_stretch	newer;
};

/**
 * struct zmq_pipe - one peer as the socket sees it
 * @ref: references
 * @core: the socket's side
 * @flags: enum zmq_pipe_flag, changed under core->lock
 * @node: in core->pipes
 * @settle_node: in core->unsettled
 * @ready_node: in core->ready
 * @writable_node: in core->writable
 * @dist_node: in the list of one fan-out; socket lock
 * @dist_gen: the last fan-out that listed it
 * @backlog_node: in core->backlog
 * @held_node: in unfinished.c's lists, under their lock
 * @held_order: in which of them, 0 for none
 * @rxq: the receive queue
 * @conflate: ZMQ_CONFLATE on the way in
 * @tx_conflate: ZMQ_CONFLATE on the way out
 * @tx_msgs: messages handed over and not yet sent (inproc: not yet read)
 * @tx_heard: messages read when the last one was handed over; socket lock
 * @conn: the connection below, taken away under core->lock, too; or
 * @pair: the inproc connection, of which this is end @side
 * @side: 0 or 1
 * @peer_hwm: inproc: the peer's ZMQ_RCVHWM, -1 while there is no peer
 * @peer_minor: minor of the peer's ZMTP version, 0 or 1
 * @peer_type: the peer's socket type, -1 if it did not say
 * @id: the peer's routing id as the peer gave it, or as a pattern chose
 * @id_len: bytes in @id
 * @id_node: in ROUTER's table
 * @number: in its address, 0 until it is in that table, or until it is asked for
 * @name: the transport's address of the peer, or NULL; socket lock
 * @endpoint: canonical text of the bind or connect that made it, for
 *	ZMQ_DISCONNECT and /proc/net/zmq
 * @dialed: made by connect(), not by accept
 * @counted: in owner->peers by itself, since no connection is
 * @private: @endpoint is a name of ZMQ_INPROC_NS
 * @place: in core->roster
 * @eras: whose process the peer is and was, see peercred.c; socket lock
 * @topics: PUB: what it gets; core->lock
 * @asked: PUB: what it asked for, with ZMQ_XPUB_MANUAL; core->lock
 * @announce: SUB: what it has not been told yet; socket lock
 * @drops: messages dropped for this peer
 * @tx_total: messages sent
 * @rx_total: messages received
 * @rcu: who waits for its credit looks at it without a lock
 */
struct zmq_pipe {
	refcount_t		ref;
	struct zmq_core		*core;
	unsigned long		flags;
	struct list_head	node;
	struct list_head	settle_node;
	struct list_head	ready_node;
	struct list_head	writable_node;
	struct hlist_node	dist_node;
	u32			dist_gen;

	struct list_head	backlog_node;
	struct list_head	held_node;
	u8			held_order;
	struct zmq_rxq		rxq;

	atomic_t		tx_msgs;
	unsigned long		tx_heard;
	struct zmq_conn		*conn;
	struct zmq_pair		*pair;
	int			peer_hwm;
	u8			side;
	bool			dialed;
	bool			counted;
	bool			private;
	bool			conflate;
	bool			tx_conflate;
	u8			peer_minor;
	s8			peer_type;
	u8			id_len;
	u8			*id;
	struct rhash_head	id_node;
	u32			number;
	u32			place;
	struct zmq_peername	*name;
	char			*endpoint;
	struct list_head	eras;
	struct zmq_trie_owner	topics;
	struct zmq_trie_owner	asked;
	struct zmq_announce	*announce;
	unsigned long		drops;
	unsigned long		tx_total;
	unsigned long		rx_total;
	struct rcu_head		rcu;
};

/**
 * struct zmq_frame - the frame that the next recv returns
 * @pipe: the pipe whose head frame it is, or NULL if it is
 * @mem: memory of the pattern's (a routing id, a subscription), and then
 * @body: the pipe that it is about, with the frames that follow if @more; or
 *	NULL
 * @len: bytes in the body
 * @more: another frame of the message follows
 */
struct zmq_frame {
	struct zmq_pipe	*pipe;
	struct zmq_pipe	*body;
	const u8	*mem;
	u64		len;
	bool		more;
};

/**
 * struct zmq_pipe_walk - a look at the frames of the message at the head
 * @pipe: the pipe
 * @skb: the run that @off is in
 * @off: where the next frame begins, from the start of @skb's run
 * @body: where the body of the last frame is, from there
 * @len: bytes in it
 */
struct zmq_pipe_walk {
	struct zmq_pipe	*pipe;
	struct sk_buff	*skb;
	u64		off;
	u64		body;
	u64		len;
};

/**
 * struct zmq_pipe_ops - what a pipe tells the pattern above it
 * @attach: a peer appeared. Socket lock. An error refuses the peer:
 *	-EBUSY for PAIR's second one, -EEXIST for a routing id in use. May be NULL
 *	unless peers are found by their id, and so may @detach.
 * @detach: the peer is gone for writing; messages that it sent may still be
 *	read. Drop every pointer to the pipe but core->rx_pipe. Called also for
 *	a pipe that was refused or never attached, and without
 *	ZMQ_PIPE_DETACHED for one that is attached anew at once, because its
 *	peer now has another routing id. Socket lock.
 * @up: the peer can be talked to, the first time or after a reconnection:
 *	announce subscriptions. Socket lock. May be NULL.
 * @down: the connection of a dialed pipe broke; up() follows when it is back.
 *	Socket lock. May be NULL.
 * @subscription: the peer (un)subscribed. Softirq or process context,
 *	core->lock is NOT held. May be NULL.
 * @room: an announcement that got -EAGAIN can be sent now. Socket lock. May be
 *	NULL.
 * @rx: look at messages as they arrive, before zmq_pipe_rx() counts the pipe
 *	ready; for patterns that consume them on the spot (PUB, XPUB): a portion
 *	of them, true if there are more. Softirq or process context, core->lock
 *	held. May be NULL.
 */
struct zmq_pipe_ops {
	int	(*attach)(struct zmq_core *core, struct zmq_pipe *pipe);
	void	(*detach)(struct zmq_core *core, struct zmq_pipe *pipe);
	void	(*up)(struct zmq_core *core, struct zmq_pipe *pipe);
	void	(*down)(struct zmq_core *core, struct zmq_pipe *pipe);
	void	(*subscription)(struct zmq_core *core, struct zmq_pipe *pipe,
				const u8 *topic, size_t len, bool subscribe);
	void	(*room)(struct zmq_core *core, struct zmq_pipe *pipe);
	bool	(*rx)(struct zmq_core *core, struct zmq_pipe *pipe);
};

/* ---- the socket's side ---- */
void zmq_core_init(struct zmq_core *core, struct sock *sk,
		   const struct zmq_pipe_ops *ops);
void zmq_core_wake_readers(struct zmq_core *core, unsigned int msgs);
void zmq_core_wake_writers(struct zmq_core *core);
void zmq_core_new_hwm(struct zmq_core *core);
void zmq_core_settle(struct zmq_core *core);
void zmq_core_shutdown(struct zmq_core *core);
int zmq_core_linger_ms(const struct zmq_core *core);

/* ---- life ---- */
struct zmq_pipe *zmq_pipe_new(struct zmq_core *core, gfp_t gfp);
struct zmq_pipe *zmq_pipe_next(struct zmq_core *core, unsigned long *number);
void zmq_pipe_get(struct zmq_pipe *pipe);
void zmq_pipe_put(struct zmq_pipe *pipe);
int zmq_pipe_set_id(struct zmq_pipe *pipe, const u8 *id, size_t len, gfp_t gfp);
struct zmq_pipe *zmq_pipe_join(struct zmq_core *core, struct zmq_conn *conn);
int zmq_pipe_attach(struct zmq_pipe *pipe);
int zmq_pipe_meet(struct zmq_pipe *pipe, u8 minor, int type, const u8 *id,
		  size_t len);
void zmq_pipe_up(struct zmq_pipe *pipe);
void zmq_pipe_down(struct zmq_pipe *pipe);
void zmq_pipe_detach(struct zmq_pipe *pipe);
void zmq_pipe_joined(struct zmq_pipe *pipe);
void zmq_pipe_hangup(struct zmq_pipe *pipe);
void zmq_pipe_close(struct zmq_pipe *pipe);

/* ---- reading: the socket lock is held ---- */
int zmq_pipe_peek_frame(struct zmq_pipe *pipe, struct zmq_frame *f);
int zmq_pipe_copy_bits(struct zmq_pipe *pipe, u64 off, void *to, size_t len);
int zmq_pipe_copy_iter(struct zmq_pipe *pipe, u64 off, struct iov_iter *to,
		       size_t len);
void zmq_pipe_consume_frame(struct zmq_pipe *pipe);
void zmq_pipe_consume_msgs(struct zmq_pipe *pipe, u32 len, unsigned int msgs);
void zmq_pipe_skip_msg(struct zmq_pipe *pipe);
void zmq_pipe_walk_begin(struct zmq_pipe_walk *walk, struct zmq_pipe *pipe);
int zmq_pipe_walk_next(struct zmq_pipe_walk *walk, struct zmq_hdr *hdr);
int zmq_pipe_walk_copy(struct zmq_pipe_walk *walk, struct iov_iter *to);

/* ---- writing: the socket lock is held ---- */
unsigned int zmq_pipe_burst(const struct zmq_pipe *pipe);
int zmq_pipe_write(struct zmq_pipe *pipe, const struct zmq_msg *msg);
void zmq_pipe_flush(struct zmq_pipe *pipe, bool more);
void zmq_pipe_flush_subs(struct zmq_pipe *pipe);
int zmq_pipe_send_sub(struct zmq_pipe *pipe, const u8 *topic, size_t len,
		      bool subscribe);

int zmq_pipe_peek_frame_locked(struct zmq_pipe *pipe, struct zmq_frame *f);
bool zmq_pipe_consume_frame_locked(struct zmq_pipe *pipe);
unsigned int zmq_pipe_drop_msgs_locked(struct zmq_pipe *pipe);

/* ---- from below: softirq, or the lock of the stream held ---- */
int zmq_pipe_rx(struct zmq_pipe *pipe, struct sk_buff_head *runs,
		const struct zmq_ends *ends);
int zmq_pipe_take_over(struct zmq_pipe *pipe, struct sk_buff_head *runs,
		       const struct zmq_ends *ends, u32 charged);
void zmq_pipe_note(struct zmq_pipe *pipe, struct sk_buff *run);
void zmq_pipe_tx_done(struct zmq_pipe *pipe, unsigned int msgs);
void zmq_pipe_new_hwm(struct zmq_pipe *pipe);
void zmq_pipe_conn_new_hwm(struct zmq_pipe *pipe);

/* Messages wait for the pattern's rx(), and nothing is read from the peer. */
static inline bool zmq_pipe_has_backlog(const struct zmq_pipe *pipe)
{
	return !list_empty(&pipe->backlog_node);
}

/* Messages that can be read; core->lock or the socket lock is held, or the caller
 * is who puts them there.
 */
static inline unsigned int zmq_pipe_rx_msgs(const struct zmq_pipe *pipe)
{
	const struct zmq_rxq *q = &pipe->rxq;

	/* Pairs with zmq_rxq_put_msgs(): their runs are seen, too. */
	return smp_load_acquire(&q->put_msgs) - READ_ONCE(q->read_msgs);
}

/* Truesize charged for what has not been read, at least. */
static inline u32 zmq_pipe_rx_charged(const struct zmq_pipe *pipe)
{
	const struct zmq_rxq *q = &pipe->rxq;

	return READ_ONCE(q->runs.charged) - READ_ONCE(q->gone_charged) +
	       READ_ONCE(q->part.charged);
}

static inline bool zmq_pipe_writable(const struct zmq_pipe *pipe)
{
	return !test_bit(ZMQ_PIPE_FULL, &pipe->flags) &&
	       !test_bit(ZMQ_PIPE_DEAD, &pipe->flags);
}

/* Whoever polls looks at the list without core->lock, which is held here, so a
 * pipe that is alone stays: moved, it would leave the list empty for an instant.
 */
static inline void zmq_pipe_rotate_locked(struct list_head *node,
					  struct list_head *list)
{
	if (!list_is_last(node, list))
		list_move_tail(node, list);
}

/* ---- between the files of a pipe ---- */
extern const struct zmq_conn_ops zmq_pipe_conn_ops;

void zmq_pipe_count(struct zmq_pipe *pipe);
void zmq_pipe_purge_locked(struct zmq_pipe *pipe);
void zmq_pipe_reap(struct zmq_pipe *pipe);
void zmq_pipe_ready_locked(struct zmq_pipe *pipe);
void zmq_pipe_writable_locked(struct zmq_pipe *pipe);
void zmq_pipe_drop_partial_locked(struct zmq_pipe *pipe);
void zmq_pipe_trash_part_locked(struct zmq_pipe *pipe);
void zmq_stretch_move(struct zmq_stretch *from, struct zmq_stretch *to);
void zmq_stretch_trash_locked(struct zmq_core *core, struct zmq_stretch *s);
bool zmq_pipe_digest_locked(struct zmq_pipe *pipe);
void zmq_pipe_digest(struct zmq_pipe *pipe);

/* core->lock is held, and @runs has their ends. */
static inline void zmq_rxq_put_msgs(struct zmq_rxq *q, unsigned int msgs)
{
	/* Pairs with zmq_pipe_rx_msgs(). */
	smp_store_release(&q->put_msgs, q->put_msgs + msgs);
}

/* inproc: messages that the writer is told of now; core->lock is held. */
static inline unsigned int zmq_rxq_take_acks(struct zmq_rxq *q)
{
	unsigned int msgs = q->read_msgs - q->told_msgs;

	q->told_msgs = q->read_msgs;
	return msgs;
}

/* Where the head frame is in the head run. */
static inline unsigned long zmq_rxq_off(const struct zmq_rxq *q)
{
	return q->read_bytes - q->gone_bytes;
}

/* What lies at the head is another thing than before. */
static inline void zmq_rxq_look_up_later(struct zmq_rxq *q)
{
	q->at = NULL;
	q->end = NULL;
}

/* Credit returns here; below the high-water mark even if that is 1. */
static inline unsigned int zmq_pipe_low_water(unsigned int hwm)
{
	return min((hwm + 1) / 2, hwm - 1);
}

#endif /* _ZMQ_PIPE_H */
