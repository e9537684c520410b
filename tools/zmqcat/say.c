// SPDX-License-Identifier: GPL-2.0-only
/* Messages to the user, and the end. */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "zmqcat.h"

const char *program = "zmqcat";

/* In one piece, so that lines of several programs do not mix. Names in it are made by others,
 * too, and standard error mostly is a terminal.
 */
static void vsay(const char *format, va_list args, int error)
{
	char text[1024], line[4 * sizeof(text)], *end = line;
	const char *at;
	size_t n;

	progress_end();
	vsnprintf(text, sizeof(text), format, args);
	for (at = text; *at; at += n ?: 1) {
		n = escape_plain(at, strlen(at));
		if (n)
			end = mempcpy(end, at, n);
		else
			end += sprintf(end, "\\x%02x", (unsigned char)*at);
	}
	*end = 0;
	fprintf(stderr, "%s: %s%s%s\n", program, line, error ? ": " : "",
		error ? strerror(error) : "");
}

void say(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsay(format, args, 0);
	va_end(args);
}

/* What was received before is not lost. */
void die(int status, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsay(format, args, 0);
	va_end(args);
	output_flush();
	exit(status);
}

void die_errno(const char *format, ...)
{
	int error = errno;
	va_list args;

	va_start(args, format);
	vsay(format, args, error);
	va_end(args);
	output_flush();
	exit(STATUS_ERROR);
}

void *xrealloc(void *p, size_t size)
{
	void *q = realloc(p, size ?: 1);

	if (!q)
		die(STATUS_ERROR, "no memory for %zu bytes", size);
	return q;
}

/* Text in memory of its own. */
char *xprintf(const char *format, ...)
{
	va_list args;
	char *text;
	int len;

	va_start(args, format);
	len = vasprintf(&text, format, args);
	va_end(args);
	if (len < 0)
		die(STATUS_ERROR, "no memory");
	return text;
}
