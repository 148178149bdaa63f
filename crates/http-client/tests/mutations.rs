// SPDX-License-Identifier: Apache-2.0

//! The fuzz target on some thousand mutations of its seeds.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

#[path = "../../secure-socket/src/fuzzing/smoke/mutation.rs"]
mod mutation;

use http_client::fuzz::{SEEDS, answer};
use mutation::{Random, mutated};

#[test]
fn answers() {
    let mut random = Random(0x5EED);
    answer(&[]);
    for seed in SEEDS {
        answer(seed);
    }
    for round in 0..4_000 {
        let seed = SEEDS[round % SEEDS.len()];
        let other = SEEDS[random.below(SEEDS.len())];
        let input = mutated(seed, other, &mut random);
        // Shown where the target panics.
        println!("{:?}", String::from_utf8_lossy(&input));
        answer(&input);
    }
}
