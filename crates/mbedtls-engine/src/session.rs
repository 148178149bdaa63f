// SPDX-License-Identifier: Apache-2.0

//! One TLS connection.

#[cfg(mbedtls_alpn)]
use core::ffi::CStr;
use core::ffi::{c_int, c_uchar, c_void};
use core::ptr;
use core::time::Duration;

use portable_atomic_util::Arc;
use secure_socket::backend::{Failure, Observer, Received};
use secure_socket::config::AlpnProtocol;
use secure_socket::diagnosis::{Alert, TlsCode};
use secure_socket::resumption::SavedSession;
use secure_socket::{CipherSuite, TlsVersion};

use crate::Config;
use crate::handle::Handle;
use crate::ladder::{Ending, Ladder, Snapshot};
use crate::mend::mend;
use crate::resume::Resuming;
use crate::sys;
use crate::transport::{self, Bio, Tally, Transport};
use crate::verify::{self, Leaf};

const HANDSHAKE_OVER: c_int = sys::mbedtls_ssl_states_MBEDTLS_SSL_HANDSHAKE_OVER as c_int;

/// How often one read takes tickets, two calls each, before there is any data. Servers send
/// one or two; one that sends nothing else is no server to wait for.
const MOST_TICKETS: usize = 32;

/// A TLS connection, before, during and after its handshake.
///
/// The transport is lent to each call, and so is all that Mbed TLS calls back: a
/// session holds no pointer to either between calls.
pub struct Session {
    /// `None` only while the session is dropped.
    context: Option<Handle<sys::mbedtls_ssl_context>>,
    config: Arc<Config>,
    tally: Tally,
    ladder: Ladder,
    leaf: Leaf,
    resuming: Resuming,
    /// Why the handshake failed, for good.
    failed: Option<Failure>,
    /// How receiving ended, for good.
    ended: Option<Result<Received, Failure>>,
}

/// What a call came to that may have to be repeated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Progress<T> {
    /// It is done.
    Done(T),
    /// Call again once the transport is ready.
    Wait(Wait),
}

/// What the transport has to be ready for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wait {
    /// Receiving.
    Receive,
    /// Sending.
    Send,
}

/// What one step of a handshake came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// There are more steps.
    Next,
    /// The handshake is over.
    Over,
}

impl Session {
    /// Sets a session up. A client offers to resume `saved`.
    ///
    /// # Errors
    ///
    /// [`Failure::OutOfMemory`].
    pub fn new(config: Arc<Config>, saved: Option<&SavedSession>) -> Result<Self, Failure> {
        let context = Handle::<sys::mbedtls_ssl_context>::new();
        let code = config.library().exclusively(|| {
            // SAFETY: `context` is initialised and ours alone; `config` lives until
            // after it is freed.
            unsafe {
                match sys::mbedtls_ssl_setup(context.as_ptr(), config.as_ptr()) {
                    0 => match verify::set_name(context.as_ptr(), config.server_name()) {
                        0 => saved.map_or(0, |saved| Resuming::offer(context.as_ptr(), saved)),
                        code => code,
                    },
                    code => code,
                }
            }
        });
        if code != 0 {
            return Err(Failure::OutOfMemory(TlsCode::new(code)));
        }
        Ok(Self {
            context: Some(context),
            config,
            tally: Tally::default(),
            ladder: Ladder::default(),
            leaf: Leaf::default(),
            resuming: Resuming::default(),
            failed: None,
            ended: None,
        })
    }

    fn as_ptr(&self) -> *mut sys::mbedtls_ssl_context {
        self.context
            .as_ref()
            .map_or(ptr::null_mut(), Handle::as_ptr)
    }

    fn context(&self) -> &sys::mbedtls_ssl_context {
        // SAFETY: the pointer is null only while the session is dropped. Mbed TLS
        // writes to the context only in calls that take `&mut self`.
        unsafe { &*self.as_ptr() }
    }

