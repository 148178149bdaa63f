// SPDX-License-Identifier: Apache-2.0

//! A queue in RAM.

use alloc::collections::VecDeque;
use core::convert::Infallible;

use super::Storage;

/// The most bytes of a record in RAM: topic, payload, and 2 more.
pub const MAX_RECORD: usize = 256;

/// Places in RAM, each for one record; all that there will be is allocated at the start.
pub struct Ram {
    records: VecDeque<heapless::Vec<u8, MAX_RECORD>>,
    capacity: usize,
}

impl Ram {
    /// Room for `capacity` records, 2 at least: some [`MAX_RECORD`] bytes of the heap each.
    /// `None`: there is not enough of it.
    #[must_use]
    pub fn new(capacity: usize) -> Option<Self> {
        let capacity = capacity.max(2);
        let mut records = VecDeque::new();
        records.try_reserve_exact(capacity).ok()?;
        Some(Self { records, capacity })
    }
}

impl Storage for Ram {
    type Error = Infallible;

    fn capacity(&self) -> usize {
        self.capacity
    }

    fn max_record(&self) -> usize {
        MAX_RECORD
    }

    fn len(&self) -> usize {
        self.records.len()
    }

    fn push(&mut self, record: &[u8]) -> Result<(), Infallible> {
        if self.records.len() < self.capacity
            && let Ok(record) = heapless::Vec::from_slice(record)
        {
            self.records.push_back(record);
        }
        Ok(())
    }

    fn read<T>(
        &mut self,
        index: usize,
        show: impl FnOnce(&[u8]) -> T,
    ) -> Result<Option<T>, Infallible> {
        Ok(self.records.get(index).map(|record| show(record)))
    }

    fn remove(&mut self, index: usize) -> Result<(), Infallible> {
        self.records.remove(index);
        Ok(())
    }
}
