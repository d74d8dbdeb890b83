//! What state bits and events mean, by the words that ipmitool prints for them.

use std::sync::OnceLock;

use serde::Serialize;

use super::meanings::{Meaning, ROWS, Row};

/// The event/reading type of states that each sensor type defines for itself.
pub const SENSOR_SPECIFIC: u8 = 0x6f;

/// One state that is asserted, or could be.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct State {
    /// The words as printed. Empty where only the bit is known.
    pub text: String,
    /// What it means by the standard; `None` for a maker's own state, or where the words fit several sensor
    /// types and nothing decides between them.
    pub meaning: Option<Meaning>,
    /// Its offset: the number of its bit, 0 to 14. Known of a maker's own state where bits are printed.
    pub offset: Option<u8>,
}

impl State {
    pub(super) fn new(text: &str, meaning: Option<Meaning>) -> Self {
        State {
            text: text.to_owned(),
            meaning,
            offset: meaning.map(Meaning::offset),
        }
    }
}

impl Meaning {
    fn row(self) -> Option<&'static Row> {
        // The enum and the table come from the same rows, in the same order.
        ROWS.get(self as usize)
    }

    /// The event/reading type: 01h threshold, 02h to 0Ch generic, 6Fh sensor-specific.
    pub fn event_type(self) -> u8 {
        self.row().map_or(0, |row| row.event_type)
    }

    /// The sensor type whose own state it is; `None` for a threshold or generic state.
    pub fn sensor_type(self) -> Option<u8> {
        let code = self.row().map(|row| row.sensor_type);
        code.filter(|code| *code != 0)
    }

    /// The offset, which is the number of the state's bit: 0 to 14.
    pub fn offset(self) -> u8 {
        self.row().map_or(0, |row| row.offset)
    }

    /// The words that ipmitool 1.8.19 prints for it.
    pub fn words(self) -> &'static str {
        let words = self.row().and_then(|row| row.words.first());
        words.copied().unwrap_or_default()
    }

    /// The state with these codes. The sensor type matters for sensor-specific states only.
    pub fn of(event_type: u8, sensor_type: u8, offset: u8) -> Option<Self> {
        let sensor_type = match event_type {
            SENSOR_SPECIFIC => sensor_type,
            _ => 0,
        };
        let found = rows(event_type, sensor_type)
            .iter()
            .find(|row| row.offset == offset);
        found.map(|row| row.meaning)
    }

    /// The state that a sensor of this type calls so.
    pub fn of_words(sensor_type: u8, words: &str) -> Option<Self> {
        let words = words.trim_ascii();
        let called = |row: &&Row| {
            row.words
                .iter()
                .any(|word| word.eq_ignore_ascii_case(words))
        };
        let own = rows(SENSOR_SPECIFIC, sensor_type).iter().find(called);
        own.map(|row| row.meaning).or_else(|| Self::generic(words))
    }

    /// The state that a sensor calls so whose type may not be known: then only words of one type count.
    pub(super) fn of_type(sensor_type: Option<u8>, words: &str) -> Option<Self> {
        if let Some(code) = sensor_type {
            return Self::of_words(code, words);
        }
        let mut own = Self::specific(words);
        let one = match (own.next(), own.next()) {
            (Some((_, meaning)), None) => Some(meaning),
            _ => None,
        };
        Self::generic(words).or(one)
    }

    /// The threshold or generic state with these words.
    pub(super) fn generic(words: &str) -> Option<Self> {
        let mut found = called(words.trim_ascii());
        found
            .find(|row| row.sensor_type == 0)
            .map(|row| row.meaning)
    }

    /// The sensor types that have a state of their own with these words, each with that state.
    pub(super) fn specific(words: &str) -> impl Iterator<Item = (u8, Self)> {
        let own = called(words.trim_ascii()).filter(|row| row.sensor_type != 0);
        own.map(|row| (row.sensor_type, row.meaning))
    }
}

/// The rows with these words. Rows are found by the length of their words.
fn called(words: &str) -> impl Iterator<Item = &'static Row> {
    static BY_LENGTH: OnceLock<Vec<Vec<(&'static str, &'static Row)>>> = OnceLock::new();
    let index = BY_LENGTH.get_or_init(|| {
        let mut index: Vec<Vec<(&str, &Row)>> = Vec::new();
        for row in ROWS {
            for word in row.words {
                if index.len() <= word.len() {
                    index.resize_with(word.len().saturating_add(1), Vec::new);
                }
                if let Some(same) = index.get_mut(word.len()) {
                    same.push((word, row));
                }
            }
        }
        index
    });
    let same = index
        .get(words.len())
        .map(Vec::as_slice)
        .unwrap_or_default();
    let is = move |(word, _): &&(&str, &Row)| word.eq_ignore_ascii_case(words);
    same.iter().filter(is).map(|(_, row)| *row)
}

fn rows(event_type: u8, sensor_type: u8) -> &'static [Row] {
    let key = |row: &Row| (row.event_type, row.sensor_type);
    let begin = ROWS.partition_point(|row| key(row) < (event_type, sensor_type));
    let end = ROWS.partition_point(|row| key(row) <= (event_type, sensor_type));
    ROWS.get(begin..end).unwrap_or_default()
}

/// Words of states that hold commas of their own.
const WITH_COMMAS: [&str; 7] = [
    "AC out-of-range, but present",
    "S2: sleeping, processor context lost",
    "S3: sleeping, processor & hw context lost, memory retained",
    "Platform generated SNMP trap, OEM format",
    "Power Supply input out-of-range, but present",
    "Input out-of-range, but present",
    "Timer expired, status only",
];

/// The states of one field, between commas. Commas inside a state's words do not separate.
pub(super) fn split(field: &str) -> Vec<&str> {
    let mut states = Vec::new();
    let mut rest = field.trim_ascii();
    while !rest.is_empty() {
        let begins = |words: &&&str| {
            let start = rest.get(..words.len());
            start.is_some_and(|start| start.eq_ignore_ascii_case(words))
        };
        let known = WITH_COMMAS.iter().find(begins).map(|words| words.len());
        let end = known.or_else(|| rest.find(", ")).unwrap_or(rest.len());
        let (state, more) = rest.split_at_checked(end).unwrap_or((rest, ""));
        let state = state.trim_ascii().trim_end_matches(',');
        if !state.is_empty() {
            states.push(state);
        }
        rest = more.trim_start_matches([',', ' ']);
    }
    states
}
