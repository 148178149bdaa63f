// SPDX-License-Identifier: Apache-2.0

//! Where the time comes from that certificates are checked against.

#[cfg(any(CONFIG_SECURE_SOCKETS_HOSTED, CONFIG_SECURE_SOCKETS_WITH_SNTP))]
use core::time::Duration;

use secure_socket::Mode;
#[cfg(CONFIG_SECURE_SOCKETS_WITH_SNTP)]
use secure_socket::time::{Asking, TimeServer};
#[cfg(CONFIG_SECURE_SOCKETS_WITH_SNTP)]
use zephyr_backend::sntp::Sntp;

use crate::error::StartError;
#[cfg(CONFIG_SECURE_SOCKETS_WITH_SNTP)]
use crate::kconfig;
use crate::settings::Role;
#[cfg(CONFIG_SECURE_SOCKETS_WITH_SNTP)]
use crate::settings::seconds;

/// Where the time comes from.
#[cfg_attr(not(CONFIG_SECURE_SOCKETS_HOSTED), allow(dead_code))]
pub(crate) enum Clock {
    /// From the board, or from nowhere.
    AsItIs,
    /// It is this.
    #[cfg(CONFIG_SECURE_SOCKETS_HOSTED)]
    Given(secure_socket::UnixTime),
    /// From SNTP servers.
    #[cfg(CONFIG_SECURE_SOCKETS_WITH_SNTP)]
    Network(Network),
}

/// SNTP servers, and when to ask them.
#[cfg(CONFIG_SECURE_SOCKETS_WITH_SNTP)]
pub(crate) struct Network {
    pub(crate) asking: Asking,
    /// How often they are asked again; `None` is never.
    #[cfg_attr(not(CONFIG_SECURE_SOCKETS_SNTP_AGAIN), allow(dead_code))]
    pub(crate) interval: Option<Duration>,
}

impl Clock {
    /// As Kconfig has it.
    pub(crate) fn from_kconfig() -> Result<Self, StartError> {
        #[cfg(CONFIG_SECURE_SOCKETS_CLOCK_SNTP)]
        return Network::new("CONFIG_SECURE_SOCKETS_SNTP_SERVERS", kconfig::SNTP_SERVERS)
            .map(Self::Network);
        #[cfg(not(CONFIG_SECURE_SOCKETS_CLOCK_SNTP))]
        Ok(Self::AsItIs)
    }

    /// Sets the clock, if it is `needed`, and has it kept right from then on.
    #[cfg_attr(not(CONFIG_SECURE_SOCKETS_WITH_SNTP), allow(unused_variables))]
    pub(crate) fn set(&self, needed: bool) -> Result<(), StartError> {
        match self {
            Self::AsItIs => Ok(()),
            #[cfg(CONFIG_SECURE_SOCKETS_HOSTED)]
            Self::Given(now) => {
                // An image without certificates has no clock, and needs none.
                let _ = zephyr_backend::set_clock(Duration::from_secs(now.seconds()));
                Ok(())
            }
            #[cfg(CONFIG_SECURE_SOCKETS_WITH_SNTP)]
            Self::Network(network) if needed => network.set(),
            #[cfg(CONFIG_SECURE_SOCKETS_WITH_SNTP)]
            Self::Network(_) => Ok(()),
        }
    }
}

/// Whether a certificate is verified in this `role`, which takes a clock. A server that
/// only shows its own does without.
pub(crate) fn is_needed(role: Role, mode: Mode) -> bool {
    match role {
        #[cfg(CONFIG_SECURE_SOCKETS_WITH_SERVER)]
        Role::Server => mode == Mode::Mutual,
        #[cfg(CONFIG_SECURE_SOCKETS_WITH_CLIENT)]
        _ => mode.verifies_certificates(),
    }
}

#[cfg(CONFIG_SECURE_SOCKETS_WITH_SNTP)]
impl Network {
    /// `servers` are given for `setting`; when to ask them is in Kconfig.
    pub(crate) fn new(setting: &str, servers: &str) -> Result<Self, StartError> {
        let servers = TimeServer::list(servers).map_err(|error| {
            StartError::Setting(alloc::format!("{setting} cannot be {servers:?}: {error}"))
        })?;
        Ok(Self {
            asking: Asking {
                servers,
                patience: Duration::from_millis(kconfig::SNTP_TIMEOUT_MS.into()),
                limit: seconds(kconfig::SNTP_LIMIT_S),
                built: secure_sockets::BUILT,
            },
            #[cfg(CONFIG_SECURE_SOCKETS_SNTP_AGAIN)]
            interval: seconds(kconfig::SNTP_INTERVAL_S),
            #[cfg(not(CONFIG_SECURE_SOCKETS_SNTP_AGAIN))]
            interval: None,
        })
    }

    fn set(&self) -> Result<(), StartError> {
        let told = self.asking.ask(&Sntp).map_err(|error| {
            StartError::Setting(alloc::format!("the clock is not set: {error}"))
        })?;
        zephyr_backend::set_clock(told.since_1970)
            .map_err(|error| StartError::Setting(alloc::format!("{error}")))?;
        log::info!("it is {} by {}", told.time(), told.server);
        #[cfg(CONFIG_SECURE_SOCKETS_SNTP_AGAIN)]
        if let Some(interval) = self.interval {
            let asking = self.asking.clone();
            zephyr_backend::timekeeper::start(move || keep(&asking, interval))
                .map_err(|error| StartError::Setting(alloc::format!("{error}")))?;
        }
        Ok(())
    }
}

/// Asks again and again. The clock runs on meanwhile, whatever comes of it.
#[cfg(CONFIG_SECURE_SOCKETS_SNTP_AGAIN)]
fn keep(asking: &Asking, interval: Duration) {
    use secure_socket::Clock as _;
    use secure_socket::time::TimeSource as _;
    loop {
        Sntp.sleep(interval);
        let told = match asking.ask(&Sntp) {
            Ok(told) => told,
            Err(error) => {
                log::warn!("the clock runs on as it is: {error}");
                continue;
            }
        };
        let (said, shows) = (told.time(), Sntp.now().unwrap_or(told.time()));
        if zephyr_backend::set_clock(told.since_1970).is_ok() {
            let by = said.seconds().wrapping_sub(shows.seconds()).cast_signed();
            log::info!(
                "it is {said} by {}: the clock was set by {by:+} s",
                told.server
            );
        }
    }
}
