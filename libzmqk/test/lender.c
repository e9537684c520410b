// SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
/*
 * Memory that is lent: given back once, whatever the order of notifications.
 */
#include <stdlib.h>

#include "test.h"

#define LOANS	40

static char memory[ZMQK_LEND_MIN];
static int released[LOANS];
static struct zmqk_lender *lender;

static void release(void *arg)
{
	++*(int *)arg;
}

static int lend(int i, size_t len)
{
	struct iovec part = { memory, len };

	return zmqk_lend(lender, &part, 1, 0, release, &released[i]);
}

/* Lends once more when it is given back. */
static void lend_again(void *arg)
{
	release(arg);
	lend(1, sizeof(memory));
}

static void begin(void)
{
	kernel_reset();
	fake = (struct fake){};
	memset(released, 0, sizeof(released));
	lender = zmqk_lender_new(FD);
	errno = 0;
}

static int tell(uint32_t first, uint32_t last)
{
	kernel.notes[kernel.nnotes].first = first;
	kernel.notes[kernel.nnotes++].last = last;
	return zmqk_lender_reap(lender);
}

static void test_short(void)
{
	begin();
	ok(lend(0, sizeof(memory) - 1) == 1 && released[0] == 1 && !kernel.flags &&
	   !zmqk_lender_count(lender), "lend: what is short is copied and given back");
	ok(zmqk_lender_reap(lender) == 0 && !kernel.recvmsgs,
	   "lend: no call while nothing is lent");
	ok(lend(0, sizeof(memory)) == 1 && kernel.flags == MSG_ZEROCOPY && released[0] == 1 &&
	   zmqk_lender_count(lender) == 1, "lend: what is long is lent");
	ok(zmqk_lender_free(lender) == -1 && errno == EBUSY, "lend: no end while it is");
	ok(tell(0, 0) == 1 && released[0] == 2, "lend: and given back when that is told");
	ok(!zmqk_lender_free(lender) && !zmqk_lender_free(NULL), "lend: the end");
}

static void test_order(void)
{
	bool once = true;
	int i;

	begin();
	for (i = 0; i < LOANS; i++)
		lend(i, sizeof(memory));
	ok(tell(5, 5) == 1 && released[5] == 1 && !released[4] && !released[6],
	   "lend: the sixth first");
	ok(tell(0, 9) == 9 && released[5] == 1 && released[9] == 1 && !released[10],
	   "lend: a range with what was told already");
	ok(tell(100, 200) == 0 && tell(0, 5) == 0, "lend: numbers of others");
	ok(tell(10, LOANS - 1) == LOANS - 10, "lend: the rest");
	for (i = 0; i < LOANS; i++)
		once = once && released[i] == 1;
	ok(once && !zmqk_lender_count(lender), "lend: each once");
	zmqk_lender_free(lender);
}

static void test_again(void)
{
	struct iovec part = { memory, sizeof(memory) };

	begin();
	zmqk_lend(lender, &part, 1, 0, lend_again, &released[0]);
	ok(tell(0, 0) == 1 && released[0] == 1 && zmqk_lender_count(lender) == 1 &&
	   tell(1, 1) == 1 && released[1] == 1, "lend: by the function that gives back");
	zmqk_lender_free(lender);
}

static void test_times(void)
{
	begin();
	kernel.timestamps = true;
	lend(0, sizeof(memory));
	ok(tell(0, 0) == 1 && released[0] == 1, "lend: a notification with times before it");
	zmqk_lender_free(lender);
}

static void test_failures(void)
{
	struct iovec part = { memory, sizeof(memory) };

	begin();
	kernel.send_errno = EAGAIN;
	ok(lend(0, sizeof(memory)) == -1 && errno == EAGAIN && !released[0] &&
	   !zmqk_lender_count(lender), "lend: what fails is not given back");
	kernel.send_errno = 0;
	ok(lend(0, sizeof(memory)) == 1 && tell(0, 0) == 1, "lend: and has no number");

	lend(1, sizeof(memory));
	kernel.send_errno = ENOBUFS;
	ok(lend(2, sizeof(memory)) == -1 && errno == ENOBUFS && !released[1],
	   "lend: ENOBUFS while nothing is over");
	kernel.send_errno = 0;
	tell(1, 1);
	ok(zmqk_lend(lender, &part, 1, MSG_MORE, release, NULL) == -1 && errno == EINVAL &&
	   zmqk_lend(lender, &part, 0, 0, release, NULL) == -1 && errno == EINVAL &&
	   zmqk_lend(lender, &part, 1, 0, NULL, NULL) == -1 && errno == EINVAL,
	   "lend: half a message, none, nobody to give back to");
	ok(zmqk_lend(lender, &(struct iovec){ memory, 1 }, 1, MSG_ZEROCOPY, release,
		     &released[3]) == -1 && errno == EINVAL && !released[3],
	   "lend: what is short takes no number");
	lend(3, sizeof(memory));
	ok(zmqk_lender_wait(lender, 0) == -1 && errno == ETIMEDOUT, "lend: wait in vain");
	tell(2, 2);
	ok(!zmqk_lender_wait(lender, -1), "lend: wait for nothing");
	zmqk_lender_free(lender);
	fake.zerocopy = 1;
	ok(!zmqk_lender_new(FD) && errno == EBUSY, "lend: a socket has one lender");
}

void test_lender(void)
{
	test_short();
	test_order();
	test_again();
	test_times();
	test_failures();
}
