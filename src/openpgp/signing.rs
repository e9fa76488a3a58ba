// Licensed to the Apache Software Foundation (ASF) under the Apache License,
// Version 2.0; see the files LICENSE and NOTICE at the top of this repository.

//! Which keys of KEYS may sign a release at a given time.

use super::Fingerprint;
use super::keys::Keyring;

/// A key that may sign.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SigningKey {
    /// The fingerprint of its primary key.
    pub primary: Fingerprint,
    /// Its owner's word of who it is.
    pub user_id: Option<String>,
    /// When it ends, in Unix seconds: the last of the keys of this owner that
    /// may sign; none where it does not end.
    pub expires: Option<u64>,
}

impl Keyring {
    /// The keys that may sign at `now`, in Unix seconds, by the rules that a
    /// signature is held to, in the order of KEYS.
    pub fn signing_keys(&self, now: u64) -> Vec<SigningKey> {
        let mut keys = Vec::new();
        for certificate in self.certificates() {
            let subkeys = certificate.subkeys.iter().map(Some);
            let standings: Vec<_> = std::iter::once(None)
                .chain(subkeys)
                .filter(|subkey| {
                    // One that is withdrawn only from now on may not sign either.
                    let revoked = certificate.refuse_revoked(*subkey, now, now);
                    revoked.is_ok_and(|lapse| lapse.is_none())
                })
                .filter_map(|subkey| certificate.judge(subkey, now, now).ok())
                .collect();
            let ends = standings.iter().map(|standing| standing.expires);
            let last = ends.max_by_key(|end| end.unwrap_or(u64::MAX));
            if let Some(expires) = last {
                let mut names = standings.into_iter().map(|standing| standing.user_id);
                keys.push(SigningKey {
                    primary: certificate.facts.fingerprint.clone(),
                    user_id: names.next().flatten(),
                    expires,
                });
            }
        }
        keys
    }
}
