// SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
/*
 * Events of monitors by their names.
 */
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "zmqk.h"

#define PREFIX	"ZMQ_EVENT_"

static const struct {
	unsigned int event;
	const char *name;
} events[] = {
#include "events.inc"
};

#define NR_EVENTS (sizeof(events) / sizeof(*events))

const char *zmqk_event_name(unsigned int event)
{
	size_t i;

	for (i = 0; i < NR_EVENTS; i++)
		if (events[i].event == event)
			return events[i].name;
	return NULL;
}

unsigned int zmqk_event_by_name(const char *name)
{
	size_t i;

	if (!strncasecmp(name, PREFIX, strlen(PREFIX)))
		name += strlen(PREFIX);
	if (!strcasecmp(name, "ALL"))
		return ZMQ_EVENT_ALL;
	for (i = 0; i < NR_EVENTS; i++)
		if (!strcasecmp(events[i].name, name))
			return events[i].event;
	return 0;
}

char *zmqk_event_text(const struct zmq_event_record *event, char *buf, size_t size)
{
	const char *name = zmqk_event_name(event->event);
	char number[16], lost[32] = "";

	snprintf(number, sizeof(number), "0x%x", event->event);
	if (event->lost)
		snprintf(lost, sizeof(lost), " (%u lost before)", event->lost);
	snprintf(buf, size, "%llu.%09llu %s%s%s%s%s value %llu%s%s%s",
		 (unsigned long long)event->time_ns / 1000000000,
		 (unsigned long long)event->time_ns % 1000000000,
		 name ? name : number,
		 *event->local ? " " : "", event->local,
		 *event->remote ? (event->flags & ZMQ_EVENT_BOUND ? " from " : " to ") : "",
		 event->remote, (unsigned long long)event->value,
		 event->error ? ": " : "", event->error ? zmqk_strerror(event->error) : "", lost);
	return buf;
}
