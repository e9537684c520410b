// SPDX-License-Identifier: GPL-2.0-only
/* The command line. */
#include <argp.h>
#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "zmqcat.h"

#define BLOCK		(64 << 10)
#define BLOCK_MAX	(1ULL << 31)

enum {
	KEY_ECHO = 256,
	KEY_DELAY,
	KEY_ID,
	KEY_SEND_ONLY,
};

const char *argp_program_version = "zmqcat (AF_ZMQ) 1.0";

static const struct argp_option options[] = {
	{ .doc = "Where:", .group = 1 },
	{ "bind", 'b', "ENDPOINT", 0, "bind, as @ENDPOINT does", 1 },
	{ "connect", 'c', "ENDPOINT", 0, "connect, as ENDPOINT alone does", 1 },
	{ "subscribe", 's', "PREFIX", 0,
	  "SUB, XSUB: a topic; without any SUB subscribes to all", 1 },
	{ "id", KEY_ID, "ID", 0, "the routing id that ROUTER peers see", 1 },
	{ "option", 'o', "NAME=VALUE", 0, "set a socket option of af_zmq(7)", 1 },
	{ .doc = "What is sent:", .group = 2 },
	{ "data", 'D', "TEXT", 0,
	  "this message in place of input; given again: further frames", 2 },
	{ "file", 'F', "FILE", 0, "read FILE in place of standard input", 2 },
	{ "escapes", 'e', 0, 0, "backslash escapes in TEXT, PREFIX and ID mean something", 2 },
	{ "input", 'i', "MODE", 0, "lines, frames, file, blocks[:SIZE], escaped, hex", 2 },
	{ "delimiter", 'd', "STRING", 0, "what ends a message of lines, in place of a newline", 2 },
	{ "null", '0', 0, 0, "a NUL ends it", 2 },
	{ "separator", 'S', "STRING", 0, "what separates the frames of a message", 2 },
	{ "target", 'T', "ID", 0, "ROUTER, STREAM: the peer that it is sent to; 0x for bytes", 2 },
	{ .doc = "Replies, by REP or whoever else receives and sends:", .group = 3 },
	{ "reply", 'r', "TEXT", 0, "reply with this; given again: further frames", 3 },
	{ "echo", KEY_ECHO, 0, 0, "reply with what was received", 3 },
	{ "exec", 'x', "COMMAND", 0,
	  "reply with what sh -c COMMAND prints when it reads the request", 3 },
	{ .doc = "What is received:", .group = 4 },
	{ "format", 'f', "FORMAT", 0, "lines, raw, escaped, hex, json, none", 4 },
	{ "show", 'w', "LIST", 0, "time, size, frames, peer, sender: in front of each message", 4 },
	{ "quiet", 'q', 0, 0, "print nothing: --format=none", 4 },
	{ .doc = "How many, and when:", .group = 5 },
	{ "count", 'n', "N", 0, "end after N messages", 5 },
	{ "interval", 'I', "SECONDS", 0, "between messages that are sent; repeats --data", 5 },
	{ "timeout", 't', "SECONDS", 0, "end when nothing moves for that long", 5 },
	{ "wait", 'W', "N", OPTION_ARG_OPTIONAL,
	  "begin when N peers (1) are connected, or have subscribed", 5 },
	{ "delay", KEY_DELAY, "SECONDS", 0, "begin that much later", 5 },
	{ "linger", 'l', "SECONDS", 0, "how long to wait for delivery in the end; for ever", 5 },
	{ "eof", 'z', 0, 0, "send an empty message at the end; end at one", 5 },
	{ "recv-only", 'R', 0, 0, "do not read input", 5 },
	{ "send-only", KEY_SEND_ONLY, 0, 0, "do not receive", 5 },
	{ .doc = "Else:", .group = -1 },
	{ "verbose", 'v', 0, 0, "tell where it is bound, and who comes and goes", -1 },
	{ "progress", 'p', "WHEN", OPTION_ARG_OPTIONAL,
	  "auto, always (without WHEN), never: show how far it is", -1 },
	{ 0 }
};

