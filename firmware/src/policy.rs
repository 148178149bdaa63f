// SPDX-License-Identifier: Apache-2.0

//! How carefully to look at the peer's certificate: Kconfig to a policy; where the image
//! runs on a computer, its command line comes on top.

#[cfg(any(CONFIG_SECURE_SOCKETS_WITH_CRL_URL, CONFIG_SECURE_SOCKETS_WITH_OCSP))]
use alloc::format;
#[cfg(all(CONFIG_SECURE_SOCKETS_HOSTED, CONFIG_SECURE_SOCKETS_WITH_CRL))]
use alloc::string::String;
use alloc::vec::Vec;
#[cfg(any(CONFIG_SECURE_SOCKETS_WITH_CRL_URL, CONFIG_SECURE_SOCKETS_WITH_OCSP))]
use core::time::Duration;

#[cfg(CONFIG_SECURE_SOCKETS_WITH_CRL)]
use secure_socket::credential::CaCertificate;
use secure_socket::policy::{KeyPolicy, Policy, SpkiPin};
#[cfg(any(CONFIG_SECURE_SOCKETS_WITH_CRL, CONFIG_SECURE_SOCKETS_WITH_OCSP))]
use secure_socket::revocation::Scope;
#[cfg(CONFIG_SECURE_SOCKETS_WITH_OCSP)]
use secure_socket::revocation::{CertIdHash, Ocsp};
#[cfg(CONFIG_SECURE_SOCKETS_WITH_CRL)]
use secure_socket::revocation::{Crl, Crls};
#[cfg(any(CONFIG_SECURE_SOCKETS_WITH_CRL_URL, CONFIG_SECURE_SOCKETS_WITH_OCSP))]
use secure_socket::revocation::{HttpUrl, Limits};
use secure_socket::x509::Curve;

use crate::error::StartError;
use crate::kconfig;

/// How carefully to look at the peer's certificate.
pub(crate) struct Checks {
    /// The keys of which one must be in the chain; none for any.
    pub(crate) pins: Vec<SpkiPin>,
    /// The pins stand in for a CA.
    pub(crate) pinned_only: bool,
    pub(crate) keys: KeyPolicy,
    pub(crate) legacy_common_name: bool,
    /// The server's certificate is left to the modem.
    pub(crate) unexamined: bool,
    #[cfg(CONFIG_SECURE_SOCKETS_WITH_CRL)]
    pub(crate) lists: Option<Lists>,
    #[cfg(CONFIG_SECURE_SOCKETS_WITH_OCSP)]
    pub(crate) ocsp: Option<Responder>,
}

/// The revocation lists to look certificates up in.
#[cfg(CONFIG_SECURE_SOCKETS_WITH_CRL)]
pub(crate) struct Lists {
    pub(crate) scope: Scope,
    /// Files of the computer with them; else they are where the credentials are.
    #[cfg(CONFIG_SECURE_SOCKETS_HOSTED)]
    pub(crate) files: Option<Vec<String>>,
    /// Files of the computer with the certificates of their issuers, in the same way.
    #[cfg(CONFIG_SECURE_SOCKETS_HOSTED)]
    pub(crate) issuers: Option<Vec<String>>,
    /// Where they are fetched from.
    #[cfg(CONFIG_SECURE_SOCKETS_WITH_CRL_URL)]
    pub(crate) urls: Vec<HttpUrl>,
    /// How long each that is fetched may be, and take.
    #[cfg(CONFIG_SECURE_SOCKETS_WITH_CRL_URL)]
    pub(crate) limits: Limits,
    /// When to look for a newer one at the latest.
    #[cfg(CONFIG_SECURE_SOCKETS_WITH_CRL_URL)]
    pub(crate) refresh_after: Option<Duration>,
}

/// Which responder to ask, and how.
#[cfg(CONFIG_SECURE_SOCKETS_WITH_OCSP)]
pub(crate) struct Responder {
    /// `None` for the one that a certificate names.
    pub(crate) url: Option<HttpUrl>,
    pub(crate) scope: Scope,
    pub(crate) nonce: bool,
    pub(crate) soft_fail: bool,
    pub(crate) cache: usize,
    /// How long a response may be, and take.
    pub(crate) limits: Limits,
    pub(crate) hash: CertIdHash,
}

/// What Kconfig says of something that is fetched.
#[cfg(any(CONFIG_SECURE_SOCKETS_WITH_CRL_URL, CONFIG_SECURE_SOCKETS_WITH_OCSP))]
fn limits(bytes: u32, timeout_s: u32) -> Limits {
    Limits {
        bytes: usize::try_from(bytes).unwrap_or(usize::MAX),
        timeout: Duration::from_secs(timeout_s.into()),
    }
}

impl Checks {
    /// What was chosen in Kconfig.
    pub(crate) fn from_kconfig() -> Result<Self, StartError> {
        let keys = KeyPolicy::new();
        let keys = match cfg!(CONFIG_SECURE_SOCKETS_TLS_OFFLOADED) {
            // Which keys the modem takes is its own affair.
            true => keys,
            false => keys.with_curves(
                [
                    cfg!(CONFIG_SECURE_SOCKETS_KEY_ECC).then_some(Curve::P256),
                    cfg!(CONFIG_SECURE_SOCKETS_KEY_ECC_P384).then_some(Curve::P384),
                ]
                .into_iter()
                .flatten(),
            ),
        };
        Ok(Self {
            pins: kconfig::PINS.iter().copied().map(SpkiPin::new).collect(),
            pinned_only: cfg!(CONFIG_SECURE_SOCKETS_PINNED_ONLY),
            keys: match kconfig::MAX_RSA_BITS {
                Some(bits) => keys.with_max_rsa_bits(bits),
                None => keys,
            },
            legacy_common_name: cfg!(CONFIG_SECURE_SOCKETS_LEGACY_COMMON_NAME),
            unexamined: cfg!(CONFIG_SECURE_SOCKETS_UNEXAMINED),
            #[cfg(CONFIG_SECURE_SOCKETS_WITH_CRL)]
            lists: match cfg!(CONFIG_SECURE_SOCKETS_CRL) {
                true => Some(Lists::from_kconfig()?),
                false => None,
            },
            #[cfg(CONFIG_SECURE_SOCKETS_WITH_OCSP)]
            ocsp: match cfg!(any(
                CONFIG_SECURE_SOCKETS_OCSP_REQUIRED,
                CONFIG_SECURE_SOCKETS_OCSP_SOFT_FAIL
            )) {
                true => Some(Responder::from_kconfig()?),
                false => None,
            },
        })
    }

