// SPDX-License-Identifier: Apache-2.0

//! Mbed TLS with nothing in between: a client and a server in one process, over two queues.
//!
//! Everything is leaked on purpose: it lives as long as the test, so that no pointer of
//! Mbed TLS's can outlive what it points to.

use std::collections::VecDeque;
use std::ffi::{CString, c_int, c_uchar, c_void};
use std::mem::MaybeUninit;
use std::ptr;
use std::sync::{Mutex, MutexGuard, PoisonError};

use mbedtls_backend::MbedTls;
use mbedtls_rs_sys as sys;
use test_pki::{Leaf, Pki};

pub(crate) const TLS_1_2: u32 = sys::mbedtls_ssl_protocol_version_MBEDTLS_SSL_VERSION_TLS1_2;
pub(crate) const TLS_1_3: u32 = sys::mbedtls_ssl_protocol_version_MBEDTLS_SSL_VERSION_TLS1_3;

/// The server's name in the test PKI.
const NAME: &str = "localhost";

/// A C structure that nobody frees.
fn leaked<T>(init: unsafe extern "C" fn(*mut T)) -> *mut T {
    let memory = Box::leak(Box::new(MaybeUninit::<T>::zeroed())).as_mut_ptr();
    // SAFETY: valid for writes, for good.
    unsafe { init(memory) };
    memory
}

fn done(code: c_int) {
    assert_eq!(code, 0, "Mbed TLS: -{:#x}", -code);
}

unsafe extern "C" fn random(_: *mut c_void, output: *mut c_uchar, length: usize) -> c_int {
    // SAFETY: Mbed TLS passes a buffer of `length` writable bytes.
    unsafe { sys::psa_generate_random(output, length) }
}

/// Mbed TLS's tickets: a key that whoever shares it opens every ticket with.
pub(crate) struct Tickets(*mut sys::mbedtls_ssl_ticket_context);

impl Tickets {
    pub(crate) fn new() -> Self {
        let context = leaked(sys::mbedtls_ssl_ticket_init);
        // SAFETY: initialised, and for good.
        done(unsafe {
            sys::mbedtls_ssl_ticket_setup(
                context,
                Some(random),
                ptr::null_mut(),
                sys::mbedtls_cipher_type_t_MBEDTLS_CIPHER_AES_256_GCM,
                86_400,
            )
        });
        Self(context)
    }
}

/// Mbed TLS's cache of sessions by their session ID, as Zephyr's listeners share one.
pub(crate) struct Cache(*mut sys::mbedtls_ssl_cache_context);

impl Cache {
    pub(crate) fn new() -> Self {
        Self(leaked(sys::mbedtls_ssl_cache_init))
    }
}

/// Starts Mbed TLS, and keeps the tests apart: it is built without threads.
pub(crate) fn alone() -> MutexGuard<'static, ()> {
    static ALONE: Mutex<()> = Mutex::new(());
    MbedTls::new().unwrap();
    ALONE.lock().unwrap_or_else(PoisonError::into_inner)
}

pub(crate) struct Config(*mut sys::mbedtls_ssl_config);

impl Config {
    pub(crate) fn client(version: u32) -> Self {
        Self::new(sys::MBEDTLS_SSL_IS_CLIENT, version)
    }

    pub(crate) fn server(version: u32) -> Self {
        Self::new(sys::MBEDTLS_SSL_IS_SERVER, version)
    }

    fn new(endpoint: u32, version: u32) -> Self {
        let config = leaked(sys::mbedtls_ssl_config_init);
        // SAFETY: initialised, and for good; the versions are what inline functions set.
        unsafe {
            done(sys::mbedtls_ssl_config_defaults(
                config,
                endpoint as c_int,
                sys::MBEDTLS_SSL_TRANSPORT_STREAM as c_int,
                sys::MBEDTLS_SSL_PRESET_DEFAULT as c_int,
            ));
            sys::mbedtls_ssl_conf_rng(config, Some(random), ptr::null_mut());
            (*config).private_min_tls_version = version as _;
            (*config).private_max_tls_version = version as _;
            sys::mbedtls_ssl_conf_tls13_enable_signal_new_session_tickets(config, 1);
        }
        Self(config)
    }

