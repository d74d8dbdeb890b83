//! Recordings: what is recorded is replayed, and what is wrong with one is said.

mod damaged;
mod driver;
mod kept_out;
mod repeated;
