// SPDX-License-Identifier: Apache-2.0

//! Peers that are absent, silent, slow, gone, or no TLS at all.

use std::io::{Read as _, Write as _};
use std::net::{Ipv4Addr, Shutdown, TcpListener, TcpStream};
use std::thread;
use std::time::{Duration, Instant};

use secure_socket::backend::OsErrorKind;
use secure_socket::builder::Builder;
use secure_socket::client::ClientReady;
use secure_socket::config::Timeouts;
use secure_socket::credential::{CredentialError, IdentitySource, Psk, SecTag};
use secure_socket::error::{ConfigurationError, Error, HandshakeReason, IoError};
use secure_socket::{client, server};
use test_pki::KeyKind::{Ec, Rsa};
use test_pki::Leaf;

use crate::ours::{
    Echo, TIMEOUTS, backend, build, client_for, connect, localhost, refusal, server_for,
};
use crate::peer::Kind::OpenSsl;
use crate::peer::{Auth, server as peer_server};
use crate::pki;

const AUTH: Auth = Auth::Server(Ec, Leaf::Server);

/// A TCP server that does as it is told with its one client.
fn tcp(behave: impl FnOnce(TcpStream) + Send + 'static) -> u16 {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let port = listener.local_addr().unwrap().port();
    thread::spawn(move || behave(listener.accept().unwrap().0));
    port
}

fn hurried() -> Builder<ClientReady> {
    client_for(AUTH).timeouts(Timeouts {
        handshake: Some(Duration::from_millis(600)),
        ..TIMEOUTS
    })
}

fn reason(error: Error) -> HandshakeReason {
    match error {
        Error::Handshake(error) => error.reason,
        other => panic!("not a handshake error: {other:?}"),
    }
}

#[test]
fn nobody_listens() {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let port = listener.local_addr().unwrap().port();
    drop(listener);
    match refusal(client_for(AUTH), port) {
        Error::Connect(error) => assert_eq!(error.reason.kind, OsErrorKind::Refused),
        other => panic!("{other:?}"),
    }
}

#[test]
fn the_host_does_not_resolve() {
    let client = build(client_for(AUTH));
    match client.connect("no-such-host.invalid", 443) {
        Err(Error::Resolve(error)) => {
            assert_eq!(error.host, "no-such-host.invalid");
            assert_eq!(error.reason.kind, OsErrorKind::NotFound);
        }
        Err(other) => panic!("{other:?}"),
        Ok(_) => panic!("it does"),
    }
}

#[test]
fn a_silent_peer_is_given_up() {
    let port = tcp(|mut stream| {
        let _ = stream.read_to_end(&mut Vec::new());
    });
    let start = Instant::now();
    assert_eq!(reason(refusal(hurried(), port)), HandshakeReason::TimedOut);
    assert!(start.elapsed() < Duration::from_secs(3));
}

/// The deadline is for the whole handshake: each byte on its own would be in time.
#[test]
fn a_byte_now_and_then_does_not_buy_time() {
    let port = tcp(|mut stream| {
        // The header of a long record, and so on.
        for byte in [22, 3, 3, 0x40, 0].into_iter().chain([0; 100]) {
            thread::sleep(Duration::from_millis(100));
            if stream.write_all(&[byte]).is_err() {
                return;
            }
        }
    });
    let start = Instant::now();
    assert_eq!(reason(refusal(hurried(), port)), HandshakeReason::TimedOut);
    assert!(start.elapsed() < Duration::from_secs(3));
}

#[test]
fn a_slow_client_is_given_up_too() {
    let ours = Echo::start(server_for(AUTH).timeouts(Timeouts {
        handshake: Some(Duration::from_millis(600)),
        ..TIMEOUTS
    }));
    let _client = TcpStream::connect((Ipv4Addr::LOCALHOST, ours.port)).unwrap();
    let error = ours.handshake().unwrap_err();
    assert_eq!(reason(error), HandshakeReason::TimedOut);
}

#[test]
fn a_peer_that_hangs_up() {
    let port = tcp(|mut stream| {
        let _ = stream.read(&mut [0; 4096]);
    });
    let reason = reason(refusal(client_for(AUTH), port));
    assert_eq!(reason, HandshakeReason::Closed);
}

