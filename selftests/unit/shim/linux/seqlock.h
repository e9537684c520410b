/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _SHIM_SEQLOCK_H
#define _SHIM_SEQLOCK_H

typedef struct {
	unsigned int sequence;
} seqlock_t;

#endif
