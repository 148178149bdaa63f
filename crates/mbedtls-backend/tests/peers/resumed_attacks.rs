// SPDX-License-Identifier: Apache-2.0

//! Sessions that must not be resumed, offered all the same.
//!
//! `tests/caches` shows what plain Mbed TLS, and so Zephyr's session caches, let through:
//! a session made under other trust settings, on either side. Here the same is tried on
//! this library, and what else a session could be made to carry.

use std::fs;
use std::io::{Read as _, Write as _};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::thread;

use secure_socket::TlsVersion::{Tls12, Tls13};
use secure_socket::credential::CaCertificate;
use secure_socket::diagnosis::Refusal;
use secure_socket::error::{Error, HandshakeReason};
use secure_socket::resumption::{ClientSessions, ServerSessions};
use secure_socket::{AuthenticatedAs, client, server};
use test_pki::KeyKind::Ec;
use test_pki::Leaf;

use crate::openssl_ca::openssl;
use crate::ours::{Echoes, TIMEOUTS, build, localhost, resuming_client_for, resuming_server_for};
use crate::peer::Kind::{GnuTls, OpenSsl};
use crate::peer::{self, Auth};
use crate::pki;
use crate::resumed::{openssl_visit, session_file, visit};

const ANYBODY: Auth = Auth::Server(Ec, Leaf::Client);
const MEMBER: Auth = Auth::Mutual(Ec, Leaf::Client);

fn other_ca() -> Vec<CaCertificate> {
    let pem = fs::read_to_string(pki::file(Ec, "other-ca-root.pem")).unwrap();
    CaCertificate::from_pem(&pem).unwrap()
}

fn reason(error: Error) -> HandshakeReason {
    match error {
        Error::Handshake(error) => error.reason,
        other => panic!("not a handshake error: {other:?}"),
    }
}

fn is_untrusted(error: &Error) -> bool {
    match error {
        Error::Verify(error) => error
            .refused
            .iter()
            .flat_map(|one| &one.refusals)
            .any(|why| matches!(why, Refusal::UnknownIssuer { .. })),
        _ => false,
    }
}

/// A program with two clients for one server, one of which trusts another CA. That one makes
/// a full handshake, whatever sessions the first one has, and refuses.
#[test]
fn a_client_never_resumes_what_a_client_with_other_trust_made() {
    for version in [Tls12, Tls13] {
        for kind in [OpenSsl, GnuTls] {
            let peer = peer::server(kind, Auth::Server(Ec, Leaf::Server), version, &[]);
            let right = build(resuming_client_for(ANYBODY).versions(version));
            let wrong = client::builder()
                .timeouts(TIMEOUTS)
                .versions(version)
                .trust(other_ca())
                .without_identity()
                .resumption(ClientSessions::new())
                .server_name(localhost());
            let wrong = build(wrong);
            assert!(!visit(&right, kind, peer.port).resumed);
            for _ in 0..2 {
                let error = wrong.connect("127.0.0.1", peer.port).err().unwrap();
                assert!(is_untrusted(&error), "{error:?}");
            }
            // The session is there all along.
            assert!(visit(&right, kind, peer.port).resumed);
        }
    }
}

/// A device with a listener for anybody and one for members. A client makes a session at the
/// first, without a certificate, and offers it to the second.
#[test]
fn a_session_made_without_a_certificate_does_not_open_the_listener_that_demands_one() {
    for version in [Tls12, Tls13] {
        let anybody = Echoes::start(resuming_server_for(ANYBODY).versions(version));
        let members = Echoes::start(resuming_server_for(MEMBER).versions(version));
        let file = session_file(&format!("anybody-{version}"));
        let keeps = ["-sess_out", &*file];
        let offers = ["-sess_in", &*file];
        assert!(openssl_visit(ANYBODY, version, anybody.port, &keeps));
        assert!(!anybody.handshake().unwrap().resumed);

        let _visitor = peer::client(OpenSsl, ANYBODY, version, members.port, &offers);
        let error = members.handshake().unwrap_err();
        assert_eq!(reason(error), HandshakeReason::NoClientCertificate);

        // Where it was made it is good, so that it was worth trying.
        assert!(openssl_visit(ANYBODY, version, anybody.port, &offers));
        assert!(anybody.handshake().unwrap().resumed);
    }
}

