// SPDX-License-Identifier: GPL-2.0-only
/* A bad network: whatever it does, every message is accounted for. */
#include "kselftest_harness.h"
#include "fixture.h"
#include "kinds.h"

#define EP		"tcp://" ZT_FAR ":5555"
#define KIB		1024

FIXTURE(net) {
	struct zt_link link;
	struct zt_flow flow;
};

ZT_KIND_VARIANTS(net);

FIXTURE_SETUP(net)
{
	ASSERT_EQ(0, zt_setup(_metadata->name));
	if (zt_link(&self->link))
		SKIP(return, "no veth here, or no ip(8)");
	self->flow.kind = &variant->kind;
	self->flow.link = &self->link;
	self->flow.last = -1;
}

FIXTURE_TEARDOWN(net)
{
	EXPECT_EQ(0, zt_teardown());
}

struct ends {
	int hwm;
	int buffer;
	int maxrt;
	int beat;
};

static int end(int pattern, const struct ends *e)
{
	int fd = zt_socket(pattern);

	if (fd < 0 || (e->hwm && (zt_setint(fd, ZMQ_SNDHWM, e->hwm) ||
				  zt_setint(fd, ZMQ_RCVHWM, e->hwm))))
		return -1;
	if (e->buffer && (zt_setint(fd, ZMQ_SNDBUF, e->buffer) ||
			  zt_setint(fd, ZMQ_RCVBUF, e->buffer)))
		return -1;
	if (zt_setint(fd, ZMQ_RECONNECT_IVL, 50))
		return -1;
	if (e->maxrt && zt_setint(fd, ZMQ_TCP_MAXRT, e->maxrt))
		return -1;
	if (e->beat && zt_setint(fd, ZMQ_HEARTBEAT_IVL, e->beat))
		return -1;
	return fd;
}

/* The receiver sends nothing: it finds out by asking. */
static int ask_often(int fd)
{
	return zt_setint(fd, ZMQ_TCP_KEEPALIVE, 1) ||
	       zt_setint(fd, ZMQ_TCP_KEEPALIVE_IDLE, 1) ||
	       zt_setint(fd, ZMQ_TCP_KEEPALIVE_INTVL, 1) ||
	       zt_setint(fd, ZMQ_TCP_KEEPALIVE_CNT, 2);
}

/* The receiver listens at the far end, the sender connects from the near one,
 * and messages flow.
 */
static bool start(struct zt_flow *f, const struct ends *e)
{
	if (zt_in(f->link->far))
		return false;
	f->rx = end(f->kind->rx, e);
	if (f->rx < 0 || (e->maxrt && ask_often(f->rx)) ||
	    zt_bind(f->rx, EP) ||
	    (f->kind->rx == ZMQ_SUB && zt_settext(f->rx, ZMQ_SUBSCRIBE, "")) ||
	    zt_in(f->link->near))
		return false;
	f->tx = end(f->kind->tx, e);
	if (f->tx < 0 || zt_connect(f->tx, EP))
		return false;
	return zt_flow_starts(f);
}

#define START(...)							\
	ASSERT_TRUE(start(&self->flow, &(struct ends){ __VA_ARGS__ }))

#define NO_NETEM	"no netem here, or no tc(8)"

struct sign {
	struct zt_flow *flow;
	bool far;
	const char *group;
	const char *field;
	long before;
};

static long sign_value(struct sign *s)
{
	long value;

	if (zt_in(s->far ? s->flow->link->far : s->flow->link->near))
		return -1;
	value = strcmp(s->group, "Tcp:") ? zt_netstat(s->group, s->field) :
					   zt_snmp_tcp(s->field);
	return zt_in(s->flow->link->near) ? -1 : value;
}

/* Sends until TCP has seen the fault; true if everything came. */
static bool passes_until_seen(struct zt_flow *f, bool far, const char *group,
			      const char *field)
{
	struct sign s = { .flow = f, .far = far, .group = group, .field = field };
	int rounds;

	s.before = sign_value(&s);
	for (rounds = 0; rounds < 100; rounds++) {
		if (!zt_flow_pass(f, 20, 2 * KIB))
			return false;
		if (rounds >= 4 && sign_value(&s) > s.before)
			break;
	}
	if (rounds == 100)
		printf("# %s never moved from %ld\n", field, s.before);
	return rounds < 100 && !zt_flow_reported(f);
}

