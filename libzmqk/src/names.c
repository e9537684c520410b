// SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
/*
 * Names in endpoints.
 */
#include <arpa/inet.h>
#include <ctype.h>
#include <errno.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>

#include "names.h"

#define TCP "tcp://"

static int fail(int err)
{
	errno = err;
	return -1;
}

static bool is_number(const char *s)
{
	return *s && !s[strspn(s, "0123456789")];
}

static bool is_wildcard(const char *s)
{
	return !strcmp(s, "*");
}

static bool is_host_name(const char *host, bool interfaces)
{
	struct in_addr addr;
	int saved = errno;
	bool interface;

	/* A colon stands for an IPv6 address, with or without its brackets. */
	if (!*host || is_wildcard(host) || strpbrk(host, ":[]"))
		return false;
	if (inet_pton(AF_INET, host, &addr) == 1)
		return false;
	interface = interfaces && if_nametoindex(host);
	errno = saved;
	return !interface;
}

static int copy(char *to, size_t size, const char *from, size_t len)
{
	if (len >= size)
		return -1;
	memcpy(to, from, len);
	to[len] = '\0';
	return 0;
}

int zmqk__split(const char *endpoint, bool interfaces, struct zmqk_names *names)
{
	const char *host = endpoint + strlen(TCP);
	const char *source, *colon;

	if (strncmp(endpoint, TCP, strlen(TCP)))
		return 0;
	source = strchr(host, ';');
	if (source)
		host = source + 1;
	colon = strrchr(host, ':');
	if (!colon)
		return 0;
	names->prefix = host - endpoint;
	if (copy(names->host, sizeof(names->host), host, colon - host) ||
	    copy(names->service, sizeof(names->service), colon + 1, strlen(colon + 1)))
		return fail(ENAMETOOLONG);

	names->host_is_name = is_host_name(names->host, interfaces);
	/* getaddrinfo() would also take numbers with blanks and signs. */
	names->service_is_name = isalnum((unsigned char)names->service[0]) &&
				 !is_number(names->service);
	return names->host_is_name || names->service_is_name;
}

static int errno_of_eai(int eai)
{
	static const struct {
		int eai;
		int err;
	} map[] = {
		{ EAI_NONAME, ENODEV },
		{ EAI_NODATA, ENODEV },
		{ EAI_ADDRFAMILY, ENODEV },
		{ EAI_SERVICE, EINVAL },
		{ EAI_AGAIN, EAGAIN },
		{ EAI_MEMORY, ENOMEM },
		{ EAI_OVERFLOW, ENAMETOOLONG },
	};
	int err = eai == EAI_SYSTEM ? errno : EIO;

	for (size_t i = 0; i < sizeof(map) / sizeof(*map); i++)
		if (map[i].eai == eai)
			err = map[i].err;
	return err;
}

int zmqk__lookup(const struct zmqk_names *names, bool ipv6, struct addrinfo **list)
{
	/*
	 * Without AI_ADDRCONFIG, which hides loopback addresses where there
	 * are no others; getaddrinfo() sorts what cannot be reached last.
	 */
	struct addrinfo hints = {
		.ai_family = ipv6 ? AF_UNSPEC : AF_INET,
		.ai_socktype = SOCK_STREAM,
	};
	int eai;

	eai = getaddrinfo(names->host_is_name ? names->host : NULL,
			  names->service_is_name ? names->service : NULL,
			  &hints, list);
	return eai ? fail(errno_of_eai(eai)) : 0;
}

int zmqk__print(const char *endpoint, const struct zmqk_names *names,
		const struct addrinfo *ai, char *buf, size_t size)
{
	char host[INET6_ADDRSTRLEN + IF_NAMESIZE + 1], service[8];
	bool brackets = names->host_is_name && ai->ai_family == AF_INET6;
	int eai, len;

	eai = getnameinfo(ai->ai_addr, ai->ai_addrlen, host, sizeof(host),
			  service, sizeof(service), NI_NUMERICHOST | NI_NUMERICSERV);
	if (eai)
		return fail(errno_of_eai(eai));
	len = snprintf(buf, size, "%.*s%s%s%s:%s", (int)names->prefix, endpoint,
		       brackets ? "[" : "", names->host_is_name ? host : names->host,
		       brackets ? "]" : "", names->service_is_name ? service : names->service);
	return len < (int)size ? 0 : fail(ENAMETOOLONG);
}
