// SPDX-License-Identifier: GPL-2.0-only
/* Names of hosts, which are looked up before each attempt to connect. */
#include <errno.h>
#include <zmqk.h>
#include "zmqcat.h"

static struct zmqk_resolver *resolver;

/**
 * names_follow() - have the socket connect to names
 * @fd: the socket
 */
void names_follow(int fd)
{
	if (!resolver)
		resolver = zmqk_resolver_new(NULL, NULL);
	if (!resolver || (zmqk_resolver_add(resolver, fd) && errno != EEXIST))
		die_errno("names of hosts");
}

/* Return: what is readable when names_run() has something to do, or -1. */
int names_fd(void)
{
	return resolver ? zmqk_resolver_fd(resolver) : -1;
}

void names_run(void)
{
	if (zmqk_resolver_run(resolver) < 0 && errno != EINTR)
		die_errno("names of hosts");
}
