// SPDX-License-Identifier: Apache-2.0

//! The credentials, from the image or, on native_sim, from files.

use alloc::format;
use alloc::vec::Vec;

use secure_socket::Mode;
use secure_socket::backend::Backend;
use secure_socket::credential::{
    CaCertificate, CredentialError, Der, Identity, Psk, PskIdentity, PskSource, SecretBytes,
};
use secure_socket::diagnosis::Peer;
use secure_sockets::Credentials;

use crate::error::StartError;
use crate::kconfig;

/// Where the credentials are.
pub(crate) enum CredentialSource {
    /// Compiled in.
    Image,
    /// In a directory of the host.
    #[cfg(CONFIG_ARCH_POSIX)]
    Directory(&'static str),
}

impl CredentialSource {
    /// Those that `mode` needs on the side of `us`.
    pub(crate) fn load<B: Backend>(
        &self,
        mode: Mode,
        us: Peer,
        backend: &B,
    ) -> Result<Credentials, StartError> {
        let mut credentials = Credentials::default();
        let server = us == Peer::Server;
        if mode == Mode::Psk {
            let psk = self.psk()?;
            credentials.psk = Some(self.need(psk, "psk.hex and psk-identity.txt")?);
            return Ok(credentials);
        }
        if mode == Mode::Mutual || (mode == Mode::ServerAuth && !server) {
            let trust = self.trust()?;
            credentials.trust = Some(self.need(trust, "ca.pem or ca.der")?.into());
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

    fn trust(&self) -> Result<Option<Vec<CaCertificate>>, StartError> {
        match self {
            Self::Image => Ok(image_trust()?),
            #[cfg(CONFIG_ARCH_POSIX)]
            Self::Directory(path) => crate::native::trust(path),
        }
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

fn image_trust() -> Result<Option<Vec<CaCertificate>>, CredentialError> {
    if kconfig::ANCHORS.is_empty() {
        return Ok(None);
    }
    let anchors = kconfig::ANCHORS.iter();
    anchors
        .map(|der| CaCertificate::from_der(*der))
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
