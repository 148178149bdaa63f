// SPDX-License-Identifier: Apache-2.0

//! What Mbed TLS asks of the platform: a lock, clocks and random numbers.

use std::cell::Cell;
use std::ffi::{c_int, c_uchar, c_void};
use std::sync::{Condvar, Mutex, MutexGuard, OnceLock, PoisonError};
use std::thread::{self, ThreadId};
use std::time::{Duration, SystemTime};

use der::DateTime;
use mbedtls_rs_sys as sys;
use mbedtls_rs_sys::hook::backend::std::timer::StdTimer;
use mbedtls_rs_sys::hook::wall_clock::MbedtlsWallClock;
use secure_socket::{Clock, UnixTime};

use mbedtls_engine::{Library, Platform, Random, StartError};

use crate::heap;

/// Takes a mutex whose holder may have panicked: what it guards here is whole
/// between any two statements.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A lock that its holder may take again.
struct Reentrant {
    /// Who holds it, and how many times over.
    holder: Mutex<Option<(ThreadId, usize)>>,
    released: Condvar,
}

// SAFETY: `acquire` returns only with `holder` naming the calling thread, and
// `release` gives it up when the last of the thread's calls is matched. PSA's
// generator fills the buffer or fails.
unsafe impl Platform for Reentrant {
    fn acquire(&self) {
        let me = thread::current().id();
        let mut holder = lock(&self.holder);
        loop {
            match &mut *holder {
                None => {
                    *holder = Some((me, 1));
                    return;
                }
                Some((thread, times)) if *thread == me => {
                    *times += 1;
                    return;
                }
                Some(_) => {
                    holder = self
                        .released
                        .wait(holder)
                        .unwrap_or_else(PoisonError::into_inner);
                }
            }
        }
    }

    fn release(&self) {
        let mut holder = lock(&self.holder);
        match &mut *holder {
            Some((_, times)) if *times > 1 => *times -= 1,
            _ => {
                *holder = None;
                self.released.notify_one();
            }
        }
    }

    fn random(&self) -> Random {
        random
    }

    fn failed_allocations(&self) -> usize {
        heap::failures()
    }

    // This Mbed TLS encrypts without PSA.
    fn locks_records(&self) -> bool {
        false
    }
}

/// PSA's generator, which is [`mbedtls_psa_external_get_random`] in this build.
unsafe extern "C" fn random(_context: *mut c_void, output: *mut c_uchar, length: usize) -> c_int {
    // SAFETY: Mbed TLS passes a buffer of `length` writable bytes. With an external
    // generator, PSA keeps no state of its own that this call could race on.
    unsafe { sys::psa_generate_random(output, length) }
}

static LOCK: Reentrant = Reentrant {
    holder: Mutex::new(None),
    released: Condvar::new(),
};

static TIMER: StdTimer = StdTimer;
static WALL_CLOCK: HookedClock = HookedClock;

/// The system's clock.
pub(crate) struct SystemClock;
pub(crate) static SYSTEM_CLOCK: SystemClock = SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> Option<UnixTime> {
        let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
        since
            .ok()
            .map(|since| UnixTime::from_seconds(since.as_secs()))
    }
}

thread_local! {
    /// The clock of the handshake that this thread is making.
    static CLOCK: Cell<&'static dyn Clock> = const { Cell::new(&SYSTEM_CLOCK) };
}

/// Has Mbed TLS see `clock` in this thread, until what is returned is dropped.
pub(crate) fn use_clock(clock: &'static dyn Clock) -> ClockInUse {
    ClockInUse {
        before: CLOCK.replace(clock),
    }
}

pub(crate) struct ClockInUse {
    before: &'static dyn Clock,
}

impl Drop for ClockInUse {
    fn drop(&mut self) {
        CLOCK.set(self.before);
    }
}

struct HookedClock;

impl MbedtlsWallClock for HookedClock {
    fn instant(&self) -> Option<sys::tm> {
        let since = Duration::from_secs(CLOCK.get().now()?.seconds());
        let date = DateTime::from_unix_duration(since).ok()?;
        // What Mbed TLS reads of it; its years count from 1900, its months from 0.
        Some(sys::tm {
            tm_year: i32::from(date.year()) - 1900,
            tm_mon: i32::from(date.month()) - 1,
            tm_mday: date.day().into(),
            tm_hour: date.hour().into(),
            tm_min: date.minutes().into(),
            tm_sec: date.seconds().into(),
            tm_wday: 0,
            tm_yday: 0,
            tm_isdst: 0,
        })
    }
}

/// Starts Mbed TLS, the first time, with std's clocks.
pub(crate) fn start() -> Result<Library, StartError> {
    static STARTED: OnceLock<Result<Library, StartError>> = OnceLock::new();
    *STARTED.get_or_init(|| {
        heap::install()?;
        // SAFETY: `get_or_init` runs this once, before anything else here uses Mbed
        // TLS; the clocks are static. This crate is the program's way to Mbed TLS
        // (`links = "mbedtls"` lets no second copy in), and `LOCK` its only lock.
        unsafe {
            sys::hook::timer::hook_timer(Some(&TIMER));
            sys::hook::wall_clock::hook_wall_clock(Some(&WALL_CLOCK));
            Library::start(&LOCK)
        }
    })
}

/// PSA's random numbers (`MBEDTLS_PSA_CRYPTO_EXTERNAL_RNG`): the operating system's.
///
/// # Safety
///
/// `output` is valid for writing `size` bytes and `length` for writing its value.
// SAFETY: Mbed TLS declares this very function and leaves it to us to define; there
// is no other of this name.
#[unsafe(no_mangle)]
unsafe extern "C" fn mbedtls_psa_external_get_random(
    _context: *mut sys::mbedtls_psa_external_random_context_t,
    output: *mut u8,
    size: usize,
    length: *mut usize,
) -> sys::psa_status_t {
    /// `PSA_ERROR_INSUFFICIENT_ENTROPY` (`psa/crypto_values.h`).
    const INSUFFICIENT_ENTROPY: sys::psa_status_t = -148;

    // SAFETY: the caller's; written to before it is read.
    let output = unsafe {
        output.write_bytes(0, size);
        core::slice::from_raw_parts_mut(output, size)
    };
    if getrandom::fill(output).is_err() {
        return INSUFFICIENT_ENTROPY;
    }
    // SAFETY: the caller's.
    unsafe { length.write(size) };
    0
}
