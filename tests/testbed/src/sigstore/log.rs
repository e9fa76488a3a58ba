// Licensed to the Apache Software Foundation (ASF) under the Apache License,
// Version 2.0; see the files LICENSE and NOTICE at the top of this repository.

//! The transparency log (Rekor's version 1): entries in a tree that grows, each
//! with a signed promise, a proof of inclusion and a signed checkpoint. Places in
//! the log and in its tree differ, as those of the real one, which has had other
//! trees before.

use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde_json::{Value, json};

use super::key::{Key, sha256};
use super::merkle::{self, Node};
use super::state::Lie;

/// What the log calls itself in checkpoints.
const NAME: &str = "rekor.stand-in";
const TREE: u64 = 1_193_050_959_916_656_506;
/// How many entries earlier trees have.
const EARLIER: usize = 4_163_431;

/// A log with its keys.
pub(super) struct Log {
    pub(super) key: Key,
    other_key: Key,
    leaves: Vec<Node>,
    entries: Vec<Entry>,
}

struct Entry {
    body: Vec<u8>,
    time: i64,
    version_2: bool,
}

/// All that the log says about one entry.
pub(super) struct Recorded {
    body: Vec<u8>,
    time: Option<i64>,
    index: usize,
    log_id: [u8; 32],
    promise: Option<Vec<u8>>,
    proof: Option<Proof>,
    leaf: Node,
    version_2: bool,
}

struct Proof {
    root: Node,
    size: usize,
    hashes: Vec<Node>,
    checkpoint: String,
}

impl Log {
    /// A log that has one entry of somebody else.
    pub(super) fn new() -> Self {
        let mut log = Self {
            key: Key::p256(),
            other_key: Key::p256(),
            leaves: Vec::new(),
            entries: Vec::new(),
        };
        let digest = |text: &str| json!({"algorithm": "sha256", "value": hex::encode(sha256(text.as_bytes()))});
        let body = json!({"apiVersion": "0.0.1", "kind": "dsse", "spec": {
            "envelopeHash": digest("an envelope"),
            "payloadHash": digest("a payload"),
            "signatures": [{"signature": BASE64.encode("one"), "verifier": BASE64.encode("two")}],
        }});
        let first = log.append(body.to_string().into_bytes(), 0, false);
        first.expect("an empty log");
        log
    }

    /// How many entries its tree has.
    pub(super) fn size(&self) -> usize {
        self.leaves.len()
    }

    /// Adds an entry: its place in the tree, or the place where it was already.
    pub(super) fn append(
        &mut self,
        body: Vec<u8>,
        time: i64,
        version_2: bool,
    ) -> Result<usize, usize> {
        let leaf = merkle::leaf(&body);
        if let Some(place) = self.leaves.iter().position(|other| *other == leaf) {
            return Err(place);
        }
        self.leaves.push(leaf);
        self.entries.push(Entry {
            body,
            time,
            version_2,
        });
        Ok(self.leaves.len() - 1)
    }

    /// The place of the entry with this name (with the tree's number or without).
    pub(super) fn find(&self, uuid: &str) -> Option<usize> {
        let hash = uuid.get(uuid.len().checked_sub(64)?..)?;
        self.leaves
            .iter()
            .position(|leaf| hex::encode(leaf) == hash)
    }

    /// The place in the tree of a place in the log.
    pub(super) fn place(index: usize) -> Option<usize> {
        index.checked_sub(EARLIER)
    }

    /// What the log says about an entry now.
    pub(super) fn record(&self, place: usize, lie: Option<Lie>) -> Option<Recorded> {
        let place = match lie {
            Some(Lie::OtherEntry) => place.saturating_sub(1),
            _ => place,
        };
        let entry = self.entries.get(place)?;
        let key = match lie {
            Some(Lie::OtherLog) => &self.other_key,
            _ => &self.key,
        };
        let promise_key = match lie {
            Some(Lie::Promise) => &self.other_key,
            _ => key,
        };
        let index = EARLIER + place;
        let promise = promise(promise_key, &entry.body, entry.time, index, &key.id());
        let silent = entry.version_2 || lie == Some(Lie::NoPromise);
        let time = match lie {
            _ if entry.version_2 => None,
            Some(Lie::Time) => Some(entry.time + 1),
            _ => Some(entry.time),
        };
        Some(Recorded {
            body: entry.body.clone(),
            time,
            index,
            log_id: key.id(),
            promise: (!silent).then_some(promise),
            proof: (lie != Some(Lie::NoProof)).then(|| self.prove(place, lie, key)),
            leaf: self.leaves[place],
            version_2: entry.version_2,
        })
    }

