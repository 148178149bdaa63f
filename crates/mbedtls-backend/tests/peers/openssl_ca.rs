// SPDX-License-Identifier: Apache-2.0

//! Revocation lists as OpenSSL's `ca` makes them, for the CAs of the test PKI.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicU32, Ordering};

use secure_socket::revocation::Crl;
use test_pki::KeyKind;

use crate::pki;

/// Runs `openssl`, which must succeed.
pub(crate) fn openssl(args: &[&str]) {
    let output = Command::new("openssl")
        .args(args)
        .output()
        .expect("openssl cannot be run: install the Debian package openssl");
    assert!(
        output.status.success(),
        "openssl {}: {}",
        args.join(" "),
        String::from_utf8_lossy(&output.stderr)
    );
}

/// What to put into a list.
pub(crate) struct Recipe<'a> {
    /// Certificates, in PEM, and why they are revoked.
    pub(crate) revoked: &'a [(String, &'a str)],
    /// First and last second, as `20260101000000Z`; from now on for a week if none.
    pub(crate) dates: Option<[&'a str; 2]>,
    /// Lines of OpenSSL's configuration: the list's extensions. None for version 1.
    pub(crate) extensions: Option<&'a str>,
    /// Lines that an extension refers to, with their section.
    pub(crate) sections: &'a str,
    /// More options.
    pub(crate) options: &'a [&'a str],
}

impl Default for Recipe<'_> {
    fn default() -> Self {
        Self {
            revoked: &[],
            dates: None,
            extensions: Some("authorityKeyIdentifier = keyid"),
            sections: "",
            options: &[],
        }
    }
}

/// A certificate and key that lists are signed with.
pub(crate) struct Ca {
    certificate: PathBuf,
    key: PathBuf,
    dir: PathBuf,
}

impl Ca {
    /// `ca` or `intermediate` of the family in `dir`.
    pub(crate) fn in_dir(dir: &Path, name: &str) -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        let own = pki::dir().join(format!("openssl-ca-{count}"));
        fs::create_dir(&own).unwrap();
        Self {
            certificate: dir.join(format!("{name}.pem")),
            key: dir.join(format!("{name}-key.pem")),
            dir: own,
        }
    }

    pub(crate) fn of(kind: KeyKind, name: &str) -> Self {
        Self::in_dir(&pki::dir().join(kind.dir_name()), name)
    }

    /// A list, in a PEM file.
    pub(crate) fn pem_file(&self, recipe: &Recipe<'_>) -> PathBuf {
        let dir = self.dir.to_str().unwrap();
        let extensions = match recipe.extensions {
            Some(_) => "crl_extensions = list",
            None => "",
        };
        let config = format!(
            "[ca]\ndefault_ca = it\n[it]\ndatabase = {dir}/index.txt\ncrlnumber = \
             {dir}/number\ndefault_md = sha256\ndefault_crl_days = 7\n{extensions}\n[list]\n{}\n{}\n",
            recipe.extensions.unwrap_or_default(),
            recipe.sections
        );
        let path = |name: &str| self.dir.join(name);
        fs::write(path("ca.cnf"), config).unwrap();
        fs::write(path("index.txt"), "").unwrap();
        fs::write(path("number"), "01\n").unwrap();
        let [config, list] = ["ca.cnf", "list.pem"].map(|name| path(name).display().to_string());
        let (certificate, key) = (
            self.certificate.display().to_string(),
            self.key.display().to_string(),
        );
        let common = [
            "ca",
            "-config",
            &config,
            "-cert",
            &certificate,
            "-keyfile",
            &key,
        ];
        for (certificate, reason) in recipe.revoked {
            let more = ["-revoke", certificate, "-crl_reason", reason];
            openssl(&[&common[..], &more].concat());
        }
        let mut args = [&common[..], &["-gencrl", "-out", &list]].concat();
        if let Some([first, last]) = recipe.dates {
            args.extend(["-crl_lastupdate", first, "-crl_nextupdate", last]);
        }
        args.extend(recipe.options);
        openssl(&args);
        path("list.pem")
    }

    /// A list, in PEM.
    pub(crate) fn pem(&self, recipe: &Recipe<'_>) -> String {
        fs::read_to_string(self.pem_file(recipe)).unwrap()
    }

    /// A list, loaded.
    pub(crate) fn crl(&self, recipe: &Recipe<'_>) -> Crl {
        Crl::from_pem(&self.pem(recipe)).unwrap().remove(0)
    }
}
