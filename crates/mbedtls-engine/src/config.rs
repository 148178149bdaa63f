// SPDX-License-Identifier: Apache-2.0

//! `mbedtls_ssl_config`, and all that it points to.

use alloc::boxed::Box;
use alloc::ffi::CString;
use core::ffi::c_int;
use core::ptr;

use secure_socket::config::{ClientConfig, ServerConfig, Settings};
use secure_socket::credential::{CredentialError, CredentialKind};
#[cfg(mbedtls_psk)]
use secure_socket::diagnosis::TlsCode;
use secure_socket::error::{ConfigurationError, Error};
use secure_socket::{Mode, TlsVersion};

use crate::alpn::AlpnList;
use crate::authenticate::Authentication;
use crate::handle::Handle;
use crate::resume::Counter;
use crate::sys;
use crate::{Library, Material};

/// The groups offered: those that devices have. Ends with 0, as Mbed TLS reads it.
/// A device offers those that its image has.
#[cfg(not(any(target_os = "none", firmware_lints)))]
static GROUPS: [u16; 4] = [
    sys::MBEDTLS_SSL_IANA_TLS_GROUP_X25519 as u16,
    sys::MBEDTLS_SSL_IANA_TLS_GROUP_SECP256R1 as u16,
    sys::MBEDTLS_SSL_IANA_TLS_GROUP_SECP384R1 as u16,
    0,
];

/// What a client or server was asked to do, in Mbed TLS's form. Any number of
/// sessions share one.
pub struct Config {
    library: Library,
    // First of what is freed: it points to all the others.
    config: Handle<sys::mbedtls_ssl_config>,
    _suites: Box<[c_int]>,
    _alpn: AlpnList,
    _authentication: Authentication,
    /// As a server that resumes.
    counter: Option<Box<Counter>>,
    resumes: bool,
    server_name: Option<CString>,
    side: Side,
    mode: Mode,
}

// SAFETY: a finished configuration is written to by handshakes alone (blinding
// values and tables inside its keys, who is at the counter), and those run under the
// library's lock.
unsafe impl Sync for Config {}
// SAFETY: nothing in it belongs to a thread; what the pointers in `_alpn` point to
// moves along with them.
unsafe impl Send for Config {}

/// Which side we are.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Side {
    Client,
    Server,
}

/// A configuration in the making.
struct Draft {
    library: Library,
    config: Handle<sys::mbedtls_ssl_config>,
    side: Side,
    mode: Mode,
}

impl Config {
    /// Loads what a client was asked to do.
    ///
    /// # Errors
    ///
    /// [`Error::Configuration`] for what this backend cannot do, and
    /// [`Error::Credential`].
    pub fn client(
        library: Library,
        asked: &ClientConfig,
        material: &Material<'_>,
    ) -> Result<Self, Error> {
        let draft = Draft::new(library, Side::Client, asked.mode(), asked.settings())?;
        let server_name = asked
            .trust()
            .map(|(_, name)| CString::new(name.to_text()))
            .transpose()
            .map_err(|_| unsupported("a server name with a NUL", "leave it out"))?;
        draft.finish(asked.settings(), material, server_name)
    }

    /// Loads what a server was asked to do.
    ///
    /// # Errors
    ///
    /// As [`Config::client`].
    pub fn server(
        library: Library,
        asked: &ServerConfig,
        material: &Material<'_>,
    ) -> Result<Self, Error> {
        let draft = Draft::new(library, Side::Server, asked.mode(), asked.settings())?;
        draft.finish(asked.settings(), material, None)
    }

    pub(crate) const fn library(&self) -> Library {
        self.library
    }

    pub(crate) const fn as_ptr(&self) -> *const sys::mbedtls_ssl_config {
        self.config.as_ptr()
    }

    pub(crate) fn is_server(&self) -> bool {
        self.side == Side::Server
    }

    pub(crate) fn is_psk(&self) -> bool {
        self.mode == Mode::Psk
    }

    /// Whether sessions may be resumed.
    pub(crate) const fn resumes(&self) -> bool {
        self.resumes
    }

    /// What issues and redeems a server's tickets.
    pub(crate) fn counter(&self) -> Option<&Counter> {
        self.counter.as_deref()
    }

    pub(crate) fn server_name(&self) -> Option<&CString> {
        self.server_name.as_ref()
    }
}

