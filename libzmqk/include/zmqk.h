/* SPDX-License-Identifier: LGPL-2.1-or-later OR MIT */
/*
 * libzmqk: the parts of AF_ZMQ that do not belong in a kernel.
 *
 * An AF_ZMQ socket needs no library: socket(2), bind(2), connect(2), send(2),
 * recv(2), poll(2) and setsockopt(2) do all of it. This one adds whole messages
 * in one call, name resolution, and what else is tedious with plain calls.
 *
 * A function fails with -1 or NULL and errno, like the system calls that it
 * makes; "Calls:" names them. The library has no state but in objects that the
 * caller makes, and no threads but those of a resolver. A socket may be used by
 * any number of threads and processes at a time, an object by one thread at a
 * time. Described in libzmqk(3) and af_zmq(7).
 */
#ifndef ZMQK_H
#define ZMQK_H

#include <zmqk/version.h>
#include <zmqk/socket.h>
#include <zmqk/endpoint.h>
#include <zmqk/message.h>
#include <zmqk/reader.h>
#include <zmqk/option.h>
#include <zmqk/peer.h>
#include <zmqk/zerocopy.h>
#include <zmqk/monitor.h>
#include <zmqk/resolver.h>
#include <zmqk/probe.h>

#endif /* ZMQK_H */
