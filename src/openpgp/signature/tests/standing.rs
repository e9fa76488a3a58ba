// Licensed to the Apache Software Foundation (ASF) under the Apache License,
// Version 2.0; see the files LICENSE and NOTICE at the top of this repository.

//! Whether the key was good when it signed: revoked, expired, bound, vouched for.

use super::*;

#[test]
fn a_revocation_counts_wherever_it_stands() {
    let mut revoked = ALICE.clone();
    revoked.revoke(SIGNED + DAY);
    let alone = ALICE.armored_revocation(SIGNED + DAY);
    let bobs = BOB.public_bytes();
    let lone = ALICE.armored_revocation(SIGNED);
    let inside_bob = {
        let mut copy = revoked.public_bytes();
        let primary_end = copy.len() - ALICE.public_bytes().len();
        // The revocation is what the revoked copy has more; it follows the key.
        let start = ALICE
            .public_bytes()
            .iter()
            .zip(&copy)
            .position(|(a, b)| a != b)
            .expect("they differ");
        let revocation: Vec<u8> = copy.drain(start..start + primary_end).collect();
        armor("PGP PUBLIC KEY BLOCK", &[bobs, revocation].concat())
    };
    let good = ALICE.armored_public();
    for (name, keys) in [
        ("in the key", revoked.armored_public()),
        (
            "in another copy after",
            good.clone() + &revoked.armored_public(),
        ),
        ("in another copy before", revoked.armored_public() + &good),
        ("alone before", alone.clone() + &good),
        ("alone after", good.clone() + &alone),
        ("alone, before the signature", good.clone() + &lone),
        ("inside another's block", good.clone() + &inside_bob),
    ] {
        let asc = ALICE.sign_detached(DATA);
        let verdict = judge_with(&keys, asc.as_bytes(), &[], NOW);
        assert_eq!(shape(&verdict), (false, vec![Rule::KeyRevoked]), "{name}");
    }
    let others = good + &BOB.armored_revocation(SIGNED);
    let verdict = judge_with(&others, ALICE.sign_detached(DATA).as_bytes(), &[], NOW);
    assert_eq!(
        shape(&verdict),
        (true, vec![]),
        "a revocation by another key"
    );
}

#[test]
fn expiry_is_judged_by_the_newest_terms_at_the_time_of_signing() {
    let end = |stated, lifetime| Terms {
        stated,
        lifetime: Some(lifetime),
        ..Terms::default()
    };
    let mut extended = TestKey::generate_with("k", Kind::P256, &end(MADE, 60));
    extended.state(&end(MADE + 1, 10 * DAY));
    let mut shortened = TestKey::generate_with("k", Kind::P256, &end(MADE, 10 * DAY));
    shortened.state(&end(MADE + 1, 60));
    let since = TestKey::generate_with("k", Kind::P256, &end(MADE, DAY + 1));
    let on_the_dot = TestKey::generate_with("k", Kind::P256, &end(MADE, DAY));
    for (name, key, good, rules) in [
        ("extended", &extended, true, vec![Rule::KeyKind]),
        ("shortened", &shortened, false, vec![Rule::KeyExpired]),
        (
            "expired since",
            &since,
            true,
            vec![Rule::KeyExpiredSince, Rule::KeyKind],
        ),
        (
            "expired at that second",
            &on_the_dot,
            false,
            vec![Rule::KeyExpired],
        ),
    ] {
        let verdict = judge(key, &key.sign_detached(DATA));
        assert_eq!(shape(&verdict), (good, rules), "{name}");
    }
    let verdict = judge(&since, &since.sign_detached(DATA)).expect("good");
    let found = &verdict.findings[0].found;
    assert!(found.contains("2024-01-02T00:00:00Z"), "{found}");
    assert!(found.contains("2024-01-02T00:00:01Z"), "{found}");
}

#[test]
fn a_subkey_signs_only_when_both_sides_vouch() {
    let by_subkey = with(|it| it.subkey = Some(0));
    let subkey = |terms: &Terms| {
        let mut key = ALICE.clone();
        key.add_subkey(Kind::Ed25519, terms);
        key
    };
    let plain = Terms::default();
    let good = subkey(&plain);
    let no_flag = subkey(&Terms {
        may_sign: false,
        ..plain.clone()
    });
    let no_back = subkey(&Terms {
        back_signature: false,
        ..plain.clone()
    });
    let expired = subkey(&Terms {
        lifetime: Some(60),
        ..plain.clone()
    });
    let since = subkey(&Terms {
        lifetime: Some(DAY + 60),
        ..plain.clone()
    });
    let mut flag_taken = good.clone();
    flag_taken.state_subkey(
        0,
        &Terms {
            stated: MADE + 5,
            may_sign: false,
            ..plain.clone()
        },
    );
    let mut revoked = good.clone();
    revoked.revoke_subkey(0, SIGNED);
    let mut primary_revoked = good.clone();
    primary_revoked.revoke(SIGNED);
    let mut thief = BOB.clone();
    thief.steal_subkey(&good, 0);
    let (warned, kind) = (Rule::KeyExpiredSince, Rule::KeyKind);
    for (name, key, passes, rules) in [
        ("good", &good, true, vec![kind]),
        ("no sign flag", &no_flag, false, vec![Rule::KeyUnusable]),
        (
            "sign flag taken back",
            &flag_taken,
            false,
            vec![Rule::KeyUnusable],
        ),
        (
            "no back signature",
            &no_back,
            false,
            vec![Rule::KeyUnusable],
        ),
        ("stolen", &thief, false, vec![Rule::KeyUnusable]),
        ("expired", &expired, false, vec![Rule::KeyExpired]),
        ("expired since", &since, true, vec![warned, kind]),
        ("revoked", &revoked, false, vec![Rule::KeyRevoked]),
        (
            "primary revoked",
            &primary_revoked,
            false,
            vec![Rule::KeyRevoked],
        ),
    ] {
        let asc = key.sign_detached_with(DATA, &by_subkey);
        assert_eq!(shape(&judge(key, &asc)), (passes, rules), "{name}");
    }
    // The thief's copy beside the owner's changes nothing for the owner.
    let keys = thief.armored_public() + &good.armored_public();
    let asc = good.sign_detached_with(DATA, &by_subkey);
    let judged = judge_with(&keys, asc.as_bytes(), &[], NOW).expect("good");
    assert_eq!(judged.signer.primary.to_string(), ALICE.fingerprint());
    assert_eq!(judged.signer.key.to_string(), good.subkey_fingerprint(0));
}

