/* SPDX-License-Identifier: GPL-2.0-only */
/* A connection: a stream that speaks ZMTP, reconnecting if it was dialed. */
#ifndef _ZMQ_CONN_H
#define _ZMQ_CONN_H

#include <linux/hrtimer.h>
#include <linux/mutex.h>
#include <linux/net.h>
#include <linux/refcount.h>
#include <net/sock.h>
#include "base/mib.h"
#include "base/msg.h"
#include "base/sender.h"
#include "base/task.h"
#include "heartbeat.h"
#include "owner.h"
#include "session.h"
#include "unacked.h"
#include "when.h"
#include "wire/endpoint.h"
#include "wire/wire.h"
#include "wire/wire_v1.h"

struct zmq_dial;
struct zmq_ends;
struct zmq_link;

/* How long to wait for memory. */
#define ZMQ_CONN_RX_RETRY	(HZ / 50)

/**
 * struct zmq_conn_ops - what a connection tells the floor above
 * @up: the handshake is done; -errno refuses the peer. Socket lock.
 * @down: the stream broke; it will be dialed again if @again. Socket lock.
 * @room: how many messages may be queued, 0 to stop reading until
 *	zmq_conn_rx_resume(). Child lock or softirq.
 * @rx: queue @runs, in which messages end as @ends says; an error leaves the
 *	runs to the caller: -ENOMEM to try again later, -ENOBUFS if that cannot
 *	help. Child lock or softirq.
 * @note: queue @run, a whole message, beyond the limits of memory, too. Socket
 *	lock.
 * @subscription: the peer sent SUBSCRIBE or CANCEL. Child lock or softirq.
 * @sent: @msgs messages left the queue. Process context, conn->tx->lock.
 * @cmd_room: a command that got -EAGAIN can be queued now. Socket lock.
 *
 * All but @up are only called while conn->pipe is set.
 */
struct zmq_conn_ops {
	int	(*up)(struct zmq_conn *conn);
	void	(*down)(struct zmq_conn *conn, bool again);
	unsigned int (*room)(struct zmq_conn *conn);
	int	(*rx)(struct zmq_conn *conn, struct sk_buff_head *runs,
		      const struct zmq_ends *ends);
	void	(*note)(struct zmq_conn *conn, struct sk_buff *run);
	void	(*subscription)(struct zmq_conn *conn, const u8 *topic,
				size_t len, bool subscribe);
	void	(*sent)(struct zmq_conn *conn, unsigned int msgs);
	void	(*cmd_room)(struct zmq_conn *conn);
};

enum zmq_conn_state {
	ZMQ_CONN_CONNECTING,	/* the stream is being established */
	ZMQ_CONN_HANDSHAKE,	/* ZMTP handshake under way */
	ZMQ_CONN_UP,		/* messages flow */
	ZMQ_CONN_BACKOFF,	/* waits before it dials again */
	ZMQ_CONN_CLOSED,	/* gone for good */
};

enum zmq_conn_flag {
	ZMQ_CONN_RX_MORE,	/* io_work has received data left to parse */
	ZMQ_CONN_RX_STOPPED,	/* the queue above is full */
	ZMQ_CONN_RX_ERROR,	/* the peer violated the protocol, see rx_err */
	ZMQ_CONN_TX_ON,		/* commands may be given to the stream */
	ZMQ_CONN_TX_MSGS,	/* messages, too */
	ZMQ_CONN_TX_ENDED,	/* nothing any more, and the peer was told */
	ZMQ_CONN_CMD_FULL,	/* a command was refused; under tx->qlock */
	ZMQ_CONN_CMD_ROOM,	/* and could be queued now */
	ZMQ_CONN_TX_BLOCKED,	/* a polled child had no room */
};

/**
 * struct zmq_reframe - where a sender that translates headers is
 * @body_left: bytes missing of the current frame's body
 * @hdr_off: bytes of @hdr that TCP took
 * @hdr_len: bytes in @hdr
 * @hdr: header of the frame that the queue begins with, in the peer's framing
 */
struct zmq_reframe {
	u64	body_left;
	u8	hdr_off;
	u8	hdr_len;
	u8	hdr[ZMQ_V1_HDR_MAX];
};

/**
 * struct zmq_seg - bytes of the send queue
 * @node: in conn->tx->queue
 * @buf: where they are, with a reference
 * @off: from there
 * @len: so many
 * @msgs: messages that end here
 * @first: begins with a message
 * @end: ends with a message
 */
struct zmq_seg {
	struct list_head	node;
	struct zmq_buf		*buf;
	u32			off;
	u32			len;
	u32			msgs;
	bool			first;
	bool			end;
};

