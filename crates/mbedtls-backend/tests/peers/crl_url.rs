// SPDX-License-Identifier: Apache-2.0

//! Revocation lists made by OpenSSL and fetched from Python's web server, for
//! certificates that OpenSSL and GnuTLS show.

use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::sync::mpsc::{self, Receiver};
use std::thread;
use std::time::{Duration, Instant};

use mbedtls_backend::{MbedTls, TcpConnection};
use secure_socket::TlsVersion::{Tls12, Tls13};
use secure_socket::backend::{Backend as _, OsErrorKind};
use secure_socket::credential::{CaCertificate, Trust};
use secure_socket::diagnosis::Refusal;
use secure_socket::error::Error;
use secure_socket::policy::Policy;
use secure_socket::resumption::ClientSessions;
use secure_socket::revocation::{
    Crl, CrlFetchError, Crls, DEFAULT_CRL_LIMITS, FetchError, HttpUrl, Limits,
    RevocationProblem as Problem, Scope,
};
use secure_socket::{Client, Session, Stream, client, server};
use test_pki::KeyKind::{self, Ec, Rsa};
use test_pki::Leaf;

use crate::openssl_ca::{Ca, Recipe};
use crate::ours::{TIMEOUTS, backend, client_for, localhost, read_line};
use crate::peer::Kind::{GnuTls, OpenSsl};
use crate::peer::{Auth, Peer, client as peer_client, reply, server as peer_server};
use crate::pki;
use crate::revoked::{client_with, trust};
use crate::web::{Ahead, Web};

const DAY: u64 = 86_400;

/// A list of the intermediate's for a week from now on, in PEM, that revokes this.
fn list(kind: KeyKind, revoked: Option<&str>) -> String {
    let revoked = revoked.map(|file| (pki::file(kind, file), "keyCompromise"));
    Ca::of(kind, "intermediate").pem(&Recipe {
        revoked: revoked.as_slice(),
        ..Recipe::default()
    })
}

fn der(pem: &str) -> Vec<u8> {
    Crl::from_pem(pem).unwrap()[0].as_der().to_vec()
}

/// The intermediate's list is at `web`, and nobody asks about the intermediate.
fn at(web: &Web) -> Crls {
    Crls::new()
        .with_url(web.url("inter.crl"))
        .with_scope(Scope::Leaf)
}

fn server_of(kind: KeyKind) -> Peer {
    peer_server(OpenSsl, Auth::Server(kind, Leaf::Server), Tls13, &[])
}

fn connect(client: &Client<'_, MbedTls>, peer: &Peer) -> Result<Stream<TcpConnection>, Error> {
    client.connect("127.0.0.1", peer.port)
}

/// Why the peer's own certificate was refused, one after the other.
pub(crate) fn refusals<T>(result: Result<T, Error>) -> Vec<Refusal> {
    let Err(Error::Verify(error)) = result else {
        panic!("not refused for a certificate: {:?}", result.err());
    };
    error
        .refused
        .into_iter()
        .flat_map(|one| one.refusals)
        .collect()
}

pub(crate) fn is_revoked<T>(result: Result<T, Error>) -> bool {
    matches!(*refusals(result), [Refusal::Revoked { .. }])
}

/// What went wrong with the URL.
fn failure<T>(result: Result<T, Error>) -> (HttpUrl, CrlFetchError) {
    match refusals(result).into_iter().next() {
        Some(Refusal::RevocationUnknown {
            problem: Problem::CrlFetch { url, error },
        }) => (url, error),
        other => panic!("{other:?}"),
    }
}

#[test]
fn lists_are_fetched_once_for_many_connections() {
    for (peer, kind, version) in [
        (OpenSsl, Ec, Tls12),
        (OpenSsl, Rsa, Tls13),
        (GnuTls, Ec, Tls13),
    ] {
        let web = Web::start();
        web.put("inter.crl", der(&list(kind, None)));
        web.put("root.crl", Ca::of(kind, "ca").pem(&Recipe::default()));
        let crls = Crls::new()
            .with_url(web.url("inter.crl"))
            .with_url(web.url("root.crl"));
        let client = client_with(kind, crls).versions(version);
        let client = client.build(backend()).unwrap();
        // Nothing is built by the network.
        web.was_asked("inter.crl", 0);
        let server = peer_server(peer, Auth::Server(kind, Leaf::Server), version, &[]);
        for _ in 0..5 {
            let stream = connect(&client, &server).unwrap();
            stream.send_all(b"looked up\n").unwrap();
            assert_eq!(read_line(&stream), reply(peer, "looked up"));
            stream.close().unwrap();
        }
        web.was_asked("inter.crl", 1);
        web.was_asked("root.crl", 1);
    }
}

