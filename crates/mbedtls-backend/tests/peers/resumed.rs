// SPDX-License-Identifier: Apache-2.0

//! Sessions that are resumed, with OpenSSL, GnuTLS and ourselves at the other end.

use std::fs;

use mbedtls_backend::{MbedTls, TcpConnection};
use secure_socket::TlsVersion::{self, Tls12, Tls13};
use secure_socket::{AuthenticatedAs, Client, Session, Stream};
use test_pki::KeyKind::{self, Ec, Rsa};
use test_pki::Leaf;

use crate::ours::{
    Echoes, build, client_for, read_line, resuming_client_for, resuming_server_for, server_for,
};
use crate::peer::Kind::{self, GnuTls, OpenSsl};
use crate::peer::{self, Auth, reply};
use crate::pki;

/// Connects, talks a little, and closes in order.
pub(crate) fn visit(client: &Client<'_, MbedTls>, kind: Kind, port: u16) -> Session {
    let stream = client.connect("127.0.0.1", port).unwrap();
    talk(&stream, kind);
    let session = stream.session().clone();
    stream.close().unwrap();
    session
}

pub(crate) fn talk(stream: &Stream<TcpConnection>, kind: Kind) {
    stream.send_all(b"come back\n").unwrap();
    assert_eq!(read_line(stream), reply(kind, "come back"));
}

fn bytes(session: &Session) -> u32 {
    session.sent.unwrap() + session.received.unwrap()
}

/// That `resumed` is what `full` was, for less.
fn assert_cheaper(full: &Session, resumed: &Session) {
    assert!(!full.resumed && resumed.resumed);
    assert_eq!(full.peer, resumed.peer);
    assert_eq!(full.version, resumed.version);
    assert_eq!(full.suite, resumed.suite);
    // Tickets of OpenSSL's have the client's certificate in them.
    assert!(
        bytes(resumed) < bytes(full),
        "{} against {}",
        bytes(resumed),
        bytes(full)
    );
}

/// One client, three connections to a server of `kind`.
fn as_client(kind: Kind, auth: Auth, version: TlsVersion, more: &[&str]) {
    let peer = peer::server(kind, auth, version, more);
    let client = build(resuming_client_for(auth).versions(version));
    let full = visit(&client, kind, peer.port);
    match &full.peer {
        AuthenticatedAs::Certificate(peer) => assert!(peer.subject.contains("Test server")),
        other => panic!("{other:?}"),
    }
    for _ in 0..2 {
        let resumed = visit(&client, kind, peer.port);
        assert_cheaper(&full, &resumed);
    }
}

macro_rules! as_client {
    ($($name:ident: $kind:expr, $auth:expr, $version:expr, $more:expr;)*) => {
        $(#[test]
        fn $name() {
            as_client($kind, $auth, $version, $more);
        })*
    };
}

as_client! {
    openssl_tls12: OpenSsl, Auth::Server(Ec, Leaf::Server), Tls12, &[];
    openssl_tls12_by_session_id: OpenSsl, Auth::Server(Ec, Leaf::Server), Tls12, &["-no_ticket"];
    openssl_tls12_mutual: OpenSsl, Auth::Mutual(Rsa, Leaf::Server), Tls12, &[];
    openssl_tls13: OpenSsl, Auth::Server(Rsa, Leaf::Server), Tls13, &[];
    openssl_tls13_mutual: OpenSsl, Auth::Mutual(Ec, Leaf::Server), Tls13, &[];
    openssl_tls13_stateful: OpenSsl, Auth::Server(Ec, Leaf::Server), Tls13, &["-no_ticket"];
    gnutls_tls12: GnuTls, Auth::Server(Rsa, Leaf::Server), Tls12, &[];
    gnutls_tls12_by_session_id: GnuTls, Auth::Server(Ec, Leaf::Server), Tls12, &["--noticket"];
    gnutls_tls12_mutual: GnuTls, Auth::Mutual(Ec, Leaf::Server), Tls12, &[];
    gnutls_tls13: GnuTls, Auth::Server(Ec, Leaf::Server), Tls13, &[];
    gnutls_tls13_mutual: GnuTls, Auth::Mutual(Rsa, Leaf::Server), Tls13, &[];
}

/// Where OpenSSL keeps its session from one run to the next.
pub(crate) fn session_file(name: &str) -> String {
    pki::file(KeyKind::Ec, &format!("{name}.session"))
}

/// One run of OpenSSL's client, which leaves its session in `file`.
pub(crate) fn openssl_visit(auth: Auth, version: TlsVersion, port: u16, more: &[&str]) -> bool {
    let mut peer = peer::client(OpenSsl, auth, version, port, more);
    peer.type_line("come back");
    // What it gets before that is its ticket.
    peer.says("come back")
}

