// SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
// AF_ZMQ sockets in Boost.Asio: generic::seq_packet_protocol::socket, made, connected, read and written by Asio
#include <boost/asio.hpp>
#include <iostream>
#include "dial.h"

namespace asio = boost::asio;
using asio::generic::seq_packet_protocol;
using zmq_socket = seq_packet_protocol::socket;

static asio::io_context loop;
static char got[100];
static int count;

static zmq_socket dialed(int pattern, const char *endpoint)
{
	return zmq_socket(loop, seq_packet_protocol(AF_ZMQ, pattern), dial(SOCK_NONBLOCK, pattern, endpoint));
}

static void send(zmq_socket &s, const std::string &text, std::function<void()> then)
{
	auto kept = std::make_shared<std::string>(text);

	s.async_send(asio::buffer(*kept), 0, [=](const boost::system::error_code &error, size_t) {
		if (error)
			errx(1, "send %s: %s", kept->c_str(), error.message().c_str());
		then();
	});
}

static void receive(zmq_socket &s, const std::string &want, std::function<void()> then)
{
	static seq_packet_protocol::socket::message_flags flags;

	s.async_receive(asio::buffer(got), 0, flags, [=](const boost::system::error_code &error, size_t len) {
		if (error || std::string(got, len) != want)
			errx(1, "receive, for %s: %s", want.c_str(), error.message().c_str());
		then();
	});
}

int main(int argc, char **argv)
{
	auto dealer = dialed(ZMQ_DEALER, argv[1]), sub = dialed(ZMQ_SUB, argv[2]), push = dialed(ZMQ_PUSH, argv[3]);
	std::function<void()> ask, hear, fill;

	fill = [&] {
		if (count < ROUND)
			send(push, "p" + std::to_string(count++), fill);
	};
	hear = [&] {
		if (count < ROUND)
			receive(sub, "t " + std::to_string(count++), hear);
		else
			send(dealer, "idle", [&] { receive(dealer, "go", [&] { count = 0; fill(); }); });
	};
	ask = [&] {
		if (count == ROUND)
			return count = 0, hear();
		send(dealer, "e" + std::to_string(count), [&] { receive(dealer, "e" + std::to_string(count++), ask); });
	};
	ask();
	loop.run();
}
