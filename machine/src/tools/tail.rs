//! The last bytes of what a tool prints.

use super::process::TAIL;

/// The last bytes of something long.
#[derive(Debug, Default)]
pub(super) struct Tail(Vec<u8>);

impl Tail {
    /// Adds bytes, and forgets the oldest.
    pub fn push(&mut self, bytes: &[u8]) {
        self.0.extend_from_slice(bytes);
        if self.0.len() > 2 * TAIL {
            self.0.drain(..self.0.len() - TAIL);
        }
    }

    /// The last of them as text of at most `most` bytes.
    pub fn text(&self, most: usize) -> String {
        let from = self.0.len().saturating_sub(most);
        let text = String::from_utf8_lossy(self.0.get(from..).unwrap_or_default());
        // A replacement character is longer than the byte it stands for.
        let mut cut = text.len().saturating_sub(most);
        while !text.is_char_boundary(cut) {
            cut += 1;
        }
        text.get(cut..).unwrap_or_default().to_owned()
    }
}
