//! libvirt's timers. Pure: no thread, and the clock is an argument.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use libc::c_int;

/// Timers by number. `T` is what is called.
pub(super) struct Timers<T> {
    timers: BTreeMap<c_int, Timer<T>>,
    last: c_int,
}

struct Timer<T> {
    /// None: switched off.
    every: Option<Duration>,
    due: Option<Instant>,
    receiver: T,
}

impl<T> Default for Timers<T> {
    fn default() -> Self {
        Self { timers: BTreeMap::new(), last: 0 }
    }
}

impl<T: Copy> Timers<T> {
    /// Adds a timer that is due every so many milliseconds; below zero it is switched off.
    pub(super) fn add(&mut self, milliseconds: c_int, receiver: T, now: Instant) -> c_int {
        self.last += 1;
        let every = period(milliseconds);
        self.timers.insert(self.last, Timer { every, due: every.map(|every| now + every), receiver });
        self.last
    }

    /// Starts a timer anew and gives when it is due. Unknown numbers are ignored, as libvirt's own loop does.
    pub(super) fn update(&mut self, timer: c_int, milliseconds: c_int, now: Instant) -> Option<Instant> {
        let timer = self.timers.get_mut(&timer)?;
        timer.every = period(milliseconds);
        timer.due = timer.every.map(|every| now + every);
        timer.due
    }

    pub(super) fn remove(&mut self, timer: c_int) -> Option<T> {
        self.timers.remove(&timer).map(|timer| timer.receiver)
    }

    /// Removes all.
    pub(super) fn take_all(&mut self) -> impl Iterator<Item = T> + use<T> {
        std::mem::take(&mut self.timers).into_values().map(|timer| timer.receiver)
    }

    /// When the first one is due.
    pub(super) fn first_due(&self) -> Option<Instant> {
        self.timers.values().filter_map(|timer| timer.due).min()
    }

    /// The numbers of those that are due.
    pub(super) fn due(&self, now: Instant) -> Vec<c_int> {
        let due = |timer: &Timer<T>| timer.due.is_some_and(|due| due <= now);
        self.timers.iter().filter(|(_, timer)| due(timer)).map(|(number, _)| *number).collect()
    }

    /// Takes a timer's turn, unless it was stopped or put off since it was found due.
    pub(super) fn fire(&mut self, timer: c_int, now: Instant) -> Option<T> {
        let timer = self.timers.get_mut(&timer)?;
        if timer.due? > now {
            return None;
        }
        timer.due = timer.every.map(|every| now + every);
        Some(timer.receiver)
    }
}

fn period(milliseconds: c_int) -> Option<Duration> {
    u64::try_from(milliseconds).ok().map(Duration::from_millis)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_timer_is_due_again_and_again() {
        let (mut sut, begin) = (Timers::default(), Instant::now());
        let timer = sut.add(10, 'a', begin);
        assert!(sut.due(begin).is_empty());
        let later = begin + Duration::from_millis(10);
        assert_eq!(sut.due(later), [timer]);
        assert_eq!(sut.fire(timer, later), Some('a'));
        assert_eq!(sut.fire(timer, later), None);
        assert_eq!(sut.first_due(), Some(later + Duration::from_millis(10)));
    }

    #[test]
    fn a_timer_that_is_put_off_or_stopped_or_removed_is_not_due() {
        let (mut sut, begin) = (Timers::default(), Instant::now());
        let (off, stopped, removed) = (sut.add(10, 'a', begin), sut.add(10, 'b', begin), sut.add(10, 'c', begin));
        let later = begin + Duration::from_millis(10);
        sut.update(off, 10, later);
        sut.update(stopped, -1, later);
        assert_eq!(sut.remove(removed), Some('c'));
        assert_eq!(sut.remove(removed), None);
        assert!(sut.due(later).is_empty());
        assert_eq!(sut.first_due(), Some(later + Duration::from_millis(10)));
    }

    #[test]
    fn a_timer_of_no_time_is_due_at_once() {
        let (mut sut, now) = (Timers::default(), Instant::now());
        let timer = sut.add(0, 'a', now);
        assert_eq!(sut.due(now), [timer]);
        assert_eq!(sut.add(-1, 'b', now), timer + 1);
        assert_eq!(sut.due(now), [timer]);
    }
}
