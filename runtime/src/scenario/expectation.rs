//! What a stage must say, and where it says something else.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use vetting_protocol::{
    Diagnosis, Ending, Finding, Measurement, Part, StageRecord, Value, Verdict,
};

/// What a stage must say. What is not written down may be anything, with one exception: a diagnosis
/// that fails must be among the expected ones.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Expectation {
    /// The verdict.
    pub verdict: Verdict,
    /// A text that the message contains.
    #[serde(default)]
    pub message: Option<String>,
    /// How the attempt ended: `outcome`, `error`, `trap`, `limit`, `deadline`, `cancelled`,
    /// `diverged`.
    #[serde(default)]
    pub ending: Option<String>,
    /// The limit that was reached, such as `fuel`.
    #[serde(default)]
    pub limit: Option<String>,
    /// Diagnoses that there are.
    #[serde(default, rename = "diagnosis")]
    pub diagnoses: Vec<ExpectedDiagnosis>,
    /// Measurements that there are.
    #[serde(default, rename = "measurement")]
    pub measurements: Vec<ExpectedMeasurement>,
}

/// A diagnosis that there must be.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ExpectedDiagnosis {
    /// The rule's name.
    #[serde(default)]
    pub name: Option<String>,
    /// What it says of the part; without it: that it is bad.
    #[serde(default = "fail")]
    pub finding: Finding,
    /// The part's location or serial number.
    #[serde(default)]
    pub part: Option<String>,
    /// A text that its message contains.
    #[serde(default)]
    pub message: Option<String>,
}

/// A measurement that there must be.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ExpectedMeasurement {
    /// Its name.
    pub name: String,
    /// The part's location or serial number.
    #[serde(default)]
    pub part: Option<String>,
    /// The number is this or more.
    #[serde(default)]
    pub at_least: Option<f64>,
    /// The number is this or less.
    #[serde(default)]
    pub at_most: Option<f64>,
}

fn fail() -> Finding {
    Finding::Fail
}

/// Something that was expected and is not so, or the other way round.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Mismatch(pub String);

impl fmt::Display for Mismatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Expectation {
    /// Where a stage's record is not as expected.
    pub fn held_against(&self, stage: &StageRecord) -> Vec<Mismatch> {
        let mut found = Vec::new();
        let mut differs = |what: String| found.push(Mismatch(what));
        if stage.verdict != Some(self.verdict) {
            let (got, wanted) = (stage.verdict_word(), self.verdict.as_str());
            differs(format!(
                "the verdict is {got}, not {wanted}: {}",
                stage.message
            ));
        }
        if let Some(text) = self
            .message
            .as_ref()
            .filter(|t| !stage.message.contains(*t))
        {
            differs(format!(
                "the message does not say `{text}`: {}",
                stage.message
            ));
        }
        let (ending, limit) = ending(&stage.ending);
        if let Some(wanted) = self.ending.as_ref().filter(|wanted| **wanted != ending) {
            differs(format!("it ended by `{ending}`, not by `{wanted}`"));
        }
        if let Some(wanted) = self.limit.as_ref().filter(|wanted| limit != Some(wanted)) {
            let got = limit.unwrap_or("none");
            differs(format!(
                "the limit that was reached is `{got}`, not `{wanted}`"
            ));
        }
        for wanted in &self.diagnoses {
            if !stage.diagnoses.iter().any(|is| wanted.is(is)) {
                differs(format!("there is no diagnosis {wanted}; {}", told(stage)));
            }
        }
        for is in stage
            .diagnoses
            .iter()
            .filter(|d| d.finding == Finding::Fail)
        {
            if !self.diagnoses.iter().any(|wanted| wanted.is(is)) {
                differs(format!("it blames what was not expected: {}", in_words(is)));
            }
        }
        for wanted in &self.measurements {
            if !stage.measurements.iter().any(|is| wanted.is(is)) {
                differs(format!(
                    "there is no measurement {wanted}; {}",
                    wanted.nearest(stage)
                ));
            }
        }
        found
    }
}

