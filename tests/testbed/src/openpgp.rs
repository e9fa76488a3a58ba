// Licensed to the Apache Software Foundation (ASF) under the Apache License,
// Version 2.0; see the files LICENSE and NOTICE at the top of this repository.

//! OpenPGP keys and signatures made in Rust, good ones and the kinds that
//! real programs will not make: without a back signature, without a time.

mod revoking;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use pgp::composed::KeyType;
pub use pgp::crypto::hash::HashAlgorithm as Digest;
use pgp::packet::{
    KeyFlags, Notation, PacketTrait, PubKeyInner, PublicKey, PublicSubkey, SecretKey, SecretSubkey,
    Signature, SignatureConfig, SignatureType, Subpacket, SubpacketData, UserId,
};
use pgp::types::{
    Duration, KeyDetails, KeyVersion, PacketHeaderVersion, Password, SecretParams, SigningKey, Tag,
    Timestamp,
};

pub use revoking::{Reason, Revoking};

/// 2024-01-01T00:00:00Z: when keys are made, unless a test says otherwise.
pub const MADE: u32 = 1_704_067_200;
/// A day after: when signatures are made, unless a test says otherwise.
pub const SIGNED: u32 = MADE + 86_400;

/// What a key is made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// RSA of 2048 bits; takes a moment to make.
    Rsa2048,
    /// Ed25519 as GnuPG makes it.
    Ed25519,
    /// ECDSA on NIST P-256.
    P256,
    /// ECDSA on NIST P-384.
    P384,
    /// ECDSA on NIST P-521.
    P521,
    /// ECDSA on secp256k1.
    Secp256k1,
    /// Ed25519 in a key of version 6.
    Ed25519V6,
    /// Ed448 in a key of version 6.
    Ed448V6,
}

impl Kind {
    fn key_type(self) -> KeyType {
        use pgp::crypto::ecc_curve::ECCCurve;
        match self {
            Self::Rsa2048 => KeyType::Rsa(2048),
            Self::Ed25519 => KeyType::Ed25519Legacy,
            Self::P256 => KeyType::ECDSA(ECCCurve::P256),
            Self::P384 => KeyType::ECDSA(ECCCurve::P384),
            Self::P521 => KeyType::ECDSA(ECCCurve::P521),
            Self::Secp256k1 => KeyType::ECDSA(ECCCurve::Secp256k1),
            Self::Ed25519V6 => KeyType::Ed25519,
            Self::Ed448V6 => KeyType::Ed448,
        }
    }

    fn version(self) -> KeyVersion {
        match self {
            Self::Ed25519V6 | Self::Ed448V6 => KeyVersion::V6,
            _ => KeyVersion::V4,
        }
    }

    fn generate(self, created: u32) -> (PubKeyInner, SecretParams) {
        let key_type = self.key_type();
        let (public, secret) = key_type.generate(rand::thread_rng()).expect("key material");
        let created = Timestamp::from_secs(created);
        let inner = PubKeyInner::new(self.version(), key_type.to_alg(), created, None, public)
            .expect("a key of a legal kind");
        (inner, secret)
    }
}

/// What the owner says about a key.
#[derive(Clone, Debug)]
pub struct Terms {
    /// When the statement is made, in Unix seconds.
    pub stated: u32,
    /// Seconds from the key's creation to its end.
    pub lifetime: Option<u32>,
    /// The flag "may sign".
    pub may_sign: bool,
    /// The digest of the statement.
    pub digest: Digest,
    /// For a signing subkey: that it vouches for its primary key.
    pub back_signature: bool,
}

impl Default for Terms {
    fn default() -> Self {
        Self {
            stated: MADE,
            lifetime: None,
            may_sign: true,
            digest: Digest::Sha512,
            back_signature: true,
        }
    }
}

/// How a file is signed.
#[derive(Clone, Debug)]
pub struct Signing {
    /// When, in Unix seconds; none leaves the time out.
    pub at: Option<u32>,
    /// Whether the time stands under the signature.
    pub time_hashed: bool,
    /// With which digest.
    pub digest: Digest,
    /// As a text signature (type 0x01).
    pub text: bool,
    /// As a certification (type 0x10) of the file's bytes, which no program
    /// makes: it would count for one that does not look at the type.
    pub certification: bool,
    /// Seconds until the signature itself expires.
    pub lifetime: Option<u32>,
    /// A critical notation of this name.
    pub critical_notation: Option<&'static str>,
    /// By the subkey of this number.
    pub subkey: Option<usize>,
    /// Whether the fingerprint of the key is in it.
    pub fingerprint: bool,
    /// Whether the key id is in it (version 4 only).
    pub key_id: bool,
}

