//! An attempt's limits: totals, not rates, so that they do not depend on the machine's load.

use wasmtime::{ResourceLimiter, Result};

/// A limit that was reached. It ends the attempt; the verdict is `inconclusive`.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the limit `{limit}` was reached: {detail}")]
pub struct LimitReached {
    /// The limit's name, as [`Limits::set`] takes it.
    pub limit: &'static str,
    /// What was reached.
    pub detail: String,
}

impl LimitReached {
    /// A limit that was reached.
    pub fn new(limit: &'static str, detail: impl Into<String>) -> Self {
        LimitReached {
            limit,
            detail: detail.into(),
        }
    }
}

/// A `--limit` that cannot be.
#[derive(Debug, thiserror::Error)]
pub enum LimitError {
    /// There is no such limit.
    #[error("there is no limit `{name}`; there are: {known}")]
    Unknown {
        /// What was asked for.
        name: String,
        /// Those there are.
        known: String,
    },
    /// The value is no number.
    #[error(
        "the limit `{name}` cannot be `{value}`: a number is needed, with KiB, MiB or GiB for bytes"
    )]
    Value {
        /// The limit.
        name: String,
        /// What was given.
        value: String,
    },
}

macro_rules! limits {
    ($($(#[doc = $doc:literal])+ $field:ident, $name:literal = $default:expr;)*) => {
        /// What one attempt may use, in all, and what may be spent on making its component ready.
        #[derive(Clone, Debug, PartialEq, Eq)]
        pub struct Limits {
            $($(#[doc = $doc])+ pub $field: u64,)*
        }

        impl Default for Limits {
            fn default() -> Self {
                Limits { $($field: $default,)* }
            }
        }

        impl Limits {
            /// Every limit: its name, its default, what it bounds.
            pub const ALL: &'static [(&'static str, u64, &'static str)] =
                &[$(($name, $default, concat!($($doc),+)),)*];

            /// Every limit's name and value.
            pub fn values(&self) -> Vec<(&'static str, u64)> {
                vec![$(($name, self.$field),)*]
            }

            /// Sets a limit by its name.
            ///
            /// # Errors
            ///
            /// When there is no such limit, or the value is no number.
            pub fn set(&mut self, name: &str, value: &str) -> std::result::Result<(), LimitError> {
                let number = number(value).ok_or_else(|| LimitError::Value {
                    name: name.to_owned(),
                    value: value.to_owned(),
                })?;
                match name {
                    $($name => self.$field = number,)*
                    _ => {
                        let names: Vec<_> = Self::ALL.iter().map(|(name, ..)| *name).collect();
                        return Err(LimitError::Unknown {
                            name: name.to_owned(),
                            known: names.join(", "),
                        });
                    }
                }
                Ok(())
            }
        }
    };
}

const KIB: u64 = 1024;
const MIB: u64 = 1024 * KIB;

limits! {
    /// Bytes of memory, over all memories of the component together.
    memory, "memory" = 512 * MIB;
    /// Elements of tables, over all tables together.
    table_elements, "table-elements" = 1_000_000;
    /// Instances in the component.
    instances, "instances" = 64;
    /// Memories in the component.
    memories, "memories" = 16;
    /// Tables in the component.
    tables, "tables" = 64;
    /// Resource handles at once.
    handles, "handles" = 4_096;
    /// Bytes of the stack that the component's code may use.
    stack, "stack" = MIB;
    /// Bytes that one host call may carry to the host.
    call_bytes, "call-bytes" = 8 * MIB;
    /// Bytes that all host calls together may carry to the host.
    all_call_bytes, "all-call-bytes" = KIB * MIB;
    /// Host calls.
    host_calls, "host-calls" = 5_000_000;
    /// Log lines; beyond it lines are dropped and counted.
    log_lines, "log-lines" = 20_000;
    /// Bytes of log text; beyond it lines are dropped and counted.
    log_bytes, "log-bytes" = 4 * MIB;
    /// Points of series; beyond it points are dropped and counted.
    samples, "samples" = 5_000_000;
    /// Different series; points of further ones are dropped and counted.
    series, "series" = 2_000;
    /// Attachments.
    attachments, "attachments" = 64;
    /// Bytes of all attachments.
    attachment_bytes, "attachment-bytes" = 16 * MIB;
    /// Tools running at once; one more is denied.
    tools, "tools" = 16;
    /// Watches of the kernel's log at once; one more is denied.
    watches, "watches" = 16;
    /// Bytes of the outcome.
    outcome_bytes, "outcome-bytes" = MIB;
    /// Instructions, roughly, on a machine of virtual time.
    fuel, "fuel" = 50_000_000_000;
    /// Seconds of the wall that an attempt on a machine of virtual time may take, whatever passes there; on a
    /// paced one they come on top of its time.
    wall_time, "wall-time" = 900;
    /// Bytes of the component itself.
    component_bytes, "component-bytes" = 64 * MIB;
    /// Seconds that compiling may take, of the wall and of its processors together.
    compile_time, "compile-time" = 60;
    /// Bytes of address space of the process that compiles.
    compile_memory, "compile-memory" = 4 * KIB * MIB;
    /// Bytes of compiled code.
    code_bytes, "code-bytes" = 256 * MIB;
}

/// A number, with an optional binary unit.
fn number(text: &str) -> Option<u64> {
    let units = [("KiB", KIB), ("MiB", MIB), ("GiB", KIB * MIB)];
    for (unit, factor) in units {
        if let Some(digits) = text.strip_suffix(unit) {
            return digits.trim().parse::<u64>().ok()?.checked_mul(factor);
        }
    }
    text.parse().ok()
}

/// Accounts for memory and tables over the whole store; wasmtime's own limit is per memory.
#[derive(Debug)]
pub struct Limiter {
    limits: Limits,
    memory: u64,
    peak: u64,
    table_elements: u64,
}

impl Limiter {
    /// Nothing used yet.
    pub fn new(limits: Limits) -> Self {
        Limiter {
            limits,
            memory: 0,
            peak: 0,
            table_elements: 0,
        }
    }

    /// The most memory that was held at once, in bytes.
    pub fn peak_memory(&self) -> u64 {
        self.peak
    }
}

/// `usize` to `u64`: never larger here.
fn wide(value: usize) -> u64 {
    value as u64
}

impl ResourceLimiter for Limiter {
    fn memory_growing(&mut self, current: usize, desired: usize, _: Option<usize>) -> Result<bool> {
        let memory = self.memory + wide(desired.saturating_sub(current));
        if memory > self.limits.memory {
            let detail = format!("{memory} bytes wanted, {} allowed", self.limits.memory);
            return Err(wasmtime::Error::from_anyhow(
                LimitReached::new("memory", detail).into(),
            ));
        }
        self.memory = memory;
        self.peak = self.peak.max(memory);
        Ok(true)
    }

    fn table_growing(&mut self, current: usize, desired: usize, _: Option<usize>) -> Result<bool> {
        let elements = self.table_elements + wide(desired.saturating_sub(current));
        if elements > self.limits.table_elements {
            let allowed = self.limits.table_elements;
            let detail = format!("{elements} table elements wanted, {allowed} allowed");
            return Err(wasmtime::Error::from_anyhow(
                LimitReached::new("table-elements", detail).into(),
            ));
        }
        self.table_elements = elements;
        Ok(true)
    }

    fn instances(&self) -> usize {
        usize::try_from(self.limits.instances).unwrap_or(usize::MAX)
    }

    fn tables(&self) -> usize {
        usize::try_from(self.limits.tables).unwrap_or(usize::MAX)
    }

    fn memories(&self) -> usize {
        usize::try_from(self.limits.memories).unwrap_or(usize::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_is_summed_over_all_memories() {
        let mut limits = Limits::default();
        limits.set("memory", "1MiB").expect("a limit");
        let mut limiter = Limiter::new(limits);
        assert!(limiter.memory_growing(0, 600_000, None).is_ok());
        let error = limiter.memory_growing(0, 600_000, None).expect_err("over");
        let limit = error.downcast_ref::<LimitReached>().expect("typed");
        assert_eq!(limit.limit, "memory");
        assert_eq!(limiter.peak_memory(), 600_000);
    }

    #[test]
    fn an_unknown_limit_names_those_there_are() {
        let error = Limits::default().set("memroy", "1").expect_err("unknown");
        assert!(error.to_string().contains("memory, table-elements"));
        assert!(Limits::default().set("memory", "lots").is_err());
        assert!(
            Limits::default()
                .set("memory", "99999999999999GiB")
                .is_err()
        );
    }
}
