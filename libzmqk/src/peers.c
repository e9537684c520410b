// SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
/*
 * The peers of a socket, what it is bound to, and its sums.
 */
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "diag.h"

#define TEXT_MAX	512

/**
 * struct walk - whom to tell
 * @peer: wants peers, or NULL
 * @endpoint: wants endpoints, or NULL
 * @arg: for them
 */
struct walk {
	int (*peer)(const struct zmqk_peer *peer, void *arg);
	int (*endpoint)(const char *endpoint, void *arg);
	void *arg;
};

/* The texts of a peer, each with a NUL */
struct texts {
	char endpoint[TEXT_MAX];
	char mechanism[32];
	char reason[64];
};

static int type_of(const struct rtattr *attr)
{
	return attr->rta_type & NLA_TYPE_MASK;
}

static void copy_text(char *to, size_t size, const struct rtattr *attr)
{
	size_t len = strnlen(RTA_DATA(attr), RTA_PAYLOAD(attr));

	if (len > size - 1)
		len = size - 1;
	memcpy(to, RTA_DATA(attr), len);
	to[len] = '\0';
}

static void copy_addr(struct zmqk_addr *to, const struct rtattr *attr)
{
	size_t len = RTA_PAYLOAD(attr);

	to->len = len < sizeof(to->any) ? len : sizeof(to->any);
	memcpy(&to->any, RTA_DATA(attr), to->len);
}

static void read_part(struct zmqk_peer *peer, struct texts *texts, const struct rtattr *attr)
{
	switch (type_of(attr)) {
	case ZMQ_DIAG_P_INFO:
		zmqk__attr_copy(&peer->info, sizeof(peer->info), attr);
		break;
	case ZMQ_DIAG_P_ENDPOINT:
		copy_text(texts->endpoint, sizeof(texts->endpoint), attr);
		break;
	case ZMQ_DIAG_P_MECHANISM:
		copy_text(texts->mechanism, sizeof(texts->mechanism), attr);
		break;
	case ZMQ_DIAG_P_REASON:
		copy_text(texts->reason, sizeof(texts->reason), attr);
		break;
	case ZMQ_DIAG_P_ID:
		peer->id = RTA_DATA(attr);
		peer->id_len = RTA_PAYLOAD(attr);
		break;
	case ZMQ_DIAG_P_CHILD:
		zmqk__attr_copy(&peer->child, sizeof(peer->child), attr);
		break;
	case ZMQ_DIAG_P_LOCAL:
		copy_addr(&peer->local, attr);
		break;
	case ZMQ_DIAG_P_REMOTE:
		copy_addr(&peer->remote, attr);
		break;
	}
}

static int tell_peer(const struct rtattr *nest, const struct walk *walk)
{
	struct texts texts = { "", "", "" };
	struct zmqk_peer peer = {
		.endpoint = texts.endpoint,
		.mechanism = texts.mechanism,
		.reason = texts.reason,
	};
	const struct rtattr *attr = RTA_DATA(nest);
	int len = RTA_PAYLOAD(nest);

	for (; RTA_OK(attr, len); attr = RTA_NEXT(attr, len))
		read_part(&peer, &texts, attr);
	return walk->peer(&peer, walk->arg);
}

static int tell_endpoint(const struct rtattr *nest, const struct walk *walk)
{
	const struct rtattr *attr = RTA_DATA(nest);
	int len = RTA_PAYLOAD(nest);
	char text[TEXT_MAX];

	for (; RTA_OK(attr, len); attr = RTA_NEXT(attr, len)) {
		if (type_of(attr) != ZMQ_DIAG_L_ENDPOINT)
			continue;
		copy_text(text, sizeof(text), attr);
		return walk->endpoint(text, walk->arg);
	}
	return 0;
}

static int each_attr(const struct rtattr *attr, void *arg)
{
	const struct walk *walk = arg;

	if (walk->peer && type_of(attr) == ZMQ_DIAG_PEER)
		return tell_peer(attr, walk);
	if (walk->endpoint && type_of(attr) == ZMQ_DIAG_LISTENER)
		return tell_endpoint(attr, walk);
	return 0;
}

int zmqk_peers(int fd, int (*each)(const struct zmqk_peer *peer, void *arg), void *arg)
{
	struct walk walk = { .peer = each, .arg = arg };

	return zmqk__diag(fd, ZMQ_DIAG_SHOW_PEERS, each_attr, &walk);
}

int zmqk_endpoints(int fd, int (*each)(const char *endpoint, void *arg), void *arg)
{
	struct walk walk = { .endpoint = each, .arg = arg };

	return zmqk__diag(fd, ZMQ_DIAG_SHOW_LISTENERS, each_attr, &walk);
}

static int copy_info(const struct rtattr *attr, void *arg)
{
	if (type_of(attr) == ZMQ_DIAG_INFO)
		zmqk__attr_copy(arg, sizeof(struct zmq_diag_info), attr);
	return 0;
}

int zmqk_info(int fd, struct zmq_diag_info *info)
{
	memset(info, 0, sizeof(*info));
	return zmqk__diag(fd, 0, copy_info, info);
}