    /// Calls into Mbed TLS with `transport` in place, and takes it out again.
    fn call(
        &mut self,
        transport: &mut dyn Transport,
        swallow: bool,
        call: impl FnOnce(*mut sys::mbedtls_ssl_context) -> c_int,
    ) -> c_int {
        let ssl = self.as_ptr();
        let mut bio = Bio {
            transport,
            tally: &mut self.tally,
            swallow,
        };
        let bio: *mut c_void = (&raw mut bio).cast();
        // SAFETY: `ssl` is set up. The callbacks get `bio`, which lives on this stack
        // and is used by nothing else until the pointer is taken out again.
        unsafe {
            sys::mbedtls_ssl_set_bio(
                ssl,
                bio,
                Some(transport::send),
                Some(transport::receive),
                None,
            );
        }
        let code = call(ssl);
        // SAFETY: `ssl` is set up; without callbacks it refuses to do I/O.
        unsafe { sys::mbedtls_ssl_set_bio(ssl, ptr::null_mut(), None, None, None) };
        code
    }

    /// Makes one step of the handshake. `elapsed` is the time since its start.
    ///
    /// # Errors
    ///
    /// Why the handshake failed; the same again at each later call. An alert may be
    /// left to [`flush`](Self::flush).
    pub fn handshake_step(
        &mut self,
        transport: &mut dyn Transport,
        observer: &mut dyn Observer,
        elapsed: &dyn Fn() -> Duration,
    ) -> Result<Progress<Step>, Failure> {
        if let Some(failure) = self.failed {
            return Err(failure);
        }
        if self.is_over() {
            return Ok(Progress::Done(Step::Over));
        }
        let before = Snapshot::take(self.context(), &self.tally);
        let failures = self.config.library().failed_allocations();
        let mut leaf = core::mem::take(&mut self.leaf);
        let mut resuming = core::mem::take(&mut self.resuming);
        let config = Arc::clone(&self.config);
        let library = config.library();
        let code = library.exclusively(|| {
            let (observer, leaf, resuming) = (&mut *observer, &mut leaf, &mut resuming);
            self.call(transport, true, |ssl| {
                // SAFETY: `ssl` is set up, its transport is in place and the library is
                // ours.
                unsafe {
                    let counter = config.counter();
                    let code = verify::handshake_step(ssl, observer, leaf, resuming, counter);
                    if config.is_server() {
                        mend(ssl, before.state(), code);
                    }
                    resuming.follow(ssl, &config, before.state(), code)
                }
            })
        });
        let out_of_memory = library.failed_allocations() != failures;
        if TlsCode::new(code).is(TlsCode::BAD_CERTIFICATE) {
            // SAFETY: the context is set up, and nothing else uses it.
            unsafe { verify::show_what_came_late(self.as_ptr(), observer, &mut leaf) };
        }
        self.leaf = leaf;
        self.resuming = resuming;

        let wait = wait(code);
        let ending = match code {
            0 => Ending::Done,
            _ if wait.is_some() => Ending::Waits,
            code if TlsCode::new(code).is(TlsCode::INVALID_MAC) => Ending::Unreadable,
            _ => Ending::Failed,
        };
        // SAFETY: the pointer is null only while the session is dropped, and nothing
        // calls into Mbed TLS while the reference lives.
        let context = unsafe { &*self.as_ptr() };
        self.ladder
            .tell(&before, context, &self.tally, ending, elapsed(), observer);
        if let Some(wait) = wait {
            return Ok(Progress::Wait(wait));
        }
        if code != 0 {
            let failure = self.failure(code, out_of_memory);
            self.failed = Some(failure);
            return Err(failure);
        }
        Ok(Progress::Done(if self.is_over() {
            Step::Over
        } else {
            Step::Next
        }))
    }