#[test]
fn a_revoked_subkey_does_not_count_because_another_certificate_binds_it_too() {
    let mut owner = ALICE.clone();
    owner.add_subkey(Kind::Ed25519, &Terms::default());
    let mut other = BOB.clone();
    other.adopt_subkey(&owner, 0);
    let asc = owner.sign_detached_with(DATA, &with(|it| it.subkey = Some(0)));
    let both_ways = |owner: &TestKey| {
        let (one, two) = (owner.armored_public(), other.armored_public());
        [one.clone() + &two, two + &one]
    };
    for keys in both_ways(&owner) {
        let verdict = judge_with(&keys, asc.as_bytes(), &[], NOW);
        assert_eq!(shape(&verdict), (true, vec![Rule::KeyKind]));
    }
    let mut subkey_revoked = owner.clone();
    subkey_revoked.revoke_subkey(0, SIGNED + DAY);
    let mut primary_revoked = owner.clone();
    primary_revoked.revoke(SIGNED + DAY);
    for revoked in [subkey_revoked, primary_revoked] {
        for keys in both_ways(&revoked) {
            let verdict = judge_with(&keys, asc.as_bytes(), &[], NOW);
            assert_eq!(shape(&verdict), (false, vec![Rule::KeyRevoked]));
        }
    }
}

#[test]
fn the_owner_must_vouch_for_the_primary_key() {
    let terms = |digest, may_sign| Terms {
        digest,
        may_sign,
        ..Terms::default()
    };
    for (name, terms, good, rules) in [
        (
            "SHA-1 inside the key",
            terms(Digest::Sha1, true),
            true,
            vec![],
        ),
        (
            "MD5 inside the key",
            terms(Digest::Md5, true),
            false,
            vec![Rule::KeyUnusable],
        ),
        (
            "certify only",
            terms(Digest::Sha512, false),
            false,
            vec![Rule::KeyUnusable],
        ),
    ] {
        let key = TestKey::generate_with("k", Kind::Rsa2048, &terms);
        let verdict = judge(&key, &key.sign_detached(DATA));
        assert_eq!(shape(&verdict), (good, rules), "{name}");
    }
    // Without its user id and certification the key is only a number.
    let whole = ALICE.public_bytes();
    let user = whole
        .windows(11)
        .position(|window| window == b"Alice <a@x>")
        .expect("the user id");
    let bare = armor("PGP PUBLIC KEY BLOCK", &whole[..user - 2]);
    let verdict = judge_with(&bare, ALICE.sign_detached(DATA).as_bytes(), &[], NOW);
    assert_eq!(shape(&verdict), (false, vec![Rule::KeyUnusable]));
}

#[test]
fn no_damage_to_keys_lets_a_revoked_key_sign() {
    let mut revoked = EVE.clone();
    revoked.revoke(SIGNED);
    let bytes = revoked.public_bytes();
    let asc = EVE.sign_detached(DATA);
    let mut open = || Ok(Box::new(Cursor::new(DATA)) as Box<dyn Read>);
    for end in 0..bytes.len() {
        let keys = armor("PGP PUBLIC KEY BLOCK", &bytes[..end]);
        if let Ok((keyring, _)) = Keyring::read([keys.as_bytes()]) {
            let verdict = verify(asc.as_bytes(), "a.whl", &mut open, &keyring, &[], NOW);
            assert!(verdict.is_err(), "cut at {end}");
        }
    }
}

#[test]
fn a_signer_says_when_the_key_ends_or_the_subkey_that_signed() {
    let terms = |lifetime| Terms {
        lifetime,
        ..Terms::default()
    };
    let (short, long) = (Some(900 * DAY), Some(1_000 * DAY));
    for (primary, subkey, by_subkey, end) in [
        (None, None, false, None),
        (long, None, false, long),
        (long, short, false, long),
        (long, short, true, short),
        (short, long, true, short),
        (None, short, true, short),
        (None, None, true, None),
    ] {
        let mut key = TestKey::generate_with("Alice <a@x>", Kind::Ed25519, &terms(primary));
        key.add_subkey(Kind::Ed25519, &terms(subkey));
        let signing = with(|it| it.subkey = by_subkey.then_some(0));
        let judged = judge(&key, &key.sign_detached_with(DATA, &signing)).expect("good");
        let end = end.map(|seconds| u64::from(MADE + seconds));
        assert_eq!(
            judged.signer.expires, end,
            "{primary:?} {subkey:?} {by_subkey}"
        );
    }
}
