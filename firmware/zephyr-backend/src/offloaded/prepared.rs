// SPDX-License-Identifier: Apache-2.0

//! A client's settings in the form that sockets take, and its credentials where TLS finds them.

use alloc::ffi::CString;
use alloc::vec::Vec;
use core::ffi::c_int;
use core::ptr;

use secure_socket::Error;
use secure_socket::config::{ClientAuthentication, ClientConfig};
use secure_socket::credential::SecTag;
use secure_socket::error::ConfigurationError;
use zephyr::sync::Arc;

use super::store::{Handed, Loader};
use super::{Zephyr, options, sys};
use crate::sys::number;

/// A client's settings and credentials.
#[derive(Clone)]
pub struct Prepared(Arc<Loaded>);

struct Loaded {
    tag: SecTag,
    hostname: Option<CString>,
    suites: Vec<c_int>,
    io_ms: u32,
    _handed: Vec<Handed>,
}

impl Prepared {
    pub(super) fn new(backend: &Zephyr, config: &ClientConfig) -> Result<Self, Error> {
        let settings = config.settings();
        options::check(config)?;
        let suites = options::suites(config.mode(), settings)?;
        let mut loader = Loader::new(backend.tag());
        match config.authentication() {
            ClientAuthentication::Psk(source) => loader.psk(source)?,
            ClientAuthentication::ServerAuth { trust, .. } => loader.trust(trust)?,
            ClientAuthentication::Mutual {
                trust, identity, ..
            } => {
                loader.trust(trust)?;
                loader.identity(identity)?;
            }
            // `options::check` has refused the rest that there is.
            _ => {
                return Err(ConfigurationError::Unsupported {
                    option: "this mode",
                    advice: "use one that this backend knows",
                }
                .into());
            }
        }
        let hostname = config.trust().map(|(_, name)| name.to_text());
        // A `ServerName` has no NUL.
        let hostname =
            hostname.map(|name| CString::new(name).map_err(|_| ConfigurationError::Alpn));
        let io_ms = settings.timeouts().io.map_or(0, |io| {
            // At least 1, since 0 would be no limit.
            u32::try_from(io.as_millis()).unwrap_or(u32::MAX).max(1)
        });
        Ok(Self(Arc::new(Loaded {
            tag: loader.tag(),
            hostname: hostname.transpose()?,
            suites,
            io_ms,
            _handed: loader.into_handed(),
        })))
    }

    /// The options of a socket. They point into `self`.
    pub(super) fn options(&self) -> sys::Options {
        let loaded = &*self.0;
        sys::Options {
            tag: number(loaded.tag),
            hostname: loaded
                .hostname
                .as_ref()
                .map_or(ptr::null(), |name| name.as_ptr()),
            suites: loaded.suites.as_ptr(),
            suite_count: loaded.suites.len(),
            io_ms: loaded.io_ms,
        }
    }
}
