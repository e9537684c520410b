// SPDX-License-Identifier: GPL-2.0-only
/* zmqperf: what messages cost with AF_ZMQ, with libzmq and without either. */
#include <stdio.h>
#include <sys/resource.h>
#include "zmqperf.h"

/* Thousands of peers need as many descriptors. */
static void more_files(void)
{
	struct rlimit lim;

	if (getrlimit(RLIMIT_NOFILE, &lim))
		return;
	lim.rlim_cur = lim.rlim_max;
	setrlimit(RLIMIT_NOFILE, &lim);
}

int main(int argc, char **argv)
{
	struct result res = { .timed_ops = 0 };
	struct options o;

	options_parse(&o, argc, argv);
	more_files();
	ends_run(&o, &res);
	output(&o, &res);
	if (fflush(stdout))
		die_errno("standard output");
	return 0;
}
