// SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
/*
 * Receiving a message, or many, into memory that is used again.
 */
#include <string.h>

#include "room.h"
#include "zmqk.h"

/* Room for messages in a call, unless the caller makes another. */
#define BATCH_BYTES	65535
#define BATCH_PARTS	1024

static int has_what(const struct zmqk_addr *from, const struct zmqk_got *got)
{
	return got->has | (from->len ? ZMQK_HAS_FROM : 0);
}

int zmqk_recv_msg(int fd, struct zmqk_msg *msg, int flags)
{
	struct zmqk_got got;

	msg->nparts = 0;
	msg->has = 0;
	if (zmqk__room_recv(&msg->room, fd, flags | MSG_EOR, &msg->from, &got))
		return -1;
	msg->parts = msg->room.parts;
	msg->nparts = got.n;
	msg->cred = got.cred;
	msg->has = has_what(&msg->from, &got);
	return msg->nparts;
}

int zmqk_msg_reserve(struct zmqk_msg *msg, size_t bytes, int parts)
{
	msg->nparts = 0;
	msg->has = 0;
	return zmqk__room_reserve(&msg->room, bytes, parts > 0 ? parts : 1);
}

void zmqk_msg_free(struct zmqk_msg *msg)
{
	zmqk__room_free(&msg->room);
	memset(msg, 0, sizeof(*msg));
}

/* Where each message ends among the parts */
static int split(struct zmqk_room *room, const struct zmqk_got *got)
{
	struct zmqk_vec *msg = room->msgs;
	size_t i, begin = 0;

	for (i = 0; i < got->n; i++) {
		if (got->desc[i].flags & ZMQ_FRAME_MORE)
			continue;
		msg->parts = room->parts + begin;
		msg->nparts = i + 1 - begin;
		begin = i + 1;
		msg++;
	}
	return msg - room->msgs;
}

int zmqk_recv_msgs(int fd, struct zmqk_msgs *msgs, int flags)
{
	struct zmqk_got got;

	msgs->nmsgs = 0;
	msgs->has = 0;
	if (!msgs->room.many && zmqk_msgs_reserve(msgs, BATCH_BYTES, BATCH_PARTS))
		return -1;
	if (zmqk__room_recv(&msgs->room, fd, flags | MSG_WAITFORONE, &msgs->from, &got))
		return -1;
	msgs->msgs = msgs->room.msgs;
	msgs->nmsgs = split(&msgs->room, &got);
	msgs->cred = got.cred;
	msgs->has = has_what(&msgs->from, &got);
	return msgs->nmsgs;
}

int zmqk_msgs_reserve(struct zmqk_msgs *msgs, size_t bytes, int parts)
{
	msgs->nmsgs = 0;
	msgs->has = 0;
	msgs->room.many = 1;
	return zmqk__room_reserve(&msgs->room, bytes, parts > 0 ? parts : 1);
}

void zmqk_msgs_free(struct zmqk_msgs *msgs)
{
	zmqk__room_free(&msgs->room);
	memset(msgs, 0, sizeof(*msgs));
}
