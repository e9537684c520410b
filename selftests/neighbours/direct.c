// SPDX-License-Identifier: GPL-2.0-only
/* What calls of the library take without any binding, in ns: direct CALLS */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <zmqk.h>

#define SIZE	64

static double now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1e9 + ts.tv_nsec;
}

int main(int argc, char **argv)
{
	int pub = zmqk_socket(ZMQ_PUB, 0), out = zmqk_socket(ZMQ_PUSH, 0);
	int in = zmqk_socket(ZMQ_PULL, 0), n, i, more;
	double start, sent, received;
	char buf[SIZE] = "";

	if (argc != 2 || zmqk_bind(in, "inproc://direct") ||
	    zmqk_connect(out, "inproc://direct"))
		return 2;
	n = atoi(argv[1]);
	for (i = 0; i < n; i++)
		if (zmqk_send(out, buf, SIZE, 0) != SIZE)
			return 1;
	start = now();
	for (i = 0; i < n; i++)
		if (zmqk_send(pub, buf, SIZE, 0) != SIZE)
			return 1;
	sent = now() - start;
	start = now();
	for (i = 0; i < n; i++)
		if (zmqk_recv(in, buf, SIZE, 0, &more) != SIZE)
			return 1;
	received = now() - start;
	printf("%.1f %.1f\n", sent / n, received / n);
	return 0;
}
