//! `BENCHMARKS.md`: a part for each benchmark, which the others leave alone.

use std::fmt::Write as _;

const HEAD: &str = "# Benchmarks\n\n\
    Each part is written by the command that it names. Figures stand beside a baseline that was \
    measured in the same run; only what is a ratio means something on another machine.\n";

/// The page with a part put in, in the place of its older one. The parts are in the order of their
/// headings' list.
pub fn with(page: &str, headings: &[&str], heading: &str, part: &str) -> String {
    let mut text = HEAD.to_owned();
    for known in headings {
        let body = if *known == heading {
            Some(part)
        } else {
            body(page, known)
        };
        if let Some(body) = body {
            // Writing to a string cannot fail.
            let _always = write!(text, "\n## {known}\n\n{}\n", body.trim());
        }
    }
    text
}

/// What stands under a heading.
fn body<'a>(page: &'a str, heading: &str) -> Option<&'a str> {
    let parts = page.split("\n## ").skip(1);
    let found = parts.filter_map(|part| part.split_once('\n'));
    found
        .into_iter()
        .find(|(found, _)| found.trim() == heading)
        .map(|(_, body)| body)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_is_replaced_and_the_others_are_kept() {
        let headings = ["One", "Two"];
        let one = with("", &headings, "One", "first");
        let both = with(&one, &headings, "Two", "second\n\n* a note\n");
        let newer = with(&both, &headings, "One", "third");
        assert_eq!(
            newer,
            format!("{HEAD}\n## One\n\nthird\n\n## Two\n\nsecond\n\n* a note\n")
        );
    }
}
