// SPDX-License-Identifier: GPL-2.0-only
/*
 * An ordinary libzmq program: a REQ that asks COUNT questions.
 *
 *	req_libzmq ENDPOINT COUNT
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zmq.h>

static int ask(void *req, int number)
{
	char question[64], expected[64], answer[64];
	int n;

	snprintf(question, sizeof(question), "question %d", number);
	snprintf(expected, sizeof(expected), "QUESTION %d", number);
	if (zmq_send(req, question, strlen(question), 0) < 0) {
		fprintf(stderr, "zmq_send: %s\n", zmq_strerror(zmq_errno()));
		return -1;
	}
	n = zmq_recv(req, answer, sizeof(answer) - 1, 0);
	if (n < 0) {
		fprintf(stderr, "zmq_recv: %s\n", zmq_strerror(zmq_errno()));
		return -1;
	}
	answer[n] = '\0';
	if (strcmp(answer, expected)) {
		fprintf(stderr, "asked \"%s\", got \"%s\"\n", question, answer);
		return -1;
	}
	if (number < 3)
		printf("asked \"%s\", got \"%s\"\n", question, answer);
	return 0;
}

int main(int argc, char **argv)
{
	int patience = 30000, linger = 0, count, major, minor, patch;
	void *context = zmq_ctx_new();
	void *req = zmq_socket(context, ZMQ_REQ);

	if (argc != 3 || !req)
		return 2;
	count = atoi(argv[2]);
	setvbuf(stdout, NULL, _IOLBF, 0);
	zmq_version(&major, &minor, &patch);
	printf("libzmq %d.%d.%d connects to %s\n", major, minor, patch, argv[1]);
	zmq_setsockopt(req, ZMQ_RCVTIMEO, &patience, sizeof(patience));
	zmq_setsockopt(req, ZMQ_SNDTIMEO, &patience, sizeof(patience));
	zmq_setsockopt(req, ZMQ_LINGER, &linger, sizeof(linger));
	if (zmq_connect(req, argv[1])) {
		fprintf(stderr, "zmq_connect: %s\n", zmq_strerror(zmq_errno()));
		return 1;
	}
	for (int i = 0; i < count; i++)
		if (ask(req, i))
			return 1;
	printf("… %d questions, %d right answers\n", count, count);
	zmq_close(req);
	zmq_ctx_term(context);
	return 0;
}
