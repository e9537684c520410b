/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _SHIM_IDR_H
#define _SHIM_IDR_H

/* Only as members of structs; nothing that is tested uses them. */
struct ida {
	char unused;
};

#endif
