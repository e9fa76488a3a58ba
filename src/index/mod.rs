// Licensed to the Apache Software Foundation (ASF) under the Apache License,
// Version 2.0; see the files LICENSE and NOTICE at the top of this repository.

//! The package index: what it has, a token for this workflow, the uploads, and
//! reading back what it shows.
//!
//! Decides which endpoints belong to an index. What is published is decided
//! before; this part only asks, sends and compares.

mod advice;
mod download;
mod error;
mod integrity;
mod ledger;
mod macaroon;
#[expect(clippy::disallowed_methods, reason = "waits for the index")]
mod read_back;
mod served;
mod simple;
mod token;
mod upload;

#[cfg(test)]
mod behaviour;

use url::Url;

use crate::endpoints::{PYPI_BASE, PYPI_UPLOAD, TESTPYPI_BASE, TESTPYPI_UPLOAD};
use crate::github::claims::PublisherForm;
use crate::http::{Client, is_loopback};

pub use download::{Original, compare_downloads};
pub use error::IndexError;
pub use integrity::{Bundle, Provenance, ShownPublisher};
pub use ledger::{FileState, Ledger, Standing, Wanted, ask};
pub use read_back::{ReadBack, Shown, read_back};
pub use served::{Held, Served, compare};
#[doc(hidden)]
pub use simple::read_page;
pub use simple::{File, Project};
pub use token::{Audience, UploadToken, audience, mint, obtain};
pub use upload::{Uploaded, publish};

/// Where an index is asked and served.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Endpoints {
    /// Below it lie the projects' Simple pages; ends in a slash.
    pub simple: Url,
    /// Names the audience that the index takes.
    pub audience: Url,
    /// Gives an upload token for an identity token.
    pub mint: Url,
    /// Takes files.
    pub upload: Url,
    /// Below it lies what the index shows of each file's attestations; ends in a slash.
    pub integrity: Url,
    /// The one guarded audience that is this index's own: only PyPI and TestPyPI have one.
    pub own_audience: Option<&'static str>,
}

/// An address that no index can have.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{url} is no address of an index: {problem}")]
pub struct EndpointError {
    /// The address, without its query.
    pub url: String,
    /// What is wrong with it.
    pub problem: &'static str,
}

impl Endpoints {
    /// PyPI.
    ///
    /// # Errors
    /// Never, as long as the constants hold.
    pub fn pypi() -> Result<Self, EndpointError> {
        Self::public(PYPI_BASE, PYPI_UPLOAD, "pypi")
    }

    /// TestPyPI.
    ///
    /// # Errors
    /// As [`Endpoints::pypi`].
    pub fn testpypi() -> Result<Self, EndpointError> {
        Self::public(TESTPYPI_BASE, TESTPYPI_UPLOAD, "testpypi")
    }

    /// An index of one's own, laid out below `base` as PyPI's; uploads go to
    /// `<base>/legacy/` or to `upload`. Query and fragment of `base` do not count.
    ///
    /// # Errors
    /// When an address is neither https nor on this machine, or holds a user.
    pub fn own(base: &Url, upload: Option<&Url>) -> Result<Self, EndpointError> {
        check(base)?;
        if let Some(upload) = upload {
            check(upload)?;
        }
        let below = |path: &str| {
            let mut url = base.clone();
            url.set_query(None);
            url.set_fragment(None);
            url.set_path(&format!("{}{path}", base.path().trim_end_matches('/')));
            url
        };
        Ok(Self {
            simple: below("/simple/"),
            audience: below("/_/oidc/audience"),
            mint: below("/_/oidc/mint-token"),
            upload: upload.cloned().unwrap_or_else(|| below("/legacy/")),
            integrity: below("/integrity/"),
            own_audience: None,
        })
    }

    fn public(base: &str, upload: &str, audience: &'static str) -> Result<Self, EndpointError> {
        let parse = |text: &str| {
            Url::parse(text).map_err(|_| EndpointError {
                url: text.to_owned(),
                problem: "no URL",
            })
        };
        let endpoints = Self::own(&parse(base)?, Some(&parse(upload)?))?;
        Ok(Self {
            own_audience: Some(audience),
            ..endpoints
        })
    }

    /// The page where people register publishers of projects that do not exist
    /// yet; none for an index whose pages nobody knows.
    pub fn publishing_page(&self) -> Option<String> {
        let base = self.web_base()?;
        Some(format!("{base}/manage/account/publishing/"))
    }

    /// The page where a project's owners register a publisher, filled in; none
    /// for an index whose pages nobody knows.
    pub fn settings_page(&self, project: &str, form: &PublisherForm) -> Option<String> {
        let page = format!(
            "{}/manage/project/{project}/settings/publishing/",
            self.web_base()?
        );
        filled_in(&page, form)
    }

