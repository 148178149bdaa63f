// SPDX-License-Identifier: Apache-2.0

//! What a private key's DER says of itself, for a platform whose TLS library is out of reach
//! and cannot be asked.

use der::Tag;

use super::{CredentialError, CredentialKind};
use crate::x509::CertificateFacts;
use crate::x509::walk::{Element, Walk};

/// A private key, as far as it is public.
pub(super) struct Parts<'a> {
    /// What PEM calls its form (RFC 7468, section 13, RFC 5915 and PKCS #1).
    pub(super) label: &'static str,
    public: Option<Public<'a>>,
}

/// The half that the certificate has too.
#[derive(PartialEq, Eq)]
enum Public<'a> {
    /// The point, as SEC 1 encodes it.
    Ec(&'a [u8]),
    /// The modulus.
    Rsa(&'a [u8]),
}

impl<'a> Parts<'a> {
    /// `None` for what is none of PKCS#8, SEC1 and PKCS#1.
    pub(super) fn read(der: &'a [u8]) -> Option<Self> {
        let mut parts = Walk::only(der)?.walk(Tag::Sequence)?;
        let version = parts.read()?.small()?;
        let second = parts.read()?;
        let (label, public) = match (version, second.tag) {
            // RFC 5958, section 2.
            (0 | 1, Tag::Sequence) => {
                let inner = parts.read()?.value_of(Tag::OctetString)?;
                let public = Self::read(inner).and_then(|parts| parts.public);
                ("PRIVATE KEY", public)
            }
            // RFC 5915, section 3.
            (1, Tag::OctetString) => ("EC PRIVATE KEY", point(parts)),
            // RFC 8017, appendix A.1.2.
            (0, Tag::Integer) => ("RSA PRIVATE KEY", second.integer().map(Public::Rsa)),
            _ => return None,
        };
        Some(Self { label, public })
    }
}

/// The public key of SEC1, which is its last field, and optional.
fn point(mut rest: Walk<'_>) -> Option<Public<'_>> {
    while let Some(field) = rest.read() {
        if field.context() == Some((1, true)) {
            return Walk::only(field.value)?.bits().map(Public::Ec);
        }
    }
    None
}

/// Checks that the private key `key` belongs to `certificate`, both in DER, by the public half
/// that a private key has in it. For backends that have no TLS library to ask
/// ([`Backend::check_key_pair`](crate::backend::Backend::check_key_pair)).
///
/// # Errors
///
/// [`CredentialError::KeyMismatch`], what of the two cannot be read, or
/// [`CredentialError::KeyUnsupported`] for a key without a public half, which cannot be told
/// from another's.
pub fn check_pair(certificate: &[u8], key: &[u8]) -> Result<(), CredentialError> {
    let certificate = CertificateFacts::read(certificate)
        .ok_or(CredentialError::Der(CredentialKind::Certificate))?;
    let key = Parts::read(key).ok_or(CredentialError::Der(CredentialKind::PrivateKey))?;
    let ours = key.public.ok_or(CredentialError::KeyUnsupported)?;
    match belongs(&ours, &certificate.public_key) {
        Some(true) => Ok(()),
        _ => Err(CredentialError::KeyMismatch),
    }
}

/// Whether it is the key of this SubjectPublicKeyInfo (RFC 5280, section 4.1).
fn belongs(ours: &Public<'_>, info: &[u8]) -> Option<bool> {
    let mut info = Walk::only(info)?.walk(Tag::Sequence)?;
    let _algorithm = info.read()?;
    let bits = info.read()?.bits()?;
    Some(match ours {
        Public::Ec(point) => bits == *point,
        Public::Rsa(modulus) => {
            let mut numbers = Walk::only(bits)?.walk(Tag::Sequence)?;
            numbers.read().and_then(Element::integer) == Some(*modulus)
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::credential::pem;
    use test_pki::{KeyKind, Leaf, Pki};

    #[test]
    fn a_key_is_that_of_its_certificate_and_no_other() {
        for kind in [KeyKind::Ec, KeyKind::Rsa] {
            let pki = Pki::generate(kind).unwrap();
            let server = pki.leaf(Leaf::Server);
            let certificate = &server.chain_der[0];
            let key = pem::private_key(&server.key_pem).unwrap();
            assert_eq!(check_pair(certificate, &key), Ok(()));
            let other = Pki::generate(kind).unwrap();
            let other = pem::private_key(&other.leaf(Leaf::Server).key_pem).unwrap();
            assert_eq!(
                check_pair(certificate, &other),
                Err(CredentialError::KeyMismatch)
            );
            // PKCS#8 has the older form in it.
            let mut parts = Walk::only(&key).unwrap().walk(Tag::Sequence).unwrap();
            let inner = core::iter::from_fn(|| parts.read())
                .find_map(|element| element.value_of(Tag::OctetString))
                .unwrap();
            assert_eq!(check_pair(certificate, inner), Ok(()));
            let label = Parts::read(inner).unwrap().label;
            assert_eq!(
                label,
                match kind {
                    KeyKind::Rsa => "RSA PRIVATE KEY",
                    _ => "EC PRIVATE KEY",
                }
            );
        }
    }

    #[test]
    fn what_is_no_key_is_refused() {
        let pki = Pki::generate(KeyKind::Ec).unwrap();
        let server = pki.leaf(Leaf::Server);
        let certificate = &server.chain_der[0];
        let key = pem::private_key(&server.key_pem).unwrap();
        let no_key = Err(CredentialError::Der(CredentialKind::PrivateKey));
        for bytes in [&[][..], &key[..key.len() - 1], certificate] {
            assert_eq!(check_pair(certificate, bytes), no_key);
        }
        assert_eq!(
            check_pair(&key, &key),
            Err(CredentialError::Der(CredentialKind::Certificate))
        );
        // SEC1 without the point: version 1, the key, nothing else.
        let bare = [0x30, 0x06, 2, 1, 1, 4, 1, 9];
        assert_eq!(
            check_pair(certificate, &bare),
            Err(CredentialError::KeyUnsupported)
        );
    }
}
