# SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
# AF_ZMQ sockets in Ruby: IO.select, recv_nonblock, sendmsg_nonblock
require 'socket'

SOL_ZMQ, SUBSCRIBE, SNDHWM, CONNECT = 289, 6, 23, 1001
SUB, DEALER, PUSH = 2, 5, 8
ROUND = 200

def dial(pattern, endpoint)
  s = Socket.new(18, Socket::SOCK_SEQPACKET, pattern)
  s.setsockopt(SOL_ZMQ, SUBSCRIBE, 't ') if pattern == SUB
  s.setsockopt(SOL_ZMQ, SNDHWM, 5) if pattern == PUSH
  s.setsockopt(SOL_ZMQ, CONNECT, endpoint)
  s
end

def hear(socks, one)
  # The others are watched as well, and silent.
  ready = IO.select(socks)[0] until ready&.include?(one)
  one.recv_nonblock(100)
end

def tell(one, text)
  IO.select(nil, [one])
  one.sendmsg_nonblock(text)
end

def expect(got, want)
  raise "got #{got}, not #{want}" unless got == want
end

dealer, sub = dial(DEALER, ARGV[0]), dial(SUB, ARGV[1])
ROUND.times do |n|
  tell(dealer, "e#{n}")
  expect(hear([dealer, sub], dealer), "e#{n}")
end
ROUND.times { |n| expect(hear([dealer, sub], sub), "t #{n}") }
tell(dealer, 'idle')
expect(hear([dealer, sub], dealer), 'go')
push = dial(PUSH, ARGV[2])
ROUND.times { |n| tell(push, "p#{n}") }
[dealer, sub, push].each(&:close)
