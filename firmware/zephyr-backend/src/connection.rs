// SPDX-License-Identifier: Apache-2.0

//! Connections whose handshake is done.

use core::ptr::NonNull;
use core::time::Duration;

use secure_socket::backend::{Connection, Failure, HandshakeFacts, Received};
use secure_socket::config::AlpnProtocol;
use secure_socket::diagnosis::{Alert, TlsCode};
use secure_socket::resumption::SavedSession;
use secure_socket::{CipherSuite, TlsVersion};

use crate::prepared::Prepared;
use crate::sys;
use crate::system::os_error;

/// A TLS socket.
pub struct ZephyrConnection {
    raw: NonNull<sys::Connection>,
    facts: HandshakeFacts,
    /// What the socket points to: credentials and names of application protocols.
    _client: Prepared,
}

// SAFETY: the shim's functions may be called from any thread; Zephyr's sockets lock
// the TLS state, and the shim its list of connections.
unsafe impl Send for ZephyrConnection {}
// SAFETY: as above: one thread may receive while another sends.
unsafe impl Sync for ZephyrConnection {}

impl ZephyrConnection {
    /// Takes over what `ss_connect` returned: `None` for nothing, `Some(Err)` for a
    /// connection, now closed, whose facts make no sense.
    pub(crate) fn new(
        raw: *mut sys::Connection,
        facts: sys::Facts,
        client: Prepared,
    ) -> Option<Result<Self, ()>> {
        let raw = NonNull::new(raw)?;
        // Made first, so that it is closed whatever the facts are.
        let mut connection = Self {
            raw,
            facts: HandshakeFacts {
                version: TlsVersion::Tls12,
                suite: Some(CipherSuite::from_iana(facts.suite)),
                alpn: None,
                resumed: facts.resumed != 0,
                sent: Some(facts.sent),
                received: Some(facts.received),
                duration: Duration::from_micros(facts.duration_us.into()),
                heap_peak: (facts.heap_peak > 0).then_some(facts.heap_peak),
            },
            _client: client,
        };
        let Some(version) = TlsVersion::from_wire(facts.version) else {
            return Some(Err(()));
        };
        connection.facts.version = version;
        let name = facts.alpn.split(|byte| *byte == 0).next().unwrap_or(&[]);
        if !name.is_empty() {
            let protocol = core::str::from_utf8(name).ok().map(AlpnProtocol::new);
            let Some(Ok(protocol)) = protocol else {
                return Some(Err(()));
            };
            connection.facts.alpn = Some(protocol);
        }
        Some(Ok(connection))
    }
}

impl Connection for ZephyrConnection {
    fn facts(&self) -> HandshakeFacts {
        self.facts.clone()
    }

    fn receive(&self, buffer: &mut [u8]) -> Result<Received, Failure> {
        if buffer.is_empty() {
            return Ok(Received::Data(0));
        }
        let mut reason = sys::Failure::default();
        // SAFETY: `raw` lives until it is dropped; the shim writes at most
        // `buffer.len()` bytes to `buffer`.
        let length = unsafe {
            sys::ss_receive(
                self.raw.as_ptr(),
                buffer.as_mut_ptr(),
                buffer.len(),
                &mut reason,
            )
        };
        match (length, reason.why) {
            (0, sys::why::CLOSE_NOTIFY) => Ok(Received::CloseNotify),
            (0, sys::why::CLOSED) => Ok(Received::Truncated),
            (0, _) => Err(failure(&reason)),
            (length, _) => Ok(Received::Data(length)),
        }
    }

    fn send(&self, data: &[u8]) -> Result<usize, Failure> {
        if data.is_empty() {
            return Ok(0);
        }
        let mut reason = sys::Failure::default();
        // SAFETY: `raw` lives until it is dropped; `data` has `data.len()` bytes.
        let length =
            unsafe { sys::ss_send(self.raw.as_ptr(), data.as_ptr(), data.len(), &mut reason) };
        match length {
            0 => Err(failure(&reason)),
            length => Ok(length),
        }
    }

    fn wait_readable(&self, limit: Duration) -> Result<bool, Failure> {
        // A part of a millisecond is a whole one.
        let ms = i32::try_from(limit.as_micros().div_ceil(1000)).unwrap_or(i32::MAX);
        let mut reason = sys::Failure::default();
        // SAFETY: `raw` lives until it is dropped.
        match unsafe { sys::ss_readable(self.raw.as_ptr(), ms, &mut reason) } {
            0 => Ok(false),
            1 => Ok(true),
            _ => Err(failure(&reason)),
        }
    }

    fn close(&self) -> Result<(), Failure> {
        let mut reason = sys::Failure::default();
        // SAFETY: `raw` lives until it is dropped.
        match unsafe { sys::ss_close(self.raw.as_ptr(), &mut reason) } {
            true => Ok(()),
            false => Err(failure(&reason)),
        }
    }

    #[cfg(not(CONFIG_SECURE_SOCKETS_RESUMPTION))]
    fn take_session(&self) -> Option<SavedSession> {
        None
    }

    #[cfg(CONFIG_SECURE_SOCKETS_RESUMPTION)]
    fn take_session(&self) -> Option<SavedSession> {
        let mut taken = sys::Session {
            bytes: core::ptr::null_mut(),
            length: 0,
            lifetime: 0,
            version: 0,
        };
        // SAFETY: `raw` lives until it is dropped; the shim writes to `taken`.
        unsafe { sys::ss_take_session(self.raw.as_ptr(), &mut taken) };
        if taken.bytes.is_null() {
            return None;
        }
        // SAFETY: what was taken has `length` bytes, and is ours until it is given back.
        let bytes = unsafe { core::slice::from_raw_parts(taken.bytes, taken.length) };
        let bytes = zeroize::Zeroizing::new(bytes.to_vec());
        // RFC 5077, section 3.3: 0 is a lifetime that the server does not tell.
        let lifetime = (taken.lifetime > 0).then(|| Duration::from_secs(taken.lifetime.into()));
        let version = TlsVersion::from_wire(taken.version);
        // SAFETY: given back once, and `bytes` is a copy. It is all zeros afterwards.
        unsafe { sys::ss_free_session(&mut taken) };
        version.map(|version| SavedSession::new(version, lifetime, bytes))
    }

    fn abort(&self, alert: Alert) {
        // SAFETY: `raw` lives until it is dropped.
        unsafe { sys::ss_abort(self.raw.as_ptr(), alert.wire()) }
    }
}

impl Drop for ZephyrConnection {
    fn drop(&mut self) {
        // SAFETY: `raw` came from `ss_connect` and is given back once, here.
        unsafe { sys::ss_free(self.raw.as_ptr()) }
    }
}

pub(crate) fn failure(reason: &sys::Failure) -> Failure {
    let code = TlsCode::new(reason.code);
    match reason.why {
        sys::why::TLS => Failure::Tls {
            code,
            alert: u8::try_from(reason.alert).ok().map(Alert::from_wire),
        },
        sys::why::NO_EXTENDED_MASTER_SECRET => Failure::NoExtendedMasterSecret,
        sys::why::OUT_OF_MEMORY => Failure::OutOfMemory(code),
        sys::why::TIMED_OUT => Failure::TimedOut,
        sys::why::CLOSED | sys::why::CLOSE_NOTIFY => Failure::Closed,
        _ => Failure::Os(os_error(reason.os)),
    }
}
