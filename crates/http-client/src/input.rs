// SPDX-License-Identifier: Apache-2.0

//! What was received and is yet to be used, in the caller's buffer.

use embedded_io::Read;

/// The caller's buffer: what it begins with is kept (the head of an answer), the rest
/// takes what comes in.
pub(crate) struct Input<'b> {
    buffer: &'b mut [u8],
    /// What is kept ends here.
    kept: usize,
    /// What is yet to be used.
    start: usize,
    end: usize,
}

impl<'b> Input<'b> {
    pub(crate) const fn new(buffer: &'b mut [u8]) -> Self {
        Self {
            buffer,
            kept: 0,
            start: 0,
            end: 0,
        }
    }

    pub(crate) const fn size(&self) -> usize {
        self.buffer.len()
    }

    /// What was received and is yet to be used.
    pub(crate) fn received(&self) -> &[u8] {
        self.buffer.get(self.start..self.end).unwrap_or_default()
    }

    /// What is kept.
    pub(crate) fn kept(&self) -> &[u8] {
        self.buffer.get(..self.kept).unwrap_or_default()
    }

    /// Counts so many bytes as used.
    pub(crate) fn consume(&mut self, length: usize) {
        self.start = self.start.saturating_add(length).min(self.end);
    }

    /// Keeps the first bytes of what was received; nothing was kept before.
    pub(crate) fn keep(&mut self, length: usize) {
        self.settle();
        self.kept = length.min(self.end);
        self.start = self.kept;
    }

    /// Nothing is kept any more.
    pub(crate) fn release(&mut self) {
        self.kept = 0;
        self.settle();
    }

    /// The whole buffer, if nothing is in it.
    pub(crate) fn room(&mut self) -> Option<&mut [u8]> {
        (self.start == self.end && self.kept == 0).then_some(&mut *self.buffer)
    }

    /// Moves what is yet to be used to behind what is kept.
    fn settle(&mut self) {
        self.buffer.copy_within(self.start..self.end, self.kept);
        self.end -= self.start - self.kept;
        self.start = self.kept;
    }

    /// Whether nothing more fits in.
    pub(crate) const fn is_full(&self) -> bool {
        self.kept + (self.end - self.start) == self.buffer.len()
    }

    /// Receives more; `false` is the end of the stream, or a full buffer.
    pub(crate) fn fill<S: Read>(&mut self, stream: &mut S) -> Result<bool, S::Error> {
        self.settle();
        let room = self.buffer.get_mut(self.end..).unwrap_or_default();
        if room.is_empty() {
            return Ok(false);
        }
        // No more than there is room for, whatever a stream says.
        let length = stream.read(room)?.min(room.len());
        self.end += length;
        Ok(length > 0)
    }

    /// Puts what comes next into `out`; 0 is the end of the stream.
    pub(crate) fn read<S: Read>(
        &mut self,
        stream: &mut S,
        out: &mut [u8],
    ) -> Result<usize, S::Error> {
        let received = self.received();
        if received.is_empty() {
            return Ok(stream.read(out)?.min(out.len()));
        }
        let length = received.len().min(out.len());
        if let (Some(from), Some(to)) = (received.get(..length), out.get_mut(..length)) {
            to.copy_from_slice(from);
        }
        self.consume(length);
        Ok(length)
    }
}
