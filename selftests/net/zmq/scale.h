/* SPDX-License-Identifier: GPL-2.0-only */
/* Very many raw peers, and what the kernel pays for them. */
#ifndef _ZMQ_SCALE_H
#define _ZMQ_SCALE_H

#include "zmqtest.h"

#define ZS_ID_LEN	6	/* "p00042" */

#define ZS_SLABS	512

struct zs_slab {
	char name[32];
	long objects;
	long size;
};

void zs_slabs(struct zs_slab *slabs, const struct zs_slab *before, long bytes);

/* Kernel memory in use: slab and pages that are neither cache nor anonymous. */
long zs_kernel_bytes(void);
/* Waits until the memory of closed TCP sockets is free. */
bool zs_settles(void);
/* Anonymous memory of this process. */
long zs_user_bytes(void);

int zs_sysctl(const char *name, int value);

/* Connects @n sockets at once. */
bool zs_dial(int *fds, int n, int port);
bool zs_dial_accept(int *fds, int *accepted, int n, int listener, int port);
/* A DEALER's handshake on each, which names itself by its number. */
bool zs_handshake(int *fds, int n);
/* The number in a routing id, or -1. */
int zs_peer(const char *id);
/* Resets all. */
void zs_close(int *fds, int n);

#endif /* _ZMQ_SCALE_H */
