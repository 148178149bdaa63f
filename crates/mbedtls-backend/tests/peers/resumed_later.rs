// SPDX-License-Identifier: Apache-2.0

//! What was true in the full handshake and is no longer when its session is to be resumed.

use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicU16, AtomicU32, AtomicU64, Ordering};
use std::thread;
use std::time::Duration;

use mbedtls_backend::MbedTls;
use secure_socket::TlsVersion::{Tls12, Tls13};
use secure_socket::backend::Backend as _;
use secure_socket::credential::Trust;
use secure_socket::diagnosis::{Alert, Refusal};
use secure_socket::error::{Error, HandshakeReason, IoError};
use secure_socket::policy::Policy;
use secure_socket::resumption::{ClientSessions, ServerSessions};
use secure_socket::revocation::{Crls, Ocsp, RevocationProblem, Scope};
use secure_socket::{Admission, CertificateFacts, Client, Clock, UnixTime};
use secure_socket::{client, server};
use test_pki::KeyKind::Ec;
use test_pki::Leaf;

use crate::ocsp::{self, GOOD, REVOKED};
use crate::openssl_ca::{Ca, Recipe};
use crate::ours::{
    Echoes, TIMEOUTS, backend, build, localhost, resuming_client_for, resuming_server_for,
};
use crate::peer::Kind::{GnuTls, OpenSsl};
use crate::peer::{self, Auth};
use crate::pki;
use crate::resumed::{talk, visit};

const SERVER: Auth = Auth::Server(Ec, Leaf::Server);
const MUTUAL: Auth = Auth::Mutual(Ec, Leaf::Client);
const HOUR: i64 = 3600;

/// A clock that a test sets.
struct Set(AtomicU64);

impl Clock for Set {
    fn now(&self) -> Option<UnixTime> {
        Some(UnixTime::from_seconds(self.0.load(Ordering::SeqCst)))
    }
}

/// Mbed TLS with a clock of its own. Both are for good.
fn with_clock(at: UnixTime) -> (&'static MbedTls, &'static Set) {
    let clock: &'static Set = Box::leak(Box::new(Set(AtomicU64::new(at.seconds()))));
    (Box::leak(Box::new(backend().with_clock(clock))), clock)
}

impl Set {
    fn set(&self, to: UnixTime) {
        self.0.store(to.seconds(), Ordering::SeqCst);
    }
}

fn after(time: UnixTime, seconds: i64) -> UnixTime {
    UnixTime::from_seconds(time.seconds().checked_add_signed(seconds).unwrap())
}

fn now() -> UnixTime {
    backend().now().unwrap()
}

/// When a certificate of the test PKI runs out.
fn end_of(leaf: Leaf) -> UnixTime {
    let der = std::fs::read(pki::file(Ec, &format!("{leaf}.der"))).unwrap();
    CertificateFacts::read(&der).unwrap().not_after
}

fn refusals(error: Error) -> Vec<Refusal> {
    match error {
        Error::Verify(error) => {
            let refused = error.refused.into_iter();
            refused.flat_map(|one| one.refusals).collect()
        }
        other => panic!("not refused for the certificate: {other:?}"),
    }
}

fn refused(client: &Client<'_, MbedTls>, port: u16) -> Vec<Refusal> {
    refusals(
        client
            .connect("127.0.0.1", port)
            .err()
            .expect("nothing was refused"),
    )
}

fn client_with(trust: Trust) -> secure_socket::builder::Builder<client::ClientReady> {
    client::builder()
        .timeouts(TIMEOUTS)
        .trust(trust)
        .without_identity()
        .resumption(ClientSessions::new())
        .server_name(localhost())
}

