// SPDX-License-Identifier: GPL-2.0-only
/*
 * Whole messages, many a call: the bodies of their frames one after the other
 * in the data, their lengths in a control message. Either all of a message is
 * sent or received or nothing, so tasks that share the socket need no lock.
 */

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

/* ---- sending ---- */

/* Frames of the message that begins at @desc; 0 if it does not end. */
static unsigned int count_frames(const struct zmq_frame_desc *desc,
				 unsigned int nr)
{
	unsigned int i;

	for (i = 0; i < nr; i++)
		if (!(desc[i].flags & ZMQ_FRAME_MORE))
			return i + 1;
	return 0;
}

static u64 count_bytes(const struct zmq_frame_desc *desc, unsigned int nr)
{
	u64 bytes = 0;

	while (nr--)
		bytes += desc++->len;
	return bytes;
}

static int check_frames(const struct zmq_frame_desc *desc, unsigned int nr,
			size_t len)
{
	unsigned int i;

	if (!nr || desc[nr - 1].flags & ZMQ_FRAME_MORE)
		return -EINVAL;
	for (i = 0; i < nr; i++)
		if (desc[i].flags & ~ZMQ_FRAME_MORE)
			return -EINVAL;
	return count_bytes(desc, nr) == len ? 0 : -EINVAL;
}

/**
 * zmq_sock_find_frames() - the frame table that came with a sendmsg()
 * @m: the message header, its control data in kernel memory
 * @len: bytes of data
 * @desc: set to the table, or NULL if there is none
 * @nr: set to the frames in it
 *
 * Context: Any.
 * Return: 0; -EINVAL for a malformed table, for one with MSG_MORE, which says
 *	that what is whole is not, and for any other control message.
 */
int zmq_sock_find_frames(struct msghdr *m, size_t len,
			 const struct zmq_frame_desc **desc, unsigned int *nr)
{
	struct cmsghdr *cmsg;
	size_t size;

	*desc = NULL;
	for_each_cmsghdr(cmsg, m) {
		if (!CMSG_OK(m, cmsg) || cmsg->cmsg_level != SOL_ZMQ ||
		    cmsg->cmsg_type != ZMQ_FRAMES || *desc)
			return -EINVAL;
		size = cmsg->cmsg_len - sizeof(*cmsg);
		if (size % sizeof(**desc))
			return -EINVAL;
		*desc = CMSG_DATA(cmsg);
		*nr = size / sizeof(**desc);
	}
	if (!*desc)
		return 0;
	return m->msg_flags & MSG_MORE ? -EINVAL : check_frames(*desc, *nr, len);
}

/* Nothing is left behind by a message that cannot go. */
static int send_message(struct zmq_sock *zsk, struct msghdr *m,
			const struct zmq_frame_desc *desc, unsigned int nr)
{
	const unsigned int flags = m->msg_flags;
	struct zmq_msg_mark mark;
	unsigned int i;
	int err = 0;

	/* Somebody sends a message frame by frame: it cannot be completed by
	 * what is a message in itself.
	 */
	if (zsk->tx.started)
		return -EBADFD;
	/* To a stream goes an address and what is to be written there. */
	if (zsk->core.owner.raw && nr > 2)
		return -EINVAL;

	zmq_msg_mark(&zsk->tx, &mark);
	for (i = 0; !err && i < nr; i++) {
		m->msg_flags = flags;
		if (i + 1 < nr)
			m->msg_flags |= MSG_MORE;
		err = zmq_sock_put_frame(zsk, m, desc[i].len);
	}
	m->msg_flags = flags;
	if (err) {
		zmq_msg_rollback(&zsk->tx, &mark);
		zmq_sock_forget_message(zsk);
	}
	return err;
}

static int send_or_wait(struct zmq_sock *zsk, struct msghdr *m,
			const struct zmq_frame_desc *desc, unsigned int nr,
			struct zmq_patience *patience)
{
	struct iov_iter from = m->msg_iter;
	int err;

	for (;;) {
		err = send_message(zsk, m, desc, nr);
		if (err != -EAGAIN)
			return err;
		m->msg_iter = from;
		err = zmq_sock_wait_to_send(zsk, m, patience);
		if (err)
			return err;
	}
}

/* Many messages for the same peer at once. Return: the frames that went, 0 to
 * send one message, which also tells what is wrong.
 */