/**
 * struct zmq_tx - the sending half of a connection
 * @lock: held by whoever drains the queue
 * @qlock: protects the queue: @queue to @sent
 * @queue: messages, of struct zmq_seg
 * @seg: for one that finds it unused: without @seg.buf
 * @cmds: commands, of struct zmq_cmd_chunk; they go between messages
 * @cmd_bytes: bytes in @cmds
 * @bytes: bytes in @queue
 * @msgs: messages in @queue
 * @sent: this stream was given messages
 * @off: bytes sent of the first segment, or of the first command chunk if
 *	@in_cmd; @lock, as all that follows but @fanout
 * @mid: the stream stands inside of a message
 * @in_cmd: the stream stands inside of a chunk of commands
 * @reframe: of a stream that does not carry ZMTP 2.0 frames
 * @last: when data was last given to the stream
 * @unacked: messages that the stream has
 * @fanout: owner->fanouts at the last ZMQ_FLUSH_FANOUT; socket lock
 */
struct zmq_tx {
	struct mutex		lock; /* see locking.rst, 3 */
	spinlock_t		qlock; /* see locking.rst, 7 */
	struct list_head	queue;
	struct zmq_seg		seg;
	struct list_head	cmds;
	u32			cmd_bytes;
	u64			bytes;
	unsigned int		msgs;
	bool			sent;
	bool			mid;
	bool			in_cmd;
	u32			off;
	struct zmq_reframe	reframe;
	ktime_t			last;
	struct zmq_unacked	unacked;
	u32			fanout;
};

/**
 * struct zmq_rx - the receiving half of a connection; the reader's lock
 * @scan: the position in the stream
 * @err: why ZMQ_CONN_RX_ERROR
 */
struct zmq_rx {
	struct zmq_scan	scan;
	int		err;
};

/**
 * struct zmq_conn - a connection
 * @ref: references
 * @owner: the socket; its sk is held
 * @dial: made by connect(): who makes its streams; else NULL; constant
 * @pipe: opaque, of the floor above: set and cleared under the socket lock,
 *	tx->lock and the child's lock, so any of them keeps it
 * @node: in owner->conns
 * @place: in owner->conn_roster
 * @flush_node: in owner->unflushed; changed under owner->flush_lock
 * @send_by: until when the queue waits there; likewise
 * @handshake_node: in owner->handshaking
 * @state: enum zmq_conn_state; socket lock
 * @flags: enum zmq_conn_flag
 * @no_redial: whatever happens
 * @lingering: the socket is closed or the endpoint disconnected; drain, then go
 * @link: the stream, or what there is of it; changed under the socket lock. Who
 *	reads it under tx->lock is waited for before it goes, others take a
 *	reference
 * @sender: of a UNIX stream: in whose name it carries bytes; constant
 * @task: the state machine
 * @deadline: jiffies when the state ends by itself, if @timed
 * @timed: @deadline is valid
 * @linger_end: jiffies when @lingering is over
 * @up_since: jiffies when the handshake was done
 * @reason: the counter of the last failure
 * @error: its errno, 0 for an orderly end
 * @reconnects: how often it was dialed again
 * @ep: dialed: where to, of a name the address that it had last; accepted:
 *	where from
 * @endpoint: text of the endpoint bound or connected to
 * @local: text of the stream's own name, or NULL; socket lock
 * @remote: the same of its peer
 * @session: the ZMTP handshake; its memory is the connection's, as that of the
 *	following three
 * @heartbeat: what is known of the peer's life
 * @rx: the receiving half
 * @tx: the sending half
 * @bye: raw: the message that tells the end of the stream
 * @io_work: sends what the caller could not, parses what is left to it
 * @free_work: frees it, which may sleep
 * @retry_timer: a stream had no memory for what it was to send
 * @rcu: callbacks may still look at it
 */
struct zmq_conn {
	refcount_t		ref;
	struct zmq_owner	*owner;
	struct zmq_dial		*dial;
	void			*pipe;
	struct list_head	node;
	u32			place;
	struct list_head	flush_node;
	ktime_t			send_by;
	struct list_head	handshake_node;
	u8			state;
	bool			no_redial;
	bool			lingering;
	bool			timed;
	unsigned long		flags;
	struct zmq_link __rcu	*link;
	struct zmq_sender	sender;
	struct zmq_task		task;
	unsigned long		deadline;
	unsigned long		linger_end;
	unsigned long		up_since;
	u8			reason;
	int			error;
	unsigned int		reconnects;
	struct zmq_endpoint	*ep;
	char			*endpoint;
	char			*local;
	char			*remote;
	struct zmq_session	*session;
	struct zmq_heartbeat	*heartbeat;
	struct zmq_rx		*rx;
	struct zmq_tx		*tx;
	struct sk_buff		*bye;
	struct work_struct	io_work;
	struct work_struct	free_work;
	struct hrtimer		retry_timer;
	struct rcu_head		rcu;
};

