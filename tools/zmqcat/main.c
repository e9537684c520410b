// SPDX-License-Identifier: GPL-2.0-only
/* zmqcat: send and receive messages of ZeroMQ from the shell, see zmqcat(1). */
#include <fcntl.h>
#include <limits.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include "zmqcat.h"

static void subscribe(int fd, const struct config *c)
{
	struct msg m = { 0 };
	unsigned int i;

	if (c->type == ZMQ_SUB && !c->nr_topics &&
	    setsockopt(fd, SOL_ZMQ, ZMQ_SUBSCRIBE, "", 0))
		die_errno("subscribe");
	for (i = 0; i < c->nr_topics; i++) {
		const struct text *topic = &c->topics[i];

		if (c->type == ZMQ_SUB) {
			if (setsockopt(fd, SOL_ZMQ, ZMQ_SUBSCRIBE, topic->data, topic->len))
				die_errno("subscribe");
			continue;
		}
		msg_clear(&m);
		msg_append(&m, "\1", 1);
		msg_append(&m, topic->data, topic->len);
		msg_end_frame(&m);
		if (msg_try_send(fd, &m))
			die_errno("subscribe");
	}
}

/* A socket or pipe that got the number of a standard file that is closed would be read or
 * written in its place. What takes the place here fails with EBADF, as the closed file does.
 */
static void hold_standard_files(void)
{
	int fd;

	do {
		fd = open("/", O_PATH);
		if (fd < 0)
			_exit(STATUS_ERROR);
	} while (fd <= STDERR_FILENO);
	close(fd);
}

int main(int argc, char **argv)
{
	struct config c;
	unsigned int i;
	int fd;

	hold_standard_files();
	setlocale(LC_MESSAGES, "");
	setvbuf(stderr, NULL, _IOLBF, BUFSIZ);
	options_parse(&c, argc, argv);
	output_init(&c);
	fd = socket_open(&c);
	if (c.linger >= 0)
		sockopt_int(fd, ZMQ_LINGER, c.linger > INT_MAX ? INT_MAX : c.linger, "LINGER");
	if (c.id.len && setsockopt(fd, SOL_ZMQ, ZMQ_ROUTING_ID, c.id.data, c.id.len))
		die_errno("--id");
	for (i = 0; i < c.nr_settings; i++)
		sockopt_set(fd, c.settings[i].name, c.settings[i].value);
	subscribe(fd, &c);
	for (i = 0; i < c.nr_endpoints; i++)
		endpoint_go(fd, &c.endpoints[i], &c);
	wait_init();
	if (type_receives(c.type))
		wait_watch(STDOUT_FILENO);
	return flow_run(fd, &c);
}
