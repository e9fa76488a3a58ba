// Licensed to the Apache Software Foundation (ASF) under the Apache License,
// Version 2.0; see the files LICENSE and NOTICE at the top of this repository.

//! docs/openpgp.md names the rules by which signatures and KEYS are judged.

use std::collections::BTreeSet;

use asf_pypi_publish::rules::Rule;

const PAGE: &str = include_str!("../../../docs/openpgp.md");

#[test]
fn the_page_of_the_policy_names_every_rule_on_keys_and_signatures_and_no_other() {
    let named: BTreeSet<&str> = PAGE
        .split("(rules.md#")
        .skip(1)
        .map(|rest| rest.split(')').next().expect("the end of a link"))
        .collect();
    let expected: BTreeSet<&str> = Rule::ALL
        .iter()
        .map(|rule| rule.id())
        .filter(|id| {
            let first = id.split('-').next().expect("a word");
            matches!(first, "signature" | "signer" | "key" | "keys") || *id == "unsupported-key"
        })
        .collect();
    assert_eq!(named, expected);
}
