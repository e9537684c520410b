#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
# A SUB that is socat's, of what begins with "t ". The argument is the endpoint.
endpoint=$(printf '%s' "$1" | od -An -v -tx1 | tr -d ' \n')
exec socat -u "SOCKET-CONNECT:18:2:x$endpoint,type=5,setsockopt=289:6:x7420" -