impl Draft {
    fn new(library: Library, side: Side, mode: Mode, settings: &Settings) -> Result<Self, Error> {
        let draft = Self {
            library,
            config: Handle::new(),
            side,
            mode,
        };
        let config = draft.config.as_ptr();
        let endpoint = match side {
            Side::Client => sys::MBEDTLS_SSL_IS_CLIENT,
            Side::Server => sys::MBEDTLS_SSL_IS_SERVER,
        };
        // SAFETY: `config` is initialised and ours alone.
        check(unsafe {
            sys::mbedtls_ssl_config_defaults(
                config,
                endpoint as c_int,
                sys::MBEDTLS_SSL_TRANSPORT_STREAM as c_int,
                sys::MBEDTLS_SSL_PRESET_DEFAULT as c_int,
            )
        })?;
        // A client that verifies says so here; so does a server of mode 3.
        let verify = match (side, mode) {
            (Side::Client, Mode::ServerAuth | Mode::Mutual) | (Side::Server, Mode::Mutual) => {
                sys::MBEDTLS_SSL_VERIFY_REQUIRED
            }
            _ => sys::MBEDTLS_SSL_VERIFY_NONE,
        };
        // SAFETY: as above. Mbed TLS has only inline functions to set the versions, which
        // bindgen does not see: the fields are what they set.
        unsafe {
            sys::mbedtls_ssl_conf_rng(config, Some(library.random()), ptr::null_mut());
            (*config).private_min_tls_version = version_number(settings.versions().min());
            (*config).private_max_tls_version = version_number(settings.versions().max());
            sys::mbedtls_ssl_conf_authmode(config, verify as c_int);
        }
        #[cfg(mbedtls_tls13)]
        {
            let psk = sys::MBEDTLS_SSL_TLS1_3_KEY_EXCHANGE_MODE_PSK_EPHEMERAL;
            let certificate = sys::MBEDTLS_SSL_TLS1_3_KEY_EXCHANGE_MODE_EPHEMERAL;
            let exchange = match mode {
                Mode::Psk => psk,
                // A session that is resumed is a pre-shared key, and there is no other here.
                _ if settings.resumes() => certificate | psk,
                _ => certificate,
            };
            // SAFETY: as above.
            unsafe { sys::mbedtls_ssl_conf_tls13_key_exchange_modes(config, exchange as c_int) };
        }
        #[cfg(not(any(target_os = "none", firmware_lints)))]
        // SAFETY: as above; `GROUPS` is static.
        unsafe {
            sys::mbedtls_ssl_conf_groups(config, GROUPS.as_ptr());
        }
        #[cfg(mbedtls_renegotiation)]
        // SAFETY: as above.
        unsafe {
            let disabled = sys::MBEDTLS_SSL_RENEGOTIATION_DISABLED as c_int;
            sys::mbedtls_ssl_conf_renegotiation(config, disabled);
        }
        draft.set_tickets(settings.resumes())?;
        Ok(draft)
    }

    #[cfg(not(mbedtls_resumption))]
    fn set_tickets(&self, resumes: bool) -> Result<(), Error> {
        #[cfg(mbedtls_tickets)]
        // SAFETY: `config` is ours alone.
        unsafe {
            let disabled = sys::MBEDTLS_SSL_SESSION_TICKETS_DISABLED as c_int;
            sys::mbedtls_ssl_conf_session_tickets(self.config.as_ptr(), disabled);
        }
        match resumes {
            false => Ok(()),
            true => Err(unsupported(
                "resuming sessions",
                "build with CONFIG_SECURE_SOCKETS_RESUMPTION=y",
            )
            .into()),
        }
    }

    /// Mbed TLS resumes without verifying again: it may only do so where we do.
    #[cfg(mbedtls_resumption)]
    fn set_tickets(&self, resumes: bool) -> Result<(), Error> {
        let config = self.config.as_ptr();
        let tickets = match resumes {
            true => sys::MBEDTLS_SSL_SESSION_TICKETS_ENABLED,
            false => sys::MBEDTLS_SSL_SESSION_TICKETS_DISABLED,
        };
        // SAFETY: `config` is ours alone.
        unsafe {
            sys::mbedtls_ssl_conf_session_tickets(config, tickets as c_int);
            #[cfg(mbedtls_tls13)]
            {
                sys::mbedtls_ssl_conf_new_session_tickets(config, resumes.into());
                sys::mbedtls_ssl_conf_tls13_enable_signal_new_session_tickets(
                    config,
                    resumes.into(),
                );
            }
        }
        Ok(())
    }

    #[cfg(mbedtls_resumption)]
    fn counter(&self, settings: &Settings) -> Option<Box<Counter>> {
        let issues = settings.resumes() && self.side == Side::Server;
        issues.then(|| Counter::install(&self.config))
    }

