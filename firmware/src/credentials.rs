// SPDX-License-Identifier: Apache-2.0

//! The credentials, from the image or, where it runs on a computer, from files.

use alloc::format;
#[cfg(CONFIG_SECURE_SOCKETS_WITH_CRL)]
use alloc::vec::Vec;

use secure_socket::Mode;
use secure_socket::backend::Backend;
#[cfg(CONFIG_SECURE_SOCKETS_CHECKS_CERTIFICATES)]
use secure_socket::credential::Trust;
#[cfg(CONFIG_SECURE_SOCKETS_WITH_CRL)]
use secure_socket::credential::{CaCertificate, CredentialError};
use secure_socket::credential::{IdentitySource, PskSource, SecTag};
use secure_socket::diagnosis::Peer;
#[cfg(CONFIG_SECURE_SOCKETS_WITH_CRL)]
use secure_socket::revocation::Crl;
use secure_sockets::Credentials;

use crate::error::StartError;
#[cfg(not(CONFIG_SECURE_SOCKETS_CREDENTIALS_STORED))]
use crate::image;
#[cfg(CONFIG_SECURE_SOCKETS_WITH_CRL)]
use crate::kconfig;
#[cfg(CONFIG_SECURE_SOCKETS_CHECKS_CERTIFICATES)]
use crate::policy::Checks;
use crate::settings::Settings;

/// Where the credentials are.
pub(crate) enum CredentialSource {
    /// Compiled in.
    #[cfg(not(CONFIG_SECURE_SOCKETS_CREDENTIALS_STORED))]
    Image,
    /// In a directory of the computer.
    #[cfg(CONFIG_SECURE_SOCKETS_HOSTED)]
    Directory(&'static str),
    /// In Zephyr's credential store, where somebody put them before.
    #[cfg(CONFIG_SECURE_SOCKETS_WITH_STORED)]
    Stored,
}

impl CredentialSource {
    /// Those that the mode needs on the side of `us`, with how carefully to look at the
    /// peer's.
    pub(crate) fn load<B: Backend>(
        &self,
        settings: &Settings,
        us: Peer,
        backend: &B,
    ) -> Result<Credentials, StartError> {
        let mode = settings.job.mode;
        let tag = settings.tag(us)?;
        let mut credentials = Credentials::default();
        let server = us == Peer::Server;
        // What `cfg!` leaves out of an image takes all of its code along: reading
        // certificates is tens of kilobytes.
        if mode == Mode::Psk && cfg!(CONFIG_SECURE_SOCKETS_WITH_PSK) {
            let psk = self.psk(tag)?;
            credentials.psk = Some(self.need(psk, "psk.hex and psk-identity.txt")?);
            return Ok(credentials);
        }
        #[cfg(CONFIG_SECURE_SOCKETS_CHECKS_CERTIFICATES)]
        if mode == Mode::Mutual || (mode == Mode::ServerAuth && !server) {
            credentials.trust = Some(self.trust(tag, &settings.checks)?);
        }
        let proves = mode == Mode::Mutual || server;
        let has_identities = cfg!(CONFIG_SECURE_SOCKETS_WITH_IDENTITY)
            || cfg!(all(
                CONFIG_SECURE_SOCKETS_WITH_CERTIFICATES,
                CONFIG_SECURE_SOCKETS_WITH_SERVER
            ));
        if proves && has_identities {
            let identity = self.identity(us, tag, backend)?;
            let files = match us {
                Peer::Server => "server.pem and server-key.pem, or both in DER",
                Peer::Client => "client.pem and client-key.pem, or both in DER",
            };
            credentials.identity = Some(self.need(identity, files)?);
        }
        Ok(credentials)
    }

    /// A credential that has to be there, or where it was looked for.
    fn need<T>(&self, credential: Option<T>, files: &str) -> Result<T, StartError> {
        credential.ok_or_else(|| {
            StartError::Setting(match self {
                #[cfg(not(CONFIG_SECURE_SOCKETS_CREDENTIALS_STORED))]
                Self::Image => format!(
                    "no credentials were compiled in: name a directory with {files} in \
                     CONFIG_SECURE_SOCKETS_CREDENTIALS_DIR"
                ),
                #[cfg(CONFIG_SECURE_SOCKETS_HOSTED)]
                Self::Directory(path) => format!("{path}: there is no {files}"),
                // Of the others the store itself tells, by their tags.
                #[cfg(CONFIG_SECURE_SOCKETS_WITH_STORED)]
                Self::Stored => format!(
                    "the credential store has no {files}: name a directory with it in \
                     CONFIG_SECURE_SOCKETS_CREDENTIALS_DIR"
                ),
            })
        })
    }

    #[cfg_attr(not(CONFIG_SECURE_SOCKETS_WITH_STORED), allow(unused_variables))]
    fn psk(&self, tag: SecTag) -> Result<Option<PskSource>, StartError> {
        match self {
            #[cfg(CONFIG_SECURE_SOCKETS_WITH_STORED)]
            Self::Stored => Ok(Some(PskSource::Stored(tag))),
            #[cfg(not(CONFIG_SECURE_SOCKETS_CREDENTIALS_STORED))]
            Self::Image => Ok(image::psk()?),
            #[cfg(CONFIG_SECURE_SOCKETS_HOSTED)]
            Self::Directory(path) => crate::hosted::psk(path),
        }
    }

