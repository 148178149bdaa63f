// SPDX-License-Identifier: Apache-2.0

//! Revocation lists made by OpenSSL, for certificates that OpenSSL and GnuTLS show.

use std::fs;
use std::path::PathBuf;

use secure_socket::TlsVersion::{self, Tls12, Tls13};
use secure_socket::builder::Builder;
use secure_socket::client::{self, ClientReady};
use secure_socket::credential::{CaCertificate, CredentialError, Trust};
use secure_socket::diagnosis::{Alert, Refusal};
use secure_socket::error::{ConfigurationError, Error, HandshakeReason, IoError};
use secure_socket::policy::Policy;
use secure_socket::revocation::{
    Crl, CrlError, Crls, RevocationProblem as Problem, RevocationReason, Scope,
};
use secure_socket::server;
use test_pki::KeyKind::{self, Ec, Rsa};
use test_pki::Leaf;

use crate::openssl_ca::{Ca, Recipe};
use crate::ours::{Echo, TIMEOUTS, backend, client_for, connect, localhost, read_line};
use crate::peer::Kind::{self, GnuTls, OpenSsl};
use crate::peer::{Auth, Peer, client as peer_client, reply, server as peer_server};
use crate::pki;

pub(crate) fn trust(kind: KeyKind, crls: Crls) -> Trust {
    Trust::from(pki::ca(kind)).with_policy(Policy::new().with_crls(crls))
}

/// A client for a server that proves itself with a certificate.
pub(crate) fn client_with(kind: KeyKind, crls: Crls) -> Builder<ClientReady> {
    client::builder()
        .timeouts(TIMEOUTS)
        .trust(trust(kind, crls))
        .without_identity()
        .server_name(localhost())
}

fn empty(kind: KeyKind, ca: &str) -> Crl {
    Ca::of(kind, ca).crl(&Recipe::default())
}

fn revoking(kind: KeyKind, ca: &str, file: &str, reason: &str) -> Crl {
    Ca::of(kind, ca).crl(&Recipe {
        revoked: &[(pki::file(kind, file), reason)],
        ..Recipe::default()
    })
}

/// Lists that revoke nobody: of the intermediate and of the root.
fn clean(kind: KeyKind) -> Crls {
    Crls::new().with_lists([empty(kind, "intermediate"), empty(kind, "ca")])
}

fn intermediate(kind: KeyKind) -> Vec<CaCertificate> {
    let pem = fs::read_to_string(pki::file(kind, "intermediate.pem")).unwrap();
    CaCertificate::from_pem(&pem).unwrap()
}

/// A connection to a good server that serves well.
fn passes(kind: Kind, key: KeyKind, version: TlsVersion, crls: Crls) {
    let auth = Auth::Server(key, Leaf::Server);
    let peer = peer_server(kind, auth, version, &[]);
    let client = client_with(key, crls).versions(version);
    let stream = connect(client, peer.port).unwrap();
    stream.send_all(b"not revoked\n").unwrap();
    assert_eq!(read_line(&stream), reply(kind, "not revoked"));
}

/// At which depth a good server's chain is refused, and why; and the server.
fn refused_by(
    kind: Kind,
    key: KeyKind,
    version: TlsVersion,
    crls: Crls,
) -> (Vec<(u8, Refusal)>, String, Peer) {
    let auth = Auth::Server(key, Leaf::Server);
    let peer = peer_server(kind, auth, version, &[]);
    let error = match connect(client_with(key, crls).versions(version), peer.port) {
        Err(error) => error,
        Ok(_) => panic!("nothing was refused"),
    };
    let sentence = error.to_string();
    let Error::Verify(error) = error else {
        panic!("not refused for the certificate: {error:?}");
    };
    let refusals = error.refused.into_iter().flat_map(|one| {
        let depth = one.depth;
        one.refusals.into_iter().map(move |why| (depth, why))
    });
    (refusals.collect(), sentence, peer)
}

/// The one problem, of the peer's own certificate.
fn problem(key: KeyKind, crls: Crls) -> (Problem, String) {
    let (mut refusals, sentence, _) = refused_by(OpenSsl, key, Tls13, crls);
    match (refusals.pop(), refusals.as_slice()) {
        (Some((0, Refusal::RevocationUnknown { problem })), []) => (problem, sentence),
        other => panic!("{other:?}"),
    }
}

const INTERMEDIATE: &str = "O=Secure Sockets test PKI,CN=Secure Sockets Test Intermediate (EC)";

#[test]
fn not_revoked() {
    for (kind, key, version) in [
        (OpenSsl, Ec, Tls12),
        (OpenSsl, Rsa, Tls13),
        (GnuTls, Rsa, Tls12),
        (GnuTls, Ec, Tls13),
    ] {
        passes(kind, key, version, clean(key));
    }
}

