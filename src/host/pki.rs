// SPDX-License-Identifier: Apache-2.0

//! `pki`: makes the test PKI.

use serde_json::json;

use super::cli::PkiArgs;
use super::error::HostError;
use super::output::print;

pub(crate) fn pki(args: &PkiArgs, as_json: bool) -> Result<(), HostError> {
    let Some(directory) = args.directory.as_ref().filter(|_| !args.list) else {
        for item in test_pki::inventory() {
            if as_json {
                print(json!({ "path": item.path, "what": item.what }))?;
            } else {
                print(format_args!("{:<34} {}", item.path, item.what))?;
            }
        }
        return Ok(());
    };
    let files = if args.replace {
        test_pki::write_replacing(directory)
    } else {
        test_pki::write(directory)
    }?;
    if as_json {
        print(json!({ "directory": directory.display().to_string(), "files": files.len() }))
    } else {
        print(format_args!(
            "{} files in {}: for tests only, private keys in the clear",
            files.len(),
            directory.display()
        ))
    }
}
