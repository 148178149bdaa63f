// SPDX-License-Identifier: Apache-2.0

//! The sensor's samples as readings, numbered and dated.

use alloc::vec::Vec;

use secure_socket::backend::Backend;
use secure_sockets::{Quantity, Reading, SensorError};
use zephyr_backend::sensor;

/// The sensor: one, for as long as the device is on. By its numbers a reader tells a message
/// that came twice from a new one.
#[derive(Default)]
pub(crate) struct Sensor {
    /// How many readings there were.
    taken: u32,
}

impl Sensor {
    /// Takes a sample: a reading for each quantity that it has, one at least.
    pub(crate) fn sample<B: Backend>(&mut self, clock: &B) -> Result<Vec<Reading>, SensorError> {
        let now = clock.now().filter(|now| *now >= clock.earliest());
        let sample = sensor::sample().map_err(|errno| SensorError::Driver(errno.0))?;
        let readings: Vec<_> = sample
            .map(|(quantity, milli)| {
                self.taken = self.taken.wrapping_add(1);
                Reading {
                    number: self.taken,
                    quantity: match quantity {
                        sensor::Quantity::Temperature => Quantity::Temperature,
                        sensor::Quantity::Humidity => Quantity::Humidity,
                    },
                    milli,
                    time: now,
                }
            })
            .collect();
        match readings.is_empty() {
            true => Err(SensorError::Nothing),
            false => Ok(readings),
        }
    }
}
