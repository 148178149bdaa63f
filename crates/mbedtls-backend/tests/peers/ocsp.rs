// SPDX-License-Identifier: Apache-2.0

//! Asking OpenSSL's responder about OpenSSL's servers and clients.

use std::fs;
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use mbedtls_backend::{MbedTls, TcpConnection};
use secure_socket::TlsVersion::{self, Tls12, Tls13};
use secure_socket::backend::Backend as _;
use secure_socket::backend::OsErrorKind;
use secure_socket::builder::Builder;
use secure_socket::client::ClientReady;
use secure_socket::credential::Trust;
use secure_socket::diagnosis::Refusal;
use secure_socket::error::{ConfigurationError, Error};
use secure_socket::policy::{Policy, SpkiPin};
use secure_socket::revocation::{
    CertIdHash, FetchError, HttpUrl, Limits, Ocsp, RevocationProblem, RevocationReason,
};
use secure_socket::server::ServerReady;
use secure_socket::{CertificateFacts, Stream, UnixTime, client, server};
use test_pki::KeyKind::{self, Ec, Rsa};
use test_pki::Leaf;

use crate::ours::{Echo, TIMEOUTS, backend, build, localhost, read_line, refusal};
use crate::peer::{self, Auth, Kind, PATIENCE, Peer};
use crate::pki;

/// What the CA's database says of a certificate.
pub(crate) const GOOD: &str = "V\t450101000000Z\t";
pub(crate) const REVOKED: &str = "R\t450101000000Z\t250601120000Z,keyCompromise";

/// A line of OpenSSL's database.
pub(crate) fn entry(kind: KeyKind, leaf: Leaf, status: &str) -> String {
    let der = fs::read(pki::file(kind, &format!("{leaf}.der"))).unwrap();
    let serial = CertificateFacts::read(&der).unwrap().serial;
    let serial: String = serial.iter().map(|byte| format!("{byte:02X}")).collect();
    format!("{status}\t{serial}\tunknown\t/CN={leaf}\n")
}

/// The intermediate itself answers, and knows `entries`.
pub(crate) fn responder(kind: KeyKind, entries: &[String], more: &[&str]) -> Peer {
    let files = ["intermediate.pem", "intermediate-key.pem"].map(|name| pki::file(kind, name));
    responder_of(kind, [&files[0], &files[1]], entries, more)
}

/// Whoever has this certificate and key answers.
fn responder_of(
    kind: KeyKind,
    [certificate, key]: [&str; 2],
    entries: &[String],
    more: &[&str],
) -> Peer {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    let number = COUNT.fetch_add(1, Ordering::Relaxed);
    let index = pki::file(kind, &format!("index-{number}.txt"));
    fs::write(&index, entries.concat()).unwrap();
    let ca = pki::file(kind, "intermediate.pem");
    let mut args = vec!["ocsp", "-port", "0", "-index", &index, "-CA", &ca];
    args.extend(["-rsigner", certificate, "-rkey", key]);
    args.extend(more);
    let mut peer = Peer::spawn("openssl", &args, 0);
    peer.wait_for("waiting for OCSP client connections");
    peer.wait_for("ACCEPT");
    peer.wait_for(" PID=");
    let output = peer.output();
    // What goes to standard error may stand before it on the line.
    let accepts = output.split("ACCEPT ").nth(1).unwrap();
    let address = accepts.split_whitespace().next().unwrap();
    peer.port = address.rsplit(':').next().unwrap().parse().unwrap();
    peer
}

/// The responder got so many requests. What it writes of one arrives here some time after
/// its answer does.
#[track_caller]
pub(crate) fn was_asked(responder: &Peer, times: usize) {
    let count = || responder.output().matches("Received request").count();
    let end = Instant::now() + PATIENCE;
    while count() < times && Instant::now() < end {
        thread::sleep(Duration::from_millis(5));
    }
    assert_eq!(count(), times);
}

pub(crate) fn url(port: u16) -> HttpUrl {
    HttpUrl::new(&format!("http://127.0.0.1:{port}/")).unwrap()
}

fn asking(responder: &Peer) -> Ocsp {
    Ocsp::new().with_responder(url(responder.port))
}

fn policy(ocsp: Ocsp) -> Policy {
    Policy::new().with_ocsp(ocsp)
}

fn client_with(kind: KeyKind, policy: &Policy) -> Builder<ClientReady> {
    client::builder()
        .timeouts(TIMEOUTS)
        .trust(Trust::from(pki::ca(kind)).with_policy(policy.clone()))
        .without_identity()
        .server_name(localhost())
}

