// Licensed to the Apache Software Foundation (ASF) under the Apache License,
// Version 2.0; see the files LICENSE and NOTICE at the top of this repository.

//! Our verdicts beside those of the real `GnuPG`, on keys and signatures that
//! it made itself, and real KEYS files beside its own listing of them.

#![allow(clippy::expect_used, reason = "a test that cannot go on has failed")]

mod differential;
mod gnupg;
mod keys;
mod page;

use std::fs;
use std::io::{Cursor, Read};

use asf_pypi_publish::openpgp::{Judged, Keyring, verify};
use asf_pypi_publish::rules::{Finding, Rule};

use gnupg::Gnupg;

/// 2024-01-01T00:00:00Z, when the keys are made.
const MADE: u64 = 1_704_067_200;
const DAY: u64 = 86_400;
const SIGNED: u64 = MADE + 3600;
const NOW: u64 = MADE + 10 * DAY;
const DATA: &[u8] = b"the bytes of a wheel\r\nand more\n";

fn judge(keys: &[u8], asc: &[u8], data: &[u8]) -> Result<Judged, Vec<Finding>> {
    let (keyring, report) = Keyring::read([keys]).expect("usable KEYS");
    assert_eq!(report.bad_blocks, []);
    let mut open = || Ok(Box::new(Cursor::new(data.to_vec())) as Box<dyn Read>);
    verify(asc, "a.whl", &mut open, &keyring, &[], NOW)
}

/// One row: what is judged, our verdict, and the words of gpg on it.
struct Row {
    name: &'static str,
    keys: Vec<u8>,
    asc: Vec<u8>,
    data: Vec<u8>,
    rules: Vec<Rule>,
    gpg: Vec<&'static str>,
}

