// SPDX-License-Identifier: Apache-2.0

use crate::Error;
use crate::inventory::{File, Material};
use std::fs::{self, OpenOptions};
use std::io::{ErrorKind, Write as _};
use std::path::{Path, PathBuf};

/// The file that marks a directory as written by us.
pub(crate) const MARKER: &str = ".test-pki";

/// Makes both families and a pre-shared key and writes them to `dir`, which
/// must not exist yet or be empty. Returns the files written.
///
/// [`inventory`](crate::inventory()) lists the files. Private keys and the
/// pre-shared key get file mode 0600.
///
/// Either all files appear or none: they are written to a hidden directory
/// next to `dir` that is then renamed. Missing parents of `dir` are made, and
/// stay if something fails later.
///
/// # Errors
///
/// [`Error::NotEmpty`] if there is something in `dir`, and any other
/// [`Error`]; `dir` is then as it was.
pub fn write(dir: &Path) -> Result<Vec<PathBuf>, Error> {
    generate_into(dir, Existing::Refuse)
}

/// Like [`write()`], but replaces `dir` if it was written by us, that is, if
/// there is a file `.test-pki` in it. **Everything** in `dir` goes, also files
/// somebody else put there.
///
/// The old directory is moved aside before the new one is put in its place, so
/// for a moment there is none; if the second move fails, the first is undone.
///
/// # Errors
///
/// [`Error::NotOurs`] if `dir` is not empty and not marked, and any other
/// [`Error`]; `dir` is then as it was, unless the error names the old directory
/// that was moved aside.
pub fn write_replacing(dir: &Path) -> Result<Vec<PathBuf>, Error> {
    generate_into(dir, Existing::ReplaceOurs)
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Existing {
    Refuse,
    ReplaceOurs,
}

fn generate_into(dir: &Path, existing: Existing) -> Result<Vec<PathBuf>, Error> {
    install(dir, existing, |temporary| {
        let material = Material::generate()?;
        File::all()
            .map(|file| {
                let item = file.item();
                let contents = file.contents(&material);
                write_file(&temporary.join(&item.path), &contents, item.private)?;
                Ok(dir.join(item.path))
            })
            .collect()
    })
}

/// Lets `fill` write to a temporary directory and moves that to `dir`.
fn install<T>(
    dir: &Path,
    existing: Existing,
    fill: impl FnOnce(&Path) -> Result<T, Error>,
) -> Result<T, Error> {
    let target = resolve(dir)?;
    let must_go = match fs::read_dir(&target) {
        Ok(mut entries) => entries.next().is_some(),
        Err(e) if e.kind() == ErrorKind::NotFound => false,
        Err(e) if e.kind() == ErrorKind::NotADirectory => {
            return Err(Error::NotADirectory(dir.to_owned()));
        }
        Err(e) => return Err(Error::io(dir)(e)),
    };
    if must_go {
        if existing == Existing::Refuse {
            return Err(Error::NotEmpty(dir.to_owned()));
        }
        // Not through a link: the marker must be in this very directory.
        let marker = fs::symlink_metadata(target.join(MARKER));
        if !marker.is_ok_and(|m| m.is_file()) {
            return Err(Error::NotOurs(dir.to_owned()));
        }
    }

    let (new, old) = siblings(&target)?;
    if let Some(parent) = target.parent() {
        fs::create_dir_all(parent).map_err(Error::io(parent))?;
    }
    fs::create_dir(&new).map_err(Error::io(&new))?;
    let new = RemoveOnDrop(new);
    let result = fill(&new.0)?;

    if must_go {
        fs::rename(&target, &old).map_err(Error::io(&target))?;
    }
    if let Err(e) = fs::rename(&new.0, &target) {
        if must_go {
            fs::rename(&old, &target).map_err(Error::io(&old))?;
        }
        return Err(match e.kind() {
            // Somebody was faster.
            ErrorKind::DirectoryNotEmpty => Error::NotEmpty(dir.to_owned()),
            _ => Error::io(dir)(e),
        });
    }
    if must_go {
        fs::remove_dir_all(&old).map_err(Error::io(&old))?;
    }
    Ok(result)
}

/// The directory meant by `dir`, links followed, in a form that has a parent
/// and a name.
fn resolve(dir: &Path) -> Result<PathBuf, Error> {
    if dir.file_name().is_none() {
        return Err(Error::NoName(dir.to_owned()));
    }
    match fs::symlink_metadata(dir) {
        Ok(_) => fs::canonicalize(dir),
        Err(e) if e.kind() == ErrorKind::NotFound => std::path::absolute(dir),
        Err(e) => Err(e),
    }
    .map_err(Error::io(dir))
}

/// Two names next to `target` that are not in use: for the new directory, and
/// for moving the old one aside.
fn siblings(target: &Path) -> Result<(PathBuf, PathBuf), Error> {
    let name = target
        .file_name()
        .ok_or_else(|| Error::NoName(target.to_owned()))?;
    let mut random = [0; 8];
    crate::psk::random(&mut random)?;
    let id = u64::from_ne_bytes(random);
    let sibling = |what: &str| {
        let mut hidden = std::ffi::OsString::from(".");
        hidden.push(name);
        hidden.push(format!(".{what}-{id:016x}"));
        target.with_file_name(hidden)
    };
    Ok((sibling("new"), sibling("old")))
}

pub(crate) fn write_file(path: &Path, contents: &[u8], private: bool) -> Result<(), Error> {
    if let Some(parent) = path.parent() {
        fs::create_dir_all(parent).map_err(Error::io(parent))?;
    }
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    if private {
        // From the start: there is no moment at which others could read it.
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    }
    #[cfg(not(unix))]
    let _ = private;
    options
        .open(path)
        .and_then(|mut file| file.write_all(contents))
        .map_err(Error::io(path))
}

/// Cleans up what is left of a temporary directory. After a successful rename
/// there is nothing by that name any more.
struct RemoveOnDrop(PathBuf);

impl Drop for RemoveOnDrop {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::{Existing, MARKER, install};
    use crate::Error;
    use std::fs;
    use std::path::{Path, PathBuf};

    fn names(dir: &Path) -> Vec<String> {
        let mut names: Vec<_> = fs::read_dir(dir)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }

    /// A directory of ours, with a file that tells it from a new one.
    fn ours(parent: &Path) -> PathBuf {
        let dir = parent.join("pki");
        fs::create_dir(&dir).unwrap();
        fs::write(dir.join(MARKER), "").unwrap();
        fs::write(dir.join("old"), "").unwrap();
        dir
    }

    #[test]
    fn a_failure_while_writing_leaves_nothing() {
        let parent = tempfile::tempdir().unwrap();
        let dir = parent.path().join("pki");
        let fail = |new: &Path| {
            fs::write(new.join("half"), "").unwrap();
            Err::<(), _>(Error::Random)
        };
        assert!(matches!(
            install(&dir, Existing::Refuse, fail),
            Err(Error::Random)
        ));
        assert!(names(parent.path()).is_empty());

        let dir = ours(parent.path());
        assert!(install(&dir, Existing::ReplaceOurs, fail).is_err());
        assert_eq!(names(parent.path()), ["pki"]);
        assert_eq!(names(&dir), [MARKER, "old"]);
    }

    #[test]
    fn a_failed_replacement_is_undone() {
        let parent = tempfile::tempdir().unwrap();
        let dir = ours(parent.path());
        // The second rename fails, as there is nothing to rename.
        let vanish = |new: &Path| fs::remove_dir(new).map_err(Error::io(new));
        let error = install(&dir, Existing::ReplaceOurs, vanish).unwrap_err();
        assert!(matches!(error, Error::Io { path, .. } if path == dir));
        assert_eq!(names(parent.path()), ["pki"]);
        assert_eq!(names(&dir), [MARKER, "old"]);
    }

    #[test]
    fn somebody_faster_wins() {
        let parent = tempfile::tempdir().unwrap();
        let dir = parent.path().join("pki");
        let race = |_: &Path| {
            fs::create_dir(&dir).unwrap();
            fs::write(dir.join("theirs"), "").unwrap();
            Ok(())
        };
        let error = install(&dir, Existing::Refuse, race).unwrap_err();
        assert!(matches!(error, Error::NotEmpty(path) if path == dir));
        assert_eq!(names(parent.path()), ["pki"]);
        assert_eq!(names(&dir), ["theirs"]);
    }
}
