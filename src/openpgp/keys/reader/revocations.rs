// Licensed to the Apache Software Foundation (ASF) under the Apache License,
// Version 2.0; see the files LICENSE and NOTICE at the top of this repository.

//! Where a revocation goes, wherever in KEYS it stands: to each key that it
//! may speak of. Whether it holds there is asked when the key is used.

use pgp::packet::{Signature, SignatureType};

use super::{Home, Reader};
use crate::openpgp::Fingerprint;
use crate::openpgp::certificate::Statement;
use crate::openpgp::packets::Hints;

/// A revocation, and where it stood.
pub(super) struct Revocation {
    pub(super) home: Home,
    /// Nothing where it cannot be read.
    pub(super) signature: Option<Signature>,
    /// Whether it comes out of a damaged block.
    pub(super) damaged: bool,
}

/// The keys that a certificate allows to revoke it, by its own unverified word.
type Appointed = Vec<(Fingerprint, [u8; 8])>;

impl Reader {
    /// Hands out all revocations, once every key is read.
    pub(super) fn bring_revocations_home(&mut self) {
        let revocations = std::mem::take(&mut self.revocations);
        if revocations.is_empty() {
            return;
        }
        let appointed: Vec<Appointed> = self
            .certificates
            .iter()
            .map(|certificate| certificate.appointed().collect())
            .collect();
        for revocation in revocations {
            self.bring_home(&revocation, &appointed);
        }
    }

    /// Hands a revocation to every key it may speak of: the one it stood in, the
    /// one it names as its maker, those that allow its maker to revoke them, all
    /// of them where it names none.
    fn bring_home(&mut self, revocation: &Revocation, appointed: &[Appointed]) {
        let lives_at = |it: &Fingerprint| matches!(&revocation.home, Home::Key(key) if key == it);
        let Some(signature) = &revocation.signature else {
            for certificate in &mut self.certificates {
                certificate.unreadable_revocation |= lives_at(&certificate.facts.fingerprint);
            }
            return;
        };
        let hints = Hints::of(signature);
        let by_appointment = |them: &Appointed| them.iter().any(|it| hints.fits(it));
        // What a key in KEYS says of itself, it does not say of others.
        let is_of_others =
            appointed.iter().any(by_appointment) && !self.is_of_its_maker(signature, &hints);
        let of_subkey = signature.typ() == Some(SignatureType::SubkeyRevocation);
        for (certificate, appointed) in self.certificates.iter_mut().zip(appointed) {
            let maker = (
                certificate.facts.fingerprint.clone(),
                certificate.facts.key_id,
            );
            let comes_home = lives_at(&maker.0)
                || hints.is_empty()
                || hints.fits(&maker)
                || (is_of_others && by_appointment(appointed));
            if !comes_home {
                continue;
            }
            let statement = || Statement::new(signature.clone());
            if revocation.damaged {
                certificate.damaged_revocations.push(statement());
            }
            if of_subkey {
                for subkey in &mut certificate.subkeys {
                    subkey.revocations.push(statement());
                }
            } else {
                certificate.revocations.push(statement());
            }
        }
    }

    /// Whether it holds of the very key that made it, or of a subkey of it.
    fn is_of_its_maker(&self, signature: &Signature, hints: &Hints) -> bool {
        self.certificates
            .iter()
            .filter(|it| hints.fits(&(it.facts.fingerprint.clone(), it.facts.key_id)))
            .any(|it| it.is_revoked_by(&Statement::new(signature.clone())))
    }
}
