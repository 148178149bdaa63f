// SPDX-License-Identifier: Apache-2.0

//! A file that is written whole or not at all.

use std::fs::{self, Permissions};
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
        if path.is_symlink() && !path.exists() {
            return Err(HostError::Usage(format!(
                "{} is a link to nothing: take it away, or name a file with --output",
                path.display()
            )));
        }
        match directory(path).is_dir() {
            true => Ok(()),
            false => Err(HostError::file(path)(io::ErrorKind::NotFound.into())),
        }
    }

    /// For a file at `path`. One that is there keeps its permissions, and a link to one leads
    /// to it as before.
    pub(crate) fn new(path: &Path) -> Result<Self, HostError> {
        Self::check(path)?;
        let create = || match path.exists() {
            true => {
                let path = fs::canonicalize(path)?;
                let permissions = fs::metadata(&path)?.permissions();
                let file = beside(&path, permissions.clone())?;
                // The umask has no say in them.
                file.as_file().set_permissions(permissions)?;
                Ok(Self { path, file })
            }
            // It is no secret: as the umask has it.
            false => Ok(Self {
                path: path.to_owned(),
                file: beside(path, Permissions::from_mode(0o666))?,
            }),
        };
        create().map_err(HostError::file(path))
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

fn beside(path: &Path, permissions: Permissions) -> io::Result<NamedTempFile> {
    tempfile::Builder::new()
        .permissions(permissions)
        .prefix(".secure-sockets-")
        .tempfile_in(directory(path))
}

fn directory(path: &Path) -> &Path {
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    }
}
