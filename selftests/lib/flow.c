// SPDX-License-Identifier: GPL-2.0-only
/*
 * Numbered messages from a sender to a receiver, in any pattern, and an account
 * of all of them: what was accepted was delivered, or waits, or was reported.
 */
#include <stdlib.h>
#include "zmqtest.h"

/* The counters in which a message can end. */
static const char * const reports[] = {
	"TxDropFull", "TxDropNoPeer", "TxDropConn", "TxUnacked", "LingerDrop",
	"RxDropFilter", "RxDropMalformed", "RxDropStale",
};

/* Messages of this namespace that a counter has. */
static long reported(void)
{
	long sum = 0;
	size_t i;

	for (i = 0; i < sizeof(reports) / sizeof(*reports); i++)
		sum += zt_mib(reports[i]);
	return sum;
}

static void sum_up(const struct zt_flow *f, long *in_counters, long *waiting)
{
	*in_counters = reported();
	*waiting = zt_queued();
	if (!f->link)
		return;
	zt_in(f->link->far);
	*in_counters += reported();
	*waiting += zt_queued();
	zt_in(f->link->near);
}

/* From now on messages count. */
void zt_flow_begin(struct zt_flow *f)
{
	long waiting;

	f->accepted = 0;
	f->delivered = 0;
	sum_up(f, &f->reported_before, &waiting);
}

/* Messages that counters have, since zt_flow_begin(). */
long zt_flow_reported(const struct zt_flow *f)
{
	long now, waiting;

	sum_up(f, &now, &waiting);
	return now - f->reported_before;
}

static bool balances(void *arg)
{
	struct zt_flow *f = arg;
	long now, waiting;

	sum_up(f, &now, &waiting);
	return f->accepted == f->delivered + waiting + now - f->reported_before;
}

/* True as soon as the account is exact. */
bool zt_flow_balances(struct zt_flow *f)
{
	long now, waiting;
	size_t i;

	if (zt_eventually(balances, f))
		return true;
	sum_up(f, &now, &waiting);
	printf("# %ld accepted, but %ld delivered, %ld waiting, %ld reported\n",
	       f->accepted, f->delivered, waiting, now - f->reported_before);
	for (i = 0; i < sizeof(reports) / sizeof(*reports); i++)
		printf("#   %s %ld\n", reports[i], zt_mib(reports[i]));
	zt_tell();
	return false;
}

/* Sends the next number in a message of @len bytes. */
int zt_flow_send(struct zt_flow *f, size_t len, int flags)
{
	char *body = calloc(1, len);
	int ret;

	memcpy(body, &f->next, sizeof(f->next));
	ret = zt_send(f->tx, body, len, flags);
	free(body);
	if (ret)
		return -1;
	f->next++;
	f->accepted++;
	return 0;
}

/* The next message of @fd without an envelope. */
static bool get(struct zt_flow *f, int fd, int pattern, u32 *number)
{
	char id[16];

	if (pattern == ZMQ_ROUTER && recv(fd, id, sizeof(id), 0) < 0)
		return false;
	if (recv(fd, number, sizeof(*number), 0) < 0)
		return false;
	f->delivered++;
	return true;
}

/* Receives the next number, which has to be above the last one, and lets it be
 * answered if the pattern has answers.
 */
bool zt_flow_recv(struct zt_flow *f)
{
	u32 number, back;

	if (!get(f, f->rx, f->kind->rx, &number)) {
		printf("# behind number %d: %m\n", (int)f->last);
		return false;
	}
	if ((int)number <= f->last || number >= f->next) {
		printf("# number %u behind %d\n", number, (int)f->last);
		return false;
	}
	f->last = number;
	if (!f->kind->answers)
		return true;
	if (zt_send(f->rx, &number, sizeof(number), 0))
		return false;
	f->accepted++;
	return get(f, f->tx, f->kind->tx, &back) && back == number;
}

/* True if @count numbers come, without a gap. */
bool zt_flow_get(struct zt_flow *f, int count)
{
	int first = f->last + 1;

	while (count-- && zt_flow_recv(f))
		first++;
	return count < 0 && first == (int)f->last + 1;
}

/* Sends @count messages of @len bytes, and true if all come in order. */
bool zt_flow_pass(struct zt_flow *f, int count, size_t len)
{
	int i;

	for (i = 0; i < count; i++) {
		if (zt_flow_send(f, len, 0)) {
			printf("# sending number %u: %m\n", f->next);
			return false;
		}
		if (f->kind->answers && !zt_flow_get(f, 1))
			return false;
	}
	return f->kind->answers || zt_flow_get(f, count);
}

/* Sends as many as the pattern lets go without an answer, at most @count. */
int zt_flow_burst(struct zt_flow *f, int count, size_t len)
{
	int n = 0;

	while (n < count && !zt_flow_send(f, len, MSG_DONTWAIT)) {
		n++;
		if (f->kind->answers)
			break;
	}
	return n;
}

static int try_first(struct zt_flow *f)
{
	if (f->kind->answers && zt_poll(f->tx, POLLOUT, 0) != POLLOUT)
		return -1;
	return zt_flow_send(f, sizeof(u32), MSG_DONTWAIT);
}

static bool arrives(void *arg)
{
	struct zt_flow *f = arg;

	try_first(f);
	return zt_poll(f->rx, POLLIN, 10) & POLLIN;
}

/* Waits until messages flow, then begins to count. */
bool zt_flow_starts(struct zt_flow *f)
{
	if (!zt_eventually(arrives, f))
		return false;
	/* What was sent to nobody before has left gaps. */
	do {
		if (!zt_flow_recv(f))
			return false;
	} while (zt_poll(f->rx, POLLIN, 100) & POLLIN);
	f->last = f->next - 1;
	zt_flow_begin(f);
	return true;
}
