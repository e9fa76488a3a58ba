// Licensed to the Apache Software Foundation (ASF) under the Apache License,
// Version 2.0; see the files LICENSE and NOTICE at the top of this repository.

//! Every kind of key with every digest, and the digests of the statements
//! inside a key.

use testbed::openpgp::{Digest, Kind, Signing, Terms, TestKey};

use super::super::class::Class;
use super::super::maker::Maker;
use super::super::{Row, Table};

/// The kinds that gpg makes, and the shortest digest in bits that it lets
/// each of them sign.
pub(in super::super) const KINDS: [(&str, Option<Class>, usize); 14] = [
    ("rsa1024", Some(Class::ShortRsa), 0),
    ("rsa2048", None, 0),
    ("rsa3072", None, 0),
    ("rsa4096", None, 0),
    ("dsa1024", Some(Class::Dsa), 160),
    ("dsa2048", Some(Class::Dsa), 256),
    ("ed25519", None, 0),
    ("nistp256", None, 256),
    ("nistp384", None, 384),
    ("nistp521", None, 512),
    ("brainpoolP256r1", Some(Class::OtherCurve), 256),
    ("brainpoolP384r1", Some(Class::OtherCurve), 384),
    ("brainpoolP512r1", Some(Class::OtherCurve), 512),
    ("secp256k1", Some(Class::OtherCurve), 256),
];

const DIGESTS: [(&str, Option<Class>, usize); 7] = [
    ("MD5", Some(Class::WeakDigest), 128),
    ("SHA1", Some(Class::WeakDigest), 160),
    ("RIPEMD160", Some(Class::WeakDigest), 160),
    ("SHA224", Some(Class::WeakDigest), 224),
    ("SHA256", None, 256),
    ("SHA384", None, 384),
    ("SHA512", None, 512),
];

pub(super) fn add(table: &mut Table, maker: &Maker) {
    documents(table, maker);
    statements(table, maker);
    unread(table);
}

fn documents(table: &mut Table, maker: &Maker) {
    table.section(
        "Kinds of keys and digests",
        "Signed by the primary key, with each digest that gpg lets a key of that kind sign: none \
         that is shorter than the curve or the subgroup.",
    );
    for (kind, kind_class, least) in KINDS {
        let key = maker.key(kind);
        let keys = maker.export(&key);
        for (digest, digest_class, bits) in DIGESTS {
            if bits < least {
                continue;
            }
            let asc = maker.sign(&key, &["--digest-algo", digest]);
            let classes = kind_class.into_iter().chain(digest_class);
            table.push(Row::new(format!("{kind}, {digest}"), &keys, asc).because(classes));
        }
    }
}

fn statements(table: &mut Table, maker: &Maker) {
    table.section(
        "Digests of the statements inside a key",
        "The owner vouches for the user id with this digest; the release is signed with SHA-512.",
    );
    for kind in ["rsa2048", "ed25519"] {
        for (digest, _, bits) in DIGESTS {
            let extra = ["--cert-digest-algo", digest];
            let key = maker.key_with(kind, &extra);
            // Or gpg would not use the key that it made itself.
            let asc = maker.sign(&key, &["--allow-weak-digest-algos"]);
            let name = format!("{kind}, vouched for with {digest}");
            let short = kind == "ed25519" && bits < 256;
            let row = Row::new(name, &maker.export(&key), asc);
            table.push(row.because(short.then_some(Class::ShortDigest)));
        }
    }
}

/// What the gpg of today's Debian cannot read is shown, and not compared.
fn unread(table: &mut Table) {
    table.section(
        "Not compared",
        "What gpg 2.2 cannot read: SHA-3, and keys of version 6 (RFC 9580). Ed448 is among the latter.",
    );
    let plain = Signing::default();
    let sha3 = |digest| Signing {
        digest,
        ..Signing::default()
    };
    for (name, kind, signing) in [
        ("rsa2048, SHA3-256", Kind::Rsa2048, sha3(Digest::Sha3_256)),
        ("rsa2048, SHA3-512", Kind::Rsa2048, sha3(Digest::Sha3_512)),
        ("ed25519, SHA3-512", Kind::Ed25519, sha3(Digest::Sha3_512)),
        (
            "Ed25519 of version 6, SHA512",
            Kind::Ed25519V6,
            plain.clone(),
        ),
        ("Ed448 of version 6, SHA512", Kind::Ed448V6, plain),
    ] {
        let key = TestKey::generate_with("new@example.org", kind, &Terms::default());
        let keys = key.armored_public();
        let asc = key.sign_detached_with(super::DATA, &signing);
        let row = Row::new(name, keys.as_bytes(), asc.into_bytes());
        table.push(row.because([Class::NotRead]));
    }
}