    #[cfg(CONFIG_SECURE_SOCKETS_CHECKS_CERTIFICATES)]
    fn trust(&self, tag: SecTag, checks: &Checks) -> Result<Trust, StartError> {
        let trust = match checks.pinned_only {
            true => Trust::pinned(checks.pins.iter().copied()),
            false => self.anchors(tag)?,
        };
        let trust = match checks.unexamined {
            true => Trust::unexamined(trust.anchors().clone()),
            false => trust,
        };
        let policy = checks.policy();
        #[cfg(CONFIG_SECURE_SOCKETS_WITH_CRL)]
        let policy = match &checks.lists {
            None => policy,
            Some(lists) => {
                policy.with_crls(lists.crls(self.lists(lists)?, self.list_issuers(lists)?))
            }
        };
        Ok(trust.with_policy(policy))
    }

    /// The CAs.
    #[cfg(CONFIG_SECURE_SOCKETS_CHECKS_CERTIFICATES)]
    #[cfg_attr(not(CONFIG_SECURE_SOCKETS_WITH_STORED), allow(unused_variables))]
    fn anchors(&self, tag: SecTag) -> Result<Trust, StartError> {
        Ok(match self {
            #[cfg(CONFIG_SECURE_SOCKETS_WITH_STORED)]
            Self::Stored => tag.into(),
            #[cfg(not(CONFIG_SECURE_SOCKETS_CREDENTIALS_STORED))]
            Self::Image => self.need(image::anchors()?, "ca.pem or ca.der")?.into(),
            #[cfg(CONFIG_SECURE_SOCKETS_HOSTED)]
            Self::Directory(path) => {
                let anchors = crate::hosted::anchors(path)?;
                self.need(anchors, "ca.pem or ca.der")?.into()
            }
        })
    }

    /// The revocation lists.
    #[cfg(CONFIG_SECURE_SOCKETS_WITH_CRL)]
    #[cfg_attr(not(CONFIG_SECURE_SOCKETS_HOSTED), allow(unused_variables))]
    fn lists(&self, lists: &crate::policy::Lists) -> Result<Vec<Crl>, StartError> {
        #[cfg(CONFIG_SECURE_SOCKETS_HOSTED)]
        if let Some(files) = &lists.files {
            return crate::hosted::lists(files);
        }
        let found = match self {
            #[cfg(not(CONFIG_SECURE_SOCKETS_CREDENTIALS_STORED))]
            Self::Image => image_lists()?,
            // The store has no place for them.
            #[cfg(CONFIG_SECURE_SOCKETS_WITH_STORED)]
            Self::Stored => image_lists()?,
            #[cfg(CONFIG_SECURE_SOCKETS_HOSTED)]
            Self::Directory(path) => crate::hosted::lists_of(path)?,
        };
        match found {
            None if lists.fetches() => Ok(Vec::new()),
            found => self.need(found, "crl.pem or crl.der"),
        }
    }

    /// CA certificates by which the lists are checked before a handshake; none need be there.
    #[cfg(CONFIG_SECURE_SOCKETS_WITH_CRL)]
    #[cfg_attr(not(CONFIG_SECURE_SOCKETS_HOSTED), allow(unused_variables))]
    fn list_issuers(&self, lists: &crate::policy::Lists) -> Result<Vec<CaCertificate>, StartError> {
        #[cfg(CONFIG_SECURE_SOCKETS_HOSTED)]
        match (&lists.issuers, self) {
            (Some(files), _) => return crate::hosted::list_issuers(files),
            (None, Self::Directory(path)) => return crate::hosted::list_issuers_of(path),
            _ => {}
        }
        Ok(image_certificates(kconfig::CRL_ISSUERS)?)
    }

    // Where the store alone has them, the tag is all that it takes.
    #[cfg_attr(
        any(
            not(CONFIG_SECURE_SOCKETS_WITH_STORED),
            all(
                CONFIG_SECURE_SOCKETS_CREDENTIALS_STORED,
                not(CONFIG_SECURE_SOCKETS_HOSTED)
            )
        ),
        allow(unused_variables)
    )]
    fn identity<B: Backend>(
        &self,
        us: Peer,
        tag: SecTag,
        backend: &B,
    ) -> Result<Option<IdentitySource>, StartError> {
        Ok(match self {
            #[cfg(CONFIG_SECURE_SOCKETS_WITH_STORED)]
            Self::Stored => Some(tag.into()),
            #[cfg(not(CONFIG_SECURE_SOCKETS_CREDENTIALS_STORED))]
            Self::Image => image::identity(us, backend)?.map(IdentitySource::from),
            #[cfg(CONFIG_SECURE_SOCKETS_HOSTED)]
            Self::Directory(path) => {
                crate::hosted::identity(path, us, backend)?.map(IdentitySource::from)
            }
        })
    }
}

#[cfg(CONFIG_SECURE_SOCKETS_WITH_CRL)]
fn image_certificates(ders: &[&'static [u8]]) -> Result<Vec<CaCertificate>, CredentialError> {
    let certificates = ders.iter();
    certificates
        .map(|der| CaCertificate::from_der(*der))
        .collect()
}

#[cfg(CONFIG_SECURE_SOCKETS_WITH_CRL)]
fn image_lists() -> Result<Option<Vec<Crl>>, CredentialError> {
    if kconfig::CRLS.is_empty() {
        return Ok(None);
    }
    let lists = kconfig::CRLS.iter();
    lists
        .map(|der| Crl::from_der(*der))
        .collect::<Result<_, _>>()
        .map(Some)
}
