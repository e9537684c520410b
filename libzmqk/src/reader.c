// SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
/*
 * Message by message, many a call.
 */
#include <stdlib.h>

#include "zmqk.h"

#define READER_BYTES	65535
#define READER_PARTS	1024

/**
 * struct zmqk_reader - who receives ahead
 * @fd: the socket
 * @msgs: what the last call received
 * @next: the first of them that was not taken
 */
struct zmqk_reader {
	int fd;
	struct zmqk_msgs msgs;
	int next;
};

struct zmqk_reader *zmqk_reader_new(int fd, size_t bytes, int parts)
{
	struct zmqk_reader *reader = calloc(1, sizeof(*reader));

	if (!reader)
		return NULL;
	reader->fd = fd;
	if (!zmqk_msgs_reserve(&reader->msgs, bytes ? bytes : READER_BYTES,
			       parts > 0 ? parts : READER_PARTS))
		return reader;
	zmqk_reader_free(reader);
	return NULL;
}

int zmqk_reader_next(struct zmqk_reader *reader, struct zmqk_vec *msg, int flags)
{
	if (!zmqk_reader_pending(reader)) {
		reader->next = 0;
		if (zmqk_recv_msgs(reader->fd, &reader->msgs, flags) < 0)
			return -1;
	}
	*msg = reader->msgs.msgs[reader->next++];
	return msg->nparts;
}

int zmqk_reader_pending(const struct zmqk_reader *reader)
{
	return reader->msgs.nmsgs - reader->next;
}

void zmqk_reader_free(struct zmqk_reader *reader)
{
	if (!reader)
		return;
	zmqk_msgs_free(&reader->msgs);
	free(reader);
}
