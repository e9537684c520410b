// SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
// AF_ZMQ sockets in Boost.Asio: posix::stream_descriptor, async_wait()
#include <boost/asio.hpp>
#include <memory>
#include "scenario.h"

namespace asio = boost::asio;
using descriptor = asio::posix::stream_descriptor;

static asio::io_context loop;

struct watched {
	std::unique_ptr<descriptor> d;
	void (*calls[2])(void) = {};
};
static struct watched watches[1000];

static void wait(int fd, int for_room)
{
	watches[fd].d->async_wait(for_room ? descriptor::wait_write : descriptor::wait_read,
				  [=](const boost::system::error_code &error) {
		void (*call)(void) = watches[fd].calls[for_room];

		if (error || !call)
			return;
		call();
		if (watches[fd].calls[for_room])
			wait(fd, for_room);
	});
}

static void watch(int fd, int for_room, void (*call)(void))
{
	watches[fd].calls[for_room] = call;
	if (!watches[fd].calls[0] && !watches[fd].calls[1])
		watches[fd].d->release();
	else if (!watches[fd].d)
		watches[fd].d.reset(new descriptor(loop, fd));
	if (call)
		wait(fd, for_room);
}

static void stop(void)
{
	loop.stop();
}

int main(int argc, char **argv)
{
	begin(argv);
	loop.run();
}
