// SPDX-License-Identifier: Apache-2.0

//! Kconfig to a job; where the image runs on a computer, its command line comes on top.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
#[cfg(CONFIG_SECURE_SOCKETS_WITH_SERVER)]
use core::net::{IpAddr, SocketAddr};
use core::time::Duration;

use secure_socket::config::{AlpnProtocol, Timeouts};
use secure_socket::credential::{CredentialError, SecTag};
use secure_socket::diagnosis::Peer;
#[cfg(all(CONFIG_SECURE_SOCKETS_RESUMPTION, CONFIG_SECURE_SOCKETS_WITH_CLIENT))]
use secure_socket::resumption::ClientSessions;
#[cfg(all(CONFIG_SECURE_SOCKETS_RESUMPTION, CONFIG_SECURE_SOCKETS_WITH_SERVER))]
use secure_socket::resumption::ServerSessions;
use secure_socket::{Mode, ServerName, Versions};
use secure_sockets::Job;
#[cfg(CONFIG_SECURE_SOCKETS_WITH_HTTPS)]
use secure_sockets::Posting;
#[cfg(CONFIG_SECURE_SOCKETS_REPEAT)]
use secure_sockets::{Backoff, Repeat};

use crate::clock::Clock;
use crate::credentials::CredentialSource;
use crate::error::StartError;
use crate::kconfig;
#[cfg(CONFIG_SECURE_SOCKETS_CHECKS_CERTIFICATES)]
use crate::policy::Checks;
#[cfg(CONFIG_SECURE_SOCKETS_WITH_MQTT)]
use crate::task::Mqtt;
#[cfg(CONFIG_SECURE_SOCKETS_WITH_CLIENT)]
use crate::task::{TASK, Task};

/// All that a run needs.
pub(crate) struct Settings {
    pub(crate) role: Role,
    /// What a client does.
    #[cfg(CONFIG_SECURE_SOCKETS_WITH_CLIENT)]
    pub(crate) task: Task,
    #[cfg(CONFIG_SECURE_SOCKETS_WITH_MQTT)]
    pub(crate) mqtt: Mqtt,
    pub(crate) job: Job,
    #[cfg(CONFIG_SECURE_SOCKETS_WITH_HTTPS)]
    pub(crate) posting: Posting,
    #[cfg(CONFIG_SECURE_SOCKETS_WITH_SERVER)]
    pub(crate) listen: SocketAddr,
    /// Ends after so many clients; else never.
    #[cfg(CONFIG_SECURE_SOCKETS_WITH_SERVER)]
    pub(crate) clients: Option<u64>,
    /// The longest wait for the link; `None` is for ever.
    pub(crate) link_limit: Option<Duration>,
    /// When to take it away, and for how long.
    #[cfg(all(CONFIG_SECURE_SOCKETS_HOSTED, CONFIG_SECURE_SOCKETS_LINK))]
    pub(crate) link_cut: Option<(Duration, Duration)>,
    /// When to do a client's job again; `None` is never.
    #[cfg(CONFIG_SECURE_SOCKETS_REPEAT)]
    pub(crate) repeat: Option<Repeat>,
    pub(crate) clock: Clock,
    pub(crate) credentials: CredentialSource,
    /// The first of the client's security tags.
    pub(crate) client_tag: u32,
    /// The first of the server's.
    #[cfg(CONFIG_SECURE_SOCKETS_WITH_SERVER)]
    pub(crate) server_tag: u32,
    #[cfg(CONFIG_SECURE_SOCKETS_CHECKS_CERTIFICATES)]
    pub(crate) checks: Checks,
}

/// Which side of the connection the device is.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Role {
    /// Connects.
    #[cfg(CONFIG_SECURE_SOCKETS_WITH_CLIENT)]
    Client,
    /// Serves.
    #[cfg(CONFIG_SECURE_SOCKETS_WITH_SERVER)]
    Server,
    /// Both, at the same time.
    #[cfg(all(CONFIG_SECURE_SOCKETS_WITH_CLIENT, CONFIG_SECURE_SOCKETS_WITH_SERVER))]
    Both,
}

