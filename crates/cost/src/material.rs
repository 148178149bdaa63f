// SPDX-License-Identifier: Apache-2.0

//! What is measured with: made by the test PKI, and kept in files, so that to make keys is
//! no part of what is counted.

use std::fs;
use std::path::{Path, PathBuf};

use test_pki::recipe::{Recipe, World};

use crate::Failed;

/// How many entries the revocation lists have.
pub(crate) const ENTRIES: [usize; 3] = [10, 1_000, 10_000];

/// Every chain that is measured.
pub(crate) const CHAINS: [Chain; 4] = [
    Chain::new("EC P-256", "p256", 1),
    Chain::new("EC P-256", "p256", 2),
    Chain::new("RSA-2048", "rsa2048", 1),
    Chain::new("RSA-2048", "rsa2048", 2),
];

#[derive(Clone, Copy, Debug)]
pub(crate) struct Chain {
    pub(crate) shown: &'static str,
    key: &'static str,
    pub(crate) intermediates: usize,
}

impl Chain {
    const fn new(shown: &'static str, key: &'static str, intermediates: usize) -> Self {
        Self {
            shown,
            key,
            intermediates,
        }
    }

    fn recipe(&self) -> String {
        let Self {
            key, intermediates, ..
        } = self;
        let last = format!("ca{intermediates}");
        let mut text = format!("[[certificate]]\nid = \"ca0\"\nkey = \"{key}\"\n");
        for number in 1..=*intermediates {
            let above = number - 1;
            text += &format!(
                "[[certificate]]\nid = \"ca{number}\"\nissuer = \"ca{above}\"\nkey = \"{key}\"\n"
            );
        }
        text += &format!(
            "[[certificate]]\nid = \"leaf\"\nissuer = \"{last}\"\nkey = \"{key}\"\n\
             ocsp = [\"http://ocsp.test/\"]\n\
             [[certificate]]\nid = \"client\"\nissuer = \"{last}\"\nkey = \"{key}\"\n\
             [[certificate]]\nid = \"delegate\"\nissuer = \"{last}\"\nkey = \"{key}\"\nsan = []\n\
             ext_key_usage = [\"OCSPSigning\"]\n"
        );
        for entries in ENTRIES {
            text += &format!(
                "[[crl]]\nid = \"crl-{entries}\"\nissuer = \"{last}\"\nmany = {entries}\n"
            );
        }
        text
    }

    /// With an answer about the leaf, signed by `signer` if not by its issuer.
    fn world(&self, signer: Option<&str>) -> Result<World, Failed> {
        let signer = signer.map_or_else(String::new, |id| format!("signer = \"{id}\"\n"));
        let text = self.recipe() + "[[ocsp]]\nfor = \"leaf\"\n" + &signer;
        Ok(Recipe::from_toml(&text)?.make()?)
    }

    /// Makes everything for this chain in a directory of its own; two, as an OCSP answer
    /// is by one signer.
    pub(crate) fn make(&self, directory: &Path) -> Result<Files, Failed> {
        for (name, signer) in [("issuer", None), ("delegate", Some("delegate"))] {
            let world = self.world(signer)?;
            let into = directory.join(name);
            fs::create_dir_all(&into)?;
            for id in (0..=self.intermediates)
                .map(|number| format!("ca{number}"))
                .chain(["leaf", "client"].map(str::to_owned))
            {
                fs::write(into.join(&id), &world.certificate(&id)?.der)?;
            }
            for id in ["leaf", "client"] {
                let key = world.credential(&[id])?;
                fs::write(into.join(format!("{id}-key")), &*key.key_der)?;
            }
            for entries in ENTRIES {
                let id = format!("crl-{entries}");
                fs::write(into.join(&id), &world.crl(&id)?.der)?;
            }
            let body = world.ocsp_response_for("leaf", None)?;
            let length = body.len();
            let head = format!("HTTP/1.0 200 OK\r\nContent-Length: {length}\r\n\r\n");
            fs::write(into.join("ocsp"), [head.as_bytes(), &body].concat())?;
        }
        Ok(Files(directory.to_owned()))
    }
}

/// What [`Chain::make`] made.
pub(crate) struct Files(pub(crate) PathBuf);

impl Files {
    /// What stands in one of them; `delegate` for those with an answer by a delegate.
    pub(crate) fn read(&self, delegate: bool, name: &str) -> Result<Vec<u8>, Failed> {
        let of = if delegate { "delegate" } else { "issuer" };
        Ok(fs::read(self.0.join(of).join(name))?)
    }

    /// A chain as a peer sends it: `id` first, without the root.
    pub(crate) fn chain(&self, delegate: bool, id: &str) -> Result<Vec<Vec<u8>>, Failed> {
        let mut chain = [self.read(delegate, id)?].to_vec();
        for number in (1..=2).rev() {
            match self.read(delegate, &format!("ca{number}")) {
                Ok(der) => chain.push(der),
                Err(_) if number > 1 => {}
                Err(error) => return Err(error),
            }
        }
        Ok(chain)
    }
}