    pub(crate) fn verify(self, mode: u32) -> Self {
        // SAFETY: initialised, and for good.
        unsafe { sys::mbedtls_ssl_conf_authmode(self.0, mode as c_int) };
        self
    }

    pub(crate) fn trust(self, der: &[u8]) -> Self {
        // SAFETY: all of it initialised, and for good.
        unsafe { sys::mbedtls_ssl_conf_ca_chain(self.0, certificates(&[der]), ptr::null_mut()) };
        self
    }

    pub(crate) fn identity(self, pki: &Pki, leaf: Leaf) -> Self {
        let credential = pki.leaf(leaf);
        let chain: Vec<_> = credential.chain_der.iter().map(Vec::as_slice).collect();
        let key = leaked(sys::mbedtls_pk_init);
        // SAFETY: all of it initialised, and for good; the key is copied from.
        unsafe {
            done(sys::mbedtls_pk_parse_key(
                key,
                credential.key_der.as_ptr(),
                credential.key_der.len(),
                ptr::null(),
                0,
                Some(random),
                ptr::null_mut(),
            ));
            done(sys::mbedtls_ssl_conf_own_cert(
                self.0,
                certificates(&chain),
                key,
            ));
        }
        self
    }

    pub(crate) fn cache(self, cache: &Cache) -> Self {
        // SAFETY: all of it set up, and for good.
        unsafe {
            sys::mbedtls_ssl_conf_session_cache(
                self.0,
                cache.0.cast(),
                Some(sys::mbedtls_ssl_cache_get),
                Some(sys::mbedtls_ssl_cache_set),
            );
        }
        self
    }

    pub(crate) fn tickets(self, tickets: &Tickets) -> Self {
        // SAFETY: all of it set up, and for good.
        unsafe {
            sys::mbedtls_ssl_conf_session_tickets_cb(
                self.0,
                Some(sys::mbedtls_ssl_ticket_write),
                Some(sys::mbedtls_ssl_ticket_parse),
                tickets.0.cast(),
            );
        }
        self
    }
}

fn certificates(chain: &[&[u8]]) -> *mut sys::mbedtls_x509_crt {
    let list = leaked(sys::mbedtls_x509_crt_init);
    for der in chain {
        // SAFETY: initialised, and for good; the DER is copied.
        done(unsafe { sys::mbedtls_x509_crt_parse_der(list, der.as_ptr(), der.len()) });
    }
    list
}

/// A session as a client saved it.
pub(crate) struct Session(*mut sys::mbedtls_ssl_session);

/// One side of a connection.
pub(crate) struct End(*mut sys::mbedtls_ssl_context);

impl End {
    pub(crate) fn new(config: &Config) -> Self {
        let context = leaked(sys::mbedtls_ssl_init);
        // SAFETY: all of it initialised, and for good.
        done(unsafe { sys::mbedtls_ssl_setup(context, config.0) });
        Self(context)
    }

    pub(crate) fn client(config: &Config, session: Option<&Session>) -> Self {
        let end = Self::new(config);
        let name = CString::new(NAME).unwrap();
        // SAFETY: set up, and for good; the name and the session are copied.
        unsafe {
            done(sys::mbedtls_ssl_set_hostname(end.0, name.as_ptr()));
            if let Some(session) = session {
                done(sys::mbedtls_ssl_set_session(end.0, session.0));
            }
        }
        end
    }

    fn is_over(&self) -> bool {
        const OVER: c_int = sys::mbedtls_ssl_states_MBEDTLS_SSL_HANDSHAKE_OVER as c_int;
        // SAFETY: set up, and for good.
        unsafe { (*self.0).private_state == OVER }
    }