impl Default for Signing {
    fn default() -> Self {
        Self {
            at: Some(SIGNED),
            time_hashed: true,
            digest: Digest::Sha512,
            text: false,
            certification: false,
            lifetime: None,
            critical_notation: None,
            subkey: None,
            fingerprint: true,
            key_id: true,
        }
    }
}

/// A key with its secret half.
#[derive(Clone, Debug)]
pub struct TestKey {
    primary: SecretKey,
    user_id: UserId,
    direct: Vec<Signature>,
    certifications: Vec<Signature>,
    revocations: Vec<Signature>,
    subkeys: Vec<(SecretSubkey, Vec<Signature>)>,
}

impl TestKey {
    /// A key that may sign and never expires, made at [`MADE`].
    pub fn generate(user_id: &str, kind: Kind) -> Self {
        Self::generate_with(user_id, kind, &Terms::default())
    }

    /// A key made at [`MADE`] on terms of one's own.
    pub fn generate_with(user_id: &str, kind: Kind, terms: &Terms) -> Self {
        let (inner, secret) = kind.generate(MADE);
        let public = PublicKey::from_inner(inner).expect("a public key");
        let primary = SecretKey::new(public, secret).expect("a secret key");
        let user_id = UserId::from_str(PacketHeaderVersion::New, user_id).expect("a user id");
        let mut key = Self {
            primary,
            user_id,
            direct: Vec::new(),
            certifications: Vec::new(),
            revocations: Vec::new(),
            subkeys: Vec::new(),
        };
        key.state(terms);
        key
    }

    /// The fingerprint in upper-case hex.
    pub fn fingerprint(&self) -> String {
        hex::encode_upper(self.primary.fingerprint().as_bytes())
    }

    /// The fingerprint of a subkey in upper-case hex.
    pub fn subkey_fingerprint(&self, number: usize) -> String {
        let (subkey, _) = &self.subkeys[number];
        hex::encode_upper(subkey.fingerprint().as_bytes())
    }

    /// States the terms of the primary key anew.
    pub fn state(&mut self, terms: &Terms) {
        let public = self.primary.public_key();
        if self.primary.version() == KeyVersion::V6 {
            let config = self.statement(SignatureType::Key, terms);
            let signature = config.sign_key(&self.primary, &none(), public);
            self.direct.push(signature.expect("a direct key signature"));
        }
        let config = self.statement(SignatureType::CertPositive, terms);
        let signature =
            config.sign_certification(&self.primary, public, &none(), Tag::UserId, &self.user_id);
        self.certifications
            .push(signature.expect("a certification"));
    }

    /// Adds a signing subkey made at [`MADE`].
    pub fn add_subkey(&mut self, kind: Kind, terms: &Terms) {
        let (inner, secret) = kind.generate(MADE);
        let public = PublicSubkey::from_inner(inner).expect("a public subkey");
        let subkey = SecretSubkey::new(public, secret).expect("a secret subkey");
        let binding = self.bind(&subkey, terms);
        self.subkeys.push((subkey, vec![binding]));
    }

    /// States the terms of a subkey anew.
    pub fn state_subkey(&mut self, number: usize, terms: &Terms) {
        let binding = self.bind(&self.subkeys[number].0, terms);
        self.subkeys[number].1.push(binding);
    }

    /// A copy of another key's subkey, claimed as one's own without its owner.
    pub fn steal_subkey(&mut self, victim: &Self, number: usize) {
        let stolen = victim.subkeys[number].0.clone();
        let terms = Terms {
            back_signature: false,
            ..Terms::default()
        };
        let binding = self.bind(&stolen, &terms);
        self.subkeys.push((stolen, vec![binding]));
    }