#[test]
fn the_servers_certificate_runs_out() {
    let end = end_of(Leaf::Server);
    for version in [Tls12, Tls13] {
        let peer = peer::server(OpenSsl, SERVER, version, &[]);
        let (backend, clock) = with_clock(after(end, -HOUR));
        let client = resuming_client_for(SERVER).versions(version);
        let client = client.build(backend).unwrap();
        assert!(!visit(&client, OpenSsl, peer.port).resumed);
        clock.set(end);
        assert!(
            visit(&client, OpenSsl, peer.port).resumed,
            "its last second"
        );
        clock.set(after(end, 1));
        let found = refused(&client, peer.port);
        assert!(
            found
                .iter()
                .any(|one| matches!(one, Refusal::Expired { .. })),
            "{found:?}"
        );
    }
}

#[test]
fn the_clients_certificate_runs_out() {
    let end = end_of(Leaf::Client);
    for version in [Tls12, Tls13] {
        let (at, clock) = with_clock(after(end, -HOUR));
        let ours = Echoes::start_at(at, resuming_server_for(MUTUAL).versions(version));
        let client = build(resuming_client_for(MUTUAL).versions(version));
        for resumed in [false, true] {
            assert_eq!(visit(&client, GnuTls, ours.port).resumed, resumed);
            assert_eq!(ours.handshake().unwrap().resumed, resumed);
        }
        clock.set(after(end, 1));
        let heard = hears(&client, ours.port);
        assert!(heard.contains("certificate_expired"), "{version}: {heard}");
        let found = refusals(ours.handshake().unwrap_err());
        assert!(
            found
                .iter()
                .any(|one| matches!(one, Refusal::Expired { .. })),
            "{found:?}"
        );
    }
}

/// What a client hears that is not let in.
fn hears(client: &Client<'_, MbedTls>, port: u16) -> String {
    match client.connect("127.0.0.1", port) {
        Err(error) => error.to_string(),
        // In TLS 1.3 the client is done first.
        Ok(stream) => stream.receive(&mut [0]).unwrap_err().to_string(),
    }
}

#[test]
fn a_revocation_list_runs_out() {
    for version in [Tls12, Tls13] {
        let peer = peer::server(OpenSsl, SERVER, version, &[]);
        let list = Ca::of(Ec, "intermediate").crl(&Recipe::default());
        let end = list.next_update();
        let crls = Crls::new().with_list(list).with_scope(Scope::Leaf);
        let trust = Trust::from(pki::ca(Ec)).with_policy(Policy::new().with_crls(crls));
        let (backend, clock) = with_clock(after(end, -HOUR));
        let client = client_with(trust).versions(version).build(backend).unwrap();
        assert!(!visit(&client, OpenSsl, peer.port).resumed);
        assert!(visit(&client, OpenSsl, peer.port).resumed);
        clock.set(after(end, 1));
        let found = refused(&client, peer.port);
        assert!(
            matches!(
                found.as_slice(),
                [Refusal::RevocationUnknown {
                    problem: RevocationProblem::CrlStale { .. }
                }]
            ),
            "{found:?}"
        );
    }
}

/// Connections to it go to one of several responders.
struct Switch {
    port: u16,
    to: Arc<AtomicU16>,
}

impl Switch {
    fn to(first: u16) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let port = listener.local_addr().unwrap().port();
        let to = Arc::new(AtomicU16::new(first));
        let target = Arc::clone(&to);
        thread::spawn(move || {
            for client in listener.incoming() {
                let mut client = client.unwrap();
                let port = target.load(Ordering::SeqCst);
                let mut responder = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).unwrap();
                let (mut up, mut down) =
                    (client.try_clone().unwrap(), responder.try_clone().unwrap());
                thread::spawn(move || std::io::copy(&mut up, &mut down));
                let _ = std::io::copy(&mut responder, &mut client);
                let _ = client.shutdown(std::net::Shutdown::Both);
            }
        });
        Self { port, to }
    }

    fn turn(&self, port: u16) {
        self.to.store(port, Ordering::SeqCst);
    }
}

fn asks(port: u16, cache: usize) -> Policy {
    let ocsp = Ocsp::new().with_responder(ocsp::url(port));
    Policy::new().with_ocsp(ocsp.with_cache(cache))
}

