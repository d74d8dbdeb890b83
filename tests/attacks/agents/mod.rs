//! Agents that lie, and whoever has stolen an agent's credentials.

mod forged;
mod stolen;
mod words;

use crate::Attack;

pub const ATTACKS: &[&[Attack]] = &[stolen::ATTACKS, forged::ATTACKS, words::ATTACKS];
