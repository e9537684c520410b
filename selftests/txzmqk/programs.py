# SPDX-License-Identifier: GPL-2.0-only
"""The examples, each a process, and the package."""

import glob
import os
import re
import shutil
import signal
import subprocess
import sys
import threading
import zipfile

import zmq

REPO = os.path.dirname(os.path.dirname(os.path.dirname(os.path.realpath(__file__))))
SOURCE = os.path.join(REPO, "libzmqk/python")
EXAMPLES = os.path.join(REPO, "Documentation/examples/txzmqk")
PATIENCE = int(os.environ.get("PATIENCE", "180"))


def spawn(name, where):
    """An example, told where."""
    return subprocess.Popen([sys.executable, os.path.join(EXAMPLES, name), where], stdout=subprocess.PIPE,
                            stderr=subprocess.PIPE, encoding="utf-8")


def end(process):
    """What it said, all in all."""
    try:
        out, err = process.communicate(timeout=PATIENCE)
    except subprocess.TimeoutExpired:
        process.kill()
        out, err = process.communicate()
        raise AssertionError(f"{process.args} does not end: {out} {err}") from None
    return out, err


def serve(more):
    """echo_server.py with libzmq as the asker, ended by a signal."""
    server = spawn("echo_server.py", r"zmq:rep:tcp\://127.0.0.1\:*" + more)
    watchdog = threading.Timer(PATIENCE, server.kill)
    watchdog.start()
    try:
        line = server.stdout.readline().split()
        assert line[:2] == ["listens", "at"], end(server)
        asker = zmq.Context.instance().socket(zmq.REQ)
        asker.linger, asker.rcvtimeo = 0, PATIENCE * 1000
        asker.connect(line[2])
        for frames in [b"hello", b"world"], [b"", b"\xff"]:
            asker.send_multipart(frames)
            got = asker.recv_multipart()
            assert got == [f.upper() for f in frames], got
        asker.close()
        server.send_signal(signal.SIGTERM)
        out, err = end(server)
        assert server.returncode == 0 and "Traceback" not in err, (server.returncode, out, err)
    finally:
        watchdog.cancel()
        server.kill()


def publish(more, port):
    """publisher.py and two of subscriber.py."""
    where = rf"tcp\://127.0.0.1\:{port}{more}"
    publisher = spawn("publisher.py", "zmq:pub:" + where)
    try:
        topics = ["tenths", "seconds"]
        readers = [spawn("subscriber.py", f"zmq:type=sub:subscribe={topic}:endpoint={where}") for topic in topics]
        for topic, reader in zip(topics, readers):
            out, err = end(reader)
            lines = [line.split() for line in out.splitlines()]
            assert len(lines) == 3 and all(line[0] == topic for line in lines), (out, err)
            assert reader.returncode == 0 and not err, err
    finally:
        publisher.kill()
        publisher.wait()


def examples_run_on_libzmq():
    """The string says so, and nothing else changes."""
    serve(":using=libzmq")
    publish(":using=libzmq", 31000 + os.getpid() % 1000)


def examples_run_on_the_kernel():
    """As they are."""
    serve("")
    publish("", 5556)


def a_server_that_cannot_listen_says_why():
    """publisher.py where somebody is."""
    taken = zmq.Context.instance().socket(zmq.PUB)
    port = taken.bind_to_random_port("tcp://127.0.0.1")
    publisher = spawn("publisher.py", rf"zmq:pub:tcp\://127.0.0.1\:{port}:using=libzmq")
    _, err = end(publisher)
    taken.close()
    assert publisher.returncode and "Address already in use" in err, (publisher.returncode, err)


def examples_have_less_than_60_lines():
    """Comments and all."""
    programs = glob.glob(f"{EXAMPLES}/*.py")
    assert len(programs) == 3, programs
    for path in programs:
        with open(path, encoding="utf-8") as f:
            assert len(f.readlines()) < 60, path


def the_page_tells_the_truth():
    """The program in it runs, on libzmq and another port, and its endpoint strings are understood."""
    with open(os.path.join(REPO, "Documentation/txzmqk.md"), encoding="utf-8") as f:
        text = f.read()
    program = re.search(r"```python\n(.*?)```", text, re.S)[1]
    port = 30000 + os.getpid() % 1000
    program = program.replace("5555", f"{port}:using=libzmq")
    with subprocess.Popen([sys.executable, "-c", program], stderr=subprocess.PIPE) as server:
        asker = zmq.Context.instance().socket(zmq.REQ)
        asker.linger, asker.rcvtimeo = 0, PATIENCE * 1000
        try:
            asker.connect(f"tcp://127.0.0.1:{port}")
            asker.send_multipart([b"a", b""])
            assert asker.recv_multipart() == [b"a", b""]
        finally:
            server.kill()
            asker.close()
    strings = re.findall(r"^    (zmq:.*)$", text, re.M)
    assert len(strings) == 3, strings
    understand = """
import sys
from twisted.internet import reactor
from twisted.internet.endpoints import serverFromString
for text in sys.argv[1:]:
    print(serverFromString(reactor, text).kind)
"""
    done = subprocess.run([sys.executable, "-c", understand, *strings], capture_output=True, encoding="utf-8", check=False)
    assert done.stdout.split() == ["rep", "sub", "push"], (done.stdout, done.stderr)


def the_wheel_has_all_and_works():
    """What pyproject.toml makes is unpacked somewhere, where Twisted finds the plugin."""
    work = os.path.abspath("wheel")
    shutil.copytree(SOURCE, work, ignore=shutil.ignore_patterns("__pycache__", "dropin.cache", "*.egg-info", "build"))
    build = "import setuptools.build_meta as b; print(b.build_wheel('.'))"
    done = subprocess.run([sys.executable, "-c", build], cwd=work, capture_output=True, encoding="utf-8", check=False)
    assert done.returncode == 0, done.stderr
    with zipfile.ZipFile(glob.glob(f"{work}/*.whl")[0]) as wheel:
        wheel.extractall("installed")
    use = """
from twisted.internet import reactor
from twisted.internet.endpoints import clientFromString
import txzmqk, txzmqk.test.suite
assert txzmqk.__file__.startswith("INSTALLED"), txzmqk.__file__
assert clientFromString(reactor, r"zmq:pull:tcp\\://127.0.0.1\\:5").kind == "pull"
""".replace("INSTALLED", os.path.abspath("installed"))
    done = subprocess.run([sys.executable, "-c", use], env={**os.environ, "PYTHONPATH": os.path.abspath("installed")},
                          capture_output=True, encoding="utf-8", check=False)
    assert done.returncode == 0, done.stderr


HERE = [examples_run_on_libzmq, a_server_that_cannot_listen_says_why, examples_have_less_than_60_lines,
        the_page_tells_the_truth, the_wheel_has_all_and_works]
KERNEL = [examples_run_on_the_kernel]
