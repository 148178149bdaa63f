// SPDX-License-Identifier: Apache-2.0

//! The command lines of `get` and `post`.

use std::path::{Path, PathBuf};

use clap::builder::ArgPredicate;
use clap::{Args, Command};
use http_client::{Scheme, Url};
use secure_socket::ServerName;

use crate::host::cli::CommonArgs;
use crate::host::names::{parse_server_name, to_ascii};

#[derive(Args)]
pub(crate) struct WebArgs {
    /// What to ask for, as https://HOST[:PORT][/PATH][?QUERY]
    #[arg(value_name = "URL", value_parser = parse_url)]
    pub(crate) url: String,
    /// The name that the server's certificate must carry [default: HOST]
    #[arg(long, value_name = "NAME", value_parser = parse_server_name)]
    pub(crate) server_name: Option<ServerName>,
    /// The file for the answer; it is written whole, or not at all [default: standard output]
    #[arg(short, long, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
    /// The longest answer that is taken, in bytes
    #[arg(long, value_name = "BYTES", default_value_t = 16 << 20)]
    pub(crate) max_bytes: u64,
    /// A further header field, once for each
    #[arg(long = "field", value_name = "NAME: VALUE", value_parser = parse_field)]
    pub(crate) fields: Vec<(String, String)>,
    #[command(flatten)]
    pub(crate) common: CommonArgs,
}

#[derive(Args)]
pub(crate) struct GetArgs {
    /// Follows so many redirects on the same server [default: none]
    #[arg(long, value_name = "COUNT", default_value_t = 0, hide_default_value = true,
          value_parser = clap::value_parser!(u8).range(0..=20))]
    pub(crate) follow: u8,
    /// Follows them to other servers as well, by https; not in modes psk and mutual
    #[arg(long, requires = "follow")]
    pub(crate) any_host: bool,
    #[command(flatten)]
    pub(crate) web: WebArgs,
}

#[derive(Args)]
pub(crate) struct PostArgs {
    /// What to post
    #[arg(long, value_name = "TEXT", required_unless_present = "data_file")]
    pub(crate) data: Option<String>,
    /// A file with what to post
    #[arg(long, value_name = "FILE", conflicts_with = "data")]
    pub(crate) data_file: Option<PathBuf>,
    /// Its media type
    #[arg(long, value_name = "TYPE", default_value = "application/json")]
    pub(crate) content_type: String,
    #[command(flatten)]
    pub(crate) web: WebArgs,
}

/// Where computers keep the CA certificates that they trust.
const BUNDLES: [&str; 4] = [
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/ca-bundle.pem",
    "/etc/ssl/cert.pem",
];

/// What is otherwise than with `connect`: who asks a web server for something does so in mode
/// 2 as a rule, and trusts whom the computer trusts.
pub(crate) fn with_defaults(command: Command) -> Command {
    let bundle = BUNDLES.into_iter().find(|path| Path::new(path).is_file());
    command
        .mut_arg("mode", |mode| {
            mode.required(false).default_value("server-auth")
        })
        .mut_arg("credentials", |directory| directory.default_value("none"))
        .mut_arg("ca", |ca| match bundle {
            Some(bundle) => ca
                .default_value_if("credentials", ArgPredicate::Equals("none".into()), bundle)
                .help(format!(
                    "CA certificates to trust, in PEM or DER [default: ca.pem of --credentials, or \
                     those of this computer, {bundle}]"
                )),
            None => ca,
        })
}

fn parse_url(text: &str) -> Result<String, String> {
    let text = with_ascii_host(text)?;
    let url = Url::new(&text).map_err(|error| error.to_string())?;
    if url.scheme() != Scheme::Https {
        return Err("it is one of http, which has no TLS: give https://".into());
    }
    Ok(url.to_string())
}

/// A host name in another script as DNS has it.
fn with_ascii_host(text: &str) -> Result<String, String> {
    let Some((scheme, rest)) = text.split_once("://").filter(|_| !text.is_ascii()) else {
        return Ok(text.to_owned());
    };
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let (authority, target) = rest.split_at(end);
    let host_end = authority.rfind(':').unwrap_or(authority.len());
    let (host, port) = authority.split_at(host_end);
    Ok(format!("{scheme}://{}{port}{target}", to_ascii(host)?))
}

fn parse_field(text: &str) -> Result<(String, String), String> {
    let (name, value) = text.split_once(':').ok_or("give it as NAME: VALUE")?;
    Ok((name.to_owned(), value.trim().to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls() {
        for (text, url) in [
            ("https://a.test", "https://a.test/"),
            ("https://a.test:443/x?y", "https://a.test/x?y"),
            (
                "https://bücher.example:8443/x",
                "https://xn--bcher-kva.example:8443/x",
            ),
            ("https://[::1]:8443/", "https://[::1]:8443/"),
        ] {
            assert_eq!(parse_url(text).as_deref(), Ok(url));
        }
        for text in [
            "a.test",
            "http://a.test/",
            "https://",
            "https://a.test/ä",
            "https://a.test/ x",
            "https://u:p@a.test/",
        ] {
            assert!(parse_url(text).is_err(), "{text}");
        }
    }
}
