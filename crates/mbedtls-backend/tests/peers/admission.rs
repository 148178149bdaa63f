// SPDX-License-Identifier: Apache-2.0

//! Clients that prove who they are, and a hook that says whom to let in.

use std::sync::{Arc, Mutex};

use secure_socket::TlsVersion::{Tls12, Tls13};
use secure_socket::diagnosis::Alert;
use secure_socket::error::{Error, HandshakeReason, IoError};
use secure_socket::{Admission, AuthenticatedAs};
use test_pki::KeyKind::Ec;
use test_pki::Leaf;

use crate::ours::{Echo, client_for, connect, server_for};
use crate::peer::Kind::{GnuTls, OpenSsl};
use crate::peer::{Auth, client as peer_client};

const MUTUAL: Auth = Auth::Mutual(Ec, Leaf::Client);

fn refuse_all(_: &secure_socket::Session) -> Admission {
    Admission::Refused("the workshop is closed".into())
}

#[test]
fn the_hook_is_shown_who_the_client_is() {
    for version in [Tls12, Tls13] {
        let seen = Arc::new(Mutex::new(None));
        let noted = Arc::clone(&seen);
        let server = server_for(MUTUAL).versions(version).admit(move |session| {
            *noted.lock().unwrap() = Some(session.peer.clone());
            Admission::Admitted
        });
        let ours = Echo::start(server);
        let stream = connect(client_for(MUTUAL), ours.port).unwrap();
        stream.send_all(b"let in").unwrap();
        let mut echoed = [0; 6];
        assert_eq!(stream.receive(&mut echoed).unwrap(), 6);
        let session = ours.handshake().unwrap();
        let Some(AuthenticatedAs::Certificate(client)) = seen.lock().unwrap().take() else {
            panic!("no certificate was shown");
        };
        assert!(client.subject.contains("CN=client-1"), "{}", client.subject);
        assert_eq!(client.names, ["client-1.test"]);
        assert_eq!(session.peer, AuthenticatedAs::Certificate(client.clone()));
        assert_eq!(stream.session().us, AuthenticatedAs::Certificate(client));
    }
}

#[test]
fn a_refused_client_is_named_and_told() {
    for version in [Tls12, Tls13] {
        let ours = Echo::start(server_for(MUTUAL).versions(version).admit(refuse_all));
        let stream = connect(client_for(MUTUAL), ours.port).unwrap();
        // What it sends meanwhile is not read, and does not keep it from hearing.
        let _ = stream.send_all(b"anybody there?");
        let heard = stream.receive(&mut [0; 16]).unwrap_err();
        assert_eq!(
            heard,
            Error::Io(IoError::PeerAlert(Alert::ACCESS_DENIED)),
            "{version}"
        );
        let error = ours.handshake().unwrap_err();
        let sentence = error.to_string();
        for words in ["CN=client-1", "not admitted: the workshop is closed"] {
            assert!(sentence.contains(words), "{sentence}");
        }
        let Error::Handshake(error) = error else {
            panic!("{sentence}");
        };
        assert!(matches!(error.reason, HandshakeReason::NotAdmitted { .. }));
    }
}

#[test]
fn holders_of_a_pre_shared_key_are_asked_of_too() {
    for version in [Tls12, Tls13] {
        let ours = Echo::start(server_for(Auth::Psk).versions(version).admit(refuse_all));
        let stream = connect(client_for(Auth::Psk), ours.port).unwrap();
        let heard = stream.receive(&mut [0; 16]).unwrap_err();
        assert_eq!(heard, Error::Io(IoError::PeerAlert(Alert::ACCESS_DENIED)));
        let sentence = ours.handshake().unwrap_err().to_string();
        assert!(
            sentence.contains("holder of the pre-shared key"),
            "{sentence}"
        );
    }
}

#[test]
fn foreign_clients_are_told() {
    for version in [Tls12, Tls13] {
        for (kind, words) in [
            (OpenSsl, "alert access denied"),
            (GnuTls, "Access was denied"),
        ] {
            let ours = Echo::start(server_for(MUTUAL).versions(version).admit(refuse_all));
            let peer = peer_client(kind, MUTUAL, version, ours.port, &[]);
            assert!(ours.handshake().is_err());
            peer.wait_for(words);
        }
    }
}