#[test]
fn revoked() {
    for (kind, key, version, told) in [
        (OpenSsl, Ec, Tls12, "alert certificate revoked"),
        (OpenSsl, Rsa, Tls13, "alert certificate revoked"),
        // It does not say which, and reads none that is not encrypted, as Mbed TLS sends
        // it in TLS 1.3 before the server is done.
        (GnuTls, Rsa, Tls12, "A TLS fatal alert has been received"),
        (GnuTls, Ec, Tls13, "Error in handshake"),
    ] {
        for (reason, name, right) in [
            (
                "keyCompromise",
                "keyCompromise",
                RevocationReason::KeyCompromise,
            ),
            // It may be taken back, and is not yet.
            (
                "certificateHold",
                "certificateHold",
                RevocationReason::CertificateHold,
            ),
        ] {
            let list = revoking(key, "intermediate", "server.pem", reason);
            let crls = Crls::new().with_lists([list, empty(key, "ca")]);
            let (refusals, sentence, peer) = refused_by(kind, key, version, crls);
            let [
                (
                    0,
                    Refusal::Revoked {
                        at: Some(_),
                        reason: Some(why),
                    },
                ),
            ] = refusals.as_slice()
            else {
                panic!("{refusals:?}");
            };
            assert_eq!(*why, right);
            assert!(sentence.contains("its issuer revoked it 20"), "{sentence}");
            assert!(sentence.contains(name), "{sentence}");
            peer.wait_for(told);
        }
    }
}

#[test]
fn another_certificate_of_the_issuer_is_revoked() {
    let list = revoking(Ec, "intermediate", "client.pem", "superseded");
    let crls = Crls::new().with_lists([list, empty(Ec, "ca")]);
    passes(OpenSsl, Ec, Tls13, crls);
}

#[test]
fn the_intermediate_is_revoked() {
    for (key, version) in [(Ec, Tls13), (Rsa, Tls12)] {
        let list = revoking(key, "ca", "intermediate.pem", "cessationOfOperation");
        let crls = Crls::new().with_lists([empty(key, "intermediate"), list]);
        let (refusals, ..) = refused_by(OpenSsl, key, version, crls.clone());
        assert!(
            matches!(
                refusals.as_slice(),
                [(
                    1,
                    Refusal::Revoked {
                        reason: Some(RevocationReason::CessationOfOperation),
                        ..
                    }
                )]
            ),
            "{refusals:?}"
        );
        // Nobody asked about it.
        passes(OpenSsl, key, version, crls.with_scope(Scope::Leaf));
    }
}

#[test]
fn no_list() {
    let crls = Crls::new().with_list(empty(Ec, "ca"));
    let (problem, sentence) = problem(Ec, crls);
    let Problem::NoCrl { issuer } = problem else {
        panic!("{problem:?}");
    };
    assert_eq!(issuer, INTERMEDIATE);
    assert!(
        sentence.contains("there is no revocation list of its issuer O="),
        "{sentence}"
    );
    // The root's list is wanted for the intermediate, and for the leaf alone it is not.
    let crls = Crls::new().with_list(empty(Ec, "intermediate"));
    let (refusals, ..) = refused_by(OpenSsl, Ec, Tls12, crls.clone());
    assert!(
        matches!(
            refusals.as_slice(),
            [(
                1,
                Refusal::RevocationUnknown {
                    problem: Problem::NoCrl { .. }
                }
            )]
        ),
        "{refusals:?}"
    );
    passes(OpenSsl, Ec, Tls12, crls.with_scope(Scope::Leaf));
}

#[test]
fn a_list_that_ran_out_or_is_yet_to_come() {
    let with = |dates| {
        let list = Ca::of(Ec, "intermediate").crl(&Recipe {
            dates: Some(dates),
            ..Recipe::default()
        });
        Crls::new().with_lists([list, empty(Ec, "ca")])
    };
    let (problem_, sentence) = problem(Ec, with(["20260101000000Z", "20260108000000Z"]));
    assert!(
        matches!(&problem_, Problem::CrlStale { issuer, next_update, clock }
            if issuer == INTERMEDIATE && next_update < clock),
        "{problem_:?}"
    );
    assert!(
        sentence.contains("ran out at 2026-01-08T00:00:00Z, clock says 20"),
        "{sentence}"
    );
    let (problem_, sentence) = problem(Ec, with(["20990101000000Z", "20990108000000Z"]));
    assert!(
        matches!(&problem_, Problem::CrlNotYetValid { issuer, this_update, clock }
            if issuer == INTERMEDIATE && this_update > clock),
        "{problem_:?}"
    );
    assert!(
        sentence.contains("is from 2099-01-01T00:00:00Z"),
        "{sentence}"
    );
}

