// SPDX-License-Identifier: Apache-2.0

//! What a certificate says of itself.
//!
//! Nothing here decides whether a certificate is good: that is for the TLS library
//! and for [`Policy`](crate::policy::Policy) to say.

mod algorithm;
mod certificate;
mod distinguished;
pub(crate) mod extension;
mod extensions;
mod names;
#[cfg(test)]
mod tests;
pub(crate) mod walk;

use alloc::string::String;
use alloc::vec::Vec;

use der::asn1::ObjectIdentifier;
use x509_cert::time::Time;

pub(crate) use certificate::{MAX_SERIAL, Parts};

pub use algorithm::{Curve, Hash, PublicKeyKind, SignatureAlgorithm, SignatureScheme};
pub use names::{Constraint, NameConstraintsFacts, SubjectName};

use self::distinguished::DistinguishedName;
use self::extensions::{Extensions, Usage};
use crate::room;
use crate::time::UnixTime;

/// RFC 5280, section 4.2.1.12.
const SERVER_AUTH: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.5.5.7.3.1");
/// RFC 5280, section 4.2.1.12.
const CLIENT_AUTH: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.5.5.7.3.2");
/// RFC 5280, section 4.2.1.12; RFC 6960, section 4.2.2.2.
const OCSP_SIGNING: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.5.5.7.3.9");
/// RFC 5280, section 4.2.1.12.
const ANY_EXTENDED_KEY_USAGE: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.29.37.0");

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
    /// Reads a certificate in DER; `None` if it is none, or breaks its own format, or there
    /// is no memory for what it says.
    #[must_use]
    pub fn read(der: &[u8]) -> Option<Self> {
        let parts = Parts::read(der)?;
        let extensions = Extensions::read(parts.extensions)?;
        let purposes = extensions.purposes;
        let may = |use_| extensions.usage.is_none_or(|usage| usage.allows(use_));
        let subject = DistinguishedName::read(parts.subject)?;
        let basic = extensions.basic.unwrap_or_default();
        let access = extensions.access.unwrap_or_default();
        Some(Self {
            subject: subject.text,
            issuer: DistinguishedName::read(parts.issuer)?.text,
            common_name: subject.common_name,
            serial: room::bytes(significant(parts.serial))?,
            not_before: parts.not_before,
            not_after: parts.not_after,
            key: PublicKeyKind::read(parts.public_key)?,
            public_key: room::bytes(parts.public_key.whole)?,
            signature: SignatureAlgorithm::of(parts.algorithm)?,
            is_ca: basic.is_ca,
            path_length: basic.path_length,
            may_sign: may(Usage::DIGITAL_SIGNATURE),
            may_sign_certificates: may(Usage::KEY_CERT_SIGN),
            may_sign_crls: may(Usage::CRL_SIGN),
            server_auth: purposes.is_none_or(|allowed| allowed.any || allowed.server_auth),
            client_auth: purposes.is_none_or(|allowed| allowed.any || allowed.client_auth),
            ocsp_signing: purposes.is_some_and(|allowed| allowed.ocsp_signing),
            names: extensions.names,
            name_constraints: extensions.name_constraints,
            ocsp_urls: access.ocsp,
            issuer_urls: access.issuers,
            crl_urls: extensions.crl_urls.unwrap_or_default(),
            not_understood: extensions.not_understood,
        })
    }

    /// The bytes of memory that a copy of its texts and names takes, more or less.
    pub(crate) fn told(&self) -> usize {
        /// What each allocation has besides, and a String.
        const EACH: usize = 32;
        let names = self.names.iter().flatten();
        let names: usize = names.map(|name| name.length() + EACH).sum();
        let common_name = self.common_name.as_ref().map_or(0, String::len);
        names + self.subject.len() + self.issuer.len() + common_name + 3 * EACH
    }

    /// Whether subject and issuer are the same: a self-signed certificate.
    #[must_use]
    pub fn is_self_issued(&self) -> bool {
        self.subject == self.issuer
    }
}

/// A Name in DER, as RFC 4514 writes it; `None` if it is none, or there is no memory for it.
pub(crate) fn name_text(name: &[u8]) -> Option<String> {
    DistinguishedName::read(walk::Walk::only(name)?).map(|name| name.text)
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
