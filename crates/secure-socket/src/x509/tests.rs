// SPDX-License-Identifier: Apache-2.0

//! Holds the reader against RustCrypto's `x509-cert`, which decodes every type in full: it
//! is what read certificates here before, and too large for a device.

use std::string::{String, ToString};
use std::vec::Vec;

use der::asn1::{Any, ObjectIdentifier, SetOfVec};
use der::{Decode, Encode};
use test_pki::{KeyKind, Leaf, Pki};
use x509_cert::Certificate;
use x509_cert::attr::AttributeTypeAndValue;
use x509_cert::ext::pkix::name::{DistributionPointName, GeneralName};
use x509_cert::ext::pkix::{
    AuthorityInfoAccessSyntax, BasicConstraints, CrlDistributionPoints, ExtendedKeyUsage, KeyUsage,
    NameConstraints, SubjectAltName,
};
use x509_cert::name::{RdnSequence, RelativeDistinguishedName};

use super::distinguished::DistinguishedName;
use super::walk::Walk;
use super::{CertificateFacts, extensions, seconds};

/// What x509-cert says, as far as it is comparable; `None` if it reads no certificate.
fn reference(der: &[u8]) -> Option<Vec<String>> {
    let certificate = Certificate::from_der(der).ok()?;
    let body = certificate.tbs_certificate;
    let names = body.get::<SubjectAltName>().ok()?;
    let usage = body.get::<KeyUsage>().ok()?.map(|(_, usage)| usage);
    let purposes = body.get::<ExtendedKeyUsage>().ok()?;
    let basic = body.get::<BasicConstraints>().ok()?;
    let constraints = body.get::<NameConstraints>().ok()?;
    let access = body.get::<AuthorityInfoAccessSyntax>().ok()?;
    let points = body.get::<CrlDistributionPoints>().ok()?;
    let uri = |name: &GeneralName| match name {
        GeneralName::UniformResourceIdentifier(uri) => Some(uri.to_string()),
        _ => None,
    };
    let mut said = std::vec![
        body.subject.to_string(),
        body.issuer.to_string(),
        std::format!("{:?}", seconds(&body.validity.not_before)),
        std::format!("{:?}", seconds(&body.validity.not_after)),
        std::format!("{:x?}", super::significant(body.serial_number.as_bytes())),
        std::format!("{:x?}", body.subject_public_key_info.to_der().ok()?),
        std::format!(
            "{:?}",
            basic.map(|(_, basic)| (basic.ca, basic.path_len_constraint))
        ),
        std::format!(
            "{:?}",
            usage.map(|usage| (
                usage.digital_signature(),
                usage.key_cert_sign(),
                usage.crl_sign()
            ))
        ),
        std::format!("{:?}", names.map(|(_, names)| names.0.len())),
        std::format!(
            "{:?}",
            purposes.map(|(_, purposes)| PURPOSES.map(|one| purposes.0.contains(&one)))
        ),
        std::format!(
            "{:?}",
            constraints.map(|(_, constraints)| {
                let count = |list: Option<Vec<_>>| list.map_or(0, |list| list.len());
                (
                    count(constraints.permitted_subtrees),
                    count(constraints.excluded_subtrees),
                )
            })
        ),
    ];
    let access = access.map_or_else(Vec::new, |(_, access)| access.0);
    for method in [extensions::AD_OCSP, extensions::AD_CA_ISSUERS] {
        let of_it = access.iter().filter(|it| it.access_method == method);
        said.extend(of_it.filter_map(|it| uri(&it.access_location)));
    }
    for point in points.map_or_else(Vec::new, |(_, points)| points.0) {
        if let Some(DistributionPointName::FullName(names)) = point.distribution_point {
            said.extend(names.iter().filter_map(uri));
        }
    }
    Some(said)
}

/// Those of extendedKeyUsage that are looked at, in the order of `Purposes`.
const PURPOSES: [ObjectIdentifier; 4] = [
    super::ANY_EXTENDED_KEY_USAGE,
    super::SERVER_AUTH,
    super::CLIENT_AUTH,
    super::OCSP_SIGNING,
];

/// The same of ours.
fn ours(der: &[u8]) -> Option<Vec<String>> {
    let facts = CertificateFacts::read(der)?;
    let parts = super::Parts::read(der)?;
    let extensions = super::Extensions::read(parts.extensions)?;
    let mut said = std::vec![
        facts.subject,
        facts.issuer,
        std::format!("{:?}", facts.not_before),
        std::format!("{:?}", facts.not_after),
        std::format!("{:x?}", facts.serial),
        std::format!("{:x?}", facts.public_key),
        std::format!(
            "{:?}",
            extensions
                .basic
                .map(|basic| (basic.is_ca, basic.path_length))
        ),
        std::format!(
            "{:?}",
            extensions.usage.map(|_| (
                facts.may_sign,
                facts.may_sign_certificates,
                facts.may_sign_crls
            ))
        ),
        std::format!("{:?}", facts.names.map(|names| names.len())),
        std::format!(
            "{:?}",
            extensions.purposes.map(|purposes| [
                purposes.any,
                purposes.server_auth,
                purposes.client_auth,
                purposes.ocsp_signing,
            ])
        ),
        std::format!(
            "{:?}",
            facts
                .name_constraints
                .map(|constraints| (constraints.permitted.len(), constraints.excluded.len()))
        ),
    ];
    said.extend(facts.ocsp_urls);
    said.extend(facts.issuer_urls);
    said.extend(facts.crl_urls);
    Some(said)
}

