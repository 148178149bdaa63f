// SPDX-License-Identifier: Apache-2.0

use secure_socket::credential::{CredentialError, CredentialKind};
use secure_socket::diagnosis::TlsCode;

use crate::Library;
use crate::handle::Handle;
use crate::sys;

/// A list of parsed certificates: a chain, or a set of trust anchors.
pub struct Certificates(Handle<sys::mbedtls_x509_crt>);

impl Certificates {
    /// Parses `list`, each in DER.
    ///
    /// # Errors
    ///
    /// [`CredentialError::Der`] or [`CredentialError::OutOfMemory`], both with `kind`.
    pub fn parse<'a>(
        library: Library,
        list: impl IntoIterator<Item = &'a [u8]>,
        kind: CredentialKind,
    ) -> Result<Self, CredentialError> {
        let chain = Handle::new();
        for der in list {
            // SAFETY: `chain` is initialised and ours alone; `der` is valid for its
            // length and copied.
            let code = library.exclusively(|| unsafe {
                sys::mbedtls_x509_crt_parse_der(chain.as_ptr(), der.as_ptr(), der.len())
            });
            if code != 0 {
                let code = TlsCode::new(code);
                return Err(if code.is_out_of_memory() {
                    CredentialError::OutOfMemory(kind)
                } else if code.is_unknown_algorithm() {
                    CredentialError::CertificateUnsupported(kind)
                } else {
                    CredentialError::Der(kind)
                });
            }
        }
        Ok(Self(chain))
    }

    pub(crate) const fn as_ptr(&self) -> *mut sys::mbedtls_x509_crt {
        self.0.as_ptr()
    }
}