/// The same between two listeners that both demand a certificate, but not from the same CA.
#[test]
fn a_session_made_by_a_member_does_not_open_another_listener() {
    for version in [Tls12, Tls13] {
        let ours = Echoes::start(resuming_server_for(MEMBER).versions(version));
        let others = server::builder()
            .timeouts(TIMEOUTS)
            .versions(version)
            .identity(pki::identity(Ec, Leaf::Server))
            .resumption(ServerSessions::new(8))
            .clients_trusted_by(other_ca());
        let others = Echoes::start(others);
        let file = session_file(&format!("member-{version}"));
        let keeps = ["-sess_out", &*file];
        let offers = ["-sess_in", &*file];
        assert!(openssl_visit(MEMBER, version, ours.port, &keeps));
        assert!(!ours.handshake().unwrap().resumed);

        let _visitor = peer::client(OpenSsl, MEMBER, version, others.port, &offers);
        let error = others.handshake().unwrap_err();
        assert!(is_untrusted(&error), "{error:?}");

        assert!(openssl_visit(MEMBER, version, ours.port, &offers));
        assert!(ours.handshake().unwrap().resumed);
    }
}

/// A ticket of TLS 1.3 is good once; one of TLS 1.2, which brings no other, until it is too
/// old.
#[test]
fn a_ticket_of_tls13_is_good_once() {
    for (version, again) in [(Tls12, true), (Tls13, false)] {
        let ours = Echoes::start(resuming_server_for(MEMBER).versions(version));
        let file = session_file(&format!("once-{version}"));
        assert!(openssl_visit(
            MEMBER,
            version,
            ours.port,
            &["-sess_out", &file]
        ));
        assert!(!ours.handshake().unwrap().resumed);
        for resumed in [true, again, again] {
            assert!(openssl_visit(
                MEMBER,
                version,
                ours.port,
                &["-sess_in", &file]
            ));
            let session = ours.handshake().unwrap();
            assert_eq!(session.resumed, resumed, "{version}");
            // A full handshake has the certificate, as ever.
            assert!(matches!(session.peer, AuthenticatedAs::Certificate(_)));
        }
    }
}

/// The ticket in a session of OpenSSL's: `[10] EXPLICIT OCTET STRING` of ours, 16 bytes.
fn garble(file: &str) {
    let der = format!("{file}.der");
    openssl(&["sess_id", "-in", file, "-outform", "DER", "-out", &der]);
    let mut session = fs::read(&der).unwrap();
    let head = [0xAA, 0x12, 0x04, 0x10];
    let place = session.windows(4).position(|four| four == head).unwrap();
    session[place + 4 + 7] ^= 1;
    fs::write(&der, session).unwrap();
    openssl(&[
        "sess_id", "-inform", "DER", "-in", &der, "-outform", "PEM", "-out", file,
    ]);
}

#[test]
fn a_garbled_ticket_costs_a_full_handshake_and_no_more() {
    for version in [Tls12, Tls13] {
        let ours = Echoes::start(resuming_server_for(MEMBER).versions(version));
        let file = session_file(&format!("garbled-{version}"));
        assert!(openssl_visit(
            MEMBER,
            version,
            ours.port,
            &["-sess_out", &file]
        ));
        assert!(!ours.handshake().unwrap().resumed);
        garble(&file);
        assert!(openssl_visit(
            MEMBER,
            version,
            ours.port,
            &["-sess_in", &file]
        ));
        assert!(!ours.handshake().unwrap().resumed);
    }
}

/// RFC 5246, section 7.4.1.3: a resumed session keeps its cipher suite. Mbed TLS would take
/// the one that it likes most, with the other's secret.
#[test]
fn a_session_of_tls12_keeps_its_cipher_suite() {
    let ours = Echoes::start(resuming_server_for(MEMBER).versions(Tls12));
    let file = session_file("suite");
    let one = "ECDHE-ECDSA-CHACHA20-POLY1305";
    let both = "ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-ECDSA-AES128-GCM-SHA256";
    let keeps = ["-cipher", one, "-sess_out", &file];
    assert!(openssl_visit(MEMBER, Tls12, ours.port, &keeps));
    let full = ours.handshake().unwrap();
    let same = ["-cipher", one, "-sess_in", &file];
    assert!(openssl_visit(MEMBER, Tls12, ours.port, &same));
    let resumed = ours.handshake().unwrap();
    assert!(resumed.resumed && resumed.suite == full.suite);

    let offers = ["-cipher", both, "-sess_in", &file];
    let _visitor = peer::client(OpenSsl, MEMBER, Tls12, ours.port, &offers);
    let error = ours.handshake().unwrap_err();
    assert_eq!(reason(error), HandshakeReason::NothingInCommon);
    // The session is forgotten with it, so that the client is not kept out for good.
    assert!(openssl_visit(MEMBER, Tls12, ours.port, &offers));
    let session = ours.handshake().unwrap();
    assert!(!session.resumed && session.suite != full.suite);
}