impl ExpectedDiagnosis {
    fn is(&self, is: &Diagnosis) -> bool {
        self.finding == is.finding
            && self.name.as_ref().is_none_or(|name| *name == is.name)
            && self
                .part
                .as_ref()
                .is_none_or(|p| is_part(p, is.part.as_ref()))
            && self.message.as_ref().is_none_or(|m| is.message.contains(m))
    }
}

impl ExpectedMeasurement {
    fn is(&self, is: &Measurement) -> bool {
        let within = |number: f64| {
            self.at_least.is_none_or(|least| number >= least)
                && self.at_most.is_none_or(|most| number <= most)
        };
        let within = match is.value {
            Value::Number(number) => within(number),
            _ => self.at_least.is_none() && self.at_most.is_none(),
        };
        self.named(is) && within
    }

    fn named(&self, is: &Measurement) -> bool {
        self.name == is.name
            && self
                .part
                .as_ref()
                .is_none_or(|p| is_part(p, is.part.as_ref()))
    }

    /// What there is of that name.
    fn nearest(&self, stage: &StageRecord) -> String {
        let same = stage.measurements.iter().filter(|is| self.named(is));
        let values: Vec<_> = same.map(|is| format!("{:?}", is.value)).collect();
        match values.as_slice() {
            [] => "there is none of that name and part".to_owned(),
            values => format!("there is: {}", values.join(", ")),
        }
    }
}

impl fmt::Display for ExpectedDiagnosis {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = self.name.as_deref().unwrap_or("of any name");
        write!(f, "{name} ({:?})", self.finding)?;
        if let Some(part) = &self.part {
            write!(f, " of {part}")?;
        }
        if let Some(message) = &self.message {
            write!(f, " that says `{message}`")?;
        }
        Ok(())
    }
}

impl fmt::Display for ExpectedMeasurement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.name)?;
        if let Some(part) = &self.part {
            write!(f, " of {part}")?;
        }
        if let Some(least) = self.at_least {
            write!(f, ", at least {least}")?;
        }
        if let Some(most) = self.at_most {
            write!(f, ", at most {most}")?;
        }
        Ok(())
    }
}

fn is_part(wanted: &str, part: Option<&Part>) -> bool {
    part.is_some_and(|part| part.location == wanted || part.serial.as_deref() == Some(wanted))
}

/// What the stage concluded, for whoever must see why it is not what was expected.
fn told(stage: &StageRecord) -> String {
    let told: Vec<_> = stage.diagnoses.iter().map(in_words).collect();
    match told.as_slice() {
        [] => "there is none at all".to_owned(),
        told => format!("there are: {}", told.join("; ")),
    }
}

fn in_words(diagnosis: &Diagnosis) -> String {
    let part = diagnosis.part.as_ref();
    let part = part.map_or(String::new(), |part| {
        format!(" of {} {}", part.kind, part.location)
    });
    let (name, finding) = (&diagnosis.name, diagnosis.finding);
    format!("{name} ({finding:?}){part}: {}", diagnosis.message)
}

/// An ending's kind, as the record has it, and the limit that was reached.
fn ending(ending: &Ending) -> (&'static str, Option<&str>) {
    match ending {
        Ending::Outcome => ("outcome", None),
        Ending::Error { .. } => ("error", None),
        Ending::Trap { .. } => ("trap", None),
        Ending::Limit { limit, .. } => ("limit", Some(limit)),
        Ending::Deadline { .. } => ("deadline", None),
        Ending::Cancelled { .. } => ("cancelled", None),
        Ending::Refused { .. } => ("refused", None),
        Ending::Runtime { .. } => ("runtime", None),
        Ending::Diverged { .. } => ("diverged", None),
        Ending::HostDown => ("host_down", None),
        Ending::AgentGone { .. } => ("agent_gone", None),
        Ending::NotRun => ("not_run", None),
    }
}
