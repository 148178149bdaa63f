// SPDX-License-Identifier: Apache-2.0

//! Each target on a few thousand mutations of its seeds: minutes of fuzzing find more,
//! this finds what breaks a parser today.

mod mutation;

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::path::PathBuf;
use std::string::{String, ToString as _};
use std::sync::LazyLock;
use std::vec::Vec;
use std::{env, format, fs};

use test_pki::seeds::{Seed, seeds};

use super::{TARGETS, Target};
use mutation::{Random, mutated};

fn run(target: Target, input: &[u8], what: &str) {
    let Err(panicked) = catch_unwind(AssertUnwindSafe(|| (target.run)(input))) else {
        return;
    };
    // Where `cargo fuzz run TARGET FILE` finds it. Said by what is there, as a test may
    // run in a read-only tree.
    let name = target.name;
    let path = env::var_os("CARGO_TARGET_TMPDIR").map_or_else(env::temp_dir, PathBuf::from);
    let path = path.join(format!("fuzz-{name}-{}", std::process::id()));
    let kept = match fs::write(&path, input) {
        Ok(()) => path.display().to_string(),
        Err(error) => error.to_string(),
    };
    let hex: String = input.iter().map(|byte| format!("{byte:02x}")).collect();
    std::eprintln!("target {name}, {what}: {hex}\nthe same in {kept}: fuzz/README.md");
    resume_unwind(panicked);
}

static SEEDS: LazyLock<Vec<Seed>> = LazyLock::new(|| seeds().unwrap());

/// `rounds` is how many mutations are tried: a second or two of them.
fn smoke(target: Target, rounds: usize) {
    let seeds: Vec<&Seed> = SEEDS
        .iter()
        .filter(|seed| seed.target == target.name)
        .collect();
    assert!(!seeds.is_empty(), "no seed for {}", target.name);
    run(target, &[], "nothing at all");
    for seed in &seeds {
        run(target, &seed.bytes, seed.name);
    }
    let mut random = Random(0x5EED);
    for round in 0..rounds {
        let seed = seeds[round % seeds.len()];
        let other = seeds[random.below(seeds.len())];
        let input = mutated(&seed.bytes, &other.bytes, &mut random);
        run(
            target,
            &input,
            &format!("round {round}, from {}", seed.name),
        );
    }
}

#[test]
fn crl() {
    smoke(super::CRL, 20_000);
}

#[test]
fn ocsp() {
    smoke(super::OCSP, 4_000);
}

#[test]
fn pem() {
    smoke(super::PEM, 4_000);
}

#[test]
fn certificate() {
    smoke(super::CERTIFICATE, 4_000);
}

#[test]
fn http() {
    smoke(super::HTTP, 20_000);
}

#[test]
fn names() {
    smoke(super::NAMES, 20_000);
}

/// What is not listed there is not fuzzed.
#[test]
fn every_target_can_be_fuzzed_and_has_its_seeds() {
    let manifest = include_str!("../../../../fuzz/Cargo.toml");
    for target in TARGETS {
        let name = target.name;
        assert!(SEEDS.iter().any(|seed| seed.target == name), "{name}");
        let line = format!("name = {name:?}\npath = \"fuzz_targets/{name}.rs\"");
        assert!(manifest.contains(&line), "{line}");
    }
    for seed in SEEDS.iter() {
        let known = TARGETS.iter().any(|target| target.name == seed.target);
        assert!(known, "{}", seed.target);
    }
}
