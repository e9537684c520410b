// SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
// AF_ZMQ descriptors 3 to 6, DEALER, REP, PUB and ROUTER, as Node's datagram sockets.
'use strict';
const dgram = require('dgram');

const ROUND = 200;
const port = Number(process.argv[2]);

function open(fd, ready) {
  const s = dgram.createSocket('udp4');
  s.on('error', (e) => { throw e; });
  s.bind({ fd }, () => ready(s));
}

// Asks the next question when it has an answer.
open(3, (s) => {
  let n = 0;
  s.on('message', (m) => {
    if (m.toString() !== `m${n}`)
      throw new Error(`got ${m}, not m${n}`);
    if (++n < ROUND)
      s.send(`m${n}`);
  });
  s.connect(port, '127.0.0.1', () => s.send('m0'));
});

// Answers whom it is told to have asked.
for (const fd of [4, 6])
  open(fd, (s) => s.on('message', (m, from) => s.send(m, from.port, from.address)));

open(5, (s) => {
  let n = 0;
  setInterval(() => s.send(`t ${n++}`, 9, '127.0.0.1'), 2);
});

process.stdin.resume();
process.stdin.on('end', () => process.exit(0));
