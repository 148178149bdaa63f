// SPDX-License-Identifier: Apache-2.0

//! Where an answer goes.

use std::io::{self, Write as _};
use std::path::Path;

use crate::host::error::HostError;
use crate::host::whole::Whole;

pub(super) enum Sink {
    Stdout,
    File(Whole),
}

impl Sink {
    /// A file at `path`, or standard output.
    pub(super) fn new(path: Option<&Path>) -> Result<Self, HostError> {
        Ok(match path {
            None => Self::Stdout,
            Some(path) => Self::File(Whole::new(path)?),
        })
    }

    pub(super) fn put(&mut self, data: &[u8]) -> Result<(), HostError> {
        match self {
            Self::Stdout => io::stdout().write_all(data).map_err(HostError::Output),
            Self::File(whole) => whole.put(data),
        }
    }

    /// That was all.
    pub(super) fn finish(self) -> Result<(), HostError> {
        match self {
            Self::Stdout => io::stdout().flush().map_err(HostError::Output),
            Self::File(whole) => whole.keep(),
        }
    }
}
