// SPDX-License-Identifier: Apache-2.0

//! Which handshake messages went by, told from what each step of Mbed TLS left
//! behind. A step handles one state, so at most one message each way.

use core::slice;
use core::time::Duration;

use secure_socket::backend::{Direction, HandshakeMessage, Observer};

use crate::sys;
use crate::transport::{Received, Tally};

const MSG_CHANGE_CIPHER_SPEC: i32 = sys::MBEDTLS_SSL_MSG_CHANGE_CIPHER_SPEC as i32;
const MSG_ALERT: i32 = sys::MBEDTLS_SSL_MSG_ALERT as i32;
const MSG_HANDSHAKE: i32 = sys::MBEDTLS_SSL_MSG_HANDSHAKE as i32;

const CLIENT_HELLO: i32 = sys::mbedtls_ssl_states_MBEDTLS_SSL_CLIENT_HELLO as i32;

const ALERT: &str = "Alert";
const CHANGE_CIPHER_SPEC: &str = "ChangeCipherSpec";

/// The `random` by which a HelloRetryRequest is told from a ServerHello (RFC 8446,
/// section 4.1.3).
const HELLO_RETRY: [u8; 32] = [
    0xCF, 0x21, 0xAD, 0x74, 0xE5, 0x9A, 0x61, 0x11, 0xBE, 0x1D, 0x8C, 0x02, 0x1E, 0x65, 0xB8, 0x91,
    0xC2, 0xA2, 0x11, 0x16, 0x7A, 0xBB, 0x8C, 0x5E, 0x07, 0x9E, 0x09, 0xE2, 0xC8, 0xA8, 0x33, 0x9C,
];

/// What tells that a message was read: each of the fields changes when one is.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Input {
    records: u32,
    msglen: usize,
    hslen: usize,
    kept: bool,
}

/// What is looked at before a step and after it.
pub(crate) struct Snapshot {
    state: i32,
    input: Input,
    /// Bytes given to the transport, or waiting to be.
    written: u32,
}

impl Snapshot {
    pub(crate) const fn state(&self) -> i32 {
        self.state
    }

    pub(crate) fn take(ssl: &sys::mbedtls_ssl_context, tally: &Tally) -> Self {
        Self {
            state: ssl.private_state,
            input: Input {
                records: tally.received.records,
                msglen: ssl.private_in_msglen,
                hslen: ssl.private_in_hslen,
                kept: ssl.private_keep_current_message != 0,
            },
            written: tally.sent.saturating_add(ssl.private_out_left as u32),
        }
    }
}

/// How a step ended.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ending {
    /// It did what it had to.
    Done,
    /// It has to be called again.
    Waits,
    /// It failed, on a record that it could read or for another reason.
    Failed,
    /// It failed on a record that it could not decrypt.
    Unreadable,
}

/// The messages told so far.
#[derive(Default)]
pub(crate) struct Ladder {
    /// What was received up to the last message.
    told: Received,
    /// A message was read, but the step was not done with it.
    unread: bool,
}

impl Ladder {
    /// Tells the observer what went by in a step.
    pub(crate) fn tell(
        &mut self,
        before: &Snapshot,
        ssl: &sys::mbedtls_ssl_context,
        tally: &Tally,
        ending: Ending,
        at: Duration,
        observer: &mut dyn Observer,
    ) {
        let after = Snapshot::take(ssl, tally);
        let mut tell = |direction, name, bytes| {
            observer.message(&HandshakeMessage {
                direction,
                name,
                bytes,
                at,
            });
        };

        let received = tally.received;
        let change = received.change_cipher_spec - self.told.change_cipher_spec;
        if change > 0 {
            tell(Direction::Received, CHANGE_CIPHER_SPEC, change);
        }
        self.told.change_cipher_spec = received.change_cipher_spec;
        self.unread |= before.input != after.input;
        let over = match ending {
            // A message that turned out not to be the optional one is kept for later.
            Ending::Done => !after.input.kept,
            Ending::Failed => true,
            Ending::Waits | Ending::Unreadable => false,
        };
        if self.unread && over {
            let bytes = received.records - self.told.records;
            let name = match ssl.private_in_msgtype {
                MSG_ALERT => Some(ALERT),
                _ if received.alert.is_some() => Some(ALERT),
                // A server of TLS 1.2 reads this one without what all others go through.
                _ if before.state == CLIENT_HELLO => (bytes > 0).then_some("ClientHello"),
                MSG_HANDSHAKE => received_name(message(ssl)),
                _ => None,
            };
            if let Some(name) = name {
                tell(Direction::Received, name, bytes);
                self.told.records = received.records;
            }
            self.unread = false;
        }

        let written = after.written.saturating_sub(before.written);
        if written > 0 {
            let name = match ssl.private_out_msgtype {
                MSG_CHANGE_CIPHER_SPEC => CHANGE_CIPHER_SPEC,
                MSG_ALERT => ALERT,
                _ => sent_name(before.state),
            };
            tell(Direction::Sent, name, written);
        }
    }
}

