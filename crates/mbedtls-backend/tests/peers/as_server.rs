// SPDX-License-Identifier: Apache-2.0

//! Every mode, version and kind of key, as a server. The clients verify us.

use secure_socket::TlsVersion::{self, Tls12, Tls13};
use secure_socket::diagnosis::Alert;
use secure_socket::error::{Error, HandshakeReason};
use secure_socket::{AuthenticatedAs, Mode};
use test_pki::KeyKind::{Ec, Rsa};
use test_pki::Leaf;

use crate::ours::{Echo, dangerous_server, server_for};
use crate::peer::Kind::{self, GnuTls, OpenSsl};
use crate::peer::{Auth, Peer, client};

fn talk(kind: Kind, auth: Auth, version: TlsVersion) {
    let ours = Echo::start(server_for(auth).versions(version));
    let mut peer = client(kind, auth, version, ours.port, &[]);
    let session = ours.handshake().unwrap();
    assert_eq!(session.version, version);
    match (auth, &session.peer) {
        (Auth::Psk, AuthenticatedAs::Psk(Some(identity))) => assert_eq!(identity, "device-1"),
        (Auth::Server(..), AuthenticatedAs::Nobody) => {}
        (Auth::Mutual(..), AuthenticatedAs::Certificate(peer)) => {
            assert!(peer.subject.contains("client-1"), "{}", peer.subject);
        }
        (_, other) => panic!("authenticated by {other:?}"),
    }
    if (kind, auth, version) == (GnuTls, Auth::Psk, Tls12) {
        // gnutls-cli 3.7.9 crashes when it shows a PSK session of TLS 1.2 without a
        // hint, with gnutls-serv too: there is only the handshake to go by.
        return;
    }
    expect_echo(&mut peer, "hello");
    match (kind, auth) {
        (GnuTls, Auth::Server(..) | Auth::Mutual(..)) => {
            peer.wait_for("Status: The certificate is trusted");
        }
        (OpenSsl, Auth::Server(..) | Auth::Mutual(..)) => peer.wait_for("verify return:1"),
        _ => {}
    }
}

fn expect_echo(peer: &mut Peer, word: &str) {
    peer.type_line(word);
    peer.wait_for(word);
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
    openssl_server_auth_tls12_ec: OpenSsl, Auth::Server(Ec, Leaf::Client), Tls12;
    openssl_server_auth_tls12_rsa: OpenSsl, Auth::Server(Rsa, Leaf::Client), Tls12;
    openssl_server_auth_tls13_ec: OpenSsl, Auth::Server(Ec, Leaf::Client), Tls13;
    openssl_server_auth_tls13_rsa: OpenSsl, Auth::Server(Rsa, Leaf::Client), Tls13;
    openssl_mutual_tls12_ec: OpenSsl, Auth::Mutual(Ec, Leaf::Client), Tls12;
    openssl_mutual_tls12_rsa: OpenSsl, Auth::Mutual(Rsa, Leaf::Client), Tls12;
    openssl_mutual_tls13_ec: OpenSsl, Auth::Mutual(Ec, Leaf::Client), Tls13;
    openssl_mutual_tls13_rsa: OpenSsl, Auth::Mutual(Rsa, Leaf::Client), Tls13;
    gnutls_psk_tls12: GnuTls, Auth::Psk, Tls12;
    gnutls_psk_tls13: GnuTls, Auth::Psk, Tls13;
    gnutls_server_auth_tls12_ec: GnuTls, Auth::Server(Ec, Leaf::Client), Tls12;
    gnutls_server_auth_tls12_rsa: GnuTls, Auth::Server(Rsa, Leaf::Client), Tls12;
    gnutls_server_auth_tls13_ec: GnuTls, Auth::Server(Ec, Leaf::Client), Tls13;
    gnutls_server_auth_tls13_rsa: GnuTls, Auth::Server(Rsa, Leaf::Client), Tls13;
    gnutls_mutual_tls12_ec: GnuTls, Auth::Mutual(Ec, Leaf::Client), Tls12;
    gnutls_mutual_tls12_rsa: GnuTls, Auth::Mutual(Rsa, Leaf::Client), Tls12;
    gnutls_mutual_tls13_ec: GnuTls, Auth::Mutual(Ec, Leaf::Client), Tls13;
    gnutls_mutual_tls13_rsa: GnuTls, Auth::Mutual(Rsa, Leaf::Client), Tls13;
}

#[test]
fn unauthenticated() {
    for version in [Tls12, Tls13] {
        let ours = Echo::start(dangerous_server().versions(version));
        let address = format!("127.0.0.1:{}", ours.port);
        let args = ["s_client", "-connect", &address, "-quiet"];
        let mut peer = Peer::spawn("openssl", &args, ours.port);
        let session = ours.handshake().unwrap();
        assert_eq!(session.mode, Mode::Unauthenticated);
        assert_eq!(session.peer, AuthenticatedAs::Nobody);
        expect_echo(&mut peer, "hello");
    }
}

/// Proof that the clients of the matrix do verify: with the other root they refuse.
#[test]
fn clients_that_do_not_trust_us_say_so() {
    for version in [Tls12, Tls13] {
        let auth = Auth::Server(Ec, Leaf::Client);
        let ours = Echo::start(server_for(auth).versions(version));
        let other = crate::pki::file(Ec, "other-ca-root.pem");
        let peer = client(OpenSsl, auth, version, ours.port, &["-CAfile", &other]);
        let Err(Error::Handshake(error)) = ours.handshake() else {
            panic!("the client let us in");
        };
        assert_eq!(error.reason, HandshakeReason::PeerAlert(Alert::UNKNOWN_CA));
        drop(peer);
    }
}
