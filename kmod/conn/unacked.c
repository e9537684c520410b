// SPDX-License-Identifier: GPL-2.0-only
/*
 * Which messages a broken stream may have taken with it. Positions are 32 bits
 * wide and wrap, as those of TCP do.
 */

#include <linux/string.h>
#include "unacked.h"

static void forget(struct zmq_unacked *u, u32 acked)
{
	unsigned int n = 0;

	while (n < u->nr && (s32)(u->mark[n].end - acked) <= 0)
		n++;
	if (!n)
		return;
	u->nr -= n;
	memmove(u->mark, u->mark + n, u->nr * sizeof(u->mark[0]));
}

/**
 * zmq_unacked_add() - the stream has taken messages
 * @u: zeroed at first
 * @acked: the peer has everything before this position
 * @end: where the last message ends
 * @msgs: how many
 *
 * Beyond ZMQ_UNACKED_MARKS marks the last one grows.
 *
 * Context: Any, the caller locks.
 */
void zmq_unacked_add(struct zmq_unacked *u, u32 acked, u32 end, u32 msgs)
{
	forget(u, acked);
	if (u->nr == ZMQ_UNACKED_MARKS) {
		u->mark[u->nr - 1].end = end;
		u->mark[u->nr - 1].msgs += msgs;
		return;
	}
	u->mark[u->nr].end = end;
	u->mark[u->nr++].msgs = msgs;
}

/**
 * zmq_unacked_take() - the stream has ended
 * @u: empty afterwards
 * @acked: the peer has everything before this position
 *
 * Context: Any, the caller locks.
 * Return: the messages that the peer may not have. Those of a mark of which
 *	only a part was acknowledged all count.
 */
u32 zmq_unacked_take(struct zmq_unacked *u, u32 acked)
{
	u32 msgs = 0;

	forget(u, acked);
	while (u->nr)
		msgs += u->mark[--u->nr].msgs;
	return msgs;
}
