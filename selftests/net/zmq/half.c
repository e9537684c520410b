// SPDX-License-Identifier: GPL-2.0-only
/* Half a message: who may end it, and how it is given up. */
#include <signal.h>
#include <sys/wait.h>
#include "kselftest_harness.h"
#include "fixture.h"

static int abort_half(int fd)
{
	return zt_setint(fd, ZMQ_ABORT, 1);
}

TEST_F(zmq_over, half_a_message_can_be_given_up)
{
	int pull = zt_listening(ZMQ_PULL, variant->bind, self->ep);
	int push = zt_connected(ZMQ_PUSH, self->ep);

	EXPECT_EQ(0, abort_half(push));
	ASSERT_EQ(0, zt_puts(push, "old", MSG_MORE));
	ASSERT_EQ(0, abort_half(push));
	ASSERT_EQ(0, zt_puts(push, "new", MSG_MORE));
	ASSERT_EQ(0, zt_puts(push, "end", 0));
	EXPECT_TRUE(zt_gets(pull, "new", ZT_MORE));
	EXPECT_TRUE(zt_gets(pull, "end", ZT_LAST));
	EXPECT_EQ(0, setsockopt(push, SOL_ZMQ, ZMQ_ABORT, NULL, 0));
}

TEST_F(zmq, whole_messages_go_when_half_of_one_was_given_up)
{
	static const struct zmq_frame_desc whole = { 1, 0 };
	int pull = zt_listening(ZMQ_PULL, "inproc://half", self->ep);
	int push = zt_connected(ZMQ_PUSH, self->ep);

	ASSERT_EQ(0, zt_puts(push, "old", MSG_MORE));
	EXPECT_EQ(-1, zt_send_frames(push, "w", 1, &whole, 1, MSG_DONTWAIT));
	EXPECT_EQ(EBADFD, errno);
	ASSERT_EQ(0, abort_half(push));
	EXPECT_EQ(1, zt_send_frames(push, "w", 1, &whole, 1, 0));
	EXPECT_TRUE(zt_gets(pull, "w", ZT_LAST));
}

TEST_F(zmq, an_answer_is_begun_anew)
{
	int rep = zt_listening(ZMQ_REP, "inproc://half", self->ep);
	int req = zt_connected(ZMQ_REQ, self->ep);

	ASSERT_EQ(0, zt_puts(req, "half", MSG_MORE));
	ASSERT_EQ(0, abort_half(req));
	ASSERT_EQ(0, zt_puts(req, "ask", 0));
	ASSERT_TRUE(zt_gets(rep, "ask", ZT_LAST));
	ASSERT_EQ(0, zt_puts(rep, "half", MSG_MORE));
	ASSERT_EQ(0, abort_half(rep));
	ASSERT_EQ(0, zt_puts(rep, "answer", 0));
	EXPECT_TRUE(zt_gets(req, "answer", ZT_LAST));
}

static int send_half(void *arg)
{
	return zt_puts(*(int *)arg, "old", MSG_MORE) ? 1 : 0;
}

static int read_half(void *arg)
{
	return zt_gets(*(int *)arg, "old", ZT_MORE) ? 0 : 1;
}

TEST_F(zmq_over, what_a_process_began_ends_with_it)
{
	static const struct zmq_frame_desc whole = { 1, 0 };
	int pull = zt_listening(ZMQ_PULL, variant->bind, self->ep);
	int push = zt_connected(ZMQ_PUSH, self->ep);

	ASSERT_TRUE(zt_reap(zt_child(send_half, &push)));
	ASSERT_EQ(0, zt_puts(push, "new", MSG_MORE));
	ASSERT_EQ(0, zt_puts(push, "end", 0));
	EXPECT_TRUE(zt_gets(pull, "new", ZT_MORE));
	EXPECT_TRUE(zt_gets(pull, "end", ZT_LAST));

	ASSERT_TRUE(zt_reap(zt_child(send_half, &push)));
	EXPECT_EQ(1, zt_send_frames(push, "w", 1, &whole, 1, 0));
	EXPECT_TRUE(zt_gets(pull, "w", ZT_LAST));
}

TEST_F(zmq, who_is_a_zombie_is_gone)
{
	int pull = zt_listening(ZMQ_PULL, "inproc://half", self->ep);
	int push = zt_connected(ZMQ_PUSH, self->ep);
	siginfo_t info;
	pid_t pid;

	pid = fork();
	if (!pid)
		_exit(send_half(&push));
	ASSERT_EQ(0, waitid(P_PID, pid, &info, WEXITED | WNOWAIT));
	ASSERT_EQ(0, zt_puts(push, "new", 0));
	EXPECT_TRUE(zt_gets(pull, "new", ZT_LAST));
	ASSERT_EQ(pid, waitpid(pid, NULL, 0));
}

static int finish_half(void *arg)
{
	return zt_puts(*(int *)arg, "2", 0) ? 1 : 0;
}

TEST_F(zmq, a_process_that_lives_is_helped)
{
	int pull = zt_listening(ZMQ_PULL, "inproc://half", self->ep);
	int push = zt_connected(ZMQ_PUSH, self->ep);

	ASSERT_EQ(0, zt_puts(push, "1", MSG_MORE));
	ASSERT_TRUE(zt_reap(zt_child(finish_half, &push)));
	EXPECT_TRUE(zt_gets(pull, "1", ZT_MORE));
	EXPECT_TRUE(zt_gets(pull, "2", ZT_LAST));
}