#[test]
fn who_is_revoked_in_a_newer_list_is_refused_from_then_on() {
    let web = Web::start();
    web.put("inter.crl", list(Ec, None));
    let (clock, backend) = Ahead::new();
    let client = client_with(Ec, at(&web)).build(backend).unwrap();
    let server = server_of(Ec);
    connect(&client, &server).unwrap();
    web.put("inter.crl", list(Ec, Some("server.pem")));
    clock.wait(3 * DAY);
    connect(&client, &server).unwrap();
    // Half of the week is not over.
    web.was_asked("inter.crl", 1);
    clock.wait(DAY);
    assert!(is_revoked(connect(&client, &server)));
    web.was_asked("inter.crl", 2);
    server.wait_for("alert certificate revoked");

    // Sooner, if that is wanted.
    web.put("inter.crl", list(Ec, None));
    let hour = Duration::from_secs(3600);
    let (clock, backend) = Ahead::new();
    let client = client_with(Ec, at(&web).with_refresh_after(hour));
    let client = client.build(backend).unwrap();
    connect(&client, &server).unwrap();
    web.put("inter.crl", list(Ec, Some("server.pem")));
    clock.wait(3600);
    assert!(is_revoked(connect(&client, &server)));
}

/// A session that is resumed shows no certificate, and is no way around the list.
#[test]
fn who_is_revoked_in_a_newer_list_resumes_no_session() {
    for version in [Tls12, Tls13] {
        let web = Web::start();
        web.put("inter.crl", list(Ec, None));
        let (clock, backend) = Ahead::new();
        let hour = Duration::from_secs(3600);
        let client = client::builder()
            .timeouts(TIMEOUTS)
            .versions(version)
            .trust(trust(Ec, at(&web).with_refresh_after(hour)))
            .without_identity()
            .resumption(ClientSessions::new())
            .server_name(localhost());
        let client = client.build(backend).unwrap();
        let server = peer_server(OpenSsl, Auth::Server(Ec, Leaf::Server), version, &[]);
        for is_resumed in [false, true, true] {
            let stream = connect(&client, &server).unwrap();
            assert_eq!(stream.session().resumed, is_resumed);
            stream.send_all(b"again\n").unwrap();
            assert_eq!(read_line(&stream), reply(OpenSsl, "again"));
            stream.close().unwrap();
        }
        web.put("inter.crl", list(Ec, Some("server.pem")));
        clock.wait(3600);
        assert!(is_revoked(connect(&client, &server)));
        web.was_asked("inter.crl", 2);
    }
}

/// With no clock but the system's: a list that runs out while the client lives.
#[test]
fn a_list_that_ran_out_is_fetched_anew() {
    let web = Web::start();
    let time = |seconds: u64| {
        let at = Duration::from_secs(seconds);
        let date = der::DateTime::from_unix_duration(at).unwrap();
        date.to_string().replace(['-', ':', 'T'], "")
    };
    let now = || backend().now().unwrap().seconds();
    let end = now() + 10;
    let dates = [time(end - 60), time(end)];
    let short = Ca::of(Ec, "intermediate").pem(&Recipe {
        dates: Some([&dates[0], &dates[1]]),
        ..Recipe::default()
    });
    web.put("inter.crl", short);
    let client = client_with(Ec, at(&web)).build(backend()).unwrap();
    let server = server_of(Ec);
    connect(&client, &server).unwrap();
    web.put("inter.crl", list(Ec, Some("server.pem")));
    while now() <= end {
        thread::sleep(Duration::from_millis(100));
    }
    assert!(is_revoked(connect(&client, &server)));
    web.was_asked("inter.crl", 2);
}

#[test]
fn a_web_server_that_is_gone_is_done_without_until_the_list_runs_out() {
    let mut web = Web::start();
    web.put("inter.crl", list(Ec, None));
    let (clock, backend) = Ahead::new();
    let client = client_with(Ec, at(&web)).build(backend).unwrap();
    let server = server_of(Ec);
    connect(&client, &server).unwrap();
    web.stop();
    clock.wait(6 * DAY);
    connect(&client, &server).unwrap();
    clock.wait(2 * DAY);
    let (url, error) = failure(connect(&client, &server));
    assert_eq!(url, web.url("inter.crl"));
    let CrlFetchError::Fetch(FetchError::Exchange(error)) = error else {
        panic!("{error:?}");
    };
    assert_eq!(error.kind, OsErrorKind::Refused);
}

