// SPDX-License-Identifier: Apache-2.0

//! A sensor that is not there: a computer has none.

use secure_socket::backend::Backend;
use secure_sockets::{Pack, Quantity, Reading};

/// Temperatures that rise and fall.
#[derive(Default)]
pub(super) struct Sensor {
    taken: u32,
}

impl Sensor {
    /// The next reading, in JSON.
    pub(super) fn reading(&mut self, clock: &impl Backend) -> String {
        self.taken = self.taken.wrapping_add(1);
        // From 20 to 22 degrees and back, by a hundredth each time.
        let step = i64::from(self.taken % 400);
        let milli = 20_000 + 10 * step.min(400 - step);
        let reading = Reading {
            number: self.taken,
            quantity: Quantity::Temperature,
            milli,
            time: clock.now(),
        };
        Pack(&[reading]).to_string()
    }
}
