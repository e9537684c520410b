#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
# A REP that is socat's, with a process for each request. The argument is the endpoint.
endpoint=$(printf '%s' "$1" | od -An -v -tx1 | tr -d ' \n')
exec socat "SOCKET-RECVFROM:18:2:4:x$endpoint,fork" EXEC:cat
