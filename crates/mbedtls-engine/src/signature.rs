// SPDX-License-Identifier: Apache-2.0

//! Signatures that are no part of a handshake.

use core::ffi::c_void;
use core::ptr;

use secure_socket::backend::SignatureError;
use secure_socket::diagnosis::TlsCode;
use secure_socket::x509::{Hash, SignatureAlgorithm, SignatureScheme};

use crate::handle::Handle;
use crate::{Library, sys};

/// Verifies `signature` over `message` with `public_key`, a SubjectPublicKeyInfo in
/// DER.
///
/// # Errors
///
/// [`SignatureError`].
pub fn verify_signature(
    library: Library,
    algorithm: &SignatureAlgorithm,
    public_key: &[u8],
    message: &[u8],
    signature: &[u8],
) -> Result<(), SignatureError> {
    let SignatureAlgorithm::Known(scheme, hash) = algorithm else {
        return Err(SignatureError::Unsupported);
    };
    let (md, kind) = (md_type(*hash)?, pk_type(*scheme)?);
    let key = Handle::<sys::mbedtls_pk_context>::new();
    let pss = sys::mbedtls_pk_rsassa_pss_options {
        mgf1_hash_id: md,
        expected_salt_len: sys::MBEDTLS_RSA_SALT_LEN_ANY,
    };
    let options: *const c_void = match scheme {
        SignatureScheme::RsaPss => (&raw const pss).cast(),
        _ => ptr::null(),
    };
    let code = library.exclusively(|| {
        // SAFETY: `key` is initialised and ours alone; every pointer is valid for the
        // length that goes with it, `digest` for the longest hash there is, and
        // `options` is what the scheme takes.
        unsafe {
            let info = sys::mbedtls_md_info_from_type(md);
            if info.is_null() {
                return sys::MBEDTLS_ERR_MD_FEATURE_UNAVAILABLE;
            }
            let mut digest = [0; sys::MBEDTLS_MD_MAX_SIZE as usize];
            let length = usize::from(sys::mbedtls_md_get_size(info));
            match sys::mbedtls_md(info, message.as_ptr(), message.len(), digest.as_mut_ptr()) {
                0 => {}
                code => return code,
            }
            let parsed = sys::mbedtls_pk_parse_public_key(
                key.as_ptr(),
                public_key.as_ptr(),
                public_key.len(),
            );
            if parsed != 0 {
                return parsed;
            }
            sys::mbedtls_pk_verify_ext(
                kind,
                options,
                key.as_ptr(),
                md,
                digest.as_ptr(),
                length,
                signature.as_ptr(),
                signature.len(),
            )
        }
    });
    let code = match code {
        0 => return Ok(()),
        code => TlsCode::new(code),
    };
    let unsupported = [
        sys::MBEDTLS_ERR_MD_FEATURE_UNAVAILABLE,
        sys::MBEDTLS_ERR_PK_FEATURE_UNAVAILABLE,
        sys::MBEDTLS_ERR_PK_UNKNOWN_PK_ALG,
        sys::MBEDTLS_ERR_PK_UNKNOWN_NAMED_CURVE,
        sys::MBEDTLS_ERR_PK_TYPE_MISMATCH,
    ];
    Err(if code.is_out_of_memory() {
        SignatureError::OutOfMemory
    } else if unsupported
        .into_iter()
        .any(|other| code.is(TlsCode::new(other)))
    {
        SignatureError::Unsupported
    } else {
        SignatureError::Invalid
    })
}

const fn md_type(hash: Hash) -> Result<sys::mbedtls_md_type_t, SignatureError> {
    Ok(match hash {
        Hash::Sha256 => sys::mbedtls_md_type_t_MBEDTLS_MD_SHA256,
        Hash::Sha384 => sys::mbedtls_md_type_t_MBEDTLS_MD_SHA384,
        Hash::Sha512 => sys::mbedtls_md_type_t_MBEDTLS_MD_SHA512,
        // What can be forged proves nothing.
        _ => return Err(SignatureError::Unsupported),
    })
}

const fn pk_type(scheme: SignatureScheme) -> Result<sys::mbedtls_pk_type_t, SignatureError> {
    Ok(match scheme {
        SignatureScheme::Ecdsa => sys::mbedtls_pk_type_t_MBEDTLS_PK_ECDSA,
        SignatureScheme::RsaPkcs1 => sys::mbedtls_pk_type_t_MBEDTLS_PK_RSA,
        SignatureScheme::RsaPss => sys::mbedtls_pk_type_t_MBEDTLS_PK_RSASSA_PSS,
        _ => return Err(SignatureError::Unsupported),
    })
}
