# SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
# AF_ZMQ sockets in Perl: IO::Async's watch_io()
use strict;
use warnings;
use IO::Async::Loop;
use lib '.';
use scenario;

my $loop = IO::Async::Loop->new;

sub watch {
	my ($sock, $for_room, $call) = @_;
	my $ready = $for_room ? 'on_write_ready' : 'on_read_ready';
	$call ? $loop->watch_io(handle => $sock, $ready => $call) : $loop->unwatch_io(handle => $sock, $ready => 1);
}

scenario::begin(\&watch, sub { $loop->stop });
$loop->run;
