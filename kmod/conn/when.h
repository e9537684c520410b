/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * When a connection's queue is sent: the rules, without any lock or clock. They
 * are asked for each message to each peer, so they are inline.
 */
#ifndef _ZMQ_WHEN_H
#define _ZMQ_WHEN_H

#include <linux/kernel.h>
#include <linux/ktime.h>
#include <linux/sizes.h>
#include <linux/time64.h>

/* So much in the queue is a segment worth sending: none is larger. */
#define ZMQ_WHEN_BYTES		SZ_64K
/* So many commands are, too. */
#define ZMQ_WHEN_CMDS		SZ_16K
/* They go out at most this often, unless there are many. */
#define ZMQ_WHEN_CMDS_CAP	NSEC_PER_MSEC
/* Fan-outs that are this part of the cap apart follow each other closely. */
#define ZMQ_WHEN_CLOSE		16
/* Who got nothing of so many messages gets no company for the next one. */
#define ZMQ_WHEN_COMPANY	32

enum zmq_flush {
	ZMQ_FLUSH_LATER,	/* a message; the caller has more at hand */
	ZMQ_FLUSH_AUTO,		/* a message */
	ZMQ_FLUSH_FANOUT,	/* a message to many */
	ZMQ_FLUSH_CMDS,		/* commands */
	ZMQ_FLUSH_NOW,		/* what must not wait */
};

/**
 * struct zmq_when - what decides when a connection's queue is sent
 * @how: what was queued last
 * @bytes: of messages in the queue
 * @cmd_bytes: of commands
 * @now: what time it is
 * @last: when the stream was last given something
 * @cap: for how long messages may wait, ns
 * @gap: from the end of the fan-out before to the beginning of this one, ns
 * @gap_before: the same of the one before, ns
 * @behind: fan-outs since the last one that the peer had a part in
 */
struct zmq_when {
	enum zmq_flush	how;
	u64		bytes;
	u32		cmd_bytes;
	ktime_t		now;
	ktime_t		last;
	s64		cap;
	s64		gap;
	s64		gap_before;
	u32		behind;
};

/* What was sent last left a moment ago: there will be company soon. */
static inline ktime_t zmq_when_idle(const struct zmq_when *when, s64 cap)
{
	return when->now - when->last < cap ? when->now + cap : 0;
}

/* Nobody can have answered the message before, nor the one before that. */
static inline bool zmq_when_close(const struct zmq_when *when)
{
	return min(when->gap, when->gap_before) < when->cap / ZMQ_WHEN_CLOSE;
}

/**
 * zmq_when() - by when a connection's queue has to be sent
 * @when: what is known
 *
 * Of what waits already, the time stays as it is. Commands do not wait for
 * longer than a message.
 *
 * Context: Any.
 * Return: the time, not after @when->now if nothing is to wait.
 */
static inline ktime_t zmq_when(const struct zmq_when *when)
{
	if (when->how == ZMQ_FLUSH_NOW)
		return 0;
	if (when->how == ZMQ_FLUSH_CMDS)
		return when->cmd_bytes < ZMQ_WHEN_CMDS ?
		       zmq_when_idle(when, ZMQ_WHEN_CMDS_CAP) : 0;
	if (when->bytes >= ZMQ_WHEN_BYTES || when->cmd_bytes)
		return 0;
	if (when->how == ZMQ_FLUSH_LATER)
		return when->now + max_t(s64, when->cap, 1);
	if (when->how == ZMQ_FLUSH_FANOUT && zmq_when_close(when) &&
	    when->behind <= ZMQ_WHEN_COMPANY)
		return when->now + when->cap;
	return zmq_when_idle(when, when->cap);
}

#endif /* _ZMQ_WHEN_H */
