// Licensed to the Apache Software Foundation (ASF) under the Apache License,
// Version 2.0; see the files LICENSE and NOTICE at the top of this repository.

//! Checks the evidence of an attestation against a trusted root, in the order and
//! with the messages of sigstore-python, which is what the index uses: time,
//! chain, time stamp of the certificate log, usage, the log's proof, checkpoint
//! and promise, and that the entry is about this very signature.
//!
//! Written apart from the product and from the makers beside it; whether a key was
//! valid at the time of its use is not looked at.

use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde_json::Value;

use super::authority::stamped;
use super::key::{Hash, natural_hash, sha256, verifies};
use super::log::promised;
use super::merkle::{leaf, root_of_proof};
use super::pem;
use super::x509::Certificate;
use crate::clock::iso;

/// What somebody trusts: authorities, logs of certificates, transparency logs.
#[derive(Clone, Debug)]
pub struct Anchors {
    /// The certificates of all authorities, in DER.
    authorities: Vec<Vec<u8>>,
    certificate_logs: Vec<Vec<u8>>,
    logs: Vec<Vec<u8>>,
}

/// A signed statement with its evidence.
pub(crate) struct Evidence<'a> {
    pub(crate) certificate: &'a Certificate<'a>,
    /// The certificate, in DER.
    pub(crate) der: &'a [u8],
    /// The entry, as attestations hold it.
    pub(crate) entry: &'a Value,
    pub(crate) statement: &'a [u8],
    pub(crate) signature: &'a [u8],
}

impl Anchors {
    /// Reads a trusted root, or the one in a trust configuration.
    pub fn read(json: &Value) -> Option<Self> {
        let root = json.get("trustedRoot").unwrap_or(json);
        let list = |name: &str| root.get(name).and_then(Value::as_array);
        let keys = |name: &str| -> Option<Vec<Vec<u8>>> {
            let keys = list(name)?.iter();
            keys.map(|log| bytes(log, "/publicKey/rawBytes")).collect()
        };
        let mut authorities = Vec::new();
        for authority in list("certificateAuthorities")? {
            let chain = authority.pointer("/certChain/certificates")?.as_array()?;
            for certificate in chain {
                authorities.push(bytes(certificate, "/rawBytes")?);
            }
        }
        Some(Self {
            authorities,
            certificate_logs: keys("ctlogs")?,
            logs: keys("tlogs")?,
        })
    }

    /// Everything before the index's own policy: the certificate.
    pub(crate) fn check_certificate(&self, evidence: &Evidence) -> Result<(), String> {
        let seconds = number(evidence.entry, "/integratedTime").unwrap_or_default();
        let iso = iso(i64::try_from(seconds).unwrap_or(i64::MAX));
        let time: String = iso.chars().filter(char::is_ascii_digit).collect();
        let authorities = self.authorities.iter();
        let authorities: Vec<_> = authorities
            .filter_map(|der| Certificate::read(der))
            .collect();
        let certificate = evidence.certificate;
        let issuer = issuer(certificate, &authorities, &time)
            .filter(|_| certificate.holds_at(&time))
            .ok_or("failed to build timestamp certificate chain: candidates exhausted")?;
        self.check_stamp(certificate, issuer)
            .map_err(|why| format!("failed to verify SCT on signing certificate: {why}"))?;
        if !certificate.signs_code() {
            return Err("Extended usage does not contain `code signing`".to_owned());
        }
        Ok(())
    }

    fn check_stamp(&self, certificate: &Certificate, issuer: &Certificate) -> Result<(), String> {
        let list = certificate
            .stamps()
            .ok_or("Certificate does not contain a signed certificate timestamp extension")?;
        let stamp = Stamped::read(list).ok_or("Expected one certificate timestamp, found 0")?;
        let body = certificate.precertificate();
        let signed = stamped(stamp.milliseconds, &sha256(issuer.key), &body);
        let log = self
            .certificate_logs
            .iter()
            .find(|key| sha256(key) == stamp.log);
        let log = log.ok_or("SCT verify failed: no known log")?;
        if !verifies(log, Hash::Sha256, &signed, stamp.signature) {
            return Err("SCT verify failed: invalid signature".to_owned());
        }
        Ok(())
    }

    /// After the index's own policy: what the log says of the entry.
    pub(crate) fn check_log(&self, entry: &Value) -> Result<(), String> {
        let body = bytes(entry, "/canonicalizedBody").unwrap_or_default();
        self.check_inclusion(entry, &body)
            .map_err(|why| format!("invalid log entry: {why}"))
    }

    fn check_inclusion(&self, entry: &Value, body: &[u8]) -> Result<(), String> {
        let root = check_proof(entry, body)?;
        let id = bytes(entry, "/logId/keyId").unwrap_or_default();
        let log = self.logs.iter().find(|key| sha256(key)[..] == id);
        let note = entry.pointer("/inclusionProof/checkpoint/envelope");
        let note = note.and_then(Value::as_str).unwrap_or_default();
        let log = log.ok_or("checkpoint: invalid signature: no known log")?;
        check_checkpoint(note, log, &root)?;
        let time = number(entry, "/integratedTime").ok_or("no integrated time")?;
        let index = number(entry, "/logIndex").ok_or("no log index")?;
        let time = i64::try_from(time).map_err(|_| "the integrated time is too big")?;
        let promised = promised(body, time, index, &id);
        let promise = bytes(entry, "/inclusionPromise/signedEntryTimestamp").unwrap_or_default();
        if !verifies(log, Hash::Sha256, promised.as_bytes(), &promise) {
            return Err("invalid inclusion promise".to_owned());
        }
        Ok(())
    }

