// SPDX-License-Identifier: Apache-2.0

//! What a device is to do.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use secure_socket::config::{AlpnProtocol, Timeouts};
use secure_socket::resumption::{ClientSessions, ServerSessions};
use secure_socket::{CipherSuite, Mode, ServerName, Versions};

use crate::error::JobError;

/// The most messages of one run.
pub const MAX_MESSAGES: u16 = 10_000;
/// The most connections of one run.
pub const MAX_CONNECTIONS: u16 = 10_000;
/// The longest text of a message, in bytes.
pub const MAX_TEXT: usize = 1024;

/// One run: connect in a mode, send messages, get each back, close; as often as asked.
pub struct Job {
    /// The handshake mode.
    pub mode: Mode,
    /// The peer: a DNS name or an IP address.
    pub host: String,
    /// The peer's TCP port.
    pub port: u16,
    /// The name that the server's certificate must carry, if not `host`.
    pub server_name: Option<ServerName>,
    /// The TLS versions allowed.
    pub versions: Versions,
    /// The cipher suites allowed; empty for the defaults of the mode.
    pub suites: Vec<CipherSuite>,
    /// The application protocols to negotiate (ALPN); empty for none.
    pub alpn: Vec<AlpnProtocol>,
    /// How long each stage may take.
    pub timeouts: Timeouts,
    /// How many messages to send: `1..=`[`MAX_MESSAGES`].
    pub messages: u16,
    /// The text of each: at most [`MAX_TEXT`] bytes, on one line.
    pub text: String,
    /// How often to connect, one after another: `1..=`[`MAX_CONNECTIONS`].
    pub connections: u16,
    /// As a client: the sessions to keep, so that later connections resume them; `None` for
    /// none. Modes 2 and 3 alone.
    pub resumption: Option<ClientSessions>,
    /// As a server: the sessions to keep for clients; `None` for none. Modes 2 and 3 alone.
    pub sessions: Option<ServerSessions>,
    /// As a server: the clients to let in, by a name in subjectAltName, the whole
    /// subject, the SHA-256 of the certificate in hexadecimal digits, or the identity of
    /// the pre-shared key; empty for all that prove themselves.
    pub guests: Vec<String>,
}

impl Job {
    /// A run in `mode` against `host` and `port`, with the defaults of the README.
    #[must_use]
    pub fn new(mode: Mode, host: impl Into<String>, port: u16) -> Self {
        Self {
            mode,
            host: host.into(),
            port,
            server_name: None,
            versions: Versions::default(),
            suites: Vec::new(),
            alpn: Vec::new(),
            timeouts: Timeouts::default(),
            messages: 5,
            text: "hello from a device".into(),
            connections: 1,
            resumption: None,
            sessions: None,
            guests: Vec::new(),
        }
    }

    /// Refuses what cannot be run.
    ///
    /// # Errors
    ///
    /// [`JobError`] says what is out of bounds.
    pub fn check(&self) -> Result<(), JobError> {
        if self.host.is_empty() {
            return Err(JobError::NoHost);
        }
        if self.port == 0 {
            return Err(JobError::NoPort);
        }
        if !(1..=MAX_MESSAGES).contains(&self.messages) {
            return Err(JobError::Messages(self.messages));
        }
        if !(1..=MAX_CONNECTIONS).contains(&self.connections) {
            return Err(JobError::Connections(self.connections));
        }
        if self.text.len() > MAX_TEXT {
            return Err(JobError::TextLength(self.text.len()));
        }
        if self.text.contains(['\n', '\r', '\0']) {
            return Err(JobError::TextLines);
        }
        Ok(())
    }

    /// Refuses to resume where there is nothing to.
    pub(crate) fn check_resumption(&self, asked: bool) -> Result<(), JobError> {
        match asked && !self.mode.verifies_certificates() {
            true => Err(JobError::Resumption(self.mode)),
            false => Ok(()),
        }
    }

    /// Message `number`, counted from 1, with the line feed that ends it.
    #[must_use]
    pub(crate) fn message(&self, number: u16) -> String {
        format!("message {number} of {}: {}\n", self.messages, self.text)
    }

    /// The name that the server must prove.
    ///
    /// # Errors
    ///
    /// [`JobError::ServerName`] if none was given and `host` cannot be one.
    pub fn expected_name(&self) -> Result<ServerName, JobError> {
        match &self.server_name {
            Some(name) => Ok(name.clone()),
            None => ServerName::new(&self.host).map_err(JobError::ServerName),
        }
    }
}