    /// As [`Self::publishing_page`], filled in.
    pub fn pending_page(&self, project: &str, form: &PublisherForm) -> Option<String> {
        let mut url = Url::parse(&filled_in(&self.publishing_page()?, form)?).ok()?;
        url.query_pairs_mut().append_pair("project_name", project);
        Some(url.into())
    }

    fn web_base(&self) -> Option<&'static str> {
        match self.own_audience? {
            "pypi" => Some(PYPI_BASE),
            _ => Some(TESTPYPI_BASE),
        }
    }

    /// Whether every request goes to this very machine: no token can leave it.
    fn on_loopback(&self) -> bool {
        [&self.simple, &self.audience, &self.mint, &self.upload]
            .into_iter()
            .all(is_loopback)
    }
}

/// The page with the fields of the form as parameters, as the index reads them.
fn filled_in(page: &str, form: &PublisherForm) -> Option<String> {
    let mut url = Url::parse(page).ok()?;
    url.query_pairs_mut()
        .append_pair("provider", "github")
        .append_pair("owner", &form.owner)
        .append_pair("repository", &form.repository)
        .append_pair("workflow_filename", &form.workflow)
        .append_pair("environment", &form.environment);
    Some(url.into())
}

fn check(url: &Url) -> Result<(), EndpointError> {
    let refuse = |problem| {
        Err(EndpointError {
            url: crate::http::display_url(url),
            problem,
        })
    };
    if !url.username().is_empty() || url.password().is_some() {
        return refuse("it holds a user");
    }
    match url.scheme() {
        "https" => Ok(()),
        "http" if is_loopback(url) => Ok(()),
        _ => refuse("it is neither https nor on this machine"),
    }
}

/// An index that can be asked.
#[derive(Clone, Debug)]
pub struct Index {
    client: Client,
    endpoints: Endpoints,
}

impl Index {
    /// Nothing is asked yet.
    pub fn new(client: Client, endpoints: Endpoints) -> Self {
        Self { client, endpoints }
    }

    /// Where it is.
    pub fn endpoints(&self) -> &Endpoints {
        &self.endpoints
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn url(text: &str) -> Url {
        Url::parse(text).unwrap()
    }

    #[test]
    fn an_index_of_ones_own_is_laid_out_below_its_base() {
        for base in [
            "https://index.example.org/pypi",
            "https://index.example.org/pypi/",
            "https://index.example.org/pypi/?x=1#y",
        ] {
            let found = Endpoints::own(&url(base), None).unwrap();
            assert_eq!(
                found.simple.as_str(),
                "https://index.example.org/pypi/simple/"
            );
            assert_eq!(
                found.audience.as_str(),
                "https://index.example.org/pypi/_/oidc/audience"
            );
            assert_eq!(
                found.mint.as_str(),
                "https://index.example.org/pypi/_/oidc/mint-token"
            );
            assert_eq!(
                found.upload.as_str(),
                "https://index.example.org/pypi/legacy/"
            );
            assert_eq!(found.own_audience, None);
        }
        let upload = url("https://upload.example.org/");
        let found = Endpoints::own(&url("https://index.example.org"), Some(&upload)).unwrap();
        assert_eq!(found.simple.as_str(), "https://index.example.org/simple/");
        assert_eq!(found.upload, upload);
    }

    #[test]
    fn only_the_public_indexes_have_a_guarded_audience() {
        for (found, own) in [
            (Endpoints::pypi(), "pypi"),
            (Endpoints::testpypi(), "testpypi"),
        ] {
            let found = found.unwrap();
            assert_eq!(found.own_audience, Some(own));
            assert!(!found.on_loopback());
            assert_eq!(found.simple.host(), found.mint.host());
        }
    }

    #[test]
    fn addresses_that_could_leak_a_token_are_refused() {
        let good = url("https://index.example.org/");
        for bad in [
            "http://index.example.org/",
            "ftp://index.example.org/",
            "https://me@index.example.org/",
            "https://:pw@index.example.org/",
        ] {
            assert!(Endpoints::own(&url(bad), None).is_err(), "{bad}");
            assert!(Endpoints::own(&good, Some(&url(bad))).is_err(), "{bad}");
        }
        let local = Endpoints::own(&url("http://127.0.0.1:8080/"), None).unwrap();
        assert!(local.on_loopback());
        let mixed = Endpoints::own(&url("http://127.0.0.1:8080/"), Some(&good)).unwrap();
        assert!(!mixed.on_loopback());
    }
}
