/* SPDX-License-Identifier: LGPL-2.1-or-later OR MIT */
/* What happens to a socket's connections. */
#ifndef ZMQK_MONITOR_H
#define ZMQK_MONITOR_H

#include <stddef.h>
#include <zmqk/zmq.h>

/* Room for any text of zmqk_event_text() */
#define ZMQK_EVENT_TEXT_MAX	1024

struct zmqk_monitor;

#ifdef __cplusplus
extern "C" {
#endif

#pragma GCC visibility push(default)

/**
 * zmqk_monitor_new - watch a socket
 * @fd: the socket, which stays the caller's and may be closed
 * @events: ZMQ_EVENT_... to tell, ZMQ_EVENT_ALL for all
 *
 * ZMQ_MONITOR stays as this sets it.
 *
 * Calls: setsockopt(2) ZMQ_MONITOR, getsockopt(2) ZMQ_MONITOR_FD.
 *
 * Return: the object, or NULL.
 */
struct zmqk_monitor *zmqk_monitor_new(int fd, int events);

/**
 * zmqk_monitor_fd - tell the descriptor to poll
 * @monitor: the object
 *
 * Readable when zmqk_monitor_next() has to read; O_NONBLOCK can be set on it.
 *
 * Calls: none.
 *
 * Return: the descriptor, which stays the object's.
 */
int zmqk_monitor_fd(const struct zmqk_monitor *monitor);

/**
 * zmqk_monitor_next - get the next event
 * @monitor: the object
 * @event: set to it
 *
 * Calls: read(2), which returns several events; none while there are some left.
 *
 * Return: 1, 0 when the socket is closed and all was told, or -1.
 */
int zmqk_monitor_next(struct zmqk_monitor *monitor, struct zmq_event_record *event);

/**
 * zmqk_monitor_pending - tell how many events zmqk_monitor_next() returns
 *	without a system call
 * @monitor: the object
 *
 * Calls: none.
 *
 * Return: their number.
 */
int zmqk_monitor_pending(const struct zmqk_monitor *monitor);

/**
 * zmqk_monitor_free - undo zmqk_monitor_new()
 * @monitor: the object, or NULL
 *
 * Calls: close(2).
 */
void zmqk_monitor_free(struct zmqk_monitor *monitor);

/**
 * zmqk_event_name - the name of an event
 * @event: ZMQ_EVENT_..., one of them
 *
 * Calls: none.
 *
 * Return: "CONNECTED" ..., NULL for what the library does not know.
 */
const char *zmqk_event_name(unsigned int event);

/**
 * zmqk_event_by_name - find an event
 * @name: "CONNECTED", "ZMQ_EVENT_CONNECTED" or "connected"; "ALL" is known
 *
 * Calls: none.
 *
 * Return: ZMQ_EVENT_..., or 0.
 */
unsigned int zmqk_event_by_name(const char *name);

/**
 * zmqk_event_text - describe an event in a line
 * @event: the event
 * @buf: receives the text with its NUL
 * @size: room in @buf; what does not fit is cut
 *
 * Calls: none.
 *
 * Return: @buf.
 */
char *zmqk_event_text(const struct zmq_event_record *event, char *buf, size_t size);

#pragma GCC visibility pop

#ifdef __cplusplus
}
#endif

#endif /* ZMQK_MONITOR_H */
