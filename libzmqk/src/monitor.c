// SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
/*
 * What happens to a socket's connections.
 */
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "zmqk.h"

#define RECORDS		16	/* are read at once */

/**
 * struct zmqk_monitor - a reader of events
 * @fd: the kernel's monitor
 * @nr: records of the last read
 * @next: the first of them that was not taken
 * @records: the records
 */
struct zmqk_monitor {
	int fd;
	int nr;
	int next;
	struct zmq_event_record records[RECORDS];
};

struct zmqk_monitor *zmqk_monitor_new(int fd, int events)
{
	struct zmqk_monitor *monitor = calloc(1, sizeof(*monitor));
	int err;

	if (!monitor)
		return NULL;
	if (!zmqk_set_int(fd, ZMQ_MONITOR, events) &&
	    !zmqk_get_int(fd, ZMQ_MONITOR_FD, &monitor->fd))
		return monitor;
	err = errno;
	free(monitor);
	errno = err;
	return NULL;
}

int zmqk_monitor_fd(const struct zmqk_monitor *monitor)
{
	return monitor->fd;
}

int zmqk_monitor_pending(const struct zmqk_monitor *monitor)
{
	return monitor->nr - monitor->next;
}

int zmqk_monitor_next(struct zmqk_monitor *monitor, struct zmq_event_record *event)
{
	ssize_t len;

	if (!zmqk_monitor_pending(monitor)) {
		len = read(monitor->fd, monitor->records, sizeof(monitor->records));
		if (len <= 0)
			return len;
		monitor->next = 0;
		monitor->nr = len / sizeof(*monitor->records);
	}
	*event = monitor->records[monitor->next++];
	return 1;
}

void zmqk_monitor_free(struct zmqk_monitor *monitor)
{
	int err = errno;

	if (!monitor)
		return;
	close(monitor->fd);
	free(monitor);
	errno = err;
}