#[test]
fn what_the_web_server_does_not_have_is_named() {
    let web = Web::start();
    let client = client_with(Ec, at(&web)).build(backend()).unwrap();
    let server = server_of(Ec);
    let result = connect(&client, &server);
    let sentence = result.as_ref().err().unwrap().to_string();
    let url = web.url("inter.crl");
    assert!(
        sentence.contains(&format!(
            "no revocation list to be had from {url}: the server"
        )) && sentence.contains("404"),
        "{sentence}"
    );
    assert_eq!(
        failure(result),
        (url, CrlFetchError::Fetch(FetchError::Status(404)))
    );
    // A directory has a slash, and nobody is followed there.
    std::fs::create_dir(web.path("inter.crl")).unwrap();
    let client = client_with(Ec, at(&web)).build(backend()).unwrap();
    let (_, error) = failure(connect(&client, &server));
    assert!(
        matches!(
            error,
            CrlFetchError::Fetch(FetchError::Redirect { status: 301, .. })
        ),
        "{error:?}"
    );
    let nowhere = HttpUrl::new("http://nowhere.invalid/ca.crl").unwrap();
    let crls = Crls::new().with_url(nowhere);
    let client = client_with(Ec, crls).build(backend()).unwrap();
    let (_, error) = failure(connect(&client, &server));
    assert!(
        matches!(error, CrlFetchError::Fetch(FetchError::Resolve(_))),
        "{error:?}"
    );
}

#[test]
fn a_list_that_is_too_long_is_refused_and_the_limit_can_be_raised() {
    let web = Web::start();
    let pem = list(Ec, None);
    web.put("inter.crl", &pem);
    let server = server_of(Ec);
    for (bytes, is_taken) in [(pem.len() - 1, false), (pem.len(), true)] {
        let limits = Limits {
            bytes,
            ..DEFAULT_CRL_LIMITS
        };
        let client = client_with(Ec, at(&web).with_limits(limits));
        let client = client.build(backend()).unwrap();
        let result = connect(&client, &server);
        if is_taken {
            assert!(result.is_ok(), "{:?}", result.err());
        } else {
            let limit = bytes;
            let (_, error) = failure(result);
            assert_eq!(error, CrlFetchError::Fetch(FetchError::TooLarge { limit }));
        }
    }
}

/// A server of ours for any number of clients, each on a thread of its own.
struct Door {
    port: u16,
    results: Receiver<(Result<Session, Error>, Duration)>,
}

impl Door {
    fn open(crls: Crls, backend: &'static MbedTls) -> Self {
        let server = server::builder()
            .timeouts(TIMEOUTS)
            .identity(pki::identity(Ec, Leaf::Server))
            .clients_trusted_by(trust(Ec, crls));
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        let server = Box::leak(Box::new(server.bind(backend, address).unwrap()));
        let port = server.local_address().unwrap().port();
        let (done, results) = mpsc::channel();
        thread::spawn(move || {
            while let Ok(incoming) = server.accept() {
                let done = done.clone();
                thread::spawn(move || {
                    let start = Instant::now();
                    let result = incoming.handshake();
                    let took = start.elapsed();
                    let session = result.as_ref().map(|stream| stream.session().clone());
                    done.send((session.map_err(Clone::clone), took))
                        .unwrap_or(());
                });
            }
        });
        Self { port, results }
    }

    /// Has so many clients come at once, and says what became of them, the quickest first.
    fn clients(&self, count: usize) -> Vec<(Result<Session, Error>, Duration)> {
        let port = self.port;
        let clients: Vec<_> = (0..count)
            .map(|_| {
                thread::spawn(move || {
                    let client = client_for(Auth::Mutual(Ec, Leaf::Client));
                    let client = client.build(backend()).unwrap();
                    client.connect("127.0.0.1", port).map(|_| ()).map_err(drop)
                })
            })
            .collect();
        let patience = Duration::from_secs(30);
        let next = |_| self.results.recv_timeout(patience).unwrap();
        let mut results: Vec<_> = (0..count).map(next).collect();
        for client in clients {
            let _ = client.join().unwrap();
        }
        results.sort_by_key(|(_, took)| *took);
        results
    }
}