// Who asks which depends on what the image has to check.
#[cfg(CONFIG_SECURE_SOCKETS_HOSTED)]
#[allow(dead_code)]
impl Role {
    /// Whether it connects to a peer.
    pub(crate) const fn calls(self) -> bool {
        match self {
            #[cfg(CONFIG_SECURE_SOCKETS_WITH_SERVER)]
            Self::Server => false,
            #[cfg(CONFIG_SECURE_SOCKETS_WITH_CLIENT)]
            _ => true,
        }
    }

    /// Whether it waits for clients.
    pub(crate) const fn serves(self) -> bool {
        match self {
            #[cfg(CONFIG_SECURE_SOCKETS_WITH_CLIENT)]
            Self::Client => false,
            #[cfg(CONFIG_SECURE_SOCKETS_WITH_SERVER)]
            _ => true,
        }
    }
}

/// The role that was chosen in Kconfig.
#[cfg(CONFIG_SECURE_SOCKETS_ROLE_CLIENT)]
const ROLE: Role = Role::Client;
#[cfg(CONFIG_SECURE_SOCKETS_ROLE_SERVER)]
const ROLE: Role = Role::Server;
#[cfg(CONFIG_SECURE_SOCKETS_ROLE_BOTH)]
const ROLE: Role = Role::Both;

#[cfg(not(any(
    CONFIG_SECURE_SOCKETS_ROLE_CLIENT,
    CONFIG_SECURE_SOCKETS_ROLE_SERVER,
    CONFIG_SECURE_SOCKETS_ROLE_BOTH,
)))]
compile_error!("no role is chosen in Kconfig (SECURE_SOCKETS_ROLE)");

/// The mode that was chosen in Kconfig.
const MODE: Mode = if cfg!(CONFIG_SECURE_SOCKETS_MODE_PSK) {
    Mode::Psk
} else if cfg!(CONFIG_SECURE_SOCKETS_MODE_UNAUTHENTICATED) {
    Mode::Unauthenticated
} else if cfg!(CONFIG_SECURE_SOCKETS_MODE_MUTUAL) {
    Mode::Mutual
} else {
    Mode::ServerAuth
};

#[cfg(not(any(
    CONFIG_SECURE_SOCKETS_ALL_MODES,
    CONFIG_SECURE_SOCKETS_MODE_MUTUAL,
    CONFIG_SECURE_SOCKETS_MODE_PSK,
    CONFIG_SECURE_SOCKETS_MODE_SERVER_AUTH,
    CONFIG_SECURE_SOCKETS_MODE_UNAUTHENTICATED,
)))]
compile_error!("no handshake mode is chosen in Kconfig (SECURE_SOCKETS_MODE)");

#[cfg(not(any(
    CONFIG_SECURE_SOCKETS_TLS_1_2,
    CONFIG_SECURE_SOCKETS_TLS_1_3,
    CONFIG_SECURE_SOCKETS_TLS_1_2_OR_1_3,
)))]
compile_error!("no TLS version is chosen in Kconfig (SECURE_SOCKETS_TLS_VERSION)");

/// The versions that were chosen in Kconfig.
const VERSIONS: Versions = if cfg!(CONFIG_SECURE_SOCKETS_TLS_1_2) {
    Versions::Tls12
} else if cfg!(CONFIG_SECURE_SOCKETS_TLS_1_3) {
    Versions::Tls13
} else {
    Versions::Tls12OrTls13
};

