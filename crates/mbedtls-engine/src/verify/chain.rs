// SPDX-License-Identifier: Apache-2.0

//! A chain that is at hand, verified as a handshake would.

use core::ffi::c_void;
use core::ptr;

use secure_socket::backend::{Failure, Observer};
use secure_socket::diagnosis::TlsCode;

use super::shown::{Leaf, Verify, callback};
use crate::handle::Handle;
use crate::{Config, sys};

impl Config {
    /// Verifies `chain` (DER, the peer's own certificate first) as a handshake does in
    /// which a server sends it, and shows it to `observer`, with no connection. For a
    /// tool that looks into chains.
    ///
    /// What the platform's clock shows must be what Mbed TLS sees, as in a handshake.
    ///
    /// # Errors
    ///
    /// What the handshake would fail with.
    pub fn verify_chain<'a>(
        &self,
        chain: impl IntoIterator<Item = &'a [u8]>,
        observer: &mut dyn Observer,
    ) -> Result<(), Failure> {
        let library = self.library();
        let failures = library.failed_allocations();
        let fail = |code| {
            let code = TlsCode::new(code);
            match library.failed_allocations() != failures || code.is_out_of_memory() {
                true => Failure::OutOfMemory(code),
                false => Failure::Tls { code, alert: None },
            }
        };
        let parsed = Handle::<sys::mbedtls_x509_crt>::new();
        for der in chain {
            // SAFETY: `parsed` is initialised and ours alone; `der` is valid for its
            // length and copied.
            let code = library.exclusively(|| unsafe {
                sys::mbedtls_x509_crt_parse_der(parsed.as_ptr(), der.as_ptr(), der.len())
            });
            if code != 0 {
                return Err(fail(code));
            }
        }
        let name = self.server_name().map_or(ptr::null(), |name| name.as_ptr());
        let mut leaf = Leaf::default();
        let mut verify = Verify {
            observer,
            leaf: &mut leaf,
        };
        let context: *mut c_void = (&raw mut verify).cast();
        let mut flags = 0;
        // SAFETY: the configuration is finished: its anchors and profile live as long as
        // it does. The name ends with NUL. The callback gets `verify`, which lives on
        // this stack and is used by nothing else until the call is over.
        let code = library.exclusively(|| unsafe {
            let config = &*self.as_ptr();
            sys::mbedtls_x509_crt_verify_with_profile(
                parsed.as_ptr(),
                config.private_ca_chain,
                ptr::null_mut(),
                config.private_cert_profile,
                name,
                &mut flags,
                Some(callback),
                context,
            )
        });
        match code {
            0 => Ok(()),
            code => Err(fail(code)),
        }
    }
}
