// SPDX-License-Identifier: Apache-2.0

//! One certificate, as a person asks about it.

use std::fmt;

use der::Decode;
use secure_socket::policy::SpkiPin;
use secure_socket::x509::{CertificateFacts, Constraint, NameConstraintsFacts};
use secure_socket::{UnixTime, backend::Backend};
use x509_cert::Certificate;
use x509_cert::ext::pkix::{ExtendedKeyUsage, KeyUsage, KeyUsages};

/// One certificate: what it says of itself, and what can be said of its bytes.
pub(super) struct Described {
    /// `None` if it cannot be read.
    pub(super) facts: Option<CertificateFacts>,
    /// What keyUsage allows; `None` without that extension: anything.
    pub(super) usages: Option<Vec<Use>>,
    /// What extendedKeyUsage allows; `None` without that extension: anything.
    pub(super) purposes: Option<Vec<Use>>,
    pub(super) sha256: [u8; 32],
    pub(super) pin: Option<SpkiPin>,
    pub(super) bytes: usize,
}

/// Something that a key may be used for.
pub(super) struct Use {
    words: &'static str,
    /// In RFC 5280, or else its object identifier.
    pub(super) name: String,
}

impl Use {
    fn new(words: &'static str, name: &str) -> Self {
        let name = name.to_owned();
        Self { words, name }
    }
}

impl fmt::Display for Use {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({})", self.words, self.name)
    }
}

impl Described {
    pub(super) fn new(der: &[u8], backend: &impl Backend) -> Self {
        let facts = CertificateFacts::read(der);
        let certificate = Certificate::from_der(der).ok();
        let body = certificate.as_ref().map(|all| &all.tbs_certificate);
        Self {
            usages: body
                .and_then(|body| body.get::<KeyUsage>().ok().flatten())
                .map(|(_, usage)| usages(usage)),
            purposes: body
                .and_then(|body| body.get::<ExtendedKeyUsage>().ok().flatten())
                .map(|(_, purposes)| {
                    purposes
                        .0
                        .iter()
                        .map(|id| purpose(&id.to_string()))
                        .collect()
                }),
            pin: facts
                .as_ref()
                .map(|facts| SpkiPin::new(backend.sha256(&facts.public_key))),
            facts,
            sha256: backend.sha256(der),
            bytes: der.len(),
        }
    }
}

/// RFC 5280, section 4.2.1.3.
fn usages(usage: KeyUsage) -> Vec<Use> {
    [
        (
            KeyUsages::DigitalSignature,
            "signing handshakes",
            "digitalSignature",
        ),
        (
            KeyUsages::NonRepudiation,
            "signing documents",
            "nonRepudiation",
        ),
        (
            KeyUsages::KeyEncipherment,
            "encrypting keys",
            "keyEncipherment",
        ),
        (
            KeyUsages::DataEncipherment,
            "encrypting data",
            "dataEncipherment",
        ),
        (KeyUsages::KeyAgreement, "agreeing on keys", "keyAgreement"),
        (
            KeyUsages::KeyCertSign,
            "signing certificates",
            "keyCertSign",
        ),
        (KeyUsages::CRLSign, "signing revocation lists", "cRLSign"),
        (KeyUsages::EncipherOnly, "encrypting alone", "encipherOnly"),
        (KeyUsages::DecipherOnly, "decrypting alone", "decipherOnly"),
    ]
    .into_iter()
    .filter(|(bit, ..)| usage.0.contains(*bit))
    .map(|(_, words, name)| Use::new(words, name))
    .collect()
}

/// RFC 5280, section 4.2.1.12.
fn purpose(id: &str) -> Use {
    match id {
        "1.3.6.1.5.5.7.3.1" => Use::new("TLS servers", "serverAuth"),
        "1.3.6.1.5.5.7.3.2" => Use::new("TLS clients", "clientAuth"),
        "1.3.6.1.5.5.7.3.3" => Use::new("code", "codeSigning"),
        "1.3.6.1.5.5.7.3.4" => Use::new("mail", "emailProtection"),
        "1.3.6.1.5.5.7.3.8" => Use::new("time stamps", "timeStamping"),
        "1.3.6.1.5.5.7.3.9" => Use::new("OCSP responses", "OCSPSigning"),
        "2.5.29.37.0" => Use::new("anything", "anyExtendedKeyUsage"),
        other => Use::new("something else", other),
    }
}

/// How far off a certificate's end is, or its beginning.
pub(super) fn days(facts: &CertificateFacts, now: UnixTime) -> String {
    let whole = |from: UnixTime, to: UnixTime| to.seconds().saturating_sub(from.seconds()) / 86_400;
    let count = |days: u64| match days {
        1 => "1 day".to_owned(),
        days => format!("{days} days"),
    };
    if now < facts.not_before {
        format!("NOT VALID YET, in {}", count(whole(now, facts.not_before)))
    } else if now > facts.not_after {
        format!("EXPIRED {} ago", count(whole(facts.not_after, now)))
    } else {
        format!("{} left", count(whole(now, facts.not_after)))
    }
}

/// The same for machines: less than none if it expired.
pub(super) fn days_left(facts: &CertificateFacts, now: UnixTime) -> i64 {
    let seconds = |time: UnixTime| i64::try_from(time.seconds()).unwrap_or(i64::MAX);
    seconds(facts.not_after)
        .saturating_sub(seconds(now))
        .div_euclid(86_400)
}

/// What nameConstraints allow and forbid.
pub(super) fn constraints(constraints: &NameConstraintsFacts) -> String {
    let list = |parts: &[Constraint]| {
        let parts: Vec<_> = parts
            .iter()
            .map(|part| match part {
                Constraint::Dns(name) if name.is_empty() => "all DNS names".to_owned(),
                Constraint::Dns(name) => name.clone(),
                Constraint::Ip(address, mask) => format!("{address}/{mask}"),
                _ => "another kind of name".to_owned(),
            })
            .collect();
        parts.join(", ")
    };
    let mut said = Vec::new();
    if !constraints.permitted.is_empty() {
        said.push(format!(
            "may vouch for {} alone",
            list(&constraints.permitted)
        ));
    }
    if !constraints.excluded.is_empty() {
        said.push(format!("may not vouch for {}", list(&constraints.excluded)));
    }
    said.join("; ")
}
