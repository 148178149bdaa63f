// SPDX-License-Identifier: Apache-2.0

//! The host program's commands.

mod chain;
mod cli;
mod connect;
mod crl;
mod demo;
mod error;
mod files;
mod inspect;
mod json;
mod ladder;
mod mqtt;
mod names;
mod ocsp;
mod output;
mod paragraph;
mod pki;
mod policy;
mod refusals;
mod serve;
mod table;
mod trim;
mod web;
mod whole;

use std::io::ErrorKind;
use std::process::ExitCode;

use clap::{CommandFactory as _, FromArgMatches as _};

use cli::{Cli, Command};
use error::HostError;

pub(crate) fn main() -> ExitCode {
    let command = Cli::command()
        .mut_subcommand("get", web::with_defaults)
        .mut_subcommand("post", web::with_defaults);
    let cli = Cli::from_arg_matches(&command.get_matches()).unwrap_or_else(|error| error.exit());
    // The one warning that matters here, that nobody is authenticated, must be seen
    // without asking for it.
    let level = if cli.verbose { "debug" } else { "warn" };
    env_logger::Builder::from_env(env_logger::Env::default().default_filter_or(level))
        .format_timestamp(None)
        .format_target(false)
        .init();
    match dispatch(&cli) {
        Ok(()) => ExitCode::SUCCESS,
        // A verdict that was printed whole.
        Err(HostError::Told) => ExitCode::FAILURE,
        // Whoever read us has had enough.
        Err(HostError::Output(error)) if error.kind() == ErrorKind::BrokenPipe => ExitCode::FAILURE,
        Err(error) => {
            if cli.json {
                // The exit status says it too, if this cannot be printed.
                let _ = output::print(json::error(&error));
            } else {
                eprintln!("error: {error}");
            }
            ExitCode::FAILURE
        }
    }
}

fn dispatch(cli: &Cli) -> Result<(), HostError> {
    match &cli.command {
        None => demo::demo(&cli::DemoArgs::default(), cli.json),
        Some(Command::Demo(args)) => demo::demo(args, cli.json),
        Some(Command::Connect(args)) => connect::connect(args, cli.json),
        Some(Command::Serve(args)) => serve::serve(args, cli.json),
        Some(Command::Mqtt(args)) => mqtt::mqtt(args, cli.json),
        Some(Command::Inspect(args)) => inspect::inspect(args, cli.json),
        Some(Command::TrimCa(args)) => trim::trim_ca(args, cli.json),
        Some(Command::Get(args)) => web::get(args, cli.json),
        Some(Command::Post(args)) => web::post(args, cli.json),
        Some(Command::Pki(args)) => pki::pki(args, cli.json),
    }
}
