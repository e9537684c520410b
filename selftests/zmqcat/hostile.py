# SPDX-License-Identifier: GPL-2.0-only
"""zmqcat among those who mean it ill: closed files, numbers out of bounds, names for terminals, commands that stay."""

import os
import signal
import socket
import subprocess
import time

import zmq

from lib import EP, HERE, PATIENCE, Context, cat, end, good, spawn

OWNED = b"\x1b]0;owned\x07"


def closed_standard_files_are_not_the_socket():
    """Without standard output nothing goes back to the peer, without standard input nothing is taken from it: status 1."""
    pair = Context().socket(zmq.PAIR, bind=EP)
    reader = spawn("pair", EP, "-R", stdin=None, stdout=None, preexec_fn=lambda: (os.close(0), os.close(1)))
    pair.send(b"come back")
    status, _, err = end(reader)
    assert status == 1 and b"standard output: Bad file descriptor" in err, (status, err)
    pair.rcvtimeo = 500
    try:
        raise AssertionError(pair.recv())
    except zmq.Again:
        pass
    status, _, err = end(spawn("pair", "@tcp://127.0.0.1:*", "--send-only", "-l", "0", stdin=None,
                               preexec_fn=lambda: os.close(0)))
    assert status == 1 and b"standard input: Bad file descriptor" in err, (status, err)


def a_full_disk_is_an_error():
    """What could not be written is not passed over: status 1."""
    push = Context().socket(zmq.PUSH, bind=EP)
    with open("/dev/full", "wb") as full:
        reader = spawn("pull", EP, "-n", "1", stdout=full)
        push.send(b"x")
        status, _, err = end(reader)
    assert status == 1 and b"No space left" in err, (status, err)


def numbers_out_of_bounds_are_refused():
    """And what is no number, or would be cut to another one: status 2."""
    for args in (["-W4294967297"], ["-W-1"], ["-n", "-1"], ["-n", "9223372036854775808"], ["-n", ""], ["-t", "nan"],
                 ["-t", "-1"], ["-I", "1e300"], ["-l", "inf"], ["-i", "blocks:17592186044417M"], ["-i", "blocks:-1"],
                 ["-i", "blocks:0"], ["-i", "blocks:99999999999999999999"], ["-o", "SNDHWM=4294967296"],
                 ["-o", "SNDHWM="], ["-o", "=1"], ["--id", "0x-1"], ["--id", "0x f"], ["--id", "0x123"],
                 ["--id", "0x"], ["--id", ""], ["-d", ""], ["-S", ""]):
        status, out, err = cat("push", EP, "-D", "x", "-l", "0", *args)
        assert status == 2 and not out and err, (args, status, err)
    for args in (["-T", ""], ["-T", "0x"]):
        assert cat("router", EP, "-D", "x", *args)[0] == 2, args
    assert cat("pull", EP, "-w", "", "-n", "0")[0] == 2


def names_of_peers_do_not_reach_the_terminal():
    """What --verbose tells of them is escaped, as is what the command line has."""
    reader = spawn("pull", "@ipc://@terminal", "-v", "-n", "1")
    assert b"bound to" in reader.stderr.readline()
    peer = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    peer.bind(b"\0" + OWNED)
    peer.connect(b"\0terminal")
    peer.send(b"\xff" + bytes(8) + b"\x7f\3\0NULL" + bytes(48))
    peer.send(b"\4\x1a\5READY\x0bSocket-Type\0\0\0\4PUSH" + b"\0\1x")
    _, out, err = end(reader)
    assert out == b"x\n" and b"\x1b" not in err, (out, err)
    status, _, err = cat("push", "tcp://\x1b[2J:1:2:3", "-D", "x")
    assert status and b"\\x1b[2J" in err and b"\x1b" not in err, (status, err)


def a_peer_without_a_name_has_none():
    """A UNIX socket that is not bound: nothing of what was in memory is shown for it."""
    for name, want in ((None, b"peer="), (b"\0a\x1b", b"peer=ipc://@a\\x1b ")):
        reader = spawn("pull", "@ipc://@nameless", "-v", "-n", "1", "-w", "peer", "-f", "escaped")
        assert b"bound to" in reader.stderr.readline()
        peer = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        if name:
            peer.bind(name)
        peer.connect(b"\0nameless")
        peer.send(b"\xff" + bytes(8) + b"\x7f\3\0NULL" + bytes(48))
        peer.send(b"\4\x1a\5READY\x0bSocket-Type\0\0\0\4PUSH" + b"\0\1x")
        out = good(end(reader))
        assert out.startswith(want) and out.count(b" ") == 1, out
        peer.close()


def a_command_is_not_told_of_another_sender():
    """Who is known of one request is not taken for the sender of the next."""
    rep = spawn("rep", "@ipc://@who", "@" + EP, "-q", "-n", "2", "-w", "sender", "-x",
                "echo ${ZMQCAT_SENDER_PID-nobody} ${ZMQCAT_SENDER_UID-nobody}")
    req = spawn("req", "ipc://@who", "-D", "?")
    assert good(end(req)) == b"%d 0\n" % req.pid
    assert good(cat("req", EP, "-D", "?")) == b"nobody nobody\n"
    good(end(rep))


