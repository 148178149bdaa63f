// SPDX-License-Identifier: Apache-2.0

//! PEM to DER (RFC 7468), so that no image has to carry a PEM parser in C; and back, for a
//! credential store that takes PEM alone.
//!
//! The credentials' own constructors do this; it is public for backends whose credential
//! store may hold PEM.

#[cfg(any(test, feature = "fuzzing"))]
pub(super) mod fuzz;

use alloc::string::String;
use alloc::vec::Vec;

use pem_rfc7468::LineEnding;
use zeroize::Zeroizing;

use super::key::Parts;
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

/// These certificates (DER) as one PEM text, in order; `kind` is what they are.
///
/// # Errors
///
/// [`CredentialError::Empty`] for none, [`CredentialError::Der`] for one that PEM has no room
/// for.
pub fn encode_certificates<'a>(
    ders: impl IntoIterator<Item = &'a [u8]>,
    kind: CredentialKind,
) -> Result<String, CredentialError> {
    let mut text = String::new();
    for der in ders {
        text.push_str(&encode("CERTIFICATE", der, kind)?);
    }
    match text.is_empty() {
        true => Err(CredentialError::Empty(kind)),
        false => Ok(text),
    }
}

/// A private key (DER: PKCS#8, SEC1 or PKCS#1) as PEM.
///
/// # Errors
///
/// [`CredentialError::Der`] for what is none of these.
pub fn encode_private_key(der: &[u8]) -> Result<Zeroizing<String>, CredentialError> {
    let kind = CredentialKind::PrivateKey;
    let label = Parts::read(der).ok_or(CredentialError::Der(kind))?.label;
    encode(label, der, kind).map(Zeroizing::new)
}

fn encode(label: &str, der: &[u8], kind: CredentialKind) -> Result<String, CredentialError> {
    pem_rfc7468::encode_string(label, LineEnding::LF, der).map_err(|_| CredentialError::Der(kind))
}

#[cfg(test)]
mod tests {
    use super::*;
    use test_pki::{KeyKind, Leaf, Pki};

    #[test]
    fn what_is_encoded_is_what_was_decoded() {
        for kind in [KeyKind::Ec, KeyKind::Rsa] {
            let pki = Pki::generate(kind).unwrap();
            let server = pki.leaf(Leaf::Server);
            let chain = server.chain_der.iter().map(|der| &der[..]);
            let of = CredentialKind::Certificate;
            let text = encode_certificates(chain, of).unwrap();
            assert_eq!(certificates(&text, of).unwrap(), server.chain_der);
            let key = private_key(&server.key_pem).unwrap();
            let again = private_key(&encode_private_key(&key).unwrap()).unwrap();
            assert_eq!(*again, *key);
        }
        let none = core::iter::empty::<&[u8]>();
        let of = CredentialKind::CaCertificate;
        assert_eq!(
            encode_certificates(none, of),
            Err(CredentialError::Empty(of))
        );
        assert_eq!(
            encode_private_key(&[0x30, 0]).err(),
            Some(CredentialError::Der(CredentialKind::PrivateKey))
        );
    }
}
