//! What arithmetic finds in a result: a pass or a skip that contradicts itself, or what was ordered. Whoever
//! is root on a host can forge a result that is free of contradictions; this finds the others, and the
//! mistakes.
//!
//! A result that is contradictory is kept with its words, judged inconclusive, and holds the run.

use std::time::Duration;

use vetting_component::Manifest;
use vetting_protocol::{Ending, StageOrder, StageRecord, Verdict};

/// How much a clock may differ from another in an attempt's times: rounding to milliseconds, and the way
/// from the agent to here.
const SLACK: Duration = Duration::from_secs(5);
/// The parameter that says for how long a stage loads or looks.
const LOAD: &str = "duration";

/// What was ordered, and what is known of it here.
pub(super) struct Ordered<'a> {
    /// The order.
    pub order: &'a StageOrder,
    /// The manifest of the component that it names, where that is known.
    pub manifest: Option<&'a Manifest>,
    /// How long ago the attempt began at most, where this process saw it begin and the machine's time is
    /// that of a clock.
    pub elapsed: Option<Duration>,
}

/// What is contradictory about a pass or a skip, in words; none for any other verdict.
pub(super) fn find(record: &StageRecord, ordered: &Ordered) -> Option<String> {
    let verdict = record.verdict.filter(|_| record.passed())?;
    let said = |what: String| Some(format!("the agent says {}, but {what}", verdict.as_str()));
    if record.ending != Ending::Outcome {
        let ending = serde_json::to_value(&record.ending).unwrap_or_default();
        let kind = ending["kind"].as_str().unwrap_or("unknown").to_owned();
        return said(format!("the attempt ended as `{kind}`, without an outcome"));
    }
    if let Some(what) = component(record, ordered)
        .or_else(|| rules(record))
        .or_else(|| parameters(record, ordered))
        .or_else(|| times(record, ordered))
    {
        return said(what);
    }
    let unearned = vetting_protocol::unearned(verdict, &record.measurements, &record.diagnoses)?;
    said(unearned.to_string())
}

/// Judges a contradictory record inconclusive; its own message stays in it.
pub(super) fn lower(record: &mut StageRecord, why: &str) {
    record.verdict = Some(Verdict::Inconclusive);
    record.message = format!("contradictory: {why}; its message: {}", record.message);
}

/// Whether what ran is what was ordered.
fn component(record: &StageRecord, ordered: &Ordered) -> Option<String> {
    let wanted = &ordered.order.component.sha256;
    match &record.digest {
        Some(digest) if digest == wanted => {}
        Some(digest) => {
            return Some(format!(
                "it ran the component with the sha256 {digest}, and {wanted} was ordered"
            ));
        }
        None => {
            return Some(format!(
                "it does not say that it ran the component {wanted}"
            ));
        }
    }
    let version = &ordered.manifest?.version;
    let found = record.version.as_ref();
    (found != Some(version)).then(|| {
        let found = found.map_or("none", String::as_str);
        format!("the component's version is {version}, and the result says {found}")
    })
}

/// Whether each rule was met as the result says.
fn rules(record: &StageRecord) -> Option<String> {
    for measurement in &record.measurements {
        for rule in &measurement.validators {
            let met = vetting_protocol::met(&measurement.value, &rule.comparison, &rule.expected);
            // An agent may know more that speaks against a rule, never for it.
            let more = rule.met == Some(true) && met != Some(true);
            let less = met == Some(false) && rule.met != Some(false);
            if more || less {
                let words = |met: Option<bool>| match met {
                    Some(true) => "met",
                    Some(false) => "violated",
                    None => "not comparable",
                };
                return Some(format!(
                    "its rule `{}` on `{}` is {}, and the result says {}",
                    rule.name,
                    measurement.name,
                    words(met),
                    words(rule.met)
                ));
            }
        }
    }
    None
}

/// Whether the attempt had the parameters that were ordered. Secret ones are blank in a record.
fn parameters(record: &StageRecord, ordered: &Ordered) -> Option<String> {
    let manifest = ordered.manifest?;
    let given: Vec<_> = ordered.order.parameters.clone().into_iter().collect();
    let wanted = vetting_component::parameters(manifest, &given).ok()?;
    let wanted = serde_json::Value::Object(wanted);
    let (wanted, _) = vetting_component::blank(manifest, &wanted);
    // Only what was ordered is fixed: a simulated machine brings parameters of its own.
    for name in ordered.order.parameters.keys() {
        let (wanted, found) = (wanted.get(name), record.parameters.get(name));
        if wanted != found {
            let shown = |value: Option<&serde_json::Value>| {
                value.map_or_else(|| "none".to_owned(), serde_json::Value::to_string)
            };
            return Some(format!(
                "its parameter `{name}` is {}, and {} was ordered",
                shown(found),
                shown(wanted)
            ));
        }
    }
    None
}

/// Whether the attempt's times fit each other.
fn times(record: &StageRecord, ordered: &Ordered) -> Option<String> {
    let took = Duration::from_millis(record.duration_ms);
    let shown = |time: Duration| humantime::format_duration(time).to_string();
    if let Some(elapsed) = ordered.elapsed
        && took > elapsed.saturating_add(SLACK)
    {
        let (took, elapsed) = (shown(took), shown(Duration::from_secs(elapsed.as_secs())));
        return Some(format!(
            "it took {took}, and the attempt began {elapsed} ago"
        ));
    }
    let points = record.series.iter().flat_map(|series| &series.buckets);
    let logged = record.log.iter().map(|line| line.at_ns);
    let latest = points.map(|bucket| bucket.at_ns).chain(logged).max();
    if let Some(latest) = latest.map(Duration::from_nanos)
        && latest > took.saturating_add(SLACK)
    {
        let (latest, took) = (shown(latest), shown(took));
        return Some(format!(
            "it took {took}, and something in it was noted after {latest}"
        ));
    }
    if record.verdict == Some(Verdict::Pass)
        && let Some(load) = load(ordered)
        && took < load / 2
    {
        let (took, load) = (shown(took), shown(load));
        return Some(format!("it took {took}, and a load of {load} was ordered"));
    }
    None
}

/// For how long a stage loads at least: its parameter, or its deadline where that is shorter.
fn load(ordered: &Ordered) -> Option<Duration> {
    let manifest = ordered.manifest?;
    let given: Vec<_> = ordered.order.parameters.clone().into_iter().collect();
    let parameters = vetting_component::parameters(manifest, &given).ok()?;
    let load = humantime::parse_duration(parameters.get(LOAD)?.as_str()?).ok()?;
    let deadline = ordered.order.timeout_seconds;
    let deadline = Duration::from_secs(deadline.unwrap_or(manifest.timeout_seconds));
    Some(load.min(deadline))
}
