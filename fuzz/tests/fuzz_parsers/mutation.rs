//! Inputs that chance makes of a corpus: the same seed and corpus give the same inputs, in order.

use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};

/// Larger inputs are cut.
const LARGEST: usize = 1 << 16;

/// Numbers at which readers go wrong.
const NUMBERS: [&[u8]; 12] = [
    b"0",
    b"-1",
    b"255",
    b"256",
    b"65536",
    b"2147483648",
    b"4294967296",
    b"9223372036854775808",
    b"18446744073709551615",
    b"18446744073709551616",
    b"1e308",
    b"-0.0",
];

/// Texts and bytes at which readers go wrong.
const ODD: [&[u8]; 12] = [
    b"",
    b"\0",
    b"\n\n",
    b"\xff\xff\xff\xff",
    b"\x80",
    "é".as_bytes(),
    "\u{1F980}".as_bytes(),
    b"null",
    b"[",
    b"{\"",
    b"\\",
    b" ",
];

/// Makes inputs of a corpus.
pub struct Mutations<'a> {
    corpus: &'a [Vec<u8>],
    random: StdRng,
    bytes: Vec<u8>,
}

impl<'a> Mutations<'a> {
    /// Of a corpus that is not empty; each target has a series of its own.
    pub fn new(corpus: &'a [Vec<u8>], seed: u64, target: &str) -> Self {
        let own = target.bytes().fold(seed, |sum, byte| {
            sum.wrapping_mul(0x100_0000_01b3)
                .wrapping_add(u64::from(byte))
        });
        Mutations {
            corpus,
            random: StdRng::seed_from_u64(own),
            bytes: Vec::new(),
        }
    }

    /// The next one.
    pub fn next(&mut self) -> &[u8] {
        let first = self.random.random_range(0..self.corpus.len());
        self.bytes.clear();
        self.bytes.extend(&self.corpus[first]);
        // Mostly a few changes, so that what follows them is still read.
        let changes = 1 << self.random.random_range(0..5);
        for _ in 0..changes {
            self.change();
        }
        self.bytes.truncate(LARGEST);
        &self.bytes
    }

    fn change(&mut self) {
        let (from, to) = self.part(32);
        match self.random.random_range(0..8) {
            0 => {
                if let Some(byte) = self.bytes.get_mut(from) {
                    *byte ^= 1 << self.random.random_range(0..8);
                }
            }
            1 => {
                if let Some(byte) = self.bytes.get_mut(from) {
                    *byte = self.random.random();
                }
            }
            2 => drop(self.bytes.drain(from..to)),
            3 => self.bytes.truncate(from.max(1)),
            4 => {
                let again = self.bytes[from..to].to_vec();
                let times = 1 << self.random.random_range(0..7);
                self.bytes.splice(from..from, again.repeat(times));
            }
            5 => {
                let odd = ODD[self.random.random_range(0..ODD.len())];
                self.bytes.splice(from..from, odd.iter().copied());
            }
            6 => self.another_number(from),
            _ => self.a_part_of_another(from),
        }
    }

    /// A part of the bytes.
    fn part(&mut self, most: usize) -> (usize, usize) {
        let from = self.random.random_range(0..=self.bytes.len());
        let most = (self.bytes.len() - from).min(most);
        (from, from + self.random.random_range(0..=most))
    }

    /// Puts a number in the place of the next one that is written in digits.
    fn another_number(&mut self, from: usize) {
        let is_digit = |byte: &u8| byte.is_ascii_digit();
        let Some(begin) = self.bytes[from..].iter().position(is_digit) else {
            return;
        };
        let begin = from + begin;
        let length = self.bytes[begin..]
            .iter()
            .take_while(|b| is_digit(b))
            .count();
        let number = NUMBERS[self.random.random_range(0..NUMBERS.len())];
        self.bytes
            .splice(begin..begin + length, number.iter().copied());
    }

    /// Goes on with a part of another input of the corpus, or from a line of it.
    fn a_part_of_another(&mut self, at: usize) {
        let other = &self.corpus[self.random.random_range(0..self.corpus.len())];
        let begin = self.random.random_range(0..=other.len());
        let length = self.random.random_range(0..=(other.len() - begin).min(512));
        let part = other[begin..begin + length].iter().copied();
        self.bytes.splice(at..at, part);
    }
}
