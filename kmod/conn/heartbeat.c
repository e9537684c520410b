// SPDX-License-Identifier: GPL-2.0-only
/*
 * PING, PONG and what silence means. A peer that may not know PING is not asked
 * by us but by its TCP, with keep-alive probes.
 *
 * Time is judged by the connection's task; a connection that neither sends nor
 * has been sent PING, and is read from, has no timer for it.
 */

#include <linux/jiffies.h>
#include <linux/tcp.h>
#include <net/tcp.h>
#include "base/net.h"
#include "conn.h"
#include "heartbeat.h"
#include "link.h"

/* How often to speak up while nothing is read, for a peer that pings often and
 * for one that does not.
 */
#define TELL_MIN	(HZ / 10)
#define TELL_MAX	(HZ / 2)

/* So many questions for room in a row get lost only where nobody is. */
#define PROBES_LOST	4

/* Reading may have ended and begun TELL_MAX before that is seen. */
#define TELL_SLACK	(2 * TELL_MAX + TCP_RTO_MIN)

static bool stopped(const struct zmq_conn *conn)
{
	return test_bit(ZMQ_CONN_RX_STOPPED, &conn->flags);
}

static struct sock *child_sk(const struct zmq_conn *conn)
{
	return zmq_conn_link(conn)->sock->sk;
}

/* A duct has no such clocks. */
static bool by_tcp(const struct zmq_conn *conn)
{
	return sk_is_tcp(child_sk(conn)) && !zmq_conn_link(conn)->ops->direct;
}

/* ZMTP 3.0 has no PING, but libzmq sent it with that version, too. */
static bool knows_ping(const struct zmq_conn *conn)
{
	return conn->session->minor || READ_ONCE(conn->heartbeat->spoke);
}

/* TCP asks in our place. Other streams tell by themselves when a peer dies. */
static bool is_watched(const struct zmq_conn *conn)
{
	return conn->heartbeat->ivl && conn->heartbeat->timeout &&
	       !knows_ping(conn) && by_tcp(conn);
}

/* TCP counts them in seconds. */
static int probe_secs(unsigned long ivl)
{
	return clamp_t(unsigned long, DIV_ROUND_UP(ivl, HZ), 1,
		       MAX_TCP_KEEPIDLE);
}

/* TCP is not told to give up: it would for a peer that lives but has no room. */
static void let_tcp_ask(struct zmq_conn *conn)
{
	const struct zmq_heartbeat *hb = conn->heartbeat;
	struct sock *sk = child_sk(conn);

	sock_set_keepalive(sk);
	tcp_sock_set_keepidle(sk, probe_secs(hb->ivl));
	tcp_sock_set_keepintvl(sk, probe_secs(hb->timeout / 4));
}

/**
 * zmq_heartbeat_start() - the handshake is done
 * @conn: the connection; what its options say now holds until it ends
 *
 * Context: Process context, socket lock held.
 */
void zmq_heartbeat_start(struct zmq_conn *conn)
{
	const struct zmq_opts *opts = conn->owner->opts;
	struct zmq_heartbeat *hb = conn->heartbeat;
	int timeout = READ_ONCE(opts->heartbeat_timeout);
	int ivl = READ_ONCE(opts->heartbeat_ivl);
	unsigned long now = jiffies;

	memset(hb, 0, sizeof(*hb));
	if (conn->session->framing == ZMQ_FRAMING_RAW)
		return;
	hb->ivl = msecs_to_jiffies(ivl);
	hb->timeout = msecs_to_jiffies(timeout < 0 ? ivl : timeout);
	hb->ttl = READ_ONCE(opts->heartbeat_ttl);
	hb->due = now + hb->ivl;
	hb->told = now;
	hb->heard = now;
	hb->caught_up = now;
	hb->peer_ping = now;
	if (is_watched(conn))
		let_tcp_ask(conn);
}

