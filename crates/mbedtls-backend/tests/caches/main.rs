// SPDX-License-Identifier: Apache-2.0

//! Two attacks on Mbed TLS's own way to resume sessions, which this library does not use.
//!
//! Mbed TLS 3.6 asks about a certificate once, in the full handshake, and never again: a
//! session that is resumed has no certificate, and whoever hands Mbed TLS the session
//! answers for it. A cache that is shared by two configurations hands over what one of them
//! would never have let through. Zephyr's TLS sockets have two such caches
//! (`sockets_tls.c`: `client_cache` knows a session by the peer's address and port alone,
//! and `server_cache` is every listener's), which is why this library leaves
//! `TLS_SESSION_CACHE` off and keeps sessions itself.
//!
//! These tests hold plain Mbed TLS to it: should a later version refuse, they fail, and
//! `docs/resumption.md` is to be written anew. That the same attempts fail against this
//! library is in `tests/peers/resumed_attacks.rs`.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod plain;

use mbedtls_rs_sys as sys;
use plain::{Cache, Config, End, Outcome, Tickets, handshake};
use test_pki::{KeyKind, Leaf, Pki};

/// A client is told to connect with nobody verified ("just for this test"), and then, in
/// the same program and to the same address, with the server verified. The session of the
/// first connection is found for the second, and the wrong CA is never asked.
#[test]
fn a_session_made_without_verification_is_resumed_where_verification_is_required() {
    let _alone = plain::alone();
    let pki = Pki::generate(KeyKind::Ec).unwrap();
    for version in [plain::TLS_1_2, plain::TLS_1_3] {
        let server = Config::server(version).identity(&pki, Leaf::Server);
        let server = server.tickets(&Tickets::new());
        let careless = Config::client(version).verify(sys::MBEDTLS_SSL_VERIFY_NONE);
        let careful = Config::client(version)
            .verify(sys::MBEDTLS_SSL_VERIFY_REQUIRED)
            .trust(&pki.other_root().der);

        // So the careful one would refuse it.
        let outcome = handshake(End::client(&careful, None), End::new(&server));
        assert!(
            matches!(outcome, Outcome::Failed { client, .. }
                if client == sys::MBEDTLS_ERR_X509_CERT_VERIFY_FAILED),
            "{outcome:?}"
        );

        let Outcome::Over { session, .. } =
            handshake(End::client(&careless, None), End::new(&server))
        else {
            panic!("nobody is verified, and all the same it failed");
        };
        let outcome = handshake(End::client(&careful, Some(&session)), End::new(&server));
        let Outcome::Over {
            certificate_shown, ..
        } = outcome
        else {
            panic!("Mbed TLS refuses it now: {outcome:?}");
        };
        assert!(!certificate_shown, "it was not resumed");
    }
}

/// A device has a listener for anybody and one for those with a certificate. A client makes
/// a session at the first, without any, and resumes it at the second.
#[test]
fn a_session_made_without_a_client_certificate_is_resumed_where_one_is_required() {
    let _alone = plain::alone();
    let pki = Pki::generate(KeyKind::Ec).unwrap();
    for (version, by_id) in [
        (plain::TLS_1_2, true),
        (plain::TLS_1_2, false),
        (plain::TLS_1_3, false),
    ] {
        let (cache, tickets) = (Cache::new(), Tickets::new());
        let shared = |config: Config| match by_id {
            true => config.cache(&cache),
            false => config.tickets(&tickets),
        };
        let anybody = Config::server(version)
            .identity(&pki, Leaf::Server)
            .verify(sys::MBEDTLS_SSL_VERIFY_NONE);
        let members = Config::server(version)
            .identity(&pki, Leaf::Server)
            .verify(sys::MBEDTLS_SSL_VERIFY_REQUIRED)
            .trust(&pki.root().der);
        let (anybody, members) = (shared(anybody), shared(members));
        let client = Config::client(version)
            .verify(sys::MBEDTLS_SSL_VERIFY_REQUIRED)
            .trust(&pki.root().der);

        // So the second would refuse it.
        let outcome = handshake(End::client(&client, None), End::new(&members));
        assert!(
            matches!(outcome, Outcome::Failed { server, .. }
                if server == sys::MBEDTLS_ERR_SSL_NO_CLIENT_CERTIFICATE),
            "{outcome:?}"
        );

        let Outcome::Over { session, .. } =
            handshake(End::client(&client, None), End::new(&anybody))
        else {
            panic!("anybody is let in, and all the same it failed");
        };
        let outcome = handshake(End::client(&client, Some(&session)), End::new(&members));
        assert!(
            matches!(
                outcome,
                Outcome::Over {
                    client_certificate: false,
                    ..
                }
            ),
            "Mbed TLS refuses it now: {outcome:?}"
        );
    }
}
