// SPDX-License-Identifier: GPL-2.0-only
/* AF_ZMQ sockets for the tests; every call is bounded by a deadline. */
#include <limits.h>
#include <stdlib.h>
#include <arpa/inet.h>
#include "zmqtest.h"

/* The family's number: a module parameter can move it. */
int zt_family(void)
{
	static int family;
	FILE *f;

	if (family)
		return family;
	f = fopen("/sys/module/zmq/parameters/family", "re");
	if (!f || fscanf(f, "%d", &family) != 1)
		family = AF_ZMQ;
	if (f)
		fclose(f);
	return family;
}

int zt_socket(int pattern)
{
	int fd = socket(zt_family(), SOCK_SEQPACKET | SOCK_CLOEXEC, pattern);

	if (fd < 0) {
		printf("# socket(AF_ZMQ, SOCK_SEQPACKET, %d): %m\n", pattern);
		return -1;
	}
	if (zt_setint(fd, ZMQ_RCVTIMEO, ZT_DEADLINE_MS) ||
	    zt_setint(fd, ZMQ_SNDTIMEO, ZT_DEADLINE_MS)) {
		printf("# timeouts: %m\n");
		close(fd);
		return -1;
	}
	return fd;
}

/* For tests of wake-ups: a lost one must not be made up for by a timeout. What
 * hangs then is ended by the harness.
 */
int zt_wait_for_ever(int fd)
{
	return zt_setint(fd, ZMQ_RCVTIMEO, -1) ||
	       zt_setint(fd, ZMQ_SNDTIMEO, -1);
}

int zt_setint(int fd, int option, int value)
{
	return setsockopt(fd, SOL_ZMQ, option, &value, sizeof(value));
}

/* An int option's value, INT_MIN on failure. */
int zt_getint(int fd, int option)
{
	socklen_t len = sizeof(int);
	int value;

	if (getsockopt(fd, SOL_ZMQ, option, &value, &len) ||
	    len != sizeof(value))
		return INT_MIN;
	return value;
}

int zt_settext(int fd, int option, const char *text)
{
	return setsockopt(fd, SOL_ZMQ, option, text, strlen(text));
}

static socklen_t address(struct sockaddr_zmq *sa, const char *endpoint)
{
	memset(sa, 0, sizeof(*sa));
	sa->szmq_family = zt_family();
	memcpy(sa->szmq_endpoint, endpoint,
	       strnlen(endpoint, sizeof(sa->szmq_endpoint)));
	return sizeof(*sa);
}

int zt_bind(int fd, const char *endpoint)
{
	struct sockaddr_zmq sa;
	socklen_t len = address(&sa, endpoint);

	return bind(fd, (struct sockaddr *)&sa, len);
}

int zt_connect(int fd, const char *endpoint)
{
	struct sockaddr_zmq sa;
	socklen_t len = address(&sa, endpoint);

	return connect(fd, (struct sockaddr *)&sa, len);
}

/* Binds and tells the real endpoint in @bound (ZMQ_ENDPOINT_MAX bytes). */
int zt_bind_any(int fd, const char *endpoint, char *bound)
{
	socklen_t len = ZMQ_ENDPOINT_MAX;

	if (zt_bind(fd, endpoint) ||
	    getsockopt(fd, SOL_ZMQ, ZMQ_LAST_ENDPOINT, bound, &len)) {
		printf("# bind %s: %m\n", endpoint);
		return -1;
	}
	return 0;
}

int zt_listening(int pattern, const char *endpoint, char *bound)
{
	int fd = zt_socket(pattern);

	if (fd < 0)
		return -1;
	if (zt_bind_any(fd, endpoint, bound)) {
		close(fd);
		return -1;
	}
	return fd;
}

int zt_connected(int pattern, const char *endpoint)
{
	int fd = zt_socket(pattern);

	if (fd < 0)
		return -1;
	if (zt_connect(fd, endpoint)) {
		printf("# connect %s: %m\n", endpoint);
		close(fd);
		return -1;
	}
	return fd;
}

/* One that meets its peers directly, also over tcp. */
int zt_direct_socket(int pattern)
{
	int fd = zt_socket(pattern);

	return fd < 0 || zt_setint(fd, ZMQ_LOCAL_DIRECT, 1) ? -1 : fd;
}

int zt_direct_listening(int pattern, const char *endpoint)
{
	int fd = zt_direct_socket(pattern);

	return fd < 0 || zt_bind(fd, endpoint) ? -1 : fd;
}

int zt_direct_connected(int pattern, const char *endpoint)
{
	int fd = zt_direct_socket(pattern);

	return fd < 0 || zt_connect(fd, endpoint) ? -1 : fd;
}

int zt_port(const char *endpoint)
{
	const char *colon = strrchr(endpoint, ':');

	return colon ? atoi(colon + 1) : -1;
}

/* A port of 127.0.0.1 where nothing listens; the namespace is ours alone, so
 * it stays free.
 */
int zt_free_port(void)
{
	int port, fd = zp_listen(0, &port);

	if (fd < 0)
		return -1;
	close(fd);
	return port;
}

/* An endpoint to bind, made unique where it is a name. */
const char *zt_nth_bind(const char *endpoint, int i)
{
	static char text[ZMQ_ENDPOINT_MAX];

	if (strncmp(endpoint, "inproc", 6))
		return endpoint;
	snprintf(text, sizeof(text), "%s-%d", endpoint, i);
	return text;
}

/* What poll() reports within @ms, with HUP and ERR, which cannot be masked. */
short zt_poll(int fd, short events, int ms)
{
	struct pollfd p = { .fd = fd, .events = events };

	if (poll(&p, 1, ms) < 0)
		return POLLNVAL;
	return p.revents;
}

