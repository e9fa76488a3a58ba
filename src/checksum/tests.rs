// Licensed to the Apache Software Foundation (ASF) under the Apache License,
// Version 2.0; see the files LICENSE and NOTICE at the top of this repository.

use proptest::prelude::*;

use super::*;

const NAME: &str = "apache_foo-1.2.3-py3-none-any.whl";
const LONG: &str =
    "averyveryverylongnameofartifact-that-exceeds-eighty-columns-apache-1.2.3.tar.gz";

/// Sixty-four bytes that no two forms could mix up.
fn sample(algorithm: Algorithm) -> Vec<u8> {
    (0_u8..)
        .map(|n| n.wrapping_mul(37) ^ 0xE7)
        .take(algorithm.digest_len())
        .collect()
}

fn groups(upper: &str) -> Vec<&str> {
    upper
        .as_bytes()
        .chunks(8)
        .map(|group| str::from_utf8(group).unwrap())
        .collect()
}

/// What `gpg --print-md` writes for a name that leaves room for `first` groups.
fn print_md(name: &str, digest: &[u8], first: usize) -> String {
    let upper = hex::encode_upper(digest);
    let groups = groups(&upper);
    let (head, tail) = groups.split_at(first.min(groups.len()));
    let mut text = format!("{name}: {}\n", head.join(" "));
    for line in tail.chunks(first.max(8)) {
        text.push_str(&" ".repeat(name.len() + 2));
        text.push_str(&line.join(" "));
        text.push('\n');
    }
    text
}

/// Every form in which a release manager's tools name a digest.
fn forms(name: &str, digest: &[u8], algorithm: Algorithm) -> Vec<(&'static str, Vec<u8>)> {
    let lower = hex::encode(digest);
    let upper = hex::encode_upper(digest);
    let tag = match algorithm {
        Algorithm::Sha256 => "256",
        Algorithm::Sha512 => "512",
    };
    let coreutils = format!("{lower}  {name}\n");
    let nameless: String = groups(&upper)
        .chunks(8)
        .map(|line| line.join(" ") + "\n")
        .collect();
    let utf16 = |text: &str, bytes: fn(u16) -> [u8; 2]| {
        std::iter::once(0xFEFF)
            .chain(text.encode_utf16())
            .flat_map(bytes)
            .collect::<Vec<u8>>()
    };
    vec![
        ("coreutils", coreutils.clone().into_bytes()),
        (
            "no newline at the end",
            format!("{lower}  {name}").into_bytes(),
        ),
        ("binary mark", format!("{lower} *{name}\n").into_bytes()),
        ("one blank", format!("{lower} {name}\n").into_bytes()),
        ("dot and slash", format!("{lower}  ./{name}\n").into_bytes()),
        (
            "path",
            format!("{lower} */home/rm/dist/{name}\n").into_bytes(),
        ),
        ("bare", format!("{lower}\n").into_bytes()),
        ("bare without newline", lower.clone().into_bytes()),
        ("bare with blanks", format!("  {lower}  \n\n").into_bytes()),
        ("upper case", format!("{upper}  {name}\n").into_bytes()),
        (
            "carriage returns",
            format!("{lower}  {name}\r\n").into_bytes(),
        ),
        (
            "BSD tag",
            format!("SHA{tag} ({name}) = {lower}\n").into_bytes(),
        ),
        (
            "BSD tag with a path",
            format!("SHA{tag} (dist/{name}) = {lower}\n").into_bytes(),
        ),
        (
            "openssl 1",
            format!("SHA{tag}({name})= {lower}\n").into_bytes(),
        ),
        (
            "openssl 3",
            format!("SHA2-{tag}({name})= {lower}\n").into_bytes(),
        ),
        ("gpg, short name", print_md(name, digest, 8).into_bytes()),
        ("gpg, middle name", print_md(name, digest, 5).into_bytes()),
        ("gpg, long name", print_md(name, digest, 0).into_bytes()),
        ("gpg, standard input", nameless.into_bytes()),
        (
            "comments",
            format!("# made by us\n\n// twice\n{coreutils}").into_bytes(),
        ),
        ("UTF-8 mark", format!("\u{FEFF}{coreutils}").into_bytes()),
        (
            "UTF-16, little end first",
            utf16(&coreutils, u16::to_le_bytes),
        ),
        ("UTF-16, big end first", utf16(&coreutils, u16::to_be_bytes)),
        (
            "same entry twice",
            format!("{coreutils}{coreutils}").into_bytes(),
        ),
        (
            "among others",
            format!("{upper}  other.tar.gz\n{coreutils}{upper}  {name}.asc\n").into_bytes(),
        ),
    ]
}

