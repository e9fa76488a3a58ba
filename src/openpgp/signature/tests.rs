// Licensed to the Apache Software Foundation (ASF) under the Apache License,
// Version 2.0; see the files LICENSE and NOTICE at the top of this repository.

mod damage;
mod kinds;
mod revocation;
mod standing;

use std::io::{self, Cursor, Read};
use std::sync::LazyLock;

use testbed::openpgp::{Digest, Kind, MADE, SIGNED, Signing, Terms, TestKey, armor};

use super::{Judged, verify};
use crate::openpgp::{Fingerprint, Keyring, KeysError};
use crate::rules::{Finding, Rule};

const DATA: &[u8] = b"the bytes of a wheel\r\n\0";
const NOW: u64 = SIGNED as u64 + 86_400;
const DAY: u32 = 86_400;

/// Keys of RSA take a moment to make, so the tests share them.
static ALICE: LazyLock<TestKey> = LazyLock::new(|| TestKey::generate("Alice <a@x>", Kind::Rsa2048));
static BOB: LazyLock<TestKey> = LazyLock::new(|| TestKey::generate("Bob <b@x>", Kind::Rsa2048));
static EVE: LazyLock<TestKey> = LazyLock::new(|| TestKey::generate("Eve <e@x>", Kind::Ed25519));

type Verdict = Result<Judged, Vec<Finding>>;

fn judge_with(keys: &str, asc: &[u8], allowed: &[&TestKey], now: u64) -> Verdict {
    let (keyring, _) = Keyring::read([keys.as_bytes()]).expect("usable KEYS");
    let allowed: Vec<Fingerprint> = allowed
        .iter()
        .map(|key| key.fingerprint().parse().expect("a fingerprint"))
        .collect();
    let mut open = || Ok(Box::new(Cursor::new(DATA)) as Box<dyn Read>);
    verify(asc, "a.whl", &mut open, &keyring, &allowed, now)
}

fn judge(key: &TestKey, asc: &str) -> Verdict {
    judge_with(&key.armored_public(), asc.as_bytes(), &[], NOW)
}

/// `good` and the rules of its findings, or `refused` and the rules of those.
fn shape(verdict: &Verdict) -> (bool, Vec<Rule>) {
    let findings = match verdict {
        Ok(judged) => &judged.findings,
        Err(findings) => findings,
    };
    for finding in findings {
        assert_eq!(finding.path.as_deref(), Some("a.whl"));
    }
    let refuses = findings.iter().any(Finding::refuses);
    assert_eq!(refuses, verdict.is_err(), "{findings:?}");
    let rules = findings.iter().map(|finding| finding.rule).collect();
    (verdict.is_ok(), rules)
}

fn with(change: impl FnOnce(&mut Signing)) -> Signing {
    let mut signing = Signing::default();
    change(&mut signing);
    signing
}

#[test]
fn a_good_signature_names_its_signer() {
    let judged = judge(&ALICE, &ALICE.sign_detached(DATA)).expect("good");
    assert_eq!(judged.signer.primary.to_string(), ALICE.fingerprint());
    assert_eq!(judged.signer.key, judged.signer.primary);
    assert_eq!(judged.signer.user_id.as_deref(), Some("Alice <a@x>"));
    assert_eq!(judged.signer.signed_at, u64::from(SIGNED));
    assert_eq!(judged.findings, []);
}

#[test]
fn a_signature_that_is_weak_refuses() {
    let late = SIGNED + 2 * DAY;
    for (name, signing) in [
        ("SHA-1", with(|it| it.digest = Digest::Sha1)),
        ("MD5", with(|it| it.digest = Digest::Md5)),
        ("SHA-224", with(|it| it.digest = Digest::Sha224)),
        ("RIPEMD-160", with(|it| it.digest = Digest::Ripemd160)),
        ("text", with(|it| it.text = true)),
        ("no time", with(|it| it.at = None)),
        (
            "a time that nothing protects",
            with(|it| it.time_hashed = false),
        ),
        ("signed in the future", with(|it| it.at = Some(late))),
        (
            "a second more than five minutes ahead",
            with(|it| it.at = Some(SIGNED + DAY + 301)),
        ),
        ("signed before the key", with(|it| it.at = Some(MADE - 1))),
        ("expired", with(|it| it.lifetime = Some(60))),
        (
            "a critical notation",
            with(|it| it.critical_notation = Some("x@y")),
        ),
        ("expired this second", with(|it| it.lifetime = Some(DAY))),
    ] {
        let verdict = judge(&ALICE, &ALICE.sign_detached_with(DATA, &signing));
        assert_eq!(
            shape(&verdict),
            (false, vec![Rule::SignatureWeak]),
            "{name}"
        );
    }
}