static const char doc[] =
	"Send and receive messages of ZeroMQ.\vTYPE is pair, pub, sub, req, rep, dealer, router,\n"
	"pull, push, xpub, xsub or stream.\n"
	"The names zreq, zrep, zpub, zsub, zpush and zpull of this program stand for one.\n"
	"See zmqcat(1), also for the exit statuses.";

static struct text text_of(struct argp_state *state, const char *arg, bool escapes)
{
	struct text t = { strdup(arg), strlen(arg) };

	if (escapes && !escape_parse(arg, strlen(arg), &t))
		argp_error(state, "a backslash escape in '%s' means nothing", arg);
	return t;
}

static void add_endpoint(struct config *c, const char *text, bool bind)
{
	c->endpoints = xrealloc(c->endpoints, (c->nr_endpoints + 1) * sizeof(*c->endpoints));
	c->endpoints[c->nr_endpoints].bind = bind;
	c->endpoints[c->nr_endpoints++].text = text;
}

static void add_topic(struct config *c, struct text topic)
{
	c->topics = xrealloc(c->topics, (c->nr_topics + 1) * sizeof(*c->topics));
	c->topics[c->nr_topics++] = topic;
}

static void add_setting(struct argp_state *state, struct config *c, char *arg)
{
	char *equals = strchr(arg, '=');

	if (!equals || equals == arg)
		argp_error(state, "--option takes NAME=VALUE, not '%s'", arg);
	c->settings = xrealloc(c->settings, (c->nr_settings + 1) * sizeof(*c->settings));
	c->settings[c->nr_settings].name = strndup(arg, equals - arg);
	c->settings[c->nr_settings++].value = equals + 1;
}

static int64_t to_seconds(struct argp_state *state, const char *name, const char *arg)
{
	char *end;
	double s = strtod(arg, &end);

	if (end == arg || *end || !(s >= 0 && s < 1e9))
		argp_error(state, "--%s takes seconds, not '%s'", name, arg);
	return ceil(s * 1000);
}

static int64_t to_number(struct argp_state *state, const char *name, const char *arg,
			 int64_t most)
{
	long long n;
	char *end;

	errno = 0;
	n = strtoll(arg, &end, 10);
	if (errno || end == arg || *end || n < 0 || n > most)
		argp_error(state, "--%s takes a number, not '%s'", name, arg);
	return n;
}

static int choice(struct argp_state *state, const char *name, const char *const *names,
		  const char *arg)
{
	int i;

	for (i = 0; names[i]; i++)
		if (*names[i] && !strcmp(arg, names[i]))
			return i;
	argp_error(state, "--%s cannot be '%s'", name, arg);
	return 0;
}

static void input_mode(struct argp_state *state, struct config *c, char *arg)
{
	static const char *const names[] = {
		[INPUT_LINES] = "lines", [INPUT_FRAMES] = "frames", [INPUT_FILE] = "file",
		[INPUT_BLOCKS] = "blocks", [INPUT_ESCAPED] = "escaped", [INPUT_HEX] = "hex",
		NULL
	};
	char *colon = strchr(arg, ':'), *end = "";

	if (colon && !strncmp(arg, "blocks:", 7)) {
		unsigned long long n = strtoull(colon + 1, &end, 10);
		unsigned int shift = 0;

		if (*end && strchr("kKmM", *end))
			shift = tolower((unsigned char)*end++) == 'k' ? 10 : 20;
		if (*end || !isdigit((unsigned char)colon[1]) || !n || n > BLOCK_MAX >> shift)
			argp_error(state, "blocks of '%s' bytes cannot be", colon + 1);
		c->block = n << shift;
		*colon = 0;
	}
	c->input = choice(state, "input", names, arg);
}

static void show_list(struct argp_state *state, struct config *c, char *arg)
{
	static const char *const names[] = { "time", "size", "frames", "peer", "sender", NULL };
	char *word, *save;

	if (!*arg)
		argp_error(state, "--show cannot be empty");
	for (word = strtok_r(arg, ",", &save); word; word = strtok_r(NULL, ",", &save))
		c->show |= 1 << choice(state, "show", names, word);
}

