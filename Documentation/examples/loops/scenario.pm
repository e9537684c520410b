# SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
# What the loops written in Perl do with three AF_ZMQ descriptors, each callback with one recv() or one send().
package scenario;
use strict;
use warnings;
use Socket qw(:all);

use constant { AF_ZMQ => 18, SOL_ZMQ => 289, SUBSCRIBE => 6, SNDHWM => 23, CONNECT => 1001 };
use constant { SUB => 2, DEALER => 5, PUSH => 8, ROUND => 200 };

my ($watch, $stop, $dealer, $sub, $push);
my $count = 0;

sub dial {
	my ($pattern, $endpoint) = @_;
	socket(my $s, AF_ZMQ, SOCK_SEQPACKET | SOCK_NONBLOCK, $pattern) or die "socket: $!";
	setsockopt($s, SOL_ZMQ, SUBSCRIBE, 't ') or die if $pattern == SUB;
	setsockopt($s, SOL_ZMQ, SNDHWM, 5) or die if $pattern == PUSH;
	setsockopt($s, SOL_ZMQ, CONNECT, $endpoint) or die "$endpoint: $!";
	return $s;
}

sub say_it {
	my ($s, $text) = @_;
	defined send($s, $text, 0) or die "send $text: $!";
}

sub hear {
	defined recv($_[0], my $got, 100, 0) or die "recv: $!";
	return $got;
}

sub on_push {
	say_it($push, "p$count");
	return if ++$count < ROUND;
	$watch->($push, 1, undef);
	$watch->($_, 0, undef) for $dealer, $sub;
	close $_ for $push, $dealer, $sub;
	$stop->();
}

sub on_news {
	my $got = hear($sub);
	$got eq "t $count" or die "got $got, not t $count";
	say_it($dealer, 'idle') if ++$count == ROUND;
}

sub on_answer {
	my $got = hear($dealer);
	if ($got eq 'go') {
		$count = 0;
		$push = dial(PUSH, $ARGV[-1]);
		return $watch->($push, 1, \&on_push);
	}
	$got eq "e$count" or die "got $got, not e$count";
	return say_it($dealer, "e$count") if ++$count < ROUND;
	$count = 0;
	$sub = dial(SUB, $ARGV[-2]);
	$watch->($sub, 0, \&on_news);
}

sub begin {
	($watch, $stop) = @_;
	$dealer = dial(DEALER, $ARGV[-3]);
	$watch->($dealer, 0, \&on_answer);
	$watch->($dealer, 1, sub { $watch->($dealer, 1, undef); say_it($dealer, 'e0') });
}

1;
