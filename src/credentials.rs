// SPDX-License-Identifier: Apache-2.0

//! From a mode and what credentials there are to a client or server.

use core::net::SocketAddr;

use secure_socket::backend::{Backend, ServerBackend};
use secure_socket::builder::Builder;
use secure_socket::client::NeedsName;
use secure_socket::credential::{IdentitySource, PskSource, Trust};
use secure_socket::server::NeedsClients;
use secure_socket::{Client, Mode, Server, client, dangerous, server};

use crate::error::{MissingCredential, RunError};
use crate::guests::admit;
use crate::job::Job;

/// What credentials there are. A mode takes those that it needs and no others.
#[derive(Default)]
pub struct Credentials {
    /// Whom to trust.
    pub trust: Option<Trust>,
    /// What to prove ourselves with.
    pub identity: Option<IdentitySource>,
    /// The pre-shared key.
    pub psk: Option<PskSource>,
}

impl Credentials {
    fn trust(self, mode: Mode) -> Result<(Trust, Option<IdentitySource>), MissingCredential> {
        let what = "a CA certificate to trust";
        let trust = self.trust.ok_or(MissingCredential { mode, what })?;
        Ok((trust, self.identity))
    }
}

fn need<T>(credential: Option<T>, mode: Mode, what: &'static str) -> Result<T, MissingCredential> {
    credential.ok_or(MissingCredential { mode, what })
}

const PSK: &str = "a pre-shared key and its identity";
const IDENTITY: &str = "a certificate and its private key";

/// A client for `job`.
///
/// # Errors
///
/// [`RunError`]: what the job, the credentials or the backend lack.
pub fn client<'b, B: Backend>(
    backend: &'b B,
    job: &Job,
    credentials: Credentials,
) -> Result<Client<'b, B>, RunError> {
    job.check()?;
    job.check_resumption(job.resumption.is_some())?;
    let mode = job.mode;
    let resuming = |builder: Builder<NeedsName>| match job.resumption {
        Some(sessions) => builder.resumption(sessions),
        None => builder,
    };
    let ready = match mode {
        Mode::Psk => client::builder().psk_source(need(credentials.psk, mode, PSK)?),
        Mode::Unauthenticated => dangerous::unauthenticated_client(),
        Mode::ServerAuth => {
            let (trust, _) = credentials.trust(mode)?;
            resuming(client::builder().trust(trust).without_identity())
                .server_name(job.expected_name()?)
        }
        Mode::Mutual => {
            let (trust, identity) = credentials.trust(mode)?;
            let identity = need(identity, mode, IDENTITY)?;
            resuming(client::builder().trust(trust).identity(identity))
                .server_name(job.expected_name()?)
        }
    };
    let client = ready
        .versions(job.versions)
        .cipher_suites(&job.suites)
        .alpn(&job.alpn)
        .timeouts(job.timeouts)
        .build(backend)?;
    Ok(client)
}

/// A server in the mode of `job`, whose other fields but host and port it takes
/// over, bound to `address`.
///
/// # Errors
///
/// [`RunError`]: what the job, the credentials or the backend lack.
pub fn server<'b, B: ServerBackend>(
    backend: &'b B,
    job: &Job,
    credentials: Credentials,
    address: SocketAddr,
) -> Result<Server<'b, B>, RunError> {
    let mode = job.mode;
    job.check_resumption(job.sessions.is_some())?;
    let resuming = |builder: Builder<NeedsClients>| match job.sessions {
        Some(sessions) => builder.resumption(sessions),
        None => builder,
    };
    let ready = match mode {
        Mode::Psk => server::builder().psk_source(need(credentials.psk, mode, PSK)?),
        Mode::Unauthenticated => {
            dangerous::unauthenticated_server(need(credentials.identity, mode, IDENTITY)?)
        }
        Mode::ServerAuth => {
            let identity = need(credentials.identity, mode, IDENTITY)?;
            resuming(server::builder().identity(identity)).any_client()
        }
        Mode::Mutual => {
            let (trust, identity) = credentials.trust(mode)?;
            let identity = need(identity, mode, IDENTITY)?;
            resuming(server::builder().identity(identity)).clients_trusted_by(trust)
        }
    };
    let ready = match job.guests.is_empty() {
        true => ready,
        false => ready.admit(admit(job.guests.clone())),
    };
    let server = ready
        .versions(job.versions)
        .cipher_suites(&job.suites)
        .alpn(&job.alpn)
        .timeouts(job.timeouts)
        .bind(backend, address)?;
    Ok(server)
}
