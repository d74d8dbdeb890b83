//! The members of a JSON object, taken one by one; those not taken are left over.

use serde_json::{Map, Value};

/// An object's members. A member of another kind than asked for stays.
pub(crate) struct Fields(Map<String, Value>);

impl Fields {
    pub fn new(members: Map<String, Value>) -> Self {
        Fields(members)
    }

    pub fn of(value: Value) -> Result<Self, Value> {
        match value {
            Value::Object(members) => Ok(Fields(members)),
            other => Err(other),
        }
    }

    fn take<T>(&mut self, name: &str, read: impl Fn(&Value) -> Option<T>) -> Option<T> {
        let value = read(self.0.get(name)?)?;
        self.0.remove(name);
        Some(value)
    }

    pub fn has(&self, name: &str) -> bool {
        self.0.contains_key(name)
    }

    pub fn text(&mut self, name: &str) -> Option<String> {
        self.take(name, |value| value.as_str().map(str::to_owned))
    }

    pub fn unsigned(&mut self, name: &str) -> Option<u64> {
        self.take(name, unsigned)
    }

    pub fn signed(&mut self, name: &str) -> Option<i64> {
        self.take(name, Value::as_i64)
    }

    pub fn float(&mut self, name: &str) -> Option<f64> {
        self.take(name, Value::as_f64)
    }

    /// `true`, `false`, 0 or 1.
    pub fn flag(&mut self, name: &str) -> Option<bool> {
        self.take(name, |value| match value {
            Value::Bool(flag) => Some(*flag),
            Value::Number(number) => match number.as_u64()? {
                0 => Some(false),
                1 => Some(true),
                _ => None,
            },
            _ => None,
        })
    }

    pub fn object(&mut self, name: &str) -> Option<Fields> {
        match self.0.get_mut(name)? {
            Value::Object(members) => {
                let members = std::mem::take(members);
                self.0.remove(name);
                Some(Fields(members))
            }
            _ => None,
        }
    }

    pub fn array(&mut self, name: &str) -> Option<Vec<Value>> {
        match self.0.get_mut(name)? {
            Value::Array(values) => {
                let values = std::mem::take(values);
                self.0.remove(name);
                Some(values)
            }
            _ => None,
        }
    }

    /// Keeps something that could not be read under its name.
    pub fn keep(&mut self, name: &str, value: Value) {
        self.0.insert(name.to_owned(), value);
    }

    /// The members that were not taken.
    pub fn rest(self) -> Map<String, Value> {
        self.0
    }
}

/// A whole number, also one that was printed as 1.5e+09 or 12.0.
fn unsigned(value: &Value) -> Option<u64> {
    if let Some(number) = value.as_u64() {
        return Some(number);
    }
    let number = value.as_f64()?;
    let whole = number.fract() == 0.0 && (0.0..9_007_199_254_740_992.0).contains(&number);
    whole.then_some(number as u64)
}
