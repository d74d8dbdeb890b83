//! Well-formed, whole in itself, with its charts, and with nothing of a stage's text outside of text.

use super::*;
use crate::record::tests::{record, stage};
use crate::specimen;

/// The page as XML, which HTML of this kind nearly is: elements without an end get one.
fn parsed(page: &str) -> String {
    let xml = page.replacen("<!DOCTYPE html>", "", 1);
    let mut whole = String::new();
    let mut rest = xml.as_str();
    while let Some(at) = rest.find("<meta ") {
        let end = at + rest[at..].find('>').expect("an end");
        whole.push_str(&rest[..end]);
        whole.push_str("/>");
        rest = &rest[end + 1..];
    }
    whole.push_str(rest);
    whole.replace("<details open>", "<details open=\"\">")
}

fn elements(page: &str, name: &str) -> usize {
    let xml = parsed(page);
    let document = roxmltree::Document::parse(&xml).unwrap_or_else(|e| panic!("{e}\n{xml}"));
    let all = document.descendants();
    all.filter(|node| node.tag_name().name() == name).count()
}

#[test]
fn it_is_whole_in_itself_and_its_charts_are_described() {
    let page = html(&specimen::full());
    let xml = parsed(&page);
    let document = roxmltree::Document::parse(&xml).unwrap_or_else(|e| panic!("{e}\n{xml}"));
    let mut ids = Vec::new();
    for node in document.descendants().filter(roxmltree::Node::is_element) {
        let name = node.tag_name().name();
        let fetching = [
            "script", "link", "img", "iframe", "object", "embed", "image", "use", "base", "form",
        ];
        assert!(!fetching.contains(&name), "<{name}>");
        for attribute in node.attributes() {
            let (what, value) = (attribute.name(), attribute.value());
            assert!(
                !what.starts_with("on") && what != "src" && what != "style",
                "{what}"
            );
            if what == "href" {
                assert!(
                    value.starts_with('#') || value.starts_with("data:application/octet-stream")
                );
            }
            if what == "id" {
                assert!(!ids.contains(&value), "the id {value} twice");
                ids.push(value);
            }
        }
    }
    let charts: Vec<_> = document
        .descendants()
        .filter(|node| node.attribute("role") == Some("img"))
        .collect();
    // Percentiles, reading by disk, and the temperatures.
    assert_eq!(charts.len(), 3);
    for chart in charts {
        let named = chart.attribute("aria-labelledby").expect("a name");
        assert!(named.split(' ').all(|id| ids.contains(&id)), "{named}");
        let texts = chart
            .descendants()
            .filter(|n| n.has_tag_name("text"))
            .count();
        assert!(texts > 5, "ticks and units");
    }
    assert!(!page.contains("NaN") && !page.contains("http://") && !page.contains("https://"));
}

#[test]
fn everything_that_was_found_is_there() {
    let page = html(&specimen::full());
    for words in [
        "CANCELLED",
        "1 passed, 1 failed, 1 inconclusive, 1 skipped, 1 not run, 1 cancelled",
        "Storage (attempt 2)",
        "disk sdb (serial Zsdb)",
        "too slow; replace it",
        "not met",
        "default, by class of disk",
        "sdb answers slowly",
        "3 more lines were dropped",
        "fio.json (application/json, 4 bytes)",
        "kept elsewhere",
        "denied by the policy file: no writing",
        "index out of bounds",
        "a folder could not be removed",
        "33 to 41 °C",
    ] {
        assert!(
            page.contains(words) || parsed(&page).contains(words),
            "no `{words}`"
        );
    }
}

#[test]
fn hostile_texts_stay_text() {
    let page = html(&specimen::hostile());
    for element in ["script", "img"] {
        assert_eq!(elements(&page, element), 0, "<{element}>");
    }
    assert_eq!(elements(&page, "style"), 1);
    let raw = |c: char| c.is_control() && !"\n\t".contains(c) || c == '\u{202e}';
    assert!(!page.contains(raw));
}

#[test]
fn a_run_of_nothing_and_one_of_extreme_numbers_are_pages_too() {
    assert!(html(&record(Vec::new())).contains("nothing was judged"));
    let mut extreme = specimen::storage();
    let values = [
        f64::MAX,
        f64::MIN,
        f64::MIN_POSITIVE,
        0.0,
        1e-300,
        -1.0,
        1e15,
    ];
    for (measurement, value) in extreme.measurements.iter_mut().zip(values) {
        measurement.value = vetting_protocol::Value::Number(value);
    }
    for (series, value) in extreme.series.iter_mut().zip(values) {
        let bucket = &mut series.buckets[0];
        (bucket.min, bucket.mean, bucket.max) = (value, value, value);
        series.buckets[3].at_ns = u64::MAX;
    }
    let skipped = stage("GPU", Some(Verdict::Skip));
    let page = html(&record(vec![extreme, skipped]));
    assert!(!page.contains("NaN") && elements(&page, "section") == 3);
}