    /// Last of all: that the entry is about this very signature.
    #[expect(clippy::unused_self, reason = "reads as the other steps")]
    pub(crate) fn check_body(&self, evidence: &Evidence) -> Result<(), String> {
        let body = bytes(evidence.entry, "/canonicalizedBody").unwrap_or_default();
        let body: Value = serde_json::from_slice(&body).unwrap_or_default();
        let text = |path: &str| body.pointer(path).and_then(Value::as_str);
        let payload = hex::encode(sha256(evidence.statement));
        if text("/spec/payloadHash/value") != Some(payload.as_str()) {
            return Err("log entry payload hash does not match bundle".to_owned());
        }
        let signatures = body.pointer("/spec/signatures").and_then(Value::as_array);
        let alone = signatures.is_some_and(|list| list.len() == 1);
        let verifier = BASE64.encode(pem::encode("CERTIFICATE", evidence.der));
        let signature = BASE64.encode(evidence.signature);
        if !alone
            || text("/spec/signatures/0/signature") != Some(signature.as_str())
            || text("/spec/signatures/0/verifier") != Some(verifier.as_str())
        {
            return Err("log entry signatures do not match bundle".to_owned());
        }
        Ok(())
    }
}

/// Whether the owner of a certificate made this signature, by the hash that goes
/// with the key.
pub(crate) fn signed_by(certificate: &Certificate, message: &[u8], signature: &[u8]) -> bool {
    let hash = natural_hash(certificate.key);
    hash.is_some_and(|hash| verifies(certificate.key, hash, message, signature))
}

/// The authority that signed a certificate and that leads, by others, to one that
/// signed itself.
fn issuer<'a>(
    certificate: &Certificate,
    authorities: &'a [Certificate<'a>],
    time: &str,
) -> Option<&'a Certificate<'a>> {
    let mut found = None;
    let mut at = certificate;
    // No chain is longer than all authorities.
    for _ in 0..=authorities.len() {
        if found.is_some() && at.is_signed_by(at) {
            return found;
        }
        let above = authorities
            .iter()
            .find(|above| above.is_authority() && above.holds_at(time) && at.is_signed_by(above))?;
        found = found.or(Some(above));
        at = above;
    }
    None
}

/// The root that the proof of inclusion leads to, which is the root that it names.
fn check_proof(entry: &Value, body: &[u8]) -> Result<Vec<u8>, String> {
    let proof = entry.get("inclusionProof").unwrap_or(&Value::Null);
    let hashes = proof.get("hashes").and_then(Value::as_array);
    let hashes: Option<Vec<[u8; 32]>> = hashes
        .into_iter()
        .flatten()
        .map(|hash| BASE64.decode(hash.as_str()?).ok()?.try_into().ok())
        .collect();
    let hashes = hashes.ok_or("a hash of the inclusion proof is no hash")?;
    // proto3 leaves out what is zero.
    let index = number(proof, "/logIndex").unwrap_or_default();
    let size = number(proof, "/treeSize").unwrap_or_default();
    let root =
        root_of_proof(leaf(body), index, size, &hashes).ok_or("inclusion proof has wrong size")?;
    if bytes(proof, "/rootHash").as_deref() != Some(&root[..]) {
        return Err("inclusion proof contains invalid root hash".to_owned());
    }
    Ok(root.to_vec())
}

fn check_checkpoint(note: &str, log: &[u8], root: &[u8]) -> Result<(), String> {
    let (head, signatures) = note
        .split_once("\n\n")
        .ok_or("note must contain one blank line")?;
    let signed = format!("{head}\n");
    let hint = sha256(log);
    let signature = signatures.lines().find_map(|line| {
        let (_, text) = line.strip_prefix("\u{2014} ")?.split_once(' ')?;
        let bytes = BASE64.decode(text).ok()?;
        bytes.strip_prefix(&hint[..4]).map(<[u8]>::to_vec)
    });
    let signature = signature.ok_or("checkpoint: Signature not found for log ID")?;
    if !verifies(log, Hash::Sha256, signed.as_bytes(), &signature) {
        return Err("checkpoint: invalid signature".to_owned());
    }
    let shown = head
        .lines()
        .nth(2)
        .and_then(|text| BASE64.decode(text).ok());
    if shown.as_deref() != Some(root) {
        return Err("Inclusion proof contains invalid root hash".to_owned());
    }
    Ok(())
}

/// A time stamp of a log of certificates.
struct Stamped<'a> {
    log: [u8; 32],
    milliseconds: u64,
    signature: &'a [u8],
}

impl<'a> Stamped<'a> {
    /// The only one in the list: version 1, no extensions, ECDSA over SHA-256.
    fn read(list: &'a [u8]) -> Option<Self> {
        let list = counted(list)?;
        let stamp = counted(list)?;
        let (version, rest) = stamp.split_first()?;
        let (log, rest) = rest.split_first_chunk::<32>()?;
        let (milliseconds, rest) = rest.split_first_chunk::<8>()?;
        let signature = rest.strip_prefix(&[0, 0, 4, 3])?;
        (*version == 0).then_some(Self {
            log: *log,
            milliseconds: u64::from_be_bytes(*milliseconds),
            signature: counted(signature)?,
        })
    }
}

/// The bytes after a length of two bytes, which must be all that there are.
fn counted(bytes: &[u8]) -> Option<&[u8]> {
    let (length, rest) = bytes.split_first_chunk::<2>()?;
    (usize::from(u16::from_be_bytes(*length)) == rest.len()).then_some(rest)
}

fn bytes(value: &Value, path: &str) -> Option<Vec<u8>> {
    BASE64.decode(value.pointer(path)?.as_str()?).ok()
}

/// A number, which protobuf's JSON writes as text.
fn number(value: &Value, path: &str) -> Option<u64> {
    let value = value.pointer(path)?;
    value.as_u64().or_else(|| value.as_str()?.parse().ok())
}
