// SPDX-License-Identifier: Apache-2.0

//! What a ClientHello or ServerHello of TLS 1.2 says of extended master secret. Mbed TLS
//! knows, and has nothing to ask it by.

use core::slice;

use crate::sys;

/// RFC 7627, section 5.1.
const EXTENDED_MASTER_SECRET: usize = 23;
const CLIENT_HELLO: usize = 1;
/// Type and length.
const HEADER: usize = 4;

/// Whether `hello`, a whole ClientHello or ServerHello, has the extension. Of one that
/// cannot be read the answer is no.
fn has_extended_master_secret(hello: &[u8]) -> bool {
    find(hello).unwrap_or(false)
}

fn find(hello: &[u8]) -> Option<bool> {
    let mut rest = hello;
    let kind = number(&mut rest, 1)?;
    // Its length, version and random.
    take(&mut rest, 3 + 2 + 32)?;
    // The session ID.
    vector(&mut rest, 1)?;
    if kind == CLIENT_HELLO {
        // Cipher suites and compression methods.
        vector(&mut rest, 2)?;
        vector(&mut rest, 1)?;
    } else {
        take(&mut rest, 2 + 1)?;
    }
    let mut extensions = vector(&mut rest, 2)?;
    while !extensions.is_empty() {
        let extension = number(&mut extensions, 2)?;
        vector(&mut extensions, 2)?;
        if extension == EXTENDED_MASTER_SECRET {
            return Some(true);
        }
    }
    Some(false)
}

fn take<'a>(rest: &mut &'a [u8], length: usize) -> Option<&'a [u8]> {
    let (taken, left) = rest.split_at_checked(length)?;
    *rest = left;
    Some(taken)
}

/// A number of `bytes` bytes.
fn number(rest: &mut &[u8], bytes: usize) -> Option<usize> {
    let digits = take(rest, bytes)?;
    Some(
        digits
            .iter()
            .fold(0, |all, digit| all << 8 | usize::from(*digit)),
    )
}

/// What follows its own length, which has `bytes` bytes.
fn vector<'a>(rest: &mut &'a [u8], bytes: usize) -> Option<&'a [u8]> {
    let length = number(rest, bytes)?;
    take(rest, length)
}

/// Whether the hello that was read last has the extension.
///
/// # Safety
///
/// `ssl` is set up. Mbed TLS is reading, or has just read and taken for good, a ClientHello
/// or ServerHello, and read nothing since.
pub(super) unsafe fn last_has_extended_master_secret(ssl: *mut sys::mbedtls_ssl_context) -> bool {
    // SAFETY: the caller's. `in_msg` is the beginning of a handshake message in the input
    // buffer, which has room for its header.
    let (message, header) = unsafe {
        let message = (*ssl).private_in_msg;
        (message, slice::from_raw_parts(message, HEADER))
    };
    let length = number(&mut header.get(1..).unwrap_or(&[]), 3).unwrap_or(0);
    // Mbed TLS takes no message for good that is longer than this.
    if length > sys::MBEDTLS_SSL_IN_CONTENT_LEN as usize - HEADER {
        return false;
    }
    // SAFETY: the caller's: the message is in the buffer to its end. Nothing writes to it
    // while the slice lives.
    has_extended_master_secret(unsafe { slice::from_raw_parts(message, HEADER + length) })
}

#[cfg(test)]
mod tests {
    extern crate std;
    use super::*;
    use std::vec::Vec;

    /// A hello with these extensions, each `(type, length)`.
    fn hello(kind: u8, extensions: &[(u8, u8)]) -> Vec<u8> {
        let mut body = Vec::from([3, 3]);
        body.extend([7; 32]);
        body.extend([2, 9, 9]);
        body.extend(match kind {
            1 => &[0, 4, 0xC0, 0x2B, 0x13, 1, 1, 0][..],
            _ => &[0xC0, 0x2B, 0][..],
        });
        let mut all = Vec::new();
        for (extension, length) in extensions {
            all.extend([0, *extension, 0, *length]);
            all.extend(std::vec![0; usize::from(*length)]);
        }
        body.extend([0, all.len() as u8]);
        body.extend(all);
        let mut hello = Vec::from([kind, 0, 0, body.len() as u8]);
        hello.extend(body);
        hello
    }

    #[test]
    fn the_extension_is_found_among_others_and_nowhere_else() {
        for kind in [1, 2] {
            assert!(has_extended_master_secret(&hello(kind, &[(23, 0)])));
            assert!(has_extended_master_secret(&hello(
                kind,
                &[(0, 9), (23, 0), (35, 5)]
            )));
            for without in [&[][..], &[(35, 23)], &[(0, 23), (24, 0)]] {
                assert!(!has_extended_master_secret(&hello(kind, without)));
            }
        }
    }

    #[test]
    fn a_hello_that_breaks_off_has_none() {
        for kind in [1, 2] {
            let whole = hello(kind, &[(35, 5), (23, 0)]);
            for length in 0..whole.len() {
                assert!(!has_extended_master_secret(&whole[..length]), "{length}");
            }
        }
    }
}
