// Licensed to the Apache Software Foundation (ASF) under the Apache License,
// Version 2.0; see the files LICENSE and NOTICE at the top of this repository.

//! Hears of every request that the stand-ins get, before it is worked on and
//! again before its answer is sent: for tests that do something to the client
//! at such a moment.

use std::sync::{Arc, PoisonError, RwLock};

use axum::Router;
use axum::extract::{Request, State};
use axum::middleware::{self, Next};
use axum::response::Response;
use tokio::task::block_in_place;

/// A moment of one request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Moment {
    /// Its head has come; nothing is done yet.
    Asked,
    /// All is done and kept; not one byte of the answer is sent.
    Done,
}

/// Who hears: the moment, the method, and the path without its query. It may
/// block: the request waits.
pub type Hears = dyn Fn(Moment, &str, &str) + Send + Sync;

/// Whom one stand-in tells.
#[derive(Clone, Default)]
pub(crate) struct Watch(Arc<RwLock<Option<Arc<Hears>>>>);

impl Watch {
    /// Tells this one from now on, and nobody else.
    pub(crate) fn set(&self, hears: Arc<Hears>) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = Some(hears);
    }

    /// The same routes, watched.
    pub(crate) fn over(&self, router: Router) -> Router {
        router.layer(middleware::from_fn_with_state(self.clone(), watched))
    }

    fn tell(&self, moment: Moment, method: &str, path: &str) {
        let hears = self
            .0
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .clone();
        if let Some(hears) = hears {
            hears(moment, method, path);
        }
    }
}

async fn watched(State(watch): State<Watch>, request: Request, next: Next) -> Response {
    let method = request.method().to_string();
    let path = request.uri().path().to_owned();
    // Who hears may take its time; other requests must not wait with this one.
    block_in_place(|| watch.tell(Moment::Asked, &method, &path));
    let response = next.run(request).await;
    block_in_place(|| watch.tell(Moment::Done, &method, &path));
    response
}
