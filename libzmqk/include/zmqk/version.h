/* SPDX-License-Identifier: LGPL-2.1-or-later OR MIT */
/* Which release this is, and what its errors mean. */
#ifndef ZMQK_VERSION_H
#define ZMQK_VERSION_H

#include <stddef.h>

#define ZMQK_VERSION_MAJOR 1
#define ZMQK_VERSION_MINOR 0
#define ZMQK_VERSION_PATCH 0
#define ZMQK_MAKE_VERSION(major, minor, patch) \
	((major) * 10000 + (minor) * 100 + (patch))
#define ZMQK_VERSION \
	ZMQK_MAKE_VERSION(ZMQK_VERSION_MAJOR, ZMQK_VERSION_MINOR, ZMQK_VERSION_PATCH)

#ifdef __cplusplus
extern "C" {
#endif

#pragma GCC visibility push(default)

/**
 * zmqk_version - tell which release of the library runs
 *
 * ZMQK_VERSION is that of the header which a program was compiled with.
 *
 * Calls: none.
 *
 * Return: as ZMQK_MAKE_VERSION() makes it.
 */
int zmqk_version(void);

/**
 * zmqk_strerror - explain an errno value as AF_ZMQ and this library mean it
 * @err: errno
 *
 * Calls: access(2) for EAFNOSUPPORT, none for others.
 *
 * Return: a sentence, which stays as it is.
 */
const char *zmqk_strerror(int err);

#pragma GCC visibility pop

#ifdef __cplusplus
}
#endif

#endif /* ZMQK_VERSION_H */
