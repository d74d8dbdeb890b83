//! Every call that this process makes, gathered from the events of `vetting-transport`.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tracing::field::{Field, Visit};
use tracing::{Event, Subscriber};
use tracing_subscriber::layer::{Context, Layer};

/// The target of those events.
pub const TARGET: &str = "vetting_transport::call";

/// The calls so far, by what they are for.
#[derive(Clone, Default)]
pub struct Calls(Arc<Mutex<BTreeMap<&'static str, Kind>>>);

/// The calls of one kind.
#[derive(Clone, Debug, Default)]
pub struct Kind {
    /// How long each took, in seconds: to its answer, or until it was given up.
    pub seconds: Vec<f64>,
    /// How many were answered.
    pub answered: usize,
    /// How many were refused or given up.
    pub failed: usize,
}

impl Calls {
    /// The calls of every kind, which are counted anew from here on.
    pub fn take(&self) -> BTreeMap<&'static str, Kind> {
        std::mem::take(&mut *self.kinds())
    }

    /// How many of a kind were answered.
    pub fn answered(&self, kind: &str) -> usize {
        self.kinds().get(kind).map_or(0, |kind| kind.answered)
    }

    fn kinds(&self) -> MutexGuard<'_, BTreeMap<&'static str, Kind>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<S: Subscriber> Layer<S> for Calls {
    fn on_event(&self, event: &Event<'_>, _context: Context<'_, S>) {
        let mut call = Call::default();
        event.record(&mut call);
        let mut kinds = self.kinds();
        let kind = kinds.entry(call.kind).or_default();
        kind.seconds.push(call.elapsed);
        // What nothing is at is asked for on purpose: it is the baseline.
        if call.status == Some(200) || (call.kind == BASELINE && call.status == Some(404)) {
            kind.answered += 1;
        } else {
            kind.failed += 1;
        }
    }
}

/// The kind of calls to a path that nothing is at.
pub const BASELINE: &str = "nothing-here";

#[derive(Default)]
struct Call {
    kind: &'static str,
    status: Option<u64>,
    elapsed: f64,
}

impl Visit for Call {
    fn record_str(&mut self, field: &Field, value: &str) {
        if field.name() == "path" {
            self.kind = kind(value);
        }
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        if field.name() == "status" {
            self.status = Some(value);
        }
    }

    fn record_f64(&mut self, field: &Field, value: f64) {
        if field.name() == "elapsed" {
            self.elapsed = value;
        }
    }

    fn record_debug(&mut self, _field: &Field, _value: &dyn std::fmt::Debug) {}
}

/// What a path is for.
fn kind(path: &str) -> &'static str {
    const LAST: [&str; 7] = [
        "hello",
        "claim",
        "heartbeat",
        "result",
        "sensor",
        "log",
        BASELINE,
    ];
    if path.starts_with("/api/v1/components/") {
        return "component";
    }
    let last = path.rsplit('/').next().unwrap_or_default();
    LAST.into_iter()
        .find(|kind| *kind == last)
        .unwrap_or("other")
}
