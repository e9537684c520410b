// SPDX-License-Identifier: GPL-2.0-only
/* Whole messages are received, many a call, as frames_tx.c sends them. */

#include <linux/pagemap.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include <linux/uio.h>
#include "base/compat.h"
#include "pipe/gather.h"
#include "pipe/peercred.h"
#include "sock.h"
#include "wait.h"

/* One call ends behind so many frames, if not in the middle of a message. */
#define FRAMES_BATCH	1024

/* More of them in one table than anybody could want, of 128 MiB. */
#define FRAMES_MAX	BIT(24)

/* Small bodies are collected in so many bytes. */
#define GATHER_SIZE	SZ_4K

/**
 * struct frames_rx - a call that receives whole messages
 * @zsk: the socket
 * @m: where they go
 * @desc: the frames so far
 * @nr: how many they are
 * @cap: room at @desc
 * @gather: GATHER_SIZE bytes, or NULL
 * @max: frames that the control buffer has room for
 * @room: bytes that the data buffer has left
 * @got: bytes received
 * @passcred: SO_PASSCRED: all messages are of one sender
 * @sender: a copy of who that is, both NULL if it is not known
 * @named: all messages are of one peer, which is named
 * @from: that one, held, or NULL
 */
struct frames_rx {
	struct zmq_sock		*zsk;
	struct msghdr		*m;
	struct zmq_frame_desc	*desc;
	unsigned int		nr;
	unsigned int		cap;
	u8			*gather;
	unsigned int		max;
	size_t			room;
	size_t			got;
	bool			passcred;
	struct zmq_peercred	sender;
	bool			named;
	struct zmq_pipe		*from;
};

/* Too little room is said with the room that it takes. */
static int say_need(struct frames_rx *rx, u64 bytes, u64 frames)
{
	struct zmq_frames_need need = {
		.bytes	= bytes,
		.frames	= min_t(u64, frames, U32_MAX),
	};

	if (rx->m->msg_controllen < CMSG_LEN(sizeof(need)))
		return -EMSGSIZE;
	rx->m->msg_flags |= MSG_TRUNC;
	return put_cmsg(rx->m, SOL_ZMQ, ZMQ_FRAMES_NEED, sizeof(need), &need);
}

static bool grow(struct frames_rx *rx, unsigned int nr)
{
	unsigned int cap = max(nr, 64U);
	struct zmq_frame_desc *desc;

	if (nr <= rx->cap)
		return true;
	cap = min_t(unsigned int, max(cap, rx->cap * 2), rx->max);
	desc = kvmalloc_array(cap, sizeof(*desc),
			      GFP_KERNEL_ACCOUNT | __GFP_NOWARN);
	if (!desc)
		return false;
	if (rx->nr)
		memcpy(desc, rx->desc, rx->nr * sizeof(*desc));
	kvfree(rx->desc);
	rx->desc = desc;
	rx->cap = cap;
	return true;
}

/* Once a message has left its queue its frame table must arrive, and whose it
 * is.
 */
static bool control_faults(const struct frames_rx *rx, unsigned int nr)
{
	size_t len = CMSG_SPACE(nr * sizeof(*rx->desc));
	const struct msghdr *m = rx->m;

	if (rx->passcred)
		len += CMSG_SPACE(sizeof(struct ucred));
	return m->msg_control_is_user &&
	       fault_in_writeable(m->msg_control_user,
				  min_t(size_t, len, m->msg_controllen));
}

/* A message may have millions of frames. Return: 0, or -EINTR for who is killed. */
static int rest(u64 frames)
{
	if (frames % 1024)
		return 0;
	cond_resched();
	return fatal_signal_pending(current) ? -EINTR : 0;
}

static void add_desc(struct frames_rx *rx, u64 len, bool more)
{
	rx->desc[rx->nr].len = len;
	rx->desc[rx->nr++].flags = more ? ZMQ_FRAME_MORE : 0;
}

/* Look at the frames that follow @f, which there are while @hdr has ZMTP_MORE; @f
 * may be in a pattern's memory, and they are in a pipe.
 */
static int walk_behind(struct zmq_pipe_walk *walk, const struct zmq_frame *f,
		       struct zmq_hdr *hdr)
{
	hdr->flags = f->more ? ZMTP_MORE : 0;
	if (!f->more)
		return 0;
	zmq_pipe_walk_begin(walk, f->pipe ?: f->body);
	return f->pipe ? zmq_pipe_walk_next(walk, hdr) : 0;
}

