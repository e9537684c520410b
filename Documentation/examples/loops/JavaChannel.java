// SPDX-License-Identifier: LGPL-2.1-or-later OR MIT

import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.DatagramChannel;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;

/** An AF_ZMQ descriptor 0 as Java's DatagramChannel; the argument is the port that it asks, or none, and it serves. */
public class JavaChannel {
	static final int ROUND = 200;

	static void say(DatagramChannel c, String text) throws Exception {
		if (c.write(ByteBuffer.wrap(text.getBytes())) != text.length())
			throw new Exception("write " + text);
	}

	public static void main(String[] args) throws Exception {
		DatagramChannel c = (DatagramChannel)System.inheritedChannel();
		ByteBuffer buf = ByteBuffer.allocate(100);
		Selector selector = Selector.open();
		int asked = 0;

		c.configureBlocking(false);
		c.register(selector, SelectionKey.OP_READ);
		if (args.length > 0) {
			c.connect(new InetSocketAddress("127.0.0.1", Integer.parseInt(args[0])));
			say(c, "m0");
		}
		while (asked < ROUND) {
			selector.select();
			selector.selectedKeys().clear();
			buf.clear();
			var from = c.receive(buf);
			if (from == null)
				continue;
			buf.flip();
			if (args.length == 0) {
				c.send(buf, from);
				continue;
			}
			String got = new String(buf.array(), 0, buf.limit());
			if (!got.equals("m" + asked))
				throw new Exception("got " + got + ", not m" + asked);
			if (++asked < ROUND)
				say(c, "m" + asked);
		}
	}
}
