// Licensed to the Apache Software Foundation (ASF) under the Apache License,
// Version 2.0; see the files LICENSE and NOTICE at the top of this repository.

//! What a certificate of Fulcio says about the workflow that it was given to.
//!
//! Decides which extensions have to be there, and whether they name the
//! workflow that the index knows. Takes the certificate as it is: that it is
//! genuine is proven elsewhere.

use std::collections::BTreeMap;

use x509_cert::der::Decode;
use x509_cert::der::asn1::Utf8StringRef;
use x509_cert::der::oid::{AssociatedOid, ObjectIdentifier};
use x509_cert::ext::pkix::{KeyUsage, KeyUsages};

use super::{Attested, mismatch};
use crate::attest::statement::Statement;
use crate::attest::{AttestError, Publisher};
use crate::endpoints::{GITHUB, GITHUB_ISSUER};
use crate::http::sanitise;

/// The arc of Fulcio's extensions (`oid-info.md` in Fulcio's documentation).
const ARC: &str = "1.3.6.1.4.1.57264.1";
const ISSUER: u32 = 8;
const REPOSITORY: u32 = 12;
const COMMIT: u32 = 13;
const GIT_REF: u32 = 14;
const BUILD_CONFIG: u32 = 18;
const RUN: u32 = 21;

/// The extensions of a certificate.
pub(super) struct Certificate {
    /// Fulcio's, by the last part of their number, as strings.
    claims: BTreeMap<u32, String>,
}

impl Certificate {
    /// Reads the extensions. The index refuses a certificate that says
    /// anything twice, or whose key is not for signatures.
    pub(super) fn parse(der: &[u8]) -> Result<Self, AttestError> {
        let wrong = |problem: String| AttestError::Proof(format!("the certificate {problem}"));
        let parsed = x509_cert::Certificate::from_der(der);
        let parsed = parsed.map_err(|why| wrong(format!("is none: {why}")))?;
        let extensions = parsed.tbs_certificate.extensions.unwrap_or_default();
        let mut claims = BTreeMap::new();
        let mut usage = None;
        for (position, extension) in extensions.iter().enumerate() {
            let oid = extension.extn_id;
            if extensions
                .iter()
                .take(position)
                .any(|other| other.extn_id == oid)
            {
                return Err(wrong(format!("has the extension {oid} twice")));
            }
            let value = extension.extn_value.as_bytes();
            if oid == KeyUsage::OID {
                usage = KeyUsage::from_der(value).ok();
            } else if let Some(number) = claim_number(oid) {
                let text = Utf8StringRef::from_der(value)
                    .map_err(|_| wrong(format!("has a value that is no text in {oid}")))?;
                claims.insert(number, text.as_str().to_owned());
            }
        }
        if !usage.is_some_and(|usage| usage.0.contains(KeyUsages::DigitalSignature)) {
            return Err(wrong("is not for digital signatures".to_owned()));
        }
        Ok(Self { claims })
    }

    fn claim(&self, number: u32) -> Option<&str> {
        self.claims.get(&number).map(String::as_str)
    }

    /// The workflow that it names.
    pub(super) fn publisher(&self) -> Result<Publisher, AttestError> {
        let repository = self.claim(REPOSITORY).unwrap_or("not said");
        let name = repository.strip_prefix(GITHUB);
        let name = name.and_then(|name| name.strip_prefix('/'));
        let workflow = self.claim(BUILD_CONFIG).unwrap_or("not said");
        let file = workflow.strip_prefix(repository);
        let file = file.and_then(|file| file.strip_prefix("/.github/workflows/"));
        let file = file.and_then(|file| file.split_once('@'));
        match (name, file) {
            (Some(name), Some((file, _))) => Publisher::new(name, file),
            (None, _) => Err(mismatch("the repository", "one on GitHub", repository)),
            (_, None) => Err(mismatch("the workflow", "one of its own", workflow)),
        }
    }

    /// What it says about a statement, if the publisher is the one expected;
    /// the time is not known here.
    pub(super) fn attested(
        &self,
        statement: &Statement,
        publisher: &Publisher,
    ) -> Result<Attested, AttestError> {
        let compare = |what, number, expected: &str| match self.claim(number) {
            Some(found) if found == expected => Ok(()),
            found => Err(mismatch(what, expected, found.unwrap_or("not said"))),
        };
        compare("the issuer of the identity", ISSUER, GITHUB_ISSUER)?;
        let repository = format!("{GITHUB}/{}", publisher.repository());
        compare("the repository", REPOSITORY, &repository)?;
        let workflow = format!(".github/workflows/{}", publisher.workflow());
        let found = self.claim(BUILD_CONFIG).unwrap_or("not said");
        let start = format!("{repository}/{workflow}@");
        let at = [self.claim(COMMIT), self.claim(GIT_REF)];
        let is_expected = found
            .strip_prefix(&start)
            .is_some_and(|found| at.contains(&Some(found)));
        if !is_expected {
            let expected = format!("{start} and the commit or the branch or tag of the run");
            return Err(mismatch("the workflow", &expected, found));
        }
        let said = |number| self.claim(number).map(|text| sanitise(text, 512));
        Ok(Attested {
            predicate_type: statement.predicate_type().to_owned(),
            repository: publisher.repository().to_owned(),
            workflow,
            git_ref: said(GIT_REF),
            commit: said(COMMIT),
            run: said(RUN),
            log_index: 0,
            time: 0,
        })
    }
}

/// The last part of one of Fulcio's numbers from 8 on; those before hold bare
/// bytes, and are of yesterday.
fn claim_number(oid: ObjectIdentifier) -> Option<u32> {
    let arc = ObjectIdentifier::new_unwrap(ARC);
    let last = oid.arcs().last()?;
    (oid.parent() == Some(arc) && last >= ISSUER).then_some(last)
}
