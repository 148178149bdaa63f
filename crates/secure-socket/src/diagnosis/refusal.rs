// SPDX-License-Identifier: Apache-2.0

//! A certificate that was refused: which one, by which check, on which facts.

use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use super::CheckFlags;
use crate::time::UnixTime;

/// The side that a certificate belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Peer {
    /// The server.
    Server,
    /// The client.
    Client,
}

impl fmt::Display for Peer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Server => "server",
            Self::Client => "client",
        })
    }
}

/// The kinds of checks that a certificate goes through.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Check {
    /// It leads to a trust anchor, each certificate signed by the next.
    Chain,
    /// The clock is within notBefore..=notAfter.
    Dates,
    /// It carries the name that was asked for.
    Name,
    /// keyUsage and extendedKeyUsage allow this use.
    Purpose,
    /// Its key, and the algorithms it is signed with, are strong enough.
    Key,
    /// It is not revoked.
    Revoked,
    /// Something else.
    Other,
}

/// Why one certificate was refused, with the facts on both sides.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Refusal {
    /// It is signed by itself and is none of the trust anchors.
    SelfSigned,
    /// Nobody we trust issued it, and no intermediate that would lead there came
    /// with it.
    UnknownIssuer {
        /// Who issued it.
        issuer: String,
        /// The subjects of our trust anchors; empty where the platform's store
        /// holds them.
        anchors: Vec<String>,
    },
    /// A trust anchor of ours has the issuer's name, but did not sign it: another CA
    /// of the same name, or a forgery.
    IssuerSignature {
        /// The name in question.
        issuer: String,
    },
    /// It ran out.
    Expired {
        /// Its last day.
        not_after: UnixTime,
        /// What our clock shows.
        clock: UnixTime,
    },
    /// It is not valid yet.
    NotYetValid {
        /// Its first day.
        not_before: UnixTime,
        /// What our clock shows.
        clock: UnixTime,
    },
    /// It is for other names.
    WrongName {
        /// The name that we asked for.
        wanted: String,
        /// The names that it carries (subjectAltName).
        names: Vec<String>,
    },
    /// keyUsage or extendedKeyUsage does not allow it to be used by this peer.
    Purpose {
        /// The use that it would have to allow.
        wanted: &'static str,
    },
    /// Its key, or the algorithm that it is signed with, is weaker than we accept.
    WeakKey,
    /// It is on a revocation list.
    Revoked,
    /// It breaks the rules of its own format (RFC 5280), so that what it allows
    /// cannot be told.
    Unreadable,
    /// The TLS library refused it for a reason without a name here.
    Other(CheckFlags),
}

impl Refusal {
    /// The kind of check that failed.
    #[must_use]
    pub const fn check(&self) -> Check {
        match self {
            Self::SelfSigned | Self::UnknownIssuer { .. } | Self::IssuerSignature { .. } => {
                Check::Chain
            }
            Self::Expired { .. } | Self::NotYetValid { .. } => Check::Dates,
            Self::WrongName { .. } => Check::Name,
            Self::Purpose { .. } => Check::Purpose,
            Self::WeakKey => Check::Key,
            Self::Revoked => Check::Revoked,
            Self::Unreadable | Self::Other(_) => Check::Other,
        }
    }
}

/// A comma-separated list, cut off where it gets too long to read.
fn list(f: &mut fmt::Formatter<'_>, items: &[String]) -> fmt::Result {
    const SHOWN: usize = 4;
    for (index, item) in items.iter().take(SHOWN).enumerate() {
        if index > 0 {
            f.write_str(", ")?;
        }
        f.write_str(item)?;
    }
    if items.len() > SHOWN {
        write!(f, " and {} more", items.len() - SHOWN)?;
    }
    Ok(())
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::SelfSigned => f.write_str("it is self-signed and not one of our trust anchors"),
            Self::UnknownIssuer { issuer, anchors } => {
                write!(f, "it was issued by {issuer}, which ")?;
                match anchors.as_slice() {
                    [] => f.write_str("is not trusted here")?,
                    anchors => {
                        f.write_str("is not among our trust anchors (")?;
                        list(f, anchors)?;
                        f.write_str(")")?;
                    }
                }
                f.write_str(", and no intermediate that leads to one came with it")
            }
            Self::IssuerSignature { issuer } => write!(
                f,
                "it names {issuer} as its issuer, but the trust anchor of that name did not sign it"
            ),
            Self::Expired { not_after, clock } => {
                write!(f, "expired {not_after}, clock says {clock}")
            }
            Self::NotYetValid { not_before, clock } => {
                write!(f, "not valid before {not_before}, clock says {clock}")
            }
            Self::WrongName { wanted, names } => {
                write!(f, "it is not for {wanted} but for ")?;
                match names.as_slice() {
                    [] => f.write_str("no name at all (no subjectAltName)"),
                    names => list(f, names),
                }
            }
            Self::Purpose { wanted } => {
                write!(f, "its key usage does not allow {wanted}")
            }
            Self::WeakKey => f.write_str("its key or signature algorithm is weaker than we accept"),
            Self::Revoked => f.write_str("it is revoked"),
            Self::Unreadable => f.write_str("it is not a certificate as RFC 5280 has them"),
            Self::Other(flags) => write!(f, "the TLS library refused it (flags {flags})"),
        }
    }
}

/// One certificate of a chain, and everything that it was refused for.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct CertificateRefusal {
    /// Its place in the chain: 0 is the peer's own, above are its issuers.
    pub depth: u8,
    /// Its subject, as RFC 4514 writes it.
    pub subject: String,
    /// Why, most telling first; never empty.
    pub refusals: Vec<Refusal>,
}

impl fmt::Display for CertificateRefusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} (depth {}): ", self.subject, self.depth)?;
        for (index, refusal) in self.refusals.iter().enumerate() {
            if index > 0 {
                f.write_str("; ")?;
            }
            refusal.fmt(f)?;
        }
        Ok(())
    }
}
