// SPDX-License-Identifier: Apache-2.0

//! Standard output, whoever reads it.

use std::fmt;
use std::io::{self, Write as _};

use super::error::HostError;

/// Hexadecimal digits.
pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Prints a line, at once.
///
/// # Errors
///
/// [`HostError::Output`], also when nobody reads any more (`| head`), where the
/// standard library's `println!` would panic.
pub(crate) fn print(line: impl fmt::Display) -> Result<(), HostError> {
    let mut out = io::stdout().lock();
    writeln!(out, "{line}")
        .and_then(|()| out.flush())
        .map_err(HostError::Output)
}
