# SPDX-License-Identifier: GPL-2.0-only
"""ZMTP through TLS and through SSH, libzmq at the other end: Documentation/tunnels.md."""

from __future__ import annotations

import os
import select
import socket
import ssl
import subprocess
import sys
import tempfile
import threading

import zmq
from harness import TABLE, Failure, expect, forked, until

HERE = os.path.dirname(os.path.realpath(__file__))
sys.path.append(os.path.join(HERE, "../../Documentation/examples/tunnels"))

AF_ZMQ, SOL_ZMQ, REQ = 18, 289, 3
SECRET = b"what nobody on the wire shall read"
STUNNEL = """foreground = yes
pid =
syslog = no
debug = 4
[zmq]
accept = 127.0.0.1:{}
connect = 127.0.0.1:{}
cert = {}
"""


def echo(port: int) -> None:
    """libzmq's REP, which answers with what it was asked."""
    rep = zmq.Context().socket(zmq.REP)
    rep.bind(f"tcp://127.0.0.1:{port}")
    while True:
        rep.send_multipart(rep.recv_multipart())


def questions(req: socket.socket) -> None:
    """A hundred small ones, and one that no buffer on the way holds."""
    req.settimeout(30)
    for i in range(100):
        data = b"%s %d" % (SECRET, i)
        req.send(data)
        expect(req.recv(1000), data, f"answer {i}")
    large = SECRET * 30000
    req.send(large)
    expect(req.recv(len(large) + 1), large, "a large answer")


def listens(port: int) -> bool:
    with socket.socket() as s:
        return not s.connect_ex(("127.0.0.1", port))


class Tap(threading.Thread):
    """Passes the bytes of one connection on, and keeps them."""

    def __init__(self, port: int, to: int):
        super().__init__(daemon=True)
        self.listener = socket.create_server(("127.0.0.1", port))
        self.to = to
        self.seen = bytearray()

    def run(self) -> None:
        one, _ = self.listener.accept()
        other = socket.create_connection(("127.0.0.1", self.to))
        ways = {one: other, other: one}
        while True:
            for sock in select.select([*ways], [], [])[0]:
                data = sock.recv(65536)
                if not data:
                    return
                self.seen += data
                ways[sock].sendall(data)


def certificate(directory: str) -> str:
    path = os.path.join(directory, "server.pem")
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
                    "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost", "-days", "9",
                    "-keyout", path, "-out", path + ".crt"], stderr=subprocess.DEVNULL, check=True)
    with open(path + ".crt", encoding="ascii") as crt, open(path, "a", encoding="ascii") as pem:
        pem.write(crt.read())
    return path


def tls_count(name: str) -> int:
    with open("/proc/net/tls_stat", encoding="ascii") as f:
        return next(int(line.split()[1]) for line in f if line.split()[0] == name)


def through_stunnel(ciphers: str) -> None:
    import ktls  # pylint: disable=import-outside-toplevel

    forked(lambda: echo(7001))
    with tempfile.TemporaryDirectory() as directory:
        cert = certificate(directory)
        conf = os.path.join(directory, "conf")
        with open(conf, "w", encoding="ascii") as f:
            f.write(STUNNEL.format(7002, 7001, cert))
        with subprocess.Popen(["stunnel", conf], stderr=subprocess.DEVNULL) as stunnel:
            until(lambda: listens(7001) and listens(7002), "libzmq and stunnel listen")
            tap = Tap(7003, 7002)
            tap.start()
            context = ssl.create_default_context(cafile=cert + ".crt")
            try:
                with socket.socket(AF_ZMQ, socket.SOCK_SEQPACKET, REQ) as req:
                    ktls.connect(req, "localhost", 7003, context, ciphers)
                    expect((tls_count("TlsTxSw"), tls_count("TlsRxSw")), (1, 1), "directions that the kernel encrypts")
                    questions(req)
            finally:
                stunnel.kill()
    expect(len(tap.seen) > 2 * 30000 * len(SECRET), True, "everything went through the tap")
    if SECRET in tap.seen or b"READY" in tap.seen:
        raise Failure("plain text on the wire")


@TABLE.case("REQ through kTLS (AES-128-GCM) to stunnel in front of libzmq's REP, nothing of it is plain on the wire")
def ktls_128() -> None:
    through_stunnel("ECDHE-ECDSA-AES128-GCM-SHA256")