fn is_revoked(found: &[Refusal]) -> bool {
    matches!(found, [Refusal::Revoked { .. }])
}

#[test]
fn ocsp_is_asked_again_before_a_session_is_offered() {
    let good = ocsp::responder(Ec, &[ocsp::entry(Ec, Leaf::Server, GOOD)], &[]);
    let revoked = ocsp::responder(Ec, &[ocsp::entry(Ec, Leaf::Server, REVOKED)], &[]);
    let mut times = 0;
    for version in [Tls12, Tls13] {
        let switch = Switch::to(good.port);
        let trust = Trust::from(pki::ca(Ec)).with_policy(asks(switch.port, 0));
        let peer = peer::server(OpenSsl, SERVER, version, &[]);
        let client = build(client_with(trust).versions(version));
        assert!(!visit(&client, OpenSsl, peer.port).resumed);
        assert!(visit(&client, OpenSsl, peer.port).resumed);
        times += 2;
        ocsp::was_asked(&good, times);
        switch.turn(revoked.port);
        assert!(is_revoked(&refused(&client, peer.port)));
    }
}

#[test]
fn what_ocsp_said_before_counts_for_a_session_too() {
    let good = ocsp::responder(Ec, &[ocsp::entry(Ec, Leaf::Server, GOOD)], &["-ndays", "1"]);
    let trust = Trust::from(pki::ca(Ec)).with_policy(asks(good.port, 4));
    let peer = peer::server(OpenSsl, SERVER, Tls13, &[]);
    let client = build(client_with(trust));
    for resumed in [false, true, true] {
        assert_eq!(visit(&client, OpenSsl, peer.port).resumed, resumed);
    }
    ocsp::was_asked(&good, 1);
}

#[test]
fn a_server_asks_about_a_client_that_resumes() {
    let good = ocsp::responder(Ec, &[ocsp::entry(Ec, Leaf::Client, GOOD)], &[]);
    let revoked = ocsp::responder(Ec, &[ocsp::entry(Ec, Leaf::Client, REVOKED)], &[]);
    for version in [Tls12, Tls13] {
        let switch = Switch::to(good.port);
        let trust = Trust::from(pki::ca(Ec)).with_policy(asks(switch.port, 0));
        let server = server::builder()
            .timeouts(TIMEOUTS)
            .versions(version)
            .identity(pki::identity(Ec, Leaf::Server))
            .resumption(ServerSessions::new(8))
            .clients_trusted_by(trust);
        let ours = Echoes::start(server);
        let client = build(resuming_client_for(MUTUAL).versions(version));
        for resumed in [false, true] {
            assert_eq!(visit(&client, GnuTls, ours.port).resumed, resumed);
            assert_eq!(ours.handshake().unwrap().resumed, resumed);
        }
        switch.turn(revoked.port);
        for _ in 0..2 {
            let heard = hears(&client, ours.port);
            assert!(heard.contains("certificate_revoked"), "{version}: {heard}");
            let found = refusals(ours.handshake().unwrap_err());
            assert!(is_revoked(&found), "{found:?}");
        }
    }
}

/// The hook is asked of every client, and told what it is to be told.
#[test]
fn a_client_that_resumes_is_admitted_or_not_like_any_other() {
    for version in [Tls12, Tls13] {
        let count = AtomicU32::new(0);
        let server = resuming_server_for(MUTUAL).versions(version);
        let server = server.admit(move |session| {
            assert!(session.peer.to_string().contains("CN=client-1"));
            match count.fetch_add(1, Ordering::SeqCst) {
                0 | 1 => Admission::Admitted,
                _ if session.resumed => Admission::Refused("it has been here already".into()),
                _ => Admission::Refused("it is new".into()),
            }
        });
        let ours = Echoes::start(server);
        let client = build(resuming_client_for(MUTUAL).versions(version));
        for resumed in [false, true] {
            assert_eq!(visit(&client, GnuTls, ours.port).resumed, resumed);
            assert_eq!(ours.handshake().unwrap().resumed, resumed);
        }
        for why in ["it has been here already", "it is new"] {
            let stream = client.connect("127.0.0.1", ours.port).unwrap();
            assert_eq!(
                stream.receive(&mut [0]).unwrap_err(),
                Error::Io(IoError::PeerAlert(Alert::ACCESS_DENIED))
            );
            let Err(Error::Handshake(error)) = ours.handshake() else {
                panic!("it was let in");
            };
            match error.reason {
                HandshakeReason::NotAdmitted { why: said, .. } => assert_eq!(said, why),
                other => panic!("{other:?}"),
            }
        }
    }
}

