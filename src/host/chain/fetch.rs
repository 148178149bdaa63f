// SPDX-License-Identifier: Apache-2.0

//! The chain that a server sends.

use std::time::Duration;

use mbedtls_backend::MbedTls;
use secure_socket::config::Timeouts;
use secure_socket::credential::Trust;
use secure_socket::policy::SpkiPin;
use secure_socket::{ServerName, Versions, client};

use super::Der;
use super::bystander::{Bystander, Origin};
use crate::host::error::HostError;
use crate::host::names::Host;

/// The certificates that a server sends, its own first, whoever issued them. The
/// server is refused as soon as it has sent them.
pub(crate) fn fetch(
    backend: MbedTls,
    host: &Host,
    name: &ServerName,
    versions: Versions,
    timeout: Duration,
) -> Result<Vec<Der>, HostError> {
    let bystander = Bystander::new(backend, Origin::Server);
    // It does not matter whom: the bystander refuses everybody.
    let nobody = Trust::pinned([SpkiPin::new([0; 32])]);
    let client = client::builder()
        .trust(nobody)
        .without_identity()
        .server_name(name.clone())
        .versions(versions)
        .timeouts(Timeouts {
            connect: Some(timeout),
            handshake: Some(timeout),
            io: Some(timeout),
        })
        .build(&bystander)?;
    let Err(error) = client.connect(&host.name, host.port) else {
        return Err(HostError::Usage(format!("{host} showed no certificate")));
    };
    let noted = bystander.noted();
    // With no CA to lead to, what was built is the server's own certificate alone, or
    // begins with what else it sent.
    match noted.path.into_iter().next_back() {
        Some(own) => Ok([own].into_iter().chain(noted.sent).collect()),
        None => Err(HostError::NoChain {
            host: host.clone(),
            error,
        }),
    }
}
