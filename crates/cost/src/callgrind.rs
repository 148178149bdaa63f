// SPDX-License-Identifier: Apache-2.0

//! Runs one case in a process of its own.

use std::env;
use std::process::{Command, Output};

use crate::Failed;
use crate::case::Case;
use crate::material::Files;
use crate::probe::Heap;

/// Whose instructions are counted. Each name turns counting on or off where a function
/// of that name begins, and back where it ends.
#[derive(Clone, Copy)]
pub(crate) enum Whose {
    /// All that is measured, less the TLS library's part, with what that calls us for.
    Ours,
    /// The TLS library's part, less what it calls us for.
    TlsLibrary,
}

impl Whose {
    const fn toggles(self) -> &'static [&'static str] {
        match self {
            Self::Ours => &["measured", "tls_library", "policy"],
            Self::TlsLibrary => &["tls_library", "policy"],
        }
    }
}

/// Whether valgrind can be run.
pub(crate) fn is_there() -> Result<(), Failed> {
    match Command::new("valgrind").arg("--version").output() {
        Ok(output) if output.status.success() => Ok(()),
        _ => Err(
            "valgrind is needed to count instructions, and is not there: \
                  apt-get install valgrind"
                .into(),
        ),
    }
}

/// How many instructions it takes.
pub(crate) fn instructions(files: &Files, case: Case, whose: Whose) -> Result<u64, Failed> {
    let mut command = Command::new("valgrind");
    command.args(["--tool=callgrind", "--callgrind-out-file=/dev/null"]);
    for name in whose.toggles() {
        command.arg(format!("--toggle-collect=cost::probe::{name}*"));
    }
    command.arg(env::current_exe()?);
    let output = run(&mut command, files, case)?;
    let said = String::from_utf8_lossy(&output.stderr);
    let count = said
        .lines()
        .find_map(|line| line.split_once("Collected : "))
        .and_then(|(_, count)| count.trim().parse().ok());
    match count {
        Some(count) if count > 0 => Ok(count),
        _ => Err(format!("callgrind counted nothing of {case}:\n{said}").into()),
    }
}

/// What it takes of the heap.
pub(crate) fn heap(files: &Files, case: Case) -> Result<Heap, Failed> {
    let output = run(&mut Command::new(env::current_exe()?), files, case)?;
    let said = String::from_utf8_lossy(&output.stdout);
    let numbers = said.trim().split_once(' ');
    match numbers.map(|(peak, kept)| (peak.parse(), kept.parse())) {
        Some((Ok(peak), Ok(kept))) => Ok(Heap { peak, kept }),
        _ => Err(format!("{case} said {said:?}").into()),
    }
}

fn run(command: &mut Command, files: &Files, case: Case) -> Result<Output, Failed> {
    command.arg("case").arg(&files.0).arg(case.to_string());
    let output = command.output()?;
    if output.status.success() {
        return Ok(output);
    }
    let said = String::from_utf8_lossy(&output.stderr);
    Err(format!("{case} failed:\n{said}").into())
}