/**
 * zmq_heartbeat_heard() - bytes were received, of whatever
 * @conn: the connection
 *
 * Context: Softirq or process context, child's lock held.
 */
void zmq_heartbeat_heard(struct zmq_conn *conn)
{
	WRITE_ONCE(conn->heartbeat->heard, jiffies);
}

/**
 * zmq_heartbeat_caught_up() - all that was received is parsed
 * @conn: the connection
 *
 * Context: Softirq or process context, child's lock held.
 */
void zmq_heartbeat_caught_up(struct zmq_conn *conn)
{
	conn->heartbeat->caught_up = jiffies;
}

/* For how long the peer sent no PING for sure: what it sent after caught_up may
 * have waited here.
 */
static unsigned long without_ping(const struct zmq_heartbeat *hb)
{
	return max_t(long, READ_ONCE(hb->caught_up) - hb->peer_ping, 0);
}

/* Nothing arrived since nothing was read: TCP doubles the time from one attempt
 * to the next, whether it retransmits (RFC 6298 5.5) or probes for room (RFC
 * 9293 3.8.6.1), so the peer's may be silent for as long again. That it
 * acknowledges what it is told shows that it is there.
 */
static bool catching_up(const struct zmq_conn *conn)
{
	const struct sock *sk = child_sk(conn);
	u32 stopped = conn->heartbeat->stopped;
	u32 now = tcp_jiffies32, arrived;
	unsigned int again;

	if (!stopped || !by_tcp(conn))
		return false;
	arrived = READ_ONCE(inet_csk(sk)->icsk_ack.lrcvtime);
	if (!time_before32(arrived, stopped))
		return false;
	again = min_t(unsigned int, stopped - arrived, TCP_RTO_MAX);
	return time_before32(now, stopped + again + TELL_SLACK) &&
	       now - READ_ONCE(tcp_sk(sk)->rcv_tstamp) < HZ;
}

/* What waits in the queue because the peer does not read tells it as much. */
static bool cmds_wait(struct zmq_conn *conn)
{
	return !list_empty(&conn->tx->cmds);
}

static int send_pong(struct zmq_conn *conn, const u8 *ctx, size_t len)
{
	u8 pong[ZMQ_CMD_PONG_MAX];
	size_t n;

	n = zmq_cmd_put_pong(pong, ctx, len);
	return zmq_conn_queue_cmd(conn, pong, n, NULL, 0, GFP_ATOMIC);
}

/**
 * zmq_heartbeat_spoke() - the peer sent PING or PONG
 * @conn: the connection
 *
 * Context: Softirq or process context, child's lock held.
 */
void zmq_heartbeat_spoke(struct zmq_conn *conn)
{
	struct zmq_heartbeat *hb = conn->heartbeat;

	if (hb->spoke)
		return;
	WRITE_ONCE(hb->spoke, true);
	if (!conn->session->minor)
		zmq_task_run(&conn->task);
}

/**
 * zmq_heartbeat_pinged() - the peer sent PING
 * @conn: the connection
 * @ping: the command
 *
 * Context: Softirq or process context, child's lock held.
 */
void zmq_heartbeat_pinged(struct zmq_conn *conn, const struct zmq_cmd *ping)
{
	struct zmq_heartbeat *hb = conn->heartbeat;
	unsigned long ivl = max(without_ping(hb), 1UL);
	unsigned long ttl;

	hb->peer_ivl = hb->peer_ivl ? min(hb->peer_ivl, ivl) : ivl;
	hb->peer_ping = jiffies;
	zmq_heartbeat_spoke(conn);
	ttl = msecs_to_jiffies(ping->ttl * 100);
	if (ttl != hb->peer_ttl) {
		WRITE_ONCE(hb->peer_ttl, ttl);
		/* It finds out when it is to look. */
		zmq_task_run(&conn->task);
	}

	if (send_pong(conn, ping->data, ping->len))
		return;
	ZMQ_INC_STATS(sock_net(conn->owner->tasks.sk), ZMQ_MIB_PINGS);
	zmq_conn_kick(conn);
}