fn server_with(kind: KeyKind, policy: &Policy) -> Builder<ServerReady> {
    server::builder()
        .timeouts(TIMEOUTS)
        .identity(pki::identity(kind, Leaf::Server))
        .clients_trusted_by(Trust::from(pki::ca(kind)).with_policy(policy.clone()))
}

fn server_of(kind: KeyKind, version: TlsVersion) -> Peer {
    peer::server(
        Kind::OpenSsl,
        Auth::Server(kind, Leaf::Server),
        version,
        &[],
    )
}

/// One that does not reverse lines, and so shows alerts after the handshake too.
fn server_that_tells(kind: KeyKind, version: TlsVersion) -> Peer {
    let version = match version {
        Tls12 => "-tls1_2",
        Tls13 => "-tls1_3",
    };
    let files = [
        pki::chain_file(kind, Leaf::Server),
        pki::key_file(kind, Leaf::Server),
        pki::file(kind, "intermediate.pem"),
    ];
    let mut args = vec!["s_server", "-accept", "127.0.0.1:0", version];
    args.extend(["-cert", &files[0], "-key", &files[1]]);
    args.extend(["-cert_chain", &files[2]]);
    let mut peer = Peer::spawn("openssl", &args, 0);
    peer.port = peer.accepts_at();
    peer
}

fn connect(kind: KeyKind, policy: &Policy) -> Result<Stream<TcpConnection>, Error> {
    let peer = server_of(kind, Tls13);
    build(client_with(kind, policy)).connect("127.0.0.1", peer.port)
}

/// The one reason for which the peer's own certificate was refused.
fn reason(error: Error) -> Refusal {
    let sentence = error.to_string();
    let Error::Verify(error) = error else {
        panic!("not refused for the certificate: {sentence}");
    };
    assert!(sentence.contains("(depth 0)"), "{sentence}");
    let mut refused = error.refused.into_iter();
    let one = refused.next().unwrap();
    assert_eq!((one.depth, refused.len()), (0, 0), "{sentence}");
    assert!(one.subject.contains("CN="), "{sentence}");
    match <[Refusal; 1]>::try_from(one.refusals) {
        Ok([refusal]) => refusal,
        Err(refusals) => panic!("{refusals:?}"),
    }
}

/// Why nobody could tell.
fn problem(result: Result<Stream<TcpConnection>, Error>) -> RevocationProblem {
    match reason(result.err().expect("nothing was refused")) {
        Refusal::RevocationUnknown { problem } => problem,
        other => panic!("{other:?}"),
    }
}

fn is_revoked(refusal: &Refusal) -> bool {
    let expected = Refusal::Revoked {
        at: Some(UnixTime::from_seconds(1_748_779_200)),
        reason: Some(RevocationReason::KeyCompromise),
    };
    *refusal == expected
}

#[test]
fn a_good_server_is_let_in() {
    for (kind, version) in [(Ec, Tls12), (Ec, Tls13), (Rsa, Tls12), (Rsa, Tls13)] {
        let responder = responder(kind, &[entry(kind, Leaf::Server, GOOD)], &["-nmin", "5"]);
        let peer = server_of(kind, version);
        let client = client_with(kind, &policy(asking(&responder))).versions(version);
        let stream = build(client).connect("127.0.0.1", peer.port).unwrap();
        stream.send_all(b"hello\n").unwrap();
        assert_eq!(read_line(&stream), "olleh");
        was_asked(&responder, 1);
    }
}

#[test]
fn a_revoked_server_is_refused_and_told() {
    for (kind, version) in [(Ec, Tls12), (Ec, Tls13), (Rsa, Tls12), (Rsa, Tls13)] {
        let responder = responder(kind, &[entry(kind, Leaf::Server, REVOKED)], &["-nmin", "5"]);
        let peer = server_that_tells(kind, version);
        // What is there is never forgiven.
        let ocsp = asking(&responder).with_soft_fail();
        let client = client_with(kind, &policy(ocsp)).versions(version);
        let error = refusal(client, peer.port);
        let sentence = error.to_string();
        assert!(is_revoked(&reason(error)), "{sentence}");
        assert!(
            sentence.contains("revoked it 2025-06-01 (keyCompromise)"),
            "{sentence}"
        );
        peer.wait_for("alert certificate revoked");
    }
}

