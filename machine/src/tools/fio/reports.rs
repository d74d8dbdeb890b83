//! What fio prints while it works: JSON reports one after another, with plain lines between them. They are
//! told apart so that the newest report is kept whole whatever else is printed.

use std::collections::VecDeque;

/// How much is kept in all.
const KEPT: usize = 4 << 20;

/// A report that is larger is taken for text. With group reporting one has some 10 kB.
const LARGEST_REPORT: usize = 1 << 20;

/// Text is kept in pieces of about this size, so that a flood loses its oldest ones.
const TEXT: usize = 8 << 10;

/// One report, or lines between reports.
#[derive(Debug)]
struct Piece {
    bytes: Vec<u8>,
    is_report: bool,
}

/// fio's standard output as it is kept.
#[derive(Debug, Default)]
pub(in crate::tools) struct Reports {
    pieces: VecDeque<Piece>,
    kept: usize,
    left_out: u64,
    /// The piece that is being read.
    current: Vec<u8>,
    /// How many braces are open in it; 0: it is text.
    depth: usize,
    in_text: bool,
    escaped: bool,
}

impl Reports {
    /// Takes more output; gives the newest report that it ends.
    pub fn push(&mut self, bytes: &[u8]) -> Option<&[u8]> {
        let mut ended = false;
        for &byte in bytes {
            // A report begins a line.
            let begins = self.depth == 0 && byte == b'{' && self.is_at_line();
            if begins {
                self.end(false);
            }
            self.current.push(byte);
            if begins {
                self.depth = 1;
                continue;
            }
            if self.depth == 0 {
                if byte == b'\n' && self.current.len() >= TEXT || self.current.len() >= 2 * TEXT {
                    self.end(false);
                }
                continue;
            }
            match byte {
                _ if self.escaped => self.escaped = false,
                b'\\' if self.in_text => self.escaped = true,
                b'"' => self.in_text = !self.in_text,
                b'{' if !self.in_text => self.depth = self.depth.saturating_add(1),
                b'}' if !self.in_text => self.depth = self.depth.saturating_sub(1),
                _ => {}
            }
            if self.depth == 0 {
                self.end(true);
                ended = true;
            } else if self.current.len() > LARGEST_REPORT {
                self.end(false);
            }
        }
        let newest = || self.pieces.iter().rev().find(|piece| piece.is_report);
        ended.then(newest)?.map(|piece| piece.bytes.as_slice())
    }

    fn is_at_line(&self) -> bool {
        match self.current.last() {
            Some(last) => *last == b'\n',
            None => true,
        }
    }

    /// Ends the current piece.
    fn end(&mut self, is_report: bool) {
        self.depth = 0;
        self.in_text = false;
        self.escaped = false;
        let bytes = std::mem::take(&mut self.current);
        if bytes.is_empty() {
            return;
        }
        self.kept = self.kept.saturating_add(bytes.len());
        self.pieces.push_back(Piece { bytes, is_report });
        while self.kept > KEPT && self.leave_out() {}
    }

    /// Leaves out the oldest report that a newer one supersedes, else the oldest text but the first.
    fn leave_out(&mut self) -> bool {
        let newest = self.pieces.iter().rposition(|piece| piece.is_report);
        let oldest = self.pieces.iter().position(|piece| piece.is_report);
        let superseded = oldest.filter(|oldest| newest.is_some_and(|newest| *oldest < newest));
        let text = || {
            let mut texts = self.pieces.iter().enumerate().filter(|(_, p)| !p.is_report);
            texts.nth(1).map(|(index, _)| index)
        };
        let Some(piece) = superseded
            .or_else(text)
            .and_then(|at| self.pieces.remove(at))
        else {
            return false;
        };
        self.kept = self.kept.saturating_sub(piece.bytes.len());
        self.left_out = self.left_out.saturating_add(piece.bytes.len() as u64);
        true
    }

    /// All that is kept, and how much was left out.
    pub fn into_kept(mut self) -> (Vec<u8>, u64) {
        self.end(false);
        let pieces = self.pieces.into_iter();
        let bytes = pieces.flat_map(|piece| piece.bytes).collect();
        (bytes, self.left_out)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn kept(pieces: &[&str]) -> (String, u64) {
        let mut reports = Reports::default();
        for piece in pieces {
            reports.push(piece.as_bytes());
        }
        let (bytes, left_out) = reports.into_kept();
        (String::from_utf8(bytes).expect("text"), left_out)
    }

    #[test]
    fn everything_is_kept_and_each_report_is_told() {
        let mut reports = Reports::default();
        assert_eq!(
            reports.push(b"fio: a note {not a report}\n{\"jobs\" : [{"),
            None
        );
        let ended = reports.push(b"\"x\" : \"}\\\"\"}]\n}\nfio: pid=1\n{\"a\": 1}\n");
        assert_eq!(ended, Some(b"{\"a\": 1}".as_slice()));
        let text = "fio: a note {not a report}\n{\"jobs\" : [{\"x\" : \"}\\\"\"}]\n}\nfio: pid=1\n{\"a\": 1}\n";
        assert_eq!(reports.into_kept(), (text.as_bytes().to_vec(), 0));
    }

    #[test]
    fn of_too_much_the_newest_report_and_the_messages_stay() {
        let report = |n: usize| format!("{{\"jobs\": {n}, \"x\": \"{}\"}}\n", "y".repeat(99_000));
        let all: Vec<String> = (0..100).map(report).collect();
        let mut printed = vec!["fio: first message\n"];
        printed.extend(all.iter().map(String::as_str));
        let (text, left_out) = kept(&printed);
        assert!(text.starts_with("fio: first message\n"));
        assert!(text.ends_with(&all[99]) && text.len() <= KEPT);
        let whole: usize = printed.iter().map(|piece| piece.len()).sum();
        assert_eq!(text.len() as u64 + left_out, whole as u64);
    }

    #[test]
    fn a_flood_of_messages_does_not_take_the_report() {
        let flood = "fio: verify failed at file x\n".repeat(400_000);
        let (text, left_out) = kept(&[&flood, "{\"jobs\": []}\n"]);
        assert!(text.ends_with("{\"jobs\": []}\n") && left_out > 0 && text.len() <= KEPT);
        let (open, _) = kept(&["{\"jobs\": [\n", &flood, "{\"jobs\": []}\n"]);
        assert!(open.ends_with("{\"jobs\": []}\n"));
    }

    proptest! {
        #[test]
        fn nothing_is_lost_of_what_fits(bytes in proptest::collection::vec(any::<u8>(), 0..2_000), at in 0..2_000_usize) {
            let mut reports = Reports::default();
            let (first, second) = bytes.split_at(at.min(bytes.len()));
            reports.push(first);
            reports.push(second);
            prop_assert_eq!(reports.into_kept(), (bytes, 0));
        }
    }
}
