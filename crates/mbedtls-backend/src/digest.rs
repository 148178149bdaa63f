// SPDX-License-Identifier: Apache-2.0

use mbedtls_rs_sys as sys;

/// SHA-256 of `data`.
///
/// Takes no lock, as it is called from within handshakes: the software
/// implementation has no state outside of the call.
pub(crate) fn sha256(data: &[u8]) -> [u8; 32] {
    let mut digest = [0; 32];
    // SAFETY: input and output are valid for the lengths given: 32 bytes for SHA-256
    // (`is224` is 0). It fails only for an `is224` out of range.
    unsafe { sys::mbedtls_sha256(data.as_ptr(), data.len(), digest.as_mut_ptr(), 0) };
    digest
}