/* Copy what is left of the message that begins with @f, and change nothing. */
static int copy_message(struct frames_rx *rx, const struct zmq_frame *f)
{
	struct zmq_pipe_walk walk;
	struct zmq_hdr hdr;
	int err;

	err = zmq_sock_copy_frame(f, &rx->m->msg_iter, f->len);
	if (err)
		return err;
	add_desc(rx, f->len, f->more);
	err = walk_behind(&walk, f, &hdr);
	while (!err && (hdr.flags & ZMTP_MORE)) {
		err = zmq_pipe_walk_next(&walk, &hdr) ?:
		      zmq_pipe_walk_copy(&walk, &rx->m->msg_iter) ?:
		      rest(rx->nr);
		if (!err)
			add_desc(rx, hdr.len, hdr.flags & ZMTP_MORE);
	}
	return err;
}

static int measure(const struct zmq_frame *f, u64 *bytes, u64 *frames)
{
	struct zmq_pipe_walk walk;
	struct zmq_hdr hdr;
	int err;

	*bytes = f->len;
	*frames = 1;
	err = walk_behind(&walk, f, &hdr);
	while (!err && (hdr.flags & ZMTP_MORE)) {
		err = zmq_pipe_walk_next(&walk, &hdr) ?: rest(++*frames);
		if (!err)
			*bytes += hdr.len;
	}
	return err;
}

/* Frames that were copied leave the queue. The first one is not looked for
 * again: with ZMQ_CONFLATE it could be another by now.
 */
static void consume(struct zmq_sock *zsk, const struct zmq_frame *first,
		    unsigned int nr)
{
	const struct zmq_pattern *pattern = zsk->core.pattern;
	struct zmq_frame f = *first;

	do {
		pattern->consume(&zsk->core, &f);
		rest(--nr);
	} while (nr && !pattern->peek(&zsk->core, &f));
	zsk->rcvmore = false;
}

/* A call that names the peer ends before another one's message. */
static bool is_from(struct frames_rx *rx, struct zmq_pipe *pipe)
{
	if (!rx->named)
		return true;
	if (!rx->nr) {
		rx->from = pipe;
		if (pipe)
			zmq_pipe_get(pipe);
	}
	return rx->from == pipe;
}

/* With SO_PASSCRED a call ends before another sender's message. It leaves room
 * for what it says of the sender, but for the first message, which comes first.
 */
static bool goes_along(struct frames_rx *rx, const struct zmq_frame *f,
		       u64 frames)
{
	const unsigned int say = DIV_ROUND_UP(CMSG_SPACE(sizeof(struct ucred)),
					      sizeof(*rx->desc));
	const struct zmq_peercred *sender;

	if (!is_from(rx, f->pipe ?: f->body))
		return false;
	if (!rx->passcred)
		return true;
	sender = zmq_sock_sender(f);
	if (!rx->nr) {
		if (sender)
			zmq_peercred_copy(&rx->sender, sender);
		return true;
	}
	return zmq_peercred_equal(sender, rx->sender.pid ? &rx->sender : NULL) &&
	       rx->nr + frames + say <= rx->max;
}

/* Take the message that begins with @f: 0, 1 if it must stay, or an error. */
static int take_message(struct frames_rx *rx, const struct zmq_frame *f,
			bool peek)
{
	const unsigned int before = rx->nr;
	u64 bytes, frames;
	int err;

	err = measure(f, &bytes, &frames);
	if (err)
		return err;
	if (bytes > rx->room || frames > rx->max - rx->nr)
		return before ? 1 : (say_need(rx, bytes, frames) ?: 1);
	if (before && before + frames > FRAMES_BATCH)
		return 1;
	if (!goes_along(rx, f, frames))
		return 1;
	if (!grow(rx, before + frames))
		return -ENOMEM;
	if (control_faults(rx, before + frames))
		return -EFAULT;
	err = copy_message(rx, f);
	if (err) {
		rx->nr = before;
		return err;
	}
	rx->room -= bytes;
	rx->got += bytes;
	if (!peek)
		consume(rx->zsk, f, frames);
	return 0;
}

static bool prepare_gather(struct frames_rx *rx)
{
	unsigned int most = min_t(unsigned int, rx->max, FRAMES_BATCH);

	if (rx->nr >= most || !grow(rx, rx->nr + 1))
		return false;
	if (!rx->gather)
		rx->gather = kmalloc(GATHER_SIZE, GFP_KERNEL);
	return rx->gather;
}

