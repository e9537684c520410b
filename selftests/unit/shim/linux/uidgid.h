/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _SHIM_UIDGID_H
#define _SHIM_UIDGID_H

typedef struct {
	unsigned int val;
} kgid_t;

#endif