#[test]
fn clients_are_asked_about_too() {
    for version in [Tls12, Tls13] {
        let responder = responder(Ec, &[entry(Ec, Leaf::Client, GOOD)], &["-nmin", "5"]);
        let policy = policy(asking(&responder));
        let echo = Echo::start(server_with(Ec, &policy).versions(version));
        let auth = Auth::Mutual(Ec, Leaf::Client);
        let mut client = peer::client(Kind::OpenSsl, auth, version, echo.port, &[]);
        echo.handshake().unwrap();
        client.type_line("hello");
        client.wait_for("hello");
        was_asked(&responder, 1);
    }
}

#[test]
fn a_revoked_client_is_refused_and_told() {
    for version in [Tls12, Tls13] {
        let responder = responder(Ec, &[entry(Ec, Leaf::Client, REVOKED)], &["-nmin", "5"]);
        let policy = policy(asking(&responder));
        let echo = Echo::start(server_with(Ec, &policy).versions(version));
        let auth = Auth::Mutual(Ec, Leaf::Client);
        let client = peer::client(Kind::OpenSsl, auth, version, echo.port, &[]);
        let error = echo.handshake().unwrap_err();
        let sentence = error.to_string();
        assert!(sentence.contains("client's certificate"), "{sentence}");
        assert!(is_revoked(&reason(error)), "{sentence}");
        client.wait_for("alert certificate revoked");
    }
}

#[test]
fn a_certificate_that_the_responder_does_not_know_is_refused() {
    let responder = responder(Ec, &[entry(Ec, Leaf::Client, GOOD)], &["-nmin", "5"]);
    for ocsp in [asking(&responder), asking(&responder).with_soft_fail()] {
        let peer = server_that_tells(Ec, Tls13);
        let result = build(client_with(Ec, &policy(ocsp))).connect("127.0.0.1", peer.port);
        assert_eq!(problem(result), RevocationProblem::OcspUnknown);
        peer.wait_for("alert certificate unknown");
    }
}

#[test]
fn a_responder_may_be_named_by_its_key_and_certificates_by_sha_256() {
    let good = [entry(Ec, Leaf::Server, GOOD)];
    let by_key = responder(Ec, &good, &["-nmin", "5", "-resp_key_id"]);
    connect(Ec, &policy(asking(&by_key))).unwrap();
    let by_name = responder(Ec, &good, &["-nmin", "5"]);
    let ocsp = asking(&by_name).with_cert_id_hash(CertIdHash::Sha256);
    connect(Ec, &policy(ocsp)).unwrap();
    // It answers by another hash than it was asked by.
    let stubborn = responder(Ec, &good, &["-nmin", "5", "-rcid", "sha256"]);
    let result = connect(Ec, &policy(asking(&stubborn)));
    assert_eq!(problem(result), RevocationProblem::OcspOtherCertificate);
}

#[test]
fn a_nonce_is_sent_and_comes_back() {
    let good = [entry(Ec, Leaf::Server, GOOD)];
    let responder = responder(Ec, &good, &["-nmin", "5", "-text", "-nrequest", "1"]);
    connect(Ec, &policy(asking(&responder).with_nonce())).unwrap();
    // 32 random bytes in an OCTET STRING: in the request, and in the response.
    let shown = |output: &str| output.matches("0420").count();
    responder.wait_for("Signature Algorithm");
    assert!(shown(&responder.output()) >= 2, "{}", responder.output());
}

/// OpenSSL's responder leaves nextUpdate out unless it is told.
#[test]
fn without_next_update_each_handshake_asks() {
    let responder = responder(Ec, &[entry(Ec, Leaf::Server, GOOD)], &[]);
    let policy = policy(asking(&responder));
    for count in 1..=2 {
        connect(Ec, &policy).unwrap();
        was_asked(&responder, count);
    }
}

