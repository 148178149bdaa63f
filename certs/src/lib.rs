// SPDX-License-Identifier: Apache-2.0

//! The project's test PKI, as code.
//!
//! Nothing here is kept in git: certificates and keys are made anew each time,
//! in memory ([`Pki::generate`], [`Psk::generate`]) or on disk ([`write()`],
//! [`write_replacing`]). [`inventory()`] lists what ends up on disk.
//!
//! A [`Pki`] is one complete family with EC P-256 or RSA-2048 keys
//! ([`KeyKind`]): a root, an intermediate, a second root nobody should trust,
//! and one [`Credential`] per [`Leaf`]. Each bad leaf has exactly one fault.
//!
//! A [`recipe`] describes any other set of certificates, CRLs and OCSP answers,
//! faults included; a [`responder`] serves them over HTTP.
//!
//! For tests only: the private keys are written to disk in the clear.
//!
//! ```
//! use test_pki::{KeyKind, Leaf, Pki};
//!
//! # fn main() -> Result<(), test_pki::Error> {
//! let pki = Pki::generate(KeyKind::Ec)?;
//! let trusted = &pki.root().der;
//! let server = pki.leaf(Leaf::Server);
//! assert_eq!(server.chain_der[1], pki.intermediate().der);
//! # let _ = trusted;
//! # Ok(())
//! # }
//! ```

pub mod cases;
pub mod crl;
mod date;
mod error;
mod extensions;
mod family;
mod inventory;
mod key;
mod leaf;
mod name;
pub mod ocsp;
pub mod port;
mod psk;
pub mod recipe;
pub mod responder;
pub mod seeds;
pub mod small_heap;
mod write;

pub use error::Error;
pub use family::{Certificate, Credential, KeyKind, Pki};
pub use inventory::{Item, inventory};
pub use leaf::{Leaf, Role};
pub use psk::Psk;
pub use write::{write, write_replacing};