impl Row {
    fn new(
        name: &'static str,
        keys: &[u8],
        asc: Vec<u8>,
        rules: &[Rule],
        gpg: &[&'static str],
    ) -> Self {
        Self {
            name,
            keys: keys.to_vec(),
            asc,
            data: DATA.to_vec(),
            rules: rules.to_vec(),
            gpg: gpg.to_vec(),
        }
    }
}

fn check(rows: Vec<Row>) {
    for row in rows {
        let verdict = judge(&row.keys, &row.asc, &row.data);
        let findings = match &verdict {
            Ok(judged) => &judged.findings,
            Err(findings) => findings,
        };
        let rules: Vec<_> = findings.iter().map(|it| it.rule).collect();
        assert_eq!(rules, row.rules, "{}: {findings:?}", row.name);
        let refuses = row
            .rules
            .iter()
            .any(|rule| rule.severity() == asf_pypi_publish::rules::Severity::Refuse);
        assert_eq!(verdict.is_err(), refuses, "{}", row.name);
        let words = Gnupg::judge(&row.keys, &row.asc, &row.data);
        assert_eq!(words, row.gpg, "{}", row.name);
        // Nothing passes that gpg does not call good, but for a key that expired
        // or was withdrawn after it signed: that is the ASF's rule, not gpg's.
        let since = [
            (Rule::KeyExpiredSince, "EXPKEYSIG"),
            (Rule::KeyRevokedSince, "REVKEYSIG"),
        ];
        let gpg_good = words.iter().any(|word| word == "GOODSIG")
            || since
                .iter()
                .any(|(rule, said)| row.rules.contains(rule) && words.iter().any(|it| it == said));
        assert!(refuses || gpg_good, "{}: {words:?}", row.name);
    }
}

#[test]
fn signatures_by_one_rsa_key() {
    let gnupg = Gnupg::new();
    let alice = gnupg.key("alice@example.org", "rsa2048", "never", &[]);
    let mallory = gnupg.key("mallory@example.org", "rsa2048", "never", &[]);
    let keys = gnupg.export(&alice);
    let sign = |extra: &[&str]| gnupg.sign(&alice, extra);
    let data = gnupg.path("data");
    let data = data.to_str().expect("a path");
    let inline = |mode| gnupg.run(SIGNED, &["--armor", "-u", &alice, "-o", "-", mode, data]);
    let weak = &[Rule::SignatureWeak];
    let unreadable = &[Rule::SignatureUnreadable];
    let good = &["GOODSIG"];
    let row =
        |name, asc, rules: &[Rule], gpg: &[&'static str]| Row::new(name, &keys, asc, rules, gpg);
    let armored = String::from_utf8(sign(&[])).expect("text");
    let mut rows = vec![
        row("plain", sign(&[]), &[], good),
        row("SHA-256", sign(&["--digest-algo", "SHA256"]), &[], good),
        row("SHA-384", sign(&["--digest-algo", "SHA384"]), &[], good),
        row("SHA-1", sign(&["--digest-algo", "SHA1"]), weak, good),
        row("SHA-224", sign(&["--digest-algo", "SHA224"]), weak, good),
        row(
            "RIPEMD-160",
            sign(&["--digest-algo", "RIPEMD160"]),
            weak,
            good,
        ),
        row("text mode", sign(&["--textmode"]), weak, good),
        row(
            "in the future",
            gnupg.sign_at(NOW + DAY, &alice, &[]),
            weak,
            good,
        ),
        row(
            "expired",
            sign(&["--default-sig-expire", "1d"]),
            weak,
            &["EXPSIG"],
        ),
        row(
            "not yet expired",
            sign(&["--default-sig-expire", "30d"]),
            &[],
            good,
        ),
        row("a comment", sign(&["--comment", "made by hand"]), &[], good),
        row(
            "CRLF",
            armored.replace('\n', "\r\n").into_bytes(),
            &[],
            good,
        ),
        row(
            "a notation",
            sign(&["--sig-notation", "a@b.c=1"]),
            &[],
            good,
        ),
        row(
            "a critical notation",
            sign(&["--sig-notation", "!a@b.c=1"]),
            weak,
            &["BADSIG"],
        ),
        row(
            "a stranger",
            gnupg.sign(&mallory, &[]),
            &[Rule::SignerUnknown],
            &["ERRSIG"],
        ),
        row("no armor", sign(&["--no-armor"]), unreadable, good),
        row("clear-signed", inline("--clearsign"), unreadable, &[]),
        row("a message", inline("--sign"), unreadable, &[]),
    ];
    let mut tampered = row("tampered", sign(&[]), &[Rule::SignatureBad], &["BADSIG"]);
    tampered.data[0] ^= 1;
    rows.push(tampered);
    check(rows);
}

#[test]
fn keys_of_every_kind() {
    let gnupg = Gnupg::new();
    let (kind, unusable) = (&[Rule::KeyKind][..], &[Rule::KeyUnusable][..]);
    let unsupported = &[Rule::UnsupportedKey][..];
    let rows = [
        ("rsa1024", unusable, &[][..]),
        ("rsa2048", &[], &[]),
        ("rsa2048", &[], &["--cert-digest-algo", "SHA1"]),
        ("rsa3072", &[], &[]),
        ("ed25519", kind, &[]),
        ("nistp256", kind, &[]),
        ("nistp384", kind, &[]),
        ("nistp521", kind, &[]),
        ("secp256k1", unsupported, &[]),
        ("brainpoolP256r1", unsupported, &[]),
        ("dsa2048", unusable, &[]),
    ]
    .map(|(algorithm, rules, extra)| {
        let name = format!("{algorithm}-{}@example.org", extra.len());
        let key = gnupg.key(&name, algorithm, "never", extra);
        let asc = gnupg.sign(&key, &[]);
        Row::new(algorithm, &gnupg.export(&key), asc, rules, &["GOODSIG"])
    });
    check(rows.into());
}

#[test]
fn expiry_and_revocation() {
    let gnupg = Gnupg::new();
    let brief = gnupg.key("brief@example.org", "rsa2048", "seconds=172800", &[]);
    let longer = gnupg.key("longer@example.org", "rsa2048", "seconds=172800", &[]);
    let before = gnupg.export(&longer);
    gnupg.run(SIGNED, &["--quick-set-expire", &longer, "1y"]);
    let after = gnupg.export(&longer);
    let signer = gnupg.key("signer@example.org", "rsa2048", "never", &[]);
    let early = gnupg.sign(&brief, &[]);
    // gpg refuses to sign with an expired key, so its own life is made longer first.
    let short_life = gnupg.export(&brief);
    gnupg.run(SIGNED, &["--quick-set-expire", &brief, "1y"]);
    let late = gnupg.sign_at(MADE + 3 * DAY, &brief, &[]);

    let good = gnupg.export(&signer);
    let revocation = gnupg.revocation(&signer);
    let asc = gnupg.sign(&signer, &[]);
    fs::write(gnupg.path("rev"), &revocation).expect("a file");
    gnupg.run(
        NOW,
        &["--import", gnupg.path("rev").to_str().expect("a path")],
    );
    let revoked = gnupg.export(&signer);
    let both = [good.clone(), revocation.clone()].concat();
    let copies = [good.clone(), revoked.clone()].concat();

    let (since, expired) = (&[Rule::KeyExpiredSince], &[Rule::KeyExpired]);
    let (gone, since_word, gone_word) = (&[Rule::KeyRevoked], &["EXPKEYSIG"], &["REVKEYSIG"]);
    let late_longer = gnupg.sign_at(MADE + 3 * DAY, &longer, &[]);
    check(vec![
        Row::new("expired since", &short_life, early, since, since_word),
        Row::new("expired before", &short_life, late, expired, since_word),
        Row::new(
            "an old copy",
            &before,
            late_longer.clone(),
            expired,
            since_word,
        ),
        Row::new("extended", &after, late_longer.clone(), &[], &["GOODSIG"]),
        Row::new(
            "both copies",
            &[before, after].concat(),
            late_longer,
            &[],
            &["GOODSIG"],
        ),
        Row::new("not revoked", &good, asc.clone(), &[], &["GOODSIG"]),
        Row::new("revoked", &revoked, asc.clone(), gone, gone_word),
        Row::new(
            "revoked in another copy",
            &copies,
            asc.clone(),
            gone,
            gone_word,
        ),
        Row::new("revoked by a block of its own", &both, asc, gone, gone_word),
    ]);
}

#[test]
fn revocations_with_a_reason() {
    let gnupg = Gnupg::new();
    let whole = gnupg.key("whole@example.org", "rsa2048", "never", &[]);
    let by_whole = gnupg.sign(&whole, &[]);
    let clean = gnupg.export(&whole);
    let (before, after) = (MADE + 60, SIGNED + DAY);
    let since = &[Rule::KeyRevokedSince][..];
    let gone = &[Rule::KeyRevoked][..];
    let mut rows = Vec::new();
    for (name, reason, at, rules) in [
        ("no reason specified", "0", after, gone),
        ("compromised", "1", after, gone),
        ("superseded since", "2", after, since),
        ("no longer used since", "3", after, since),
        ("superseded before", "2", before, gone),
        ("no longer used before", "3", before, gone),
    ] {
        let words = &["REVKEYSIG"];
        let alone = gnupg.revoke(&whole, reason, at);
        let keys = [clean.clone(), alone].concat();
        rows.push(Row::new(name, &keys, by_whole.clone(), rules, words));

        let other = Gnupg::new();
        let key = other.key("parted@example.org", "rsa2048", "never", &[]);
        other.run(MADE, &["--quick-add-key", &key, "rsa2048", "sign", "never"]);
        let subkey = other.fingerprints("parted@example.org").remove(1);
        let by_subkey = other.sign(&format!("{subkey}!"), &[]);
        other.revoke_subkey(&key, reason, at);
        rows.push(Row::new(name, &other.export(&key), by_subkey, rules, words));
    }
    check(rows);
}

#[test]
fn signing_subkeys() {
    let gnupg = Gnupg::new();
    let primary = gnupg.key("primary@example.org", "rsa2048", "never", &[]);
    let only_primary = gnupg.export(&primary);
    gnupg.run(
        MADE,
        &[
            "--quick-add-key",
            &primary,
            "rsa2048",
            "sign",
            "seconds=172800",
        ],
    );
    gnupg.run(
        MADE,
        &["--quick-add-key", &primary, "ed25519", "sign", "never"],
    );
    let prints = gnupg.fingerprints("primary@example.org");
    let keys = gnupg.export(&primary);
    let brief = format!("{}!", prints[1]);
    let lasting = format!("{}!", prints[2]);
    let early = gnupg.sign(&brief, &[]);
    // gpg will not use an expired subkey: it lives longer, in a copy KEYS does not have.
    gnupg.run(SIGNED, &["--quick-set-expire", &primary, "1y", &prints[1]]);
    let late = gnupg.sign_at(MADE + 3 * DAY, &brief, &[]);
    let by_lasting = gnupg.sign(&lasting, &[]);
    let judged = judge(&keys, &by_lasting, DATA).expect("good");
    assert_eq!(judged.signer.primary.to_string(), prints[0]);
    assert_eq!(judged.signer.key.to_string(), prints[2]);
    assert_eq!(
        judged.signer.user_id.as_deref(),
        Some("primary@example.org")
    );
    let since = &[Rule::KeyExpiredSince];
    check(vec![
        Row::new(
            "good",
            &keys,
            by_lasting.clone(),
            &[Rule::KeyKind],
            &["GOODSIG"],
        ),
        Row::new("expired since", &keys, early, since, &["EXPKEYSIG"]),
        Row::new(
            "expired before",
            &keys,
            late,
            &[Rule::KeyExpired],
            &["EXPKEYSIG"],
        ),
        Row::new(
            "not in KEYS",
            &only_primary,
            by_lasting,
            &[Rule::SignerUnknown],
            &["ERRSIG"],
        ),
    ]);
}

#[test]
fn two_signers_in_every_encoding() {
    let gnupg = Gnupg::new();
    let [a, b, stranger] = ["a", "b", "stranger"]
        .map(|name| gnupg.key(&format!("{name}@example.org"), "rsa2048", "never", &[]));
    let keys = [gnupg.export(&a), gnupg.export(&b)].concat();
    let sign = |key: &str, extra: &[&str]| gnupg.sign(key, &[&["--no-armor"], extra].concat());
    let (good, other, bad) = (sign(&a, &[]), sign(&b, &[]), {
        fs::write(gnupg.path("data"), b"other").expect("a file");
        let bad = sign(&b, &[]);
        fs::write(gnupg.path("data"), DATA).expect("a file");
        bad
    });
    let weak = sign(&b, &["--digest-algo", "SHA1"]);
    let strange = sign(&stranger, &[]);
    let mut rows = vec![Row::new(
        "-u a -u b",
        &keys,
        gnupg.sign(&a, &["-u", &b]),
        &[],
        &["GOODSIG", "GOODSIG"],
    )];
    for (name, second, rules, word) in [
        ("two good", &other, &[][..], "GOODSIG"),
        ("one bad", &bad, &[Rule::SignatureBad], "BADSIG"),
        ("one weak", &weak, &[Rule::SignatureWeak], "GOODSIG"),
        (
            "one stranger",
            &strange,
            &[Rule::SignatureOfStranger],
            "ERRSIG",
        ),
    ] {
        // gpg stops at the first bad one.
        let words = if word == "BADSIG" {
            vec![word]
        } else {
            vec![word, "GOODSIG"]
        };
        for (one, two, words) in [
            (&good, second, vec!["GOODSIG", word]),
            (second, &good, words),
        ] {
            let armor = |bytes: &[u8]| testbed::openpgp::armor("PGP SIGNATURE", bytes);
            let together = armor(&[one.as_slice(), two].concat());
            let apart = armor(one) + &armor(two);
            rows.push(Row::new(name, &keys, together.into(), rules, &words));
            rows.push(Row::new(name, &keys, apart.into(), rules, &words));
        }
    }
    check(rows);
}
