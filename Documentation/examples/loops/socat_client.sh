#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
# A DEALER that is socat's: standard input and output are its messages. The argument is the endpoint.
endpoint=$(printf '%s' "$1" | od -An -v -tx1 | tr -d ' \n')
exec socat - "SOCKET-CONNECT:18:5:x$endpoint,type=5"