static unsigned int send_burst(struct zmq_sock *zsk, struct msghdr *m,
			       const struct zmq_frame_desc *desc,
			       unsigned int nr)
{
	const struct zmq_pattern *pattern = zsk->core.pattern;
	struct iov_iter from = m->msg_iter;
	struct zmq_msg *msg = &zsk->tx;
	struct zmq_msg_mark mark;
	unsigned int most, n;

	if (!pattern->burst || msg->started ||
	    nr > ZMQ_INT_LIMIT(zsk->core.owner.zn, max_msg_frames))
		return 0;
	most = pattern->burst(&zsk->core);
	if (most < 2)
		return 0;
	zmq_msg_mark(msg, &mark);
	n = zmq_msg_put_burst(msg, &m->msg_iter, desc, nr, most);
	if (n && pattern->send(&zsk->core, msg,
			       n < nr || m->msg_flags & MSG_BATCH)) {
		zmq_msg_rollback(msg, &mark);
		m->msg_iter = from;
		n = 0;
	}
	zmq_sock_forget_message(zsk);
	return n;
}

/* Return: the frames that went, or why the first message did not. */
static int send_some(struct zmq_sock *zsk, struct msghdr *m,
		     const struct zmq_frame_desc *desc, unsigned int nr,
		     struct zmq_patience *patience)
{
	unsigned int n = send_burst(zsk, m, desc, nr);

	if (n)
		return n;
	n = count_frames(desc, nr);
	if (n < nr)
		m->msg_flags |= MSG_BATCH;
	return send_or_wait(zsk, m, desc, n, patience) ?: n;
}

/**
 * zmq_sock_send_frames() - send whole messages
 * @zsk: the socket
 * @m: the bodies of their frames
 * @desc: the frames, checked by zmq_sock_find_frames()
 * @nr: how many frames
 * @patience: how long the call may sleep
 *
 * Ends before a message without a byte, unless that is the first one: so the
 * number of bytes always tells what was sent.
 *
 * Context: Process context, socket lock held.
 * Return: bytes of the messages sent, or why the first one was not: -EBADFD
 *	if a message is being sent frame by frame, else as for
 *	zmq_sock_sendmsg().
 */
ssize_t zmq_sock_send_frames(struct zmq_sock *zsk, struct msghdr *m,
			     const struct zmq_frame_desc *desc, unsigned int nr,
			     struct zmq_patience *patience)
{
	const unsigned int flags = m->msg_flags;
	size_t sent = 0;
	u64 bytes;
	int n;

	do {
		if (sent && !count_bytes(desc, count_frames(desc, nr)))
			break;
		m->msg_flags = flags;
		n = send_some(zsk, m, desc, nr, patience);
		if (n < 0)
			return sent ?: n;
		bytes = count_bytes(desc, n);
		sent += bytes;
		desc += n;
		nr -= n;
	} while (nr && bytes);
	return sent;
}

/* ---- receiving ---- */

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

/* Look at the frames that follow @f; @f may be in a pattern's memory, and they
 * are in a pipe.
 */
static int walk_behind(struct zmq_pipe_walk *walk, const struct zmq_frame *f)
{
	struct zmq_hdr hdr;

	zmq_pipe_walk_begin(walk, f->pipe ?: f->body);
	return f->pipe ? zmq_pipe_walk_next(walk, &hdr) : 0;
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
	if (!f->more)
		return 0;
	err = walk_behind(&walk, f);
	if (err)
		return err;
	do {
		err = zmq_pipe_walk_next(&walk, &hdr);
		if (!err)
			err = zmq_pipe_walk_copy(&walk, &rx->m->msg_iter);
		if (!err)
			err = rest(rx->nr);
		if (err)
			return err;
		add_desc(rx, hdr.len, hdr.flags & ZMTP_MORE);
	} while (hdr.flags & ZMTP_MORE);
	return 0;
}

static int measure(const struct zmq_frame *f, u64 *bytes, u64 *frames)
{
	struct zmq_pipe_walk walk;
	struct zmq_hdr hdr;
	int err;

	*bytes = f->len;
	*frames = 1;
	if (!f->more)
		return 0;
	err = walk_behind(&walk, f);
	if (err)
		return err;
	do {
		err = zmq_pipe_walk_next(&walk, &hdr);
		if (!err)
			err = rest(++*frames);
		if (err)
			return err;
		*bytes += hdr.len;
	} while (hdr.flags & ZMTP_MORE);
	return 0;
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
