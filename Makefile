# SPDX-License-Identifier: GPL-2.0
# Kbuild describes the module; this file is for people. `make help` lists the targets.

PREFIX ?= /usr/local
DEBUG_KERNELS ?= uml debug
URING_KERNELS ?= stock 6.12 7.2

# Of the running kernel if it has headers here, else Debian's stock kernel.
KDIR ?=
kdir = kdir="$(KDIR)"; [ -n "$$kdir" ] || kdir=$$(tools/vm/kdir)
kbuild = $(MAKE) -C "$$kdir" M="$(CURDIR)"

all: modules

help:
	@sed -n 's/^#? //p' $(firstword $(MAKEFILE_LIST))

#? Targets:
#?   modules         zmq.ko (the default); KDIR=… chooses the kernel, W=1 and C=2 work as in the kernel
#?   lib             libzmqk, the optional user-space library
#?   lib-uring       libzmqk-uring, for programs with liburing
#?   tools           zmqcat, and the other programs' links, in build/tools
#?   install         modules_install, libzmqk with its headers, and tools_install; DESTDIR=, PREFIX= and LIBDIR= work
#?   tools_install   the programs, their manual pages, completion and scripts for bpftrace
#?   deb             Debian packages in build/deb, looked at by lintian
#?   deb-test        their life on clean machines, bookworm with Linux 6.1 and trixie with 6.12: installed, used by a
#?                   service that is restarted, upgraded, removed, purged. SUITE=… for one of them
#?   clean           remove what was built in the tree
#?   demo            see it work: ZeroMQ programs talk to AF_ZMQ sockets in a virtual machine
#?   check           all tests on Debian's stock kernel
#?   check-unit      only the unit tests, in user space
#?   check-vm        only the tests that need the virtual machine
#?   check-static    only the checkers on the source
#?   check-debug     kernel selftests on debug kernels (KASAN, lockdep, kmemleak, …);
#?                   DEBUG_KERNELS=uml leaves out the slow one with two CPUs
#?   check-faults    each allocation that fails, of a system call, a softirq or a worker: lost, doubled or cut messages,
#?                   leaks, hangs; on the uml debug kernel. CANARY=1 puts faults back first that it has to find,
#?                   SHORT=1 tries a few of them only, STRIDE=N one of N
#?   check-peers     what no peer may say, what all may, cut at every byte, and floods of it, likewise
#?   check-fuzz      parsers, handshakes and connections in user space, under ASan and UBSan, against models of what
#?                   they do; TIME=SECONDS for longer than a minute or two. CANARY=1 as above
#?   check-litmus    each pair of barriers under the kernel's memory model: with them what must not happen does not,
#?                   without any of them it does
#?   check-uring     libzmqk-uring on several kernels, those in URING_KERNELS
#?   check-trace     the scripts for bpftrace on real traffic
#?   check-loops     all event loops, languages and tools that know nothing of AF_ZMQ, libzmq as the other end
#?   check-scale     ten thousand peers: memory, fairness, storms
#?   check-stall     how long a socket waits beside 50,000 pipes, floods of subscriptions, messages of 2^25 frames,
#?                   and what 2000 processes, paths or streams that hang keep waiting
#?   zmqperf         the benchmark program, build/zmqperf/zmqperf
#?   bench           AF_ZMQ against libzmq and plain sockets, in a deterministic machine: one table
#?   bench-long      the same with 5000 clients and a million subscriptions
#?   bench-smp       wall time on two emulated CPUs, a sanity check that is not to be quoted
#?   bench-events    what an event costs with 1 to 10,000 sockets, by select, poll, epoll and io_uring
#?   bench-quotes    a feed of quotes to 50 subscribers: how long a quote takes
#?   bench-compare   does AF_ZMQ take longer in NEW= than in OLD=, by more than WITHIN= percent (2)?
#?                   Git revisions or directories; ROWS=1,4 for some rows of the table
#?   deps            install the Debian packages that all of this needs
#? A virtual machine for anything else: tools/vm/run -- COMMAND, tools/vm/shell

modules:
	@$(kdir) && $(kbuild) modules

modules_install: modules
	@$(kdir) && $(kbuild) modules_install $(if $(DESTDIR),INSTALL_MOD_PATH="$(DESTDIR)")

headers_install:
	install -D -m 644 uapi/linux/zmq.h "$(DESTDIR)$(PREFIX)/include/linux/zmq.h"
	install -D -m 644 uapi/linux/zmq_diag.h "$(DESTDIR)$(PREFIX)/include/linux/zmq_diag.h"

