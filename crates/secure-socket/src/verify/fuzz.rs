// SPDX-License-Identifier: Apache-2.0

//! Certificates that may be anything: [`fuzzing::CERTIFICATE`](crate::fuzzing::CERTIFICATE).

use alloc::string::String;
use alloc::vec::Vec;
use core::net::IpAddr;

use der::{Decode, Encode};
use x509_cert::Certificate;
use x509_cert::name::Name;

use super::{Expected, Findings, Judge};
use crate::backend::{Observer, PresentedCertificate};
use crate::credential::{CaCertificate, Trust};
use crate::diagnosis::{CheckFlags, Peer};
use crate::fuzzing::{CLOCK, Signatures, pieces, stands_in};
use crate::name::ServerName;
use crate::policy::Policy;
use crate::revocation::{Crl, Crls};
use crate::x509::walk::issuer_and_subject;
use crate::x509::{CertificateFacts, Constraint, SubjectName, seconds, significant};

/// The most certificates that are shown: what is longer is slow, and nothing new.
const MOST: usize = 6;

/// What the TLS library may say of a certificate.
const SAID: [CheckFlags; 6] = [
    CheckFlags::EXPIRED,
    CheckFlags::NAME,
    CheckFlags::NOT_TRUSTED,
    CheckFlags::NOT_YET_VALID,
    CheckFlags::from_bits(0x1_0800),
    CheckFlags::from_bits(0x4000_0000),
];

pub(crate) fn run(data: &[u8]) {
    let pieces = pieces(data);
    let mut crls = Vec::new();
    let mut certificates = Vec::new();
    for piece in pieces.into_iter().take(MOST) {
        match Crl::from_der(piece.to_vec()) {
            Ok(crl) => crls.push(crl),
            Err(_) => certificates.push(piece),
        }
    }
    for certificate in &certificates {
        facts(certificate);
    }
    let anchors = certificates.first().map(|root| root.to_vec());
    let anchors: Vec<_> = anchors
        .into_iter()
        .filter_map(|der| CaCertificate::from_der(der).ok())
        .collect();
    // Who it is, and what the TLS library says, is for the input to choose.
    let sum = data
        .iter()
        .fold(0, |sum: usize, byte| sum + usize::from(*byte));
    let peer = [Peer::Server, Peer::Client][sum % 2];
    let said = SAID[sum / 2 % SAID.len()];
    for flags in [CheckFlags::PASSED, said] {
        chain(&certificates, &anchors, peer, flags, &crls);
    }
}

/// What is trusted, anew: lists remember what was found out about their signatures.
fn trust(anchors: &[CaCertificate], crls: &[Crl]) -> Trust {
    let policy = match crls.is_empty() {
        true => Policy::new(),
        false => Policy::new().with_crls(Crls::new().with_lists(crls.iter().cloned())),
    };
    Trust::from(anchors.to_vec()).with_policy(policy)
}

/// What is read of one certificate is what stands in it.
fn facts(der: &[u8]) {
    let read = CertificateFacts::read(der);
    assert_eq!(read, CertificateFacts::read(der), "read twice");
    let names = issuer_and_subject(der);
    let Some(facts) = read else { return };
    let _ = alloc::format!("{facts:?} {} {}", facts.key, facts.signature);
    let (issuer, subject) = names.expect("the walk reads what the parser reads");
    assert!(stands_in(&facts.public_key, der), "nothing is made up");
    assert!(facts.serial.len() <= 21 && facts.serial.first() != Some(&0));
    let body = Certificate::from_der(der).expect("it was read before");
    let body = body.tbs_certificate;
    // As names: x509-cert sorts the sets in them, which the walk leaves as they are.
    assert_eq!(Name::from_der(issuer), Ok(body.issuer));
    assert_eq!(Name::from_der(subject), Ok(body.subject));
    assert_eq!(facts.serial, significant(body.serial_number.as_bytes()));
    assert_eq!(facts.not_before, seconds(&body.validity.not_before));
    assert_eq!(facts.not_after, seconds(&body.validity.not_after));
    for name in facts.names.iter().flatten() {
        let _ = alloc::format!("{name}");
    }
}

/// Shows a chain, the issuers first, of which the TLS library says `flags`.
fn shown(
    certificates: &[&[u8]],
    trust: &Trust,
    peer: Peer,
    flags: CheckFlags,
    signatures: &Signatures,
) -> (CheckFlags, Findings) {
    let name = ServerName::new("device.test").expect("it is one");
    let expected = Expected {
        peer,
        name: (peer == Peer::Server).then_some(&name),
        trust,
        clock: CLOCK,
        keeps_chain: false,
    };
    let mut judge = Judge::new(Some(expected), signatures, None);
    let mut all = CheckFlags::PASSED;
    for (place, der) in certificates.iter().enumerate() {
        let depth = u8::try_from(certificates.len() - 1 - place).unwrap_or(u8::MAX);
        let answer = judge.certificate(PresentedCertificate { depth, der, flags });
        assert_eq!(answer | flags, answer, "no reason is taken away");
        all |= answer;
    }
    for der in certificates.iter().rev().skip(1) {
        judge.sent(der);
    }
    (all, judge.into_findings())
}

