// SPDX-License-Identifier: Apache-2.0

//! The date that the build script gives a program.

#![allow(clippy::unwrap_used)]

use std::time::{SystemTime, UNIX_EPOCH};

use build::{DAY, built};

#[allow(dead_code)]
#[path = "../build.rs"]
mod build;

#[test]
fn a_given_date_is_taken_to_the_day() {
    assert_eq!(built(Some("1795651199")), Ok(1_795_564_800));
    assert_eq!(built(Some("0")), Ok(0));
}

#[test]
fn what_is_no_date_is_refused() {
    for wrong in ["", "-1", "yesterday", "1.5"] {
        let sentence = built(Some(wrong)).unwrap_err();
        assert!(sentence.contains("SOURCE_DATE_EPOCH"), "{sentence}");
    }
}

#[test]
fn else_it_is_today() {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    let today = built(None).unwrap();
    assert!((today..today + 2 * DAY).contains(&now.as_secs()));
    assert!(today.is_multiple_of(DAY));
}
