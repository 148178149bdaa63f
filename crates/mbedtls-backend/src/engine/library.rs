// SPDX-License-Identifier: Apache-2.0

//! The library as a whole: started once, entered by one thread at a time.

use core::fmt;

use mbedtls_rs_sys as sys;
use secure_socket::diagnosis::TlsCode;

use super::heap;

/// A lock of the platform's.
///
/// # Safety
///
/// From when `acquire` returns to when the same thread calls `release`, `acquire`
/// must return in no other thread. It must return at once in the thread that already
/// holds the lock, which then calls `release` once more: Mbed TLS calls back into
/// code that may need it again.
pub unsafe trait Lock: Sync {
    /// Waits for the lock and takes it.
    fn acquire(&self);

    /// Gives it back.
    fn release(&self);
}

/// Mbed TLS did not start.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StartError {
    /// It was used before its allocator could be set.
    Allocator,
    /// `psa_crypto_init` failed, with this PSA status.
    Psa(TlsCode),
}

impl fmt::Display for StartError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Allocator => f.write_str("Mbed TLS was in use before its heap could be set up"),
            Self::Psa(code) => write!(
                f,
                "Mbed TLS's crypto did not start: no memory or no random numbers ({code})"
            ),
        }
    }
}

impl core::error::Error for StartError {}

/// Mbed TLS, started.
///
/// Holding one proves that its allocator is the one that counts and that PSA is up.
#[derive(Clone, Copy)]
pub struct Library {
    lock: &'static dyn Lock,
}

impl Library {
    /// Starts Mbed TLS.
    ///
    /// # Safety
    ///
    /// No other part of the program uses Mbed TLS, and the hooks of
    /// `mbedtls_rs_sys::hook` are set. Every call passes the same lock.
    ///
    /// # Errors
    ///
    /// [`StartError`].
    pub unsafe fn start(lock: &'static dyn Lock) -> Result<Self, StartError> {
        let library = Self { lock };
        library.exclusively(|| {
            heap::install()?;
            // SAFETY: nobody else is inside the library, by the lock; calling it
            // again is allowed.
            match unsafe { sys::psa_crypto_init() } {
                0 => Ok(library),
                status => Err(StartError::Psa(TlsCode::new(status))),
            }
        })
    }

    /// Runs `work` while no other thread is in the library.
    pub(super) fn exclusively<R>(self, work: impl FnOnce() -> R) -> R {
        struct Held(&'static dyn Lock);
        impl Drop for Held {
            fn drop(&mut self) {
                self.0.release();
            }
        }
        self.lock.acquire();
        let _held = Held(self.lock);
        work()
    }
}
