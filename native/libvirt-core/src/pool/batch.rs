//! Answers that wait for one another, so that one wake-up of the receiver brings many.
//!
//! Waking a sleeping thread takes longer than a quick call. While calls queue, nobody is served sooner by hearing of each
//! one alone: a worker whose next call is there, and known to be quick, holds the answer of the last one back.

use std::cell::Cell;
use std::time::{Duration, Instant};

use rustc_hash::FxHashMap;

/// The longest that an answer waits for others, as long as calls take what they are known to take.
const LONGEST: Duration = Duration::from_micros(200);
/// Answers held at most.
const MOST: usize = 16;
/// A call that takes longer is not waited for.
const QUICK: Duration = Duration::from_micros(300);

thread_local! {
    static HOLDS: Cell<bool> = const { Cell::new(false) };
}

/// Whether the answer that is being given on this thread need not wake anybody: a flush follows.
pub fn answers_are_held() -> bool {
    HOLDS.get()
}

/// Says so for this thread, from now on.
pub(super) fn hold_answers() {
    HOLDS.set(true);
}

/// Answers given and not flushed yet.
#[derive(Default)]
pub(super) struct Held {
    count: usize,
    since: Option<Instant>,
}

impl Held {
    pub(super) fn add(&mut self, now: Instant) {
        self.count += 1;
        self.since.get_or_insert(now);
    }

    /// Whether they may wait for the answer of a call that is about to begin, while `waiting` others queue.
    pub(super) fn may_wait(&self, next_is_quick: bool, waiting: usize, now: Instant) -> bool {
        let young = self.since.is_none_or(|since| now.duration_since(since) < LONGEST);
        next_is_quick && young && self.count < MOST.min(waiting)
    }

    /// Forgets them: they are flushed now. False when there are none.
    pub(super) fn take(&mut self) -> bool {
        self.since = None;
        std::mem::take(&mut self.count) > 0
    }

    pub(super) fn is_empty(&self) -> bool {
        self.count == 0
    }
}

/// How long the calls of each operation take.
#[derive(Default)]
pub(super) struct Pace(FxHashMap<&'static str, Duration>);

impl Pace {
    pub(super) fn took(&mut self, call: &'static str, time: Duration) {
        let usual = self.0.entry(call).or_insert(time);
        // The slowest of late counts: an answer that waits in vain costs more than a wake-up.
        *usual = time.max((*usual * 7 + time) / 8);
    }

    /// Whether a call of this operation is known to be quick.
    pub(super) fn is_quick(&self, call: &'static str) -> bool {
        self.0.get(call).is_some_and(|usual| *usual < QUICK)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_wait_while_quick_calls_queue_but_not_for_long_nor_in_great_number() {
        let (mut sut, now) = (Held::default(), Instant::now());
        sut.add(now);
        assert!(sut.may_wait(true, 5, now));
        assert!(!sut.may_wait(false, 5, now), "the next call may take long");
        assert!(!sut.may_wait(true, 1, now), "soon nothing is left to do");
        assert!(!sut.may_wait(true, 5, now + LONGEST));
        for _ in 1..MOST {
            sut.add(now);
        }
        assert!(!sut.may_wait(true, 100, now));
        assert!(sut.take() && !sut.take());
        assert!(sut.may_wait(true, 1, now + LONGEST));
    }

    #[test]
    fn an_operation_is_quick_once_it_was_and_no_longer_when_one_takes_long() {
        let mut sut = Pace::default();
        assert!(!sut.is_quick("info"));
        sut.took("info", QUICK / 2);
        assert!(sut.is_quick("info"));
        sut.took("info", QUICK * 3);
        assert!(!sut.is_quick("info"));
        for _ in 0..20 {
            sut.took("info", QUICK / 2);
        }
        assert!(sut.is_quick("info"));
    }
}
