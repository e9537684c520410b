// SPDX-License-Identifier: GPL-2.0-only
#include <poll.h>
#include <stdio.h>
#include <zmqk.h>

int main(void)
{
	int tasks = zmqk_socket(ZMQ_PULL, SOCK_CLOEXEC);
	int news = zmqk_socket(ZMQ_SUB, SOCK_CLOEXEC);
	struct pollfd fds[] = { { tasks, POLLIN, 0 }, { news, POLLIN, 0 } };
	char buf[256];
	int seen = 0;

	if (tasks < 0 || news < 0 || zmqk_subscribe(news, "", 0) ||
	    zmqk_bind(tasks, "tcp://127.0.0.1:5557") ||
	    zmqk_bind(news, "tcp://127.0.0.1:5556")) {
		perror("poller");
		return 1;
	}
	while (seen < 4 && poll(fds, 2, -1) > 0) {
		for (int i = 0; i < 2; i++) {
			ssize_t len;

			if (!(fds[i].revents & POLLIN))
				continue;
			len = recv(fds[i].fd, buf, sizeof(buf), 0);
			if (len < 0)
				return 1;
			printf("%s: %.*s\n", i ? "news" : "task", (int)len, buf);
			seen++;
		}
	}
	return 0;
}
