//! What a session has handed out, by number.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::contract::types::Error;

/// Runs or watches by their number. A place is taken before what fills it is there, so that two
/// requests at once cannot pass the limit together.
pub struct Table<T>(Mutex<BTreeMap<u32, Option<Arc<T>>>>);

impl<T> Table<T> {
    pub fn new() -> Self {
        Self(Mutex::new(BTreeMap::new()))
    }

    pub fn lock(&self) -> MutexGuard<'_, BTreeMap<u32, Option<Arc<T>>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn get(&self, number: u32, argument: &str) -> Result<Arc<T>, Error> {
        let found = self.lock().get(&number).cloned().flatten();
        found.ok_or_else(|| Error::invalid(argument, format!("there is no {argument} {number}")))
    }
}

/// A place in a table, given back unless it is filled.
pub struct Place<'a, T> {
    table: &'a Table<T>,
    number: u32,
}

impl<'a, T> Place<'a, T> {
    /// The place of a number that is in the table already.
    pub fn new(table: &'a Table<T>, number: u32) -> Self {
        Place { table, number }
    }

    /// Fills it.
    pub fn take(self, with: T) -> u32 {
        self.table.lock().insert(self.number, Some(Arc::new(with)));
        self.number
    }
}

impl<T> Drop for Place<'_, T> {
    fn drop(&mut self) {
        let mut table = self.table.lock();
        if let Some(None) = table.get(&self.number) {
            table.remove(&self.number);
        }
    }
}
