// SPDX-License-Identifier: Apache-2.0

//! The library as a whole: started once, entered by one thread at a time.

use core::ffi::{c_int, c_uchar, c_void};
use core::fmt;

use secure_socket::diagnosis::TlsCode;

#[cfg(mbedtls_psa)]
use crate::sys;

/// What Mbed TLS calls for random numbers (`f_rng`): fills the buffer and returns 0,
/// or returns a code. The context is NULL.
pub type Random = unsafe extern "C" fn(*mut c_void, *mut c_uchar, usize) -> c_int;

/// What the engine needs of where it runs.
///
/// # Safety
///
/// From when `acquire` returns to when the same thread calls `release`, `acquire`
/// must return in no other thread. It must return at once in the thread that already
/// holds the lock, which then calls `release` once more: Mbed TLS calls back into
/// code that may need it again.
///
/// What `random` returns fills its buffer whenever it returns 0, from any thread.
pub unsafe trait Platform: Sync {
    /// Waits for the lock and takes it.
    fn acquire(&self);

    /// Gives it back.
    fn release(&self);

    /// The source of random numbers.
    fn random(&self) -> Random;

    /// How many of Mbed TLS's allocations failed so far, in the whole program.
    fn failed_allocations(&self) -> usize;

    /// Whether a record too is written or read under the lock: where Mbed TLS encrypts
    /// by PSA (`MBEDTLS_USE_PSA_CRYPTO`), whose key slots are the whole program's.
    fn locks_records(&self) -> bool;
}

/// Mbed TLS did not start.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StartError {
    /// It was used before its allocator could be set.
    Allocator,
    /// Its structures are not as the bindings have them.
    Bindings,
    /// `psa_crypto_init` failed, with this PSA status.
    Psa(TlsCode),
}

impl fmt::Display for StartError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Allocator => f.write_str("Mbed TLS was in use before its heap could be set up"),
            Self::Bindings => f.write_str("Mbed TLS is another one than its bindings are for"),
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
/// Holding one proves that PSA is up.
#[derive(Clone, Copy)]
pub struct Library {
    platform: &'static dyn Platform,
}

impl Library {
    /// Starts Mbed TLS.
    ///
    /// # Safety
    ///
    /// No other part of the program uses Mbed TLS but under the lock of `platform`.
    /// Its allocator and the hooks of `mbedtls_rs_sys::hook`, where there are any, are
    /// set. Every call passes the same platform.
    ///
    /// # Errors
    ///
    /// [`StartError`].
    pub unsafe fn start(platform: &'static dyn Platform) -> Result<Self, StartError> {
        let library = Self { platform };
        #[cfg(mbedtls_psa)]
        library.exclusively(|| {
            // SAFETY: nobody else is inside the library, by the lock; calling it
            // again is allowed.
            match unsafe { sys::psa_crypto_init() } {
                0 => Ok(()),
                status => Err(StartError::Psa(TlsCode::new(status))),
            }
        })?;
        Ok(library)
    }

    /// Runs `work` while no other thread is in the library.
    pub(crate) fn exclusively<R>(self, work: impl FnOnce() -> R) -> R {
        struct Held(&'static dyn Platform);
        impl Drop for Held {
            fn drop(&mut self) {
                self.0.release();
            }
        }
        self.platform.acquire();
        let _held = Held(self.platform);
        work()
    }

    /// Runs `work`, which writes or reads a record.
    pub(crate) fn for_record<R>(self, work: impl FnOnce() -> R) -> R {
        match self.platform.locks_records() {
            true => self.exclusively(work),
            false => work(),
        }
    }

    pub(crate) fn random(self) -> Random {
        self.platform.random()
    }

    pub(crate) fn failed_allocations(self) -> usize {
        self.platform.failed_allocations()
    }
}
