/* SPDX-License-Identifier: LGPL-2.1-or-later OR MIT */
/* What the kernel's AF_ZMQ can do. */
#ifndef ZMQK_PROBE_H
#define ZMQK_PROBE_H

struct zmqk_probe;

#ifdef __cplusplus
extern "C" {
#endif

#pragma GCC visibility push(default)

/**
 * zmqk_probe - try what the kernel can do
 *
 * Changes nothing and connects to nobody. socket(2) may load the module.
 *
 * Calls: socket(2), setsockopt(2) and close(2) for each pattern, getsockopt(2) for
 * each option,
 * setsockopt(2) ZMQ_DISCONNECT for each transport, and what
 * zmqk_family() calls.
 *
 * Return: what was found, or NULL: as zmqk_socket() of the first pattern.
 */
struct zmqk_probe *zmqk_probe(void);

/**
 * zmqk_probe_type - tell whether there is a pattern
 * @probe: what was found
 * @type: ZMQ_PAIR ...
 *
 * Calls: none.
 *
 * Return: 1 or 0.
 */
int zmqk_probe_type(const struct zmqk_probe *probe, int type);

/**
 * zmqk_probe_option - tell whether there is an option
 * @probe: what was found
 * @option: ZMQ_...
 *
 * Calls: none.
 *
 * Return: 1 or 0, also for options that the library does not know.
 */
int zmqk_probe_option(const struct zmqk_probe *probe, int option);

/**
 * zmqk_probe_transport - tell whether there is a transport
 * @probe: what was found
 * @name: "tcp", "ipc", "inproc", "vsock"
 *
 * Calls: none.
 *
 * Return: 1 or 0, also for transports that the library does not know.
 */
int zmqk_probe_transport(const struct zmqk_probe *probe, const char *name);

/**
 * zmqk_probe_free - give the memory of zmqk_probe() back
 * @probe: what was found, or NULL
 *
 * Calls: none.
 */
void zmqk_probe_free(struct zmqk_probe *probe);

#pragma GCC visibility pop

#ifdef __cplusplus
}
#endif

#endif /* ZMQK_PROBE_H */
