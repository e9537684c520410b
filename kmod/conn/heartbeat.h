/* SPDX-License-Identifier: GPL-2.0-only */
/* PING, PONG and what silence means. */
#ifndef _ZMQ_HEARTBEAT_H
#define _ZMQ_HEARTBEAT_H

#include <linux/jiffies.h>

struct zmq_cmd;
struct zmq_conn;

/**
 * struct zmq_heartbeat - what a connection knows of its peer's life
 * @ivl: jiffies between our PINGs, 0 for none
 * @timeout: jiffies of silence after a PING that end the connection, 0 never
 * @ttl: tenths of a second that our PINGs announce
 * @asking: a PING went out at @asked, or TCP began to ask
 * @due: jiffies when the next PING goes out, or TCP is looked at
 * @asked: jiffies when the first PING since @heard went out
 * @told: jiffies when the peer was last told that we live but do not read
 * @stopped: tcp_jiffies32 when it was last seen that nothing is read, or 0
 * @wake: jiffies when the task is to look at all this again, 0 for never
 * @excused: what @heard was set to when it was last forgiven
 * @heard: jiffies when something was last received; softirq writes it, too
 * @peer_ttl: jiffies of silence that the peer's PING allows, 0 for any
 * @caught_up: jiffies when all that was received had last been parsed
 * @peer_ping: jiffies of its last PING, at first of the handshake's end
 * @peer_ivl: jiffies between its PINGs at least; 0 before the first
 * @spoke: it has sent PING or PONG, so it knows them
 *
 * From @ivl to @excused under the socket lock, the rest under the child's.
 */
struct zmq_heartbeat {
	unsigned long	ivl;
	unsigned long	timeout;
	u16		ttl;
	bool		asking;
	unsigned long	due;
	unsigned long	asked;
	unsigned long	told;
	u32		stopped;
	unsigned long	wake;
	unsigned long	excused;
	unsigned long	heard;
	unsigned long	peer_ttl;
	unsigned long	caught_up;
	unsigned long	peer_ping;
	unsigned long	peer_ivl;
	bool		spoke;
};

/* Jiffies from now, 0 if that was before. */
static inline unsigned long zmq_until(unsigned long when)
{
	return max_t(long, when - jiffies, 0);
}

void zmq_heartbeat_start(struct zmq_conn *conn);
void zmq_heartbeat_heard(struct zmq_conn *conn);
void zmq_heartbeat_caught_up(struct zmq_conn *conn);
void zmq_heartbeat_spoke(struct zmq_conn *conn);
void zmq_heartbeat_pinged(struct zmq_conn *conn, const struct zmq_cmd *ping);
void zmq_heartbeat_stopped(struct zmq_conn *conn);
bool zmq_heartbeat_run(struct zmq_conn *conn);
unsigned long zmq_heartbeat_next(struct zmq_conn *conn);

#endif /* _ZMQ_HEARTBEAT_H */
