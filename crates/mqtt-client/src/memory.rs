// SPDX-License-Identifier: Apache-2.0

//! Where what the broker sends is put.

use alloc::boxed::Box;
use alloc::vec::Vec;

use rust_mqtt::buffer::BufferProvider;

/// Heap memory, of which there may be too little: that is an error, and no abort. What is
/// asked for is within a packet, and so within [`max_packet`](crate::Settings::max_packet).
#[derive(Debug)]
pub(crate) struct Heap;

/// No memory for a field.
#[derive(Debug)]
pub(crate) struct NoMemory;

impl BufferProvider<'static> for Heap {
    type Buffer = Vec<u8>;
    type ProvisionError = NoMemory;

    fn provide_buffer(&mut self, length: usize) -> Result<Vec<u8>, NoMemory> {
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
