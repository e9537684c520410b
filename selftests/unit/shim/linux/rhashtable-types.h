/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _SHIM_RHASHTABLE_TYPES_H
#define _SHIM_RHASHTABLE_TYPES_H

/* Only as members of structs; nothing that is tested uses them. */
struct rhash_head {
	char unused;
};

#endif
