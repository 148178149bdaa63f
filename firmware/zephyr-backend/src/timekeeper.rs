// SPDX-License-Identifier: Apache-2.0

//! A thread beside the program's own, which may wait for a server that tells the time
//! without anybody waiting for it.

use alloc::boxed::Box;
use core::ffi::c_void;
use core::fmt;

type Work = Box<dyn FnOnce() + Send>;

unsafe extern "C" {
    fn ss_timekeeper_start(run: unsafe extern "C" fn(*mut c_void), context: *mut c_void) -> bool;
}

/// It runs already.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TimekeeperBusy;

impl fmt::Display for TimekeeperBusy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the timekeeper's thread runs already")
    }
}

impl core::error::Error for TimekeeperBusy {}

/// Has `work` run on the timekeeper's thread, of which there is one, with
/// `CONFIG_SECURE_SOCKETS_SNTP_STACK_SIZE` bytes of stack.
///
/// # Errors
///
/// [`TimekeeperBusy`]: it was started before.
pub fn start(work: impl FnOnce() + Send + 'static) -> Result<(), TimekeeperBusy> {
    let work: Work = Box::new(work);
    let context = Box::into_raw(Box::new(work));
    // SAFETY: `run` is called with `context` at most once, and only if this is true.
    if unsafe { ss_timekeeper_start(run, context.cast()) } {
        return Ok(());
    }
    // SAFETY: it is the pointer from above, which nobody has got.
    drop(unsafe { Box::from_raw(context) });
    Err(TimekeeperBusy)
}

/// # Safety
///
/// `context` is a [`Work`] out of `Box::into_raw`, and this is its only use.
unsafe extern "C" fn run(context: *mut c_void) {
    // SAFETY: by contract.
    let work = unsafe { Box::from_raw(context.cast::<Work>()) };
    work();
}
