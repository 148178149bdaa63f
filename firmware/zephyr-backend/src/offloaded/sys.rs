// SPDX-License-Identifier: Apache-2.0

//! `shim/offloaded.h`, declared again.

use core::ffi::{c_char, c_int};

use crate::sys::{Address, OsError};

/// `enum ss_offloaded_stage`.
pub(super) mod stage {
    pub(in crate::offloaded) const CONNECT: i32 = 1;
    pub(in crate::offloaded) const OPTION: i32 = 2;
}

/// `enum ss_offloaded_io`.
pub(super) mod io {
    pub(in crate::offloaded) const TIMED_OUT: i32 = -2;
}

#[repr(C)]
pub(super) struct Options {
    pub(super) tag: i32,
    pub(super) hostname: *const c_char,
    pub(super) suites: *const c_int,
    pub(super) suite_count: usize,
    pub(super) io_ms: u32,
}

#[derive(Default)]
pub(super) struct Facts {
    /// 0: the platform does not tell.
    pub(super) suite: u32,
    pub(super) duration_us: u32,
}

// `safe`: whatever the arguments, and from any thread.
unsafe extern "C" {
    pub(super) fn ss_offloaded_connect(
        options: *const Options,
        address: *const Address,
        suite: *mut u32,
        duration_us: *mut u32,
        stage: *mut i32,
        error: *mut OsError,
    ) -> i32;
    pub(super) fn ss_offloaded_receive(
        socket: i32,
        buffer: *mut u8,
        length: usize,
        error: *mut OsError,
    ) -> i32;
    pub(super) fn ss_offloaded_send(
        socket: i32,
        data: *const u8,
        length: usize,
        error: *mut OsError,
    ) -> i32;
    pub(super) fn ss_offloaded_readable(socket: i32, ms: i32, error: *mut OsError) -> i32;
    pub(super) safe fn ss_offloaded_close(socket: i32);
}
