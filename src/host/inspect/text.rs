// SPDX-License-Identifier: Apache-2.0

//! The report for people.

use std::fmt::Display;

use secure_socket::{Error, UnixTime};

use super::certificate::{Described, constraints, days};
use super::{Judgement, Report};
use crate::host::cli::{InspectArgs, Target};
use crate::host::output::hex;
use crate::host::paragraph::Paragraphs;

pub(super) fn report(report: &Report<'_>, args: &InspectArgs) -> String {
    let mut page = Paragraphs::new();
    let source = report.target.shown();
    let count = match report.certificates.len() {
        1 => "1 certificate".to_owned(),
        count => format!("{count} certificates"),
    };
    match report.target {
        Target::Host(_) => page.line(0, format!("{source} sends {count}:")),
        Target::File(_) => page.line(0, format!("{source} holds {count}:")),
    }
    for (place, described) in report.certificates.iter().enumerate() {
        page.blank();
        certificate(&mut page, place, described, report);
    }
    page.blank();
    match &report.judgement {
        Some(judgement) => verdict(&mut page, judgement, report, args),
        None => {
            page.line(0, "What a device says:");
            page.line(
                2,
                "Not asked. Name whom it trusts, with --ca FILE or with --pinned-only --pin HEX.",
            );
        }
    }
    page.blank();
    totals(&mut page, report, args);
    page.finish()
}

fn certificate(page: &mut Paragraphs, place: usize, described: &Described, report: &Report<'_>) {
    let mut heading = format!("{place}  {}", role(place, described, report));
    if matches!(&report.judgement, Some(judgement) if judgement.leaves_out(described)) {
        heading += ", not needed: no part of the chain below";
    }
    page.line(0, heading);
    let mut row = |label: &str, text: &dyn Display| page.row(label, &text.to_string());
    if let Some(facts) = &described.facts {
        row("subject", &or_none(&facts.subject));
        match &facts.names {
            Some(names) => row("names", &list(names)),
            None if facts.is_ca => {}
            None => row("names", &"none (no subjectAltName)"),
        }
        row("issuer", &or_none(&facts.issuer));
        row("serial", &hex(&facts.serial));
        let days = days(facts, report.now);
        row(
            "valid",
            &format!("{} to {}, {days}", facts.not_before, facts.not_after),
        );
        row("key", &facts.key);
        row("signature", &facts.signature);
        let ca = match (facts.is_ca, facts.path_length) {
            (false, _) => "no".to_owned(),
            (true, None) => "yes, with any number of CAs below it".to_owned(),
            (true, Some(0)) => "yes, with no CA below it (path length 0)".to_owned(),
            (true, Some(most)) => format!("yes, with up to {most} CAs below it (path length)"),
        };
        row("CA", &ca);
        row(
            "key use",
            &allowed(described.usages.as_deref(), "no keyUsage"),
        );
        row(
            "is for",
            &allowed(described.purposes.as_deref(), "no extendedKeyUsage"),
        );
        if let Some(named) = &facts.name_constraints {
            row("names below", &constraints(named));
        }
        for (label, urls) in [
            ("OCSP", &facts.ocsp_urls),
            ("CRL", &facts.crl_urls),
            ("issuer at", &facts.issuer_urls),
        ] {
            if !urls.is_empty() {
                row(label, &list(urls));
            }
        }
        if !facts.not_understood.is_empty() {
            row(
                "critical",
                &format!("{} (not understood here)", list(&facts.not_understood)),
            );
        }
    }
    row("SHA-256", &hex(&described.sha256));
    if let Some(pin) = &described.pin {
        row("pin", pin);
    }
    row("size", &format!("{} bytes", described.bytes));
}

