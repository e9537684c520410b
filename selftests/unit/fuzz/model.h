/* SPDX-License-Identifier: GPL-2.0-only */
/* Frames read one byte at a time, as the RFCs tell it: what scanners are compared with. */
#ifndef _UNIT_MODEL_H
#define _UNIT_MODEL_H

#include "fuzz.h"
#include "wire/wire.h"

/**
 * struct model - a reader of frames
 * @v1: they are those of ZMTP 1.0
 * @max_frame: limit of a frame's body
 * @max_msg: of the bodies of a message
 * @max_frames: of their number
 * @max_cmd: of a command's body
 * @hdr: the header under way
 * @hdr_n: bytes in @hdr
 * @in_body: it is complete
 * @flags: what it says
 * @left: bytes that it promises
 * @in_msg: a frame that came said MORE
 * @msg_bytes: what came of a message, without headers
 * @msg_frames: in so many frames
 * @out: message frames, in those of ZMTP 2.0
 * @n: bytes in @out
 * @whole: those of them that are no part of a header that has begun
 * @frames: frames that ended
 * @msgs: messages that did
 * @begin: where the last of them begins in @out
 * @end: where it ends
 * @cmd: the command under way, or that ended last
 * @cmd_n: bytes in @cmd
 * @cmd_end: a command ended with the last byte
 * @error: why nothing more is read
 */
struct model {
	bool	v1;
	u64	max_frame;
	u64	max_msg;
	u32	max_frames;
	u32	max_cmd;

	u8	hdr[10];
	u32	hdr_n;
	bool	in_body;
	u8	flags;
	u64	left;
	bool	in_msg;
	u64	msg_bytes;
	u32	msg_frames;

	u8	out[8 * FUZZ_MAX];
	size_t	n;
	size_t	whole;
	size_t	frames;
	size_t	msgs;
	size_t	begin;
	size_t	end;
	u8	cmd[FUZZ_MAX];
	size_t	cmd_n;
	bool	cmd_end;
	int	error;
};

void model_init(struct model *m, bool v1);

/* Limits that are reached, or are not: chosen by some bits. */
void model_limit(struct model *m, u8 how);

/* Read a byte. Return: false if it, or one before, makes no sense. */
bool model_read(struct model *m, u8 byte);

/* Neither a header, nor a frame, nor a message is under way. */
bool model_at_boundary(const struct model *m);

#endif
