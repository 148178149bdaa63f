// SPDX-License-Identifier: Apache-2.0

//! Zephyr's TLS credential store: what the program puts there, and what it finds.

use alloc::borrow::{Cow, ToOwned};
use alloc::vec::Vec;

use secure_socket::credential::{
    Anchors, CredentialError, CredentialKind, Der, IdentitySource, PskSource, SecTag, SecretBytes,
    Trust,
};

use crate::sys::{self, Kind, name, number};

/// A credential in the store, which keeps a pointer to its bytes.
pub(crate) struct Stored {
    tag: SecTag,
    kind: Kind,
    _bytes: Bytes,
}

enum Bytes {
    Public(Der),
    Secret(SecretBytes),
}

impl Bytes {
    /// A copy, unless the bytes are part of the program.
    fn secret(secret: &SecretBytes) -> Self {
        Self::Secret(match secret.image() {
            Some(image) => SecretBytes::from_static(image),
            None => SecretBytes::from(secret.expose().to_owned()),
        })
    }

    fn as_slice(&self) -> &[u8] {
        match self {
            Self::Public(bytes) => bytes,
            Self::Secret(bytes) => bytes.expose(),
        }
    }
}

impl Stored {
    fn new(tag: SecTag, kind: Kind, bytes: Bytes) -> Result<Self, CredentialError> {
        let slice = bytes.as_slice();
        // SAFETY: the store keeps the pointer. It is to the heap or the image, so it
        // stays good when `bytes` moves, until `drop` has taken it out again.
        let status = unsafe {
            sys::ss_credential_add(number(tag), kind as i32, slice.as_ptr(), slice.len())
        };
        match status {
            sys::store::OK => Ok(Self {
                tag,
                kind,
                _bytes: bytes,
            }),
            sys::store::IN_USE => Err(CredentialError::TagInUse {
                tag,
                kind: name(kind),
            }),
            sys::store::FULL => Err(CredentialError::StoreFull),
            _ => Err(CredentialError::StoreRefused {
                tag,
                kind: name(kind),
            }),
        }
    }
}

impl Drop for Stored {
    fn drop(&mut self) {
        sys::ss_credential_delete(number(self.tag), self.kind as i32);
    }
}

/// Whether Mbed TLS can read it, as it must once there is a connection: Zephyr's sockets
/// would say no more then than EINVAL.
fn check_anchor(der: &[u8]) -> Result<(), CredentialError> {
    let kind = CredentialKind::CaCertificate;
    // SAFETY: the pointer is that of the slice, with its length, and is not kept.
    let verdict = unsafe { sys::ss_check_certificate(der.as_ptr(), der.len()) };
    Err(match verdict {
        sys::pair::OK => return Ok(()),
        sys::pair::UNSUPPORTED => CredentialError::CertificateUnsupported(kind),
        sys::pair::CERTIFICATE => CredentialError::Der(kind),
        _ => CredentialError::OutOfMemory(kind),
    })
}

/// The tags of a client, and what was stored under them.
pub(crate) struct Loader {
    first: SecTag,
    stored: Vec<Stored>,
    tags: Vec<SecTag>,
}

impl Loader {
    pub(crate) const fn new(first: SecTag) -> Self {
        Self {
            first,
            stored: Vec::new(),
            tags: Vec::new(),
        }
    }

    /// The tags, in the order in which they were filled or found.
    pub(crate) fn tags(&self) -> &[SecTag] {
        &self.tags
    }

    /// What was put into the store, and stays there until it is dropped.
    pub(crate) fn into_stored(self) -> Vec<Stored> {
        self.stored
    }

    fn use_tag(&mut self, tag: SecTag) {
        if !self.tags.contains(&tag) {
            self.tags.push(tag);
        }
    }

    fn store(&mut self, index: usize, kind: Kind, bytes: Bytes) -> Result<(), CredentialError> {
        let tag = self
            .first
            .offset(index)
            .ok_or(CredentialError::SecTag(u32::MAX))?;
        self.use_tag(tag);
        self.stored.push(Stored::new(tag, kind, bytes)?);
        Ok(())
    }

    fn look_up(&mut self, tag: SecTag, kinds: &[Kind]) -> Result<(), CredentialError> {
        for kind in kinds {
            if !sys::ss_credential_present(number(tag), *kind as i32) {
                return Err(CredentialError::NotStored {
                    tag,
                    kind: name(*kind),
                });
            }
        }
        self.use_tag(tag);
        Ok(())
    }

    pub(crate) fn trust(&mut self, trust: &Trust) -> Result<(), CredentialError> {
        let anchors = match trust.anchors() {
            Anchors::Given(anchors) => anchors,
            Anchors::Stored(tag) => return self.look_up(*tag, &[Kind::Ca]),
            // The key counts, and it is not the store's to know.
            Anchors::Pinned(_) => return Ok(()),
            _ => return Err(CredentialError::Empty(CredentialKind::CaCertificate)),
        };
        for (index, anchor) in anchors.iter().enumerate() {
            check_anchor(anchor.as_der())?;
            self.store(index, Kind::Ca, Bytes::Public(anchor.der().clone()))?;
        }
        Ok(())
    }

    pub(crate) fn identity(&mut self, source: &IdentitySource) -> Result<(), CredentialError> {
        match source {
            IdentitySource::Stored(tag) => self.look_up(*tag, &[Kind::Certificate, Kind::Key]),
            IdentitySource::Given(identity) => {
                for (index, certificate) in identity.chain().iter().enumerate() {
                    self.store(index, Kind::Certificate, Bytes::Public(certificate.clone()))?;
                }
                self.store(0, Kind::Key, Bytes::secret(identity.key()))
            }
            _ => Err(CredentialError::Empty(CredentialKind::Certificate)),
        }
    }

    pub(crate) fn psk(&mut self, source: &PskSource) -> Result<(), CredentialError> {
        match source {
            PskSource::Stored(tag) => self.look_up(*tag, &[Kind::Psk, Kind::PskIdentity]),
            PskSource::Given { identity, key } => {
                let key = SecretBytes::from(key.expose().to_owned());
                self.store(0, Kind::Psk, Bytes::Secret(key))?;
                let identity = identity.as_str().as_bytes().to_owned();
                self.store(0, Kind::PskIdentity, Bytes::Public(Cow::Owned(identity)))
            }
            _ => Err(CredentialError::Empty(CredentialKind::Psk)),
        }
    }
}

/// Puts a credential into Zephyr's store for good, for programs that name it by its tag
/// from then on ([`Trust`], [`IdentitySource`] and [`PskSource`] with a [`SecTag`]). It may
/// be DER or, with `CONFIG_SECURE_SOCKETS_CREDENTIALS_PEM`, PEM with a NUL at its end. Its
/// memory is never given back.
///
/// # Errors
///
/// [`CredentialError::TagInUse`], [`CredentialError::StoreFull`] or
/// [`CredentialError::StoreRefused`]; [`CredentialError::Empty`] for a kind that the store
/// does not hold, or where there is nothing to store.
pub fn provision(
    tag: SecTag,
    kind: CredentialKind,
    bytes: SecretBytes,
) -> Result<(), CredentialError> {
    let stored = Kind::of(kind).ok_or(CredentialError::Empty(kind))?;
    if bytes.expose().is_empty() {
        return Err(CredentialError::Empty(kind));
    }
    let stored = Stored::new(tag, stored, Bytes::Secret(bytes))?;
    // It is taken out of the store when this is dropped.
    core::mem::forget(stored);
    Ok(())
}