/// The beginning of the handshake message in the input buffer: as much as tells which
/// it is.
fn message(ssl: &sys::mbedtls_ssl_context) -> &[u8] {
    /// Type, length, version and `random` of a ServerHello.
    const NEEDED: usize = 38;
    /// Record header, sequence number and explicit IV take less.
    const FURTHEST: usize = 64;
    /// The smallest input buffer that Mbed TLS can be built with.
    const SMALLEST: usize = 256;
    const { assert!(FURTHEST + NEEDED <= SMALLEST) };

    let (buffer, start) = (ssl.private_in_buf, ssl.private_in_msg);
    let offset = start.addr().wrapping_sub(buffer.addr());
    if buffer.is_null() || offset > FURTHEST {
        return &[];
    }
    let length = ssl.private_in_hslen.min(ssl.private_in_msglen).min(NEEDED);
    // SAFETY: `in_msg` is at most `FURTHEST` bytes into the input buffer, and so its
    // next `NEEDED` are inside, whatever the peer said of the message's length. The
    // buffer is zeroed when it is allocated.
    unsafe { slice::from_raw_parts(start, length) }
}

/// RFC 8446, section 4 and RFC 5246, section 7.4.
fn received_name(message: &[u8]) -> Option<&'static str> {
    Some(match message.first()? {
        0 => "HelloRequest",
        1 => "ClientHello",
        2 if message.get(6..38) == Some(&HELLO_RETRY) => "HelloRetryRequest",
        2 => "ServerHello",
        4 => "NewSessionTicket",
        8 => "EncryptedExtensions",
        11 => "Certificate",
        12 => "ServerKeyExchange",
        13 => "CertificateRequest",
        14 => "ServerHelloDone",
        15 => "CertificateVerify",
        16 => "ClientKeyExchange",
        20 => "Finished",
        22 => "CertificateStatus",
        _ => "unknown message",
    })
}

/// What a state writes, if it writes. What was written is encrypted by the time we
/// could look at it.
const fn sent_name(state: i32) -> &'static str {
    match state as sys::mbedtls_ssl_states {
        sys::mbedtls_ssl_states_MBEDTLS_SSL_CLIENT_HELLO => "ClientHello",
        sys::mbedtls_ssl_states_MBEDTLS_SSL_SERVER_HELLO => "ServerHello",
        sys::mbedtls_ssl_states_MBEDTLS_SSL_HELLO_RETRY_REQUEST => "HelloRetryRequest",
        sys::mbedtls_ssl_states_MBEDTLS_SSL_ENCRYPTED_EXTENSIONS => "EncryptedExtensions",
        sys::mbedtls_ssl_states_MBEDTLS_SSL_SERVER_CERTIFICATE
        | sys::mbedtls_ssl_states_MBEDTLS_SSL_CLIENT_CERTIFICATE => "Certificate",
        sys::mbedtls_ssl_states_MBEDTLS_SSL_SERVER_KEY_EXCHANGE => "ServerKeyExchange",
        sys::mbedtls_ssl_states_MBEDTLS_SSL_CERTIFICATE_REQUEST => "CertificateRequest",
        sys::mbedtls_ssl_states_MBEDTLS_SSL_SERVER_HELLO_DONE => "ServerHelloDone",
        sys::mbedtls_ssl_states_MBEDTLS_SSL_CLIENT_KEY_EXCHANGE => "ClientKeyExchange",
        sys::mbedtls_ssl_states_MBEDTLS_SSL_CERTIFICATE_VERIFY
        | sys::mbedtls_ssl_states_MBEDTLS_SSL_CLIENT_CERTIFICATE_VERIFY => "CertificateVerify",
        sys::mbedtls_ssl_states_MBEDTLS_SSL_CLIENT_FINISHED
        | sys::mbedtls_ssl_states_MBEDTLS_SSL_SERVER_FINISHED => "Finished",
        sys::mbedtls_ssl_states_MBEDTLS_SSL_NEW_SESSION_TICKET
        | sys::mbedtls_ssl_states_MBEDTLS_SSL_TLS1_3_NEW_SESSION_TICKET => "NewSessionTicket",
        _ => "unknown message",
    }
}
