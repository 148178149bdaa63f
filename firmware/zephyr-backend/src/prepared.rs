// SPDX-License-Identifier: Apache-2.0

//! A client's settings in the form that Zephyr's sockets take, and its credentials
//! in Zephyr's store.

use alloc::ffi::CString;
use alloc::vec::Vec;
use core::ffi::{c_char, c_int};
use core::ptr;
use core::time::Duration;

use secure_socket::config::{ClientAuthentication, ClientConfig, Settings};
use secure_socket::credential::{Anchors, CredentialError, IdentitySource, PskSource, Trust};
#[cfg(CONFIG_SECURE_SOCKETS_WITH_CERTIFICATES)]
use secure_socket::credential::{CaCertificate, Identity};
use secure_socket::error::ConfigurationError;
use secure_socket::{Error, Mode, TlsVersion};
use zephyr::sync::Arc;

use crate::Zephyr;
use crate::store::{Loader, Stored};
#[cfg(CONFIG_SECURE_SOCKETS_WITH_CERTIFICATES)]
use crate::stored;
#[cfg(CONFIG_SECURE_SOCKETS_WITH_CERTIFICATES)]
use crate::sys::Kind;
use crate::sys::{self, number};

/// A client's settings and credentials. The last clone to go takes the credentials
/// out of the store and wipes them.
#[derive(Clone)]
pub struct Prepared(Arc<Loaded>);

struct Loaded {
    _stored: Vec<Stored>,
    tags: Vec<i32>,
    hostname: Option<CString>,
    suites: Vec<c_int>,
    alpn: AlpnList,
    handshake_ms: u32,
    io_ms: u32,
    psk: bool,
    identity: bool,
    pinned: bool,
    resumes: bool,
}

/// The names, and the list of pointers to them that a socket keeps.
struct AlpnList {
    _names: Vec<CString>,
    pointers: Vec<*const c_char>,
}

// SAFETY: the pointers are to the names, which are never written and live as long.
unsafe impl Send for AlpnList {}
// SAFETY: as above.
unsafe impl Sync for AlpnList {}

const fn unsupported(option: &'static str, advice: &'static str) -> ConfigurationError {
    ConfigurationError::Unsupported { option, advice }
}

impl Prepared {
    pub(crate) fn new(backend: &Zephyr, config: &ClientConfig) -> Result<Self, Error> {
        let settings = config.settings();
        check_build(config.mode(), config.settings())?;
        check_connect_timeout(config.settings())?;
        let mut loader = Loader::new(backend.first_tag());
        let mut hostname = None;
        match config.authentication() {
            ClientAuthentication::Psk(source) => {
                if let PskSource::Given { key, .. } = source
                    && key.expose().len() > sys::build().max_psk as usize
                {
                    return Err(unsupported(
                        "a pre-shared key of this length",
                        "raise CONFIG_MBEDTLS_PSK_MAX_LEN",
                    )
                    .into());
                }
                loader.psk(source)?;
            }
            ClientAuthentication::Unauthenticated => {}
            ClientAuthentication::ServerAuth { trust, name } => {
                loader.trust(trust)?;
                check_stored_trust(trust)?;
                hostname = Some(name.to_text());
            }
            ClientAuthentication::Mutual {
                trust,
                name,
                identity,
            } => {
                loader.trust(trust)?;
                loader.identity(identity)?;
                check_stored_trust(trust)?;
                check_stored_identity(identity, backend)?;
                hostname = Some(name.to_text());
            }
            _ => {
                return Err(unsupported("this mode", "use one that this backend knows").into());
            }
        }
        if loader.tags().len() > sys::build().max_tags as usize {
            return Err(unsupported(
                "so long a chain or so many CA certificates",
                "raise CONFIG_NET_SOCKETS_TLS_MAX_CREDENTIALS",
            )
            .into());
        }
        // `ServerName` and `AlpnProtocol` have no NUL.
        let to_c = |text: &str| CString::new(text).map_err(|_| ConfigurationError::Alpn);
        let names = settings
            .alpn()
            .iter()
            .map(|name| to_c(name.as_str()))
            .collect::<Result<Vec<_>, _>>()?;
        let timeouts = settings.timeouts();
        Ok(Self(Arc::new(Loaded {
            tags: loader.tags().iter().copied().map(number).collect(),
            _stored: loader.into_stored(),
            hostname: hostname.as_deref().map(to_c).transpose()?,
            suites: settings
                .suites()
                .iter()
                .map(|suite| c_int::from(suite.iana()))
                .collect(),
            alpn: AlpnList {
                pointers: names.iter().map(|name| name.as_ptr()).collect(),
                _names: names,
            },
            handshake_ms: handshake_ms(timeouts.handshake)?,
            io_ms: timeouts.io.map_or(Ok(0), milliseconds)?,
            psk: config.mode() == Mode::Psk,
            identity: config.mode() == Mode::Mutual,
            resumes: settings.resumes(),
            pinned: config
                .trust()
                .is_some_and(|(trust, _)| matches!(trust.anchors(), Anchors::Pinned(_))),
        })))
    }

