// SPDX-License-Identifier: Apache-2.0

//! Sends a line to an echo server and gets it back, in mode 1 (a pre-shared key):
//!
//!     cargo run -- serve --mode psk
//!     cargo run --example raw_echo -- psk.hex device-1 localhost 4433 hello
//!
//! On a device the backend is `Zephyr`: firmware/src/task/examples.rs.

extern crate alloc;

use alloc::boxed::Box;
use alloc::vec;
use core::error::Error;

use secure_socket::backend::Backend;
use secure_socket::client;
use secure_socket::credential::PskSource;

/// Whether what was sent came back.
pub(crate) fn echo<B: Backend>(
    backend: &B,
    psk: PskSource,
    (host, port): (&str, u16),
    text: &[u8],
) -> Result<bool, Box<dyn Error>> {
    let client = client::builder().psk_source(psk).build(backend)?;
    let stream = client.connect(host, port)?;
    stream.send_all(text)?;
    let mut back = vec![0; text.len()];
    let mut filled = 0;
    while filled < back.len() {
        // 0 is the server's orderly end. A cut is an error.
        match stream.receive(&mut back[filled..])? {
            0 => return Ok(false),
            length => filled += length,
        }
    }
    stream.close()?;
    Ok(back == text)
}

#[cfg(not(target_os = "none"))]
fn main() -> Result<(), Box<dyn Error>> {
    use secure_socket::credential::{Psk, PskIdentity};
    let arguments: Vec<_> = std::env::args().skip(1).collect();
    let [key, identity, host, port, text] = &arguments[..] else {
        return Err("give KEY-FILE IDENTITY HOST PORT TEXT".into());
    };
    let key = Psk::from_hex(&std::fs::read_to_string(key)?)?;
    let identity = PskIdentity::new(identity.as_str())?;
    let psk = PskSource::Given { identity, key };
    let backend = &mbedtls_backend::MbedTls::new()?;
    let came_back = echo(backend, psk, (host, port.parse()?), text.as_bytes())?;
    println!("came back: {came_back}");
    Ok(())
}
