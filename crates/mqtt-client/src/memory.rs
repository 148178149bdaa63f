// SPDX-License-Identifier: Apache-2.0

//! Where what the broker sends is put.

use alloc::boxed::Box;
use alloc::vec::Vec;

use rust_mqtt::buffer::BufferProvider;

/// The longest field of a packet: MQTT counts text in 16 bits, and of a packet no more is
/// taken than the settings say.
const MAX_FIELD: usize = 1 << 20;

/// Heap memory, of which there may be too little: that is an error, and no abort.
#[derive(Debug)]
pub(crate) struct Heap;

/// No memory for a field.
#[derive(Debug)]
pub(crate) struct NoMemory;

impl BufferProvider<'static> for Heap {
    type Buffer = Vec<u8>;
    type ProvisionError = NoMemory;

    fn provide_buffer(&mut self, length: usize) -> Result<Vec<u8>, NoMemory> {
        if length > MAX_FIELD {
            return Err(NoMemory);
        }
        let mut field = Vec::new();
        field.try_reserve_exact(length).map_err(|_| NoMemory)?;
        field.resize(length, 0);
        Ok(field)
    }
}

impl Heap {
    /// It has no size: nothing is allocated, and so nothing leaks.
    pub(crate) fn forever() -> &'static mut Self {
        Box::leak(Box::new(Self))
    }
}
