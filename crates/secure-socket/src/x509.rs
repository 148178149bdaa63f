// SPDX-License-Identifier: Apache-2.0

//! What a certificate says of itself, read for the sake of a sentence about it.
//!
//! Nothing here decides whether a certificate is good: that is the TLS library's
//! and the policy's to say.

use alloc::borrow::ToOwned;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::net::{Ipv4Addr, Ipv6Addr};

use der::Decode;
use der::asn1::{ObjectIdentifier, OctetString};
use x509_cert::Certificate;
use x509_cert::ext::pkix::name::GeneralName;
use x509_cert::ext::pkix::{ExtendedKeyUsage, KeyUsage, SubjectAltName};
use x509_cert::time::Time;

use crate::time::UnixTime;

/// RFC 5280, section 4.2.1.12.
const SERVER_AUTH: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.5.5.7.3.1");
/// RFC 5280, section 4.2.1.12.
const CLIENT_AUTH: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.5.5.7.3.2");
/// RFC 5280, section 4.2.1.12.
const ANY_EXTENDED_KEY_USAGE: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.29.37.0");

/// The fields of an X.509 certificate that people ask for.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct CertificateFacts {
    /// Whom it is about, as RFC 4514 writes it.
    pub subject: String,
    /// Who issued it, as RFC 4514 writes it.
    pub issuer: String,
    /// Its first second.
    pub not_before: UnixTime,
    /// Its last second.
    pub not_after: UnixTime,
    /// The names in its subjectAltName: DNS names and IP addresses as they are
    /// written, others by their kind.
    pub names: Vec<String>,
    /// Whether keyUsage, if there is one, allows signing a handshake, which every
    /// cipher suite offered here has a certificate's key do.
    pub may_sign: bool,
    /// Whether extendedKeyUsage, if there is one, allows a TLS server.
    pub server_auth: bool,
    /// Whether extendedKeyUsage, if there is one, allows a TLS client.
    pub client_auth: bool,
}

impl CertificateFacts {
    /// Reads a certificate in DER; `None` if it is none.
    #[must_use]
    pub fn read(der: &[u8]) -> Option<Self> {
        let certificate = Certificate::from_der(der).ok()?;
        let body = certificate.tbs_certificate;
        let names = match body.get::<SubjectAltName>() {
            Ok(Some((_, names))) => names.0.iter().map(name_text).collect(),
            Ok(None) => Vec::new(),
            Err(_) => return None,
        };
        let may_sign = match body.get::<KeyUsage>() {
            Ok(usage) => usage.is_none_or(|(_, usage)| usage.digital_signature()),
            Err(_) => return None,
        };
        let purposes = match body.get::<ExtendedKeyUsage>() {
            Ok(usage) => usage.map(|(_, usage)| usage.0),
            Err(_) => return None,
        };
        let allows = |purpose: ObjectIdentifier| {
            purposes.as_ref().is_none_or(|purposes| {
                purposes.contains(&purpose) || purposes.contains(&ANY_EXTENDED_KEY_USAGE)
            })
        };
        Some(Self {
            may_sign,
            server_auth: allows(SERVER_AUTH),
            client_auth: allows(CLIENT_AUTH),
            subject: body.subject.to_string(),
            issuer: body.issuer.to_string(),
            not_before: seconds(&body.validity.not_before),
            not_after: seconds(&body.validity.not_after),
            names,
        })
    }

    /// Whether subject and issuer are the same: a self-signed certificate.
    #[must_use]
    pub fn is_self_issued(&self) -> bool {
        self.subject == self.issuer
    }
}

fn seconds(time: &Time) -> UnixTime {
    UnixTime::from_seconds(time.to_unix_duration().as_secs())
}

fn name_text(name: &GeneralName) -> String {
    match name {
        GeneralName::DnsName(name) => name.as_str().to_owned(),
        GeneralName::Rfc822Name(name) => format!("email:{}", name.as_str()),
        GeneralName::UniformResourceIdentifier(uri) => format!("URI:{}", uri.as_str()),
        GeneralName::IpAddress(address) => ip_text(address),
        _ => "another kind of name".to_owned(),
    }
}

fn ip_text(address: &OctetString) -> String {
    let bytes = address.as_bytes();
    if let Ok(v4) = <[u8; 4]>::try_from(bytes) {
        return Ipv4Addr::from(v4).to_string();
    }
    if let Ok(v6) = <[u8; 16]>::try_from(bytes) {
        return Ipv6Addr::from(v6).to_string();
    }
    "an IP address of a wrong length".to_owned()
}