fn by_openssl(auth: Auth, version: TlsVersion, name: &str) {
    let ours = Echoes::start(resuming_server_for(auth).versions(version));
    let file = session_file(name);
    assert!(openssl_visit(
        auth,
        version,
        ours.port,
        &["-sess_out", &file]
    ));
    let full = ours.handshake().unwrap();
    assert!(!fs::read(&file).unwrap().is_empty());
    for _ in 0..2 {
        let more = ["-sess_in", &file, "-sess_out", &file];
        assert!(openssl_visit(auth, version, ours.port, &more));
        assert_cheaper(&full, &ours.handshake().unwrap());
    }
}

fn by_gnutls(auth: Auth, version: TlsVersion) {
    let ours = Echoes::start(resuming_server_for(auth).versions(version));
    let more: &[&str] = match version {
        Tls12 => &["--resume"],
        Tls13 => &["--resume", "--waitresumption"],
    };
    let mut peer = peer::client(GnuTls, auth, version, ours.port, more);
    let full = ours.handshake().unwrap();
    assert_cheaper(&full, &ours.handshake().unwrap());
    peer.wait_for("This is a resumed session");
    peer.type_line("come back");
    peer.wait_for("come back");
}

#[test]
fn openssl_is_resumed_tls12() {
    by_openssl(Auth::Server(Ec, Leaf::Client), Tls12, "s12");
    by_openssl(Auth::Mutual(Ec, Leaf::Client), Tls12, "m12");
}

#[test]
fn openssl_is_resumed_tls13() {
    by_openssl(Auth::Server(Ec, Leaf::Client), Tls13, "s13");
    by_openssl(Auth::Mutual(Rsa, Leaf::Client), Tls13, "m13");
}

#[test]
fn gnutls_is_resumed_tls12() {
    by_gnutls(Auth::Server(Ec, Leaf::Client), Tls12);
    by_gnutls(Auth::Mutual(Ec, Leaf::Client), Tls12);
}

#[test]
fn gnutls_is_resumed_tls13() {
    by_gnutls(Auth::Server(Rsa, Leaf::Client), Tls13);
    by_gnutls(Auth::Mutual(Ec, Leaf::Client), Tls13);
}

#[test]
fn ours_with_ours() {
    for version in [Tls12, Tls13] {
        for auth in [
            Auth::Server(Ec, Leaf::Server),
            Auth::Mutual(Ec, Leaf::Server),
        ] {
            let ours = Echoes::start(resuming_server_for(auth).versions(version));
            let client = build(resuming_client_for(auth));
            let full = visit(&client, GnuTls, ours.port);
            let seen_in_full = ours.handshake().unwrap();
            for _ in 0..3 {
                assert_cheaper(&full, &visit(&client, GnuTls, ours.port));
                assert_cheaper(&seen_in_full, &ours.handshake().unwrap());
            }
        }
    }
}

/// Off is the default, and one side that asks for it is not enough.
#[test]
fn nothing_is_resumed_unless_both_sides_asked_for_it() {
    let auth = Auth::Mutual(Ec, Leaf::Server);
    for version in [Tls12, Tls13] {
        for (server, client) in [
            (server_for(auth), resuming_client_for(auth)),
            (resuming_server_for(auth), client_for(auth)),
            (server_for(auth), client_for(auth)),
        ] {
            let ours = Echoes::start(server.versions(version));
            let client = build(client);
            for _ in 0..2 {
                assert!(!visit(&client, GnuTls, ours.port).resumed);
                assert!(!ours.handshake().unwrap().resumed);
            }
        }
        // A server that offers tickets to whoever wants one.
        let peer = peer::server(OpenSsl, auth, version, &[]);
        let client = build(client_for(auth).versions(version));
        for _ in 0..2 {
            assert!(!visit(&client, OpenSsl, peer.port).resumed);
        }
    }
}

/// OpenSSL begins with a group that is not to the server's taste, and is asked once more
/// (HelloRetryRequest); so it offers its ticket twice.
#[test]
fn a_ticket_is_good_for_both_hellos_of_one_handshake() {
    let auth = Auth::Mutual(Ec, Leaf::Client);
    let ours = Echoes::start(resuming_server_for(auth).versions(Tls13));
    let file = session_file("retry");
    let groups = ["-groups", "P-521:P-256"];
    let mut more = groups.to_vec();
    more.extend(["-sess_out", &file]);
    assert!(openssl_visit(auth, Tls13, ours.port, &more));
    let full = ours.handshake().unwrap();
    more.extend(["-sess_in", &file]);
    assert!(openssl_visit(auth, Tls13, ours.port, &more));
    assert_cheaper(&full, &ours.handshake().unwrap());
}
