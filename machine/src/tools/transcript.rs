//! What a tool logs, kept whole up to a bound; beyond it the middle is left out, in whole lines.

use super::process::Stream;

/// A line that is longer than this is kept in pieces.
const LONGEST_LINE: usize = 64 << 10;

/// Standard output and standard error as one log, in the order in which they came.
#[derive(Debug)]
pub(super) struct Transcript {
    /// The first half of what is kept.
    head: Vec<u8>,
    /// The second half, once the first is full.
    tail: Vec<u8>,
    half: usize,
    left_out: u64,
    /// The line that each stream has begun.
    begun: [Vec<u8>; 2],
}

/// What was kept.
#[derive(Debug, Default)]
pub(super) struct Kept {
    pub bytes: Vec<u8>,
    /// How much was left out of the middle.
    pub left_out: u64,
}

impl Transcript {
    /// One that keeps so many bytes.
    pub fn of(bound: usize) -> Self {
        Transcript {
            head: Vec::new(),
            tail: Vec::new(),
            half: bound / 2,
            left_out: 0,
            begun: [Vec::new(), Vec::new()],
        }
    }

    /// Takes what one stream printed; a line is kept when it has ended, so that lines stay whole.
    pub fn push(&mut self, stream: Stream, bytes: &[u8]) {
        let index = usize::from(stream == Stream::Stderr);
        let mut begun = std::mem::take(&mut self.begun[index]);
        for part in bytes.split_inclusive(|byte| *byte == b'\n') {
            begun.extend_from_slice(part);
            if part.ends_with(b"\n") || begun.len() > LONGEST_LINE {
                self.line(&begun);
                begun.clear();
            }
        }
        self.begun[index] = begun;
    }

    fn line(&mut self, line: &[u8]) {
        let room = self.half.saturating_sub(self.head.len());
        if self.tail.is_empty() && line.len() <= room {
            return self.head.extend_from_slice(line);
        }
        self.tail.extend_from_slice(line);
        // Not at each line, or each would move all of them.
        if self.tail.len() > self.half.saturating_mul(3) {
            self.shorten();
        }
    }

    /// Leaves the oldest lines out that are beyond the second half.
    fn shorten(&mut self) {
        let room = self.half.saturating_mul(2).saturating_sub(self.head.len());
        let excess = self.tail.len().saturating_sub(room);
        if excess == 0 {
            return;
        }
        let rest = self.tail.get(excess..).unwrap_or_default();
        let line = rest.iter().position(|byte| *byte == b'\n');
        let cut = line.map_or(excess, |at| excess.saturating_add(at).saturating_add(1));
        self.tail.drain(..cut.min(self.tail.len()));
        self.left_out = self.left_out.saturating_add(cut as u64);
    }

    /// All that is kept.
    pub fn end(mut self) -> Kept {
        for index in 0..self.begun.len() {
            let line = std::mem::take(&mut self.begun[index]);
            if !line.is_empty() {
                self.line(&line);
            }
        }
        self.shorten();
        let mut bytes = self.head;
        bytes.extend_from_slice(&self.tail);
        Kept {
            bytes,
            left_out: self.left_out,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kept(bound: usize, pieces: &[(Stream, &str)]) -> (String, u64) {
        let mut transcript = Transcript::of(bound);
        for (stream, text) in pieces {
            transcript.push(*stream, text.as_bytes());
        }
        let kept = transcript.end();
        let text = String::from_utf8(kept.bytes).expect("whole lines");
        (text, kept.left_out)
    }

    #[test]
    fn what_fits_is_kept_byte_for_byte() {
        let (text, left_out) = kept(
            1000,
            &[
                (Stream::Stdout, "one\ntw"),
                (Stream::Stderr, "error\n"),
                (Stream::Stdout, "o\nthree"),
            ],
        );
        assert_eq!((text.as_str(), left_out), ("one\nerror\ntwo\nthree", 0));
    }

    #[test]
    fn of_a_flood_the_first_and_the_last_lines_are_kept() {
        let lines: String = (0..10_000).map(|n| format!("line {n}\n")).collect();
        let (text, left_out) = kept(2_000, &[(Stream::Stderr, &lines)]);
        assert!(text.starts_with("line 0\nline 1\n") && text.ends_with("line 9999\n"));
        assert!(text.len() <= 2_000, "{}", text.len());
        assert_eq!(text.len() as u64 + left_out, lines.len() as u64);
        assert!(
            text.lines()
                .all(|line| lines.contains(&format!("{line}\n")))
        );
    }

    #[test]
    fn a_line_without_an_end_does_not_grow_for_ever() {
        let (text, left_out) = kept(4_000, &[(Stream::Stdout, &"x".repeat(1 << 20))]);
        assert!(text.len() <= 4_000, "{}", text.len());
        assert_eq!(text.len() as u64 + left_out, 1 << 20);
    }
}
