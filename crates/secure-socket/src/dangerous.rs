// SPDX-License-Identifier: Apache-2.0

//! Encryption with nobody authenticated: for tests on trusted local networks.
//!
//! Whoever is between the two sides can be either of them to the other, read
//! everything and change it. Every connection logs a warning. The firmware has it
//! only with `CONFIG_SECURE_SOCKETS_DANGEROUS_UNAUTHENTICATED=y`.

use crate::builder::Builder;
use crate::client::ClientReady;
use crate::config::{ClientAuthentication, ServerAuthentication, Settings};
use crate::credential::IdentitySource;
use crate::server::ServerReady;

/// A client that takes any server for the right one.
pub fn unauthenticated_client() -> Builder<ClientReady> {
    Builder {
        state: ClientReady {
            authentication: ClientAuthentication::Unauthenticated,
            sessions: None,
        },
        settings: Settings::new(),
    }
}

/// A server for such clients. TLS has it present a certificate all the same, which
/// nobody checks: a self-signed one made on the spot will do.
pub fn unauthenticated_server(identity: impl Into<IdentitySource>) -> Builder<ServerReady> {
    Builder {
        state: ServerReady::new(ServerAuthentication::Unauthenticated {
            identity: identity.into(),
        }),
        settings: Settings::new(),
    }
}

/// Said at every connection.
pub(crate) fn warn(peer: &str) {
    log::warn!(
        "DANGEROUS: the connection with {peer} is encrypted, but nobody is authenticated: \
         whoever is in between can read and change everything"
    );
}