static void format_name(struct argp_state *state, struct config *c, const char *arg)
{
	static const char *const names[] = {
		[FORMAT_AUTO] = "", [FORMAT_LINES] = "lines", [FORMAT_RAW] = "raw",
		[FORMAT_ESCAPED] = "escaped", [FORMAT_HEX] = "hex",
		[FORMAT_JSON] = "json", [FORMAT_NONE] = "none", NULL
	};

	c->format = choice(state, "format", names, arg);
}

static void delimiter(struct argp_state *state, struct text *to, const char *name,
		      const char *arg)
{
	*to = text_of(state, arg, true);
	if (!to->len)
		argp_error(state, "--%s cannot be empty", name);
}

static struct text routing_id(struct argp_state *state, const char *name, const char *arg,
			      bool escapes)
{
	struct text t = { NULL, 0 };
	unsigned int byte;
	const char *at;

	if (strncmp(arg, "0x", 2)) {
		t = text_of(state, arg, escapes);
	} else {
		t.data = xrealloc(NULL, strlen(arg));
		for (at = arg + 2; *at; at += 2) {
			if (!isxdigit((unsigned char)at[0]) || !isxdigit((unsigned char)at[1]) ||
			    sscanf(at, "%2x", &byte) != 1)
				argp_error(state, "--%s: '%s' is not whole bytes", name, arg);
			t.data[t.len++] = byte;
		}
	}
	if (!t.len)
		argp_error(state, "--%s cannot be empty", name);
	return t;
}

static void answer_by(struct argp_state *state, struct config *c, enum answer how)
{
	if (c->answer && c->answer != how)
		argp_error(state, "--reply, --echo and --exec exclude each other");
	c->answer = how;
}

static void add_frame(struct argp_state *state, struct config *c, struct msg *m,
		      const char *arg)
{
	struct text t = text_of(state, arg, c->escapes);

	msg_frame(m, t.data, t.len);
	free(t.data);
}

static void argument(struct argp_state *state, struct config *c, const char *arg)
{
	if (c->type < 0) {
		c->type = type_find(arg);
		if (c->type < 0)
			argp_error(state, "there is no type '%s'", arg);
		return;
	}
	if (*arg == '@')
		add_endpoint(c, arg + 1, true);
	else
		add_endpoint(c, arg + (*arg == '>'), false);
}

