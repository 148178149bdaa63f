// SPDX-License-Identifier: Apache-2.0

//! Writes the cases of certificate checks to a directory, says so, and answers by OCSP
//! until its standard input ends.
//!
//! ```sh
//! cargo run -p test-pki --bin trust-cases -- tests/trust-cases /tmp/cases
//! ```

use std::env;
use std::io;
use std::path::Path;
use std::process::ExitCode;
use test_pki::{Error, cases};

fn main() -> ExitCode {
    let arguments: Vec<_> = env::args_os().skip(1).collect();
    let [from, to] = arguments.as_slice() else {
        eprintln!("usage: trust-cases <directory with case files> <directory to make>");
        return ExitCode::from(2);
    };
    match run(Path::new(from), Path::new(to)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("trust-cases: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(from: &Path, to: &Path) -> Result<(), Error> {
    let cases = cases::read(from)?;
    let responders = cases::write(&cases, to)?;
    println!("{} cases, {} responders", cases.len(), responders.len());
    // What is typed does not matter, nor how it ends.
    let _ = io::copy(&mut io::stdin().lock(), &mut io::sink());
    Ok(())
}
