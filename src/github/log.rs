// Licensed to the Apache Software Foundation (ASF) under the Apache License,
// Version 2.0; see the files LICENSE and NOTICE at the top of this repository.

//! What the modules say through `tracing`, as lines of the log.

use std::fmt::{self, Write as _};
use std::sync::Once;

use tracing::field::{Field, Visit};
use tracing_subscriber::Layer;
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::layer::{Context as LayerContext, SubscriberExt as _};

use super::runner::emit;
use crate::context::Context;
use crate::report::escape;

/// Sends what the modules log through `tracing` to standard error, one escaped
/// line an event. `RUST_LOG` may be a level's name and then holds for this
/// program alone: libraries at `debug` and `trace` print headers, and headers
/// hold tokens. Only the first call has an effect.
pub fn log_to_stderr(context: &Context) {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let level = context
            .env("RUST_LOG")
            .and_then(|word| word.parse::<LevelFilter>().ok())
            .unwrap_or(LevelFilter::INFO);
        let filter = Targets::new()
            .with_default(LevelFilter::OFF)
            .with_target("asf_pypi_publish", level);
        let subscriber = tracing_subscriber::registry().with(filter).with(Lines);
        let _ = tracing::subscriber::set_global_default(subscriber);
    });
}

struct Lines;

impl<S: tracing::Subscriber> Layer<S> for Lines {
    fn on_event(&self, event: &tracing::Event<'_>, _: LayerContext<'_, S>) {
        let mut text = Text(String::new());
        event.record(&mut text);
        let level = event.metadata().level().as_str().to_ascii_lowercase();
        emit(format_args!("{level}: {}", escape::line(&text.0)));
    }
}

/// The message of an event and its fields, as one text.
struct Text(String);

#[expect(
    clippy::use_debug,
    reason = "the only form in which tracing hands out a field"
)]
impl Visit for Text {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        if !self.0.is_empty() {
            self.0.push(' ');
        }
        if field.name() == "message" {
            let _ = write!(self.0, "{value:?}");
        } else {
            let _ = write!(self.0, "{}={value:?}", field.name());
        }
    }
}
