/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _SHIM_WAIT_H
#define _SHIM_WAIT_H

/* Only as members of structs; nothing that is tested uses them. */
typedef struct wait_queue_entry {
	char unused;
} wait_queue_entry_t;

#endif
