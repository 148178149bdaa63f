// SPDX-License-Identifier: Apache-2.0

//! What the builders of clients and servers have in common.

use crate::config::{AlpnProtocol, Settings, Timeouts};
use crate::suite::CipherSuite;
use crate::version::Versions;

/// A client or server in the making.
///
/// The type parameter is what has been said so far; each step is a method of the
/// state before it, so that a step left out does not compile. Versions, cipher
/// suites, ALPN and timeouts have defaults and can be set at any step.
#[must_use = "a builder does nothing until its last step"]
pub struct Builder<State> {
    pub(crate) state: State,
    pub(crate) settings: Settings,
}

impl<State> Builder<State> {
    pub(crate) fn with<Next>(self, next: impl FnOnce(State) -> Next) -> Builder<Next> {
        Builder {
            state: next(self.state),
            settings: self.settings,
        }
    }

    /// Allows these TLS versions alone; by default 1.2 and 1.3.
    pub fn versions(mut self, versions: impl Into<Versions>) -> Self {
        self.settings.versions = versions.into();
        self
    }

    /// Allows these cipher suites alone, most wanted first; by default those of
    /// [`CipherSuite::defaults`]. The last step refuses suites that the mode or the
    /// versions cannot have, and a version without a suite.
    pub fn cipher_suites(mut self, suites: &[CipherSuite]) -> Self {
        self.settings.set_suites(suites);
        self
    }

    /// Negotiates an application protocol (ALPN, RFC 7301), most wanted first; by
    /// default none.
    pub fn alpn(mut self, protocols: &[AlpnProtocol]) -> Self {
        self.settings.set_alpn(protocols);
        self
    }

    /// Limits how long each stage may take.
    pub const fn timeouts(mut self, timeouts: Timeouts) -> Self {
        self.settings.timeouts = timeouts;
        self
    }
}
