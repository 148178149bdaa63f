// SPDX-License-Identifier: Apache-2.0

//! The credentials of a configuration, wherever they came from.

use alloc::vec::Vec;

use secure_socket::config::{
    ClientAuthentication, ClientConfig, ServerAuthentication, ServerConfig,
};
use secure_socket::credential::{Anchors, IdentitySource, PskSource, Trust};
use secure_socket::error::ConfigurationError;

/// The credentials of a configuration. They are copied when it is made.
#[derive(Default)]
pub struct Material<'a> {
    /// The identity of a pre-shared key, and the key.
    pub psk: Option<(&'a [u8], &'a [u8])>,
    /// Our certificates in DER, our own first.
    pub chain: Vec<&'a [u8]>,
    /// The private key of the first of them in DER: PKCS#8, SEC1 or PKCS#1.
    pub key: Option<&'a [u8]>,
    /// The CA certificates to trust in DER. A list of none has the observer decide alone
    /// ([`Anchors::Pinned`]).
    pub anchors: Option<Vec<&'a [u8]>>,
}

impl<'a> Material<'a> {
    /// Those that the program gave to a client.
    ///
    /// # Errors
    ///
    /// [`ConfigurationError::Unsupported`] for one that is in a credential store.
    pub fn given_to_client(asked: &'a ClientConfig) -> Result<Self, ConfigurationError> {
        let (psk, identity) = match asked.authentication() {
            ClientAuthentication::Psk(psk) => (Some(psk), None),
            ClientAuthentication::Mutual { identity, .. } => (None, Some(identity)),
            _ => (None, None),
        };
        Self::given(psk, identity, asked.trust().map(|(trust, _)| trust))
    }

    /// Those that the program gave to a server.
    ///
    /// # Errors
    ///
    /// As [`Material::given_to_client`].
    pub fn given_to_server(asked: &'a ServerConfig) -> Result<Self, ConfigurationError> {
        let (psk, identity) = match asked.authentication() {
            ServerAuthentication::Psk(psk) => (Some(psk), None),
            ServerAuthentication::Unauthenticated { identity }
            | ServerAuthentication::ServerAuth { identity }
            | ServerAuthentication::Mutual { identity, .. } => (None, Some(identity)),
            _ => (None, None),
        };
        Self::given(psk, identity, asked.client_trust())
    }

    fn given(
        psk: Option<&'a PskSource>,
        identity: Option<&'a IdentitySource>,
        trust: Option<&'a Trust>,
    ) -> Result<Self, ConfigurationError> {
        let mut material = Self::default();
        match psk {
            None => {}
            Some(PskSource::Given { identity, key }) => {
                material.psk = Some((identity.as_str().as_bytes(), key.expose()));
            }
            Some(_) => return Err(NO_STORE),
        }
        match identity {
            None => {}
            Some(IdentitySource::Given(identity)) => {
                material.chain = identity.chain().iter().map(AsRef::as_ref).collect();
                material.key = Some(identity.key().expose());
            }
            Some(_) => return Err(NO_STORE),
        }
        material.anchors = match trust.map(Trust::anchors) {
            None => None,
            Some(Anchors::Given(anchors)) => {
                Some(anchors.iter().map(|anchor| anchor.as_der()).collect())
            }
            Some(Anchors::Pinned(_)) => Some(Vec::new()),
            Some(_) => return Err(NO_STORE),
        };
        Ok(material)
    }
}

const NO_STORE: ConfigurationError = ConfigurationError::Unsupported {
    option: "a credential from a credential store",
    advice: "this platform has no store: load the credential from a file",
};
