/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _ZMQ_PATTERN_H
#define _ZMQ_PATTERN_H

#include "pipe/pipe.h"

enum zmq_pattern_flag {
	ZMQ_PAT_SEND		= 1 << 0,	/* send() is in the pattern */
	ZMQ_PAT_RECV		= 1 << 1,	/* recv() is in the pattern */
	ZMQ_PAT_WIRE_ID		= 1 << 2,	/* tells its routing id to peers */
	ZMQ_PAT_ADDRESSED	= 1 << 3,	/* the first frame sent is a routing id */
	ZMQ_PAT_FILTERS		= 1 << 4,	/* peek() may discard: ask @glance, then it */
	ZMQ_PAT_NO_LINGER	= 1 << 5,	/* nothing worth lingering for */
	ZMQ_PAT_ONE_CONNECT	= 1 << 6,	/* a second connect to an endpoint does nothing */
};

/**
 * struct zmq_pattern - the routing rules of one socket type
 * @name: "PUSH", as in READY's Socket-Type
 * @type: ZMQ_PUSH ...
 * @flags: enum zmq_pattern_flag
 * @ops: what pipes tell it
 * @init: make core->priv. Process context. May be NULL.
 * @destroy: free core->priv; no pipe is left. Process context. May be NULL.
 * @begin: the first frame of a message is about to be sent: check the state,
 *	choose and hold msg->pipe where the pattern sends to one peer, put a
 *	prefix with zmq_msg_put_bytes(). Socket lock. 0, -EAGAIN when the caller
 *	should wait for credit, -EBADFD in the wrong state.
 * @address: like @begin for ZMQ_PAT_ADDRESSED, with msg->id set.
 * @number_of: the number of the peer with that address of the transport's, as
 *	zmq_sockname_take() makes it, or 0; for ZMQ_PAT_ADDRESSED. Socket lock.
 * @admit: the first of several frames is there: may the message go on? For
 *	patterns where what it says decides whether it has to wait, so that only
 *	the first frame ever does. Socket lock. 0 or -EAGAIN. May be NULL.
 * @send: the message is whole: give it to its pipe or pipes, flush them with
 *	@more (the caller has another message at hand). Socket lock. 0, or
 *	-EAGAIN if the chosen peer is gone and no other has credit: the message
 *	stays as it is and is offered again.
 * @burst: how many messages for the same peer @send may be given in one, without
 *	@begin; 1 or less for one at a time. Socket lock. NULL for never.
 * @can_send: would begin() succeed: 0 or its error. Any context, no lock: a
 *	glance with READ_ONCE(); exact while nobody else uses the socket.
 * @can_retry: the same for the message that was just refused with -EAGAIN, where
 *	a message may need the credit of certain pipes. NULL for @can_send.
 * @peek: find the frame that recv returns, discarding what the pattern never
 *	delivers. Must be repeatable: nothing visible changes until consume().
 *	Socket lock. 0, -EAGAIN, -EBADFD.
 * @alone: the pipe whose messages peek() would find one after the other, with
 *	their number, if it is one only. Socket lock. NULL for never.
 * @has_input: there may be something to peek() at besides core->ready. Any
 *	context, no lock. May be NULL.
 * @glance: whether peek() would find a frame, as far as that can be told with
 *	READ_ONCE(). Any context, no lock. 0 if so, -EBADFD if not, -EAGAIN to ask
 *	it. With ZMQ_PAT_FILTERS alone.
 * @consume: the frame that peek() found was delivered. Socket lock.
 * @abandon: nobody will read the rest of the message of core->rx_pipe. Socket
 *	lock. NULL for zmq_fq_skip().
 * @setopt: an option of the pattern's own, @len bytes at @val. Socket lock.
 *	-ENOPROTOOPT if it is none of its own.
 * @getopt: int-valued option of the pattern's own, likewise.
 */
struct zmq_pattern {
	const char	*name;
	u8		type;
	unsigned int	flags;

	struct zmq_pipe_ops ops;

	int	(*init)(struct zmq_core *core);
	void	(*destroy)(struct zmq_core *core);
	int	(*begin)(struct zmq_core *core, struct zmq_msg *msg);
	int	(*address)(struct zmq_core *core, struct zmq_msg *msg);
	u32	(*number_of)(struct zmq_core *core, const void *addr, size_t len);
	int	(*admit)(struct zmq_core *core, struct zmq_msg *msg);
	int	(*send)(struct zmq_core *core, struct zmq_msg *msg, bool more);
	unsigned int (*burst)(const struct zmq_core *core);
	int	(*can_send)(const struct zmq_core *core);
	int	(*can_retry)(const struct zmq_core *core);
	int	(*peek)(struct zmq_core *core, struct zmq_frame *f);
	struct zmq_pipe *(*alone)(struct zmq_core *core, unsigned int *msgs);
	bool	(*has_input)(const struct zmq_core *core);
	int	(*glance)(const struct zmq_core *core);
	void	(*consume)(struct zmq_core *core, const struct zmq_frame *f);
	void	(*abandon)(struct zmq_core *core);
	int	(*setopt)(struct zmq_core *core, int opt, const void *val,
			  size_t len);
	int	(*getopt)(struct zmq_core *core, int opt, int *val);
};

/* What patterns have that send each message to the next peer. */
#define ZMQ_PATTERN_BALANCES			\
	.begin		= zmq_lb_begin,		\
	.send		= zmq_lb_send,		\
	.burst		= zmq_lb_burst,		\
	.can_send	= zmq_lb_can_send

/* What patterns have whose user reads a message of each peer in turn. */
#define ZMQ_PATTERN_QUEUES			\
	.peek		= zmq_fq_peek,		\
	.consume	= zmq_fq_consume,	\
	.alone		= zmq_fq_alone

const struct zmq_pattern *zmq_pattern_find(int type);

int zmq_pattern_alloc(struct zmq_core *core, size_t size);
void zmq_pattern_free(struct zmq_core *core);
bool zmq_pattern_discard(struct zmq_core *core, struct zmq_pipe *pipe);
int zmq_pattern_set_flag(bool *flag, const void *val, size_t len);
int zmq_pattern_has_credit(struct zmq_pipe *const *refused);
void zmq_pattern_probe(struct zmq_core *core, struct zmq_pipe *pipe);

extern const struct zmq_pattern zmq_pair_pattern;
extern const struct zmq_pattern zmq_push_pattern;
extern const struct zmq_pattern zmq_pull_pattern;
extern const struct zmq_pattern zmq_pub_pattern;
extern const struct zmq_pattern zmq_xpub_pattern;
extern const struct zmq_pattern zmq_sub_pattern;
extern const struct zmq_pattern zmq_xsub_pattern;
extern const struct zmq_pattern zmq_req_pattern;
extern const struct zmq_pattern zmq_rep_pattern;
extern const struct zmq_pattern zmq_dealer_pattern;
extern const struct zmq_pattern zmq_router_pattern;
extern const struct zmq_pattern zmq_stream_pattern;

#endif /* _ZMQ_PATTERN_H */
