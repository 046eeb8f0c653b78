//! Where workers sleep. The one that parked last is woken first: its connection's handles and its stack are warm.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, Thread};
use std::time::{Duration, Instant};

/// A sleeping worker.
pub(super) struct Parker {
    sleeper: Thread,
    woken: AtomicBool,
}

impl Parker {
    /// Of this thread.
    pub(super) fn new() -> Arc<Self> {
        Arc::new(Self { sleeper: thread::current(), woken: AtomicBool::new(false) })
    }

    /// Wakes its worker, now or when it parks.
    pub(super) fn wake(&self) {
        self.woken.store(true, Ordering::Release);
        self.sleeper.unpark();
    }

    /// Sleeps until it is woken; false when nobody did for this long. Only for the thread that made it.
    pub(super) fn sleep(&self, longest: Duration) -> bool {
        let end = Instant::now() + longest;
        loop {
            if self.woken.swap(false, Ordering::Acquire) {
                return true;
            }
            let rest = end.saturating_duration_since(Instant::now());
            if rest.is_zero() {
                return false;
            }
            thread::park_timeout(rest);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sleeper_is_woken_also_when_it_has_not_parked_yet() {
        let parker = Parker::new();
        let same = Arc::clone(&parker);
        thread::spawn(move || same.wake());
        assert!(parker.sleep(Duration::from_secs(60)));
        parker.wake();
        assert!(parker.sleep(Duration::from_secs(60)));
        assert!(!parker.sleep(Duration::from_millis(1)));
    }
}
