// SPDX-License-Identifier: Apache-2.0

//! Case files.

use super::{Case, Device, Expect, Other, PolicyRecipe};
use crate::recipe::{Date, Recipe};
use crate::{Error, Role};
use serde::Deserialize;
use std::collections::HashSet;
use std::fs;
use std::path::{Path, PathBuf};
use toml::{Table, Value};

/// What the clock shows where a case does not say: later than any firmware was built, since
/// that takes no earlier clock for set.
pub const CLOCK: &str = "2030-06-01";
/// The name that is asked for where a case does not say.
const NAME: &str = "device.test";

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    case: Vec<Table>,
}

/// A case as it is written.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    name: String,
    rule: String,
    by: Option<String>,
    #[serde(default)]
    root: Table,
    #[serde(default)]
    inter: Table,
    #[serde(default)]
    leaf: Table,
    #[serde(default)]
    also: Vec<Value>,
    #[serde(default)]
    crl: Vec<Value>,
    #[serde(default)]
    ocsp: Vec<Value>,
    send: Option<Vec<String>>,
    trust: Option<Vec<String>>,
    ask: Option<String>,
    clock: Option<Date>,
    #[serde(default)]
    policy: PolicyRecipe,
    expect: String,
    depth: Option<u8>,
    only_tls: Option<String>,
    #[serde(default)]
    openssl: Other,
    #[serde(default)]
    gnutls: Other,
    #[serde(default)]
    device: Device,
}

/// Reads the case files of a directory (`*.toml`), in the order of their names.
///
/// # Errors
///
/// [`Error::Io`], and [`Error::Recipe`] which names the file and the case; that also if
/// there is no case file.
pub fn read(dir: &Path) -> Result<Vec<Case>, Error> {
    let mut files: Vec<PathBuf> = fs::read_dir(dir)
        .map_err(Error::io(dir))?
        .map(|entry| entry.map(|entry| entry.path()))
        .collect::<Result<_, _>>()
        .map_err(Error::io(dir))?;
    files.retain(|path| path.extension().is_some_and(|kind| kind == "toml"));
    files.sort();
    let mut cases = Vec::new();
    for path in &files {
        cases.extend(read_file(path)?);
    }
    let mut names = HashSet::new();
    for case in &cases {
        if !names.insert(&case.name) {
            return Err(Error::recipe(of(&case.name), "there are two of that name"));
        }
    }
    match cases.is_empty() {
        true => Err(Error::recipe(dir.display(), "there is no case file in it")),
        false => Ok(cases),
    }
}

fn read_file(path: &Path) -> Result<Vec<Case>, Error> {
    let text = fs::read_to_string(path).map_err(Error::io(path))?;
    let file: File = toml::from_str(&text).map_err(|e| Error::recipe(path.display(), e))?;
    let group = path.file_stem().unwrap_or_default().to_string_lossy();
    let mut cases = Vec::new();
    for table in file.case {
        let name = table.get("name").and_then(Value::as_str);
        let name = of(name.unwrap_or("without a name"));
        let case = Entry::deserialize(table)
            .map_err(|e| Error::recipe(&name, e.message()))
            .and_then(|entry| entry.into_case(&group));
        cases.push(case.map_err(|e| Error::recipe(path.display(), e))?);
    }
    Ok(cases)
}

fn of(name: &str) -> String {
    format!("case `{name}`")
}

