/* SPDX-License-Identifier: GPL-2.0-only */
/* The header of a frame of ZMTP 3.x, which messages are kept with. */
#ifndef _ZMQ_HDR_H
#define _ZMQ_HDR_H

#include <linux/types.h>
#include "compat.h"

#define ZMQ_HDR_SHORT		2	/* of a body of up to U8_MAX bytes */
#define ZMQ_HDR_MAX		9	/* flags and a 64-bit length */

/* Bits of a frame's first byte. The others are reserved and ignored. */
#define ZMTP_MORE		1
#define ZMTP_LONG		2
#define ZMTP_COMMAND		4

/**
 * zmq_hdr_put() - encode a frame header
 * @to: room for ZMQ_HDR_MAX bytes
 * @len: bytes of body
 * @flags: ZMTP_MORE or ZMTP_COMMAND or 0; ZMTP_LONG follows from @len
 *
 * Return: bytes written, 2 or 9.
 */
static inline size_t zmq_hdr_put(u8 *to, u64 len, u8 flags)
{
	if (len <= 0xff) {
		to[0] = flags;
		to[1] = len;
		return ZMQ_HDR_SHORT;
	}
	to[0] = flags | ZMTP_LONG;
	put_unaligned_be64(len, to + 1);
	return ZMQ_HDR_MAX;
}

#endif /* _ZMQ_HDR_H */
