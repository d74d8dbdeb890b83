//! The simulator's virtual time.

use std::time::{Duration, Instant};

/// Virtual time: so many times as fast as the wall's.
pub struct Clock {
    began: Instant,
    pace: f64,
}

impl Clock {
    /// Begins now.
    pub fn new(pace: f64) -> Self {
        Clock {
            began: Instant::now(),
            pace,
        }
    }

    /// Virtual seconds since the beginning.
    pub fn now(&self) -> f64 {
        self.began.elapsed().as_secs_f64() * self.pace
    }

    /// Wall seconds since the beginning.
    pub fn wall(&self) -> f64 {
        self.began.elapsed().as_secs_f64()
    }

    /// Waits for so many virtual seconds.
    pub async fn sleep(&self, seconds: f64) {
        tokio::time::sleep(Duration::from_secs_f64(seconds.max(0.0) / self.pace)).await;
    }

    /// Waits until a virtual second.
    pub async fn until(&self, second: f64) {
        self.sleep(second - self.now()).await;
    }
}

/// How many seconds a time (RFC 3339) is off the right one; `None` where it is not a time.
pub fn offset(time: &str) -> Option<i64> {
    let time: jiff::Timestamp = time.parse().ok()?;
    Some(time.as_second() - jiff::Timestamp::now().as_second())
}
