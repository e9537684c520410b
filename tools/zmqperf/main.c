// SPDX-License-Identifier: GPL-2.0-only
/* zmqperf: what messages cost with AF_ZMQ, with libzmq and without either. */
#include <stdio.h>
#include <sys/resource.h>
#include "zmqperf.h"

/* What a peer takes of either end's, libzmq's own included. */
#define FILES_PER_PEER	4
#define FILES_OTHER	256

/* Thousands of peers need more descriptors than there usually are; only root
 * may raise the limit as far as that.
 */
static void more_files(const struct options *o)
{
	rlim_t files = (rlim_t)o->peers * FILES_PER_PEER + FILES_OTHER;
	struct rlimit lim;

	if (getrlimit(RLIMIT_NOFILE, &lim))
		return;
	lim.rlim_cur = lim.rlim_max;
	setrlimit(RLIMIT_NOFILE, &lim);
	if (files <= lim.rlim_max)
		return;
	lim.rlim_cur = files;
	lim.rlim_max = files;
	setrlimit(RLIMIT_NOFILE, &lim);
}

int main(int argc, char **argv)
{
	struct result res = { .timed_ops = 0 };
	struct options o;

	options_parse(&o, argc, argv);
	more_files(&o);
	ends_run(&o, &res);
	output(&o, &res);
	if (fflush(stdout))
		die_errno("standard output");
	return 0;
}
