// SPDX-License-Identifier: Apache-2.0

//! Mbed TLS objects on the heap: initialised once, never moved, freed once.

use alloc::boxed::Box;
use core::mem::MaybeUninit;
use core::ptr::NonNull;

use crate::sys;

/// A C structure with an `_init` and a `_free` function.
///
/// # Safety
///
/// `init` must leave its argument fully initialised, and `free` must leave nothing
/// behind that is reached through it.
pub(crate) unsafe trait Object: Sized {
    /// # Safety
    ///
    /// `this` is valid for writes.
    unsafe fn init(this: *mut Self);

    /// # Safety
    ///
    /// `this` was initialised, and is not used afterwards.
    unsafe fn free(this: *mut Self);
}

macro_rules! object {
    ($type:ident, $init:ident, $free:ident) => {
        // SAFETY: this is the pair of functions that Mbed TLS documents for the type.
        unsafe impl Object for sys::$type {
            unsafe fn init(this: *mut Self) {
                // SAFETY: the caller's.
                unsafe { sys::$init(this) }
            }

            unsafe fn free(this: *mut Self) {
                // SAFETY: the caller's.
                unsafe { sys::$free(this) }
            }
        }
    };
}

object!(
    mbedtls_ssl_config,
    mbedtls_ssl_config_init,
    mbedtls_ssl_config_free
);
object!(mbedtls_ssl_context, mbedtls_ssl_init, mbedtls_ssl_free);
#[cfg(mbedtls_resumption)]
object!(
    mbedtls_ssl_session,
    mbedtls_ssl_session_init,
    mbedtls_ssl_session_free
);
#[cfg(mbedtls_x509)]
object!(
    mbedtls_x509_crt,
    mbedtls_x509_crt_init,
    mbedtls_x509_crt_free
);
#[cfg(mbedtls_x509)]
object!(mbedtls_pk_context, mbedtls_pk_init, mbedtls_pk_free);

/// The only owner of an Mbed TLS object, at an address that never changes: the
/// library keeps pointers into its own structures and from one to the other.
pub(crate) struct Handle<T: Object>(NonNull<T>);

// SAFETY: the object is reached through this handle alone, and Mbed TLS keeps
// nothing of it in the thread that made it.
unsafe impl<T: Object> Send for Handle<T> {}

impl<T: Object> Handle<T> {
    pub(crate) fn new() -> Self {
        let mut memory = Box::new(MaybeUninit::<T>::zeroed());
        // SAFETY: the box is valid for writes; `init` leaves a `T` in it.
        unsafe { T::init(memory.as_mut_ptr()) };
        Self(NonNull::from(Box::leak(memory)).cast())
    }

    pub(crate) const fn as_ptr(&self) -> *mut T {
        self.0.as_ptr()
    }
}

impl<T: Object> Drop for Handle<T> {
    fn drop(&mut self) {
        // SAFETY: the pointer came from a leaked `Box<MaybeUninit<T>>` that `new`
        // initialised; nobody else frees it, and nobody uses it after the drop.
        unsafe {
            T::free(self.0.as_ptr());
            drop(Box::from_raw(self.0.as_ptr().cast::<MaybeUninit<T>>()));
        }
    }
}