/* Many small messages at once. Return: how many; 0 to take a message by itself,
 * which also tells what is wrong.
 */
static unsigned int take_small(struct frames_rx *rx)
{
	const struct zmq_pattern *pattern = rx->zsk->core.pattern;
	struct iov_iter to = rx->m->msg_iter;
	struct zmq_gather g = {};

	if (!pattern->alone || rx->passcred)
		return 0;
	g.pipe = pattern->alone(&rx->zsk->core, &g.msgs_max);
	if (!g.pipe || (rx->nr && !is_from(rx, g.pipe)) ||
	    !prepare_gather(rx))
		return 0;
	g.to = rx->gather;
	g.room = min_t(size_t, GATHER_SIZE, rx->room);
	g.desc = rx->desc + rx->nr;
	g.cap = min_t(unsigned int, rx->cap, FRAMES_BATCH) - rx->nr;
	if (!zmq_gather(&g))
		return 0;
	if (control_faults(rx, rx->nr + g.frames) ||
	    copy_to_iter(g.to, g.bytes, &rx->m->msg_iter) != g.bytes) {
		rx->m->msg_iter = to;
		return 0;
	}
	is_from(rx, g.pipe);
	rx->nr += g.frames;
	rx->room -= g.bytes;
	rx->got += g.bytes;
	rx->zsk->rcvmore = false;
	zmq_pipe_consume_msgs(g.pipe, g.len, g.msgs);
	return g.msgs;
}

/* As many messages as are there and fit. Return: 0, 1 if some stay, or an
 * error.
 */
static int take_messages(struct frames_rx *rx, struct zmq_frame *f)
{
	const struct zmq_pattern *pattern = rx->zsk->core.pattern;
	int ret = 0;

	while (!ret) {
		if (!take_small(rx))
			ret = take_message(rx, f, false);
		if (!ret)
			ret = pattern->peek(&rx->zsk->core, f);
	}
	return ret;
}

/**
 * zmq_sock_recv_frames() - receive as many whole messages as there is room for
 * @zsk: the socket
 * @m: where they go; the control buffer gets the frame table
 * @size: room for data
 * @flags: MSG_PEEK looks at one message, MSG_EOR takes one
 * @patience: how long the call may wait for the first one
 *
 * Of a message that was begun frame by frame the rest is received. Messages
 * from different pipes come in one call as they would in several; with
 * SO_PASSCRED only those of one sender.
 *
 * Context: Process context, socket lock held.
 * Return: bytes; 0, MSG_TRUNC and ZMQ_FRAMES_NEED if the first message has no
 *	room; -EMSGSIZE if that cannot be said; or as zmq_sock_recvmsg().
 */
ssize_t zmq_sock_recv_frames(struct zmq_sock *zsk, struct msghdr *m,
			     size_t size, int flags,
			     struct zmq_patience *patience)
{
	struct frames_rx rx = {
		.zsk = zsk,
		.m = m,
		.room = size,
		.passcred = zmq_passcred(&zsk->sk),
		.named = zsk->core.opts.name_form && m->msg_name,
	};
	struct zmq_frame f;
	int err;

	if (m->msg_controllen < CMSG_LEN(sizeof(struct zmq_frame_desc)))
		return -EMSGSIZE;
	rx.max = min_t(size_t, FRAMES_MAX, (m->msg_controllen - CMSG_LEN(0)) /
		       sizeof(struct zmq_frame_desc));

	err = zmq_sock_wait_for_frame(zsk, &f, patience);
	if (!err)
		err = flags & (MSG_PEEK | MSG_EOR) ?
		      take_message(&rx, &f, flags & MSG_PEEK) :
		      take_messages(&rx, &f);
	if (rx.nr) {
		m->msg_flags |= MSG_EOR;
		err = put_cmsg(m, SOL_ZMQ, ZMQ_FRAMES,
			       rx.nr * sizeof(*rx.desc), rx.desc);
		/* Probed by control_faults(), and no reason to lose messages. */
		if (!err && rx.sender.pid)
			zmq_sock_put_cred(m, &rx.sender);
	}
	if (rx.from) {
		zmq_sock_tell_name(zsk, m, rx.from);
		zmq_pipe_put(rx.from);
	}
	zmq_peercred_put(&rx.sender);
	kfree(rx.gather);
	kvfree(rx.desc);
	return err < 0 ? err : rx.got;
}
