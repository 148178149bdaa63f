// SPDX-License-Identifier: Apache-2.0

//! What a client refuses, and what refuses a client: each by its own name.

use secure_socket::TlsVersion::{self, Tls12, Tls13};
use secure_socket::config::AlpnProtocol;
use secure_socket::credential::{Psk, PskIdentity};
use secure_socket::diagnosis::{Alert, Refusal};
use secure_socket::error::{Error, HandshakeReason, IoError};
use secure_socket::{CipherSuite, client};
use test_pki::KeyKind::{self, Ec, Rsa};
use test_pki::Leaf;

use crate::ours::{TIMEOUTS, client_for, connect, refusal};
use crate::peer::Kind::{self, GnuTls, OpenSsl};
use crate::peer::{Auth, server};
use crate::pki;

/// Has a server with a bad certificate refused; returns the reasons and the sentence.
fn refused(kind: Kind, key: KeyKind, leaf: Leaf, version: TlsVersion) -> (Vec<Refusal>, String) {
    let auth = Auth::Server(key, leaf);
    let peer = server(kind, auth, version, &[]);
    let error = refusal(client_for(auth).versions(version), peer.port);
    let sentence = error.to_string();
    let Error::Verify(error) = error else {
        panic!("not refused for the certificate: {error:?}");
    };
    let refusals = error.refused.into_iter().flat_map(|one| one.refusals);
    (refusals.collect(), sentence)
}

/// Refuses `leaf` in both versions from both peers, and checks the sentence.
fn check(leaf: Leaf, is_right: impl Fn(&Refusal) -> bool, words: &[&str]) {
    for (kind, key, version) in [
        (OpenSsl, Ec, Tls12),
        (OpenSsl, Rsa, Tls13),
        (GnuTls, Rsa, Tls12),
        (GnuTls, Ec, Tls13),
    ] {
        let (refusals, sentence) = refused(kind, key, leaf, version);
        assert!(
            matches!(refusals.as_slice(), [one] if is_right(one)),
            "{kind:?} {key:?} {version}: {refusals:?}"
        );
        for word in words {
            assert!(sentence.contains(word), "no {word:?} in {sentence:?}");
        }
    }
}

fn today() -> String {
    use secure_socket::backend::Backend;
    crate::ours::backend().now().unwrap().to_string()
}

#[test]
fn expired() {
    let clock = format!("clock says {}", today());
    check(
        Leaf::Expired,
        |one| matches!(one, Refusal::Expired { .. }),
        &[
            "expired 2025-06-01",
            &clock,
            "depth 0",
            "server's certificate",
        ],
    );
}

#[test]
fn not_yet_valid() {
    let clock = format!("clock says {}", today());
    check(
        Leaf::NotYetValid,
        |one| matches!(one, Refusal::NotYetValid { .. }),
        &["not valid before 2040-01-01", &clock],
    );
}

#[test]
fn wrong_name() {
    check(
        Leaf::WrongName,
        |one| matches!(one, Refusal::WrongName { .. }),
        &["not for localhost", "elsewhere.test"],
    );
}

#[test]
fn self_signed() {
    check(
        Leaf::SelfSigned,
        |one| matches!(one, Refusal::SelfSigned),
        &["self-signed"],
    );
}

#[test]
fn other_ca() {
    check(
        Leaf::OtherCa,
        |one| matches!(one, Refusal::UnknownIssuer { .. }),
        &["issued by", "Other Root CA", "Secure Sockets Test Root"],
    );
}

#[test]
fn missing_intermediate() {
    check(
        Leaf::MissingIntermediate,
        |one| matches!(one, Refusal::UnknownIssuer { .. }),
        &["Secure Sockets Test Intermediate", "no intermediate"],
    );
}

#[test]
fn no_server_auth() {
    check(
        Leaf::NoServerAuth,
        |one| matches!(one, Refusal::Purpose { .. }),
        &["serverAuth"],
    );
}

/// The peer learns why: our alert gets through before the connection closes.
#[test]
fn the_server_is_told() {
    let auth = Auth::Server(Ec, Leaf::Expired);
    for version in [Tls12, Tls13] {
        let peer = server(OpenSsl, auth, version, &[]);
        refusal(client_for(auth).versions(version), peer.port);
        peer.wait_for("alert certificate expired");
    }
}

/// Why a handshake failed that got as far as the peer.
fn reason(error: Error) -> HandshakeReason {
    match error {
        Error::Handshake(error) => error.reason,
        other => panic!("not a handshake error: {other:?}"),
    }
}

