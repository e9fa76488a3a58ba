// Licensed to the Apache Software Foundation (ASF) under the Apache License,
// Version 2.0; see the files LICENSE and NOTICE at the top of this repository.

//! The one HTTP client.
//!
//! Decides that no redirect is followed, that only https (or loopback) is
//! spoken, how long silence may last, which failures are worth another try and
//! when, and how a URL may be shown. Decides nothing about what an answer
//! means: a 404 is an error value here, a verdict elsewhere.

mod adopted;
#[expect(clippy::disallowed_methods, reason = "waits for servers")]
mod body;
mod error;
mod redact;
mod resolver;
mod retry;
#[cfg(test)]
mod tests;

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use reqwest::header::{CONTENT_LENGTH, LOCATION};
use reqwest::{Method, RequestBuilder, Response};
use url::{Host, Url};

pub(crate) use adopted::adopt;
pub use body::{PacedBody, pass_limited, read_limited};
pub use error::HttpError;
pub(crate) use redact::{forms, redact};
pub use retry::{LONGEST_WAIT, retry};
pub(crate) use retry::{server_time, wait};

/// The one name that counts as this machine.
const LOCALHOST: &str = "localhost";
/// How much of an error answer is kept, in bytes.
const EXCERPT: usize = 2048;
/// How much is read of an error answer that may repeat a secret, in bytes:
/// more than any secret has, so that one is found before it is cut.
const SECRET_WINDOW: usize = 256 * 1024;

/// What the client is made of.
#[derive(Clone, Debug)]
pub struct ClientOptions {
    /// Names the action, its version and the calling repository.
    pub user_agent: String,
    /// How long a connection may take to be made.
    pub connect_timeout: Duration,
    /// How long the other side may stay silent; a body as a whole may take any time.
    pub idle_timeout: Duration,
}

/// The HTTP client: rustls, HTTP/1.1 and HTTP/2, a pool, no redirects.
#[derive(Clone)]
pub struct Client {
    abroad: Pair,
    // A proxy of the environment is for the network. What stays on this
    // machine goes straight: on loopback there is no TLS to keep a proxy out.
    here: Pair,
    options: Arc<ClientOptions>,
    resolver: Arc<resolver::Resolver>,
}

/// The same client with and without a limit on silence.
#[derive(Clone)]
struct Pair {
    impatient: reqwest::Client,
    // reqwest's read timeout also runs while a request body is still being
    // sent, so that a slow upload would be cut: uploads go without it.
    patient: reqwest::Client,
}

impl Client {
    /// Builds the client.
    ///
    /// # Errors
    /// When the user agent is no header value or the system has no TLS roots.
    pub fn new(options: &ClientOptions) -> Result<Self, HttpError> {
        Self::build(Arc::new(options.clone()), Arc::default(), false)
    }

    /// The same that speaks nothing but HTTP/2: however many requests are under
    /// way, it has one connection to a server. For one that was heard to speak it.
    ///
    /// # Errors
    /// As [`Client::new`].
    pub fn multiplexing(&self) -> Result<Self, HttpError> {
        Self::build(Arc::clone(&self.options), Arc::clone(&self.resolver), true)
    }

    fn build(
        options: Arc<ClientOptions>,
        resolver: Arc<resolver::Resolver>,
        is_multiplexing: bool,
    ) -> Result<Self, HttpError> {
        let base = || {
            #[expect(clippy::disallowed_methods, reason = "http owns the one client")]
            let base = reqwest::Client::builder()
                .user_agent(options.user_agent.as_str())
                .connect_timeout(options.connect_timeout)
                .dns_resolver(Arc::clone(&resolver))
                .redirect(reqwest::redirect::Policy::none())
                .referer(false)
                // What is hashed is what was sent, whichever features another
                // crate may switch on.
                .no_gzip()
                .no_brotli()
                .no_zstd()
                .no_deflate();
            if is_multiplexing {
                base.http2_prior_knowledge()
            } else {
                base
            }
        };
        let failed = |error: reqwest::Error| HttpError::Unsendable {
            url: String::new(),
            cause: error::chain(&error),
        };
        let pair = |base: &dyn Fn() -> reqwest::ClientBuilder| {
            Ok::<_, HttpError>(Pair {
                impatient: base()
                    .read_timeout(options.idle_timeout)
                    .build()
                    .map_err(failed)?,
                patient: base().build().map_err(failed)?,
            })
        };
        Ok(Self {
            abroad: pair(&base)?,
            here: pair(&|| {
                let itself = [Ipv4Addr::LOCALHOST.into(), Ipv6Addr::LOCALHOST.into()];
                base().no_proxy().resolve_to_addrs(
                    LOCALHOST,
                    // Port 0 leaves the URL's own.
                    &itself.map(|address: IpAddr| SocketAddr::new(address, 0)),
                )
            })?,
            options,
            resolver,
        })
    }

