// SPDX-License-Identifier: GPL-2.0-only
/* The socket types. */
#include <stdio.h>
#include <strings.h>
#include "zmqcat.h"

#define SENDS		1
#define RECEIVES	2
#define HAS_ID		4	/* the first frame is a routing id */

static const struct {
	const char	*name;
	int		what;
} types[] = {
	[ZMQ_PAIR]	= { "PAIR", SENDS | RECEIVES },
	[ZMQ_PUB]	= { "PUB", SENDS },
	[ZMQ_SUB]	= { "SUB", RECEIVES },
	[ZMQ_REQ]	= { "REQ", SENDS | RECEIVES },
	[ZMQ_REP]	= { "REP", SENDS | RECEIVES },
	[ZMQ_DEALER]	= { "DEALER", SENDS | RECEIVES },
	[ZMQ_ROUTER]	= { "ROUTER", SENDS | RECEIVES | HAS_ID },
	[ZMQ_PULL]	= { "PULL", RECEIVES },
	[ZMQ_PUSH]	= { "PUSH", SENDS },
	[ZMQ_XPUB]	= { "XPUB", SENDS | RECEIVES },
	[ZMQ_XSUB]	= { "XSUB", SENDS | RECEIVES },
	[ZMQ_STREAM]	= { "STREAM", SENDS | RECEIVES | HAS_ID },
};

#define NR_TYPES ((int)(sizeof(types) / sizeof(*types)))

/* Return: -1 if there is no such type. */
int type_find(const char *name)
{
	int i;

	for (i = 0; i < NR_TYPES; i++)
		if (!strcasecmp(name, types[i].name))
			return i;
	return -1;
}

const char *type_name(int type)
{
	return types[type].name;
}

bool type_sends(int type)
{
	return types[type].what & SENDS;
}

bool type_receives(int type)
{
	return types[type].what & RECEIVES;
}

bool type_has_id(int type)
{
	return types[type].what & HAS_ID;
}
