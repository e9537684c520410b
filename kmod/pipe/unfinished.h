/* SPDX-License-Identifier: GPL-2.0-only */
/* Messages whose rest has not come, given up when memory is short. */
#ifndef _ZMQ_UNFINISHED_H
#define _ZMQ_UNFINISHED_H

struct zmq_pipe;

void zmq_unfinished_note_locked(struct zmq_pipe *pipe);
void zmq_unfinished_init_module(void);
void zmq_unfinished_exit_module(void);

#endif /* _ZMQ_UNFINISHED_H */
