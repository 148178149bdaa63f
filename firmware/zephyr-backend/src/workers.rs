// SPDX-License-Identifier: Apache-2.0

//! The threads that serve clients: as many as there are places for them
//! (`CONFIG_SECURE_SOCKETS_SERVER_CLIENTS`), each with a stack from the image. While there is
//! nobody to serve, one of them can do something else.

use core::ffi::c_void;
use core::fmt;

use mbedtls_engine::Mutex as _;
use secure_socket::{Incoming, Server};
use zephyr::sync::atomic::{AtomicUsize, Ordering};
use zephyr::time::{Duration, sleep};

use crate::backend::Zephyr;
use crate::socket::Locked;

type Work = unsafe extern "C" fn(*mut c_void);

// `safe`: whatever the arguments, and from any thread.
unsafe extern "C" {
    safe fn ss_workers_max() -> usize;
    fn ss_workers_start(work: Work, context: *mut c_void, count: usize) -> bool;
    safe fn ss_workers_join();
}

/// How many clients are served at once.
#[must_use]
pub fn places() -> usize {
    ss_workers_max()
}

/// The threads are at work already.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WorkersBusy;

impl fmt::Display for WorkersBusy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the image's threads are at work already, for a server most likely")
    }
}

impl core::error::Error for WorkersBusy {}

/// What the threads share.
struct Shift<'a, 's, 'b> {
    server: &'s Server<'b, Zephyr>,
    serve: &'a (dyn Fn(Incoming<'s, 'b, Zephyr>) + Sync),
    /// How many clients may still come. Whoever holds it waits for the next one.
    door: Locked<Option<u64>>,
    busy: AtomicUsize,
}

/// Has `serve` called with each client of `server`, on a thread of its own, for as many
/// at once as there are [`places`], while `meanwhile` runs on this one. Where all places
/// are taken, nobody is accepted: the next client waits in the listen queue, and the log
/// says so.
///
/// Returns when so many `clients` were served; never if that is `None`.
///
/// # Errors
///
/// [`WorkersBusy`]; nothing was run then.
pub fn serve<'s, 'b>(
    server: &'s Server<'b, Zephyr>,
    clients: Option<u64>,
    serve: &(dyn Fn(Incoming<'s, 'b, Zephyr>) + Sync),
    meanwhile: impl FnOnce(),
) -> Result<(), WorkersBusy> {
    let shift = Shift {
        server,
        serve,
        door: Locked::new(clients),
        busy: AtomicUsize::new(0),
    };
    let context = shared(&shift);
    // SAFETY: `work` gets a pointer to `shift`, which is shared and `Sync`, and is not
    // dropped before the threads have returned from `work`: `Join` waits for them.
    if !unsafe { ss_workers_start(work, context, places()) } {
        return Err(WorkersBusy);
    }
    let join = Join;
    meanwhile();
    drop(join);
    Ok(())
}

/// Waits for the threads whatever happens: they use what was borrowed.
struct Join;

impl Drop for Join {
    fn drop(&mut self) {
        ss_workers_join();
    }
}

/// Calls `work` on one of the threads while `meanwhile` runs on this one, and returns what
/// `work` did when both are done.
///
/// # Errors
///
/// [`WorkersBusy`]; nothing was run then.
pub fn beside<T: Send>(
    work: &(dyn Fn() -> T + Sync),
    meanwhile: impl FnOnce(),
) -> Result<T, WorkersBusy> {
    let aside = Aside {
        work,
        result: Locked::new(None),
    };
    let context = shared(&aside);
    // SAFETY: `step_aside` gets a pointer to `aside`, of the same `T`, which is shared and
    // `Sync`, and is not dropped before the thread has returned: `Join` waits for it.
    if !unsafe { ss_workers_start(step_aside::<T>, context, 1) } {
        return Err(WorkersBusy);
    }
    let join = Join;
    meanwhile();
    drop(join);
    aside.result.with(Option::take).ok_or(WorkersBusy)
}

/// What [`beside`] has a thread do, and what came of it.
struct Aside<'a, T> {
    work: &'a (dyn Fn() -> T + Sync),
    result: Locked<Option<T>>,
}

/// # Safety
///
/// `context` is an [`Aside`] of this `T` that outlives the call.
unsafe extern "C" fn step_aside<T>(context: *mut c_void) {
    // SAFETY: by contract. The lifetime in it is that of `beside`, which waits for us.
    let aside = unsafe { &*context.cast::<Aside<'_, T>>() };
    let result = (aside.work)();
    aside.result.with(|place| *place = Some(result));
}

/// A pointer for other threads, to what may be given to them.
fn shared<T: Sync>(value: &T) -> *mut c_void {
    core::ptr::from_ref(value).cast_mut().cast()
}

/// # Safety
///
/// `context` is a [`Shift`] that outlives the call.
unsafe extern "C" fn work(context: *mut c_void) {
    // SAFETY: by contract. The lifetimes in it are those of `serve`, which waits for us.
    let shift = unsafe { &*context.cast::<Shift<'_, '_, '_>>() };
    shift.work();
}

impl<'s, 'b> Shift<'_, 's, 'b> {
    fn work(&self) {
        while let Some(incoming) = self.next() {
            if self.busy.fetch_add(1, Ordering::AcqRel) + 1 == places() {
                log::warn!("all {} places are taken: the next client waits", places());
            }
            (self.serve)(incoming);
            self.busy.fetch_sub(1, Ordering::AcqRel);
        }
    }

    /// The next client; `None` if there are to be no more.
    fn next(&self) -> Option<Incoming<'s, 'b, Zephyr>> {
        self.door.with(|left| {
            if *left == Some(0) {
                return None;
            }
            loop {
                match self.server.accept() {
                    Ok(incoming) => {
                        *left = left.map(|left| left - 1);
                        return Some(incoming);
                    }
                    Err(error) => {
                        log::warn!("cannot accept a client: {error}");
                        // Out of sockets, most likely: somebody will give one back.
                        sleep(Duration::millis(100));
                    }
                }
            }
        })
    }
}
