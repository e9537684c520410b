/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A connection that is up, on a stream and below a socket that are faked: tests
 * say what arrives in which pieces, how much the stream takes, how much room the
 * socket has, what time it is and which allocation fails.
 */
#ifndef _UNIT_BED_H
#define _UNIT_BED_H

#include <linux/jiffies.h>
#include <linux/slab.h>
#include <net/tcp.h>
#include "base/net.h"
#include "base/run.h"
#include "base/zerocopy.h"
#include "conn/conn.h"
#include "conn/link.h"
#include "conn/tx.h"
#include "test.h"

#define BED_ANY	((size_t)-1)

/* A stream without memory is tried again after so long. */
#define BED_RETRY	(20 * NSEC_PER_MSEC)

/* Bytes, one behind the other. */
struct bytes {
	u8	*p;
	size_t	n;
};

/**
 * struct bed - the connection and what is around it
 * @tcp: the child's struct sock
 * @sock: the child
 * @sk: the socket
 * @net: its namespace
 * @zmq_net: and ours
 * @mib: counters
 * @opts: options
 * @owner: what connections see of the socket
 * @conn: the connection
 * @link: its stream
 * @tx: its halves, and what else is its own
 * @rx: likewise
 * @session: likewise
 * @heartbeat: likewise
 * @in: what has arrived and is not read
 * @skb: what is read in part
 * @in_off: bytes of it that are
 * @read_err: what the next read says
 * @locked: the reader's position is
 * @got: frames that the socket was given
 * @said: what subscriptions came: where in @got in four bytes, whether it is
 *	one, the length of the topic in two bytes, the topic
 * @room: messages that the socket has room for
 * @rx_err: what it says when it is given some
 * @msgs: how many it was given
 * @sent: what the stream has taken
 * @window: bytes that it takes before it is full
 * @piece: bytes that it takes at once
 * @send_err: what it says instead; if that is -ENOMEM it wants to be asked again
 * @send_errs: how often it did
 * @refuse: how often that is -EAGAIN although there is room
 * @giving: between tx_begin and tx_end
 * @more: the last bytes came with MSG_MORE
 * @pages: bytes that it took by reference
 * @pinned: bytes of the caller's memory that it took by reference
 * @copied: how often such memory was said to be copied
 * @given: where it stands in its own numbers, which wrap
 * @acked: where the peer has everything before
 * @credit: messages that were said to have left the queue
 * @cmd_rooms: how often there was room for commands again
 * @due: the task is to run
 * @timed: and so it is at @at
 * @at: jiffies
 * @runs: how often it has
 * @lost: why the connection would be lost, or 0
 * @finished: the connection has said all that it lingered for
 */
struct bed {
	struct tcp_sock		tcp;
	struct socket		sock;
	struct sock		sk;
	struct net		net;
	struct zmq_net		zmq_net;
	struct zmq_mib		mib;
	struct zmq_opts		opts;
	struct zmq_owner	owner;
	struct zmq_conn		conn;
	struct zmq_link		link;
	struct zmq_tx		tx;
	struct zmq_rx		rx;
	struct zmq_session	session;
	struct zmq_heartbeat	heartbeat;

	struct sk_buff_head	in;
	struct sk_buff		*skb;
	unsigned int		in_off;
	int			read_err;
	bool			locked;
	struct bytes		got;
	struct bytes		said;
	unsigned int		room;
	int			rx_err;
	unsigned int		msgs;

	struct bytes		sent;
	size_t			window;
	size_t			piece;
	int			send_err;
	unsigned int		send_errs;
	unsigned int		refuse;
	bool			giving;
	bool			more;
	size_t			pages;
	size_t			pinned;
	unsigned int		copied;
	u32			given;
	u32			acked;
	unsigned int		credit;
	unsigned int		cmd_rooms;

	bool			due;
	bool			timed;
	unsigned long		at;
	unsigned int		runs;
	enum zmq_mib_field	lost;
	bool			finished;
};

void bytes_add(struct bytes *b, const void *p, size_t n);
void bytes_hex(struct bytes *b, const char *hex);
bool bytes_same(const struct bytes *a, const struct bytes *b);
void bytes_free(struct bytes *b);

/* What is left must be in order, and nothing referenced or locked. */
void bed_init(struct bed *bed);
void bed_exit(struct bed *bed);

/* The stream takes what it can by reference, as TCP does. */
void bed_refers(struct bed *bed);

/* What has arrived and is not read is lost. */
void bed_discard(struct bed *bed);

/* The stream copies all that it takes, and cannot say how much was acknowledged. */
void bed_copies(struct bed *bed);

/* What comes is nobody else's. */
void bed_is_direct(struct bed *bed);

/* The stream ends, and the next one begins. */
void bed_lose(struct bed *bed);
void bed_begin(struct bed *bed);

/* Bytes arrive, and the connection is told; the last @frag of them lie apart. */
void bed_arrives(struct bed *bed, const void *p, size_t n, size_t frag);
void bed_hex_arrives(struct bed *bed, const char *hex);

/* Nothing of it is left. */
bool bed_drained(const struct bed *bed);

/* The stream takes so many bytes more, and the connection is told. */
void bed_opens(struct bed *bed, size_t bytes);

/* Let workers and the task run, and that again while time passes. */
void bed_settle(struct bed *bed);
void bed_pass(struct bed *bed, s64 ns);

/* Memory for messages: with one reference, which bed_queue() takes over. */
struct zmq_buf *bed_buf(const void *p, size_t n, bool pinned);

/* Queue one message, of whole buffers. */
int bed_queue(struct bed *bed, struct zmq_buf **bufs, unsigned int nr);
int bed_queue_hex(struct bed *bed, const char *hex);

unsigned long bed_count(const struct bed *bed, enum zmq_mib_field field);

#endif
