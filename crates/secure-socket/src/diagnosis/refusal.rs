// SPDX-License-Identifier: Apache-2.0

//! A certificate that was refused: which one, by which check, on which facts.

use alloc::string::String;
use alloc::vec::Vec;
use core::fmt::{self, Write as _};

use super::CheckFlags;
use crate::policy::SpkiPin;
use crate::revocation::{RevocationProblem, RevocationReason};
use crate::time::UnixTime;
use crate::x509::{PublicKeyKind, SignatureAlgorithm};

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
    /// A pinned key is in the chain.
    Pin,
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
    /// A trust anchor of ours, or a CA that came with it, has the issuer's name, but did
    /// not sign it: another CA of the same name, or a forgery.
    IssuerSignature {
        /// The name in question.
        issuer: String,
    },
    /// The certificate of its issuer is not that of a CA (basicConstraints).
    NotACa {
        /// The issuer.
        issuer: String,
    },
    /// keyUsage does not allow its issuer to sign certificates (keyCertSign).
    MayNotSignCertificates {
        /// The issuer.
        issuer: String,
    },
    /// There are more CAs below its issuer than that allows (pathLenConstraint).
    PathLength {
        /// The issuer.
        issuer: String,
        /// How many it allows.
        allowed: u8,
        /// How many there are.
        had: u8,
    },
    /// The peer sent its issuer's certificate before it, where it belongs after it.
    WrongOrder {
        /// The issuer.
        issuer: String,
    },
    /// It is signed in a way that the TLS library was built without.
    SignatureUnsupported {
        /// How it is signed.
        algorithm: SignatureAlgorithm,
        /// The key that it is signed with.
        key: PublicKeyKind,
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
    /// It has no subjectAltName, where names belong (RFC 9525, section 6.3).
    NoSubjectAltName {
        /// The name that we asked for.
        wanted: String,
        /// Its commonName, which is not looked at.
        common_name: Option<String>,
    },
    /// A CA above it may not vouch for one of its names (nameConstraints).
    NameConstraint {
        /// The CA.
        issuer: String,
        /// The name.
        name: String,
    },
    /// keyUsage or extendedKeyUsage does not allow it to be used by this peer.
    Purpose {
        /// The use that it would have to allow.
        wanted: &'static str,
    },
    /// Its RSA key is too short to be safe.
    KeyTooShort {
        /// Its length in bits.
        bits: u32,
        /// The shortest that is taken.
        min: u32,
    },
    /// Its RSA key is longer than this device is meant to work with.
    KeyTooHeavy {
        /// Its length in bits.
        bits: u32,
        /// The longest that the policy takes.
        max: u32,
    },
    /// Its key is of a kind, or on a curve, that the policy does not take.
    KeyNotAllowed {
        /// The key.
        key: PublicKeyKind,
    },
    /// It is signed in a way that can be forged, or that is not known here.
    WeakSignature {
        /// How it is signed.
        algorithm: SignatureAlgorithm,
    },
    /// The TLS library finds its key, or the algorithm that it is signed with, too weak.
    WeakKey,
    /// None of the pinned keys is in the chain.
    NotPinned {
        /// The pin of the peer's own key.
        own: SpkiPin,
    },
    /// It has critical extensions that are not understood here, so that it cannot be
    /// told what it allows (RFC 5280, section 4.2).
    NotUnderstood {
        /// Their object identifiers.
        extensions: Vec<String>,
    },
    /// Its issuer revoked it.
    Revoked {
        /// When, where that is told.
        at: Option<UnixTime>,
        /// Why, where that is told.
        reason: Option<RevocationReason>,
    },
    /// Nobody can tell whether its issuer revoked it, and the policy wants to know.
    RevocationUnknown {
        /// What stands in the way.
        problem: RevocationProblem,
    },
    /// It breaks the rules of its own format (RFC 5280), so that what it allows
    /// cannot be told.
    Unreadable,
    /// There was no memory to look at it, or to say what is wrong with it.
    OutOfMemory,
    /// The TLS library refused it for a reason without a name here.
    Other(CheckFlags),
}

impl Refusal {
    /// The kind of check that failed.
    #[must_use]
    pub const fn check(&self) -> Check {
        match self {
            Self::SelfSigned
            | Self::UnknownIssuer { .. }
            | Self::IssuerSignature { .. }
            | Self::NotACa { .. }
            | Self::MayNotSignCertificates { .. }
            | Self::PathLength { .. }
            | Self::WrongOrder { .. }
            | Self::SignatureUnsupported { .. } => Check::Chain,
            Self::Expired { .. } | Self::NotYetValid { .. } => Check::Dates,
            Self::WrongName { .. }
            | Self::NoSubjectAltName { .. }
            | Self::NameConstraint { .. } => Check::Name,
            Self::Purpose { .. } => Check::Purpose,
            Self::KeyTooShort { .. }
            | Self::KeyTooHeavy { .. }
            | Self::KeyNotAllowed { .. }
            | Self::WeakSignature { .. }
            | Self::WeakKey => Check::Key,
            Self::Revoked { .. } | Self::RevocationUnknown { .. } => Check::Revoked,
            Self::NotPinned { .. } => Check::Pin,
            Self::NotUnderstood { .. } | Self::Unreadable | Self::OutOfMemory | Self::Other(_) => {
                Check::Other
            }
        }
    }
}