    fn to(&self, url: &Url) -> &Pair {
        if is_loopback(url) {
            &self.here
        } else {
            &self.abroad
        }
    }

    /// The client below, for a library that makes its requests itself: no
    /// redirects, the time-outs, the way to `url`. Its answers go through [`adopt`].
    pub(crate) fn lend(&self, url: &Url) -> reqwest::Client {
        self.to(url).impatient.clone()
    }

    /// Starts a request whose answer counts; for a long body see [`Client::upload`].
    pub fn request(&self, method: Method, url: Url) -> RequestBuilder {
        self.to(&url).impatient.request(method, url)
    }

    /// Starts a request with a long streamed body, to be sent by [`Client::send_upload`].
    pub fn upload(&self, method: Method, url: Url) -> RequestBuilder {
        self.to(&url).patient.request(method, url)
    }

    /// Sends a request. Any 3xx is [`HttpError::Redirected`]; a 4xx or 5xx is
    /// an answer like others until [`error_for_status`] is asked.
    ///
    /// # Errors
    /// When no answer came, when it is a redirect, or when the URL is neither
    /// https nor loopback.
    pub async fn send(&self, builder: RequestBuilder) -> Result<Response, HttpError> {
        let (client, request) = split(builder)?;
        let url = request.url().clone();
        let answer = client.execute(request).await;
        refuse_redirect(answer.map_err(|error| HttpError::of(&error, &url))?)
    }

    /// Sends a request made by [`Client::upload`]. As long as `progress`
    /// moves the other side may take its time; it may stay silent for the idle
    /// time-out only.
    ///
    /// # Errors
    /// As [`Client::send`].
    pub async fn send_upload(
        &self,
        builder: RequestBuilder,
        progress: &Progress,
    ) -> Result<Response, HttpError> {
        let (client, request) = split(builder)?;
        let url = request.url().clone();
        let sending = client.execute(request);
        tokio::pin!(sending);
        let mut seen = progress.bytes();
        loop {
            match tokio::time::timeout(self.options.idle_timeout, &mut sending).await {
                Ok(answer) => {
                    return refuse_redirect(answer.map_err(|error| HttpError::of(&error, &url))?);
                }
                Err(_) if progress.bytes() > seen => seen = progress.bytes(),
                Err(_) => {
                    return Err(HttpError::Timeout {
                        url: display_url(&url),
                    });
                }
            }
        }
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client").finish_non_exhaustive()
    }
}

/// How many bytes of a request body were handed to the connection.
#[derive(Clone, Debug, Default)]
pub struct Progress(Arc<AtomicU64>);

impl Progress {
    /// Notes that so many more bytes were taken.
    pub fn advance(&self, bytes: u64) {
        self.0.fetch_add(bytes, Ordering::Relaxed);
    }

