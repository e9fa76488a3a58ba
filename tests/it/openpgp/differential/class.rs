// Licensed to the Apache Software Foundation (ASF) under the Apache License,
// Version 2.0; see the files LICENSE and NOTICE at the top of this repository.

//! Why a verdict of ours may differ from gpg's: the closed list of reasons.
//!
//! A row names the classes that it was made to fall under. A difference that
//! none of them explains fails the test.

use super::judges::Word;

/// One reason for a difference.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Class {
    WeakDigest,
    ShortDigest,
    ShortRsa,
    Dsa,
    OtherCurve,
    TextMode,
    Future,
    OneRefusesAll,
    Armor,
    RevocationApart,
    NoKeyId,
    AbsentRevoker,
    UncheckedRevocation,
    NoUserId,
    DigestStart,
    TwoNames,
    ExpiredSince,
    RevokedSince,
    Stranger,
    BadBlock,
    ThiefFirst,
    NotRead,
}

/// What a class allows, and what the page says of it.
pub(super) struct Facts {
    pub(super) class: Class,
    pub(super) id: &'static str,
    pub(super) reason: &'static str,
    /// The rules by which we may refuse what gpg calls good.
    pub(super) refuses: &'static [&'static str],
    /// The word of gpg beside which we may pass, and the rule that must tell of it.
    pub(super) excuses: Option<(Word, Option<&'static str>)>,
    /// Whether gpg does not get as far as to name the signer.
    pub(super) hides_signer: bool,
}

impl Class {
    pub(super) fn facts(self) -> &'static Facts {
        let row = TABLE.iter().find(|row| row.class == self);
        row.expect("every class has a row")
    }
}

const fn stricter(
    class: Class,
    id: &'static str,
    refuses: &'static [&'static str],
    reason: &'static str,
) -> Facts {
    Facts {
        class,
        id,
        reason,
        refuses,
        excuses: None,
        hides_signer: false,
    }
}

const fn excused(
    class: Class,
    id: &'static str,
    word: Word,
    told_by: Option<&'static str>,
    reason: &'static str,
) -> Facts {
    Facts {
        class,
        id,
        reason,
        refuses: &[],
        excuses: Some((word, told_by)),
        hides_signer: false,
    }
}

/// Every class, in the order of the page.
pub(super) static TABLE: [Facts; 22] = [
    stricter(
        Class::WeakDigest,
        "weak-digest",
        &["signature-weak"],
        "gpg takes SHA-1, RIPEMD-160 and SHA-224 for a file. Whoever can choose the bytes \
         needs only a collision, so a release is signed with SHA-256, SHA-384 or SHA-512.",
    ),
    stricter(
        Class::ShortDigest,
        "short-digest",
        &["key-unusable"],
        "The owner of an Ed25519 key vouches for it with a digest of less than 256 bits, \
         which RFC 9580 (section 5.2.3) does not allow for that kind.",
    ),
    stricter(
        Class::ShortRsa,
        "short-rsa",
        &["key-unusable"],
        "An RSA key of less than 2048 bits. The ASF's least size is 2048.",
    ),
    stricter(
        Class::Dsa,
        "dsa-key",
        &["key-unusable"],
        "A DSA key. The ASF asks for RSA, and RFC 9580 forbids new DSA signatures.",
    ),
    stricter(
        Class::OtherCurve,
        "other-curve",
        &["key-unusable", "unsupported-key"],
        "An ECDSA key on a Brainpool curve or secp256k1, which this program cannot check \
         reliably: it refuses, rather than answer now so and now so.",
    ),
    stricter(
        Class::TextMode,
        "text-mode",
        &["signature-weak"],
        "A text signature is good for every file with the same text and other line ends; \
         a release is its exact bytes.",
    ),
    stricter(
        Class::Future,
        "signed-ahead",
        &["signature-weak"],
        "A time of signing more than five minutes ahead. gpg only warns.",
    ),
    stricter(
        Class::OneRefusesAll,
        "one-refuses-all",
        &[
            "signature-bad",
            "signature-weak",
            "key-expired",
            "key-revoked",
            "key-unusable",
        ],
        "Beside the good signature stands one by a key of KEYS that is not good. gpg tells \
         of each and leaves it to the reader.",
    ),
    stricter(
        Class::Armor,
        "armor",
        &["signature-unreadable"],
        "gpg reads on over damage, and what is no armored detached signature. A release \
         has an `.asc` that every reader reads alike.",
    ),
    stricter(
        Class::RevocationApart,
        "revocation-apart",
        &["key-revoked"],
        "The revocation stands in KEYS before its key, or behind another one. gpg imports \
         in order and takes it for a word on the key before it, which it is not, and drops it.",
    ),
    stricter(
        Class::NoKeyId,
        "no-key-id",
        &["key-revoked"],
        "The revocation names its key by the fingerprint only. gpg 2.2 goes by the key id in it, \
         finds none, and drops it.",
    ),
    stricter(
        Class::AbsentRevoker,
        "absent-revoker",
        &["key-revoked"],
        "A key that its owner allowed to revoke this one did so, and is not itself in \
         KEYS: gpg cannot check it and lets the key live.",
    ),
    stricter(
        Class::UncheckedRevocation,
        "unchecked-revocation",
        &["key-revoked", "key-unusable"],
        "The revocation names this key, and it was damaged, or is by a digest that nobody here \
         knows. Its owner may have revoked the key, so that it does not count; gpg drops it.",
    ),
    stricter(
        Class::NoUserId,
        "no-user-id",
        &["key-unusable"],
        "The owner withdrew the only user id, and with it all that was said of the key: \
         its life and what it may do.",
    ),
    stricter(
        Class::DigestStart,
        "digest-start",
        &["signature-bad"],
        "The two octets of the digest that a signature shows are not those of the file. gpg \
         does not look at them; a signature that was altered does not pass here.",
    ),
    stricter(
        Class::TwoNames,
        "two-names",
        &["signer-unknown"],
        "What is not protected names another key than what is. gpg goes by the first \
         name; here all that a signature names must be one key of KEYS.",
    ),
    excused(
        Class::ExpiredSince,
        "expired-since",
        Word::ExpiredKey,
        Some("key-expired-since"),
        "The key was valid when it signed. A release stays good when its signer's key ends \
         later; the verdict warns. gpg judges the key of today.",
    ),
    excused(
        Class::RevokedSince,
        "revoked-since",
        Word::RevokedKey,
        Some("key-revoked-since"),
        "The key was retired or replaced after it signed, and not compromised: a verdict may \
         pass, with a warning. gpg judges the key of today.",
    ),
    excused(
        Class::Stranger,
        "stranger",
        Word::NoKey,
        Some("signature-of-stranger"),
        "Beside the good signature stands one by a key that is not in KEYS: a voter's, as a \
         rule. It counts for nothing, and a note names it.",
    ),
    Facts {
        hides_signer: true,
        ..excused(
            Class::BadBlock,
            "bad-block",
            Word::NoKey,
            Some("keys-bad-block"),
            "A block of KEYS is damaged. gpg takes nothing at all from such a file; here \
         it costs that block only, and a warning says so.",
        )
    },
    Facts {
        hides_signer: true,
        ..excused(
            Class::ThiefFirst,
            "thief-first",
            Word::Error,
            None,
            "Two keys of KEYS claim the subkey that signed, and only one with its consent. \
         gpg looks at the first; here the true owner counts, in either order.",
        )
    },
    stricter(
        Class::NotRead,
        "not-compared",
        &[],
        "gpg 2.2 cannot read it.",
    ),
];
