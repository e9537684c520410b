// SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
/*
 * What the kernel's AF_ZMQ can do.
 */
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "zmqk.h"

#define TYPES_MAX	32
#define OPTIONS_MAX	256

/* An endpoint of each transport, to which nobody is connected */
static const struct {
	const char *name;
	const char *endpoint;
} transports[] = {
	{ "tcp", "tcp://127.0.0.1:9" },
	{ "ipc", "ipc://@zmqk-probe" },
	{ "inproc", "inproc://zmqk-probe" },
	{ "vsock", "vsock://1:9" },
};

#define NR_TRANSPORTS (sizeof(transports) / sizeof(*transports))

/**
 * struct zmqk_probe - what was found
 * @type: by ZMQ_PAIR ...
 * @option: by zmqk_option()'s index
 * @transport: by the index of the table above
 */
struct zmqk_probe {
	bool type[TYPES_MAX];
	bool option[OPTIONS_MAX];
	bool transport[NR_TRANSPORTS];
};

/* No room for a value: so nothing is read, and no monitor is opened. */
static bool has_option(int fd, int number)
{
	socklen_t len = 0;
	char none;

	return !getsockopt(fd, SOL_ZMQ, number, &none, &len) || errno != ENOPROTOOPT;
}

static bool has_transport(int fd, const char *endpoint)
{
	return zmqk_set_bytes(fd, ZMQ_DISCONNECT, endpoint, strlen(endpoint)) &&
	       errno == ENOENT;
}

static void try_socket(struct zmqk_probe *probe, int fd)
{
	const struct zmqk_option *option;
	size_t i;

	for (i = 0; i < OPTIONS_MAX && (option = zmqk_option(i)); i++)
		probe->option[i] = has_option(fd, option->number);
	for (i = 0; i < NR_TRANSPORTS; i++)
		probe->transport[i] = has_transport(fd, transports[i].endpoint);
}

static int try_types(struct zmqk_probe *probe)
{
	int fd, type;

	for (type = 0; type < TYPES_MAX; type++) {
		fd = zmqk_socket(type, SOCK_CLOEXEC);
		if (fd < 0 && !type)
			return -1;
		probe->type[type] = fd >= 0;
		if (!type)
			try_socket(probe, fd);
		if (fd >= 0)
			close(fd);
	}
	return 0;
}

struct zmqk_probe *zmqk_probe(void)
{
	struct zmqk_probe *probe = calloc(1, sizeof(*probe));
	int err;

	if (probe && !try_types(probe))
		return probe;
	err = errno;
	free(probe);
	errno = err;
	return NULL;
}

int zmqk_probe_type(const struct zmqk_probe *probe, int type)
{
	return type >= 0 && type < TYPES_MAX && probe->type[type];
}

int zmqk_probe_option(const struct zmqk_probe *probe, int number)
{
	const struct zmqk_option *option;
	int i;

	for (i = 0; i < OPTIONS_MAX && (option = zmqk_option(i)); i++)
		if (option->number == number)
			return probe->option[i];
	return 0;
}

int zmqk_probe_transport(const struct zmqk_probe *probe, const char *name)
{
	size_t i;

	for (i = 0; i < NR_TRANSPORTS; i++)
		if (!strcmp(transports[i].name, name))
			return probe->transport[i];
	return 0;
}

void zmqk_probe_free(struct zmqk_probe *probe)
{
	free(probe);
}
