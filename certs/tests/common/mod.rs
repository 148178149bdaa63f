// SPDX-License-Identifier: Apache-2.0

//! Worlds on disk, and what `openssl` says about them. It must be installed.

// Each test program uses what it needs of this.
#![allow(dead_code, unreachable_pub)]

use std::fs;
use std::process::Command;
use tempfile::TempDir;
use test_pki::recipe::{Recipe, World};

/// A directory with `<id>.pem` for certificates, and more as tests wish.
pub struct Files(TempDir);

impl Files {
    pub fn new(world: &World, ids: &[&str]) -> Self {
        let files = Self(TempDir::new().unwrap());
        for id in ids {
            files.write(&format!("{id}.pem"), &world.certificate(id).unwrap().pem);
        }
        files
    }

    pub fn write(&self, name: &str, contents: impl AsRef<[u8]>) {
        fs::write(self.0.path().join(name), contents).unwrap();
    }

    /// Whether `openssl` succeeded, and all it said.
    pub fn openssl(&self, command: &str) -> (bool, String) {
        let output = Command::new("openssl")
            .args(command.split_whitespace())
            .current_dir(self.0.path())
            .output()
            .expect("these tests need the openssl command line tool");
        let mut said = String::from_utf8_lossy(&output.stdout).into_owned();
        said.push_str(&String::from_utf8_lossy(&output.stderr));
        (output.status.success(), said)
    }

    /// What `openssl` said; it must succeed.
    #[track_caller]
    pub fn accepts(&self, command: &str) -> String {
        let (ok, said) = self.openssl(command);
        assert!(ok, "openssl {command}: {said}");
        said
    }

    /// `openssl` must refuse and give this reason.
    #[track_caller]
    pub fn refuses(&self, command: &str, reason: &str) {
        let (ok, said) = self.openssl(command);
        assert!(!ok, "openssl {command} was to refuse: {said}");
        assert!(
            said.contains(reason),
            "openssl {command}: no `{reason}` in: {said}"
        );
    }
}

#[track_caller]
pub fn make(toml: &str) -> World {
    recipe(toml).make().unwrap_or_else(|e| panic!("{e}"))
}

#[track_caller]
pub fn recipe(toml: &str) -> Recipe {
    Recipe::from_toml(toml).unwrap_or_else(|e| panic!("{e}"))
}
