// SPDX-License-Identifier: Apache-2.0

//! `mbedtls_ssl_config`, and all that it points to.

use alloc::boxed::Box;
use alloc::ffi::CString;
use alloc::vec::Vec;
use core::ffi::{c_char, c_int};
use core::ptr;

use secure_socket::config::{
    AlpnProtocol, ClientAuthentication, ClientConfig, ServerAuthentication, ServerConfig, Settings,
};
use secure_socket::credential::{
    Anchors, CredentialError, CredentialKind, IdentitySource, PskSource, Trust,
};
use secure_socket::diagnosis::TlsCode;
use secure_socket::error::{ConfigurationError, Error};
use secure_socket::{Mode, TlsVersion};

use crate::handle::Handle;
use crate::sys;
use crate::{Certificates, Library, PrivateKey};

/// The groups offered: those that devices have. Ends with 0, as Mbed TLS reads it.
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
    _anchors: Option<Certificates>,
    _identity: Option<(Certificates, PrivateKey)>,
    server_name: Option<CString>,
    side: Side,
    mode: Mode,
}

// SAFETY: a finished configuration is written to by handshakes alone (blinding
// values and tables inside its keys), and those run under the library's lock.
unsafe impl Sync for Config {}
// SAFETY: nothing in it belongs to a thread; what the pointers in `_alpn` point to
// moves along with them.
unsafe impl Send for Config {}

/// Names with a NUL, and the NULL-terminated list of pointers to them.
struct AlpnList {
    pointers: Box<[*const c_char]>,
    _names: Vec<CString>,
}

