// SPDX-License-Identifier: Apache-2.0

//! Credentials from files.

use std::fs;
use std::path::{Path, PathBuf};

use mbedtls_backend::MbedTls;
use secure_socket::credential::{CaCertificate, Identity, Psk, PskIdentity, PskSource, Trust};
use secure_socket::revocation::Crl;
use secure_socket::{Mode, diagnosis::Peer};
use secure_sockets::Credentials;
use zeroize::Zeroizing;

use super::cli::CommonArgs;
use super::error::HostError;

/// The credentials that `args.mode` needs on the side of `us`, from the files named
/// one by one, or else from the directory.
pub(crate) fn load(
    args: &CommonArgs,
    us: Peer,
    backend: &MbedTls,
) -> Result<Credentials, HostError> {
    let stem = match us {
        Peer::Server => "server",
        Peer::Client => "client",
    };
    let (wants_trust, wants_identity) = match (args.mode, us) {
        (Mode::Psk, _) | (Mode::Unauthenticated, Peer::Client) => (false, false),
        (Mode::Unauthenticated | Mode::ServerAuth, Peer::Server) => (false, true),
        (Mode::ServerAuth, Peer::Client) => (true, false),
        (Mode::Mutual, _) => (true, true),
    };
    let mut credentials = Credentials::default();
    if args.mode == Mode::Psk {
        credentials.psk = psk(args)?;
    }
    args.policy.must_apply(us, wants_trust)?;
    if wants_trust {
        credentials.trust = trust(args)?;
    }
    if wants_identity {
        let chain = named_or_in(args, args.cert.as_ref(), &format!("{stem}.pem"))?;
        let key = named_or_in(args, args.key.as_ref(), &format!("{stem}-key.pem"))?;
        if let Some((chain, key)) = chain.zip(key) {
            credentials.identity = Some(identity(&chain, &key, backend)?.into());
        }
    }
    Ok(credentials)
}

/// The file that was named, or else `file` of the credential directory; `None` where
/// there is no directory by request.
fn named_or_in(
    args: &CommonArgs,
    named: Option<&PathBuf>,
    file: &str,
) -> Result<Option<PathBuf>, HostError> {
    if let Some(path) = named {
        return Ok(Some(path.clone()));
    }
    let directory = &args.credentials;
    if directory == Path::new("none") {
        return Ok(None);
    }
    if !directory.is_dir() {
        return Err(HostError::Usage(format!(
            "there is no credential directory {}: make one with `cargo run -- pki {}`, or name \
             the files with --ca, --cert, --key or --psk",
            directory.display(),
            directory.parent().unwrap_or(directory).display(),
        )));
    }
    Ok(Some(directory.join(file)))
}

/// Whether a file is PEM; DER is anything else.
pub(crate) fn pem(bytes: &[u8]) -> Option<&str> {
    std::str::from_utf8(bytes)
        .ok()
        .filter(|text| text.contains("-----BEGIN "))
}

pub(crate) fn read(path: &Path) -> Result<Zeroizing<Vec<u8>>, HostError> {
    fs::read(path)
        .map(Zeroizing::new)
        .map_err(HostError::file(path))
}

fn trust(args: &CommonArgs) -> Result<Option<Trust>, HostError> {
    if args.pinned_only {
        return args.policy.pinned_trust().map(Some);
    }
    let path = named_or_in(args, args.ca.as_ref(), "ca.pem")?;
    path.map(|path| Ok(Trust::from(anchors(&path)?).with_policy(args.policy.policy()?)))
        .transpose()
}

/// The CA certificates in a file, of which every one must be fit for use.
pub(crate) fn anchors(path: &Path) -> Result<Vec<CaCertificate>, HostError> {
    let bytes = read(path)?;
    match pem(&bytes) {
        Some(text) => CaCertificate::from_pem(text),
        None => CaCertificate::from_der(bytes.to_vec()).map(|anchor| vec![anchor]),
    }
    .map_err(HostError::credential(path))
}

/// The revocation lists in a file.
pub(crate) fn crls(path: &Path) -> Result<Vec<Crl>, HostError> {
    let bytes = read(path)?;
    match pem(&bytes) {
        Some(text) => Crl::from_pem(text),
        None => Crl::from_der(bytes.to_vec()).map(|list| vec![list]),
    }
    .map_err(HostError::credential(path))
}

fn identity(chain: &Path, key: &Path, backend: &MbedTls) -> Result<Identity, HostError> {
    let (chain_bytes, key_bytes) = (read(chain)?, read(key)?);
    match (pem(&chain_bytes), pem(&key_bytes)) {
        (Some(chain), Some(key)) => Identity::from_pem(chain, key, backend),
        (None, None) => Identity::from_der([chain_bytes.to_vec()], key_bytes, backend),
        _ => {
            return Err(HostError::Usage(format!(
                "{} and {} must both be PEM, or both DER",
                chain.display(),
                key.display()
            )));
        }
    }
    .map_err(HostError::credential(key))
}

fn psk(args: &CommonArgs) -> Result<Option<PskSource>, HostError> {
    let Some(path) = named_or_in(args, args.psk.as_ref(), "psk.hex")? else {
        return Ok(None);
    };
    let text = |path: &Path| {
        fs::read_to_string(path)
            .map(Zeroizing::new)
            .map_err(HostError::file(path))
    };
    let key = Psk::from_hex(&text(&path)?).map_err(HostError::credential(&path))?;
    let (identity, identity_path) = match &args.psk_identity {
        Some(identity) => (identity.clone(), PathBuf::from("--psk-identity")),
        None => {
            let path = args.credentials.join("psk-identity.txt");
            (text(&path)?.trim_end().to_owned(), path)
        }
    };
    let identity = PskIdentity::new(identity).map_err(HostError::credential(&identity_path))?;
    Ok(Some(PskSource::Given { identity, key }))
}
