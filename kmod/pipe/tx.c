// SPDX-License-Identifier: GPL-2.0-only
/* A pipe's send credit, and what it gives to the peer. */

#include "base/drop.h"
#include "base/trace.h"
#include "conn/conn.h"
#include "inproc.h"
#include "pipe.h"

/* Messages that one call of zmq_pipe_write() may bring. */
#define BURST_MAX	128

static unsigned int tx_hwm(const struct zmq_pipe *pipe)
{
	int hwm = READ_ONCE(pipe->core->opts.snd_hwm);
	int peer_hwm = READ_ONCE(pipe->peer_hwm);

	if (pipe->tx_conflate)
		return 0;
	if (!pipe->pair || peer_hwm < 0 || !hwm)
		return hwm;
	return peer_hwm ? hwm + peer_hwm : 0;
}

static bool tx_has_room(const struct zmq_pipe *pipe)
{
	unsigned int hwm = tx_hwm(pipe);

	return !hwm || atomic_read(&pipe->tx_msgs) < hwm;
}

static bool tx_has_credit(const struct zmq_pipe *pipe)
{
	unsigned int hwm = tx_hwm(pipe);

	return !hwm || atomic_read(&pipe->tx_msgs) <= zmq_pipe_low_water(hwm);
}

static void tx_restore(struct zmq_pipe *pipe)
{
	struct zmq_core *core = pipe->core;
	bool wake;

	spin_lock_bh(&core->lock);
	wake = test_and_clear_bit(ZMQ_PIPE_FULL, &pipe->flags);
	zmq_pipe_writable_locked(pipe);
	spin_unlock_bh(&core->lock);
	if (wake)
		zmq_core_wake_writers(core);
}

static void tx_check_full(struct zmq_pipe *pipe)
{
	struct zmq_core *core = pipe->core;

	if (tx_has_room(pipe))
		return;
	/* Messages held back for company must not make the pipe full. */
	if (pipe->conn)
		zmq_conn_flush(pipe->conn, ZMQ_FLUSH_NOW);
	if (tx_has_room(pipe))
		return;

	spin_lock_bh(&core->lock);
	set_bit(ZMQ_PIPE_FULL, &pipe->flags);
	list_del_init(&pipe->writable_node);
	spin_unlock_bh(&core->lock);
	trace_zmq_hwm(core->sk, pipe, ZMQ_TRACE_TX);

	/* Pairs with zmq_pipe_tx_done() and zmq_pipe_new_hwm(): either they see
	 * FULL or we see their room.
	 */
	smp_mb();
	if (tx_has_room(pipe))
		tx_restore(pipe);
}

/* ZMQ_CONFLATE: what has not left yet makes room for what is newer. */
static void replace_unsent(struct zmq_pipe *pipe)
{
	unsigned int msgs = zmq_conn_tx_replace(pipe->conn);

	atomic_sub(msgs, &pipe->tx_msgs);
	zmq_drop(pipe->core->sk, pipe, ZMQ_MIB_CONFLATED, msgs);
}

/**
 * zmq_pipe_burst() - how many messages may be written at once
 * @pipe: the pipe
 *
 * As many as there is credit for, but no great part of the high-water mark:
 * their credit returns together.
 *
 * Context: Process context, socket lock held.
 * Return: the number; 1 or less if bursts make no sense here.
 */
unsigned int zmq_pipe_burst(const struct zmq_pipe *pipe)
{
	unsigned int hwm = tx_hwm(pipe);
	int left;

	if (!pipe->conn || pipe->core->opts.conflate ||
	    !zmq_pipe_writable(pipe))
		return 0;
	if (!hwm)
		return BURST_MAX;
	left = hwm - atomic_read(&pipe->tx_msgs);
	return clamp_t(int, left, 0, min_t(unsigned int, BURST_MAX, hwm / 8));
}

/**
 * zmq_pipe_write() - give a whole message, or a burst of them, to the peer
 * @pipe: the pipe, with credit; for a burst, with zmq_pipe_burst() of it
 * @msg: the message or messages, whose memory is referenced
 *
 * Context: Process context, socket lock held.
 * Return: 0; -EPIPE if the peer is gone, -EAGAIN if it has no credit, -ENOMEM
 *	or -ENOBUFS.
 */