/* Under the socket lock or tx->lock. */
static inline struct zmq_link *zmq_conn_link(const struct zmq_conn *conn)
{
	return rcu_dereference_protected(conn->link,
					 lockdep_is_held(&conn->tx->lock) ||
					 lockdep_sock_is_held(conn->owner->tasks.sk));
}

/* conn.c */
struct zmq_conn *zmq_conn_new(struct zmq_owner *owner, struct zmq_dial *dial,
			      const char *endpoint);
int zmq_conn_start(struct zmq_conn *conn, struct zmq_link *link);
void zmq_conn_get(struct zmq_conn *conn);
void zmq_conn_put(struct zmq_conn *conn);
void zmq_conn_lost(struct zmq_conn *conn, enum zmq_mib_field why, int err);
void zmq_conn_set_pipe(struct zmq_conn *conn, void *pipe);
void zmq_conn_close(struct zmq_conn *conn);
void zmq_conn_set_state(struct zmq_conn *conn, u8 state,
			enum zmq_mib_field reason);
void zmq_conn_set_timer(struct zmq_conn *conn, unsigned int ms);
int zmq_conn_cache_init(void);
void zmq_conn_cache_exit(void);

/* handshake.c */
int zmq_conn_handshake(struct zmq_conn *conn);
void zmq_conn_run_handshake(struct zmq_conn *conn);

/* linger.c */
bool zmq_conn_owes(struct zmq_conn *conn);
void zmq_conn_linger(struct zmq_conn *conn, int ms);
void zmq_conn_linger_run(struct zmq_conn *conn);
void zmq_conn_linger_sent(struct zmq_conn *conn);
void zmq_conn_linger_read(struct zmq_conn *conn, unsigned int bytes);

/* rx.c */
void zmq_conn_rx_start(struct zmq_conn *conn);
void zmq_conn_readable(struct zmq_link *link);
void zmq_conn_readable_later(struct zmq_link *link);
void zmq_conn_rx_locked(struct zmq_link *link);
int zmq_conn_rx_give(struct zmq_conn *conn, struct sk_buff *run,
		     const struct zmq_ends *ends);
bool zmq_conn_rx(struct zmq_conn *conn);
void zmq_conn_rx_resume(struct zmq_conn *conn);
void zmq_conn_rx_give_up(struct zmq_conn *conn);
enum zmq_mib_field zmq_conn_rx_failure(const struct zmq_conn *conn);

/* queue.c */
int zmq_conn_queue(struct zmq_conn *conn, const struct zmq_msg *msg);
void zmq_conn_tx_rewind(struct zmq_conn *conn);
void zmq_conn_tx_purge(struct zmq_conn *conn);
unsigned int zmq_conn_tx_replace(struct zmq_conn *conn);
bool zmq_conn_tx_empty(struct zmq_conn *conn);
int zmq_conn_tx_cache_init(void);
void zmq_conn_tx_cache_exit(void);

/* tx.c */
void zmq_conn_kick(struct zmq_conn *conn);
void zmq_conn_writable(struct zmq_conn *conn);
void zmq_conn_tx_init(struct zmq_conn *conn);
void zmq_conn_io_work(struct work_struct *work);

/* cmd.c */
int zmq_conn_queue_cmd(struct zmq_conn *conn, const void *head, size_t head_len,
		       const void *tail, size_t tail_len, gfp_t gfp);
int zmq_conn_send_sub(struct zmq_conn *conn, const u8 *topic, size_t len,
		      bool subscribe);

/* flush.c */
void zmq_owner_fanout_begin(struct zmq_owner *owner);
void zmq_owner_fanout_end(struct zmq_owner *owner);
void zmq_conn_flush(struct zmq_conn *conn, enum zmq_flush how);
void zmq_owner_flush(struct zmq_owner *owner);
void zmq_owner_flush_init(struct zmq_owner *owner);
void zmq_owner_flush_end(struct zmq_owner *owner);
void zmq_conn_flush_stop(struct zmq_conn *conn);

/* reframe.c */
unsigned int zmq_conn_rx_v1(struct zmq_conn *conn, struct sk_buff *skb,
			    unsigned int off, size_t len, u32 room, int *err);
int zmq_conn_tx_reframe(struct zmq_conn *conn, unsigned int *msgs);

/* raw.c */
void zmq_conn_raw_start(struct zmq_conn *conn);
int zmq_conn_raw_up(struct zmq_conn *conn);
void zmq_conn_raw_down(struct zmq_conn *conn);
unsigned int zmq_conn_rx_raw(struct zmq_conn *conn, struct sk_buff *skb,
			     unsigned int off, size_t len, u32 room, int *err);

#endif /* _ZMQ_CONN_H */
