// SPDX-License-Identifier: Apache-2.0

//! How much of each stack and heap was ever used (`CONFIG_SECURE_SOCKETS_MEASURE_MEMORY`).

// `safe`: it reads, and from any thread.
unsafe extern "C" {
    safe fn ss_measure_print();
}

/// Prints a line for each stack and heap.
pub fn print() {
    ss_measure_print();
}
