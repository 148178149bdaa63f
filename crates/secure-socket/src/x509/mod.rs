// SPDX-License-Identifier: Apache-2.0

//! What a certificate says of itself.
//!
//! Nothing here decides whether a certificate is good: that is for the TLS library
//! and for [`Policy`](crate::policy::Policy) to say.

mod algorithm;
mod names;
pub(crate) mod walk;

use alloc::string::{String, ToString};
use alloc::vec::Vec;

use der::asn1::ObjectIdentifier;
use der::{Decode, Encode};
use x509_cert::Certificate;
use x509_cert::ext::pkix::crl::dp::DistributionPoint;
use x509_cert::ext::pkix::name::{DistributionPointName, GeneralName};
use x509_cert::ext::pkix::{
    AuthorityInfoAccessSyntax, BasicConstraints, CrlDistributionPoints, ExtendedKeyUsage, KeyUsage,
    NameConstraints, SubjectAltName,
};
use x509_cert::time::Time;

pub use algorithm::{Curve, Hash, PublicKeyKind, SignatureAlgorithm, SignatureScheme};
pub use names::{Constraint, NameConstraintsFacts, SubjectName};

use crate::time::UnixTime;

/// RFC 5280, section 4.2.1.12.
const SERVER_AUTH: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.5.5.7.3.1");
/// RFC 5280, section 4.2.1.12.
const CLIENT_AUTH: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.5.5.7.3.2");
/// RFC 5280, section 4.2.1.12; RFC 6960, section 4.2.2.2.
const OCSP_SIGNING: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.5.5.7.3.9");
/// RFC 5280, section 4.2.1.12.
const ANY_EXTENDED_KEY_USAGE: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.29.37.0");
/// RFC 5280, section 4.2.2.1.
const AD_OCSP: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.5.5.7.48.1");
/// RFC 5280, section 4.2.2.1.
const AD_CA_ISSUERS: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.5.5.7.48.2");
/// X.520, commonName.
const COMMON_NAME: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.4.3");

/// The critical extensions that the TLS library understands: RFC 5280, sections
/// 4.2.1.3, .6, .9 and .12. Not among them is nameConstraints (.10): those that are not
/// critical are looked at here, and Mbed TLS reads no certificate in which they are.
const UNDERSTOOD: [ObjectIdentifier; 4] = [
    ObjectIdentifier::new_unwrap("2.5.29.15"),
    ObjectIdentifier::new_unwrap("2.5.29.17"),
    ObjectIdentifier::new_unwrap("2.5.29.19"),
    ObjectIdentifier::new_unwrap("2.5.29.37"),
];

/// The fields of an X.509 certificate (RFC 5280) that a check or a person asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct CertificateFacts {
    /// Whom it is about, as RFC 4514 writes it.
    pub subject: String,
    /// Who issued it, as RFC 4514 writes it.
    pub issuer: String,
    /// The last commonName of the subject. No name to check a server by: see
    /// [`Policy::legacy_common_name`](crate::policy::Policy::legacy_common_name).
    pub common_name: Option<String>,
    /// The serial number, big end first, without leading zeroes: at most 20 bytes by RFC
    /// 5280, section 4.1.2.2, and 21 of a CA that gets that wrong.
    pub serial: Vec<u8>,
    /// Its first second.
    pub not_before: UnixTime,
    /// Its last second.
    pub not_after: UnixTime,
    /// The names in its subjectAltName; `None` if it has no such extension.
    pub names: Option<Vec<SubjectName>>,
    /// What kind of key it holds.
    pub key: PublicKeyKind,
    /// The key itself: its SubjectPublicKeyInfo in DER.
    pub public_key: Vec<u8>,
    /// How its issuer signed it.
    pub signature: SignatureAlgorithm,
    /// Whether basicConstraints make it a CA's.
    pub is_ca: bool,
    /// How many further CAs there may be between it and the peer's own certificate
    /// (pathLenConstraint); `None` for any number.
    pub path_length: Option<u8>,
    /// Whether keyUsage, if there is one, allows signing a handshake, which every
    /// cipher suite offered here has a certificate's key do.
    pub may_sign: bool,
    /// Whether keyUsage, if there is one, allows signing certificates.
    pub may_sign_certificates: bool,
    /// Whether keyUsage, if there is one, allows signing revocation lists.
    pub may_sign_crls: bool,
    /// Whether extendedKeyUsage, if there is one, allows a TLS server.
    pub server_auth: bool,
    /// Whether extendedKeyUsage, if there is one, allows a TLS client.
    pub client_auth: bool,
    /// Whether extendedKeyUsage is there and names OCSP signing (RFC 6960,
    /// section 4.2.2.2): unlike the others, that must be said.
    pub ocsp_signing: bool,
    /// What nameConstraints allow and forbid below this CA.
    pub name_constraints: Option<NameConstraintsFacts>,
    /// Where authorityInfoAccess says to ask by OCSP.
    pub ocsp_urls: Vec<String>,
    /// Where authorityInfoAccess says that the issuer's certificate is.
    pub issuer_urls: Vec<String>,
    /// Where cRLDistributionPoints say that the revocation list is.
    pub crl_urls: Vec<String>,
    /// The critical extensions that nobody here understands, by their numbers. RFC
    /// 5280, section 4.2 has them refused.
    pub not_understood: Vec<String>,
}

