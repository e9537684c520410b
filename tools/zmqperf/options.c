// SPDX-License-Identifier: GPL-2.0-only
/* The command line, and ways to end early. */
#include <errno.h>
#include <getopt.h>
#include <linux/zmq.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "zmqperf.h"

#define LEN(array)	(sizeof(array) / sizeof((array)[0]))

static const char help[] =
"Usage: zmqperf BACKEND MODE [OPTION]...\n"
"Measure what it costs to exchange messages between two processes.\n"
"\n"
"Back ends:\n"
"  azmq      AF_ZMQ sockets\n"
"  libzmq    libzmq\n"
"  tcp       plain TCP with ZMTP's frames\n"
"  unix      AF_UNIX seqpacket sockets\n"
"Modes:\n"
"  lat       round trips, one at a time\n"
"  thr       one way, as fast as it goes\n"
"  paced     one way, at --rate messages a second\n"
"  rpc       --window requests outstanding, the server has an event loop\n"
"  scale     --peers clients take turns at one such server\n"
"  fanout    one publisher, --peers subscribers\n"
"  subs      one publisher, a subscriber to --subs topics\n"
"  events    --peers sockets watched, one of which has messages\n"
"  quotes    --rate messages a second of --subs topics, to --peers subscribers\n"
"Options:\n"
"  -p, --pattern NAME     reqrep, pair, dealer, pushpull, pubsub, router\n"
"  -t, --transport NAME   tcp, ipc, inproc\n"
"  -s, --size BYTES       of a message (64)\n"
"  -n, --count N          messages or rounds that are timed (10000)\n"
"  -w, --warmup N         as many before that, compared byte by byte (100)\n"
"  -c, --call STYLE       send, zc, mmsg, frames, uring\n"
"  -b, --batch N          messages per call of the last three, buffers of zc (32)\n"
"  -N, --peers N          of modes scale, fanout, events and quotes (1)\n"
"  -W, --window N         of modes rpc, and quotes: that many at a time (16)\n"
"  -S, --subs N           topics of modes subs and quotes (1)\n"
"  -r, --rate N           of modes paced and quotes, messages a second\n"
"      --wait WAY         modes events and quotes: recv, select, poll, epoll,\n"
"                         uring, zmq_poll (epoll)\n"
"      --epoll            mode lat: both ends wait in epoll\n"
"      --direct           azmq over tcp: messages without TCP, ZMQ_LOCAL_DIRECT\n"
"      --each             mode fanout: all have a message before the next one\n"
"      --miss             mode subs: nobody has subscribed to the messages\n"
"      --timeout S        give up after S seconds (600)\n"
"      --json             a JSON object instead of text\n"
"  -h, --help             this text\n"
"\n"
"The number of each message is checked; what is lost, doubled, mixed up or\n"
"damaged makes the program fail.\n"
"Exit status: 0 measured, 1 failed, 2 wrong use.\n";

static const struct backend * const backends[] = {
	&backend_azmq, &backend_libzmq, &backend_tcp, &backend_unix,
};

static const struct mode * const modes[] = {
	&mode_lat, &mode_thr, &mode_paced, &mode_rpc, &mode_scale,
	&mode_fanout, &mode_subs, &mode_events, &mode_quotes,
};

static const struct pattern patterns[] = {
	{ "reqrep", ZMQ_REQ, ZMQ_REP },
	{ "pair", ZMQ_PAIR, ZMQ_PAIR },
	{ "dealer", ZMQ_DEALER, ZMQ_DEALER },
	{ "pushpull", ZMQ_PUSH, ZMQ_PULL },
	{ "pubsub", ZMQ_PUB, ZMQ_SUB },
	{ "router", ZMQ_DEALER, ZMQ_ROUTER },
};

static const char * const styles[] = {
	[STYLE_SEND] = "send",
	[STYLE_MMSG] = "mmsg",
	[STYLE_FRAMES] = "frames",
	[STYLE_URING] = "uring",
	[STYLE_ZC] = "zc",
};

static const char * const waits[] = {
	[WAIT_RECV] = "recv",
	[WAIT_SELECT] = "select",
	[WAIT_POLL] = "poll",
	[WAIT_EPOLL] = "epoll",
	[WAIT_URING] = "uring",
	[WAIT_ZMQ_POLL] = "zmq_poll",
};

