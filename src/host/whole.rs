// SPDX-License-Identifier: Apache-2.0

//! A file that is written whole or not at all.

use std::fs::Permissions;
use std::io::{self, Write as _};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;

use super::error::HostError;

/// A file beside its place, to be put there at the end.
pub(crate) struct Whole {
    path: PathBuf,
    file: NamedTempFile,
}

impl Whole {
    /// Refuses what could not be written at `path`, before any work.
    pub(crate) fn check(path: &Path) -> Result<(), HostError> {
        if path.is_dir() {
            return Err(HostError::Usage(format!(
                "{} is a directory: name a file with --output",
                path.display()
            )));
        }
        if path.exists() && !path.is_file() {
            return Err(HostError::Usage(format!(
                "{} is no ordinary file, and would be replaced by one",
                path.display()
            )));
        }
        match directory(path).is_dir() {
            true => Ok(()),
            false => Err(HostError::file(path)(io::ErrorKind::NotFound.into())),
        }
    }

    /// For a file at `path`.
    pub(crate) fn new(path: &Path) -> Result<Self, HostError> {
        Self::check(path)?;
        let file = tempfile::Builder::new()
            // It is no secret: as the umask has it.
            .permissions(Permissions::from_mode(0o666))
            .prefix(".secure-sockets-")
            .tempfile_in(directory(path))
            .map_err(HostError::file(path))?;
        Ok(Self {
            path: path.to_owned(),
            file,
        })
    }

    /// Writes more of it.
    pub(crate) fn put(&mut self, data: &[u8]) -> Result<(), HostError> {
        self.file
            .write_all(data)
            .map_err(HostError::file(&self.path))
    }

    /// That was all: puts it in its place.
    pub(crate) fn keep(self) -> Result<(), HostError> {
        let Self { path, file } = self;
        let put = || {
            file.as_file().sync_all()?;
            file.persist(&path)?;
            Ok(())
        };
        put().map_err(HostError::file(&path))
    }
}

fn directory(path: &Path) -> &Path {
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    }
}
