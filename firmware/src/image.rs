// SPDX-License-Identifier: Apache-2.0

//! The credentials that were compiled in.

#[cfg(CONFIG_SECURE_SOCKETS_CHECKS_CERTIFICATES)]
use alloc::vec::Vec;

use secure_socket::backend::Backend;
#[cfg(CONFIG_SECURE_SOCKETS_CHECKS_CERTIFICATES)]
use secure_socket::credential::CaCertificate;
use secure_socket::credential::{
    CredentialError, Der, Identity, Psk, PskIdentity, PskSource, SecretBytes,
};
use secure_socket::diagnosis::Peer;

use crate::kconfig;

pub(crate) fn psk() -> Result<Option<PskSource>, CredentialError> {
    let Some((key, identity)) = kconfig::PSK else {
        return Ok(None);
    };
    Ok(Some(PskSource::Given {
        identity: PskIdentity::new(identity)?,
        key: Psk::new(SecretBytes::from_static(key))?,
    }))
}

#[cfg(CONFIG_SECURE_SOCKETS_CHECKS_CERTIFICATES)]
pub(crate) fn anchors() -> Result<Option<Vec<CaCertificate>>, CredentialError> {
    if kconfig::ANCHORS.is_empty() {
        return Ok(None);
    }
    let anchors = kconfig::ANCHORS.iter();
    anchors
        .map(|der| CaCertificate::from_der(*der))
        .collect::<Result<_, _>>()
        .map(Some)
}

pub(crate) fn identity<B: Backend>(
    us: Peer,
    backend: &B,
) -> Result<Option<Identity>, CredentialError> {
    let (key, chain) = match us {
        Peer::Client => (kconfig::CLIENT_KEY, kconfig::CLIENT_CHAIN),
        Peer::Server => (kconfig::SERVER_KEY, kconfig::SERVER_CHAIN),
    };
    let Some(key) = key else {
        return Ok(None);
    };
    let chain = chain.iter().map(|der| Der::Borrowed(*der));
    Identity::from_der(chain, SecretBytes::from_static(key), backend).map(Some)
}
