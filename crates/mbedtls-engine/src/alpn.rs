// SPDX-License-Identifier: Apache-2.0

//! Application protocols, in the form that Mbed TLS keeps a pointer to.

use secure_socket::config::AlpnProtocol;
use secure_socket::error::{ConfigurationError, Error};

#[cfg(mbedtls_alpn)]
use {
    crate::config::check,
    alloc::{boxed::Box, ffi::CString, vec::Vec},
    core::{ffi::c_char, ptr},
};

use crate::handle::Handle;
use crate::sys;

/// Names with a NUL, and the NULL-terminated list of pointers to them.
#[cfg(mbedtls_alpn)]
pub(crate) struct AlpnList {
    _pointers: Box<[*const c_char]>,
    _names: Vec<CString>,
}

#[cfg(mbedtls_alpn)]
impl AlpnList {
    /// Puts the protocols into `config`, which is freed before what is returned.
    pub(crate) fn load(
        config: &Handle<sys::mbedtls_ssl_config>,
        protocols: &[AlpnProtocol],
    ) -> Result<Self, Error> {
        let names = protocols
            .iter()
            .map(|protocol| CString::new(protocol.as_str()))
            .collect::<Result<Vec<_>, _>>()
            .map_err(|_| ConfigurationError::Alpn)?;
        let mut pointers: Box<[_]> = names
            .iter()
            .map(|name| name.as_ptr())
            .chain([ptr::null()])
            .collect();
        if !protocols.is_empty() {
            // SAFETY: the list ends with NULL, its names with NUL; neither is changed,
            // and both are freed after `config`.
            check(unsafe {
                sys::mbedtls_ssl_conf_alpn_protocols(config.as_ptr(), pointers.as_mut_ptr())
            })?;
        }
        Ok(Self {
            _pointers: pointers,
            _names: names,
        })
    }
}

/// Mbed TLS was built without ALPN.
#[cfg(not(mbedtls_alpn))]
pub(crate) struct AlpnList;

#[cfg(not(mbedtls_alpn))]
impl AlpnList {
    pub(crate) fn load(
        _: &Handle<sys::mbedtls_ssl_config>,
        protocols: &[AlpnProtocol],
    ) -> Result<Self, Error> {
        if protocols.is_empty() {
            return Ok(Self);
        }
        Err(ConfigurationError::Unsupported {
            option: "an application protocol (ALPN)",
            advice: "build with CONFIG_MBEDTLS_SSL_ALPN=y",
        }
        .into())
    }
}
