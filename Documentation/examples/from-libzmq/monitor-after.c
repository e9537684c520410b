// SPDX-License-Identifier: GPL-2.0-only
#include <stdio.h>
#include <zmqk.h>

int main(void)
{
	int req = zmqk_socket(ZMQ_REQ, SOCK_CLOEXEC);
	struct zmqk_monitor *monitor = zmqk_monitor_new(req, ZMQ_EVENT_ALL);
	struct zmq_event_record event;

	if (!monitor || zmqk_connect(req, "tcp://localhost:5558"))
		return 1;
	while (zmqk_monitor_next(monitor, &event) > 0) {
		printf("%s: %s\n", zmqk_event_name(event.event), zmqk_strerror(event.error));
		if (event.event == ZMQ_EVENT_CONNECT_RETRIED)
			break;
	}
	zmqk_monitor_free(monitor);
	return 0;
}
