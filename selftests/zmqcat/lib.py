# SPDX-License-Identifier: GPL-2.0-only
"""zmqcat as a child, libzmq as the other end, a network namespace for each test."""

import ctypes
import os
import pathlib
import signal
import subprocess
import sys
import traceback

import zmq

HERE = os.path.dirname(os.path.realpath(__file__))
REPO = os.path.dirname(os.path.dirname(HERE))
BIN = os.environ.get("ZMQCAT_DIR") or os.path.join(REPO, "build/tools")
ZMQCAT = os.path.join(BIN, "zmqcat")
CLONE_NEWNET = 0x40000000
CLONE_NEWNS = 0x00020000
PATIENCE = int(os.environ.get("PATIENCE", "60"))
ALL_BYTES = bytes(range(256))
PARTS = [b"first", b"", b"\x00\x01\xff\n\t\\", b"last one"]
EP = "tcp://127.0.0.1:5555"


class Context:
    """libzmq's side of a test."""

    # Whose end would wait for peers that are gone; a test's process just ends.
    alive = []

    def __init__(self):
        self.zmq = zmq.Context()
        self.alive.append(self)

    def socket(self, kind, bind=None, connect=None, subscribe=None):
        s = self.zmq.socket(kind)
        self.alive.append(s)
        s.linger, s.rcvtimeo, s.sndtimeo = -1, PATIENCE * 1000, PATIENCE * 1000
        if subscribe is not None:
            s.subscribe(subscribe)
        if bind:
            s.bind(bind)
        if connect:
            s.connect(connect)
        return s


def spawn(*args, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, name="zmqcat", **more):
    """zmqcat beside us."""
    return subprocess.Popen([os.path.join(BIN, name), *args], stdin=stdin, stdout=stdout, stderr=stderr, **more)


def end(process, data=None):
    """Its status, output and complaints."""
    try:
        out, err = process.communicate(data, PATIENCE)
    except subprocess.TimeoutExpired:
        process.kill()
        out, err = process.communicate()
        raise AssertionError(f"{process.args} does not end: {out!r} {err!r}") from None
    return process.returncode, out, err


def cat(*args, data=None, **more):
    """zmqcat to its end."""
    return end(spawn(*args, stdin=subprocess.PIPE, **more), data or b"")


def good(result):
    """The output of one that ended well."""
    status, out, err = result
    assert status == 0, (status, out, err)
    return out


def escaped(frames):
    """What --format=escaped is to print, and --input=escaped to read."""
    names = {0x5c: "\\\\", 0x09: "\\t", 0x0a: "\\n"}
    return b"\t".join("".join(names.get(c) or (chr(c) if 32 <= c < 127 else f"\\x{c:02x}") for c in f).encode()
                      for f in frames) + b"\n"


def private_hosts():
    """An /etc/hosts that nobody else sees. Return: what gives the host service.test an address."""
    if ctypes.CDLL(None, use_errno=True).unshare(CLONE_NEWNS):
        raise OSError(ctypes.get_errno(), "unshare")
    for args in (["--make-rprivate", "/"], ["-t", "tmpfs", "none", "/mnt"]):
        subprocess.run(["mount", *args], check=True)
    hosts = pathlib.Path("/mnt/hosts")
    hosts.touch()
    subprocess.run(["mount", "--bind", hosts, "/etc/hosts"], check=True)
    return lambda address: hosts.write_text(f"{address} service.test\n", encoding="ascii")


def alone(test):
    """Run a test in a process and a network namespace of its own. Return: whether it passed."""
    sys.stdout.flush()
    pid = os.fork()
    if pid:
        return os.waitpid(pid, 0)[1] == 0
    status = 1
    try:
        if ctypes.CDLL(None, use_errno=True).unshare(CLONE_NEWNET):
            raise OSError(ctypes.get_errno(), "unshare")
        subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
        # What a test leaves behind shall not keep the module for long.
        with open("/proc/sys/net/zmq/linger_max_ms", "w", encoding="ascii") as f:
            f.write("1000")
        signal.alarm(4 * PATIENCE)
        # Who runs this in the background may have had it ignored, which is inherited.
        signal.signal(signal.SIGINT, signal.default_int_handler)
        test()
        status = 0
    except BaseException:  # pylint: disable=broad-except
        print("".join(f"# {line}\n" for line in traceback.format_exc().splitlines()), end="")
        sys.stdout.flush()
    finally:
        os._exit(status)