/* What is wrong with the options together. */
static void check(struct argp_state *state, struct config *c)
{
	bool both;

	if (c->type < 0)
		argp_error(state, "no type");
	if (!c->nr_endpoints)
		argp_error(state, "no endpoint");
	both = type_sends(c->type) && type_receives(c->type);
	if (c->type == ZMQ_REP && c->data.nr && !c->answer) {
		c->reply = c->data;
		c->answer = ANSWER_TEXT;
		memset(&c->data, 0, sizeof(c->data));
	}
	if (c->answer && (!both || c->type == ZMQ_REQ || c->data.nr || c->file))
		argp_error(state, "%s cannot reply so", type_name(c->type));
	if (!type_sends(c->type) && (c->data.nr || c->file || c->target.len))
		argp_error(state, "%s does not send", type_name(c->type));
	if (c->data.nr && c->file)
		argp_error(state, "--data and --file exclude each other");
	if (c->nr_topics && c->type != ZMQ_SUB && c->type != ZMQ_XSUB)
		argp_error(state, "%s does not subscribe", type_name(c->type));
	if (c->target.len && !type_has_id(c->type))
		argp_error(state, "%s has no target", type_name(c->type));
	if ((c->receive_only || c->send_only) &&
	    (!both || c->answer || c->type == ZMQ_REQ || c->type == ZMQ_REP ||
	     (c->receive_only && c->send_only)))
		argp_error(state, "%s does not only send or only receive", type_name(c->type));
	if (c->receive_only && (c->data.nr || c->file))
		argp_error(state, "--recv-only sends nothing");
	if (c->eof_marker && (c->answer || type_has_id(c->type) || c->type == ZMQ_XPUB ||
			      c->type == ZMQ_XSUB || c->type == ZMQ_REQ || c->type == ZMQ_REP))
		argp_error(state, "%s cannot use --eof", type_name(c->type));
	if (c->show && c->format == FORMAT_RAW)
		argp_error(state, "--show cannot go with --format=raw");
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
	static const char *const whens[] = { "never", "auto", "always", NULL };
	struct config *c = state->input;

	switch (key) {
	case 'b':
	case 'c':
		add_endpoint(c, arg, key == 'b');
		break;
	case 's':
		add_topic(c, text_of(state, arg, c->escapes));
		break;
	case 'o':
		add_setting(state, c, arg);
		break;
	case KEY_ID:
		c->id = routing_id(state, "id", arg, c->escapes);
		break;
	case 'D':
		add_frame(state, c, &c->data, arg);
		break;
	case 'F':
		c->file = arg;
		break;
	case 'e':
		break;
	case 'i':
		input_mode(state, c, arg);
		break;
	case 'd':
		delimiter(state, &c->delimiter, "delimiter", arg);
		break;
	case '0':
		c->delimiter = (struct text){ "", 1 };
		break;
	case 'S':
		delimiter(state, &c->separator, "separator", arg);
		break;
	case 'T':
		c->target = routing_id(state, "target", arg, c->escapes);
		break;
	case 'r':
		answer_by(state, c, ANSWER_TEXT);
		add_frame(state, c, &c->reply, arg);
		break;
	case KEY_ECHO:
		answer_by(state, c, ANSWER_ECHO);
		break;
	case 'x':
		answer_by(state, c, ANSWER_EXEC);
		c->command = arg;
		break;
	case 'f':
		format_name(state, c, arg);
		break;
	case 'w':
		show_list(state, c, arg);
		break;
	case 'q':
		c->format = FORMAT_NONE;
		break;
	case 'n':
		c->count = to_number(state, "count", arg, INT64_MAX);
		break;
	case 'I':
		c->interval = to_seconds(state, "interval", arg);
		break;
	case 't':
		c->timeout = to_seconds(state, "timeout", arg);
		break;
	case 'W':
		c->wait = arg ? to_number(state, "wait", arg, UINT_MAX) : 1;
		break;
	case KEY_DELAY:
		c->delay = to_seconds(state, "delay", arg);
		break;
	case 'l':
		c->linger = to_seconds(state, "linger", arg);
		break;
	case 'z':
		c->eof_marker = true;
		break;
	case 'R':
		c->receive_only = true;
		break;
	case KEY_SEND_ONLY:
		c->send_only = true;
		break;
	case 'v':
		c->verbose = true;
		break;
	case 'p':
		c->progress = arg ? choice(state, "progress", whens, arg) - 1 : 1;
		break;
	case ARGP_KEY_ARG:
		argument(state, c, arg);
		break;
	case ARGP_KEY_END:
		check(state, c);
		break;
	default:
		return ARGP_ERR_UNKNOWN;
	}
	return 0;
}

/* Whether -e is there decides about what stands in front of it, too. */
static error_t find_escapes(int key, char *arg, struct argp_state *state)
{
	struct config *c = state->input;

	(void)arg;
	if (key == 'e')
		c->escapes = true;
	return 0;
}

/**
 * options_parse() - read the command line
 * @c: the configuration
 * @argc: as of main()
 * @argv: as of main()
 *
 * Ends the program if it cannot be.
 */
void options_parse(struct config *c, int argc, char **argv)
{
	static const struct argp first = { options, find_escapes, NULL, doc, NULL, NULL, NULL };
	struct argp argp = { options, parse, "TYPE ENDPOINT...", doc, NULL, NULL, NULL };

	argp_err_exit_status = STATUS_USAGE;
	program = program_invocation_short_name;
	*c = (struct config){
		.type = *program == 'z' ? type_find(program + 1) : -1,
		.block = BLOCK,
		.delimiter = { "\n", 1 },
		.count = -1,
		.timeout = -1,
		.interval = -1,
		.delay = -1,
		.linger = -1,
	};
	if (c->type >= 0)
		argp.args_doc = "ENDPOINT...";
	argp_parse(&first, argc, argv, ARGP_SILENT, NULL, c);
	argp_parse(&argp, argc, argv, 0, NULL, c);
}