impl Settings {
    // Apart: what it has on the stack is not to be there for as long as the program runs.
    #[inline(never)]
    pub(crate) fn read() -> Result<Self, StartError> {
        let settings = Self::from_kconfig()?;
        #[cfg(CONFIG_SECURE_SOCKETS_HOSTED)]
        let settings = crate::hosted::apply(settings)?;
        #[cfg(all(
            CONFIG_SECURE_SOCKETS_WITH_HTTPS,
            CONFIG_MBEDTLS_SSL_ALPN,
            not(CONFIG_SECURE_SOCKETS_TLS_OFFLOADED)
        ))]
        let settings = settings.with_protocol()?;
        #[cfg(CONFIG_SECURE_SOCKETS_PSK_NO_FORWARD_SECRECY)]
        let settings = settings.without_forward_secrecy();
        Ok(settings)
    }

    /// With the protocol that the task speaks, unless another was asked for.
    #[cfg(all(
        CONFIG_SECURE_SOCKETS_WITH_HTTPS,
        CONFIG_MBEDTLS_SSL_ALPN,
        not(CONFIG_SECURE_SOCKETS_TLS_OFFLOADED)
    ))]
    fn with_protocol(mut self) -> Result<Self, StartError> {
        if self.task == Task::Https && self.job.alpn.is_empty() {
            self.job.alpn = alpn("http/1.1")?;
        }
        Ok(self)
    }

    /// With the one cipher suite of mode 1 that the modem has, unless others were asked for.
    #[cfg(CONFIG_SECURE_SOCKETS_PSK_NO_FORWARD_SECRECY)]
    fn without_forward_secrecy(mut self) -> Self {
        if self.job.mode == Mode::Psk && self.job.suites.is_empty() {
            self.job.suites = [secure_socket::CipherSuite::TLS_PSK_WITH_AES_128_CCM_8].into();
        }
        self
    }

    /// The first security tag of the credentials of `us`.
    pub(crate) fn tag(&self, us: Peer) -> Result<SecTag, CredentialError> {
        SecTag::new(match us {
            #[cfg(CONFIG_SECURE_SOCKETS_WITH_SERVER)]
            Peer::Server => self.server_tag,
            _ => self.client_tag,
        })
    }

    fn from_kconfig() -> Result<Self, StartError> {
        // Kconfig's `range` holds them to 16 bits.
        let short = |value: u32| u16::try_from(value).unwrap_or(u16::MAX);
        let job = Job {
            server_name: match kconfig::SERVER_NAME {
                "" => None,
                name => Some(server_name("CONFIG_SECURE_SOCKETS_SERVER_NAME", name)?),
            },
            versions: VERSIONS,
            alpn: alpn(kconfig::ALPN)?,
            timeouts: Timeouts {
                connect: None,
                handshake: milliseconds(kconfig::HANDSHAKE_TIMEOUT_MS),
                io: milliseconds(kconfig::IO_TIMEOUT_MS),
            },
            messages: short(kconfig::MESSAGE_COUNT),
            text: kconfig::MESSAGE_TEXT.into(),
            guests: list(kconfig::SERVER_ADMIT, ';'),
            #[cfg(CONFIG_SECURE_SOCKETS_WITH_CLIENT)]
            connections: short(kconfig::CONNECTIONS),
            #[cfg(all(CONFIG_SECURE_SOCKETS_RESUMPTION, CONFIG_SECURE_SOCKETS_WITH_CLIENT))]
            resumption: client_sessions(kconfig::CLIENT_SESSIONS),
            #[cfg(all(CONFIG_SECURE_SOCKETS_RESUMPTION, CONFIG_SECURE_SOCKETS_WITH_SERVER))]
            sessions: server_sessions(kconfig::SERVER_SESSIONS),
            ..Job::new(MODE, kconfig::PEER_HOST, short(kconfig::PEER_PORT))
        };
        Ok(Self {
            role: ROLE,
            #[cfg(CONFIG_SECURE_SOCKETS_WITH_CLIENT)]
            task: TASK,
            #[cfg(CONFIG_SECURE_SOCKETS_WITH_MQTT)]
            mqtt: Mqtt::from_kconfig(),
            job,
            #[cfg(CONFIG_SECURE_SOCKETS_WITH_HTTPS)]
            posting: Posting {
                path: kconfig::HTTP_PATH.into(),
                interval: Duration::from_millis(kconfig::INTERVAL_MS.into()),
            },
            #[cfg(CONFIG_SECURE_SOCKETS_WITH_SERVER)]
            listen: SocketAddr::new(
                listen_address(
                    "CONFIG_SECURE_SOCKETS_LISTEN_ADDRESS",
                    kconfig::LISTEN_ADDRESS,
                )?,
                short(kconfig::LISTEN_PORT),
            ),
            #[cfg(CONFIG_SECURE_SOCKETS_WITH_SERVER)]
            clients: None,
            #[cfg(CONFIG_SECURE_SOCKETS_LINK)]
            link_limit: seconds(kconfig::LINK_LIMIT_S),
            #[cfg(not(CONFIG_SECURE_SOCKETS_LINK))]
            link_limit: None,
            #[cfg(all(CONFIG_SECURE_SOCKETS_HOSTED, CONFIG_SECURE_SOCKETS_LINK))]
            link_cut: None,
            #[cfg(CONFIG_SECURE_SOCKETS_REPEAT)]
            repeat: repeat(seconds(kconfig::REPEAT_S)),
            clock: Clock::from_kconfig()?,
            #[cfg(not(CONFIG_SECURE_SOCKETS_CREDENTIALS_STORED))]
            credentials: CredentialSource::Image,
            #[cfg(CONFIG_SECURE_SOCKETS_CREDENTIALS_STORED)]
            credentials: CredentialSource::Stored,
            client_tag: kconfig::SEC_TAG,
            #[cfg(CONFIG_SECURE_SOCKETS_WITH_SERVER)]
            server_tag: kconfig::SERVER_SEC_TAG,
            #[cfg(CONFIG_SECURE_SOCKETS_CHECKS_CERTIFICATES)]
            checks: Checks::from_kconfig()?,
        })
    }
}

