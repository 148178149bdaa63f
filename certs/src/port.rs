// SPDX-License-Identifier: Apache-2.0

//! Ports of this computer for the servers of tests.

use std::net::{Ipv4Addr, TcpListener};
use std::process;
use std::sync::atomic::{AtomicU32, Ordering};

/// The first that is given out. All are below those that Linux gives to whoever connects or
/// asks for any (32768 to 60999; ip(7), `ip_local_port_range`): one from there may be taken
/// before a server has come to take it.
const FIRST: u32 = 10_000;
const COUNT: u32 = 20_000;

/// A port that nobody uses on loopback, and that this process gives out once.
#[must_use]
pub fn free() -> u16 {
    static GIVEN: AtomicU32 = AtomicU32::new(0);
    // Programs that run side by side, begin in different places.
    let first = process::id().wrapping_mul(97);
    loop {
        let next = first.wrapping_add(GIVEN.fetch_add(1, Ordering::Relaxed));
        let Ok(port) = u16::try_from(FIRST + next % COUNT) else {
            continue;
        };
        if TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok() {
            return port;
        }
    }
}
