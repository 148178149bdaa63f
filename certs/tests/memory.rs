// SPDX-License-Identifier: Apache-2.0

//! The family in memory, and the time it takes to make one.

#![allow(clippy::unwrap_used, missing_docs)]

use std::time::{Duration, Instant};
use test_pki::{KeyKind, Leaf, Pki, Psk};

#[test]
fn chains_are_as_the_peer_must_send_them() {
    for kind in KeyKind::ALL {
        let pki = Pki::generate(kind).unwrap();
        assert_eq!(pki.kind(), kind);
        assert_ne!(pki.root(), pki.other_root());
        for leaf in Leaf::ALL {
            let credential = pki.leaf(leaf);
            let alone = matches!(
                leaf,
                Leaf::SelfSigned | Leaf::OtherCa | Leaf::ClientOtherCa | Leaf::MissingIntermediate
            );
            match (&credential.chain_der[..], alone) {
                ([_], true) => {}
                ([_, second], false) => assert_eq!(*second, pki.intermediate().der),
                _ => unreachable!("{leaf}: {} certificates", credential.chain_der.len()),
            }
            let count = credential.chain_pem.matches("BEGIN CERTIFICATE").count();
            assert_eq!(count, credential.chain_der.len());
            assert!(
                credential
                    .key_pem
                    .starts_with("-----BEGIN PRIVATE KEY-----\n")
            );
            // PKCS#8 version 1 (0 on the wire), which every TLS stack reads.
            let version = credential.key_der.windows(3).position(|w| w == [2, 1, 0]);
            assert!(version.is_some_and(|at| at <= 4));
        }
    }
}

#[test]
fn two_families_have_nothing_in_common() {
    let [a, b] = [(); 2].map(|()| Pki::generate(KeyKind::Ec).unwrap());
    assert_ne!(a.root(), b.root());
    assert!(a.leaf(Leaf::Server).key_der != b.leaf(Leaf::Server).key_der);
}

/// RSA keys take a random time, and other tests take the processor, so this
/// one is asked for by name:
/// `cargo test -p test-pki --test memory -- --ignored --nocapture`
#[test]
#[ignore = "measures time, needs an otherwise idle machine"]
fn everything_is_made_quickly() {
    let mut times: Vec<_> = (0..20)
        .map(|_| {
            let start = Instant::now();
            for kind in KeyKind::ALL {
                Pki::generate(kind).unwrap();
            }
            Psk::generate().unwrap();
            start.elapsed()
        })
        .collect();
    times.sort();
    println!(
        "median {:?}, worst {:?}",
        times[times.len() / 2],
        times[times.len() - 1]
    );
    assert!(times[times.len() / 2] < Duration::from_millis(1500));
}