impl AlpnList {
    fn new(protocols: &[AlpnProtocol]) -> Result<Self, ConfigurationError> {
        let names = protocols
            .iter()
            .map(|protocol| CString::new(protocol.as_str()))
            .collect::<Result<Vec<_>, _>>()
            .map_err(|_| ConfigurationError::Alpn)?;
        let pointers = names
            .iter()
            .map(|name| name.as_ptr())
            .chain([ptr::null()])
            .collect();
        Ok(Self {
            pointers,
            _names: names,
        })
    }
}

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
    pub fn client(library: Library, asked: &ClientConfig) -> Result<Self, Error> {
        let draft = Draft::new(library, Side::Client, asked.mode(), asked.settings())?;
        let (psk, identity) = match asked.authentication() {
            ClientAuthentication::Psk(psk) => (Some(psk), None),
            ClientAuthentication::Mutual { identity, .. } => (None, Some(identity)),
            _ => (None, None),
        };
        let trust = asked.trust();
        let server_name = trust
            .map(|(_, name)| CString::new(name.to_text()))
            .transpose()
            .map_err(|_| unsupported("a server name with a NUL", "leave it out"))?;
        draft.finish(
            asked.settings(),
            psk,
            identity,
            trust.map(|(trust, _)| trust),
            server_name,
        )
    }

    /// Loads what a server was asked to do.
    ///
    /// # Errors
    ///
    /// As [`Config::client`].
    pub fn server(library: Library, asked: &ServerConfig) -> Result<Self, Error> {
        let draft = Draft::new(library, Side::Server, asked.mode(), asked.settings())?;
        let (psk, identity) = match asked.authentication() {
            ServerAuthentication::Psk(psk) => (Some(psk), None),
            ServerAuthentication::Unauthenticated { identity }
            | ServerAuthentication::ServerAuth { identity }
            | ServerAuthentication::Mutual { identity, .. } => (None, Some(identity)),
            _ => {
                return Err(unsupported("this mode", "use one of psk, server-auth, mutual").into());
            }
        };
        draft.finish(asked.settings(), psk, identity, asked.client_trust(), None)
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
        let exchange = match mode {
            Mode::Psk => sys::MBEDTLS_SSL_TLS1_3_KEY_EXCHANGE_MODE_PSK_EPHEMERAL,
            _ => sys::MBEDTLS_SSL_TLS1_3_KEY_EXCHANGE_MODE_EPHEMERAL,
        };
        // A client that verifies says so here; so does a server of mode 3.
        let verify = match (side, mode) {
            (Side::Client, Mode::ServerAuth | Mode::Mutual) | (Side::Server, Mode::Mutual) => {
                sys::MBEDTLS_SSL_VERIFY_REQUIRED
            }
            _ => sys::MBEDTLS_SSL_VERIFY_NONE,
        };
        // SAFETY: as above; `GROUPS` is static. Mbed TLS has only inline functions to
        // set the versions, which bindgen does not see: the fields are what they set.
        unsafe {
            sys::mbedtls_ssl_conf_rng(config, Some(library.random()), ptr::null_mut());
            (*config).private_min_tls_version = version_number(settings.versions().min());
            (*config).private_max_tls_version = version_number(settings.versions().max());
            sys::mbedtls_ssl_conf_tls13_key_exchange_modes(config, exchange as c_int);
            sys::mbedtls_ssl_conf_authmode(config, verify as c_int);
            sys::mbedtls_ssl_conf_groups(config, GROUPS.as_ptr());
            sys::mbedtls_ssl_conf_renegotiation(
                config,
                sys::MBEDTLS_SSL_RENEGOTIATION_DISABLED as c_int,
            );
            // A session that is resumed is not verified again: never.
            sys::mbedtls_ssl_conf_session_tickets(
                config,
                sys::MBEDTLS_SSL_SESSION_TICKETS_DISABLED as c_int,
            );
            sys::mbedtls_ssl_conf_new_session_tickets(config, 0);
        }
        Ok(draft)
    }

    fn finish(
        self,
        settings: &Settings,
        psk: Option<&PskSource>,
        identity: Option<&IdentitySource>,
        trust: Option<&Trust>,
        server_name: Option<CString>,
    ) -> Result<Config, Error> {
        let config = self.config.as_ptr();
        let suites: Box<[c_int]> = settings
            .suites()
            .iter()
            .map(|suite| c_int::from(suite.iana()))
            .chain([0])
            .collect();
        let mut alpn = AlpnList::new(settings.alpn())?;
        // SAFETY: the list ends with 0, is not changed, and is freed after `config`.
        unsafe { sys::mbedtls_ssl_conf_ciphersuites(config, suites.as_ptr()) };
        if !settings.alpn().is_empty() {
            // SAFETY: the list ends with NULL, its names with NUL; neither is changed,
            // and both are freed after `config`.
            check(unsafe {
                sys::mbedtls_ssl_conf_alpn_protocols(config, alpn.pointers.as_mut_ptr())
            })?;
        }
        if let Some(psk) = psk {
            self.set_psk(psk)?;
        }
        let identity = identity
            .map(|source| self.set_identity(source))
            .transpose()?;
        let anchors = trust.map(|trust| self.set_trust(trust)).transpose()?;
        Ok(Config {
            library: self.library,
            config: self.config,
            _suites: suites,
            _alpn: alpn,
            _anchors: anchors,
            _identity: identity,
            server_name,
            side: self.side,
            mode: self.mode,
        })
    }

    fn set_psk(&self, source: &PskSource) -> Result<(), Error> {
        let PskSource::Given { identity, key } = source else {
            return Err(no_store().into());
        };
        let (identity, key) = (identity.as_str(), key.expose());
        if key.len() > sys::MBEDTLS_PSK_MAX_LEN as usize {
            return Err(unsupported(
                "a pre-shared key of more than 48 bytes",
                "take one of 16 to 48 bytes (MBEDTLS_PSK_MAX_LEN); 32 are plenty",
            )
            .into());
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

    fn set_identity(&self, source: &IdentitySource) -> Result<(Certificates, PrivateKey), Error> {
        let IdentitySource::Given(identity) = source else {
            return Err(no_store().into());
        };
        let chain = Certificates::parse(
            self.library,
            identity.chain().iter().map(AsRef::as_ref),
            CredentialKind::Certificate,
        )?;
        let key = PrivateKey::parse(self.library, identity.key().expose())?;
        // SAFETY: `config` is ours alone; chain and key are freed after it.
        check(unsafe {
            sys::mbedtls_ssl_conf_own_cert(self.config.as_ptr(), chain.as_ptr(), key.as_ptr())
        })?;
        Ok((chain, key))
    }

    fn set_trust(&self, trust: &Trust) -> Result<Certificates, Error> {
        let anchors = match trust.anchors() {
            Anchors::Given(anchors) => anchors.as_slice(),
            // A list of no certificates, but a list: without one, Mbed TLS gives up
            // before it asks the callback, which is to decide.
            Anchors::Pinned(_) => &[],
            _ => return Err(no_store().into()),
        };
        let anchors = Certificates::parse(
            self.library,
            anchors.iter().map(|anchor| anchor.as_der()),
            CredentialKind::CaCertificate,
        )?;
        // SAFETY: `config` is ours alone; the anchors are freed after it. There is no
        // CRL: revocation is checked above the seam.
        unsafe {
            sys::mbedtls_ssl_conf_ca_chain(self.config.as_ptr(), anchors.as_ptr(), ptr::null_mut());
        }
        Ok(anchors)
    }
}

const fn version_number(version: TlsVersion) -> sys::mbedtls_ssl_protocol_version {
    // Mbed TLS numbers them as the wire does.
    version.wire() as sys::mbedtls_ssl_protocol_version
}

const fn unsupported(option: &'static str, advice: &'static str) -> ConfigurationError {
    ConfigurationError::Unsupported { option, advice }
}

const fn no_store() -> ConfigurationError {
    unsupported(
        "a credential from a credential store",
        "this platform has no store: load the credential from a file",
    )
}

/// What remains to fail in setting up a configuration is memory.
fn check(code: c_int) -> Result<(), CredentialError> {
    match code {
        0 => Ok(()),
        _ => Err(CredentialError::OutOfMemory(CredentialKind::Certificate)),
    }
}