int zmq_pipe_write(struct zmq_pipe *pipe, const struct zmq_msg *msg)
{
	struct zmq_mib __percpu *mib;
	int err;

	if (test_bit(ZMQ_PIPE_DEAD, &pipe->flags))
		return -EPIPE;
	if (test_bit(ZMQ_PIPE_FULL, &pipe->flags))
		return -EAGAIN;

	if (pipe->tx_conflate && pipe->conn)
		replace_unsent(pipe);
	/* Counted first: the reader may be done before write returns. */
	atomic_add(msg->msgs, &pipe->tx_msgs);
	if (pipe->pair)
		err = zmq_inproc_write(pipe, msg);
	else
		err = zmq_conn_queue(pipe->conn, msg);
	if (err) {
		atomic_sub(msg->msgs, &pipe->tx_msgs);
		return err;
	}
	pipe->tx_total += msg->msgs;
	mib = pipe->core->owner.zn->mib;
	zmq_mib_add(mib, ZMQ_MIB_TXMSGS, msg->msgs);
	zmq_mib_add(mib, ZMQ_MIB_TXBYTES, msg->bytes);
	trace_zmq_tx(pipe->core->sk, pipe, msg->msgs, msg->bytes);
	tx_check_full(pipe);
	return 0;
}

/* The message answers the last one that is there: the peer may wait for it,
 * and has sent nothing that would give it company. Without core->lock this is a
 * guess.
 */
static bool answers(struct zmq_pipe *pipe)
{
	unsigned int unread = zmq_pipe_rx_msgs(pipe);
	unsigned long heard = READ_ONCE(pipe->rx_total) - unread;
	bool heard_more = heard != pipe->tx_heard;

	pipe->tx_heard = heard;
	return heard_more && !unread;
}

/**
 * zmq_pipe_flush() - see to it that what was written to one peer is sent
 * @pipe: the pipe
 * @more: the caller has more at hand, so it may wait a little
 *
 * Context: Process context, socket lock held.
 */
void zmq_pipe_flush(struct zmq_pipe *pipe, bool more)
{
	enum zmq_flush how = ZMQ_FLUSH_AUTO;

	if (more)
		how = ZMQ_FLUSH_LATER;
	else if (answers(pipe))
		how = ZMQ_FLUSH_NOW;
	if (pipe->conn)
		zmq_conn_flush(pipe->conn, how);
}

/**
 * zmq_pipe_flush_subs() - likewise for zmq_pipe_send_sub()
 * @pipe: the pipe
 *
 * Context: Process context, socket lock held.
 */
void zmq_pipe_flush_subs(struct zmq_pipe *pipe)
{
	if (pipe->conn)
		zmq_conn_flush(pipe->conn, ZMQ_FLUSH_CMDS);
}

/**
 * zmq_pipe_send_sub() - tell the peer of a subscription or its end
 * @pipe: the pipe, up
 * @topic: the prefix
 * @len: bytes in @topic
 * @subscribe: or unsubscribe
 *
 * The caller flushes.
 *
 * Context: Process context, socket lock held.
 * Return: 0; -EAGAIN if too much waits already, the pattern's room() follows;
 *	-ENOMEM.
 */
int zmq_pipe_send_sub(struct zmq_pipe *pipe, const u8 *topic, size_t len,
		      bool subscribe)
{
	if (pipe->conn)
		return zmq_conn_send_sub(pipe->conn, topic, len, subscribe);
	if (pipe->pair)
		zmq_inproc_subscribe(pipe, topic, len, subscribe);
	return 0;
}

/**
 * zmq_pipe_tx_done() - messages left the queue
 * @pipe: the pipe
 * @msgs: how many
 *
 * Context: Any, core->lock not held.
 */
void zmq_pipe_tx_done(struct zmq_pipe *pipe, unsigned int msgs)
{
	atomic_sub(msgs, &pipe->tx_msgs);
	/* Pairs with tx_check_full(). */
	smp_mb__after_atomic();
	if (test_bit(ZMQ_PIPE_FULL, &pipe->flags) && tx_has_credit(pipe))
		tx_restore(pipe);
}

/**
 * zmq_pipe_new_hwm() - a high-water mark has changed
 * @pipe: the pipe that it limits
 *
 * Credit returns in portions, but a new mark counts to the last message.
 *
 * Context: Any, core->lock not held.
 */
void zmq_pipe_new_hwm(struct zmq_pipe *pipe)
{
	/* Pairs with tx_check_full(). */
	smp_mb();
	if (test_bit(ZMQ_PIPE_FULL, &pipe->flags) && tx_has_room(pipe))
		tx_restore(pipe);
}
