// SPDX-License-Identifier: Apache-2.0

use core::ptr;

use secure_socket::credential::{CredentialError, CredentialKind};
use secure_socket::diagnosis::TlsCode;

use crate::handle::Handle;
use crate::sys;
use crate::{Certificates, Library};

/// A private key. Mbed TLS wipes its copy when it is freed.
pub struct PrivateKey {
    library: Library,
    context: Handle<sys::mbedtls_pk_context>,
}

impl PrivateKey {
    /// Parses a key in DER: PKCS#8, SEC1 or PKCS#1, not encrypted.
    ///
    /// # Errors
    ///
    /// [`CredentialError::Der`], [`CredentialError::KeyUnsupported`],
    /// [`CredentialError::EncryptedKey`] or [`CredentialError::OutOfMemory`].
    pub fn parse(library: Library, der: &[u8]) -> Result<Self, CredentialError> {
        let context = Handle::new();
        // SAFETY: `context` is initialised and ours alone; `der` is valid for its
        // length; there is no password.
        let code = library.exclusively(|| unsafe {
            sys::mbedtls_pk_parse_key(
                context.as_ptr(),
                der.as_ptr(),
                der.len(),
                ptr::null(),
                0,
                Some(library.random()),
                ptr::null_mut(),
            )
        });
        if code == 0 {
            return Ok(Self { library, context });
        }
        let unsupported = [
            sys::MBEDTLS_ERR_PK_UNKNOWN_PK_ALG,
            sys::MBEDTLS_ERR_PK_UNKNOWN_NAMED_CURVE,
            sys::MBEDTLS_ERR_PK_FEATURE_UNAVAILABLE,
        ];
        let is = |other: i32| TlsCode::new(code).is(TlsCode::new(other));
        Err(if TlsCode::new(code).is_out_of_memory() {
            CredentialError::OutOfMemory(CredentialKind::PrivateKey)
        } else if is(sys::MBEDTLS_ERR_PK_PASSWORD_REQUIRED) {
            CredentialError::EncryptedKey
        } else if unsupported.into_iter().any(is) {
            CredentialError::KeyUnsupported
        } else {
            CredentialError::Der(CredentialKind::PrivateKey)
        })
    }

    /// Checks that this is the key of the first of `certificates`.
    ///
    /// # Errors
    ///
    /// [`CredentialError::KeyMismatch`] or [`CredentialError::OutOfMemory`].
    pub fn check_pair(&self, certificates: &Certificates) -> Result<(), CredentialError> {
        // SAFETY: both are initialised; the lock keeps others off what the check
        // writes to them.
        let code = self.library.exclusively(|| unsafe {
            sys::mbedtls_pk_check_pair(
                &raw const (*certificates.as_ptr()).pk,
                self.context.as_ptr(),
                Some(self.library.random()),
                ptr::null_mut(),
            )
        });
        match code {
            0 => Ok(()),
            code if TlsCode::new(code).is_out_of_memory() => {
                Err(CredentialError::OutOfMemory(CredentialKind::PrivateKey))
            }
            _ => Err(CredentialError::KeyMismatch),
        }
    }

    pub(crate) const fn as_ptr(&self) -> *mut sys::mbedtls_pk_context {
        self.context.as_ptr()
    }
}