#[test]
fn every_form_gives_its_digest() {
    for algorithm in Algorithm::ALL {
        for name in ["a.tgz", NAME, LONG] {
            let digest = sample(algorithm);
            for (form, bytes) in forms(name, &digest, algorithm) {
                assert_eq!(
                    read(&bytes, algorithm, name).as_ref(),
                    Ok(&digest),
                    "{form} for {name}"
                );
            }
        }
    }
}

#[test]
fn real_output_of_gpg_for_a_long_name_is_read() {
    let text = format!(
        "{LONG}: \nE7C22B99 4C59D9CF 2B48E549 B1E24666 63604593 0D3DA7C1 ACB299D1 C3B7F931 F94AAE41\n \
         EDDA2C2B 207A36E1 0F8BCB8D 45223E54 878F5B31 6E7CE3B6 BC019629\n"
    );
    let digest = read(text.as_bytes(), Algorithm::Sha512, LONG).unwrap();
    assert_eq!(hex::encode(&digest[60..]), "bc019629");
}

fn assert_refused(cases: &[(&str, String, &str)]) {
    for (case, text, message) in cases {
        let result = read(text.as_bytes(), Algorithm::Sha512, NAME);
        let error = result.expect_err(case).to_string();
        assert!(error.contains(message), "{case}: {error}");
    }
}

#[test]
fn a_digest_of_another_length_or_algorithm_is_refused() {
    let digest = hex::encode(sample(Algorithm::Sha512));
    let (half, short) = (&digest[..64], &digest[1..]);
    let cut = print_md(NAME, &sample(Algorithm::Sha512)[..60], 8);
    let all_sums = format!("{NAME}: SHA512 = {}\n", &digest[..8]);
    let cut_sentence = "expected 128 hex digits, found 64";
    assert_refused(&[
        ("a sha256", format!("{half}  {NAME}\n"), cut_sentence),
        ("a bare sha256", half.into(), "found 64 hex"),
        (
            "a digit short",
            format!("{short}  {NAME}\n"),
            "found 127 hex",
        ),
        (
            "a digit more",
            format!("{digest}0  {NAME}\n"),
            "found 129 hex",
        ),
        ("no hex digit", format!("{short}g  {NAME}\n"), "line 1"),
        (
            "another tag",
            format!("SHA256 ({NAME}) = {half}\n"),
            "one tagged SHA256",
        ),
        (
            "a tag that lies",
            format!("SHA512 ({NAME}) = {half}\n"),
            "found 64 hex",
        ),
        ("gpg, a group short", cut, "found 120 hex"),
        ("gpg, all sums", all_sums, "line 1"),
        (
            "gpg, small groups",
            format!("{NAME}: {}\n", "E7C2 ".repeat(32)),
            "line 1",
        ),
    ]);
}

#[test]
fn what_leaves_a_doubt_is_refused() {
    let digest = hex::encode(sample(Algorithm::Sha512));
    let other = "0".repeat(128);
    let line = format!("{digest}  {NAME}\n");
    assert_refused(&[
        ("empty", String::new(), "found none"),
        ("comments alone", "# nothing\n\n".into(), "found none"),
        (
            "another file",
            format!("{digest}  other.whl\n"),
            "found one for other.whl",
        ),
        (
            "a longer name",
            format!("{digest}  evil_{NAME}\n"),
            "found one for evil_",
        ),
        (
            "the name as a folder",
            format!("{digest}  {NAME}/x\n"),
            "found one for",
        ),
        (
            "escaped",
            format!("\\{digest}  a\\\\b\n"),
            "an escaped name",
        ),
        (
            "twice, different",
            format!("{line}{other}  x/{NAME}\n"),
            "two that differ",
        ),
        (
            "two without a name",
            format!("{digest}\n{other}\n"),
            "not all with a name",
        ),
        (
            "name and no name",
            format!("{line}{digest}\n"),
            "not all with a name",
        ),
        (
            "prose before",
            format!("The digest is:\n{line}"),
            "line 1: The digest is",
        ),
        ("prose after", format!("{line}bye\n"), "line 2: bye"),
        (
            "a web page",
            "<!DOCTYPE html>\n<html>".into(),
            "line 1: <!DOCTYPE html>",
        ),
        (
            "a signature",
            "-----BEGIN PGP SIGNATURE-----\n".into(),
            "line 1",
        ),
    ]);
}

#[test]
fn a_hex_word_in_a_name_never_joins_the_digest() {
    // Gathering every hex-looking token would find 64 digits here as well.
    let digest = hex::encode(sample(Algorithm::Sha256));
    let text = format!("{}  {}\n", &digest[..56], &digest[56..]);
    assert_eq!(
        read(text.as_bytes(), Algorithm::Sha256, &digest[56..]),
        Err(ChecksumError::Length {
            expected: 64,
            found: 56
        })
    );
}

