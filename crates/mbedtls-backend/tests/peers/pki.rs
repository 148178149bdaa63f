// SPDX-License-Identifier: Apache-2.0

//! The test PKI on disk, made once for this process.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use secure_socket::credential::{CaCertificate, Identity, Psk, PskIdentity};
use test_pki::{KeyKind, Leaf};

use crate::ours::backend;

/// The directory: see `test_pki::inventory` for what is in it.
pub(crate) fn dir() -> &'static Path {
    static DIR: OnceLock<PathBuf> = OnceLock::new();
    DIR.get_or_init(|| {
        let parent = Path::new(env!("CARGO_TARGET_TMPDIR"));
        // Statics are never dropped: clean up after the runs that are over.
        for old in fs::read_dir(parent).into_iter().flatten().flatten() {
            let name = old.file_name();
            let pid = name.to_str().and_then(|name| name.strip_prefix("peers-"));
            if pid.is_some_and(|pid| !Path::new("/proc").join(pid).exists()) {
                let _ = fs::remove_dir_all(old.path());
            }
        }
        let dir = parent.join(format!("peers-{}", std::process::id()));
        test_pki::write(&dir).unwrap();
        let psk = fs::read_to_string(dir.join("ec/psk.hex")).unwrap();
        fs::write(dir.join("psk.txt"), format!("device-1:{}\n", psk.trim())).unwrap();
        dir
    })
}

pub(crate) fn file(kind: KeyKind, name: &str) -> String {
    let path = dir().join(kind.dir_name()).join(name);
    path.to_str().unwrap().to_owned()
}

pub(crate) fn chain_file(kind: KeyKind, leaf: Leaf) -> String {
    file(kind, &format!("{leaf}.pem"))
}

pub(crate) fn key_file(kind: KeyKind, leaf: Leaf) -> String {
    file(kind, &format!("{leaf}-key.pem"))
}

pub(crate) fn ca_file(kind: KeyKind) -> String {
    file(kind, "ca.pem")
}

/// `device-1`'s line for GnuTLS.
pub(crate) fn psk_file() -> String {
    dir().join("psk.txt").to_str().unwrap().to_owned()
}

pub(crate) fn psk_hex() -> String {
    let text = fs::read_to_string(dir().join("ec/psk.hex")).unwrap();
    text.trim().to_owned()
}

/// A key of the right length that is not the right one.
pub(crate) const WRONG_PSK: &str =
    "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff";

pub(crate) fn psk() -> Psk {
    Psk::from_hex(&psk_hex()).unwrap()
}

pub(crate) fn psk_identity() -> PskIdentity {
    PskIdentity::new("device-1").unwrap()
}

pub(crate) fn ca(kind: KeyKind) -> Vec<CaCertificate> {
    CaCertificate::from_pem(&fs::read_to_string(ca_file(kind)).unwrap()).unwrap()
}

pub(crate) fn identity(kind: KeyKind, leaf: Leaf) -> Identity {
    let read = |file| fs::read_to_string(file).unwrap();
    let (chain, key) = (chain_file(kind, leaf), key_file(kind, leaf));
    Identity::from_pem(&read(chain), &read(key), backend()).unwrap()
}