    /// What a code means that is neither success nor a reason to wait.
    fn failure(&self, code: c_int, out_of_memory: bool) -> Failure {
        let code = TlsCode::new(code);
        if out_of_memory || code.is_out_of_memory() {
            return Failure::OutOfMemory(code);
        }
        if let Some(failure) = self.resuming.failure().or_else(|| self.psk_failure(code)) {
            return failure;
        }
        let transport = [TlsCode::RECV_FAILED, TlsCode::SEND_FAILED];
        if code.is(TlsCode::CONN_EOF) || transport.contains(&code) {
            return match self.tally.broken {
                Some(error) => Failure::Os(error),
                None => Failure::Closed,
            };
        }
        let alert = (code.is(TlsCode::FATAL_ALERT_MESSAGE)).then(|| {
            // SAFETY: an alert was just read: `in_msg` points to its level and
            // description (`mbedtls_ssl_handle_message_type` checked its length).
            Alert::from_wire(unsafe { *self.context().private_in_msg.add(1) })
        });
        // In TLS 1.3 some clients (OpenSSL 3.0) that refuse our certificate say so in the
        // clear, which Mbed TLS takes for a broken record. It is one: no more than the
        // name of a handshake's failure comes from it.
        let alert = alert.or(self.tally.received.alert.filter(|_| !self.is_over()));
        Failure::Tls { code, alert }
    }

    /// What a TLS 1.3 server knows of a pre-shared key that it refused: the code is one
    /// of many meanings, the alert that it sent is not (`ssl_tls13_server.c`).
    fn psk_failure(&self, code: TlsCode) -> Option<Failure> {
        let context = self.context();
        let is_new = self.version() == Some(TlsVersion::Tls13);
        if !is_new || !self.config.is_server() || !self.config.is_psk() || self.is_over() {
            return None;
        }
        match Alert::from_wire(context.private_alert_type) {
            Alert::DECRYPT_ERROR if code.is(TlsCode::HANDSHAKE_FAILURE) => {
                Some(Failure::PskMismatch(code))
            }
            Alert::MISSING_EXTENSION if code.is(TlsCode::ILLEGAL_PARAMETER) => {
                Some(Failure::UnknownPskIdentity(code))
            }
            _ => None,
        }
    }

    fn is_over(&self) -> bool {
        self.context().private_state == HANDSHAKE_OVER
    }

    /// Refuses what comes after a handshake before there was one: Mbed TLS would make
    /// it then, without our lock and without showing anyone the certificates.
    fn must_be_over(&self) -> Result<(), Failure> {
        if self.is_over() {
            return Ok(());
        }
        Err(self.failed.unwrap_or(Failure::Tls {
            code: TlsCode::new(sys::MBEDTLS_ERR_SSL_BAD_INPUT_DATA),
            alert: None,
        }))
    }

    /// Sends what is left of a record.
    ///
    /// # Errors
    ///
    /// What broke the connection.
    pub fn flush(&mut self, transport: &mut dyn Transport) -> Result<Progress<()>, Failure> {
        if !self.must_flush() {
            return Ok(Progress::Done(()));
        }
        // Any alert will do: where a record is left, it is sent and nothing else
        // (`mbedtls_ssl_send_alert_message`).
        let library = self.config.library();
        let code = library.for_record(|| {
            self.call(transport, false, |ssl| {
                // SAFETY: `ssl` is set up, and its transport is in place.
                unsafe { sys::mbedtls_ssl_send_alert_message(ssl, 0, 0) }
            })
        });
        match (code, wait(code)) {
            (0, _) => Ok(Progress::Done(())),
            (_, Some(wait)) => Ok(Progress::Wait(wait)),
            (code, None) => Err(self.failure(code, false)),
        }
    }

    /// Whether part of a record is left to send.
    #[must_use]
    pub fn must_flush(&self) -> bool {
        self.context().private_out_left != 0
    }

