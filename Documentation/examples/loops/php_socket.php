<?php
// SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
// AF_ZMQ descriptors 3 to 6, DEALER, REP, PUB and ROUTER, as PHP's sockets; the argument is a port
const ROUND = 200;

set_error_handler(function ($level, $text) { throw new Error($text); });

function taken(int $fd): Socket
{
	return socket_import_stream(fopen("php://fd/$fd", 'r+'));
}

[$client, $rep, $pub, $router] = array_map('taken', [3, 4, 5, 6]);
$asked = $published = 0;
socket_connect($client, '127.0.0.1', (int)$argv[1]);
socket_send($client, 'm0', 2, 0);

for (;;) {
	$readable = [$client, $rep, $router];
	$none = null;
	socket_select($readable, $none, $none, 0, 2000);
	foreach ($readable as $socket) {
		socket_recvfrom($socket, $text, 100, 0, $address, $port);
		if ($socket !== $client) {
			socket_sendto($socket, $text, strlen($text), 0, $address, $port);
			continue;
		}
		if ($text !== "m$asked")
			throw new Error("got $text, not m$asked");
		if (++$asked < ROUND)
			socket_send($client, "m$asked", strlen("m$asked"), 0);
	}
	$text = 't ' . $published++;
	socket_sendto($pub, $text, strlen($text), 0, '127.0.0.1', 9);
	$ended = [STDIN];
	if (stream_select($ended, $none, $none, 0) && fgets(STDIN) === false)
		exit(0);
}
