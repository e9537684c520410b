// SPDX-License-Identifier: GPL-2.0-only
/*
 * Many small messages of one pipe at once: their bodies are collected in one
 * piece of memory, and they leave the queue together.
 */

#include "gather.h"

/* A longer frame is not worth a second copy. */
#define FRAME_MAX	SZ_1K

/* The frame at @p, if all of it is there and there is room for it. */
static bool next_frame(const struct zmq_gather *g, const u8 *p, size_t n,
		       u32 bytes, unsigned int frames, struct zmq_hdr *hdr)
{
	return zmq_hdr_get(p, n, hdr) > 0 && hdr->len <= FRAME_MAX &&
	       hdr->len <= n - hdr->size && hdr->len <= g->room - bytes &&
	       frames < g->cap;
}

/**
 * zmq_gather() - look at the small messages at the head of a queue
 * @g: where to, and from which pipe, after zmq_pipe_peek_frame(); what was
 *	found is filled in
 *
 * Those that lie in one piece of memory; nothing changes.
 *
 * Context: Process context, socket lock held.
 * Return: true if there are any.
 */
bool zmq_gather(struct zmq_gather *g)
{
	const u8 *p = g->pipe->rxq.at;
	size_t n = g->pipe->rxq.end - p;
	unsigned int frames = 0;
	u32 bytes = 0, pos = 0;
	struct zmq_hdr hdr;

	g->msgs = 0;
	if (!p)
		return false;
	while (g->msgs < g->msgs_max &&
	       next_frame(g, p + pos, n - pos, bytes, frames, &hdr)) {
		memcpy(g->to + bytes, p + pos + hdr.size, hdr.len);
		g->desc[frames].len = hdr.len;
		g->desc[frames].flags = hdr.flags & ZMTP_MORE ?
					ZMQ_FRAME_MORE : 0;
		frames++;
		bytes += hdr.len;
		pos += hdr.size + hdr.len;
		if (hdr.flags & ZMTP_MORE)
			continue;
		g->msgs++;
		g->frames = frames;
		g->bytes = bytes;
		g->len = pos;
	}
	return g->msgs;
}
