# SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
# AF_ZMQ descriptors 3 to 6, DEALER, REP, PUB and ROUTER, as Ruby's UDPSocket; the argument is the DEALER's port
require 'socket'

ROUND = 200
Thread.abort_on_exception = true
client, rep, pub, router = (3..6).map { |fd| UDPSocket.for_fd(fd) }

Thread.new do
  client.connect('127.0.0.1', ARGV[0].to_i)
  ROUND.times do |n|
    client.send("m#{n}", 0)
    got, = client.recvfrom(100)
    raise "got #{got}, not m#{n}" unless got == "m#{n}"
  end
end

[rep, router].each do |server|
  Thread.new do
    loop do
      text, from = server.recvfrom(100)
      server.send(text, 0, from[3], from[1])
    end
  end
end

Thread.new do
  (0..).each do |n|
    pub.send("t #{n}", 0, '127.0.0.1', 9)
    sleep 0.002
  end
end

$stdin.read
exit!(0)
