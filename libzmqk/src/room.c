// SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
/*
 * Memory that messages are received into. It only grows: a stream of messages
 * of one size costs no allocation.
 */
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "room.h"

#define MIN_BYTES	4096
#define MIN_PARTS	16

/* The kernel may use the sender's place in the control buffer for frames. */
#define SPARE_PARTS \
	((CMSG_SPACE(sizeof(struct zmqk_cred)) + CMSG_SPACE(0)) / sizeof(struct zmq_frame_desc))

static size_t round_up(size_t n, size_t least)
{
	size_t size = least;

	while (size < n)
		size *= 2;
	return size;
}

static int grow_parts(struct zmqk_room *room, size_t parts)
{
	struct zmqk_vec *msgs;
	struct iovec *vec;
	void *control;

	if (parts <= room->max_parts)
		return 0;
	parts = round_up(parts, MIN_PARTS);
	vec = realloc(room->parts, (parts + SPARE_PARTS) * sizeof(*vec));
	if (!vec)
		return -1;
	room->parts = vec;
	if (room->many) {
		/* There are never more messages than parts. */
		msgs = realloc(room->msgs, (parts + SPARE_PARTS) * sizeof(*msgs));
		if (!msgs)
			return -1;
		room->msgs = msgs;
	}
	control = realloc(room->control, ZMQK_CONTROL_LEN(parts));
	if (!control)
		return -1;
	room->control = control;
	room->max_parts = parts;
	return 0;
}

static int grow_data(struct zmqk_room *room, size_t bytes)
{
	void *data;

	if (bytes < room->size)
		return 0;
	bytes = round_up(bytes + 1, MIN_BYTES);
	/* What is there is of no use, so that realloc() would copy in vain. */
	data = malloc(bytes);
	if (!data)
		return -1;
	free(room->data);
	room->data = data;
	room->size = bytes;
	return 0;
}

int zmqk__room_reserve(struct zmqk_room *room, size_t bytes, size_t parts)
{
	if (bytes > SIZE_MAX / 4 || parts > INT32_MAX / 4) {
		errno = ENOMEM;
		return -1;
	}
	return grow_parts(room, parts) || grow_data(room, bytes) ? -1 : 0;
}

/* What no call can carry is told in vain, however much room there is. */
static int make_room(struct zmqk_room *room, const struct zmq_frames_need *need)
{
	if (need->bytes > ZMQK_BYTES_MAX ||
	    (need->bytes < room->size && need->frames <= room->max_parts)) {
		errno = EMSGSIZE;
		return -1;
	}
	return zmqk__room_reserve(room, need->bytes, need->frames);
}

static int recv_once(struct zmqk_room *room, int fd, int flags, struct zmqk_addr *from,
		     struct zmqk_got *got)
{
	struct iovec iov = { room->data, room->size - 1 };
	struct msghdr mh = {
		.msg_name = &from->any,
		.msg_namelen = sizeof(from->any),
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = room->control,
		.msg_controllen = ZMQK_CONTROL_LEN(room->max_parts),
	};
	int ret;

	ret = zmqk__frames_recv(fd, &mh, flags, got);
	from->len = ret ? 0 : mh.msg_namelen;
	return ret;
}

int zmqk__room_recv(struct zmqk_room *room, int fd, int flags, struct zmqk_addr *from,
		    struct zmqk_got *got)
{
	unsigned char *at;
	size_t i;
	int ret;

	if (!(room->size && room->max_parts) && zmqk__room_reserve(room, 1, 1))
		return -1;
	/* Another reader may take the message that the room was made for. */
	while ((ret = recv_once(room, fd, flags, from, got)) == 1)
		if (make_room(room, &got->need))
			return -1;
	if (ret)
		return -1;
	at = room->data;
	for (i = 0; i < got->n; i++) {
		room->parts[i].iov_base = at;
		room->parts[i].iov_len = got->desc[i].len;
		at += got->desc[i].len;
	}
	*at = '\0';
	return 0;
}

void zmqk__room_free(struct zmqk_room *room)
{
	free(room->data);
	free(room->control);
	free(room->parts);
	free(room->msgs);
	memset(room, 0, sizeof(*room));
}
