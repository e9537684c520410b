// SPDX-License-Identifier: GPL-2.0-only
/* Memory that libzmqk lends to the kernel: it comes back once, whatever becomes of peers. */
#include <linux/net_tstamp.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>
#include "kselftest_harness.h"
#include "ends.h"

#define LONG	(64 << 10)
#define MANY	5

/* Memory of a message */
struct loan {
	unsigned char *mem;
	int released;
};

static struct loan loans[MANY];

FIXTURE(lender) {
	char ep[ZMQ_ENDPOINT_MAX];
};

FIXTURE_VARIANT(lender) {
	const char *bind;
};

FIXTURE_VARIANT_ADD(lender, tcp) {
	.bind = "tcp://127.0.0.1:*",
};

FIXTURE_VARIANT_ADD(lender, ipc) {
	.bind = "ipc://@lender",
};

FIXTURE_VARIANT_ADD(lender, inproc) {
	.bind = "inproc://lender",
};

FIXTURE_SETUP(lender)
{
	int i;

	ASSERT_EQ(0, zt_setup(_metadata->name));
	for (i = 0; i < MANY; i++)
		loans[i].mem = malloc(LONG);
}

FIXTURE_TEARDOWN(lender)
{
}

/* Whoever still used the memory would be noticed. */
static void release(void *arg)
{
	struct loan *loan = arg;

	memset(loan->mem, 0xee, LONG);
	loan->released++;
}

static int lend(struct zmqk_lender *lender, int i)
{
	struct iovec parts[] = { part("head", 4), part(loans[i].mem, LONG) };

	zt_pattern(loans[i].mem, LONG, i);
	return zmqk_lend(lender, parts, 2, MSG_DONTWAIT, release, &loans[i]);
}

static bool all_released_once(void)
{
	int i;

	for (i = 0; i < MANY; i++)
		if (loans[i].released != 1)
			return false;
	return true;
}

TEST_F(lender, what_is_lent_arrives_and_comes_back)
{
	int pull = open_bound(ZMQ_PULL, variant->bind, self->ep);
	int push = open_connected(ZMQ_PUSH, self->ep), i;
	struct zmqk_lender *lender = zmqk_lender_new(push);
	struct zmqk_msg msg = ZMQK_MSG_INIT;

	ASSERT_NE(NULL, lender);
	for (i = 0; i < MANY; i++)
		ASSERT_EQ(2, lend(lender, i));
	for (i = 0; i < MANY; i++) {
		ASSERT_EQ(2, zmqk_recv_msg(pull, &msg, 0));
		EXPECT_EQ(LONG, msg.parts[1].iov_len);
		EXPECT_TRUE(zt_pattern_ok(msg.parts[1].iov_base, LONG, i));
	}
	ASSERT_EQ(0, zmqk_lender_wait(lender, ZT_DEADLINE_MS));
	EXPECT_TRUE(all_released_once());
	EXPECT_EQ(0, zmqk_lender_count(lender));
	EXPECT_EQ(0, zmqk_lender_free(lender));
	EXPECT_EQ(NULL, zmqk_lender_new(push));
	EXPECT_EQ(EBUSY, errno);
	zmqk_msg_free(&msg);
}

TEST_F(lender, memory_comes_back_from_a_socket_that_tells_times)
{
	const int times = SOF_TIMESTAMPING_RX_SOFTWARE | SOF_TIMESTAMPING_SOFTWARE;
	int pull = open_bound(ZMQ_PULL, variant->bind, self->ep);
	int push = open_connected(ZMQ_PUSH, self->ep);
	struct zmqk_lender *lender = zmqk_lender_new(push);
	struct zmqk_msg msg = ZMQK_MSG_INIT;

	ASSERT_NE(NULL, lender);
	ASSERT_EQ(0, setsockopt(push, SOL_SOCKET, SO_TIMESTAMPING, &times, sizeof(times)));
	ASSERT_EQ(0, setsockopt(push, SOL_SOCKET, SO_TIMESTAMPNS, &(int){ 1 }, sizeof(int)));
	ASSERT_EQ(2, lend(lender, 0));
	ASSERT_EQ(2, zmqk_recv_msg(pull, &msg, 0));
	EXPECT_EQ(0, zmqk_lender_wait(lender, ZT_DEADLINE_MS));
	EXPECT_EQ(1, loans[0].released);
	EXPECT_EQ(0, zmqk_lender_free(lender));
	zmqk_msg_free(&msg);
}

