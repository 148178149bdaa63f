// SPDX-License-Identifier: Apache-2.0

//! What machines get to read.

use secure_socket::backend::Direction;
use secure_socket::{AuthenticatedAs, Session};
use secure_sockets::Summary;
use serde_json::{Value, json};

use super::error::HostError;
use super::ladder::Ladder;
use super::output::hex;

fn side(side: &AuthenticatedAs) -> Value {
    match side {
        AuthenticatedAs::Certificate(identity) => json!({
            "by": "certificate",
            "subject": identity.subject,
            "names": identity.names,
            "sha256": hex(&identity.sha256),
        }),
        AuthenticatedAs::Psk(identity) => json!({ "by": "psk", "identity": identity }),
        AuthenticatedAs::Nobody => Value::Null,
        other => json!({ "by": other.to_string() }),
    }
}

pub(crate) fn session(session: &Session) -> Value {
    json!({
        "mode": session.mode.name(),
        "version": session.version.to_string(),
        "suite": session.suite.map(|suite| suite.to_string()),
        "alpn": session.alpn.as_ref().map(ToString::to_string),
        "resumed": session.resumed,
        "peer": side(&session.peer),
        "us": side(&session.us),
        "handshake_bytes_sent": session.sent,
        "handshake_bytes_received": session.received,
        "handshake_us": session.duration.as_micros() as u64,
        "tls_heap_peak": session.heap_peak,
    })
}

pub(crate) fn ladder(ladder: &Ladder) -> Value {
    ladder
        .rungs()
        .iter()
        .map(|rung| {
            json!({
                "message": rung.name,
                "sent": rung.direction == Direction::Sent,
                "bytes": rung.bytes,
                "us": rung.at.as_micros() as u64,
            })
        })
        .collect()
}

pub(crate) fn summary(summary: &Summary, rungs: &Ladder) -> Value {
    json!({
        "session": session(&summary.session),
        "messages": summary.messages,
        "bytes": summary.bytes,
        "ladder": ladder(rungs),
    })
}

pub(crate) fn error(error: &HostError) -> Value {
    json!({ "error": error.to_string(), "stage": error.stage() })
}
