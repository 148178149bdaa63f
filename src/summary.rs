// SPDX-License-Identifier: Apache-2.0

//! What a run came to.

use core::fmt;

use secure_socket::Session;

/// What a run came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Summary {
    /// What the handshake agreed on and cost.
    pub session: Session,
    /// How many messages were sent and came back.
    pub messages: u16,
    /// How many bytes of text that was, each way.
    pub bytes: usize,
}

/// A few lines for a person, without a line break at the end.
impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let session = &self.session;
        writeln!(
            f,
            "mode {} ({}), {}, {}",
            session.mode.number(),
            session.mode,
            session.version,
            session.suite_text()
        )?;
        writeln!(f, "the peer is {}", session.peer)?;
        writeln!(f, "we are {}", session.us)?;
        if session.resumed {
            writeln!(f, "resumed a session: no certificate was shown")?;
        }
        if let Some(alpn) = &session.alpn {
            writeln!(f, "application protocol {alpn}")?;
        }
        write!(f, "handshake: ")?;
        if let (Some(sent), Some(received)) = (session.sent, session.received) {
            write!(f, "{sent} bytes sent, {received} received, ")?;
        }
        write!(f, "{} ms", session.duration.as_millis())?;
        if let Some(peak) = session.heap_peak {
            write!(f, "; TLS heap at its peak {peak} bytes")?;
        }
        writeln!(f)?;
        if self.messages == 0 {
            return f.write_str("closed in order after the handshake");
        }
        write!(
            f,
            "{} messages sent, {} came back ({} bytes each way); closed in order",
            self.messages, self.messages, self.bytes
        )
    }
}
