// SPDX-License-Identifier: GPL-2.0-only
/*
 * Calls that set and ask, each with its first, second, … allocation or user copy
 * failing until none is left: what cannot be set is as it was. By
 * `make check-faults`.
 */
#include <fcntl.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <linux/sockios.h>
#include "kselftest_harness.h"
#include "fixture.h"
#include "fault.h"

/* Every number that an option has can be set to what it is. */
TEST_F(zmq, numbers_of_options)
{
	int fd, option, n, before, after, set = 0;
	bool failed, more;
	socklen_t len;
	long value;

	if (!zt_can_fault(_metadata->name))
		SKIP(return, ZT_NO_FAULTS);
	fd = zt_socket(ZMQ_XPUB);
	ASSERT_LE(0, fd);
	for (option = 0; option < 1030; option++) {
		len = sizeof(value);
		/* These make something anew each time. */
		if (option == ZMQ_MONITOR_FD || option == ZMQ_INPROC_NS ||
		    getsockopt(fd, SOL_ZMQ, option, &value, &len) ||
		    setsockopt(fd, SOL_ZMQ, option, &value, len))
			continue;
		set++;
		ZT_EACH_FAULT(n, more) {
			before = len == sizeof(int) ? zt_getint(fd, option) : 0;
			more = ZT_FAULT(n, failed, setsockopt(fd, SOL_ZMQ, option,
							      &value, len));
			after = len == sizeof(int) ? zt_getint(fd, option) : 0;
			ASSERT_EQ(before, after) TH_LOG("option %d", option);
		}
		EXPECT_FALSE(more);
		ZT_EACH_FAULT(n, more) {
			len = sizeof(value);
			more = ZT_FAULT(n, failed, getsockopt(fd, SOL_ZMQ, option,
							      &value, &len));
		}
		EXPECT_FALSE(more);
	}
	EXPECT_LT(30, set);
	EXPECT_EQ(0, zt_bind(fd, "tcp://127.0.0.1:*"));
}

static const struct text_option {
	int pattern;
	int option;
	const char *value;
} text_options[] = {
	{ ZMQ_ROUTER, ZMQ_ROUTING_ID, "an identity that is not short at all" },
	{ ZMQ_ROUTER, ZMQ_CONNECT_ROUTING_ID, "whom it may concern" },
	{ ZMQ_XPUB, ZMQ_XPUB_WELCOME_MSG, "welcome, whoever you are" },
	{ ZMQ_PULL, ZMQ_BINDTODEVICE, "lo" },
	{ ZMQ_PULL, ZMQ_IPC_FILTER_UID, "\0\0\0" },
	{ ZMQ_SUB, ZMQ_SUBSCRIBE, "topic" },
	{ ZMQ_SUB, ZMQ_SUBSCRIBE, "" },
};

static socklen_t text_len(const struct text_option *o)
{
	return o->option == ZMQ_IPC_FILTER_UID ? 4 : strlen(o->value);
}

TEST_F(zmq, texts_of_options)
{
	const struct text_option *o;
	bool failed, more;
	int fd, n;

	if (!zt_can_fault(_metadata->name))
		SKIP(return, ZT_NO_FAULTS);
	for (o = text_options; o < text_options + ARRAY_SIZE(text_options); o++) {
		ZT_EACH_FAULT(n, more) {
			fd = zt_socket(o->pattern);
			more = ZT_FAULT(n, failed, setsockopt(fd, SOL_ZMQ, o->option,
							      o->value, text_len(o)));
			if (failed)
				ASSERT_EQ(0, setsockopt(fd, SOL_ZMQ, o->option, o->value,
							text_len(o)));
			close(fd);
		}
		EXPECT_FALSE(more) TH_LOG("option %d", o->option);
	}
}

static long open_monitor(int fd)
{
	return zt_getint(fd, ZMQ_MONITOR_FD);
}

TEST_F(zmq, monitor)
{
	int fd, monitor, n, port;
	struct zmq_event_record r;
	bool failed, more;

	if (!zt_can_fault(_metadata->name))
		SKIP(return, ZT_NO_FAULTS);
	ZT_EACH_FAULT(n, more) {
		fd = zt_socket(ZMQ_PULL);
		ASSERT_EQ(0, zt_setint(fd, ZMQ_MONITOR, ZMQ_EVENT_LISTENING));
		more = ZT_FAULT(n, failed, monitor = open_monitor(fd));
		if (failed)
			monitor = open_monitor(fd);
		ASSERT_LE(0, monitor);
		ASSERT_EQ(0, zt_bind_any(fd, "tcp://127.0.0.1:*", self->ep));
		port = zt_port(self->ep);
		ASSERT_EQ(sizeof(r), read(monitor, &r, sizeof(r))) TH_LOG("fault %d", n);
		EXPECT_EQ(ZMQ_EVENT_LISTENING, r.event);
		EXPECT_EQ(port, zt_port(r.local));
		close(monitor);
		close(fd);
	}
	EXPECT_FALSE(more);
}

/* What only asks. */
static long ask_epoll(int fd)
{
	struct epoll_event ev = { .events = EPOLLIN };
	int ep = epoll_create1(EPOLL_CLOEXEC);
	long ret = ep < 0 ? -1 : epoll_ctl(ep, EPOLL_CTL_ADD, fd, &ev);
	int err = errno;

	close(ep);
	errno = err;
	return ret;
}

static long ask_queue(int fd)
{
	int n;

	return ioctl(fd, SIOCINQ, &n) ?: ioctl(fd, SIOCOUTQ, &n);
}

static long ask_name(int fd)
{
	struct sockaddr_zmq name;
	socklen_t len = sizeof(name);

	return getsockname(fd, (struct sockaddr *)&name, &len);
}

static long ask_proc(int fd)
{
	char buf[4096];
	int proc = open("/proc/thread-self/net/zmq", 0), err;
	long n, sum = 0;

	if (proc < 0)
		return -1;
	while ((n = read(proc, buf, sizeof(buf))) > 0)
		sum += n;
	err = errno;
	close(proc);
	errno = err;
	return n < 0 ? -1 : sum;
}

TEST_F(zmq, questions)
{
	long (*const ask[])(int fd) = { ask_epoll, ask_queue, ask_name, ask_proc };
	bool failed, more;
	int fd, n, i;

	if (!zt_can_fault(_metadata->name))
		SKIP(return, ZT_NO_FAULTS);
	fd = zt_listening(ZMQ_PULL, "tcp://127.0.0.1:*", self->ep);
	ASSERT_LE(0, fd);
	for (i = 0; i < ARRAY_SIZE(ask); i++) {
		long answer = ask[i](fd), ret;

		ASSERT_LE(0, answer);
		ZT_EACH_FAULT(n, more) {
			more = ZT_FAULT(n, failed, ret = ask[i](fd));
			if (!failed && ask[i] != ask_proc)
				ASSERT_EQ(answer, ret);
			ASSERT_LE(0, ask[i](fd));
		}
		EXPECT_FALSE(more);
	}
}

TEST_HARNESS_MAIN