    /// Receives application data. An empty `buffer` tells whether there is any:
    /// `Received::Data(0)` if so.
    ///
    /// # Errors
    ///
    /// What broke the connection; the same again at each later call.
    pub fn receive(
        &mut self,
        transport: &mut dyn Transport,
        buffer: &mut [u8],
    ) -> Result<Progress<Received>, Failure> {
        self.must_be_over()?;
        if let Some(ended) = self.ended {
            return ended.map(Progress::Done);
        }
        let library = self.config.library();
        let failures = library.failed_allocations();
        let mut tickets = 0;
        let code = loop {
            let code = self.read(transport, buffer);
            // SAFETY: the context is set up, and nothing else uses it; only a client that
            // resumes gets such codes.
            if tickets >= MOST_TICKETS || !unsafe { self.resuming.reads_on(self.as_ptr(), code) } {
                break code;
            }
            tickets += 1;
        };
        let end = match (usize::try_from(code), wait(code)) {
            (_, Some(wait)) => return Ok(Progress::Wait(wait)),
            (Ok(length), None) if length > 0 || self.has_data() => {
                return Ok(Progress::Done(Received::Data(length)));
            }
            // Records without data, which some peers send as padding.
            (Ok(_), None) if !self.tally.ended => return Ok(Progress::Wait(Wait::Receive)),
            (Ok(_), None) => Ok(Received::Truncated),
            (Err(_), None) => match self.failure(code, library.failed_allocations() != failures) {
                Failure::Tls { code, .. } if code.is(TlsCode::PEER_CLOSE_NOTIFY) => {
                    Ok(Received::CloseNotify)
                }
                Failure::Closed => Ok(Received::Truncated),
                failure => Err(failure),
            },
        };
        self.ended = Some(end);
        end.map(Progress::Done)
    }

    /// One call of `mbedtls_ssl_read`.
    fn read(&mut self, transport: &mut dyn Transport, buffer: &mut [u8]) -> c_int {
        let library = self.config.library();
        let reads_tickets = self.config.resumes() && !self.config.is_server();
        let mut read = || {
            self.call(transport, false, |ssl| {
                // SAFETY: `ssl` is set up, its transport is in place and `buffer` valid
                // for its length. Renegotiation is off: of what is shared, this enters PSA
                // at most, for a record or for a ticket, and both are locked.
                unsafe { sys::mbedtls_ssl_read(ssl, buffer.as_mut_ptr(), buffer.len()) }
            })
        };
        match reads_tickets {
            true => library.exclusively(read),
            false => library.for_record(&mut read),
        }
    }

    /// Whether a session was resumed.
    #[must_use]
    pub const fn resumed(&self) -> bool {
        self.resuming.resumed()
    }

    /// Takes out the newest session that can be resumed, as a client.
    pub const fn take_session(&mut self) -> Option<SavedSession> {
        self.resuming.take_session()
    }

    /// Whether a record was decrypted that was not all received yet.
    fn has_data(&self) -> bool {
        // SAFETY: the context is set up; this only reads fields of it.
        unsafe { sys::mbedtls_ssl_get_bytes_avail(self.as_ptr()) > 0 }
    }

    /// Takes application data, and says how much of it. What was taken is encrypted;
    /// [`must_flush`](Self::must_flush) tells whether some of it is left to send.
    ///
    /// # Errors
    ///
    /// What broke the connection.
    pub fn send(
        &mut self,
        transport: &mut dyn Transport,
        data: &[u8],
    ) -> Result<Progress<usize>, Failure> {
        self.must_be_over()?;
        // Mbed TLS would take what is left for the beginning of this data.
        if let Progress::Wait(wait) = self.flush(transport)? {
            return Ok(Progress::Wait(wait));
        }
        // SAFETY: the context is set up; this only reads fields of it.
        let most = unsafe { sys::mbedtls_ssl_get_max_out_record_payload(self.as_ptr()) };
        let Ok(most) = usize::try_from(most) else {
            return Err(self.failure(most, false));
        };
        let data = data.get(..most).unwrap_or(data);
        let library = self.config.library();
        let failures = library.failed_allocations();
        let code = library.for_record(|| {
            self.call(transport, false, |ssl| {
                // SAFETY: `ssl` is set up, its transport is in place and `data` valid for
                // its length.
                unsafe { sys::mbedtls_ssl_write(ssl, data.as_ptr(), data.len()) }
            })
        });
        match (usize::try_from(code), wait(code)) {
            (Ok(length), _) => Ok(Progress::Done(length)),
            // The record is made, and the transport took some of it or none.
            (_, Some(Wait::Send)) if self.must_flush() => Ok(Progress::Done(data.len())),
            (_, Some(wait)) => Ok(Progress::Wait(wait)),
            (Err(_), None) => Err(self.failure(code, library.failed_allocations() != failures)),
        }
    }

