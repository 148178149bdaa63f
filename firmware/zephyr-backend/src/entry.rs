// SPDX-License-Identifier: Apache-2.0

//! The way in from Zephyr's main thread.

/// Makes `$main`, a `fn()`, the program: called once, on Zephyr's main thread, with
/// `log` going to Zephyr's console.
#[macro_export]
macro_rules! entry {
    ($main:path) => {
        // SAFETY: the linker finds one function of this name, and zephyr-lang-rust's
        // main() calls it with this signature.
        #[unsafe(no_mangle)]
        extern "C" fn rust_main() {
            let main: fn() = $main;
            $crate::run(main);
        }
    };
}

/// What [`entry!`] expands to.
#[doc(hidden)]
pub fn run(main: fn()) {
    // SAFETY: called once, by Zephyr's main thread, before another thread of Rust's is
    // started that could log.
    if unsafe { zephyr::set_logger() }.is_err() {
        zephyr::printkln!("error: the logger was set twice");
    }
    main();
}