    /// Binds another key's subkey as well, with the consent of its owner.
    pub fn adopt_subkey(&mut self, owner: &Self, number: usize) {
        let adopted = owner.subkeys[number].0.clone();
        let binding = self.bind(&adopted, &Terms::default());
        self.subkeys.push((adopted, vec![binding]));
    }

    /// The public key as packets without armor.
    pub fn public_bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        write(self.primary.public_key(), &mut bytes);
        bytes.extend(bytes_of(self.revocations.iter().chain(&self.direct)));
        write(&self.user_id, &mut bytes);
        bytes.extend(bytes_of(&self.certifications));
        for (subkey, bindings) in &self.subkeys {
            write(subkey.public_key(), &mut bytes);
            bytes.extend(bytes_of(bindings));
        }
        bytes
    }

    /// The public key as KEYS holds it.
    pub fn armored_public(&self) -> String {
        armor("PGP PUBLIC KEY BLOCK", &self.public_bytes())
    }

    /// The private key, as it must never stand in KEYS.
    pub fn armored_private(&self) -> String {
        let mut bytes = Vec::new();
        write(&self.primary, &mut bytes);
        write(&self.user_id, &mut bytes);
        bytes.extend(bytes_of(&self.certifications));
        armor("PGP PRIVATE KEY BLOCK", &bytes)
    }

    /// The content of an `.asc`: a binary signature with SHA-512.
    pub fn sign_detached(&self, data: &[u8]) -> String {
        self.sign_detached_with(data, &Signing::default())
    }

    /// The content of an `.asc` of another sort.
    pub fn sign_detached_with(&self, data: &[u8], signing: &Signing) -> String {
        armor("PGP SIGNATURE", &self.sign_bytes(data, signing))
    }

    /// One signature packet without armor.
    pub fn sign_bytes(&self, data: &[u8], signing: &Signing) -> Vec<u8> {
        let signature = match signing.subkey {
            Some(number) => sign(&self.subkeys[number].0, data, signing),
            None => sign(&self.primary, data, signing),
        };
        bytes_of([&signature])
    }

    fn bind(&self, subkey: &SecretSubkey, terms: &Terms) -> Signature {
        let mut config = self.statement(SignatureType::SubkeyBinding, terms);
        if terms.back_signature {
            let mut back = configure(subkey, SignatureType::KeyBinding, terms.digest);
            let time = Timestamp::from_secs(terms.stated);
            back.hashed_subpackets = vec![
                regular(SubpacketData::SignatureCreationTime(time)),
                regular(SubpacketData::IssuerFingerprint(subkey.fingerprint())),
            ];
            let back = back
                .sign_primary_key_binding(
                    subkey,
                    subkey.public_key(),
                    &none(),
                    self.primary.public_key(),
                )
                .expect("a back signature");
            let embedded = SubpacketData::EmbeddedSignature(Box::new(back));
            config.hashed_subpackets.push(regular(embedded));
        }
        let public = self.primary.public_key();
        config
            .sign_subkey_binding(&self.primary, public, &none(), subkey.public_key())
            .expect("a binding")
    }

    fn statement(&self, typ: SignatureType, terms: &Terms) -> SignatureConfig {
        let mut config = configure(&self.primary, typ, terms.digest);
        let mut flags = KeyFlags::default();
        flags.set_certify(typ != SignatureType::SubkeyBinding);
        flags.set_sign(terms.may_sign);
        let time = Timestamp::from_secs(terms.stated);
        config.hashed_subpackets = vec![
            regular(SubpacketData::SignatureCreationTime(time)),
            regular(SubpacketData::IssuerFingerprint(self.primary.fingerprint())),
            regular(SubpacketData::KeyFlags(flags)),
        ];
        if let Some(lifetime) = terms.lifetime {
            let lifetime = SubpacketData::KeyExpirationTime(Duration::from_secs(lifetime));
            config.hashed_subpackets.push(regular(lifetime));
        }
        if self.primary.version() == KeyVersion::V4 {
            let id = SubpacketData::IssuerKeyId(self.primary.legacy_key_id());
            config.unhashed_subpackets = vec![regular(id)];
        }
        config
    }
}

