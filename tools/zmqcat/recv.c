// SPDX-License-Identifier: GPL-2.0-only
/* Whole messages, as many a call as there are and as are wanted. */
#include <arpa/inet.h>
#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <linux/vm_sockets.h>
#include "zmqcat.h"

#define FIRST_BYTES	(256 << 10)
#define FIRST_FRAMES	1024

/* Messages that were received and not yet handed out. */
static struct {
	char		*data;
	size_t		cap;
	char		*control;
	size_t		control_cap;
	size_t		at;		/* in data */
	unsigned int	frame;		/* the first that was not handed out */
	unsigned int	nr;
	struct zmq_frame_desc *frames;
	struct view	whose;
	int64_t		limit;
} batch = { .limit = -1 };

/**
 * recv_limit() - how many messages are still wanted
 * @messages: no more than these are taken from the socket; -1 for any number
 */
void recv_limit(int64_t messages)
{
	batch.limit = messages;
}

/* A UNIX socket's name: a path, or bytes of any value behind a 0. A socket need not have one. */
static void unix_name(const struct sockaddr_un *un, socklen_t len, char *to, size_t size)
{
	bool abstract;

	if (len <= offsetof(struct sockaddr_un, sun_path))
		return;
	len -= offsetof(struct sockaddr_un, sun_path);
	abstract = !*un->sun_path;
	snprintf(to, size, "ipc://%s%.*s", abstract ? "@" : "",
		 (int)len - abstract, un->sun_path + abstract);
}

static void peer_name(const struct sockaddr_storage *ss, socklen_t len, char *to,
		      size_t size)
{
	const struct sockaddr_zmq_peer *peer = (const void *)ss;
	const struct sockaddr_in6 *in6 = (const void *)ss;
	const struct sockaddr_in *in = (const void *)ss;
	const struct sockaddr_un *un = (const void *)ss;
	const struct sockaddr_vm *vm = (const void *)ss;
	char text[INET6_ADDRSTRLEN];

	*to = 0;
	if (len < sizeof(sa_family_t))
		return;
	switch (ss->ss_family) {
	case AF_INET:
		inet_ntop(AF_INET, &in->sin_addr, text, sizeof(text));
		snprintf(to, size, "tcp://%s:%u", text, ntohs(in->sin_port));
		break;
	case AF_INET6:
		inet_ntop(AF_INET6, &in6->sin6_addr, text, sizeof(text));
		snprintf(to, size, "tcp://[%s]:%u", text, ntohs(in6->sin6_port));
		break;
	case AF_UNIX:
		unix_name(un, len, to, size);
		break;
	case AF_VSOCK:
		snprintf(to, size, "vsock://%u:%u", vm->svm_cid, vm->svm_port);
		break;
	default:
		snprintf(to, size, "#%u", peer->szmq_peer);
	}
}

/* Room in the control buffer for so many frames. The kernel leaves as much for the sender
 * as CMSG_SPACE() says, also where it tells of none.
 */
static size_t room_for(const struct config *c, size_t frames)
{
	size_t room = CMSG_LEN(frames * sizeof(struct zmq_frame_desc));

	return c->show & SHOW_SENDER ? room + CMSG_SPACE(sizeof(struct ucred)) : room;
}

static void grow(size_t bytes, size_t frames)
{
	if (bytes > batch.cap) {
		batch.data = xrealloc(batch.data, bytes);
		batch.cap = bytes;
	}
	if (frames > batch.control_cap) {
		batch.control = xrealloc(batch.control,
					 CMSG_SPACE(frames * sizeof(struct zmq_frame_desc)) +
					 CMSG_SPACE(sizeof(struct ucred)));
		batch.control_cap = frames;
	}
}

/* Return: how many frames there must be room for, 0 if there was enough. */
static size_t take_control(struct msghdr *h)
{
	const struct zmq_frames_need *need;
	struct cmsghdr *cm;

	batch.nr = 0;
	batch.whose.has_sender = false;
	for (cm = CMSG_FIRSTHDR(h); cm; cm = CMSG_NXTHDR(h, cm)) {
		size_t len = cm->cmsg_len - CMSG_LEN(0);

		if (cm->cmsg_level == SOL_ZMQ && cm->cmsg_type == ZMQ_FRAMES) {
			batch.frames = (void *)CMSG_DATA(cm);
			batch.nr = len / sizeof(*batch.frames);
		} else if (cm->cmsg_level == SOL_ZMQ && cm->cmsg_type == ZMQ_FRAMES_NEED) {
			need = (const void *)CMSG_DATA(cm);
			grow(need->bytes, need->frames);
			return need->frames;
		} else if (cm->cmsg_level == SOL_SOCKET && cm->cmsg_type == SCM_CREDENTIALS) {
			memcpy(&batch.whose.sender, CMSG_DATA(cm), sizeof(struct ucred));
			batch.whose.has_sender = true;
		}
	}
	return 0;
}

static ssize_t receive(int fd, struct msghdr *h, size_t room, int flags)
{
	static struct iovec iov;

	iov.iov_base = batch.data;
	iov.iov_len = batch.cap;
	h->msg_namelen = sizeof(struct sockaddr_storage);
	h->msg_iov = &iov;
	h->msg_iovlen = 1;
	h->msg_control = batch.control;
	h->msg_controllen = room;
	return recvmsg(fd, h, MSG_DONTWAIT | flags);
}

/* How many frames the first message has: what is shown by MSG_PEEK is one message. */
static int measure(int fd, const struct config *c, struct msghdr *h, size_t *frames)
{
	if (receive(fd, h, room_for(c, batch.control_cap), MSG_PEEK) < 0)
		return -1;
	*frames = take_control(h) ?: batch.nr;
	return 0;
}

/* A message has a frame at least, so room for as many frames is room for no more messages.
 * Return: 0; -1 and errno, EAGAIN if there is nothing.
 */
static int fill(int fd, const struct config *c)
{
	struct sockaddr_storage from;
	struct msghdr h = { .msg_name = &from };
	size_t frames, need;

	batch.nr = 0;
	batch.frame = 0;
	batch.at = 0;
	grow(FIRST_BYTES, FIRST_FRAMES);
	frames = batch.control_cap;
	if (batch.limit >= 0 && (size_t)batch.limit < frames)
		frames = batch.limit;
	while (true) {
		if (receive(fd, &h, room_for(c, frames), 0) < 0) {
			/* There was no room even to say how much it takes. */
			if (errno != EMSGSIZE || measure(fd, c, &h, &frames))
				return -1;
			continue;
		}
		need = take_control(&h);
		if (!need)
			break;
		frames = need;
	}
	peer_name(&from, h.msg_namelen, batch.whose.peer, sizeof(batch.whose.peer));
	return 0;
}

/**
 * recv_next() - the next message
 * @fd: the socket
 * @c: the configuration
 * @v: it, valid until the next call
 *
 * Return: 0; -1 and errno, EAGAIN if there is none.
 */
int recv_next(int fd, const struct config *c, struct view *v)
{
	size_t len = 0;

	if (batch.frame == batch.nr && fill(fd, c)) {
		batch.nr = 0;
		return -1;
	}
	*v = batch.whose;
	v->data = batch.data + batch.at;
	v->frame = batch.frames + batch.frame;
	v->nr = 0;
	while (batch.frame < batch.nr) {
		len += batch.frames[batch.frame].len;
		v->nr++;
		if (!(batch.frames[batch.frame++].flags & ZMQ_FRAME_MORE))
			break;
	}
	batch.at += len;
	return 0;
}
