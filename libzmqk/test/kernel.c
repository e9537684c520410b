// SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
/*
 * A stand-in for an AF_ZMQ socket: what sendmsg() sends, recvmsg() receives, by
 * the rules of ZMQ_FRAMES. Any number of threads may use it.
 */
#include <pthread.h>
#include <stdlib.h>
#include <time.h>
/* Needs <time.h> before it. */
#include <linux/errqueue.h>

#include "test.h"

#define MESSAGES_MAX	4096

/* A message in the queue */
struct message {
	struct zmq_frame_desc *desc;
	size_t n;
	char *data;
	size_t len;
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct message queue[MESSAGES_MAX];
static unsigned int head, tail;
static struct zmqk_cred cred = { 11, 22, 33 };

struct kernel kernel;

void kernel_reset(void)
{
	while (head != tail) {
		free(queue[head].desc);
		free(queue[head].data);
		head = (head + 1) % MESSAGES_MAX;
	}
	kernel = (struct kernel){};
}

static int fail(int err)
{
	errno = err;
	return -1;
}

static struct message *push(const struct zmq_frame_desc *desc, size_t n, size_t len)
{
	struct message *m = &queue[tail];

	tail = (tail + 1) % MESSAGES_MAX;
	if (head == tail)
		abort();
	m->desc = calloc(n, sizeof(*desc));
	memcpy(m->desc, desc, n * sizeof(*desc));
	m->n = n;
	m->data = malloc(len + 1);
	m->len = len;
	return m;
}

/* Copies @len bytes from or to the pieces of @mh behind the first @at. */
static void copy_pieces(const struct msghdr *mh, size_t at, char *data, size_t len, bool to)
{
	size_t i;

	for (i = 0; i < mh->msg_iovlen && len; i++) {
		struct iovec *iov = &mh->msg_iov[i];
		size_t n = iov->iov_len > at ? iov->iov_len - at : 0;

		if (n > len)
			n = len;
		if (n && to)
			memcpy((char *)iov->iov_base + at, data, n);
		else if (n)
			memcpy(data, (char *)iov->iov_base + at, n);
		at = n ? 0 : at - iov->iov_len;
		data += n;
		len -= n;
	}
}

static size_t room_of(const struct msghdr *mh)
{
	size_t i, len = 0;

	for (i = 0; i < mh->msg_iovlen; i++)
		len += mh->msg_iov[i].iov_len;
	return len;
}

/* One message of those that @mh has. Returns its frames. */
static size_t take_in(const struct msghdr *mh, const struct zmq_frame_desc *desc, size_t at,
		      size_t *bytes)
{
	struct message *m;
	size_t n = 0, len = 0;

	do
		len += desc[n].len;
	while (desc[n++].flags & ZMQ_FRAME_MORE);
	m = push(desc, n, len);
	copy_pieces(mh, at, m->data, len, false);
	*bytes = len;
	return n;
}

static ssize_t send_table(const struct msghdr *mh, const struct zmq_frame_desc *desc, size_t n)
{
	size_t sent = 0, bytes, i;
	int msgs = 0;

	for (i = 0, bytes = 0; i < n; i++)
		bytes += desc[i].len;
	if (!n || desc[n - 1].flags || bytes != room_of(mh))
		return fail(EINVAL);
	do {
		if (sent && !desc->len && !desc->flags)
			break;
		if (kernel.takes && msgs == kernel.takes)
			break;
		i = take_in(mh, desc, sent, &bytes);
		desc += i;
		n -= i;
		sent += bytes;
		msgs++;
	} while (n && bytes);
	return sent;
}

ssize_t __wrap_sendmsg(int fd, const struct msghdr *mh, int flags)
{
	struct cmsghdr *cmsg = CMSG_FIRSTHDR(mh);
	ssize_t ret;

	if (fd != FD || !cmsg || cmsg->cmsg_level != SOL_ZMQ || cmsg->cmsg_type != ZMQ_FRAMES ||
	    CMSG_NXTHDR((struct msghdr *)mh, cmsg) || mh->msg_iovlen > 1024)
		return fail(EFAULT);
	pthread_mutex_lock(&lock);
	kernel.sendmsgs++;
	kernel.flags = flags;
	kernel.namelen = mh->msg_namelen;
	if (kernel.send_errno && kernel.send_after-- <= 0)
		ret = fail(kernel.send_errno);
	else
		ret = send_table(mh, (struct zmq_frame_desc *)CMSG_DATA(cmsg),
				 (cmsg->cmsg_len - CMSG_LEN(0)) / sizeof(struct zmq_frame_desc));
	pthread_mutex_unlock(&lock);
	return ret;
}

static char *put_control(struct msghdr *mh, char *at, int level, int type, const void *data,
			 size_t len)
{
	struct cmsghdr *cmsg = (struct cmsghdr *)at;
	char *end = (char *)mh->msg_control + mh->msg_controllen;

	if (at + CMSG_LEN(len) > end) {
		mh->msg_flags |= MSG_CTRUNC;
		return at;
	}
	cmsg->cmsg_level = level;
	cmsg->cmsg_type = type;
	cmsg->cmsg_len = CMSG_LEN(len);
	memcpy(CMSG_DATA(cmsg), data, len);
	return at + CMSG_SPACE(len) > end ? end : at + CMSG_SPACE(len);
}

static ssize_t say_need(struct msghdr *mh, const struct message *m)
{
	struct zmq_frames_need need = { .bytes = m->len, .frames = m->n };

	if (mh->msg_controllen < CMSG_LEN(sizeof(need)))
		return fail(EMSGSIZE);
	mh->msg_flags |= MSG_TRUNC;
	mh->msg_controllen = put_control(mh, mh->msg_control, SOL_ZMQ, ZMQ_FRAMES_NEED, &need,
					 sizeof(need)) - (char *)mh->msg_control;
	return 0;
}

static void drop_head(void)
{
	free(queue[head].desc);
	free(queue[head].data);
	head = (head + 1) % MESSAGES_MAX;
}

static ssize_t recv_frames(struct msghdr *mh, int flags)
{
	size_t max = (mh->msg_controllen - CMSG_LEN(0)) / sizeof(struct zmq_frame_desc);
	struct zmq_frame_desc desc[8192];
	size_t room = room_of(mh), got = 0, n = 0;
	char *at = mh->msg_control;

	while (head != tail) {
		struct message *m = &queue[head];

		if (m->len > room - got || m->n > max - n) {
			if (!n)
				return say_need(mh, m);
			break;
		}
		copy_pieces(mh, got, m->data, m->len, true);
		memcpy(desc + n, m->desc, m->n * sizeof(*desc));
		got += m->len;
		n += m->n;
		if (flags & MSG_PEEK)
			break;
		drop_head();
		if (flags & MSG_EOR)
			break;
	}
	mh->msg_flags |= MSG_EOR;
	at = put_control(mh, at, SOL_ZMQ, ZMQ_FRAMES, desc, n * sizeof(*desc));
	if (kernel.passcred)
		at = put_control(mh, at, SOL_SOCKET, SCM_CREDENTIALS, &cred, sizeof(cred));
	mh->msg_controllen = at - (char *)mh->msg_control;
	return got;
}

/* Without a control buffer, or ZMQ_RCVFRAMES, a frame. */
static ssize_t recv_frame(struct msghdr *mh, int flags)
{
	struct message *m = &queue[head];
	size_t len = m->desc->len, room = room_of(mh);

	mh->msg_controllen = 0;
	copy_pieces(mh, 0, m->data, len < room ? len : room, true);
	if (len > room)
		mh->msg_flags |= MSG_TRUNC;
	if (!(m->desc->flags & ZMQ_FRAME_MORE))
		mh->msg_flags |= MSG_EOR;
	if (!(flags & MSG_PEEK)) {
		memmove(m->data, m->data + len, m->len - len);
		memmove(m->desc, m->desc + 1, (m->n - 1) * sizeof(*m->desc));
		m->len -= len;
		if (!--m->n)
			drop_head();
	}
	return flags & MSG_TRUNC || len < room ? len : room;
}

static ssize_t recv_note(struct msghdr *mh)
{
	struct sock_extended_err ee = { .ee_origin = SO_EE_ORIGIN_ZEROCOPY };
	struct timespec times[3] = {};
	char *at = mh->msg_control;

	if (kernel.note == kernel.nnotes)
		return fail(EAGAIN);
	ee.ee_info = kernel.notes[kernel.note].first;
	ee.ee_data = kernel.notes[kernel.note++].last;
	if (kernel.timestamps)
		at = put_control(mh, at, SOL_SOCKET, SCM_TIMESTAMPING, times, sizeof(times));
	at = put_control(mh, at, SOL_ZMQ, ZMQ_RECVERR, &ee, sizeof(ee));
	mh->msg_controllen = at - (char *)mh->msg_control;
	return 0;
}

ssize_t __wrap_recvmsg(int fd, struct msghdr *mh, int flags)
{
	ssize_t ret;

	if (fd != FD)
		return fail(EBADF);
	pthread_mutex_lock(&lock);
	kernel.recvmsgs++;
	mh->msg_flags = 0;
	if (mh->msg_name && kernel.from_len) {
		memset(mh->msg_name, 0, kernel.from_len);
		((struct sockaddr *)mh->msg_name)->sa_family = AF_INET;
	}
	mh->msg_namelen = mh->msg_name ? kernel.from_len : 0;
	if (flags & MSG_ERRQUEUE)
		ret = recv_note(mh);
	else if (kernel.recv_errno)
		ret = fail(kernel.recv_errno);
	else if (head == tail)
		ret = fail(EAGAIN);
	else if (mh->msg_controllen && kernel.need_bytes)
		ret = say_need(mh, &(struct message){ .len = kernel.need_bytes, .n = 1 });
	else if (mh->msg_controllen && !kernel.foreign &&
		 (!kernel.single || flags & (MSG_EOR | MSG_WAITFORONE)))
		ret = recv_frames(mh, flags);
	else
		ret = recv_frame(mh, flags);
	pthread_mutex_unlock(&lock);
	return ret;
}
