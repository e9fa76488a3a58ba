// Licensed to the Apache Software Foundation (ASF) under the Apache License,
// Version 2.0; see the files LICENSE and NOTICE at the top of this repository.

//! The contract of a package index, item by item: what an upload client may rely
//! on, and what it must bear. It is proven against the stand-in that all other
//! tests use, or against any server:
//!
//! - `INDEX_URL`: its base, over `http` (a server behind TLS needs a proxy here).
//! - `ISSUER_URL`, `ISSUER_TOKEN`: where identity tokens are asked for, as a
//!   runner does, and by what secret. The issuer must take a query `claims`, a
//!   JSON object that replaces claims: that of the stand-in does (`stand_in`).
//! - `INDEX_PROJECT` (`contract`), `INDEX_OTHER_PROJECT` (`stranger`): two
//!   projects there, of which the issuer's workflow may upload to the first.
//!
//! Cases marked `Injection` need a fault, a clock or an account that only the
//! stand-in gives; elsewhere they say that they are skipped.

#![allow(
    clippy::print_stdout,
    clippy::disallowed_macros,
    clippy::case_sensitive_file_extension_comparisons,
    reason = "a test says why it skips; an index takes endings as they are"
)]

mod attesting;
mod bent;
mod contents;
mod fields;
pub mod form;
mod matrix;
mod minting;
mod reading;
mod real;
pub mod server;
mod transport;

use std::process::Command;

use server::Server;

/// What a case needs of the server.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Needs {
    /// HTTP alone.
    Nothing,
    /// What only the stand-in can be told.
    Injection,
}

/// How many items the contract has.
const ITEMS: usize = 40;

struct Case {
    item: usize,
    name: &'static str,
    needs: Needs,
}

fn run(case: &Case, proof: fn(&Server)) {
    let server = Server::open();
    if case.needs == Needs::Injection && server.inside.is_none() {
        println!(
            "skipped: item {}, {}, needs a server that can be told",
            case.item, case.name
        );
        return;
    }
    proof(&server);
}

macro_rules! cases {
    ($($item:literal $needs:ident $name:ident = $proof:path;)*) => {
        const CASES: &[Case] = &[
            $(Case { item: $item, name: stringify!($name), needs: Needs::$needs },)*
        ];
        $(
            #[test]
            fn $name() {
                let case = CASES.iter().find(|case| case.name == stringify!($name)).unwrap();
                run(case, $proof);
            }
        )*
    };
}

cases! {
    1 Nothing item_01_the_audience_is_read = minting::audience;
    1 Injection item_01_trusted_publishing_can_be_off = minting::switched_off;
    2 Nothing item_02_a_payload_is_a_token_in_json = minting::payloads;
    3 Nothing item_03_garbage_and_foreign_issuers = minting::garbage;
    4 Nothing item_04_signature_audience_and_times = minting::invalid_tokens;
    5 Nothing item_05_claims_that_must_be_there = minting::required_claims;
    6 Nothing item_06_a_publisher_is_matched_exactly = minting::matching;
    6 Injection item_06_a_specific_environment_comes_first = minting::environments;
    7 Nothing item_07_a_workflow_of_another_repository = minting::reusable_workflow;
    8 Nothing item_08_an_identity_token_is_redeemed_once = minting::replay;
    9 Nothing item_09_a_token_and_its_projects = minting::success;
    10 Injection item_10_a_pending_publisher_creates_its_project = minting::pending;
    11 Nothing item_11_one_address_takes_uploads = transport::addresses;
    12 Nothing item_12_three_ways_to_sign_in = transport::signing_in;
    13 Nothing item_13_errors_follow_accept = transport::negotiation;
    13 Injection item_13_the_reason_may_be_empty = transport::silent_reason;
    14 Injection item_14_expiry_is_seen_after_the_body = transport::expiry;
    14 Nothing item_14_a_token_may_be_made_narrower = transport::attenuated;
    15 Nothing item_15_other_projects_and_unknown_ones = transport::other_projects;
    16 Injection item_16_closed_projects = transport::closed_projects;
    17 Nothing item_17_parts_with_a_file_name = transport::odd_parts;
    18 Nothing item_18_unknown_and_repeated_fields = fields::unknown_and_repeated;
    19 Nothing item_19_the_words_for_each_field = fields::words;
    19 Injection item_19_a_description_that_does_not_render = fields::unrendered;
    20 Nothing item_20_every_digest_is_checked = fields::digests;
    21 Injection item_21_sizes_have_limits = contents::sizes;
    22 Nothing item_22_duplicates = matrix::duplicates;
    22 Injection item_22_deleted_names = matrix::deleted;
    23 Nothing item_23_the_order_of_checks = matrix::order;
    24 Injection item_24_old_releases_are_closed = matrix::fourteen_days;
    25 Nothing item_25_one_sdist_a_release = matrix::second_sdist;
    26 Nothing item_26_source_distributions = contents::sdists;
    27 Nothing item_27_wheels = contents::wheels;
    28 Nothing item_28_the_framing_of_zip_files = contents::framing;
    29 Injection item_29_first_files_at_once = matrix::race;
    29 Nothing item_29_refused_files_leave_nothing = matrix::atomic;
    29 Injection item_29_files_may_appear_late = matrix::delayed;
    30 Nothing item_30_the_first_file_makes_the_release = matrix::first_file;
    31 Injection item_31_faults = transport::faults;
    32 Nothing item_32_sets_of_attestations = attesting::sets;
    32 Injection item_32_users_cannot_attest = attesting::users;
    33 Nothing item_33_the_structure_of_attestations = attesting::structure;
    34 Nothing item_34_who_attests = attesting::policy;
    35 Nothing item_35_attestations_cannot_be_added = attesting::later;
    36 Nothing item_36_provenance = attesting::provenance;
    37 Nothing item_37_the_simple_api = reading::simple;
    37 Injection item_37_a_project_has_a_status = reading::status;
    38 Nothing item_38_files = reading::files;
    39 Nothing item_39_the_json_api = reading::json_api;
    40 Nothing item_40_nothing_else_can_be_written = transport::nothing_else;
}

#[test]
fn every_item_has_a_case_that_bears_its_number() {
    for item in 1..=ITEMS {
        let here: Vec<_> = CASES.iter().filter(|case| case.item == item).collect();
        assert!(!here.is_empty(), "item {item} has no case");
        for case in here {
            let number = format!("item_{item:02}_");
            assert!(case.name.starts_with(&number), "{}", case.name);
        }
    }
    assert!(CASES.iter().all(|case| (1..=ITEMS).contains(&case.item)));
}

/// The same cases, told by their environment where a server is that they did not
/// start.
#[test]
fn the_suite_runs_against_a_server_from_outside() {
    if std::env::var_os("INDEX_URL").is_some() {
        println!("skipped: this is the suite that runs against a server from outside");
        return;
    }
    let server = Server::open();
    let (issuer, runner) = server.issuer_address();
    let output = Command::new(std::env::current_exe().unwrap())
        .args(["contract::item_", "--show-output"])
        .env("INDEX_URL", &server.base)
        .env("ISSUER_URL", issuer)
        .env("ISSUER_TOKEN", runner)
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{said}");
    let skipped = said.matches("skipped: item ").count();
    let injected = CASES.iter().filter(|it| it.needs == Needs::Injection);
    assert_eq!(skipped, injected.count());
    assert!(
        said.contains(&format!("ok. {} passed", CASES.len())),
        "{said}"
    );
    assert!(server.index().files(&server.project).len() > 20);
}
