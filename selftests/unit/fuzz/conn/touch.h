/* SPDX-License-Identifier: GPL-2.0-only */
/* All that fuzzers know of a connection's members and of what it is called by. */
#ifndef _UNIT_TOUCH_H
#define _UNIT_TOUCH_H

#include "conn/bed.h"
#include "fuzz/fuzz.h"

static inline void touch_framing(struct bed *bed, enum zmq_framing framing, bool cmds)
{
	bed->session.framing = framing;
	bed->session.minor = framing == ZMQ_FRAMING_V2 && cmds;
	bed->session.takes_all = framing == ZMQ_FRAMING_V1;
}

/* Options and limits hold from here. */
static inline void touch_start(struct bed *bed)
{
	zmq_conn_rx_start(&bed->conn);
	zmq_heartbeat_start(&bed->conn);
	zmq_task_run(&bed->conn.task);
}

static inline void touch_by_duct(struct bed *bed)
{
	bed_is_direct(bed);
}

static inline void touch_nobody_reads(struct bed *bed)
{
	bed->conn.pipe = NULL;
}

static inline bool touch_stopped(const struct bed *bed)
{
	return test_bit(ZMQ_CONN_RX_STOPPED, &bed->conn.flags);
}

static inline void touch_resume(struct bed *bed, unsigned int room)
{
	bed->room = room;
	if (touch_stopped(bed))
		zmq_conn_rx_resume(&bed->conn);
}

static inline int touch_queue(struct bed *bed, struct zmq_range *ranges, unsigned int nr)
{
	struct zmq_msg msg = { .ranges = ranges, .nr = nr, .msgs = 1 };
	unsigned int i;

	for (i = 0; i < nr; i++) {
		msg.bytes += ranges[i].len;
		if (ranges[i].buf->pinned)
			ranges[i].buf->pinned->ubuf = (struct ubuf_info *)bed;
	}
	return zmq_conn_queue(&bed->conn, &msg);
}

static inline int touch_sub(struct bed *bed, const u8 *topic, size_t n, bool subscribe)
{
	return zmq_conn_send_sub(&bed->conn, topic, n, subscribe);
}

static inline unsigned int touch_replace(struct bed *bed)
{
	return zmq_conn_tx_replace(&bed->conn);
}

static inline void touch_flush(struct bed *bed, enum zmq_flush how)
{
	if (how == ZMQ_FLUSH_FANOUT)
		zmq_owner_fanout_begin(&bed->owner);
	zmq_conn_flush(&bed->conn, how);
	if (how == ZMQ_FLUSH_FANOUT)
		zmq_owner_fanout_end(&bed->owner);
}

/* The socket is about to sleep. */
static inline void touch_flush_all(struct bed *bed)
{
	zmq_owner_flush(&bed->owner);
}

static inline bool touch_up(const struct bed *bed)
{
	return zmq_conn_link(&bed->conn) && !bed->lost;
}

static inline unsigned int touch_queued(const struct bed *bed)
{
	return bed->tx.msgs;
}

#endif
