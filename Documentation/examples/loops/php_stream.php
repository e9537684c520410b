<?php
// SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
// A connected AF_ZMQ descriptor 3 as PHP's stream: stream_select(), fread(), fwrite()
const ROUND = 200;

$dealer = fopen('php://fd/3', 'r+');
stream_set_blocking($dealer, false);
for ($n = 0; $n < ROUND; $n++) {
	fwrite($dealer, "m$n");
	$readable = [$dealer];
	$none = null;
	stream_select($readable, $none, $none, null);
	$got = fread($dealer, 100);
	if ($got !== "m$n")
		throw new Error("got $got, not m$n");
}
fgets(STDIN);