#[test]
fn a_peer_that_speaks_http() {
    let port = tcp(|mut stream| {
        let _ = stream.read(&mut [0; 4096]);
        let _ = stream.write_all(b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n");
    });
    let error = refusal(client_for(AUTH), port);
    assert!(error.to_string().contains("does not speak TLS"), "{error}");
    assert_eq!(reason(error), HandshakeReason::Protocol);
}

#[test]
fn a_client_that_speaks_http() {
    let ours = Echo::start(server_for(AUTH));
    let mut client = TcpStream::connect((Ipv4Addr::LOCALHOST, ours.port)).unwrap();
    client.write_all(b"GET / HTTP/1.1\r\n\r\n").unwrap();
    let error = ours.handshake().unwrap_err();
    assert_eq!(reason(error), HandshakeReason::Protocol);
}

/// A killed peer leaves no close_notify: what it sent may not be all.
#[test]
fn a_cut_stream_is_not_an_end() {
    let mut peer = peer_server(OpenSsl, AUTH, secure_socket::TlsVersion::Tls13, &[]);
    let stream = connect(client_for(AUTH), peer.port).unwrap();
    stream.send_all(b"abc\n").unwrap();
    assert_eq!(crate::ours::read_line(&stream), "cba");
    peer.kill();
    let error = stream.receive(&mut [0; 16]).unwrap_err();
    assert_eq!(error, Error::Io(IoError::Truncated));
    // And stays so.
    let error = stream.receive(&mut [0; 16]).unwrap_err();
    assert_eq!(error, Error::Io(IoError::Truncated));
}

/// Behind a wire cutter: the TCP stream ends in order, the TLS stream does not.
#[test]
fn a_cut_wire_is_not_an_end() {
    let ours = Echo::start(server_for(AUTH));
    let target = ours.port;
    let port = tcp(move |near| {
        let far = TcpStream::connect((Ipv4Addr::LOCALHOST, target)).unwrap();
        let (mut a, mut b) = (near.try_clone().unwrap(), far.try_clone().unwrap());
        let up = thread::spawn(move || {
            let _ = std::io::copy(&mut a, &mut b);
        });
        let (mut a, mut b) = (far.try_clone().unwrap(), near.try_clone().unwrap());
        let down = thread::spawn(move || {
            let _ = std::io::copy(&mut a, &mut b);
        });
        thread::sleep(Duration::from_millis(700));
        for stream in [near, far] {
            let _ = stream.shutdown(Shutdown::Both);
        }
        let _ = (up.join(), down.join());
    });
    let stream = connect(client_for(AUTH), port).unwrap();
    let error = stream.receive(&mut [0; 16]).unwrap_err();
    assert_eq!(error, Error::Io(IoError::Truncated));
    assert_eq!(ours.end(), Err(Error::Io(IoError::Truncated)));
}

#[test]
fn an_orderly_end() {
    let ours = Echo::start(server_for(AUTH));
    let stream = connect(client_for(AUTH), ours.port).unwrap();
    stream.send_all(b"last words").unwrap();
    stream.finish().unwrap();
    let mut had = Vec::new();
    let mut buffer = [0; 4];
    while let length @ 1.. = stream.receive(&mut buffer).unwrap() {
        had.extend_from_slice(&buffer[..length]);
    }
    assert_eq!(had, b"last words");
    assert_eq!(stream.receive(&mut buffer), Ok(0));
    assert_eq!(ours.end(), Ok(()));
    assert_eq!(stream.send(b"too late"), Err(Error::Io(IoError::Closed)));
}

#[test]
fn credentials_are_checked_when_they_are_made() {
    use secure_socket::backend::Backend as _;
    let der = |kind, leaf: Leaf| {
        let read = |name: String| std::fs::read(pki::file(kind, &name)).unwrap();
        (read(format!("{leaf}.der")), read(format!("{leaf}-key.der")))
    };
    let (certificate, key) = der(Ec, Leaf::Server);
    let (_, other) = der(Ec, Leaf::Client);
    let (_, rsa) = der(Rsa, Leaf::Server);
    let check = |key: &[u8]| backend().check_key_pair(&certificate, key);
    assert_eq!(check(&key), Ok(()));
    assert_eq!(check(&other), Err(CredentialError::KeyMismatch));
    assert_eq!(check(&rsa), Err(CredentialError::KeyMismatch));
    let kind = secure_socket::credential::CredentialKind::PrivateKey;
    assert_eq!(
        check(&key[..key.len() / 2]),
        Err(CredentialError::Der(kind))
    );
    assert_eq!(check(b"no key"), Err(CredentialError::Der(kind)));
}

#[test]
fn what_cannot_be_had_is_refused_at_once() {
    let unsupported = |error: Option<Error>| match error {
        Some(Error::Configuration(ConfigurationError::Unsupported { option, .. })) => option,
        other => panic!("{other:?}"),
    };
    let long = Psk::new(vec![7; 49]).unwrap();
    let client = client::builder().psk(pki::psk_identity(), long);
    assert!(unsupported(client.build(backend()).err()).contains("48"));
    let tag = SecTag::new(1).unwrap();
    let client = client::builder().psk_source(tag.into()).build(backend());
    assert!(unsupported(client.err()).contains("store"));
    let client = client::builder()
        .trust(tag)
        .without_identity()
        .server_name(localhost());
    assert!(unsupported(client.build(backend()).err()).contains("store"));
    let any = (Ipv4Addr::LOCALHOST, 0).into();
    let server = server::builder()
        .identity(IdentitySource::Stored(tag))
        .any_client();
    assert!(unsupported(server.bind(backend(), any).err()).contains("store"));
}
