// SPDX-License-Identifier: Apache-2.0

//! A server's credentials: put into Zephyr's store if the program holds them, and read
//! out of it in either case.

use alloc::vec::Vec;

use mbedtls_engine::Material;
use secure_socket::Error;
use secure_socket::config::{ServerAuthentication, ServerConfig};
use secure_socket::credential::{CredentialError, SecTag};
use secure_socket::error::ConfigurationError;

use crate::store::Loader;
use crate::stored::{self, Bytes};
use crate::sys::Kind;
#[cfg(not(CONFIG_SECURE_SOCKETS_WITH_CERTIFICATES))]
use crate::sys::name;

/// The tags of a server's credentials, each in the store until this is dropped.
pub(crate) struct Credentials {
    psk: Option<Loader>,
    identity: Option<Loader>,
    trust: Option<Loader>,
}

impl Credentials {
    /// Those of `config`; what the program holds goes into the store from `first` on.
    pub(crate) fn of_server(first: SecTag, config: &ServerConfig) -> Result<Self, Error> {
        let (psk, identity) = match config.authentication() {
            ServerAuthentication::Psk(psk) => (Some(psk), None),
            ServerAuthentication::Unauthenticated { identity }
            | ServerAuthentication::ServerAuth { identity }
            | ServerAuthentication::Mutual { identity, .. } => (None, Some(identity)),
            _ => {
                return Err(ConfigurationError::Unsupported {
                    option: "this mode",
                    advice: "use one that this backend knows",
                }
                .into());
            }
        };
        let mut loaders = Self {
            psk: None,
            identity: None,
            trust: None,
        };
        if let Some(source) = psk {
            loaders.psk.insert(Loader::new(first)).psk(source)?;
        }
        if let Some(source) = identity {
            loaders
                .identity
                .insert(Loader::new(first))
                .identity(source)?;
        }
        if let Some(trust) = config.client_trust() {
            loaders.trust.insert(Loader::new(first)).trust(trust)?;
        }
        Ok(loaders)
    }

    /// Reads them out of the store.
    pub(crate) fn load(&self) -> Result<Loaded, CredentialError> {
        let mut loaded = Loaded::default();
        if let Some(loader) = &self.psk {
            loaded.psk_identity = all(loader, Kind::PskIdentity)?;
            loaded.psk = all(loader, Kind::Psk)?;
        }
        if let Some(loader) = &self.identity {
            loaded.chain = certificates(loader, Kind::Certificate)?;
            loaded.key = keys(loader)?;
        }
        if let Some(loader) = &self.trust {
            loaded.anchors = Some(certificates(loader, Kind::Ca)?);
        }
        Ok(loaded)
    }
}

/// A server's credentials, out of the store.
#[derive(Default)]
pub(crate) struct Loaded {
    psk_identity: Vec<Bytes>,
    psk: Vec<Bytes>,
    chain: Vec<Bytes>,
    key: Vec<Bytes>,
    anchors: Option<Vec<Bytes>>,
}

impl Loaded {
    /// The same as the TLS engine takes it.
    pub(crate) fn material(&self) -> Material<'_> {
        let psk = self.psk_identity.first().zip(self.psk.first());
        Material {
            psk: psk.map(|(identity, key)| (identity.as_slice(), key.as_slice())),
            chain: slices(&self.chain),
            key: self.key.first().map(|key| key.as_slice()),
            anchors: self.anchors.as_deref().map(slices),
        }
    }
}

fn slices(list: &[Bytes]) -> Vec<&[u8]> {
    list.iter().map(|bytes| bytes.as_slice()).collect()
}

/// The certificates under the tags of `loader`.
#[cfg(CONFIG_SECURE_SOCKETS_WITH_CERTIFICATES)]
fn certificates(loader: &Loader, kind: Kind) -> Result<Vec<Bytes>, CredentialError> {
    let mut found = Vec::new();
    for tag in loader.tags() {
        found.extend(stored::certificates(*tag, kind)?);
    }
    Ok(found)
}

#[cfg(CONFIG_SECURE_SOCKETS_WITH_CERTIFICATES)]
fn keys(loader: &Loader) -> Result<Vec<Bytes>, CredentialError> {
    let tags = loader.tags().iter();
    let keys = tags.filter_map(|tag| stored::key(*tag).transpose());
    keys.collect()
}

/// An image without certificates has none in its store.
#[cfg(not(CONFIG_SECURE_SOCKETS_WITH_CERTIFICATES))]
fn certificates(_: &Loader, kind: Kind) -> Result<Vec<Bytes>, CredentialError> {
    Err(CredentialError::Empty(name(kind)))
}

#[cfg(not(CONFIG_SECURE_SOCKETS_WITH_CERTIFICATES))]
fn keys(_: &Loader) -> Result<Vec<Bytes>, CredentialError> {
    Err(CredentialError::Empty(name(Kind::Key)))
}

/// The credentials of a kind under the tags of `loader`.
fn all(loader: &Loader, kind: Kind) -> Result<Vec<Bytes>, CredentialError> {
    let tags = loader.tags().iter();
    let found = tags.filter_map(|tag| stored::read(*tag, kind).transpose());
    found.collect()
}
