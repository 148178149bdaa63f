// SPDX-License-Identifier: Apache-2.0

//! Every mode, version and kind of key, as a client.

use secure_socket::TlsVersion::{self, Tls12, Tls13};
use secure_socket::config::AlpnProtocol;
use secure_socket::{AuthenticatedAs, Mode};
use test_pki::KeyKind::{Ec, Rsa};
use test_pki::Leaf;

use crate::ours::{client_for, connect, dangerous_client, read_line};
use crate::peer::Kind::{self, GnuTls, OpenSsl};
use crate::peer::{Auth, reply, server};

fn talk(kind: Kind, auth: Auth, version: TlsVersion) {
    let peer = server(kind, auth, version, &[]);
    let stream = connect(client_for(auth).versions(version), peer.port).unwrap();
    let session = stream.session();
    assert_eq!(session.version, version);
    match (auth, &session.peer) {
        (Auth::Psk, AuthenticatedAs::Psk(Some(identity))) => assert_eq!(identity, "device-1"),
        (Auth::Server(..) | Auth::Mutual(..), AuthenticatedAs::Certificate(peer)) => {
            assert!(peer.subject.contains("Test server"), "{}", peer.subject);
        }
        (_, other) => panic!("authenticated by {other:?}"),
    }
    assert!(session.heap_peak.unwrap() > 1000);
    for line in ["hello", "and once more"] {
        stream.send_all(format!("{line}\n").as_bytes()).unwrap();
        assert_eq!(read_line(&stream), reply(kind, line));
    }
    stream.close().unwrap();
}

macro_rules! matrix {
    ($($name:ident: $kind:expr, $auth:expr, $version:expr;)*) => {
        $(#[test]
        fn $name() {
            talk($kind, $auth, $version);
        })*
    };
}

matrix! {
    openssl_psk_tls12: OpenSsl, Auth::Psk, Tls12;
    openssl_psk_tls13: OpenSsl, Auth::Psk, Tls13;
    openssl_server_auth_tls12_ec: OpenSsl, Auth::Server(Ec, Leaf::Server), Tls12;
    openssl_server_auth_tls12_rsa: OpenSsl, Auth::Server(Rsa, Leaf::Server), Tls12;
    openssl_server_auth_tls13_ec: OpenSsl, Auth::Server(Ec, Leaf::Server), Tls13;
    openssl_server_auth_tls13_rsa: OpenSsl, Auth::Server(Rsa, Leaf::Server), Tls13;
    openssl_mutual_tls12_ec: OpenSsl, Auth::Mutual(Ec, Leaf::Server), Tls12;
    openssl_mutual_tls12_rsa: OpenSsl, Auth::Mutual(Rsa, Leaf::Server), Tls12;
    openssl_mutual_tls13_ec: OpenSsl, Auth::Mutual(Ec, Leaf::Server), Tls13;
    openssl_mutual_tls13_rsa: OpenSsl, Auth::Mutual(Rsa, Leaf::Server), Tls13;
    gnutls_psk_tls12: GnuTls, Auth::Psk, Tls12;
    gnutls_psk_tls13: GnuTls, Auth::Psk, Tls13;
    gnutls_server_auth_tls12_ec: GnuTls, Auth::Server(Ec, Leaf::Server), Tls12;
    gnutls_server_auth_tls12_rsa: GnuTls, Auth::Server(Rsa, Leaf::Server), Tls12;
    gnutls_server_auth_tls13_ec: GnuTls, Auth::Server(Ec, Leaf::Server), Tls13;
    gnutls_server_auth_tls13_rsa: GnuTls, Auth::Server(Rsa, Leaf::Server), Tls13;
    gnutls_mutual_tls12_ec: GnuTls, Auth::Mutual(Ec, Leaf::Server), Tls12;
    gnutls_mutual_tls12_rsa: GnuTls, Auth::Mutual(Rsa, Leaf::Server), Tls12;
    gnutls_mutual_tls13_ec: GnuTls, Auth::Mutual(Ec, Leaf::Server), Tls13;
    gnutls_mutual_tls13_rsa: GnuTls, Auth::Mutual(Rsa, Leaf::Server), Tls13;
}

/// The certificate is one that every other mode refuses.
#[test]
fn unauthenticated() {
    for version in [Tls12, Tls13] {
        let peer = server(OpenSsl, Auth::Server(Ec, Leaf::SelfSigned), version, &[]);
        let stream = connect(dangerous_client().versions(version), peer.port).unwrap();
        assert_eq!(stream.session().mode, Mode::Unauthenticated);
        assert_eq!(stream.session().peer, AuthenticatedAs::Nobody);
        stream.send_all(b"abc\n").unwrap();
        assert_eq!(read_line(&stream), "cba");
    }
}

/// Both versions offered: the higher one is taken where the peer has it.
#[test]
fn both_versions() {
    for version in [Tls12, Tls13] {
        let auth = Auth::Server(Ec, Leaf::Server);
        let peer = server(OpenSsl, auth, version, &[]);
        let stream = connect(client_for(auth), peer.port).unwrap();
        assert_eq!(stream.session().version, version);
    }
}

#[test]
fn alpn() {
    let auth = Auth::Server(Ec, Leaf::Server);
    let ours = ["mqtt", "x-test"].map(|name| AlpnProtocol::new(name).unwrap());
    for version in [Tls12, Tls13] {
        let peer = server(OpenSsl, auth, version, &["-alpn", "x-test"]);
        let client = client_for(auth).versions(version).alpn(&ours);
        let stream = connect(client, peer.port).unwrap();
        assert_eq!(stream.session().alpn.as_ref(), Some(&ours[1]));

        // A server that knows nothing of ALPN.
        let peer = server(OpenSsl, auth, version, &[]);
        let client = client_for(auth).versions(version).alpn(&ours);
        let stream = connect(client, peer.port).unwrap();
        assert_eq!(stream.session().alpn, None);
    }
}