static const char * const transports[] = {
	[OVER_TCP] = "tcp",
	[OVER_IPC] = "ipc",
	[OVER_INPROC] = "inproc",
};

const char *style_name(enum style style)
{
	return styles[style];
}

const char *wait_name(enum wait wait)
{
	return waits[wait];
}

const char *transport_name(enum transport transport)
{
	return transports[transport];
}

static void complain(const char *fmt, va_list args)
{
	fflush(stdout);
	fputs("zmqperf: ", stderr);
	vfprintf(stderr, fmt, args);
	fputc('\n', stderr);
}

noreturn void usage(const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	complain(fmt, args);
	va_end(args);
	fputs("Try zmqperf --help.\n", stderr);
	exit(2);
}

noreturn void die(const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	complain(fmt, args);
	va_end(args);
	_exit(1);
}

noreturn void die_errno(const char *what)
{
	die("%s: %s", what, strerror(errno));
}

void *xcalloc(size_t n, size_t size)
{
	void *p = calloc(n ? n : 1, size ? size : 1);

	if (!p)
		die("no memory");
	return p;
}

static unsigned int parse(const char *name, const char *text,
			  unsigned int min, unsigned int max)
{
	unsigned long long n;
	char *end;

	errno = 0;
	n = strtoull(text, &end, 10);
	if (errno || end == text || *end || *text == '-' || n < min || n > max)
		usage("--%s wants a number from %u to %u, not '%s'", name,
		      min, max, text);
	return n;
}

static unsigned int one_of(const char *what, const char *text,
			   const char * const *names, unsigned int n)
{
	unsigned int i;

	for (i = 0; i < n; i++)
		if (!strcmp(text, names[i]))
			return i;
	usage("no such %s: '%s'", what, text);
}

static const struct pattern *pattern_named(const char *name)
{
	unsigned int i;

	for (i = 0; i < LEN(patterns); i++)
		if (!strcmp(name, patterns[i].name))
			return &patterns[i];
	usage("no such pattern: '%s'", name);
}

static void name_ends(struct options *o, const char *backend, const char *mode)
{
	unsigned int i;

	for (i = 0; i < LEN(backends); i++)
		if (!strcmp(backend, backends[i]->name))
			o->backend = backends[i];
	for (i = 0; i < LEN(modes); i++)
		if (!strcmp(mode, modes[i]->name))
			o->mode = modes[i];
	if (!o->backend)
		usage("no such back end: '%s'", backend);
	if (!o->mode)
		usage("no such mode: '%s'", mode);
}

static bool loops(const struct options *o)
{
	return o->mode == &mode_events || o->mode == &mode_quotes;
}

/* What can be wrong although each option by itself is right. */
static void check(const struct options *o)
{
	const char * const *name = o->mode->patterns;
	const char *why = o->backend->refuses(o);

	if (why)
		usage("%s", why);
	while (*name && strcmp(*name, o->pattern->name))
		name++;
	if (!*name)
		usage("mode %s does not take the pattern %s", o->mode->name,
		      o->pattern->name);
	if (o->style != STYLE_SEND && o->mode != &mode_thr &&
	    !(o->mode == &mode_rpc && o->style == STYLE_FRAMES))
		usage("mode %s does not take the call style %s", o->mode->name,
		      styles[o->style]);
	if (o->peers > 1 && o->mode != &mode_scale &&
	    o->mode != &mode_fanout && !loops(o))
		usage("--peers is for the modes scale, fanout, events and quotes");
	if (o->wait != WAIT_EPOLL && !loops(o))
		usage("--wait is for the modes events and quotes");
	if (o->wait == WAIT_ZMQ_POLL && !o->backend->poll_any)
		usage("--wait zmq_poll is for libzmq");
	if (o->epoll && o->mode != &mode_lat)
		usage("--epoll is for mode lat");
	if (o->direct && (o->backend != &backend_azmq ||
			  o->transport != OVER_TCP))
		usage("--direct is for azmq over tcp");
	if (o->each && o->mode != &mode_fanout)
		usage("--each is for mode fanout");
	if (o->miss && o->mode != &mode_subs)
		usage("--miss is for mode subs");
	if (o->rate && o->mode != &mode_paced && o->mode != &mode_quotes)
		usage("--rate is for the modes paced and quotes");
	if (o->mode->check)
		o->mode->check(o);
}

