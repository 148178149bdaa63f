// SPDX-License-Identifier: Apache-2.0

//! Mbed TLS was built without certificates: there are none to show.

use alloc::ffi::CString;
use core::ffi::c_int;

use secure_socket::backend::Observer;

use crate::resume::{Counter, Resuming};
use crate::sys;

#[derive(Default)]
pub(crate) struct Leaf;

/// # Safety
///
/// None is needed: nobody has a name to prove.
pub(crate) unsafe fn set_name(_: *mut sys::mbedtls_ssl_context, _: Option<&CString>) -> c_int {
    0
}

/// # Safety
///
/// `ssl` is set up, its transport is in place, and the library is locked.
pub(crate) unsafe fn handshake_step(
    ssl: *mut sys::mbedtls_ssl_context,
    _: &mut dyn Observer,
    _: &mut Leaf,
    _: &mut Resuming,
    _: Option<&Counter>,
) -> c_int {
    // SAFETY: the caller's.
    unsafe { sys::mbedtls_ssl_handshake_step(ssl) }
}

/// # Safety
///
/// None is needed: there is nothing to show.
pub(crate) unsafe fn show_what_came_late(
    _: *mut sys::mbedtls_ssl_context,
    _: &mut dyn Observer,
    _: &mut Leaf,
) {
}