    fn prove(&self, place: usize, lie: Option<Lie>, key: &Key) -> Proof {
        let size = self.leaves.len();
        let root = merkle::root(&self.leaves);
        let mut hashes = merkle::proof(place, &self.leaves);
        if let (Some(Lie::Proof), Some(first)) = (lie, hashes.first_mut()) {
            first[0] ^= 1;
        }
        let signer = match lie {
            Some(Lie::Checkpoint) => &self.other_key,
            _ => key,
        };
        let shown = match lie {
            Some(Lie::Root) => merkle::leaf(b"another tree"),
            _ => root,
        };
        Proof {
            root,
            size,
            hashes,
            checkpoint: checkpoint(signer, &key.id(), size, &shown),
        }
    }

    /// The state of the tree, as the API shows it.
    pub(super) fn state(&self) -> Value {
        let size = self.leaves.len();
        let root = merkle::root(&self.leaves);
        json!({
            "rootHash": hex::encode(root),
            "signedTreeHead": checkpoint(&self.key, &self.key.id(), size, &root),
            "treeID": TREE.to_string(),
            "treeSize": size,
        })
    }
}

/// The log's signature over an entry, its time and its place.
fn promise(key: &Key, body: &[u8], time: i64, index: usize, log_id: &[u8; 32]) -> Vec<u8> {
    key.sign(promised(body, time, index as u64, log_id).as_bytes())
}

/// What a promise is a signature of: JSON in its canonical form (RFC 8785).
pub(super) fn promised(body: &[u8], time: i64, index: u64, log_id: &[u8]) -> String {
    // The keys of these values are sorted.
    json!({
        "body": BASE64.encode(body),
        "integratedTime": time,
        "logID": hex::encode(log_id),
        "logIndex": index,
    })
    .to_string()
}

/// A signed note with the size and the root of the tree.
fn checkpoint(key: &Key, log_id: &[u8; 32], size: usize, root: &Node) -> String {
    let note = format!("{NAME} - {TREE}\n{size}\n{}\n", BASE64.encode(root));
    let signature = [&log_id[..4], &key.sign(note.as_bytes())].concat();
    format!("{note}\n\u{2014} {NAME} {}\n", BASE64.encode(signature))
}

impl Recorded {
    /// The name of the entry: the tree's and the leaf's.
    pub(super) fn uuid(&self) -> String {
        format!("{TREE:016x}{}", hex::encode(self.leaf))
    }

    /// As the API of version 1 answers it.
    pub(super) fn answer(&self) -> Value {
        let mut verification = json!({});
        if let Some(proof) = &self.proof {
            verification["inclusionProof"] = json!({
                "checkpoint": proof.checkpoint,
                "hashes": proof.hashes.iter().map(hex::encode).collect::<Vec<_>>(),
                "logIndex": self.index - EARLIER,
                "rootHash": hex::encode(proof.root),
                "treeSize": proof.size,
            });
        }
        if let Some(promise) = &self.promise {
            verification["signedEntryTimestamp"] = BASE64.encode(promise).into();
        }
        json!({self.uuid(): {
            "body": BASE64.encode(&self.body),
            "integratedTime": self.time.unwrap_or_default(),
            "logID": hex::encode(self.log_id),
            "logIndex": self.index,
            "verification": verification,
        }})
    }

    /// As bundles and attestations hold it, and as the API of version 2 answers.
    pub(super) fn material(&self) -> Value {
        let (kind, version) = if self.version_2 {
            ("hashedrekord", "0.0.2")
        } else {
            ("dsse", "0.0.1")
        };
        let mut entry = json!({
            "canonicalizedBody": BASE64.encode(&self.body),
            "kindVersion": {"kind": kind, "version": version},
            "logId": {"keyId": BASE64.encode(self.log_id)},
            "logIndex": self.index.to_string(),
        });
        if let Some(time) = self.time {
            entry["integratedTime"] = time.to_string().into();
        }
        if let Some(promise) = &self.promise {
            entry["inclusionPromise"] = json!({"signedEntryTimestamp": BASE64.encode(promise)});
        }
        if let Some(proof) = &self.proof {
            entry["inclusionProof"] = json!({
                "checkpoint": {"envelope": proof.checkpoint},
                "hashes": proof.hashes.iter().map(|hash| BASE64.encode(hash)).collect::<Vec<_>>(),
                "logIndex": (self.index - EARLIER).to_string(),
                "rootHash": BASE64.encode(proof.root),
                "treeSize": proof.size.to_string(),
            });
        }
        entry
    }
}
