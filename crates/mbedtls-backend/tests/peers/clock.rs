// SPDX-License-Identifier: Apache-2.0

//! A clock that shows a time from before the program was built was never set.

use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};

use mbedtls_backend::MbedTls;
use secure_socket::TlsVersion::Tls13;
use secure_socket::error::{ConfigurationError, Error};
use secure_socket::{Mode, UnixTime};
use test_pki::KeyKind::Ec;
use test_pki::Leaf;

use crate::ours::{backend, client_for, server_for};
use crate::peer::Kind::OpenSsl;
use crate::peer::{Auth, server};

/// 2026-11-25: a day that all certificates here are good on.
const BUILT: UnixTime = UnixTime::from_seconds(1_795_564_800);

const MODE_2: Auth = Auth::Server(Ec, Leaf::Server);
const MODE_3: Auth = Auth::Mutual(Ec, Leaf::Server);

/// A program of [`BUILT`], whose clock shows so many `seconds` more.
fn program(seconds: i64) -> &'static MbedTls {
    let shows = UnixTime::from_seconds(BUILT.seconds().saturating_add_signed(seconds));
    let clock: &'static UnixTime = Box::leak(Box::new(shows));
    let backend = backend().with_clock(clock).with_earliest(BUILT);
    Box::leak(Box::new(backend))
}

fn not_set(mode: Mode) -> Error {
    Error::Configuration(ConfigurationError::ClockNotSet {
        mode,
        shows: Some(UnixTime::from_seconds(BUILT.seconds() - 1)),
        earliest: BUILT,
    })
}

#[test]
fn a_client_does_not_touch_the_network_before_its_clock_is_set() {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    listener.set_nonblocking(true).unwrap();
    let port = listener.local_addr().unwrap().port();
    for (auth, mode) in [(MODE_2, Mode::ServerAuth), (MODE_3, Mode::Mutual)] {
        let client = client_for(auth).build(program(-1)).unwrap();
        let error = client.connect("127.0.0.1", port).err().unwrap();
        assert_eq!(error, not_set(mode));
        assert_eq!(
            error.to_string(),
            format!(
                "the clock is not set: it shows 2026-11-24, which is before this program was \
                 built (2026-11-25); without it mode {mode} cannot check the dates of a \
                 certificate"
            )
        );
    }
    assert!(listener.accept().is_err(), "a client was there");
}

#[test]
fn a_server_in_mode_3_serves_nobody_before_its_clock_is_set() {
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
    let server = server_for(MODE_3).bind(program(-1), address).unwrap();
    let _client = TcpStream::connect(server.local_address().unwrap()).unwrap();
    let error = server.accept().unwrap().handshake().err().unwrap();
    assert_eq!(error, not_set(Mode::Mutual));
}

#[test]
fn from_the_first_second_of_its_day_on_a_clock_is_set() {
    for auth in [MODE_2, MODE_3] {
        let peer = server(OpenSsl, auth, Tls13, &[]);
        let client = client_for(auth).build(program(0)).unwrap();
        client.connect("127.0.0.1", peer.port).unwrap();
    }
}

#[test]
fn mode_1_needs_no_clock() {
    let peer = server(OpenSsl, Auth::Psk, Tls13, &[]);
    let client = client_for(Auth::Psk).build(program(-1)).unwrap();
    client.connect("127.0.0.1", peer.port).unwrap();
}
