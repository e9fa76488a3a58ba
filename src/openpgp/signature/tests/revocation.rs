// Licensed to the Apache Software Foundation (ASF) under the Apache License,
// Version 2.0; see the files LICENSE and NOTICE at the top of this repository.

//! From when on a revocation forbids a signature, and what it says then.

use testbed::openpgp::{Reason, Revoking};

use super::*;
use crate::openpgp::{Asc, Commit};

/// Some time after the signature and before now.
const AFTER: u32 = SIGNED + DAY / 2;
const SOFT: [Reason; 2] = [Reason::KeySuperseded, Reason::KeyRetired];

fn revoked(key: &TestKey, revoking: &Revoking) -> TestKey {
    let mut key = key.clone();
    key.revoke_as(revoking);
    key
}

/// Alice's key with a signing subkey that is revoked so.
fn subkey_revoked(revoking: &Revoking) -> TestKey {
    let mut key = ALICE.clone();
    key.add_subkey(Kind::Ed25519, &Terms::default());
    key.revoke_subkey_as(0, revoking);
    key
}

#[test]
fn the_reason_and_the_date_decide() {
    let gone = (false, vec![Rule::KeyRevoked]);
    let since = (true, vec![Rule::KeyRevokedSince]);
    let soft = |at, reason| Revoking::because(at, reason);
    let mut rows = vec![
        ("no reason", Revoking::at(AFTER), &gone),
        ("no reason specified", soft(AFTER, Reason::NoReason), &gone),
        ("compromised", soft(AFTER, Reason::KeyCompromised), &gone),
        (
            "the reason of a user id",
            soft(AFTER, Reason::CertUserIdInvalid),
            &gone,
        ),
        ("a private reason", soft(AFTER, Reason::Private100), &gone),
        ("an unknown reason", soft(AFTER, Reason::Other(77)), &gone),
    ];
    for reason in SOFT {
        rows.extend([
            ("signed before", soft(AFTER, reason), &since),
            ("signed a second before", soft(SIGNED + 1, reason), &since),
            ("signed in that second", soft(SIGNED, reason), &gone),
            ("signed after", soft(SIGNED - 1, reason), &gone),
            ("older than the key", soft(MADE - 1, reason), &gone),
            (
                "a date that has not come",
                soft(SIGNED + DAY + 301, reason),
                &gone,
            ),
            (
                "without a date",
                Revoking {
                    at: None,
                    ..soft(AFTER, reason)
                },
                &gone,
            ),
            (
                "a reason that nothing protects",
                Revoking {
                    unhashed_reasons: vec![reason],
                    ..Revoking::at(AFTER)
                },
                &gone,
            ),
            (
                "another reason beside it",
                Revoking {
                    reasons: vec![reason, Reason::KeyCompromised],
                    ..Revoking::at(AFTER)
                },
                &gone,
            ),
            (
                "MD5, which anybody can forge",
                Revoking {
                    digest: Digest::Md5,
                    ..soft(AFTER, reason)
                },
                &gone,
            ),
            (
                "a condition that nobody knows",
                Revoking {
                    critical_notation: Some("x@y"),
                    ..soft(AFTER, reason)
                },
                &gone,
            ),
            (
                "a revocation that expired",
                Revoking {
                    lifetime: Some(60),
                    ..soft(AFTER, reason)
                },
                &gone,
            ),
        ]);
    }
    for (name, revoking, (good, rules)) in rows {
        let key = revoked(&ALICE, &revoking);
        let verdict = judge(&key, &key.sign_detached(DATA));
        assert_eq!(
            shape(&verdict),
            (*good, rules.clone()),
            "{name}: {revoking:?}"
        );

        let key = subkey_revoked(&revoking);
        let by_subkey = key.sign_detached_with(DATA, &with(|it| it.subkey = Some(0)));
        let mut rules = rules.clone();
        if *good {
            rules.push(Rule::KeyKind);
        }
        let verdict = judge(&key, &by_subkey);
        assert_eq!(
            shape(&verdict),
            (*good, rules),
            "{name}, subkey: {revoking:?}"
        );
        // A revoked subkey is no shame for its primary key.
        let verdict = judge(&key, &key.sign_detached(DATA));
        assert_eq!(shape(&verdict), (true, vec![]), "{name}, primary");
    }
}

