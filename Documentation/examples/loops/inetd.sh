#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
# inetd with one service; the arguments are its port, wait or nowait, and its command.
port=$1 wait=$2
shift 2
config=$(mktemp)
echo "127.0.0.1:$port stream tcp $wait root /usr/bin/python3 python3 $PWD/$*" >"$config"
exec inetd -i "$config"
