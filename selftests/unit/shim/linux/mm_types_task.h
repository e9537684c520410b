/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _SHIM_MM_TYPES_TASK_H
#define _SHIM_MM_TYPES_TASK_H

/* Only as members of structs; nothing that is tested uses them. */
struct page_frag {
	char unused;
};

#endif
