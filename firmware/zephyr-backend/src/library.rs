// SPDX-License-Identifier: Apache-2.0

//! Mbed TLS, called by Rust and not by Zephyr's sockets.
//!
//! Zephyr builds it without `MBEDTLS_THREADING_C`, and with TLS 1.3 so that handshakes
//! and records use PSA's key slots, which belong to the whole program. One lock keeps
//! all threads apart: the servers', which take it by way of the engine for every step of
//! a handshake and every record, and Zephyr's own sockets', for which `shim/wraps.c`
//! takes it. Nobody waits for a peer while holding it.

use core::ffi::{c_int, c_uchar, c_void};
use core::mem::{offset_of, size_of};

use mbedtls_engine::{Library, Platform, Random, StartError};
use zephyr_mbedtls_sys as mbedtls;

// `safe`: whatever the arguments, and from any thread.
unsafe extern "C" {
    safe fn ss_library_lock();
    safe fn ss_library_unlock();
    safe fn ss_allocations_failed() -> usize;
    fn ss_f_rng(context: *mut c_void, buffer: *mut c_uchar, length: usize) -> c_int;
    fn ss_heap(heap: *mut Heap) -> bool;
    #[link_name = "ss_layout_length"]
    safe static LAYOUT_LENGTH: u32;
    #[link_name = "ss_layout"]
    static LAYOUT: [u32; OURS.len()];
}

struct Zephyrs;

// SAFETY: the shim's lock is a `k_mutex`, which its holder may lock again. Its random
// numbers are Zephyr's, and it returns 0 only if there were as many as asked for.
unsafe impl Platform for Zephyrs {
    fn acquire(&self) {
        ss_library_lock();
    }

    fn release(&self) {
        ss_library_unlock();
    }

    fn random(&self) -> Random {
        ss_f_rng
    }

    fn failed_allocations(&self) -> usize {
        ss_allocations_failed()
    }

    fn locks_records(&self) -> bool {
        true
    }
}

/// Mbed TLS as the image has it. Zephyr started it before `main`.
pub(crate) fn start() -> Result<Library, StartError> {
    // SAFETY: the array has as many elements as the other side says, and is never
    // written.
    let fits = LAYOUT_LENGTH as usize == OURS.len() && unsafe { &LAYOUT } == &OURS;
    if !fits {
        return Err(StartError::Bindings);
    }
    // SAFETY: `wraps.c` takes the same lock for Zephyr's sockets, and `crypto.c` for
    // itself; nothing else in the image uses Mbed TLS.
    unsafe { Library::start(&Zephyrs) }
}

/// What Mbed TLS's heap holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(C)]
pub struct Heap {
    /// Bytes in use.
    pub used: u32,
    /// Blocks in use.
    pub blocks: u32,
    /// The most bytes that were ever in use.
    pub peak: u32,
}

/// Mbed TLS's heap; `None` where it is not measured
/// (`CONFIG_SECURE_SOCKETS_MEASURE_HEAP`).
#[must_use]
pub fn heap() -> Option<Heap> {
    let mut heap = Heap::default();
    // SAFETY: the shim writes to `heap` alone.
    unsafe { ss_heap(&mut heap) }.then_some(heap)
}

macro_rules! layout {
    ($($type:ident { $($field:ident),* })*) => {
        [$(size_of::<mbedtls::$type>() as u32, $(offset_of!(mbedtls::$type, $field) as u32,)*)*]
    };
}

const TLS: [u32; 15] = layout! {
    mbedtls_ssl_config { private_max_tls_version, private_min_tls_version }
    mbedtls_ssl_context {
        private_state, private_tls_version, private_in_buf, private_in_msg, private_in_msgtype,
        private_in_msglen, private_in_hslen, private_keep_current_message, private_alert_type,
        private_out_msgtype, private_out_left
    }
};

const TLS_1_3: [u32; 1] = [
    #[cfg(CONFIG_SECURE_SOCKETS_WITH_TLS_1_3)]
    {
        offset_of!(mbedtls::mbedtls_ssl_context, private_transform_application) as u32
    },
    #[cfg(not(CONFIG_SECURE_SOCKETS_WITH_TLS_1_3))]
    0,
];

#[cfg(CONFIG_SECURE_SOCKETS_RESUMPTION)]
const SESSIONS: [u32; 8] = {
    const CONTEXT: [u32; 3] = layout! {
        mbedtls_ssl_context { private_session, private_session_negotiate }
    };
    const SESSION: [u32; 6] = layout! {
        mbedtls_ssl_session {
            private_tls_version, private_ciphersuite, private_id_len, private_ticket_len,
            private_ticket_lifetime
        }
    };
    // The context's size is there already.
    [
        CONTEXT[1], CONTEXT[2], SESSION[0], SESSION[1], SESSION[2], SESSION[3], SESSION[4],
        SESSION[5],
    ]
};
#[cfg(not(CONFIG_SECURE_SOCKETS_RESUMPTION))]
const SESSIONS: [u32; 8] = [0; 8];

#[cfg(CONFIG_SECURE_SOCKETS_WITH_CERTIFICATES)]
const X509: [u32; 5] = layout! {
    mbedtls_x509_crt { raw, pk, next }
    mbedtls_pk_context {}
};
#[cfg(not(CONFIG_SECURE_SOCKETS_WITH_CERTIFICATES))]
const X509: [u32; 5] = [0; 5];

/// What bindgen made of Mbed TLS's structures, in the order of `shim/library.c`.
static OURS: [u32; 29] = {
    let mut all = [0; 29];
    let parts: [&[u32]; 4] = [&TLS, &TLS_1_3, &SESSIONS, &X509];
    let (mut at, mut part) = (0, 0);
    while part < parts.len() {
        let mut index = 0;
        while index < parts[part].len() {
            all[at] = parts[part][index];
            at += 1;
            index += 1;
        }
        part += 1;
    }
    all
};
