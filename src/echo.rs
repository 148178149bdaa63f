// SPDX-License-Identifier: Apache-2.0

//! The peer of the main job: sends back what it gets.

use secure_socket::backend::Connection;
use secure_socket::{Error, Stream};

/// The most bytes that are echoed in one piece.
pub const MAX_LINE: usize = 2048;

/// Sends back what comes until the client closes in order, then closes too, and says
/// how many bytes there were.
///
/// # Errors
///
/// What broke the connection.
pub fn echo<C: Connection>(stream: Stream<C>) -> Result<u64, Error> {
    let mut buffer = [0; MAX_LINE];
    let mut total = 0;
    loop {
        let length = stream.receive(&mut buffer)?;
        if length == 0 {
            stream.close()?;
            return Ok(total);
        }
        stream.send_all(&buffer[..length])?;
        total += length as u64;
    }
}
