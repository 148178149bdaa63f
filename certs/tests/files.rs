// SPDX-License-Identifier: Apache-2.0

//! What is written where, and when nothing is.

#![allow(clippy::unwrap_used, missing_docs)]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use test_pki::{Error, Leaf, inventory, write, write_replacing};

fn files_below(dir: &Path) -> BTreeSet<PathBuf> {
    let mut found = BTreeSet::new();
    for entry in fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files_below(&path));
        } else {
            found.insert(path);
        }
    }
    found
}

fn names(dir: &Path) -> Vec<PathBuf> {
    fs::read_dir(dir)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into())
        .collect()
}

#[test]
fn writes_what_the_inventory_says() {
    let parent = tempfile::tempdir().unwrap();
    let dir = parent.path().join("not/yet/there");
    let written = write(&dir).unwrap();
    let expected: Vec<_> = inventory().map(|item| dir.join(item.path)).collect();
    assert_eq!(written, expected);
    assert_eq!(files_below(parent.path()), written.into_iter().collect());

    for family in ["ec", "rsa"] {
        for file in [
            "ca.pem",
            "ca.der",
            "ca-key.pem",
            "intermediate.pem",
            "intermediate.der",
            "intermediate-key.pem",
            "other-ca-root.pem",
            "other-ca-root.der",
        ] {
            assert!(dir.join(family).join(file).is_file(), "{family}/{file}");
        }
        for leaf in Leaf::ALL {
            for end in [".pem", ".der", "-key.pem", "-key.der"] {
                let file = format!("{}{end}", leaf.file_stem());
                assert!(dir.join(family).join(&file).is_file(), "{family}/{file}");
            }
        }
    }
    let hex = fs::read_to_string(dir.join("ec/psk.hex")).unwrap();
    assert_eq!(hex.len(), 64);
    assert!(hex.bytes().all(|b| b.is_ascii_hexdigit()));
    let identity = fs::read_to_string(dir.join("ec/psk-identity.txt")).unwrap();
    assert_eq!(identity, "device-1");
}

#[test]
#[cfg(unix)]
fn secrets_are_readable_by_the_owner_only() {
    use std::os::unix::fs::PermissionsExt;
    let dir = tempfile::tempdir().unwrap();
    write(dir.path()).unwrap();
    for item in inventory() {
        let mode = fs::metadata(dir.path().join(&item.path))
            .unwrap()
            .permissions()
            .mode();
        assert_eq!(mode & 0o777 == 0o600, item.private, "{}", item.path);
    }
}

#[test]
fn refuses_a_directory_with_something_in_it() {
    let parent = tempfile::tempdir().unwrap();
    let dir = parent.path().join("mine");
    fs::create_dir(&dir).unwrap();
    fs::write(dir.join("thesis.txt"), "only copy").unwrap();

    let error = write(&dir).unwrap_err();
    assert!(matches!(&error, Error::NotEmpty(path) if *path == dir));
    assert!(error.to_string().contains(dir.to_str().unwrap()));
    let error = write_replacing(&dir).unwrap_err();
    assert!(matches!(&error, Error::NotOurs(path) if *path == dir));
    assert!(error.to_string().contains(dir.to_str().unwrap()));

    // A directory by the name of the marker is not the marker.
    fs::create_dir(dir.join(".test-pki")).unwrap();
    assert!(matches!(write_replacing(&dir), Err(Error::NotOurs(_))));

    assert_eq!(fs::read(dir.join("thesis.txt")).unwrap(), b"only copy");
    assert_eq!(names(parent.path()), [Path::new("mine")]);
}

#[test]
fn replaces_only_when_asked() {
    let parent = tempfile::tempdir().unwrap();
    let dir = parent.path().join("pki");
    // Nothing there yet is fine with both.
    write_replacing(&dir).unwrap();
    let before = fs::read(dir.join("ec/psk.hex")).unwrap();

    assert!(matches!(write(&dir), Err(Error::NotEmpty(_))));
    assert_eq!(fs::read(dir.join("ec/psk.hex")).unwrap(), before);

    fs::write(dir.join("stray"), "").unwrap();
    let written = write_replacing(&dir).unwrap();
    assert_ne!(fs::read(dir.join("ec/psk.hex")).unwrap(), before);
    assert_eq!(files_below(parent.path()), written.into_iter().collect());
}

#[test]
fn refuses_what_is_not_a_directory() {
    let parent = tempfile::tempdir().unwrap();
    let file = parent.path().join("file");
    fs::write(&file, "keep").unwrap();
    for result in [write(&file), write_replacing(&file)] {
        assert!(matches!(result, Err(Error::NotADirectory(path)) if path == file));
    }
    assert!(matches!(write(&file.join("below")), Err(Error::Io { .. })));
    for path in [".", "..", "/", ""] {
        assert!(
            matches!(write(Path::new(path)), Err(Error::NoName(_))),
            "{path:?}"
        );
    }
    assert_eq!(fs::read(&file).unwrap(), b"keep");
    assert_eq!(names(parent.path()), [Path::new("file")]);
}

#[test]
#[cfg(unix)]
fn follows_a_link_to_a_directory() {
    let parent = tempfile::tempdir().unwrap();
    let real = parent.path().join("real");
    let link = parent.path().join("link");
    fs::create_dir(&real).unwrap();
    std::os::unix::fs::symlink("real", &link).unwrap();
    let written = write(&link).unwrap();
    assert!(
        written
            .iter()
            .all(|path| path.starts_with(&link) && path.is_file())
    );
    assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
    assert!(real.join("ec/ca.pem").is_file());
}

#[test]
fn the_readme_describes_every_leaf() {
    let readme = include_str!("../README.md");
    for leaf in Leaf::ALL {
        let row = format!("| `{}` | {} |\n", leaf.file_stem(), leaf.describe());
        assert!(readme.contains(&row), "missing in README.md: {row}");
    }
}
