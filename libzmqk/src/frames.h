/* SPDX-License-Identifier: LGPL-2.1-or-later OR MIT */
/* The kernel's form of whole messages: ZMQ_FRAMES. */
#ifndef ZMQK_FRAMES_H
#define ZMQK_FRAMES_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/socket.h>

#include "zmqk.h"

/* The kernel cuts what is longer in one call, a page below 2 GiB. */
#define ZMQK_BYTES_MAX		0x7ffff000

/* Flags that change what a call of sendmsg(2) is, so that it would not be what
 * was promised: half a message, and a number among those of a lender.
 */
#define ZMQK_FLAGS_REFUSED	(MSG_MORE | MSG_ZEROCOPY)

/* So many frames need no allocation to be sent. */
#define ZMQK_FRAMES_STACK	64

/**
 * struct zmqk_frames - messages that are to be sent
 * @mh: what sendmsg(2) is given
 * @desc: the frames
 * @n: their number
 * @heap: memory to free(3), or NULL
 * @stack: room for few frames
 */
struct zmqk_frames {
	struct msghdr mh;
	struct zmq_frame_desc *desc;
	size_t n;
	void *heap;
	union {
		struct cmsghdr align;
		char room[CMSG_SPACE(ZMQK_FRAMES_STACK * sizeof(struct zmq_frame_desc))];
	} stack;
};

/**
 * zmqk__frames_begin - make room for a table of frames
 * @f: the frames; there are none yet
 * @max: how many there will be, at least 1
 *
 * Return: 0, or -1 with errno.
 */
int zmqk__frames_begin(struct zmqk_frames *f, size_t max);

/**
 * zmqk__frames_add - add a message to the table
 * @f: the frames
 * @parts: the message
 * @n: its parts, at least 1; there is room for them
 * @bytes: those of the message are added
 *
 * Return: 0, or -1 with EMSGSIZE if a call cannot carry so much.
 */
int zmqk__frames_add(struct zmqk_frames *f, const struct iovec *parts, size_t n, size_t *bytes);

/**
 * zmqk__frames_end - the table is complete
 * @f: the frames
 * @iov: their bodies
 * @niov: how many pieces these are in
 */
void zmqk__frames_end(struct zmqk_frames *f, const struct iovec *iov, size_t niov);

/**
 * zmqk__frames_free - undo zmqk__frames_begin(), errno stays
 * @f: the frames
 */
void zmqk__frames_free(struct zmqk_frames *f);

/**
 * struct zmqk_got - what recvmsg(2) said
 * @desc: the frames
 * @n: their number
 * @need: the room that is needed, if there was too little
 * @cred: who sent it
 * @has: ZMQK_HAS_CRED
 */
struct zmqk_got {
	const struct zmq_frame_desc *desc;
	size_t n;
	struct zmq_frames_need need;
	struct zmqk_cred cred;
	int has;
};

/* Room that the control buffer needs for so many frames, and for a sender */
#define ZMQK_CONTROL_LEN(frames) \
	(CMSG_SPACE((frames) * sizeof(struct zmq_frame_desc)) + \
	 CMSG_SPACE(sizeof(struct zmqk_cred)))

/**
 * zmqk__frames_recv - receive whole messages
 * @fd: the socket
 * @mh: where to
 * @flags: of recvmsg(2): MSG_EOR for a message, MSG_WAITFORONE for as many as
 *	there are; one of them asks for messages, whatever ZMQ_RCVFRAMES is
 * @got: set to what came
 *
 * Return: 0; 1 if there is too little room, and nothing was received; or -1
 *	with errno: EINVAL for the error queue's flag, ENOMSG from what is no
 *	AF_ZMQ socket.
 */
int zmqk__frames_recv(int fd, struct msghdr *mh, int flags, struct zmqk_got *got);

#endif /* ZMQK_FRAMES_H */