static long long cpu_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &ts);
	return ts.tv_sec * 1000LL + ts.tv_nsec / 1000000;
}

TEST(who_waits_for_a_socket_that_is_shut_down_sleeps)
{
	struct zmqk_lender *lender;
	long long before;
	int push;

	ASSERT_EQ(0, zt_setup("shut"));
	loans[0].mem = malloc(LONG);
	push = open_connected(ZMQ_PUSH, "tcp://127.0.0.1:9");
	lender = zmqk_lender_new(push);
	ASSERT_NE(NULL, lender);
	ASSERT_EQ(2, lend(lender, 0));
	ASSERT_EQ(0, zmqk_set_int(push, ZMQ_LINGER, 0));
	ASSERT_EQ(0, shutdown(push, SHUT_RDWR));
	before = cpu_ms();
	EXPECT_EQ(-1, zmqk_lender_wait(lender, 500));
	EXPECT_EQ(ETIMEDOUT, errno);
	EXPECT_GT(250, cpu_ms() - before);
}

static int pull_without_reading(void *arg)
{
	int fd = zmqk_socket(ZMQ_PULL, 0);

	if (fd < 0 || zmqk_set_int(fd, ZMQ_RCVHWM, 1) || zmqk_connect(fd, arg))
		return 1;
	for (;;)
		pause();
}

TEST_F(lender, memory_comes_back_when_the_peer_is_killed)
{
	int push = open_bound(ZMQ_PUSH, variant->bind, self->ep), i;
	struct zmqk_lender *lender = zmqk_lender_new(push);
	pid_t pid = zt_child(pull_without_reading, self->ep);

	ASSERT_NE(NULL, lender);
	ASSERT_LT(0, pid);
	ASSERT_EQ(POLLOUT, zt_poll(push, POLLOUT, ZT_DEADLINE_MS));
	for (i = 0; i < MANY; i++)
		ASSERT_EQ(2, lend(lender, i));
	ASSERT_EQ(0, kill(pid, SIGKILL));
	waitpid(pid, NULL, 0);
	EXPECT_EQ(0, zmqk_lender_wait(lender, ZT_DEADLINE_MS));
	EXPECT_TRUE(all_released_once());
	EXPECT_EQ(0, zmqk_lender_free(lender));
}

TEST(memory_for_a_peer_that_never_comes)
{
	struct zmqk_lender *lender;
	int push, i;

	ASSERT_EQ(0, zt_setup("never"));
	for (i = 0; i < MANY; i++)
		loans[i].mem = malloc(LONG);
	push = open_connected(ZMQ_PUSH, "tcp://127.0.0.1:9");
	lender = zmqk_lender_new(push);
	ASSERT_NE(NULL, lender);
	for (i = 0; i < MANY; i++)
		ASSERT_EQ(2, lend(lender, i));
	EXPECT_EQ(-1, zmqk_lender_wait(lender, 50));
	EXPECT_EQ(ETIMEDOUT, errno);
	EXPECT_EQ(MANY, zmqk_lender_count(lender));
	EXPECT_EQ(-1, zmqk_lender_free(lender));
	EXPECT_EQ(EBUSY, errno);
	ASSERT_EQ(0, zmqk_set_int(push, ZMQ_LINGER, 0));
	ASSERT_EQ(0, zmqk_disconnect(push, "tcp://127.0.0.1:9"));
	EXPECT_EQ(0, zmqk_lender_wait(lender, ZT_DEADLINE_MS));
	EXPECT_TRUE(all_released_once());
	EXPECT_EQ(0, zmqk_lender_free(lender));
}

TEST_HARNESS_MAIN
