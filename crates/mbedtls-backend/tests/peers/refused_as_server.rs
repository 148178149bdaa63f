// SPDX-License-Identifier: Apache-2.0

//! What a server refuses; with a client of ours, what that hears of it.

use secure_socket::TlsVersion::{self, Tls12, Tls13};
use secure_socket::builder::Builder;
use secure_socket::client::ClientReady;
use secure_socket::credential::{Psk, PskIdentity};
use secure_socket::diagnosis::{Alert, Peer, Refusal};
use secure_socket::error::{Error, HandshakeReason, IoError};
use secure_socket::{CipherSuite, client};
use test_pki::KeyKind::{Ec, Rsa};
use test_pki::Leaf;

use crate::ours::{Echo, TIMEOUTS, client_for, connect, localhost, server_for};
use crate::peer::Kind::{self, GnuTls, OpenSsl};
use crate::peer::{Auth, client as peer_client};
use crate::pki;

/// What each side of a failed handshake says: the server, then the client.
fn both(server: Auth, version: TlsVersion, client: Builder<ClientReady>) -> (Error, Error) {
    let ours = Echo::start(server_for(server).versions(version));
    // In TLS 1.3 the client is done first, and hears with its first read.
    let heard = match connect(client.versions(version), ours.port) {
        Err(error) => error,
        Ok(stream) => stream.receive(&mut [0; 16]).unwrap_err(),
    };
    (ours.handshake().expect_err("nothing was refused"), heard)
}

fn alert_in(error: &Error) -> Alert {
    match error {
        Error::Io(IoError::PeerAlert(alert)) => *alert,
        Error::Handshake(error) => match error.reason {
            HandshakeReason::PeerAlert(alert) | HandshakeReason::PskRefused(alert) => alert,
            ref other => panic!("no alert: {other:?}"),
        },
        other => panic!("no alert: {other:?}"),
    }
}

fn reason(error: Error) -> HandshakeReason {
    match error {
        Error::Handshake(error) => error.reason,
        other => panic!("not a handshake error: {other:?}"),
    }
}

/// A client of ours with `leaf`, against a server of ours in mode 3.
fn with_leaf(leaf: Leaf, version: TlsVersion) -> (Error, Error) {
    let client = client::builder()
        .trust(pki::ca(Ec))
        .identity(pki::identity(Ec, leaf))
        .server_name(localhost())
        .timeouts(TIMEOUTS);
    both(Auth::Mutual(Ec, Leaf::Client), version, client)
}

fn check(leaf: Leaf, is_right: impl Fn(&Refusal) -> bool, words: &[&str], alert: Alert) {
    for version in [Tls12, Tls13] {
        let (error, heard) = with_leaf(leaf, version);
        let sentence = error.to_string();
        let Error::Verify(error) = error else {
            panic!("not refused for the certificate: {error:?}");
        };
        assert_eq!(error.peer, Peer::Client);
        let refusals: Vec<_> = error.refused.iter().flat_map(|one| &one.refusals).collect();
        assert!(
            matches!(refusals.as_slice(), [one] if is_right(one)),
            "{refusals:?}"
        );
        for word in words {
            assert!(sentence.contains(word), "no {word:?} in {sentence:?}");
        }
        assert_eq!(alert_in(&heard), alert, "{version}");
    }
}

#[test]
fn client_of_another_ca() {
    check(
        Leaf::ClientOtherCa,
        |one| matches!(one, Refusal::UnknownIssuer { .. }),
        &["client's certificate", "Other Root CA"],
        Alert::UNKNOWN_CA,
    );
}

#[test]
fn client_expired() {
    check(
        Leaf::ClientExpired,
        |one| matches!(one, Refusal::Expired { .. }),
        &["expired 2025-06-01", "clock says"],
        Alert::CERTIFICATE_EXPIRED,
    );
}

#[test]
fn client_certificate_for_servers() {
    check(
        Leaf::NoClientAuth,
        |one| matches!(one, Refusal::Purpose { .. }),
        &["clientAuth"],
        Alert::UNSUPPORTED_CERTIFICATE,
    );
}

#[test]
fn no_client_certificate() {
    for version in [Tls12, Tls13] {
        let (error, heard) = both(
            Auth::Mutual(Ec, Leaf::Client),
            version,
            client_for(Auth::Server(Ec, Leaf::Server)),
        );
        assert!(error.to_string().contains("sent no certificate"), "{error}");
        assert_eq!(
            reason(error),
            HandshakeReason::NoClientCertificate,
            "{version}"
        );
        let right = match version {
            Tls12 => Alert::HANDSHAKE_FAILURE,
            // Mbed TLS's; RFC 8446 has certificate_required.
            Tls13 => Alert::NO_CERTIFICATE,
        };
        assert_eq!(alert_in(&heard), right);
    }
}

