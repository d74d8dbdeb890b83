//! The JSON document.

use serde_json::{Map, Value};

use super::{Entity, Report, Test, TestResult, Warning, status};

pub(super) fn read(value: Value) -> Option<Report> {
    let Value::Object(mut top) = value else {
        return None;
    };
    let body = ["DCGM Diagnostic", "DCGM GPU Diagnostic"];
    let mut body = match body.iter().find_map(|name| top.remove(*name)) {
        Some(Value::Object(body)) => body,
        _ if top.contains_key("test_categories") => std::mem::take(&mut top),
        _ => return None,
    };
    let mut report = Report::default();
    if let Some(Value::Object(metadata)) = top.remove("metadata") {
        head(&mut report, metadata);
    }
    if let Some(groups) = top.remove("entity_groups") {
        entities(&mut report, groups);
    }
    for category in list(body.remove("test_categories")) {
        let Value::Object(mut category) = category else {
            report.unread.push(category.to_string());
            continue;
        };
        let name = text(&mut category, "category").unwrap_or_default();
        for test in list(category.remove("tests")) {
            match test {
                Value::Object(test) => report.tests.push(one(&name, test)),
                other => report.unread.push(other.to_string()),
            }
        }
        report.extra.extend(category);
    }
    head(&mut report, body);
    head(&mut report, top);
    Some(report)
}

/// Versions and devices; in DCGM 3 they stand in the same object as the categories.
fn head(report: &mut Report, mut map: Map<String, Value>) {
    let version = text(&mut map, "version").or_else(|| text(&mut map, "DCGM Version"));
    report.version = report.version.take().or(version);
    let driver = text(&mut map, "Driver Version Detected");
    report.driver = report.driver.take().or(driver);
    if let Some(error) = text(&mut map, "runtime_error") {
        report.runtime_error = Some(error);
    }
    for name in ["GPU Device IDs", "GPU Device IDs Detected"] {
        match map.remove(name) {
            Some(Value::String(ids)) => report.device_ids.extend(words(&ids)),
            Some(Value::Array(ids)) => report.device_ids.extend(ids.iter().filter_map(as_text)),
            Some(other) => report.unread.push(format!("{name}: {other}")),
            None => {}
        }
    }
    if let Some(Value::Object(serials)) = map.remove("GPU Device Serials") {
        for (id, serial) in serials {
            match id.trim().parse() {
                Ok(id) => report.entities.push(Entity {
                    group: "GPU".to_owned(),
                    id,
                    serial: as_text(&serial),
                    device_id: None,
                }),
                Err(_) => report
                    .unread
                    .push(format!("GPU Device Serials: {id}: {serial}")),
            }
        }
    }
    report.extra.extend(map);
}

fn entities(report: &mut Report, groups: Value) {
    for group in list(Some(groups)) {
        let Value::Object(mut group) = group else {
            report.unread.push(group.to_string());
            continue;
        };
        let name = text(&mut group, "entity_group").unwrap_or_default();
        for entity in list(group.remove("entities")) {
            let number = |key: &str| entity.get(key).and_then(number);
            let said = |key: &str| entity.get(key).and_then(as_text);
            match number("entity_id") {
                Some(id) => report.entities.push(Entity {
                    group: name.clone(),
                    id,
                    serial: said("serial_num"),
                    device_id: said("device_id"),
                }),
                None => report.unread.push(entity.to_string()),
            }
        }
    }
}

fn one(category: &str, mut map: Map<String, Value>) -> Test {
    let mut test = Test {
        category: category.to_owned(),
        name: text(&mut map, "name").unwrap_or_default(),
        warnings: warnings(map.remove("warnings")),
        info: infos(map.remove("info")),
        ..Test::default()
    };
    if let Some(Value::Object(mut summary)) = map.remove("test_summary") {
        let word = text(&mut summary, "status");
        test.summary = word.as_deref().and_then(status);
        test.warnings.extend(warnings(summary.remove("warnings")));
        test.info.extend(infos(summary.remove("info")));
        if let (None, Some(word)) = (test.summary, word) {
            summary.insert("status".to_owned(), Value::String(word));
        }
        test.extra.extend(summary);
    }
    for row in list(map.remove("results")) {
        match row {
            Value::Object(row) => test.results.push(result(row)),
            other => {
                test.extra.insert("results".to_owned(), other);
            }
        }
    }
    test.extra.extend(map);
    test
}

fn result(mut map: Map<String, Value>) -> TestResult {
    let word = text(&mut map, "status").or_else(|| text(&mut map, "result"));
    let known = word.as_deref().and_then(status);
    if let (None, Some(word)) = (known, word) {
        map.insert("status".to_owned(), Value::String(word));
    }
    let mut ids = Vec::new();
    for key in ["entity_id", "gpu_id", "gpu_ids"] {
        match map.get(key) {
            Some(Value::String(text)) => {
                ids.extend(words(text).iter().filter_map(|w| w.parse::<u64>().ok()))
            }
            Some(Value::Array(list)) => ids.extend(list.iter().filter_map(number)),
            Some(value) => ids.extend(number(value)),
            None => continue,
        }
        if !ids.is_empty() {
            map.remove(key);
        }
    }
    TestResult {
        entity_group: text(&mut map, "entity_group"),
        ids,
        status: known,
        warnings: warnings(map.remove("warnings")),
        info: infos(map.remove("info")),
        extra: map,
    }
}

fn warnings(value: Option<Value>) -> Vec<Warning> {
    let warning = |value: Value| match value {
        Value::Object(map) => {
            let number = |key: &str| map.get(key).and_then(number);
            Warning {
                text: map.get("warning").and_then(as_text).unwrap_or_default(),
                error_id: number("error_id"),
                category: number("error_category"),
                severity: number("error_severity"),
            }
        }
        other => Warning {
            text: as_text(&other).unwrap_or_default(),
            ..Warning::default()
        },
    };
    let all = list(value).into_iter().map(warning);
    all.filter(|warning| !warning.text.is_empty() || warning.error_id.is_some())
        .collect()
}

fn infos(value: Option<Value>) -> Vec<String> {
    let all = list(value);
    all.iter().filter_map(as_text).collect()
}

/// The elements of an array; anything else is one element.
fn list(value: Option<Value>) -> Vec<Value> {
    match value {
        Some(Value::Array(list)) => list,
        Some(Value::Null) | None => Vec::new(),
        Some(other) => vec![other],
    }
}

/// Takes a text that is not empty; a value of another kind stays.
fn text(map: &mut Map<String, Value>, key: &str) -> Option<String> {
    if !map.get(key)?.is_string() {
        return None;
    }
    match map.remove(key)? {
        Value::String(text) => Some(text.trim().to_owned()).filter(|text| !text.is_empty()),
        _ => None,
    }
}

fn as_text(value: &Value) -> Option<String> {
    let text = match value {
        Value::String(text) => text.trim().to_owned(),
        Value::Null => return None,
        other => other.to_string(),
    };
    (!text.is_empty()).then_some(text)
}

fn number(value: &Value) -> Option<u64> {
    value
        .as_u64()
        .or_else(|| value.as_str()?.trim().parse().ok())
}

/// `20b5,20b5` or `20b5, 20b5`.
fn words(text: &str) -> Vec<String> {
    let words = text.split([',', ' ']).filter(|word| !word.is_empty());
    words.map(str::to_owned).collect()
}
