//! Clients without a token that is good, and browsers.

use crate::Attack;

pub const ATTACKS: &[&[Attack]] = &[];
