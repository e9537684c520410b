// SPDX-License-Identifier: GPL-2.0-only
/* Who sends and receives when, and when that is over. */
#include <errno.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>
#include <sys/ioctl.h>
#include <linux/sockios.h>
#include "zmqcat.h"

#define LOOK_FIRST	5	/* ms, where the kernel does not tell of a change */
#define LOOK_LAST	200
#define TELL_AFTER	2000
#define LOOK_ROUNDS	256

/**
 * struct flow - a transfer
 * @c: the configuration
 * @fd: the socket
 * @monitor: its monitor, or -1
 * @in: what is to be sent
 * @out: the message that is sent next
 * @pending: there is one in @out
 * @turns: sends and receives in turn: REQ, REP, and who answers
 * @sends: may send; with @turns: it is the turn to send
 * @receives: may receive; with @turns: not @sends
 * @over: an end was received
 * @full: the last attempt to send would have had to wait
 * @sent: messages
 * @received: messages
 * @moved: when the last one was sent or received
 * @due: when the next may be sent
 */
struct flow {
	const struct config	*c;
	int			fd;
	int			monitor;
	struct input		in;
	struct msg		out;
	bool			pending;
	bool			turns;
	bool			sends;
	bool			receives;
	bool			over;
	bool			full;
	int64_t			sent;
	int64_t			received;
	int64_t			moved;
	int64_t			due;
};

/* What --count counts. */
static int64_t counted(const struct flow *f)
{
	if (f->turns)
		return f->c->answer || f->c->type == ZMQ_REP ? f->sent : f->received;
	return f->receives ? f->received : f->sent;
}

static bool enough(const struct flow *f)
{
	return f->over || (f->c->count >= 0 && counted(f) >= f->c->count);
}

static bool nothing_to_send(const struct flow *f)
{
	return !f->pending && f->in.ended;
}

/* Whether input is read. Who replies from it has a reply before a request is taken. */
static bool takes_input(const struct flow *f)
{
	return f->sends || (f->c->type == ZMQ_REP && !f->c->answer);
}

static bool is_done(const struct flow *f)
{
	if (enough(f))
		return true;
	if (f->turns)
		return takes_input(f) && nothing_to_send(f);
	return !f->receives && nothing_to_send(f);
}

static int64_t sooner(int64_t a, int64_t b)
{
	if (a < 0 || b < 0)
		return a < 0 ? b : a;
	return a < b ? a : b;
}

/* Return: whether something was done. */
static bool send_one(struct flow *f)
{
	if (!f->pending && takes_input(f)) {
		f->pending = input_next(&f->in, &f->out);
		if (f->pending && f->sends)
			f->moved = wait_now();
	}
	if (!f->sends || !f->pending || (f->due && wait_now() < f->due))
		return false;
	if (msg_try_send(f->fd, &f->out)) {
		if (errno == EINTR)
			return true;
		f->full = errno == EAGAIN;
		if (f->full)
			return false;
		if (errno == EHOSTUNREACH)
			die(STATUS_ERROR, "no peer has this routing id");
		die_errno("send");
	}
	f->pending = false;
	f->full = false;
	f->sent++;
	progress_add(f->out.len);
	f->moved = wait_now();
	if (f->c->interval >= 0)
		f->due = f->moved + f->c->interval;
	if (f->turns) {
		f->sends = false;
		f->receives = true;
	}
	return true;
}

static void wanted(struct flow *f)
{
	if (f->turns || f->c->eof_marker)
		recv_limit(1);
	else
		recv_limit(f->c->count < 0 ? -1 : f->c->count - f->received);
}

static void take(struct flow *f, const struct view *v)
{
	size_t bytes = 0;
	unsigned int i;

	for (i = 0; i < v->nr; i++)
		bytes += v->frame[i].len;
	if (f->c->eof_marker && v->nr == 1 && !bytes) {
		f->over = true;
		return;
	}
	f->received++;
	if (!f->sent || f->turns)
		progress_add(bytes);
	output_message(f->c, v);
	if (f->c->answer)
		f->pending = answer_make(f->c, v, &f->out);
	if (f->turns && (f->pending || !f->c->answer)) {
		f->sends = true;
		f->receives = false;
	}
}

static bool receive_one(struct flow *f)
{
	struct view v;

	if (!f->receives || enough(f))
		return false;
	wanted(f);
	if (recv_next(f->fd, f->c, &v)) {
		if (errno == EINTR)
			return true;
		if (errno == EAGAIN)
			return false;
		die_errno("receive");
	}
	f->moved = wait_now();
	take(f, &v);
	return true;
}

/* Wait: as long as --timeout says where a peer is waited for, until a message is due, or
 * not at all and just see what there is to read.
 */
static void rest(struct flow *f, bool look)
{
	struct wait w = {
		.fd = f->fd,
		.input = -1,
		.monitor = f->monitor,
		.until = -1,
	};
	bool early = f->sends && !nothing_to_send(f) && wait_now() < f->due;

	if (!look)
		output_flush();
	if (f->receives)
		w.events |= POLLIN;
	if (f->sends && f->pending && !early)
		w.events |= POLLOUT;
	if (takes_input(f) && !f->pending && !f->in.eof)
		w.input = f->in.fd;
	if (w.events && f->c->timeout >= 0)
		w.until = f->moved + f->c->timeout;
	if (w.until >= 0 && wait_now() >= w.until)
		die(STATUS_TIMEOUT, f->full ? "nothing could be sent in time" :
		    "nothing arrived in time");
	if (early)
		w.until = sooner(w.until, f->due);
	if (look)
		w.until = 0;
	wait_for(&w);
	if (w.readable)
		input_read(&f->in);
}