/// A name as a certificate has it, which may be anything: a NUL would end a device's
/// sentence right after `device.test`, and other control characters change a terminal.
struct Shown<'a>(&'a str);

impl fmt::Display for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.chars().try_for_each(|c| match c.is_control() {
            true => write!(f, "{}", c.escape_default()),
            false => f.write_char(c),
        })
    }
}

/// A comma-separated list, cut off where it gets too long to read.
fn list(f: &mut fmt::Formatter<'_>, items: &[String]) -> fmt::Result {
    const SHOWN: usize = 4;
    for (index, item) in items.iter().take(SHOWN).enumerate() {
        if index > 0 {
            f.write_str(", ")?;
        }
        write!(f, "{}", Shown(item))?;
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
                "it names {issuer} as its issuer, but the CA of that name that is at hand did not \
                 sign it"
            ),
            Self::NotACa { issuer } => {
                write!(f, "its issuer {issuer} is no CA (basicConstraints)")
            }
            Self::MayNotSignCertificates { issuer } => write!(
                f,
                "its issuer {issuer} may not sign certificates (keyUsage without keyCertSign)"
            ),
            Self::PathLength {
                issuer,
                allowed,
                had,
            } => write!(
                f,
                "its issuer {issuer} allows {allowed} CAs below itself (pathLenConstraint), and \
                 there are {had}"
            ),
            Self::WrongOrder { issuer } => write!(
                f,
                "the certificate of its issuer {issuer} came before it, where it belongs after \
                 it: the chain is in the wrong order"
            ),
            Self::SignatureUnsupported { algorithm, key } => write!(
                f,
                "it is signed with {algorithm} by a key of {key}, which this TLS library was \
                 built without"
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
            Self::NoSubjectAltName {
                wanted,
                common_name,
            } => {
                f.write_str("it has no subjectAltName")?;
                if let Some(name) = common_name {
                    let name = Shown(name);
                    write!(f, ", only the commonName {name}, which is not looked at")?;
                }
                write!(
                    f,
                    ": it cannot be for {wanted}; issue it anew with a subjectAltName"
                )
            }
            Self::NameConstraint { issuer, name } => {
                let name = Shown(name);
                write!(f, "{issuer} may not vouch for {name} (nameConstraints)")
            }
            Self::KeyTooShort { bits, min } => {
                write!(
                    f,
                    "its RSA key has {bits} bits, and {min} is the least that is safe"
                )
            }
            Self::KeyTooHeavy { bits, max } => write!(
                f,
                "its RSA key has {bits} bits, too heavy for a policy of at most {max}: use an \
                 ECC key, or raise the limit (CONFIG_SECURE_SOCKETS_MAX_RSA_BITS, \
                 --max-rsa-bits, KeyPolicy::with_max_rsa_bits)"
            ),
            Self::KeyNotAllowed { key } => {
                write!(f, "its key is {key}, which the key policy does not allow")
            }
            Self::WeakSignature { algorithm } => write!(
                f,
                "it is signed with {algorithm}, which can be forged or is not known here; \
                 SHA-256 is the least that is safe"
            ),
            Self::NotPinned { own } => {
                write!(
                    f,
                    "none of the pinned keys is in the chain; its own has the pin {own}"
                )
            }
            Self::NotUnderstood { extensions } => {
                f.write_str("it has critical extensions that are not understood here: ")?;
                list(f, extensions)
            }
            Self::Purpose { wanted } => {
                write!(f, "its key usage does not allow {wanted}")
            }
            Self::WeakKey => f.write_str("its key or signature algorithm is weaker than we accept"),
            Self::Revoked { at, reason } => {
                match at {
                    Some(at) => write!(f, "its issuer revoked it {at}")?,
                    None => f.write_str("its issuer revoked it")?,
                }
                match reason {
                    Some(reason) => write!(f, " ({reason})"),
                    None => Ok(()),
                }
            }
            Self::RevocationUnknown { problem } => problem.fmt(f),
            Self::Unreadable => f.write_str("it is not a certificate as RFC 5280 has them"),
            Self::OutOfMemory => f.write_str(
                "there is not memory enough to look at what it says; on Zephyr raise \
                 CONFIG_COMMON_LIBC_MALLOC_ARENA_SIZE",
            ),
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

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::ToString;

    #[test]
    fn control_characters_in_names_are_written_out() {
        let wanted = "device.test".to_string();
        let refusal = Refusal::NoSubjectAltName {
            wanted: wanted.clone(),
            common_name: Some("device.test\0.evil.test".into()),
        };
        let sentence = refusal.to_string();
        assert!(
            sentence.contains("commonName device.test\\u{0}.evil.test,"),
            "{sentence}"
        );
        let names = ["device.test\u{1b}[2J".into(), "bücher.test".into()].into();
        let sentence = Refusal::WrongName { wanted, names }.to_string();
        assert!(
            sentence.ends_with("for device.test\\u{1b}[2J, bücher.test"),
            "{sentence}"
        );
    }
}
