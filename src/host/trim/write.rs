// SPDX-License-Identifier: Apache-2.0

//! The small bundle, written whole or not at all.

use std::fs::{self, Permissions};
use std::io::{self, Write as _};
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use pem_rfc7468::LineEnding;

use crate::host::error::HostError;

/// Refuses, before any work, what could not be written.
pub(super) fn check(output: &Path, bundle: &Path) -> Result<(), HostError> {
    let same = |path: &Path| fs::canonicalize(path).ok();
    if same(output).is_some() && same(output) == same(bundle) {
        return Err(HostError::Usage(format!(
            "{} is the bundle itself: name another file with --output",
            output.display()
        )));
    }
    if output.is_dir() {
        return Err(HostError::Usage(format!(
            "{} is a directory: name a file with --output",
            output.display()
        )));
    }
    if !directory(output).is_dir() {
        return Err(HostError::file(output)(io::ErrorKind::NotFound.into()));
    }
    Ok(())
}

fn directory(output: &Path) -> &Path {
    match output.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    }
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
    let write = || {
        let mut file = tempfile::Builder::new()
            // A certificate is no secret: as the umask has it.
            .permissions(Permissions::from_mode(0o666))
            .prefix(".trim-ca-")
            .tempfile_in(directory(output))?;
        file.write_all(text.as_bytes())?;
        file.as_file().sync_all()?;
        file.persist(output)?;
        Ok(())
    };
    write().map_err(HostError::file(output))
}