#[test]
fn a_server_fetches_when_it_is_bound_and_not_for_each_client() {
    let web = Web::start();
    web.put("inter.crl", list(Ec, None));
    let (clock, backend) = Ahead::new();
    let door = Door::open(at(&web), backend);
    web.was_asked("inter.crl", 1);
    assert!(door.clients(8).iter().all(|(result, _)| result.is_ok()));
    web.was_asked("inter.crl", 1);
    // It is time for a newer one: one of them fetches it, once it is served itself.
    web.put("inter.crl", list(Ec, Some("client.pem")));
    clock.wait(4 * DAY);
    door.clients(1);
    web.was_asked("inter.crl", 2);
    for (result, _) in door.clients(4) {
        assert!(is_revoked(result));
    }
    web.was_asked("inter.crl", 2);
    let openssl = peer_client(
        OpenSsl,
        Auth::Mutual(Ec, Leaf::Client),
        Tls12,
        door.port,
        &[],
    );
    openssl.wait_for("alert certificate revoked");
    let (result, _) = door.results.recv().unwrap();
    assert!(is_revoked(result));
    // Nobody came for a while, and it ran out: it is fetched before anybody is let in.
    let long = Ca::of(Ec, "intermediate").pem(&Recipe {
        options: &["-crldays", "40"],
        ..Recipe::default()
    });
    web.put("inter.crl", long);
    clock.wait(14 * DAY);
    let results = door.clients(4);
    web.was_asked("inter.crl", 3);
    for (result, _) in results {
        assert!(result.is_ok(), "{:?}", result.err());
    }
}

/// Takes connections, and never answers.
fn stalled(port: u16) {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).unwrap();
    thread::spawn(move || {
        let mut kept = Vec::new();
        while let Ok((stream, _)) = listener.accept() {
            kept.push(stream);
        }
    });
}

const SHORT: Limits = Limits {
    timeout: Duration::from_secs(8),
    ..DEFAULT_CRL_LIMITS
};

#[test]
fn a_web_server_that_stalls_keeps_no_client_waiting_while_there_is_a_list() {
    let mut web = Web::start();
    web.put("inter.crl", list(Ec, None));
    let (clock, backend) = Ahead::new();
    let door = Door::open(at(&web).with_limits(SHORT), backend);
    web.stop();
    stalled(web.url("").port());
    clock.wait(4 * DAY);
    let results = door.clients(6);
    assert!(results.iter().all(|(result, _)| result.is_ok()));
    let slow = results.iter().filter(|(_, took)| *took > SHORT.timeout / 2);
    assert_eq!(
        slow.count(),
        1,
        "one waits, after its handshake: {results:?}"
    );
    // And that is not tried again for each of those that follow.
    for (result, took) in door.clients(6) {
        assert!(result.is_ok());
        assert!(took < SHORT.timeout / 2, "{took:?}");
    }
}

#[test]
fn a_web_server_that_stalls_keeps_clients_waiting_so_long_and_then_they_are_refused() {
    let mut web = Web::start();
    let (_, backend) = Ahead::new();
    web.stop();
    stalled(web.url("").port());
    let start = Instant::now();
    let door = Door::open(at(&web).with_limits(SHORT), backend);
    let bound = start.elapsed();
    assert!(bound < SHORT.timeout * 2, "{bound:?}");
    thread::sleep(Duration::from_secs(6));
    let results = door.clients(6);
    for (result, took) in results {
        assert!(took < SHORT.timeout * 2, "{took:?}");
        let (_, error) = failure(result);
        let CrlFetchError::Fetch(FetchError::Exchange(error)) = error else {
            panic!("{error:?}");
        };
        assert_eq!(error.kind, OsErrorKind::TimedOut);
    }
    // What that came to holds for a while: nobody waits again.
    for (result, took) in door.clients(3) {
        failure(result);
        assert!(took < SHORT.timeout / 2, "{took:?}");
    }
}

#[test]
fn clients_and_servers_of_one_policy_share_what_was_fetched() {
    let web = Web::start();
    web.put("inter.crl", list(Ec, None));
    let policy = Policy::new().with_crls(at(&web));
    let trust = || Trust::from(pki::ca(Ec)).with_policy(policy.clone());
    let server = server_of(Ec);
    for _ in 0..2 {
        let client = client::builder()
            .timeouts(TIMEOUTS)
            .trust(trust())
            .without_identity()
            .server_name(localhost());
        let client = client.build(backend()).unwrap();
        connect(&client, &server).unwrap();
    }
    let bound = server::builder()
        .identity(pki::identity(Ec, Leaf::Server))
        .clients_trusted_by(trust())
        .bind(backend(), SocketAddr::from((Ipv4Addr::LOCALHOST, 0)));
    assert!(bound.is_ok());
    web.was_asked("inter.crl", 1);
}

#[test]
fn lists_that_are_given_stand_beside_those_that_are_fetched() {
    let web = Web::start();
    web.put("inter.crl", list(Ec, None));
    let root = Ca::of(Ec, "ca").crl(&Recipe::default());
    let pem = std::fs::read_to_string(pki::file(Ec, "intermediate.pem")).unwrap();
    let crls = Crls::new()
        .with_list(root)
        .with_issuers(CaCertificate::from_pem(&pem).unwrap())
        .with_url(web.url("inter.crl"));
    let client = client_with(Ec, crls).build(backend()).unwrap();
    connect(&client, &server_of(Ec)).unwrap();
}
