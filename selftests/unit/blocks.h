/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A socket's core with peers, for tests of who is next. The pipes are the
 * module's own; what is faked lies below them: a connection notes what it is
 * given and fails when it is told to.
 */
#ifndef _UNIT_BLOCKS_H
#define _UNIT_BLOCKS_H

#include "pipe/pipe.h"
#include "test.h"

/**
 * struct peer - the other end of a pipe
 * @conn: stands for the connection
 * @pipe: the pipe, held
 * @number: which peer it is
 * @err: what every write to it says
 * @got: messages written to it
 * @last: number of the last of them
 * @flushed: times that it was flushed
 * @later: times with more to come
 * @made: messages that it sent
 */
struct peer {
	struct zmq_conn	conn;
	struct zmq_pipe	*pipe;
	unsigned int	number;
	int		err;
	unsigned int	got;
	unsigned int	last;
	unsigned int	flushed;
	unsigned int	later;
	unsigned int	made;
};

/**
 * struct stand - a socket
 * @core: what is tested
 * @sk: its struct sock
 * @net: its namespace
 * @zmq_net: and ours
 * @mib: counters
 * @ops: of a pattern that takes any peer
 * @msg: the message that is being sent
 * @sent: number of the last message
 * @peers: every peer that there was
 * @nr: how many
 * @charged: memory charged for received messages
 * @resumed: times that reading went on
 */
struct stand {
	struct zmq_core		core;
	struct sock		sk;
	struct net		net;
	struct zmq_net		zmq_net;
	struct zmq_mib		mib;
	struct zmq_pipe_ops	ops;
	struct zmq_msg		msg;
	unsigned int		sent;
	struct peer		**peers;
	unsigned int		nr;
	long			charged;
	unsigned int		resumed;
};

/* The frame that was read: of which message of which peer, and its place. */
struct got_frame {
	unsigned int	peer;
	unsigned int	msg;
	unsigned int	frame;
	bool		more;
};

void stand_init(struct stand *s, unsigned int peers);
void stand_exit(struct stand *s);
struct peer *stand_join(struct stand *s);
void stand_leave(struct peer *peer);
unsigned long stand_count(const struct stand *s, enum zmq_mib_field field);

/* A peer sends frames @from to @to of a message of @frames. */
void peer_sends_frames(struct peer *peer, unsigned int from, unsigned int to,
		       unsigned int frames);
void peer_sends(struct peer *peer, unsigned int frames);

/* -EAGAIN if there is none. */
int stand_read_frame(struct stand *s, struct got_frame *got);
int stand_read(struct stand *s);

#endif