    /// The options of a socket. They point into `self`.
    pub(crate) fn options(&self, config: &ClientConfig) -> sys::Options {
        let loaded = &*self.0;
        let versions = config.settings().versions();
        sys::Options {
            tags: loaded.tags.as_ptr(),
            tag_count: loaded.tags.len(),
            hostname: loaded
                .hostname
                .as_ref()
                .map_or(ptr::null(), |name| name.as_ptr()),
            suites: loaded.suites.as_ptr(),
            suite_count: loaded.suites.len(),
            alpn: loaded.alpn.pointers.as_ptr(),
            alpn_count: loaded.alpn.pointers.len(),
            certificate: None,
            sent: None,
            context: ptr::null_mut(),
            handshake_ms: loaded.handshake_ms,
            io_ms: loaded.io_ms,
            min_version: versions.min().wire(),
            max_version: versions.max().wire(),
            psk: loaded.psk.into(),
            identity: loaded.identity.into(),
            pinned: loaded.pinned.into(),
            resumes: loaded.resumes.into(),
            session: ptr::null(),
            session_length: 0,
        }
    }
}

/// Refuses what was stored before and will not do, which the socket would call EINVAL.
#[cfg(CONFIG_SECURE_SOCKETS_WITH_CERTIFICATES)]
fn check_stored_trust(trust: &Trust) -> Result<(), CredentialError> {
    if let Anchors::Stored(tag) = trust.anchors() {
        for der in stored::certificates(*tag, Kind::Ca)? {
            CaCertificate::from_der(der.to_vec())?;
        }
        stored::ends_with_nul(*tag, Kind::Ca)?;
    }
    Ok(())
}

/// The same of what we prove ourselves with: the key must belong to the certificate.
#[cfg(CONFIG_SECURE_SOCKETS_WITH_CERTIFICATES)]
fn check_stored_identity(
    identity: &IdentitySource,
    backend: &Zephyr,
) -> Result<(), CredentialError> {
    if let IdentitySource::Stored(tag) = identity {
        let chain = stored::certificates(*tag, Kind::Certificate)?;
        let key = stored::key(*tag)?.unwrap_or_default();
        Identity::from_der(chain.iter().map(|der| der.to_vec()), key, backend)?;
        stored::ends_with_nul(*tag, Kind::Certificate)?;
        stored::ends_with_nul(*tag, Kind::Key)?;
    }
    Ok(())
}

/// An image without certificates refuses them all (`check_build`).
#[cfg(not(CONFIG_SECURE_SOCKETS_WITH_CERTIFICATES))]
fn check_stored_trust(_: &Trust) -> Result<(), CredentialError> {
    Ok(())
}

#[cfg(not(CONFIG_SECURE_SOCKETS_WITH_CERTIFICATES))]
fn check_stored_identity(_: &IdentitySource, _: &Zephyr) -> Result<(), CredentialError> {
    Ok(())
}