#[test]
fn wrong_psk() {
    for (kind, version, alert) in [
        (OpenSsl, Tls12, Alert::BAD_RECORD_MAC),
        (OpenSsl, Tls13, Alert::ILLEGAL_PARAMETER),
        (GnuTls, Tls12, Alert::BAD_RECORD_MAC),
        (GnuTls, Tls13, Alert::ILLEGAL_PARAMETER),
    ] {
        let peer = server(kind, Auth::Psk, version, &[]);
        let key = Psk::from_hex(pki::WRONG_PSK).unwrap();
        let client = client::builder().psk(pki::psk_identity(), key);
        let error = refusal(client.timeouts(TIMEOUTS).versions(version), peer.port);
        assert!(
            error
                .to_string()
                .contains("does not accept our pre-shared key"),
            "{error}"
        );
        assert_eq!(
            reason(error),
            HandshakeReason::PskRefused(alert),
            "{kind:?} {version}"
        );
    }
}

/// OpenSSL's `s_server -psk` only warns of another identity in TLS 1.2, so it is
/// asked in TLS 1.3 alone.
#[test]
fn wrong_psk_identity() {
    for (kind, version) in [(OpenSsl, Tls13), (GnuTls, Tls12), (GnuTls, Tls13)] {
        let peer = server(kind, Auth::Psk, version, &[]);
        let identity = PskIdentity::new("nobody").unwrap();
        let client = client::builder().psk(identity, pki::psk());
        let error = refusal(client.timeouts(TIMEOUTS).versions(version), peer.port);
        let sentence = error.to_string();
        assert!(
            matches!(reason(error), HandshakeReason::PskRefused(_)),
            "{kind:?}: {sentence}"
        );
        assert!(sentence.contains("the identity it knows"), "{sentence}");
    }
}

#[test]
fn wrong_version() {
    let auth = Auth::Server(Ec, Leaf::Server);
    for kind in [OpenSsl, GnuTls] {
        for (theirs, ours) in [(Tls12, Tls13), (Tls13, Tls12)] {
            let peer = server(kind, auth, theirs, &[]);
            let error = refusal(client_for(auth).versions(ours), peer.port);
            let right = match kind {
                OpenSsl => Alert::PROTOCOL_VERSION,
                // It looks for a suite before it looks at versions.
                GnuTls => Alert::HANDSHAKE_FAILURE,
            };
            assert_eq!(
                reason(error),
                HandshakeReason::PeerAlert(right),
                "{kind:?} {theirs}"
            );
        }
    }
}

/// TLS 1.2 says so during the handshake. In TLS 1.3 ours is over before the server
/// has looked for a certificate: the alert comes in the place of its first data.
#[test]
fn the_server_demands_a_certificate() {
    let theirs = Auth::Mutual(Ec, Leaf::Server);
    let ours = Auth::Server(Ec, Leaf::Server);
    for kind in [OpenSsl, GnuTls] {
        let peer = server(kind, theirs, Tls12, &[]);
        let error = refusal(client_for(ours).versions(Tls12), peer.port);
        let right = match kind {
            OpenSsl => Alert::HANDSHAKE_FAILURE,
            GnuTls => Alert::DECODE_ERROR,
        };
        assert_eq!(reason(error), HandshakeReason::PeerAlert(right), "{kind:?}");

        let peer = server(kind, theirs, Tls13, &[]);
        let stream = connect(client_for(ours).versions(Tls13), peer.port).unwrap();
        let error = stream.receive(&mut [0; 16]).unwrap_err();
        let alert = Alert::CERTIFICATE_REQUIRED;
        assert_eq!(error, Error::Io(IoError::PeerAlert(alert)), "{kind:?}");
        assert!(
            error
                .to_string()
                .contains("it demands a client certificate")
        );
    }
}

#[test]
fn no_common_suite() {
    let auth = Auth::Server(Ec, Leaf::Server);
    for (version, option, suite) in [
        (
            Tls12,
            ["-cipher", "ECDHE-ECDSA-AES256-GCM-SHA384"],
            CipherSuite::TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256,
        ),
        (
            Tls13,
            ["-ciphersuites", "TLS_AES_256_GCM_SHA384"],
            CipherSuite::TLS_AES_128_GCM_SHA256,
        ),
    ] {
        let peer = server(OpenSsl, auth, version, &option);
        let client = client_for(auth).versions(version).cipher_suites(&[suite]);
        let error = refusal(client, peer.port);
        assert!(error.to_string().contains("cipher suite"), "{error}");
        let alert = Alert::HANDSHAKE_FAILURE;
        assert_eq!(reason(error), HandshakeReason::PeerAlert(alert));
    }
}

/// OpenSSL goes on without ALPN where nothing matches; GnuTLS can be told not to.
#[test]
fn no_common_alpn() {
    let auth = Auth::Server(Ec, Leaf::Server);
    let ours = [AlpnProtocol::new("mqtt").unwrap()];
    for version in [Tls12, Tls13] {
        let peer = server(GnuTls, auth, version, &["--alpn=x-test", "--alpn-fatal"]);
        let error = refusal(client_for(auth).versions(version).alpn(&ours), peer.port);
        assert!(
            error.to_string().contains("application protocol"),
            "{error}"
        );
        let alert = Alert::NO_APPLICATION_PROTOCOL;
        assert_eq!(
            reason(error),
            HandshakeReason::PeerAlert(alert),
            "{version}"
        );
    }
}
