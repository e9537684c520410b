// SPDX-License-Identifier: GPL-2.0-only
/* What was understood is said, and what is said is understood as the same. */
#include "fuzz/fuzz.h"

#include <errno.h>
#include "wire/endpoint.h"

static bool known_error(int err)
{
	return err == -EINVAL || err == -EPROTONOSUPPORT || err == -ENODEV ||
	       err == -ENAMETOOLONG;
}

/* With just enough room, and with less. */
static void format(const struct zmq_endpoint *ep, char *text)
{
	int n = zmq_endpoint_format(ep, text, ZMQ_EP_TEXT), size;
	char *room;

	CHECK(n > 0 && n < ZMQ_EP_TEXT && strlen(text) == (size_t)n);
	for (size = 0; size <= n + 1; size += size < n ? n : 1) {
		room = malloc(size);
		CHECK_EQ(zmq_endpoint_format(ep, room, size), size > n ? n : -ENOSPC);
		CHECK(size <= n || !strcmp(room, text));
		free(room);
	}
}

/* Return: whether that is an endpoint. */
static bool check_text(struct zmq_endpoint *ep, const char *text, size_t n,
		       unsigned int flags)
{
	char said[ZMQ_EP_TEXT], again[ZMQ_EP_TEXT];
	int ret = zmq_endpoint_parse(ep, text, n, flags);
	struct zmq_endpoint back;

	if (ret) {
		CHECK(known_error(ret));
		return false;
	}
	format(ep, said);
	CHECK_EQ(zmq_endpoint_parse(&back, said, strlen(said), flags), 0);
	CHECK(zmq_endpoint_equal(ep, ep));
	CHECK(zmq_endpoint_equal(ep, &back) && zmq_endpoint_equal(&back, ep));
	CHECK_EQ(zmq_endpoint_is_named(ep), zmq_endpoint_is_named(&back));
	CHECK_EQ(ep->any_addr, back.any_addr);
	format(&back, again);
	CHECK_STR(said, again);
	return true;
}

/* Two of them, a line each. */
void fuzz_one(struct fuzz *f)
{
	u8 how = fuzz_byte(f);
	unsigned int flags = how & 1 ? ZMQ_EP_BIND : ZMQ_EP_CONNECT;
	struct zmq_endpoint a, b;
	const u8 *end = memchr(f->p, '\n', f->n);
	size_t n = end ? (size_t)(end - f->p) : f->n;
	char *one, *two;
	bool both;

	flags |= how & (ZMQ_EP_IPV6 | ZMQ_EP_NAMES);
	one = (char *)fuzz_take(f, n);
	fuzz_byte(f);
	both = check_text(&a, one, n, flags);
	n = f->n;
	two = (char *)fuzz_take(f, n);
	both = check_text(&b, two, n, flags) && both;
	if (both)
		CHECK_EQ(zmq_endpoint_equal(&a, &b), zmq_endpoint_equal(&b, &a));
	free(one);
	free(two);
}