#[test]
fn a_signature_that_is_strong_passes() {
    for (name, signing) in [
        ("SHA-256", with(|it| it.digest = Digest::Sha256)),
        ("SHA-384", with(|it| it.digest = Digest::Sha384)),
        ("SHA3-256", with(|it| it.digest = Digest::Sha3_256)),
        ("SHA3-512", with(|it| it.digest = Digest::Sha3_512)),
        (
            "five minutes ahead",
            with(|it| it.at = Some(SIGNED + DAY + 300)),
        ),
        ("not yet expired", with(|it| it.lifetime = Some(DAY + 1))),
        ("only the key id", with(|it| it.fingerprint = false)),
        ("only the fingerprint", with(|it| it.key_id = false)),
    ] {
        let verdict = judge(&ALICE, &ALICE.sign_detached_with(DATA, &signing));
        assert_eq!(shape(&verdict), (true, vec![]), "{name}");
    }
}

#[test]
fn a_critical_subpacket_that_nobody_knows_refuses() {
    // The crate does not write one: a notation becomes a subpacket of type 101.
    let mut bytes = ALICE.sign_bytes(DATA, &with(|it| it.critical_notation = Some("x@y")));
    let notation = [0x80 | 0x14, 0x80, 0, 0, 0];
    let at = bytes.windows(5).position(|window| window == notation);
    bytes[at.expect("the notation")] = 0x80 | 0x65;
    let verdict = judge(&ALICE, &armor("PGP SIGNATURE", &bytes));
    assert_eq!(shape(&verdict), (false, vec![Rule::SignatureWeak]));
    let found = &verdict.expect_err("refused")[0].found;
    assert_eq!(found, "a critical subpacket of type 101");
}

#[test]
fn only_a_signature_of_a_binary_document_counts() {
    // The type is judged before the mathematics, which fail as well.
    let bytes = EVE.sign_bytes(DATA, &Signing::default());
    assert!(bytes[1] < 192, "a header of two octets");
    for typ in [
        0x01, 0x02, 0x10, 0x13, 0x18, 0x19, 0x1F, 0x20, 0x28, 0x30, 0x40, 0x50, 0x77,
    ] {
        let mut other = bytes.clone();
        other[3] = typ;
        let asc = armor("PGP SIGNATURE", &other);
        let shown = (false, vec![Rule::SignatureWeak]);
        assert_eq!(shape(&judge(&EVE, &asc)), shown, "type {typ:#04x}");
    }
    // A certification that holds, taken out of the key itself.
    let whole = EVE.public_bytes();
    let after = whole.windows(9).position(|window| window == b"Eve <e@x>");
    let certification = &whole[after.expect("the user id") + 9..];
    let asc = armor("PGP SIGNATURE", certification);
    assert_eq!(
        shape(&judge(&EVE, &asc)),
        (false, vec![Rule::SignatureWeak])
    );
}

#[test]
fn a_signer_who_names_no_key_is_a_stranger() {
    let nameless = with(|it| {
        it.fingerprint = false;
        it.key_id = false;
    });
    let verdict = judge(&ALICE, &ALICE.sign_detached_with(DATA, &nameless));
    assert_eq!(shape(&verdict), (false, vec![Rule::SignerUnknown]));
}

