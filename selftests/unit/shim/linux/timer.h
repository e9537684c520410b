/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _SHIM_TIMER_H
#define _SHIM_TIMER_H

/* Only as members of structs; nothing that is tested uses them. */
struct timer_list {
	char unused;
};

#endif
