// SPDX-License-Identifier: Apache-2.0

//! The small bundle, written whole or not at all.

use std::fs;
use std::io;
use std::path::Path;

use pem_rfc7468::LineEnding;

use crate::host::error::HostError;
use crate::host::whole::Whole;

/// Refuses, before any work, what could not be written.
pub(super) fn check(output: &Path, bundle: &Path) -> Result<(), HostError> {
    let same = |path: &Path| fs::canonicalize(path).ok();
    if same(output).is_some() && same(output) == same(bundle) {
        return Err(HostError::Usage(format!(
            "{} is the bundle itself: name another file with --output",
            output.display()
        )));
    }
    Whole::check(output)
}

/// Writes certificates, each with its subject above it.
pub(super) fn write<'a>(
    output: &Path,
    certificates: impl Iterator<Item = (&'a str, &'a [u8])>,
) -> Result<(), HostError> {
    let mut text = String::new();
    for (subject, der) in certificates {
        // Whoever issued it wrote the subject: it must not end the line, nor begin a
        // certificate.
        let subject: String = subject.chars().filter(|one| !one.is_control()).collect();
        text += &format!("# {}\n", subject.replace("-----", "-"));
        text += &pem_rfc7468::encode_string("CERTIFICATE", LineEnding::LF, der)
            .map_err(|error| HostError::file(output)(io::Error::other(error.to_string())))?;
    }
    let mut whole = Whole::new(output)?;
    whole.put(text.as_bytes())?;
    whole.keep()
}