fn sign(key: &impl SigningKey, data: &[u8], signing: &Signing) -> Signature {
    let typ = if signing.text {
        SignatureType::Text
    } else {
        SignatureType::Binary
    };
    let mut config = configure(key, typ, signing.digest);
    let (mut hashed, mut unhashed) = (Vec::new(), Vec::new());
    if let Some(at) = signing.at {
        let time = Timestamp::from_secs(at);
        let place = match signing.time_hashed {
            true => &mut hashed,
            false => &mut unhashed,
        };
        place.push(regular(SubpacketData::SignatureCreationTime(time)));
    }
    if signing.fingerprint {
        hashed.push(regular(SubpacketData::IssuerFingerprint(key.fingerprint())));
    }
    if let Some(lifetime) = signing.lifetime {
        let lifetime = SubpacketData::SignatureExpirationTime(Duration::from_secs(lifetime));
        hashed.push(regular(lifetime));
    }
    if let Some(name) = signing.critical_notation {
        hashed.push(critical_notation(name));
    }
    if signing.key_id && key.version() == KeyVersion::V4 {
        let id = SubpacketData::IssuerKeyId(key.legacy_key_id());
        unhashed.push(regular(id));
    }
    config.hashed_subpackets = hashed;
    config.unhashed_subpackets = unhashed;
    if signing.certification {
        config.typ = SignatureType::CertGeneric;
        return sign_as_it_is(key, data, config);
    }
    config.sign(key, &none(), data).expect("a signature")
}

/// Of a type that is not one of documents.
fn sign_as_it_is(key: &impl SigningKey, data: &[u8], config: SignatureConfig) -> Signature {
    let mut hasher = config.hash_alg.new_hasher().expect("a known digest");
    hasher.update(data);
    let hashed = config.hash_signature_data(&mut hasher);
    let trailer = config.trailer(hashed.expect("memory")).expect("a trailer");
    hasher.update(&trailer);
    let hash = hasher.finalize();
    let signature = key.sign(&none(), config.hash_alg, &hash);
    let start = [hash[0], hash[1]];
    Signature::from_config(config, start, signature.expect("a signature")).expect("a packet")
}

fn critical_notation(name: &'static str) -> Subpacket {
    let notation = SubpacketData::Notation(Notation {
        readable: true,
        name: name.into(),
        value: "yes".into(),
    });
    Subpacket::critical(notation).expect("a critical subpacket")
}

fn configure(key: &impl SigningKey, typ: SignatureType, digest: Digest) -> SignatureConfig {
    let mut config = SignatureConfig::v4(typ, key.algorithm(), digest);
    if key.version() == KeyVersion::V6 {
        config = SignatureConfig::v6(rand::thread_rng(), typ, key.algorithm(), digest)
            .expect("a digest with a salt");
    }
    config
}

fn none() -> Password {
    Password::empty()
}

fn regular(data: SubpacketData) -> Subpacket {
    Subpacket::regular(data).expect("a subpacket of legal length")
}

fn write(packet: &impl PacketTrait, bytes: &mut Vec<u8>) {
    packet
        .to_writer_with_header(bytes)
        .expect("a packet in memory");
}

fn bytes_of<'a>(signatures: impl IntoIterator<Item = &'a Signature>) -> Vec<u8> {
    let mut bytes = Vec::new();
    for signature in signatures {
        write(signature, &mut bytes);
    }
    bytes
}

/// Armors packets under a label such as `PGP SIGNATURE`.
pub fn armor(label: &str, bytes: &[u8]) -> String {
    let digits = STANDARD.encode(bytes);
    let mut text = format!("-----BEGIN {label}-----\n\n");
    for line in digits.as_bytes().chunks(64) {
        text.push_str(std::str::from_utf8(line).expect("base64 is ASCII"));
        text.push('\n');
    }
    // GnuPG reads on beyond the END line where the checksum is missing.
    let sum = STANDARD.encode(&crc24(bytes).to_be_bytes()[1..]);
    text.push_str(&format!("={sum}\n-----END {label}-----\n"));
    text
}

fn crc24(bytes: &[u8]) -> u32 {
    let mut crc = 0x00B7_04CE;
    for byte in bytes {
        crc ^= u32::from(*byte) << 16;
        for _ in 0..8 {
            crc <<= 1;
            if crc & 0x0100_0000 != 0 {
                crc ^= 0x0186_4CFB;
            }
        }
    }
    crc
}
