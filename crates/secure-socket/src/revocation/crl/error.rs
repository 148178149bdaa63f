// SPDX-License-Identifier: Apache-2.0

//! Revocation lists that are refused when they are loaded.

use core::fmt;

use der::asn1::ObjectIdentifier;

use crate::x509::Hash;

/// Why a revocation list was refused when it was loaded, though it is one.
///
/// What is no list at all is [`CredentialError::Der`](crate::credential::CredentialError::Der).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum CrlError {
    /// It has no nextUpdate, so that nobody can tell when it is out of date. RFC 5280,
    /// section 5.1.2.5 requires one.
    NoNextUpdate,
    /// It holds only what changed since another list (deltaCRLIndicator; RFC 5280,
    /// section 5.2.4).
    Delta,
    /// It speaks of certificates that others issued (indirectCRL, or an entry with a
    /// certificateIssuer; RFC 5280, sections 5.2.5 and 5.3.3).
    Indirect,
    /// It leaves out certificates: this field of its issuingDistributionPoint (RFC 5280,
    /// section 5.2.5) says that it is one part of several.
    Partitioned(&'static str),
    /// It leaves out reasons for a revocation (onlySomeReasons; RFC 5280, section 5.2.5).
    SomeReasons,
    /// It takes an entry back (removeFromCRL), as only a delta list can (RFC 5280,
    /// section 5.3.1): whether that certificate is revoked cannot be told.
    RemoveFromCrl,
    /// It has a critical extension that is not understood here (RFC 5280, section 5.2).
    Extension(OidText),
    /// One of its entries has a critical extension that is not understood here (RFC
    /// 5280, section 5.3).
    EntryExtension(OidText),
    /// It says in two places how it is signed, and not the same (RFC 5280, section
    /// 5.1.1.2).
    AlgorithmMismatch,
    /// It is signed over a hash that can be forged.
    WeakHash(Hash),
    /// It is signed in a way that is not known here.
    Algorithm(OidText),
    /// The TLS library was built without the algorithm or key that it is signed with.
    AlgorithmUnsupported,
    /// The CA certificate of its issuer's name, among the trust anchors, those given with
    /// the list or those of the peer's chain, did not sign it.
    Signature,
    /// keyUsage does not allow its issuer to sign revocation lists (cRLSign; RFC 5280,
    /// section 4.2.1.3).
    IssuerMayNotSign,
}

/// An object identifier, as text has them: `2.5.29.28`.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct OidText(ObjectIdentifier);

impl OidText {
    pub(crate) const fn new(id: ObjectIdentifier) -> Self {
        Self(id)
    }
}

impl fmt::Display for OidText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

impl fmt::Debug for OidText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl fmt::Display for CrlError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        /// The way out where the CA publishes its list in another form.
        const ASK_FOR_FULL: &str =
            "use the CA's complete list, with every certificate and reason in it, or OCSP";
        f.write_str("the revocation list ")?;
        match self {
            Self::NoNextUpdate => f.write_str(
                "has no nextUpdate, so that nobody can tell when it is out of date: have the CA \
                 issue it with one (`openssl ca -gencrl -crldays 7`)",
            ),
            Self::Delta => write!(
                f,
                "is a delta list (deltaCRLIndicator), which is not supported: {ASK_FOR_FULL}"
            ),
            Self::Indirect => write!(
                f,
                "is an indirect one, with certificates of other issuers in it (indirectCRL), \
                 which is not supported: {ASK_FOR_FULL}"
            ),
            Self::Partitioned(field) => write!(
                f,
                "is one part of several (issuingDistributionPoint has {field}), which is not \
                 supported: {ASK_FOR_FULL}"
            ),
            Self::SomeReasons => write!(
                f,
                "is for some reasons alone (issuingDistributionPoint has onlySomeReasons), which \
                 is not supported: {ASK_FOR_FULL}"
            ),
            Self::RemoveFromCrl => f.write_str(
                "takes an entry back (removeFromCRL), as only a delta list can: have the CA issue \
                 it anew without that entry",
            ),
            Self::Extension(id) => write!(
                f,
                "has the critical extension {id}, which is not understood here: {ASK_FOR_FULL}"
            ),
            Self::EntryExtension(id) => write!(
                f,
                "has an entry with the critical extension {id}, which is not understood here: \
                 {ASK_FOR_FULL}"
            ),
            Self::AlgorithmMismatch => f.write_str(
                "says in two places how it is signed, and not the same: have the CA issue it anew",
            ),
            Self::WeakHash(hash) => write!(
                f,
                "is signed over {hash}, which can be forged: have the CA sign it over SHA-256 or \
                 better"
            ),
            Self::Algorithm(id) => write!(
                f,
                "is signed with algorithm {id}, which is not known here: have the CA sign it with \
                 ECDSA or RSA"
            ),
            Self::AlgorithmUnsupported => f.write_str(
                "is signed with an algorithm or a key that this TLS library was built without",
            ),
            Self::Signature => f.write_str(
                "was not signed by the CA of its issuer's name that is at hand: it is of another \
                 CA of that name, or a forgery; get it anew from the CA",
            ),
            Self::IssuerMayNotSign => f.write_str(
                "is of an issuer that may not sign any (keyUsage without cRLSign): have the CA's \
                 certificate issued anew with cRLSign, or use OCSP",
            ),
        }
    }
}

impl core::error::Error for CrlError {}
