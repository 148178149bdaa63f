// SPDX-License-Identifier: Apache-2.0

#![doc = include_str!("../README.md")]
#![no_std]
#![forbid(unsafe_code)]
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::panic))]

#[cfg(feature = "fuzzing")]
extern crate alloc;
#[cfg(test)]
extern crate std;

mod body;
mod connection;
mod error;
#[cfg(feature = "fuzzing")]
#[doc(hidden)]
pub mod fuzz;
mod head;
mod input;
mod redirect;
mod request;
mod response;
mod url;

pub use body::{ChunkError, MAX_CHUNK_LINE, MAX_TRAILERS};
pub use connection::{Connection, MAX_INTERIM, MIN_BUFFER};
pub use error::Error;
pub use head::{Framing, FramingError, Head, HeadError, MAX_FIELDS, field};
pub use redirect::{Elsewhere, RedirectError, Redirects};
pub use request::{InvalidRequest, Method, Request};
pub use response::Response;
pub use url::{Authority, InvalidUrl, MAX_URL, Scheme, Target, Url};
