/* SPDX-License-Identifier: GPL-2.0-only */
/* ZMTP 1.0 framing, and its translation to that of ZMTP 2.0. */
#ifndef _ZMQ_WIRE_V1_H
#define _ZMQ_WIRE_V1_H

#include "wire.h"

#define ZMQ_V1_HDR_MAX		10	/* 0xff, a 64-bit length, flags */
#define ZMQ_V1_SUB_MAX		(ZMQ_V1_HDR_MAX + 1)

/**
 * zmq_v1_hdr_put() - encode a frame header
 * @to: room for ZMQ_V1_HDR_MAX bytes
 * @len: bytes of body, fewer than U64_MAX
 * @flags: ZMTP_MORE or 0
 *
 * Return: bytes written, 2 or 10.
 */
size_t zmq_v1_hdr_put(u8 *to, u64 len, u8 flags);

/**
 * zmq_v1_hdr_get() - decode a frame header
 * @p: the header's first byte
 * @n: bytes at @p
 * @h: the result, valid when the return value is positive; its size is 2 or 10
 *
 * Return: bytes of the header, 0 when more bytes are needed, -EPROTO for a
 * length without room for the flags and for one with the top bit set.
 */
int zmq_v1_hdr_get(const u8 *p, size_t n, struct zmq_hdr *h);

/**
 * zmq_v1_put_sub() - the start of a (un)subscription
 * @to: room for ZMQ_V1_SUB_MAX bytes
 * @subscribe: subscribe, else cancel
 * @topic_len: bytes of the topic, which the caller appends
 *
 * Return: bytes written, all that comes before the topic.
 */
size_t zmq_v1_put_sub(u8 *to, bool subscribe, size_t topic_len);

/**
 * zmq_v1_scan() - translate a span of ZMTP 1.0 frames to ZMTP 2.0 frames
 * @s: the scanner, of zmq_scan_init()
 * @p: the span
 * @n: bytes of @p
 * @out: where the frames go, room for @n + ZMQ_HDR_MAX bytes
 * @max_msgs: stop when this many messages are complete
 * @r: the result; its data_len is the number of bytes at @out, its msg_begin and
 *	msg_end are offsets there. The event is ZMQ_SCAN_NEED_MORE,
 *	ZMQ_SCAN_FRAME_LIMIT or ZMQ_SCAN_ERROR, with which what came before the
 *	offending header is at @out.
 *
 * A header goes to @out when it is complete.
 *
 * Context: Any, the caller locks.
 * Return: bytes consumed.
 */
size_t zmq_v1_scan(struct zmq_scan *s, const u8 *p, size_t n, u8 *out,
		   u32 max_msgs, struct zmq_scan_result *r);

#endif /* _ZMQ_WIRE_V1_H */
