// SPDX-License-Identifier: Apache-2.0

//! What a status says, in words.

use std::fmt;

/// A status that is no success, shown with what it means (RFC 9110, section 15).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Status(pub(crate) u16);

impl Status {
    const fn meaning(self) -> &'static str {
        match self.0 {
            400 => "it takes the request for a wrong one",
            401 => "it wants to know who asks (--field 'Authorization: ...')",
            403 => "whoever asks is not allowed to",
            404 | 410 => "there is nothing by this path",
            405 => "what is there does not take this method",
            408 => "the request came too slowly",
            411 | 413 => "it does not take a body of that length",
            415 => "it does not take this media type (--content-type)",
            421 => "it is not the server of this name",
            429 => "it was asked too often: wait",
            431 => "the header fields are too long for it",
            500 => "it has a fault",
            502 | 504 => "the server behind it does not answer",
            503 => "it has no time now: try later",
            _ if self.0 / 100 == 3 => "what was asked for is elsewhere",
            _ if self.0 / 100 == 4 => "it does not take the request",
            _ if self.0 / 100 == 5 => "it cannot do it",
            _ => "it is no status that says what to do",
        }
    }
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "status {}: {}", self.0, self.meaning())
    }
}
