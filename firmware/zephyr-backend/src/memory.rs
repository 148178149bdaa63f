// SPDX-License-Identifier: Apache-2.0

//! How much memory is in use, of that which is handed out while the device runs.

unsafe extern "C" {
    safe fn ss_memory_tls() -> i64;
    safe fn ss_memory_c() -> i64;
}

/// Bytes that Mbed TLS holds of its heap; `None` where it is not measured
/// (`CONFIG_SECURE_SOCKETS_MEASURE_HEAP`).
#[must_use]
pub fn tls() -> Option<u64> {
    u64::try_from(ss_memory_tls()).ok()
}

/// Bytes in use of the C library's heap, which Rust's allocations are in; `None` where it is
/// not measured (`CONFIG_SYS_HEAP_RUNTIME_STATS`).
#[must_use]
pub fn c() -> Option<u64> {
    u64::try_from(ss_memory_c()).ok()
}