/// Refuses what the image was built without.
pub(crate) fn check_build(mode: Mode, settings: &Settings) -> Result<(), ConfigurationError> {
    let build = sys::build();
    let (compiled_in, option, advice) = match mode {
        Mode::Psk => (
            build.psk != 0,
            "a pre-shared key",
            "build with CONFIG_SECURE_SOCKETS_MODE_PSK=y",
        ),
        mode if mode.verifies_certificates() => (
            build.certificates != 0 && build.verification != 0,
            "checking a certificate",
            "build with CONFIG_SECURE_SOCKETS_MODE_SERVER_AUTH=y or \
             CONFIG_SECURE_SOCKETS_MODE_MUTUAL=y, CONFIG_MBEDTLS_HAVE_TIME_DATE=y and \
             CONFIG_NET_SOCKETS_TLS_CERT_VERIFY_CALLBACK=y",
        ),
        _ => (
            build.certificates != 0,
            "a peer with a certificate",
            "build with CONFIG_SECURE_SOCKETS_MODE_UNAUTHENTICATED=y",
        ),
    };
    if !compiled_in {
        return Err(unsupported(option, advice));
    }
    if settings.resumes() && !cfg!(CONFIG_SECURE_SOCKETS_RESUMPTION) {
        return Err(unsupported(
            "resuming sessions",
            "build with CONFIG_SECURE_SOCKETS_RESUMPTION=y",
        ));
    }
    let versions = settings.versions();
    for (version, has, option, advice) in [
        (
            TlsVersion::Tls12,
            build.tls12,
            "TLS 1.2",
            "build with CONFIG_SECURE_SOCKETS_TLS_1_2=y or \
             CONFIG_SECURE_SOCKETS_TLS_1_2_OR_1_3=y",
        ),
        (
            TlsVersion::Tls13,
            build.tls13,
            "TLS 1.3",
            "build with CONFIG_SECURE_SOCKETS_TLS_1_3=y or \
             CONFIG_SECURE_SOCKETS_TLS_1_2_OR_1_3=y",
        ),
    ] {
        if !versions.allows(version) {
            continue;
        }
        if has == 0 {
            return Err(unsupported(option, advice));
        }
        let mut suites = settings
            .suites()
            .iter()
            .filter(|suite| suite.version() == version)
            .map(|suite| sys::ss_suite_known(suite.iana()));
        // Of the defaults, those that the image has will do.
        let will_do = match settings.suites_are_defaults() {
            true => suites.any(|known| known),
            false => suites.all(|known| known),
        };
        if !will_do {
            return Err(unsupported(
                "one of these cipher suites",
                "choose among those that the image's Mbed TLS was built with",
            ));
        }
    }
    if settings.suites().len() > build.max_suites as usize {
        return Err(unsupported(
            "so long a list of cipher suites",
            "raise CONFIG_NET_SOCKETS_TLS_MAX_CIPHERSUITES",
        ));
    }
    if settings.alpn().len() > build.max_alpn as usize {
        return Err(unsupported(
            "so long a list of application protocols (ALPN)",
            "build with CONFIG_MBEDTLS_SSL_ALPN=y and raise \
             CONFIG_NET_SOCKETS_TLS_MAX_APP_PROTOCOLS",
        ));
    }
    Ok(())
}

/// Zephyr's is compiled in.
fn check_connect_timeout(settings: &Settings) -> Result<(), ConfigurationError> {
    let compiled_in = Duration::from_millis(sys::build().connect_timeout_ms.into());
    match settings.timeouts().connect {
        Some(asked) if asked != compiled_in => Err(unsupported(
            "another connect timeout than the one compiled in",
            "set CONFIG_NET_SOCKETS_CONNECT_TIMEOUT to it",
        )),
        _ => Ok(()),
    }
}

/// The shim's number for a handshake timeout: 0 leaves it to Zephyr.
fn handshake_ms(timeout: Option<Duration>) -> Result<u32, ConfigurationError> {
    let longest = sys::build().connect_timeout_ms;
    match timeout.map(milliseconds).transpose()? {
        None => Ok(0),
        Some(asked) if asked == longest => Ok(0),
        Some(asked) if asked < longest => Ok(asked),
        Some(_) => Err(unsupported(
            "a handshake timeout longer than the connect timeout",
            "raise CONFIG_NET_SOCKETS_CONNECT_TIMEOUT",
        )),
    }
}

/// At least 1, since 0 would be no limit.
fn milliseconds(timeout: Duration) -> Result<u32, ConfigurationError> {
    u32::try_from(timeout.as_millis())
        .map(|ms| ms.max(1))
        .map_err(|_| unsupported("a timeout of more than 49 days", "leave it out"))
}