fn chain(
    certificates: &[&[u8]],
    anchors: &[CaCertificate],
    peer: Peer,
    flags: CheckFlags,
    crls: &[Crl],
) {
    let judged = |signatures: &Signatures| {
        shown(certificates, &trust(anchors, crls), peer, flags, signatures)
    };
    let (answer, findings) = judged(&Signatures::good());
    let (again, same) = judged(&Signatures::good());
    assert_eq!(answer, again);
    assert_eq!(findings.refused, same.refused, "judged twice");
    assert_eq!(
        answer.is_passed(),
        findings.refused.is_empty(),
        "every flag has a sentence, and every sentence a flag"
    );
    for refused in &findings.refused {
        assert!(!refused.refusals.is_empty());
        let _ = alloc::format!("{refused}");
    }
    let [above @ .., leaf] = certificates else {
        return;
    };
    if !answer.is_passed() {
        return;
    }
    let leaf = CertificateFacts::read(leaf).expect("what cannot be read is refused");
    taken(&leaf, above, peer);
    if crls.is_empty() {
        return;
    }
    // Each but the anchor was looked up in a list whose signature was good.
    let (answer, _) = judged(&Signatures::bad());
    assert!(!answer.is_passed() || above.is_empty(), "a forged list");
    for pair in certificates.windows(2) {
        let [issuer, shown] = pair else { continue };
        not_revoked(issuer, shown, crls);
    }
}

/// What holds of a peer's certificate that was taken, by another reading of it.
fn taken(leaf: &CertificateFacts, above: &[&[u8]], peer: Peer) {
    let names = leaf.names.iter().flatten();
    match peer {
        Peer::Server => {
            let dns = |name: &SubjectName| match name {
                SubjectName::Dns(name) => name.to_ascii_lowercase(),
                _ => String::new(),
            };
            assert!(leaf.server_auth && leaf.may_sign);
            // One label below a top-level domain: no wildcard stands for it.
            let wanted = ["device.test", "device.test."];
            assert!(names.clone().any(|name| wanted.contains(&&*dns(name))));
        }
        Peer::Client => assert!(leaf.client_auth && leaf.may_sign),
    }
    assert!(leaf.not_understood.is_empty());
    for issuer in above.iter().filter_map(|der| CertificateFacts::read(der)) {
        let Some(constraints) = issuer.name_constraints else {
            continue;
        };
        for name in names.clone() {
            let is_in = |part: &Constraint| is_inside(name, part);
            let excluded = constraints
                .excluded
                .iter()
                .any(|part| is_in(part) == Some(true));
            let mut permitted = constraints.permitted.iter().filter_map(is_in).peekable();
            let allowed = permitted.peek().is_none() || permitted.any(|is_in| is_in);
            assert!(allowed && !excluded, "{name} below {}", issuer.subject);
        }
    }
}

/// Whether a name is in a part of its kind; `None` for another kind.
fn is_inside(name: &SubjectName, part: &Constraint) -> Option<bool> {
    match (name, part) {
        (SubjectName::Dns(name), Constraint::Dns(parent)) => {
            let name = name.to_ascii_lowercase();
            let parent = parent.to_ascii_lowercase();
            let below = alloc::format!(".{parent}");
            Some(parent.is_empty() || name == parent || name.ends_with(&below))
        }
        (SubjectName::Ip(address), Constraint::Ip(net, mask)) => {
            let bits = |address: &IpAddr| match address {
                IpAddr::V4(address) => u128::from(address.to_bits()),
                IpAddr::V6(address) => address.to_bits(),
            };
            (address.is_ipv4() == net.is_ipv4())
                .then(|| (bits(address) ^ bits(net)) & bits(mask) == 0)
        }
        _ => None,
    }
}

/// No list of its issuer's has a certificate that was taken.
fn not_revoked(issuer: &[u8], certificate: &[u8], crls: &[Crl]) {
    let name = issuer_and_subject(issuer).expect("it was read before").1;
    let facts = CertificateFacts::read(certificate).expect("it was read before");
    let mut of_issuer = crls
        .iter()
        .filter_map(|crl| {
            Some((
                crl,
                x509_cert::crl::CertificateList::from_der(crl.as_der()).ok()?,
            ))
        })
        .filter(|(_, list)| list.tbs_cert_list.issuer.to_der().as_deref() == Ok(name))
        .filter(|(crl, _)| crl.this_update() <= CLOCK && CLOCK <= crl.next_update())
        .flat_map(|(_, list)| {
            list.tbs_cert_list
                .revoked_certificates
                .into_iter()
                .flatten()
        });
    let is_listed =
        of_issuer.any(|entry| significant(entry.serial_number.as_bytes()) == facts.serial);
    assert!(!is_listed, "{} was revoked", facts.subject);
}
