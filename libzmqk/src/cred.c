// SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
/*
 * Which process a peer is.
 */
#include <assert.h>
#include <errno.h>

#include "zmqk.h"

/* The kernel's struct ucred by our own name */
static_assert(sizeof(struct zmqk_cred) == sizeof(struct ucred), "struct zmqk_cred");

int zmqk_pass_cred(int fd, int on)
{
	return setsockopt(fd, SOL_SOCKET, SO_PASSCRED, &on, sizeof(on));
}

int zmqk_peer_cred(int fd, struct zmqk_cred *cred)
{
	socklen_t len = sizeof(*cred);

	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, cred, &len))
		return -1;
	if (!cred->pid && cred->uid == (uid_t)-1) {
		errno = ENODATA;
		return -1;
	}
	return 0;
}
