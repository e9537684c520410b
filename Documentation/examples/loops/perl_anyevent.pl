# SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
# AF_ZMQ sockets in Perl: AnyEvent->io; PERL_ANYEVENT_MODEL chooses the loop below it
use strict;
use warnings;
use AnyEvent;
use lib '.';
use scenario;

$ENV{PERL_ANYEVENT_MODEL} = shift;
my $done = AnyEvent->condvar;
my %watches;

sub watch {
	my ($sock, $for_room, $call) = @_;
	my $key = $for_room . fileno $sock;
	delete $watches{$key};
	$watches{$key} = AnyEvent->io(fh => $sock, poll => $for_room ? 'w' : 'r', cb => $call) if $call;
}

scenario::begin(\&watch, sub { $done->send });
$done->recv;