#[test]
fn a_sha512_of_gpg_in_a_sha256_file_is_refused() {
    let text = print_md("a.tgz", &sample(Algorithm::Sha512), 8);
    assert_eq!(
        read(text.as_bytes(), Algorithm::Sha256, "a.tgz"),
        Err(ChecksumError::Length {
            expected: 64,
            found: 128
        })
    );
}

#[test]
fn bytes_that_are_no_text_are_refused() {
    for bytes in [
        &[0xFF, 0xFE, 0x61][..],
        &[0xC3, 0x28],
        &[0xFF, 0xFE, 0x00, 0xD8],
    ] {
        assert_eq!(
            read(bytes, Algorithm::Sha512, NAME),
            Err(ChecksumError::NotText)
        );
    }
}

#[test]
fn the_finding_says_expected_and_found() {
    let error = read(b"hello", Algorithm::Sha512, NAME).unwrap_err();
    let finding = error.finding("foo/a.whl.sha512");
    assert_eq!(finding.rule, Rule::ChecksumUnreadable);
    assert_eq!(finding.path.as_deref(), Some("foo/a.whl.sha512"));
    assert_eq!(finding.found, "line 1: hello");
}

proptest! {
    #[test]
    fn any_digest_in_any_form_comes_back(
        bytes in prop::collection::vec(any::<u8>(), 64),
        name in "[a-z][a-z0-9_.-]{0,90}\\.whl",
    ) {
        for algorithm in Algorithm::ALL {
            let digest = &bytes[..algorithm.digest_len()];
            for (form, text) in forms(&name, digest, algorithm) {
                prop_assert_eq!(read(&text, algorithm, &name).unwrap(), digest, "{}", form);
            }
        }
    }

    #[test]
    fn any_changed_digit_gives_another_digest_or_an_error(
        bytes in prop::collection::vec(any::<u8>(), 64),
        at in any::<prop::sample::Index>(),
        replacement in any::<u8>(),
    ) {
        let inverse: Vec<u8> = bytes.iter().map(|byte| !byte).collect();
        let inverses = forms(NAME, &inverse, Algorithm::Sha512);
        for ((form, mut text), (_, other)) in forms(NAME, &bytes, Algorithm::Sha512).into_iter().zip(inverses) {
            // No nibble equals its inverse, so the digits are where the two texts differ.
            let digits: Vec<usize> = (0..text.len()).filter(|at| text[*at] != other[*at]).collect();
            let digit = &mut text[*at.get(&digits)];
            if digit.eq_ignore_ascii_case(&replacement) {
                continue;
            }
            *digit = replacement;
            // Another file's digest in the same file does not matter to this one, nor
            // does an entry that became a comment where the same stands once more.
            let comment = form == "same entry twice" && replacement == b'#';
            if form != "among others" && !comment {
                prop_assert_ne!(read(&text, Algorithm::Sha512, NAME), Ok(bytes.clone()), "{}", form);
            }
        }
    }

    #[test]
    fn no_bytes_make_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        let _ = read(&bytes, Algorithm::Sha512, NAME);
    }

    #[test]
    fn no_lines_of_its_own_alphabet_make_it_panic(text in "[0-9A-Fa-f :()=*\\\\\n\r/#SHA-]{0,300}") {
        let _ = read(text.as_bytes(), Algorithm::Sha256, NAME);
    }
}

#[test]
fn digits_that_a_comment_parts_are_no_digest() {
    let whole = print_md(NAME, &sample(Algorithm::Sha512), 0);
    for between in ["# a comment\n", "\n", "// another\n"] {
        let parted = whole.replacen('\n', &format!("\n{between}"), 2);
        let read = read(parted.as_bytes(), Algorithm::Sha512, NAME);
        assert!(read.is_err(), "{between:?}");
    }
    // With one line commented out, what is left has the length of a SHA-256.
    let digits = hex::encode_upper(sample(Algorithm::Sha512));
    let lines: Vec<String> = groups(&digits)
        .chunks(4)
        .map(|line| line.join(" "))
        .collect();
    let [first, second, third, _] = lines.as_slice() else {
        panic!("four lines");
    };
    let text = format!("{NAME}: {first}\n# {second}\n{third}\n");
    let read = read(text.as_bytes(), Algorithm::Sha256, NAME);
    assert!(
        matches!(read, Err(ChecksumError::Length { .. })),
        "{read:?}"
    );
}
