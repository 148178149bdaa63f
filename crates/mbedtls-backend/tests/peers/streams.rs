// SPDX-License-Identifier: Apache-2.0

//! One thread reads while another writes.

use std::thread;
use std::time::Duration;

use embedded_io::ReadReady as _;
use secure_socket::TlsVersion::{self, Tls12, Tls13};
use secure_socket::config::Timeouts;
use secure_socket::error::{Error, IoError};
use test_pki::KeyKind::Ec;
use test_pki::Leaf;

use crate::ours::{Echo, TIMEOUTS, client_for, connect, server_for};
use crate::peer::Auth;

const AUTH: Auth = Auth::Server(Ec, Leaf::Server);
const MEGABYTE: usize = 1 << 20;

/// The echo cannot take more than it can give back: without a reader at work the
/// writer would be stuck once the sockets' buffers are full.
fn both_ways(version: TlsVersion) {
    let ours = Echo::start(server_for(AUTH).versions(version));
    let stream = connect(client_for(AUTH).versions(version), ours.port).unwrap();
    let sent: Vec<u8> = (0..MEGABYTE).map(|at| (at * 31 + at / 256) as u8).collect();
    let had = thread::scope(|scope| {
        scope.spawn(|| {
            stream.send_all(&sent).unwrap();
            stream.finish().unwrap();
        });
        let mut had = Vec::with_capacity(MEGABYTE);
        let mut buffer = [0; 8192];
        while let length @ 1.. = stream.receive(&mut buffer).unwrap() {
            had.extend_from_slice(&buffer[..length]);
        }
        had
    });
    assert!(had == sent, "{} bytes came back", had.len());
    assert_eq!(ours.end(), Ok(()));
}

#[test]
fn a_megabyte_each_way_tls12() {
    both_ways(Tls12);
}

#[test]
fn a_megabyte_each_way_tls13() {
    both_ways(Tls13);
}

/// A send that runs out of time has taken what it says and loses none of it.
#[test]
fn a_timeout_loses_nothing() {
    use secure_socket::server;
    let address = (std::net::Ipv4Addr::LOCALHOST, 0).into();
    let server: server::Server<'static, _> = server_for(AUTH)
        .bind(crate::ours::backend(), address)
        .unwrap();
    let port = server.local_address().unwrap().port();
    let (go, wait) = std::sync::mpsc::channel();
    let reader = thread::spawn(move || {
        let stream = server.accept().unwrap().handshake().unwrap();
        wait.recv().unwrap();
        let mut had = Vec::new();
        let mut buffer = [0; 8192];
        while let length @ 1.. = stream.receive(&mut buffer).unwrap() {
            had.extend_from_slice(&buffer[..length]);
        }
        had
    });
    let io = Some(Duration::from_millis(200));
    let stream = connect(client_for(AUTH).timeouts(Timeouts { io, ..TIMEOUTS }), port).unwrap();
    let mut sent = Vec::new();
    // Nobody reads: at some point the buffers are full.
    loop {
        let chunk = vec![(sent.len() / 977) as u8; 10_000];
        match stream.send(&chunk) {
            Ok(length) => sent.extend_from_slice(&chunk[..length]),
            Err(error) => {
                assert_eq!(error, Error::Io(IoError::TimedOut));
                break;
            }
        }
    }
    let read = stream.receive(&mut [0; 16]);
    assert_eq!(read, Err(Error::Io(IoError::TimedOut)));
    go.send(()).unwrap();
    thread::sleep(Duration::from_millis(100));
    while let Err(error) = stream.send(b"the end") {
        assert_eq!(error, Error::Io(IoError::TimedOut));
    }
    sent.extend_from_slice(b"the end");
    stream.close().unwrap();
    assert!(reader.join().unwrap() == sent);
}

#[test]
fn readiness() {
    let ours = Echo::start(server_for(AUTH));
    let mut stream = connect(client_for(AUTH), ours.port).unwrap();
    assert_eq!(stream.read_ready(), Ok(false));
    stream.send_all(b"ab").unwrap();
    let mut byte = [0];
    assert_eq!(stream.receive(&mut byte), Ok(1));
    // The rest of the record is decrypted and waits.
    assert_eq!(stream.read_ready(), Ok(true));
    assert_eq!(stream.receive(&mut byte), Ok(1));
    assert_eq!(stream.read_ready(), Ok(false));
    stream.finish().unwrap();
    assert_eq!(ours.end(), Ok(()));
    while !stream.read_ready().unwrap() {
        thread::yield_now();
    }
    assert_eq!(stream.receive(&mut byte), Ok(0));
}
