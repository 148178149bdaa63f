// SPDX-License-Identifier: Apache-2.0

//! A handshake as a person would draw it.

use std::fmt;

use secure_socket::Mode;
use secure_socket::backend::{Direction, HandshakeMessage};
use secure_socket::diagnosis::Peer;

/// The columns between the two sides.
const WIDTH: usize = 48;

/// The messages of one handshake, as they went by.
pub(crate) struct Ladder {
    us: Peer,
    mode: Mode,
    rungs: Vec<HandshakeMessage>,
}

impl Ladder {
    /// An empty ladder, seen from the side of `us`.
    pub(crate) fn new(us: Peer, mode: Mode) -> Self {
        Self {
            us,
            mode,
            rungs: Vec::new(),
        }
    }

    pub(crate) fn add(&mut self, message: &HandshakeMessage) {
        self.rungs.push(message.clone());
    }

    /// What a message sets off on the side that receives it.
    fn note(&self, rung: &HandshakeMessage) -> Option<&'static str> {
        match (rung.name, rung.direction, self.mode) {
            ("Certificate", Direction::Received, Mode::ServerAuth | Mode::Mutual) => {
                Some("[chain, dates, name, purpose, key: checked]")
            }
            ("Certificate", Direction::Received, Mode::Unauthenticated) => {
                Some("[NOT CHECKED: it may be anybody's]")
            }
            ("Certificate", Direction::Sent, Mode::Mutual) => Some("[the server checks it]"),
            ("Finished", Direction::Sent, Mode::Psk) => Some("[both have proved the key]"),
            _ => None,
        }
    }

    pub(crate) fn rungs(&self) -> &[HandshakeMessage] {
        &self.rungs
    }
}

impl fmt::Display for Ladder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "  client{:WIDTH$}server", "")?;
        for rung in &self.rungs {
            let from_client = (rung.direction == Direction::Sent) == (self.us == Peer::Client);
            let bytes = match rung.bytes {
                0 => "same record".to_owned(),
                bytes => format!("{bytes} B"),
            };
            let middle = WIDTH - 6;
            let line = format!(
                "{name} {dashes} {bytes}",
                name = rung.name,
                dashes = "-".repeat(middle.saturating_sub(rung.name.len() + bytes.len() + 2)),
            );
            let (left, right) = if from_client {
                ("--", "->")
            } else {
                ("<-", "--")
            };
            writeln!(
                f,
                "     |{left} {line} {right}|  {:>7.1} ms",
                rung.at.as_secs_f64() * 1000.0
            )?;
            if let Some(note) = self.note(rung) {
                writeln!(f, "     |   {note:<width$}|", width = WIDTH - 3)?;
            }
        }
        write!(f, "     |{:=^WIDTH$}|", " encrypted ")
    }
}