    fn step(&self) -> c_int {
        // SAFETY: set up, and for good; one thread alone has it.
        unsafe { sys::mbedtls_ssl_handshake(self.0) }
    }
}

#[derive(Debug)]
pub(crate) enum Outcome {
    Over {
        session: Session,
        /// The server sent a Certificate message.
        certificate_shown: bool,
        /// The server has a certificate of the client's.
        client_certificate: bool,
    },
    Failed {
        client: c_int,
        server: c_int,
    },
}

impl std::fmt::Debug for Session {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Session")
    }
}

/// What one side reads and what it writes.
struct Queues(*mut VecDeque<u8>, *mut VecDeque<u8>);

unsafe extern "C" fn send(queues: *mut c_void, data: *const c_uchar, length: usize) -> c_int {
    // SAFETY: `handshake`'s: nothing else uses the queue meanwhile.
    unsafe {
        let queue = &mut *(*queues.cast::<Queues>()).1;
        queue.extend(std::slice::from_raw_parts(data, length));
    }
    length as c_int
}

unsafe extern "C" fn receive(queues: *mut c_void, buffer: *mut c_uchar, length: usize) -> c_int {
    // SAFETY: `handshake`'s: nothing else uses the queue meanwhile.
    unsafe {
        let queue = &mut *(*queues.cast::<Queues>()).0;
        let length = length.min(queue.len());
        if length == 0 {
            return sys::MBEDTLS_ERR_SSL_WANT_READ;
        }
        for (index, byte) in queue.drain(..length).enumerate() {
            buffer.add(index).write(byte);
        }
        length as c_int
    }
}

unsafe extern "C" fn shown(
    seen: *mut c_void,
    _: *mut sys::mbedtls_x509_crt,
    _: c_int,
    _: *mut u32,
) -> c_int {
    // SAFETY: `handshake`'s: a flag, for good.
    unsafe { *seen.cast::<bool>() = true };
    0
}

/// Lets the two make a handshake and the client take its ticket.
pub(crate) fn handshake(client: End, server: End) -> Outcome {
    let to_server = Box::into_raw(Box::new(VecDeque::new()));
    let to_client = Box::into_raw(Box::new(VecDeque::new()));
    let seen = Box::into_raw(Box::new(false));
    for (end, queues) in [
        (&client, Queues(to_client, to_server)),
        (&server, Queues(to_server, to_client)),
    ] {
        let queues = Box::into_raw(Box::new(queues)).cast();
        // SAFETY: set up, and all of it for good.
        unsafe { sys::mbedtls_ssl_set_bio(end.0, queues, Some(send), Some(receive), None) };
    }
    // SAFETY: as above.
    unsafe { sys::mbedtls_ssl_set_verify(client.0, Some(shown), seen.cast()) };
    let waits = |code| code == 0 || code == sys::MBEDTLS_ERR_SSL_WANT_READ;
    let mut codes = [0; 2];
    while !(client.is_over() && server.is_over()) {
        for (end, code) in [&client, &server].into_iter().zip(&mut codes) {
            if waits(*code) {
                *code = end.step();
            }
        }
        if codes.iter().any(|code| !waits(*code)) {
            let [client, server] = codes;
            return Outcome::Failed { client, server };
        }
    }
    // In TLS 1.3 the ticket comes after: there is no data, so that reading ends.
    let mut nothing = [0; 1];
    for _ in 0..3 {
        // SAFETY: set up, and for good.
        unsafe { sys::mbedtls_ssl_read(client.0, nothing.as_mut_ptr(), 1) };
    }
    let session = leaked(sys::mbedtls_ssl_session_init);
    // SAFETY: initialised and set up, and for good.
    unsafe {
        done(sys::mbedtls_ssl_get_session(client.0, session));
        Outcome::Over {
            session: Session(session),
            certificate_shown: *seen,
            client_certificate: !sys::mbedtls_ssl_get_peer_cert(server.0).is_null(),
        }
    }
}
