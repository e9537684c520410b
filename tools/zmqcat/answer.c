// SPDX-License-Identifier: GPL-2.0-only
/* Replies: a fixed one, what was asked, or what a command prints. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <sys/pidfd.h>
#include <sys/wait.h>
#include "zmqcat.h"

static bool failed;

/* Whether a command has failed. */
bool answer_failed(void)
{
	return failed;
}

/* Where the body begins: behind a routing id and the empty frame that REQ puts behind it. */
static unsigned int envelope(const struct config *c, const struct view *v, size_t *bytes)
{
	unsigned int nr = 0;

	*bytes = 0;
	if (type_has_id(c->type) && v->nr) {
		*bytes = v->frame[0].len;
		nr = 1;
	}
	if (c->type == ZMQ_ROUTER && v->nr > nr + 1 && !v->frame[nr].len)
		nr++;
	return nr;
}

static void set_environment(const struct config *c, const struct view *v,
			    unsigned int frames)
{
	char text[24], id[2 * 255 + 1];
	unsigned int i;

	snprintf(text, sizeof(text), "%u", frames);
	setenv("ZMQCAT_FRAMES", text, 1);
	/* What is not known of this request is not that of one before. */
	unsetenv("ZMQCAT_ID");
	unsetenv("ZMQCAT_SENDER_PID");
	unsetenv("ZMQCAT_SENDER_UID");
	if (type_has_id(c->type) && v->nr && v->frame[0].len < 256) {
		for (i = 0; i < v->frame[0].len; i++)
			sprintf(id + 2 * i, "%02x", (unsigned char)v->data[i]);
		id[2 * i] = 0;
		setenv("ZMQCAT_ID", id, 1);
	}
	if (v->has_sender) {
		snprintf(text, sizeof(text), "%d", v->sender.pid);
		setenv("ZMQCAT_SENDER_PID", text, 1);
		snprintf(text, sizeof(text), "%u", v->sender.uid);
		setenv("ZMQCAT_SENDER_UID", text, 1);
	}
}

static pid_t start(const char *command, int *in, int *out)
{
	int to[2], from[2];
	pid_t pid;

	if (pipe2(to, O_CLOEXEC) || pipe2(from, O_CLOEXEC))
		die_errno("pipe");
	output_flush();
	pid = wait_fork();
	if (pid < 0)
		die_errno("fork");
	if (!pid) {
		if (dup2(to[0], STDIN_FILENO) < 0 || dup2(from[1], STDOUT_FILENO) < 0)
			_exit(126);
		execl("/bin/sh", "sh", "-c", command, NULL);
		_exit(127);
	}
	close(to[0]);
	close(from[1]);
	fcntl(to[1], F_SETFL, O_NONBLOCK);
	*in = to[1];
	*out = from[0];
	return pid;
}

/* Return: how much was written; the rest of it if nobody reads. */
static size_t feed(int fd, const char *data, size_t len)
{
	ssize_t n = write(fd, data, len);

	if (n >= 0)
		return n;
	if (errno == EAGAIN || errno == EINTR)
		return 0;
	return len;
}

/* Write the request and read the reply, whichever is possible. */
static void talk(int in, int out, const struct msg *request, struct msg *reply)
{
	size_t at = 0;
	char buf[4096];
	ssize_t n;

	for (;;) {
		struct pollfd fds[] = {
			{ .fd = out, .events = POLLIN },
			{ .fd = in, .events = POLLOUT },
		};

		if (in >= 0 && at == request->len) {
			close(in);
			in = -1;
			continue;
		}
		if (wait_poll(fds, 2, -1) < 0)
			continue;
		if (in >= 0 && fds[1].revents)
			at += feed(in, request->data + at, request->len - at);
		if (!fds[0].revents)
			continue;
		n = read(out, buf, sizeof(buf));
		if (!n || (n < 0 && errno != EINTR))
			break;
		if (n > 0)
			msg_append(reply, buf, n);
	}
	if (in >= 0)
		close(in);
	close(out);
}

/* A command may have closed its output long before its end. Return: its status. */
static int reap(pid_t pid)
{
	struct pollfd end = { .fd = pidfd_open(pid, 0), .events = POLLIN };
	int status;

	if (end.fd < 0)
		die_errno("pidfd_open");
	while (!end.revents)
		wait_poll(&end, 1, -1);
	close(end.fd);
	if (waitpid(pid, &status, 0) < 0)
		die_errno("waitpid");
	wait_forget();
	return status;
}

static void run(const struct config *c, const struct view *v, unsigned int from,
		const char *body, struct msg *m)
{
	static struct msg request, printed;
	int in, out, status;
	unsigned int i;
	pid_t pid;

	msg_clear(&request);
	msg_clear(&printed);
	for (i = from; i < v->nr; body += v->frame[i++].len) {
		if (i > from)
			msg_append(&request, c->separator.data, c->separator.len);
		msg_append(&request, body, v->frame[i].len);
	}
	set_environment(c, v, v->nr - from);
	pid = start(c->command, &in, &out);
	talk(in, out, &request, &printed);
	status = reap(pid);
	if (!WIFEXITED(status) || WEXITSTATUS(status)) {
		/* What a terminal's signal to both has left of a reply is none. */
		wait_check();
		failed = true;
		say("'%s' ended with %s %d", c->command,
		    WIFEXITED(status) ? "status" : "signal",
		    WIFEXITED(status) ? WEXITSTATUS(status) : WTERMSIG(status));
	}
	input_whole(c, printed.data ?: "", printed.len, m);
}

/**
 * answer_make() - the reply to a message
 * @c: the configuration
 * @request: the message
 * @m: the reply
 *
 * Return: false if there is none: nobody answers that somebody came or went.
 */
bool answer_make(const struct config *c, const struct view *request, struct msg *m)
{
	const char *data = request->data;
	unsigned int i, from;
	size_t skip;

	msg_clear(m);
	from = envelope(c, request, &skip);
	if (c->type == ZMQ_STREAM && request->nr == 2 && !request->frame[1].len)
		return false;
	for (i = 0; i < from; data += request->frame[i++].len)
		msg_frame(m, data, request->frame[i].len);
	switch (c->answer) {
	case ANSWER_ECHO:
		for (; i < request->nr; data += request->frame[i++].len)
			msg_frame(m, data, request->frame[i].len);
		return true;
	case ANSWER_TEXT:
		data = c->reply.data;
		for (i = 0; i < c->reply.nr; data += c->reply.frame[i++].len)
			msg_frame(m, data, c->reply.frame[i].len);
		return true;
	default:
		run(c, request, from, request->data + skip, m);
		return true;
	}
}
