// SPDX-License-Identifier: Apache-2.0

//! A firmware of your own in mode 2: sends a line to a server, and gets it back.

#![no_std]
#![forbid(unsafe_code)]

extern crate alloc;

use alloc::boxed::Box;
use core::error::Error;
use core::time::Duration;

use secure_socket::credential::{CaCertificate, SecTag};
use secure_socket::time::{Asking, TimeServer};
use secure_socket::{ServerName, UnixTime, client};
use zephyr::printkln;
use zephyr_backend::Zephyr;
use zephyr_backend::sntp::Sntp;

const LINE: &[u8] = b"hello from my own application\n";

zephyr_backend::entry!(main);

fn main() {
    if let Err(error) = run() {
        printkln!("error: {error}");
    }
}

fn run() -> Result<(), Box<dyn Error>> {
    set_clock()?;
    // Where its credentials go in Zephyr's store: one tag for each CA certificate.
    let backend = Zephyr::new(SecTag::new(1)?);
    let client = client::builder()
        .trust(CaCertificate::from_pem(include_str!(env!("CA_FILE")))?)
        .without_identity()
        .server_name(ServerName::new(env!("CONFIG_EXAMPLE_SERVER_NAME"))?)
        .build(&backend)?;
    let port = env!("CONFIG_EXAMPLE_PORT").parse()?;
    let stream = client.connect(env!("CONFIG_EXAMPLE_HOST"), port)?;
    let session = stream.session();
    printkln!("{} with {}", session.version, session.peer);
    stream.send_all(LINE)?;
    let mut back = [0; LINE.len()];
    let mut filled = 0;
    while filled < back.len() {
        // 0 is the server's orderly end. A cut is an error.
        match stream.receive(&mut back[filled..])? {
            0 => return Err("the server ended before all of it was back".into()),
            length => filled += length,
        }
    }
    stream.close()?;
    printkln!("came back: {}", back == LINE);
    Ok(())
}

/// Certificates have dates, and no mode that checks them connects before the clock is set.
fn set_clock() -> Result<(), Box<dyn Error>> {
    let asking = Asking {
        servers: TimeServer::list(env!("CONFIG_EXAMPLE_SNTP_SERVERS"))?,
        patience: Duration::from_secs(4),
        limit: Some(Duration::from_secs(60)),
        built: UnixTime::FLOOR,
    };
    zephyr_backend::set_clock(asking.ask(&Sntp)?.since_1970)?;
    Ok(())
}