/* Of a segment that is lost five times in a row TCP is silent for six seconds. */
TEST_F_TIMEOUT(net, loss_loses_no_message, 120)
{
	START(.buffer = 0);
	ASSERT_EQ(0, zt_wait_for_ever(self->flow.tx));
	ASSERT_EQ(0, zt_wait_for_ever(self->flow.rx));
	if (zt_netem(&self->link, "loss 15%"))
		SKIP(return, NO_NETEM);
	EXPECT_TRUE(passes_until_seen(&self->flow, false, "Tcp:",
				      "RetransSegs"));
	EXPECT_TRUE(zt_flow_balances(&self->flow));
}

TEST_F(net, delay_loses_no_message)
{
	u64 begin;

	START(.buffer = 0);
	if (zt_netem(&self->link, "delay 40ms 10ms"))
		SKIP(return, NO_NETEM);
	begin = zt_now_ms();
	EXPECT_TRUE(zt_flow_pass(&self->flow, 20, 2 * KIB));
	EXPECT_LE(begin + 25, zt_now_ms());
	EXPECT_EQ(0, zt_flow_reported(&self->flow));
	EXPECT_TRUE(zt_flow_balances(&self->flow));
}

TEST_F(net, reordering_keeps_the_order_of_messages)
{
	START(.buffer = 0);
	if (zt_netem(&self->link, "delay 10ms reorder 40% 20%"))
		SKIP(return, NO_NETEM);
	if (variant->kind.answers) {
		EXPECT_TRUE(zt_flow_pass(&self->flow, 50, 20 * KIB));
	} else {
		EXPECT_TRUE(passes_until_seen(&self->flow, true, "TcpExt:",
					      "TCPOFOQueue"));
	}
	EXPECT_TRUE(zt_flow_balances(&self->flow));
}

TEST_F(net, duplicates_are_received_once)
{
	START(.buffer = 0);
	if (zt_netem(&self->link, "duplicate 40%"))
		SKIP(return, NO_NETEM);
	EXPECT_TRUE(passes_until_seen(&self->flow, true, "TcpExt:",
				      "TCPDSACKOldSent"));
	EXPECT_TRUE(zt_flow_balances(&self->flow));
}

/* Messages accepted while the link is cut all come when it is back, over the
 * connection of before.
 */
static bool survives(struct zt_flow *f, int (*cut)(const struct zt_link *l),
		     int (*heal)(const struct zt_link *l))
{
	long lost = zt_mib("Disconnects");
	int n;

	if (!zt_flow_pass(f, 10, 100) || cut(f->link))
		return false;
	n = zt_flow_burst(f, 50, 100);
	if (zt_poll(f->rx, POLLIN, 300)) {
		printf("# something came through\n");
		return false;
	}
	return !heal(f->link) && zt_flow_get(f, n) && zt_flow_pass(f, 10, 100) &&
	       !zt_flow_reported(f) && zt_mib("Disconnects") == lost;
}

static int lose_all(const struct zt_link *l)
{
	return zt_netem(l, "loss 100%");
}

static int lose_none(const struct zt_link *l)
{
	return zt_netem(l, NULL);
}

static int take_down(const struct zt_link *l)
{
	return zt_sh("ip link set veth down");
}

static int take_up(const struct zt_link *l)
{
	return zt_sh("ip link set veth up");
}

TEST_F(net, a_partition_that_heals_loses_no_message)
{
	START(.buffer = 0);
	if (zt_netem(&self->link, "loss 0%"))
		SKIP(return, NO_NETEM);
	EXPECT_TRUE(survives(&self->flow, lose_all, lose_none));
	EXPECT_TRUE(zt_flow_balances(&self->flow));
}

TEST_F(net, a_link_that_comes_back_loses_no_message)
{
	START(.buffer = 0);
	EXPECT_TRUE(survives(&self->flow, take_down, take_up));
	EXPECT_TRUE(zt_flow_balances(&self->flow));
}

static bool stream_broke(void *before)
{
	return zt_mib("Disconnects") > *(long *)before;
}

static bool far_end_counts(struct zt_flow *f, const char *reason)
{
	long count;

	zt_in(f->link->far);
	count = zt_mib(reason);
	zt_in(f->link->near);
	return count > 0;
}

static bool no_peer(void *arg)
{
	return far_end_counts(arg, "Disconnects");
}

/* Nobody tells the other end, which finds out by itself. */
static bool is_missed(void *arg)
{
	return far_end_counts(arg, "HeartbeatTimeouts");
}

