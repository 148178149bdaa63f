// SPDX-License-Identifier: Apache-2.0

//! Puts the host's files into Zephyr's credential store as they are, and has them looked
//! for there: what code of an application, or a shell, does on a device.

use alloc::vec::Vec;

use secure_socket::credential::{CredentialKind as Kind, SecTag, SecretBytes};
use secure_socket::diagnosis::Peer;

use super::{in_file, own_files, psk_parts, read};
use crate::credentials::CredentialSource;
use crate::error::StartError;
use crate::settings::Settings;

pub(super) fn provision(settings: &mut Settings, directory: &str) -> Result<(), StartError> {
    let mut filled: Vec<SecTag> = Vec::new();
    for us in [Peer::Client, Peer::Server] {
        let takes_part = match us {
            Peer::Client => settings.role.calls(),
            Peer::Server => settings.role.serves(),
        };
        let tag = settings.tag(us)?;
        // Both may have the same one.
        if takes_part && !filled.contains(&tag) {
            fill(tag, us, directory)?;
            filled.push(tag);
        }
    }
    settings.credentials = CredentialSource::Stored;
    Ok(())
}

fn fill(tag: SecTag, us: Peer, directory: &str) -> Result<(), StartError> {
    let (chain, key) = own_files(us);
    for (kind, names) in [
        (Kind::CaCertificate, ["ca.pem", "ca.der"]),
        (Kind::Certificate, chain),
        (Kind::PrivateKey, key),
    ] {
        let Some((path, mut contents)) = read(directory, &names)? else {
            continue;
        };
        if path.ends_with(".pem") {
            // By which Mbed TLS knows PEM.
            contents.push(0);
        }
        put(tag, kind, contents, &path)?;
    }
    if let Some((key, identity)) = psk_parts(directory)? {
        put(tag, Kind::Psk, key, directory)?;
        put(tag, Kind::PskIdentity, identity.into_bytes(), directory)?;
    }
    Ok(())
}

fn put(tag: SecTag, kind: Kind, contents: Vec<u8>, path: &str) -> Result<(), StartError> {
    zephyr_backend::provision(tag, kind, SecretBytes::from(contents)).map_err(in_file(path))
}