/// What a certificate is in a chain, by what it says of itself.
fn role(place: usize, described: &Described, report: &Report<'_>) -> &'static str {
    match (&described.facts, place, report.target) {
        (None, ..) => "a certificate that cannot be read",
        (Some(facts), 0, Target::Host(_)) if facts.is_self_issued() => {
            "the server's own certificate, self-signed"
        }
        (Some(_), 0, Target::Host(_)) => "the server's own certificate",
        (Some(facts), _, Target::Host(_)) if facts.is_ca && facts.is_self_issued() => {
            "a root CA, sent for nothing: who trusts it has it"
        }
        (Some(facts), ..) if facts.is_ca && facts.is_self_issued() => "a root CA",
        (Some(facts), ..) if facts.is_ca => "an intermediate CA",
        (Some(facts), ..) if facts.is_self_issued() => "a self-signed certificate",
        (Some(facts), ..) => match (facts.server_auth, facts.client_auth) {
            (false, true) => "a client's certificate",
            (true, false) => "a server's certificate",
            _ => "a peer's certificate",
        },
    }
}

fn or_none(name: &str) -> &str {
    if name.is_empty() { "none" } else { name }
}

fn list(items: &[impl ToString]) -> String {
    items
        .iter()
        .map(ToString::to_string)
        .collect::<Vec<_>>()
        .join(", ")
}

fn allowed(items: Option<&[impl ToString]>, missing: &str) -> String {
    match items {
        None => format!("anything ({missing})"),
        Some([]) => "nothing".into(),
        Some(items) => list(items),
    }
}

fn verdict(page: &mut Paragraphs, judgement: &Judgement, report: &Report<'_>, args: &InspectArgs) {
    let mut asks = format!("What a device says that asks for {}", judgement.name);
    if judgement.name_is_its_own {
        asks += " (the certificate's own name; --server-name takes another)";
    }
    page.line(0, asks + ":");
    match &judgement.verdict.refusal {
        None => {
            page.line(2, "ACCEPTED.");
            match &judgement.anchor {
                Some(anchor) => page.line(2, format!("It leads to {}.", anchor.subject)),
                None => page.line(2, "Its key is pinned; no CA was asked."),
            }
        }
        Some(Error::Verify(error)) => {
            page.line(2, "REFUSED.");
            for certificate in &error.refused {
                let depth = certificate.depth;
                page.line(2, format!("{} (depth {depth}):", certificate.subject));
                for refusal in &certificate.refusals {
                    page.item(4, &refusal.to_string());
                    page.line(6, format!("What to do: {}", refusal.advice()));
                }
            }
        }
        Some(error) => {
            page.line(2, "REFUSED.");
            page.item(4, &error.to_string());
            page.line(6, format!("What to do: {}", error.advice()));
        }
    }
    let checks = format!(
        "Checked: chain, dates (by {}), name, purpose, {}.",
        clock(report.now, args),
        args.policy.words()
    );
    page.line(2, checks);
}

fn clock(now: UnixTime, args: &InspectArgs) -> String {
    match args.policy.clock {
        Some(_) => format!("--clock, {now}"),
        None => format!("this computer's clock, {now}"),
    }
}

impl Report<'_> {
    pub(super) fn chain_bytes(&self) -> usize {
        self.certificates
            .iter()
            .map(|described| described.bytes)
            .sum()
    }
}

fn totals(page: &mut Paragraphs, report: &Report<'_>, args: &InspectArgs) {
    page.line(0, "Bytes:");
    let bytes = report.chain_bytes();
    let wire = match report.target {
        Target::Host(_) => format!("{bytes} in the chain, sent in every handshake"),
        Target::File(_) => format!("{bytes} in all, as DER"),
    };
    page.row("on the wire", &wire);
    let Some(judgement) = &report.judgement else {
        return;
    };
    let (count, bytes) = judgement.trusted;
    let ca = args.ca.as_deref().map(|path| path.display().to_string());
    let flash = match (&judgement.anchor, ca) {
        (_, None) => "32 for each pin".to_owned(),
        (_, Some(ca)) if count == 1 => format!("{bytes} for the CA certificate in {ca}"),
        (Some(anchor), Some(ca)) => format!(
            "{} for that CA alone; {bytes} for all {count} in {ca} (`trim-ca` leaves out the \
             others)",
            anchor.bytes
        ),
        (None, Some(ca)) => format!("{bytes} for the {count} CA certificates in {ca}"),
    };
    page.row("in flash", &flash);
}
