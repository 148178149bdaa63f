// SPDX-License-Identifier: Apache-2.0

//! Certificates from a file, fit for use or not.

use std::path::Path;

use secure_socket::credential::{CredentialError, CredentialKind};

use super::Der;
use crate::host::error::HostError;
use crate::host::files;

const BEGIN: &str = "-----BEGIN ";
const END: &str = "-----END ";
const DASHES: &str = "-----";
const LABELS: [&str; 2] = ["CERTIFICATE", "X509 CERTIFICATE"];

/// Every certificate in a file, in its order: the certificates of a PEM text, or one
/// in DER. What is in them is not looked at.
pub(crate) fn read(path: &Path) -> Result<Vec<Der>, HostError> {
    let bytes = files::read(path)?;
    match files::pem(&bytes) {
        Some(text) => blocks(text).map_err(HostError::credential(path)),
        // 0x30 is the tag of a SEQUENCE, with which every certificate begins, and the digit
        // zero in a text that is none.
        None if bytes.first() == Some(&0x30) && !is_text(&bytes) => Ok(vec![bytes.to_vec()]),
        None if bytes.is_empty() => Err(refuse(path, CredentialError::Empty)),
        None => Err(refuse(path, CredentialError::Der)),
    }
}

fn is_text(bytes: &[u8]) -> bool {
    let is_text = |byte: &u8| byte.is_ascii_graphic() || byte.is_ascii_whitespace();
    bytes.iter().all(is_text)
}

fn refuse(path: &Path, error: fn(CredentialKind) -> CredentialError) -> HostError {
    HostError::credential(path)(error(CredentialKind::Certificate))
}

fn blocks(text: &str) -> Result<Vec<Der>, CredentialError> {
    let broken = CredentialError::Pem(CredentialKind::Certificate);
    let mut found = Vec::new();
    let mut rest = text;
    while let Some(start) = rest.find(BEGIN) {
        rest = rest.get(start..).ok_or(broken)?;
        let (label, _) = rest
            .strip_prefix(BEGIN)
            .and_then(|rest| rest.split_once(DASHES))
            .ok_or(broken)?;
        let end = format!("{END}{label}{DASHES}");
        let (block, after) = rest.split_once(&end).ok_or(broken)?;
        if LABELS.contains(&label) {
            let block = format!("{block}{end}");
            let (_, der) = pem_rfc7468::decode_vec(block.as_bytes()).map_err(|_| broken)?;
            found.push(der);
        }
        rest = after;
    }
    match found.is_empty() {
        true => Err(CredentialError::PemLabel(CredentialKind::Certificate)),
        false => Ok(found),
    }
}