/// Certificates of many shapes.
fn certificates() -> Vec<Vec<u8>> {
    let mut all = Vec::new();
    for kind in [KeyKind::Ec, KeyKind::Rsa] {
        let pki = Pki::generate(kind).unwrap();
        all.extend([pki.root().der.clone(), pki.intermediate().der.clone()]);
        for leaf in Leaf::ALL {
            all.extend(pki.leaf(leaf).chain_der.iter().cloned());
        }
    }
    all
}

#[test]
fn a_certificate_says_what_a_full_decoder_finds_in_it() {
    for der in certificates() {
        let reference = reference(&der).unwrap();
        assert_eq!(ours(&der).unwrap(), reference);
    }
}

/// The CAs of this computer, if it has the usual bundle: a hundred more shapes.
#[test]
fn the_cas_of_this_computer_are_read_alike() {
    let Ok(bundle) = std::fs::read_to_string("/etc/ssl/certs/ca-certificates.crt") else {
        std::eprintln!("not run: there is no bundle of CA certificates");
        return;
    };
    for certificate in crate::credential::CaCertificate::from_pem(&bundle).unwrap() {
        let der = certificate.as_der();
        assert_eq!(ours(der), reference(der));
    }
}

/// Breaks each byte in turn, and cuts the end off: what a full decoder takes for broken is
/// no certificate here either.
#[test]
fn what_a_full_decoder_refuses_is_refused() {
    let pki = Pki::generate(KeyKind::Ec).unwrap();
    let mut refused = 0;
    let mut laxer = Vec::new();
    for original in [
        &pki.leaf(Leaf::Server).chain_der[0],
        &pki.intermediate().der,
    ] {
        for at in 0..original.len() {
            for change in [0x01, 0x02, 0x20, 0x80, 0xFF] {
                let mut der = original.clone();
                der[at] ^= change;
                if reference(&der).is_none() {
                    refused += 1;
                    if CertificateFacts::read(&der).is_some() {
                        laxer.push((
                            at,
                            change,
                            der[at.saturating_sub(12)..(at + 8).min(der.len())].to_vec(),
                        ));
                    }
                }
            }
            assert_eq!(CertificateFacts::read(&original[..at]), None);
        }
        let longer = [original.as_slice(), &[0]].concat();
        assert_eq!(CertificateFacts::read(&longer), None);
    }
    assert_eq!(laxer, []);
    assert!(refused > 1000, "{refused}");
}

/// A name with one attribute.
fn name(kind: &str, value: Any) -> RdnSequence {
    let attribute = AttributeTypeAndValue {
        oid: ObjectIdentifier::new(kind).unwrap(),
        value,
    };
    let set = SetOfVec::try_from(std::vec![attribute]).unwrap();
    RdnSequence(std::vec![RelativeDistinguishedName(set)])
}

fn written(name: &RdnSequence) -> String {
    let der = name.to_der().unwrap();
    DistinguishedName::read(Walk::only(&der).unwrap())
        .unwrap()
        .text
}

#[test]
fn names_are_written_alike() {
    for text in [
        "plain",
        " ends with spaces ",
        "#1",
        "a,b+c=d;e<f>g\\h\"i",
        "\u{7f}\tü漢",
        " ",
    ] {
        let value = Any::new(der::Tag::Utf8String, text.as_bytes()).unwrap();
        let name = name("2.5.4.3", value);
        assert_eq!(written(&name), name.to_string());
    }
    let kinds = (0..128).map(|last| std::format!("2.5.4.{last}"));
    let more = [
        "0.9.2342.19200300.100.1.1",
        "0.9.2342.19200300.100.1.25",
        "1.2.840.113549.1.9.1",
        "1.3.6.1.4.1.311.60.2.1.3",
    ];
    let mut named = 0;
    for kind in kinds.chain(more.map(String::from)) {
        let value = Any::new(der::Tag::PrintableString, *b"x").unwrap();
        let name = name(&kind, value);
        let ours = written(&name);
        // Kinds that no certificate has are left a number.
        if ours != std::format!("{kind}=#130178") {
            assert_eq!(ours, name.to_string());
            named += 1;
        }
    }
    assert_eq!(named, 22);
}
