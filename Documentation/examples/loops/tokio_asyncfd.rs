// SPDX-License-Identifier: LGPL-2.1-or-later OR MIT

//! AF_ZMQ sockets in Rust's tokio: AsyncFd
use std::env::args;
use std::io;
use std::os::unix::io::{AsRawFd, FromRawFd, OwnedFd};
use tokio::io::unix::AsyncFd;

const SOL_ZMQ: i32 = 289;
const ROUND: usize = 200;

fn ok(ret: isize) -> io::Result<usize> {
    usize::try_from(ret).map_err(|_| io::Error::last_os_error())
}

fn set(fd: i32, option: i32, value: &[u8]) {
    let len = value.len() as libc::socklen_t;
    ok(unsafe { libc::setsockopt(fd, SOL_ZMQ, option, value.as_ptr().cast(), len) } as isize).unwrap();
}

fn dial(pattern: i32, endpoint: &str) -> AsyncFd<OwnedFd> {
    let kind = libc::SOCK_SEQPACKET | libc::SOCK_NONBLOCK;
    let fd = ok(unsafe { libc::socket(18, kind, pattern) } as isize).unwrap() as i32;
    match pattern {
        2 => set(fd, 6, b"t "),
        8 => set(fd, 23, &5i32.to_ne_bytes()),
        _ => (),
    }
    set(fd, 1001, endpoint.as_bytes());
    AsyncFd::new(unsafe { OwnedFd::from_raw_fd(fd) }).unwrap()
}

async fn say(s: &AsyncFd<OwnedFd>, text: String) {
    let send = |fd| ok(unsafe { libc::send(fd, text.as_ptr().cast(), text.len(), 0) });
    while s.writable().await.unwrap().try_io(|s| send(s.as_raw_fd())).is_err() {}
}

async fn hear(s: &AsyncFd<OwnedFd>, want: String) {
    let mut buf = [0u8; 100];
    let mut recv = |fd| ok(unsafe { libc::recv(fd, buf.as_mut_ptr().cast(), 100, 0) });
    let len = loop {
        if let Ok(done) = s.readable().await.unwrap().try_io(|s| recv(s.as_raw_fd())) {
            break done.unwrap();
        }
    };
    assert_eq!(buf[..len], *want.as_bytes());
}

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let at: Vec<String> = args().collect();
    let (dealer, sub) = (dial(5, &at[1]), dial(2, &at[2]));
    for n in 0..ROUND {
        say(&dealer, format!("e{n}")).await;
        hear(&dealer, format!("e{n}")).await;
    }
    for n in 0..ROUND {
        hear(&sub, format!("t {n}")).await;
    }
    say(&dealer, "idle".into()).await;
    hear(&dealer, "go".into()).await;
    let push = dial(8, &at[3]);
    for n in 0..ROUND {
        say(&push, format!("p{n}")).await;
    }
}