#[test]
fn foreign_clients_without_a_certificate() {
    for (kind, version) in [
        (OpenSsl, Tls12),
        (OpenSsl, Tls13),
        (GnuTls, Tls12),
        (GnuTls, Tls13),
    ] {
        let ours = Echo::start(server_for(Auth::Mutual(Rsa, Leaf::Client)).versions(version));
        let auth = Auth::Server(Rsa, Leaf::Client);
        let _peer = peer_client(kind, auth, version, ours.port, &[]);
        let error = ours.handshake().unwrap_err();
        assert_eq!(reason(error), HandshakeReason::NoClientCertificate);
    }
}

/// Mbed TLS 3.6.5 alone sends these alerts, in TLS 1.3, under keys that no client uses
/// any more: OpenSSL showed a bad record instead (`mend` in mbedtls-engine).
#[test]
fn foreign_clients_are_told() {
    for version in [Tls12, Tls13] {
        for (kind, words) in [
            (OpenSsl, "alert certificate expired"),
            (GnuTls, "Certificate is expired"),
        ] {
            let ours = Echo::start(server_for(Auth::Mutual(Ec, Leaf::Client)).versions(version));
            let auth = Auth::Mutual(Ec, Leaf::ClientExpired);
            let peer = peer_client(kind, auth, version, ours.port, &[]);
            assert!(matches!(ours.handshake(), Err(Error::Verify(_))));
            peer.wait_for(words);
        }
    }
}

#[test]
fn wrong_psk() {
    for version in [Tls12, Tls13] {
        let key = Psk::from_hex(pki::WRONG_PSK).unwrap();
        let client = client::builder().psk(pki::psk_identity(), key);
        let (error, heard) = both(Auth::Psk, version, client.timeouts(TIMEOUTS));
        assert_eq!(reason(error), HandshakeReason::PskMismatch, "{version}");
        assert!(matches!(reason(heard), HandshakeReason::PskRefused(_)));
    }
}

#[test]
fn unknown_psk_identity() {
    for version in [Tls12, Tls13] {
        let identity = PskIdentity::new("nobody").unwrap();
        let client = client::builder().psk(identity, pki::psk());
        let (error, heard) = both(Auth::Psk, version, client.timeouts(TIMEOUTS));
        assert_eq!(
            reason(error),
            HandshakeReason::UnknownPskIdentity,
            "{version}"
        );
        assert!(matches!(reason(heard), HandshakeReason::PskRefused(_)));
    }
}

#[test]
fn foreign_clients_with_a_wrong_psk() {
    let cases: [(Kind, &[&str]); 2] = [
        (OpenSsl, &["-psk", pki::WRONG_PSK]),
        (GnuTls, &["--pskkey", pki::WRONG_PSK]),
    ];
    for (kind, option) in cases {
        for version in [Tls12, Tls13] {
            let ours = Echo::start(server_for(Auth::Psk).versions(version));
            let _peer = peer_client(kind, Auth::Psk, version, ours.port, option);
            let error = ours.handshake().unwrap_err();
            assert_eq!(
                reason(error),
                HandshakeReason::PskMismatch,
                "{kind:?} {version}"
            );
        }
    }
}

#[test]
fn no_common_version() {
    for (theirs, version) in [(Tls12, Tls13), (Tls13, Tls12)] {
        let auth = Auth::Server(Ec, Leaf::Client);
        let ours = Echo::start(server_for(auth).versions(version));
        let _peer = peer_client(OpenSsl, auth, theirs, ours.port, &[]);
        let error = ours.handshake().unwrap_err();
        let right = match version {
            // A ClientHello of TLS 1.3 looks like one of TLS 1.2 without a known suite.
            Tls12 => HandshakeReason::NothingInCommon,
            Tls13 => HandshakeReason::Version(version.into()),
        };
        assert_eq!(reason(error), right);
    }
}

#[test]
fn no_common_suite() {
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
        let auth = Auth::Server(Ec, Leaf::Client);
        let server = server_for(auth).versions(version).cipher_suites(&[suite]);
        let ours = Echo::start(server);
        let _peer = peer_client(OpenSsl, auth, version, ours.port, &option);
        let error = ours.handshake().unwrap_err();
        assert_eq!(reason(error), HandshakeReason::NothingInCommon, "{version}");
    }
}
