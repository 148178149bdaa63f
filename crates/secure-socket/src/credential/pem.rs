// SPDX-License-Identifier: Apache-2.0

//! PEM to DER (RFC 7468), so that no image has to carry a PEM parser in C.
//!
//! The credentials' own constructors do this; it is public for backends whose credential
//! store may hold PEM.

#[cfg(any(test, feature = "fuzzing"))]
pub(super) mod fuzz;

use alloc::vec::Vec;

use zeroize::Zeroizing;

use super::{CredentialError, CredentialKind};

const BEGIN: &str = "-----BEGIN ";
const END: &str = "-----END ";
const DASHES: &str = "-----";

/// The blocks of a PEM text: their labels, and their whole text with BEGIN and END.
fn blocks(text: &str, kind: CredentialKind) -> Result<Vec<(&str, &str)>, CredentialError> {
    let mut found = Vec::new();
    let mut rest = text;
    while let Some(start) = rest.find(BEGIN) {
        let block = &rest[start..];
        let label = block[BEGIN.len()..]
            .split_once(DASHES)
            .map(|(label, _)| label)
            .ok_or(CredentialError::Pem(kind))?;
        let end = block.find(END).ok_or(CredentialError::Pem(kind))?;
        let closing = &block[end + END.len()..];
        if !closing.starts_with(label) || !closing[label.len()..].starts_with(DASHES) {
            return Err(CredentialError::Pem(kind));
        }
        let whole = end + END.len() + label.len() + DASHES.len();
        found.push((label, &block[..whole]));
        rest = &block[whole..];
    }
    if found.is_empty() {
        return Err(match text.trim().is_empty() {
            true => CredentialError::Empty(kind),
            false => CredentialError::Pem(kind),
        });
    }
    Ok(found)
}

fn decode(block: &str, kind: CredentialKind) -> Result<Vec<u8>, CredentialError> {
    pem_rfc7468::decode_vec(block.as_bytes())
        .map(|(_, der)| der)
        .map_err(|_| CredentialError::Pem(kind))
}

/// What is in every block of `text` with one of these labels, in order.
fn labelled(
    text: &str,
    kind: CredentialKind,
    labels: &[&str],
) -> Result<Vec<Vec<u8>>, CredentialError> {
    let found: Vec<_> = blocks(text, kind)?
        .into_iter()
        .filter(|(label, _)| labels.contains(label))
        .map(|(_, block)| decode(block, kind))
        .collect::<Result<_, _>>()?;
    if found.is_empty() {
        return Err(CredentialError::PemLabel(kind));
    }
    Ok(found)
}

/// Every certificate in `text`, in order; `kind` is what they are to be.
///
/// # Errors
///
/// [`CredentialError::Empty`], [`CredentialError::Pem`] or [`CredentialError::PemLabel`].
pub fn certificates(text: &str, kind: CredentialKind) -> Result<Vec<Vec<u8>>, CredentialError> {
    labelled(text, kind, &["CERTIFICATE", "X509 CERTIFICATE"])
}

/// Every revocation list in `text`, in order (RFC 7468, section 6).
pub(crate) fn revocation_lists(text: &str) -> Result<Vec<Vec<u8>>, CredentialError> {
    labelled(text, CredentialKind::Crl, &["X509 CRL"])
}

/// The one private key in `text`: PKCS#8, SEC1 or PKCS#1.
///
/// # Errors
///
/// As [`certificates`], and [`CredentialError::EncryptedKey`].
pub fn private_key(text: &str) -> Result<Zeroizing<Vec<u8>>, CredentialError> {
    let kind = CredentialKind::PrivateKey;
    for (label, block) in blocks(text, kind)? {
        match label {
            // PKCS#1 and SEC1 say it in a header, which strict RFC 7468 has not.
            "ENCRYPTED PRIVATE KEY" => return Err(CredentialError::EncryptedKey),
            "PRIVATE KEY" | "EC PRIVATE KEY" | "RSA PRIVATE KEY" => {
                if block.contains("Proc-Type: 4,ENCRYPTED") {
                    return Err(CredentialError::EncryptedKey);
                }
                return decode(block, kind).map(Zeroizing::new);
            }
            _ => {}
        }
    }
    Err(CredentialError::PemLabel(kind))
}
