// SPDX-License-Identifier: Apache-2.0

//! Certificates and keys in a configuration, where the image has any use for them.

use secure_socket::error::Error;

#[cfg(mbedtls_x509)]
use secure_socket::credential::{CredentialError, CredentialKind};
#[cfg(not(mbedtls_x509))]
use secure_socket::error::ConfigurationError;

use crate::handle::Handle;
use crate::sys;
#[cfg(mbedtls_x509)]
use crate::{Certificates, PrivateKey, config::check};
use crate::{Library, Material};

/// What a configuration points to.
#[cfg(mbedtls_x509)]
pub(crate) struct Authentication {
    _anchors: Option<Certificates>,
    _identity: Option<(Certificates, PrivateKey)>,
}

#[cfg(mbedtls_x509)]
impl Authentication {
    /// Puts certificates and keys into `config`, which is freed before what is returned.
    pub(crate) fn load(
        library: Library,
        config: &Handle<sys::mbedtls_ssl_config>,
        material: &Material<'_>,
    ) -> Result<Self, Error> {
        Ok(Self {
            _anchors: Self::anchors(library, config, material)?,
            _identity: Self::identity(library, config, material)?,
        })
    }

    fn identity(
        library: Library,
        config: &Handle<sys::mbedtls_ssl_config>,
        material: &Material<'_>,
    ) -> Result<Option<(Certificates, PrivateKey)>, Error> {
        let Some(key) = material.key else {
            return Ok(None);
        };
        let kind = CredentialKind::Certificate;
        if material.chain.is_empty() {
            return Err(CredentialError::Empty(kind).into());
        }
        let chain = Certificates::parse(library, material.chain.iter().copied(), kind)?;
        let key = PrivateKey::parse(library, key)?;
        // SAFETY: `config` is ours alone; chain and key are freed after it.
        check(unsafe {
            sys::mbedtls_ssl_conf_own_cert(config.as_ptr(), chain.as_ptr(), key.as_ptr())
        })?;
        Ok(Some((chain, key)))
    }

    fn anchors(
        library: Library,
        config: &Handle<sys::mbedtls_ssl_config>,
        material: &Material<'_>,
    ) -> Result<Option<Certificates>, Error> {
        let Some(list) = &material.anchors else {
            return Ok(None);
        };
        // A list of no certificates is a list: without one, Mbed TLS gives up before it
        // asks the callback.
        let list = list.iter().copied();
        let anchors = Certificates::parse(library, list, CredentialKind::CaCertificate)?;
        // SAFETY: `config` is ours alone; the anchors are freed after it. There is no
        // CRL: revocation is checked above the seam.
        unsafe {
            sys::mbedtls_ssl_conf_ca_chain(
                config.as_ptr(),
                anchors.as_ptr(),
                core::ptr::null_mut(),
            );
        }
        Ok(Some(anchors))
    }
}

/// Mbed TLS was built without certificates.
#[cfg(not(mbedtls_x509))]
pub(crate) struct Authentication;

#[cfg(not(mbedtls_x509))]
impl Authentication {
    pub(crate) fn load(
        _: Library,
        _: &Handle<sys::mbedtls_ssl_config>,
        material: &Material<'_>,
    ) -> Result<Self, Error> {
        if material.key.is_none() && material.chain.is_empty() && material.anchors.is_none() {
            return Ok(Self);
        }
        Err(ConfigurationError::Unsupported {
            option: "a certificate",
            advice: "build with a mode that has certificates",
        }
        .into())
    }
}