#[test]
fn what_was_said_is_kept_until_next_update() {
    let good = [entry(Ec, Leaf::Server, GOOD)];
    let responder = responder(Ec, &good, &["-nmin", "2"]);
    let kept = policy(asking(&responder));
    for _ in 0..3 {
        connect(Ec, &kept).unwrap();
    }
    was_asked(&responder, 1);
    // Clones share it, and so do clients and servers of one policy.
    connect(Ec, &kept.clone()).unwrap();
    was_asked(&responder, 1);
    for (ocsp, count) in [
        (asking(&responder).with_cache(0), 3),
        (asking(&responder).with_nonce(), 5),
    ] {
        let policy = policy(ocsp);
        connect(Ec, &policy).unwrap();
        connect(Ec, &policy).unwrap();
        was_asked(&responder, count);
    }
    // Three minutes on: what is kept does not count, and the new answer, which comes
    // from a clock that is behind by as much, does not either.
    let later = backend().now().unwrap().seconds() + 180;
    let clock: &'static UnixTime = Box::leak(Box::new(UnixTime::from_seconds(later)));
    let later: &'static MbedTls = Box::leak(Box::new(backend().with_clock(clock)));
    let peer = server_of(Ec, Tls13);
    let client = client_with(Ec, &kept).build(later).unwrap();
    let problem = problem(client.connect("127.0.0.1", peer.port));
    assert!(
        matches!(problem, RevocationProblem::OcspStale { .. }),
        "{problem:?}"
    );
    was_asked(&responder, 6);
}

#[test]
fn a_clock_that_is_behind_makes_a_response_one_of_the_future() {
    let responder = responder(Ec, &[entry(Ec, Leaf::Server, GOOD)], &["-nmin", "2"]);
    let now = backend().now().unwrap().seconds();
    for (behind, taken) in [(240, true), (600, false)] {
        let clock: &'static UnixTime = Box::leak(Box::new(UnixTime::from_seconds(now - behind)));
        let earlier: &'static MbedTls = Box::leak(Box::new(backend().with_clock(clock)));
        let peer = server_of(Ec, Tls13);
        let policy = policy(asking(&responder));
        let client = client_with(Ec, &policy).build(earlier).unwrap();
        let result = client.connect("127.0.0.1", peer.port);
        match taken {
            true => drop(result.unwrap()),
            false => {
                let problem = problem(result);
                let not_yet = matches!(problem, RevocationProblem::OcspNotYetValid { .. });
                assert!(not_yet, "{problem:?}");
            }
        }
    }
}

#[test]
fn absence_is_forgiven_on_demand_alone() {
    let closed = {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        listener.local_addr().unwrap().port()
    };
    let nobody = Ocsp::new().with_responder(url(closed));
    match problem(connect(Ec, &policy(nobody.clone()))) {
        RevocationProblem::Fetch {
            url: asked,
            error: FetchError::Exchange(error),
        } => {
            assert_eq!(asked, url(closed));
            assert_eq!(error.kind, OsErrorKind::Refused);
        }
        other => panic!("{other:?}"),
    }
    connect(Ec, &policy(nobody.with_soft_fail())).unwrap();

    // One that takes the connection and says nothing.
    let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let limits = Limits {
        bytes: 4096,
        timeout: Duration::from_millis(300),
    };
    let ocsp = Ocsp::new()
        .with_responder(url(silent.local_addr().unwrap().port()))
        .with_limits(limits);
    match problem(connect(Ec, &policy(ocsp.clone()))) {
        RevocationProblem::Fetch {
            error: FetchError::Exchange(error),
            ..
        } => assert_eq!(error.kind, OsErrorKind::TimedOut),
        other => panic!("{other:?}"),
    }
    connect(Ec, &policy(ocsp.with_soft_fail())).unwrap();

    // A certificate that names no responder is no outage.
    for ocsp in [Ocsp::new(), Ocsp::new().with_soft_fail()] {
        let problem = problem(connect(Ec, &policy(ocsp)));
        assert_eq!(problem, RevocationProblem::NoResponder);
    }
}

/// The CA's responder has a certificate of its own: OpenSSL makes it here.
fn delegate(name: &str, issuer: &str, extensions: &str, days: &str) -> [String; 2] {
    let file = |suffix: &str| pki::file(Ec, &format!("{name}{suffix}"));
    let openssl = |args: &[&str]| {
        let done = std::process::Command::new("openssl").args(args).output();
        let done = done.unwrap();
        assert!(done.status.success(), "{args:?}: {done:?}");
    };
    let [key, request, certificate, config] = [".key", ".csr", ".crt", ".cnf"].map(file);
    let [ca, ca_key] = match issuer {
        "ca" => ["ca.pem", "ca-key.pem"],
        _ => ["intermediate.pem", "intermediate-key.pem"],
    }
    .map(|name| pki::file(Ec, name));
    fs::write(&config, extensions).unwrap();
    let subject = format!("/CN={name}");
    openssl(&[
        "req",
        "-new",
        "-newkey",
        "ec",
        "-pkeyopt",
        "ec_paramgen_curve:P-256",
        "-nodes",
        "-keyout",
        &key,
        "-subj",
        &subject,
        "-out",
        &request,
    ]);
    openssl(&[
        "x509",
        "-req",
        "-in",
        &request,
        "-CA",
        &ca,
        "-CAkey",
        &ca_key,
        "-days",
        days,
        "-extfile",
        &config,
        "-out",
        &certificate,
        "-set_serial",
        "0x1234",
    ]);
    [certificate, key]
}