bool zt_becomes(int fd, short events)
{
	return (zt_poll(fd, events, ZT_DEADLINE_MS) & events) == events;
}

struct lacking {
	int fd;
	short events;
};

static bool lacks(void *arg)
{
	struct lacking *l = arg;

	return !(zt_poll(l->fd, l->events, 0) & l->events);
}

/* Waits until poll() no longer reports any of @events. */
bool zt_lacks(int fd, short events)
{
	struct lacking l = { .fd = fd, .events = events };

	return zt_eventually(lacks, &l);
}

/* 0 if the frame was accepted whole. */
int zt_send(int fd, const void *data, size_t len, int flags)
{
	ssize_t n = send(fd, data, len, flags);

	if (n >= 0 && (size_t)n != len) {
		printf("# send took %zd of %zu bytes\n", n, len);
		errno = EMSGSIZE;
		return -1;
	}
	return n < 0 ? -1 : 0;
}

int zt_puts(int fd, const char *text, int flags)
{
	return zt_send(fd, text, strlen(text), flags);
}

ssize_t zt_recv(int fd, void *buf, size_t len, int flags, int *msg_flags)
{
	struct iovec iov = { .iov_base = buf, .iov_len = len };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1 };
	ssize_t n = recvmsg(fd, &msg, flags);

	*msg_flags = msg.msg_flags;
	return n;
}

static void dump(const char *what, const unsigned char *p, size_t len)
{
	size_t i;

	printf("#   %s, %zu bytes:", what, len);
	for (i = 0; i < len && i < 40; i++)
		printf(" %02x", p[i]);
	printf("\n");
}

/* Receives one frame; true if it is exactly this one. */
bool zt_got(int fd, const void *data, size_t len, bool more)
{
	char *buf = malloc(len + 64);
	bool ok = false;
	int flags;
	ssize_t n;

	if (!buf)
		return false;
	n = zt_recv(fd, buf, len + 64, 0, &flags);
	if (n < 0)
		printf("# recv: %m\n");
	else if ((size_t)n != len || memcmp(buf, data, len))
		dump("received", (unsigned char *)buf, n);
	else if (!(flags & MSG_EOR) != more)
		printf("# MSG_EOR is %s\n", flags & MSG_EOR ? "set" : "clear");
	else if (zt_getint(fd, ZMQ_RCVMORE) != more)
		printf("# ZMQ_RCVMORE is not %d\n", more);
	else
		ok = true;
	if (!ok)
		dump("expected", data, len);
	free(buf);
	return ok;
}

bool zt_gets(int fd, const char *text, bool more)
{
	return zt_got(fd, text, strlen(text), more);
}

/* Throws away all frames that wait; returns how many. */
int zt_drain(int fd)
{
	char byte;
	int n = 0;

	while (recv(fd, &byte, 1, MSG_DONTWAIT) >= 0)
		n++;
	return n;
}

/* Sends until the socket is full, that is until send() and poll() agree on
 * it, and the transport has moved nothing for a moment. Returns the number of
 * messages, -1 if it never fills up or fails otherwise.
 */
long zt_fill(int fd, const void *data, size_t len, long limit)
{
	long n = 0;

	while (n < limit) {
		if (!zt_send(fd, data, len, MSG_DONTWAIT)) {
			n++;
			continue;
		}
		if (errno != EAGAIN)
			return -1;
		if (!(zt_poll(fd, POLLOUT, 50) & POLLOUT))
			return n;
	}
	return -1;
}

static u64 next_word(u64 *state)
{
	*state = *state * 6364136223846793005ull + 1442695040888963407ull;
	return *state ^ *state >> 29;
}

/* Bytes in which a lost, doubled or moved piece shows. */
void zt_pattern(void *buf, size_t len, u64 seed)
{
	u64 word;
	size_t i;

	for (i = 0; i < len; i += sizeof(word)) {
		word = next_word(&seed);
		memcpy((char *)buf + i, &word,
		       len - i < sizeof(word) ? len - i : sizeof(word));
	}
}

bool zt_pattern_ok(const void *buf, size_t len, u64 seed)
{
	u64 word;
	size_t i;

	for (i = 0; i < len; i += sizeof(word)) {
		word = next_word(&seed);
		if (memcmp((const char *)buf + i, &word,
			   len - i < sizeof(word) ? len - i : sizeof(word))) {
			printf("# %zu bytes differ near offset %zu\n", len, i);
			return false;
		}
	}
	return true;
}

/* Sends 0, 1, …; how many of @count were accepted. */
u32 zt_put_numbers(int fd, u32 count, int flags)
{
	u32 i;

	for (i = 0; i < count; i++) {
		if (zt_send(fd, &i, sizeof(i), flags)) {
			printf("# sending number %u: %m\n", i);
			break;
		}
	}
	return i;
}

/* Receives 0, 1, …; how many of @count came, in order. */
u32 zt_get_numbers(int fd, u32 count)
{
	u32 i;

	for (i = 0; i < count && zt_got(fd, &i, sizeof(i), ZT_LAST);)
		i++;
	return i;
}

int zt_subscribe(int sub, const char *topic)
{
	return zt_settext(sub, ZMQ_SUBSCRIBE, topic);
}

int zt_unsubscribe(int sub, const char *topic)
{
	return zt_settext(sub, ZMQ_UNSUBSCRIBE, topic);
}

/* Reads what an XPUB is told: [@how topic]. */
bool zt_told(int xpub, char how, const char *topic)
{
	char want[300];

	want[0] = how;
	strcpy(want + 1, topic);
	return zt_got(xpub, want, 1 + strlen(topic), ZT_LAST);
}
