// SPDX-License-Identifier: Apache-2.0

//! What the platform's TLS cannot be asked for, each by its name. What looks at certificates is
//! refused above the seam, for every platform that shows none.
//!
//! By nRF Connect SDK (`nrf_socket.h`, `lib/nrf_modem_lib/nrf9x_sockets.c`, the sample
//! `cellular/ciphersuites`); docs/modem.md has the table.

use alloc::vec::Vec;
use core::ffi::c_int;
use core::net::IpAddr;

use secure_socket::config::{ClientConfig, Settings};
use secure_socket::error::ConfigurationError;
use secure_socket::{CipherSuite, Mode, TlsVersion};

/// Of the suites that this library knows, those that the modem has. The first three take
/// firmware 1.3.1 or later; all others of the modem's are CBC, or have no forward secrecy.
const SUITES: [CipherSuite; 4] = [
    CipherSuite::TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256,
    CipherSuite::TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256,
    CipherSuite::TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384,
    CipherSuite::TLS_PSK_WITH_AES_128_CCM_8,
];

const fn unsupported(option: &'static str, advice: &'static str) -> ConfigurationError {
    ConfigurationError::Unsupported { option, advice }
}

/// Refuses what cannot be had, by its name.
pub(super) fn check(config: &ClientConfig) -> Result<(), ConfigurationError> {
    const LEAVE_IT_OUT: &str = "the platform's TLS has no option for it; leave it out";
    let settings = config.settings();
    let timeouts = settings.timeouts();
    // `ServerName` is a DNS name or an address.
    let named_by_address = config
        .trust()
        .is_some_and(|(_, name)| name.to_text().parse::<IpAddr>().is_ok());
    let refused = [
        (
            config.mode() == Mode::Unauthenticated,
            "a server that nobody authenticates",
            "use mode psk, server-auth or mutual",
        ),
        (
            settings.versions().allows(TlsVersion::Tls13),
            "TLS 1.3",
            "the modem has TLS 1.2: allow that alone (CONFIG_SECURE_SOCKETS_TLS_1_2)",
        ),
        (
            !settings.alpn().is_empty(),
            "an application protocol (ALPN)",
            LEAVE_IT_OUT,
        ),
        (
            settings.resumes(),
            "resuming sessions",
            "the modem's own cache of sessions does not keep trusts apart, and is off; leave it \
             out",
        ),
        (
            timeouts.connect.is_some(),
            "a limit on the time to connect",
            LEAVE_IT_OUT,
        ),
        (
            timeouts.handshake.is_some(),
            "a limit on the time of a handshake",
            LEAVE_IT_OUT,
        ),
        (
            named_by_address,
            "an IP address as the server's name",
            "the modem checks host names: give the server one",
        ),
    ];
    match refused.into_iter().find(|(asked, ..)| *asked) {
        Some((_, option, advice)) => Err(unsupported(option, advice)),
        None => Ok(()),
    }
}

/// The cipher suites to offer: of defaults those that there are, and of chosen ones all or
/// nothing.
pub(super) fn suites(mode: Mode, settings: &Settings) -> Result<Vec<c_int>, ConfigurationError> {
    let asked = settings.suites();
    let (there, lacking): (Vec<CipherSuite>, Vec<CipherSuite>) =
        asked.iter().partition(|suite| SUITES.contains(suite));
    match (settings.suites_are_defaults(), lacking.first()) {
        (false, Some(suite)) => Err(unsupported(
            suite.name().unwrap_or("this cipher suite"),
            "the modem does not have it; docs/modem.md lists those that it has",
        )),
        (true, _) if there.is_empty() && mode == Mode::Psk => Err(unsupported(
            "a pre-shared key with forward secrecy",
            "the modem has no such cipher suite; CONFIG_SECURE_SOCKETS_PSK_NO_FORWARD_SECRECY \
             (TLS_PSK_WITH_AES_128_CCM_8) does without: whoever learns the key later can read \
             what was recorded before",
        )),
        _ => Ok(there.iter().map(|suite| suite.iana().into()).collect()),
    }
}
