// SPDX-License-Identifier: Apache-2.0

//! The credentials, from the image or, on native_sim, from files.

use alloc::format;
#[cfg(CONFIG_SECURE_SOCKETS_CHECKS_CERTIFICATES)]
use alloc::vec::Vec;

use secure_socket::Mode;
use secure_socket::backend::Backend;
#[cfg(CONFIG_SECURE_SOCKETS_CHECKS_CERTIFICATES)]
use secure_socket::credential::{CaCertificate, Trust};
use secure_socket::credential::{
    CredentialError, Der, Identity, Psk, PskIdentity, PskSource, SecretBytes,
};
use secure_socket::diagnosis::Peer;
#[cfg(CONFIG_SECURE_SOCKETS_WITH_CRL)]
use secure_socket::revocation::{Crl, Crls};
use secure_sockets::Credentials;

use crate::error::StartError;
use crate::kconfig;
#[cfg(CONFIG_SECURE_SOCKETS_CHECKS_CERTIFICATES)]
use crate::policy::Checks;
use crate::settings::Settings;

/// Where the credentials are.
pub(crate) enum CredentialSource {
    /// Compiled in.
    Image,
    /// In a directory of the host.
    #[cfg(CONFIG_ARCH_POSIX)]
    Directory(&'static str),
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
        let mut credentials = Credentials::default();
        let server = us == Peer::Server;
        if mode == Mode::Psk {
            let psk = self.psk()?;
            credentials.psk = Some(self.need(psk, "psk.hex and psk-identity.txt")?);
            return Ok(credentials);
        }
        #[cfg(CONFIG_SECURE_SOCKETS_CHECKS_CERTIFICATES)]
        if mode == Mode::Mutual || (mode == Mode::ServerAuth && !server) {
            credentials.trust = Some(self.trust(&settings.checks)?);
        }
        if mode == Mode::Mutual || server {
            let identity = self.identity(us, backend)?;
            let files = match us {
                Peer::Server => "server.pem and server-key.pem, or both in DER",
                Peer::Client => "client.pem and client-key.pem, or both in DER",
            };
            credentials.identity = Some(self.need(identity, files)?.into());
        }
        Ok(credentials)
    }

    /// A credential that has to be there, or where it was looked for.
    fn need<T>(&self, credential: Option<T>, files: &str) -> Result<T, StartError> {
        credential.ok_or_else(|| {
            StartError::Setting(match self {
                Self::Image => format!(
                    "no credentials were compiled in: name a directory with {files} in \
                     CONFIG_SECURE_SOCKETS_CREDENTIALS_DIR"
                ),
                #[cfg(CONFIG_ARCH_POSIX)]
                Self::Directory(path) => format!("{path}: there is no {files}"),
            })
        })
    }

    fn psk(&self) -> Result<Option<PskSource>, StartError> {
        match self {
            Self::Image => Ok(image_psk()?),
            #[cfg(CONFIG_ARCH_POSIX)]
            Self::Directory(path) => crate::native::psk(path),
        }
    }

    #[cfg(CONFIG_SECURE_SOCKETS_CHECKS_CERTIFICATES)]
    fn trust(&self, checks: &Checks) -> Result<Trust, StartError> {
        let trust = match checks.pinned_only {
            true => Trust::pinned(checks.pins.iter().copied()),
            false => self.need(self.anchors()?, "ca.pem or ca.der")?.into(),
        };
        let policy = checks.policy();
        #[cfg(CONFIG_SECURE_SOCKETS_WITH_CRL)]
        let policy = match &checks.lists {
            None => policy,
            Some(lists) => policy.with_crls(
                Crls::new()
                    .with_scope(lists.scope)
                    .with_lists(self.lists(lists)?),
            ),
        };
        Ok(trust.with_policy(policy))
    }

    #[cfg(CONFIG_SECURE_SOCKETS_CHECKS_CERTIFICATES)]
    fn anchors(&self) -> Result<Option<Vec<CaCertificate>>, StartError> {
        match self {
            Self::Image => Ok(image_anchors()?),
            #[cfg(CONFIG_ARCH_POSIX)]
            Self::Directory(path) => crate::native::anchors(path),
        }
    }

    /// The revocation lists.
    #[cfg(CONFIG_SECURE_SOCKETS_WITH_CRL)]
    #[cfg_attr(not(CONFIG_ARCH_POSIX), allow(unused_variables))]
    fn lists(&self, lists: &crate::policy::Lists) -> Result<Vec<Crl>, StartError> {
        #[cfg(CONFIG_ARCH_POSIX)]
        if let Some(files) = &lists.files {
            return crate::native::lists(files);
        }
        let found = match self {
            Self::Image => image_lists()?,
            #[cfg(CONFIG_ARCH_POSIX)]
            Self::Directory(path) => crate::native::lists_of(path)?,
        };
        self.need(found, "crl.pem or crl.der")
    }

    fn identity<B: Backend>(&self, us: Peer, backend: &B) -> Result<Option<Identity>, StartError> {
        match self {
            Self::Image => Ok(image_identity(us, backend)?),
            #[cfg(CONFIG_ARCH_POSIX)]
            Self::Directory(path) => crate::native::identity(path, us, backend),
        }
    }
}

fn image_psk() -> Result<Option<PskSource>, CredentialError> {
    let Some((key, identity)) = kconfig::PSK else {
        return Ok(None);
    };
    Ok(Some(PskSource::Given {
        identity: PskIdentity::new(identity)?,
        key: Psk::new(SecretBytes::from_static(key))?,
    }))
}

#[cfg(CONFIG_SECURE_SOCKETS_CHECKS_CERTIFICATES)]
fn image_anchors() -> Result<Option<Vec<CaCertificate>>, CredentialError> {
    if kconfig::ANCHORS.is_empty() {
        return Ok(None);
    }
    let anchors = kconfig::ANCHORS.iter();
    anchors
        .map(|der| CaCertificate::from_der(*der))
        .collect::<Result<_, _>>()
        .map(Some)
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

fn image_identity<B: Backend>(us: Peer, backend: &B) -> Result<Option<Identity>, CredentialError> {
    let (key, chain) = match us {
        Peer::Client => (kconfig::CLIENT_KEY, kconfig::CLIENT_CHAIN),
        Peer::Server => (kconfig::SERVER_KEY, kconfig::SERVER_CHAIN),
    };
    let Some(key) = key else {
        return Ok(None);
    };
    let chain = chain.iter().map(|der| Der::Borrowed(*der));
    Identity::from_der(chain, SecretBytes::from_static(key), backend).map(Some)
}