/// A family whose CAs have the names of ours.
fn namesakes() -> PathBuf {
    let dir = pki::dir().join("namesakes");
    if !dir.exists() {
        test_pki::write(&dir).unwrap();
    }
    dir.join("ec")
}

/// A list that was changed after it was signed.
fn forged(kind: KeyKind, ca: &str) -> Crl {
    let list = revoking(kind, ca, "server.pem", "keyCompromise");
    let mut der = list.as_der().to_vec();
    let number = {
        let pem = fs::read_to_string(pki::file(kind, "server.pem")).unwrap();
        let leaf = CaCertificate::from_pem(&pem).unwrap().remove(0);
        let facts = secure_socket::CertificateFacts::read(leaf.as_der()).unwrap();
        facts.serial
    };
    let place = der
        .windows(number.len())
        .position(|window| window == number)
        .expect("it is on the list");
    der[place + number.len() - 1] ^= 1;
    Crl::from_der(der).expect("it is still a list")
}

#[test]
fn a_list_of_another_ca_of_that_name_or_a_forged_one() {
    let theirs = Ca::in_dir(&namesakes(), "intermediate").crl(&Recipe::default());
    for list in [theirs, forged(Ec, "intermediate")] {
        let crls = Crls::new().with_lists([list, empty(Ec, "ca")]);
        let (problem, sentence) = problem(Ec, crls.clone());
        assert!(
            matches!(&problem, Problem::CrlSignature { issuer } if issuer == INTERMEDIATE),
            "{problem:?}"
        );
        assert!(sentence.contains("was not signed by its key"), "{sentence}");
        // Where the issuer is known it does not take a handshake to find out.
        let client = client_with(Ec, crls.with_issuers(intermediate(Ec)));
        let error = client.build(backend()).err();
        let right = CredentialError::Crl(CrlError::Signature);
        assert_eq!(error, Some(Error::Credential(right)));
    }
    // As it always is of a trust anchor, in both roles.
    let crls = || Crls::new().with_list(Ca::in_dir(&namesakes(), "ca").crl(&Recipe::default()));
    let right = Some(Error::Credential(CrlError::Signature.into()));
    assert_eq!(client_with(Ec, crls()).build(backend()).err(), right);
    let server = server::builder()
        .identity(pki::identity(Ec, Leaf::Server))
        .clients_trusted_by(trust(Ec, crls()));
    let address = "127.0.0.1:0".parse().unwrap();
    assert_eq!(server.bind(backend(), address).err(), right);
}

/// The good list is not shadowed by one that is not.
#[test]
fn of_several_lists_the_good_ones_count() {
    let theirs = Ca::in_dir(&namesakes(), "intermediate").crl(&Recipe::default());
    let stale = Ca::of(Ec, "intermediate").crl(&Recipe {
        dates: Some(["20260101000000Z", "20260108000000Z"]),
        revoked: &[(pki::file(Ec, "server.pem"), "keyCompromise")],
        ..Recipe::default()
    });
    let crls = clean(Ec).with_list(theirs).with_list(stale);
    passes(OpenSsl, Ec, Tls13, crls.clone());
    let revoking = revoking(Ec, "intermediate", "server.pem", "keyCompromise");
    let (refusals, ..) = refused_by(OpenSsl, Ec, Tls13, crls.with_list(revoking));
    assert!(
        matches!(refusals.as_slice(), [(0, Refusal::Revoked { .. })]),
        "{refusals:?}"
    );
}

#[test]
fn lists_of_every_form() {
    // RSA-PSS, SHA-384, and version 1, which has no extensions.
    let ca = Ca::of(Rsa, "intermediate");
    for recipe in [
        Recipe {
            options: &[
                "-sigopt",
                "rsa_padding_mode:pss",
                "-sigopt",
                "rsa_pss_saltlen:digest",
            ],
            ..Recipe::default()
        },
        Recipe {
            options: &["-md", "sha384"],
            ..Recipe::default()
        },
        Recipe {
            extensions: None,
            ..Recipe::default()
        },
    ] {
        let list = ca.crl(&recipe);
        let crls = Crls::new().with_list(list).with_scope(Scope::Leaf);
        passes(OpenSsl, Rsa, Tls12, crls);
    }
    // DER, and both in one PEM text.
    let der = empty(Ec, "intermediate").as_der().to_vec();
    let crls = Crls::new().with_list(Crl::from_der(der).unwrap());
    passes(OpenSsl, Ec, Tls13, crls.with_scope(Scope::Leaf));
    let pem = [
        Ca::of(Ec, "ca").pem(&Recipe::default()),
        Ca::of(Ec, "intermediate").pem(&Recipe::default()),
    ];
    let lists = Crl::from_pem(&pem.concat()).unwrap();
    passes(OpenSsl, Ec, Tls13, Crls::new().with_lists(lists));
}

