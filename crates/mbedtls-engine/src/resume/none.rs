// SPDX-License-Identifier: Apache-2.0

//! Mbed TLS was built without tickets: nothing is resumed.

use core::ffi::c_int;

use secure_socket::backend::Failure;
use secure_socket::resumption::SavedSession;

use crate::Config;
use crate::sys::mbedtls_ssl_context;

pub(crate) struct Counter;

#[derive(Default)]
pub(crate) struct Resuming;

impl Resuming {
    pub(crate) const fn resumed(&self) -> bool {
        false
    }

    pub(crate) const fn take_session(&mut self) -> Option<SavedSession> {
        None
    }

    pub(crate) const fn failure(&self) -> Option<Failure> {
        None
    }

    /// # Safety
    ///
    /// None is needed: no session can have been kept.
    pub(crate) unsafe fn offer(_: *mut mbedtls_ssl_context, _: &SavedSession) -> c_int {
        crate::sys::MBEDTLS_ERR_SSL_FEATURE_UNAVAILABLE
    }

    /// # Safety
    ///
    /// None is needed.
    pub(crate) unsafe fn follow(
        &mut self,
        _: *mut mbedtls_ssl_context,
        _: &Config,
        _: c_int,
        code: c_int,
    ) -> c_int {
        code
    }

    /// # Safety
    ///
    /// None is needed.
    pub(crate) unsafe fn reads_on(&mut self, _: *mut mbedtls_ssl_context, _: c_int) -> bool {
        false
    }
}