enum { WAIT = 256, EPOLL, DIRECT, EACH, MISS, TIMEOUT, JSON };

static const struct option table[] = {
	{ "pattern", required_argument, NULL, 'p' },
	{ "transport", required_argument, NULL, 't' },
	{ "size", required_argument, NULL, 's' },
	{ "count", required_argument, NULL, 'n' },
	{ "warmup", required_argument, NULL, 'w' },
	{ "call", required_argument, NULL, 'c' },
	{ "batch", required_argument, NULL, 'b' },
	{ "peers", required_argument, NULL, 'N' },
	{ "window", required_argument, NULL, 'W' },
	{ "subs", required_argument, NULL, 'S' },
	{ "rate", required_argument, NULL, 'r' },
	{ "wait", required_argument, NULL, WAIT },
	{ "epoll", no_argument, NULL, EPOLL },
	{ "direct", no_argument, NULL, DIRECT },
	{ "each", no_argument, NULL, EACH },
	{ "miss", no_argument, NULL, MISS },
	{ "timeout", required_argument, NULL, TIMEOUT },
	{ "json", no_argument, NULL, JSON },
	{ "help", no_argument, NULL, 'h' },
	{ }
};

static void option(struct options *o, int c)
{
	switch (c) {
	case 'p':
		o->pattern = pattern_named(optarg);
		break;
	case 't':
		o->transport = one_of("transport", optarg, transports,
				      LEN(transports));
		break;
	case 's':
		o->size = parse("size", optarg, 1, 64 << 20);
		break;
	case 'n':
		o->count = parse("count", optarg, 1, 1000000000);
		break;
	case 'w':
		o->warmup = parse("warmup", optarg, 1, 1000000000);
		break;
	case 'c':
		o->style = one_of("call style", optarg, styles, LEN(styles));
		break;
	case 'b':
		o->batch = parse("batch", optarg, 1, BATCH_MAX);
		break;
	case 'N':
		o->peers = parse("peers", optarg, 1, 100000);
		break;
	case 'W':
		o->window = parse("window", optarg, 1, 1000);
		break;
	case 'S':
		o->subs = parse("subs", optarg, 1, 100000000);
		break;
	case 'r':
		o->rate = parse("rate", optarg, 1, 1000000000);
		break;
	case WAIT:
		o->wait = one_of("way to wait", optarg, waits, LEN(waits));
		break;
	case EPOLL:
		o->epoll = true;
		break;
	case DIRECT:
		o->direct = true;
		break;
	case EACH:
		o->each = true;
		break;
	case MISS:
		o->miss = true;
		break;
	case TIMEOUT:
		o->timeout = parse("timeout", optarg, 1, 1000000);
		break;
	case JSON:
		o->json = true;
		break;
	case 'h':
		fputs(help, stdout);
		exit(0);
	default:
		usage("wrong use");
	}
}

void options_parse(struct options *o, int argc, char **argv)
{
	bool has_transport = false;
	int c;

	*o = (struct options){
		.size = 64, .count = 10000, .warmup = 100, .batch = 32,
		.peers = 1, .window = 16, .subs = 1, .timeout = 600,
		.wait = WAIT_EPOLL,
	};
	while ((c = getopt_long(argc, argv, "p:t:s:n:w:c:b:N:W:S:r:h", table,
				NULL)) != -1) {
		has_transport |= c == 't';
		option(o, c);
	}
	if (argc - optind != 2)
		usage("a back end and a mode are needed");
	name_ends(o, argv[optind], argv[optind + 1]);
	if (!has_transport && o->backend == &backend_unix)
		o->transport = OVER_IPC;
	if (!o->pattern)
		o->pattern = pattern_named(o->mode->patterns[0]);
	/* A call without a batch needs room for one message only. */
	if (o->style == STYLE_SEND)
		o->batch = 1;
	check(o);
}
