// SPDX-License-Identifier: Apache-2.0

//! The heap of a device, for tests of what happens where it is full.
//!
//! ```
//! #[global_allocator]
//! static HEAP: test_pki::small_heap::SmallHeap = test_pki::small_heap::SmallHeap;
//! ```

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::ptr;

thread_local! {
    /// What this thread may still have; `None` for all that there is.
    static LEFT: Cell<Option<usize>> = const { Cell::new(None) };
}

/// The system's allocator, with a limit for a thread that is [`with`] one.
pub struct SmallHeap;

/// Does `it` with so many bytes of heap for this thread, in a test program whose global
/// allocator is [`SmallHeap`]. What panics on a device for want of memory ends the whole
/// program here.
pub fn with<T>(bytes: usize, it: impl FnOnce() -> T) -> T {
    LEFT.set(Some(bytes));
    let result = it();
    LEFT.set(None);
    result
}

/// What a block takes of a heap like Zephyr's: a header, and it is rounded up.
const fn block(layout: Layout) -> usize {
    layout.size().next_multiple_of(8) + 8
}

// SAFETY: every block is the system's, is asked of it with the layout that is given, and goes
// back to it with the same.
unsafe impl GlobalAlloc for SmallHeap {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        // A thread that ends has no limit any more.
        if let Ok(Some(left)) = LEFT.try_with(Cell::get) {
            match left.checked_sub(block(layout)) {
                None => return ptr::null_mut(),
                left => LEFT.set(left),
            }
        }
        // SAFETY: the layout is the caller's, who answers for it.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        let _ = LEFT.try_with(|left| left.set(left.get().map(|left| left + block(layout))));
        // SAFETY: the pointer is one of `alloc` above, with this layout: the caller's promise.
        unsafe { System.dealloc(pointer, layout) }
    }
}
