// SPDX-License-Identifier: Apache-2.0

//! A case's certificates, in memory and on disk.

use std::fs;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use test_pki::cases::Case;
use test_pki::recipe::World;
use test_pki::responder::Responder;

use crate::pki;

/// The files are removed when it is dropped.
pub(super) struct Made {
    pub(super) world: Arc<World>,
    /// Answers while this lives.
    _responder: Option<Responder>,
    dir: PathBuf,
}

impl Made {
    pub(super) fn new(case: &Case) -> Result<Self, test_pki::Error> {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let dir = pki::dir().join(format!("case-{number}"));
        fs::create_dir(&dir).unwrap();
        let (world, responder) = match case.policy.ocsp {
            Some(_) => {
                let (world, responder) = case.recipe.serve()?;
                (world, Some(responder))
            }
            None => (Arc::new(case.recipe.make()?), None),
        };
        let made = Self {
            world,
            _responder: responder,
            dir,
        };
        let own = case.send.first().map_or("", String::as_str);
        made.write("own.pem", made.pems([own])?.as_bytes());
        made.write("own-key.pem", made.world.key_pem(own)?.as_bytes());
        made.write("above.pem", made.pems(ids(&case.send).skip(1))?.as_bytes());
        made.write("sent.pem", made.pems(ids(&case.send))?.as_bytes());
        made.write("trust.pem", made.pems(ids(&case.trust))?.as_bytes());
        Ok(made)
    }

    pub(super) fn pems<'a>(
        &self,
        ids: impl IntoIterator<Item = &'a str>,
    ) -> Result<String, test_pki::Error> {
        ids.into_iter()
            .map(|id| Ok(self.world.certificate(id)?.pem.as_str()))
            .collect()
    }

    pub(super) fn write(&self, name: &str, contents: &[u8]) {
        fs::write(self.dir.join(name), contents).unwrap();
    }

    /// The path of one of the files.
    pub(super) fn path(&self, name: &str) -> String {
        self.dir.join(name).to_str().unwrap().to_owned()
    }
}

impl Drop for Made {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.dir);
    }
}

pub(super) fn ids(list: &[String]) -> impl Iterator<Item = &str> {
    list.iter().map(String::as_str)
}