impl Entry {
    fn into_case(self, group: &str) -> Result<Case, Error> {
        let bad = |why: &str| Error::recipe(of(&self.name), why);
        let by = match self.by.as_deref() {
            None | Some("client") => Role::Client,
            Some("server") => Role::Server,
            Some(_) => return Err(bad("`by` is \"client\" or \"server\"")),
        };
        let expect = match (self.expect.as_str(), self.depth) {
            ("accepted", None) => Expect::Accepted,
            ("accepted", Some(_)) => return Err(bad("`depth` is for what is refused")),
            (variant, depth) if variant.contains("::") => {
                // These name the certificate that they are about.
                let of_one = ["Refusal::", "RevocationProblem::"];
                if of_one.iter().any(|kind| variant.starts_with(kind)) != depth.is_some() {
                    return Err(bad(
                        "give the `depth` of the certificate, if the reason is about one",
                    ));
                }
                let variants = variant.split(" + ").map(str::to_owned).collect();
                Expect::Refused { variants, depth }
            }
            _ => {
                return Err(bad(
                    "`expect` is \"accepted\" or a name of docs/refusals.md, such as \
                     \"Refusal::Expired\"",
                ));
            }
        };
        if !matches!(self.only_tls.as_deref(), None | Some("1.2" | "1.3")) {
            return Err(bad("`only_tls` is \"1.2\" or \"1.3\""));
        }
        if by == Role::Server && self.ask.is_some() {
            return Err(bad("a server asks for no name"));
        }
        let list = |given: Option<Vec<String>>, or: &[&str]| {
            given.unwrap_or_else(|| or.iter().map(|&id| id.to_owned()).collect())
        };
        let mut certificates = vec![
            certificate("root", None, self.root),
            certificate("inter", Some("root"), self.inter),
            certificate("leaf", Some("inter"), self.leaf),
        ];
        certificates.extend(self.also);
        let mut recipe = Table::new();
        recipe.insert("certificate".to_owned(), Value::Array(certificates));
        recipe.insert("crl".to_owned(), Value::Array(self.crl));
        recipe.insert("ocsp".to_owned(), Value::Array(self.ocsp));
        let recipe =
            Recipe::deserialize(recipe).map_err(|e| Error::recipe(of(&self.name), e.message()))?;
        Ok(Case {
            group: group.to_owned(),
            by,
            send: list(self.send, &["leaf", "inter"]),
            trust: list(self.trust, &["root"]),
            ask: (by == Role::Client).then(|| self.ask.unwrap_or_else(|| NAME.to_owned())),
            clock: self.clock.map_or_else(|| CLOCK.parse(), Ok)?,
            policy: self.policy,
            expect,
            only_tls: self.only_tls,
            openssl: self.openssl,
            gnutls: self.gnutls,
            device: self.device,
            recipe,
            name: self.name,
            rule: self.rule,
        })
    }
}

/// A certificate of the good chain, with what differs.
fn certificate(id: &str, issuer: Option<&str>, differs: Table) -> Value {
    let mut table = Table::new();
    table.insert("id".to_owned(), id.into());
    if let Some(issuer) = issuer {
        table.insert("issuer".to_owned(), issuer.into());
    }
    table.extend(differs);
    Value::Table(table)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn said(text: &str) -> String {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join("group.toml"), text).unwrap();
        read(dir.path()).unwrap_err().to_string()
    }

    #[test]
    fn what_a_case_does_not_say_makes_a_good_chain() {
        let dir = tempfile::tempdir().unwrap();
        let text = "[[case]]\nname = 'a'\nrule = 'r'\nexpect = 'accepted'";
        fs::write(dir.path().join("group.toml"), text).unwrap();
        let cases = read(dir.path()).unwrap();
        let [case] = cases.as_slice() else {
            unreachable!("{cases:?}");
        };
        assert_eq!(case.group, "group");
        assert_eq!(case.by, Role::Client);
        assert_eq!(case.send, ["leaf", "inter"]);
        assert_eq!(case.trust, ["root"]);
        assert_eq!(case.ask.as_deref(), Some("device.test"));
        assert_eq!(case.clock.unix().as_secs(), 1_906_502_400);
        assert_eq!(case.expect, Expect::Accepted);
        assert_eq!(case.openssl, Other::Agrees);
        let world = case.recipe.make().unwrap();
        assert_eq!(
            world
                .credential(&["leaf", "inter"])
                .unwrap()
                .chain_der
                .len(),
            2
        );
    }

    #[test]
    fn what_is_wrong_is_named_with_its_case() {
        let case = |more: &str| format!("[[case]]\nname = 'a'\nrule = 'r'\n{more}");
        for (text, says) in [
            (case("expect = 'refused'"), "`expect` is"),
            (case("expect = 'Refusal::Expired'"), "give the `depth`"),
            (
                case("expect = 'CrlError::Delta'\ndepth = 0"),
                "give the `depth`",
            ),
            (case("expect = 'accepted'\ndepth = 0"), "`depth` is for"),
            (case("expect = 'accepted'\nby = 'nobody'"), "`by` is"),
            (
                case("expect = 'accepted'\nby = 'server'\nask = 'x'"),
                "no name",
            ),
            (
                case("expect = 'accepted'\nleef = {}"),
                "unknown field `leef`",
            ),
            (
                case("expect = 'accepted'\nleaf = { sans = [] }"),
                "certificate `leaf`: unknown field `sans`",
            ),
            (
                case("expect = 'accepted'") + "\n" + &case("expect = 'accepted'"),
                "there are two",
            ),
        ] {
            let said = said(&text);
            assert!(said.contains("case `a`") && said.contains(says), "{said}");
        }
        assert!(said("case = []").contains("no case file"));
    }
}
