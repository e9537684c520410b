# SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
#
# The names of events from linux/zmq.h.

/^\/\* Events/ { events = 1 }
/^#define ZMQ_PROTOCOL/ { events = 0 }

events && $1 == "#define" && $2 ~ /^ZMQ_EVENT_/ && $2 != "ZMQ_EVENT_ALL" {
	printf "\t{ %s, \"%s\" },\n", $2, substr($2, length("ZMQ_EVENT_") + 1)
}