@TABLE.case("REQ through kTLS (AES-256-GCM) to stunnel in front of libzmq's REP, nothing of it is plain on the wire")
def ktls_256() -> None:
    through_stunnel("ECDHE-ECDSA-AES256-GCM-SHA384")


@TABLE.case("ktls.py says so when it is OpenSSL that encrypts")
def ktls_not_there() -> None:
    import ktls  # pylint: disable=import-outside-toplevel

    ktls.OP_ENABLE_KTLS = 0
    try:
        through_stunnel("ECDHE-ECDSA-AES128-GCM-SHA256")
    except ssl.SSLError as error:
        expect("does not encrypt" in str(error), True, f"it says so: {error}")
    else:
        raise Failure("it passed for kTLS")


@TABLE.case("kTLS is refused for a server whose certificate is another one's")
def ktls_stranger() -> None:
    import ktls  # pylint: disable=import-outside-toplevel

    with tempfile.TemporaryDirectory() as directory:
        cert = certificate(directory)
        conf = os.path.join(directory, "conf")
        with open(conf, "w", encoding="ascii") as f:
            f.write(STUNNEL.format(7002, 7001, cert))
        with subprocess.Popen(["stunnel", conf], stderr=subprocess.DEVNULL) as stunnel:
            until(lambda: listens(7002), "stunnel listens")
            with socket.socket(AF_ZMQ, socket.SOCK_SEQPACKET, REQ) as req:
                try:
                    ktls.connect(req, "localhost", 7002, ssl.create_default_context())
                except ssl.SSLCertVerificationError:
                    return
                finally:
                    stunnel.kill()
    raise Failure("it was trusted")


def ssh_server(port: int) -> None:
    """Lets anybody in who has the password, and connects to where he wants."""
    from cryptography.hazmat.primitives.asymmetric import ec
    from twisted.conch import avatar
    from twisted.conch.ssh import factory, forwarding, keys
    from twisted.cred import checkers, portal
    from twisted.internet import reactor

    class User(avatar.ConchUser):
        def __init__(self) -> None:
            super().__init__()
            self.channelLookup[b"direct-tcpip"] = forwarding.openConnectForwardingClient

    class Realm:
        @staticmethod
        def requestAvatar(_name, _mind, *interfaces):
            return interfaces[0], User(), lambda: None

    key = keys.Key(ec.generate_private_key(ec.SECP256R1()))

    class Server(factory.SSHFactory):
        privateKeys = {key.sshType(): key}
        publicKeys = {key.sshType(): key.public()}

    server = Server()
    server.portal = portal.Portal(Realm(), [checkers.InMemoryUsernamePasswordDatabaseDontUse(user=b"secret")])
    reactor.listenTCP(port, server, interface="127.0.0.1")
    reactor.run()


def ssh_client(port: int, req: socket.socket, to: int) -> None:
    """The reactor's thread, whose channel gives the socket its peer."""
    from ssh_channel import Connection
    from twisted.conch.ssh import transport, userauth
    from twisted.internet import defer, protocol, reactor

    class Auth(userauth.SSHUserAuthClient):
        def getPassword(self, prompt=None):
            return defer.succeed(b"secret")

    class Client(transport.SSHClientTransport):
        def verifyHostKey(self, pubKey, fingerprint):
            return defer.succeed(True)

        def connectionSecure(self) -> None:
            self.requestService(Auth(b"user", Connection(req, "127.0.0.1", to)))

    reactor.connectTCP("127.0.0.1", port, protocol.ClientFactory.forProtocol(Client))
    reactor.run(installSignalHandlers=False)


@TABLE.case("REQ through a channel of Twisted's SSH and a socketpair to libzmq's REP at the far end")
def ssh() -> None:
    import warnings

    warnings.simplefilter("ignore")
    forked(lambda: echo(7001))
    forked(lambda: ssh_server(7004))
    until(lambda: listens(7001) and listens(7004), "libzmq and the SSH server listen", patience=60)
    with socket.socket(AF_ZMQ, socket.SOCK_SEQPACKET, REQ) as req:
        threading.Thread(target=ssh_client, args=(7004, req, 7001), daemon=True).start()
        questions(req)
