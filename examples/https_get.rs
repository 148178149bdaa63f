// SPDX-License-Identifier: Apache-2.0

//! Asks a web server for a document, in mode 2:
//!
//!     cargo run --example https_get -- ca.pem www.example.org 443 /
//!
//! On a device the backend is `Zephyr`: firmware/src/task/examples.rs.

extern crate alloc;

use alloc::boxed::Box;
use core::error::Error;

use http_client::{Authority, Connection, Request, Scheme};
use secure_socket::backend::Backend;
use secure_socket::config::AlpnProtocol;
use secure_socket::credential::Trust;
use secure_socket::{ServerName, client};

/// How many bytes of `body` the document at `path` takes.
pub(crate) fn get<B: Backend>(
    backend: &B,
    trust: Trust,
    (host, port): (&str, u16),
    path: &str,
    body: &mut [u8],
) -> Result<usize, Box<dyn Error>> {
    let client = client::builder()
        .trust(trust)
        .without_identity()
        .server_name(ServerName::new(host)?)
        .alpn(&[AlpnProtocol::new("http/1.1")?])
        .build(backend)?;
    let name = alloc::format!("{}", Authority::new(Scheme::Https, host, port));
    // The longest head of an answer is 256 bytes less.
    let mut buffer = [0; 2048];
    let mut connection = Connection::new(client.connect(host, port)?, &name, &mut buffer);
    let mut response = connection.send(&Request::get(path))?;
    if !response.is_success() {
        return Err(alloc::format!("status {}", response.status()).into());
    }
    let length = response.read_all(body)?.len();
    connection.into_stream().close()?;
    Ok(length)
}

#[cfg(not(target_os = "none"))]
fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<_> = std::env::args().skip(1).collect();
    let [ca, host, port, path] = &arguments[..] else {
        return Err("give CA-FILE HOST PORT PATH".into());
    };
    let ca = secure_socket::credential::CaCertificate::from_pem(&std::fs::read_to_string(ca)?)?;
    let backend = mbedtls_backend::MbedTls::new()?;
    let mut body = vec![0; 1 << 20];
    let length = get(&backend, ca.into(), (host, port.parse()?), path, &mut body)?;
    println!("{}", String::from_utf8_lossy(&body[..length]));
    Ok(())
}