/* A peer waits for an answer about as long as between its PINGs; if it has sent
 * none in all the time that it was listened to, the interval is longer than that.
 */
static unsigned long tell_ivl(const struct zmq_conn *conn)
{
	const struct zmq_heartbeat *hb = conn->heartbeat;
	unsigned long ivl = hb->peer_ivl ?: without_ping(hb);

	return clamp_t(unsigned long, ivl / 4, TELL_MIN, TELL_MAX);
}

/**
 * zmq_heartbeat_stopped() - the queue above is full
 * @conn: the connection, from which nothing is read until there is room
 *
 * The peer's PINGs now wait behind its messages, so it is told without being
 * asked, and before it gives up, that we live.
 *
 * Context: Softirq or process context, child's lock held.
 */
void zmq_heartbeat_stopped(struct zmq_conn *conn)
{
	if (knows_ping(conn))
		zmq_task_run_after(&conn->task, TELL_MIN);
}

static void tell(struct zmq_conn *conn)
{
	struct zmq_heartbeat *hb = conn->heartbeat;

	if (!knows_ping(conn) || zmq_until(hb->told + tell_ivl(conn)))
		return;
	hb->told = jiffies;
	if (!cmds_wait(conn) && !send_pong(conn, NULL, 0))
		zmq_conn_flush(conn, ZMQ_FLUSH_NOW);
}

static void ask(struct zmq_conn *conn)
{
	struct zmq_heartbeat *hb = conn->heartbeat;
	u8 ping[ZMQ_CMD_PING_MAX];
	size_t n;

	hb->due = jiffies + hb->ivl;
	if (!cmds_wait(conn)) {
		n = zmq_cmd_put_ping(ping, hb->ttl, NULL, 0);
		if (zmq_conn_queue_cmd(conn, ping, n, NULL, 0, GFP_KERNEL))
			return;
		zmq_conn_flush(conn, ZMQ_FLUSH_NOW);
	}
	if (!hb->asking) {
		hb->asking = true;
		hb->asked = jiffies;
	}
}

/* What TCP was told last shows that the peer is there, and it asks before long
 * if it is told nothing: a quiet peer has been asked.
 */
static void watch(struct zmq_conn *conn)
{
	u32 quiet = tcp_jiffies32 - READ_ONCE(tcp_sk(child_sk(conn))->rcv_tstamp);
	unsigned long ivl = probe_secs(conn->heartbeat->ivl) * HZ;
	struct zmq_heartbeat *hb = conn->heartbeat;

	/* Timers are late by as much. */
	ivl += ivl / 8 + HZ / 10;
	hb->due = jiffies + ivl;
	if (quiet < ivl) {
		hb->due -= quiet;
		hb->asking = false;
	} else if (!hb->asking) {
		hb->asking = true;
		hb->asked = jiffies;
	}
}

/* The peer's window, and not our own host, is what the next segment waits for. */
static bool no_window(const struct tcp_sock *tp, u32 unsent)
{
	s32 room = READ_ONCE(tp->snd_una) + READ_ONCE(tp->snd_wnd) -
		   READ_ONCE(tp->snd_nxt);

	return room < (s32)min(unsent, READ_ONCE(tp->mss_cache));
}

/* There is data that the peer has no room for, though it lives: its TCP still
 * acknowledges, or answers when it is asked for room.
 */
static bool held_back(struct zmq_conn *conn, unsigned long patience)
{
	const struct sock *sk = child_sk(conn);
	const struct tcp_sock *tp = tcp_sk(sk);
	u32 unsent;

	if (!by_tcp(conn))
		return cmds_wait(conn);
	unsent = READ_ONCE(tp->write_seq) - READ_ONCE(tp->snd_nxt);
	if (!unsent)
		return false;
	if (tcp_jiffies32 - READ_ONCE(tp->rcv_tstamp) < patience)
		return true;
	return !READ_ONCE(tp->packets_out) && no_window(tp, unsent) &&
	       READ_ONCE(inet_csk(sk)->icsk_probes_out) < PROBES_LOST;
}

