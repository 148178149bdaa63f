// SPDX-License-Identifier: Apache-2.0

//! Mbed TLS's heap: the global allocator, counted.

use core::ffi::c_void;
use core::ptr;
use core::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::alloc::{Layout, alloc_zeroed, dealloc};

use mbedtls_rs_sys as sys;

use mbedtls_engine::StartError;

/// Before each block, its size. As large as the strictest alignment of C
/// (`max_align_t`), so that the block is aligned too.
const HEADER: usize = 16;

static LIVE: AtomicUsize = AtomicUsize::new(0);
static PEAK: AtomicUsize = AtomicUsize::new(0);
static LIMIT: AtomicUsize = AtomicUsize::new(usize::MAX);
static FAILED: AtomicUsize = AtomicUsize::new(0);
static INSTALLED: AtomicBool = AtomicBool::new(false);

/// The most bytes that Mbed TLS has held at any one moment, over all connections.
pub(crate) fn peak() -> usize {
    PEAK.load(Ordering::Relaxed)
}

/// The bytes that Mbed TLS holds now, over all connections.
pub(crate) fn in_use() -> usize {
    LIVE.load(Ordering::Relaxed)
}

/// Lets Mbed TLS hold `bytes` and no more, as on a device with a heap of that size;
/// `None` lifts the limit. Counts for the whole process.
pub(crate) fn set_limit(bytes: Option<usize>) {
    LIMIT.store(bytes.unwrap_or(usize::MAX), Ordering::Relaxed);
}

/// How many allocations failed so far.
pub(crate) fn failures() -> usize {
    FAILED.load(Ordering::Relaxed)
}

pub(crate) fn install() -> Result<(), StartError> {
    if INSTALLED.swap(true, Ordering::AcqRel) {
        return Ok(());
    }
    // SAFETY: the two functions go together, and `platform::start` has
    // not let anyone use Mbed TLS yet, so that no block of another allocator is around.
    match unsafe { sys::mbedtls_platform_set_calloc_free(Some(calloc), Some(free)) } {
        0 => Ok(()),
        _ => Err(StartError::Allocator),
    }
}

fn layout(size: usize) -> Option<Layout> {
    Layout::from_size_align(size.checked_add(HEADER)?, HEADER).ok()
}

fn reserve(size: usize) -> bool {
    let live = LIVE.fetch_add(size, Ordering::Relaxed).saturating_add(size);
    if live > LIMIT.load(Ordering::Relaxed) {
        LIVE.fetch_sub(size, Ordering::Relaxed);
        return false;
    }
    PEAK.fetch_max(live, Ordering::Relaxed);
    true
}

unsafe extern "C" fn calloc(count: usize, size: usize) -> *mut c_void {
    let block = count.checked_mul(size).and_then(|size| {
        let layout = layout(size)?;
        if !reserve(size) {
            return None;
        }
        // SAFETY: the layout is at least the header, so not of size 0.
        let start = unsafe { alloc_zeroed(layout) };
        if start.is_null() {
            LIVE.fetch_sub(size, Ordering::Relaxed);
            return None;
        }
        // SAFETY: the allocation has room for the header, and is aligned to it.
        unsafe {
            start.cast::<usize>().write(size);
            Some(start.add(HEADER))
        }
    });
    block.map_or_else(
        || {
            FAILED.fetch_add(1, Ordering::Relaxed);
            ptr::null_mut()
        },
        <*mut u8>::cast,
    )
}

unsafe extern "C" fn free(block: *mut c_void) {
    if block.is_null() {
        return;
    }
    // SAFETY: Mbed TLS frees only what `calloc` above gave it, once: the header is
    // before it, and says the size that the layout was made of.
    unsafe {
        let start = block.cast::<u8>().sub(HEADER);
        let size = start.cast::<usize>().read();
        LIVE.fetch_sub(size, Ordering::Relaxed);
        if let Some(layout) = layout(size) {
            dealloc(start, layout);
        }
    }
}