TEST_F(zmq_over, the_rest_of_what_a_process_was_reading_goes_with_it)
{
	int pull = zt_listening(ZMQ_PULL, variant->bind, self->ep);
	int push = zt_connected(ZMQ_PUSH, self->ep);

	ASSERT_EQ(0, zt_puts(push, "old", MSG_MORE));
	ASSERT_EQ(0, zt_puts(push, "rest", 0));
	ASSERT_EQ(0, zt_puts(push, "new", 0));
	ASSERT_TRUE(zt_reap(zt_child(read_half, &pull)));
	EXPECT_TRUE(zt_gets(pull, "new", ZT_LAST));
}

TEST_F(zmq, a_question_whose_answer_was_half_read_is_over)
{
	int rep = zt_listening(ZMQ_REP, "inproc://half", self->ep);
	int req = zt_connected(ZMQ_REQ, self->ep);

	ASSERT_EQ(0, zt_puts(req, "1", 0));
	ASSERT_TRUE(zt_gets(rep, "1", ZT_LAST));
	ASSERT_EQ(0, zt_puts(rep, "old", MSG_MORE));
	ASSERT_EQ(0, zt_puts(rep, "rest", 0));
	ASSERT_TRUE(zt_reap(zt_child(read_half, &req)));
	EXPECT_EQ(0, zt_getint(req, ZMQ_EVENTS) & ZMQ_POLLIN);
	ASSERT_EQ(0, zt_puts(req, "2", 0));
	ASSERT_TRUE(zt_gets(rep, "2", ZT_LAST));

	/* Half a question is no question. */
	ASSERT_EQ(0, zt_puts(rep, "two", 0));
	ASSERT_TRUE(zt_gets(req, "two", ZT_LAST));
	ASSERT_EQ(0, zt_puts(req, "old", MSG_MORE));
	ASSERT_EQ(0, zt_puts(req, "rest", 0));
	ASSERT_TRUE(zt_becomes(rep, POLLIN));
	ASSERT_TRUE(zt_reap(zt_child(read_half, &rep)));
	EXPECT_EQ(0, zt_getint(rep, ZMQ_EVENTS));
}

/* Nobody takes the last frame, since whoever the first was for has gone. */
static bool refuses_the_end(int push, int pull)
{
	if (!zt_becomes(push, POLLOUT) || zt_puts(push, "old", MSG_MORE))
		return false;
	close(pull);
	while (zt_poll(push, POLLOUT, 0))
		usleep(1000);
	return zt_puts(push, "end", MSG_DONTWAIT) && errno == EAGAIN;
}

TEST_F(zmq_over, a_frame_that_was_refused_may_come_again)
{
	int push = zt_listening(ZMQ_PUSH, variant->bind, self->ep);
	int pull = zt_connected(ZMQ_PULL, self->ep);

	ASSERT_TRUE(refuses_the_end(push, pull));
	EXPECT_EQ(-1, zt_puts(push, "end", MSG_DONTWAIT));
	EXPECT_EQ(EAGAIN, errno);
	pull = zt_connected(ZMQ_PULL, self->ep);
	ASSERT_TRUE(zt_becomes(push, POLLOUT));
	ASSERT_EQ(0, zt_puts(push, "end", 0));
	EXPECT_TRUE(zt_gets(pull, "old", ZT_MORE));
	EXPECT_TRUE(zt_gets(pull, "end", ZT_LAST));
}

TEST_F(zmq_over, whoever_goes_on_with_another_frame_begins_anew)
{
	int push = zt_listening(ZMQ_PUSH, variant->bind, self->ep);
	int pull = zt_connected(ZMQ_PULL, self->ep);

	ASSERT_TRUE(refuses_the_end(push, pull));
	pull = zt_connected(ZMQ_PULL, self->ep);
	ASSERT_TRUE(zt_becomes(push, POLLOUT));
	ASSERT_EQ(0, zt_puts(push, "new", 0));
	EXPECT_TRUE(zt_gets(pull, "new", ZT_LAST));

	ASSERT_TRUE(refuses_the_end(push, pull));
	pull = zt_connected(ZMQ_PULL, self->ep);
	ASSERT_TRUE(zt_becomes(push, POLLOUT));
	ASSERT_EQ(0, zt_puts(push, "end", MSG_MORE));
	ASSERT_EQ(0, zt_puts(push, "end", 0));
	EXPECT_TRUE(zt_gets(pull, "end", ZT_MORE));
	EXPECT_TRUE(zt_gets(pull, "end", ZT_LAST));
}

TEST_F(zmq, a_subscription_that_is_too_long_leaves_nothing_behind)
{
	static char topic[20000] = { 1 };
	int xpub = zt_listening(ZMQ_XPUB, "inproc://half", self->ep);
	int xsub = zt_connected(ZMQ_XSUB, self->ep);

	ASSERT_EQ(0, zt_send(xsub, topic, sizeof(topic), MSG_MORE));
	EXPECT_EQ(-1, zt_puts(xsub, "x", 0));
	EXPECT_EQ(EMSGSIZE, errno);
	ASSERT_EQ(0, zt_puts(xsub, "\1a", 0));
	EXPECT_TRUE(zt_gets(xpub, "\1a", ZT_LAST));
}

TEST_HARNESS_MAIN