    /// Makes and sends close_notify. [`must_flush`](Self::must_flush) tells whether
    /// some of it is left to send.
    ///
    /// # Errors
    ///
    /// What broke the connection.
    pub fn close_notify(&mut self, transport: &mut dyn Transport) -> Result<Progress<()>, Failure> {
        // SAFETY: as `last_record` has it.
        self.last_record(transport, |ssl| unsafe {
            sys::mbedtls_ssl_close_notify(ssl)
        })
    }

    /// Has `send` make and send a record; it gets a context that is set up and has its
    /// transport in place.
    fn last_record(
        &mut self,
        transport: &mut dyn Transport,
        send: impl FnOnce(*mut sys::mbedtls_ssl_context) -> c_int,
    ) -> Result<Progress<()>, Failure> {
        self.must_be_over()?;
        if let Progress::Wait(wait) = self.flush(transport)? {
            return Ok(Progress::Wait(wait));
        }
        let library = self.config.library();
        let code = library.for_record(|| self.call(transport, false, send));
        match (code, wait(code)) {
            (0, _) => Ok(Progress::Done(())),
            (_, Some(Wait::Send)) if self.must_flush() => Ok(Progress::Done(())),
            (_, Some(wait)) => Ok(Progress::Wait(wait)),
            (code, None) => Err(self.failure(code, false)),
        }
    }

    /// Makes and sends a fatal alert, where nothing is left of a record before it.
    /// Nothing can be sent afterwards.
    pub fn abort(&mut self, transport: &mut dyn Transport, alert: Alert) {
        if self.must_be_over().is_err() || self.must_flush() {
            return;
        }
        let library = self.config.library();
        library.for_record(|| {
            self.call(transport, false, |ssl| {
                // SAFETY: `ssl` is set up, and its transport is in place.
                unsafe {
                    sys::mbedtls_ssl_send_alert_message(
                        ssl,
                        sys::MBEDTLS_SSL_ALERT_LEVEL_FATAL as c_uchar,
                        alert.wire(),
                    )
                }
            })
        });
    }

    /// The version negotiated.
    #[must_use]
    pub fn version(&self) -> Option<TlsVersion> {
        // The getter is an inline function, which bindgen does not see.
        let number = u16::try_from(self.context().private_tls_version).ok()?;
        TlsVersion::from_wire(number)
    }

    /// The cipher suite negotiated.
    #[must_use]
    pub fn suite(&self) -> Option<CipherSuite> {
        // SAFETY: the context is set up; this only reads fields of it.
        let number = unsafe { sys::mbedtls_ssl_get_ciphersuite_id_from_ssl(self.as_ptr()) };
        match u16::try_from(number) {
            Ok(0) | Err(_) => None,
            Ok(number) => Some(CipherSuite::from_iana(number)),
        }
    }

    /// The application protocol negotiated.
    #[cfg(not(mbedtls_alpn))]
    #[must_use]
    pub fn alpn(&self) -> Option<AlpnProtocol> {
        None
    }

    /// The application protocol negotiated.
    #[cfg(mbedtls_alpn)]
    #[must_use]
    pub fn alpn(&self) -> Option<AlpnProtocol> {
        // SAFETY: the context is set up; this only reads a field of it.
        let name = unsafe { sys::mbedtls_ssl_get_alpn_protocol(self.as_ptr()) };
        if name.is_null() {
            return None;
        }
        // SAFETY: it is one of the names in the configuration, which end with NUL and
        // live as long as this session.
        let name = unsafe { CStr::from_ptr(name) };
        name.to_str()
            .ok()
            .and_then(|name| AlpnProtocol::new(name).ok())
    }

    /// Bytes sent and received so far, record headers included.
    #[must_use]
    pub const fn traffic(&self) -> (u32, u32) {
        (self.tally.sent, self.tally.received.total)
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        // An unfinished handshake holds keys in PSA's slots.
        let library = self.config.library();
        library.exclusively(|| drop(self.context.take()));
    }
}

/// Whether a code asks to be called again.
const fn wait(code: c_int) -> Option<Wait> {
    match code {
        sys::MBEDTLS_ERR_SSL_WANT_READ => Some(Wait::Receive),
        sys::MBEDTLS_ERR_SSL_WANT_WRITE => Some(Wait::Send),
        _ => None,
    }
}
