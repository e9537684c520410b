/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _SHIM_MUTEX_H
#define _SHIM_MUTEX_H

/* Only as members of structs; nothing that is tested uses them. */
struct mutex {
	char unused;
};

#endif
