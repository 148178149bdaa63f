// SPDX-License-Identifier: Apache-2.0

//! Revocation lists from the computer's files.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use secure_socket::credential::CredentialKind;
use secure_socket::revocation::Crl;

use super::{in_file, read, read_file, text};
use crate::error::StartError;

/// Those in `files`.
pub(crate) fn lists(files: &[String]) -> Result<Vec<Crl>, StartError> {
    let mut lists = Vec::new();
    for path in files {
        let contents = read_file(path)?;
        let contents = contents
            .ok_or_else(|| StartError::Setting(format!("{path}: there is no such file")))?;
        lists.extend(parse(path, contents)?);
    }
    Ok(lists)
}

/// Those in a directory of credentials, if there are any.
pub(crate) fn lists_of(directory: &str) -> Result<Option<Vec<Crl>>, StartError> {
    let Some((path, contents)) = read(directory, &["crl.pem", "crl.der"])? else {
        return Ok(None);
    };
    parse(&path, contents).map(Some)
}

/// PEM by what is in it, since files that are named one by one may be called anything.
fn parse(path: &str, contents: Vec<u8>) -> Result<Vec<Crl>, StartError> {
    let is_pem = contents.windows(11).any(|part| part == b"-----BEGIN ");
    let lists = match is_pem {
        true => Crl::from_pem(&text(path, contents, CredentialKind::Crl)?),
        false => Crl::from_der(contents).map(|list| alloc::vec![list]),
    };
    lists.map_err(in_file(path))
}
