// Licensed to the Apache Software Foundation (ASF) under the Apache License,
// Version 2.0; see the files LICENSE and NOTICE at the top of this repository.

//! Whom Sigstore's proofs rest on, and where its services are.
//!
//! Decides which keys and authorities count: those of the public instance, of
//! its staging, or of a file. The public ones are part of the program, so that
//! nothing is fetched and nobody can exchange them; their age is shown. Decides
//! also to whom an identity token may go, and with which audience.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use serde::Deserialize;
use serde_json::Value;
use sigstore_verify::Verifier;
use sigstore_verify::trust_root::{
    SIGSTORE_PRODUCTION_TRUSTED_ROOT, SIGSTORE_STAGING_TRUSTED_ROOT, SigningConfig, TrustedRoot,
};
use url::Url;

use super::AttestError;
use crate::endpoints::{
    SIGSTORE_AUDIENCE, SIGSTORE_FULCIO, SIGSTORE_REKOR, SIGSTORE_STAGING_FULCIO,
    SIGSTORE_STAGING_REKOR,
};
use crate::http::{display_url, is_loopback, sanitise};

/// When the copies of the public instances' trusted roots were taken, in
/// seconds since 1970: 23 October 2026, with the crate that holds them.
const TAKEN: u64 = 1_792_713_600;
/// The Rekor whose entries tell their time themselves; PEP 740 has no place
/// for the time stamps that later ones need.
const REKOR: u32 = 1;
/// The Fulcio that is spoken to.
const FULCIO: u32 = 1;
/// No configuration that is read is longer, in bytes.
const LONGEST: usize = 1024 * 1024;

const ROOT_TYPE: &str = "application/vnd.dev.sigstore.trustedroot";
const CONFIG_TYPE: &str = "application/vnd.dev.sigstore.clienttrustconfig";

/// What is trusted, and where one signs.
#[derive(Clone)]
pub struct Trust {
    name: String,
    taken: Option<u64>,
    verifier: Arc<Verifier>,
    services: Vec<Offer>,
}

/// A service for a span of time.
#[derive(Clone, Debug)]
struct Offer {
    kind: Kind,
    url: Url,
    from: i64,
    until: i64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Fulcio,
    Rekor,
}

/// Where one signs now, and for whom the identity token is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Services {
    pub(super) fulcio: Url,
    pub(super) rekor: Url,
    pub(super) audience: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ClientTrust {
    trusted_root: Value,
    signing_config: Value,
}

impl Trust {
    /// Sigstore's public instance, the one that PyPI trusts.
    ///
    /// # Errors
    /// Never, as long as the program's own copies hold.
    pub fn public() -> Result<Self, AttestError> {
        let services = [SIGSTORE_FULCIO, SIGSTORE_REKOR];
        Self::embedded("public", SIGSTORE_PRODUCTION_TRUSTED_ROOT, services)
    }

    /// Sigstore's staging instance, for trials.
    ///
    /// # Errors
    /// As [`Trust::public`].
    pub fn staging() -> Result<Self, AttestError> {
        let services = [SIGSTORE_STAGING_FULCIO, SIGSTORE_STAGING_REKOR];
        Self::embedded("staging", SIGSTORE_STAGING_TRUSTED_ROOT, services)
    }

    fn embedded(name: &str, root: &str, services: [&str; 2]) -> Result<Self, AttestError> {
        let offers = [Kind::Fulcio, Kind::Rekor].into_iter().zip(services);
        Ok(Self {
            name: name.to_owned(),
            taken: Some(TAKEN),
            verifier: verifier(&parse(root)?)?,
            services: offers
                .map(|(kind, url)| Offer::new(kind, url, i64::MIN, i64::MAX))
                .collect::<Result<_, _>>()?,
        })
    }

    /// An instance of one's own: the text of a client trust configuration
    /// (version 0.1), or of a trusted root alone, with which nothing can be
    /// signed. `name` is for messages.
    ///
    /// # Errors
    /// When the text is neither, or names addresses that no token may be sent to.
    pub fn own(name: &str, text: &str) -> Result<Self, AttestError> {
        Self::read(name, text).map_err(|why| match why {
            AttestError::Trust(problem) => AttestError::Trust(format!("{name}: {problem}")),
            other => other,
        })
    }

    fn read(name: &str, text: &str) -> Result<Self, AttestError> {
        let json: Value = parse(text)?;
        let kind = json["mediaType"].as_str().unwrap_or_default();
        let (root, config) = if kind.starts_with(CONFIG_TYPE) {
            let both: ClientTrust = from_value(json)?;
            (from_value(both.trusted_root)?, Some(both.signing_config))
        } else if kind.starts_with(ROOT_TYPE) {
            (from_value(json)?, None)
        } else {
            let kind = sanitise(kind, 128);
            return Err(AttestError::Trust(format!(
                "expected a client trust configuration ({CONFIG_TYPE}.v0.1+json) or a trusted \
                 root, found the media type {kind:?}"
            )));
        };
        Ok(Self {
            name: name.to_owned(),
            taken: None,
            verifier: verifier(&root)?,
            services: config.map_or_else(|| Ok(Vec::new()), |config| offers(&config))?,
        })
    }

