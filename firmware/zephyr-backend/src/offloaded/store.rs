// SPDX-License-Identifier: Apache-2.0

//! Credentials, handed over to where the platform's TLS finds them: by kind, under one tag, in
//! PEM (a pre-shared key and its identity as they are). Of the shim, `credentials.c` is for
//! Zephyr's store and `modem_store.c` for a modem's.

use alloc::borrow::ToOwned;
use alloc::vec::Vec;

use secure_socket::credential::{
    Anchors, CredentialError, CredentialKind, IdentitySource, PskSource, SecTag, SecretBytes,
    Trust, pem,
};
use zeroize::Zeroizing;

use crate::sys::{self, Kind, name, number, store as status};

/// A credential that was handed over: Zephyr's store keeps a pointer to its bytes.
pub(super) struct Handed {
    tag: SecTag,
    kind: Kind,
    /// Wiped when it goes.
    _bytes: Zeroizing<Vec<u8>>,
}

impl Handed {
    fn new(tag: SecTag, kind: Kind, bytes: Zeroizing<Vec<u8>>) -> Result<Self, CredentialError> {
        // SAFETY: the pointer is to the heap, so it stays good when `bytes` moves, until `drop`
        // has taken it out of the store again.
        let verdict = unsafe {
            sys::ss_credential_add(number(tag), kind as i32, bytes.as_ptr(), bytes.len())
        };
        let what = name(kind);
        match verdict {
            status::OK => Ok(Self {
                tag,
                kind,
                _bytes: bytes,
            }),
            status::IN_USE => Err(CredentialError::TagInUse { tag, kind: what }),
            status::FULL => Err(CredentialError::StoreFull),
            status::ONLINE => Err(CredentialError::StoreOnline { tag, kind: what }),
            _ => Err(CredentialError::StoreRefused { tag, kind: what }),
        }
    }
}

impl Drop for Handed {
    fn drop(&mut self) {
        sys::ss_credential_delete(number(self.tag), self.kind as i32);
    }
}

/// Text with the NUL that ends it.
fn with_nul(text: &str) -> Zeroizing<Vec<u8>> {
    // As large as it gets: growing would leave a copy behind.
    let mut bytes = Zeroizing::new(Vec::with_capacity(text.len() + 1));
    bytes.extend_from_slice(text.as_bytes());
    bytes.push(0);
    bytes
}

/// The credentials of one client, all under one tag.
pub(super) struct Loader {
    /// Of those that the program holds.
    ours: SecTag,
    /// The one in use, once there is one.
    used: Option<SecTag>,
    handed: Vec<Handed>,
}

impl Loader {
    pub(super) const fn new(ours: SecTag) -> Self {
        Self {
            ours,
            used: None,
            handed: Vec::new(),
        }
    }

    pub(super) fn tag(&self) -> SecTag {
        self.used.unwrap_or(self.ours)
    }

    pub(super) fn into_handed(self) -> Vec<Handed> {
        self.handed
    }

    /// A socket gets one tag, so that nothing else that lies in the store counts.
    fn use_tag(&mut self, tag: SecTag, kind: Kind) -> Result<(), CredentialError> {
        match self.used {
            Some(used) if used != tag => Err(CredentialError::NotStored {
                tag: used,
                kind: name(kind),
            }),
            _ => {
                self.used = Some(tag);
                Ok(())
            }
        }
    }

    fn hand_over(&mut self, kind: Kind, bytes: Zeroizing<Vec<u8>>) -> Result<(), CredentialError> {
        self.use_tag(self.ours, kind)?;
        self.handed.push(Handed::new(self.ours, kind, bytes)?);
        Ok(())
    }

    fn look_up(&mut self, tag: SecTag, kinds: &[Kind]) -> Result<(), CredentialError> {
        for kind in kinds {
            self.use_tag(tag, *kind)?;
            if !sys::ss_credential_present(number(tag), *kind as i32) {
                return Err(CredentialError::NotStored {
                    tag,
                    kind: name(*kind),
                });
            }
        }
        Ok(())
    }

    pub(super) fn trust(&mut self, trust: &Trust) -> Result<(), CredentialError> {
        match trust.anchors() {
            Anchors::Stored(tag) => self.look_up(*tag, &[Kind::Ca]),
            // Pinned keys were refused above the seam, and would be an empty list here.
            _ => {
                let ders = trust.certificates().iter();
                let ders = ders.map(|certificate| certificate.as_der());
                let text = pem::encode_certificates(ders, CredentialKind::CaCertificate)?;
                self.hand_over(Kind::Ca, with_nul(&text))
            }
        }
    }

    pub(super) fn identity(&mut self, source: &IdentitySource) -> Result<(), CredentialError> {
        match source {
            IdentitySource::Stored(tag) => self.look_up(*tag, &[Kind::Certificate, Kind::Key]),
            IdentitySource::Given(identity) => {
                let chain = identity.chain().iter().map(|der| &**der);
                let text = pem::encode_certificates(chain, CredentialKind::Certificate)?;
                self.hand_over(Kind::Certificate, with_nul(&text))?;
                let text = pem::encode_private_key(identity.key().expose())?;
                self.hand_over(Kind::Key, with_nul(&text))
            }
            _ => Err(CredentialError::Empty(CredentialKind::Certificate)),
        }
    }

    pub(super) fn psk(&mut self, source: &PskSource) -> Result<(), CredentialError> {
        match source {
            PskSource::Stored(tag) => self.look_up(*tag, &[Kind::Psk, Kind::PskIdentity]),
            PskSource::Given { identity, key } => {
                self.hand_over(Kind::Psk, Zeroizing::new(key.expose().to_owned()))?;
                let identity = identity.as_str().as_bytes().to_owned();
                self.hand_over(Kind::PskIdentity, Zeroizing::new(identity))
            }
            _ => Err(CredentialError::Empty(CredentialKind::Psk)),
        }
    }
}

/// Puts a credential where the platform's TLS finds it, for good, for programs that name it by
/// its tag from then on. Certificates and keys are PEM with a NUL at the end; a pre-shared key
/// and its identity are as they are.
///
/// # Errors
///
/// [`CredentialError::TagInUse`], [`CredentialError::StoreFull`],
/// [`CredentialError::StoreOnline`] or [`CredentialError::StoreRefused`];
/// [`CredentialError::StoredPemEnd`] for PEM without the NUL and [`CredentialError::Pem`] for what
/// is none; [`CredentialError::Empty`] for a kind that the store does not hold, or where there is
/// nothing to store.
pub fn provision(
    tag: SecTag,
    kind: CredentialKind,
    bytes: SecretBytes,
) -> Result<(), CredentialError> {
    let stored = Kind::of(kind).ok_or(CredentialError::Empty(kind))?;
    let contents = bytes.expose();
    if contents.is_empty() {
        return Err(CredentialError::Empty(kind));
    }
    if !matches!(stored, Kind::Psk | Kind::PskIdentity) {
        if !contents.starts_with(b"-----BEGIN ") {
            return Err(CredentialError::Pem(kind));
        }
        if contents.last() != Some(&0) {
            return Err(CredentialError::StoredPemEnd { tag, kind });
        }
    }
    let handed = Handed::new(tag, stored, Zeroizing::new(contents.to_owned()))?;
    // It is taken out of the store when this is dropped.
    core::mem::forget(handed);
    Ok(())
}