impl CertificateFacts {
    /// Reads a certificate in DER; `None` if it is none, or breaks its own format.
    #[must_use]
    pub fn read(der: &[u8]) -> Option<Self> {
        let certificate = Certificate::from_der(der).ok()?;
        let body = certificate.tbs_certificate;
        let names = body.get::<SubjectAltName>().ok()?;
        let usage = body.get::<KeyUsage>().ok()?.map(|(_, usage)| usage);
        let purposes = body.get::<ExtendedKeyUsage>().ok()?;
        let purposes = purposes.map(|(_, purposes)| purposes.0);
        let constraints = body.get::<BasicConstraints>().ok()?;
        let constraints = constraints.map(|(_, constraints)| constraints);
        let name_constraints = body.get::<NameConstraints>().ok()?;
        let access = body.get::<AuthorityInfoAccessSyntax>().ok()?;
        let access = access.map_or_else(Vec::new, |(_, access)| access.0);
        let points = body.get::<CrlDistributionPoints>().ok()?;
        let allows = |purpose: ObjectIdentifier| {
            purposes.as_ref().is_none_or(|purposes| {
                purposes.contains(&purpose) || purposes.contains(&ANY_EXTENDED_KEY_USAGE)
            })
        };
        let urls = |method: ObjectIdentifier| {
            access
                .iter()
                .filter(|access| access.access_method == method)
                .filter_map(|access| url(&access.access_location))
                .collect()
        };
        Some(Self {
            common_name: names::attribute(&body.subject, COMMON_NAME),
            serial: significant(body.serial_number.as_bytes()).to_vec(),
            names: names.map(|(_, names)| names.0.iter().map(SubjectName::read).collect()),
            key: PublicKeyKind::read(&body.subject_public_key_info),
            public_key: body.subject_public_key_info.to_der().ok()?,
            signature: SignatureAlgorithm::read(&certificate.signature_algorithm),
            is_ca: constraints.as_ref().is_some_and(|ca| ca.ca),
            path_length: constraints.and_then(|ca| ca.path_len_constraint),
            may_sign: usage.is_none_or(|usage| usage.digital_signature()),
            may_sign_certificates: usage.is_none_or(|usage| usage.key_cert_sign()),
            may_sign_crls: usage.is_none_or(|usage| usage.crl_sign()),
            server_auth: allows(SERVER_AUTH),
            client_auth: allows(CLIENT_AUTH),
            ocsp_signing: purposes
                .as_ref()
                .is_some_and(|purposes| purposes.contains(&OCSP_SIGNING)),
            name_constraints: name_constraints
                .map(|(_, constraints)| NameConstraintsFacts::read(&constraints)),
            ocsp_urls: urls(AD_OCSP),
            issuer_urls: urls(AD_CA_ISSUERS),
            crl_urls: points.map_or_else(Vec::new, |(_, points)| {
                points.0.iter().flat_map(point_urls).collect()
            }),
            not_understood: body
                .extensions
                .iter()
                .flatten()
                .filter(|extension| extension.critical)
                .filter(|extension| !UNDERSTOOD.contains(&extension.extn_id))
                .map(|extension| extension.extn_id.to_string())
                .collect(),
            subject: body.subject.to_string(),
            issuer: body.issuer.to_string(),
            not_before: seconds(&body.validity.not_before),
            not_after: seconds(&body.validity.not_after),
        })
    }

    /// Whether subject and issuer are the same: a self-signed certificate.
    #[must_use]
    pub fn is_self_issued(&self) -> bool {
        self.subject == self.issuer
    }
}

pub(crate) fn seconds(time: &Time) -> UnixTime {
    UnixTime::from_seconds(time.to_unix_duration().as_secs())
}

/// An INTEGER's bytes without the zeroes in front, so that two encodings of one
/// number are equal.
pub(crate) fn significant(bytes: &[u8]) -> &[u8] {
    let zeroes = bytes.iter().take_while(|byte| **byte == 0).count();
    &bytes[zeroes..]
}

fn url(name: &GeneralName) -> Option<String> {
    match name {
        GeneralName::UniformResourceIdentifier(uri) => Some(uri.to_string()),
        _ => None,
    }
}

fn point_urls(point: &DistributionPoint) -> Vec<String> {
    match &point.distribution_point {
        Some(DistributionPointName::FullName(names)) => names.iter().filter_map(url).collect(),
        _ => Vec::new(),
    }
}
