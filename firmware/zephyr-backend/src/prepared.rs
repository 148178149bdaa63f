// SPDX-License-Identifier: Apache-2.0

//! A client's settings in the form that Zephyr's sockets take, and its credentials
//! in Zephyr's store.

use alloc::borrow::{Cow, ToOwned};
use alloc::ffi::CString;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::ffi::{c_char, c_int};
use core::ptr;
use core::time::Duration;

use secure_socket::config::{ClientAuthentication, ClientConfig, Settings};
use secure_socket::credential::{
    Anchors, CredentialError, CredentialKind, Der, IdentitySource, PskSource, SecTag, SecretBytes,
    Trust,
};
use secure_socket::error::ConfigurationError;
use secure_socket::{Error, Mode, TlsVersion};
use zeroize::Zeroizing;

use crate::sys::{self, Kind};

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

/// A credential in the store, which keeps a pointer to its bytes.
struct Stored {
    tag: SecTag,
    kind: Kind,
    _bytes: Bytes,
}

enum Bytes {
    Public(Der),
    Image(&'static [u8]),
    Secret(Zeroizing<Vec<u8>>),
}

impl Bytes {
    fn secret(secret: &SecretBytes) -> Self {
        match secret.image() {
            Some(image) => Self::Image(image),
            None => Self::Secret(Zeroizing::new(secret.expose().to_owned())),
        }
    }

    fn as_slice(&self) -> &[u8] {
        match self {
            Self::Public(bytes) => bytes,
            Self::Image(bytes) => bytes,
            Self::Secret(bytes) => bytes,
        }
    }
}

impl Stored {
    fn new(tag: SecTag, kind: Kind, bytes: Bytes) -> Result<Self, CredentialError> {
        let slice = bytes.as_slice();
        // SAFETY: the store keeps the pointer. It is to the heap or the image, so it
        // stays good when `bytes` moves, until `drop` has taken it out again.
        let status = unsafe {
            sys::ss_credential_add(number(tag), kind as i32, slice.as_ptr(), slice.len())
        };
        match status {
            sys::store::OK => Ok(Self {
                tag,
                kind,
                _bytes: bytes,
            }),
            sys::store::IN_USE => Err(CredentialError::TagInUse {
                tag,
                kind: name(kind),
            }),
            sys::store::FULL => Err(CredentialError::StoreFull),
            _ => Err(CredentialError::OutOfMemory(name(kind))),
        }
    }
}

impl Drop for Stored {
    fn drop(&mut self) {
        sys::ss_credential_delete(number(self.tag), self.kind as i32);
    }
}

/// A tag as Zephyr has it: `SecTag` proves that it fits.
fn number(tag: SecTag) -> i32 {
    i32::try_from(tag.get()).unwrap_or(i32::MAX)
}

pub(crate) fn name(kind: Kind) -> CredentialKind {
    match kind {
        Kind::Ca => CredentialKind::CaCertificate,
        Kind::Certificate => CredentialKind::Certificate,
        Kind::Key => CredentialKind::PrivateKey,
        Kind::Psk => CredentialKind::Psk,
        Kind::PskIdentity => CredentialKind::PskIdentity,
    }
}

/// The tags of a client, and what was stored under them.
pub(crate) struct Loader {
    first: SecTag,
    stored: Vec<Stored>,
    tags: Vec<i32>,
}

impl Loader {
    pub(crate) const fn new(first: SecTag) -> Self {
        Self {
            first,
            stored: Vec::new(),
            tags: Vec::new(),
        }
    }

    /// The tags, in the order in which they were filled or found.
    pub(crate) fn tags(&self) -> &[i32] {
        &self.tags
    }

    fn use_tag(&mut self, tag: SecTag) {
        let tag = number(tag);
        if !self.tags.contains(&tag) {
            self.tags.push(tag);
        }
    }

    fn store(&mut self, index: usize, kind: Kind, bytes: Bytes) -> Result<(), CredentialError> {
        let tag = self
            .first
            .offset(index)
            .ok_or(CredentialError::SecTag(u32::MAX))?;
        self.use_tag(tag);
        self.stored.push(Stored::new(tag, kind, bytes)?);
        Ok(())
    }

    fn look_up(&mut self, tag: SecTag, kinds: &[Kind]) -> Result<(), CredentialError> {
        for kind in kinds {
            if !sys::ss_credential_present(number(tag), *kind as i32) {
                return Err(CredentialError::NotStored {
                    tag,
                    kind: name(*kind),
                });
            }
        }
        self.use_tag(tag);
        Ok(())
    }

    pub(crate) fn trust(&mut self, trust: &Trust) -> Result<(), CredentialError> {
        let anchors = match trust.anchors() {
            Anchors::Given(anchors) => anchors,
            Anchors::Stored(tag) => return self.look_up(*tag, &[Kind::Ca]),
            // The key counts, and it is not the store's to know.
            Anchors::Pinned(_) => return Ok(()),
            _ => return Err(CredentialError::Empty(CredentialKind::CaCertificate)),
        };
        for (index, anchor) in anchors.iter().enumerate() {
            self.store(index, Kind::Ca, Bytes::Public(anchor.der().clone()))?;
        }
        Ok(())
    }

    pub(crate) fn identity(&mut self, source: &IdentitySource) -> Result<(), CredentialError> {
        match source {
            IdentitySource::Stored(tag) => self.look_up(*tag, &[Kind::Certificate, Kind::Key]),
            IdentitySource::Given(identity) => {
                for (index, certificate) in identity.chain().iter().enumerate() {
                    self.store(index, Kind::Certificate, Bytes::Public(certificate.clone()))?;
                }
                self.store(0, Kind::Key, Bytes::secret(identity.key()))
            }
            _ => Err(CredentialError::Empty(CredentialKind::Certificate)),
        }
    }

    pub(crate) fn psk(&mut self, source: &PskSource) -> Result<(), CredentialError> {
        match source {
            PskSource::Stored(tag) => self.look_up(*tag, &[Kind::Psk, Kind::PskIdentity]),
            PskSource::Given { identity, key } => {
                let key = Zeroizing::new(key.expose().to_owned());
                self.store(0, Kind::Psk, Bytes::Secret(key))?;
                let identity = identity.as_str().as_bytes().to_owned();
                self.store(0, Kind::PskIdentity, Bytes::Public(Cow::Owned(identity)))
            }
            _ => Err(CredentialError::Empty(CredentialKind::Psk)),
        }
    }
}

const fn unsupported(option: &'static str, advice: &'static str) -> ConfigurationError {
    ConfigurationError::Unsupported { option, advice }
}

impl Prepared {
    pub(crate) fn new(first: SecTag, config: &ClientConfig) -> Result<Self, Error> {
        let settings = config.settings();
        check_build(config.mode(), config.settings())?;
        check_connect_timeout(config.settings())?;
        if settings.resumes() {
            return Err(unsupported("resuming sessions", "leave it out").into());
        }
        let mut loader = Loader::new(first);
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
                hostname = Some(name.to_text());
            }
            ClientAuthentication::Mutual {
                trust,
                name,
                identity,
            } => {
                loader.trust(trust)?;
                loader.identity(identity)?;
                hostname = Some(name.to_text());
            }
            _ => {
                return Err(unsupported("this mode", "use one that this backend knows").into());
            }
        }
        if loader.tags.len() > sys::build().max_tags as usize {
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
            _stored: loader.stored,
            tags: loader.tags,
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
        }
    }
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