#[test]
fn a_name_that_nothing_protects_is_only_a_hint() {
    let id = |key: &TestKey| hex::decode(&key.fingerprint()[24..]).expect("hex");
    let (alice, bob) = (id(&ALICE), id(&BOB));
    let keys = ALICE.armored_public() + &BOB.armored_public();
    for (fingerprint, rule) in [(false, Rule::SignatureBad), (true, Rule::SignerUnknown)] {
        // Bob's signature under the id of Alice's key, without his fingerprint
        // or beside it, which is protected.
        let mut bytes = BOB.sign_bytes(DATA, &with(|it| it.fingerprint = fingerprint));
        let at = bytes
            .windows(9)
            .position(|it| it[0] == 16 && it[1..] == bob);
        let at = at.expect("the key id") + 1;
        bytes[at..at + 8].copy_from_slice(&alice);
        let asc = armor("PGP SIGNATURE", &bytes);
        let verdict = judge_with(&keys, asc.as_bytes(), &[], NOW);
        assert_eq!(shape(&verdict), (false, vec![rule]), "{fingerprint}");
    }
}

#[test]
fn other_bytes_refuse() {
    let verdict = judge(&ALICE, &ALICE.sign_detached(b"other bytes"));
    assert_eq!(shape(&verdict), (false, vec![Rule::SignatureBad]));
}

#[test]
fn all_signatures_are_judged_in_every_encoding_and_order() {
    let keys = ALICE.armored_public() + &BOB.armored_public();
    let good_a = ALICE.sign_bytes(DATA, &Signing::default());
    let good_b = BOB.sign_bytes(DATA, &Signing::default());
    let bad_b = BOB.sign_bytes(b"other", &Signing::default());
    let weak_b = BOB.sign_bytes(DATA, &with(|it| it.digest = Digest::Sha1));
    let eve = EVE.sign_bytes(DATA, &Signing::default());
    let bad_eve = EVE.sign_bytes(b"other", &Signing::default());
    for (name, first, second, good, rules) in [
        ("two good", &good_a, &good_b, true, vec![]),
        ("one bad", &good_a, &bad_b, false, vec![Rule::SignatureBad]),
        (
            "one weak",
            &good_a,
            &weak_b,
            false,
            vec![Rule::SignatureWeak],
        ),
        (
            "a stranger",
            &good_a,
            &eve,
            true,
            vec![Rule::SignatureOfStranger],
        ),
        (
            "a bad stranger",
            &good_a,
            &bad_eve,
            true,
            vec![Rule::SignatureOfStranger],
        ),
        (
            "only strangers",
            &eve,
            &bad_eve,
            false,
            vec![Rule::SignerUnknown],
        ),
    ] {
        for (one, two) in [(first, second), (second, first)] {
            let together = armor("PGP SIGNATURE", &[one.as_slice(), two].concat());
            let apart = armor("PGP SIGNATURE", one) + &armor("PGP SIGNATURE", two);
            for asc in [&together, &apart, &together.replace('\n', "\r\n")] {
                let verdict = judge_with(&keys, asc.as_bytes(), &[], NOW);
                assert_eq!(shape(&verdict), (good, rules.clone()), "{name}");
            }
            let bare = judge_with(&keys, &[one.as_slice(), two].concat(), &[], NOW);
            assert_eq!(
                shape(&bare),
                (false, vec![Rule::SignatureUnreadable]),
                "{name}"
            );
        }
    }
}

#[test]
fn only_allowed_signers_count() {
    let keys = ALICE.armored_public() + &BOB.armored_public();
    let by_both = ALICE.sign_detached(DATA) + &BOB.sign_detached(DATA);
    let by_bob = BOB.sign_detached(DATA);
    for (name, asc, allowed, good) in [
        ("the allowed one", &by_bob, &*BOB, true),
        ("another one", &by_bob, &*ALICE, false),
        ("both, one allowed", &by_both, &*BOB, true),
    ] {
        let verdict = judge_with(&keys, asc.as_bytes(), &[allowed], NOW);
        let rules = if good {
            vec![]
        } else {
            vec![Rule::SignerNotAllowed]
        };
        assert_eq!(shape(&verdict), (good, rules), "{name}");
        if let Ok(judged) = verdict {
            assert_eq!(
                judged.signer.primary.to_string(),
                allowed.fingerprint(),
                "{name}"
            );
        }
    }
}

