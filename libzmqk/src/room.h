/* SPDX-License-Identifier: LGPL-2.1-or-later OR MIT */
/* Memory that messages are received into. */
#ifndef ZMQK_ROOM_H
#define ZMQK_ROOM_H

#include "frames.h"
#include "zmqk.h"

/**
 * zmqk__room_reserve - have at least so much room
 * @room: the memory; what it holds is lost
 * @bytes: of data, one more is kept for a NUL
 * @parts: entries in @room->parts
 *
 * Return: 0, or -1 with ENOMEM; the room is then as it was.
 */
int zmqk__room_reserve(struct zmqk_room *room, size_t bytes, size_t parts);

/**
 * zmqk__room_recv - receive whole messages, with more room if they need it
 * @room: the memory
 * @fd: the socket
 * @flags: of recvmsg(2)
 * @from: set to who sent it, of length 0 if that is not known
 * @got: the frames; the parts of @room are set accordingly
 *
 * Return: 0, or -1 with errno.
 */
int zmqk__room_recv(struct zmqk_room *room, int fd, int flags, struct zmqk_addr *from,
		    struct zmqk_got *got);

/**
 * zmqk__room_free - give the memory back
 * @room: the memory, empty afterwards
 */
void zmqk__room_free(struct zmqk_room *room);

#endif /* ZMQK_ROOM_H */