#[test]
fn a_primary_key_takes_its_subkey_along() {
    let mut key = ALICE.clone();
    key.add_subkey(Kind::Ed25519, &Terms::default());
    let by_subkey = key.sign_detached_with(DATA, &with(|it| it.subkey = Some(0)));
    for (revoking, shown) in [
        (
            Revoking::because(AFTER, Reason::KeyRetired),
            (true, vec![Rule::KeyRevokedSince, Rule::KeyKind]),
        ),
        (
            Revoking::because(SIGNED, Reason::KeyRetired),
            (false, vec![Rule::KeyRevoked]),
        ),
        (Revoking::at(AFTER), (false, vec![Rule::KeyRevoked])),
    ] {
        let verdict = judge(&revoked(&key, &revoking), &by_subkey);
        assert_eq!(shape(&verdict), shown, "{revoking:?}");
    }
}

#[test]
fn of_several_revocations_the_strictest_counts() {
    let late = Revoking::because(AFTER, Reason::KeySuperseded);
    let early = Revoking::because(SIGNED + 60, Reason::KeyRetired);
    let before = Revoking::because(SIGNED - 60, Reason::KeySuperseded);
    let hard = Revoking::because(AFTER, Reason::KeyCompromised);
    let (gone, since) = (
        (false, vec![Rule::KeyRevoked]),
        (true, vec![Rule::KeyRevokedSince]),
    );
    for (name, one, two, shown) in [
        ("both later", &late, &early, &since),
        ("one before", &late, &before, &gone),
        ("one hard", &late, &hard, &gone),
    ] {
        for (one, two) in [(one, two), (two, one)] {
            let inside = revoked(&revoked(&ALICE, one), two).armored_public();
            let apart = revoked(&ALICE, one).armored_public() + &ALICE.armored_revocation_as(two);
            for keys in [inside, apart] {
                let asc = ALICE.sign_detached(DATA);
                let verdict = judge_with(&keys, asc.as_bytes(), &[], NOW);
                assert_eq!(&shape(&verdict), shown, "{name}");
            }
        }
    }
    let key = revoked(&revoked(&ALICE, &late), &early);
    let judged = judge(&key, &key.sign_detached(DATA)).expect("good");
    let found = &judged.findings[0].found;
    assert!(
        found.contains("revoked (no longer used) at 2024-01-02T00:01:00Z"),
        "{found}"
    );
}

#[test]
fn another_certificate_of_a_subkey_has_its_say() {
    let mut owner = ALICE.clone();
    owner.add_subkey(Kind::Ed25519, &Terms::default());
    let asc = owner.sign_detached_with(DATA, &with(|it| it.subkey = Some(0)));
    let mut other = BOB.clone();
    other.adopt_subkey(&owner, 0);
    for (revoking, shown) in [
        (
            Revoking::because(AFTER, Reason::KeySuperseded),
            (true, vec![Rule::KeyRevokedSince, Rule::KeyKind]),
        ),
        (
            Revoking::because(SIGNED, Reason::KeySuperseded),
            (false, vec![Rule::KeyRevoked]),
        ),
    ] {
        let other = revoked(&other, &revoking);
        for keys in [
            owner.armored_public() + &other.armored_public(),
            other.armored_public() + &owner.armored_public(),
        ] {
            let verdict = judge_with(&keys, asc.as_bytes(), &[], NOW);
            assert_eq!(shape(&verdict), shown, "{revoking:?}");
        }
    }
}

#[test]
fn the_date_of_the_commit_stands_beside_the_signers_word() {
    let withdrawn = revoked(&ALICE, &Revoking::because(AFTER, Reason::KeySuperseded));
    let expired = TestKey::generate_with(
        "k",
        Kind::Rsa2048,
        &Terms {
            lifetime: Some(AFTER - MADE),
            ..Terms::default()
        },
    );
    let end = u64::from(AFTER);
    let commit = |at, revision| Some(Commit { at, revision });
    for (key, rule, how) in [
        (
            &withdrawn,
            Rule::KeyRevokedSince,
            "was revoked (superseded)",
        ),
        (&expired, Rule::KeyExpiredSince, "expired"),
    ] {
        let asc = key.sign_detached(DATA);
        for (commit, beside) in [
            (
                None,
                "the source does not say when the signature was committed",
            ),
            (
                commit(end - 1, Some(12)),
                "the signature was committed at 2024-01-02T11:59:59Z in r12, before that",
            ),
            (
                commit(end, Some(12)),
                "the signature was committed at 2024-01-02T12:00:00Z in r12, \
                 AFTER that: that it is older is the signer's word alone",
            ),
            (
                commit(end + 1, None),
                "the signature was committed at 2024-01-02T12:00:01Z, \
                 AFTER that: that it is older is the signer's word alone",
            ),
        ] {
            let bytes = asc.as_bytes();
            let keys = key.armored_public();
            let (keyring, _) = Keyring::read([keys.as_bytes()]).expect("usable KEYS");
            let mut open = || Ok(Box::new(Cursor::new(DATA)) as Box<dyn Read>);
            let asc = Asc { bytes, commit };
            let verdict = verify(asc, "a.whl", &mut open, &keyring, &[], NOW);
            assert_eq!(shape(&verdict), (true, vec![rule]));
            let finding = &verdict.expect("good").findings[0];
            let asks = finding.action.starts_with("Ask the signer");
            assert_eq!(asks, beside.contains("AFTER"), "{}", finding.action);
            let expected = format!(
                "key {} signed at 2024-01-02T00:00:00Z, by its own word, \
                 and {how} at 2024-01-02T12:00:00Z; {beside}",
                key.fingerprint()
            );
            assert_eq!(finding.found, expected);
        }
    }
}

