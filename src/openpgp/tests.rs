// Licensed to the Apache Software Foundation (ASF) under the Apache License,
// Version 2.0; see the files LICENSE and NOTICE at the top of this repository.

use super::{Fingerprint, FingerprintError, armor};

const V4: &str = "0123456789ABCDEF0123456789ABCDEF01234567";

#[test]
fn a_fingerprint_is_read_as_people_write_it() {
    let grouped = "0123 4567 89AB CDEF 0123  4567 89AB CDEF 0123 4567";
    let long = "ab".repeat(32);
    for (text, shown) in [
        (V4, V4.to_owned()),
        (&V4.to_lowercase(), V4.to_owned()),
        (&format!("0x{V4}"), V4.to_owned()),
        (&format!("  {grouped}\n"), V4.to_owned()),
        (&long, long.to_uppercase()),
    ] {
        let read: Fingerprint = text.parse().expect(text);
        assert_eq!(read.to_string(), shown);
    }
}

#[test]
fn a_short_id_is_refused_with_its_reason() {
    for id in ["01234567", "0x89ABCDEF", "0123456789abcdef"] {
        let error = id.parse::<Fingerprint>().expect_err(id);
        assert_eq!(error, FingerprintError::ShortId(id.to_owned()));
        assert!(error.to_string().contains("gpg --fingerprint"), "{error}");
    }
}

#[test]
fn what_is_no_fingerprint_is_refused() {
    let non_hex = V4.replace('A', "G");
    let wide = "０".repeat(40);
    for text in ["", "0x", "release manager", &V4[1..], &non_hex, &wide] {
        let error = text.parse::<Fingerprint>().expect_err(text);
        assert!(matches!(error, FingerprintError::Malformed(_)), "{text}");
    }
}

fn decode(body: &str) -> Result<Vec<u8>, String> {
    let lines: Vec<_> = body.lines().map(str::as_bytes).collect();
    armor::decode(&lines)
}

#[test]
fn armor_is_decoded_with_and_without_its_checksum() {
    // `printf hello | gpg --enarmor` gives this checksum.
    assert_eq!(decode("\naGVsbG8=\n=R/WK"), Ok(b"hello".to_vec()));
    assert_eq!(decode("Comment: a\n\naGVsbG8="), Ok(b"hello".to_vec()));
    assert_eq!(decode("\naGVs\n\nbG8=\n"), Ok(b"hello".to_vec()));
}

#[test]
fn damaged_armor_is_refused() {
    for body in [
        "",
        "aGVsbG8=",
        "\n",
        "\naGVsbG8=\n=R/WJ",
        "\naGVsbG8=\n=R/WK\naGVsbG8=",
        "\naGV bG8=",
        "no colon\n\naGVsbG8=",
    ] {
        assert!(decode(body).is_err(), "{body:?}");
    }
}
