/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _SHIM_WORKQUEUE_H
#define _SHIM_WORKQUEUE_H

/* Only as members of structs; nothing that is tested uses them. */
struct work_struct {
	char unused;
};

#endif