    /// All bytes so far.
    pub fn bytes(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

fn split(builder: RequestBuilder) -> Result<(reqwest::Client, reqwest::Request), HttpError> {
    let (client, request) = builder.build_split();
    let request = request.map_err(|error| HttpError::Unsendable {
        url: error.url().map(display_url).unwrap_or_default(),
        cause: error::chain(&error),
    })?;
    if request.url().scheme() == "https" || is_loopback(request.url()) {
        Ok((client, request))
    } else {
        Err(HttpError::Insecure {
            url: display_url(request.url()),
        })
    }
}

fn refuse_redirect(response: Response) -> Result<Response, HttpError> {
    if !response.status().is_redirection() {
        return Ok(response);
    }
    let target = response.headers().get(LOCATION).map_or_else(
        || "nowhere".to_owned(),
        |value| {
            let text = String::from_utf8_lossy(value.as_bytes());
            let shown = response
                .url()
                .join(&text)
                .map_or_else(|_| text.into_owned(), |url| display_url(&url));
            sanitise(&shown, EXCERPT)
        },
    );
    Err(HttpError::Redirected {
        url: display_url(response.url()),
        code: response.status().as_u16(),
        target,
    })
}

/// Turns a 4xx or 5xx into [`HttpError::Status`] with the start of its body.
///
/// # Errors
/// When the status is a client's or a server's error.
pub async fn error_for_status(response: Response) -> Result<Response, HttpError> {
    let Some(error) = status_error(&response) else {
        return Ok(response);
    };
    let text = start_of(response, EXCERPT).await;
    Err(error.with_body(sanitise(&text, EXCERPT)))
}

/// As [`error_for_status`], for the answer to a request that carried `secrets`,
/// which it may repeat: a body that is only waited out is not kept at all, and
/// a final one loses them before it is cut.
///
/// # Errors
/// As [`error_for_status`].
pub(crate) async fn error_for_status_without<S: AsRef<str>>(
    response: Response,
    secrets: &[S],
) -> Result<Response, HttpError> {
    let Some(error) = status_error(&response) else {
        return Ok(response);
    };
    if error.is_transient() {
        return Err(error);
    }
    let text = redact(&start_of(response, SECRET_WINDOW).await, secrets);
    Err(error.with_body(sanitise(&text, EXCERPT)))
}

/// The error that a 4xx or 5xx is, without its body.
fn status_error(response: &Response) -> Option<HttpError> {
    let status = response.status();
    (status.is_client_error() || status.is_server_error()).then(|| HttpError::Status {
        url: display_url(response.url()),
        code: status.as_u16(),
        reason: status.canonical_reason().unwrap_or("").to_owned(),
        body: String::new(),
        retry_after: retry::after(response.headers()),
    })
}

/// The first bytes of a body, at most `limit`. A body that breaks off or
/// stalls gives what came until then.
async fn start_of(mut response: Response, limit: usize) -> String {
    let mut kept = Vec::new();
    let read = async {
        while let Ok(Some(chunk)) = response.chunk().await {
            kept.extend(chunk.iter().take(limit - kept.len()));
            if kept.len() >= limit {
                break;
            }
        }
    };
    // What is missing of a courtesy is not worth an error of its own.
    let _ = tokio::time::timeout(Duration::from_secs(10), read).await;
    String::from_utf8_lossy(&kept).into_owned()
}

/// The length that the answer's header names, in bytes.
pub fn content_length(response: &Response) -> Option<u64> {
    let value = response.headers().get(CONTENT_LENGTH)?;
    value.to_str().ok()?.parse().ok()
}

/// A URL as it may be logged: without user, password and fragment, and with
/// `?…` in the place of a query.
pub fn display_url(url: &Url) -> String {
    let mut shown = url.clone();
    let query = shown.query().is_some();
    shown.set_query(None);
    shown.set_fragment(None);
    // Both fail only on URLs that can hold neither.
    let _ = shown.set_username("");
    let _ = shown.set_password(None);
    let mut text = String::from(shown);
    if query {
        text.push_str("?…");
    }
    text
}

/// Whether the URL names this very machine: 127.0.0.0/8, `[::1]` or `localhost`.
pub fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        Some(Host::Domain(name)) => name == LOCALHOST,
        None => false,
    }
}

/// Foreign text on one line: white space folded, whatever steers a terminal
/// replaced, at most `limit` bytes.
pub fn sanitise(text: &str, limit: usize) -> String {
    let mut clean = String::new();
    for word in text.split_whitespace() {
        if !clean.is_empty() {
            clean.push(' ');
        }
        clean.extend(word.chars().map(|c| if steers(c) { '\u{fffd}' } else { c }));
        if clean.len() > limit {
            clean.truncate(clean.floor_char_boundary(limit));
            break;
        }
    }
    clean
}

/// Control characters and those that turn the direction of writing.
fn steers(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}
