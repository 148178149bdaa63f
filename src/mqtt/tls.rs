// SPDX-License-Identifier: Apache-2.0

//! The encrypted stream, as the MQTT client takes it.

use core::time::Duration;

use embedded_io::{ErrorType, Read, Write};
use mqtt_client::Transport;
use secure_socket::backend::Connection;
use secure_socket::{Error, Stream};

/// An encrypted stream to a broker.
pub struct Tls<C: Connection>(pub Stream<C>);

impl<C: Connection> ErrorType for Tls<C> {
    type Error = Error;
}

impl<C: Connection> Read for Tls<C> {
    fn read(&mut self, buffer: &mut [u8]) -> Result<usize, Error> {
        self.0.receive(buffer)
    }
}

impl<C: Connection> Write for Tls<C> {
    fn write(&mut self, data: &[u8]) -> Result<usize, Error> {
        self.0.send(data)
    }

    fn flush(&mut self) -> Result<(), Error> {
        Ok(())
    }
}

impl<C: Connection> Transport for Tls<C> {
    fn wait_readable(&mut self, limit: Duration) -> Result<bool, Error> {
        self.0.wait_readable(limit)
    }
}