#[test]
fn what_is_no_detached_signature_is_unreadable() {
    let good = ALICE.sign_detached(DATA);
    let bytes = ALICE.sign_bytes(DATA, &Signing::default());
    let literal = [0xCB, 8, b'b', 0, 0, 0, 0, 0, b'h', b'i'];
    let clear = "-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA512\n\nhi\n";
    for (name, asc) in [
        ("empty", String::new()),
        ("blank", "\n \n".to_owned()),
        ("prose", "2024-01-01 signed\n".to_owned()),
        ("a web page", "<html>404</html>".to_owned()),
        ("a key", ALICE.armored_public()),
        ("no END", good.replace("-----END PGP SIGNATURE-----", "")),
        ("clear-signed", format!("{clear}{good}")),
        ("trailing text", format!("{good}more\n")),
        ("a byte order mark", format!("\u{FEFF}{good}")),
        ("a message", armor("PGP MESSAGE", &literal)),
        (
            "a message in a signature block",
            armor("PGP SIGNATURE", &literal),
        ),
        (
            "a message after the signature",
            armor("PGP SIGNATURE", &[&bytes, literal.as_slice()].concat()),
        ),
        ("cut off", armor("PGP SIGNATURE", &bytes[..bytes.len() - 1])),
        (
            "a byte more",
            armor("PGP SIGNATURE", &[bytes.as_slice(), &[0]].concat()),
        ),
    ] {
        let verdict = judge(&ALICE, &asc);
        assert_eq!(
            shape(&verdict),
            (false, vec![Rule::SignatureUnreadable]),
            "{name}"
        );
    }
    let introduced = format!("signed by Alice\n\n{good}\n");
    assert_eq!(shape(&judge(&ALICE, &introduced)), (true, vec![]));
}

#[test]
fn every_flipped_bit_of_a_signature_refuses_and_none_ends_the_run() {
    // Version 6: the numbers of version 4 can be written in more than one way.
    let key = TestKey::generate("k", Kind::Ed25519V6);
    let bytes = key.sign_bytes(DATA, &Signing::default());
    let keys = key.armored_public();
    let (keyring, _) = Keyring::read([keys.as_bytes()]).expect("usable KEYS");
    let mut open = || Ok(Box::new(Cursor::new(DATA)) as Box<dyn Read>);
    for bit in 0..bytes.len() * 8 {
        let mut flipped = bytes.clone();
        flipped[bit / 8] ^= 1 << (bit % 8);
        let asc = armor("PGP SIGNATURE", &flipped);
        let verdict = verify(asc.as_bytes(), "a.whl", &mut open, &keyring, &[], NOW);
        assert!(verdict.is_err(), "bit {bit}");
    }
}

#[test]
fn a_file_that_cannot_be_read_is_no_verdict_on_the_release() {
    let keys = ALICE.armored_public();
    let (keyring, _) = Keyring::read([keys.as_bytes()]).expect("usable KEYS");
    let mut open = || Err(io::Error::other("the disk is gone"));
    let asc = ALICE.sign_detached(DATA);
    let verdict = verify(asc.as_bytes(), "a.whl", &mut open, &keyring, &[], NOW);
    assert_eq!(shape(&verdict), (false, vec![Rule::Internal]));
}

#[test]
fn the_file_is_read_once_and_only_when_it_matters() {
    let keys = ALICE.armored_public() + &BOB.armored_public();
    let (keyring, _) = Keyring::read([keys.as_bytes()]).expect("usable KEYS");
    let by_both = ALICE.sign_detached(DATA) + &BOB.sign_detached(DATA);
    for (asc, times) in [(by_both, 1), (EVE.sign_detached(DATA), 0)] {
        let mut opened = 0;
        let mut open = || {
            opened += 1;
            Ok(Box::new(Cursor::new(DATA)) as Box<dyn Read>)
        };
        let _ = verify(asc.as_bytes(), "a.whl", &mut open, &keyring, &[], NOW);
        assert_eq!(opened, times);
    }
}