    /// The same for the library, but for the revocation lists, which are read with the
    /// credentials.
    pub(crate) fn policy(&self) -> Policy {
        let mut policy = Policy::new().with_keys(self.keys.clone());
        if self.legacy_common_name {
            policy = policy.with_legacy_common_name();
        }
        if !self.pinned_only {
            policy = policy.with_pins(self.pins.iter().copied());
        }
        #[cfg(CONFIG_SECURE_SOCKETS_WITH_OCSP)]
        if let Some(responder) = &self.ocsp {
            policy = policy.with_ocsp(responder.ocsp());
        }
        policy
    }
}

#[cfg(CONFIG_SECURE_SOCKETS_WITH_CRL)]
impl Lists {
    pub(crate) fn from_kconfig() -> Result<Self, StartError> {
        Ok(Self {
            scope: match cfg!(CONFIG_SECURE_SOCKETS_CRL_SCOPE_LEAF) {
                true => Scope::Leaf,
                false => Scope::Chain,
            },
            #[cfg(CONFIG_SECURE_SOCKETS_HOSTED)]
            files: None,
            #[cfg(CONFIG_SECURE_SOCKETS_HOSTED)]
            issuers: None,
            #[cfg(CONFIG_SECURE_SOCKETS_WITH_CRL_URL)]
            urls: kconfig::CRL_URLS
                .iter()
                .map(|url| {
                    HttpUrl::new(url).map_err(|error| {
                        StartError::Setting(format!("CONFIG_SECURE_SOCKETS_CRL_URLS: {error}"))
                    })
                })
                .collect::<Result<_, _>>()?,
            #[cfg(CONFIG_SECURE_SOCKETS_WITH_CRL_URL)]
            limits: limits(kconfig::CRL_MAX_BYTES, kconfig::CRL_TIMEOUT_S),
            #[cfg(CONFIG_SECURE_SOCKETS_WITH_CRL_URL)]
            refresh_after: match kconfig::CRL_REFRESH_S {
                0 => None,
                seconds => Some(Duration::from_secs(seconds.into())),
            },
        })
    }

    /// Whether there need be no list at hand.
    pub(crate) fn fetches(&self) -> bool {
        #[cfg(CONFIG_SECURE_SOCKETS_WITH_CRL_URL)]
        return !self.urls.is_empty();
        #[cfg(not(CONFIG_SECURE_SOCKETS_WITH_CRL_URL))]
        false
    }

    /// The lists that are at hand, with those that are fetched.
    pub(crate) fn crls(&self, lists: Vec<Crl>, issuers: Vec<CaCertificate>) -> Crls {
        let crls = Crls::new()
            .with_scope(self.scope)
            .with_lists(lists)
            .with_issuers(issuers);
        #[cfg(CONFIG_SECURE_SOCKETS_WITH_CRL_URL)]
        let crls = {
            let crls = self.urls.iter().cloned().fold(crls, Crls::with_url);
            let crls = crls.with_limits(self.limits);
            match self.refresh_after {
                Some(age) => crls.with_refresh_after(age),
                None => crls,
            }
        };
        crls
    }
}

#[cfg(CONFIG_SECURE_SOCKETS_WITH_OCSP)]
impl Responder {
    pub(crate) fn from_kconfig() -> Result<Self, StartError> {
        let url = match kconfig::OCSP_RESPONDER {
            "" => None,
            url => Some(HttpUrl::new(url).map_err(|error| {
                StartError::Setting(format!("CONFIG_SECURE_SOCKETS_OCSP_RESPONDER: {error}"))
            })?),
        };
        Ok(Self {
            url,
            scope: match cfg!(CONFIG_SECURE_SOCKETS_OCSP_SCOPE_CHAIN) {
                true => Scope::Chain,
                false => Scope::Leaf,
            },
            nonce: cfg!(CONFIG_SECURE_SOCKETS_OCSP_NONCE),
            soft_fail: cfg!(CONFIG_SECURE_SOCKETS_OCSP_SOFT_FAIL),
            cache: kconfig::OCSP_CACHE,
            limits: limits(kconfig::OCSP_MAX_BYTES, kconfig::OCSP_TIMEOUT_S),
            hash: match cfg!(CONFIG_SECURE_SOCKETS_OCSP_CERT_ID_SHA256) {
                true => CertIdHash::Sha256,
                false => CertIdHash::Sha1,
            },
        })
    }

    fn ocsp(&self) -> Ocsp {
        let mut ocsp = Ocsp::new()
            .with_scope(self.scope)
            .with_cache(self.cache)
            .with_limits(self.limits)
            .with_cert_id_hash(self.hash);
        if let Some(url) = &self.url {
            ocsp = ocsp.with_responder(url.clone());
        }
        if self.nonce {
            ocsp = ocsp.with_nonce();
        }
        if self.soft_fail {
            ocsp = ocsp.with_soft_fail();
        }
        ocsp
    }
}
