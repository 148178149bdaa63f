// SPDX-License-Identifier: Apache-2.0

//! The messages of a handshake, in order, and every byte of it accounted for.

use std::sync::{Arc, Mutex};

use secure_socket::TlsVersion::{self, Tls12, Tls13};
use secure_socket::backend::{Direction, HandshakeMessage};
use test_pki::KeyKind::{Ec, Rsa};
use test_pki::Leaf;

use crate::ours::{Echo, build, client_for, refusal, server_for};
use crate::peer::Kind::{self, GnuTls, OpenSsl};
use crate::peer::{Auth, server};

/// `>` sent, `<` received.
fn names(messages: &[HandshakeMessage]) -> Vec<String> {
    let arrow = |message: &HandshakeMessage| match message.direction {
        Direction::Sent => '>',
        Direction::Received => '<',
    };
    messages
        .iter()
        .map(|message| format!("{}{}", arrow(message), message.name))
        .collect()
}

fn sum(messages: &[HandshakeMessage], direction: Direction) -> u32 {
    let of_this = |message: &&HandshakeMessage| message.direction == direction;
    messages
        .iter()
        .filter(of_this)
        .map(|message| message.bytes)
        .sum()
}

fn trace(port: u16, auth: Auth, version: TlsVersion) -> Vec<HandshakeMessage> {
    let mut messages = Vec::new();
    let client = build(client_for(auth).versions(version));
    let stream = client
        .connect_traced("127.0.0.1", port, &mut |message| {
            messages.push(message.clone());
        })
        .unwrap();
    let session = stream.session();
    assert_eq!(
        session.sent,
        Some(sum(&messages, Direction::Sent)),
        "{messages:#?}"
    );
    assert_eq!(
        session.received,
        Some(sum(&messages, Direction::Received)),
        "{messages:#?}"
    );
    assert!(messages.is_sorted_by_key(|message| message.at));
    messages
}

const PSK_12: &[&str] = &[
    ">ClientHello",
    "<ServerHello",
    "<ServerKeyExchange",
    "<ServerHelloDone",
    ">ClientKeyExchange",
    ">ChangeCipherSpec",
    ">Finished",
    "<ChangeCipherSpec",
    "<Finished",
];
const SERVER_AUTH_12: &[&str] = &[
    ">ClientHello",
    "<ServerHello",
    "<Certificate",
    "<ServerKeyExchange",
    "<ServerHelloDone",
    ">ClientKeyExchange",
    ">ChangeCipherSpec",
    ">Finished",
    "<ChangeCipherSpec",
    "<Finished",
];
const MUTUAL_12: &[&str] = &[
    ">ClientHello",
    "<ServerHello",
    "<Certificate",
    "<ServerKeyExchange",
    "<CertificateRequest",
    "<ServerHelloDone",
    ">Certificate",
    ">ClientKeyExchange",
    ">CertificateVerify",
    ">ChangeCipherSpec",
    ">Finished",
    "<ChangeCipherSpec",
    "<Finished",
];
const PSK_13: &[&str] = &[
    ">ClientHello",
    "<ServerHello",
    "<EncryptedExtensions",
    "<Finished",
    ">Finished",
];
const SERVER_AUTH_13: &[&str] = &[
    ">ClientHello",
    "<ServerHello",
    "<EncryptedExtensions",
    "<Certificate",
    "<CertificateVerify",
    "<Finished",
    ">Finished",
];
const MUTUAL_13: &[&str] = &[
    ">ClientHello",
    "<ServerHello",
    "<EncryptedExtensions",
    "<CertificateRequest",
    "<Certificate",
    "<CertificateVerify",
    "<Finished",
    ">Certificate",
    ">CertificateVerify",
    ">Finished",
];

const CASES: [(Auth, TlsVersion, &[&str]); 6] = [
    (Auth::Psk, Tls12, PSK_12),
    (Auth::Psk, Tls13, PSK_13),
    (Auth::Server(Rsa, Leaf::Server), Tls12, SERVER_AUTH_12),
    (Auth::Server(Ec, Leaf::Server), Tls13, SERVER_AUTH_13),
    (Auth::Mutual(Ec, Leaf::Server), Tls12, MUTUAL_12),
    (Auth::Mutual(Rsa, Leaf::Server), Tls13, MUTUAL_13),
];

/// In TLS 1.3 these mean nothing (RFC 8446, appendix D.4) and each peer sends them
/// where it likes; they are counted all the same.
fn expected(names: Vec<String>, version: TlsVersion) -> Vec<String> {
    let means_nothing = |name: &str| version == Tls13 && name.ends_with("ChangeCipherSpec");
    names
        .into_iter()
        .filter(|name| !means_nothing(name))
        .collect()
}

fn check(kind: Kind) {
    for (auth, version, ladder) in CASES {
        let peer = server(kind, auth, version, &[]);
        let names = names(&trace(peer.port, auth, version));
        if version == Tls13 {
            assert!(names.contains(&"<ChangeCipherSpec".to_owned()), "{names:?}");
        }
        // GnuTLS may put a ticket into TLS 1.2, but only for who asks for one.
        assert_eq!(expected(names, version), ladder, "{kind:?} {auth:?}");
    }
}

#[test]
fn against_openssl() {
    check(OpenSsl);
}

#[test]
fn against_gnutls() {
    check(GnuTls);
}

/// Both ends ours: what one sent is what the other received, to the byte.
#[test]
fn both_ends_agree() {
    for (auth, version, ladder) in CASES {
        let theirs = Arc::new(Mutex::new(Vec::new()));
        let seen = Arc::clone(&theirs);
        let ours = Echo::start_traced(server_for(auth).versions(version), move |message| {
            seen.lock().unwrap().push(message.clone());
        });
        let messages = trace(ours.port, auth, version);
        let session = ours.handshake().unwrap();
        let mirrored = theirs.lock().unwrap().clone();
        assert_eq!(
            session.sent,
            Some(sum(&mirrored, Direction::Sent)),
            "{mirrored:#?}"
        );
        assert_eq!(session.received, Some(sum(&mirrored, Direction::Received)));
        assert_eq!(session.sent, Some(sum(&messages, Direction::Received)));
        assert_eq!(session.received, Some(sum(&messages, Direction::Sent)));
        assert_eq!(expected(names(&messages), version), ladder);
        let swapped: Vec<String> = expected(names(&mirrored), version)
            .iter()
            .map(|name| match name.strip_prefix('<') {
                Some(name) => format!(">{name}"),
                None => name.replacen('>', "<", 1),
            })
            .collect();
        assert_eq!(swapped, ladder, "{auth:?} {version}");
    }
}

/// The ladder shows how far it went, and the alert that ended it.
#[test]
fn a_failed_handshake_ends_with_the_alert() {
    for version in [Tls12, Tls13] {
        let auth = Auth::Server(Ec, Leaf::Expired);
        let peer = server(OpenSsl, auth, version, &[]);
        let mut messages = Vec::new();
        let client = build(client_for(auth).versions(version));
        let trace = &mut |message: &HandshakeMessage| messages.push(message.clone());
        assert!(
            client
                .connect_traced("127.0.0.1", peer.port, trace)
                .is_err()
        );
        let names = names(&messages);
        assert_eq!(
            names[names.len() - 2..],
            ["<Certificate", ">Alert"],
            "{names:?}"
        );
    }
    let peer = server(OpenSsl, Auth::Server(Ec, Leaf::Server), Tls12, &[]);
    refusal(client_for(Auth::Psk).versions(Tls12), peer.port);
}
