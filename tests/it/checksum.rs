// Licensed to the Apache Software Foundation (ASF) under the Apache License,
// Version 2.0; see the files LICENSE and NOTICE at the top of this repository.

//! Checksum files as they lie beside real releases, where a folder with them
//! is there: `CHECKSUM_CORPUS` names it. Each is called
//! `FILE.FORM.sha512` or `FILE.mds` and belongs to the file beside it.

use std::path::PathBuf;

use asf_pypi_publish::checksum::{Algorithm, lists, read};
use sha2::{Digest as _, Sha256, Sha512};

#[test]
#[expect(clippy::disallowed_macros, reason = "says why it skips")]
fn every_checksum_file_of_the_corpus_gives_its_digest() {
    let Some(corpus) = std::env::var_os("CHECKSUM_CORPUS").map(PathBuf::from) else {
        println!("skipped: CHECKSUM_CORPUS names no folder with checksum files");
        return;
    };
    let mut names: Vec<String> = std::fs::read_dir(&corpus)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    let is_mds = |name: &str| name.rsplit('.').next() == Some("mds");
    let is_list = |name: &&String| is_mds(name) || name.rsplit('.').next() == Some("sha512");
    let (sidecars, files): (Vec<_>, Vec<_>) = names.iter().partition(is_list);
    let mut read_so_far = 0;
    for sidecar in &sidecars {
        let file = files
            .iter()
            .find(|file| sidecar.starts_with(&format!("{file}.")))
            .unwrap_or_else(|| panic!("no file for {sidecar}"));
        let data = std::fs::read(corpus.join(file)).unwrap();
        let bytes = std::fs::read(corpus.join(sidecar)).unwrap();
        let sha512 = Sha512::digest(&data).to_vec();
        if is_mds(sidecar) {
            let sha256 = Sha256::digest(&data).to_vec();
            assert_eq!(
                lists::read_mds(&bytes, file).unwrap(),
                [(Algorithm::Sha256, sha256), (Algorithm::Sha512, sha512)]
            );
        } else if sidecar.contains(".wrongname.") {
            read(&bytes, Algorithm::Sha512, file).unwrap_err();
        } else {
            assert_eq!(
                read(&bytes, Algorithm::Sha512, file),
                Ok(sha512),
                "{sidecar}"
            );
        }
        read_so_far += 1;
    }
    assert!(read_so_far > 10, "{read_so_far} checksum files");
    println!("read {read_so_far} checksum files");
}
