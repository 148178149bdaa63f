// SPDX-License-Identifier: Apache-2.0

//! One request and its answer in plain TCP.

use std::net::SocketAddr;
use std::time::Duration;

use mbedtls_engine::{Deadline, Interest, System as _, TransportError};
use secure_socket::backend::{Failure, OsError, OsErrorKind};

use crate::net::{self, Std};

/// See [`Backend::exchange`](secure_socket::backend::Backend::exchange).
pub(crate) fn exchange(
    address: SocketAddr,
    request: &[u8],
    limit: usize,
    timeout: Duration,
    complete: &mut dyn FnMut(&[u8]) -> bool,
) -> Result<Vec<u8>, OsError> {
    let deadline = Deadline::<Std>::after(Some(timeout));
    let stream = net::connect(address, timeout)?;
    let wait = |interest| {
        deadline
            .wait(&stream, interest)
            .map_err(|failure| match failure {
                Failure::Os(error) => error,
                _ => OsError {
                    kind: OsErrorKind::TimedOut,
                    number: 0,
                },
            })
    };
    let mut rest = request;
    while !rest.is_empty() {
        match Std::send(&stream, rest) {
            Ok(sent) => rest = rest.get(sent..).unwrap_or(&[]),
            Err(TransportError::WouldBlock) => wait(Interest::SEND)?,
            Err(TransportError::Broken(error)) => return Err(error),
        }
    }
    let mut answer = Vec::new();
    let mut chunk = [0; 4096];
    while answer.len() <= limit && !complete(&answer) {
        let most = chunk.len().min(limit + 1 - answer.len());
        match Std::receive(&stream, &mut chunk[..most]) {
            Ok(0) => break,
            Ok(length) => answer.extend_from_slice(&chunk[..length]),
            // A peer that drips is waited for no longer than any other.
            Err(TransportError::WouldBlock) => wait(Interest::RECEIVE)?,
            Err(TransportError::Broken(error)) => return Err(error),
        }
        if deadline.is_past() {
            return Err(OsError {
                kind: OsErrorKind::TimedOut,
                number: 0,
            });
        }
    }
    Ok(answer)
}