/// Every so often, and after failures as Kconfig says.
#[cfg(CONFIG_SECURE_SOCKETS_REPEAT)]
pub(crate) fn repeat(every: Option<Duration>) -> Option<Repeat> {
    let ms = |value: u32| Duration::from_millis(value.into());
    every.map(|every| Repeat {
        every,
        backoff: Backoff::new(ms(kconfig::RETRY_FIRST_MS), ms(kconfig::RETRY_LONGEST_MS)),
    })
}

pub(crate) fn server_name(setting: &str, name: &str) -> Result<ServerName, StartError> {
    ServerName::new(name)
        .map_err(|error| StartError::Setting(format!("{setting} cannot be {name:?}: {error}")))
}

#[cfg(CONFIG_SECURE_SOCKETS_WITH_SERVER)]
pub(crate) fn listen_address(setting: &str, address: &str) -> Result<IpAddr, StartError> {
    address.parse().map_err(|_| {
        StartError::Setting(format!(
            "{setting} cannot be {address:?}: give an IPv4 or IPv6 address of the device"
        ))
    })
}

/// The sessions that a client keeps of its one peer.
#[cfg(all(CONFIG_SECURE_SOCKETS_RESUMPTION, CONFIG_SECURE_SOCKETS_WITH_CLIENT))]
pub(crate) fn client_sessions(count: u32) -> Option<ClientSessions> {
    let count = usize::try_from(count).ok().filter(|count| *count > 0)?;
    Some(ClientSessions::new().with_each(count).with_peers(1))
}

/// The sessions that a server keeps.
#[cfg(all(CONFIG_SECURE_SOCKETS_RESUMPTION, CONFIG_SECURE_SOCKETS_WITH_SERVER))]
pub(crate) fn server_sessions(count: u32) -> Option<ServerSessions> {
    let count = usize::try_from(count).ok().filter(|count| *count > 0)?;
    Some(ServerSessions::new(count))
}

/// What stands between separators; nothing in an empty text.
pub(crate) fn list(text: &str, separator: char) -> Vec<String> {
    text.split(separator)
        .map(str::trim)
        .filter(|item| !item.is_empty())
        .map(String::from)
        .collect()
}

/// Names separated by commas; none in an empty text.
pub(crate) fn alpn(names: &str) -> Result<Vec<AlpnProtocol>, StartError> {
    names
        .split(',')
        .filter(|name| !name.is_empty())
        .map(|name| AlpnProtocol::new(name.trim()))
        .collect::<Result<_, _>>()
        .map_err(|error| StartError::Setting(format!("{error}")))
}

/// 0 is none.
#[cfg(any(
    CONFIG_SECURE_SOCKETS_LINK,
    CONFIG_SECURE_SOCKETS_REPEAT,
    CONFIG_SECURE_SOCKETS_WITH_SNTP
))]
pub(crate) fn seconds(value: u32) -> Option<Duration> {
    (value > 0).then(|| Duration::from_secs(value.into()))
}

/// 0 is no limit of ours.
pub(crate) fn milliseconds(value: u32) -> Option<Duration> {
    (value > 0).then(|| Duration::from_millis(value.into()))
}
