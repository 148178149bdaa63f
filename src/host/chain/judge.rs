// SPDX-License-Identifier: Apache-2.0

//! What a device says about a chain.

use std::net::{IpAddr, Ipv4Addr};

use mbedtls_backend::MbedTls;
use secure_socket::credential::Trust;
use secure_socket::{Error, ServerName, client};

use super::Der;
use super::bystander::{Bystander, Origin};

/// What a device says about a chain.
pub(crate) struct Verdict {
    /// The chain that it built, from what vouches for it down to the server's own
    /// certificate.
    pub(crate) path: Vec<Der>,
    /// Why it refuses it, if it does.
    pub(crate) refusal: Option<Error>,
}

impl Verdict {
    pub(crate) const fn is_accepted(&self) -> bool {
        self.refusal.is_none()
    }
}

/// Has a client of mode 2 judge a chain, the server's own certificate first, that asks
/// for `name`.
///
/// # Errors
///
/// What is wrong with `trust`.
pub(crate) fn judge(
    backend: MbedTls,
    chain: &[Der],
    trust: Trust,
    name: &ServerName,
) -> Result<Verdict, Error> {
    let bystander = Bystander::new(backend, Origin::AtHand(chain));
    let client = client::builder()
        .trust(trust)
        .without_identity()
        .server_name(name.clone())
        .build(&bystander)?;
    // An address, so that nobody is looked up; nor is anybody connected to.
    let refusal = client.connect("127.0.0.1", 443).err();
    Ok(Verdict {
        path: bystander.noted().path,
        refusal,
    })
}

/// Whether the TLS library can be told to trust this.
pub(crate) fn can_trust(backend: MbedTls, trust: Trust) -> bool {
    client::builder()
        .trust(trust)
        .without_identity()
        .server_name(ServerName::from(IpAddr::from(Ipv4Addr::LOCALHOST)))
        .build(&backend)
        .is_ok()
}