/* Messages accepted until the stream breaks, and some after it. */
static bool outlives_patience(struct zt_flow *f)
{
	long lost = zt_mib("Disconnects");

	if (!zt_flow_burst(f, 30, 100) || !zt_eventually(stream_broke, &lost))
		return false;
	zt_flow_burst(f, 30, 100);
	return zt_eventually(no_peer, f);
}

static bool is_back(void *before)
{
	return zt_mib("Established") > *(long *)before;
}

static bool tx_usable(void *arg)
{
	struct zt_flow *f = arg;

	return zt_flow_burst(f, 1, 100) && zt_poll(f->rx, POLLIN, 50) & POLLIN;
}

TEST_F(net, after_a_long_partition_every_message_is_accounted_for)
{
	struct zt_flow *f = &self->flow;
	long up;

	START(.maxrt = 1000);
	if (zt_netem(&self->link, "loss 0%"))
		SKIP(return, NO_NETEM);
	ASSERT_TRUE(zt_flow_pass(f, 10, 100));
	ASSERT_EQ(0, lose_all(&self->link));
	ASSERT_TRUE(outlives_patience(f));
	EXPECT_LT(0, zt_mib("TxUnacked"));
	EXPECT_TRUE(zt_flow_balances(f));
	up = zt_mib("Established");
	ASSERT_EQ(0, lose_none(&self->link));
	ASSERT_TRUE(zt_eventually(is_back, &up));
	/* The request is lost, and its REQ waits for ever. */
	if (variant->kind.answers) {
		ASSERT_EQ(0, zt_setint(f->tx, ZMQ_REQ_RELAXED, 1));
	} else {
		ASSERT_TRUE(zt_eventually(tx_usable, f));
		while (zt_poll(f->rx, POLLIN, 200) & POLLIN)
			ASSERT_TRUE(zt_flow_recv(f));
	}
	EXPECT_TRUE(zt_flow_balances(f));
	f->last = f->next - 1;
	EXPECT_TRUE(zt_flow_pass(f, 10, 100));
}

TEST_F(net, of_a_peer_that_vanished_every_message_is_accounted_for)
{
	struct zt_flow *f = &self->flow;

	START(.maxrt = 1000);
	ASSERT_TRUE(zt_flow_pass(f, 10, 100));
	ASSERT_EQ(0, zt_sh("ip link del veth"));
	ASSERT_TRUE(outlives_patience(f));
	EXPECT_LT(0, zt_mib("TxUnacked"));
	EXPECT_TRUE(zt_flow_balances(f));
	EXPECT_EQ(0, zt_poll(f->rx, POLLIN, 0));
}

/* As by DHCP, or a VPN: what waits for the old address has nowhere to go. */
TEST_F(net, whose_own_address_has_changed_connects_from_the_new_one)
{
	struct zt_flow *f = &self->flow;
	long up;

	START(.beat = 300);
	ASSERT_TRUE(zt_flow_pass(f, 10, 100));
	up = zt_mib("Established");
	ASSERT_EQ(0, zt_sh("ip addr del " ZT_NEAR "/24 dev veth"));
	ASSERT_EQ(0, zt_sh("ip addr add 10.77.0.3/24 dev veth"));
	ASSERT_TRUE(zt_eventually(is_back, &up));
	ASSERT_TRUE(zt_eventually(is_missed, f));
	EXPECT_TRUE(zt_becomes(f->tx, POLLOUT));
	f->last = f->next - 1;
	EXPECT_TRUE(zt_flow_pass(f, 10, 100));
}

TEST_F(net, a_peer_that_reads_late_misses_only_what_was_dropped)
{
	struct zt_flow *f = &self->flow;
	long dropped;
	int n;

	START(.hwm = 10, .buffer = 8 * KIB);
	n = zt_flow_burst(f, 400, 4 * KIB);
	EXPECT_TRUE(variant->kind.answers ? n == 1 :
		    variant->kind.drops == (n == 400));
	dropped = zt_flow_reported(f);
	EXPECT_EQ(variant->kind.drops, dropped > 0);
	for (n -= dropped; n; n--)
		ASSERT_TRUE(zt_flow_recv(f)) TH_LOG("%d left", n);
	EXPECT_EQ(dropped, zt_flow_reported(f));
	EXPECT_TRUE(zt_flow_balances(f));
	f->last = f->next - 1;
	EXPECT_TRUE(zt_flow_pass(f, 1, 100));
}

TEST_HARNESS_MAIN