static void transfer(struct flow *f)
{
	unsigned int round = 0;
	bool busy;

	while (!is_done(f)) {
		busy = receive_one(f);
		if (!is_done(f))
			busy |= send_one(f);
		/* A reply that was made is told before, if that needs no waiting. */
		wait_check();
		/* Who receives all the time does not forget what there is to send. */
		if (!is_done(f) && (!busy || !(++round % LOOK_ROUNDS)))
			rest(f, busy);
	}
	output_flush();
	if (f->turns && f->c->type == ZMQ_REP && f->sends && !enough(f))
		die(STATUS_INPUT, "no reply is left for the last request");
}

/* The other end stops at a message that is one frame without a byte. */
static void send_end(struct flow *f)
{
	msg_clear(&f->out);
	msg_end_frame(&f->out);
	f->pending = true;
	f->due = 0;
	f->receives = false;
	f->moved = wait_now();
	while (!send_one(f))
		rest(f, false);
}

/* Rest between two looks, each time a little longer. */
static void nap(struct flow *f, int64_t *ms, int64_t until)
{
	struct wait w = {
		.fd = -1,
		.input = -1,
		.monitor = f->monitor,
		.until = sooner(wait_now() + (*ms > 0 ? *ms : 1), until),
	};

	*ms = *ms * 3 / 2 < LOOK_LAST ? *ms * 3 / 2 : LOOK_LAST;
	wait_for(&w);
}

/* Until as many peers are there as --wait says. */
static void wait_for_peers(struct flow *f)
{
	int64_t until = f->c->timeout < 0 ? -1 : wait_now() + f->c->timeout;
	int64_t ms = LOOK_FIRST;
	struct sock_sums sums;

	while (peers_sums(f->fd, f->c->type, &sums)) {
		if (sums.peers >= f->c->wait)
			return;
		if (until >= 0 && wait_now() >= until)
			die(STATUS_TIMEOUT, "%u of %u peers came in time", sums.peers,
			    f->c->wait);
		nap(f, &ms, until);
	}
	die(STATUS_ERROR, "the kernel does not tell how many peers there are");
}

/* Bytes or messages that have not arrived in the peers' machines. */
static uint64_t undelivered(struct flow *f)
{
	struct sock_sums sums = { 0 };
	int bytes = 0;

	if (ioctl(f->fd, SIOCOUTQ, &bytes))
		bytes = 0;
	if (!peers_sums(f->fd, f->c->type, &sums))
		return bytes;
	/* The SYN of an attempt to connect again counts as a byte, but is none of ours. */
	return sums.tx_msgs || !sums.up ? sums.tx_msgs : (uint64_t)bytes;
}

/* Until all that was sent has arrived. Return: the status to end with. */
static int drain(struct flow *f)
{
	int64_t begun = wait_now(), until, told = begun + TELL_AFTER, ms = LOOK_FIRST;
	const int none = 0;

	until = f->c->linger < 0 ? -1 : begun + f->c->linger;
	while (undelivered(f)) {
		if (until >= 0 && wait_now() >= until) {
			sockopt_int(f->fd, ZMQ_LINGER, none, "LINGER");
			say("not everything was delivered in time");
			return STATUS_UNDELIVERED;
		}
		if (wait_now() >= told && isatty(STDERR_FILENO)) {
			say("waiting for what was sent to be delivered");
			told = INT64_MAX;
		}
		nap(f, &ms, until);
	}
	return STATUS_OK;
}

static void choose(struct flow *f)
{
	const struct config *c = f->c;

	f->turns = c->answer || c->type == ZMQ_REQ || c->type == ZMQ_REP;
	if (f->turns) {
		f->sends = c->type == ZMQ_REQ;
		f->receives = !f->sends;
	} else {
		f->sends = type_sends(c->type) && !c->receive_only;
		f->receives = type_receives(c->type) && !c->send_only;
	}
}

/**
 * flow_run() - send and receive
 * @fd: the socket, bound and connected
 * @c: the configuration
 *
 * Return: the exit status.
 */
int flow_run(int fd, const struct config *c)
{
	struct flow f = { .c = c, .fd = fd, .monitor = -1 };
	int64_t until, ms;
	int status;

	choose(&f);
	f.in.fd = -1;
	if ((f.sends || f.turns) && !c->answer)
		input_open(&f.in, c);
	else
		f.in.ended = true;
	progress_init(c, f.in.size);
	if (c->verbose)
		f.monitor = monitor_open(fd);
	if (c->wait)
		wait_for_peers(&f);
	ms = c->delay;
	for (until = wait_now() + ms; c->delay > 0 && wait_now() < until;)
		nap(&f, &ms, until);
	f.moved = wait_now();
	transfer(&f);
	if (c->eof_marker && f.sends && !f.over)
		send_end(&f);
	progress_end();
	status = f.sent ? drain(&f) : STATUS_OK;
	return status == STATUS_OK && answer_failed() ? STATUS_COMMAND : status;
}
