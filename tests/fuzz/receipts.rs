// Licensed to the Apache Software Foundation (ASF) under the Apache License,
// Version 2.0; see the files LICENSE and NOTICE at the top of this repository.

//! The statement of a receipt, as it is read once its signature holds.

use asf_pypi_publish::receipt::{
    Approval, Approver, File, KeysFile, PREDICATE_TYPE, Receipt, Waiver,
};
use serde_json::json;

use crate::mutate::repeat;
use crate::round::{Outcome, Target, measured};

/// As much as a bundle can hold of a statement, in bytes.
const STATEMENT: usize = 3 << 20;

fn receipt(files: &[&str], revision: Option<u64>) -> Receipt {
    let file = |name: &&str| File {
        path: format!("python/{name}"),
        name: (*name).to_owned(),
        sha256: [1; 32],
        sha512: [2; 64],
        signer: "A".repeat(40).parse().unwrap(),
        signature: [3; 32],
    };
    Receipt {
        version: "1.0.0".to_owned(),
        rules: [4; 32],
        verified_at: 1_767_225_600,
        source: "https://dist.example.org/release/x/".to_owned(),
        revision,
        area: revision.map(|_| "release".to_owned()),
        index: "https://index.example.org/".to_owned(),
        keys: vec![KeysFile {
            place: "https://dist.example.org/KEYS".to_owned(),
            revision,
            sha256: [5; 32],
        }],
        files: files.iter().map(file).collect(),
        waived: vec![Waiver {
            rule: "path-unknown".to_owned(),
            path: "x".to_owned(),
            reason: "y".to_owned(),
        }],
        approval: Some(Approval {
            environment: None,
            run: Some("1".to_owned()),
            attempt: Some(1),
            started: None,
            read_at: "2026-01-01T00:00:00Z".to_owned(),
            by: vec![Approver {
                user: Some("alice".to_owned()),
                user_id: None,
                comment: "yes".to_owned(),
            }],
        }),
    }
}

fn statement(receipt: &Receipt) -> Vec<u8> {
    let subjects = receipt.subjects().into_iter();
    let subjects = subjects.map(|(name, sha256, sha512)| {
        json!({"name": name, "digest": {"sha256": sha256, "sha512": sha512}})
    });
    let statement = json!({
        "_type": "https://in-toto.io/Statement/v1",
        "subject": subjects.collect::<Vec<_>>(),
        "predicateType": PREDICATE_TYPE,
        "predicate": receipt.predicate(),
    });
    statement.to_string().into_bytes()
}

pub fn receipt_statement() -> Target {
    let many = ["x-1.0.tar.gz", "x-1.0-py3-none-any.whl", "y-2.0.tar.gz"];
    Target {
        name: "receipt",
        seeds: vec![
            statement(&receipt(&many, Some(7))),
            statement(&receipt(&many[..1], None)),
            b"{}".to_vec(),
        ],
        attacks,
        words: &[
            b"\"subject\":[",
            b"\"predicate\":{",
            b"\"files\":[",
            b"\"sha512\":",
            b"\"FAILED\"",
            b"\"1969-01-01T00:00:00Z\"",
            b"null",
            b"-1",
            b"1e999",
            b"[[[[[[[[",
            b"\\u202e",
            b"\\ud800",
            b"../",
            b"\xff",
        ],
        layer: None,
        check,
        memory: |len| (1 << 20) + 32 * len.min(STATEMENT),
    }
}

fn attacks() -> Vec<Vec<u8>> {
    let head = "{\"_type\":\"https://in-toto.io/Statement/v1\",";
    let predicate = format!("{head}\"predicate\":{{");
    vec![
        repeat(STATEMENT, &format!("{head}\"alien\":"), "[", ""),
        repeat(
            STATEMENT,
            &format!("{head}\"subject\":["),
            "{\"name\":\"\",\"digest\":{\"sha256\":\"\"}},",
            "0]}",
        ),
        repeat(
            STATEMENT,
            &format!("{predicate}\"verifiedLevels\":["),
            "\"\",",
            "\"\"]}}",
        ),
        repeat(
            STATEMENT,
            &format!("{predicate}\"verifier\":{{\"version\":{{"),
            "\"\":\"\",",
            "\"\":\"\"}}}}",
        ),
        repeat(STATEMENT, &format!("{head}\"alien\":\""), "\\u0041", "\"}"),
    ]
}

fn check(input: &[u8]) -> Outcome {
    match measured(|| Receipt::read(input)) {
        Err(why) => {
            let why = why.to_string();
            if why.len() > 1500 || why.chars().any(char::is_control) {
                return Err(format!("a text that is not safe to show: {why:?}"));
            }
            // Without what changes from input to input.
            Ok(why.chars().take(24).collect())
        }
        Ok(receipt) => {
            if Receipt::read(&statement(&receipt)) != Ok(receipt.clone()) {
                return Err("it is not read as it is written".to_owned());
            }
            Ok(format!("{} files", receipt.files.len().min(9)))
        }
    }
}