def gone(pid):
    """A process ends, and soon."""
    for _ in range(10 * PATIENCE):
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return
        time.sleep(0.1)
    raise AssertionError("the command is still there")


def a_command_that_stays_does_not_keep_it_from_ending():
    """Also where it has closed its output: SIGTERM ends both."""
    rep = spawn("rep", "@" + EP, "-q", "-x", "exec >&-; echo $$ >&2; exec sleep 1000")
    req = spawn("req", EP, "-D", "?", "-l", "0")
    command = int(rep.stderr.readline())
    time.sleep(0.5)
    rep.send_signal(signal.SIGTERM)
    assert end(rep)[0] == -signal.SIGTERM
    gone(command)
    req.kill()
    end(req)


def what_a_command_has_started_ends_with_it():
    """Where there is no terminal; SIGKILL ends the command alone."""
    for number, ends in ((signal.SIGTERM, 2), (signal.SIGHUP, 2), (signal.SIGKILL, 1)):
        ep = f"tcp://127.0.0.1:{5600 + number}"
        rep = spawn("rep", "@" + ep, "-q", "-x", "sleep 1000 & echo $$ $! >&2; wait", start_new_session=True)
        req = spawn("req", ep, "-D", "?", "-l", "0")
        commands = [int(word) for word in rep.stderr.readline().split()]
        rep.send_signal(number)
        assert rep.wait(PATIENCE) == -number
        for pid in commands[:ends]:
            gone(pid)
        if ends == 1:
            os.kill(commands[1], signal.SIGKILL)
        rep.communicate()
        req.kill()
        end(req)


def signalled(at, command):
    """One to which SIGTERM comes at a moment of signal_at.c, the request's socket, and what it said."""
    library = f"/tmp/signal_at.{os.getpid()}.so"
    subprocess.run(["gcc", "-shared", "-fPIC", "-o", library, os.path.join(HERE, "signal_at.c")], check=True)
    rep = spawn("rep", "@" + EP, "-q", "-x", command,
                env={**os.environ, "LD_PRELOAD": library, "SIGNAL_AT": at, "COMMAND": command})
    req = Context().socket(zmq.REQ, connect=EP)
    req.send(b"?")
    try:
        return req, end(rep)
    finally:
        os.unlink(library)


def a_signal_finds_no_moment_in_which_it_is_lost():
    """When the child is not the command yet, and just before each call that waits for it."""
    for at, command in (("exec", "exec sleep 1000"), ("poll", "exec sleep 1000"), ("wait", "exec >&-; exec sleep 1000")):
        _, result = signalled(at, "unset LD_PRELOAD; " + command)
        assert result[0] == -signal.SIGTERM, (at, result)
        for pid in filter(str.isdigit, os.listdir("/proc")):
            try:
                with open(f"/proc/{pid}/cmdline", "rb") as f:
                    assert b"sleep 1000" not in f.read().replace(b"\0", b" "), at
            except FileNotFoundError:
                pass


def a_reply_that_is_made_is_sent_before_a_signal_ends_it():
    """What the command has done is done, so the one who asked is told."""
    req, result = signalled("reply", "echo done")
    assert result[0] == -signal.SIGTERM, result
    assert req.recv() == b"done"


def an_ignored_sigchld_loses_no_reply():
    """It is inherited, and would hide how a command ends."""
    rep = spawn("rep", "@" + EP, "-q", "-n", "1", "-x", "echo yes; exit 3",
                preexec_fn=lambda: signal.signal(signal.SIGCHLD, signal.SIG_IGN))
    assert good(cat("req", EP, "-D", "?")) == b"yes\n"
    assert end(rep)[0] == 6


def a_fifo_that_nobody_writes_does_not_keep_it_from_ending():
    """Opening it waits; a signal ends that."""
    fifo = f"/tmp/zmqcat.{os.getpid()}"
    os.mkfifo(fifo)
    try:
        push = spawn("push", EP, "-F", fifo, "-v")
        assert b"connecting" in push.stderr.readline()
        time.sleep(0.5)
        push.send_signal(signal.SIGTERM)
        assert end(push)[0] == -signal.SIGTERM
    finally:
        os.unlink(fifo)


TESTS = [closed_standard_files_are_not_the_socket, a_full_disk_is_an_error, numbers_out_of_bounds_are_refused,
         names_of_peers_do_not_reach_the_terminal, a_peer_without_a_name_has_none, a_command_is_not_told_of_another_sender,
         a_command_that_stays_does_not_keep_it_from_ending, what_a_command_has_started_ends_with_it,
         a_signal_finds_no_moment_in_which_it_is_lost, a_reply_that_is_made_is_sent_before_a_signal_ends_it,
         an_ignored_sigchld_loses_no_reply, a_fifo_that_nobody_writes_does_not_keep_it_from_ending]