#[test]
fn a_key_that_expired_and_was_withdrawn_brings_both_warnings() {
    let key = TestKey::generate_with(
        "k",
        Kind::P256,
        &Terms {
            lifetime: Some(DAY + 60),
            ..Terms::default()
        },
    );
    let key = revoked(&key, &Revoking::because(AFTER, Reason::KeyRetired));
    let rules = vec![Rule::KeyRevokedSince, Rule::KeyExpiredSince, Rule::KeyKind];
    assert_eq!(shape(&judge(&key, &key.sign_detached(DATA))), (true, rules));
}

#[test]
fn keys_of_every_kind_are_revoked_alike() {
    for kind in [Kind::Ed25519, Kind::P384, Kind::Ed25519V6, Kind::Ed448V6] {
        let key = TestKey::generate("k", kind);
        for (revoking, shown) in [
            (
                Revoking::because(AFTER, Reason::KeySuperseded),
                (true, vec![Rule::KeyRevokedSince, Rule::KeyKind]),
            ),
            (
                Revoking::because(SIGNED, Reason::KeySuperseded),
                (false, vec![Rule::KeyRevoked]),
            ),
            (
                Revoking::because(AFTER, Reason::KeyCompromised),
                (false, vec![Rule::KeyRevoked]),
            ),
        ] {
            let key = revoked(&key, &revoking);
            let verdict = judge(&key, &key.sign_detached(DATA));
            assert_eq!(shape(&verdict), shown, "{kind:?}: {revoking:?}");
        }
    }
}

#[test]
fn the_reason_counts_in_a_damaged_block_too() {
    for (revoking, shown) in [
        (
            Revoking::because(AFTER, Reason::KeySuperseded),
            (true, vec![Rule::KeyRevokedSince]),
        ),
        (Revoking::at(AFTER), (false, vec![Rule::KeyRevoked])),
    ] {
        let alone = ALICE.armored_revocation_as(&revoking);
        let damaged = damage::with_wrong_checksum(&alone);
        let keys = ALICE.armored_public() + &damaged;
        let verdict = judge_with(&keys, ALICE.sign_detached(DATA).as_bytes(), &[], NOW);
        assert_eq!(shape(&verdict), shown, "{revoking:?}");
    }
}

#[test]
fn whoever_the_owner_appointed_revokes_for_good() {
    let mut key = ALICE.clone();
    key.appoint(&[&BOB, &EVE]);
    let asc = key.sign_detached(DATA);
    assert_eq!(shape(&judge(&key, &asc)), (true, vec![]));
    for (name, revoker) in [("the first", &*BOB), ("the second", &*EVE)] {
        // Its own key need not be in KEYS, and its reason is not believed.
        for revoking in [
            Revoking::at(AFTER),
            Revoking::because(AFTER, Reason::KeySuperseded),
        ] {
            let alone = revoker.armored_revocation_of(&key, &revoking);
            let keys = key.armored_public() + &alone;
            let verdict = judge_with(&keys, asc.as_bytes(), &[], NOW);
            assert_eq!(shape(&verdict), (false, vec![Rule::KeyRevoked]), "{name}");
            // Without the appointment it is a stranger's word.
            let keys = ALICE.armored_public() + &alone;
            let verdict = judge_with(&keys, asc.as_bytes(), &[], NOW);
            assert_eq!(shape(&verdict), (true, vec![]), "{name}");
        }
    }
}

#[test]
fn an_appointed_key_that_revokes_itself_revokes_nobody_else() {
    let mut key = ALICE.clone();
    key.appoint(&[&BOB]);
    let asc = key.sign_detached(DATA);
    let keys = key.armored_public() + &BOB.armored_public() + &BOB.armored_revocation(AFTER);
    let verdict = judge_with(&keys, asc.as_bytes(), &[], NOW);
    assert_eq!(shape(&verdict), (true, vec![]));
    let by_bob = BOB.sign_detached(DATA);
    let verdict = judge_with(&keys, by_bob.as_bytes(), &[], NOW);
    assert_eq!(shape(&verdict), (false, vec![Rule::KeyRevoked]));
}
