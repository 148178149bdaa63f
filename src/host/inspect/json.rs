// SPDX-License-Identifier: Apache-2.0

//! The report for machines.

use secure_socket::{Error, UnixTime};
use serde_json::{Value, json};

use super::certificate::{Described, Use, days_left};
use super::{Judgement, Report};
use crate::host::cli::Target;
use crate::host::output::hex;

pub(super) fn report(report: &Report<'_>) -> Value {
    json!({
        "source": report.target.shown(),
        "from": match report.target {
            Target::Host(_) => "server",
            Target::File(_) => "file",
        },
        "clock": report.now.seconds(),
        "certificates": report
            .certificates
            .iter()
            .map(|described| certificate(described, report.now))
            .collect::<Vec<_>>(),
        "chain_bytes": report.chain_bytes(),
        "verdict": report.judgement.as_ref().map(verdict),
    })
}

fn certificate(described: &Described, now: UnixTime) -> Value {
    let Some(facts) = &described.facts else {
        return json!({
            "readable": false,
            "sha256": hex(&described.sha256),
            "bytes": described.bytes,
        });
    };
    let names = facts
        .names
        .as_ref()
        .map(|names| names.iter().map(ToString::to_string).collect::<Vec<_>>());
    let uses = |uses: &Option<Vec<Use>>| {
        uses.as_ref()
            .map(|uses| uses.iter().map(|one| one.name.clone()).collect::<Vec<_>>())
    };
    json!({
        "readable": true,
        "subject": facts.subject,
        "names": names,
        "issuer": facts.issuer,
        "serial": hex(&facts.serial),
        "not_before": facts.not_before.seconds(),
        "not_after": facts.not_after.seconds(),
        "days_left": days_left(facts, now),
        "key": facts.key.to_string(),
        "signature": facts.signature.to_string(),
        "ca": facts.is_ca,
        "path_length": facts.path_length,
        "key_usage": uses(&described.usages),
        "extended_key_usage": uses(&described.purposes),
        "ocsp": facts.ocsp_urls,
        "issuer_urls": facts.issuer_urls,
        "crl": facts.crl_urls,
        "not_understood": facts.not_understood,
        "sha256": hex(&described.sha256),
        "pin": described.pin.map(|pin| pin.to_string()),
        "bytes": described.bytes,
    })
}

fn verdict(judgement: &Judgement) -> Value {
    let refused = match &judgement.verdict.refusal {
        Some(Error::Verify(error)) => error.refused.as_slice(),
        _ => &[],
    };
    let refused: Vec<_> = refused
        .iter()
        .map(|certificate| {
            let refusals: Vec<_> = certificate
                .refusals
                .iter()
                .map(|refusal| {
                    json!({
                        "check": format!("{:?}", refusal.check()).to_lowercase(),
                        "sentence": refusal.to_string(),
                        "advice": refusal.advice(),
                    })
                })
                .collect();
            json!({
                "depth": certificate.depth,
                "subject": certificate.subject,
                "refusals": refusals,
            })
        })
        .collect();
    let (count, bytes) = judgement.trusted;
    json!({
        "accepted": judgement.verdict.is_accepted(),
        "server_name": judgement.name.to_text(),
        "anchor": judgement.anchor.as_ref().map(|anchor| {
            json!({ "subject": anchor.subject, "bytes": anchor.bytes })
        }),
        "ca_certificates": count,
        "ca_bytes": bytes,
        "error": judgement.verdict.refusal.as_ref().map(ToString::to_string),
        "refused": refused,
    })
}
