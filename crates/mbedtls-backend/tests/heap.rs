// SPDX-License-Identifier: Apache-2.0

//! Handshakes on a heap that is too small: whichever allocation fails, the reason
//! given is memory, and never the peer's certificate.
//!
//! A binary of its own: the limit is the whole process's.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::thread;
use std::time::Duration;

use mbedtls_backend::MbedTls;
use secure_socket::config::Timeouts;
use secure_socket::credential::{CaCertificate, Identity};
use secure_socket::error::{Error, HandshakeReason};
use secure_socket::{ServerName, Session, TlsVersion, client, server};
use test_pki::{KeyKind, Leaf, Pki};

const TIMEOUTS: Timeouts = Timeouts {
    connect: Some(Duration::from_secs(5)),
    handshake: Some(Duration::from_secs(5)),
    io: Some(Duration::from_secs(5)),
};

fn is_memory(error: &Error) -> bool {
    match error {
        Error::Handshake(error) => error.reason == HandshakeReason::OutOfMemory,
        _ => false,
    }
}

#[test]
fn a_heap_too_small_is_called_so() {
    let backend = MbedTls::new().unwrap();
    let pki = Pki::generate(KeyKind::Ec).unwrap();
    let identity = |leaf| {
        let leaf = pki.leaf(leaf);
        let chain = leaf.chain_der.iter().cloned();
        Identity::from_der(chain, leaf.key_der.to_vec(), &backend).unwrap()
    };
    let ca = || CaCertificate::from_der(pki.root().der.clone()).unwrap();

    for version in [TlsVersion::Tls12, TlsVersion::Tls13] {
        let server = server::builder()
            .identity(identity(Leaf::Server))
            .clients_trusted_by(ca())
            .versions(version)
            .timeouts(TIMEOUTS)
            .bind(&backend, "127.0.0.1:0".parse().unwrap())
            .unwrap();
        let client = client::builder()
            .trust(ca())
            .identity(identity(Leaf::Client))
            .server_name(ServerName::new("localhost").unwrap())
            .versions(version)
            .timeouts(TIMEOUTS)
            .build(&backend)
            .unwrap();
        let port = server.local_address().unwrap().port();
        // Both at once, since the limit is for both.
        let handshake = || -> [Result<Session, Error>; 2] {
            thread::scope(|scope| {
                let served = scope.spawn(|| {
                    let stream = server.accept()?.handshake()?;
                    stream.receive(&mut [0])?;
                    Ok(stream.session().clone())
                });
                let connected = client.connect("localhost", port).and_then(|stream| {
                    let session = stream.session().clone();
                    stream.close()?;
                    Ok(session)
                });
                [connected, served.join().unwrap()]
            })
        };
        let [connected, served] = handshake();
        let _ = served.unwrap();
        let peak = connected.unwrap().heap_peak.unwrap() as usize;

        let mut failed = 0;
        for limit in (peak / 4..peak).step_by(peak / 60) {
            backend.limit_heap(Some(limit));
            let results = handshake();
            backend.limit_heap(None);
            let errors: Vec<_> = results
                .iter()
                .filter_map(|one| one.as_ref().err())
                .collect();
            if errors.is_empty() {
                continue;
            }
            failed += 1;
            assert!(
                errors.iter().any(|error| is_memory(error)),
                "{version}, {limit} of {peak} bytes: {errors:?}"
            );
            assert!(
                !errors.iter().any(|error| matches!(error, Error::Verify(_))),
                "{version}, {limit} of {peak} bytes: {errors:?}"
            );
        }
        assert!(failed > 20, "{failed} failed");
    }
}
