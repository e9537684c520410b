// SPDX-License-Identifier: LGPL-2.1-or-later OR MIT

// AF_ZMQ descriptors 3 to 6, DEALER, REP, PUB and ROUTER, as Go's packet connections.
package main

import (
	"fmt"
	"io"
	"net"
	"os"
	"strconv"
	"syscall"
	"time"
)

const round = 200

func must(err error) {
	if err != nil {
		panic(err)
	}
}

func open(fd int) *net.UDPConn {
	conn, err := net.FilePacketConn(os.NewFile(uintptr(fd), "zmq"))
	must(err)
	return conn.(*net.UDPConn)
}

// Asks the next question when it has an answer.
func client(conn *net.UDPConn) {
	buf := make([]byte, 100)
	for n := 0; n < round; n++ {
		ask := fmt.Sprintf("m%d", n)
		_, err := conn.Write([]byte(ask))
		must(err)
		got, err := conn.Read(buf)
		must(err)
		if string(buf[:got]) != ask {
			panic(string(buf[:got]))
		}
	}
}

// Answers whom it is told to have asked.
func serve(conn *net.UDPConn) {
	buf := make([]byte, 100)
	for {
		n, addr, err := conn.ReadFrom(buf)
		must(err)
		_, err = conn.WriteTo(buf[:n], addr)
		must(err)
	}
}

func publish(conn *net.UDPConn) {
	to := &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 9}
	for n := 0; ; n++ {
		_, err := conn.WriteTo([]byte(fmt.Sprintf("t %d", n)), to)
		must(err)
		time.Sleep(2 * time.Millisecond)
	}
}

func main() {
	port, err := strconv.Atoi(os.Args[1])
	must(err)
	// Go has no connect() for a descriptor that it is given.
	must(syscall.Connect(3, &syscall.SockaddrInet4{Port: port, Addr: [4]byte{127, 0, 0, 1}}))
	go client(open(3))
	go serve(open(4))
	go publish(open(5))
	go serve(open(6))
	io.Copy(io.Discard, os.Stdin)
}
