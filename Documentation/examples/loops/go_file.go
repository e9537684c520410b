// SPDX-License-Identifier: LGPL-2.1-or-later OR MIT

// AF_ZMQ sockets in Go: os.NewFile(), and goroutines that read and write.
package main

import (
	"fmt"
	"os"
	"syscall"
)

const solZMQ, subscribe, sndhwm, connect = 289, 6, 23, 1001

func must(err error) {
	if err != nil {
		panic(err)
	}
}

func dial(pattern int, endpoint string) *os.File {
	fd, err := syscall.Socket(18, syscall.SOCK_SEQPACKET|syscall.SOCK_NONBLOCK, pattern)
	must(err)
	if pattern == 2 {
		must(syscall.SetsockoptString(fd, solZMQ, subscribe, "t "))
	}
	if pattern == 8 {
		must(syscall.SetsockoptInt(fd, solZMQ, sndhwm, 5))
	}
	must(syscall.SetsockoptString(fd, solZMQ, connect, endpoint))
	return os.NewFile(uintptr(fd), endpoint)
}

func say(f *os.File, text string) {
	_, err := f.WriteString(text)
	must(err)
}

func hear(f *os.File, want string) {
	buf := make([]byte, 100)
	n, err := f.Read(buf)
	must(err)
	if string(buf[:n]) != want {
		panic("got " + string(buf[:n]) + ", not " + want)
	}
}

func main() {
	dealer, sub := dial(5, os.Args[1]), dial(2, os.Args[2])
	for n := 0; n < 200; n++ {
		say(dealer, fmt.Sprintf("e%d", n))
		hear(dealer, fmt.Sprintf("e%d", n))
	}
	for n := 0; n < 200; n++ {
		hear(sub, fmt.Sprintf("t %d", n))
	}
	ended := make(chan error)
	go func() {
		_, err := sub.Read(make([]byte, 100)) // until it is closed
		ended <- err
	}()
	say(dealer, "idle")
	hear(dealer, "go")
	push := dial(8, os.Args[3])
	for n := 0; n < 200; n++ {
		say(push, fmt.Sprintf("p%d", n))
	}
	must(sub.Close())
	if <-ended == nil {
		panic("news after all")
	}
	must(dealer.Close())
	must(push.Close())
}
