// SPDX-License-Identifier: Apache-2.0

//! What is in Zephyr's credential store, read out: in DER, whatever it was stored in.

use alloc::vec::Vec;
use core::ptr;

#[cfg(CONFIG_SECURE_SOCKETS_CREDENTIALS_PEM)]
use secure_socket::credential::pem;
use secure_socket::credential::{CredentialError, SecTag};
use zeroize::Zeroizing;

use crate::sys::{self, Kind, name, number};

/// Wiped when it goes.
pub(crate) type Bytes = Zeroizing<Vec<u8>>;

/// What is stored under a tag, as it is; `None` if nothing of that kind is.
pub(crate) fn read(tag: SecTag, kind: Kind) -> Result<Option<Bytes>, CredentialError> {
    let mut length = 0;
    let mut bytes = Bytes::default();
    // Twice at most, unless somebody replaces it meanwhile by a longer one.
    loop {
        // SAFETY: the shim writes at most `length` bytes, of which `bytes` has so many.
        let status = unsafe {
            let data = match bytes.len() {
                0 => ptr::dangling_mut(),
                _ => bytes.as_mut_ptr(),
            };
            sys::ss_credential_get(number(tag), kind as i32, data, &mut length)
        };
        match status {
            sys::store::NONE => return Ok(None),
            sys::store::TOO_SHORT if length > bytes.len() => {
                bytes = Bytes::new(alloc::vec![0; length]);
            }
            sys::store::OK => {
                bytes.truncate(length);
                return Ok(Some(bytes));
            }
            _ => {
                return Err(CredentialError::StoreRefused {
                    tag,
                    kind: name(kind),
                });
            }
        }
    }
}

/// PEM, by what is in it.
#[cfg(CONFIG_SECURE_SOCKETS_WITH_CERTIFICATES)]
fn is_pem(bytes: &[u8]) -> bool {
    const BEGIN: &[u8] = b"-----BEGIN ";
    bytes.windows(BEGIN.len()).any(|part| part == BEGIN)
}

/// The certificates under a tag; PEM may hold several.
#[cfg(CONFIG_SECURE_SOCKETS_WITH_CERTIFICATES)]
pub(crate) fn certificates(tag: SecTag, kind: Kind) -> Result<Vec<Bytes>, CredentialError> {
    let Some(bytes) = read(tag, kind)? else {
        return Ok(Vec::new());
    };
    if !is_pem(&bytes) {
        return Ok([bytes].into());
    }
    #[cfg(CONFIG_SECURE_SOCKETS_CREDENTIALS_PEM)]
    return Ok(pem::certificates(text(&bytes, kind)?, name(kind))?
        .into_iter()
        .map(Bytes::new)
        .collect());
    #[cfg(not(CONFIG_SECURE_SOCKETS_CREDENTIALS_PEM))]
    Err(CredentialError::StoredPem {
        tag,
        kind: name(kind),
    })
}

/// The private key under a tag.
#[cfg(CONFIG_SECURE_SOCKETS_WITH_CERTIFICATES)]
pub(crate) fn key(tag: SecTag) -> Result<Option<Bytes>, CredentialError> {
    match read(tag, Kind::Key)? {
        #[cfg(CONFIG_SECURE_SOCKETS_CREDENTIALS_PEM)]
        Some(bytes) if is_pem(&bytes) => pem::private_key(text(&bytes, Kind::Key)?).map(Some),
        #[cfg(not(CONFIG_SECURE_SOCKETS_CREDENTIALS_PEM))]
        Some(bytes) if is_pem(&bytes) => Err(CredentialError::StoredPem {
            tag,
            kind: name(Kind::Key),
        }),
        found => Ok(found),
    }
}

#[cfg(CONFIG_SECURE_SOCKETS_CREDENTIALS_PEM)]
fn text(bytes: &[u8], kind: Kind) -> Result<&str, CredentialError> {
    core::str::from_utf8(bytes).map_err(|_| CredentialError::Pem(name(kind)))
}

/// Refuses PEM that Mbed TLS would not take for PEM, as a client's own sockets have it
/// parsed.
#[cfg(CONFIG_SECURE_SOCKETS_WITH_CERTIFICATES)]
pub(crate) fn ends_with_nul(tag: SecTag, kind: Kind) -> Result<(), CredentialError> {
    match read(tag, kind)? {
        Some(bytes) if is_pem(&bytes) && bytes.last() != Some(&0) => {
            Err(CredentialError::StoredPemEnd {
                tag,
                kind: name(kind),
            })
        }
        _ => Ok(()),
    }
}
