# SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
# AF_ZMQ sockets in Perl: IO::Select
use strict;
use warnings;
use IO::Select;
use lib '.';
use scenario;

my ($readers, $writers, $running) = (IO::Select->new, IO::Select->new, 1);
my %calls;

sub watch {
	my ($sock, $for_room, $call) = @_;
	my $set = $for_room ? $writers : $readers;
	$call ? $set->add($sock) : $set->remove($sock);
	$calls{$for_room, fileno $sock} = $call;
}

scenario::begin(\&watch, sub { $running = 0 });
while ($running) {
	my ($readable, $writable) = IO::Select->select($readers, $writers);
	for ([0, $readable], [1, $writable]) {
		my ($for_room, $socks) = @$_;
		$calls{$for_room, fileno $_}->() for grep { defined fileno $_ && $calls{$for_room, fileno $_} } @$socks;
	}
}
