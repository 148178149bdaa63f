// SPDX-License-Identifier: Apache-2.0

//! Writes the seeds of the fuzz targets: `fuzz-seeds DIRECTORY` makes one directory a
//! target in it. What is there already stays.

use std::error::Error;
use std::path::PathBuf;
use std::{env, fs};

fn main() -> Result<(), Box<dyn Error>> {
    let into = env::args_os().nth(1).ok_or("usage: fuzz-seeds DIRECTORY")?;
    let into = PathBuf::from(into);
    let seeds = test_pki::seeds::seeds()?;
    for seed in &seeds {
        let directory = into.join(seed.target);
        fs::create_dir_all(&directory)?;
        fs::write(directory.join(format!("seed-{}", seed.name)), &seed.bytes)?;
    }
    println!("{} seeds are in {}", seeds.len(), into.display());
    Ok(())
}