    #[cfg(not(mbedtls_resumption))]
    const fn counter(&self, _: &Settings) -> Option<Box<Counter>> {
        None
    }

    fn finish(
        self,
        settings: &Settings,
        material: &Material<'_>,
        server_name: Option<CString>,
    ) -> Result<Config, Error> {
        self.check(material)?;
        let config = self.config.as_ptr();
        let suites: Box<[c_int]> = settings
            .suites()
            .iter()
            .map(|suite| c_int::from(suite.iana()))
            .chain([0])
            .collect();
        // SAFETY: the list ends with 0, is not changed, and is freed after `config`.
        unsafe { sys::mbedtls_ssl_conf_ciphersuites(config, suites.as_ptr()) };
        let alpn = AlpnList::load(&self.config, settings.alpn())?;
        if let Some((identity, key)) = material.psk {
            self.set_psk(identity, key)?;
        }
        let authentication = Authentication::load(self.library, &self.config, material)?;
        let counter = self.counter(settings);
        Ok(Config {
            library: self.library,
            config: self.config,
            _suites: suites,
            _alpn: alpn,
            _authentication: authentication,
            counter,
            resumes: settings.resumes(),
            server_name,
            side: self.side,
            mode: self.mode,
        })
    }

    /// Refuses a mode without its credentials: Mbed TLS would start without them.
    fn check(&self, material: &Material<'_>) -> Result<(), CredentialError> {
        let server = self.side == Side::Server;
        let (psk, identity, anchors) = match self.mode {
            Mode::Psk => (true, false, false),
            Mode::Unauthenticated => (false, server, false),
            Mode::ServerAuth => (false, server, !server),
            Mode::Mutual => (false, true, true),
        };
        for (needed, there, kind) in [
            (psk, material.psk.is_some(), CredentialKind::Psk),
            (identity, material.key.is_some(), CredentialKind::PrivateKey),
            (
                anchors,
                material.anchors.is_some(),
                CredentialKind::CaCertificate,
            ),
        ] {
            if needed && !there {
                return Err(CredentialError::Empty(kind));
            }
        }
        Ok(())
    }

    #[cfg(not(mbedtls_psk))]
    fn set_psk(&self, _: &[u8], _: &[u8]) -> Result<(), Error> {
        let advice = "build with CONFIG_SECURE_SOCKETS_MODE_PSK=y";
        Err(unsupported("a pre-shared key", advice).into())
    }

    #[cfg(mbedtls_psk)]
    fn set_psk(&self, identity: &[u8], key: &[u8]) -> Result<(), Error> {
        if key.len() > sys::MBEDTLS_PSK_MAX_LEN as usize {
            let (option, advice) = match cfg!(any(target_os = "none", firmware_lints)) {
                true => (
                    "a pre-shared key of this length",
                    "raise CONFIG_MBEDTLS_PSK_MAX_LEN",
                ),
                false => (
                    "a pre-shared key of more than 48 bytes",
                    "take one of 16 to 48 bytes (MBEDTLS_PSK_MAX_LEN); 32 are plenty",
                ),
            };
            return Err(unsupported(option, advice).into());
        }
        // SAFETY: `config` is ours alone; both are valid for their lengths and copied
        // (and wiped by `mbedtls_ssl_config_free`).
        let code = unsafe {
            sys::mbedtls_ssl_conf_psk(
                self.config.as_ptr(),
                key.as_ptr(),
                key.len(),
                identity.as_ptr(),
                identity.len(),
            )
        };
        match code {
            0 => Ok(()),
            code if TlsCode::new(code).is_out_of_memory() => {
                Err(CredentialError::OutOfMemory(CredentialKind::Psk).into())
            }
            _ => Err(unsupported("this pre-shared key", "take one of 32 bytes").into()),
        }
    }
}

const fn version_number(version: TlsVersion) -> sys::mbedtls_ssl_protocol_version {
    // Mbed TLS numbers them as the wire does.
    version.wire() as sys::mbedtls_ssl_protocol_version
}

const fn unsupported(option: &'static str, advice: &'static str) -> ConfigurationError {
    ConfigurationError::Unsupported { option, advice }
}

/// What remains to fail in setting up a configuration is memory.
pub(crate) fn check(code: c_int) -> Result<(), CredentialError> {
    match code {
        0 => Ok(()),
        _ => Err(CredentialError::OutOfMemory(CredentialKind::Certificate)),
    }
}
