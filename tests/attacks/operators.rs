//! Operators whose token is good, and who want more than their roles.

use crate::Attack;

pub const ATTACKS: &[Attack] = &[];
