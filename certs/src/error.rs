// SPDX-License-Identifier: Apache-2.0

use std::path::{Path, PathBuf};
use std::{fmt, io};

/// Why the PKI could not be made or written.
#[derive(Debug)]
#[non_exhaustive]
pub enum Error {
    /// A key or a certificate could not be made.
    Generate(rcgen::Error),
    /// The system gave no random numbers.
    Random,
    /// A thread that makes keys could not be started, or died.
    Thread,
    /// A certificate or key could not be written as PEM.
    Pem(pem_rfc7468::Error),
    /// Something could not be written as DER.
    Der(der::Error),
    /// A recipe says something that cannot be made.
    Recipe {
        /// Which part of it: ``certificate `leaf` ``, for one.
        part: String,
        /// What is wrong with it, and what would be right.
        reason: String,
    },
    /// There is nothing by this name in the world that was made.
    NotInWorld(String),
    /// The target path has no last component of its own (`.`, `..`, `/`).
    NoName(PathBuf),
    /// The target exists and is not a directory.
    NotADirectory(PathBuf),
    /// The target directory exists and has something in it.
    NotEmpty(PathBuf),
    /// The target directory has something in it and lacks our marker file.
    NotOurs(PathBuf),
    /// A file or directory could not be read, written or moved.
    Io {
        /// The file or directory.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
}

impl Error {
    pub(crate) fn recipe(part: impl fmt::Display, reason: impl fmt::Display) -> Self {
        Self::Recipe {
            part: part.to_string(),
            reason: reason.to_string(),
        }
    }

    pub(crate) fn io(path: &Path) -> impl FnOnce(io::Error) -> Self {
        move |source| Self::Io {
            path: path.to_owned(),
            source,
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Generate(e) => write!(f, "cannot make a key or certificate: {e}"),
            Self::Random => f.write_str("the system gave no random numbers"),
            Self::Thread => f.write_str("a thread that makes keys could not start, or died"),
            Self::Pem(e) => write!(f, "cannot write PEM: {e}"),
            Self::Der(e) => write!(f, "cannot write DER: {e}"),
            Self::Recipe { part, reason } => write!(f, "{part}: {reason}"),
            Self::NotInWorld(what) => write!(f, "{what}: not in the recipe this was made from"),
            Self::NoName(path) => {
                write!(f, "{}: give the directory by its own name", path.display())
            }
            Self::NotADirectory(path) => {
                write!(f, "{}: exists and is not a directory", path.display())
            }
            Self::NotEmpty(path) => {
                write!(f, "{}: the directory is not empty", path.display())
            }
            Self::NotOurs(path) => write!(
                f,
                "{}: not replaced, the directory was not made by test-pki (no file {})",
                path.display(),
                crate::write::MARKER
            ),
            Self::Io { path, source } => write!(f, "{}: {source}", path.display()),
        }
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Generate(e) => Some(e),
            Self::Io { source, .. } => Some(source),
            _ => None,
        }
    }
}

impl From<rcgen::Error> for Error {
    fn from(e: rcgen::Error) -> Self {
        Self::Generate(e)
    }
}

impl From<pem_rfc7468::Error> for Error {
    fn from(e: pem_rfc7468::Error) -> Self {
        Self::Pem(e)
    }
}

impl From<der::Error> for Error {
    fn from(e: der::Error) -> Self {
        Self::Der(e)
    }
}
