// SPDX-License-Identifier: Apache-2.0

//! What a finished handshake agreed on.

use alloc::borrow::ToOwned;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::fmt;
use core::time::Duration;

use crate::config::AlpnProtocol;
use crate::credential::{IdentitySource, PskSource, SecTag};
use crate::mode::Mode;
use crate::name::ServerName;
use crate::suite::CipherSuite;
use crate::version::TlsVersion;
use crate::x509::CertificateFacts;

/// Whom a certificate is about.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct CertificateIdentity {
    /// The subject, as RFC 4514 writes it.
    pub subject: String,
    /// The names in subjectAltName.
    pub names: Vec<String>,
    /// SHA-256 over the whole certificate in DER.
    pub sha256: [u8; 32],
}

impl CertificateIdentity {
    /// Whom the certificate with these facts is about; one that cannot be read still
    /// has its hash.
    pub(crate) fn new(facts: Option<&CertificateFacts>, sha256: [u8; 32]) -> Self {
        Self {
            subject: facts.map_or_else(
                || "a certificate that cannot be read".to_owned(),
                |facts| facts.subject.clone(),
            ),
            names: facts
                .and_then(|facts| facts.names.as_ref())
                .map_or_else(Vec::new, |names| {
                    names.iter().map(ToString::to_string).collect()
                }),
            sha256,
        }
    }
}

/// As whom one side of a connection was authenticated to the other.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum AuthenticatedAs {
    /// By this certificate.
    Certificate(CertificateIdentity),
    /// By the certificate in the platform's credential store under this tag.
    StoredCertificate(SecTag),
    /// By a certificate that the platform's TLS took for one of this name. It was not
    /// shown, and nothing but that is known of it
    /// ([`Trust::unexamined`](crate::credential::Trust::unexamined)).
    Unexamined(ServerName),
    /// By a pre-shared key. Its identity, where the program knows it.
    Psk(Option<String>),
    /// Not at all.
    Nobody,
}

impl AuthenticatedAs {
    pub(crate) fn psk(source: &PskSource) -> Self {
        Self::Psk(match source {
            PskSource::Given { identity, .. } => Some(identity.as_str().to_owned()),
            PskSource::Stored(_) => None,
        })
    }

    pub(crate) fn certificate(source: &IdentitySource) -> Self {
        match source {
            IdentitySource::Given(identity) => Self::Certificate(identity.about().clone()),
            IdentitySource::Stored(tag) => Self::StoredCertificate(*tag),
        }
    }
}

impl fmt::Display for AuthenticatedAs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Certificate(identity) => {
                write!(f, "{} (SHA-256 ", identity.subject)?;
                for byte in identity.sha256.iter().take(8) {
                    write!(f, "{byte:02x}")?;
                }
                f.write_str("...)")
            }
            Self::StoredCertificate(tag) => write!(f, "the certificate under security tag {tag}"),
            Self::Unexamined(name) => write!(
                f,
                "whom the platform's TLS took for {name}, by a certificate that nobody here saw"
            ),
            Self::Psk(Some(identity)) => write!(f, "holder of the pre-shared key {identity}"),
            Self::Psk(None) => f.write_str("holder of the pre-shared key"),
            Self::Nobody => f.write_str("nobody"),
        }
    }
}

/// What a handshake agreed on, and what it cost.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Session {
    /// The mode that the connection was made in.
    pub mode: Mode,
    /// The TLS version that was negotiated; one that was asked for.
    pub version: TlsVersion,
    /// The cipher suite that was negotiated; one that was offered. `None` where the
    /// platform does not tell which.
    pub suite: Option<CipherSuite>,
    /// The application protocol that was negotiated (ALPN, RFC 7301).
    pub alpn: Option<AlpnProtocol>,
    /// Whether an earlier session was resumed. No certificate was shown then: who the peer
    /// is was proved in the full handshake that the session is from, and its certificate
    /// judged again since. See [`resumption`](crate::resumption).
    pub resumed: bool,
    /// As whom the peer proved itself to us.
    pub peer: AuthenticatedAs,
    /// As whom we proved ourselves to the peer. In TLS 1.3 a client is done before
    /// the server has looked at its certificate: a refusal comes with the first read.
    pub us: AuthenticatedAs,
    /// Bytes that we sent during the handshake, record headers included; `None`
    /// where the backend cannot count them.
    pub sent: Option<u32>,
    /// Bytes that we received during the handshake, record headers included.
    pub received: Option<u32>,
    /// How long the handshake took, TCP's apart.
    pub duration: Duration,
    /// The most heap that the TLS library held at any one moment so far, in bytes;
    /// `None` where the backend does not measure it.
    pub heap_peak: Option<u32>,
}

impl Session {
    /// The cipher suite, or that it is not known, for a person.
    #[must_use]
    pub const fn suite_text(&self) -> impl fmt::Display + use<> {
        SuiteText(self.suite)
    }
}

struct SuiteText(Option<CipherSuite>);

impl fmt::Display for SuiteText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Some(suite) => suite.fmt(f),
            None => f.write_str("a cipher suite that the platform does not tell"),
        }
    }
}
