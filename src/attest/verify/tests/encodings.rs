// Licensed to the Apache Software Foundation (ASF) under the Apache License,
// Version 2.0; see the files LICENSE and NOTICE at the top of this repository.

//! Entries and certificates that say the right thing in another way.

use serde_json::{Value, json};

use super::{edit, replace};
use crate::attest::Attestation;
use crate::attest::verify::certificate::Certificate;
use crate::attest::verify::entry;
use crate::attest::world::World;

#[test]
fn a_log_entry_that_is_written_in_another_way_is_refused() {
    let world = World::start();
    let attestation = Attestation::from_json(&world.attestation()).unwrap();
    let good = attestation.bundle().clone();
    entry::compare(&good).unwrap();
    let with = |change: &dyn Fn(&mut Value)| {
        let mut body = good.clone();
        let mut json = body.entries[0].clone();
        edit(&mut json, "/canonicalizedBody", |bytes| {
            let mut read: Value = serde_json::from_slice(bytes).unwrap();
            change(&mut read["spec"]);
            *bytes = read.to_string().into_bytes();
        });
        body.entries[0] = json;
        entry::compare(&body).unwrap_err().to_string()
    };
    let crlf = with(&|spec| {
        edit(spec, "/signatures/0/verifier", |pem| {
            *pem = String::from_utf8(pem.clone())
                .unwrap()
                .replace('\n', "\r\n")
                .into_bytes();
        });
    });
    assert!(crlf.contains("another way"), "{crlf}");
    let twice = with(&|spec| {
        let signature = spec["signatures"][0].clone();
        spec["signatures"].as_array_mut().unwrap().push(signature);
    });
    assert!(twice.contains("another signature"), "{twice}");
    let hash = with(&|spec| spec["payloadHash"]["value"] = "00".into());
    assert!(hash.contains("another statement"), "{hash}");
    let sha512 = with(&|spec| spec["payloadHash"]["algorithm"] = "sha512".into());
    assert!(sha512.contains("another statement"), "{sha512}");
    let none = with(&|spec| *spec = json!(null));
    assert!(none.contains("no entry of its kind"), "{none}");
}

#[test]
fn a_certificate_that_says_anything_twice_or_is_not_for_signatures_is_refused() {
    let world = World::start();
    let attestation = Attestation::from_json(&world.attestation()).unwrap();
    let good = &attestation.bundle().certificate;
    assert!(Certificate::parse(good).is_ok());
    let changed = |from: &[u8], to: &[u8]| {
        let mut der = good.clone();
        replace(&mut der, from, to);
        match Certificate::parse(&der) {
            Ok(_) => String::new(),
            Err(why) => why.to_string(),
        }
    };
    // 1.3.6.1.4.1.57264.1.20 and .21
    let arc = [0x2b, 0x06, 0x01, 0x04, 0x01, 0x83, 0xbf, 0x30, 0x01];
    let number = |last: u8| [&arc[..], &[last]].concat();
    let text = changed(&number(21), &number(20));
    assert!(text.contains("57264.1.20 twice"), "{text}");
    // digitalSignature becomes nonRepudiation
    let text = changed(&[0x03, 0x02, 0x07, 0x80], &[0x03, 0x02, 0x06, 0x40]);
    assert!(text.contains("not for digital signatures"), "{text}");
    // The repository as another kind of text than UTF-8, as bare bytes in the
    // way of old extensions, and with its length wrong.
    let name = b"https://github.com/apache/example";
    let long = [&[0x0c, 33][..], name].concat();
    for (tag, length) in [
        (0x13, 33),
        (0x16, 33),
        (0x04, 33),
        (b'h', b't'),
        (0x0c, 32),
        (0x0c, 34),
    ] {
        let text = changed(&long, &[&[tag, length][..], name].concat());
        assert!(
            text.contains("no text in 1.3.6.1.4.1.57264.1.12"),
            "{tag} {length}: {text}"
        );
    }
    // Nor one that is no UTF-8, or only looks like the one that is expected.
    let mut odd = long.clone();
    odd[20] = 0xff;
    assert!(changed(&long, &odd).contains("no text"));
    assert!(Certificate::parse(b"no certificate").is_err());
}
