//! Waiting without sleeping, while it pays.
//!
//! A caller that makes one call after the other has its next one ready some microseconds after an answer: sooner than a
//! sleeping thread wakes up. A worker therefore looks for it a little while before it sleeps, and gives the habit up as
//! long as nothing comes of it.

use std::hint;
use std::thread;
use std::time::{Duration, Instant};

/// What a caller in JavaScript takes from an answer to its next call, generously.
const LONGEST: Duration = Duration::from_micros(60);
/// Looks between two looks at the clock.
const LOOKS: u32 = 64;
/// Failures in a row after which it is tried seldom.
const PATIENT: u32 = 3;
/// Then once in so many times.
const SELDOM: u32 = 64;

pub(super) struct Spin {
    possible: bool,
    /// One chance between two sleeps.
    spent: bool,
    failures: u32,
}

impl Spin {
    pub(super) fn new() -> Self {
        // On a single processor it would only keep the caller from running.
        let possible = thread::available_parallelism().is_ok_and(|count| count.get() > 1);
        Self { possible, spent: true, failures: 0 }
    }

    /// A worker has slept, and is about to have a call.
    pub(super) fn begin_anew(&mut self) {
        self.spent = false;
    }

    /// Whether to wait without sleeping now.
    pub(super) fn is_worth_it(&mut self) -> bool {
        if !self.possible || self.spent {
            return false;
        }
        if self.failures < PATIENT {
            return true;
        }
        self.failures += 1;
        self.spent = true;
        self.failures.is_multiple_of(SELDOM)
    }

    /// Waits until `there`, or not much longer than a caller takes.
    pub(super) fn until(&mut self, there: impl Fn() -> bool) {
        let begun = Instant::now();
        while begun.elapsed() < LONGEST {
            for _ in 0..LOOKS {
                if there() {
                    self.failures = 0;
                    return;
                }
                hint::spin_loop();
            }
        }
        self.failures += 1;
        self.spent = true;
    }
}
