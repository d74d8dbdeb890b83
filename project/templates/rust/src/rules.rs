//! The rules, each written down once. The table travels in the component, and only what is in it can be
//! concluded.

use crate::Parameters;

vetting_stage::rules! {
    /// A fan turns slower than it may.
    SLOW_FAN: fail slowest_fan;
    /// A fan has no reading.
    SILENT_FAN: unknown "fan-speed";
}
