// SPDX-License-Identifier: GPL-2.0-only
/*
 * A network namespace has gone when nothing holds it any more. The kernel
 * tells every namespace that had given it an id: RTM_DELNSID.
 */
#include <linux/net_namespace.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include "zmqtest.h"

struct nsid_request {
	struct nlmsghdr head;
	union {
		struct rtgenmsg gen;
		__u32 align;
	};
	struct rtattr nsid_attr;
	__s32 nsid;
	struct rtattr pid_attr;
	__u32 pid;
};

/* A netlink socket that hears of namespaces going. */
int zt_nsid_watch(void)
{
	struct sockaddr_nl sa = { .nl_family = AF_NETLINK };
	const int group = RTNLGRP_NSID, rcvbuf = 1 << 20;
	int nl;

	nl = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
	if (nl < 0)
		return -1;
	if (bind(nl, (struct sockaddr *)&sa, sizeof(sa)) ||
	    setsockopt(nl, SOL_SOCKET, SO_RCVBUF, &rcvbuf, sizeof(rcvbuf)) ||
	    setsockopt(nl, SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, &group,
		       sizeof(group))) {
		close(nl);
		return -1;
	}
	return nl;
}

/* Counts RTM_DELNSID until @count, or until the answer to a request. */
static int listen_for(int nl, int count, bool for_ack)
{
	__u32 buf[2048];
	const struct nlmsgerr *err;
	const struct nlmsghdr *h;
	int gone = 0, len;

	while (for_ack || gone < count) {
		if (!(zt_poll(nl, POLLIN, ZT_DEADLINE_MS) & POLLIN))
			break;
		len = recv(nl, buf, sizeof(buf), 0);
		for (h = (void *)buf; NLMSG_OK(h, len); h = NLMSG_NEXT(h, len)) {
			if (h->nlmsg_type == RTM_DELNSID)
				gone++;
			if (h->nlmsg_type != NLMSG_ERROR)
				continue;
			err = NLMSG_DATA(h);
			for_ack = false;
			if (err->error) {
				errno = -err->error;
				return -1;
			}
		}
	}
	return gone;
}

/* Gives the namespace of process @pid an id. Returns how many namespaces went
 * meanwhile, -1 on failure.
 */
int zt_nsid_assign(int nl, pid_t pid)
{
	struct nsid_request req = {
		.head = {
			.nlmsg_len = sizeof(req),
			.nlmsg_type = RTM_NEWNSID,
			.nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK,
		},
		.gen = { .rtgen_family = AF_UNSPEC },
		.nsid_attr = {
			.rta_len = RTA_LENGTH(sizeof(__s32)),
			.rta_type = NETNSA_NSID,
		},
		.nsid = NETNSA_NSID_NOT_ASSIGNED,
		.pid_attr = {
			.rta_len = RTA_LENGTH(sizeof(__u32)),
			.rta_type = NETNSA_PID,
		},
		.pid = pid,
	};

	if (send(nl, &req, sizeof(req), 0) != sizeof(req))
		return -1;
	return listen_for(nl, 0, true);
}

/* Waits for @count namespaces to go; returns how many did. */
int zt_nsid_wait_gone(int nl, int count)
{
	return listen_for(nl, count, false);
}