const FOR_OCSP: &str = "extendedKeyUsage=OCSPSigning\nkeyUsage=digitalSignature\n";

fn delegated(delegate: &[String; 2]) -> Result<Stream<TcpConnection>, Error> {
    let good = [entry(Ec, Leaf::Server, GOOD)];
    let responder = responder_of(Ec, [&delegate[0], &delegate[1]], &good, &["-nmin", "5"]);
    connect(Ec, &policy(asking(&responder).with_soft_fail()))
}

#[test]
fn a_delegate_of_the_issuer_may_answer() {
    for (name, more) in [("delegate", ""), ("delegate-nocheck", "noCheck=ignored\n")] {
        let delegate = delegate(name, "intermediate", &(FOR_OCSP.to_owned() + more), "30");
        delegated(&delegate).unwrap();
    }
}

#[test]
fn nobody_else_may_answer() {
    let fault = |delegate: [String; 2]| match problem(delegated(&delegate)) {
        RevocationProblem::OcspDelegate { refusal, .. } => *refusal,
        other => panic!("{other:?}"),
    };
    let without = delegate(
        "without",
        "intermediate",
        "keyUsage=digitalSignature\n",
        "30",
    );
    assert!(matches!(fault(without), Refusal::Purpose { .. }));
    let any = "extendedKeyUsage=serverAuth,anyExtendedKeyUsage\n";
    let any = delegate("any-purpose", "intermediate", any, "30");
    assert!(matches!(fault(any), Refusal::Purpose { .. }));
    let encipher = "extendedKeyUsage=OCSPSigning\nkeyUsage=keyAgreement\n";
    let encipher = delegate("no-signing", "intermediate", encipher, "30");
    assert!(matches!(fault(encipher), Refusal::Purpose { .. }));
    let critical = FOR_OCSP.to_owned() + "1.2.3.4=critical,DER:0500\n";
    let critical = delegate("critical", "intermediate", &critical, "30");
    assert!(matches!(fault(critical), Refusal::NotUnderstood { .. }));
    let expired = delegate("ran-out", "intermediate", FOR_OCSP, "-1");
    assert!(matches!(fault(expired), Refusal::Expired { .. }));

    // The root may issue certificates, but did not issue this one.
    let other = delegate("of-the-root", "ca", FOR_OCSP, "30");
    let problem = problem(delegated(&other));
    let not_issued = matches!(problem, RevocationProblem::OcspDelegateIssuer { .. });
    assert!(not_issued, "{problem:?}");
}

#[test]
fn a_responder_without_a_certificate_of_its_own_in_the_response_is_nobody() {
    let delegate = delegate("unsent", "intermediate", FOR_OCSP, "30");
    let good = [entry(Ec, Leaf::Server, GOOD)];
    let files = [&*delegate[0], &*delegate[1]];
    let responder = responder_of(Ec, files, &good, &["-nmin", "5", "-resp_no_certs"]);
    let problem = problem(connect(Ec, &policy(asking(&responder))));
    assert_eq!(problem, RevocationProblem::OcspResponder);
}

#[test]
fn a_signature_over_sha_1_is_refused() {
    let good = [entry(Ec, Leaf::Server, GOOD)];
    let responder = responder(Ec, &good, &["-nmin", "5", "-rmd", "sha1"]);
    let problem = problem(connect(Ec, &policy(asking(&responder).with_soft_fail())));
    let weak = matches!(problem, RevocationProblem::OcspWeakSignature { .. });
    assert!(weak, "{problem:?}");
}

#[test]
fn a_pinned_key_has_nobody_to_ask() {
    let pins = [SpkiPin::new([1; 32])];
    let trust = Trust::pinned(pins).with_policy(policy(Ocsp::new()));
    let client = client::builder()
        .trust(trust)
        .without_identity()
        .server_name(localhost());
    let error = client.build(backend()).err().unwrap();
    let expected = Error::Configuration(ConfigurationError::RevocationOfPinned);
    assert_eq!(error, expected);
}
