// SPDX-License-Identifier: Apache-2.0

//! Revocation lists, and their issuers' certificates, from the computer's files.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use secure_socket::credential::{CaCertificate, CredentialKind};
use secure_socket::revocation::Crl;

use super::{in_file, read, read_file, text};
use crate::error::StartError;

/// Those in `files`.
pub(crate) fn lists(files: &[String]) -> Result<Vec<Crl>, StartError> {
    let mut lists = Vec::new();
    for path in files {
        lists.extend(parse(path, must_read(path)?)?);
    }
    Ok(lists)
}

/// The certificates in `files`.
pub(crate) fn list_issuers(files: &[String]) -> Result<Vec<CaCertificate>, StartError> {
    let mut issuers = Vec::new();
    for path in files {
        issuers.extend(parse_issuers(path, must_read(path)?)?);
    }
    Ok(issuers)
}

/// Those in a directory of credentials, if there are any.
pub(crate) fn list_issuers_of(directory: &str) -> Result<Vec<CaCertificate>, StartError> {
    match read(directory, &["crl-issuers.pem", "crl-issuers.der"])? {
        Some((path, contents)) => parse_issuers(&path, contents),
        None => Ok(Vec::new()),
    }
}

fn must_read(path: &str) -> Result<Vec<u8>, StartError> {
    read_file(path)?.ok_or_else(|| StartError::Setting(format!("{path}: there is no such file")))
}

/// Those in a directory of credentials, if there are any.
pub(crate) fn lists_of(directory: &str) -> Result<Option<Vec<Crl>>, StartError> {
    let Some((path, contents)) = read(directory, &["crl.pem", "crl.der"])? else {
        return Ok(None);
    };
    parse(&path, contents).map(Some)
}

/// By what is in it, since files that are named one by one may be called anything.
fn is_pem(contents: &[u8]) -> bool {
    contents.windows(11).any(|part| part == b"-----BEGIN ")
}

fn parse_issuers(path: &str, contents: Vec<u8>) -> Result<Vec<CaCertificate>, StartError> {
    let issuers = match is_pem(&contents) {
        true => CaCertificate::from_pem(&text(path, contents, CredentialKind::CaCertificate)?),
        false => CaCertificate::from_der(contents).map(|issuer| alloc::vec![issuer]),
    };
    issuers.map_err(in_file(path))
}

fn parse(path: &str, contents: Vec<u8>) -> Result<Vec<Crl>, StartError> {
    let lists = match is_pem(&contents) {
        true => Crl::from_pem(&text(path, contents, CredentialKind::Crl)?),
        false => Crl::from_der(contents).map(|list| alloc::vec![list]),
    };
    lists.map_err(in_file(path))
}