/// A day after the full handshake, however often it was resumed.
#[test]
fn sessions_grow_too_old() {
    for version in [Tls12, Tls13] {
        // Ours, and a clock that runs for the client alone.
        let day = 24 * HOUR;
        let start = now();
        let (at, clock) = with_clock(start);
        let ours = Echoes::start(resuming_server_for(MUTUAL).versions(version));
        let client = resuming_client_for(MUTUAL).versions(version);
        let client = client.build(at).unwrap();
        for (later, resumed) in [
            (0, false),
            (day - 10, true),
            (day, true),
            (day + 1, false),
            (day + 2, true),
            // It was set back.
            (day, false),
        ] {
            clock.set(after(start, later));
            assert_eq!(
                visit(&client, GnuTls, ours.port).resumed,
                resumed,
                "{version} {later}"
            );
        }

        // And for the server alone.
        let (at, clock) = with_clock(start);
        let server = server::builder()
            .timeouts(TIMEOUTS)
            .versions(version)
            .identity(pki::identity(Ec, Leaf::Server))
            .resumption(ServerSessions::new(8).with_max_age(Duration::from_secs(3600)))
            .any_client();
        let ours = Echoes::start_at(at, server);
        let client = build(resuming_client_for(SERVER).versions(version));
        for (later, resumed) in [
            (0, false),
            (HOUR, true),
            (HOUR + 1, false),
            (HOUR + 2, true),
            (0, false),
        ] {
            clock.set(after(start, later));
            assert_eq!(
                visit(&client, GnuTls, ours.port).resumed,
                resumed,
                "{version} {later}"
            );
        }
    }
}

/// A server says how long its tickets are good for, and a client takes its word.
#[test]
fn a_servers_lifetime_counts() {
    for version in [Tls12, Tls13] {
        let server = server::builder()
            .timeouts(TIMEOUTS)
            .versions(version)
            .identity(pki::identity(Ec, Leaf::Server))
            .resumption(ServerSessions::new(8).with_max_age(Duration::from_secs(3600)))
            .any_client();
        let ours = Echoes::start(server);
        let (at, clock) = with_clock(now());
        let start = at.now().unwrap();
        let client = resuming_client_for(SERVER).versions(version);
        let client = client.build(at).unwrap();
        assert!(!visit(&client, GnuTls, ours.port).resumed);
        clock.set(after(start, HOUR + 1));
        // The server's clock says that it is good: it is the client that does not offer it.
        assert!(!visit(&client, GnuTls, ours.port).resumed);
    }
}

/// What is kept are sessions, not streams: one that is open knows nothing of another.
#[test]
fn a_stream_that_is_open_is_not_disturbed() {
    for version in [Tls12, Tls13] {
        let peer = peer::server(GnuTls, SERVER, version, &[]);
        let client = build(resuming_client_for(SERVER).versions(version));
        let first = client.connect("127.0.0.1", peer.port).unwrap();
        talk(&first, GnuTls);
        let second = client.connect("127.0.0.1", peer.port).unwrap();
        talk(&second, GnuTls);
        assert!(second.session().resumed);
        talk(&first, GnuTls);
        drop(client);
        talk(&second, GnuTls);
    }
}
