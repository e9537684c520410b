// SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
/* AF_ZMQ descriptors 3 to 6, DEALER, REP, PUB and ROUTER, as libuv's uv_udp_t; the argument is the DEALER's port */
#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <uv.h>

#define ROUND 200

static uv_udp_t udp[4];
static uv_timer_t timer;
static int asked, published;

static void room(uv_handle_t *handle, size_t size, uv_buf_t *buf)
{
	*buf = uv_buf_init(malloc(size), size);
}

static void say(uv_udp_t *u, const char *text, size_t len, const struct sockaddr *to)
{
	uv_buf_t buf = uv_buf_init((char *)text, len);
	int ret = uv_udp_try_send(u, &buf, 1, to);

	if (ret < 0)
		errx(1, "uv_udp_try_send: %s", uv_strerror(ret));
}

static void got(uv_udp_t *u, ssize_t len, const uv_buf_t *buf, const struct sockaddr *from, unsigned int flags)
{
	char text[20];
	int want;

	if (len < 0)
		errx(1, "receive: %s", uv_strerror(len));
	if (from && u != &udp[0]) {
		say(u, buf->base, len, from);
	} else if (from) {
		want = snprintf(text, sizeof(text), "m%d", asked);
		if (want != len || memcmp(text, buf->base, len))
			errx(1, "got %.*s, not %s", (int)len, buf->base, text);
		if (++asked < ROUND)
			say(u, text, snprintf(text, sizeof(text), "m%d", asked), NULL);
	}
	free(buf->base);
}

static void publish(uv_timer_t *t)
{
	struct sockaddr_in anyone;
	char text[20];

	uv_ip4_addr("127.0.0.1", 9, &anyone);
	say(&udp[2], text, snprintf(text, sizeof(text), "t %d", published++), (struct sockaddr *)&anyone);
}

static void finished(uv_fs_t *req)
{
	exit(0);
}

int main(int argc, char **argv)
{
	static uv_fs_t req;
	static char end[1];
	struct sockaddr_in to;
	uv_buf_t buf = uv_buf_init(end, 1);
	int i, ret;

	for (i = 0; i < 4; i++) {
		uv_udp_init(uv_default_loop(), &udp[i]);
		ret = uv_udp_open(&udp[i], 3 + i);
		if (!ret && i != 2)
			ret = uv_udp_recv_start(&udp[i], room, got);
		if (ret)
			errx(1, "descriptor %d: %s", 3 + i, uv_strerror(ret));
	}
	uv_ip4_addr("127.0.0.1", atoi(argv[1]), &to);
	ret = uv_udp_connect(&udp[0], (struct sockaddr *)&to);
	if (ret)
		errx(1, "uv_udp_connect: %s", uv_strerror(ret));
	say(&udp[0], "m0", 2, NULL);
	uv_timer_init(uv_default_loop(), &timer);
	uv_timer_start(&timer, publish, 2, 2);
	uv_fs_read(uv_default_loop(), &req, 0, &buf, 1, -1, finished);
	return uv_run(uv_default_loop(), UV_RUN_DEFAULT);
}