#[test]
fn what_leaves_something_out_is_refused_when_it_is_loaded() {
    let ca = Ca::of(Ec, "intermediate");
    let load = |recipe: &Recipe<'_>| Crl::from_pem(&ca.pem(recipe)).err();
    for (extension, point, error) in [
        ("2.5.29.27 = critical, DER:020101", "", CrlError::Delta),
        ("", "indirectCRL = TRUE", CrlError::Indirect),
        (
            "",
            "fullname = URI:http://ca.test/1.crl",
            CrlError::Partitioned("distributionPoint"),
        ),
        (
            "",
            "onlyuser = TRUE",
            CrlError::Partitioned("onlyContainsUserCerts"),
        ),
        (
            "",
            "onlyCA = TRUE",
            CrlError::Partitioned("onlyContainsCACerts"),
        ),
        (
            "",
            "onlyAA = TRUE",
            CrlError::Partitioned("onlyContainsAttributeCerts"),
        ),
        (
            "",
            "onlysomereasons = keyCompromise, CACompromise",
            CrlError::SomeReasons,
        ),
    ] {
        let extensions = match point {
            "" => extension,
            _ => "issuingDistributionPoint = critical, @point",
        };
        let recipe = Recipe {
            extensions: Some(extensions),
            sections: &format!("[point]\n{point}"),
            ..Recipe::default()
        };
        assert_eq!(load(&recipe), Some(error.into()), "{extensions} {point}");
    }
    let unknown = load(&Recipe {
        extensions: Some("1.2.3.4 = critical, ASN1:NULL"),
        ..Recipe::default()
    });
    let sentence = unknown.unwrap().to_string();
    assert!(
        sentence.contains("critical extension 1.2.3.4"),
        "{sentence}"
    );
    let weak = load(&Recipe {
        options: &["-md", "sha1"],
        ..Recipe::default()
    });
    let sentence = weak.unwrap().to_string();
    assert!(sentence.contains("signed over SHA-1"), "{sentence}");
}

#[test]
fn without_a_list_or_with_nobody_to_revoke_nothing_is_built() {
    let error = client_with(Ec, Crls::new()).build(backend()).err();
    let right = ConfigurationError::NoRevocationList;
    assert_eq!(error, Some(Error::Configuration(right)));
    let pinned = Trust::pinned([secure_socket::policy::SpkiPin::new([0; 32])])
        .with_policy(Policy::new().with_crls(clean(Ec)));
    let client = client::builder()
        .trust(pinned)
        .without_identity()
        .server_name(localhost());
    let right = ConfigurationError::RevocationOfPinned;
    let error = client.build(backend()).err();
    assert_eq!(error, Some(Error::Configuration(right)));
}

/// A server of ours that looks clients up.
fn server_with(crls: Crls, version: TlsVersion) -> Echo {
    let server = server::builder()
        .timeouts(TIMEOUTS)
        .identity(pki::identity(Ec, Leaf::Server))
        .clients_trusted_by(trust(Ec, crls));
    Echo::start(server.versions(version))
}

#[test]
fn a_server_looks_clients_up() {
    for version in [Tls12, Tls13] {
        let good = server_with(clean(Ec), version);
        let auth = Auth::Mutual(Ec, Leaf::Client);
        let stream = connect(client_for(auth).versions(version), good.port).unwrap();
        assert!(good.handshake().is_ok());
        stream.close().unwrap();

        let list = revoking(Ec, "intermediate", "client.pem", "keyCompromise");
        let crls = Crls::new().with_lists([list, empty(Ec, "ca")]);
        let ours = server_with(crls.clone(), version);
        let heard = match connect(client_for(auth).versions(version), ours.port) {
            Err(Error::Handshake(error)) => error.reason,
            Ok(stream) => match stream.receive(&mut [0; 16]) {
                Err(Error::Io(IoError::PeerAlert(alert))) => HandshakeReason::PeerAlert(alert),
                other => panic!("{other:?}"),
            },
            Err(other) => panic!("{other:?}"),
        };
        let alert = Alert::CERTIFICATE_REVOKED;
        assert_eq!(heard, HandshakeReason::PeerAlert(alert));
        let Err(Error::Verify(error)) = ours.handshake() else {
            panic!("it was let in");
        };
        let refusals = &error.refused[0].refusals;
        assert!(matches!(refusals.as_slice(), [Refusal::Revoked { .. }]));

        for (kind, told) in [
            (OpenSsl, "alert certificate revoked"),
            (GnuTls, "Certificate was revoked"),
        ] {
            let ours = server_with(crls.clone(), version);
            let peer = peer_client(kind, auth, version, ours.port, &[]);
            assert!(matches!(ours.handshake(), Err(Error::Verify(_))));
            peer.wait_for(told);
        }
    }
}
