// SPDX-License-Identifier: LGPL-2.1-or-later OR MIT

//! AF_ZMQ descriptors 3 to 6, DEALER, REP, PUB and ROUTER, as tokio's UdpSocket; the argument is the DEALER's port
use std::env::args;
use std::os::unix::io::FromRawFd;
use std::time::Duration;
use tokio::net::UdpSocket;

const ROUND: usize = 200;

fn open(fd: i32) -> UdpSocket {
    UdpSocket::from_std(unsafe { std::net::UdpSocket::from_raw_fd(fd) }).unwrap()
}

/// Asks the next question when it has an answer.
async fn client(s: UdpSocket, port: u16) {
    let mut buf = [0u8; 100];
    s.connect(("127.0.0.1", port)).await.unwrap();
    for n in 0..ROUND {
        let ask = format!("m{n}");
        s.send(ask.as_bytes()).await.unwrap();
        let (len, _) = s.recv_from(&mut buf).await.unwrap();
        assert_eq!(buf[..len], *ask.as_bytes());
    }
}

/// Answers whom it is told to have asked.
async fn serve(s: UdpSocket) {
    let mut buf = [0u8; 100];
    loop {
        let (len, from) = s.recv_from(&mut buf).await.unwrap();
        s.send_to(&buf[..len], from).await.unwrap();
    }
}

async fn publish(s: UdpSocket) {
    for n in 0.. {
        s.send_to(format!("t {n}").as_bytes(), "127.0.0.1:9").await.unwrap();
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let port = args().nth(1).unwrap().parse().unwrap();
    tokio::spawn(client(open(3), port));
    tokio::spawn(serve(open(4)));
    tokio::spawn(publish(open(5)));
    tokio::spawn(serve(open(6)));
    tokio::task::spawn_blocking(|| std::io::stdin().read_line(&mut String::new())).await.unwrap().unwrap();
}
