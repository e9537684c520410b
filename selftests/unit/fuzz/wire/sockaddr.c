// SPDX-License-Identifier: GPL-2.0-only
/* Socket addresses are endpoints that are written, and are the same addresses again. */
#include "fuzz/fuzz.h"

#include <errno.h>
#include "wire/sockaddr.h"

static bool known_error(int err)
{
	return err == -EINVAL || err == -EAFNOSUPPORT || err == -ENAMETOOLONG;
}

static void check_text(const struct zmq_endpoint *ep, unsigned int flags)
{
	struct zmq_endpoint back;
	char text[ZMQ_EP_TEXT];
	int n = zmq_endpoint_format(ep, text, sizeof(text));

	CHECK(n > 0);
	CHECK_EQ(zmq_endpoint_parse(&back, text, n, flags | ZMQ_EP_IPV6), 0);
	CHECK(zmq_endpoint_equal(ep, &back));
}

/* A name in its one form stays as it is. */
static void check_take(const void *p, size_t n)
{
	union zmq_sockname name, again;
	int ret = zmq_sockname_take(&name, p, n);

	if (ret < 0) {
		CHECK(known_error(ret));
		return;
	}
	CHECK_EQ(zmq_sockname_take(&again, &name, ret), ret);
	CHECK(!memcmp(&name, &again, sizeof(name)));
}

void fuzz_one(struct fuzz *f)
{
	unsigned int flags = fuzz_byte(f) & 1 ? ZMQ_EP_BIND : ZMQ_EP_CONNECT;
	struct zmq_endpoint ep, back;
	union zmq_sockname name;
	size_t n = f->n;
	u8 *p = fuzz_take(f, n);
	int ret;

	check_take(p, n);
	ret = zmq_endpoint_from_sockaddr(&ep, p, n, flags);
	if (ret) {
		CHECK(known_error(ret));
	} else {
		ret = zmq_endpoint_to_sockaddr(&ep, &name);
		CHECK(ret > 0 && ret <= (int)sizeof(name));
		CHECK_EQ(zmq_endpoint_from_sockaddr(&back, &name, ret, flags), 0);
		CHECK(zmq_endpoint_equal(&ep, &back));
		check_take(&name, ret);
		check_text(&ep, flags);
	}
	free(p);
}