    /// `public`, `staging` or the file's name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// How old the program's own copy is at `now`, in seconds since 1970; none
    /// where it came from a file.
    pub fn age(&self, now: u64) -> Option<Duration> {
        Some(Duration::from_secs(now.saturating_sub(self.taken?)))
    }

    pub(super) fn verifier(&self) -> &Verifier {
        &self.verifier
    }

    /// Whether one can sign here at `now`, in seconds since 1970: a trusted root
    /// alone names no services.
    ///
    /// # Errors
    /// Which service is not named.
    pub fn can_sign(&self, now: u64) -> Result<(), AttestError> {
        self.services(now).map(drop)
    }

    /// The services in force at `now`, in seconds since 1970.
    pub(super) fn services(&self, now: u64) -> Result<Services, AttestError> {
        let now = i64::try_from(now).unwrap_or(i64::MAX);
        let find = |kind: Kind, what: &str| {
            let fits = |offer: &&Offer| offer.kind == kind && offer.is_in_force(now);
            // The newest first, as the configuration's own rules have it.
            let found = self.services.iter().filter(fits);
            let found = found.max_by_key(|offer| offer.from);
            found.map(|offer| offer.url.clone()).ok_or_else(|| {
                AttestError::Trust(format!("{} names no {what} for today", self.name))
            })
        };
        let fulcio = find(Kind::Fulcio, "certificate authority (`caUrls`)")?;
        let rekor = find(
            Kind::Rekor,
            "transparency log (`rekorTlogUrls`) with API version 1, whose entries alone fit PEP 740,",
        )?;
        let audience = audience(&fulcio);
        Ok(Services {
            fulcio,
            rekor,
            audience,
        })
    }
}

impl fmt::Debug for Trust {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Trust")
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}

impl Offer {
    fn new(kind: Kind, url: &str, from: i64, until: i64) -> Result<Self, AttestError> {
        let wrong = |problem: &str| {
            let shown = sanitise(url, 128);
            AttestError::Trust(format!("{shown:?} is {problem}"))
        };
        let url = Url::parse(url).map_err(|_| wrong("no URL"))?;
        if !url.username().is_empty() || url.password().is_some() {
            return Err(AttestError::Trust("a URL with a user in it".to_owned()));
        }
        let is_spoken = url.scheme() == "https" || url.scheme() == "http" && is_loopback(&url);
        if !is_spoken {
            return Err(wrong("neither https nor on this machine"));
        }
        if url.query().is_some() || url.fragment().is_some() {
            let shown = display_url(&url);
            return Err(AttestError::Trust(format!("{shown} has a query")));
        }
        Ok(Self {
            kind,
            url,
            from,
            until,
        })
    }

    /// Both ends belong to the span.
    fn is_in_force(&self, now: i64) -> bool {
        (self.from..=self.until).contains(&now)
    }
}

/// For whom a token is that goes to this Fulcio. The word that Sigstore's own
/// instances take is worth a certificate there: whoever gets such a token could
/// use it in this workflow's name. So others get their own address. On this
/// machine there is nobody to pass it to.
fn audience(fulcio: &Url) -> String {
    let own = [SIGSTORE_FULCIO, SIGSTORE_STAGING_FULCIO];
    let is_own = own
        .iter()
        .any(|url| Url::parse(url).is_ok_and(|url| url.origin() == fulcio.origin()));
    if is_own || is_loopback(fulcio) {
        SIGSTORE_AUDIENCE.to_owned()
    } else {
        fulcio.origin().ascii_serialization()
    }
}

fn offers(config: &Value) -> Result<Vec<Offer>, AttestError> {
    let text = config.to_string();
    let config = SigningConfig::from_json(&text).map_err(|why| unreadable(&why))?;
    let lists = [
        (Kind::Fulcio, FULCIO, &config.ca_urls),
        (Kind::Rekor, REKOR, &config.rekor_tlog_urls),
    ];
    let mut offers = Vec::new();
    for (kind, version, list) in lists {
        for offer in list
            .iter()
            .filter(|offer| offer.major_api_version == version)
        {
            let span = offer.valid_for;
            let until = match span.end {
                Some(end) => end.as_second(),
                None => i64::MAX,
            };
            offers.push(Offer::new(kind, &offer.url, span.start.as_second(), until)?);
        }
    }
    Ok(offers)
}

fn verifier(root: &TrustedRoot) -> Result<Arc<Verifier>, AttestError> {
    let verifier = Verifier::new(root).map_err(|why| unreadable(&why))?;
    Ok(Arc::new(verifier))
}

fn parse<T: serde::de::DeserializeOwned>(text: &str) -> Result<T, AttestError> {
    if text.len() > LONGEST {
        return Err(AttestError::Trust(format!("longer than {LONGEST} bytes")));
    }
    serde_json::from_str(text).map_err(|why| unreadable(&why))
}

fn from_value<T: serde::de::DeserializeOwned>(value: Value) -> Result<T, AttestError> {
    serde_json::from_value(value).map_err(|why| unreadable(&why))
}

fn unreadable(why: &dyn fmt::Display) -> AttestError {
    AttestError::Trust(sanitise(&why.to_string(), 256))
}

#[cfg(test)]
mod tests;