lib:
	$(MAKE) -C libzmqk

lib-uring: lib
	$(MAKE) -C libzmqk/uring

tools:
	$(MAKE) -C tools/zmqcat OUT="$(CURDIR)/build/tools"

tools_install:
	$(MAKE) -C tools/zmqcat OUT="$(CURDIR)/build/tools" DESTDIR="$(DESTDIR)" PREFIX="$(PREFIX)" install

install: modules_install tools_install
	$(MAKE) -C libzmqk install PREFIX="$(PREFIX)" DESTDIR="$(DESTDIR)" $(if $(LIBDIR),LIBDIR="$(LIBDIR)")

deb:
	@tools/deb/build

deb-test:
	@tools/deb/test $(SUITE)

clean:
	@$(kdir) && $(kbuild) clean
	rm -rf build
	@for dir in libzmqk libzmqk/uring selftests/unit selftests; do \
		[ ! -f $$dir/Makefile ] || $(MAKE) -C $$dir clean || exit; \
	done

deps:
	tools/deps

demo:
	@tools/deps build vm test
	@tools/demo/run

# A test machine has one processor, so two of them may run side by side.
TESTS_HERE = unit litmus zmqss zmqk-check tools loops-verdicts libzmqk txzmqk
TESTS_VM = vm kselftest conformance kselftest-smp stall+uring-stock libzmqk-vm+zmqperf docs+loops zmqcat+txzmqk-vm interop+neighbours

check: deps
	@tools/run-tests static options $(TESTS_HERE) $(TESTS_VM)

check-unit:
	@tools/deps test litmus
	@tools/run-tests $(TESTS_HERE)

check-vm:
	@tools/deps build vm test loops-check neighbours
	@tools/run-tests $(TESTS_VM)

check-static:
	@tools/deps build static
	@tools/run-tests static options

check-debug: deps
	@tools/run-tests $(foreach k,$(DEBUG_KERNELS),canary-$(k) kselftest-$(k))

# The long form of a lane is told of in Documentation/lanes.md.
lane = $(if $(SHORT)$(STRIDE),ZT_STRIDE=$(or $(STRIDE),$(1)),RUN_TESTS_LANE=$@) tools/run-tests

check-faults:
	@tools/deps build vm test debug
	@$(call lane,7) $(if $(CANARY),canary-faults) faults-options+faults-others faults-calls

check-peers:
	@tools/deps build vm test debug
	@$(call lane,23) $(if $(CANARY),canary-peers) peers-cuts+peers-wrong+peers-floods

check-fuzz:
	@tools/deps fuzz
	@TIME=$(TIME) tools/run-tests $(if $(CANARY),canary-fuzz) fuzz

check-litmus:
	@tools/deps litmus
	@tools/run-tests litmus

check-uring:
	@tools/deps build vm test
	@tools/run-tests $(foreach k,$(URING_KERNELS),uring-$(k))

check-trace:
	@tools/deps build vm trace
	@tools/run-tests bpftrace

check-loops:
	@tools/deps build vm loops
	@tools/run-tests loops-all loops-table

check-scale:
	@tools/deps build vm test
	@$(call lane) scale

check-stall:
	@tools/deps build vm test
	@ZT_STALL_TOPICS=$${ZT_STALL_TOPICS:-2000} ZT_STALL_FRAMES=$${ZT_STALL_FRAMES:-33554432} \
		ZMQ_STALLED=$${ZMQ_STALLED:-2000} $(call lane) stall stalled

zmqperf:
	$(MAKE) -C tools/zmqperf OUT="$(CURDIR)/build/zmqperf"

run_bench = tools/deps build vm bench && $(MAKE) -s zmqperf && tools/bench/bench

bench:
	@$(run_bench)

bench-long:
	@$(run_bench) --long

bench-smp:
	@$(run_bench) --smp --repeat 1

bench-events bench-quotes:
	@tools/deps build vm bench && $(MAKE) -s zmqperf && tools/bench/matrix $(@:bench-%=%)

bench-compare:
	@tools/deps build vm bench
	@tools/bench/bench --compare "$(OLD)" "$(NEW)" --within "$(or $(WITHIN),2)" $(if $(ROWS),--rows "$(ROWS)")

.PHONY: all help modules modules_install headers_install lib lib-uring tools tools_install install deb deb-test clean deps demo \
	check check-unit check-vm check-static check-debug check-faults check-peers check-fuzz check-litmus check-uring check-trace check-loops check-scale check-stall zmqperf bench bench-long bench-smp \
	bench-events bench-quotes \
	bench-compare