/// Passes `server`'s bytes on to a client, but for extended master secret, which it takes
/// out of the second ServerHello.
fn without_extended_master_secret(server: u16) -> u16 {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let port = listener.local_addr().unwrap().port();
    thread::spawn(move || {
        for strips in [false, true] {
            let mut client = listener.accept().unwrap().0;
            let mut peer = TcpStream::connect((Ipv4Addr::LOCALHOST, server)).unwrap();
            let (mut up, mut down) = (client.try_clone().unwrap(), peer.try_clone().unwrap());
            thread::spawn(move || std::io::copy(&mut up, &mut down));
            if strips {
                let mut header = [0; 5];
                peer.read_exact(&mut header).unwrap();
                let mut hello = vec![0; usize::from(header[3]) << 8 | usize::from(header[4])];
                peer.read_exact(&mut hello).unwrap();
                client.write_all(&strip(&hello)).unwrap();
            }
            let _ = std::io::copy(&mut peer, &mut client);
            let _ = client.shutdown(std::net::Shutdown::Both);
        }
    });
    port
}

/// A record with a ServerHello, less the extension.
fn strip(hello: &[u8]) -> Vec<u8> {
    let extension = [0, 23, 0, 0];
    let place = hello
        .windows(4)
        .position(|four| four == extension)
        .expect("there was none to begin with");
    let mut less = [&hello[..place], &hello[place + 4..]].concat();
    // Type, length, version, random; session ID; suite and compression; then the length.
    let lengths = 4 + 34 + 1 + usize::from(less[38]) + 3;
    less[3] -= 4;
    less[lengths + 1] -= 4;
    let length = u16::try_from(less.len()).unwrap().to_be_bytes();
    [&[22, 3, 3, length[0], length[1]], less.as_slice()].concat()
}

/// RFC 7627: without it, whoever is in between can make two sessions with the same secret,
/// one with each side (the triple handshake attack), and resume one into the other.
#[test]
fn a_session_of_tls12_is_not_resumed_without_extended_master_secret() {
    let peer = peer::server(OpenSsl, Auth::Server(Ec, Leaf::Server), Tls12, &[]);
    let port = without_extended_master_secret(peer.port);
    let client = build(resuming_client_for(ANYBODY).versions(Tls12));
    assert!(!visit(&client, OpenSsl, port).resumed);
    let error = client.connect("127.0.0.1", port).err().unwrap();
    assert_eq!(reason(error), HandshakeReason::NoExtendedMasterSecret);
}

/// A peer that does not have it makes no session that is kept.
#[test]
fn nothing_is_kept_of_a_handshake_without_extended_master_secret() {
    let priority = "--priority=NORMAL:-VERS-ALL:+VERS-TLS1.2:%NO_SESSION_HASH";
    let auth = Auth::Server(Ec, Leaf::Server);
    for more in [&[priority][..], &[priority, "--noticket"]] {
        let peer = peer::server(GnuTls, auth, Tls12, more);
        let client = build(resuming_client_for(auth).versions(Tls12));
        for _ in 0..2 {
            assert!(!visit(&client, GnuTls, peer.port).resumed);
        }
    }
    let ours = Echoes::start(resuming_server_for(MEMBER).versions(Tls12));
    let more = [priority, "--resume"];
    let _peer = peer::client(GnuTls, MEMBER, Tls12, ours.port, &more);
    for _ in 0..2 {
        assert!(!ours.handshake().unwrap().resumed);
    }
}

/// A server may have another version alone by now.
#[test]
fn a_server_that_has_the_other_version_alone_now_is_asked_in_full() {
    for (before, now) in [(Tls12, Tls13), (Tls13, Tls12)] {
        let auth = Auth::Server(Ec, Leaf::Server);
        let mut first = peer::server(OpenSsl, auth, before, &[]);
        let client = build(resuming_client_for(auth));
        assert_eq!(visit(&client, OpenSsl, first.port).version, before);
        first.kill();
        let second = peer::server_again(auth, now, first.port);
        // Mbed TLS offers a session in its own version and no other.
        let session = visit(&client, OpenSsl, second.port);
        assert_eq!((session.version, session.resumed), (now, false));
    }
}
