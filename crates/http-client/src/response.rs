// SPDX-License-Identifier: Apache-2.0

//! An answer.

use embedded_io::{Read, Write};

use crate::body::Body;
use crate::connection::Connection;
use crate::error::Error;
use crate::head::field;

/// An answer, whose body is yet to be read. The connection takes the next request when
/// it was read to its end.
pub struct Response<'c, 'b, S> {
    connection: &'c mut Connection<'b, S>,
    status: u16,
    body: Body,
    goes_on: bool,
    has_failed: bool,
}

impl<'c, 'b, S: Read + Write> Response<'c, 'b, S> {
    pub(crate) const fn new(
        connection: &'c mut Connection<'b, S>,
        status: u16,
        body: Body,
        goes_on: bool,
    ) -> Self {
        Self {
            connection,
            status,
            body,
            goes_on,
            has_failed: false,
        }
    }

    /// The status (RFC 9110, section 15): 2xx is success, 400 and more are failures.
    #[must_use]
    pub const fn status(&self) -> u16 {
        self.status
    }

    /// Whether the status is one of success (2xx).
    #[must_use]
    pub const fn is_success(&self) -> bool {
        matches!(self.status, 200..=299)
    }

    /// The value of the first field of this name.
    #[must_use]
    pub fn field(&self, name: &str) -> Option<&[u8]> {
        field(self.connection.kept(), name)
    }

    /// How long the body is, in bytes, if the head says so.
    #[must_use]
    pub const fn length(&self) -> Option<u64> {
        self.body.length()
    }

    /// Whether the connection takes another request after this answer.
    #[must_use]
    pub const fn goes_on(&self) -> bool {
        self.goes_on
    }

    /// Puts what comes next of the body into `out`, and returns how many bytes that is; 0
    /// is the end of the body, or no room in `out`.
    ///
    /// # Errors
    ///
    /// [`Error`]: what was read so far is no whole body then.
    pub fn read(&mut self, out: &mut [u8]) -> Result<usize, Error<S::Error>> {
        if self.has_failed {
            return Err(Error::Unusable);
        }
        let read = self.connection.read_body(&mut self.body, self.goes_on, out);
        self.has_failed = read.is_err();
        read
    }

    /// The whole body, if it fits into `room`.
    ///
    /// # Errors
    ///
    /// [`Error::TooLong`] if it does not: at once if the head says how long it is.
    pub fn read_all<'r>(&mut self, room: &'r mut [u8]) -> Result<&'r [u8], Error<S::Error>> {
        let limit = room.len();
        if self.length().is_some_and(|length| length > limit as u64) {
            self.has_failed = true;
            return Err(Error::TooLong { limit });
        }
        let mut filled = 0;
        loop {
            let rest = room.get_mut(filled..).unwrap_or_default();
            if rest.is_empty() {
                // Whether that was all.
                if self.read(&mut [0])? > 0 {
                    self.has_failed = true;
                    return Err(Error::TooLong { limit });
                }
                break;
            }
            match self.read(rest)? {
                0 => break,
                length => filled += length,
            }
        }
        Ok(room.get(..filled).unwrap_or_default())
    }
}
