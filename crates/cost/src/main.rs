// SPDX-License-Identifier: Apache-2.0

//! What the policy above the TLS library costs.
//!
//! `cargo run --release -p cost` counts instructions, with valgrind's callgrind, and bytes
//! of heap, and writes `docs/cost.md`; `... -- flash NAME=zephyr.elf...` says what is in
//! firmware images, in bytes of flash.

#![forbid(unsafe_code)]

mod callgrind;
mod case;
mod flash;
mod material;
mod probe;
mod report;

use std::env;
use std::error::Error;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use peak_alloc::PeakAlloc;

/// Why there are no numbers.
type Failed = Box<dyn Error + Send + Sync>;

#[global_allocator]
static ALLOCATOR: PeakAlloc = PeakAlloc;

const USAGE: &str = "\
cost                          counts, and writes the tables in docs/cost.md
cost flash NAME=ELF...        the same for firmware images, the first to compare with
cost make DIRECTORY           makes what is measured with, a directory a chain
cost case DIRECTORY CASE      one measurement: what callgrind runs";

fn main() -> ExitCode {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let result = match arguments.as_slice() {
        [] => instructions_and_heap(),
        ["flash", images @ ..] if !images.is_empty() => flash::run(images),
        ["make", directory] => make(Path::new(directory)).map(drop),
        ["case", directory, case] => one(Path::new(directory), case),
        _ => Err(USAGE.into()),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

/// Where the tables go.
fn document() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/cost.md")
}

fn instructions_and_heap() -> Result<(), Failed> {
    if cfg!(debug_assertions) {
        return Err("a debug build costs what no device pays: cargo run --release -p cost".into());
    }
    callgrind::is_there()?;
    let directory = tempfile::tempdir()?;
    let mut chains = Vec::new();
    for (chain, files) in make(directory.path())? {
        chains.push((chain, report::measure(&chain, &files)?));
    }
    let text = report::text(&chains);
    println!("{text}");
    report::put(&document(), "instructions", &text)
}

fn make(directory: &Path) -> Result<Vec<(material::Chain, material::Files)>, Failed> {
    let chains = material::CHAINS.into_iter().enumerate();
    chains
        .map(|(number, chain)| {
            let files = chain.make(&directory.join(number.to_string()))?;
            Ok((chain, files))
        })
        .collect()
}

fn one(directory: &Path, case: &str) -> Result<(), Failed> {
    let case: case::Case = case.parse()?;
    let files = material::Files(directory.to_owned());
    let heap = case.run(&files, &ALLOCATOR)?;
    println!("{} {}", heap.peak, heap.kept);
    Ok(())
}
