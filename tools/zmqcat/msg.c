// SPDX-License-Identifier: GPL-2.0-only
/* A message that is put together and sent. */
#include <errno.h>
#include <string.h>
#include <sys/uio.h>
#include "zmqcat.h"

/* The kernel copies the control message into memory that net.core.optmem_max bounds. */
#define FRAMES_A_CALL 1000

void msg_clear(struct msg *m)
{
	m->len = 0;
	m->nr = 0;
	m->start = 0;
}

/* Add to the frame that is being put together. */
void msg_append(struct msg *m, const void *data, size_t len)
{
	if (m->cap - m->len < len) {
		m->cap = m->len + len > 2 * m->cap ? m->len + len : 2 * m->cap;
		m->data = xrealloc(m->data, m->cap);
	}
	if (len)
		memcpy(m->data + m->len, data, len);
	m->len += len;
}

void msg_end_frame(struct msg *m)
{
	size_t len = m->len - m->start;

	if (len > UINT32_MAX)
		die(STATUS_INPUT, "a frame of %zu bytes is too long", len);
	if (m->nr == m->room) {
		m->room = m->room ? 2 * m->room : 8;
		m->frame = xrealloc(m->frame, m->room * sizeof(*m->frame));
	}
	if (m->nr)
		m->frame[m->nr - 1].flags = ZMQ_FRAME_MORE;
	m->frame[m->nr].flags = 0;
	m->frame[m->nr++].len = len;
	m->start = m->len;
}

void msg_frame(struct msg *m, const void *data, size_t len)
{
	msg_append(m, data, len);
	msg_end_frame(m);
}

/* One frame, or with a separator as many as it makes. */
void msg_split(struct msg *m, const char *data, size_t len,
	       const struct text *separator)
{
	const char *end;

	while (separator->len) {
		end = memmem(data, len, separator->data, separator->len);
		if (!end)
			break;
		msg_frame(m, data, end - data);
		len -= end - data + separator->len;
		data = end + separator->len;
	}
	msg_frame(m, data, len);
}

/* Of so many frames that they do not fit into one call: one at a time. */
static int send_frames(int fd, struct msg *m)
{
	size_t at = 0;
	unsigned int i;
	int flags;

	for (i = 0; i < m->nr; i++) {
		/* Half a message waits for its rest: only the first may be refused. */
		flags = i ? 0 : MSG_DONTWAIT;
		if (i + 1 < m->nr)
			flags |= MSG_MORE;
		while (send(fd, m->data + at, m->frame[i].len, flags) < 0) {
			if (i && errno == EINTR && !wait_signal)
				continue;
			return -1;
		}
		at += m->frame[i].len;
	}
	return 0;
}

/**
 * msg_try_send() - send a whole message if that is possible now
 * @fd: the socket
 * @m: the message
 *
 * Return: 0; -1 and errno, EAGAIN if it would have to wait.
 */
int msg_try_send(int fd, struct msg *m)
{
	struct iovec iov = { m->data, m->len };
	union {
		struct cmsghdr align;
		char buf[CMSG_SPACE(FRAMES_A_CALL * sizeof(*m->frame))];
	} control;
	struct msghdr h = {
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = &control,
	};
	size_t len = m->nr * sizeof(*m->frame);
	struct cmsghdr *cm = &control.align;

	if (m->nr == 1)
		return send(fd, m->data, m->len, MSG_DONTWAIT) < 0 ? -1 : 0;
	if (m->nr > FRAMES_A_CALL)
		return send_frames(fd, m);
	h.msg_controllen = CMSG_SPACE(len);
	cm->cmsg_level = SOL_ZMQ;
	cm->cmsg_type = ZMQ_FRAMES;
	cm->cmsg_len = CMSG_LEN(len);
	memcpy(CMSG_DATA(cm), m->frame, len);
	return sendmsg(fd, &h, MSG_DONTWAIT) < 0 ? -1 : 0;
}