static bool gave_up(struct zmq_conn *conn)
{
	struct zmq_heartbeat *hb = conn->heartbeat;
	unsigned long ttl = READ_ONCE(hb->peer_ttl);

	if (ttl && !zmq_until(READ_ONCE(hb->heard) + ttl))
		return true;
	if (!hb->asking || !hb->timeout || zmq_until(hb->asked + hb->timeout))
		return false;
	/* A PING that has not reached a slow reader cannot be answered. */
	hb->asking = !held_back(conn, hb->timeout);
	return hb->asking;
}

static unsigned long earlier(unsigned long a, unsigned long b)
{
	return time_before(a, b) ? a : b;
}

/* Nobody is blamed for the time in which our own machine stood still, and what
 * came to it has TELL_MIN to be seen: once, or one that is always late would
 * never find anybody dead.
 */
static void forgive(struct zmq_heartbeat *hb)
{
	unsigned long now = jiffies, late = now - hb->wake;

	if (!hb->wake || time_before(now, hb->wake + TELL_MIN))
		return;
	if (READ_ONCE(hb->heard) != hb->excused)
		late += TELL_MIN;
	hb->asked = earlier(hb->asked + late, now);
	hb->excused = earlier(READ_ONCE(hb->heard) + late, now);
	WRITE_ONCE(hb->heard, hb->excused);
}

/**
 * zmq_heartbeat_run() - send what is due, judge the peer's silence
 * @conn: the connection, which is up and was just read from
 *
 * Context: Process context, socket lock held.
 * Return: false if the peer is dead.
 */
bool zmq_heartbeat_run(struct zmq_conn *conn)
{
	struct zmq_heartbeat *hb = conn->heartbeat;

	forgive(hb);
	if (stopped(conn))
		hb->stopped = tcp_jiffies32 ?: 1;
	else if (tcp_jiffies32 - hb->stopped > 2 * TCP_RTO_MAX)
		hb->stopped = 0;	/* before the clock wraps around */
	/* What the peer said last is there, if unread. */
	if (stopped(conn) || catching_up(conn)) {
		WRITE_ONCE(hb->heard, jiffies);
		tell(conn);
	}
	if (hb->asking && !time_before(READ_ONCE(hb->heard), hb->asked))
		hb->asking = false;
	if (is_watched(conn))
		watch(conn);
	if (gave_up(conn))
		return false;
	if (hb->ivl && knows_ping(conn) && !zmq_until(hb->due))
		ask(conn);
	return true;
}

/**
 * zmq_heartbeat_next() - when zmq_heartbeat_run() wants to be called again
 * @conn: the connection, which is up
 *
 * Context: Process context, socket lock held.
 * Return: jiffies from now, MAX_JIFFY_OFFSET for never.
 */
unsigned long zmq_heartbeat_next(struct zmq_conn *conn)
{
	struct zmq_heartbeat *hb = conn->heartbeat;
	unsigned long ttl = READ_ONCE(hb->peer_ttl);
	unsigned long next = MAX_JIFFY_OFFSET;

	if ((stopped(conn) || catching_up(conn)) && knows_ping(conn))
		next = zmq_until(hb->told + tell_ivl(conn));
	if (hb->ivl && (knows_ping(conn) || is_watched(conn)))
		next = min(next, zmq_until(hb->due));
	if (hb->asking && hb->timeout)
		next = min(next, zmq_until(hb->asked + hb->timeout));
	if (ttl)
		next = min(next, zmq_until(READ_ONCE(hb->heard) + ttl));
	hb->wake = next < MAX_JIFFY_OFFSET ? jiffies + next : 0;
	return next;
}
