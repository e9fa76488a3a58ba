// Licensed to the Apache Software Foundation (ASF) under the Apache License,
// Version 2.0; see the files LICENSE and NOTICE at the top of this repository.

//! What the public instance of Sigstore really certified and logged, against
//! the program's own copy of the trusted root. The bundle comes with the crate
//! that checks proofs, at the version of `Cargo.lock`; it is of a package of
//! another kind, from a workflow on GitHub.

use std::path::{Path, PathBuf};
use std::process::Command;

use asf_pypi_publish::attest::{Bundle, Trust, verify_bundle_by_anyone};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

const PREDICATE: &str = "https://schemas.conda.org/attestations-publish-1.schema.json";

/// Where cargo has unpacked the crate.
fn folder() -> PathBuf {
    let platform = format!("{}-unknown-linux-gnu", std::env::consts::ARCH);
    let cargo = Command::new(env!("CARGO"))
        .args(["metadata", "--locked", "--offline", "--format-version=1"])
        .args(["--filter-platform", &platform])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .unwrap();
    assert!(cargo.status.success(), "{cargo:?}");
    let metadata: Value = serde_json::from_slice(&cargo.stdout).unwrap();
    let mut packages = metadata["packages"].as_array().unwrap().iter();
    let crate_of_proofs = packages.find(|it| it["name"] == "sigstore-verify").unwrap();
    let manifest = Path::new(crate_of_proofs["manifest_path"].as_str().unwrap());
    manifest.parent().unwrap().join("test_data/bundles")
}

fn read(folder: &Path, name: &str) -> Vec<u8> {
    let path = folder.join(name);
    std::fs::read(&path).unwrap_or_else(|why| panic!("{}: {why}", path.display()))
}

#[test]
fn a_bundle_of_the_public_instance_holds_before_the_program_s_own_root() {
    let folder = folder();
    let json: Value =
        serde_json::from_slice(&read(&folder, "conda-attestation.sigstore.json")).unwrap();
    let package = read(&folder, "signed-package-2.1.0-hb0f4dca_0.conda");
    let public = Trust::public().unwrap();
    let judge = |json: &Value, trust: &Trust| {
        let bundle = Bundle::parse(&json.to_string()).map_err(|why| why.to_string())?;
        verify_bundle_by_anyone(&bundle, PREDICATE, trust).map_err(|why| why.to_string())
    };
    let (attested, statement) = judge(&json, &public).unwrap();
    let [subject] = statement.subjects() else {
        panic!("{statement:?}")
    };
    assert_eq!(subject.sha256, Some(Sha256::digest(&package).into()));
    let entry = &json["verificationMaterial"]["tlogEntries"][0];
    assert_eq!(
        attested.log_index.to_string(),
        entry["logIndex"].as_str().unwrap()
    );
    assert_eq!(
        attested.time.to_string(),
        entry["integratedTime"].as_str().unwrap()
    );
    assert!(
        attested.workflow.starts_with(".github/workflows/"),
        "{attested:?}"
    );

    // The staging instance has other keys.
    assert!(judge(&json, &Trust::staging().unwrap()).is_err());
    for (pointer, by) in [
        (
            "/verificationMaterial/tlogEntries/0/integratedTime",
            json!("1756728840"),
        ),
        ("/verificationMaterial/tlogEntries/0/logIndex", json!("1")),
        (
            "/verificationMaterial/tlogEntries/0/inclusionProof/logIndex",
            json!("1"),
        ),
        (
            "/verificationMaterial/tlogEntries/0/inclusionProof/treeSize",
            json!("7"),
        ),
        ("/dsseEnvelope/payload", json!("e30=")),
        (
            "/verificationMaterial/tlogEntries/0/inclusionPromise/signedEntryTimestamp",
            json!("MEUCIQ=="),
        ),
    ] {
        let mut damaged = json.clone();
        *damaged.pointer_mut(pointer).unwrap() = by;
        assert!(judge(&damaged, &public).is_err(), "{pointer}");
    }
}
